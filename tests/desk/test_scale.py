"""A scale on the real exchange: staged as one, sent order by order through every check, one stop for what fills."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from tests.desk.conftest import BTC, WIDE, World, until
from tui_trader.core.error import CommandError, RefusedError
from tui_trader.core.grammar import parse_one
from tui_trader.core.objection import Rule
from tui_trader.core.order import Order
from tui_trader.core.types import OrderStatus
from tui_trader.desk.commands import Executor, Result
from tui_trader.desk.desk import Desk
from tui_trader.desk.plans import bracket_body, bracket_from_body
from tui_trader.venues.base import Outcome


async def run(desk: Desk, line: str, *, send: bool = True, stays: bool = True) -> Result:
    (result,) = await Executor(desk, stays=stays).run(parse_one(line), send=send, at_once=send)
    return result


def entries(desk: Desk) -> list[Order]:
    return [order for order in desk.store.blotter.working(BTC) if not order.reduce_only]


async def test_the_first_enter_stages_all_of_it_and_sends_nothing(world: World) -> None:
    desk = await world.desk("BTCUSDT")
    result = await run(desk, "scale buy $8k in 8 from -1% to -3% up sl -6%", send=False)
    assert result.staged
    view = desk.stage.view()
    assert view is not None
    assert view.ticket is not None
    assert view.sendable
    assert len(view.orders) == 8
    assert sum(order.qty for order in view.orders) == view.ticket.qty
    assert [order.qty for order in view.orders] == sorted(order.qty for order in view.orders)
    assert view.preview is not None
    assert view.preview.risk is not None
    assert view.preview.risk > 0
    assert world.server.receipts["POST /g-orders"] == 0
    with pytest.raises(CommandError, match="a scale is changed as a line"):
        desk.stage.nudge_price(1)
    with pytest.raises(CommandError, match="a scale is changed as a line"):
        desk.stage.toggle_reduce_only()


async def test_without_being_told_so_a_line_does_not_send_it_at_once(world: World) -> None:
    desk = await world.desk("BTCUSDT")
    (result,) = await Executor(desk).run(parse_one("scale buy 0.02 in 2 from -1% to -2%"), send=True)
    assert result.staged
    assert world.server.receipts["POST /g-orders"] == 0


async def test_each_order_leaves_once_at_its_price_and_at_our_own_rate(world: World) -> None:
    desk = await world.desk("BTCUSDT")
    result = await run(desk, "scale buy 0.08 in 8 from -1% to -3%")
    assert (result.outcome, result.text) == (Outcome.ACK, "order accepted")
    await until(lambda: sum(order.status is OrderStatus.LIVE for order in entries(desk)) == 8, "eight orders")
    found = sorted(order.price or D(0) for order in entries(desk))
    assert len(set(found)) == 8
    assert {order.qty for order in entries(desk)} == {D("0.01")}
    intents = [at for at, _ in desk.orders.recent]
    assert all(later - sooner >= 900_000_000 for sooner, later in zip(intents, intents[5:], strict=False)), "more than 5 a second"
    assert desk.runs.rows() == []


async def test_a_stop_covers_what_fills_as_one_order_and_follows(world: World) -> None:
    desk = await world.desk("BTCUSDT")
    result = await run(desk, "scale buy 0.06 in 3 from ask+0.2% to bid-3% sl -6%")
    assert result.outcome is Outcome.ACK
    await until(lambda: any(leg.qty == D("0.02") for leg in desk.store.open_positions()), "the first order filled")

    def stops() -> list[Order]:
        return [order for order in desk.store.blotter.working(BTC) if order.type.is_stop and order.status is OrderStatus.ARMED]

    await until(lambda: [order.qty for order in stops()] == [D("0.02")], "one stop for what filled")
    (bracket,) = desk.protect.brackets()
    assert len(bracket.entries) == 3
    assert bracket_from_body(bracket_body(bracket)) == bracket
    (rest,) = [order for order in entries(desk) if order.price == min(o.price or D(0) for o in entries(desk))]
    await until(lambda: desk.store.blotter.get(rest.client_id).status is OrderStatus.LIVE, "the lowest rests")  # type: ignore[union-attr]
    await desk.cancel_several(entries(desk))
    await until(lambda: not entries(desk), "the rest cancelled")
    assert [order.qty for order in stops()] == [D("0.02")], "the stop stays for what filled"


async def test_what_speaks_against_one_order_refuses_all(world: World) -> None:
    desk = await world.desk("BTCUSDT")
    await run(desk, "scale buy 0.04 in 4 from -1% to -30%", send=False)
    view = desk.stage.view()
    assert view is not None
    assert not view.sendable
    assert any(objection.code is Rule.PRICE_BAND and "order" in objection.text for objection in view.objections)
    with pytest.raises(RefusedError, match="from the mark"):
        await run(desk, "scale buy 0.04 in 4 from -1% to -30%")
    assert world.server.receipts["POST /g-orders"] == 0


async def test_the_limit_of_the_position_counts_all_orders_together(world: World) -> None:
    from dataclasses import replace

    desk = await world.desk("BTCUSDT", limits=replace(WIDE, position_notional=D(2_000)))
    with pytest.raises(RefusedError, match="position"):
        await run(desk, "scale buy $3k in 3 from -1% to -2%")
    assert world.server.receipts["POST /g-orders"] == 0


async def test_orders_that_would_take_at_once_are_doubted(world: World) -> None:
    desk = await world.desk("BTCUSDT")
    await run(desk, "scale buy 0.04 in 4 from ask+0.1% to bid-1%", send=False)
    view = desk.stage.view()
    assert view is not None
    assert any("at once" in objection.text and not objection.hard for objection in view.objections)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("scale buy $100 in 50 from -1% to -2%", "smallest of 50 orders"),
        ("scale buy 0.04 in 4 from -1% to -2% sl -0.2%", "must lie below all orders"),
        ("scale buy 0.04 in 50 from bid to bid-2t", "there are"),
    ],
)
async def test_what_cannot_be_a_scale_says_why(world: World, line: str, words: str) -> None:
    desk = await world.desk("BTCUSDT")
    with pytest.raises(CommandError, match=words) as caught:
        await run(desk, line)
    assert caught.value.fix
    assert desk.stage.draft is None


async def test_a_panic_between_its_orders_lets_no_more_of_them_out(world: World) -> None:
    desk = await world.desk("BTCUSDT")
    await run(desk, "scale buy 0.2 in 20 from -1% to -4%", send=False)
    work = desk.begin_send()
    import asyncio

    sending = asyncio.get_running_loop().create_task(work)
    await until(lambda: len(desk.orders.recent) >= 2, "two of them")
    await desk.panic()
    sent = await sending
    assert sent.outcome is not Outcome.ACK
    assert "then:" in sent.text
    assert len(desk.orders.recent) < 20
    await until(lambda: not entries(desk), "nothing left")


async def test_from_the_shell_one_with_a_stop_is_refused(world: World) -> None:
    desk = await world.desk("BTCUSDT")
    with pytest.raises(CommandError, match="a terminal that runs"):
        await run(desk, "scale buy 0.04 in 4 from -1% to -2% sl -5%", stays=False)
    assert (await run(desk, "scale buy 0.02 in 2 from -1% to -2%", stays=False)).outcome is Outcome.ACK
