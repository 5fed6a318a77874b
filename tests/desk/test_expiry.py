"""Orders with a time, and entries that share one bracket."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D
from typing import Any

import pytest

from tests.desk.conftest import BTC, World, until
from tui_trader.core.bracket import Bracket, together
from tui_trader.core.clock import NS
from tui_trader.core.grammar import parse_one
from tui_trader.core.order import Order
from tui_trader.core.types import ClientOrderId, OrderStatus, OrderType, PositionSide, Side
from tui_trader.desk.commands import Executor


async def test_an_order_is_cancelled_when_its_time_is_over_and_not_before(world: World) -> None:
    desk = await world.desk("BTCUSDT")
    (result,) = await Executor(desk).run(parse_one("buy 0.01 @ bid-2% gtd 1s"), send=True)
    made_ns = desk.clock.wall_ns()
    assert [run.what for run in desk.runs.rows()] == ["gtd"]

    def status() -> OrderStatus:
        order = desk.store.blotter.get(result.client_id)
        assert order is not None
        return order.status

    await until(lambda: status() is OrderStatus.LIVE, "it rests")
    await until(lambda: status() is OrderStatus.CANCELED, "its time is over")
    assert desk.clock.wall_ns() - made_ns > 0.9 * NS
    await until(lambda: not desk.runs.rows(), "nothing runs any more")
    assert any("runs only while this terminal is up" in notice.text for notice in desk.store.notices)


async def test_off_leaves_it_resting(world: World) -> None:
    desk = await world.desk("BTCUSDT")
    executor = Executor(desk)
    await executor.run(parse_one("buy 0.01 @ bid-2% gtd 1h"), send=True)
    (run,) = desk.runs.rows()
    (result,) = await executor.run(parse_one(f"off {run.number}"), send=True)
    assert "its order stays as it is" in result.text
    await until(lambda: not desk.runs.rows(), "it ends")
    assert len(desk.store.blotter.working(BTC)) == 1


def order(client_id: str, status: OrderStatus, **change: Any) -> Order:
    made = Order(ClientOrderId(client_id), BTC, Side.BUY, OrderType.LIMIT, D(2), status)
    return replace(made, **change)


BRACKET = Bracket(
    ClientOrderId("a"), BTC, Side.BUY, PositionSide.MERGED, stop=D(90), also=(ClientOrderId("b"), ClientOrderId("c"))
)


@pytest.mark.parametrize(
    ("statuses", "wanted"),
    [
        (("filled", "filled", "filled"), OrderStatus.FILLED),
        (("filled", "live", "filled"), OrderStatus.LIVE),
        (("filled", "canceled", None), OrderStatus.LIVE),
        (("canceled", "rejected", "canceled"), OrderStatus.CANCELED),
        (("absent", "absent", "absent"), OrderStatus.ABSENT),
        (("absent", "filled", "canceled"), OrderStatus.FILLED),
        (("unknown", "filled", "filled"), OrderStatus.LIVE),
    ],
)
def test_entries_of_one_bracket_are_over_when_all_of_them_are(statuses: tuple[str | None, ...], wanted: OrderStatus) -> None:
    filled = {"filled": D(2)}
    rows = [
        None if word is None else order(name, OrderStatus(word), filled=filled.get(word, D(0)), updated_ns=number)
        for number, (name, word) in enumerate(zip("abc", statuses, strict=True))
    ]
    found = together(BRACKET, rows)
    assert found is not None
    assert found.status is wanted
    assert found.filled == sum(row.filled for row in rows if row is not None)
    assert found.client_id == "a"


def test_before_the_first_has_left_there_is_nothing_to_see() -> None:
    assert together(BRACKET, [None, None, None]) is None
