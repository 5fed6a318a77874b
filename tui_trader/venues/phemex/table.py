"""The packed 24-hour table: names of columns, said once or with every message, and rows of values in their order.

Rows are proven to be numbers when they come and are left as they are: most of what is said every second of hundreds of contracts
is replaced before anybody looks. It must not know whose connection it came over.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final

import msgspec
from msgspec import Raw

from tui_trader.core.decimals import MAX_DIGITS
from tui_trader.core.event import TickerChanged, TickerRow
from tui_trader.core.ticker_row import Columns
from tui_trader.core.types import InstrumentId
from tui_trader.venues.phemex.market import TICKER_NAME, MarketRows

_PLACES: Final = {name: place for place, name in enumerate(TickerChanged._fields)}

_new = tuple.__new__

_decode_names = msgspec.json.Decoder(list[str]).decode


class Table:
    """Reads the rows of one connection's table by the names of its columns: some were added before, and some may be left out."""

    def __init__(self, market: MarketRows) -> None:
        self._market = market
        self._named = b""
        """The names as they were last sent."""
        self.width = 0
        """Values of a row; 0 while no columns are known."""
        self.symbol_at = -1
        """Where in a row its symbol stands; -1 while that is not known."""
        self._steps: tuple[tuple[int, int], ...] = ()
        """Where a value stands in a row, and where it goes in a TickerChanged."""
        self._columns = Columns(())
        self._pick: itemgetter[Any] | None = None

    def forget(self) -> None:
        """Know no columns: a new connection names its own."""
        self._named, self.width, self.symbol_at = b"", 0, -1

    def name(self, raw: Raw) -> None:
        """Learn which columns rows have from here on; what is no list of names changes nothing."""
        sent = bytes(raw)
        if sent == self._named or not sent:
            return
        try:
            names = _decode_names(sent)
        except ValueError:
            return
        self._named, self.width = sent, len(names)
        self.symbol_at = names.index("symbol") if "symbol" in names else -1
        steps = tuple((at, _PLACES[TICKER_NAME[name]]) for at, name in enumerate(names) if name in TICKER_NAME)
        if steps != self._steps:
            self._steps, self._columns = steps, Columns([place for _, place in steps])
            self._pick = itemgetter(*(at for at, _ in steps)) if len(steps) > 1 else None

    def read(self, instrument: InstrumentId, at_ns: int, row: Sequence[Any]) -> TickerRow | TickerChanged:
        """Return what a row says, as it is where every number is plainly one; raises WireError for a number that is none.

        float() is here for its verdict alone, and its values are dropped: digits with a point and a sign that it can read are
        such as Decimal can.
        """
        if self._pick is not None:
            try:
                numbers = self._pick(row)
                text = "".join(numbers)
                list(map(float, numbers))
            except (TypeError, ValueError):
                pass  # something is missing, or no plain text, or none at all
            else:
                digits = text.replace(".", "").replace("-", "")
                if digits.isdigit() and digits.isascii() and (len(text) <= MAX_DIGITS or max(map(len, numbers)) <= MAX_DIGITS):
                    return _new(TickerRow, (instrument, at_ns, numbers, self._columns))
        return self._market.table_row(instrument, at_ns, row, self._steps)
