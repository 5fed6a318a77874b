"""A key that fails ends itself and not the program: said, recorded, never tried again, and loud in tests that are not of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.failures import none_unseen
from tests.ui.desks import Program, ScriptedDesk, program, quiet_desk
from tui_trader.core.error import CommandError
from tui_trader.ui import crash

pytestmark = pytest.mark.crashes


@pytest.fixture
def desk(tmp_path: Path) -> ScriptedDesk:
    return quiet_desk(tmp_path)


@pytest.fixture
async def shown(desk: ScriptedDesk) -> AsyncIterator[Program]:
    async with program(desk, (120, 40)) as running:
        yield running


def fail() -> None:
    raise LookupError("a row that was not there")


async def test_a_key_that_fails_is_said_and_the_next_one_works(
    desk: ScriptedDesk, shown: Program, caplog: pytest.LogCaptureFixture
) -> None:
    shown.screen.trading.performers["reverse"] = fail
    await shown.press("R")
    assert shown.said.startswith("the key R failed: LookupError, reference ")
    reference = shown.said.split("reference ")[1][:8]
    assert f"crash {reference}" in caplog.text
    assert "a row that was not there" in caplog.text
    await shown.press("b", "enter")
    assert len(desk.creates()) == 1


async def test_a_key_of_the_screen_that_fails_leaves_the_screen(desk: ScriptedDesk, shown: Program) -> None:
    shown.screen.performers["zoom"] = fail
    await shown.press("z")
    assert "the key z failed" in shown.said
    await shown.press("g", "o")
    assert shown.screen.pane_focus.slot == "orders"


async def test_what_was_staged_is_dropped_with_it_and_is_not_sent_by_the_next_enter(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("b")
    shown.screen.trading.performers["bracket"] = fail
    await shown.press("t")
    assert desk.stage.draft is None
    await shown.press("enter")
    assert desk.sent == []


async def test_a_send_that_fails_halfway_is_not_sent_twice(
    desk: ScriptedDesk, shown: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = desk.begin_send

    def broken() -> object:
        work = begin()
        work.close()
        fail()
        return work

    await shown.press("b")
    monkeypatch.setattr(desk, "begin_send", broken)
    await shown.press("enter", "enter")
    assert "failed: LookupError" in shown.said
    monkeypatch.setattr(desk, "begin_send", begin)
    await shown.press("enter")
    assert desk.creates() == []


async def test_armed_keys_are_safe_again(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("A")
    assert shown.screen.trading.arming.armed
    shown.screen.performers["zoom"] = fail
    await shown.press("z")
    assert not shown.screen.trading.arming.armed


async def test_the_panic_key_still_works_after_a_key_that_failed(desk: ScriptedDesk, shown: Program) -> None:
    shown.screen.trading.performers["close"] = fail
    await shown.press("x", "ctrl+g")
    assert desk.kinds(), "orders were cancelled"


async def test_a_line_that_fails_while_it_is_typed_stays_to_be_mended(
    desk: ScriptedDesk, shown: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown.screen.trading, "explain", lambda text: fail())
    await shown.type(":buy 1")
    assert "reading the line failed: LookupError" in shown.picture()
    assert shown.screen.prompt.value == ":buy 1"
    assert desk.sent == []


async def test_a_refusal_of_ours_is_said_like_any_other(desk: ScriptedDesk, shown: Program) -> None:
    def refuse() -> None:
        raise CommandError("not here", fix="there")

    shown.screen.performers["zoom"] = refuse
    await shown.press("b", "z")
    assert shown.said == "not here  try: there"
    assert desk.stage.draft is not None


def test_a_failure_that_a_supervisor_caught_fails_the_test_in_which_it_happened() -> None:
    with pytest.raises(AssertionError, match=r"crash [0-9a-f]{8}"), none_unseen():
        crash.record(ValueError("here"))
    with none_unseen(wanted=True):
        crash.record(ValueError("here"))
