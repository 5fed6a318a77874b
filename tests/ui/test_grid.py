"""The grid: what it shows is its rows, under any driver; a change costs what changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import ComposeResult
from textual.drivers.headless_driver import HeadlessDriver
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_trader.ui.adapter import CellApp
from tui_trader.ui.cells import CellModel
from tui_trader.ui.pens import Pens
from tui_trader.ui.widgets.grid import CellGrid

RED = Style(color="#ff0000")


class ModelDriver(HeadlessDriver):
    """A driver without a terminal that owns a model, and counts what would be sent."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.model = CellModel(1, 1, Pens())
        self.sent: list[str] = []

    def present_soon(self, draw: Callable[[], None] | None = None) -> None:
        asyncio.get_running_loop().call_soon(self.present, draw)

    def present(self, draw: Callable[[], None] | None) -> None:
        if draw is not None:
            draw()
        if text := self.model.difference():
            self.sent.append(text)


class GridApp(CellApp[None]):
    CSS = "#second { border: round red; padding: 0 1; height: 6; } #first { height: 5; }"
    direct = True

    def _build_driver(self, *args: Any, **kwargs: Any) -> Any:
        self._driver = ModelDriver(self, size=(30, 12)) if self.direct else HeadlessDriver(self, size=(30, 12))
        return self._driver

    def compose(self) -> ComposeResult:
        yield CellGrid(id="first")
        yield CellGrid(id="second")


class Plain(GridApp):
    direct = False


class Box(ModalScreen[None]):
    CSS = "Box { align: center middle; background: black; } Static { width: 12; height: 3; background: green; }"

    def compose(self) -> ComposeResult:
        yield Static("over")


def truth(app: GridApp) -> list[str]:
    """Return what Textual draws now, from nothing."""
    return ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]


def check(app: GridApp) -> ModelDriver:
    driver = app._driver
    assert isinstance(driver, ModelDriver)
    model = driver.model
    assert [model.line(y) for y in range(model.height)] == truth(app)
    for y, strip in enumerate(app.screen._compositor.render_strips()):
        x = 0
        for segment in strip:
            for _ in range(segment.cell_length):
                assert model.pen_at(y, x) == model.pens.of(segment.style), (x, y, segment)
                x += 1
    return driver


async def test_rows_are_shown_directly_and_equal_what_the_compositor_draws() -> None:
    app = GridApp()
    async with app.run_test(size=(30, 12)) as pilot:
        for grid in app.query(CellGrid):
            grid.set_row(0, [("12345", None), (" up", RED)])
            grid.set_row(2, [("漢字", RED), ("é🙂", None)])
            grid.set_row(30, [("below", None)])
        await pilot.pause()
        check(app)
        for grid in app.query(CellGrid):
            grid.set_row(0, [("12349", None), (" up", RED)])
        await pilot.pause()
        driver = check(app)
        assert driver.sent[-1].count("9") >= 2
        assert len(driver.sent[-1]) < 40


async def test_only_changed_characters_are_sent_and_the_compositor_is_not_asked() -> None:
    app = GridApp()
    async with app.run_test(size=(30, 12)) as pilot:
        grid = app.query_one("#first", CellGrid)
        grid.set_row(1, [("97500.5", None), (" x", RED)])
        await pilot.pause()
        driver = check(app)
        epoch, sent = driver.model.epoch, len(driver.sent)
        grid.set_row(1, [("97501.5", None), (" x", RED)])
        grid.set_row(1, [("97501.5", None), (" x", RED)])
        await pilot.pause()
        assert driver.model.epoch == epoch
        assert [text[-1] for text in driver.sent[sent:]] == ["1"]
        check(app)


async def test_an_overlay_keeps_what_it_covers_and_uncovers_the_truth() -> None:
    app = GridApp()
    async with app.run_test(size=(30, 12)) as pilot:
        grid = app.query_one("#first", CellGrid)
        grid.set_rows([[(f"row {y} 000000000000000000000", None)] for y in range(5)])
        await pilot.pause()
        await app.push_screen(Box())
        await pilot.pause()
        check(app)
        grid.set_rows([[(f"row {y} 111111111111111111111", None)] for y in range(5)])
        await pilot.pause()
        await pilot.pause(0.1)
        check(app)
        app.pop_screen()
        await pilot.pause(0.1)
        check(app)
        assert "1111" in truth(app)[0]


async def test_a_widget_on_a_higher_layer_is_not_drawn_over() -> None:
    app = GridApp()
    async with app.run_test(size=(30, 12)) as pilot:
        app.screen.styles.layers = ("base", "top")
        note = Static("note")
        note.styles.layer = "top"
        note.styles.width = 6
        note.styles.offset = (3, 1)
        await app.mount(note)
        await pilot.pause(0.1)
        grid = app.query_one("#first", CellGrid)
        grid.set_rows([[(f"{y}" * 30, None)] for y in range(5)])
        await pilot.pause(0.1)
        check(app)
        assert truth(app)[1] == "111note  " + "1" * 21
        await note.remove()
        await pilot.pause(0.1)
        check(app)
        assert truth(app)[1] == "1" * 30


