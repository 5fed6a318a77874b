"""The shipping desk against the exchange in Paradex's clothes: real sockets, every signature verified by StarkWare's C++."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.venues.paradex.starkware import CppStark
from tui_trader.core.clock import SystemClock
from tui_trader.core.error import RefusedError
from tui_trader.core.ids import IdFactory
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.risk import Limits
from tui_trader.core.types import (
    ClientOrderId,
    InstrumentId,
    LinkState,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
)
from tui_trader.desk.account import Account
from tui_trader.desk.desk import Desk
from tui_trader.desk.environment import Environment
from tui_trader.secrets.secret import Secret
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.faults import Action, FaultRule, Moment
from tui_trader.sim.masks.paradex import ParadexMask, mint, with_stark
from tui_trader.sim.masks.paradex_products import paradex_instruments
from tui_trader.sim.server import SimServer
from tui_trader.sim.types import NewOrder
from tui_trader.storage.journal import Journal
from tui_trader.venues.base import Credential, Endpoints, Outcome
from tui_trader.venues.paradex import paradex

BTC = InstrumentId("paradex", "BTC-USD-PERP")
MIDDLE = Decimal(50_000)
LIMITS = Limits(
    order_notional=Decimal(100_000),
    position_notional=Decimal(500_000),
    gross_notional=Decimal(500_000),
    per_second=50,
    per_minute=500,
)


class House:
    """One exchange, and desks that trade on it."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self.folder = folder
        self.stack = stack
        self.clock = SystemClock()
        self.exchange = Exchange(paradex_instruments(), seed=1, start_ns=self.clock.wall_ns())
        self.exchange.open_account("trader", {"USDC": Decimal(100_000)})
        self.exchange.open_account("street", {"USDC": Decimal(10**9)})
        self.exchange.set_reference(BTC.symbol, MIDDLE)
        self.exchange.set_reference("ETH-USD-PERP", Decimal(3_000))
        for side in (Side.BUY, Side.SELL):
            for step in range(1, 6):
                self.trade(side, Decimal(1), MIDDLE - side.sign * 10 * step)
        self.server = SimServer(
            self.exchange, with_stark(CppStark()), account="trader", seed=1, clock=self.clock, limits=False, mint=mint
        )
        self.crashes: list[str] = []
        self.desks = 0

    @property
    def mask(self) -> ParadexMask:
        assert isinstance(self.server.mask, ParadexMask)
        return self.server.mask

    def trade(self, side: Side, qty: Decimal, price: Decimal, tif: TimeInForce = TimeInForce.GTC) -> None:
        self.exchange.submit("street", NewOrder("", BTC.symbol, side, OrderType.LIMIT, qty, price, tif))

    async def desk(self, credential: Credential | None = None, **choices: Any) -> Desk:
        self.desks += 1
        desk = Desk(
            Account(
                paradex(**choices),
                Environment.SIM,
                Endpoints(self.server.rest_url, self.server.ws_url),
                credential or Credential(self.server.key, Secret(self.server.secret)),
            ),
            clock=self.clock,
            rng=random.Random(1),
            journal=Journal(self.folder / f"journal-{self.desks}.jsonl", self.clock),
            ids=IdFactory(),
            limits=LIMITS,
        )
        desk.crashed = lambda name, error: self.crashes.append(f"{name} died of {error!r}")
        self.stack.push_async_callback(desk.close)
        await desk.start(["BTC-USD-PERP"])
        return desk


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        house = House(tmp_path, stack)
        await stack.enter_async_context(house.server)
        yield house
    assert house.crashes == []


async def until(done: Callable[[], bool], what: str = "") -> None:
    for _ in range(400):
        if done():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"never so: {what}")


def ready(desk: Desk) -> Callable[[], bool]:
    def known() -> bool:
        book = desk.store.book(BTC)
        return desk.reconciled and book is not None and book.is_live and desk.store.mark_is_fresh(BTC)

    return known


def shown(desk: Desk, client_id: str) -> Order:
    order = desk.store.blotter.get(ClientOrderId(client_id))
    assert order is not None
    return order


def status(desk: Desk, client_id: str) -> OrderStatus:
    return shown(desk, client_id).status


def said(desk: Desk) -> str:
    """Return why the private lane is down."""
    link = desk.store.links.get(("paradex", "private"))
    return link.reason if link is not None else ""


