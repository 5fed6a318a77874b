"""What runs when a likeness is taken: the program on a desk, over a recording of one, or before there is any."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn

from tests.ui.desks import Program, ScriptedDesk, program, until
from tui_trader.core.clock import NS
from tui_trader.core.error import LinkError, UsageError
from tui_trader.desk.desk import Desk
from tui_trader.desk.locations import shipped
from tui_trader.desk.playback import Playback
from tui_trader.ui.app import TraderApp
from tui_trader.ui.screens.unlock import UnlockScreen
from tui_trader.ui.theme import load_themes
from tui_trader.venues.phemex import PHEMEX

Size = tuple[int, int]

Stage = Callable[[Callable[[Path], ScriptedDesk] | None, Path, Size, str], AbstractAsyncContextManager[Program]]
"""Runs the program on what a moment makes, in a folder, at a size, in a theme."""

MINUTES = 2
"""How long the recording is."""


@asynccontextmanager
async def traded(moment: Callable[[Path], ScriptedDesk] | None, folder: Path, size: Size, theme: str) -> AsyncIterator[Program]:
    """Run the program on a desk."""
    assert moment is not None
    async with program(moment(folder), size, theme=theme) as shown:
        yield shown


@asynccontextmanager
async def recorded(moment: Callable[[Path], ScriptedDesk] | None, folder: Path, size: Size, theme: str) -> AsyncIterator[Program]:
    """Run the program over a recording, which stands at its first second."""
    assert moment is not None
    desk, file = moment(folder), folder / "hour.rec.jsonl"
    desk.begin_recording(file, private=True)
    for _ in range(MINUTES * 60):
        desk.world.clock.advance(1)
        assert desk.recording is not None
        desk.recording.beat()
    desk.end_recording()
    await desk.close()
    playback = Playback(file)
    playback.paused = True
    playback.play_to(NS)
    async with program(playback.desk, size, theme=theme, playback=playback) as shown:
        yield shown


@asynccontextmanager
async def opening(moment: object, folder: Path, size: Size, theme: str) -> AsyncIterator[Program]:
    """Run the program while its account is being opened."""
    async with _before(size, theme, lambda app: asyncio.Event().wait()) as shown:
        await until(shown.pilot, lambda: "opening" in seen(shown))
        yield shown


@asynccontextmanager
async def unopened(moment: object, folder: Path, size: Size, theme: str) -> AsyncIterator[Program]:
    """Run the program where its account could not be opened."""

    async def fail(app: TraderApp) -> NoReturn:
        raise LinkError("phemex/main could not be opened: the venue's product list did not come within 10 s (no route to host)")

    async with _before(size, theme, fail) as shown:
        await until(shown.pilot, lambda: "^C leaves" in seen(shown))
        yield shown


@asynccontextmanager
async def passphrase(moment: object, folder: Path, size: Size, theme: str) -> AsyncIterator[Program]:
    """Run the program in front of a vault, with something typed."""
    async with _asked(size, theme, "The key of phemex/live/main is in the vault.", ["Passphrase of the vault"]) as shown:
        await shown.pilot.press(*"words of mine")
        yield shown


@asynccontextmanager
async def wrong(moment: object, folder: Path, size: Size, theme: str) -> AsyncIterator[Program]:
    """Run the program in front of a vault that another passphrase opens."""
    async with _asked(size, theme, "The key of phemex/live/main is in the vault.", ["Passphrase of the vault"]) as shown:
        await shown.pilot.press(*"words", "enter")
        await until(shown.pilot, lambda: "does not open" in seen(shown))
        yield shown


@asynccontextmanager
async def key_asked(moment: object, folder: Path, size: Size, theme: str) -> AsyncIterator[Program]:
    """Run the program where no key is kept."""
    title = "The key of phemex/live/main, for this session. It is kept in memory and never stored."
    async with _asked(size, theme, title, list(PHEMEX.key_words)) as shown:
        await shown.pilot.press(*"0f3a", "enter")
        yield shown


def seen(shown: Program) -> str:
    """Return the words of whatever screen is shown."""
    strips = shown.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def _refused(typed: Sequence[str]) -> None:
    raise UsageError("the passphrase does not open the vault")


@asynccontextmanager
async def _asked(size: Size, theme: str, title: str, fields: list[str]) -> AsyncIterator[Program]:
    async with _before(size, theme, lambda app: app.ask_secret(title, fields, _refused)) as shown:
        await until(shown.pilot, lambda: isinstance(shown.app.screen, UnlockScreen) and "Enter goes on" in seen(shown))
        yield shown


@asynccontextmanager
async def _before(size: Size, theme: str, work: Callable[[TraderApp], Any]) -> AsyncIterator[Program]:
    """Run the program up to where its opener does ``work``; there is no trading screen."""

    async def opener(stack: AsyncExitStack) -> tuple[Desk, Any]:
        await work(app)
        raise AssertionError("nothing is opened")

    themes, _ = load_themes(shipped("themes"), None)
    app = TraderApp(opener, themes=themes, theme=theme, fps=4.0, driver_class=None)
    async with app.run_test(size=size) as pilot:
        try:
            yield Program(app, pilot)
        finally:
            await app._tasks.close()  # nothing ends what is being opened but the end of the program
