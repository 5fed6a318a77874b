"""The reference prices of one instrument, as last told."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from tui_trader.core.decimals import HUNDRED, divide
from tui_trader.core.event import TickerChanged

_new = tuple.__new__


class Ticker(NamedTuple):
    """Last, mark and index price, the day's range, and funding; None where the venue has not said.

    The fields stand in the order of TickerChanged's, which ``merge`` relies on.
    """

    last: Decimal | None = None
    mark: Decimal | None = None
    index: Decimal | None = None  # type: ignore[assignment]  # hides tuple.index, which nobody needs here
    open_24h: Decimal | None = None
    high_24h: Decimal | None = None
    low_24h: Decimal | None = None
    volume_24h: Decimal | None = None
    turnover_24h: Decimal | None = None
    open_interest: Decimal | None = None
    funding_rate: Decimal | None = None
    """Fraction of position value per interval; longs pay when positive."""
    next_funding_ns: int | None = None
    at_ns: int = 0

    def merge(self, event: TickerChanged) -> Ticker:
        """Return the ticker with what the event says laid over it."""
        _, at_ns, *said = event
        told = [old if new is None else new for old, new in zip(self, said, strict=False)]
        return _new(Ticker, (*told, max(self.at_ns, at_ns)))

    @property
    def change_pct(self) -> Decimal | None:
        """Change over 24 hours in percent."""
        if self.last is None or not self.open_24h:
            return None
        return divide((self.last - self.open_24h) * HUNDRED, self.open_24h)
