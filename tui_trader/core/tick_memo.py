"""Prices of one book as a venue spells them, and the whole ticks that they are: each is read once while it is remembered."""

from __future__ import annotations

from typing import Any, Final

from tui_trader.core.decimals import from_scaled, from_wire
from tui_trader.core.error import WireError
from tui_trader.core.instrument import Instrument

ABSURD: Final = from_wire("1e30")
"""No price and no size is as large as that; a number that is stands for a mistake."""

_LIMIT = 4_096
"""Prices remembered: many times the levels of a book, and less than a megabyte. A market that moves all day would fill more."""

_PLAIN_DIGITS = 18
"""Digits of a price that is read the quick way."""


class TickMemo:
    """Raw price to whole ticks, computed exactly once per distinct raw value."""

    __slots__ = ("_instrument", "_places", "_units", "known")

    def __init__(self, instrument: Instrument) -> None:
        self.known: dict[Any, int] = {}
        """What is remembered, to look up in and not to change: a plain dictionary is twice as fast as one that learns."""
        self._instrument = instrument
        exponent = instrument.tick.normalize().as_tuple().exponent
        assert isinstance(exponent, int)
        self._places = max(0, -exponent)
        """Decimal places of a tick."""
        self._units = int(instrument.tick.scaleb(self._places))
        """A tick in units of its last place."""

    def ticks_of(self, raw: Any) -> int:
        """Return the ticks of a price, and remember them; raises WireError for a price that is none, TypeError for no value."""
        ticks = self.known.get(raw)
        if ticks is not None:
            return ticks
        ticks = (self._plain(raw) if type(raw) is str else 0) or self._exact(raw)
        if len(self.known) >= _LIMIT:
            self.known.clear()
        self.known[raw] = ticks
        return ticks

    def _plain(self, raw: str) -> int:
        """Return the ticks of digits with a point or none, a tenth of the cost of what is right for all; 0 for anything else."""
        whole, point, part = raw.partition(".")
        digits = whole + part
        if len(digits) > _PLAIN_DIGITS or len(part) > self._places or not (digits.isascii() and digits.isdigit()):
            return 0
        if not whole or (point and not part):
            return 0
        ticks, off = divmod(int(whole + part.ljust(self._places, "0")), self._units)
        return 0 if off else ticks

    def _exact(self, raw: Any) -> int:
        instrument = self._instrument
        if type(raw) is int and instrument.price_scale:
            price = from_scaled(raw, instrument.price_scale)
        else:
            price = from_wire(raw)
        if not 0 < price < ABSURD:
            raise WireError(f"{instrument.symbol}: price {price:.6g} in the book")
        try:
            return instrument.to_ticks(price)
        except ValueError as error:
            raise WireError(f"{instrument.symbol}: {error}") from None
