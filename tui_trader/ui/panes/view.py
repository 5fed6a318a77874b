"""What a pane shows and where in it the trader is: pure content, without a widget.

A view reads the Store and answers with rows of exactly the size asked for. Its only state is the trader's own place in it
(cursor, scroll, grouping, filter), which keys change. It must not know Textual, colours or the pump.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from tui_trader.core.types import InstrumentId
from tui_trader.state import topic as t
from tui_trader.ui.frame import PACE_S
from tui_trader.ui.panes.spans import BLANK, Part, Row, Span, by_rank, fit, page, width_of

if TYPE_CHECKING:
    # The first frame is painted by views that have nothing to show yet: the Store and all that it knows are read after it.
    from tui_trader.core.clock import Clock
    from tui_trader.state.store import Store

ASCII = str.maketrans("…─│┌┐└┘▸▲▼▁▂▃▄▅▆▇█▏▎▍▌▋▊▉·±↑↓←→┃╻╹╽╿╷╵▀┤╌┆", "~-|++++>^v_.,-=+*#.::=+##.~^v<>#####||-+-:")
"""Every character outside ASCII that is drawn, and what stands for it where the terminal cannot show it."""


OVERVIEW_S = 0.4
"""The pace of what is looked over rather than watched: curves, sums of the day, lists of the past."""


class View:
    """Content of one pane; subclasses say what is in ``body``."""

    name: ClassVar[str] = ""
    """Identity in layouts and key maps."""

    hot: ClassVar[bool] = False
    """Whether it is painted before the others, and in every frame: what a key aims at and what answers to a key."""

    fluid: ClassVar[bool] = False
    """Whether the pieces of its rows usually change their widths."""

    pace_s: ClassVar[float] = PACE_S
    """Seconds between two paintings that only the market asks for, of what is not hot: faster than its numbers are read."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.focused = False
        """Whether keys go here; drawn in the border."""
        self.brought: frozenset[tuple[object, ...]] | None = None
        """What a frame brought while the view is drawn for it; None while it is drawn for anything else."""
        self.titled: tuple[object, Row] | None = None
        """The title line that was drawn last, and what it was made of."""
        self.on_change: Callable[[], None] = lambda: None
        """Called after a key moved something in this view; the pane repaints at once."""

    @property
    def topics(self) -> frozenset[t.Topic]:
        """What makes this view out of date."""
        return frozenset()

    def heeds(self, topic: tuple[object, ...]) -> bool:
        """Whether what one of the topics brought makes this view look different now; where in doubt it does."""
        return True

    def splits(self, topics: frozenset[tuple[object, ...]]) -> bool:
        """Whether what these topics brought can be drawn into what was drawn last, and the market later."""
        return False

    def title(self) -> list[Part]:
        """Return the words of the title line, most important first by rank."""
        return []

    def clicked(self, line: int) -> None:
        """Put the place of this view, if it has one, on a line of the body, counted from 0. Nothing else may follow a click."""

    def body(self, width: int, height: int) -> list[Row]:
        """Return ``height`` rows of ``width`` cells."""
        return page([], width, height)

    def watch(self, instrument: InstrumentId | None) -> None:
        """Show another instrument; a view of the whole account stays as it is."""

    def moved(self) -> None:
        """Say that a key changed what is shown."""
        self.on_change()


def waiting(text: str, width: int, height: int) -> list[Row]:
    """Return an empty body that says what it waits for."""
    return page([(Span(text, "dim"),)], width, height)


def boxed(view: View, width: int, height: int) -> list[Row]:
    """Return the view in a box whose top line is its title; without room for a box, the bare body."""
    if width < 4 or height < 3:
        return ruled(view, width, height)
    role = "border_focus" if view.focused else "border"
    side = Span("│", role)
    body = view.body(width - 2, height - 2)
    top = (Span("┌", role), *_title_line(view, width - 2, role), Span("┐", role))
    bottom = (Span("└" + "─" * (width - 2) + "┘", role),)
    return [top, *((side, *row, side) for row in body), bottom]


def ruled(view: View, width: int, height: int) -> list[Row]:
    """Return the view under a title line and without sides: the form for small screens."""
    if height < 2:
        return view.body(width, height)
    role = "border_focus" if view.focused else "border"
    body = view.body(width, height - 1)
    return [fit(_title_line(view, width, role), width), *body]


def bare(view: View, width: int, height: int) -> list[Row]:
    """Return the body alone."""
    return view.body(width, height)


def _title_line(view: View, width: int, role: str) -> Row:
    """Return ``─ TITLE ────``; a part that does not fit is left out whole."""
    made_of = (view.title(), width, role)
    known = view.titled
    if known is not None and known[0] == made_of:
        return known[1]
    line = _titled(*made_of)
    view.titled = (made_of, line)
    return line


def _titled(parts: list[Part], width: int, role: str) -> Row:
    shown = _stripped(by_rank(parts, width - 4, role=role)) if width >= 6 and parts else BLANK
    if not shown:
        return (Span("─" * max(0, width), role),)
    return (Span("─ ", role), *shown, Span(" " + "─" * (width - 3 - width_of(shown)), role))


def _stripped(row: Row) -> Row:
    spans = list(row)
    while spans and not spans[-1].text.strip():
        spans.pop()
    return tuple(spans) if spans else BLANK


@lru_cache(maxsize=4096)
def in_ascii(row: Row) -> Row:
    """Return a row with every drawing character replaced by its ASCII stand-in; other text is left as it is."""
    return tuple(Span(span.text.translate(ASCII), span.role) for span in row)
