"""What was on the screen when it was recorded is on the screen when it is replayed, and no key of a replay leaves the program."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import socket
from collections.abc import AsyncIterator
from difflib import unified_diff
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.ui.desks import LIMITS, Program, program, until
from tui_trader.core.clock import NS, SystemClock
from tui_trader.core.error import RefusedError
from tui_trader.core.types import Side
from tui_trader.desk.account import Account
from tui_trader.desk.desk import Desk
from tui_trader.desk.environment import Environment
from tui_trader.desk.playback import BASE_NS, REFUSAL, Playback
from tui_trader.secrets.secret import Secret
from tui_trader.sim.faults import Action, FaultRule, Moment
from tui_trader.sim.launch import build_server
from tui_trader.sim.server import SimServer
from tui_trader.storage.journal import Journal
from tui_trader.ui.actions import ACTIONS
from tui_trader.venues.base import Credential, Endpoints
from tui_trader.venues.phemex import PHEMEX

COMPARED = ("positions", "book", "orders", "tape", "fills", "pnl", "log")
"""Panes whose every character must be the same. The header differs in the word REPLAY and in what a terminal measures itself."""


class HeldClock(SystemClock):
    """The machine's clocks, which can be made to stand still while one looks."""

    def __init__(self) -> None:
        super().__init__()
        self._held: tuple[int, int] | None = None

    @contextlib.contextmanager
    def held(self) -> Any:
        self._held = (super().wall_ns(), super().mono_ns())
        try:
            yield
        finally:
            self._held = None

    def wall_ns(self) -> int:
        return self._held[0] if self._held else super().wall_ns()

    def mono_ns(self) -> int:
        return self._held[1] if self._held else super().mono_ns()


@contextlib.asynccontextmanager
async def trading(folder: Path) -> AsyncIterator[tuple[SimServer, Desk, HeldClock, Program]]:
    """Give an exchange, a desk that is ready to trade on it, its clock, and the program that shows it."""
    clock = HeldClock()
    async with build_server(seed=7, clock=clock) as server:
        credential = Credential(server.key, Secret(server.secret))
        account = Account(PHEMEX, Environment.SIM, Endpoints(server.rest_url, server.ws_url), credential)
        desk = Desk(account, clock=clock, rng=random.Random(1), journal=Journal(folder / "journal.jsonl", clock), limits=LIMITS)
        async with program(desk, (156, 44), start=["BTCUSDT", "ETHUSDT"]) as shown:
            focus = desk.focus
            assert focus is not None
            await until(shown.pilot, lambda: not desk.blocked(focus) and desk.store.mark_is_fresh(focus))
            yield server, desk, clock, shown


_OWN_PLACE = str.maketrans("▲▼·", "   ")
"""The arrow beside the last price tells which way it went since the ladder was painted before: that is of this screen, not of the
market. So is the price that the ladder stands around, which is why it is centred before each look."""


_LABEL = re.compile(r"\b(?:[a-z]\d+|[0-9a-f]{6})\b")
"""Orders are numbered as a screen meets them, and this one met an order that was over before the recording began."""


def panes(shown: Program) -> dict[str, str]:
    """Return what the panes show now, freshly painted."""
    shown.screen.tick()
    shown.screen.ladder.recentre()
    for view in shown.screen.views.values():
        view.moved()
    shown.app.pump.frame()
    found = {slot: shown.pane(slot) for slot in COMPARED}
    book = found["book"].translate(_OWN_PLACE)
    # Columns never become narrower while a screen lasts, so how wide they are tells of what it showed before.
    words = {slot: re.sub("[ ─]+", " ", text) for slot, text in found.items()}
    words["tape"] = re.sub(r"delta \S+", "", words["tape"])  # of what this screen has heard since it began
    return words | {"book": book, **{slot: _LABEL.sub("id", words[slot]) for slot in ("orders", "log")}}


