"""One contract, one account and one order that pass every control: tests change one thing and see what objects."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D
from typing import Any

from tui_trader.core.clock import NS
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import OrderTicket
from tui_trader.core.position import Position
from tui_trader.core.risk import Facts, Limits, Objection, Rule, check
from tui_trader.core.types import (
    ClientOrderId,
    ContractKind,
    InstrumentId,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
)

BTC = Instrument(
    id=InstrumentId("phemex", "BTCUSDT"),
    kind=ContractKind.LINEAR,
    base="BTC",
    quote="USDT",
    settle="USDT",
    tick=D("0.1"),
    lot=D("0.001"),
    min_qty=D("0.002"),
    max_qty=D("100"),
    min_notional=D("5"),
    min_price=D("1000"),
    max_price=D("500000"),
)
COIN = replace(
    BTC,
    id=InstrumentId("phemex", "BTCUSD"),
    kind=ContractKind.INVERSE,
    quote="USD",
    settle="BTC",
    lot=D(1),
    min_qty=D(1),
    max_qty=D(10**6),
)
NOW = 1_000 * NS
FACTS = Facts(
    now_ns=NOW,
    mark=D("10000"),
    mark_fresh=True,
    last=D("10001"),
    index=D("9999"),
    best_bid=D("9999.9"),
    best_ask=D("10000.1"),
    book_live=True,
    equity=D("5000"),
    available=D("5000"),
    leverage=D(10),
)
LIMITS = Limits()
TICKET = OrderTicket(ClientOrderId("tt-1"), BTC.id, Side.BUY, OrderType.LIMIT, D("0.01"), price=D("9999"))
LONG = Position(BTC.id, PositionSide.MERGED, PositionMode.ONE_WAY, Side.BUY, D("0.01"), D("9000"))
SHORT = replace(LONG, side=Side.SELL)
EXIT = replace(TICKET, side=Side.SELL, price=D("10001"), reduce_only=True)


def judge(
    ticket: OrderTicket = TICKET, facts: Facts = FACTS, limits: Limits = LIMITS, instrument: Instrument | None = BTC
) -> list[Objection]:
    return check(ticket, instrument, facts, limits)


def rules(
    ticket: OrderTicket = TICKET, facts: Facts = FACTS, limits: Limits = LIMITS, instrument: Instrument | None = BTC
) -> set[Rule]:
    return {objection.code for objection in judge(ticket, facts, limits, instrument)}


def only(found: list[Objection], code: Rule) -> Objection:
    matching = [objection for objection in found if objection.code is code]
    assert len(matching) == 1, found
    return matching[0]


def ticket(**change: Any) -> OrderTicket:
    return replace(TICKET, **change)


def facts(**change: Any) -> Facts:
    return replace(FACTS, **change)
