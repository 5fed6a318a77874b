"""The one place that touches Textual's private parts (as they are in Textual 8.2.8), each with a plain fallback.

What is touched, and what happens where it is missing or has changed (``missing()`` names it, ``tests/ui/test_adapter.py`` fails):

====================================================  ==============================================================
``App._display(screen, renderable)`` overridden       stock output: ANSI text passes through the driver unread
``_compositor.LayoutUpdate .strips .region``          "
``_compositor.ChopsUpdate .chops .spans .chop_ends``  "
``Screen._compositor .size .render_full_update``      "
``App._driver _batch_count _running _closed``         "
``Compositor.visible_widgets``                        panes are drawn by the compositor, never directly
``Compositor._get_renders`` overridden                every widget is rendered for every change, as Textual does
``Widget._styles_cache.set_dirty``                    "
``Widget._cover_widget``                              "
``App._handle_exception _fatal_error`` overridden     none: the test is the guard (see ``crash``)
``App._return_code _exception _exception_event``      none: they are what ``_handle_exception`` sets for test pilots
``App._exit_renderables _close_messages_no_wait``     none: as above
``_xterm_parser.XTermParser(debug) .feed .tick``      none: the driver cannot read keys without it
``LinuxDriver._writer_thread .start_application_mode  the stock writer thread stays, idle
.run_input_thread .process_message attrs_before``
====================================================  ==============================================================
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol, TypeVar

from rich.console import RenderableType
from rich.text import Text
from textual._compositor import ChopsUpdate, Compositor, LayoutUpdate
from textual._xterm_parser import XTermParser
from textual.app import App, ScreenStackError
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tui_trader.secrets.redactor import REDACTOR

from . import crash
from .cells import CellModel

ReturnType = TypeVar("ReturnType")


class CellDriver(Protocol):
    """A driver that owns the model of the terminal."""

    model: CellModel

    def present_soon(self, draw: Callable[[], None] | None = None) -> None:
        """Call ``draw``, then send what differs, once, before the event loop sleeps."""


class CellApp(App[ReturnType]):
    """An app whose every frame goes through the cell model of its driver, and whose failures print no values."""

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        driver = cell_driver(self)
        if driver is None or not isinstance(renderable, (LayoutUpdate, ChopsUpdate)) or _MISSING:
            super()._display(screen, renderable)
            return
        if type(screen._compositor) is Compositor:
            screen._compositor.__class__ = LeanCompositor
        if not self._batch_count and self._running and not self._closed:
            take(driver.model, screen, renderable)
            position = self.cursor_position
            driver.model.cursor = screen.outer_size.clamp_offset(position) if position else None
            driver.present_soon()
        self.post_display_hook()

    def _handle_exception(self, error: Exception) -> None:
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._fail(error)

    def _fatal_error(self) -> None:
        self._fail(RuntimeError("a failure was reported without its exception"))

    def _fail(self, error: Exception) -> None:
        crash.record(error)
        self._exit_renderables.append(Text("\n".join(crash.short_report(error))))
        self._close_messages_no_wait()

    def copy_to_clipboard(self, text: str) -> None:
        """Give the terminal text for its clipboard (OSC 52), never what is typed unseen nor a secret."""
        if not getattr(self.focused, "password", False):
            super().copy_to_clipboard(REDACTOR.exact(text))

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """Return the screen as SVG, without secrets."""
        return REDACTOR.exact(super().export_screenshot(title=title, simplify=simplify))

    def may_sleep(self) -> bool:
        """Whether the program may be suspended now (SIGTSTP); called from a signal handler: it must only look."""
        return True

    def terminal_gone(self) -> None:
        """End: the terminal no longer exists. Called on the event loop, once."""
        self.exit(return_code=129)


class LeanCompositor(Compositor):
    """A compositor that renders only what a change can touch: the lines between its first and its last, of widgets on them.

    Textual's renders every widget whole, whatever changed, because it asks where widgets are cut off and not where they are.
    """

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        for widget, (region, clip) in self.visible_widgets.items():
            if crop is not None:  # lines alone: what is cut beside must stay cut where the compositor has its cuts
                top, bottom = max(clip.y, crop.y), min(clip.bottom, crop.bottom)
                clip = Region(clip.x, top, clip.width, max(0, bottom - top))
            shown = region.intersection(clip)
            if shown.width and shown.height:
                yield region, clip, widget.render_lines(shown.translate((-region.x, -region.y)))


def missing() -> list[str]:
    """Name what this module relies on and does not find in the installed Textual."""
    wanted: list[tuple[object, tuple[str, ...]]] = [
        (App, ("_display", "_handle_exception", "_fatal_error", "_close_messages_no_wait", "post_display_hook")),
        (Compositor, ("visible_widgets", "render_full_update", "_get_renders")),
        (Widget, ("_exchange_repaint_regions",)),
        (LinuxDriver, ("start_application_mode", "run_input_thread", "process_message", "disable_input")),
        (XTermParser, ("feed", "tick")),
    ]
    lacking = [f"{owner}.{name}" for owner, names in wanted for name in names if not hasattr(owner, name)]
    for update, names in ((LayoutUpdate, {"strips", "region"}), (ChopsUpdate, {"chops", "spans", "chop_ends"})):
        arguments = set(update.__init__.__code__.co_varnames)
        lacking += [f"{update}.{name}" for name in names - arguments]
    return lacking


_MISSING = missing()


def cell_driver(app: App[Any]) -> CellDriver | None:
    """Return the app's driver if it owns a cell model."""
    driver: Any = app._driver
    return driver if isinstance(getattr(driver, "model", None), CellModel) else None


