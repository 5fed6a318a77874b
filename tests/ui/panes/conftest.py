"""Builders: a Store filled the way the desk fills it, by events, at a time that stands still."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal as D
from itertools import count
from typing import Any

import pytest

from tui_trader.core.account import Balance
from tui_trader.core.clock import NS, ManualClock
from tui_trader.core.event import (
    BalanceChanged,
    BookDelta,
    BookSnapshot,
    Event,
    InstrumentsListed,
    LinkChanged,
    Notice,
    OrderChanged,
    OrderFilled,
    PositionChanged,
    TickerChanged,
    TradesPrinted,
)
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Fill, OrderReport
from tui_trader.core.position import Position
from tui_trader.core.tape import Trade
from tui_trader.core.types import (
    ClientOrderId,
    ContractKind,
    ExecId,
    InstrumentId,
    LinkState,
    Liquidity,
    OrderStatus,
    OrderType,
    PositionMode,
    PositionSide,
    Severity,
    Side,
    VenueOrderId,
)
from tui_trader.state.store import Store
from tui_trader.ui.panes.spans import Row, text_of, width_of

WALL = 1_700_057_531 * NS
"""14:12:11 UTC."""

BTC = InstrumentId("phemex", "BTCUSDT")
ETH = InstrumentId("phemex", "ETHUSDT")
SOL = InstrumentId("phemex", "SOLUSD")

INSTRUMENTS = (
    Instrument(id=BTC, kind=ContractKind.LINEAR, base="BTC", quote="USDT", settle="USDT", tick=D("0.5"), lot=D("0.001")),
    Instrument(id=ETH, kind=ContractKind.LINEAR, base="ETH", quote="USDT", settle="USDT", tick=D("0.1"), lot=D("0.001")),
    Instrument(id=SOL, kind=ContractKind.INVERSE, base="SOL", quote="USD", settle="SOL", tick=D("0.01"), lot=D("1")),
)


@dataclass
class World:
    """A Store, its clock, and short words for the events that fill it."""

    clock: ManualClock = field(default_factory=lambda: ManualClock(wall_ns=WALL))
    store: Store = field(init=False)
    ids: Any = field(default_factory=lambda: count(1))
    sequence: int = 0

    def __post_init__(self) -> None:
        self.store = Store(self.clock)

    def say(self, *events: Event) -> World:
        """Apply events at the present time."""
        self.store.mono_ns = self.clock.mono_ns()
        for event in events:
            self.store.apply(event)
        return self

    def listed(self, *instruments: Instrument) -> World:
        return self.say(InstrumentsListed("phemex", instruments or INSTRUMENTS))

    def links(self, state: LinkState = LinkState.LIVE, reason: str = "", lanes: Iterable[str] = ("public", "private")) -> World:
        return self.say(*(LinkChanged("phemex", lane, state, reason) for lane in lanes))

    def book(
        self, bids: Sequence[tuple[str, str]], asks: Sequence[tuple[str, str]], iid: InstrumentId = BTC, *, sequence: int = 0
    ) -> World:
        self.sequence = sequence or self.sequence + 1
        return self.say(BookSnapshot(iid, bids, asks, self.sequence, 0, self.clock.wall_ns()))

    def delta(
        self,
        bids: Sequence[tuple[str, str]] = (),
        asks: Sequence[tuple[str, str]] = (),
        iid: InstrumentId = BTC,
        *,
        depth: int = 0,
    ) -> World:
        self.sequence += 1
        return self.say(BookDelta(iid, bids, asks, self.sequence, depth, self.clock.wall_ns()))

    def trade(self, price: str, qty: str, side: Side = Side.BUY, iid: InstrumentId = BTC, *, ago: float = 0) -> World:
        at = self.clock.wall_ns() - round(ago * NS)
        return self.say(TradesPrinted(iid, [Trade(at, side, D(price), D(qty))], False))

    def ticker(self, iid: InstrumentId = BTC, **prices: Any) -> World:
        values = {key: D(value) if isinstance(value, str) else value for key, value in prices.items()}
        return self.say(TickerChanged(iid, self.clock.wall_ns(), **values))

    def position(
        self,
        side: Side | None = Side.BUY,
        qty: str = "0.5",
        entry: str = "67044",
        iid: InstrumentId = BTC,
        *,
        liquidation: str | None = "59020",
        leg: PositionSide = PositionSide.MERGED,
    ) -> World:
        self.sequence += 1
        return self.say(
            PositionChanged(
                Position(
                    instrument=iid,
                    position_side=leg,
                    mode=PositionMode.ONE_WAY if leg is PositionSide.MERGED else PositionMode.HEDGED,
                    side=side,
                    qty=D(qty),
                    entry=D(entry),
                    liquidation=D(liquidation) if liquidation else None,
                    sequence=self.sequence,
                )
            )
        )

    def order(
        self,
        side: Side = Side.BUY,
        qty: str = "0.2",
        price: str | None = "67411",
        type: OrderType = OrderType.LIMIT,
        status: OrderStatus = OrderStatus.LIVE,
        iid: InstrumentId = BTC,
        *,
        id: str = "",
        trigger: str | None = None,
        ago: float = 8,
        **more: Any,
    ) -> str:
        """Say an order and return its client id."""
        client = id or f"tt-{next(self.ids)}"
        self.sequence += 1
        self.say(
            OrderChanged(
                OrderReport(
                    instrument=iid,
                    client_id=ClientOrderId(client),
                    venue_id=VenueOrderId(f"v-{client}"),
                    status=status,
                    side=side,
                    type=type,
                    qty=D(qty),
                    price=D(price) if price is not None else None,
                    trigger_price=D(trigger) if trigger is not None else None,
                    sequence=self.sequence,
                    at_ns=self.clock.wall_ns() - round(ago * NS),
                    **more,
                )
            )
        )
        return client

    def stop(
        self,
        trigger: str,
        qty: str = "0.5",
        side: Side = Side.SELL,
        status: OrderStatus = OrderStatus.ARMED,
        iid: InstrumentId = BTC,
    ) -> str:
        """Say a reduce-only stop and return its client id."""
        return self.order(side, qty, None, OrderType.STOP, status, iid, trigger=trigger, reduce_only=True, ago=720)

    def target(self, trigger: str, qty: str = "0.5", side: Side = Side.SELL) -> str:
        """Say a reduce-only profit target and return its client id."""
        return self.order(
            side, qty, trigger, OrderType.LIMIT_IF_TOUCHED, OrderStatus.ARMED, trigger=trigger, reduce_only=True, ago=720
        )

    def fill(
        self,
        side: Side = Side.BUY,
        qty: str = "0.5",
        price: str = "67044",
        *,
        fee: str = "0",
        realised: str = "0",
        ago: float = 60,
    ) -> World:
        number = next(self.ids)
        return self.say(
            OrderFilled(
                Fill(
                    exec_id=ExecId(f"x{number}"),
                    instrument=BTC,
                    client_id=ClientOrderId(f"f{number}"),
                    venue_id=VenueOrderId(""),
                    side=side,
                    qty=D(qty),
                    price=D(price),
                    fee=D(fee),
                    fee_currency="USDT",
                    liquidity=Liquidity.MAKER if D(fee) <= 0 else Liquidity.TAKER,
                    at_ns=self.clock.wall_ns() - round(ago * NS),
                    realised=D(realised),
                )
            )
        )

    def balance(self, total: str = "12356.07", used: str = "3746.07", currency: str = "USDT") -> World:
        return self.say(BalanceChanged(Balance("phemex", currency, D(total), D(used), self.clock.wall_ns())))

    def notice(self, text: str, severity: Severity = Severity.NOTE) -> World:
        return self.say(Notice(text, severity, self.clock.wall_ns()))

    def usual_book(self) -> World:
        """Say the book of the mock-ups: bid 67,412.0, ask 67,413.0."""
        return self.book(
            [
                ("67412", "2.31"),
                ("67411.5", "0.88"),
                ("67411", "6.02"),
                ("67410", "1.77"),
                ("67409.5", "0.43"),
                ("67409", "9.114"),
            ],
            [
                ("67413", "0.21"),
                ("67413.5", "0.612"),
                ("67414", "3.88"),
                ("67414.5", "0.33"),
                ("67415", "1.204"),
                ("67416", "2.118"),
            ],
        )

    def trading(self) -> World:
        """Say an ordinary moment: book, prices, a protected long, a naked short, three orders, a balance."""
        self.listed().links().usual_book()
        self.ticker(last="67412.5", mark="67410.9", index="67408.2", open_24h="66534", funding_rate="0.000061")
        self.ticker(next_funding_ns=WALL + 8_049 * NS)
        self.ticker(ETH, last="3509.9", mark="3509.9", open_24h="3517")
        self.trade("67412", "0.044", Side.SELL, ago=1).trade("67412.5", "0.31")
        self.balance()
        self.position()
        self.position(Side.SELL, "4", "3512.4", ETH, liquidation="4140")
        self.target("68200")
        self.stop("66640")
        self.order()
        return self


@pytest.fixture
def world() -> World:
    """An empty Store at 14:12:11."""
    return World()


@pytest.fixture
def trading() -> World:
    """A Store in the middle of a session."""
    return World().trading()


def texts(rows: Sequence[Row]) -> list[str]:
    """Return the rows as plain text without trailing blanks."""
    return [text_of(row).rstrip() for row in rows]


def screen(rows: Sequence[Row]) -> str:
    """Return the rows as one text."""
    return "\n".join(texts(rows))


def roles(rows: Sequence[Row], containing: str) -> set[str]:
    """Return the roles of the spans that contain a text."""
    return {span.role for row in rows for span in row if containing in span.text}


def assert_exact(rows: Sequence[Row], width: int, height: int) -> None:
    """Every row has exactly the cells asked for, and there are exactly as many rows."""
    assert len(rows) == height
    assert {width_of(row) for row in rows} <= {width}
