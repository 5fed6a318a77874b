"""The log: what was sent and what there is to say, newest first, with its time and, beyond a note, its severity in a word."""

from __future__ import annotations

from collections.abc import Callable
from heapq import merge
from typing import ClassVar

from tui_trader.core.clock import Clock, hms
from tui_trader.core.event import Notice
from tui_trader.core.types import Severity
from tui_trader.state import topic as t
from tui_trader.state.dispatch import Dispatch
from tui_trader.state.store import Store
from tui_trader.ui.format import latency
from tui_trader.ui.panes.scroll import ScrollView
from tui_trader.ui.panes.spans import Part, Row, Span, by_rank, cut, fit, page, part
from tui_trader.ui.panes.view import waiting

_LINES = 3
"""Rows from which every notice has a line of its own; below, they share lines."""

_OUTCOMES = {"ack": Severity.NOTE, "unknown": Severity.ALARM, "exists": Severity.ALARM}
"""How loudly the end of a request speaks; all others warn."""

_WORDS = {Severity.NOTE: ("", "text"), Severity.WARNING: ("WARN", "warn"), Severity.ALARM: ("ALARM", "alarm")}


_TOPICS: frozenset[t.Topic] = frozenset({t.NOTICES})


class LogView(ScrollView):
    """What happened."""

    name: ClassVar[str] = "log"

    def __init__(self, store: Store, clock: Clock, label: Callable[[str], str] = lambda ref: "") -> None:
        """``label`` returns what the screen calls an order, by its client id; empty when it has no label."""
        super().__init__(store, clock)
        self._label = label
        self.least = Severity.NOTE
        """Notices below this are left out."""

    # -- keys ------------------------------------------------------------------------------------------------------

    def severity(self, least: Severity) -> None:
        """Leave out what is less severe."""
        self.least, self._first = least, 0
        self.moved()

    # -- content ---------------------------------------------------------------------------------------------------

    @property
    def topics(self) -> frozenset[t.Topic]:
        return _TOPICS

    def title(self) -> list[Part]:
        parts = [part(0, "LOG", "title")]
        return parts + self._above()

    def _count(self) -> int:
        return len(self._notices())

    def body(self, width: int, height: int) -> list[Row]:
        notices = self._notices()
        if not notices:
            return waiting("nothing has happened yet", width, height)
        self._height = height
        if height < _LINES:
            return self._joined(notices, width, height)
        first = min(self._first, max(0, len(notices) - height))
        return page([self._line(notice, width) for notice in notices[first : first + height]], width, height)

    def _notices(self) -> list[Notice]:
        order = list(Severity)
        least = order.index(self.least)
        lines = merge(self.store.notices, map(self._sent, self.store.dispatches), key=lambda line: line.at_ns)
        return [line for line in reversed(list(lines)) if order.index(line.severity) >= least]

    def _sent(self, dispatch: Dispatch) -> Notice:
        """Return what was sent as a line: ``b7 place ack 96ms``."""
        name = self._label(dispatch.ref) or dispatch.ref[-6:]
        text = " ".join(word for word in (name, dispatch.what, dispatch.outcome, latency(dispatch.rtt_ns)) if word)
        severity = _OUTCOMES.get(dispatch.outcome, Severity.WARNING)
        return Notice(f"{text}: {dispatch.text}" if dispatch.text else text, severity, dispatch.at_ns, dispatch.ref)

    def _line(self, notice: Notice, width: int) -> Row:
        word, role = _WORDS[notice.severity]
        head = f"{hms(notice.at_ns)} {word:<5} "
        if width < len(head) + 4:
            return fit((Span(cut(f"{word} {notice.text}".strip(), width), role),), width)
        return (Span(head[:9], "dim"), Span(head[9:], role), Span(cut(notice.text, width - len(head)), role))

    def _joined(self, notices: list[Notice], width: int, height: int) -> list[Row]:
        """Return as many notices as fit side by side; the newest is shown even when it has to be cut."""
        rows: list[Row] = []
        left = list(notices)
        for _ in range(height):
            if not left:
                break
            parts: list[Part] = []
            used = 0
            while left:
                text, role = _short(left[0])
                if parts and used + 3 + len(text) > width:
                    break
                if parts:
                    parts.append(part(len(parts), "│", "border"))
                parts.append(part(len(parts), cut(text, width) if not parts and len(text) > width else text, role))
                used += len(text) + (3 if used else 0)
                left.pop(0)
            rows.append(by_rank(parts, width, gap=1))
        return page(rows, width, height)


def _short(notice: Notice) -> tuple[str, str]:
    word, role = _WORDS[notice.severity]
    return " ".join(piece for piece in (hms(notice.at_ns), word, notice.text) if piece), role
