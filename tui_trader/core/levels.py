"""Sizes of a book as a venue spells them: what proves them to be some, and how a set of them is laid over another.

It must not know prices: they are whole ticks here.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import compress
from operator import not_
from typing import Any, Final

from tui_trader.core.decimals import from_wire
from tui_trader.core.error import WireError

MOST: Final = 1e30
"""No size is as large as that; a number that is stands for a mistake. A float, to be compared with verdicts of float()."""

_PLAIN: Final = 29
"""Characters of a size that is plainly below that: thirty nines are not, once they are a float."""

GARBLED: Final = (WireError, TypeError, ValueError, OverflowError)
"""What a level that is none raises."""


def fold(news: dict[int, Any], held: dict[int, Any]) -> None:
    """Lay proven sizes over those held, and take out the zeros; raises what a size that is none raises."""
    values = _plainly_joined(news.values())
    gone = list(compress(news, map(not_, values.translate(None, b"0.").split(b",")))) if values else _gone(news)
    held.update(news)
    for ticks in gone:
        del held[ticks]


def _plainly_joined(sizes: Collection[Any]) -> bytes:
    """Return sizes with commas between them where each is digits with one point or none; empty where one is anything else.

    All are proven at once, for less than float() of each would cost.
    """
    try:
        joined = ",".join(sizes).encode()
    except (TypeError, ValueError):
        return b""  # no text
    points, digits = joined.translate(None, b"0123456789"), joined.translate(None, b".")
    if points.count(b",") != len(sizes) - 1 or b".." in points or points.translate(None, b".,"):
        return b""
    if not digits or b",," in digits or digits.startswith(b",") or digits.endswith(b","):
        return b""
    return joined if max(map(len, sizes)) <= _PLAIN else b""


def _gone(news: dict[int, Any]) -> list[int]:
    """Return the prices whose sizes are zeros, where sizes are spelled in several ways; raises what a size that is none raises.

    The verdict of float() is passed on all sizes at once, and its values are dropped.
    """
    values = list(map(float, news.values()))
    if not (min(values) >= 0.0 and sum(values) < MOST):
        for size, value in zip(news.values(), values, strict=True):
            if not 0.0 <= value < MOST:
                is_zero(size)  # says what is wrong, where it can
                raise WireError(f"size {size!r:.40}")
    gone = [ticks for ticks, value in zip(news, values, strict=True) if not value]
    for ticks in gone:
        size = news[ticks]
        if size != "0" and not is_zero(size):
            raise WireError(f"size {size!r:.40}")
    return gone


def is_zero(size: Any) -> bool:
    """Whether a raw size spells zero (``0``, ``0.000``); raises WireError when it is no size at all."""
    if size == "0":
        return True
    value = from_wire(size)
    if value < 0:
        raise WireError(f"negative size {value}")
    return not value