async def test_a_change_of_layout_between_two_rows_leaves_nothing_astray() -> None:
    app = GridApp()
    async with app.run_test(size=(30, 12)) as pilot:
        first, second = app.query(CellGrid)
        second.set_row(0, [("second", RED)])
        await pilot.pause()
        first.set_row(0, [("first", None)])
        second.set_row(0, [("SECOND", RED)])
        first.styles.height = 2
        app.screen._clear_arrangement_cache()
        app.screen._refresh_layout()
        assert second.region.y == 2
        first.set_row(1, [("again", None)])
        second.set_row(1, [("moved", None)])
        await pilot.pause(0.1)
        check(app)


async def test_theme_and_style_changes_reach_direct_cells() -> None:
    app = GridApp()
    async with app.run_test(size=(30, 12)) as pilot:
        grid = app.query_one("#first", CellGrid)
        grid.set_row(0, [("one", None)])
        await pilot.pause()
        grid.styles.background = "#123456"
        await pilot.pause(0.1)
        grid.set_row(0, [("two", None)])
        await pilot.pause()
        driver = check(app)
        assert driver.model.pen_at(0, 0) == driver.model.pens.of(Style(color="#e0e0e0", bgcolor="#123456"))
        app.theme = "textual-light"
        await pilot.pause(0.1)
        grid.set_row(0, [("thr", None)])
        grid.styles.opacity = 0.5
        await pilot.pause(0.1)
        grid.set_row(0, [("fou", None)])
        await pilot.pause(0.1)
        check(app)


async def test_the_cursor_row_is_marked_and_moves() -> None:
    app = GridApp()
    async with app.run_test(size=(30, 12)) as pilot:
        grid = app.query_one("#first", CellGrid)
        grid.set_rows([[("a", None)], [("b", RED)]])
        grid.cursor_row = 1
        await pilot.pause()
        driver = check(app)
        plain, marked = driver.model.pen_at(0, 5), driver.model.pen_at(1, 5)
        assert plain != marked
        grid.cursor_row = 0
        grid.set_row(0, [("A", None)])
        await pilot.pause()
        check(app)
        assert (driver.model.pen_at(0, 5), driver.model.pen_at(1, 5)) == (marked, plain)
        grid.cursor_row = None
        await pilot.pause()
        check(app)


async def test_rows_shrink_clear_and_are_found() -> None:
    app = GridApp()
    async with app.run_test(size=(30, 12)) as pilot:
        grid = app.query_one("#first", CellGrid)
        grid.set_rows([[("a" * 50, None)], [("b", None)], [("c", None)]])
        await pilot.pause()
        check(app)
        assert grid.row_at(2) == 2
        assert grid.row_at(3) is None
        assert grid.line(0) == "a" * 30
        grid.set_rows([[("x", None)]])
        assert grid.row_count == 1
        assert grid.row_at(2) is None
        await pilot.pause()
        check(app)
        grid.clear()
        await pilot.pause()
        check(app)
        assert grid.line(0).strip() == ""


async def test_under_another_driver_only_the_changed_lines_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Plain()
    updates: list[object] = []
    async with app.run_test(size=(30, 12)) as pilot:
        grid = app.query_one("#first", CellGrid)
        grid.set_rows([[("one", None)], [("two", None)]])
        await pilot.pause(0.1)
        monkeypatch.setattr(app, "_display", lambda screen, update: updates.append(update))
        grid.set_row(1, [("TWO", None)])
        await pilot.pause(0.1)
        assert truth(app)[1].startswith("TWO")
        drawn = [update for update in updates if isinstance(update, (ChopsUpdate, LayoutUpdate))]
        assert [update.spans for update in drawn if isinstance(update, ChopsUpdate)] == [[(1, 0, 30)]]
        assert len(drawn) == 1


async def test_a_hidden_grid_says_so_and_shows_the_truth_when_it_returns() -> None:
    app = GridApp()
    async with app.run_test(size=(30, 12)) as pilot:
        grid = app.query_one("#first", CellGrid)
        await pilot.pause()
        assert grid.showing
        grid.display = False
        await pilot.pause(0.1)
        assert not grid.showing
        grid.set_row(0, [("meanwhile", None)])
        await pilot.pause(0.1)
        check(app)
        grid.display = True
        await pilot.pause(0.1)
        check(app)
        assert truth(app)[0].startswith("meanwhile")


def test_before_it_is_mounted_rows_are_only_kept() -> None:
    grid = CellGrid()
    grid.set_row(0, [("early", None)])
    grid.cursor_row = 0
    assert grid.row_count == 1
    assert not grid.showing
