"""Characters that are drawn: each takes one cell in most terminals, and where it may take two there is an ASCII stand-in."""

from __future__ import annotations

import ast
import unicodedata
from pathlib import Path

from rich.segment import Segment

from tests.ui.desks import program, quiet_desk
from tui_trader.ui.cells import CellModel
from tui_trader.ui.panes.spans import Span
from tui_trader.ui.panes.view import ASCII, in_ascii
from tui_trader.ui.pens import Pens

UI = Path(__file__).parents[2] / "tui_trader" / "ui"

NOT_DRAWN = frozenset("\u200d\ufffd\U000f0000")
"""Those by which the cell model knows joined, broken and private characters."""


def literals(file: Path) -> set[str]:
    """Return the characters beyond ASCII of every text in a file that is no docstring."""
    tree = ast.parse(file.read_text())
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docs)
    return {char for text in texts if isinstance(text, str) for char in text if not char.isascii()}


def drawn() -> dict[str, list[str]]:
    """Return every character beyond ASCII that the screen may draw, and the files that do."""
    found: dict[str, list[str]] = {}
    for file in sorted(UI.rglob("*.py")):
        for char in literals(file) - NOT_DRAWN:
            found.setdefault(char, []).append(file.name)
    return found


def test_none_takes_two_cells_everywhere() -> None:
    glyphs = drawn()
    assert len(glyphs) > 20
    wide = {char: files for char, files in glyphs.items() if unicodedata.east_asian_width(char) in "WF"}
    assert not wide
    assert not {char for char in glyphs if unicodedata.combining(char)}


def test_each_has_a_stand_in_of_one_ascii_character() -> None:
    """Most of them are of ambiguous width: one cell, or two where a terminal is set up for East Asian text."""
    for char, files in drawn().items():
        shown = in_ascii((Span(char, "text"),))[0].text
        assert shown.isascii(), (char, unicodedata.name(char), files)
        assert len(shown) == 1, (char, files)


async def test_a_screen_in_ascii_has_nothing_else(tmp_path: Path) -> None:
    desk = quiet_desk(tmp_path)
    desk.world.fill(fee="0.6").notice("feed resumed after 0.4 s")
    async with program(desk, (120, 40), ascii_only=True) as shown:
        await shown.press("4", "b", "j", "t")
        assert shown.picture().isascii(), {char for char in shown.picture() if not char.isascii()}


def test_what_no_view_draws_gets_its_stand_ins_on_the_way_out() -> None:
    """The help, and whatever else the toolkit frames."""
    model = CellModel(20, 2, Pens())
    model.stand_ins = ASCII
    model.put(0, 0, "┌─ ↑ k … ▲", 0)
    model.put_segments(1, 0, [Segment("│ naïve 漢")], 0, 20)
    assert model.line(0).rstrip() == "+- ^ k ~ ^"
    assert model.line(1).rstrip() == "| naïve 漢"
    assert "─" not in model.difference()


async def test_a_terminal_that_draws_wide_changes_to_ascii(tmp_path: Path) -> None:
    async with program(quiet_desk(tmp_path), (120, 40)) as shown:
        assert "─" in shown.picture()
        shown.app.draw_in_ascii()
        await shown.settle()
        assert shown.picture().isascii(), {char for char in shown.picture() if not char.isascii()}
        assert "two cells wide" in shown.said
