"""One ladder, four programs: ours, two hand-written floors and Textual's DataTable, measured in the same pseudo-terminal.

Forty levels; in every frame fifteen of them change size and total. ``python -m tests.bench.ladder_apps`` runs rounds of all
programs in turn and prints CPU and bytes per frame, each less the same program standing still, and the ratios.

- ``ours``         CellGrid under FramePump and TraderDriver
- ``floor``        no framework: changed fields, grouped by colour, one write per frame
- ``floor_cells``  the same, each field cut to the characters that differ
- ``datatable``    ``DataTable.update_cell``
"""

from __future__ import annotations

import asyncio
import json
import os
import pty
import random
import select
import statistics
import struct
import sys
import termios
import time
from collections.abc import Iterator
from fcntl import ioctl

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


# -- ours ------------------------------------------------------------------------------------------------------------------


def ours(moving: bool) -> None:
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
            if not moving:
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


def floor(moving: bool, *, cells: bool = False) -> None:
    stream = Stream()
    drawn = [["", "", ""] for _ in range(LEVELS)]
    columns = (1, 11, 21)
    out = os.open(os.ttyname(1), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    os.write(out, b"\x1b[?1049h\x1b[?25l\x1b[?7l")

    def rgb(color: str) -> str:
        return f"\x1b[38;2;{int(color[1:3], 16)};{int(color[3:5], 16)};{int(color[5:], 16)}m"

    pens = [[rgb(RED if y < LEVELS // 2 else GREEN), "\x1b[39m", rgb(GREY)] for y in range(LEVELS)]

    def frame() -> None:
        if moving or not drawn[0][0]:
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
            due += 1 / FPS
            loop.call_at(due, tick)
            frame()

        tick()
        await asyncio.Event().wait()

    asyncio.run(run())


# -- Textual's own table ---------------------------------------------------------------------------------------------------


def datatable(moving: bool) -> None:
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
            if moving:
                self.set_interval(1 / FPS, self._frame)

        def _frame(self) -> None:
            table = self.query_one(DataTable)
            for y in stream.step():
                table.update_cell(self._keys[y], self._columns[SIZE], stream.rows[y][SIZE])
                table.update_cell(self._keys[y], self._columns[TOTAL], Text(stream.rows[y][TOTAL], GREY))

    TableApp().run()


# -- a key in an Input ---------------------------------------------------------------------------------------------------------


def entry(moving: bool) -> None:
    from textual.app import ComposeResult
    from textual.widgets import Input

    from tui_trader.ui.adapter import CellApp
    from tui_trader.ui.terminal import TraderDriver

    class EntryApp(CellApp[None]):
        def compose(self) -> ComposeResult:
            field = Input()
            field.cursor_blink = False
            yield field

    EntryApp(driver_class=TraderDriver).run()


PROGRAMS = {
    "ours": ours,
    "floor": floor,
    "floor_cells": lambda moving: floor(moving, cells=True),
    "datatable": datatable,
    "entry": entry,
}


# -- measuring -------------------------------------------------------------------------------------------------------------


class Terminal:
    """A program in a pseudo-terminal that is always read."""

    def __init__(self, program: str, *arguments: str, width: int = 120, height: int = 50) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", TEXTUAL_ANIMATIONS="none", TEXTUAL_FPS="120")
            os.environ.pop("NO_COLOR", None)
            os.execv(sys.executable, [sys.executable, "-m", "tests.bench.ladder_apps", program, *arguments])
        ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.taken = bytearray()

    def read(self, seconds: float) -> int:
        """Read for a while; return how many bytes came."""
        before = len(self.taken)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                data = os.read(self.fd, 65536)
                self.taken += data
                if b"\x1b[?2026$p" in data:
                    os.write(self.fd, b"\x1b[?2026;2$y")
        return len(self.taken) - before

    def cpu_ms(self) -> float:
        """CPU the process has used, all threads."""
        total = 0
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/schedstat") as stat:
                total += int(stat.read().split()[0])
        return total / 1e6

    def close(self) -> None:
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def sample(program: str, seconds: float, *, moving: bool = True) -> tuple[float, float]:
    """Return CPU milliseconds and bytes per frame of one program over ``seconds`` after two seconds of warm-up."""
    terminal = Terminal(program, "moving" if moving else "still")
    try:
        terminal.read(2.0)
        cpu = terminal.cpu_ms()
        taken = terminal.read(seconds)
        frames = seconds * FPS
        return (terminal.cpu_ms() - cpu) / frames, taken / frames
    finally:
        terminal.close()


def key_bytes(keys: str = "buy 0.5 @ 97500 sl 96000") -> list[int]:
    """Return the bytes each key typed into an Input costs."""
    terminal = Terminal("entry", "still")
    try:
        terminal.read(2.0)
        costs = []
        for key in keys:
            os.write(terminal.fd, key.encode())
            costs.append(terminal.read(0.15))
        return costs
    finally:
        terminal.close()


def rounds(count: int, seconds: float) -> Iterator[dict[str, tuple[float, float]]]:
    """Yield, per round, what each program used per frame beyond the same program standing still."""
    for _ in range(count):
        found = {}
        for program in ("ours", "floor", "floor_cells", "datatable"):
            still_cpu, still_bytes = sample(program, seconds / 2, moving=False)
            cpu, taken = sample(program, seconds)
            found[program] = (cpu - still_cpu, taken - still_bytes, cpu)
        yield found  # type: ignore[misc]


def main() -> None:
    if len(sys.argv) == 3 and sys.argv[1] in PROGRAMS:
        PROGRAMS[sys.argv[1]](sys.argv[2] == "moving")
        return
    count, seconds = (int(sys.argv[1]), float(sys.argv[2])) if len(sys.argv) == 3 else (3, 6.0)
    seen = list(rounds(count, seconds))
    for program in seen[0]:
        cpu = statistics.median(one[program][0] for one in seen)
        gross = statistics.median(one[program][2] for one in seen)  # type: ignore[misc]
        taken = statistics.median(one[program][1] for one in seen)
        print(f"{program:12} {cpu:7.3f} ms/frame net  {gross:7.3f} gross  {taken:8.0f} B/frame")
    for other in ("floor", "floor_cells", "datatable"):
        cpu = statistics.median(one["ours"][0] / one[other][0] for one in seen)
        taken = statistics.median(one["ours"][1] / one[other][1] for one in seen)
        print(f"ours / {other:12} CPU {cpu:.3f}  bytes {taken:.3f}")
    print("bytes per key:", json.dumps(key_bytes()))


if __name__ == "__main__":
    main()
