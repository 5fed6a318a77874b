"""Lines that wait: run once when a condition is met, or again and again, while this terminal is up and no longer.

They are made by an explicit command, listed, and ended by a panic or a halt. What a line does when its time has come passes the
same judges as what is typed; this only says when. None is ever taken up by a later session.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from tui_trader.core import command as c
from tui_trader.core.alert import Readings, judge, resolved
from tui_trader.core.clock import NS, Clock
from tui_trader.core.command import Line
from tui_trader.core.error import CommandError, TraderError
from tui_trader.core.language.condition import Condition
from tui_trader.core.types import Severity

MOST = 20
"""Lines that can wait at a time."""

LEAST_S = 5
"""Shortest time between two runs of a repeating line."""

ONLY_WHILE_UP = "runs only while this terminal is up"

Run = Callable[[], Coroutine[Any, Any, list[str]]]
"""Runs the line; returns what came of it, in sentences. Raises TraderError."""


def opens_exposure(line: Line) -> bool:
    """Whether a line may open or grow a position: such a line is kept only after it was confirmed."""
    for command in line.commands:
        match command:
            case c.PlaceOrder(reduce_only=True):
                continue
            case c.PlaceOrder() | c.Scale() | c.Chase() | c.Reverse() | c.ChangeQty():
                return True
    return False


@dataclass(frozen=True, slots=True)
class Standing:
    """A line that waits."""

    number: int
    text: str
    """The whole line as it is typed, condition included."""
    line: str
    """What it runs."""
    condition: Condition | None = None
    every_s: int = 0
    made_ns: int = 0
    due_ns: int = 0
    """When a repeating line runs next, by monotonic time."""
    runs: int = 0
    blind: str = ""
    """Why its condition cannot be told; empty when it can."""
    busy: bool = False
    """Whether it is running right now."""


class StandingLines:
    """The lines that wait in one terminal."""

    def __init__(
        self,
        *,
        clock: Clock,
        readings: Readings,
        number: Callable[[], int],
        spell: Callable[[Condition], str],
        spawn: Callable[[str, Coroutine[Any, Any, Any]], None],
        tell: Callable[[str, Severity], None],
        record: Callable[[str, dict[str, str]], None],
        changed: Callable[[], None],
    ) -> None:
        """``record`` writes into the journal when a line is made, runs and ends."""
        self._clock = clock
        self._readings = readings
        self._number = number
        self._spell = spell
        self._spawn = spawn
        self._tell = tell
        self._record = record
        self._changed = changed
        self._lines: dict[int, Standing] = {}
        self._work: dict[int, Run] = {}

    def rows(self) -> list[Standing]:
        """Return the lines that wait, in the order they were made."""
        return list(self._lines.values())

    # -- making and ending -----------------------------------------------------------------------------------------

    def when(self, condition: Condition, line: str, run: Run, *, name: Callable[[str], str]) -> Standing:
        """Run a line once as soon as a condition is met; raises CommandError when it is met already."""
        condition = resolved(condition, name)
        spelled = self._spell(condition)
        if judge(condition, self._readings).met:
            raise CommandError(f"{spelled} is so already: the line would run at once", fix=line)
        return self._keep(Standing(self._number(), f"when {spelled} : {line}", line, condition=condition), run)

    def every(self, seconds: int, line: str, run: Run, *, spelled: str) -> Standing:
        """Run a line again and again, for the first time when the time has passed once; ``spelled`` is that time."""
        if seconds < LEAST_S:
            raise CommandError(f"a line repeats every {LEAST_S} s at most often", fix=f"every {LEAST_S}s : {line}")
        due = self._clock.mono_ns() + seconds * NS
        standing = Standing(self._number(), f"every {spelled} : {line}", line, every_s=seconds, due_ns=due)
        return self._keep(standing, run)

    def _keep(self, standing: Standing, run: Run) -> Standing:
        if len(self._lines) >= MOST:
            raise CommandError(f"{MOST} lines wait at most", fix="off NUMBER ends one")
        standing = replace(standing, made_ns=self._clock.wall_ns())
        self._lines[standing.number], self._work[standing.number] = standing, run
        self._record("line", {"event": "made", "number": str(standing.number), "text": standing.text})
        self._changed()
        return standing

    def end(self, number: int) -> Standing | None:
        """Forget a line; one that is running right now runs to its end. None when there is none of that number."""
        standing = self._lines.pop(number, None)
        self._work.pop(number, None)
        if standing is not None:
            self._record("line", {"event": "ended", "number": str(number), "text": standing.text})
            self._changed()
        return standing

    def end_all(self, reason: str) -> int:
        """Forget every line because of ``reason``, which is said; return how many there were."""
        count = len(self._lines)
        for number in list(self._lines):
            self.end(number)
        if count:
            one = count == 1
            what = f"{count} waiting {'line is' if one else 'lines are'}"
            self._tell(f"{reason}: {what} ended and will not run", Severity.WARNING)
        return count

    # -- looking ---------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Start every line whose time has come; a line that is still running is not started again."""
        now = self._clock.mono_ns()
        for standing in list(self._lines.values()):
            if standing.busy:
                continue
            if standing.condition is None:
                if now >= standing.due_ns:
                    self._begin(replace(standing, due_ns=now + standing.every_s * NS))
                continue
            verdict = judge(standing.condition, self._readings)
            if verdict.blind != standing.blind:
                standing = self._lines[standing.number] = replace(standing, blind=verdict.blind)
            if verdict.met:
                self._begin(standing)

    def _begin(self, standing: Standing) -> None:
        """Start a line; one that runs once is gone before anything is awaited, so that it cannot be started twice."""
        number, run = standing.number, self._work[standing.number]
        standing = replace(standing, busy=True, runs=standing.runs + 1)
        if standing.condition is not None:
            del self._lines[number], self._work[number]
        else:
            self._lines[number] = standing
        self._record("line", {"event": "runs", "number": str(number), "text": standing.text})
        self._tell(f"line {number} runs: {standing.text}", Severity.WARNING)
        self._changed()
        self._spawn(f"line {number}", self._run(standing, run))

    async def _run(self, standing: Standing, run: Run) -> None:
        number = standing.number
        try:
            for text in await run():
                self._tell(f"line {number}: {text}", Severity.NOTE)
        except TraderError as error:
            self._tell(f"line {number} ({standing.line}) was not done: {error.message}", Severity.ALARM)
        finally:
            if number in self._lines:
                self._lines[number] = replace(self._lines[number], busy=False)
