"""One ladder, four programs: ours, two hand-written floors and Textual's DataTable, measured in the same pseudo-terminal.

Forty levels; in every frame fifteen of them change size and total. ``python -m tests.bench.ladder_apps NAME FILE`` runs one of
them, standing still until SIGUSR1 sets its ladder moving; SIGUSR2 stops it again, and how many frames it has made is then in
FILE. Its frame clock runs all the time.

- ``ours``         CellGrid under FramePump and TraderDriver
- ``floor``        no framework: changed fields, grouped by colour, one write per frame
- ``floor_cells``  the same, each field cut to the characters that differ
- ``datatable``    ``DataTable.update_cell``
"""

from __future__ import annotations

import asyncio
import os
import pty
import random
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from fcntl import ioctl

from .measure import child_cpu_s

LEVELS = 40
CHANGED = 15
FPS = 20.0
SEED = 7
PRICE, SIZE, TOTAL = 0, 1, 2
RED, GREEN, GREY = "#e06c75", "#98c379", "#8b949e"


class Stream:
    """A ladder that changes by a seed: ``rows`` of (price, size, total) as text."""

    def __init__(self, seed: int = SEED) -> None:
        self._rng = random.Random(seed)
        self.rows = [[f"{97_520 - y / 2:>10.1f}", *self._pair()] for y in range(LEVELS)]

    def _pair(self) -> tuple[str, str]:
        size = self._rng.randint(1, 99_999)
        return f"{size / 1000:>10.3f}", f"{size * self._rng.randint(1, 90) / 1000:>12.3f}"

    def step(self) -> list[int]:
        """Change fifteen levels; return which."""
        changed = self._rng.sample(range(LEVELS), CHANGED)
        for y in changed:
            self.rows[y][SIZE], self.rows[y][TOTAL] = self._pair()
        return changed


class Motion:
    """Whether the ladder moves, as signals say, and how often it did."""

    def __init__(self, file: str) -> None:
        self.on = False
        self._file = file
        self._frames = 0
        signal.signal(signal.SIGUSR1, lambda *_: self._turn(True))
        signal.signal(signal.SIGUSR2, lambda *_: self._turn(False))

    def step(self) -> bool:
        """Whether this frame moves; it is counted if so."""
        self._frames += self.on
        return self.on

    def _turn(self, on: bool) -> None:
        self.on = on
        if not on:
            with open(self._file, "w") as file:
                file.write(str(self._frames))


# -- ours ------------------------------------------------------------------------------------------------------------------


