"""Public market rows as our values: trades, candles, reference prices.

A number that comes again is not interpreted again: the 24-hour table repeats most of its text every second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from tui_trader.core.candle import Candle
from tui_trader.core.decimals import MAX_DIGITS, from_scaled, from_wire
from tui_trader.core.error import WireError
from tui_trader.core.event import TickerChanged
from tui_trader.core.instrument import Instrument
from tui_trader.core.printed import Printed
from tui_trader.core.tape import Trade
from tui_trader.core.types import InstrumentId, Side
from tui_trader.venues.phemex.family import RATIO_SCALE

_MEMO_LIMIT: Final = 4_096

_DIGITS: Final = frozenset("0123456789.")

_new = tuple.__new__

_TICKER_FIELDS: Final = {
    "last": ("lastRp", "closeRp"),
    "mark": ("markRp", "markPriceRp"),
    "index": ("indexRp", "indexPriceRp"),
    "open_24h": ("openRp",),
    "high_24h": ("highRp",),
    "low_24h": ("lowRp",),
    "volume_24h": ("volumeRq",),
    "turnover_24h": ("turnoverRv",),
    "open_interest": ("openInterestRv",),
    "funding_rate": ("fundingRateRr",),
}
"""Our names, and theirs in the packed table and in the single ticker."""

TICKER_NAME: Final = {wire: ours for ours, wires in _TICKER_FIELDS.items() for wire in wires}
"""Our name of each of theirs."""

_SCALED_TICKER: Final = {
    "close": ("last", "price"),
    "markPrice": ("mark", "price"),
    "indexPrice": ("index", "price"),
    "open": ("open_24h", "price"),
    "high": ("high_24h", "price"),
    "low": ("low_24h", "price"),
    "volume": ("volume_24h", "size"),
    "turnover": ("turnover_24h", "value"),
    "openInterest": ("open_interest", "size"),
    "fundingRate": ("funding_rate", "ratio"),
}
"""Fields of the older family's ticker: no suffix, scaled all the same."""


_UNSAID: Final = (None,) * (len(TickerChanged._fields) - 2)


class _Numbers(dict[str, Decimal]):
    """Decimal text to its value, each interpreted once while it is remembered."""

    def __missing__(self, text: str) -> Decimal:
        # Digits and points alone, which is nearly everything, need no pattern: what else they spell Decimal refuses.
        try:
            value = Decimal(text) if _DIGITS.issuperset(text) and len(text) <= MAX_DIGITS else from_wire(text)
        except InvalidOperation:
            raise WireError(f"not a number: {text[:40]!r}") from None
        if len(self) >= _MEMO_LIMIT:
            self.clear()
        self[text] = value
        return value


_SIDES: Final = {"Buy": Side.BUY, "Sell": Side.SELL}


class _Above(dict[str, Decimal]):
    """Decimal text to its value where that is above zero, as prices are."""

    def __init__(self, numbers: _Numbers) -> None:
        super().__init__()
        self._numbers = numbers

    def __missing__(self, text: str) -> Decimal:
        value = self._numbers[text]
        if value <= 0:
            raise WireError(f"price {text[:40]!r}")
        if len(self) >= _MEMO_LIMIT:
            self.clear()
        self[text] = value
        return value


