"""The installed program with a gauge in its event loop, or the gauge alone: ``python gauge.py REPORT [WORDS OF THE PROGRAM]``.

Nothing in the program knows of it. Once a second it appends one JSON line to REPORT: how late each beat of a 10 ms grid was (a
blocked loop is late for every beat it missed), how many tasks live, what failed unseen, and the keys that reached the app.
Run by the installed interpreter, so it imports nothing but the program. Without words it beats in an empty loop: what that is
late by, the machine is to blame for. A single ``-`` is the program without words.
"""

from __future__ import annotations

import asyncio
import asyncio.events
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

BEAT_S = 0.01
REPORT_S = 1.0


class Gauge:
    """Beats in one event loop and writes down what it sees."""

    def __init__(self, loop: asyncio.AbstractEventLoop, path: Path) -> None:
        self._loop = loop
        self._path = path
        self._late: Counter[int] = Counter()
        """Beats by whole milliseconds of lateness."""
        self._keys: list[tuple[float, str]] = []
        self._failures: list[str] = []
        self._due = loop.time() + BEAT_S
        self._report_at = loop.time() + REPORT_S
        loop.call_at(self._due, self._beat)

    def key(self, name: str) -> None:
        """Note that a key has reached the app now."""
        self._keys.append((time.monotonic(), name))

    def failure(self, text: str) -> None:
        """Note that something failed and nobody was there to see it; from any thread."""
        self._failures.append(text[:500])

    def _beat(self) -> None:
        now = self._loop.time()
        while self._due <= now:
            self._late[int((now - self._due) * 1000)] += 1
            self._due += BEAT_S
        if now >= self._report_at:
            self._report_at = now + REPORT_S
            self._report()
        self._loop.call_at(self._due, self._beat)

    def _report(self) -> None:
        late, self._late = self._late, Counter()
        keys, self._keys = self._keys, []
        failures, self._failures = self._failures, []
        line = {
            "at": time.monotonic(),
            "late_ms": {str(ms): count for ms, count in sorted(late.items())},
            "tasks": len(asyncio.all_tasks(self._loop)),
            "keys": keys,
            "failures": failures,
        }
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")


def install(path: Path) -> tuple[list[Gauge], Callable[[], None]]:
    """Put a gauge into every event loop that is made from now on.

    Return the list they appear in, and what makes them hear again of failures in other places when somebody else took over.
    """
    gauges: list[Gauge] = []
    new_event_loop = asyncio.events.new_event_loop

    def new() -> asyncio.AbstractEventLoop:
        loop = new_event_loop()
        gauge = Gauge(loop, path)
        gauges.append(gauge)
        call = loop.call_exception_handler

        def call_exception_handler(context: dict[str, Any]) -> None:
            gauge.failure(f"loop: {context.get('message')}: {context.get('exception')!r}")
            call(context)

        loop.call_exception_handler = call_exception_handler  # type: ignore[method-assign]
        return loop

    def tell(text: str) -> None:
        for gauge in gauges:
            gauge.failure(text)

    def hook() -> None:
        sys.unraisablehook = lambda failed: tell(f"unraisable: {failed.err_msg}: {failed.exc_value!r} in {failed.object!r}")
        threading.excepthook = lambda failed: tell(f"thread: {failed.exc_value!r}")

    asyncio.events.new_event_loop = new
    hook()
    return gauges, hook


def watch_keys(gauges: list[Gauge]) -> None:
    """Note every key at the moment the app is given it."""
    from textual import events

    import tui_trader.cli.tui  # noqa: F401  # the environment the program wants is set before Textual is imported
    from tui_trader.ui.app import TraderApp

    on_event = TraderApp.on_event

    async def noted(self: TraderApp, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:
            for gauge in gauges:
                gauge.key(event.key)
        await on_event(self, event)

    TraderApp.on_event = noted  # type: ignore[method-assign]


def main() -> int:
    """Run the program as its own script does."""
    path, words = Path(sys.argv[1]), sys.argv[2:]
    gauges, hook = install(path)
    if not words:
        asyncio.run(_idle())
        return 0
    import os

    os.environ.setdefault("TEXTUAL_FPS", "120")  # as the program itself does before Textual is imported
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    watch_keys(gauges)
    from tui_trader.__main__ import main as program
    from tui_trader.cli import process

    process.install_hooks = hook  # the program would have it said where nobody looks
    process.harden = lambda *, dumpable=False: None  # the figures of a closed process are for root alone

    sys.argv = ["tui-trader", *(words if words != ["-"] else [])]
    return int(program() or 0)


async def _idle() -> None:
    await asyncio.Event().wait()


if __name__ == "__main__":
    sys.exit(main())
