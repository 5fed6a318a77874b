"""Values that the tests of the state are made of."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from tui_trader.core.account import Balance
from tui_trader.core.clock import ManualClock
from tui_trader.core.event import InstrumentsListed, LinkChanged, TickerChanged
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Fill, OrderReport
from tui_trader.core.position import Position
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
    Side,
    VenueOrderId,
)
from tui_trader.state.store import Store

BTC = InstrumentId("phemex", "BTCUSDT")
ETH = InstrumentId("phemex", "ETHUSDT")
BTC_USDC = InstrumentId("phemex", "BTCUSDC")


def linear(iid: InstrumentId, settle: str = "USDT") -> Instrument:
    return Instrument(id=iid, kind=ContractKind.LINEAR, base="BTC", quote=settle, settle=settle, tick=D("0.1"), lot=D("0.001"))


def report(status: OrderStatus = OrderStatus.LIVE, **change: Any) -> OrderReport:
    values: dict[str, Any] = {
        "instrument": BTC,
        "client_id": ClientOrderId("tt-1"),
        "venue_id": VenueOrderId("v-1"),
        "status": status,
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "qty": D(3),
        "price": D(100),
    }
    return OrderReport(**(values | change))


def fill(exec_id: str = "e-1", qty: str = "1", **change: Any) -> Fill:
    values: dict[str, Any] = {
        "exec_id": ExecId(exec_id),
        "instrument": BTC,
        "client_id": ClientOrderId("tt-1"),
        "venue_id": VenueOrderId("v-1"),
        "side": Side.BUY,
        "qty": D(qty),
        "price": D(100),
        "fee": D("0.06"),
        "fee_currency": "USDT",
        "liquidity": Liquidity.TAKER,
        "at_ns": 1,
    }
    return Fill(**(values | change))


def leg(side: Side | None = Side.BUY, qty: str = "0.5", entry: str = "100", **change: Any) -> Position:
    values: dict[str, Any] = {
        "instrument": BTC,
        "position_side": PositionSide.MERGED,
        "mode": PositionMode.ONE_WAY,
        "side": side,
        "qty": D(qty),
        "entry": D(entry),
    }
    return Position(**(values | change))


def balance(total: str, used: str = "0", currency: str = "USDT", at_ns: int = 0) -> Balance:
    return Balance("phemex", currency, D(total), D(used), at_ns)


def mark(price: str, iid: InstrumentId = BTC, at_ns: int = 0) -> TickerChanged:
    return TickerChanged(iid, at_ns, mark=D(price))


def link(lane: str, state: LinkState, reason: str = "") -> LinkChanged:
    return LinkChanged("phemex", lane, state, reason)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(clock: ManualClock) -> Store:
    """A store that knows three contracts and nothing else."""
    store = Store(clock)
    store.apply(InstrumentsListed("phemex", [linear(BTC), linear(ETH), linear(BTC_USDC, "USDC")]))
    store.take_dirty()
    return store
