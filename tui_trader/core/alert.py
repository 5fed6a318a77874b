"""Whether a condition is met: yes, no, or "cannot be told", where a number it rests on is not known or not fresh.

A number that is old or in doubt decides nothing: an alternative that needs it is neither met nor missed. Exact arithmetic; it
must not know where the numbers come from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple, Protocol

from tui_trader.core.decimals import HUNDRED, ZERO, divide
from tui_trader.core.language.condition import Comparison, Condition, Figure, Happening, Subject, Term


class Reading(NamedTuple):
    """A number as it stands, or why there is none to rely on."""

    value: Decimal | None
    blind: str = ""
    """Why the value cannot be relied on, in a few words; empty when it can."""

    @property
    def sure(self) -> Decimal | None:
        """The value if it can be relied on."""
        return None if self.blind else self.value


class Sight(NamedTuple):
    """Whether something happened, or why that cannot be told."""

    seen: bool
    blind: str = ""


class Readings(Protocol):
    """Looks numbers and happenings up."""

    def figure(self, subject: Subject) -> Reading:
        """Return a figure as it stands now."""

    def happening(self, happening: Happening) -> Sight:
        """Return whether something happened since the last look, or is so now."""


class Verdict(NamedTuple):
    """What a condition came to."""

    met: bool | None
    """None when it cannot be told."""
    blind: str = ""
    """Why a part of it could not be told; empty when all of it could."""
    seen: tuple[tuple[Subject, Decimal], ...] = ()
    """The figures that were looked at and could be relied on, in the order they are named."""


def judge(condition: Condition, readings: Readings, slack: Decimal = ZERO) -> Verdict:
    """Return what ``condition`` comes to.

    With ``slack``, in percent, every bound is that much easier to meet: what is not met even so has moved away from it, which is
    when a repeating alert may fire again.
    """
    met: bool | None = False
    blind = ""
    seen: dict[Subject, Decimal] = {}
    for row in condition.alternatives:
        whole: bool | None = True
        for term in row:
            holds, why = _holds(term, readings, slack, seen)
            blind = blind or why
            if holds is False:
                whole = False
            elif holds is None and whole:
                whole = None
        if whole:
            met = True
        elif whole is None and met is False:
            met = None
    return Verdict(met, blind, tuple(seen.items()))


def resolved(condition: Condition, name: Callable[[str], str]) -> Condition:
    """Return the condition with every symbol as ``name`` spells it; ``name`` is asked for the empty one too, where a figure needs
    an instrument and none was named."""

    def subject(one: Subject) -> Subject:
        needless = one.figure.of_account or (one.figure is Figure.PNL and not one.symbol)
        return one if needless else replace(one, symbol=name(one.symbol))

    def term(one: Term) -> Term:
        if isinstance(one, Happening):
            return replace(one, symbol=name(one.symbol)) if one.symbol else one
        bound = subject(one.bound) if isinstance(one.bound, Subject) else one.bound
        return replace(one, subject=subject(one.subject), bound=bound)

    return Condition(tuple(tuple(term(one) for one in row) for row in condition.alternatives))


def _holds(term: Term, readings: Readings, slack: Decimal, seen: dict[Subject, Decimal]) -> tuple[bool | None, str]:
    if isinstance(term, Happening):
        sight = readings.happening(term)
        return (None, sight.blind) if sight.blind else (sight.seen, "")
    value, why = _number(term.subject, readings, seen)
    bound = term.bound
    if isinstance(bound, Subject):
        other, reason = _number(bound, readings, seen)
        why = why or reason
    else:
        other = bound
    if value is None or other is None:
        return None, why
    ease = divide(abs(other) * slack, HUNDRED) if slack else ZERO
    match term.comparison:
        case Comparison.ABOVE:
            return value > other - ease, ""
        case Comparison.AT_LEAST:
            return value >= other - ease, ""
        case Comparison.BELOW:
            return value < other + ease, ""
        case Comparison.AT_MOST:
            return value <= other + ease, ""


def _number(subject: Subject, readings: Readings, seen: dict[Subject, Decimal]) -> tuple[Decimal | None, str]:
    reading = readings.figure(subject)
    value = reading.sure
    if value is not None:
        seen[subject] = value
    return value, "" if value is not None else (reading.blind or "not told")
