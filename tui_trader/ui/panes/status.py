"""The bottom line: whether keys can hurt, and what the keys do here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from tui_trader.core.clock import NS, Clock
from tui_trader.state import topic as t
from tui_trader.state.store import Store
from tui_trader.ui.panes.spans import Part, Row, Span, by_rank, page, part, width_of
from tui_trader.ui.panes.view import View


class Hint(NamedTuple):
    """One key and what it does now; a smaller ``rank`` is shown on narrower screens."""

    keys: str
    label: str
    rank: int = 5
    enabled: bool = True
    """False for a key that cannot work now; it is shown, dimmed, so that its place stays."""


_TOPICS: frozenset[t.Topic] = frozenset({t.CLOCK})


class StatusView(View):
    """SAFE or ARMED, then hints."""

    name: ClassVar[str] = "status"
    hot = True

    def __init__(self, store: Store, clock: Clock, hints: Sequence[Hint] = ()) -> None:
        super().__init__(store, clock)
        self._hints = tuple(hints)
        self._armed_until: int | None = None
        self._lock = ""
        self._phrases: tuple[Part, ...] = ()

    # -- told by the app ---------------------------------------------------------------------------------------------

    def show(self, hints: Sequence[Hint]) -> None:
        """Replace the hints: the focus moved, a stage opened."""
        before = self._hints, self._phrases
        self._hints, self._phrases = tuple(hints), ()
        if before != (self._hints, ()):
            self.moved()

    def explain(self, phrases: Sequence[str], role: str = "text") -> None:
        """Say something in place of the hints until they are shown again; what does not fit is left out from the end."""
        self._phrases = tuple(part(rank, text, role) for rank, text in enumerate(phrases))
        self.moved()

    def arm(self, until_mono_ns: int | None) -> None:
        """Say ARMED until a monotonic time, or SAFE with None. This draws; arming itself is not decided here."""
        if until_mono_ns != self._armed_until:
            self._armed_until = until_mono_ns
            self.moved()

    def lock(self, reason: str) -> None:
        """Say in a word or two why entries are refused altogether, e.g. HALTED; empty for not at all."""
        if reason != self._lock:
            self._lock = reason
            self.moved()

    # -- content ---------------------------------------------------------------------------------------------------

    @property
    def topics(self) -> frozenset[t.Topic]:
        return _TOPICS

    def body(self, width: int, height: int) -> list[Row]:
        posture = self._posture()
        if not self._phrases:
            return page([by_rank([posture, *self._parts()], width)], width, height)
        room = max(0, width - width_of(posture.spans) - 2)
        return page([(*posture.spans, Span("  ", "text"), *by_rank(self._phrases, room))], width, height)

    def _posture(self) -> Part:
        if self._lock:
            return part(0, f" {self._lock} ", "alarm")
        left = 0 if self._armed_until is None else self._armed_until - self.clock.mono_ns()
        if left <= 0:
            return part(0, " SAFE ", "safe")
        # Rounded up: while anything is left it never reads 0:00.
        seconds = -(-left // NS)
        return part(0, f" ARMED {seconds // 60}:{seconds % 60:02d} ", "armed")

    def _parts(self) -> list[Part]:
        return [
            Part(
                1 + hint.rank,
                (Span(hint.keys, "key" if hint.enabled else "dim"), Span(f" {hint.label}" if hint.label else "", "dim")),
            )
            for hint in self._hints
        ]