def ticket(name: str, **terms: Any) -> OrderTicket:
    plain = {"side": Side.BUY, "type": OrderType.LIMIT, "qty": Decimal("0.010"), "price": Decimal("49900.0")}
    return OrderTicket(ClientOrderId(name), BTC, **(plain | terms))


@pytest.mark.parametrize("binary", [False, True])
async def test_an_order_from_the_way_in_to_the_position(house: House, binary: bool) -> None:
    house.mask.feed.private_binary = binary
    desk = await house.desk()
    await until(ready(desk), "ready")
    book = desk.store.book(BTC)
    assert book is not None
    assert (book.best_bid, book.best_ask) == (Decimal(49_990), Decimal(50_010))
    [balance] = [desk.store.balances[key] for key in desk.store.balances]
    assert (balance.currency, balance.total) == ("USDC", Decimal(100_000))

    sent = await desk.submit(ticket("rests"))
    assert sent.outcome is Outcome.ACK
    await until(lambda: status(desk, "rests") is OrderStatus.LIVE, "live")
    await desk.amend(shown(desk, "rests"), price=Decimal("49950.0"))
    await until(lambda: shown(desk, "rests").price == Decimal(49_950) and shown(desk, "rests").pending is None, "amended")
    await desk.cancel(shown(desk, "rests"))
    await until(lambda: status(desk, "rests") is OrderStatus.CANCELED, "cancelled")

    await desk.submit(ticket("takes", type=OrderType.MARKET, price=None))
    await until(lambda: status(desk, "takes") is OrderStatus.FILLED, "filled")
    await until(lambda: [position.qty for position in desk.store.open_positions()] == [Decimal("0.010")], "position")
    [position] = desk.store.open_positions()
    assert (position.side, position.entry) == (Side.BUY, Decimal(50_010))
    [fill] = desk.store.blotter.fills()
    assert (fill.price, fill.fee) == (Decimal(50_010), Decimal("0.1200240"))

    stop = ticket("stop", side=Side.SELL, type=OrderType.STOP, price=None, trigger_price=Decimal(49_000), reduce_only=True)
    await desk.submit(stop)
    await until(lambda: status(desk, "stop") is OrderStatus.ARMED, "armed")
    assert house.mask.gate.verified == 5, "a token, three orders and a change, each verified"
    later = await house.desk()
    await until(ready(later), "a second desk")
    assert [order.client_id for order in later.store.blotter.working()] == ["stop"]
    assert [held.qty for held in later.store.open_positions()] == [Decimal("0.010")]


async def test_what_the_venue_refuses_is_said_by_the_answer_or_by_the_stream(house: House) -> None:
    desk = await house.desk()
    await until(ready(desk), "ready")
    crossing = ticket("crosses", tif=TimeInForce.POST_ONLY, price=Decimal("50020.0"))
    assert (await desk.orders.submit(crossing, reduces=False)).outcome is Outcome.ACK
    await until(lambda: status(desk, "crosses") is OrderStatus.REJECTED, "rejected")
    assert shown(desk, "crosses").reason == "post-only, and the price would take"
    far = await desk.orders.submit(ticket("far", price=Decimal("53000.0")), reduces=False)
    assert (far.outcome, status(desk, "far")) == (Outcome.REJECTED, OrderStatus.REJECTED)
    assert "price bands" in far.text
    house.mask.system.state = "cancel_only"
    shut = await desk.orders.submit(ticket("shut"), reduces=False)
    assert shut.outcome is Outcome.REJECTED
    assert "cancels alone" in shut.text
    assert "cancels alone" in desk.blocked(BTC)
    house.mask.system.state = "ok"
    house.trade(Side.BUY, Decimal("0.1"), Decimal(49_800))
    await until(lambda: "cancels alone" not in desk.blocked(BTC), "let in again by itself")
    again = await desk.orders.submit(ticket("crosses2"), reduces=False)
    assert again.outcome is Outcome.ACK