async def wait(shown: Program, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await shown.pilot.pause()


async def test_the_same_screens_come_back(tmp_path: Path) -> None:
    file = tmp_path / "day.rec.jsonl"
    seen: list[tuple[int, dict[str, str]]] = []
    async with trading(tmp_path) as (server, desk, clock, shown):
        await shown.press("B", "enter")
        await until(shown.pilot, lambda: len(desk.store.open_positions()) == 1)
        await shown.press("space")
        assert "ACCOUNT" in desk.begin_recording(file, private=True)
        assert desk.recording is not None
        began = desk.recording.began_ns
        await shown.settle()
        assert "REC" in shown.pane("header")

        def look() -> None:
            with clock.held():
                assert desk.recording is not None
                assert desk.focus is not None
                desk.recording.show(desk.focus)  # a line at this very moment: between lines the two clocks run as one
                seen.append((clock.mono_ns() - began, panes(shown)))

        # Reference prices are told anew at the beginning of a recording: until then a replay has those of that moment.
        frames = desk.recording.frames
        await until(shown.pilot, lambda: desk.recording is not None and desk.recording.frames > frames + 40)
        look()
        await shown.type(":buy $300 @ bid-1% po\n")
        await shown.press("enter")
        await until(shown.pilot, lambda: any(o.status.value == "live" for o in desk.store.blotter.working()))
        await wait(shown, 0.3)
        look()
        server.faults.add(FaultRule(Action.SKIP, Moment.PUSH, "orderbook_p", times=0))
        await until(shown.pilot, lambda: not desk.store.book_is_fresh(desk.focus))  # type: ignore[arg-type]
        look()
        server.faults.clear()
        server.cut()
        await until(shown.pilot, lambda: not desk.store.links[("phemex", "public")].is_live)
        look()
        await until(shown.pilot, lambda: not desk.blocked(desk.focus))  # type: ignore[arg-type]
        await shown.press("x", "enter")
        await until(shown.pilot, lambda: not desk.store.open_positions())
        await wait(shown, 0.3)
        look()
        assert "recorded" in desk.end_recording()
        await shown.settle()
        assert "REC" not in shown.pane("header")
    assert "LONG" in seen[0][1]["positions"]
    assert "LONG" not in seen[-1][1]["positions"]
    assert "BUY" in seen[1][1]["orders"]
    assert "STALE" in seen[2][1]["book"].upper()

    for way_back in (False, True):
        playback = Playback(file)
        playback.paused = True
        async with program(playback.desk, (156, 44), playback=playback) as again:
            assert "REPLAY" in again.pane("header")
            if way_back:
                playback.play_to(seen[1][0])
                playback.jump(-playback.position_ns)
                await until(again.pilot, lambda playback=playback: playback.position_ns < seen[0][0])  # type: ignore[misc]
            for up, then in seen:
                playback.play_to(up)
                now = panes(again)
                for slot in COMPARED:
                    other = "\n".join(unified_diff(then[slot].splitlines(), now[slot].splitlines(), "then", "now", n=0))
                    assert not other, f"{slot} at {up / NS:.3f} s:\n{other}"


@pytest.fixture
async def recorded(tmp_path: Path) -> Path:
    """A short recording with an order and a position in it."""
    file = tmp_path / "short.rec.jsonl"
    async with trading(tmp_path) as (_, desk, _, shown):
        desk.begin_recording(file, private=True)
        await shown.press("B", "enter")
        await until(shown.pilot, lambda: len(desk.store.open_positions()) == 1)
        await shown.type(":buy $300 @ bid-1% po\n")
        await shown.press("enter")
        await until(shown.pilot, lambda: any(o.status.value == "live" for o in desk.store.blotter.working()))
        desk.end_recording()
    return file


def no_socket(*args: object, **options: object) -> NoReturn:
    raise AssertionError("a replay opened a socket")


async def test_no_key_of_a_replay_leaves_the_program(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    playback = Playback(recorded)
    playback.paused = True
    playback.play_to(playback.length_ns)
    async with program(playback.desk, (120, 40), playback=playback) as shown:
        monkeypatch.setattr(socket, "socket", no_socket)
        sent: list[object] = []
        desk_send = playback.desk.send

        async def send(request: Any) -> Any:
            sent.append(request)
            return await desk_send(request)

        monkeypatch.setattr(playback.desk, "send", send)
        before = playback.desk.store.blotter.ledger()
        for action in ACTIONS:
            if action.id in ("quit", "leave"):
                continue
            for keys in action.keys:
                for key in keys.split(" "):
                    shown.screen.press(key)
                await shown.leave_fields()
        await shown.settle()
        await shown.press("ctrl+g", "ctrl+g")
        await shown.type(":buy 0.01\n")
        await shown.press("enter", "enter")
        await shown.leave_fields()
        await shown.type(":flat all\n")
        assert REFUSAL in shown.picture() or "REPLAY" in shown.picture()
        # Some of the keys moved through the recording: whatever they played again is what was recorded.
        await until(shown.pilot, lambda: playback._target is None)
        playback.paused = True
        playback.play_to(playback.length_ns)
        assert playback.desk.store.blotter.ledger() == before
        assert not sent
        assert "REPLAY" in shown.pane("status")


async def test_the_replayed_desk_refuses_by_itself(recorded: Path) -> None:
    """Whatever a screen might do: the desk has no way out."""
    playback = Playback(recorded)
    playback.play_to(playback.length_ns)
    desk = playback.desk
    order = next(o for o in desk.store.blotter.working())
    leg = desk.store.open_positions()[0]
    desk.stage.cross(leg.instrument, Side.BUY)
    for attempt in (
        desk.send_stage,
        desk.panic,
        lambda: desk.panic(flatten=True),
        desk.cancel_everything,
        lambda: desk.cancel(order),
        lambda: desk.cancel_several([order]),
        lambda: desk.cancel_symbol(order.instrument),
        lambda: desk.amend(order, price=order.price),
        lambda: desk.flatten(order.instrument),
        lambda: desk.start(["BTCUSDT"]),
    ):
        with contextlib.suppress(RefusedError):
            assert REFUSAL in str(await attempt())  # type: ignore[operator]
    assert desk._rest is None
    assert not desk.feeds._sessions
    assert desk.store.blotter.find(order.client_id) == order


async def test_space_pauses_and_the_pace_and_place_are_shown(recorded: Path) -> None:
    playback = Playback(recorded, speed=0.25)
    async with program(playback.desk, (120, 40), playback=playback) as shown:
        assert "x0.25" in shown.pane("status")
        await shown.press("space")
        assert "paused" in shown.pane("status")
        where = playback.position_ns
        await wait(shown, 0.1)
        assert playback.position_ns == where
        await shown.press(">")
        assert "x0.5" in shown.pane("status")
        frames = playback.frames
        await shown.press(".")
        assert playback.frames == frames + 1
        await shown.press("space", "right")
        await until(shown.pilot, lambda: playback.ended)
        await shown.settle()
        assert "end" in shown.pane("status")
        await shown.press("0")
        await until(shown.pilot, lambda: not playback.ended)
        assert playback.clock.mono_ns() >= BASE_NS
