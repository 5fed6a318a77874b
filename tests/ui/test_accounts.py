"""Several accounts in one program: each keeps what is its own, keys go to one, and the ways out go to all."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.ui.desks import Program, ScriptedDesk, program, quiet_desk, until
from tests.ui.panes.conftest import BTC
from tui_trader.core.error import LinkError
from tui_trader.core.facts import TradingState
from tui_trader.core.types import InstrumentId
from tui_trader.desk.desk import Desk
from tui_trader.desk.settings import OnHangup
from tui_trader.ui.app import HANGUP, TraderApp
from tui_trader.ui.performers.way_out import farewell
from tui_trader.venues.base import Outcome, RequestKind, Verdict


class Two:
    """A program with the accounts ``phemex/main`` and ``phemex/two``, the first on the screen."""

    def __init__(self, running: Program, first: ScriptedDesk, second: ScriptedDesk) -> None:
        self.running = running
        self.app = running.app
        self.first = first
        self.second = second

    async def type(self, line: str) -> None:
        await self.running.type(f":{line}\n")
        await self.running.settle()

    async def press(self, *keys: str) -> None:
        await self.running.press(*keys)


@contextlib.asynccontextmanager
async def two(tmp_path: Path, size: tuple[int, int] = (80, 24), **options: Any) -> AsyncIterator[Two]:
    first, second = quiet_desk(tmp_path), quiet_desk(tmp_path, label="two")

    async def opener(stack: contextlib.AsyncExitStack) -> tuple[Desk, list[InstrumentId]]:
        stack.push_async_callback(second.close)
        return second, [BTC]

    def beside(app: TraderApp) -> None:
        app.beside = [("phemex/two", opener)]

    async with program(first, size, before=beside, **options) as running:
        await until(running.pilot, lambda: len(running.app.desks.seats) == 2)
        await running.settle()
        yield Two(running, first, second)


# -- switching -------------------------------------------------------------------------------------------------------------


async def test_the_connections_of_an_account_that_is_not_on_the_screen_are_named(tmp_path: Path) -> None:
    async with two(tmp_path, (120, 40)) as both:
        await both.type("conn two")
        assert "phemex/two: no connection is up" in both.running.said
        assert both.app.desk is both.first
        await both.type("conn phemex")
        assert "phemex is more than one account here" in both.running.said
        assert "conn phemex/main, conn phemex/two" in both.running.said


async def test_each_account_keeps_its_ticket_and_keys_go_to_the_one_on_the_screen(tmp_path: Path) -> None:
    async with two(tmp_path) as both:
        await both.press("b")
        assert both.first.stage.draft is not None
        await both.type("acct two")
        assert both.app.desk is both.second
        assert "phemex/two" in both.running.picture().splitlines()[0]
        assert both.second.stage.draft is None
        assert both.first.stage.draft is not None  # it waits where it was staged
        await both.press("s")
        assert both.second.stage.draft is not None
        await both.press("enter")
        assert [len(desk.creates()) for desk in (both.first, both.second)] == [0, 1]


async def test_enter_right_after_a_switch_does_not_send_what_was_staged_there_before(tmp_path: Path) -> None:
    async with two(tmp_path) as both:
        await both.press("b")
        await both.type("acct two")
        await both.running.type(":acct main\n\n")  # a second Enter in the same read: typed ahead
        await both.running.settle()
        assert both.app.desk is both.first
        assert both.first.creates() == []
        await both.press("enter")
        assert both.first.creates() == []
        assert "staged before another account was on the screen" in both.running.said
        both.first.world.clock.advance(0.31)
        await both.press("enter")
        assert len(both.first.creates()) == 1


async def test_arming_ends_at_a_switch_in_both_directions(tmp_path: Path) -> None:
    async with two(tmp_path) as both:
        await both.press("A")
        trading = both.running.screen.trading
        assert trading.arming.armed
        await both.type("acct two")
        assert not trading.arming.armed
        assert not both.running.screen.trading.arming.armed
        await both.type("acct main")
        assert not both.running.screen.trading.arming.armed
        await both.press("b")
        assert both.first.creates() == []


async def test_the_picker_names_every_account_and_a_number_chooses(tmp_path: Path) -> None:
    async with two(tmp_path) as both:
        await both.press("V")
        assert "1 phemex/main      SIM    on the screen" in both.running.picture()
        assert "2 phemex/two       SIM" in both.running.picture()
        await both.press("2")
        assert both.app.desk is both.second
        await both.press("V", "escape")
        assert both.app.desk is both.second


async def test_an_account_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    async with two(tmp_path) as both:
        await both.type("acct three")
        assert "no account here is three; there are: phemex/main, phemex/two" in both.running.said
        assert both.app.desk is both.first


async def test_a_line_about_another_account_stands_alone(tmp_path: Path) -> None:
    async with two(tmp_path) as both:
        await both.type("acct two; cancel all")
        assert "acct two stands alone in its line" in both.running.said
        assert both.app.desk is both.first
        await both.press("escape")
        await both.type("buy 0.01 acct main; buy 0.01 acct two!")
        assert "one account in a line" in both.running.said
        assert both.first.creates() == both.second.creates() == []


async def test_an_order_for_another_account_is_staged_where_it_can_be_seen(tmp_path: Path) -> None:
    async with two(tmp_path) as both:
        await both.type("buy 0.01 @ bid acct two")
        assert both.app.desk is both.second
        draft = both.second.stage.draft
        assert draft is not None
        assert draft.instrument == BTC
        assert both.first.stage.draft is None
        await both.press("enter")
        assert [len(desk.creates()) for desk in (both.first, both.second)] == [0, 1]


# -- what is seen of the others -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
async def test_the_others_have_a_line_on_a_narrow_screen(tmp_path: Path, size: tuple[int, int]) -> None:
    async with two(tmp_path, size) as both:
        line = both.running.picture().splitlines()[2]
        assert line.startswith(" *phemex/two ")
        legs = len(both.second.store.open_positions())
        assert f"{legs} pos" in line
        assert "NAKED" in line


async def test_a_wide_screen_shows_the_rows_of_all_and_the_cursor_stays_with_the_own(tmp_path: Path) -> None:
    async with two(tmp_path, (200, 60)) as both:
        pane = both.running.pane("positions")
        own = len(both.first.store.open_positions())
        assert pane.count("phemex/main") >= own
        assert "-- positions of phemex/two: seen here" in pane
        assert "TOTAL 2 accounts" in pane
        await both.press("g", "p", *(["j"] * 9))
        chosen = both.running.screen.selected_position()
        assert chosen is not None
        assert chosen in both.first.store.open_positions()
        orders = both.running.pane("orders")
        assert "2:a1" in orders
        head = both.running.picture().splitlines()
        assert "[phemex/main]  phemex/two" in head[0]
        assert head[1].count("*phemex/") == 2


@pytest.mark.crashes
async def test_an_alarm_of_an_account_that_is_not_shown_is_said(tmp_path: Path) -> None:
    async with two(tmp_path) as both:
        both.second._task_failed("a task", RuntimeError("it broke"))
        await both.running.settle()
        assert both.running.said.startswith("phemex/two: a task failed")


# -- the ways out --------------------------------------------------------------------------------------------------------------


async def test_panic_cancels_at_every_account_and_says_each_result(tmp_path: Path) -> None:
    async with two(tmp_path) as both:
        await both.press("ctrl+g")
        await both.running.settle()
        for desk in (both.first, both.second):
            assert RequestKind.CANCEL in desk.kinds()
            assert desk.creates() == []
            assert desk.controls.state is TradingState.REDUCING
        assert "phemex/main" in both.running.said
        assert "phemex/two" in both.running.said


async def test_panic_reaches_the_others_while_one_is_down(tmp_path: Path) -> None:
    async with two(tmp_path) as both:
        both.first.answers = [Verdict(Outcome.NOT_SENT, text="no connection")] * 50
        await both.press("ctrl+g")
        await until(both.running.pilot, lambda: "phemex/main NOT VERIFIED" in both.running.said)
        assert RequestKind.CANCEL in both.second.kinds()
        assert both.running.screen.message.severity.value == "alarm"
        assert both.first.lock == "NOT VERIFIED"
        await both.type("acct two")
        assert "!phemex/main" in both.running.picture() or "NOT VERIFIED" in both.running.picture()


@pytest.mark.crashes
async def test_panic_that_breaks_at_one_account_does_not_stop_at_the_others(tmp_path: Path) -> None:
    async with two(tmp_path) as both:

        async def broken(**_: Any) -> str:
            raise RuntimeError("a bug")

        both.first.panic = broken  # type: ignore[method-assign]
        await both.press("ctrl+g")
        await both.running.settle()
        assert RequestKind.CANCEL in both.second.kinds()
        told = " ".join(notice.text for notice in both.first.store.notices)
        assert "phemex/main NOT VERIFIED: the program failed here" in told


async def test_twice_flattens_every_account(tmp_path: Path) -> None:
    async with two(tmp_path) as both:
        legs = [len(desk.store.open_positions()) for desk in (both.first, both.second)]
        assert all(legs)
        await both.press("ctrl+g", "ctrl+g")
        await both.running.settle()
        assert [len(desk.creates()) for desk in (both.first, both.second)] == legs
        assert {desk.controls.state for desk in (both.first, both.second)} == {TradingState.HALTED}


async def test_leaving_speaks_of_every_account(tmp_path: Path) -> None:
    async with two(tmp_path) as both:
        text, covered = farewell(both.first, both.second)
        legs = sum(len(desk.store.open_positions()) for desk in (both.first, both.second))
        working = sum(len(desk.store.blotter.working()) for desk in (both.first, both.second))
        assert text.startswith(f"{legs} positions and {working} orders stay at the venues; NOT PROTECTED: ")
        assert "at phemex/two" in text
        assert not covered
        await both.press("q")
        assert text in both.running.said


async def test_a_hang_up_cancels_at_every_account(tmp_path: Path) -> None:
    async with two(tmp_path, on_hangup=OnHangup.CANCEL_ALL) as both:
        released: list[str] = []
        for desk in (both.first, both.second):
            both.app.releases[desk] = lambda name=desk.account.name: released.append(name)  # type: ignore[misc]
        both.app.leave(HANGUP)
        await until(both.running.pilot, lambda: both.app.return_code == HANGUP)
        for desk in (both.first, both.second):
            assert RequestKind.CANCEL in desk.kinds()


async def test_sleep_is_refused_while_any_account_has_something(tmp_path: Path) -> None:
    async with two(tmp_path) as both:
        assert not both.app.may_sleep()


# -- opening -------------------------------------------------------------------------------------------------------------------


async def test_an_account_that_cannot_be_opened_is_one_line_and_no_end(tmp_path: Path) -> None:
    desk = quiet_desk(tmp_path)

    async def opener(stack: contextlib.AsyncExitStack) -> tuple[Desk, list[InstrumentId]]:
        raise LinkError("MEXC did not send its product list: no answer")

    def beside(app: TraderApp) -> None:
        app.beside = [("mexc/main", opener)]

    async with program(desk, before=beside) as running:
        await until(running.pilot, lambda: running.app.desks.absent.get("mexc/main", "") not in ("", "it is being opened"))
        await running.settle()
        assert "-mexc/main MEXC did not send its product list: no answer" in running.picture()
        await running.press("b", "enter")
        assert len(desk.creates()) == 1
        await running.type(":on mexc\n")
        await running.settle()
        assert "mexc/main is not open: MEXC did not send its product list" in running.said


async def test_an_account_that_opens_during_a_panic_is_cancelled_too(tmp_path: Path) -> None:
    first, second = quiet_desk(tmp_path), quiet_desk(tmp_path, label="two")
    gate = asyncio.Event()

    async def opener(stack: contextlib.AsyncExitStack) -> tuple[Desk, list[InstrumentId]]:
        await gate.wait()
        return second, [BTC]

    def beside(app: TraderApp) -> None:
        app.beside = [("phemex/two", opener)]

    async with program(first, before=beside) as running:
        await running.press("ctrl+g")
        await running.settle()
        assert "phemex/two not open yet: done as soon as it is" in running.said
        gate.set()
        await until(running.pilot, lambda: RequestKind.CANCEL in second.kinds())
        assert second.controls.state is TradingState.REDUCING


async def test_what_nobody_shows_does_not_gather(tmp_path: Path) -> None:
    async with two(tmp_path) as both:
        both.second.store.touch(("orders",), ("positions",))
        both.app.pump.frame()
        assert not both.second.store.has_dirty
