"""The whole stack without a screen, over real loopback sockets, against the built-in exchange."""

from __future__ import annotations

import asyncio
import os
from decimal import Decimal as D
from urllib.parse import parse_qsl

import aiohttp
import pytest

from tests.desk.conftest import BTC, ETH, MovedClock, World, heard, until
from tui_trader.cli import launch
from tui_trader.core.command import Price, PriceRef
from tui_trader.core.error import ConfigError, LinkError, RefusedError
from tui_trader.core.order import OrderTicket
from tui_trader.core.risk import Limits
from tui_trader.core.types import (
    ClientOrderId,
    LinkState,
    MarginMode,
    OrderStatus,
    OrderType,
    PendingAction,
    PositionMode,
    PositionSide,
    Severity,
    Side,
    TimeInForce,
    TriggerSource,
)
from tui_trader.desk.desk import Desk
from tui_trader.sim.faults import Action, FaultRule, Moment
from tui_trader.sim.types import NewOrder
from tui_trader.storage.journal import read
from tui_trader.venues.base import Outcome, Request, Verdict

CREATE = "POST /g-orders"


def passive(desk: Desk, client_id: str, percent: str = "2", qty: str = "0.01", **change: object) -> OrderTicket:
    """Return a buy that rests well below the market."""
    bid = desk.resolver.reference(BTC, PriceRef.BID)
    price = desk.resolver.instrument(BTC).round_price(bid * (1 - D(percent) / 100))
    values: dict[str, object] = {"tif": TimeInForce.POST_ONLY, "price": price}
    return OrderTicket(ClientOrderId(client_id), BTC, Side.BUY, OrderType.LIMIT, D(qty), **(values | change))  # type: ignore[arg-type]


def status(desk: Desk, client_id: str) -> OrderStatus | None:
    order = desk.store.blotter.get(client_id)
    return order.status if order else None


async def ended(desk: Desk, client_id: str, *ends: OrderStatus) -> None:
    await until(lambda: status(desk, client_id) in ends, f"{client_id} is {status(desk, client_id)}")


async def buy(desk: Desk) -> str:
    """Buy the preset at market price; return the client id."""
    desk.stage.cross(BTC, Side.BUY)
    sent = await desk.send_stage()
    assert sent.outcome is Outcome.ACK
    await ended(desk, sent.client_id, OrderStatus.FILLED)
    await until(desk.store.open_positions, "a position")
    return sent.client_id


# -- a day in the life ---------------------------------------------------------------------------------------------------


async def test_a_position_is_opened_watched_and_closed(world: World) -> None:
    desk = await world.desk("BTCUSDT", "ETHUSDT")
    book = desk.store.book(BTC)
    assert book is not None
    assert len(book.bids()) == len(book.asks()) == 30
    assert desk.focus == BTC
    assert desk.store.home == "USDT"

    desk.stage.cross(BTC, Side.BUY)
    sent = await desk.send_stage()
    assert sent.outcome is Outcome.ACK
    with pytest.raises(Exception, match="nothing is staged"):
        await desk.send_stage()
    await ended(desk, sent.client_id, OrderStatus.FILLED)
    await until(desk.store.open_positions, "a position")
    (position,) = desk.store.open_positions()
    order = desk.store.blotter.get(sent.client_id)
    assert order is not None
    assert (position.side, position.qty) == (Side.BUY, order.filled)
    assert order.rtt_ns > 0
    assert not order.external

    fills = desk.store.blotter.fills()
    assert sum((f.qty for f in fills), D(0)) == order.filled
    pnl = desk.store.pnl()
    assert pnl is not None
    assert pnl.fees == sum((f.fee for f in fills), D(0)) > 0
    assert pnl.wallet == 10_000 - pnl.fees, "exact to the last digit"

    before = desk.store.unrealised(position)
    await until(lambda: desk.store.unrealised(position) != before, "open profit to move")

    desk.stage.close(position, D(100))
    closing = await desk.send_stage()
    await ended(desk, closing.client_id, OrderStatus.FILLED)
    await until(lambda: not desk.store.open_positions(), "flat")
    account = world.server.exchange.positions("sim")
    assert [p.qty for p in account if p.qty] == []
    pnl = desk.store.pnl()
    assert pnl is not None
    realised = sum((f.realised for f in desk.store.blotter.fills()), D(0))
    assert pnl.realised == realised - pnl.fees, "the wallet is the sum of its parts"
    assert world.server.receipts[CREATE] == 2


