"""Arithmetic on typed numbers and named figures, exact where it can be.

Sums, differences and products of decimals are exact; a quotient is cut off at ``PRECISION`` digits, and ``evaluate`` says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow

from tui_trader.core.decimals import plain
from tui_trader.core.error import CommandError

PRECISION = 400
"""Digits that are worked with: every sum and product of a line that fits the prompt is exact within them."""

_SHOWN = Context(prec=28, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Number:
    """A typed number."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Name:
    """A figure by name; whoever evaluates knows what it is worth."""

    name: str
    column: int = field(default=0, compare=False, repr=False)
    """Where it was typed, zero-based."""


@dataclass(frozen=True, slots=True)
class Negative:
    """A number with its sign turned."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Operation:
    """Two numbers joined by ``+ - * /``."""

    sign: str
    left: Expression
    right: Expression


Expression = Number | Name | Negative | Operation

_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2}


@dataclass(frozen=True, slots=True)
class Result:
    """What came out."""

    value: Decimal
    exact: bool
    """False when a quotient was cut off."""

    @property
    def text(self) -> str:
        """The value as text, at most 28 digits; ``~`` before one that is not exact."""
        shown = _SHOWN.plus(self.value)
        return f"{'' if self.exact and shown == self.value else '~'}{plain(shown)}"


def evaluate(expression: Expression, worth: Callable[[str], Decimal]) -> Result:
    """Compute an expression; ``worth`` returns what a name stands for and raises CommandError when it stands for nothing."""
    context = Context(prec=PRECISION, rounding=ROUND_HALF_EVEN, traps=[DivisionByZero, InvalidOperation, Overflow])
    try:
        value = _value(expression, worth, context)
    except (DivisionByZero, InvalidOperation):
        raise CommandError("a division by zero", fix="another divisor") from None
    except Overflow:
        raise CommandError("a number beyond all bounds", fix="smaller numbers") from None
    return Result(value, exact=not context.flags[Inexact])


def _value(expression: Expression, worth: Callable[[str], Decimal], context: Context) -> Decimal:
    match expression:
        case Number(value):
            return value
        case Name(name, column):
            try:
                return worth(name)
            except CommandError as error:
                raise CommandError(error.message, column=column, fix=error.fix) from error
        case Negative(operand):
            return _value(operand, worth, context).copy_negate()
        case Operation(sign, left, right):
            work = {"+": context.add, "-": context.subtract, "*": context.multiply, "/": context.divide}[sign]
            return work(_value(left, worth, context), _value(right, worth, context))


def spell_expression(expression: Expression, strength: int = 0) -> str:
    """Return the spelling of an expression with no more brackets than it needs."""
    match expression:
        case Number(value):
            return plain(value)
        case Name(name):
            return name
        case Negative(operand):
            return f"-{spell_expression(operand, 3)}"
        case Operation(sign, left, right):
            own = _STRENGTH[sign]
            text = f"{spell_expression(left, own)} {sign} {spell_expression(right, own + 1)}"
            return f"({text})" if own < strength else text
