"""The reference prices of one instrument, as last told."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from decimal import Decimal

from tui_trader.core.decimals import HUNDRED, divide
from tui_trader.core.event import TickerChanged


@dataclass(frozen=True, slots=True)
class Ticker:
    """Last, mark and index price, the day's range, and funding; None where the venue has not said."""

    last: Decimal | None = None
    mark: Decimal | None = None
    index: Decimal | None = None
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
        said = {
            field.name: value
            for field in fields(self)
            if field.name != "at_ns" and (value := getattr(event, field.name)) is not None
        }
        return replace(self, at_ns=max(self.at_ns, event.at_ns), **said)

    @property
    def change_pct(self) -> Decimal | None:
        """Change over 24 hours in percent."""
        if self.last is None or not self.open_24h:
            return None
        return divide((self.last - self.open_24h) * HUNDRED, self.open_24h)
