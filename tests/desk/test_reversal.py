"""A position turned around: two requests, the second only after the first is known to be done."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from tests.desk.conftest import BTC, World, until
from tests.desk.test_desk import CREATE, buy
from tui_trader.core.error import RefusedError
from tui_trader.core.risk import Limits
from tui_trader.core.types import PositionMode, PositionSide, Side
from tui_trader.desk import reversal
from tui_trader.desk.desk import Desk
from tui_trader.sim.faults import Action, FaultRule
from tui_trader.venues.base import Outcome


async def long(world: World, **change: Limits) -> Desk:
    desk = await world.desk(**change)
    await buy(desk)
    return desk


@pytest.mark.parametrize("mode", list(PositionMode))
async def test_a_long_becomes_a_short_of_the_same_size(world: World, mode: PositionMode) -> None:
    world.server.exchange.set_position_mode("sim", "BTCUSDT", mode)
    desk = await long(world)
    (position,) = desk.store.open_positions()
    desk.stage.reverse(position)
    view = desk.stage.view()
    assert view is not None
    assert view.reversed == position
    assert view.preview is not None
    assert (view.preview.position_side, view.preview.position_qty) == (Side.SELL, position.qty)
    assert world.server.receipts[CREATE] == 1
    sent = await desk.send_stage()
    assert sent.outcome is Outcome.ACK
    await until(lambda: [p.side for p in desk.store.open_positions()] == [Side.SELL], "the other side")
    (turned,) = desk.store.open_positions()
    assert turned.qty == position.qty
    assert turned.position_side is (PositionSide.MERGED if mode is PositionMode.ONE_WAY else PositionSide.SHORT)
    assert world.server.receipts[CREATE] == 3


async def test_half_a_reversal_is_not_begun(world: World) -> None:
    """What stands against the second order holds the first one back too: the trader asked for both."""
    desk = await long(world)
    (position,) = desk.store.open_positions()
    desk.stage.reverse(position)
    desk.controls.reduce("a test")
    with pytest.raises(RefusedError):
        desk.begin_send()
    assert world.server.receipts[CREATE] == 1
    assert desk.stage.draft is not None


async def test_a_close_without_an_answer_ends_it(world: World) -> None:
    desk = await long(world)
    (position,) = desk.store.open_positions()
    desk.stage.reverse(position)
    world.server.faults.add(FaultRule(Action.DROP_AFTER, prefix=CREATE))
    sent = await desk.send_stage()
    assert sent.outcome is Outcome.UNKNOWN
    assert sent.text.startswith("not turned around")
    assert world.server.receipts[CREATE] == 2


async def test_a_close_that_is_not_known_to_be_done_ends_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = await long(world)
    (position,) = desk.store.open_positions()
    desk.stage.reverse(position)
    monkeypatch.setattr(reversal, "PATIENCE_S", 0.0)
    sent = await desk.send_stage()
    assert sent.outcome is Outcome.REJECTED
    assert "not known to be closed" in sent.text
    assert world.server.receipts[CREATE] == 2


async def test_a_position_that_is_gone_is_not_turned_around(world: World) -> None:
    desk = await long(world)
    (position,) = desk.store.open_positions()
    desk.stage.close(position, D(100))
    await desk.send_stage()
    await until(lambda: not desk.store.open_positions(), "flat")
    desk.stage.reverse(position)
    with pytest.raises(RefusedError, match="closed already"):
        desk.begin_send()
    assert desk.store.position(BTC) is not None