async def test_half_a_position_is_closed(world: World) -> None:
    desk = await world.desk()
    await buy(desk)
    (position,) = desk.store.open_positions()
    desk.stage.close(position, D(50))
    sent = await desk.send_stage()
    await ended(desk, sent.client_id, OrderStatus.FILLED)
    await until(lambda: desk.store.open_positions()[0].qty < position.qty, "less")
    (rest,) = desk.store.open_positions()
    assert rest.qty == position.qty - desk.resolver.instrument(BTC).round_qty(position.qty / 2)


async def test_an_order_rests_is_amended_and_cancelled(world: World) -> None:
    desk = await world.desk()
    await desk.submit(passive(desk, "tt-rest"))
    await ended(desk, "tt-rest", OrderStatus.LIVE)
    order = desk.store.blotter.get("tt-rest")
    assert order is not None
    assert order.price is not None
    lower = order.price - 10
    await desk.amend(order, price=lower, qty=D("0.02"))
    await until(lambda: (o := desk.store.blotter.get("tt-rest")) and (o.price, o.qty) == (lower, D("0.02")), "the change")
    await until(lambda: (o := desk.store.blotter.get("tt-rest")) and o.pending is None, "no overlay left")
    order = desk.store.blotter.get("tt-rest")
    assert order is not None
    sent = await desk.cancel(order)
    assert sent.outcome is Outcome.ACK
    await ended(desk, "tt-rest", OrderStatus.CANCELED)
    assert desk.store.blotter.working() == []


async def test_a_change_is_judged_like_an_order(world: World) -> None:
    desk = await world.desk(limits=Limits(order_notional=D(2_000)))
    await desk.submit(passive(desk, "tt-rest"))
    await ended(desk, "tt-rest", OrderStatus.LIVE)
    order = desk.store.blotter.get("tt-rest")
    assert order is not None
    with pytest.raises(RefusedError, match="above the limit"):
        await desk.amend(order, qty=D(5))
    with pytest.raises(RefusedError, match="multiple of the tick"):
        await desk.amend(order, price=D("50000.01"))
    with pytest.raises(RefusedError, match="from the mark"):
        await desk.amend(order, price=D(10_000))
    assert world.server.receipts["PUT /g-orders/replace"] == 0
    order = desk.store.blotter.get("tt-rest")
    assert order is not None
    assert order.pending is None


async def test_the_limits_hold_at_the_last_moment(world: World) -> None:
    desk = await world.desk(limits=Limits(order_notional=D(100)))
    desk.stage.join(BTC, Side.BUY)
    with pytest.raises(RefusedError, match="above the limit"):
        await desk.send_stage()
    assert desk.stage.draft is not None, "a refused draft stays to be mended"
    assert world.server.receipts[CREATE] == 0


async def test_the_same_order_twice_within_two_seconds_is_refused(world: World) -> None:
    desk = await world.desk()
    ticket = passive(desk, "tt-1")
    await desk.submit(ticket)
    twin = OrderTicket(ClientOrderId("tt-2"), BTC, Side.BUY, OrderType.LIMIT, ticket.qty, ticket.price, TimeInForce.POST_ONLY)
    with pytest.raises(RefusedError, match="the same order was sent"):
        await desk.submit(twin)
    assert world.server.receipts[CREATE] == 1


