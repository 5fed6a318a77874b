"""A bar that says how much of it is known, and a gap, which is no bar.

A second in which the feed was up and nobody traded is known: a flat bar of volume zero. A second that nobody observed, and that
the venue has not told of, is a gap. The two are different types, so that nothing can take one for the other.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class Basis(StrEnum):
    """What a bar was made of."""

    TRADES = "trades"
    """Trades that were heard one by one."""
    VENUE = "venue"
    """Bars that the venue told."""
    MIXED = "mixed"
    """Some of both."""
    SYNTHETIC = "synthetic"
    """Invented between the known prices of a longer bar: to be looked at, and to be decided by never."""


class Bar(NamedTuple):
    """Open, high, low, close over ``interval_s`` seconds from ``start_s`` (UTC seconds)."""

    start_s: int
    interval_s: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    trades: int
    """Trades counted; zero where only the venue told of them."""
    known_s: int
    """Seconds of it that are known."""
    passed_s: int
    """Seconds of it that had passed when it was asked for: less than ``interval_s`` while it is being formed."""
    basis: Basis

    @property
    def end_s(self) -> int:
        """The first second after it."""
        return self.start_s + self.interval_s

    @property
    def is_whole(self) -> bool:
        """Whether all of it that has passed is known."""
        return self.known_s >= self.passed_s

    @property
    def is_quiet(self) -> bool:
        """Whether nobody traded: the prices are the last one before it."""
        return not self.volume


class Gap(NamedTuple):
    """Whole intervals of which no price is known, from ``start_s`` up to ``end_s``, that one excluded."""

    start_s: int
    end_s: int
    observed: bool = False
    """True where the feed was up, nobody traded, and no price from before is known either."""


Bars = list[Bar | Gap]
"""What is known of a range, oldest first, without holes: where there is no bar there is a gap."""
