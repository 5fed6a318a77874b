"""The trading screen over a recording: the same panes, a row that tells where in it one is, and keys that move through it.

Keys that would trade say that nothing is sent. What the screen refuses, the replayed desk refuses as well: it has no way out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tui_trader.core.clock import NS
from tui_trader.core.types import InstrumentId, Severity
from tui_trader.desk.playback import REFUSAL, Playback
from tui_trader.ui.action import Action
from tui_trader.ui.habits import Habits
from tui_trader.ui.keymap import KeyMap
from tui_trader.ui.screens.trade import TradeScreen

BAR: Final = 20
"""Cells of the progress bar."""

_KEYS: Final = ("Space pause", "←→ 10 s", "PgUp PgDn 1 min", "< > pace", "q q leave", ". step", "0 begin")
"""What moves through it, the most wanted first: a narrow screen shows as many as fit."""

_LOOKING: Final = frozenset({"quit", "leave", "symbol.next", "symbol.previous"})
"""What trading does that only looks, beside what the screen does itself."""


class ReplayScreen(TradeScreen):
    """What a trader saw, again."""

    def __init__(self, playback: Playback, symbols: list[InstrumentId], keymap: KeyMap) -> None:
        super().__init__(playback.desk, symbols, keymap, Habits())
        self.playback = playback
        playback.on_jump = self._redraw
        self._moves: Mapping[str, Callable[[], None]] = {
            "space": playback.toggle,
            ".": self._step,
            "right": lambda: playback.jump(10 * NS),
            "left": lambda: playback.jump(-10 * NS),
            "pagedown": lambda: playback.jump(60 * NS),
            "pageup": lambda: playback.jump(-60 * NS),
            "0": lambda: playback.jump(-playback.position_ns),
            ">": lambda: playback.faster(2),
            "<": lambda: playback.faster(0.5),
        }

    def on_mount(self) -> None:
        """Begin to play."""
        super().on_mount()
        self.program.run_task("playback", self.playback.run())

    def press(self, key: str) -> None:
        """Move through the recording, or look around."""
        move = None if self.keymap.pending else self._moves.get(key)
        if move is None:
            super().press(key)
        else:
            move()
            self.refresh_hints()
            self.program.pump.nudge()

    def act(self, action: Action) -> None:
        """Do what only looks; say of everything else that nothing is sent."""
        if action.id in _LOOKING or (action.id in self.performers and not action.adds_exposure):
            super().act(action)
        else:
            self.say(REFUSAL, Severity.WARNING)

    def tick(self) -> None:
        """Keep the row of progress current too."""
        super().tick()
        self.refresh_hints()

    def _step(self) -> None:
        self.playback.paused = True
        frames = self.playback.frames
        while self.playback.frames == frames and self.playback.step():
            pass

    def _redraw(self) -> None:
        for view in self.views.values():
            view.moved()
        self.refresh_hints()

    def refresh_hints(self) -> None:
        """Show where in the recording this is, in place of the hints."""
        if self.typing.explaining or self.form.is_open:
            return
        self.status.explain([progress(self.playback), *_KEYS])


def progress(playback: Playback) -> str:
    """Return where a replay is: ``01:12 / 10:00 [####......] x4 paused``."""
    length = playback.length_ns
    done = min(BAR, playback.position_ns * BAR // length) if length else BAR
    pace = f"x{playback.speed:g}" if playback.speed < 1e6 else "as fast as it can"
    state = "  end" if playback.ended else "  paused" if playback.paused else ""
    return f"{_minutes(playback.position_ns)} / {_minutes(length)} [{'#' * done}{'.' * (BAR - done)}] {pace}{state}"


def _minutes(ns: int) -> str:
    seconds = ns // NS
    hours = f"{seconds // 3600}:" if seconds >= 3600 else ""
    return f"{hours}{seconds // 60 % 60:02d}:{seconds % 60:02d}"
