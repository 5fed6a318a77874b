"""What the local history tells of the time before this run: executions, funding, and what orders were sent with.

It is looked at, and the day's sums rest on it; nothing about orders is decided by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tui_trader.core.event import FundingPaid
from tui_trader.core.order import Fill
from tui_trader.core.round_trip import Terms


@dataclass(frozen=True, slots=True)
class Past:
    """A part of the history, oldest first."""

    fills: tuple[Fill, ...] = ()
    funding: tuple[FundingPaid, ...] = ()
    terms: Mapping[str, Terms] = field(default_factory=dict)
    """Of orders, by client and by venue id."""
    whole_since_ns: int = 0
    """From when on all of it is here; what is older may have been left out."""

    @classmethod
    def of(
        cls,
        fills: Iterable[Fill],
        funding: Iterable[FundingPaid] = (),
        terms: Mapping[str, Terms] | None = None,
        whole_since_ns: int = 0,
    ) -> Past:
        """Return a past made of any iterables."""
        return cls(tuple(fills), tuple(funding), dict(terms or {}), whole_since_ns)
