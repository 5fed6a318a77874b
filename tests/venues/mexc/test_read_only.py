"""Whether MEXC takes orders is found out at run time: a key that may place none leaves a terminal that looks, and says why."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from decimal import Decimal as D
from pathlib import Path

import pytest

from tests.chaos.stand import Ground, Stand
from tui_trader.core.error import RefusedError
from tui_trader.core.facts import TradingState
from tui_trader.core.grammar import parse
from tui_trader.core.order import OrderTicket
from tui_trader.core.types import ClientOrderId, OrderStatus, OrderType, Side
from tui_trader.desk.commands import Executor
from tui_trader.sim.masks.base import RestCall, RestReply
from tui_trader.sim.products import mexc_instruments
from tui_trader.venues.base import Outcome

GROUND = Ground(mexc_instruments(("BTC_USDT",))[0], D("0.01"), D("0.1"), D(1_000_000))
PLACE = "/api/v1/private/order/create"


class Door:
    """Stands before the mask and refuses what it is told to."""

    def __init__(self, stand: Stand) -> None:
        self.refuses: dict[str, int] = {}
        self.bodies: list[dict[str, object]] = []
        mask = stand.server.mask
        self._serve = mask.rest
        mask.rest = self._rest  # type: ignore[method-assign]

    def _rest(self, call: RestCall) -> RestReply:
        if call.path == PLACE:
            self.bodies.append(json.loads(call.body))
        code = self.refuses.get(call.path)
        if code is not None:
            return RestReply(200, json.dumps({"success": False, "code": code, "message": "Permission denied"}).encode())
        return self._serve(call)


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    made = await Stand(tmp_path, GROUND).open()
    await made.desk.start(["BTC_USDT"])
    await until(lambda: made.desk.reconciled and not made.desk.blocked(GROUND.id))
    yield made
    await made.close()


async def until(done: Callable[[], object]) -> None:
    deadline = asyncio.get_running_loop().time() + 20
    while not done():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)


def ticket(name: str, price: str = "49995") -> OrderTicket:
    return OrderTicket(ClientOrderId(name), GROUND.id, Side.BUY, OrderType.LIMIT, D("0.03"), D(price))


@pytest.mark.parametrize("code", [704, 511, 801])
async def test_a_key_that_may_not_trade_looks_only_and_says_why(stand: Stand, code: int) -> None:
    desk, door = stand.desk, Door(stand)
    door.refuses[PLACE] = code
    sent = await desk.submit(ticket("tt-a"))
    assert sent.outcome is Outcome.REJECTED
    assert stand.shown("tt-a").status is OrderStatus.REJECTED  # type: ignore[union-attr]
    assert desk.lock == "READ-ONLY"
    assert "MEXC takes no orders" in desk.blocked(GROUND.id)
    with pytest.raises(RefusedError, match="MEXC takes no orders"):
        await desk.submit(ticket("tt-b"))
    assert len(door.bodies) == 1  # the second never left
    # What others do is still seen, and a way out is still let through.
    stand.trade("sim", Side.BUY, D("0.02"), None, "web-1")
    await until(lambda: desk.store.open_positions())
    door.refuses.clear()
    exit_ticket = OrderTicket(ClientOrderId("tt-x"), GROUND.id, Side.SELL, OrderType.MARKET, D("0.02"), reduce_only=True)
    assert (await desk.submit(exit_ticket)).outcome is Outcome.ACK
    await until(lambda: not desk.store.open_positions())
    assert desk.lock == "READ-ONLY"
    desk.resume("mexc")
    assert not desk.lock
    assert (await desk.submit(ticket("tt-c", "49990"))).outcome is Outcome.ACK


async def test_a_key_that_may_only_read_shows_the_account(tmp_path: Path) -> None:
    """The documentation asks for the permission to trade even where position mode and leverage are only read."""
    stand = await Stand(tmp_path, GROUND).open()
    desk, door = stand.desk, Door(stand)
    for path in ("position/position_mode", "position/leverage"):
        door.refuses[f"/api/v1/private/{path}"] = 704
    stand.trade("sim", Side.BUY, D("0.02"), None, "web-1")
    stand.trade("sim", Side.BUY, D("0.03"), D("49995"), "web-2")
    try:
        await desk.start(["BTC_USDT"])
        await until(lambda: desk.reconciled and desk.store.open_positions())
        [position] = desk.store.open_positions()
        assert (position.side, position.qty) == (Side.BUY, D("0.02"))
        assert [order.client_id for order in desk.store.blotter.working()] == ["web-2"]
        assert desk.store.balances["mexc", "USDT"].total > 0
        assert (desk.lock, door.bodies) == ("READ-ONLY", [])
        assert "the key may not place orders" in desk.blocked(GROUND.id)
    finally:
        await stand.close()


async def test_a_refusal_of_one_order_is_of_that_order(stand: Stand) -> None:
    desk, door = stand.desk, Door(stand)
    door.refuses[PLACE] = 2005
    assert (await desk.submit(ticket("tt-a"))).outcome is Outcome.REJECTED
    assert not desk.lock


async def test_five_requests_in_a_row_without_a_proper_answer_halt(stand: Stand) -> None:
    desk, door = stand.desk, Door(stand)
    assert (await desk.submit(ticket("tt-a"))).outcome is Outcome.ACK
    door.refuses["/api/v1/private/order/cancel"] = 500
    order = stand.shown("tt-a")
    assert order is not None
    for count in range(5):
        assert desk.controls.state is not TradingState.HALTED, count
        assert (await desk.cancel(order)).outcome is Outcome.UNKNOWN
    assert desk.controls.state is TradingState.HALTED
    assert "5 order requests in a row got no answer" in desk.controls.words()


async def test_what_leaves_is_counted_in_contracts(stand: Stand) -> None:
    desk, door = stand.desk, Door(stand)
    await desk.submit(ticket("tt-a"))
    [body] = door.bodies
    assert (body["vol"], body["price"], body["externalOid"], body["positionMode"]) == (300, 49995, "tt-a", 2)
    await until(lambda: (order := stand.shown("tt-a")) is not None and order.status is OrderStatus.LIVE)
    assert stand.shown("tt-a").qty == D("0.03")  # type: ignore[union-attr]


async def test_exits_go_along_with_their_entry_and_stand_at_the_venue(stand: Stand) -> None:
    desk, door = stand.desk, Door(stand)
    [command] = parse("buy 0.01 sl 49000 tp 52000").commands
    await Executor(desk).run(command, send=True)
    [body] = door.bodies
    assert (body["stopLossPrice"], body["lossTrend"], body["takeProfitPrice"], body["profitTrend"]) == (49_000, 2, 52_000, 2)
    await until(lambda: any(order.venue_id.startswith("exit-") for order in desk.store.blotter.working()))
    [exit_order] = desk.store.blotter.working()
    assert (exit_order.type, exit_order.trigger_price, exit_order.take_profit) == (OrderType.STOP, 49_000, 52_000)
    await until(lambda: not desk.protect.naked)
    assert desk.protect.role(exit_order) == "native"


async def test_a_stop_over_a_whole_leg_has_its_size(stand: Stand) -> None:
    """Here an exit of no size would close nothing: what waits is told how much it closes."""
    desk = stand.desk
    stand.trade("sim", Side.BUY, D("0.02"), None, "web-1")
    await until(lambda: desk.store.open_positions())
    [position] = desk.store.open_positions()
    desk.stage.protect(position)
    await desk.begin_send()
    await until(lambda: any(order.status is OrderStatus.ARMED for order in desk.store.blotter.working()))
    [stop] = desk.store.blotter.working()
    assert (stop.type, stop.qty, stop.reduce_only, stop.external) == (OrderType.STOP, D("0.02"), True, False)
