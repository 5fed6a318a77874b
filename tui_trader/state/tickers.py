"""The reference prices of all instruments. Rows stay as they were sent until somebody looks at their instrument; the newest one
of its columns replaces the one before, which then nobody has to read.

It must not know where rows come from.
"""

from __future__ import annotations

from collections.abc import Iterable

from tui_trader.core.event import TickerChanged
from tui_trader.core.ticker_row import TickerRow
from tui_trader.core.types import InstrumentId
from tui_trader.state.ticker import Ticker

_BLANK = Ticker()


class Tickers:
    """Reference prices by instrument, as if every message had been laid over them when it came."""

    __slots__ = ("_read", "_unread")

    def __init__(self) -> None:
        self._read: dict[InstrumentId, Ticker] = {}
        self._unread: dict[InstrumentId, TickerRow] = {}

    def merge(self, event: TickerChanged) -> None:
        """Lay over an instrument what an event says."""
        instrument = event[0]
        self._read[instrument] = self.of(instrument).merge(event)

    def lay_up(self, row: TickerRow) -> None:
        """Take a row that nobody has to look at yet."""
        instrument, at_ns, _, columns = row
        unread = self._unread
        before = unread.get(instrument)
        if before is not None and (before[3] is not columns or at_ns < before[1]):
            self._look(before)  # it tells something that the new one does not
        unread[instrument] = row

    def of(self, instrument: InstrumentId) -> Ticker:
        """Return what is known of an instrument, blank before the first word."""
        row = self._unread.get(instrument)
        return self._read.get(instrument, _BLANK) if row is None else self._look(row)

    def items(self) -> list[tuple[InstrumentId, Ticker]]:
        """Return every instrument that was told of, with what is known."""
        self._look_at_all()
        return list(self._read.items())

    def values(self) -> list[Ticker]:
        """Return what is known of every instrument that was told of."""
        self._look_at_all()
        return list(self._read.values())

    def update(self, tickers: Iterable[tuple[InstrumentId, Ticker]]) -> None:
        """Replace what is known of some instruments."""
        for instrument, ticker in tickers:
            self._unread.pop(instrument, None)
            self._read[instrument] = ticker

    def _look_at_all(self) -> None:
        for row in list(self._unread.values()):
            self._look(row)

    def _look(self, row: TickerRow) -> Ticker:
        instrument = row.instrument
        del self._unread[instrument]
        ticker = self._read[instrument] = self._read.get(instrument, _BLANK).merge(row.changed())
        return ticker