def ours(motion: Motion) -> None:
    from rich.style import Style
    from textual.app import ComposeResult

    from tui_trader.ui.adapter import CellApp
    from tui_trader.ui.frame import FramePump, Topic
    from tui_trader.ui.terminal import TraderDriver
    from tui_trader.ui.widgets.grid import CellGrid

    stream = Stream()
    price = [Style(color=RED if y < LEVELS // 2 else GREEN) for y in range(LEVELS)]
    grey = Style(color=GREY)

    class Book:
        def take_dirty(self) -> set[Topic]:
            if not motion.step():
                return set()
            stream.step()
            return {("book",)}

    class Ladder(CellGrid):
        topics = frozenset({("book",)})

        def paint(self, dirty: frozenset[Topic]) -> None:
            for y, (at, size, total) in enumerate(stream.rows):
                self.set_row(y, ((at, price[y]), (size, None), (total, grey)))

    class LadderApp(CellApp[None]):
        def compose(self) -> ComposeResult:
            yield Ladder()

        def on_mount(self) -> None:
            pump = FramePump(Book(), fps=FPS, gauge=self._driver)  # type: ignore[arg-type]
            pump.subscribe(self.query_one(Ladder))
            pump.start()

    LadderApp(driver_class=TraderDriver).run()


# -- the floors ------------------------------------------------------------------------------------------------------------


def floor(motion: Motion, *, cells: bool = False) -> None:
    stream = Stream()
    drawn = [["", "", ""] for _ in range(LEVELS)]
    columns = (1, 11, 21)
    out = os.open(os.ttyname(1), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    os.write(out, b"\x1b[?1049h\x1b[?25l\x1b[?7l")

    def rgb(color: str) -> str:
        return f"\x1b[38;2;{int(color[1:3], 16)};{int(color[3:5], 16)};{int(color[5:], 16)}m"

    pens = [[rgb(RED if y < LEVELS // 2 else GREEN), "\x1b[39m", rgb(GREY)] for y in range(LEVELS)]

    def frame() -> None:
        if not motion.step() and drawn[0][0]:
            return  # as the others: at rest a frame is the clock and nothing else
        stream.step()
        groups: dict[str, list[str]] = {}
        for y, row in enumerate(stream.rows):
            before = drawn[y]
            for x, text in enumerate(row):
                old = before[x]
                if text == old:
                    continue
                before[x] = text
                left, right = 0, len(text)
                if cells and old:
                    while text[left] == old[left]:
                        left += 1
                    while text[right - 1] == old[right - 1]:
                        right -= 1
                groups.setdefault(pens[y][x], []).append(f"\x1b[{y + 1};{columns[x] + left}H{text[left:right]}")
        if groups:
            os.write(out, "".join(pen + "".join(runs) for pen, runs in groups.items()).encode())

    async def run() -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()

        def tick() -> None:
            nonlocal due
            due = max(due + 1 / FPS, loop.time())  # a process that was stopped begins anew
            loop.call_at(due, tick)
            frame()

        tick()
        await asyncio.Event().wait()

    asyncio.run(run())


# -- Textual's own table ---------------------------------------------------------------------------------------------------


def datatable(motion: Motion) -> None:
    from rich.text import Text
    from textual.app import App, ComposeResult
    from textual.widgets import DataTable

    stream = Stream()

    class TableApp(App[None]):
        def compose(self) -> ComposeResult:
            yield DataTable(show_header=False, show_cursor=False)

        def on_mount(self) -> None:
            table = self.query_one(DataTable)
            self._columns = table.add_columns("price", "size", "total")
            self._keys = [
                table.add_row(Text(at, RED if y < LEVELS // 2 else GREEN), size, Text(total, GREY))
                for y, (at, size, total) in enumerate(stream.rows)
            ]
            self.set_interval(1 / FPS, self._frame)

        def _frame(self) -> None:
            if not motion.step():
                return
            table = self.query_one(DataTable)
            for y in stream.step():
                table.update_cell(self._keys[y], self._columns[SIZE], stream.rows[y][SIZE])
                table.update_cell(self._keys[y], self._columns[TOTAL], Text(stream.rows[y][TOTAL], GREY))

    TableApp().run()


PROGRAMS = {
    "ours": ours,
    "floor": floor,
    "floor_cells": lambda motion: floor(motion, cells=True),
    "datatable": datatable,
}


# -- measuring -------------------------------------------------------------------------------------------------------------


class Terminal:
    """A program in a pseudo-terminal that is always read. It is stopped but for its turns, so that it disturbs no other."""

    def __init__(self, program: str, *, width: int = 120, height: int = 50) -> None:
        handle, self._file = tempfile.mkstemp(prefix="bench-ladder-")
        os.close(handle)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", TEXTUAL_ANIMATIONS="none", TEXTUAL_FPS="120")
            os.environ.pop("NO_COLOR", None)
            os.execv(sys.executable, [sys.executable, "-m", "tests.bench.ladder_apps", program, self._file])
        ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def read(self, seconds: float) -> int:
        """Read for a while; return how many bytes came."""
        end = time.monotonic() + seconds
        taken = 0
        while (left := end - time.monotonic()) > 0:
            taken += self._take(left)
        return taken

    def frames(self) -> int:
        """Return how many frames it had made when its ladder was last stopped."""
        with open(self._file) as file:
            return int(file.read() or 0)

    def wake(self) -> None:
        """Let it run again."""
        os.kill(self.pid, signal.SIGCONT)

    def halt(self) -> None:
        """Let it run no more until it is woken."""
        os.kill(self.pid, signal.SIGSTOP)

    def set_moving(self, on: bool) -> None:
        """Have the ladder move, or stand still."""
        os.kill(self.pid, signal.SIGUSR1 if on else signal.SIGUSR2)

    def cpu_ms(self) -> float:
        """CPU the process has used, all threads."""
        return child_cpu_s(self.pid) * 1000

    def close(self) -> None:
        """End the program."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
        os.unlink(self._file)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take(self, timeout_s: float) -> int:
        if not select.select([self.fd], [], [], timeout_s)[0]:
            return 0
        data = os.read(self.fd, 65536)
        if b"\x1b[?2026$p" in data:
            os.write(self.fd, b"\x1b[?2026;2$y")
        return len(data)


if __name__ == "__main__":
    PROGRAMS[sys.argv[1]](Motion(sys.argv[2]))
