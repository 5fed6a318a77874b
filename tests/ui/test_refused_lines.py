"""A line that was to send its order at once and was refused: nothing left, and the order stands in the ticket to be looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ui.desks import LIMITS, Keys, Program, ScriptedDesk, program, quiet_desk
from tui_trader.core.error import TraderError

PACED = replace(LIMITS, per_second=2)


@pytest.fixture
def desk(tmp_path: Path) -> ScriptedDesk:
    return quiet_desk(tmp_path, limits=PACED)


@pytest.fixture
async def keys(desk: ScriptedDesk) -> AsyncIterator[Keys]:
    yield Keys(desk)
    await desk.close()


@pytest.fixture
async def shown(desk: ScriptedDesk) -> AsyncIterator[Program]:
    async with program(desk, (120, 40)) as running:
        yield running


def later(desk: ScriptedDesk, seconds: float = 1.5) -> None:
    """Let time pass in which the market goes on."""
    desk.world.clock.advance(seconds)
    desk.world.trading()
    for lane in ("public", "private"):
        desk.store.heard("phemex", lane)


async def spent(shown: Program) -> None:
    """Send what may leave in this second."""
    for price in ("66000", "66001"):
        await shown.type(f":buy 0.01 @ {price}!\n")


async def test_the_order_is_staged_with_what_objects_and_the_log_has_the_reason(desk: ScriptedDesk, shown: Program) -> None:
    await shown.type(":buy 3 @ 67000!\n")
    assert desk.creates() == []
    assert desk.stage.draft is not None
    assert "BUY 3.000 BTC" in shown.pane("ticket")
    assert "NO: order of $201,000.00 is above the limit of $100,000.00" in shown.pane("ticket")
    assert "above the limit" in shown.said
    line = desk.store.notices[-1].text
    assert line.startswith("not sent: buy 3 @ 67000!: order of $201,000.00 is above the limit")
    assert line.endswith("it is still staged")
    assert "not sent: buy 3 @ 67000!" in shown.pane("log")


async def test_after_the_second_is_over_two_enters_with_a_look_between_send_it(desk: ScriptedDesk, shown: Program) -> None:
    await spent(shown)
    await shown.type(":buy 0.01 @ 66002!\n")
    assert len(desk.creates()) == 2
    assert "NO: 2 orders in the last 1 s" in shown.pane("ticket")
    later(desk)
    await shown.settle()
    assert "NOT SENT: " in shown.pane("ticket"), "what spoke against it is over, and it still says that it did not leave"
    assert "Enter twice sends" in shown.picture()
    await shown.press("enter")
    assert len(desk.creates()) == 2
    assert "Enter again sends" in shown.said
    await shown.press("enter")
    assert len(desk.creates()) == 3


async def test_quick_and_held_enters_after_the_line_send_nothing(desk: ScriptedDesk, shown: Program) -> None:
    await spent(shown)
    await shown.type(":buy 0.01 @ 66002!\n")
    later(desk)
    for _ in range(60):  # a key that is held from the line on, its repetitions 33 ms apart
        later(desk, 0.033)
        await shown.type("\n")
    assert len(desk.creates()) == 2
    assert desk.stage.draft is not None


async def test_a_line_with_all_its_enters_in_one_read_sends_nothing(desk: ScriptedDesk, shown: Program) -> None:
    await spent(shown)
    await shown.type(":buy 0.01 @ 66002!" + "\n" * 20)
    later(desk)
    await shown.type("\n" * 20)
    assert len(desk.creates()) == 2


async def test_a_key_that_changes_it_makes_it_an_order_like_any_other(desk: ScriptedDesk, shown: Program) -> None:
    await spent(shown)
    await shown.type(":buy 0.01 @ 66002!\n")
    later(desk)
    await shown.press("j")
    assert "NOT SENT" not in shown.pane("ticket")
    await shown.press("enter")
    assert len(desk.creates()) == 3


async def test_esc_drops_it(desk: ScriptedDesk, shown: Program) -> None:
    await shown.type(":buy 3 @ 67000!\n")
    await shown.press("escape")
    assert desk.stage.draft is None
    assert "NO:" not in shown.pane("ticket")


async def test_what_cannot_be_resolved_stays_with_what_is_wrong(keys: Keys) -> None:
    with pytest.raises(TraderError):
        await keys.type("buy 0.01 @ bid tp 60000!")
    view = keys.desk.stage.view()
    assert view is not None
    assert "must lie above its entry" in view.problem
    assert keys.desk.creates() == []


async def test_an_exit_that_was_refused_is_guarded_like_an_entry(keys: Keys) -> None:
    with pytest.raises(TraderError):
        await keys.type("sl 70000!")  # a stop over a long: it would fire at once
    assert keys.desk.creates() == []
    assert keys.desk.stage.draft is not None
    assert keys.trading.refused


@pytest.mark.parametrize("line", ["buy 3 @ 67000; buy 3 @ 66000!", "limits; buy 3 @ 67000!", "close longs; buy 3 @ 67000!"])
async def test_a_line_with_more_in_it_stages_nothing(keys: Keys, line: str) -> None:
    with pytest.raises(TraderError):
        await keys.type(line)
    assert keys.desk.stage.draft is None
    assert not keys.trading.refused


async def test_what_is_staged_while_an_answer_is_awaited_stays(keys: Keys) -> None:
    """The ticket is the trader's again as soon as the line has left."""
    assert keys.trading.enter("buy 0.01 @ 66000!")
    work = keys.surface.work.pop(0)
    work.send(None)  # up to where it waits for the venue
    assert keys.desk.stage.draft is None
    keys.do("join.sell")
    staged = keys.desk.stage.draft
    work.close()
    assert staged is not None
    assert keys.desk.stage.draft is staged


async def test_a_size_that_looks_like_a_price_is_in_the_log_too(keys: Keys) -> None:
    with pytest.raises(TraderError, match="did you mean"):
        await keys.type("buy 67000!")
    assert keys.desk.store.notices[-1].text.startswith("not sent: buy 67000!")
    assert keys.desk.stage.draft is None
    assert not [one for one in keys.desk.store.notices if one.text.endswith("still staged")]
    assert keys.desk.creates() == []
