"""A key typed into a field draws its row: no layout, and no other widget."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.geometry import Region
from textual.widgets import Static

from tui_trader.ui.adapter import CellApp, LeanCompositor
from tui_trader.ui.widgets.entry import Entry


class Above(Static):
    rendered = 0

    def render_lines(self, crop: Region) -> Any:
        Above.rendered += 1
        return super().render_lines(crop)


class EntryApp(CellApp[None]):
    CSS = "Above { height: 5; } Entry { height: 1; border: none; width: 20; }"

    def compose(self) -> ComposeResult:
        yield Above("above")
        yield Entry(id="entry")


async def test_typing_renders_nothing_else_and_lays_nothing_out() -> None:
    app = EntryApp()
    async with app.run_test(size=(40, 10)) as pilot:
        entry = app.query_one(Entry)
        entry.cursor_blink = False
        entry.focus()
        await pilot.pause()
        compositor = app.screen._compositor
        compositor.__class__ = LeanCompositor  # as the first display through a cell driver does
        reflowed: list[object] = []
        reflow = compositor.reflow
        compositor.reflow = lambda *args: reflowed.append(args) or reflow(*args)  # type: ignore[method-assign, func-returns-value]
        before = Above.rendered
        await pilot.press(*"buy")
        await pilot.pause()
        assert entry.value == "buy"
        assert not reflowed
        assert Above.rendered == before
        shown = "\n".join(strip.text for strip in compositor.render_strips())
        assert "buy" in shown
        assert "above" in shown


async def test_a_long_line_scrolls_with_its_cursor() -> None:
    app = EntryApp()
    async with app.run_test(size=(40, 10)) as pilot:
        entry = app.query_one(Entry)
        entry.focus()
        await pilot.press(*"abcdefghijklmnopqrstuvwxyz0123456789")
        await pilot.pause()
        assert "0123456789" in entry.render_line(0).text
        assert "abc" not in entry.render_line(0).text
        await pilot.press("home")
        await pilot.pause()
        assert "abc" in entry.render_line(0).text
