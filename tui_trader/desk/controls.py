"""What may be sent: ACTIVE, REDUCING or HALTED, why, and how trading is resumed.

The state stands in a file beside the journal, so that it survives a restart and binds every process of the account: a halt from
another shell stops a running terminal before its next entry. Exits and cancels are never asked here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tui_trader.core.clock import Clock, rfc3339
from tui_trader.core.error import CommandError, JournalError
from tui_trader.core.facts import TradingState
from tui_trader.core.sanitise import sanitise
from tui_trader.core.types import Severity
from tui_trader.storage.state_file import StateFile
from tui_trader.venues.base import Outcome, Verdict

_SEVERITY = {TradingState.ACTIVE: 0, TradingState.REDUCING: 1, TradingState.HALTED: 2}

_ANSWERS = frozenset({Outcome.ACK, Outcome.REJECTED, Outcome.EXISTS, Outcome.MISSING})
"""The venue understood and answered: whatever went wrong before is over."""

_OWN_REFUSALS = frozenset({"local_limit", "closed", "no_key", "read_only"})
"""Codes of requests that this side did not let out: they say nothing of the venue."""


@dataclass(frozen=True, slots=True)
class FailureLimits:
    """How many order requests in a row may stay without a proper answer."""

    reducing: int = 3
    """From so many on only exits are sent."""
    halted: int = 5
    """From so many on trading is halted."""


class Controls:
    """The trading state of one account."""

    def __init__(
        self,
        clock: Clock,
        *,
        name: str,
        file: StateFile | None = None,
        failures: FailureLimits | None = None,
    ) -> None:
        """``name`` is what has to be typed to leave HALTED. Without ``file`` the state ends with the program."""
        self.name = name
        self.reason = ""
        """Why entries are refused; empty while they are not."""
        self._clock = clock
        self._file = file
        self._limits = failures or FailureLimits()
        self._record: Callable[[str, Mapping[str, Any]], None] = lambda kind, body: None
        self._say: Callable[[str, Severity], None] = lambda text, severity: None
        self._state = TradingState.ACTIVE
        self._notes: dict[str, Any] = {}
        self._failed = 0
        self._load()

    def attend(self, *, record: Callable[[str, Mapping[str, Any]], None], say: Callable[[str, Severity], None]) -> None:
        """Name who writes changes down and who tells the trader."""
        self._record, self._say = record, say

    @property
    def state(self) -> TradingState:
        """What may be sent now; looks whether another process has changed it."""
        if self._file is not None and self._file.changed():
            before = self._state
            self._load()
            if self._state is not before:
                self._say(f"another process: {self.words()}", Severity.ALARM)
        return self._state

    def words(self) -> str:
        """Return state, reason and the way on in one sentence."""
        match self.state:
            case TradingState.ACTIVE:
                return "trading is active"
            case TradingState.REDUCING:
                return f"REDUCING: {self.reason}; exits still work, :resume lets entries out again"
            case _:
                return f"HALTED: {self.reason}; exits still work, :resume {self.name} lets entries out again"

    def reduce(self, reason: str) -> None:
        """Let out only exits from now on; does nothing where more than that is in force."""
        self._worsen(TradingState.REDUCING, reason)

    def halt(self, reason: str) -> None:
        """Let out only exits until somebody types the name of the venue."""
        self._worsen(TradingState.HALTED, reason)

    def resume(self, typed: str) -> str:
        """Let entries out again and return what is so now; raises CommandError when ``typed`` is not what a halt asks for."""
        state = self.state
        if state is TradingState.ACTIVE:
            return "trading is active: there is nothing to resume"
        if state is TradingState.HALTED and typed.lower() != self.name.lower():
            raise CommandError(f"trading is halted ({self.reason})", fix=f"resume {self.name}")
        self._failed = 0
        self._move(TradingState.ACTIVE, "")
        return "trading is active again"

    def hear(self, verdict: Verdict) -> None:
        """Count order requests that got no proper answer; enough of them in a row end entries, then trading."""
        if verdict.outcome in _ANSWERS:
            self._failed = 0
        elif verdict.outcome is Outcome.UNKNOWN or (verdict.outcome is Outcome.NOT_SENT and verdict.code not in _OWN_REFUSALS):
            self._failed += 1
            if self._failed >= self._limits.halted:
                self.halt(f"{self._failed} order requests in a row got no answer from the venue")
            elif self._failed >= self._limits.reducing:
                self.reduce(f"{self._failed} order requests in a row got no answer from the venue")

    def note(self, key: str) -> Any:
        """Return something that was to be remembered across restarts, None when nothing was."""
        return self._notes.get(key)

    def remember(self, key: str, value: Any) -> None:
        """Remember something small across restarts; a file that cannot be written is said and does not stop anything."""
        if self._notes.get(key) != value:
            self._notes[key] = value
            self._save()

    # -- inside ----------------------------------------------------------------------------------------------------

    def _worsen(self, state: TradingState, reason: str) -> None:
        if _SEVERITY[state] > _SEVERITY[self.state]:
            self._move(state, reason)

    def _move(self, state: TradingState, reason: str) -> None:
        self._state, self.reason = state, reason
        self._save()
        self._record("state", {"state": state, "reason": reason})
        self._say(self.words(), Severity.ALARM if state is not TradingState.ACTIVE else Severity.WARNING)

    def _load(self) -> None:
        """Read what is in force. What cannot be read may have been a halt, and counts as one."""
        if self._file is None:
            return
        try:
            document = self._file.read()
            state, reason = (
                TradingState(document.get("state", TradingState.ACTIVE)),
                sanitise(str(document.get("reason", "")), 160),
            )
            notes = document.get("notes", {})
        except (JournalError, ValueError) as error:
            self._state, self.reason = TradingState.HALTED, f"whether trading was halted cannot be read ({error})"
            return
        self._state, self.reason = state, reason
        self._notes = notes if isinstance(notes, dict) else {}

    def _save(self) -> None:
        if self._file is None:
            return
        document = {
            "state": self._state,
            "reason": self.reason,
            "at": rfc3339(self._clock.wall_ns()),
            "notes": self._notes,
        }
        try:
            self._file.write(document)
        except JournalError as error:
            self._say(f"{error}: the trading state will not survive a restart", Severity.ALARM)
