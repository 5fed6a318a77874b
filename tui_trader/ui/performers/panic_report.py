"""What a panic came to, account by account: one line that grows as they answer, the worst first.

An account that has not answered is named as such, and one that nothing could be cancelled at is never left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_trader.core.event import Notice
from tui_trader.core.facts import TradingState
from tui_trader.core.types import Severity
from tui_trader.desk.desk import Desk
from tui_trader.ui.performers.fellows import Fellows

_DONE = "verified: 0"


class PanicReport:
    """The result of one press."""

    def __init__(self, desks: Sequence[Desk], fellows: Fellows, *, flatten: bool, owing: Sequence[str] = ()) -> None:
        """``owing`` are the accounts that are being opened, and do it when they are."""
        self._desks = list(desks)
        self._fellows = fellows
        self._flatten = flatten
        self._owing = tuple(owing)
        self._results: dict[Desk, str] = {}

    def told(self, desk: Desk, result: str) -> None:
        """Take in what came of one account, and say how all of them stand."""
        self._results[desk] = result
        if len(self._desks) > 1:  # the line on the screen may be too short for all of them: the log has each
            name = desk.account.name
            severity = Severity.WARNING if result.startswith(_DONE) else Severity.ALARM
            self._desks[0].absorb([Notice(f"{name} {result}", severity, desk.clock.wall_ns())])
        severity = Severity.WARNING if self.verified else Severity.ALARM
        self._fellows.say(f"{'flatten' if self._flatten else 'cancel all'}: {self.words()}; {self._way_back()}", severity)

    @property
    def verified(self) -> bool:
        """Whether every account has answered, and nothing is left at any."""
        answers = self._results.values()
        return len(answers) == len(self._desks) and all(text.startswith(_DONE) for text in answers) and not self._owing

    def words(self) -> str:
        """Return all results: accounts that came to the same share it."""
        if len(self._desks) == 1 and not self._owing:
            return self._results[self._desks[0]]
        together: dict[str, list[str]] = {}
        for desk in self._desks:
            together.setdefault(self._results.get(desk, "not answered yet"), []).append(desk.account.name)
        for name in self._owing:
            together.setdefault("not open yet: done as soon as it is", []).append(name)
        worst_first = sorted(together.items(), key=lambda row: row[0].startswith(_DONE))
        return "; ".join(f"{', '.join(names)} {text}" for text, names in worst_first)

    def _way_back(self) -> str:
        halted = [desk for desk in self._desks if desk.controls.state is TradingState.HALTED]
        if len(self._desks) == 1:
            return f":resume{f' {self._desks[0].controls.name}' if halted else ''} lets entries out again"
        return f":resume{' NAME' if halted else ''} at each lets its entries out again"
