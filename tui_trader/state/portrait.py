"""The whole state at one moment as a value: what a recording begins with, so that its first frame changes the right screen.

Monotonic times in it are relative to ``base_ns``, because those of one start of a machine mean nothing at the next. Without the
account it holds the market alone. It must not know files.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from tui_trader.core.account import Balance, RiskUnit
from tui_trader.core.candle import Candle
from tui_trader.core.decimals import plain
from tui_trader.core.event import (
    BackingTold,
    BookSnapshot,
    CandlesChanged,
    FeeRatesTold,
    FundingPaid,
    InstrumentsListed,
    Notice,
    PositionChanged,
    TradesPrinted,
)
from tui_trader.core.funds import FeeRate, FundsEntry, Transfer
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Fill, Order
from tui_trader.core.position import Position
from tui_trader.core.tape import Trade
from tui_trader.core.types import InstrumentId, PositionMode, PositionSide
from tui_trader.state.blotter import Ledger
from tui_trader.state.dispatch import Dispatch
from tui_trader.state.link import Link
from tui_trader.state.past import Past
from tui_trader.state.price_path import MINUTE_NS
from tui_trader.state.store import Store
from tui_trader.state.ticker import Ticker

MOST_TRADES = 1_000
"""Trades of a tape that are kept."""


@dataclass(frozen=True, slots=True)
class BookFace:
    """One book: its levels with the sizes as the venue sent them."""

    instrument: InstrumentId
    bids: list[tuple[str, Any]]
    asks: list[tuple[str, Any]]
    sequence: int
    depth: int
    at_ns: int
    doubt: str = ""
    """Why it is not to be trusted; empty while it is live."""


@dataclass(frozen=True, slots=True)
class AccountFace:
    """What is known of the account."""

    orders: list[Order] = field(default_factory=list)
    concluded: list[str] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    past: Past = field(default_factory=Past)
    first_stops: dict[str, Decimal] = field(default_factory=dict)
    modes: dict[str, PositionMode] = field(default_factory=dict)
    backings: list[BackingTold] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)
    desync: list[tuple[InstrumentId, PositionSide]] = field(default_factory=list)
    balances: list[Balance] = field(default_factory=list)
    risk_units: list[RiskUnit] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    funds: list[FundsEntry] = field(default_factory=list)
    rates: list[FeeRate] = field(default_factory=list)
    funded: list[FundingPaid] = field(default_factory=list)
    opening: dict[str, dict[str, str]] = field(default_factory=dict)
    curve: list[tuple[int, Decimal]] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    dispatches: list[Dispatch] = field(default_factory=list)
    rtt_ns: int = 0


@dataclass(frozen=True, slots=True)
class Portrait:
    """A Store as a value."""

    venue: str
    instruments: list[Instrument] = field(default_factory=list)
    books: list[BookFace] = field(default_factory=list)
    tapes: list[tuple[InstrumentId, list[Trade]]] = field(default_factory=list)
    tickers: list[tuple[InstrumentId, Ticker]] = field(default_factory=list)
    candles: list[tuple[InstrumentId, list[Candle]]] = field(default_factory=list)
    paths: list[tuple[InstrumentId, list[tuple[int, Decimal]]]] = field(default_factory=list)
    """Prices by minute since the epoch."""
    links: list[Link] = field(default_factory=list)
    heard: list[tuple[str, InstrumentId, int]] = field(default_factory=list)
    """When ``book``, ``tape``, ``ticker`` and ``mark`` of an instrument were last heard of."""
    home: str | None = None
    unreadable: int = 0
    account: AccountFace | None = None


def portrait_of(store: Store, venue: str, base_ns: int, *, private: bool) -> Portrait:
    """Return what a Store holds; with ``private`` the account too."""
    return Portrait(
        venue=venue,
        instruments=list(store.instruments.values()),
        books=[_face(store, iid) for iid in store.books],
        tapes=[(iid, tape.newest(MOST_TRADES)[::-1]) for iid, tape in store.tapes.items()],
        tickers=list(store.tickers.items()),
        candles=[(iid, list(ring)) for (iid, _), ring in store.candles.items()],
        paths=[(iid, path.points()) for iid, path in store.paths.items()],
        links=[_moved(link, -base_ns) for link in store.links.values() if private or link.lane == "public"],
        heard=[(what, iid, at_ns - base_ns) for what, iid, at_ns in store.heard_times()],
        home=store.home,
        unreadable=store.unreadable,
        account=_account(store) if private else None,
    )


def restore(store: Store, portrait: Portrait, base_ns: int) -> None:
    """Give an empty Store what a portrait holds."""
    store.apply(InstrumentsListed(portrait.venue, portrait.instruments))
    for face in portrait.books:
        store.apply(BookSnapshot(face.instrument, face.bids, face.asks, face.sequence, face.depth, face.at_ns))
        if face.doubt and (book := store.book(face.instrument)) is not None:
            book.doubt(face.doubt)
    for iid, trades in portrait.tapes:
        store.apply(TradesPrinted(iid, trades, True))
    store.tickers.update(portrait.tickers)
    for iid, candles in portrait.candles:
        store.apply(CandlesChanged(iid, candles, True))
    for iid, points in portrait.paths:
        for minute, price in points:
            store.paths.add(iid, minute * MINUTE_NS, price)
    for link in portrait.links:
        store.links[(link.venue, link.lane)] = _moved(link, base_ns)
    store.home, store.unreadable = portrait.home, portrait.unreadable
    if portrait.account is not None:
        _restore_account(store, portrait.venue, portrait.account)
    store.set_heard_times((what, iid, at_ns + base_ns) for what, iid, at_ns in portrait.heard)
    store.doubtful.clear()


def _face(store: Store, iid: InstrumentId) -> BookFace:
    book = store.books[iid]
    bids, asks = book.raw_sides
    price = book.instrument.from_ticks
    return BookFace(
        iid,
        [(plain(price(ticks)), size) for ticks, size in bids.items()],
        [(plain(price(ticks)), size) for ticks, size in asks.items()],
        book.sequence,
        book.depth,
        book.at_ns,
        "" if book.is_live else book.reason,
    )


def _account(store: Store) -> AccountFace:
    ledger = store.blotter.ledger()
    return AccountFace(
        orders=ledger.orders,
        concluded=ledger.concluded,
        fills=ledger.fills,
        past=store.past,
        first_stops=dict(store.first_stops),
        modes=dict(store.modes),
        backings=list(store.backings.values()),
        positions=list(store.positions.values()),
        desync=sorted(store.desync),
        balances=list(store.balances.values()),
        risk_units=list(store.risk_units.values()),
        transfers=list(store.transfers.values()),
        funds=list(store.funds),
        rates=store.fee_rates(),
        funded=store.funding_events(),
        opening=store.opening.document(),
        curve=store.curve.points(),
        notices=list(store.notices),
        dispatches=list(store.dispatches),
        rtt_ns=store.order_rtt.last_ns,
    )


def _restore_account(store: Store, venue: str, account: AccountFace) -> None:
    store.blotter.restore(Ledger(account.orders, account.concluded, account.fills))
    store.remember(account.past)
    store.first_stops.update(account.first_stops)
    store.modes.update(account.modes)
    store.backings.update((each.instrument, each) for each in account.backings)
    for position in account.positions:
        store.apply(PositionChanged(position))
    store.desync = frozenset(account.desync)
    store.balances.update(((balance.venue, balance.currency), balance) for balance in account.balances)
    store.risk_units.update(((unit.venue, unit.mode, unit.instrument), unit) for unit in account.risk_units)
    store.transfers.update((transfer.key, transfer) for transfer in account.transfers)
    store.funds.extend(account.funds)
    store.apply(FeeRatesTold(venue, account.rates))
    for event in account.funded:
        store.apply(event)
    store.opening.recall(account.opening)
    for at_ns, equity in account.curve:
        store.curve.add(at_ns, equity)
    store.notices.extend(account.notices)
    store.dispatches.extend(account.dispatches)
    if account.rtt_ns:
        store.order_rtt.add(account.rtt_ns)


def _moved(link: Link, by_ns: int) -> Link:
    return replace(link, changed_ns=link.changed_ns + by_ns, heard_ns=link.heard_ns + by_ns, whole_ns=link.whole_ns + by_ns)
