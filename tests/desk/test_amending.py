"""A working order on the stage: one change of it, judged as it would stand, and only what a venue can change."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from tests.desk.conftest import BTC, Market, World, report, until
from tests.desk.test_desk import ended, passive
from tests.desk.test_stage import Desk as Staged
from tui_trader.core.command import Offset, OffsetUnit, Price
from tui_trader.core.error import CommandError, RefusedError
from tui_trader.core.event import OrderChanged
from tui_trader.core.order import Order
from tui_trader.core.types import OrderStatus, OrderType, PendingAction, Side
from tui_trader.desk.amending import Change, amending, change_of, words
from tui_trader.desk.moving import moved
from tui_trader.sim.faults import Action, FaultRule
from tui_trader.venues.base import Outcome

REPLACE = "PUT /g-orders/replace"


@pytest.fixture
def desk(market: Market) -> Staged:
    return Staged(market)


def working(desk: Staged, **change: object) -> Order:
    """Say a working buy of 3 at 100, changed."""
    desk.market.tell(OrderChanged(report(**change)))  # type: ignore[arg-type]
    order = desk.market.store.blotter.get("tt-1")
    assert order is not None
    return order


def asked(desk: Staged, order: Order) -> Change:
    draft = desk.stage.draft
    assert draft is not None
    return change_of(order, draft, desk.ticket())


# -- what is staged --------------------------------------------------------------------------------------------------------


def test_an_order_is_staged_as_it_stands(desk: Staged) -> None:
    order = working(desk)
    desk.stage.amend(order, "a1")
    assert asked(desk, order) == Change()
    assert desk.view().amended == order
    assert desk.view().draft.title == "amend a1"
    assert desk.view().sendable


def test_price_and_size_are_nudged(desk: Staged) -> None:
    order = working(desk)
    desk.stage.amend(order, "a1")
    desk.stage.nudge_price(-3)
    desk.stage.nudge_size(1)
    assert asked(desk, order) == Change(qty=D("3.3"), price=D("99.7"))
    assert words(order, asked(desk, order)) == "100 -> 99.7, size 3 -> 3.3"


def test_a_size_never_falls_to_what_is_filled(desk: Staged) -> None:
    order = working(desk, status=OrderStatus.PARTIAL, filled=D(2))
    desk.stage.amend(order, "a1")
    for _ in range(60):
        desk.stage.nudge_size(-1)
    assert asked(desk, order).qty == D("2.001")


def test_the_consequences_are_of_what_is_left(desk: Staged) -> None:
    order = working(desk, status=OrderStatus.PARTIAL, filled=D(2))
    desk.market.hold("2", "100")
    desk.stage.amend(order, "a1")
    preview = desk.view().preview
    assert preview is not None
    assert preview.position_qty == 3, "two are in the position already"


def test_the_order_itself_does_not_count_against_its_change(desk: Staged) -> None:
    """A post-only or size check that counted the present form as another order would object to every change."""
    order = working(desk)
    desk.stage.amend(order, "a1")
    desk.stage.nudge_price(-1)
    assert desk.view().objections == ()


def test_a_stop_moves_its_trigger_and_keeps_its_size(desk: Staged) -> None:
    desk.market.hold("3")
    order = working(
        desk,
        type=OrderType.STOP,
        side=Side.SELL,
        status=OrderStatus.ARMED,
        price=None,
        trigger_price=D(95),
        reduce_only=True,
    )
    desk.stage.amend(order, "a1")
    desk.stage.nudge_price(2)
    assert asked(desk, order) == Change(trigger=D("95.2"))
    with pytest.raises(CommandError, match="an exit keeps its size"):
        desk.stage.nudge_size(1)
    desk.stage.use_preset(2)
    assert asked(desk, order) == Change(trigger=D("95.2"))


def test_a_waiting_entry_may_change_its_size(desk: Staged) -> None:
    order = working(desk, type=OrderType.STOP, status=OrderStatus.ARMED, price=None, trigger_price=D(105))
    desk.stage.amend(order, "a1")
    desk.stage.nudge_size(-1)
    assert asked(desk, order) == Change(qty=D("2.7"))


@pytest.mark.parametrize(
    "key", ["toggle_post_only", "toggle_reduce_only", "cycle_tif", "toggle_market", "toggle_bracket"], ids=str
)
def test_what_a_venue_does_not_change_is_refused_and_shown_as_it_was(desk: Staged, key: str) -> None:
    order = working(desk)
    desk.stage.amend(order, "a1")
    before = desk.view()
    with pytest.raises(CommandError, match="keeps its kind"):
        getattr(desk.stage, key)()
    assert desk.view() == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": OrderStatus.CANCELED}, "nothing to change"),
        ({"pending": PendingAction.CANCEL}, "still being answered"),
        ({"type": OrderType.MARKET, "price": None}, "at the market"),
        (
            {"type": OrderType.TRAILING_STOP, "price": None, "trigger_price": D(95), "status": OrderStatus.ARMED},
            "trails by itself",
        ),
    ],
)
def test_what_cannot_be_changed_is_not_staged(desk: Staged, change: dict[str, object], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        amending(working(desk, **change), "a1")


def test_an_order_that_ends_on_the_stage_says_so(desk: Staged) -> None:
    order = working(desk)
    desk.stage.amend(order, "a1")
    working(desk, status=OrderStatus.FILLED, filled=D(3))
    assert "is over" in desk.view().problem


# -- moving several ----------------------------------------------------------------------------------------------------------


def by(value: str, unit: OffsetUnit = OffsetUnit.TICKS) -> Price:
    return Price(offset=Offset(D(value), unit))


def test_a_distance_is_from_where_each_stands(desk: Staged) -> None:
    resolver = desk.stage._resolver
    assert moved(resolver, working(desk), by("5")) == Change(price=D("100.5"))
    assert moved(resolver, working(desk), by("-1", OffsetUnit.PERCENT)) == Change(price=D(99))


def test_a_stop_limit_keeps_the_distance_between_its_two_prices(desk: Staged) -> None:
    order = working(desk, type=OrderType.STOP_LIMIT, status=OrderStatus.ARMED, price=D(94), trigger_price=D(95), side=Side.SELL)
    assert moved(desk.stage._resolver, order, by("5")) == Change(price=D("94.5"), trigger=D("95.5"))
    assert moved(desk.stage._resolver, order, Price(number=D(93))) == Change(price=D(93))


def test_a_stop_at_the_market_moves_its_trigger(desk: Staged) -> None:
    order = working(desk, type=OrderType.STOP, status=OrderStatus.ARMED, price=None, trigger_price=D(95), side=Side.SELL)
    assert moved(desk.stage._resolver, order, by("5")) == Change(trigger=D("95.5"))
    assert moved(desk.stage._resolver, order, Price(number=D(93))) == Change(trigger=D(93))


def test_a_move_to_nothing_is_refused(desk: Staged) -> None:
    with pytest.raises(CommandError, match="above zero"):
        moved(desk.stage._resolver, working(desk), by("-200", OffsetUnit.PERCENT))
    desk.market.tell(OrderChanged(report(client_id="tt-2", type=OrderType.MARKET, price=None)))
    order = desk.market.store.blotter.get("tt-2")
    assert order is not None
    with pytest.raises(CommandError, match="no price to move"):
        moved(desk.stage._resolver, order, by("5"))


# -- against the exchange ----------------------------------------------------------------------------------------------------


async def rest(desk: object, client_id: str, percent: str = "2") -> Order:
    await desk.submit(passive(desk, client_id, percent))  # type: ignore[attr-defined, arg-type]
    await ended(desk, client_id, OrderStatus.LIVE)  # type: ignore[arg-type]
    order = desk.store.blotter.get(client_id)  # type: ignore[attr-defined]
    assert order is not None
    return order


async def test_enter_sends_one_change(world: World) -> None:
    desk = await world.desk()
    order = await rest(desk, "tt-rest")
    assert order.price is not None
    desk.stage.amend(order, "a1")
    with pytest.raises(CommandError, match="nothing is changed"):
        desk.begin_send()
    desk.stage.nudge_price(-5)
    desk.stage.nudge_size(2)
    sent = await desk.send_stage()
    assert sent.outcome is Outcome.ACK
    assert desk.stage.draft is None
    lower = order.price - desk.resolver.instrument(BTC).tick * 5
    await until(lambda: (o := desk.store.blotter.get("tt-rest")) and (o.price, o.qty) == (lower, D("0.012")), "the change")
    assert world.server.receipts[REPLACE] == 1
    (at_venue,) = world.server.exchange.open_orders("sim")
    assert (at_venue.price, at_venue.qty) == (lower, D("0.012"))


async def test_a_second_change_in_flight_is_refused_and_stays_staged(world: World) -> None:
    desk = await world.desk()
    order = await rest(desk, "tt-rest")
    world.server.faults.add(FaultRule(Action.DELAY_BEFORE, prefix=REPLACE, seconds=0.5))
    desk.stage.amend(order, "a1")
    desk.stage.nudge_price(-5)
    draft = desk.stage.draft
    first = desk.begin_send()
    task = desk._tasks.spawn("first", first)
    await until(lambda: (o := desk.store.blotter.get("tt-rest")) and o.pending is PendingAction.AMEND, "on its way")
    with pytest.raises(CommandError, match="still being answered"):
        desk.stage.amend(desk.store.blotter.get("tt-rest") or order, "a1")
    desk.stage.draft = draft
    with pytest.raises(RefusedError, match="still being answered"):
        desk.begin_send()
    assert desk.stage.draft is draft
    await task
    assert world.server.receipts[REPLACE] == 1


async def test_what_the_venue_refuses_is_told(world: World) -> None:
    desk = await world.desk()
    order = await rest(desk, "tt-rest")
    desk.stage.amend(order, "a1")
    world.server.faults.add(FaultRule(Action.ERROR_BEFORE, prefix=REPLACE, status=400))
    desk.stage.nudge_price(-1)
    sent = await desk.send_stage()
    assert sent.outcome is not Outcome.ACK
    assert sent.text


async def test_several_are_moved_and_a_refusal_holds_nobody(world: World) -> None:
    desk = await world.desk()
    one, two, gone = await rest(desk, "tt-1", "2"), await rest(desk, "tt-2", "3"), await rest(desk, "tt-3", "4")
    assert one.price is not None
    assert two.price is not None
    await desk.cancel(gone)
    await ended(desk, "tt-3", OrderStatus.CANCELED)
    results = await desk.move([one, gone, two], by("-7"))
    assert [sent.outcome for sent in results] == [Outcome.ACK, Outcome.REJECTED, Outcome.ACK]
    step = desk.resolver.instrument(BTC).tick * 7
    await until(
        lambda: {order.price for order in world.server.exchange.open_orders("sim")} == {one.price - step, two.price - step},
        "both moved",
    )