# -- one receipt, whatever happens to the connection ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "executed"),
    [(Action.DROP_AFTER, True), (Action.ERROR_AFTER, True), (Action.DROP_BEFORE, False), (Action.ERROR_BEFORE, False)],
)
async def test_a_create_is_received_once_whatever_happens_to_its_answer(world: World, fault: Action, executed: bool) -> None:
    desk = await world.desk()
    world.server.faults.add(FaultRule(fault, prefix=CREATE))
    sent = await desk.submit(passive(desk, "tt-1"))
    assert sent.outcome is Outcome.UNKNOWN
    if executed:
        await ended(desk, "tt-1", OrderStatus.LIVE)
    else:
        assert status(desk, "tt-1") is OrderStatus.UNKNOWN
        await until(lambda: world.server.receipts["GET /g-orders/activeList"] > 2, "questions")
        assert status(desk, "tt-1") is OrderStatus.UNKNOWN, "not absent before the request can no longer be accepted"
        with pytest.raises(RefusedError, match="unknown outcome"):
            await desk.submit(passive(desk, "tt-2", "1"))
    assert world.server.receipts[CREATE] == 1
    assert len(world.server.exchange.open_orders("sim", None)) == int(executed)


async def test_a_cancel_whose_answer_is_lost_is_asked_after(world: World) -> None:
    desk = await world.desk()
    await desk.submit(passive(desk, "tt-1"))
    await ended(desk, "tt-1", OrderStatus.LIVE)
    world.server.faults.add(FaultRule(Action.DROP_AFTER, prefix="DELETE /g-orders/cancel"))
    order = desk.store.blotter.get("tt-1")
    assert order is not None
    assert (await desk.cancel(order)).outcome is Outcome.UNKNOWN
    await ended(desk, "tt-1", OrderStatus.CANCELED)
    assert world.server.receipts["DELETE /g-orders/cancel"] == 1


async def test_a_fill_may_come_long_before_the_answer(world: World) -> None:
    desk = await world.desk()
    world.server.faults.add(FaultRule(Action.DELAY, prefix=CREATE, seconds=0.3))
    desk.stage.cross(BTC, Side.BUY)
    sending = asyncio.get_running_loop().create_task(desk.send_stage())
    await until(desk.store.open_positions, "the position")
    assert not sending.done()
    (order,) = desk.store.blotter.orders()
    assert order.status is OrderStatus.FILLED
    await sending
    assert [o.status for o in desk.store.blotter.orders()] == [OrderStatus.FILLED]


async def test_who_waits_may_go_and_the_order_does_not(world: World) -> None:
    desk = await world.desk()
    world.server.faults.add(FaultRule(Action.DELAY, prefix=CREATE, seconds=0.1))
    sending = asyncio.get_running_loop().create_task(desk.submit(passive(desk, "tt-1")))
    await until(lambda: world.server.receipts[CREATE] == 1, "the request")
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await ended(desk, "tt-1", OrderStatus.LIVE)
    await until(lambda: "outcome" in [r.kind for r in read(world.folder / "journal-1.jsonl")], "the outcome in the journal")


async def test_an_order_on_its_way_at_the_end_has_its_outcome_in_the_journal(world: World) -> None:
    desk = await world.desk()
    world.server.faults.add(FaultRule(Action.DELAY, prefix=CREATE, seconds=0.1))
    sending = asyncio.get_running_loop().create_task(desk.submit(passive(desk, "tt-1")))
    await until(lambda: world.server.receipts[CREATE] == 1, "the request")
    await desk.close()
    await sending
    assert heard(read(world.folder / "journal-1.jsonl")).still_open() == []


# -- connections ---------------------------------------------------------------------------------------------------------


