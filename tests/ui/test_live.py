"""The program against the exchange in this process, over real sockets: a trade, a silent feed, a cut connection."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.ui.desks import Program, program, until
from tui_trader.cli import launch
from tui_trader.core.clock import SystemClock
from tui_trader.desk.config import load
from tui_trader.desk.desk import Desk
from tui_trader.sim.faults import Action, FaultRule, Moment
from tui_trader.sim.launch import build_server
from tui_trader.sim.server import SimServer


@contextlib.asynccontextmanager
async def trading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[SimServer, Desk, Program]]:
    """Give an exchange, a desk that is ready to trade on it, and the program that shows it."""
    monkeypatch.setenv("TUI_TRADER_HOME", str(tmp_path))
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(build_server(seed=7, clock=SystemClock()))
        config = load(None, {"TUI_TRADER_HOME": str(tmp_path)}, {})
        desk = await launch.open_desk(config, launch.arguments(sim_url=server.rest_url), stack)
        await desk.start(["BTCUSDT", "ETHUSDT"])
        shown = await stack.enter_async_context(program(desk, (120, 40)))
        focus = desk.focus
        assert focus is not None
        await until(shown.pilot, lambda: not desk.blocked(focus) and desk.store.mark_is_fresh(focus))
        yield server, desk, shown


async def test_a_trade_from_the_keyboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with trading(tmp_path, monkeypatch) as (server, desk, shown):
        await shown.press("B", "enter")
        await until(shown.pilot, lambda: len(desk.store.open_positions()) == 1)
        await shown.settle()
        assert "LONG" in shown.pane("positions")
        await shown.type(":buy $300 @ bid-1% po\n")
        await shown.press("enter")
        await until(shown.pilot, lambda: any(o.status.value == "live" for o in desk.store.blotter.working()))
        await shown.settle()
        assert "BUY" in shown.pane("orders")
        await shown.press("c")
        await until(shown.pilot, lambda: not desk.store.blotter.working())
        await shown.press("x", "enter")
        await until(shown.pilot, lambda: not desk.store.open_positions())
        assert sum(count for what, count in server.receipts.items() if what.startswith("POST")) == 3


async def test_a_silent_feed_blocks_entries_and_not_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with trading(tmp_path, monkeypatch) as (server, desk, shown):
        await shown.press("B", "enter")
        await until(shown.pilot, lambda: len(desk.store.open_positions()) == 1)
        sent = len(desk.store.blotter.orders())
        server.faults.add(FaultRule(Action.SKIP, Moment.PUSH, "orderbook_p", times=0))
        focus = desk.focus
        assert focus is not None
        await until(shown.pilot, lambda: not desk.store.book_is_fresh(focus))
        await shown.press("b")
        assert "BLOCKED: the BTCUSDT book is stale" in shown.pane("ticket")
        await shown.press("enter")
        assert len(desk.store.blotter.orders()) == sent
        await shown.press("escape", "x", "enter")
        await until(shown.pilot, lambda: not desk.store.open_positions())


async def test_a_cut_connection_is_said_and_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with trading(tmp_path, monkeypatch) as (server, desk, shown):
        focus = desk.focus
        assert focus is not None
        server.faults.add(FaultRule(Action.ERROR_BEFORE, Moment.CONNECT, times=0))  # else it may be back before anybody looks
        server.cut()
        await until(shown.pilot, lambda: bool(desk.blocked(focus)))
        await until(shown.pilot, lambda: "!priv DOWN" in shown.pane("header") or "!pub DOWN" in shown.pane("header"))
        await until(shown.pilot, lambda: "entries blocked" in shown.pane("ticket"))
        server.faults.clear()
        await until(shown.pilot, lambda: not desk.blocked(focus))
        # A book may be fresh before the last subscription is confirmed: the lane is live a moment later.
        await until(shown.pilot, lambda: desk.store.links[(focus.venue, "public")].is_live)
        await shown.settle()
        assert "*pub" in shown.pane("header")
