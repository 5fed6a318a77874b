"""A small market and account that are made up, for showing what colours look like. Nothing here is, or comes from, a venue."""

from __future__ import annotations

from decimal import Decimal as D

from tui_trader.core.account import Balance
from tui_trader.core.clock import NS, SetClock
from tui_trader.core.event import (
    BalanceChanged,
    BookSnapshot,
    Event,
    InstrumentsListed,
    LinkChanged,
    OrderChanged,
    PositionChanged,
    TickerChanged,
    TradesPrinted,
)
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import OrderReport
from tui_trader.core.position import Position
from tui_trader.core.tape import Trade
from tui_trader.core.types import (
    ClientOrderId,
    ContractKind,
    InstrumentId,
    LinkState,
    OrderStatus,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
    VenueOrderId,
)
from tui_trader.state.store import Store

BTC = InstrumentId("sample", "BTCUSDT")
ETH = InstrumentId("sample", "ETHUSDT")

_WALL_NS = 1_700_057_531 * NS


def sample() -> tuple[Store, SetClock]:
    """Return a Store with a book, two positions, an order, a stop and trades in it, and the clock it stands at."""
    clock = SetClock(_WALL_NS, 1_000 * NS)
    store = Store(clock)
    contracts = [
        Instrument(id=iid, kind=ContractKind.LINEAR, base=iid.symbol[:3], quote="USDT", settle="USDT", tick=tick, lot=D("0.001"))
        for iid, tick in ((BTC, D("0.5")), (ETH, D("0.1")))
    ]
    bids = [("67412.0", "2.310"), ("67411.5", "0.880"), ("67411.0", "6.020"), ("67410.0", "1.770"), ("67409.5", "0.430")]
    asks = [("67413.0", "0.210"), ("67413.5", "0.612"), ("67414.0", "3.880"), ("67414.5", "0.330"), ("67415.0", "1.204")]
    events: list[Event] = [
        InstrumentsListed("sample", contracts),
        *(LinkChanged("sample", lane, LinkState.LIVE) for lane in ("public", "private")),
        BookSnapshot(BTC, bids, asks, 1, 0, _WALL_NS),
        TickerChanged(BTC, _WALL_NS, last=D("67412.5"), mark=D("67410.9"), index=D("67408.2"), open_24h=D("66534.2")),
        TickerChanged(ETH, _WALL_NS, last=D("3509.9"), mark=D("3509.9"), open_24h=D("3517.0")),
        TradesPrinted(BTC, [Trade(_WALL_NS - NS, Side.BUY, D("67412.5"), D("0.310"))], True),
        BalanceChanged(Balance("sample", "USDT", D("12356.07"), D("3870.22"), _WALL_NS)),
        _leg(BTC, Side.BUY, "0.500", "67044.0", "59020"),
        _leg(ETH, Side.SELL, "4.000", "3512.4", "4140"),
        _order(BTC, "sample-1", OrderType.LIMIT, Side.BUY, "0.200", price="67411.0"),
        _order(BTC, "sample-2", OrderType.STOP, Side.SELL, "0.500", trigger="66640"),
    ]
    store.mono_ns = clock.mono_ns()
    for event in events:
        store.apply(event)
    for lane in ("public", "private"):
        store.heard("sample", lane)
    return store, clock


CANDLES = tuple(
    D(value)
    for value in (
        "67160",
        "67200",
        "67180",
        "67240",
        "67290",
        "67270",
        "67330",
        "67300",
        "67360",
        "67390",
        "67350",
        "67410",
        "67412",
    )
)
"""Closing prices for a small chart."""


def _leg(iid: InstrumentId, side: Side, qty: str, entry: str, liquidation: str) -> PositionChanged:
    return PositionChanged(
        Position(
            instrument=iid,
            position_side=PositionSide.MERGED,
            mode=PositionMode.ONE_WAY,
            side=side,
            qty=D(qty),
            entry=D(entry),
            liquidation=D(liquidation),
            at_ns=_WALL_NS,
        )
    )


def _order(
    iid: InstrumentId, name: str, kind: OrderType, side: Side, qty: str, *, price: str | None = None, trigger: str | None = None
) -> OrderChanged:
    return OrderChanged(
        OrderReport(
            instrument=iid,
            client_id=ClientOrderId(name),
            venue_id=VenueOrderId(name),
            status=OrderStatus.LIVE,
            side=side,
            type=kind,
            qty=D(qty),
            price=D(price) if price else None,
            trigger_price=D(trigger) if trigger else None,
            reduce_only=kind is OrderType.STOP,
            at_ns=_WALL_NS - 12 * NS,
        )
    )
