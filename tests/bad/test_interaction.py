"""Nothing that hands or terminals do by accident sends an order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual import events
from textual._xterm_parser import XTermParser

from tests.bad.interaction import ROWS
from tests.ui.desks import Program, ScriptedDesk, key_event, program, quiet_desk
from tests.ui.panes.conftest import ETH
from tui_trader.ui.app import TraderApp

CASES = {row.name: row.cases for row in ROWS}


@pytest.fixture
def desk(tmp_path: Path) -> ScriptedDesk:
    return quiet_desk(tmp_path)


@pytest.fixture
async def shown(desk: ScriptedDesk) -> AsyncIterator[Program]:
    async with program(desk, (120, 40)) as running:
        yield running


async def _leave(shown: Program) -> None:
    """Close whatever is open and forget what is staged."""
    await shown.leave_fields()
    await shown.settle()


async def test_enter_held(desk: ScriptedDesk, shown: Program) -> None:
    for sent, times in enumerate(CASES["Enter held"], 1):
        await shown.press("bsb"[sent])
        for _ in range(times):
            shown.app.post_message(key_event("enter"))
        await shown.settle()
        assert len(desk.creates()) == sent


async def test_clicks_confirm_nothing(desk: ScriptedDesk, shown: Program) -> None:
    await shown.press("b")
    width, height = shown.app.size
    for times in CASES["double click confirm"]:
        for y in range(1, height, 13):
            await shown.pilot.click(offset=(y * width // height, y), times=times)
        await shown.settle()
    assert desk.creates() == []
    assert not any(pane.failed for pane in shown.screen.panes.values())


@pytest.mark.parametrize("place", ["b", ":", "b\t"], ids=["staged", "prompt", "form"])
async def test_pasted_lines(desk: ScriptedDesk, shown: Program, place: str) -> None:
    for text in CASES["paste `1\\n\\n\\r2`"]:
        await shown.type(place)
        shown.app.post_message(events.Paste(text))
        await shown.settle()
        assert desk.creates() == [], repr(text)
        assert len(shown.screen.prompt.value.splitlines()) <= 1, repr(shown.screen.prompt.value)
        await _leave(shown)


async def test_typed_ahead(desk: ScriptedDesk, shown: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TraderApp, "display_delayed", property(lambda app: True))
    for text in CASES["type-ahead during lag"]:
        await shown.type(text)
        assert desk.creates() == [], text
        await _leave(shown)


@pytest.mark.parametrize("opened", [":buy 0.01 @ bid", "b\t", "?"], ids=["prompt", "form", "help"])
async def test_a_resize_while_something_is_open(desk: ScriptedDesk, shown: Program, opened: str) -> None:
    for size in CASES["resize in dialog"]:
        await shown.type(opened)
        typed = shown.screen.prompt.value
        await shown.pilot.resize_terminal(*size)
        await shown.settle()
        assert shown.screen.prompt.value == typed
        await shown.pilot.resize_terminal(120, 40)
        await shown.settle()
        assert desk.creates() == []
        assert not any(pane.failed for pane in shown.screen.panes.values())
        await _leave(shown)


async def test_the_focus_goes_and_comes(desk: ScriptedDesk, shown: Program) -> None:
    for opened in ("b", ":buy 0.01", "b\t"):
        await shown.type(opened)
        typed, draft = shown.screen.prompt.value, desk.stage.draft
        for event in (events.AppBlur(), events.AppFocus()):
            shown.app.post_message(event)
            await shown.settle()
        assert (shown.screen.prompt.value, desk.stage.draft) == (typed, draft)
        assert desk.creates() == []
        await _leave(shown)
    await shown.press("b")
    shown.screen.show_instrument(ETH)
    await shown.press("enter")
    assert desk.stage.draft is None
    assert desk.creates() == [], "the order of an instrument that is not on the screen any more"


@pytest.mark.parametrize("sequence", CASES["esc+key sequences split"], ids=repr)
def test_a_sequence_in_pieces_is_no_enter(sequence: str) -> None:
    for at in range(1, len(sequence)):
        parser = XTermParser(False)
        heard = [*parser.feed(sequence[:at]), *parser.feed(sequence[at:])]
        assert not any(isinstance(event, events.Key) and event.key in ("enter", "ctrl+j") for event in heard), (at, heard)


async def test_dialogs_over_each_other(desk: ScriptedDesk, shown: Program) -> None:
    for keys in CASES["two dialogs"]:
        await shown.type(keys)
        await shown.press("escape")
        assert desk.creates() == [], keys
        assert shown.app.is_running
        await _leave(shown)


async def test_a_letter_in_a_field_is_a_letter(desk: ScriptedDesk, shown: Program) -> None:
    letters = "".join(CASES["hotkey letter inside a text field"])
    await shown.type(":" + letters)
    assert shown.screen.prompt.value == ":" + "".join(c for c in letters if c.isprintable())
    assert desk.stage.draft is None
    assert desk.creates() == []
