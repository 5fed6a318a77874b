"""Sizes of a book as a venue spells them: what proves them to be some, and how a set of them is laid over another.

It must not know prices: they are whole ticks here.
"""

from __future__ import annotations

from typing import Any, Final

from tui_trader.core.decimals import from_wire
from tui_trader.core.error import WireError

MOST: Final = 1e30
"""No size is as large as that; a number that is stands for a mistake. A float, to be compared with verdicts of float()."""

GARBLED: Final = (WireError, TypeError, ValueError, OverflowError)
"""What a level that is none raises."""


def fold(news: dict[int, Any], held: dict[int, Any]) -> None:
    """Lay proven sizes over those held, and take out the zeros; raises what a size that is none raises.

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
    held.update(news)
    for ticks in gone:
        del held[ticks]


def is_zero(size: Any) -> bool:
    """Whether a raw size spells zero (``0``, ``0.000``); raises WireError when it is no size at all."""
    if size == "0":
        return True
    value = from_wire(size)
    if value < 0:
        raise WireError(f"negative size {value}")
    return not value
