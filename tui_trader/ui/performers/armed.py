"""ARMED: the same entries and exits, sent on the key; through the same permit, limits and doubts as with Enter."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tui_trader.core.types import Severity, Side
from tui_trader.ui.arming import Arming
from tui_trader.ui.performers.bench import Bench, Performer
from tui_trader.ui.performers.entry import Entry
from tui_trader.ui.performers.exit import Exit
from tui_trader.ui.performers.sending import Sending


class Armed:
    """Arms and disarms, and sends on single keys while armed."""

    def __init__(self, bench: Bench, arming: Arming, entry: Entry, exit: Exit, sending: Sending) -> None:
        self._bench = bench
        self._arming = arming
        self._entry = entry
        self._exit = exit
        self._sending = sending

    def performers(self) -> dict[str, Performer]:
        """Return what each action does."""
        found: dict[str, Performer] = {"arm": self._toggle, "close.now": self._close, "reverse.now": self._reverse}
        for side in Side:
            found[f"join.{side}.now"] = partial(self._enter, self._entry.join, side)
            found[f"take.{side}.now"] = partial(self._enter, self._entry.take, side)
            found[f"cross.{side}.now"] = partial(self._enter, self._entry.cross, side)
        return found

    def arm(self, seconds: int | None = None) -> None:
        """Let single keys send for a while; raises CommandError when nothing could be sent anyway."""
        bench = self._bench
        bench.see()
        self._arming.arm(bench.desk.account.name, bench.desk.focus, seconds)
        bench.surface.say("ARMED: b s B S send on the key, x closes at once; A disarms", Severity.WARNING)

    def _toggle(self) -> None:
        if self._arming.armed:
            self._arming.disarm()
            self._bench.surface.say("SAFE: keys stage, Enter sends")
        else:
            self.arm()

    def _enter(self, stage: Callable[[Side], None], side: Side) -> None:
        stage(side)
        self._sending.send()

    def _close(self) -> None:
        self._exit.stage_close()
        self._sending.send()

    def _reverse(self) -> None:
        self._exit.reverse()
        if not self._bench.habits.confirm_reverse:
            self._sending.send()
