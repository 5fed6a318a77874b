"""Alerts and lines that wait, typed and run on a whole desk: what leaves, and that ticket and screen stay as they are."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.ui.desks import Keys, ScriptedDesk, quiet_desk
from tests.ui.panes.conftest import BTC
from tui_trader.venues.base import RequestKind


@pytest.fixture
def desk(tmp_path: Path) -> ScriptedDesk:
    made = quiet_desk(tmp_path)
    made.attention.start()
    return made


def price(desk: ScriptedDesk, mark: str) -> None:
    desk.world.ticker(last=mark, mark=mark)
    desk.world.usual_book()
    desk.attention.look()


async def run_all(desk: ScriptedDesk) -> None:
    for _ in range(200):
        await asyncio.sleep(0.005)
        if not any(name.startswith("line ") for name in desk._tasks.names):
            return


async def test_a_line_cancels_beside_the_staged_order(desk: ScriptedDesk) -> None:
    keys = Keys(desk)
    assert await keys.type("when btcusdt mark < 66700 : cancel bids")
    assert "runs only while this terminal is up" in keys.surface.last
    keys.do("join.sell")
    staged = desk.stage.draft
    price(desk, "66800")
    assert desk.kinds() == []
    price(desk, "66600")
    await run_all(desk)
    assert RequestKind.CANCEL in desk.kinds()
    assert desk.stage.draft is staged
    assert desk.focus == BTC
    sent = len(desk.kinds())
    price(desk, "66500")
    await run_all(desk)
    assert len(desk.kinds()) == sent


async def test_a_line_that_opens_is_asked_about_and_passes_every_judge(desk: ScriptedDesk) -> None:
    keys = Keys(desk)
    line = "when btcusdt mark > 67500 : buy 0.01 @ 67400"
    assert not await keys.type(line)
    assert "Enter again does it" in keys.surface.last
    assert desk.attention.lines.rows() == []
    desk.world.clock.advance(1)
    assert await keys.type(line)
    assert len(desk.attention.lines.rows()) == 1
    desk.controls.reduce("asked for by the trader")
    price(desk, "67501")
    await run_all(desk)
    assert desk.creates() == []  # refused as a typed one would be
    notices = " ".join(notice.text for notice in desk.store.notices)
    assert "was not done: " in notices
    assert "REDUCING" in notices


async def test_an_order_of_a_line_leaves_once(desk: ScriptedDesk) -> None:
    keys = Keys(desk)
    assert await keys.type("when btcusdt mark > 67500 : buy 0.01 @ 67400!")
    price(desk, "67501")
    price(desk, "67502")
    await run_all(desk)
    price(desk, "67503")
    await run_all(desk)
    assert len(desk.creates()) == 1


@pytest.mark.parametrize("flatten", [False, True])
async def test_a_panic_ends_every_line(desk: ScriptedDesk, flatten: bool) -> None:
    keys = Keys(desk)
    assert await keys.type("when btcusdt mark > 67500 : buy 0.01 @ 67400!")
    await desk.panic(flatten=flatten)
    assert desk.attention.lines.rows() == []
    price(desk, "67501")
    await run_all(desk)
    assert desk.creates() == [] or flatten


async def test_alerts_are_listed_and_ended_by_number(desk: ScriptedDesk) -> None:
    keys = Keys(desk)
    assert await keys.type("alert > 68000 bell repeat 0.5%") is False  # a symbol or a figure is needed
    assert await keys.type("alert last > 68000 bell repeat 0.5%")
    assert "BTCUSDT last > 68000" in keys.surface.last
    [alert] = desk.attention.alerts.rows()
    assert await keys.type(f"off {alert.number}")
    assert desk.attention.alerts.rows() == []
