"""``python -m tests.bench.long --minutes 60``: the whole cockpit under a flood for long, read every half minute; is it flat?

The terminal of ``cockpit`` at 5,000 messages a second. Read are resident memory, open files, CPU, how late the event loop is
for a beat every ten milliseconds (as for G18), and how long typed letters take to be on the screen. A line is fitted through
each, the first quarter left out, ten minutes at least; what it rises from there to the end must stay below a bound. Every
reading goes to the file, which ``python -m tests.bench.page`` plots; the command always ends with 0 unless the terminal ends.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from .cockpit import Cockpit
from .feeder import ROOT
from .latency import type_letters
from .measure import percentile
from .page import LONG_FIGURES
from .plot import fitted
from .table import machine

RATE = 5_000
EVERY_S = 30.0
LETTERS_EACH = 102
NEWEST = 510
"""Keys that a percentile is taken of: those of the last five readings."""

LATEST_MS = 10_000.0
"""A key that was not to be seen by then counts as this, alone for its reading."""

WARM = 0.25
WARM_MIN = 10.0
"""Share of the run that is left out of the line, and minutes at least: tape, bars, logs and remembered lines are bounded and
fill up first, and the memory that the interpreter keeps for their like settles after them."""

KEPT = 200_000
"""Bytes of the terminal's output that are kept."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read, and how much its fitted line may rise over the run."""

    name: str
    unit: str
    share: float
    """Of its median,"""
    more: float
    """and this much more."""

    def bound(self, values: Sequence[float]) -> float:
        """Return the rise that still counts as flat."""
        return median(values) * self.share + self.more


READINGS = (
    Reading("resident memory", "MB", 0.0, 5.0),  # of an hour: a byte kept of every message would be 13 MB
    Reading("open files", "descriptors", 0.0, 1.0),
    Reading("event loop late, 99th percentile", "ms", 0.25, 2.0),
    Reading("key to paint, median", "ms", 0.25, 2.0),
    Reading("key to paint, 99th percentile of 510", "ms", 0.25, 5.0),
    Reading("CPU", "% of one", 0.1, 2.0),
)
"""Latencies of a machine that does something else as well are noisy, so theirs are bounded by their own size too."""


@dataclass
class Run:
    """The readings so far."""

    points: list[list[tuple[float, float]]] = field(default_factory=lambda: [[] for _ in READINGS])
    keys: list[float] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)

    def add(self, minute: float, values: Sequence[float]) -> None:
        """Take one reading of everything."""
        for points, value in zip(self.points, values, strict=True):
            points.append((minute, value))


def judge(reading: Reading, points: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], str]:
    """Return the fitted line and a verdict in words; with too few readings there is none."""
    warm = max(points[-1][0] * WARM, WARM_MIN)
    settled = [point for point in points if point[0] > warm]
    if len(settled) < 3:
        return (points[-1][1], 0.0), "too short to say"
    line = fitted(settled)
    rise = line[1] * (settled[-1][0] - settled[0][0])
    bound = reading.bound([value for _, value in settled])
    verdict = "flat" if rise <= bound else "RISES"
    return line, f"{verdict}: the fitted line rises by {rise:+.2f}, at most {bound:.2f}"


def told(run: Run, rate: int, where: Sequence[str]) -> dict[str, Any]:
    """Return the figures as the page reads them."""
    curves, lines = [], []
    for reading, points in zip(READINGS, run.points, strict=True):
        line, verdict = judge(reading, points)
        values = [value for _, value in points]
        what = f"{reading.name}, {reading.unit}"
        lines.append(f"{what:44} {median(values):8.1f} median {max(values):8.1f} most   {verdict}")
        curves.append({"name": reading.name, "unit": reading.unit, "points": points, "slope": line, "remark": verdict})
    if run.keys and run.lags:
        lines.append(
            f"over the whole run: {len(run.keys)} keys p50 {median(run.keys):.1f} p99 {percentile(run.keys, 99):.1f} ms;"
            f" loop late p99 {percentile(run.lags, 99):.1f} ms; {len(run.points[0])} readings, load {os.getloadavg()[0]:.2f}"
        )
    title = f"{run.points[0][-1][0]:.0f} minutes at {rate:,} messages a second, 120x40"
    return {"title": title, "machine": list(where), "curves": curves, "lines": [title, "", *lines]}


def go(cockpit: Cockpit, seconds: float, rate: int, save: Any) -> Run:
    """Read until the time is over; ``save`` is called after every reading."""
    run, draw, probe = Run(), random.Random(7), cockpit.probe
    cockpit.exchange.set_rate(rate)
    probe.read(3.0)
    start = time.monotonic()
    while (now := time.monotonic()) - start < seconds:
        cpu = probe.cpu_s()
        cockpit.begin()
        try:
            keys = type_letters(probe, draw, LETTERS_EACH)
        except TimeoutError:  # the run goes on, and the figures show it
            keys = [LATEST_MS]
            probe.type("\x1b")
        probe.read(max(0.1, min(EVERY_S, seconds) - (time.monotonic() - now)))
        lags = cockpit.watched()["lags_ms"]
        took, used = time.monotonic() - now, probe.cpu_s() - cpu
        files = len(os.listdir(f"/proc/{probe.pid}/fd"))
        run.keys += keys
        run.lags += lags
        slow = percentile(run.keys[-NEWEST:], 99)
        values = (probe.rss_mb(), files, percentile(lags, 99), median(keys), slow, used / took * 100)
        run.add((time.monotonic() - start) / 60, values)
        del probe.taken[:-KEPT]
        save(run)
    return run


def main() -> int:
    """Run, telling how it stands, and write the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.long", description="Read the terminal for a long time.")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=int, default=RATE, help=f"messages a second (default {RATE})")
    parser.add_argument("--json", type=Path, default=LONG_FIGURES, metavar="FILE", help="where the figures go")
    args = parser.parse_args()
    file = args.json.absolute()
    os.chdir(ROOT)
    where = machine()
    start = time.monotonic()

    def save(run: Run) -> None:
        file.write_text(json.dumps(told(run, args.rate, where), indent=1) + "\n")
        last = "  ".join(
            f"{value:.1f} {reading.unit}"
            for reading, value in zip(READINGS, (points[-1][1] for points in run.points), strict=True)
        )
        sys.stderr.write(f"{(time.monotonic() - start) / 60:6.1f} of {args.minutes:g} min  {last}\n")

    with ExitStack() as stack:
        cockpit = Cockpit(stack, inside=["--light"])
        cockpit.open()
        run = go(cockpit, args.minutes * 60, args.rate, save)
    print("\n".join([*where, "", *told(run, args.rate, where)["lines"], "", f"written: {file}"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
