"""Workspaces: what is shown and hidden, what outlives the program, and what a damaged file does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ui.desks import Program, ScriptedDesk, program, quiet_desk
from tui_trader.storage.state_file import StateFile
from tui_trader.ui.slot import Slot
from tui_trader.ui.workspace import ALWAYS, SHIPPED, Shelf, Workspace, read


@pytest.fixture
def desk(tmp_path: Path) -> ScriptedDesk:
    return quiet_desk(tmp_path)


def shown_slots(shown: Program) -> set[Slot]:
    return {slot for slot, pane in shown.screen.panes.items() if pane.display}


async def test_w_walks_through_the_workspaces_and_comes_back(desk: ScriptedDesk) -> None:
    async with program(desk, (120, 40)) as shown:
        first = shown.screen.plan
        for space in (*SHIPPED[1:], SHIPPED[0]):
            await shown.press("w")
            assert f"workspace {space.name}: all, book, chart, review" in shown.said
            assert not shown_slots(shown) & space.hidden
            assert shown_slots(shown) >= {Slot.TICKET, Slot.HEADER, Slot.STATUS}
        assert shown.screen.plan == first
        assert desk.sent == []


async def test_layout_lines(desk: ScriptedDesk) -> None:
    async with program(desk, (120, 40)) as shown:
        await shown.type(":layout hide tape\n")
        assert shown.said == "layout: tape hidden"
        assert Slot.TAPE not in shown_slots(shown)
        await shown.type(":layout save mine\n")
        await shown.type(":layout reset\n")
        assert Slot.TAPE in shown_slots(shown)
        await shown.type(":layout load mine\n")
        assert Slot.TAPE not in shown_slots(shown)
        await shown.type(":layout show tape\n")
        assert Slot.TAPE in shown_slots(shown)
        await shown.type(":layout\n")
        assert shown.said == "layouts: all, book, chart, review, mine; shown: mine"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("layout load nothing", "there is no layout called 'nothing'  try: there are all, book, chart, review"),
        ("layout hide positions", "'positions' names no pane that can be hidden"),
        ("layout hide", "there is no layout called 'hide'"),
        ("layout save a-b", "'a-b' is no name for a layout"),
        ("layout hide tape now", "a layout is loaded, saved or reset"),
    ],
)
async def test_a_line_that_does_not_read_stays_to_be_mended(desk: ScriptedDesk, line: str, says: str) -> None:
    async with program(desk, (120, 40)) as shown:
        await shown.type(f":{line}\n")
        assert says in shown.said
        assert shown.screen.prompt.display


async def test_what_was_shown_is_shown_at_the_next_start(tmp_path: Path) -> None:
    file = tmp_path / "screen.json"
    async with program(quiet_desk(tmp_path), (120, 40)) as shown:
        shown.screen.workspaces._shelf = Shelf(StateFile(file))
        await shown.type(":layout hide tape\n")
        await shown.press("g", "o", "+")
        shown.screen.workspaces.keep()
    kept = Shelf(StateFile(file))
    assert kept.now == Workspace("all", frozenset({Slot.TAPE}), None, Slot.ORDERS, "BTCUSDT", shown.screen.ladder.grouping)
    assert kept.now.group > 1
    (tmp_path / "again").mkdir()

    def begin(app: object) -> None:
        app.shelf = kept  # type: ignore[attr-defined]

    async with program(quiet_desk(tmp_path / "again"), (120, 40), before=begin) as again:
        assert Slot.TAPE not in shown_slots(again)
        assert again.screen.pane_focus.slot is Slot.ORDERS
        assert again.screen.ladder.grouping == kept.now.group


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"now": 5, "saved": {}}', '{"now": {"hidden": ["ticket", 5], "group": -1, "zoomed": "x"}}'],
)
def test_a_file_that_is_not_ours_is_begun_anew(tmp_path: Path, content: str) -> None:
    file = tmp_path / "screen.json"
    file.write_text(content)
    shelf = Shelf(StateFile(file))
    assert not shelf.now.hidden & ALWAYS
    assert shelf.now.zoomed is None
    assert shelf.now.group == 1
    shelf.keep()
    assert json.loads(file.read_text())["now"]["name"] == "all"


@pytest.mark.parametrize("space", SHIPPED, ids=lambda space: space.name)
def test_a_workspace_is_the_same_after_a_file(space: Workspace) -> None:
    assert read(json.loads(json.dumps(space.written()))) == space
