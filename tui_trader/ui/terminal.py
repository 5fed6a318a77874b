"""The driver: keys in, frames out, and an event loop that never waits for the terminal.

Everything on the screen goes through one ``CellModel``; at most one difference is on its way at a time, so a terminal that
does not drain costs a flag and no memory. Control sequences keep their order and are never dropped. It knows nothing of
widgets or of trading.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import sys
import termios
import threading
from codecs import getincrementaldecoder
from collections.abc import Callable
from typing import Any, Final

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.events import CursorPosition, Key, Paste
from textual.message import Message
from textual.messages import TerminalSupportsSynchronizedOutput

from tui_trader.core.turn import TURN

from . import adapter
from .cells import CellModel
from .outlet import Outlet
from .paste import PasteCut
from .pens import Pens
from .runs import DOWN

BEHIND_BACKLOG: Final = 1.0
"""Seconds a frame may wait before the picture counts as delayed."""

BEHIND_PROBE: Final = 2.0
"""Seconds an answer of the terminal may take before the picture counts as delayed."""

DRAIN_AT_EXIT: Final = 0.4
"""Seconds the last frame and the restoring of the terminal may take; after that the frame is dropped."""

RESTORE: Final = (
    b"\x18\x1b\\\x1b[?2026l\x1b[m\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
    b"\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""Cancels a sequence cut in two, then undoes every mode the driver sets."""

_SYNC_START = b"\x1b[?2026h"
_SYNC_END = b"\x1b[?2026l"
_SYNC_FROM = 512
"""Bytes from which a frame is bracketed; a shorter one arrives in one read anyway, and the brackets cost 16 bytes."""

_LINE_FEEDS_ONLY = b"\x1b[20l"
"""A step down, which is a line feed to terminals, stays in its column (LNM of ECMA-48 off, as it is unless somebody set it)."""

_FOREIGN_LIMIT = 262_144
_QUERY = "\x1b[?2026$p"
_MANNERS_QUERY = f"\x1b7\x1b[2;1H─{DOWN}\x1b[6n\x1b8".encode()
"""Draws one line character at the beginning of the second row, steps down and asks where the cursor is then."""
_ALTERNATE = re.compile(r"\x1b\[\?(?:1049|1047|47)([hl])")
_NEUTRAL = re.compile(
    r"(?:\x1b\[\?(?:7|25|1000|1002|1003|1004|1006|1007|1015|1016|2004|2026|2048)[hl]|\x1b\[\?\d+\$p|\x1b\[[<>=?]\d*u"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1bPtmux;(?:[^\x1b]|\x1b\x1b)*\x1b\\|\x1b\[\d* q|\x07)*\Z"
)
"""Control sequences that move no cursor, change no pen and draw nothing."""


