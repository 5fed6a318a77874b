"""The only mutable market-and-account state. One writer: the desk, synchronously, between two awaits.

Panes read it and learn from ``take_dirty`` what to repaint. It must not know venues, sockets or screens.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tui_trader.core.account import Balance, RiskUnit
from tui_trader.core.book import Book, BookState
from tui_trader.core.candle import Candle
from tui_trader.core.clock import NS, Clock
from tui_trader.core.decimals import ONE, ZERO, divide, plain
from tui_trader.core.event import (
    BackingTold,
    BalanceChanged,
    BookDelta,
    BookSnapshot,
    CandlesChanged,
    Event,
    FeeRatesTold,
    FundingPaid,
    FundsListed,
    FundsTransferred,
    InstrumentsListed,
    LinkChanged,
    Notice,
    OrderChanged,
    OrderFilled,
    OrdersSnapshot,
    PongReceived,
    PositionChanged,
    PositionModeTold,
    PositionsSnapshot,
    RiskUnitsTold,
    Subscribed,
    TickerChanged,
    TradesPrinted,
    Unreadable,
)
from tui_trader.core.funds import FeeRate, FundsEntry, Transfer
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderReport
from tui_trader.core.position import Position, unrealised
from tui_trader.core.tape import Tape
from tui_trader.core.types import ContractKind, InstrumentId, LinkState, OrderStatus, PositionMode, PositionSide, Severity
from tui_trader.state import topic as t
from tui_trader.state.blotter import Blotter
from tui_trader.state.charts import Charts
from tui_trader.state.dispatch import Dispatch
from tui_trader.state.flow import Flow
from tui_trader.state.initial_risk import InitialRisk
from tui_trader.state.latency import Histogram
from tui_trader.state.link import Link
from tui_trader.state.past import Past
from tui_trader.state.pnl import AccountPnl, EquityCurve, Opening
from tui_trader.state.price_path import PricePaths
from tui_trader.state.queue import Place, Places, Spots, look_at
from tui_trader.state.tally import Tally
from tui_trader.state.ticker import Ticker
from tui_trader.state.trades import Trades

MAX_NOTICES = 500
MAX_CANDLES = 2_000
MAX_FUNDS = 2_000
"""Lines of the venue's journal of the account kept in memory."""

_LIVE = BookState.LIVE
"""Compared with on every message: in Python 3.11 reading a member from its class costs more than the rest of the comparison."""

_BLANK = Ticker()

PositionKey = tuple[InstrumentId, PositionSide]


@dataclass(frozen=True, slots=True)
class StaleLimits:
    """How old a value may be before it is marked and entries from it are blocked, in nanoseconds."""

    book_ns: int = 1 * NS
    ticker_ns: int = 3 * NS
    private_ns: int = 15 * NS


class _BookLane:
    """What every book message touches, found by one look-up: hashing topics by the message would cost more than the book."""

    __slots__ = ("book", "clean", "flow", "heard_ns", "queued", "topic")

    def __init__(self, book: Book, topic: t.Topic) -> None:
        self.book = book
        self.topic = topic
        self.queued: Spots = {}
        """The places of own orders that rest in the book."""
        self.flow: Flow | None = None
        """Adds up what comes and goes at each price, while somebody looks at that."""
        self.heard_ns = 0
        self.clean = True
        """Whether the topic is not among the dirty ones yet."""


