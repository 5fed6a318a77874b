"""Exact numbers: the only ways a price, size or value enters, is rounded, or becomes text.

No float appears here. Wire and user text are checked by one ASCII pattern before ``Decimal`` sees them, because
``Decimal`` alone accepts ``NaN``, ``1_000`` and full-width digits.
"""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, localcontext

from tui_trader.core.error import WireError

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)

PRECISION = 50
"""Significant digits kept in divisions; far past any venue's scale."""

MAX_DIGITS = 64
"""A number longer than this is refused: no venue sends one."""

_WIRE = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?\Z", re.ASCII)
_PLAIN = re.compile(r"-?(\d+(\.\d*)?|\.\d+)\Z", re.ASCII)
_GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d*)?\Z", re.ASCII)

CONTEXT = Context(prec=PRECISION, rounding=ROUND_HALF_UP)

_WIDE = Context(prec=2_500)
"""Wide enough for the whole quotient of any two numbers that are read: a remainder is exact or an exception."""


def from_wire(raw: object) -> Decimal:
    """Return the exact value of a wire number: text, integer or an exact ``Decimal``.

    Raises WireError for floats, booleans, non-finite values and anything that is not a number.
    """
    if isinstance(raw, str):
        if len(raw) > MAX_DIGITS or not ((raw.isascii() and raw.replace(".", "", 1).isdigit()) or _WIRE.match(raw)):
            raise WireError(f"not a number: {raw[:40]!r}")
        return Decimal(raw)
    if isinstance(raw, Decimal):
        if not raw.is_finite():
            raise WireError(f"not a finite number: {raw}")
        return raw
    if isinstance(raw, int) and not isinstance(raw, bool):
        return Decimal(raw)
    raise WireError(f"not an exact number: {raw!r:.40}")


def from_scaled(raw: int, scale: int) -> Decimal:
    """Return ``raw / 10**scale`` exactly; ``scale`` is an exponent of ten."""
    return Decimal(raw).scaleb(-scale, CONTEXT)


def from_user(text: str) -> Decimal | None:
    """Return the value of a plainly typed number, or None when it is not one.

    ``_`` between digits is ignored, and so is ``,`` where it groups thousands; a decimal comma (``1,5``) is refused rather than
    read as fifteen. Exponents, signs of infinity and non-ASCII digits are not numbers.
    """
    if len(text) > MAX_DIGITS:
        return None
    plain = re.sub(r"(?<=[0-9])_(?=[0-9])", "", text)
    if "," in plain:
        if not _GROUPED.match(plain):
            return None
        plain = plain.replace(",", "")
    return Decimal(plain) if _PLAIN.match(plain) else None


def divide(a: Decimal, b: Decimal) -> Decimal:
    """Return ``a / b`` with PRECISION significant digits."""
    return CONTEXT.divide(a, b)


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """Round toward minus infinity to a multiple of ``step``."""
    return _to_step(value, step, ROUND_FLOOR)


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    """Round toward plus infinity to a multiple of ``step``."""
    return _to_step(value, step, ROUND_CEILING)


def down_to(value: Decimal, step: Decimal) -> Decimal:
    """Round toward zero to a multiple of ``step``: what a size does."""
    return _to_step(value, step, ROUND_DOWN)


def nearest_to(value: Decimal, step: Decimal) -> Decimal:
    """Round half up to a multiple of ``step``."""
    return _to_step(value, step, ROUND_HALF_UP)


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """Whether ``value`` lies exactly on the grid of ``step``."""
    return _WIDE.remainder(value, step) == 0


def plain(value: Decimal) -> str:
    """Return ``value`` as decimal text with neither an exponent nor trailing zeros, e.g. ``0.01``."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def places(step: Decimal) -> int:
    """Return how many decimals a grid of ``step`` needs."""
    exponent = step.normalize().as_tuple().exponent
    return max(0, -int(exponent))


def _to_step(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    with localcontext(CONTEXT):
        return (value / step).to_integral_value(rounding=rounding) * step