async def test_entries_wait_for_the_private_stream_and_exits_do_not(world: World) -> None:
    desk = await world.desk()
    await buy(desk)
    world.server.faults.add(FaultRule(Action.ERROR_BEFORE, Moment.CONNECT, times=0))
    world.server.cut()
    await until(lambda: not desk.reconciled, "the loss")
    assert "private stream is down" in desk.blocked(BTC)
    with pytest.raises(RefusedError, match="private stream is down"):
        await desk.submit(passive(desk, "tt-1"))
    await until(lambda: not desk.store.book_is_fresh(BTC), "the loss of the feed")

    (position,) = desk.store.open_positions()
    desk.stage.close(position, D(100))
    sent = await desk.send_stage()
    assert sent.outcome is Outcome.ACK, "a way out by REST and without a book"
    assert [p.qty for p in world.server.exchange.positions("sim") if p.qty] == []

    world.server.faults.clear()
    await world.ready(desk)
    assert desk.store.open_positions() == []
    assert status(desk, sent.client_id) is OrderStatus.FILLED
    assert any(notice.text.startswith("while away: ") for notice in desk.store.notices)


async def test_an_order_that_executed_while_away_is_found(world: World) -> None:
    desk = await world.desk()
    await desk.submit(passive(desk, "tt-1", qty="0.02"))
    await ended(desk, "tt-1", OrderStatus.LIVE)
    world.server.faults.add(FaultRule(Action.ERROR_BEFORE, Moment.CONNECT, times=0))
    world.server.cut()
    await until(lambda: not desk.reconciled, "the loss")
    order = desk.store.blotter.get("tt-1")
    assert order is not None
    await desk.orders.cancel(order)
    world.server.exchange.submit("sim", NewOrder("web-1", "BTCUSDT", Side.BUY, OrderType.MARKET, D("0.5")))
    assert desk.store.open_positions() == []

    world.server.faults.clear()
    await world.ready(desk)
    assert status(desk, "tt-1") is OrderStatus.CANCELED
    await until(lambda: [p.qty for p in desk.store.open_positions()] == [D("0.5")], "the position of the web order")
    assert sum((f.qty for f in desk.store.blotter.fills()), D(0)) == D("0.5")


async def test_what_was_learned_before_a_loss_does_not_count_after_it(world: World) -> None:
    desk = await world.desk()
    asked, last = "GET /g-accounts/accountPositions", "GET /api-data/g-futures/trades"
    before = world.server.receipts[asked], world.server.receipts[last]
    world.server.faults.add(FaultRule(Action.DELAY, prefix=asked, seconds=0.2))
    world.server.cut()
    await until(lambda: world.server.receipts[asked] > before[0], "the questions after the first loss")
    assert "being checked" in desk.blocked(BTC)
    world.server.faults.add(FaultRule(Action.ERROR_BEFORE, Moment.CONNECT, times=0))
    world.server.cut()
    link = ("phemex", "private")
    await until(lambda: desk.store.links[link].state is LinkState.DOWN, "the second loss")
    await until(lambda: world.server.receipts[last] > before[1], "the last answer, which comes by another way")
    await until(lambda: "reconcile" not in desk._tasks.names, "the end of the questions")
    assert not desk.reconciled
    world.server.faults.clear()
    await world.ready(desk)


async def test_a_reconciliation_that_is_not_answered_is_tried_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_trader.desk.sync.RECONCILE_S", 0.05)
    world.server.faults.add(FaultRule(Action.ERROR_BEFORE, prefix="GET /g-accounts/accountPositions", times=2))
    desk = await world.desk()
    assert world.server.receipts["GET /g-accounts/accountPositions"] == 4
    assert sum("not reconciled" in notice.text for notice in desk.store.notices) == 2


