"""What is watched, between two sessions: alerts, chosen instruments, and the lines that ended with the terminal that kept them.

Conditional lines are written down only to be told of: none of them is ever taken up again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from tui_trader.core.decimals import plain
from tui_trader.core.error import CommandError, JournalError
from tui_trader.core.language.condition import Condition
from tui_trader.core.sanitise import sanitise
from tui_trader.desk.alerts import Alert
from tui_trader.storage.state_file import StateFile


@dataclass(frozen=True, slots=True)
class Kept:
    """What a file held."""

    alerts: tuple[Alert, ...] = ()
    symbols: tuple[str, ...] | None = None
    """Chosen instruments; None when nobody has chosen yet."""
    lines: tuple[str, ...] = ()
    """Lines that were active when the terminal ended."""
    problems: tuple[str, ...] = ()
    """What could not be read, in sentences."""


class AlertFile:
    """Reads and writes one account's file; without one everything ends with the program."""

    def __init__(self, file: StateFile | None, *, spell: Callable[[Condition], str], read: Callable[[str], Condition]) -> None:
        """``spell`` and ``read`` turn a condition into a line and back; ``read`` raises CommandError."""
        self._file = file
        self._spell = spell
        self._read = read

    def load(self) -> Kept:
        """Return what was kept. What cannot be read is said and left out, the rest is taken."""
        if self._file is None:
            return Kept()
        try:
            document = self._file.read()
        except JournalError as error:
            return Kept(problems=(f"alerts of earlier sessions are lost: {error}",))
        alerts: list[Alert] = []
        problems: list[str] = []
        for row in _rows(document.get("alerts")):
            try:
                alerts.append(self._alert(row))
            except (CommandError, KeyError, TypeError, ValueError, InvalidOperation):
                problems.append(f"an alert of an earlier session cannot be read: {sanitise(str(row.get('when', '?')), 60)}")
        symbols = document.get("symbols")
        chosen = tuple(str(one) for one in symbols) if isinstance(symbols, list) else None
        lines = tuple(sanitise(str(one), 200) for one in document.get("lines") or () if isinstance(one, str))
        return Kept(tuple(alerts), chosen, lines, tuple(problems))

    def save(self, alerts: Sequence[Alert], symbols: Sequence[str], lines: Sequence[str]) -> str:
        """Write everything down; return what went wrong, empty when nothing did."""
        if self._file is None:
            return ""
        document = {"alerts": [self._row(alert) for alert in alerts], "symbols": list(symbols), "lines": list(lines)}
        try:
            self._file.write(document)
        except JournalError as error:
            return f"alerts will not survive a restart: {error}"
        return ""

    def _row(self, alert: Alert) -> dict[str, Any]:
        return {
            "number": alert.number,
            "when": self._spell(alert.condition),
            "bell": alert.bell,
            "say": alert.say,
            "run": list(alert.run),
            "repeat": None if alert.repeat is None else plain(alert.repeat),
            "made_ns": str(alert.made_ns),
            "armed": alert.armed,
            "fired_ns": str(alert.fired_ns),
            "count": alert.count,
        }

    def _alert(self, row: Mapping[str, Any]) -> Alert:
        return Alert(
            number=int(row["number"]),
            condition=self._read(str(row["when"])),
            bell=bool(row["bell"]),
            say=bool(row["say"]),
            run=tuple(str(word) for word in row["run"]),
            repeat=None if row["repeat"] is None else Decimal(str(row["repeat"])),
            made_ns=int(row["made_ns"]),
            armed=bool(row["armed"]),
            fired_ns=int(row["fired_ns"]),
            count=int(row["count"]),
        )


def _rows(value: object) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
