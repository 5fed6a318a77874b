"""A small app on the driver, for tests in a pseudo-terminal.

It writes one JSON object per line to the file named first: loop gaps when asked, the lines it believes it shows when frozen.
Keys: f freeze, o overlay, c close overlay, g report the loop's longest gap since the last report, x raise, q quit.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
from pathlib import Path

from rich.style import Style
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui_trader.ui.adapter import CellApp
from tui_trader.ui.frame import FramePump, Topic
from tui_trader.ui.signals import install_exit_handlers
from tui_trader.ui.terminal import TraderDriver
from tui_trader.ui.widgets.grid import CellGrid

REPORT = Path(sys.argv[1])
FPS = float(sys.argv[2]) if len(sys.argv) > 2 else 20.0
STYLES = [None, Style(color="#ff5555"), Style(color="#55ff55", bold=True), Style(bgcolor="#222244")]


def report(**facts: object) -> None:
    with REPORT.open("a") as file:
        file.write(json.dumps(facts) + "\n")


class Noise:
    """Topics for ever, until frozen."""

    frozen = False

    def take_dirty(self) -> set[Topic]:
        return set() if self.frozen else {("noise",)}


class NoiseGrid(CellGrid):
    """Rows of seeded noise, wide characters among them."""

    topics = frozenset({("noise",)})

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.rng = random.Random(seed)

    def paint(self, dirty: frozenset[Topic]) -> None:
        rng = self.rng
        for y in range(self.content_size.height):
            if rng.random() < 0.5:
                number = f"{rng.randint(0, 10**9):>12}"
                name = rng.choice(["price", "漢字価格", "size │", "é🙂"])
                self.set_row(y, [(number, rng.choice(STYLES)), (f" {name} ", None), (number[::-1], rng.choice(STYLES))])
        self.cursor_row = rng.randrange(max(1, self.content_size.height))


class Overlay(ModalScreen[None]):
    """A box over the middle."""

    CSS = "Overlay { align: center middle; } Overlay Static { width: 24; height: 5; border: round $primary; }"

    def compose(self) -> ComposeResult:
        yield Static("an overlay 漢字")


class ScreenApp(CellApp[None]):
    """Two grids, one of them framed, and an entry line."""

    CSS = "Input { dock: bottom; } #framed { border: round $primary; padding: 0 1; }"

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield NoiseGrid(1)
            framed = NoiseGrid(2)
            framed.id = "framed"
            yield framed
        yield Input(compact=True)

    def on_mount(self) -> None:
        self.longest = 0.0
        self.before = asyncio.get_running_loop().time()
        self.beat()
        self.query_one(Input).cursor_blink = False
        driver = self._driver
        assert isinstance(driver, TraderDriver)
        self.driver = driver
        self.noise = Noise()
        self.pump = FramePump(self.noise, fps=FPS, gauge=driver)
        for grid in self.query(NoiseGrid):
            self.pump.subscribe(grid)
        self.pump.start()
        if "deaf" in sys.argv:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        else:
            install_exit_handlers(asyncio.get_running_loop(), self.leave, restore=driver.emergency_restore)
        report(started=True)

    def beat(self) -> None:
        loop = asyncio.get_running_loop()
        self.longest = max(self.longest, loop.time() - self.before)
        self.before = loop.time()
        loop.call_later(0.02, self.beat)

    def leave(self, code: int) -> None:
        report(leaving=code)
        self.exit(return_code=code)

    def terminal_gone(self) -> None:
        report(gone=True)
        super().terminal_gone()

    def on_input_changed(self, event: Input.Changed) -> None:
        match event.value[-1:]:
            case "f":
                self.noise.frozen = True
                self.set_timer(0.3, self.frozen)
            case "o":
                self.push_screen(Overlay())
            case "g":
                driver = self.driver
                report(longest=self.longest, folded=driver.frames_folded, behind=driver.behind, fps=self.pump.fps)
                self.longest = 0.0
            case "x":
                password = "hunter2-" + "secret"
                raise ValueError(f"broken\x1b[5n {len(password)}")
            case "q":
                self.exit()

    def on_key(self, event: object) -> None:
        if getattr(event, "key", "") == "escape" and len(self.screen_stack) > 1:
            self.pop_screen()

    def frozen(self) -> None:
        """Report what the screen must show, as Textual itself would draw it."""
        strips = self.screen._compositor.render_strips()
        model = self.driver.model
        report(
            lines=["".join(segment.text for segment in strip).rstrip() for strip in strips],
            model=[model.line(y).rstrip() for y in range(model.height)],
        )


if __name__ == "__main__":
    app = ScreenApp(driver_class=TraderDriver)
    app.run()
    sys.exit(app.return_code)
