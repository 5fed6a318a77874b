"""What was cancelled comes back to the stage and to nowhere else."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from tests.desk.conftest import BTC, Market, World, report
from tests.desk.test_amending import rest
from tests.desk.test_desk import ended
from tui_trader.core.bracket import Bracket, Goal
from tui_trader.core.error import CommandError
from tui_trader.core.event import OrderChanged
from tui_trader.core.order import Order
from tui_trader.core.types import OrderStatus, OrderType, PendingAction, PositionSide, Side, TimeInForce, TriggerSource
from tui_trader.desk.undo import MOST, Undo


def say(market: Market, status: OrderStatus = OrderStatus.LIVE, client_id: str = "tt-1", **change: object) -> Order:
    market.tell(OrderChanged(report(status, client_id, **change)))
    order = market.store.blotter.get(client_id)
    assert order is not None
    return order


def name(order: Order) -> str:
    return order.client_id


@pytest.fixture
def undo(market: Market) -> Undo:
    return Undo(market.store)


def test_nothing_was_cancelled(undo: Undo) -> None:
    with pytest.raises(CommandError, match="nothing was cancelled"):
        undo.next(name)


def test_what_was_left_of_an_order_comes_back_as_it_was(undo: Undo, market: Market) -> None:
    undo.note([say(market, tif=TimeInForce.POST_ONLY)])
    say(market, OrderStatus.CANCELED, filled=D(1))
    draft, left = undo.next(name)
    assert left == 0
    assert (draft.instrument, draft.side, draft.size.value, draft.tif) == (BTC, Side.BUY, D(2), TimeInForce.POST_ONLY)
    assert draft.price is not None
    assert draft.price.number == 100
    assert draft.amends is None
    with pytest.raises(CommandError, match="nothing was cancelled"):
        undo.next(name)


def test_the_latest_cancel_comes_first_and_its_orders_one_after_the_other(undo: Undo, market: Market) -> None:
    undo.note([say(market, client_id="tt-0")])
    undo.note([say(market, client_id="tt-1"), say(market, client_id="tt-2")])
    for client_id in ("tt-0", "tt-1", "tt-2"):
        say(market, OrderStatus.CANCELED, client_id)
    titles = [(draft.title, left) for draft, left in (undo.next(name) for _ in range(3))]
    assert titles == [("again tt-1", 1), ("again tt-2", 0), ("again tt-0", 0)]


def test_a_cancel_that_is_not_answered_is_waited_for(undo: Undo, market: Market) -> None:
    undo.note([say(market)])
    say(market, pending=PendingAction.CANCEL)
    with pytest.raises(CommandError, match="not answered yet"):
        undo.next(name)
    say(market, OrderStatus.CANCELED)
    assert undo.next(name)[0].title == "again tt-1"


def test_an_order_that_was_filled_first_or_lives_on_does_not_come_back(undo: Undo, market: Market) -> None:
    undo.note([say(market, client_id="tt-1"), say(market, client_id="tt-2"), say(market, client_id="tt-3")])
    say(market, OrderStatus.FILLED, "tt-1", filled=D(3))
    say(market, OrderStatus.LIVE, "tt-2")
    say(market, OrderStatus.CANCELED, "tt-3")
    draft, left = undo.next(name)
    assert (draft.title, left) == ("again tt-3", 0)
    undo.note([say(market, client_id="tt-4")])
    with pytest.raises(CommandError, match="still working"):
        undo.next(name)


def test_a_stop_waits_again_for_what_it_waited_for(undo: Undo, market: Market) -> None:
    stop = {
        "type": OrderType.STOP,
        "side": Side.SELL,
        "price": None,
        "trigger_price": D(95),
        "trigger_source": TriggerSource.LAST,
        "reduce_only": True,
    }
    undo.note([say(market, OrderStatus.ARMED, **stop)])
    say(market, OrderStatus.CANCELED, **stop)
    draft, _ = undo.next(name)
    assert draft.trigger is not None
    assert draft.trigger.price is not None
    assert (draft.trigger.price.number, draft.trigger.source, draft.touch) == (D(95), TriggerSource.LAST, False)
    assert draft.market
    assert draft.reduce_only
    assert draft.closes


def test_an_entry_comes_back_with_the_exits_of_its_bracket(undo: Undo, market: Market) -> None:
    order = say(market)
    goals = (Goal(D(104), D(50)), Goal(D(108), D(50), TriggerSource.LAST, D(107)))
    undo.note([order], [Bracket(order.client_id, BTC, Side.BUY, PositionSide.MERGED, stop=D(97), goals=goals)])
    say(market, OrderStatus.CANCELED)
    draft, _ = undo.next(name)
    assert draft.stop_loss is not None
    assert draft.stop_loss.price is not None
    assert draft.stop_loss.price.number == 97
    assert [(target.trigger.price and target.trigger.price.number, target.portion) for target in draft.targets] == [
        (D(104), D(50)),
        (D(108), D(50)),
    ]


def test_what_is_remembered_is_bounded(undo: Undo, market: Market) -> None:
    for number in range(MOST * 2):
        order = say(market, client_id=f"tt-{number}")
        undo.note([order], [Bracket(order.client_id, BTC, Side.BUY, PositionSide.MERGED, stop=D(97))])
    assert len(undo._batches) == len(undo._brackets) == MOST


async def test_undo_stages_and_never_sends(world: World) -> None:
    desk = await world.desk()
    order = await rest(desk, "tt-rest")
    await desk.cancel(order)
    await ended(desk, "tt-rest", OrderStatus.CANCELED)
    before = world.server.receipts["POST /g-orders"]
    assert desk.undo_cancel(name) == 0
    view = desk.stage.view()
    assert view is not None
    assert view.ticket is not None
    assert (view.ticket.price, view.ticket.qty) == (order.price, order.qty)
    assert world.server.receipts["POST /g-orders"] == before
    desk.stage.nudge_price(-1)  # the very same order within two seconds is taken for a mistake
    sent = await desk.send_stage()
    assert sent.client_id != "tt-rest"
    await ended(desk, sent.client_id, OrderStatus.LIVE)