async def test_an_account_that_is_not_told_in_time_is_said_with_the_reason(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_trader.cli.launch.READY_S", 0.2)
    desk = await world.desk(start=False)
    world.server.faults.add(FaultRule(Action.LIMIT, prefix="GET /g-accounts/accountPositions", times=0))
    await desk.start(["BTCUSDT"])
    await until(lambda: bool(desk.sync.problem), "the refusal")
    with pytest.raises(LinkError, match=r"was not ready in 0 s \(.*too many requests.*\)"):
        await launch._ready(desk, ["BTCUSDT"])


async def test_a_book_that_skips_a_beat_is_asked_for_again(world: World) -> None:
    desk = await world.desk()
    book = desk.store.book(BTC)
    assert book is not None
    book.doubt("for a test")
    desk.store.doubtful.add(BTC)
    assert "stale (for a test)" in desk.blocked(BTC)
    desk.absorb([])
    await until(lambda: desk.store.book_is_fresh(BTC), "a new snapshot")
    assert sum("asking for a new snapshot" in notice.text for notice in desk.store.notices) == 1


async def test_a_lost_feed_is_not_asked_for_snapshots(world: World) -> None:
    desk = await world.desk()
    world.server.faults.add(FaultRule(Action.ERROR_BEFORE, Moment.CONNECT, times=0))
    world.server.cut()
    link = ("phemex", "public")
    await until(lambda: desk.store.links[link].state is LinkState.DOWN, "the loss")
    desk.store.doubtful.add(BTC)
    desk.absorb([])
    assert not any("asking for a new snapshot" in notice.text for notice in desk.store.notices)


async def test_a_venue_that_is_not_there_is_a_link_error(world: World) -> None:
    desk = await world.desk(start=False)
    await world.server.stop()
    with pytest.raises(LinkError, match="product list"):
        await desk.start(["BTCUSDT"])


async def test_a_symbol_that_is_not_listed_names_its_neighbours(world: World) -> None:
    desk = await world.desk()
    assert desk.symbol("btcusdt") == BTC
    with pytest.raises(ConfigError, match="lists no instrument like 'XYZ'"):
        desk.symbol("XYZ")
    with pytest.raises(ConfigError, match=r"'BTC' could be .*BTCUSDT"):
        desk.symbol("BTC")


async def test_another_instrument_is_shown_with_its_own_book(world: World) -> None:
    desk = await world.desk()
    desk.stage.join(BTC, Side.BUY)
    desk.show(ETH)
    assert desk.stage.draft is None, "a draft of what is no longer on the screen is dropped"
    await until(lambda: desk.store.book_is_fresh(ETH), "its book")
    assert desk.focus == ETH
    assert desk.blocked(ETH) == ""


# -- the whole account ---------------------------------------------------------------------------------------------------


def stop_ticket(desk: Desk, client_id: str, qty: D, **change: object) -> OrderTicket:
    mark = desk.resolver.reference(BTC, PriceRef.MARK)
    trigger = desk.resolver.instrument(BTC).round_price(mark * D("0.9"))
    values: dict[str, object] = {"trigger_price": trigger, "trigger_source": TriggerSource.MARK} | change
    return OrderTicket(ClientOrderId(client_id), BTC, Side.SELL, OrderType.STOP, qty, **values)  # type: ignore[arg-type]


async def with_everything(world: World) -> Desk:
    """Return a desk with a position, a protective stop, an entry on one symbol and another on a second one."""
    desk = await world.desk("BTCUSDT", "ETHUSDT")
    await buy(desk)
    (position,) = desk.store.open_positions()
    await desk.submit(stop_ticket(desk, "tt-stop", position.qty, reduce_only=True))
    await ended(desk, "tt-stop", OrderStatus.ARMED)
    await desk.submit(passive(desk, "tt-btc"))
    world.server.exchange.submit("sim", NewOrder("web-eth", "ETHUSDT", Side.BUY, OrderType.LIMIT, D(1), price=D(3000)))
    await ended(desk, "tt-btc", OrderStatus.LIVE)
    await ended(desk, "web-eth", OrderStatus.LIVE)
    return desk


async def test_panic_cancels_entries_everywhere_and_keeps_the_stop(world: World) -> None:
    desk = await with_everything(world)
    desk.stage.join(BTC, Side.BUY)
    said = await desk.panic()
    assert said == "verified: 0 open orders left, 1 stop kept"
    await ended(desk, "tt-btc", OrderStatus.CANCELED)
    await ended(desk, "web-eth", OrderStatus.CANCELED)
    assert status(desk, "tt-stop") is OrderStatus.ARMED
    assert len(desk.store.open_positions()) == 1
    assert desk.stage.draft is None
    assert [o.client_id for o in world.server.exchange.open_orders("sim", None)] == ["tt-stop"]
    stop = desk.store.blotter.get("tt-stop")
    assert stop is not None
    assert stop.pending is not PendingAction.CANCEL


async def test_panic_to_the_end_leaves_nothing(world: World) -> None:
    desk = await with_everything(world)
    said = await desk.panic(flatten=True)
    assert said.startswith("verified: 0 open orders left")
    await until(lambda: not desk.store.open_positions() and not desk.store.blotter.working(), "nothing")
    assert world.server.exchange.open_orders("sim", None) == []
    assert [p.qty for p in world.server.exchange.positions("sim") if p.qty] == []


async def test_a_panic_that_is_not_answered_says_so(world: World) -> None:
    desk = await with_everything(world)
    world.server.faults.add(FaultRule(Action.ERROR_BEFORE, prefix="DELETE /g-orders/all", times=0))
    said = await desk.panic()
    assert said.startswith("NOT VERIFIED: BTCUSDT, ETHUSDT")
    assert world.server.receipts["DELETE /g-orders/all"] == 2
    await until(lambda: all(o.pending is None for o in desk.store.blotter.working()), "no overlay of what was not asked")


async def test_a_symbol_is_flattened_and_others_are_left_alone(world: World) -> None:
    desk = await with_everything(world)
    assert await desk.flatten(BTC) == ""
    await until(lambda: not desk.store.open_positions(), "flat")
    await ended(desk, "tt-stop", OrderStatus.CANCELED)
    assert status(desk, "web-eth") is OrderStatus.LIVE
    assert await desk.cancel_symbol(ETH)
    await ended(desk, "web-eth", OrderStatus.CANCELED)


async def test_leverage_and_margin_mode_follow(world: World) -> None:
    desk = await world.desk()
    await buy(desk)
    assert await desk.set_leverage(BTC, D(25), MarginMode.ISOLATED) is MarginMode.ISOLATED
    await until(lambda: desk.store.open_positions()[0].leverage == 25, "the leverage")
    assert desk.store.open_positions()[0].margin_mode is MarginMode.ISOLATED


async def test_an_order_from_elsewhere_is_external_and_can_be_cancelled(world: World) -> None:
    desk, other = await world.desk(), await world.desk()
    await other.submit(passive(other, "elsewhere-1"))
    await ended(desk, "elsewhere-1", OrderStatus.LIVE)
    order = desk.store.blotter.get("elsewhere-1")
    assert order is not None
    assert order.external
    mine = other.store.blotter.get("elsewhere-1")
    assert mine is not None
    assert not mine.external
    await desk.cancel(order)
    await ended(other, "elsewhere-1", OrderStatus.CANCELED)


async def test_an_order_without_anybodys_id_can_be_cancelled(world: World) -> None:
    desk = await world.desk()
    world.server.exchange.submit("sim", NewOrder("", "BTCUSDT", Side.BUY, OrderType.LIMIT, D("0.01"), price=D(90_000)))
    await until(desk.store.blotter.working, "the order")
    (order,) = desk.store.blotter.working()
    assert order.external
    sent = await desk.cancel(order)
    assert sent.outcome is Outcome.ACK
    await ended(desk, order.client_id, OrderStatus.CANCELED)


# -- hedged --------------------------------------------------------------------------------------------------------------


async def test_hedged_legs_are_opened_and_closed_apart(world: World) -> None:
    world.server.exchange.set_position_mode("sim", "BTCUSDT", PositionMode.HEDGED)
    desk = await world.desk()
    await until(lambda: desk.facts.mode(BTC) is PositionMode.HEDGED, "the mode")
    for side in Side:
        desk.stage.cross(BTC, side)
        sent = await desk.send_stage()
        await ended(desk, sent.client_id, OrderStatus.FILLED)
    await until(lambda: len(desk.store.open_positions()) == 2, "both legs")
    short = desk.store.position(BTC, PositionSide.SHORT)
    assert short is not None
    desk.stage.close(short, D(100))
    sent = await desk.send_stage()
    await ended(desk, sent.client_id, OrderStatus.FILLED)
    await until(lambda: [p.position_side for p in desk.store.open_positions()] == [PositionSide.LONG], "the other leg alone")


# -- journal and read-only -----------------------------------------------------------------------------------------------


async def test_a_journal_that_fails_stops_entries_with_its_reason_and_exits_work(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await world.desk()
    await buy(desk)

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdatasync", full)
    with pytest.raises(RefusedError, match="No space left"):
        await desk.submit(passive(desk, "tt-1"))
    assert "exits still work" in desk.blocked(BTC)
    assert world.server.receipts[CREATE] == 1
    (position,) = desk.store.open_positions()
    desk.stage.close(position, D(100), Price(ref=PriceRef.BID))
    desk.stage.toggle_market()
    await desk.send_stage()
    await until(lambda: not desk.store.open_positions(), "flat")


async def test_without_a_journal_the_desk_looks_and_leaves(world: World) -> None:
    desk = await world.desk(journal=False, start=False)
    await desk.start(["BTCUSDT"])
    await until(lambda: desk.reconciled and desk.store.book_is_fresh(BTC), "ready")
    assert desk.blocked(BTC).startswith("read-only")
    with pytest.raises(RefusedError, match="read-only"):
        await desk.submit(passive(desk, "tt-1"))


async def test_a_desk_without_a_key_only_looks(world: World) -> None:
    desk = await world.desk(start=False)
    object.__setattr__(desk.account, "credential", None)
    await desk.start(["BTCUSDT"])
    await until(lambda: desk.store.book_is_fresh(BTC), "the book")
    assert desk.blocked(BTC) == "no API key: this is a look at the market only"


async def test_a_task_that_dies_of_a_bug_is_an_alarm(world: World) -> None:
    desk = await world.desk()
    crashed: list[str] = []
    keep, desk.crashed = desk.crashed, lambda name, error: crashed.append(f"{name}: {error}")

    async def bug() -> None:
        raise KeyError("oops")

    desk._spawn("a task", bug())
    await until(lambda: crashed, "the report")
    desk.crashed = keep
    assert crashed == ["a task: 'oops'"]
    assert desk.store.notices[-1].severity is Severity.ALARM


async def test_the_exchange_hands_out_its_address_and_key(world: World) -> None:
    async with aiohttp.ClientSession() as client, client.get(f"{world.server.rest_url}/sim/hello") as answer:
        assert await answer.json() == {
            "rest_url": world.server.rest_url,
            "ws_url": world.server.ws_url,
            "key": world.server.key,
            "secret": world.server.secret,
        }


async def test_executions_are_asked_for_since_the_program_began_though_the_machine_slept_before_it_connected(
    world: World,
) -> None:
    clock = MovedClock()
    desk = await world.desk(start=False, clock=clock)
    asked: list[Request] = []
    send = desk.send

    async def noted(request: Request) -> Verdict:
        asked.append(request)
        return await send(request)

    desk._reconciler._send = noted
    began_ms = clock.wall_ns() // 1_000_000
    clock.mono_s = 7_200  # the exchange's clock does not show it: by that one the program began two hours ago
    await desk.start(("BTCUSDT",))
    await world.ready(desk)
    since = [int(dict(parse_qsl(request.query))["start"]) for request in asked if request.what == "fills"]
    assert since
    assert max(since) <= began_ms - 7_200_000