async def test_a_token_that_ends_in_the_middle_costs_one_refusal_and_no_order(house: House) -> None:
    desk = await house.desk()
    await until(ready(desk), "ready")
    house.mask.gate.forget()
    refused = await desk.orders.submit(ticket("first"), reduces=False)
    assert refused.outcome is Outcome.REJECTED
    assert "new one is fetched" in refused.text
    assert house.exchange.order("trader", client_id="first") is None
    verified = house.mask.gate.verified
    sent = await asyncio.gather(*(desk.orders.submit(ticket(f"next-{i}"), reduces=False) for i in range(4)))
    assert {one.outcome for one in sent} == {Outcome.ACK}
    assert house.mask.gate.verified == verified + 5, "one token for the four of them"


async def test_a_lost_answer_is_resolved_by_the_history_and_nothing_is_sent_twice(house: House) -> None:
    desk = await house.desk()
    await until(ready(desk), "ready")
    house.server.faults.add(FaultRule(Action.DROP_AFTER, Moment.REQUEST, "POST /v1/orders"))
    sent = await desk.orders.submit(ticket("lost"), reduces=False)
    assert sent.outcome is Outcome.UNKNOWN
    await until(lambda: status(desk, "lost") is OrderStatus.LIVE, "seen")
    assert house.server.receipts["POST /v1/orders"] == 1


@pytest.mark.parametrize("served", [{1}, {3}, {1, 2, 3}], ids=str)
async def test_the_version_of_the_encoding_is_negotiated(house: House, served: set[int]) -> None:
    house.mask.versions = frozenset(served)
    desk = await house.desk()
    await until(ready(desk), "ready, in spite of two refusals a lane at most")
    assert {talk.version for talk in house.mask.feed._talks.values()} == {2 if 2 in served else max(served)}
    assert desk.store.links["paradex", "public"].state is LinkState.LIVE


async def test_where_whole_books_are_not_served_the_best_levels_are_shown(house: House) -> None:
    house.mask.feed.whole_books = False
    for step in range(6, 20):
        house.trade(Side.BUY, Decimal(1), MIDDLE - 10 * step)
    desk = await house.desk()
    await until(ready(desk), "ready, with the second connection")
    book = desk.store.book(BTC)
    assert book is not None
    assert (book.best_bid, book.best_ask, len(book.bids(99))) == (Decimal(49_990), Decimal(50_010), 15)
    assert any("best 15 levels" in notice.text for notice in desk.store.notices)
    house.trade(Side.BUY, Decimal(2), Decimal(50_000))
    await until(lambda: book.best_bid == Decimal(50_000) and book.is_live, "told again whole")
    house.trade(Side.SELL, Decimal(2), Decimal(50_000), TimeInForce.IOC)
    await until(lambda: book.best_bid == Decimal(49_990), "what went is gone")


async def test_orders_end_with_the_connection_where_that_was_chosen(house: House) -> None:
    desk = await house.desk(cancel_on_disconnect=True)
    await until(ready(desk), "ready")
    await desk.submit(ticket("goes"))
    await until(lambda: status(desk, "goes") is OrderStatus.LIVE, "live")
    house.server.cut()
    await until(lambda: status(desk, "goes") is OrderStatus.CANCELED, "cancelled by the venue")
    await until(ready(desk), "back, and armed again before anything can be sent")
    await desk.orders.submit(ticket("goes-too"), reduces=False)
    await until(lambda: status(desk, "goes-too") is OrderStatus.LIVE, "live")
    house.server.cut()
    await until(lambda: status(desk, "goes-too") is OrderStatus.CANCELED, "cancelled again")


async def test_the_switch_is_the_traders_at_any_time(house: House) -> None:
    desk = await house.desk()
    await until(ready(desk), "ready")
    assert desk.guard.words == "cancel-on-disconnect is off: open orders stay at the venue when this connection ends"
    assert desk.guard.switch(on=True) == "asking Paradex to switch cancel-on-disconnect on"
    await until(lambda: desk.store.guards == {"paradex": True}, "the venue agreed")
    await desk.submit(ticket("goes"))
    await until(lambda: status(desk, "goes") is OrderStatus.LIVE, "live")
    house.server.cut()
    await until(lambda: status(desk, "goes") is OrderStatus.CANCELED, "cancelled by the venue")
    assert desk.store.guards in ({}, {"paradex": True}), "not known while there is no connection"
    await until(ready(desk), "back")
    assert desk.store.guards == {"paradex": True}, "armed again without being asked, before entries may leave"
    house.mask.feed.guards = False
    desk.guard.switch(on=False)
    await until(lambda: any("was not switched off" in notice.text for notice in desk.store.notices), "refused, and said so")
    assert desk.store.guards == {"paradex": True}