class MarketRows:
    """Reads rows of public messages; holds nothing but a memo of numbers. Raises WireError on a row that is not one."""

    def __init__(self) -> None:
        self._numbers = _Numbers()
        self._prices = _Above(self._numbers)

    def number(self, raw: object, scale: int = 0) -> Decimal:
        """Return the value of decimal text, or of an integer scaled by ``scale``."""
        if type(raw) is str:
            return self._numbers[raw]
        if scale and type(raw) is int:
            return from_scaled(raw, scale)
        return from_wire(raw)

    def trade(self, row: Sequence[Any], price_scale: int = 0, size_scale: int = 0) -> Trade:
        """Return one trade of ``[timestamp ns, taker side, price, size]``."""
        try:
            at_ns, word, price, qty = row
            side = _SIDES[word]
        except (TypeError, ValueError, KeyError):
            raise WireError("not a trade row") from None
        numbers = self._numbers
        price = numbers[price] if type(price) is str else self.number(price, price_scale)
        qty = numbers[qty] if type(qty) is str else self.number(qty, size_scale)
        if type(at_ns) is not int or price <= 0 or qty < 0:
            raise WireError("trade without a time, or with a price or size below zero")
        return _new(Trade, (at_ns, side, price, qty))

    def printed(self, rows: Sequence[tuple[int, str, str, str]]) -> Printed:
        """Return the trades of rows that the decoder found to be ``[timestamp ns, taker side, price, size]``, newest first:
        proven, and not read yet. Raises WireError when a number is none, or is spelled in another way than plain digits."""
        prices = self._prices
        for _, _, price, qty in rows:
            if price not in prices:
                prices[price]  # raises
            if not (qty.replace(".", "", 1).isdigit() and qty.isascii()) or len(qty) > MAX_DIGITS:
                raise WireError("not a plain size")
        return Printed(rows, self._read)

    def _read(self, rows: Sequence[tuple[int, str, str, str]]) -> list[Trade]:
        """Return the trades of rows that are known to be some, oldest first."""
        prices = self._prices
        return [_new(Trade, (at_ns, _SIDES[word], prices[price], Decimal(qty))) for at_ns, word, price, qty in reversed(rows)]

    def candle(self, row: Sequence[Any], price_scale: int = 0, size_scale: int = 0, value_scale: int = 0) -> Candle:
        """Return one bar of ``[start s, interval s, last close, open, high, low, close, volume, turnover]``."""
        try:
            start, interval, _, opened, high, low, closed, volume, turnover = row
        except (TypeError, ValueError):
            raise WireError("not a candle row") from None
        if type(start) is not int or type(interval) is not int or interval <= 0:
            raise WireError("candle without a time")
        number = self.number
        return Candle(
            start,
            interval,
            number(opened, price_scale),
            number(high, price_scale),
            number(low, price_scale),
            number(closed, price_scale),
            number(volume, size_scale),
            number(turnover, value_scale),
        )

    def ticker(self, instrument: InstrumentId, at_ns: int, values: Mapping[str, object]) -> TickerChanged:
        """Return the reference prices among ``values``, keyed by Phemex's names with suffixes; unknown names are skipped."""
        numbers = self._numbers
        found: dict[str, Any] = {}
        for name, raw in values.items():
            ours = TICKER_NAME.get(name)
            if ours is not None and raw is not None and raw != "":
                found[ours] = numbers[raw] if type(raw) is str else from_wire(raw)
        return TickerChanged(instrument, at_ns, **found)

    def table_row(
        self, instrument: InstrumentId, at_ns: int, row: Sequence[object], steps: Iterable[tuple[int, int]]
    ) -> TickerChanged:
        """Return the reference prices of a row of the packed table; ``steps`` say where a value stands and where it goes."""
        numbers = self._numbers
        said: list[Any] = [instrument, at_ns, *_UNSAID]
        for source, target in steps:
            raw = row[source]
            if type(raw) is str:
                if raw:
                    said[target] = numbers[raw]
            elif raw is not None:
                said[target] = from_wire(raw)
        return _new(TickerChanged, said)

    def scaled_ticker(self, instrument: Instrument, at_ns: int, values: Mapping[str, object]) -> TickerChanged:
        """Return the reference prices of the older family's ticker, unscaled by what the product list says."""
        scales = {
            "price": instrument.price_scale,
            "size": instrument.size_scale,
            "value": instrument.value_scale,
            "ratio": RATIO_SCALE,
        }
        found: dict[str, Any] = {
            ours: self.number(values[name], scales[scale])
            for name, (ours, scale) in _SCALED_TICKER.items()
            if values.get(name) is not None
        }
        return TickerChanged(instrument.id, at_ns, **found)