class Store:
    """Market and account as far as they are known."""

    def __init__(self, clock: Clock, limits: StaleLimits | None = None) -> None:
        self._clock = clock
        self.limits = limits or StaleLimits()
        self.instruments: dict[InstrumentId, Instrument] = {}
        self.books: dict[InstrumentId, Book] = {}
        self.tapes: dict[InstrumentId, Tape] = {}
        self.tickers: dict[InstrumentId, Ticker] = {}
        self.candles: dict[tuple[InstrumentId, int], deque[Candle]] = {}
        self.positions: dict[PositionKey, Position] = {}
        self.modes: dict[str, PositionMode] = {}
        """How accounts hold positions, by venue, where that is one setting for all contracts."""
        self.backings: dict[InstrumentId, BackingTold] = {}
        """What will back the next position of a contract, where its flat rows do not tell."""
        self.balances: dict[tuple[str, str], Balance] = {}
        self.links: dict[tuple[str, str], Link] = {}
        self.blotter = Blotter()
        self.past = Past()
        """What the local history tells of the time before this run."""
        self.first_stops: dict[str, Decimal] = {}
        """Where the stops of entries were first, by the client id of the entry."""
        self.trades = Trades(self)
        """Executions put together to trades."""
        self.tally = Tally()
        """Positions as the executions add up."""
        self.desync: frozenset[PositionKey] = frozenset()
        """Legs on which executions and the venue's position have contradicted each other for too long; the desk looks."""
        self.notices: deque[Notice] = deque(maxlen=MAX_NOTICES)
        self.dispatches: deque[Dispatch] = deque(maxlen=MAX_NOTICES)
        """What was sent, the newest last."""
        self.curve = EquityCurve()
        self.paths = PricePaths()
        """Where the prices of the watched instruments have been in the last hour."""
        self.charts = Charts()
        """What charts look at, and the bars that were read for them."""
        self.attended: frozenset[InstrumentId] = frozenset()
        """Instruments whose news is waited for; ``noticed`` says that some came."""
        self.noticed = False
        self.order_rtt = Histogram()
        self.funding_paid: dict[str, Decimal] = {}
        self.funding_count = 0
        """Payments since the start of this run."""
        self.risk_units: dict[tuple[str, str, InstrumentId | None], RiskUnit] = {}
        """What stands behind positions, by venue, kind and contract, where the venue tells."""
        self.transfers: dict[str, Transfer] = {}
        """Movements between wallet and trading account, by key, as far as anybody told of them."""
        self.funds: deque[FundsEntry] = deque(maxlen=MAX_FUNDS)
        """What the venue's journal of the account was last told to hold, in the order it was told."""
        self._rates: dict[InstrumentId, FeeRate] = {}
        self._priced_by: dict[str, InstrumentId | None] = {}
        """What tells a settle currency's price in dollars; None where a unit is a dollar, or stands for one."""
        self.home: str | None = None
        """The settle currency that totals are shown in; None takes the first one known."""
        self._funded: deque[FundingPaid] = deque(maxlen=MAX_NOTICES)
        self._fees: tuple[tuple[int, int, str], Decimal] | None = None
        self.unreadable = 0
        """Messages set aside since start."""
        self.mono_ns = clock.mono_ns()
        """Monotonic time of the batch being applied; set by the writer once per batch."""
        self.doubtful: set[InstrumentId] = set()
        """Books that need a new snapshot; the desk asks for it and clears this."""
        self._places = Places()
        self.initial_risk = InitialRisk()
        """What was put at risk when positions were entered; whoever sends an entry tells its stop."""
        self._book_lanes: dict[InstrumentId, _BookLane] = {}
        self._heard: dict[tuple[str, InstrumentId], int] = {}
        self._dirty: set[t.Topic] = set()
        self.opening = Opening()
        """What the account was worth when the day began."""
        self._funding_seen: set[str] = set()
        self._overfilled: set[str] = set()
        self._unbound: set[str] = set()
        """Orders that were to reduce only and stand without that."""
        self._by_text: dict[str, InstrumentId] = {}
        self._apply: dict[type, Callable[[Any], None]] = {
            BookDelta: self._book_delta,
            BookSnapshot: self._book_snapshot,
            TradesPrinted: self._trades,
            TickerChanged: self._ticker,
            CandlesChanged: self._candles,
            InstrumentsListed: self._instruments_listed,
            OrderChanged: self._order,
            OrdersSnapshot: self._orders,
            OrderFilled: self._fill,
            PositionChanged: self._position,
            PositionsSnapshot: self._positions,
            PositionModeTold: self._mode,
            BackingTold: self._backing,
            BalanceChanged: self._balance,
            FundingPaid: self._funding,
            RiskUnitsTold: self._risk,
            FundsTransferred: self._transferred,
            FundsListed: self._funds_listed,
            FeeRatesTold: self._fee_rates,
            LinkChanged: self._link,
            PongReceived: self._pong,
            Subscribed: self._subscribed,
            Unreadable: self._unreadable,
            Notice: self._notice,
        }

    # -- writing ---------------------------------------------------------------------------------------------------

    def apply(self, event: Event) -> None:
        """Change the state by one event and mark what it touched."""
        self._apply[type(event)](event)

    def touch(self, *topics: t.Topic) -> None:
        """Mark topics as changed by something other than an event."""
        self._dirty.update(topics)

    def remember(self, past: Past) -> None:
        """Take up what the local history tells of the past; what is known already counts once."""
        self.past = past
        self._fees = None
        self._dirty.update((t.FILLS, t.PNL))

    def funded(self) -> Sequence[FundingPaid]:
        """Return the funding payments of this run, oldest first."""
        return self._funded

    def forget(self) -> None:
        """Become empty again, as if nothing had been told yet: a replay begins anew."""
        attended = self.attended
        Store.__init__(self, self._clock, self.limits)
        self.attended = attended

    def take_dirty(self) -> set[t.Topic]:
        """Return what changed since the last call, and forget it."""
        dirty, self._dirty = self._dirty, set()
        for lane in self._book_lanes.values():
            lane.clean = True
        return dirty

    @property
    def has_dirty(self) -> bool:
        """Whether anything changed since the last ``take_dirty``."""
        return bool(self._dirty)

    def note_dispatch(self, dispatch: Dispatch) -> None:
        """Remember what was sent and how that ended."""
        self.dispatches.append(dispatch)
        self._dirty.add(t.NOTICES)

    def sample_equity(self) -> None:
        """Add a point to the equity line; the desk calls it once a second."""
        pnl = self.pnl()
        if pnl is not None and pnl.complete:
            self.curve.add(self._clock.wall_ns(), pnl.equity)
            self._dirty.add(t.PNL)

    def sample_prices(self, instruments: Iterable[InstrumentId]) -> None:
        """Remember where the last prices of instruments are, those that can be relied on; the desk calls it once a second."""
        now = self._clock.wall_ns()
        for iid in instruments:
            last = self.ticker(iid).last
            if last is not None and self.ticker_is_fresh(iid):
                self.paths.add(iid, now, last)

    # -- reading ---------------------------------------------------------------------------------------------------

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
        return self.tickers.get(instrument, _BLANK)

    def place(self, order: Order) -> Place | None:
        """Return where a resting order stands in the queue of its price, None while that is not known."""
        place = self._places.of(order)
        if place is not None and not place.doubtful and not self.book_is_fresh(order.instrument):
            place = replace(place, doubtful=True)
        return place

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
        if what == "book":
            lane = self._book_lanes.get(instrument)
            heard = lane.heard_ns if lane is not None else None
        else:
            heard = self._heard.get((what, instrument))
        return None if not heard else max(0, self._clock.mono_ns() - heard)

    def heard_times(self) -> list[tuple[str, InstrumentId, int]]:
        """Return when each thing that ``age_ns`` knows was last heard of, by the monotonic clock."""
        books = [("book", iid, lane.heard_ns) for iid, lane in self._book_lanes.items() if lane.heard_ns]
        return books + [(what, iid, at_ns) for (what, iid), at_ns in self._heard.items()]

    def set_heard_times(self, times: Iterable[tuple[str, InstrumentId, int]]) -> None:
        """Take up what ``heard_times`` of another run returned."""
        for what, iid, at_ns in times:
            if what != "book":
                self._heard[(what, iid)] = at_ns
            elif iid in self._book_lanes:
                self._book_lanes[iid].heard_ns = at_ns

    def fee_rates(self) -> list[FeeRate]:
        """Return what the account pays, as far as it was told."""
        return list(self._rates.values())

    def funding_events(self) -> list[FundingPaid]:
        """Return the funding paid since start that is kept, oldest first."""
        return list(self._funded)

    def book_is_fresh(self, instrument: InstrumentId) -> bool:
        """Whether the book is live and young enough to act on."""
        book = self.books.get(instrument)
        age = self.age_ns("book", instrument)
        return book is not None and book.is_live and age is not None and age <= self.limits.book_ns

    def is_live(self, venue: str, lane: str) -> bool:
        """Whether a lane is not known to be anything but live."""
        link = self.links.get((venue, lane))
        return link is None or link.is_live

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

    def private_is_fresh(self, venue: str) -> bool:
        """Whether own orders and positions are being told: the private lane is live and was heard of lately."""
        link = self.links.get((venue, "private"))
        return link is not None and link.is_live and self._clock.mono_ns() - link.heard_ns <= self.limits.private_ns

    def open_positions(self) -> list[Position]:
        """Return legs that are not flat, in a stable order."""
        return sorted(
            (p for p in self.positions.values() if not p.is_flat),
            key=lambda p: (p.instrument, p.position_side),
        )

    def position(self, instrument: InstrumentId, side: PositionSide = PositionSide.MERGED) -> Position | None:
        """Return one leg, None when the venue has told nothing of it."""
        return self.positions.get((instrument, side))

    def unrealised(self, position: Position) -> Decimal | None:
        """Return open profit of a leg at the live mark; None when there is no mark."""
        instrument = self.instruments.get(position.instrument)
        mark = self.ticker(position.instrument).mark
        if instrument is None or mark is None:
            return None
        return unrealised(position, instrument, mark)

    def currencies(self) -> list[str]:
        """Return settle currencies that a balance is known of."""
        return sorted({currency for _, currency in self.balances})

    def pnl(self, currency: str | None = None) -> AccountPnl | None:
        """Return the account in one settle currency (default: ``home``), valued at live marks; None before a balance."""
        currency = currency or self.home_currency()
        rows = [b for b in self.balances.values() if b.currency == currency]
        if not rows or currency is None:
            return None
        open_profit, complete = ZERO, True
        for position in self.positions.values():
            instrument = self.instruments.get(position.instrument)
            if position.is_flat or instrument is None or instrument.settle != currency:
                continue
            profit = self.unrealised(position)
            if profit is None or not self.mark_is_fresh(position.instrument):
                complete = False
            open_profit += profit or ZERO
        pnl = AccountPnl(
            currency=currency,
            wallet=sum((b.total for b in rows), ZERO),
            used=sum((b.used for b in rows), ZERO),
            unrealised=open_profit,
            complete=complete,
        )
        pnl = self.opening.fix(pnl, self._clock.wall_ns())
        return replace(pnl, fees=self._fees_since(pnl.since_ns, currency), funding=self._funding_since(pnl.since_ns, currency))

    def dollars(self, currency: str) -> Decimal | None:
        """Return what one unit of a settle currency is worth in US dollars, for limits that are said in them; None when no price
        is known. What linear contracts settle in counts as a dollar; a coin is worth the mark of an inverse contract."""
        if currency not in self._priced_by:
            return None
        priced_by = self._priced_by[currency]
        return ONE if priced_by is None else self.ticker(priced_by).mark

    def home_currency(self) -> str | None:
        """Return the settle currency that totals are shown in; None before a balance is known."""
        known = self.currencies()
        return self.home if self.home in known else next(iter(known), None)

    def in_home(self, amount: Decimal, currency: str) -> Decimal | None:
        """Return an amount in the currency of totals, converted by fresh marks; None where one of them is missing or old."""
        home = self.home_currency()
        if home is None or currency == home:
            return None if home is None else amount
        if not (self.dollars_are_fresh(currency) and self.dollars_are_fresh(home)):
            return None
        worth, unit = self.dollars(currency), self.dollars(home)
        return None if worth is None or not unit else divide(amount * worth, unit)

    def dollars_are_fresh(self, currency: str) -> bool:
        """Whether what a settle currency is worth in dollars rests on a price that can be relied on."""
        priced_by = self._priced_by.get(currency)
        return currency in self._priced_by and (priced_by is None or self.mark_is_fresh(priced_by))

    def _fees_since(self, since_ns: int, currency: str) -> Decimal:
        key = (self.blotter.version, since_ns, currency)
        if self._fees is None or self._fees[0] != key:
            fills = self.trades.executions()
            self._fees = (key, sum((f.fee for f in fills if f.at_ns >= since_ns and f.fee_currency == currency), ZERO))
        return self._fees[1]

    def _funding_since(self, since_ns: int, currency: str) -> Decimal:
        paid = self.trades.funding() if self.past.funding else self._funded
        return sum((f.amount for f in paid if f.at_ns >= since_ns and f.currency == currency), ZERO)

    # -- events ----------------------------------------------------------------------------------------------------

    def _book_delta(self, event: BookDelta) -> None:
        lane = self._book_lanes.get(event[0])
        if lane is None:
            return
        book = lane.book
        book.apply(event)
        if book.state is not _LIVE:
            self.doubtful.add(event[0])
        if lane.queued:
            look_at(lane.queued, book, self.mono_ns)
        if lane.flow is not None:
            lane.flow.hear(event, self.mono_ns)
        lane.heard_ns = self.mono_ns
        if lane.clean:
            lane.clean = False
            self._dirty.add(lane.topic)

    def _book_snapshot(self, event: BookSnapshot) -> None:
        book = self.books.get(event.instrument)
        if book is None:
            instrument = self.instruments.get(event.instrument)
            if instrument is None:
                return
            book = self._open_book(instrument)
        mismatches = book.mismatches
        book.snapshot(event)
        if book.state is not _LIVE:
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
        book = self.books[instrument.id] = Book(instrument)
        before = self._book_lanes.get(instrument.id)
        lane = self._book_lanes[instrument.id] = _BookLane(book, t.book_topic(instrument.id))
        for client_id in self._places.followed(instrument.id):
            self._places.forget(instrument.id, client_id)  # it was counted in other ticks
        for order in self.blotter.working(instrument.id):
            self._follow(order, 0)
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
        key = ("tape", instrument)
        self._heard[key] = self.mono_ns
        self._dirty.add(key)
        if instrument in self.attended:
            self.noticed = True

    def _ticker(self, event: TickerChanged) -> None:
        iid = event.instrument
        known = self.tickers.get(iid)
        self.tickers[iid] = (_BLANK if known is None else known).merge(event)
        key = ("ticker", iid)
        self._heard[key] = self.mono_ns
        self._dirty.add(key)
        self._dirty.add(t.TICKERS)
        if iid in self.attended:
            self.noticed = True
        if event.last is not None:
            self._heard[("last", iid)] = self.mono_ns
        if event.mark is None:
            return
        # A message without a mark says nothing about how old the mark is.
        self._heard[("mark", iid)] = self.mono_ns
        if self.positions and any(not p.is_flat for (instrument, _), p in self.positions.items() if instrument == iid):
            self._dirty.add(t.POSITIONS)
            self._dirty.add(t.PNL)

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

    def _order(self, event: OrderChanged) -> None:
        self._merge(event.report)

    def _orders(self, event: OrdersSnapshot) -> None:
        for report in event.reports:
            self._merge(report)
        self._dirty.add(t.ORDERS)

    def _merge(self, report: OrderReport) -> None:
        asked = self.blotter.get(report.client_id)
        order = self.blotter.merge(report)
        self._follow(order, 0 if report.is_ack else report.at_ns)
        self._dirty.update((t.ORDERS, ("book", report.instrument)))
        self._alarm(order)
        if asked is not None and _stands_unbound(asked, report) and order.client_id not in self._unbound:
            self._unbound.add(order.client_id)
            text = (
                f"order {order.client_id[-6:]} {order.instrument.symbol} was sent to reduce only and stands at the venue "
                "without that: it can open a position"
            )
            self._notice(Notice(text, Severity.ALARM, self._clock.wall_ns(), order.client_id))

    def _fill(self, event: OrderFilled) -> None:
        fill = event.fill
        if self.blotter.add_fill(fill):
            self.tally.add(fill)
            self._dirty.update((t.FILLS, t.ORDERS, t.PNL, ("book", fill.instrument)))
            order = self.blotter.find(fill.venue_id) or self.blotter.get(fill.client_id)
            if (instrument := self.instruments.get(fill.instrument)) is not None:
                self.initial_risk.fill(fill, order, instrument)
            if order is not None:
                self._follow(order, fill.at_ns)
                self._alarm(order)
            if not event.replayed:
                terms = f"{fill.side} {plain(fill.qty)} {fill.instrument.symbol} @ {plain(fill.price)}"
                if fill.kind == "trade":
                    self._notice(Notice(f"filled {terms} {fill.liquidity}", Severity.NOTE, self._clock.wall_ns(), fill.client_id))
                else:
                    self._notice(Notice(f"{fill.kind.upper()} by the venue: {terms}", Severity.ALARM, self._clock.wall_ns()))

    def _follow(self, order: Order, at_ns: int) -> None:
        """Keep count of what stands before an order at its price."""
        lane = self._book_lanes.get(order.instrument)
        self._places.follow(order, at_ns, None if lane is None else lane.book, self.mono_ns)
        if lane is not None:
            lane.queued = self._places.spots(order.instrument)

    def _alarm(self, order: Order) -> None:
        """Say what must not happen and did: an order that was thought over lives, or more was executed than was asked for."""
        for risen in self.blotter.take_resurrected():
            if risen.status is not OrderStatus.REJECTED:
                text = f"order {risen.client_id[-6:]} {risen.instrument.symbol} was thought over and is {risen.status}"
                self._notice(Notice(text, Severity.ALARM, self._clock.wall_ns(), risen.client_id))
        if order.overfilled and order.client_id not in self._overfilled:
            self._overfilled.add(order.client_id)
            text = f"order {order.client_id[-6:]} {order.instrument.symbol}: {order.filled} executed of {order.qty} asked for"
            self._notice(Notice(text, Severity.ALARM, self._clock.wall_ns(), order.client_id))

    def _position(self, event: PositionChanged) -> None:
        position = event.position
        known = self.positions.get(position.key)
        if known is not None and (position.sequence, position.at_ns) < (known.sequence, known.at_ns):
            return
        self.positions[position.key] = position
        for key, other in list(self.positions.items()):
            # Legs of a position mode that is no longer: there can be nothing in them.
            if key[0] == position.instrument and other.mode is not position.mode and other.is_flat:
                del self.positions[key]
        self._dirty.update((t.POSITIONS, t.PNL, ("book", position.instrument)))

    def _positions(self, event: PositionsSnapshot) -> None:
        listed = {position.key for position in event.positions}
        for key, known in list(self.positions.items()):
            instrument = self.instruments.get(known.instrument)
            if (
                known.instrument.venue == event.venue
                and instrument is not None
                and instrument.settle == event.currency
                and key not in listed
            ):
                self.positions[key] = replace(known, side=None, qty=ZERO, entry=ZERO, margin=ZERO, liquidation=None)
        for position in event.positions:
            before = self.positions.get(position.key)
            if before is not None and not position.sequence and not position.at_ns:
                # A row that tells neither is of the moment of the answer.
                position = replace(position, sequence=before.sequence, at_ns=before.at_ns)
            self._position(PositionChanged(position))
        self._dirty.update((t.POSITIONS, t.PNL))

    def _mode(self, event: PositionModeTold) -> None:
        self.modes[event.venue] = event.mode
        for key, known in list(self.positions.items()):
            # Legs of a mode that is no longer: the venue switches only where nothing is held.
            if known.instrument.venue == event.venue and known.mode is not event.mode and known.is_flat:
                del self.positions[key]
        self._dirty.update((t.POSITIONS, t.STAGE))

    def _backing(self, event: BackingTold) -> None:
        self.backings[event.instrument] = event
        self._dirty.update((t.POSITIONS, t.STAGE))

    def _balance(self, event: BalanceChanged) -> None:
        balance = event.balance
        known = self.balances.get((balance.venue, balance.currency))
        if known is not None and 0 < balance.at_ns < known.at_ns:
            return  # a reply carries no time (0): it was true when it came, which is now
        self.balances[(balance.venue, balance.currency)] = replace(balance, at_ns=max(balance.at_ns, known.at_ns if known else 0))
        self._dirty.update((t.BALANCES, t.PNL))

    def _funding(self, event: FundingPaid) -> None:
        if event.exec_id:
            if event.exec_id in self._funding_seen:
                return
            self._funding_seen.add(event.exec_id)
        self._funded.append(event)
        self.funding_count += 1
        self.funding_paid[event.currency] = self.funding_paid.get(event.currency, ZERO) + event.amount
        self._dirty.add(t.PNL)

    def _risk(self, event: RiskUnitsTold) -> None:
        for unit in event.units:
            key = (unit.venue, unit.mode, unit.instrument)
            known = self.risk_units.get(key)
            if known is None or unit.version >= known.version:
                self.risk_units[key] = unit
        self._dirty.add(t.BALANCES)

    def _transferred(self, event: FundsTransferred) -> None:
        told = event.transfer
        if event.known_as != told.key:
            self.transfers.pop(event.known_as, None)
        known = self.transfers.get(told.key)
        if known is None or not known.state.is_final or told.state.is_final:
            self.transfers[told.key] = told
        self._dirty.add(t.BALANCES)

    def _funds_listed(self, event: FundsListed) -> None:
        known = set(self.funds)
        self.funds.extend(entry for entry in event.entries if entry not in known)
        self._dirty.add(t.BALANCES)

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

    def _link(self, event: LinkChanged) -> None:
        key = (event.venue, event.lane)
        known = self.links.get(key) or Link(event.venue, event.lane)
        self.links[key] = replace(
            known,
            state=event.state,
            reason=event.reason,
            changed_ns=self.mono_ns,
            heard_ns=self.mono_ns,
            whole_ns=self.mono_ns,
        )
        if event.lane == "public" and event.state is not LinkState.LIVE:
            for iid, book in self.books.items():
                if iid.venue == event.venue and book.is_live and event.state is LinkState.DOWN:
                    book.doubt("feed down")
                    self._places.look(book, self.mono_ns)
                    self._dirty.add(("book", iid))
        if event.lane == "private" and event.state is LinkState.SYNCING:
            self._forget_ranks(event.venue)
        self._dirty.update((t.LINKS, t.POSITIONS, t.PNL))

    def _forget_ranks(self, venue: str) -> None:
        """Let whatever a new connection tells win over what was known before it: sequences of the old one say nothing now."""
        for key, position in self.positions.items():
            if position.instrument.venue == venue:
                self.positions[key] = replace(position, sequence=0, at_ns=0)
        for place, balance in self.balances.items():
            if balance.venue == venue:
                self.balances[place] = replace(balance, at_ns=0)

    def heard(self, venue: str, lane: str) -> None:
        """Note that a lane delivered something; the desk calls it once per batch."""
        key = (venue, lane)
        known = self.links.get(key)
        if known is not None:
            known.heard_ns = self.mono_ns

    def misheard(self, venue: str, lane: str) -> None:
        """Note that something that a lane said was lost; the desk calls it."""
        known = self.links.get((venue, lane))
        if known is not None:
            known.whole_ns = self.mono_ns

    def _pong(self, event: PongReceived) -> None:
        self.heard(event.venue, event.lane)

    def _subscribed(self, event: Subscribed) -> None:
        if not event.ok:
            self._notice(Notice(f"{event.venue} {event.lane}: refused: {event.reason}", Severity.WARNING, self._clock.wall_ns()))

    def _unreadable(self, event: Unreadable) -> None:
        self.unreadable += 1
        book = self.books.get(event.instrument) if event.instrument is not None else None
        if book is not None and book.is_live:
            book.doubt(f"a message about it could not be read ({event.reason})")
            self.doubtful.add(book.instrument.id)
            self._places.look(book, self.mono_ns)
            self._dirty.add(("book", book.instrument.id))
        self._dirty.add(t.LINKS)

    def _notice(self, event: Notice) -> None:
        self.notices.append(event if event.at_ns else replace(event, at_ns=self._clock.wall_ns()))
        self._dirty.add(t.NOTICES)


def _charged(instrument: Instrument, rate: FeeRate | None) -> Instrument:
    """Return a contract with the fees that this account pays for it."""
    return instrument if rate is None else replace(instrument, maker_fee=rate.maker, taker_fee=rate.taker)


def _stands_unbound(asked: Order, report: OrderReport) -> bool:
    """Whether a report says of an order of ours that it is alive and may open a position, against what was asked.

    A hedged leg needs no flag: an order against it cannot turn it over.
    """
    if asked.external or asked.position_side is not PositionSide.MERGED or not report.status.is_working:
        return False
    if not asked.reduce_only and not asked.close_on_trigger:
        return False
    closes = asked.close_on_trigger if report.close_on_trigger is None else report.close_on_trigger
    return report.reduce_only is False and not closes