async def test_no_reconnect_is_begun_that_would_cancel_open_orders(house: House) -> None:
    desk = await house.desk(cancel_on_disconnect=True)
    await until(ready(desk), "ready")
    await desk.submit(ticket("stays"))
    await until(lambda: status(desk, "stays") is OrderStatus.LIVE, "live")
    with pytest.raises(RefusedError, match="cod is on: Paradex would cancel your open orders"):
        desk.reconnect()
    assert status(desk, "stays") is OrderStatus.LIVE
    assert not desk.blocked(BTC)


async def test_a_lane_on_which_the_wish_was_refused_lets_no_entry_out(house: House) -> None:
    house.mask.feed.guards = False
    desk = await house.desk(cancel_on_disconnect=True)
    await until(lambda: "subscription refused" in said(desk), "told")
    assert desk.blocked(BTC)
    assert desk.store.guards == {}


async def test_the_state_of_the_venue_is_shown_and_obeyed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_trader.desk.rounds.STATE_NS", 0)
    monkeypatch.setattr("tui_trader.desk.rounds.STATE_AGAIN_NS", 0)
    desk = await house.desk()
    await until(ready(desk), "ready")
    house.mask.system.state = "maintenance"
    await until(lambda: desk.lock == "MAINTENANCE", "shown")
    assert desk.blocked(BTC).startswith("Paradex is in maintenance: nothing trades; cancels still work")
    with pytest.raises(RefusedError, match="in maintenance"):
        await desk.submit(ticket("never"))
    house.mask.system.state = "post_only"
    await until(lambda: desk.lock == "POST-ONLY", "shown")
    house.trade(Side.BUY, Decimal("0.1"), Decimal(49_800))
    await until(lambda: not desk.blocked(BTC), "what rests may leave, once the book is young")
    with pytest.raises(RefusedError, match="takes post-only orders alone at present: add po"):
        await desk.submit(ticket("takes"))
    assert house.server.receipts["POST /v1/orders"] == 0
    await desk.submit(ticket("rests", tif=TimeInForce.POST_ONLY))
    await until(lambda: status(desk, "rests") is OrderStatus.LIVE, "live")
    house.mask.system.state = "ok"
    await until(lambda: desk.lock == "", "over")


async def test_orders_stay_where_nothing_was_chosen(house: House) -> None:
    desk = await house.desk()
    await until(ready(desk), "ready")
    await desk.submit(ticket("stays"))
    await until(lambda: status(desk, "stays") is OrderStatus.LIVE, "live")
    house.server.cut()
    await until(lambda: not desk.reconciled, "cut")
    await until(ready(desk), "back")
    assert status(desk, "stays") is OrderStatus.LIVE


async def test_a_read_only_token_looks_on(house: House) -> None:
    first = await house.desk()
    await until(ready(first), "ready")
    token = first._dialect.token(first.account.credential)  # type: ignore[attr-defined]
    desk = await house.desk(Credential(house.server.key, Secret(token.reveal())))
    await until(ready(desk), "ready")
    sent = await desk.orders.submit(ticket("never"), reduces=False)
    assert sent.outcome is Outcome.NOT_SENT
    assert "looks on and trades nothing" in sent.text
    assert house.server.receipts["POST /v1/orders"] == 0


async def test_a_key_that_is_not_the_accounts_is_refused_before_any_order(house: House) -> None:
    desk = await house.desk(Credential(house.server.key, Secret("0x1234567")))
    await until(lambda: "not one of this account's sub-keys" in said(desk), "told")
    assert house.server.receipts["POST /v1/orders"] == 0


async def test_a_gap_in_the_book_is_doubted_and_healed(house: House) -> None:
    desk = await house.desk()
    await until(ready(desk), "ready")
    house.server.faults.add(FaultRule(Action.SKIP, Moment.PUSH, "order_book"))
    house.trade(Side.BUY, Decimal("0.5"), Decimal(49_980))
    await asyncio.sleep(0.05)
    house.trade(Side.BUY, Decimal("0.7"), Decimal(49_970))
    book = desk.store.book(BTC)
    assert book is not None
    await until(lambda: book.is_live and book.bid_size(499_700) == Decimal("1.7"), "healed")
    assert book.bid_size(499_800) == Decimal("1.5")
