"""The fewest keys: each common move is made by as many keys as are counted here, and what they send is looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal as D
from pathlib import Path

import pytest

from tests.ui.desks import Program, ScriptedDesk, program, quiet_desk
from tui_trader.venues.base import RequestKind


@pytest.fixture
def desk(tmp_path: Path) -> ScriptedDesk:
    return quiet_desk(tmp_path)


@pytest.fixture
async def shown(desk: ScriptedDesk) -> AsyncIterator[Program]:
    async with program(desk, (80, 24)) as running:
        yield running


async def press(shown: Program, *keys: str, most: int) -> None:
    """Press keys, of which there may be so many."""
    assert len(keys) <= most
    await shown.press(*keys)


async def test_a_bracket_sized_by_risk_takes_five_keys(desk: ScriptedDesk, shown: Program) -> None:
    await press(shown, "b", "t", "j", "j", "enter", most=5)
    (order,) = desk.creates()
    assert b'"stopLossRp"' in order.body
    assert b'"takeProfitRp"' in order.body
    assert b'"priceRp":"67411"' in order.body


async def test_at_the_bid_it_takes_three(desk: ScriptedDesk, shown: Program) -> None:
    await press(shown, "b", "t", "enter", most=3)
    assert len(desk.creates()) == 1


@pytest.mark.parametrize("line", ["buy r:.5% @bid sl 66640 tp 2R po!", "b r:.5% @ bid sl 66640 tp 2R po"])
async def test_typed_it_takes_thirty_six_characters_to_the_last_enter(desk: ScriptedDesk, shown: Program, line: str) -> None:
    ends = 1 if line.endswith("!") else 2
    assert 1 + len(line) + ends <= 36
    await shown.type(":" + line)
    await shown.press(*["enter"] * ends)
    await shown.settle()
    (order,) = desk.creates()
    assert b'"timeInForce":"PostOnly"' in order.body
    assert b'"stopLossRp":"66640"' in order.body
    size = next(o.qty for o in desk.store.blotter.orders() if o.stop_loss == D(66640))
    risked = (D(67412) - D(66640)) * size
    equity = desk.store.pnl("USDT")
    assert equity is not None
    assert equity.equity * D("0.0049") < risked <= equity.equity * D("0.005")


async def test_the_line_of_the_manual_is_staged_with_thirty_six(desk: ScriptedDesk, shown: Program) -> None:
    line = ":buy r:0.5% @ bid sl 66640 tp 2R po"
    assert len(line) + 1 <= 36
    await shown.type(line)
    await shown.press("enter")
    assert desk.sent == []
    assert desk.stage.draft is not None
    assert "SL 66,640" in shown.pane("ticket")
    assert "RR 2.0" in shown.pane("ticket")


async def test_the_stop_goes_to_break_even_with_two(desk: ScriptedDesk, shown: Program) -> None:
    await press(shown, "e", "enter", most=2)
    assert desk.kinds() == [RequestKind.AMEND]
    assert "stopPxRp=67125" in desk.sent[-1].target


async def test_half_is_taken_off_with_three(desk: ScriptedDesk, shown: Program) -> None:
    await press(shown, "x", "2", "enter", most=3)
    (order,) = desk.creates()
    assert b'"reduceOnly":true' in order.body
    assert b'"orderQtyRq":"0.25"' in order.body


async def test_everything_is_cancelled_with_one(desk: ScriptedDesk, shown: Program) -> None:
    await press(shown, "ctrl+g", most=1)
    assert desk.kinds()
    assert set(desk.kinds()) == {RequestKind.CANCEL}


async def test_everything_is_flattened_with_two(desk: ScriptedDesk, shown: Program) -> None:
    await press(shown, "ctrl+g", "ctrl+g", most=2)
    closes = desk.creates()
    assert {request.body.split(b'"symbol":"')[1].split(b'"')[0] for request in closes} == {b"BTCUSDT", b"ETHUSDT"}
    assert all(b'"reduceOnly":true' in request.body for request in closes)
