"""What the venues' public lanes tell: instruments, books, tapes, reference prices and bars, and how old each is.

It must not know orders or money.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from tui_trader.core.book import Book, BookState
from tui_trader.core.candle import Candle
from tui_trader.core.clock import NS, Clock
from tui_trader.core.decimals import ONE
from tui_trader.core.event import (
    BookDelta,
    BookRun,
    BookSnapshot,
    CandlesChanged,
    FeeRatesTold,
    InstrumentsListed,
    Notice,
    TickerChanged,
    TradesPrinted,
    Unreadable,
)
from tui_trader.core.funds import FeeRate
from tui_trader.core.instrument import Instrument
from tui_trader.core.tape import Tape
from tui_trader.core.ticker_row import TickerRow
from tui_trader.core.types import ContractKind, InstrumentId, Severity
from tui_trader.state import topic as t
from tui_trader.state.board import Board
from tui_trader.state.flow import Flow
from tui_trader.state.lanes import BookLane, Lane, TickerLane
from tui_trader.state.price_path import PricePaths
from tui_trader.state.queue import Places, look_at
from tui_trader.state.ticker import Ticker
from tui_trader.state.tickers import Tickers

MAX_CANDLES: Final = 2_000

_LIVE = BookState.LIVE
"""Compared with on every message: in Python 3.11 reading a member from its class costs more than the rest of the comparison."""


@dataclass(frozen=True, slots=True)
class StaleLimits:
    """How old a value may be before it is marked and entries from it are blocked, in nanoseconds."""

    book_ns: int = 1 * NS
    ticker_ns: int = 3 * NS
    private_ns: int = 15 * NS


class Market(Board):
    """The public side of the state."""

    def __init__(self, clock: Clock, limits: StaleLimits | None = None) -> None:
        super().__init__(clock)
        self.limits = limits or StaleLimits()
        self.instruments: dict[InstrumentId, Instrument] = {}
        self.books: dict[InstrumentId, Book] = {}
        self.tapes: dict[InstrumentId, Tape] = {}
        self.tickers = Tickers()
        self.candles: dict[tuple[InstrumentId, int], deque[Candle]] = {}
        self.paths = PricePaths()
        """Where the prices of the watched instruments have been in the last hour."""
        self.attended: frozenset[InstrumentId] = frozenset()
        """Instruments whose news is waited for; ``noticed`` says that some came."""
        self.noticed = False
        self.unreadable = 0
        """Messages set aside since start."""
        self.doubtful: set[InstrumentId] = set()
        """Books that need a new snapshot; the desk asks for it and clears this."""
        self._places = Places()
        self._book_lanes: dict[InstrumentId, BookLane] = {}
        self._tape_lanes: dict[InstrumentId, Lane] = {}
        self._ticker_lanes: dict[InstrumentId, TickerLane] = {}
        self._marked: list[Lane] = []
        """Lanes whose topics are among the dirty ones."""
        self._by_text: dict[str, InstrumentId] = {}
        self._rates: dict[InstrumentId, FeeRate] = {}
        self._priced_by: dict[str, InstrumentId | None] = {}
        """What tells a settle currency's price in dollars; None where a unit is a dollar, or stands for one."""

    def take_dirty(self) -> set[t.Topic]:
        """Return what changed since the last call, and forget it."""
        for lane in self._marked:
            lane.clean = True
        self._marked.clear()
        return super().take_dirty()

    def sample_prices(self, instruments: Iterable[InstrumentId]) -> None:
        """Remember where the last prices of instruments are, those that can be relied on; the desk calls it once a second."""
        now = self._clock.wall_ns()
        for iid in instruments:
            last = self.ticker(iid).last
            if last is not None and self.ticker_is_fresh(iid):
                self.paths.add(iid, now, last)

    # -- reading ------------------------------------------------------------------------------------------------------

    def find(self, text: str) -> list[InstrumentId]:
        """Return instruments that ``text`` may mean: an exact symbol in any letter case alone, else those containing it."""
        exact = self._by_text.get(text.lower())
        if exact is not None:
            return [exact]
        needle = text.lower()
        return sorted(iid for key, iid in self._by_text.items() if needle in key)

    def book(self, instrument: InstrumentId) -> Book | None:
        """Return the book of an instrument, None before it was subscribed."""
        return self.books.get(instrument)

    def ticker(self, instrument: InstrumentId) -> Ticker:
        """Return the reference prices of an instrument, blank before the first."""
        return self.tickers.of(instrument)

    def flow(self, instrument: InstrumentId) -> Flow | None:
        """Return what comes and goes at each price, counted from the first time somebody asks; None before a book."""
        lane = self._book_lanes.get(instrument)
        if lane is None:
            return None
        if lane.flow is None:
            tape = self.tapes.get(instrument)
            lane.flow = Flow(lane.book, reversed(tape.newest(len(tape))) if tape is not None else ())
        return lane.flow

    def ignore_flow(self, instrument: InstrumentId) -> None:
        """Stop counting what comes and goes: nobody looks at it any more."""
        lane = self._book_lanes.get(instrument)
        if lane is not None:
            lane.flow = None

    def age_ns(self, what: str, instrument: InstrumentId) -> int | None:
        """Return how long ago ``book``, ``tape``, ``ticker``, ``last`` or ``mark`` of an instrument was told; None for never."""
        heard = 0
        if what == "book":
            lane: Lane | None = self._book_lanes.get(instrument)
            heard = lane.heard_ns if lane is not None else 0
        elif what == "tape":
            lane = self._tape_lanes.get(instrument)
            heard = lane.heard_ns if lane is not None else 0
        elif (told := self._ticker_lanes.get(instrument)) is not None:
            heard = told.heard_of(what)
        return None if not heard else max(0, self._clock.mono_ns() - heard)

    def heard_times(self) -> list[tuple[str, InstrumentId, int]]:
        """Return when each thing that ``age_ns`` knows was last heard of, by the monotonic clock."""
        times = [("book", iid, lane.heard_ns) for iid, lane in self._book_lanes.items()]
        times += [("tape", iid, lane.heard_ns) for iid, lane in self._tape_lanes.items()]
        times += [(what, iid, lane.heard_of(what)) for iid, lane in self._ticker_lanes.items() for what in TickerLane.TOLD]
        return [each for each in times if each[2]]

    def set_heard_times(self, times: Iterable[tuple[str, InstrumentId, int]]) -> None:
        """Take up what ``heard_times`` of another run returned."""
        for what, iid, at_ns in times:
            if what == "tape":
                self._tape_lane(iid).heard_ns = at_ns
            elif what != "book":
                self._ticker_lane(iid).set_heard(what, at_ns)
            elif iid in self._book_lanes:
                self._book_lanes[iid].heard_ns = at_ns

    def fee_rates(self) -> list[FeeRate]:
        """Return what the account pays, as far as it was told."""
        return list(self._rates.values())

    def book_is_fresh(self, instrument: InstrumentId) -> bool:
        """Whether the book is live and young enough to act on."""
        book = self.books.get(instrument)
        age = self.age_ns("book", instrument)
        return book is not None and book.is_live and age is not None and age <= self.limits.book_ns

    def ticker_is_fresh(self, instrument: InstrumentId) -> bool:
        """Whether the last price, and what is told along with it, is young enough to rely on."""
        age = self.age_ns("last", instrument)
        return age is not None and age <= self.limits.ticker_ns and self.is_live(instrument.venue, "public")

    def mark_is_fresh(self, instrument: InstrumentId) -> bool:
        """Whether the mark price is young enough to value and to check against."""
        age = self.age_ns("mark", instrument)
        return (
            self.ticker(instrument).mark is not None
            and age is not None
            and age <= self.limits.ticker_ns
            and self.is_live(instrument.venue, "public")
        )

    def dollars(self, currency: str) -> Decimal | None:
        """Return what one unit of a settle currency is worth in US dollars, for limits that are said in them; None when no price
        is known. What linear contracts settle in counts as a dollar; a coin is worth the mark of an inverse contract."""
        if currency not in self._priced_by:
            return None
        priced_by = self._priced_by[currency]
        return ONE if priced_by is None else self.ticker(priced_by).mark

    def dollars_are_fresh(self, currency: str) -> bool:
        """Whether what a settle currency is worth in dollars rests on a price that can be relied on."""
        priced_by = self._priced_by.get(currency)
        return currency in self._priced_by and (priced_by is None or self.mark_is_fresh(priced_by))

    # -- events -------------------------------------------------------------------------------------------------------

    def _book_delta(self, event: BookDelta) -> None:
        lane = self._book_lanes.get(event[0])
        if lane is None:
            return
        book = lane.book
        book.apply(event)
        if book.standing is not _LIVE:
            self.doubtful.add(event[0])
        if lane.queued:
            look_at(lane.queued, book, self.mono_ns)
        if lane.flow is not None:
            lane.flow.hear(event, self.mono_ns)
        lane.heard_ns = self.mono_ns
        if lane.clean:
            self._mark(lane)

    def _book_run(self, event: BookRun) -> None:
        lane = self._book_lanes.get(event[0])
        if lane is None:
            return
        if lane.queued or lane.flow is not None:  # somebody wants to know of each
            for step in event.deltas():
                self._book_delta(step)
            return
        book = lane.book
        book.apply_run(event)
        if book.standing is not _LIVE:
            self.doubtful.add(event[0])
        lane.heard_ns = self.mono_ns
        if lane.clean:
            self._mark(lane)

    def _doubt_found(self, instrument: InstrumentId) -> None:
        """A look at a book found what its messages did not say: have it drawn as doubtful, and asked for again."""
        self.doubtful.add(instrument)
        self._dirty.add(t.book_topic(instrument))

    def _book_snapshot(self, event: BookSnapshot) -> None:
        book = self.books.get(event.instrument)
        if book is None:
            instrument = self.instruments.get(event.instrument)
            if instrument is None:
                return
            book = self._open_book(instrument)
        mismatches = book.mismatches
        book.snapshot(event)
        if book.standing is not _LIVE:
            self.doubtful.add(event.instrument)
        if book.mismatches > mismatches:
            self._notice(
                Notice(
                    f"{event.instrument.symbol}: the venue's snapshot differed from the book; replaced",
                    Severity.WARNING,
                    self._clock.wall_ns(),
                )
            )
        lane = self._book_lanes[event.instrument]
        if lane.queued:
            self._places.look(book, self.mono_ns)
        if lane.flow is not None:
            lane.flow.restart()
        lane.heard_ns = self.mono_ns
        self._dirty.add(lane.topic)

    def _open_book(self, instrument: Instrument) -> Book:
        book = self.books[instrument.id] = Book(instrument, self._doubt_found)
        before = self._book_lanes.get(instrument.id)
        lane = self._book_lanes[instrument.id] = BookLane(book, t.book_topic(instrument.id))
        for client_id in self._places.followed(instrument.id):
            self._places.forget(instrument.id, client_id)  # it was counted in other ticks
        if before is not None and before.flow is not None:
            lane.flow = Flow(book)
        return book

    def _trades(self, event: TradesPrinted) -> None:
        instrument, trades, snapshot = event
        tape = self.tapes.get(instrument)
        if tape is None:
            tape = self.tapes[instrument] = Tape()
        if snapshot:
            tape.replace(trades)
        else:
            tape.extend(trades)
            lane = self._book_lanes.get(instrument)
            if lane is not None and lane.queued:
                self._places.traded(lane.book.instrument, trades, self.mono_ns)
            if lane is not None and lane.flow is not None:
                lane.flow.trade(trades, self.mono_ns)
        heard = self._tape_lanes.get(instrument) or self._tape_lane(instrument)
        heard.heard_ns = self.mono_ns
        if heard.clean:
            self._mark(heard)
        if instrument in self.attended:
            self.noticed = True

    def _ticker(self, event: TickerChanged) -> None:
        self.tickers.merge(event)
        last, mark = event.last is not None, event.mark is not None
        self._ticker_heard(event.instrument, last, mark, last or mark or event.index is not None)

    def _ticker_row(self, row: TickerRow) -> None:
        self.tickers.lay_up(row)
        columns = row[3]
        self._ticker_heard(row[0], columns.says_last, columns.says_mark, columns.says_price)

    def _ticker_heard(self, iid: InstrumentId, last: bool, mark: bool, price: bool) -> None:
        """Note that reference prices came, and which: a message without one says nothing about how old that one is."""
        lane = self._ticker_lanes.get(iid) or self._ticker_lane(iid)
        now = self.mono_ns
        if price:
            lane.heard_ns = now
        if last:
            lane.last_ns = now
        if mark:
            lane.mark_ns = now
        if lane.clean:
            self._mark(lane)
            self._dirty.add(t.TICKERS)
        if iid in self.attended:
            self.noticed = True

    def _mark(self, lane: Lane) -> None:
        """Put the topic of a lane among the dirty ones, once until they are taken."""
        lane.clean = False
        self._marked.append(lane)
        self._dirty.add(lane.topic)

    def _tape_lane(self, iid: InstrumentId) -> Lane:
        lane = self._tape_lanes.get(iid)
        if lane is None:
            lane = self._tape_lanes[iid] = Lane(t.tape_topic(iid))
        return lane

    def _ticker_lane(self, iid: InstrumentId) -> TickerLane:
        lane = self._ticker_lanes.get(iid)
        if lane is None:
            lane = self._ticker_lanes[iid] = TickerLane(t.ticker_topic(iid))
        return lane

    def _candles(self, event: CandlesChanged) -> None:
        for candle in event.candles:
            key = (event.instrument, candle.interval_s)
            ring = self.candles.get(key)
            if ring is None:
                ring = self.candles[key] = deque(maxlen=MAX_CANDLES)
            if ring and ring[-1].start_s == candle.start_s:
                ring[-1] = candle
            elif not ring or ring[-1].start_s < candle.start_s:
                ring.append(candle)
        self._dirty.add(("candles", event.instrument))

    def _instruments_listed(self, event: InstrumentsListed) -> None:
        listed = {instrument.id for instrument in event.instruments}
        for iid, known in self.instruments.items():
            if iid.venue == event.venue and iid not in listed and known.tradable:
                self.instruments[iid] = replace(known, tradable=False)  # delisted; what is held in it is still shown
        for instrument in event.instruments:
            instrument = _charged(instrument, self._rates.get(instrument.id))
            self.instruments[instrument.id] = instrument
            self._by_text[instrument.symbol.lower()] = instrument.id
            if instrument.kind is ContractKind.INVERSE:
                self._priced_by.setdefault(instrument.settle, instrument.id)
            elif instrument.kind is ContractKind.LINEAR:
                self._priced_by[instrument.settle] = None
            book = self.books.get(instrument.id)
            if book is not None and book.instrument != instrument:
                self._open_book(instrument)
        self._dirty.add(t.INSTRUMENTS)

    def _fee_rates(self, event: FeeRatesTold) -> None:
        """Let every number that rests on a fee rest on what this account pays, for as long as the program runs."""
        for rate in event.rates:
            self._rates[rate.instrument] = rate
            known = self.instruments.get(rate.instrument)
            if known is not None:
                charged = self.instruments[rate.instrument] = _charged(known, rate)
                book = self.books.get(rate.instrument)
                if book is not None and book.instrument == known:
                    book.instrument = charged  # it counts in the same ticks as before
        self._dirty.update((t.INSTRUMENTS, t.POSITIONS, t.STAGE))

    def _unreadable(self, event: Unreadable) -> None:
        self.unreadable += 1
        book = self.books.get(event.instrument) if event.instrument is not None else None
        if book is not None and book.is_live:
            book.doubt(f"a message about it could not be read ({event.reason})")
            self.doubtful.add(book.instrument.id)
            self._places.look(book, self.mono_ns)
            self._dirty.add(("book", book.instrument.id))
        self._dirty.add(t.LINKS)


def _charged(instrument: Instrument, rate: FeeRate | None) -> Instrument:
    """Return a contract with the fees that this account pays for it."""
    return instrument if rate is None else replace(instrument, maker_fee=rate.maker, taker_fee=rate.taker)