def take(model: CellModel, screen: Screen[Any], update: LayoutUpdate | ChopsUpdate) -> None:
    """Put what the compositor drew into the model."""
    compositor = screen._compositor
    model.epoch += 1
    if isinstance(update, ChopsUpdate) and tuple(compositor.size) != (model.width, model.height):
        update = compositor.render_full_update()  # a part of a screen whose size the model has not seen
    if isinstance(update, LayoutUpdate):
        left, top, width, height = update.region
        model.resize(left + width, top + height)
        for y, line in enumerate(update.strips, top):
            x = left
            for strip in line:
                model.put_segments(y, x, strip, left, left + width)
                x += strip.cell_length
        return
    for y, x1, x2 in update.spans:
        if not 0 <= y < len(update.chops):
            continue
        for end, (x, chop) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if chop is not None and x < x2 and end > x1:
                model.put_segments(y, x, chop, max(x, x1), min(end, x2))


class Window(NamedTuple):
    """Where on the terminal the content of an unobscured widget is, and the driver that draws there."""

    driver: CellDriver
    x: int
    y: int
    width: int
    height: int
    framed: bool
    """Whether the widget has a border or padding, so that Textual keeps its lines in a cache (see ``mark_lines``)."""


def layout_of(app: App[Any]) -> object:
    """Return what is another object after every change of layout, of screen, or of what lies over it; None without a screen."""
    try:
        return app.screen._compositor.visible_widgets
    except ScreenStackError:
        return None


class Sight:
    """Whether one widget may draw its cells itself: on top, whole, on the current screen, with no effect laid over it."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._map: object = None
        self._window: Window | None = None
        self._drawn_map: object = None
        self._drawn = False

    def window(self) -> Window | None:
        """Return the widget's window, or ``None`` when the compositor must draw it."""
        widget = self._widget
        app = widget.app
        if app._batch_count or not app._running or widget._cover_widget is not None:
            return None
        try:
            seen = app.screen._compositor.visible_widgets
        except ScreenStackError:
            return None
        if seen is not self._map:  # a new object after every change of layout
            driver = cell_driver(app)
            self._map = seen
            self._window = None if driver is None or _MISSING else _unobscured(widget, seen, driver)
        return self._window

    def is_drawn(self) -> bool:
        """Whether the widget is on the screen that is drawn, covered or not."""
        widget = self._widget
        try:
            screen = widget.app.screen
        except ScreenStackError:
            return False
        seen = screen._compositor.visible_widgets
        if seen is self._drawn_map:
            return self._drawn
        drawn = widget.is_attached and widget.is_on_screen and widget.screen.is_current
        if widget.is_attached and widget.screen is screen:  # else nothing tells that the layout behind has changed
            self._drawn_map, self._drawn = seen, drawn
        return drawn

    def forget(self) -> None:
        """Look again: the widget's own style has changed."""
        self._map = self._drawn_map = None


def _unobscured(widget: Widget, seen: dict[Widget, tuple[Region, Region]], driver: CellDriver) -> Window | None:
    place = seen.get(widget)
    if place is None or has_effects(widget):
        return None
    region, clip = place
    if not clip.contains_region(region):
        return None
    for other, (other_region, other_clip) in seen.items():  # nearest to the eye first
        if other is widget:
            break
        if other_clip.intersection(other_region).overlaps(region):
            return None
    gutter = widget.gutter
    inner = region.shrink(gutter)
    return Window(driver, inner.x, inner.y, inner.width, inner.height, bool(gutter))


def has_effects(widget: Widget) -> bool:
    """Whether Textual changes the colours of the widget's lines after the widget has drawn them."""
    styles = widget.styles
    return widget.opacity != 1.0 or styles.text_opacity != 1.0 or bool(styles.tint.a) or styles.has_rule("hatch")


def mark_lines(widget: Widget, first: int, last: int) -> None:
    """Tell Textual's cache of bordered lines that content lines ``first <= y < last`` have changed."""
    top = widget.gutter.top
    widget._styles_cache.set_dirty(Region(0, first + top, 1, last - first))


def parser(debug: bool) -> XTermParser:
    """Return a reader of what a terminal sends."""
    return XTermParser(debug)


def stop_stock_writer(driver: LinuxDriver) -> None:
    """End the writer thread Textual has just started; its queue blocks the event loop when the terminal stalls."""
    thread = driver._writer_thread
    if thread is not None:
        thread.stop()
        driver._writer_thread = None


def post_gone(driver: LinuxDriver, loop: asyncio.AbstractEventLoop) -> None:
    """Tell the app, from any thread, that its terminal is gone."""
    app: Any = driver._app
    loop.call_soon_threadsafe(app.terminal_gone if isinstance(app, CellApp) else app.exit)


def may_sleep(driver: LinuxDriver) -> bool:
    """Ask the app whether the program may be suspended now."""
    app = driver._app
    return not isinstance(app, CellApp) or app.may_sleep()
