"""The whole cockpit: 120x40 with three positions, six orders, chart, tape and ladder under a market that never rests."""

from __future__ import annotations

import json
import os
import signal
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from .exchange import FLOOR_RATE, Exchange
from .pty_probe import Probe
from .start import OURS, READY

RATE = 1_000
"""Messages per second."""

LINES = (
    "buy 0.03 BTCUSDT sl -1% tp +2%!",
    "sell 0.5 ETHUSDT sl +1%!",
    "buy 5 SOLUSDT!",
    "buy 0.01 BTCUSDT @ bid-900t po!",
    "sell 0.02 BTCUSDT @ ask+900t!",
    "buy 0.02 BTCUSDT @ bid-950t!",
)
"""Three positions; with the exits of the first two, six orders."""

CONFIG = """\
[risk]
max_orders_per_second = 100
max_orders_per_minute = 3000
max_open_orders = 500
duplicate_window_s = 0
max_order_notional = "100000"
max_position_notional = "10000000"
max_gross_notional = "10000000"
"""


class Cockpit:
    """The terminal in a pseudo-terminal, traded into its place, on an exchange of its own."""

    def __init__(
        self, stack: ExitStack, *arguments: str, inside: Sequence[str] | None = None, tell: str = "", colors: str = "truecolor"
    ) -> None:
        self.exchange = stack.enter_context(Exchange.start(FLOOR_RATE, tell))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "config.toml").write_text(CONFIG)
        self._file = folder / "watched.json"
        words = OURS if inside is None else ["-m", "tests.bench.inside", str(self._file), *inside, "--"]
        words = [*words, *self.exchange.arguments, "--config", str(folder / "config.toml"), *arguments]
        self.probe = stack.enter_context(Probe(words, environment=COLORS[colors]))

    def open(self) -> None:
        """Wait until it trades, and put positions and orders on; raises TimeoutError when one of them does not come."""
        probe = self.probe
        probe.wait(lambda taken: b"avail" in taken and any(READY in row for row in probe.screen()), 30.0)
        probe.read(1.0)
        for line in LINES:
            probe.type(":")
            probe.read(0.1)
            probe.type(line)
            probe.read(0.1)
            probe.type("\r")
            probe.read(0.4)
        end = time.monotonic() + 15.0
        while not any("POSITIONS 3" in row for row in probe.screen()) or not any("ORDERS 6" in row for row in probe.screen()):
            if time.monotonic() > end:
                raise TimeoutError("three positions and six orders:\n" + "\n".join(probe.screen()))
            probe.read(0.3)

    def watch(self, seconds: float) -> dict[str, Any]:
        """Read for a while and return what ``inside`` saw meanwhile."""
        self.begin()
        self.probe.read(seconds)
        return self.watched()

    def begin(self) -> None:
        """Begin a stretch of watching."""
        os.kill(self.probe.pid, signal.SIGUSR1)

    def watched(self) -> dict[str, Any]:
        """End the stretch and return what was seen; raises TimeoutError when nothing comes."""
        self._file.unlink(missing_ok=True)
        os.kill(self.probe.pid, signal.SIGUSR2)
        end = time.monotonic() + 10.0
        while not self._file.exists():
            if time.monotonic() > end:
                raise TimeoutError("nothing was seen")
            self.probe.read(0.05)
        return dict(json.loads(self._file.read_text()))


COLORS = {
    "truecolor": {"COLORTERM": "truecolor", "TERM": "xterm-256color"},
    "256": {"COLORTERM": "", "TERM": "xterm-256color"},
    "16": {"COLORTERM": "", "TERM": "xterm"},
}
"""What a terminal says of itself, by the colours it has."""
