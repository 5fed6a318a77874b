"""The contract with Textual's private parts: a new version that breaks it fails here and not on a trader's screen."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import textual
from textual import messages
from textual._compositor import ChopsUpdate, Compositor, CompositorUpdate, LayoutUpdate
from textual._styles_cache import StylesCache
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tui_trader.ui import adapter
from tui_trader.ui.cells import CellModel
from tui_trader.ui.pens import Pens

SOURCE = Path(textual.__file__).parent


def body(function: object) -> str:
    return inspect.getsource(function)  # type: ignore[arg-type]


def test_nothing_is_missing() -> None:
    assert adapter.missing() == []


def test_every_frame_goes_through_display() -> None:
    assert list(inspect.signature(App._display).parameters) == ["self", "screen", "renderable"]
    callers = [path.name for path in SOURCE.rglob("*.py") if re.search(r"\._display\(", path.read_text())]
    assert callers == ["screen.py"]
    assert "render_update" in body(Screen._compositor_refresh)
    for name in ("_batch_count", "_running", "_closed", "post_display_hook"):
        assert name in body(App._display), name


def test_updates_are_the_two_kinds_that_are_read() -> None:
    kinds = {kind.__name__ for kind in CompositorUpdate.__subclasses__()}
    assert kinds == {"LayoutUpdate", "InlineUpdate", "ChopsUpdate"}
    assert "LayoutUpdate(render_strips, screen_region)" in body(Compositor.render_full_update)
    assert "ChopsUpdate(chops, spans, chop_ends)" in body(Compositor.render_partial_update)
    assert "cut_set[1:] for cut_set in self.cuts" in body(Compositor.render_partial_update)


def test_both_kinds_are_taken_into_the_model() -> None:
    class Sized:
        class _compositor:
            size = (6, 2)

    model = CellModel(1, 1, Pens())
    layout = LayoutUpdate([[Strip.blank(4), Strip.blank(2)], [Strip.blank(6)]], Region(0, 0, 6, 2))
    adapter.take(model, Sized(), layout)  # type: ignore[arg-type]
    assert (model.width, model.height) == (6, 2)
    from rich.segment import Segment

    chops = ChopsUpdate(
        [{0: Strip([Segment("abcd")]), 4: None}, {0: Strip([Segment("efghij")])}], [(0, 1, 3), (1, 2, 6)], [[4, 6], [6]]
    )
    adapter.take(model, Sized(), chops)  # type: ignore[arg-type]
    assert [model.line(0), model.line(1)] == [" bc   ", "  ghij"]


def test_the_compositor_lists_widgets_nearest_first_in_a_new_object_per_layout() -> None:
    source = body(Compositor.visible_widgets.fget)  # type: ignore[attr-defined]
    assert "visible_widgets.sort(key=itemgetter(0), reverse=True)" in source
    for reflow in (Compositor.reflow, Compositor.reflow_visible):
        assert "self._visible_widgets = None" in body(reflow)


def test_the_places_where_a_failure_reaches_the_terminal() -> None:
    with_locals = [path.name for path in SOURCE.rglob("*.py") if "show_locals=True" in path.read_text()]
    assert with_locals == ["app.py"]
    assert body(App._fatal_error).count("show_locals=True") == 1
    assert (SOURCE / "app.py").read_text().count("show_locals=True") == 1
    for name in ("_return_code", "_exception", "_exception_event", "_fatal_error"):
        assert name in body(App._handle_exception), name
    assert "_exit_renderables" in body(App._print_error_renderables)


def test_the_driver_starts_one_writer_thread_that_can_be_stopped() -> None:
    start = body(LinuxDriver.start_application_mode)
    assert start.count("WriterThread(") == 1
    assert "self._writer_thread.start()" in start
    assert "self._queue.put(None)" in body(WriterThread.stop)
    assert "self._writer_thread is not None" in body(LinuxDriver.close)
    for name in ("attrs_before", "exit_event", "fileno", "_key_thread"):
        assert name in (SOURCE / "drivers/linux_driver.py").read_text()
    assert "self.run_input_thread()" in body(LinuxDriver._run_input_thread)


def test_an_answer_about_synchronised_output_is_a_message_and_not_keys() -> None:
    parser = XTermParser(False)
    answers = list(parser.feed("\x1b[?2026;2$y"))
    assert [type(answer) for answer in answers] == [messages.TerminalSupportsSynchronizedOutput]


def test_the_cache_of_bordered_lines_can_be_told() -> None:
    cache = StylesCache()
    cache.set_dirty(Region(0, 3, 1, 2))
    assert [y for y in range(8) if cache.is_dirty(y)] == [3, 4]
    assert "_styles_cache" in body(Widget.render_lines)
    assert "_cover_widget" in body(Widget.__init__)
