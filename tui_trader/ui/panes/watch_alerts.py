"""Alerts and waiting lines: what each waits for, whether it can see, and what it has done; each is ended by its number."""

from __future__ import annotations

from typing import ClassVar

from tui_trader.core.clock import Clock, hms
from tui_trader.desk.alerts import Alert
from tui_trader.desk.attention import Attention
from tui_trader.desk.standing import ONLY_WHILE_UP, Standing
from tui_trader.state import topic as t
from tui_trader.state.store import Store
from tui_trader.ui.panes.cursor import CursorView
from tui_trader.ui.panes.spans import Part, Row, Span, page, part
from tui_trader.ui.panes.table import Cell, Column, Record, Table
from tui_trader.ui.panes.view import waiting

_COLUMNS = (
    Column("number", "", 2, 0, right=True),
    Column("state", "state", 7, 1),
    Column("text", "waits for", 20, 2),
    Column("does", "does", 4, 3),
    Column("note", "", 1, 4),
)


_TOPICS: frozenset[t.Topic] = frozenset({t.ALERTS, t.LINKS, t.CLOCK})


class AlertsView(CursorView[int]):
    """Everything that waits for something."""

    name: ClassVar[str] = "alerts"

    def __init__(self, store: Store, clock: Clock, attention: Attention) -> None:
        super().__init__(store, clock)
        self._attention = attention
        self._table = Table(_COLUMNS)

    def selected(self) -> int | None:
        """Return the number of the chosen row; None when nothing is chosen."""
        return self._cursor.key if self._cursor.key in self._keys() else None

    @property
    def topics(self) -> frozenset[t.Topic]:
        return _TOPICS

    def title(self) -> list[Part]:
        alerts, lines = self._attention.alerts.waiting(), self._attention.lines.rows()
        parts = [part(0, f"ALERTS {len(alerts)}", "title")]
        if lines:
            parts.append(part(1, f"{len(lines)} {'line' if len(lines) == 1 else 'lines'}: {ONLY_WHILE_UP}", "warn"))
        parts.append(part(2, ":off NUMBER ends one", "dim"))
        return parts

    def body(self, width: int, height: int) -> list[Row]:
        records = self._records()
        if not records:
            return waiting(":alert BTCUSDT > 68000   :when BTCUSDT mark < 66700 && day < -300 : flat all", width, height)
        lead = 2 if width >= 20 else 0
        self._table.fit(list(records.values()), max(1, width - lead))
        rows: list[Row] = []
        if height >= 4:
            rows.append((Span(" " * lead, "header"), *self._table.header()))
        keys, room = list(records), max(1, height - len(rows))
        first = self._cursor.first_visible(keys, room)
        for number in keys[first : first + room]:
            chosen = number == self._cursor.key
            mark = Span("▸ " if chosen else "  ", "cursor_mark")
            rows.append((*((mark,) if lead else ()), *self._table.row(records[number], "cursor" if chosen else None)))
        return page(rows, width, height)

    def _keys(self) -> list[int]:
        return list(self._records())

    def _records(self) -> dict[int, Record]:
        found: dict[int, Record] = {alert.number: self._alert(alert) for alert in self._attention.alerts.rows()}
        found |= {line.number: self._line(line) for line in self._attention.lines.rows()}
        return dict(sorted(found.items()))

    def _alert(self, alert: Alert) -> Record:
        blind = self._attention.alerts.blind(alert.number)
        if alert.over:
            state = Cell("fired", "alarm")
        elif blind:
            state = Cell("BLIND ?", "stale")
        elif not alert.armed:
            state = Cell("rearms", "dim")
        else:
            state = Cell("waits", "text")
        does = [word for word, on in (("bell", alert.bell), ("say", alert.say)) if on]
        does += [f"run {alert.run[0]}"] if alert.run else []
        does += ["repeat"] if alert.repeat is not None else []
        note = blind if not alert.over else ""
        if alert.fired_ns:
            note = f"at {hms(alert.fired_ns)}{f', {alert.count} times' if alert.count > 1 else ''}"
        return {
            "number": Cell(str(alert.number), "dim"),
            "state": state,
            "text": Cell(self._attention.alerts.text(alert), "dim" if alert.over else "text"),
            "does": Cell(" ".join(does), "dim"),
            "note": Cell(note, "stale" if blind else "dim"),
        }

    def _line(self, line: Standing) -> Record:
        state = Cell("runs", "warn") if line.busy else Cell("BLIND ?", "stale") if line.blind else Cell("waits", "text")
        note = line.blind or (f"ran {line.runs} times" if line.runs > 1 else "ran once" if line.runs else ONLY_WHILE_UP)
        return {
            "number": Cell(str(line.number), "dim"),
            "state": state,
            "text": Cell(line.text, "text"),
            "does": Cell("line", "warn"),
            "note": Cell(note, "stale" if line.blind else "dim"),
        }