class TraderDriver(LinuxDriver):
    """Textual's driver for Linux and macOS with an output that folds frames instead of queueing them."""

    def __init__(self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.model = CellModel(*self._get_terminal_size(), Pens(None if os.environ.get("NO_COLOR") else app.console.color_system))
        self.model.step = ""  # until the terminal has shown that it takes one
        self.frames_written = 0
        self.frames_folded = 0
        """Frames whose changes went out with a later one because the terminal was behind."""
        self.rtt_ms: float | None = None
        """Milliseconds the terminal took to answer the last probe."""
        self._thread = threading.get_ident()
        self._outlet: Outlet | None = None
        self._written_before = 0
        self._showing = False
        self._sync = False
        self._scheduled = False
        self._draws: list[Callable[[], None]] = []
        self._repaint_owed = False
        self._probed_at: float | None = None
        self._gone = False
        self._wide: Callable[[], None] | None = None

    # -- how the terminal is doing ------------------------------------------------------------------------------------

    @property
    def bytes_written(self) -> int:
        """Bytes the terminal has taken since the start."""
        return self._written_before + (self._outlet.bytes_written if self._outlet else 0)

    @property
    def backlog(self) -> int:
        """Bytes that wait for the terminal."""
        return self._outlet.backlog if self._outlet else 0

    @property
    def drain_ms(self) -> float:
        """Milliseconds the terminal takes to accept a frame, smoothed; 0 when it takes frames at once."""
        return self._outlet.drain_ms if self._outlet else 0.0

    @property
    def layout(self) -> object:
        """Another object whenever a widget may have come into sight or gone out of it."""
        return adapter.layout_of(self._app)

    @property
    def behind(self) -> bool:
        """Whether what the trader sees may be older than a second or two (order entry must say so)."""
        if self._outlet is not None and self._outlet.backlog_age > BEHIND_BACKLOG:
            return True
        return self._probed_at is not None and self._loop.time() - self._probed_at > BEHIND_PROBE

    def probe(self) -> None:
        """Ask the terminal a question whose answer is not a key; ``rtt_ms`` and ``behind`` tell. Only if it answered before."""
        if self._sync and self._probed_at is None and not self.backlog:
            self._probed_at = self._loop.time()
            self.write(_QUERY)

    def ask_manners(self, wide: Callable[[], None]) -> None:
        """Ask whether a vertical tab is a step down, and whether a line character takes one cell.

        ``wide`` is called when it takes two, as in some East Asian settings.
        """
        self._wide = wide
        if self._outlet is not None:
            self._outlet.send(_MANNERS_QUERY)
            self.redraw()

    # -- output -------------------------------------------------------------------------------------------------------

    def present_soon(self, draw: Callable[[], None] | None = None) -> None:
        """Call ``draw``, then send what differs, when the callbacks that are due have run: one write for all that drew."""
        if draw is not None:
            self._draws.append(draw)
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self.present)

    def hold(self) -> None:
        """Promise to call ``present`` without returning to the event loop first; spares it a turn."""
        self._scheduled = True

    def present(self) -> None:
        """Let those who asked draw, and send what differs, or leave it in the model while the terminal is behind."""
        draws, self._draws = self._draws, []
        self._scheduled = True  # what they draw goes out below
        try:
            for draw in draws:
                draw()
        finally:
            self._scheduled = False
        outlet = self._outlet
        if outlet is None or not self._showing or not self.model.dirty:
            return
        if outlet.backlog:
            self.frames_folded += 1
            return
        text = self.model.difference()
        if text:
            data = text.encode("utf-8", "replace")
            self.frames_written += 1
            TURN.release()
            outlet.send(_SYNC_START + data + _SYNC_END if self._sync and len(data) >= _SYNC_FROM else data)

    def redraw(self) -> None:
        """Send every cell again: somebody else may have written on the terminal."""
        self.model.invalidate()
        self.present_soon()

    def write(self, data: str) -> None:
        """Send control sequences in order; text that draws makes the model forget what it knew."""
        if threading.get_ident() != self._thread:
            self._loop.call_soon_threadsafe(self.write, data)
            return
        outlet = self._outlet
        if outlet is None:
            return
        if switch := _ALTERNATE.search(data):
            self.model.invalidate()
            if switch[1] == "l":
                outlet.send(b"\x1b[m")
        elif not _NEUTRAL.match(data):
            self.model.forget()
            if outlet.backlog > _FOREIGN_LIMIT:
                self._repaint_owed = True
                return
        outlet.send(data.encode("utf-8", "replace"))

    def flush(self) -> None:
        """Nothing is held back here."""

    def _drained(self) -> None:
        if self._repaint_owed:
            self._repaint_owed = False
            self._app.refresh(layout=True)
        self.present()

    def _lost(self) -> None:
        """The terminal no longer exists; may be called from the thread that reads keys."""
        if not self._gone:
            self._gone = True
            adapter.post_gone(self, self._loop)

    # -- modes --------------------------------------------------------------------------------------------------------

    def start_application_mode(self) -> None:
        """Take the terminal."""
        self._outlet = Outlet(_output_fd(), self._loop, on_drained=self._drained, on_gone=self._lost)
        self._probed_at = None
        super().start_application_mode()  # type: ignore[no-untyped-call]  # unannotated in Textual 8.2.8
        adapter.stop_stock_writer(self)
        self._outlet.send(_LINE_FEEDS_ONLY)
        self._showing = True
        self.present_soon()

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was."""
        self._showing = False
        super().stop_application_mode()

    def close(self) -> None:
        """Wait a moment for the last bytes; if the terminal does not take them, leave only the restoring ones with it."""
        adapter.stop_stock_writer(self)
        outlet = self._outlet
        if outlet is None:
            return
        if not outlet.drain(DRAIN_AT_EXIT):
            outlet.abandon(RESTORE)
        self._written_before += outlet.bytes_written
        outlet.close()
        self._outlet = None

    def emergency_restore(self) -> None:
        """Restore the terminal without the event loop, from any thread, without blocking: just before a forced end."""
        outlet = self._outlet
        if outlet is None:
            return
        self._showing = False
        if self.attrs_before is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
        outlet.abandon(RESTORE)

    def _sigtstp_application(self, *_: object) -> None:
        if adapter.may_sleep(self):
            super()._sigtstp_application()

    def _sigcont_application(self, *_: object) -> None:
        if self._showing:  # stopped by somebody else (SIGSTOP): the modes were never left, but the picture is not ours
            self._loop.call_soon_threadsafe(self._reassert)
        else:
            super()._sigcont_application()

    def _reassert(self) -> None:
        self.write("\x1b[?1049h\x1b[?25l\x1b[?7l")
        self.redraw()

    # -- input --------------------------------------------------------------------------------------------------------

    def run_input_thread(self) -> None:
        """Read keys until told to stop or until the terminal is gone; bytes that are not UTF-8 become replacement marks, and
        long pastes are cut."""
        parser = adapter.parser(self._debug)
        pastes = PasteCut()
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(0.1):
                    try:
                        data = os.read(self.fileno, 4096)
                    except BlockingIOError:
                        continue
                    except OSError:
                        data = b""
                    if not data:  # end of file or a hang-up: select would report it for ever
                        self._lost()
                        return
                    text = decode(pastes.feed(data))
                    if text:  # a read may hold no whole character, and to the parser nothing is the end
                        for event in parser.feed(text):
                            self.process_message(event)
                for event in parser.tick():
                    self.process_message(event)

    def process_message(self, message: Message) -> None:
        """Pass what was read on to the app, keys before the market; answers to our own question stop here."""
        if isinstance(message, (Key, Paste)):
            TURN.claim(self._loop.time())
        if isinstance(message, CursorPosition):
            wide, self._wide = self._wide, None
            if wide is not None and message.y == 2 and message.x in (1, 2):
                self._loop.call_soon_threadsafe(setattr, self.model, "step", DOWN)
            if wide is not None and message.x == 2:
                self._loop.call_soon_threadsafe(wide)
            return
        if isinstance(message, TerminalSupportsSynchronizedOutput):
            asked, self._probed_at = self._probed_at, None
            if asked is not None:
                self.rtt_ms = (self._loop.time() - asked) * 1000
            if self._sync:
                return
            self._sync = True
        super().process_message(message)

    def send_message(self, message: Message) -> None:
        """Put a message into the app's queue on the loop's next turn, without the task that Textual starts for it there."""
        self._loop.call_soon_threadsafe(self._app.post_message, message)


def _output_fd() -> int:
    """Return the descriptor to draw on: as Textual, standard error; standard output if only that is a terminal."""
    for stream in (sys.__stderr__, sys.__stdout__):
        if stream is not None and stream.isatty():
            return stream.fileno()
    if sys.__stderr__ is None:
        raise OSError("no terminal to draw on")
    return sys.__stderr__.fileno()
