"""``python -m tests.bench.inside FILE [OPTIONS] -- ARGUMENTS``: the terminal, watched from within.

SIGUSR1 begins a stretch of watching and SIGUSR2 ends it: what was seen is then in FILE, as JSON. Watched are every step of the
event loop (one callback, or one stretch of a task between two awaits) with the stack of those that take long, how late the
loop is for a beat every ten milliseconds, and pauses of the garbage collector. ``--light`` leaves the steps alone, ``--frames``
adds the cells of every frame, ``--profile`` a profile by function. ``--blind`` watches nothing and paints nothing from SIGUSR1
on, so that what the screen costs can be told from the rest; ``--keys`` paints only what keys change. No figure of CPU is taken
from a program that is watched.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import io
import json
import pstats
import signal
import sys
import time
from asyncio import events
from pathlib import Path
from types import FrameType
from typing import Any

SLOW_S = 0.004
"""A step that takes longer keeps keys and orders waiting."""

BEAT_S = 0.01
MOST_STACKS = 200
DEEPEST = 14


class Watch:
    """What is seen of the event loop between two signals."""

    def __init__(self, file: Path, *, light: bool, frames: bool, profile: bool) -> None:
        self._file = file
        self._light = light
        self._with_frames, self._with_profile = frames, profile
        self._on = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._profile: cProfile.Profile | None = None
        self._stack = ""
        self._collecting = 0.0
        self._begin()

    def install(self) -> None:
        """Watch every step of every loop from now on, and listen for the signals."""
        signal.signal(signal.SIGUSR1, lambda *_: self._start())
        signal.signal(signal.SIGUSR2, lambda *_: self._end())
        gc.callbacks.append(self._collected)
        if self._light:
            return
        run = events.Handle._run  # type: ignore[attr-defined]
        clock, cpu, alarm = time.perf_counter, time.thread_time, signal.setitimer
        watch = self

        def watched(handle: Any) -> None:
            if not watch._on:
                run(handle)
                return
            used, start = cpu(), clock()
            alarm(signal.ITIMER_REAL, SLOW_S)
            try:
                run(handle)
            finally:
                alarm(signal.ITIMER_REAL, 0)
                took = clock() - start
                watch.steps += 1
                watch.longest = max(watch.longest, took)
                if took > SLOW_S:
                    watch.slow.append((took * 1000, (cpu() - used) * 1000, watch._stack or _named(handle)))
                    watch._stack = ""

        events.Handle._run = watched  # type: ignore[attr-defined]
        signal.signal(signal.SIGALRM, self._catch)

    def take_frame(self, model: Any) -> None:
        """Keep the cells of a frame that was sent."""
        if self._on:
            shown, pens = list(model._show), list(model._show_pens)
            before = self._before
            changed = [[y, shown[y], pens[y]] for y in range(len(shown)) if before[y : y + 1] != [(shown[y], pens[y])]]
            self._before = list(zip(shown, pens, strict=True))
            self.frames.append((time.monotonic(), changed))
            self._pens = [(tuple(pen.attributes), pen.foreground, pen.background) for pen in model.pens._pens]

    # -- inside ----------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self.steps = 0
        self.longest = 0.0
        self.slow: list[tuple[float, float, str]] = []
        self.lags: list[float] = []
        self.pauses: list[tuple[int, float]] = []
        self.frames: list[tuple[float, list[Any]]] = []
        self._before: list[tuple[str, str]] = []
        self._pens: list[Any] = []

    def _start(self) -> None:
        self._begin()
        self._on = True
        self._loop = asyncio.get_event_loop_policy().get_event_loop() if self._loop is None else self._loop
        self._loop.call_soon(self._beat, self._loop.time())
        if self._with_profile:
            self._profile = cProfile.Profile(time.thread_time)
            self._profile.enable()

    def _beat(self, due: float) -> None:
        loop = self._loop
        if not self._on or loop is None:
            return
        self.lags.append((loop.time() - due) * 1000)
        due = max(due + BEAT_S, loop.time())
        loop.call_at(due, self._beat, due)

    def _end(self) -> None:
        self._on = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        found: dict[str, Any] = {
            "steps": self.steps,
            "longest_ms": self.longest * 1000,
            "slow": sorted(self.slow, reverse=True)[:MOST_STACKS],
            "slow_count": len(self.slow),
            "lags_ms": self.lags,
            "pauses": self.pauses,
        }
        if self._with_frames:
            found |= {"frames": self.frames, "pens": self._pens}
        if self._profile is not None:
            self._profile.disable()
            text = io.StringIO()
            pstats.Stats(self._profile, stream=text).sort_stats("tottime").print_stats(60)
            found["profile"] = text.getvalue()
            text = io.StringIO()
            pstats.Stats(self._profile, stream=text).sort_stats("cumtime").print_stats(110)
            found["profile"] += text.getvalue()
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(found))
        new.replace(self._file)

    def _catch(self, _: int, frame: FrameType | None) -> None:
        # By hand: ``traceback`` reads the source of every file it names, milliseconds that would count as the step's own.
        lines: list[str] = []
        while frame is not None and len(lines) < DEEPEST:
            code = frame.f_code
            lines.append(f"{code.co_filename.rpartition('/')[2]}:{frame.f_lineno} {code.co_name}")
            frame = frame.f_back
        self._stack = " < ".join(lines)

    def _collected(self, phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            self._collecting = time.thread_time()
        elif self._on:
            self.pauses.append((info["generation"], (time.thread_time() - self._collecting) * 1000))


def _named(handle: Any) -> str:
    callback = getattr(handle, "_callback", None)
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        return f"task {owner.get_name()} {owner.get_coro()}"
    return repr(callback)


def main() -> int:
    """Run the terminal under watch."""
    place = sys.argv.index("--")
    parser = argparse.ArgumentParser(prog="python -m tests.bench.inside")
    parser.add_argument("file", type=Path)
    for name in ("light", "blind", "keys", "frames", "profile"):
        parser.add_argument(f"--{name}", action="store_true")
    args = parser.parse_args(sys.argv[1:place])
    sys.argv[1:] = sys.argv[place + 1 :]
    if args.blind:
        _blind()
    elif args.keys:
        _blind_but_for_keys()
    else:
        watch = Watch(args.file, light=args.light, frames=args.frames, profile=args.profile)
        watch.install()
        if args.frames:
            _tap_frames(watch)
        start = asyncio.base_events.BaseEventLoop.run_forever  # type: ignore[attr-defined]

        def run_forever(loop: asyncio.AbstractEventLoop) -> None:
            watch._loop = loop
            start(loop)

        asyncio.base_events.BaseEventLoop.run_forever = run_forever  # type: ignore[attr-defined]
    from tui_trader.__main__ import main as terminal

    return terminal()


def _blind() -> None:
    """From SIGUSR1 on let the frame clock run, but paint only what keys and own events change."""
    from tui_trader.ui.frame import FramePump

    paint = FramePump._go_on
    shut: list[int] = []

    def go_on(pump: FramePump) -> None:
        if not shut:
            paint(pump)
            return
        for owed in pump._panes.values():
            owed.clear()

    FramePump._go_on = go_on  # type: ignore[method-assign]
    signal.signal(signal.SIGUSR1, lambda number, _: shut.append(number))


def _blind_but_for_keys() -> None:
    """From SIGUSR1 on owe panes nothing but what keys stage."""
    from tui_trader.state.topic import STAGE
    from tui_trader.ui.frame import FramePump

    owe = FramePump._owe
    shut: list[int] = []

    def owe_keys(pump: FramePump) -> None:
        owe(pump)
        if shut:
            for owed in pump._panes.values():
                owed &= {STAGE}

    FramePump._owe = owe_keys  # type: ignore[method-assign]
    signal.signal(signal.SIGUSR1, lambda number, _: shut.append(number))


def _tap_frames(watch: Watch) -> None:
    from tui_trader.ui.cells import CellModel

    difference = CellModel.difference

    def tapped(model: CellModel) -> str:
        text = difference(model)
        if text:
            watch.take_frame(model)
        return text

    CellModel.difference = tapped  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.exit(main())
