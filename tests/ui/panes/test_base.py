"""The widget around a view: what it draws is what the view says, and only when there is something to say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest
from textual.app import App, ComposeResult

from tests.ui.panes.conftest import BTC, World, texts
from tui_trader.state import topic as t
from tui_trader.ui.frame import FramePump
from tui_trader.ui.panes.base import Frame, Pane
from tui_trader.ui.panes.fills import FillsView
from tui_trader.ui.panes.header import HeaderView
from tui_trader.ui.panes.ladder import LadderView
from tui_trader.ui.panes.log import LogView
from tui_trader.ui.panes.orders import OrdersView
from tui_trader.ui.panes.pnl import PnlView
from tui_trader.ui.panes.positions import PositionsView
from tui_trader.ui.panes.status import Hint, StatusView
from tui_trader.ui.panes.tape import TapeView
from tui_trader.ui.panes.view import View, boxed
from tui_trader.ui.theme import ROLES, Theme, load_themes

THEMES = Path(__file__).parents[3] / "themes"


@pytest.fixture(scope="module")
def theme() -> Theme:
    themes, problems = load_themes(THEMES, None)
    assert not problems
    return themes["midnight"]


class Stand(App[None]):
    """One pane, filling the screen."""

    def __init__(self, world: World, view: View, theme: Theme, **more: Any) -> None:
        super().__init__()
        self.pump = FramePump(world.store, fps=20)  # type: ignore[arg-type]
        self.pane: Pane[View] = Pane(view, theme, self.pump, **more)

    def compose(self) -> ComposeResult:
        yield self.pane

    @property
    def lines(self) -> list[str]:
        return [self.pane.line(y).rstrip() for y in range(self.pane.content_size.height)]


def views(world: World) -> list[View]:
    store, clock = world.store, world.clock
    return [
        LadderView(store, clock, BTC),
        PositionsView(store, clock),
        OrdersView(store, clock),
        TapeView(store, clock, BTC),
        FillsView(store, clock),
        PnlView(store, clock),
        HeaderView(store, clock, badge="SIM", venue="phemex", instrument=BTC),
        LogView(store, clock),
        StatusView(store, clock, [Hint("x", "close")]),
    ]


@contextmanager
def counted(view: View) -> Iterator[list[int]]:
    """Count how often a view is asked for its body."""
    calls: list[int] = []
    body = view.body

    def counting(width: int, height: int) -> Any:
        calls.append(1)
        return body(width, height)

    view.body = counting  # type: ignore[method-assign]
    yield calls


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("index", range(9))
async def test_the_screen_shows_what_the_view_says(trading: World, theme: Theme, index: int, size: tuple[int, int]) -> None:
    trading.fill().notice("hello")
    view = views(trading)[index]
    app = Stand(trading, view, theme)
    async with app.run_test(size=size):
        view.focused = True
        app.pane.repaint()
        assert app.lines == texts(boxed(view, *size))


async def test_a_frame_brings_the_news(trading: World, theme: Theme) -> None:
    app = Stand(trading, LadderView(trading.store, trading.clock, BTC), theme)
    async with app.run_test(size=(40, 24)):
        app.pump.frame()
        trading.delta(bids=[("67412", "7.777")])
        app.pump.frame()
        assert any("7.777" in line for line in app.lines)


async def test_without_news_nothing_is_drawn(trading: World, theme: Theme) -> None:
    view = LadderView(trading.store, trading.clock, BTC)
    app = Stand(trading, view, theme)
    async with app.run_test(size=(40, 24)):
        app.pump.frame()
        with counted(view) as calls:
            app.pump.frame()
            trading.notice("not for the ladder")
            app.pump.frame()
        assert not calls


async def test_a_key_is_drawn_without_waiting_for_a_frame(trading: World, theme: Theme) -> None:
    view = PositionsView(trading.store, trading.clock)
    app = Stand(trading, view, theme)
    async with app.run_test(size=(90, 10)):
        view.cursor_down()
        assert any("▸" in line for line in app.lines)


async def test_frames_themes_and_ascii_can_change(trading: World, theme: Theme) -> None:
    app = Stand(trading, LogView(trading.store, trading.clock), theme, frame=Frame.NONE)
    trading.notice("hello")
    async with app.run_test(size=(40, 6)):
        app.pane.repaint()
        assert app.lines[0] == "14:12:11       hello"
        app.pane.reframe(Frame.BOX, ascii_only=True)
        assert app.lines[0].startswith("+- LOG -")
        assert all(line.isascii() for line in app.lines)
        other = load_themes(THEMES, None)[0]["mono"]
        app.pane.dress(other)
        assert app.lines[0].startswith("+- LOG -")


async def test_a_broken_pane_says_so_and_stays_so(trading: World, theme: Theme) -> None:
    app = Stand(trading, LadderView(trading.store, trading.clock, BTC), theme)
    async with app.run_test(size=(60, 10)):
        app.pane.fail("E-1234")
        trading.delta(bids=[("67412", "7.777")])
        app.pane.paint(frozenset({t.book_topic(BTC)}))
        assert app.lines[0] == "! ladder stopped: E-1234"
        assert not any("67,41" in line for line in app.lines)


async def test_a_resize_redraws(trading: World, theme: Theme) -> None:
    app = Stand(trading, OrdersView(trading.store, trading.clock), theme)
    async with app.run_test(size=(120, 10)) as pilot:
        await pilot.resize_terminal(50, 8)
        await pilot.pause()
        assert len(app.lines) == 8
        assert app.lines[0].startswith("┌─ ORDERS 3")
        assert app.lines[0].endswith("┐")


def test_every_role_has_a_style(trading: World) -> None:
    trading.fill(fee="1").fill(realised="-3").notice("x")
    trading.order(pending=None)
    for _ in range(50):
        trading.trade("67412", "0.1")
    trading.trade("67412", "9")
    used: set[str] = set()
    for step in range(3):
        for view in views(trading):
            for width, height in ((20, 8), (40, 30), (84, 12), (130, 14), (200, 20)):
                used |= {span.role for row in boxed(view, width, height) for span in row}
        trading.clock.advance(2 if step else 20)
        trading.balance(str(D(12_000) + step))
    status = StatusView(trading.store, trading.clock)
    status.arm(trading.clock.mono_ns() + 10**9)
    used |= {span.role for row in status.body(80, 1) for span in row}
    used |= {f"mode_{word}" for word in ("live", "test", "sim", "custom")}
    assert used <= set(ROLES), used - set(ROLES)
