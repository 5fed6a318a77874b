"""G8 and G20: Enter to the order's bytes, in a quiet market and in floods of three sizes.

An order is staged at the bid, moved some ticks away, and timed from Enter to its bytes at a relay before the exchange. The
markets alternate, some orders at a time; between the orders a bare record goes to the disk, so that its share is known.
"""

from __future__ import annotations

import queue
import random
import time
from collections.abc import Sequence
from statistics import median

from .disk import Disk
from .exchange import FLOOR_RATE, Exchange
from .measure import Ratio, percentile
from .pty_probe import Probe
from .table import Row
from .tap import Tap

ORDERS = 510
"""Orders per market, whatever the rounds: fewer have no 99th percentile."""

AT_ONCE = 51
"""Orders that are open together before all are cancelled."""

TICKS = 10
"""How many prices they are spread over."""

BUSY = 1_000
FLOODS = (5_000, 20_000)
LIMIT_MS = 10.0
SETTLE_S, GONE_S = 0.3, 0.4
DISK_EACH, DISK_S = 4, 0.055
"""After every so many orders the disk is asked, this long after the order: as long as it rests between an order's records."""


def measure(probe: Probe, exchange: Exchange, tap: Tap, draw: random.Random) -> list[Row]:
    """Return the rows of G8 and G20."""
    took: dict[int, list[float]] = {rate: [] for rate in (FLOOR_RATE, BUSY, *FLOODS)}
    rates = list(took)
    with Disk() as disk:
        for turn in range(ORDERS // AT_ONCE):
            for place in range(len(rates)):
                rate = rates[(turn + place) % len(rates)]
                exchange.set_rate(rate)
                probe.read(SETTLE_S)
                for number in range(AT_ONCE):
                    took[rate].append(send(probe, tap, number, draw))
                    if number % DISK_EACH == 0:
                        probe.read(DISK_S)
                        disk.append()
                exchange.set_rate(FLOOR_RATE)
                probe.read(0.2)
                probe.type("C")
                probe.read(GONE_S)
        return rows(took, disk.told())


def rows(took: dict[int, list[float]], disk: str) -> list[Row]:
    """Return what the times of orders, in milliseconds, say about the goals."""
    quiet = took[FLOOR_RATE]
    least = percentile(quiet, 99)

    def told(times: Sequence[float]) -> str:
        return f"{len(times)} orders a side, journal synced first; p50 {median(times):.1f} and {median(quiet):.1f} ms"

    floods = [
        Row(
            "G8",
            f"Enter to order bytes, p99: {rate}/s / quiet",
            f"{percentile(took[rate], 99):.1f} ms",
            f"{least:.1f} ms",
            Ratio((percentile(took[rate], 99) / least,)),
            2.0,
            f"at {rate}/s: {told(took[rate])}",
        )
        for rate in FLOODS
    ]
    busy = took[BUSY]
    return [
        *floods,
        Row(
            "G20",
            f"Enter to order bytes, p99, at {BUSY}/s",
            f"{percentile(busy, 99):.1f} ms",
            f"{LIMIT_MS:.0f} ms",
            Ratio((percentile(busy, 99) / LIMIT_MS,)),
            1.0,
            f"{told(busy)}; quiet p99 {least:.1f} ms; {disk}",
        ),
    ]


def send(probe: Probe, tap: Tap, number: int, draw: random.Random, tries: int = 3) -> float:
    """Stage a small buy some ticks below the bid and send it; return the milliseconds from Enter to its bytes.

    A book that was in doubt at that very moment takes no order: then it is staged anew. Raises TimeoutError after ``tries``.
    """
    probe.type("1b" + "j" * (3 + number % TICKS))
    probe.read(draw.uniform(0.03, 0.08))  # about a frame, and any time of the frame clock
    start = time.monotonic()
    probe.type("\r")
    for _ in range(1_000):
        probe.read(0.005)
        try:
            return (tap.seen.get_nowait() - start) * 1000
        except queue.Empty:
            continue
    if tries <= 1:
        raise TimeoutError("no order came:\n" + "\n".join(probe.screen()))
    probe.type("\x1b")
    probe.read(1.0)
    return send(probe, tap, number, draw, tries - 1)
