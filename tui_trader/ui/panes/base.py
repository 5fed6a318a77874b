"""Pane: the widget around a view. It repaints when a frame says so, a key moved something, or its size changed.

It compares each new row with the one it last drew and hands on only what differs. It knows nothing of what is in the rows.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Generic, TypeVar

from rich.style import Style
from textual import events
from textual.message import Message

from tui_trader.state.topic import Topic
from tui_trader.ui.frame import FramePump
from tui_trader.ui.panes.spans import Row, Span, page
from tui_trader.ui.panes.view import View, bare, boxed, in_ascii, ruled
from tui_trader.ui.theme import Theme
from tui_trader.ui.widgets.grid import CellGrid

V_co = TypeVar("V_co", bound=View, covariant=True)

Draw = Callable[[View, int, int], list[Row]]


class Frame(StrEnum):
    """What is drawn around a view, as part of its rows."""

    BOX = "box"
    """A box with the title in its top line."""
    RULE = "rule"
    """A title line alone: for small screens."""
    NONE = "none"


def _nobody() -> None:
    """Called by a view that nobody shows."""


_DRAW: dict[Frame, Draw] = {Frame.BOX: boxed, Frame.RULE: ruled, Frame.NONE: bare}


class Pane(CellGrid, Generic[V_co]):
    """A view on the screen. Keys act on ``view``; the pane repaints by itself."""

    class Clicked(Message):
        """Somebody clicked on the pane of a view, which has put its cursor there."""

        def __init__(self, view: View) -> None:
            super().__init__()
            self.view = view

    def __init__(
        self,
        view: V_co,
        theme: Theme,
        pump: FramePump,
        *,
        frame: Frame = Frame.BOX,
        ascii_only: bool = False,
        focusable: bool = True,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id or view.name or None, classes=classes)
        self.can_focus = focusable
        self.view = view
        """The content, with its keys."""
        self.hot, self.pace_s, self.fluid = view.hot, view.pace_s, view.fluid
        self.failed = ""
        """Reference of the fault that stopped this pane; empty while it works."""
        self._theme = theme
        self._pump = pump
        self._frame = frame
        self._ascii = ascii_only
        self._drawn: list[Row] = []
        view.on_change = self.repaint

    # -- what the pump asks --------------------------------------------------------------------------------------------

    @property
    def topics(self) -> frozenset[Topic]:
        """What makes the view out of date."""
        return self.view.topics

    def heeds(self, topic: tuple[object, ...]) -> bool:
        """Whether what a topic brought makes the view look different now."""
        return self.view.heeds(topic)

    def splits(self, topics: frozenset[tuple[object, ...]]) -> bool:
        """Whether the view can draw what these topics brought without what the market changed."""
        return self.view.splits(topics)

    def paint(self, dirty: frozenset[tuple[object, ...]]) -> None:
        """Draw what is different; unchanged rows cost a comparison."""
        self.view.brought = dirty
        try:
            self.repaint()
        finally:
            self.view.brought = None

    def put(self, view: V_co) -> None:  # type: ignore[misc]
        """Show another view in this place."""
        if view is self.view:
            return
        self.view.on_change = _nobody
        self.view = view
        view.on_change = self.repaint
        self.repaint()

    # -- drawing -------------------------------------------------------------------------------------------------------

    def repaint(self) -> None:
        """Draw the view as it is now. Before the pane has a size nothing happens: the first resize draws it."""
        window = self._sight.window() if self.parent is not None else None
        width, height = self.content_size if window is None else (window.width, window.height)
        if not width or not height or self.failed:
            return
        self._show(_DRAW[self._frame](self.view, width, height))

    def dress(self, theme: Theme) -> None:
        """Draw with another theme."""
        self._theme = theme
        self._drawn = []
        self.restyle()
        self.repaint()

    def draw_in_ascii(self) -> None:
        """Draw with ASCII alone from now on."""
        self._ascii = True
        self._drawn = []
        self.repaint()

    def reframe(self, frame: Frame, *, ascii_only: bool | None = None) -> None:
        """Draw with another frame: the screen became smaller or larger."""
        self._frame = frame
        if ascii_only is not None:
            self._ascii = ascii_only
        self.repaint()

    def fail(self, reference: str) -> None:
        """Say in place of the content that the pane is broken: a trading screen may be wrong only visibly."""
        self.failed = reference
        width, height = self.content_size
        text = f"! {self.view.name} stopped: {reference}"
        self._show(page([(Span(text, "alarm"),), (Span("do not trust what this pane showed", "alarm"),)], width, height))

    def _show(self, rows: list[Row]) -> None:
        if self._ascii:
            rows = [in_ascii(row) for row in rows]
        drawn = self._drawn
        if len(rows) != len(drawn):
            self.set_rows(rows)
        else:
            for y, row in enumerate(rows):
                if row is not drawn[y] and row != drawn[y]:
                    self.set_row(y, row)
        self._drawn = rows

    def named(self, name: str) -> Style:
        """Return the style of a role: rows are handed on as they are, so that what compares them compares words."""
        return self._theme.style(name)

    # -- life ----------------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self._pump.subscribe(self)

    def on_unmount(self) -> None:
        self._pump.unsubscribe(self)

    def on_resize(self, event: events.Resize) -> None:
        self.repaint()

    def on_show(self) -> None:
        self.repaint()

    def on_click(self, event: events.Click) -> None:
        """Tell the view which of its lines was clicked, and the screen that it was this pane."""
        event.stop()
        self.view.clicked(event.y - (0 if self._frame is Frame.NONE else 1))
        self.post_message(self.Clicked(self.view))

    def on_focus(self) -> None:
        self.view.focused = True
        self.repaint()

    def on_blur(self) -> None:
        self.view.focused = False
        self.repaint()
