"""The tape: public trades, newest on top, with small ones left out on a key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache
from itertools import islice
from operator import is_
from typing import ClassVar

from tui_trader.core.clock import NS, Clock, hms
from tui_trader.core.decimals import ZERO, plain
from tui_trader.core.instrument import Instrument
from tui_trader.core.tape import Trade
from tui_trader.core.types import ContractKind, InstrumentId, Side
from tui_trader.state import topic as t
from tui_trader.state.store import Store
from tui_trader.ui.format import compact, number
from tui_trader.ui.panes.spans import Part, Row, Span, filled, fit, part
from tui_trader.ui.panes.tape_delta import LOOK_BACK, RunningDelta
from tui_trader.ui.panes.view import View, waiting

DELTA_NS = 60 * NS
"""What the difference of bought and sold is counted over."""

_BUCKETS = ((Decimal(10), "##"), (Decimal(3), "#"))
"""Times the usual size from which a trade is very large, and large; each has a sign as well as a colour."""

_ENOUGH = 40
"""Trades from which the usual size is worth computing; it is then kept, or old rows would change their look."""


@cache
def _topics(instrument: InstrumentId | None) -> frozenset[t.Topic]:
    own = {t.LINKS, t.INSTRUMENTS}
    return frozenset(own if instrument is None else own | {t.tape_topic(instrument)})


class TapeView(View):
    """Time, price, size and taker's side of public trades of one instrument."""

    name: ClassVar[str] = "tape"
    pace_s = 0.1
    """Ten times a second: trades carry their times, and no eye follows a list that moves faster."""

    def __init__(
        self, store: Store, clock: Clock, instrument: InstrumentId | None = None, *, sizes: Sequence[Decimal] = ()
    ) -> None:
        super().__init__(store, clock)
        self.sizes = (ZERO, *sizes)
        """Steps of the size filter in quote currency, ascending; the first shows everything."""
        self._qty: Decimal | None = None
        """A size that was typed; it stands in place of the steps."""
        self._value: Decimal | None = None
        """A value in quote currency that was typed; it too stands in their place."""
        self._iid = instrument
        self._filter = 0
        self._usual = ZERO
        self._shown: tuple[object, list[Trade], list[Row]] = (None, [], [])
        """The trades and rows of the last time, and what rows were made of besides trades."""
        self._paused: list[Trade] | None = None
        self._delta_of = RunningDelta(None, lambda trade: True)

    # -- keys ------------------------------------------------------------------------------------------------------

    def watch(self, instrument: InstrumentId | None) -> None:
        """Show another contract."""
        if instrument != self._iid:
            self._iid, self._paused, self._usual = instrument, None, ZERO
            self._shown = (None, [], [])
            self.moved()

    @property
    def instrument(self) -> InstrumentId | None:
        """The contract shown."""
        return self._iid

    def filter_size(self, step: int) -> None:
        """Leave out more (+1) or fewer (-1) small trades, by their value."""
        self._qty = self._value = None
        self._filter = min(max(self._filter + step, 0), len(self.sizes) - 1)
        self.moved()

    def next_size(self) -> None:
        """Take the next step of the filter; after the last one everything is shown again."""
        typed = self._qty is not None or self._value is not None
        self._filter = 0 if typed else (self._filter + 1) % len(self.sizes)
        self._qty = self._value = None
        self.moved()

    def sift(self, least: Decimal | None, quote: bool = False) -> str:
        """Leave out trades smaller than a size, or than a value in quote currency; None shows everything. Return one line."""
        self._qty = self._value = None
        if quote:
            self._value = least or None
        else:
            self._qty = least or None
        self._filter = 0
        self.moved()
        words = self._filter_words()
        return f"tape: trades {words}" if words else "tape: every trade"

    def _passes(self, instrument: Instrument) -> Callable[[Trade], bool]:
        """Return what says of a trade whether it is large enough to be shown."""
        if self._qty is not None:
            least = self._qty
            return lambda trade: trade.qty >= least
        value = self._value if self._value is not None else self.sizes[self._filter]
        size = instrument.contract_size
        if instrument.kind is ContractKind.INVERSE:
            return lambda trade: trade.qty * size >= value
        return lambda trade: trade.qty * size * trade.price >= value

    def _filter_words(self) -> str:
        """Return the filter as the title says it, ``>0.25`` or ``>10k USDT``; empty without one."""
        if self._qty is not None:
            return f">{plain(self._qty)}"
        value = self._value if self._value is not None else self.sizes[self._filter]
        if not value:
            return ""
        instrument = self.store.instruments.get(self._iid) if self._iid else None
        return f">{_brief(value)} {instrument.quote if instrument else ''}".rstrip()

    def pause(self) -> None:
        """Hold the tape still to read it, or let it run again."""
        tape = self.store.tapes.get(self._iid) if self._iid else None
        self._paused = None if self._paused is not None or tape is None else tape.newest(LOOK_BACK)
        self.moved()

    # -- content ---------------------------------------------------------------------------------------------------

    @property
    def topics(self) -> frozenset[t.Topic]:
        return _topics(self._iid)

    def title(self) -> list[Part]:
        parts = [part(0, f"TAPE {self._filter_words()}".rstrip(), "title")]
        if self._paused is not None:
            parts.append(part(1, "PAUSED", "warn"))
        if self._is_stale():
            parts.append(part(1, "STALE ?", "alarm"))
        if self._iid is not None:
            parts.append(part(2, self._iid.symbol, "dim"))
        if (delta := self._delta()) is not None:
            role = "buy" if delta > 0 else "sell" if delta < 0 else "dim"
            parts.append(part(3, f"delta {compact(delta, 6, signed=True)}", role))
        return parts

    def _delta(self) -> Decimal | None:
        """Return what takers have bought less what they have sold in the last minute, of the trades that are shown."""
        tape = self.store.tapes.get(self._iid) if self._iid else None
        instrument = self.store.instruments.get(self._iid) if self._iid else None
        if tape is None or tape.last is None or instrument is None or self._is_stale():
            return None
        key = (self._iid, self._qty, self._value, self._filter, instrument)
        if self._delta_of.key != key:
            self._delta_of = RunningDelta(key, self._passes(instrument))
        return self._delta_of.since(tape, self.clock.wall_ns() - DELTA_NS)

    def body(self, width: int, height: int) -> list[Row]:
        if self._iid is None:
            return waiting("no symbol chosen", width, height)
        tape = self.store.tapes.get(self._iid)
        instrument = self.store.instruments.get(self._iid)
        if tape is None or not len(tape) or instrument is None:
            return waiting("waiting for the first trade", width, height)
        everything = self._qty is None and self._value is None and not self._filter
        trades = self._paused if self._paused is not None else tape.newest(height if everything else LOOK_BACK)
        if not self._usual and len(tape) >= _ENOUGH:
            self._usual = _usual_size(tape.newest(LOOK_BACK))
            self._shown = (None, [], [])
        if everything:
            shown = trades[:height]
        else:
            passes = self._passes(instrument)
            shown = list(islice((trade for trade in trades if passes(trade)), height))
        if not shown:
            return waiting(f"no trade {self._filter_words()} yet", width, height)
        rows = self._rows(shown, instrument, width)
        if self._is_stale():
            rows = [tuple(Span(span.text, "stale") for span in row) for row in rows]
        return filled(rows, width, height)

    def _is_stale(self) -> bool:
        link = self.store.links.get((self._iid.venue, "public")) if self._iid else None
        return link is not None and not link.is_live

    def _rows(self, shown: list[Trade], instrument: Instrument, width: int) -> list[Row]:
        """Return the rows of trades, newest first: those of the last time move down, and only what is new above them is drawn."""
        made_of = (instrument, width)
        before, trades, drawn = self._shown
        fresh = len(shown)
        if before == made_of and trades:
            newest = trades[0]
            for at, trade in enumerate(shown):
                if trade is newest:
                    kept = fresh - at
                    # The same objects in the same order: equal trades may be many.
                    if kept <= len(trades) and all(map(is_, shown[at:], trades)):
                        fresh = at
                    break
        rows = [self._draw(trade, instrument, width) for trade in shown[:fresh]]
        rows += drawn[: len(shown) - fresh]
        self._shown = (made_of, shown, rows)
        return rows

    def _draw(self, trade: Trade, instrument: Instrument, width: int) -> Row:
        price = number(trade.price, instrument.price_places)
        size = number(trade.qty, instrument.qty_places)
        letter = "B" if trade.side is Side.BUY else "S"
        buys = trade.side is Side.BUY
        sign, role = "  ", "buy" if buys else "sell"
        for times, glyph in _BUCKETS:
            if self._usual and trade.qty >= self._usual * times:
                sign, role = glyph.ljust(2), "bid_bar" if buys else "ask_bar"
                break
        core = f"{price:>9} {size:>7} {letter}"
        for stamp in (hms(trade.at_ns, millis=True), hms(trade.at_ns), hms(trade.at_ns)[3:]):
            text = f"{stamp} {core}"
            if len(text) + 3 <= width:
                return fit((Span(f"{stamp} ", "dim"), Span(f"{core} {sign}", role)), width)
        for text in (f"{price} {size} {letter}", f"{price} {letter}", price):
            if len(text) <= width:
                return fit((Span(text, role),), width)
        return fit((Span("…", role),), width)


def _usual_size(trades: Sequence[Trade]) -> Decimal:
    """Return the size that three quarters of the trades stay below."""
    return sorted(trade.qty for trade in trades)[len(trades) * 3 // 4]


def _brief(value: Decimal) -> str:
    """Return a value without zeros that say nothing, ``10k`` or ``2.5M``."""
    text = compact(value, 6)
    unit = text[-1] if text[-1].isalpha() else ""
    digits = text.removesuffix(unit) if unit else text
    return (digits.rstrip("0").rstrip(".") if "." in digits else digits) + unit
