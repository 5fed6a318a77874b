"""From SAFE nothing but an Enter on a staged, visible order sends one, whatever else is pressed, anywhere.

The keys are drawn from the whole key table and all printable characters; the sender's list of requests is the judge.
"""

from __future__ import annotations

import asyncio
import random
import string
from pathlib import Path

import pytest

from tests.ui.desks import FakeSurface, Keys, Program, ScriptedDesk, key_event, program, quiet_desk
from tests.ui.panes.conftest import BTC
from tui_trader.ui.action import Context
from tui_trader.ui.actions import ACTIONS
from tui_trader.ui.keymap import KeyMap
from tui_trader.ui.panes.registry import FOCUS_ORDER
from tui_trader.ui.scalper import SCALPER
from tui_trader.ui.workspace import SHIPPED, Workspace

KEYS = sorted(
    {key for action in (*ACTIONS, *SCALPER) for keys in action.keys for key in keys.split(" ")} | set(string.printable[:95])
)
QUIET = [key for key in KEYS if key not in ("ctrl+c", "ctrl+g", "enter", "q", "X")]
"""Without what ends the program, sends, or closes positions on purpose."""

STAGING = [key for action in ACTIONS if action.context is Context.STAGED for key in action.keys if key not in ("enter", "escape")]
STAGING += ["b", "s", "B", "S"] * 3
"""What makes and changes a staged order."""


def opening(desk: ScriptedDesk) -> list[bytes]:
    """Return the orders sent that could open or grow a position."""
    return [request.body for request in desk.creates() if b'"reduceOnly":true' not in request.body]


class Contexts(FakeSurface):
    """A screen of which only the focus is real."""

    pane = Context.BOOK

    def contexts(self, desk: ScriptedDesk) -> frozenset[Context]:
        draft = desk.stage.draft
        if draft is None:
            return frozenset({Context.TRADE, self.pane})
        return frozenset({Context.TRADE, Context.STAGED} | ({Context.CLOSING} if draft.closes else set()))


@pytest.mark.parametrize("seed", range(8))
async def test_keys_without_enter_never_send_an_order(tmp_path: Path, seed: int) -> None:
    desk = quiet_desk(tmp_path)
    keys, surface, keymap = Keys(desk), Contexts(), KeyMap()
    keys.trading.bench.surface = surface
    rng = random.Random(seed)
    for _ in range(1500):
        surface.pane = rng.choice([Context.BOOK, Context.BOOK, Context.LIST, Context.CHART])
        key = rng.choice(rng.choice([QUIET, STAGING, STAGING, [*"Xq", "ctrl+g", "ctrl+c"]]))
        action = keymap.press(key, surface.contexts(desk))
        if action is not None:
            keys.trading.perform(action)
        await surface.done()
    assert opening(desk) == []
    await desk.close()


@pytest.mark.parametrize("seed", range(4))
async def test_every_order_was_preceded_by_an_enter_on_what_was_staged(tmp_path: Path, seed: int) -> None:
    desk = quiet_desk(tmp_path)
    keys, surface, keymap = Keys(desk), Contexts(), KeyMap()
    keys.trading.bench.surface = surface
    rng = random.Random(f"enter {seed}")
    enters = 0
    for _ in range(400):
        key = rng.choice(["enter", *rng.sample(QUIET, 3)])
        staged = desk.stage.draft is not None
        action = keymap.press(key, surface.contexts(desk))
        before = len(desk.creates())
        if action is not None:
            keys.trading.perform(action)
        await surface.done()
        sent = len(desk.creates()) - before
        assert sent <= (1 if key == "enter" and staged else 0)
        enters += sent
    assert enters, "the test never sent anything: it proves nothing"
    await desk.close()


@pytest.mark.parametrize("place", [*FOCUS_ORDER, "small"], ids=str)
async def test_no_single_key_sends_from_any_pane(tmp_path: Path, place: str) -> None:
    desk = quiet_desk(tmp_path)
    async with program(desk, (60, 20) if place == "small" else (120, 40)) as shown:
        screen = shown.screen
        for key in [*QUIET, "enter", "q", "X"]:
            if place != "small":
                screen.pane_focus.go(next(slot for slot in FOCUS_ORDER if slot == place))
            screen.press(key)
            await asyncio.sleep(0)
            assert desk.creates() == [], key
            await _back(shown)


@pytest.mark.parametrize("space", SHIPPED, ids=lambda space: space.name)
async def test_no_single_key_sends_from_any_workspace_with_the_scalper_map(tmp_path: Path, space: Workspace) -> None:
    desk = quiet_desk(tmp_path)
    async with program(desk, (120, 40), actions=(*ACTIONS, *SCALPER)) as shown:
        for key in [*QUIET, "enter", "q", "X"]:
            shown.screen.workspaces.show(space)
            shown.screen.trading.disarm("another key is tried")
            desk.world.clock.advance(3)
            shown.screen.press(key)
            await asyncio.sleep(0)
            assert desk.creates() == [], key
            assert not shown.screen.trigger.waiting, key
            await _back(shown)


@pytest.mark.parametrize("keys", [":", "/", "?", "b\t"], ids=["prompt", "find", "help", "form"])
async def test_no_key_sends_from_a_text_field(tmp_path: Path, keys: str) -> None:
    desk = quiet_desk(tmp_path)
    async with program(desk, (120, 40)) as shown:
        await shown.press(*keys)
        await shown.type(string.printable[:95])
        assert desk.creates() == []
        for key in [key for key in QUIET if len(key) > 1]:
            shown.app.post_message(key_event(key))
            await shown.pilot.pause()
            assert desk.creates() == [], key
            if screen_is_bare(shown):
                await _back(shown)
                await shown.press(*keys)


@pytest.mark.parametrize("seed", range(3))
async def test_random_keys_on_the_screen_send_nothing(tmp_path: Path, seed: int) -> None:
    desk = quiet_desk(tmp_path)
    rng = random.Random(seed)
    async with program(desk, (80, 24)) as shown:
        for _ in range(30):
            for key in rng.choices(QUIET, k=8):
                shown.app.post_message(key_event(key))
            await shown.pilot.pause()
        await shown.settle()
        assert desk.creates() == []
        assert not any(pane.failed for pane in shown.screen.panes.values())


def screen_is_bare(shown: Program) -> bool:
    """Return whether the text field was left."""
    return shown.app.screen is shown.screen and not (shown.screen.prompt.display or shown.screen.form.is_open)


async def _back(shown: Program) -> None:
    await shown.leave_fields()
    screen = shown.screen
    screen.keymap.pending = ""
    screen.show_instrument(BTC)
