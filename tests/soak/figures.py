"""What a long run measured, and whether it grew: readings of processes, reports of gauges, floors compared over time."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

MOST_GROWTH_MB = 10.0
MOST_NEW_FDS = 2
MOST_NEW_TASKS = 3
"""A floor is the least of many readings, but a reading may still catch a task that is just being born in each of them."""

LATE_P99_MS = 50
LATE_MAX_MS = 250

WARM = 0.15
"""The part of a run that is left out: caches fill, orders gather."""

_BARS = "▁▂▃▄▅▆▇█"


@dataclass(slots=True)
class Lateness:
    """How late the beats of a loop were."""

    late_ms: Counter[int] = field(default_factory=Counter)

    def add(self, more: Counter[int]) -> None:
        """Count beats in."""
        self.late_ms.update(more)

    @property
    def beats(self) -> int:
        """How many beats were due."""
        return self.late_ms.total()

    def percentile(self, part: float) -> int:
        """Return the whole milliseconds that this part of the beats was not later than."""
        left = part * self.beats
        for ms in sorted(self.late_ms):
            left -= self.late_ms[ms]
            if left <= 0:
                return ms
        return max(self.late_ms, default=0)

    @property
    def most(self) -> int:
        """The latest beat, whole milliseconds."""
        return max(self.late_ms, default=0)

    def words(self) -> str:
        """Return the figures in a few words."""
        return f"p50 {self.percentile(0.5)} ms, p99 {self.percentile(0.99)} ms, max {self.most} ms of {self.beats} beats"


class Report:
    """What a gauge has written, read as it grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self.tasks = 0
        """Tasks alive at the last report."""
        self.keys: list[tuple[float, str]] = []
        """When which key reached the app, monotonic seconds."""
        self.failures: list[str] = []

    def news(self) -> Lateness:
        """Take in what was written since the last call; return the lateness of that time."""
        lateness = Lateness()
        if not self._path.exists():
            return lateness
        with self._path.open("rb") as file:
            file.seek(self._read)
            while (line := file.readline()).endswith(b"\n"):
                self._read += len(line)
                row: dict[str, Any] = json.loads(line)
                lateness.add(Counter({int(ms): count for ms, count in row["late_ms"].items()}))
                self.tasks = row["tasks"]
                self.keys += [(at, name) for at, name in row["keys"]]
                self.failures += row["failures"]
        return lateness


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of one process."""

    at_s: float
    rss_mb: float
    fds: int
    threads: int
    tasks: int
    p99_ms: int
    max_ms: int
    cpu_s: float


def read_process(pid: int, at_s: float, report: Report) -> Sample:
    """Read a process and its gauge; raises OSError when it is gone."""
    status = dict(
        line.split(":", 1)
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith(("VmRSS", "Threads"))
    )
    lateness = report.news()
    return Sample(
        at_s=round(at_s, 1),
        rss_mb=round(int(status["VmRSS"].split()[0]) / 1024, 2),
        fds=len(os.listdir(f"/proc/{pid}/fd")),
        threads=int(status["Threads"]),
        tasks=report.tasks,
        p99_ms=lateness.percentile(0.99),
        max_ms=lateness.most,
        cpu_s=cpu_s(pid),
    )


def cpu_s(pid: int) -> float:
    """Return the processor time a process has used; raises OSError when it is gone."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Growth:
    """How a figure's floor moved from the first third of a run to the last."""

    before: float
    after: float

    @property
    def by(self) -> float:
        """Difference of the floors."""
        return self.after - self.before


def growth(values: Sequence[float]) -> Growth:
    """Compare the floors of the first and the last third, warm-up left out: bursts come and go, a leak raises the floor."""
    settled = values[int(len(values) * WARM) :]
    third = max(1, len(settled) // 3)
    return Growth(min(settled[:third], default=0.0), min(settled[-third:], default=0.0))


def leaks(samples: Sequence[Sample]) -> list[str]:
    """Return what of a process grew and must not, one sentence each."""
    found = []
    for name, most in (("rss_mb", MOST_GROWTH_MB), ("fds", MOST_NEW_FDS), ("threads", MOST_NEW_FDS), ("tasks", MOST_NEW_TASKS)):
        grown = growth([getattr(sample, name) for sample in samples])
        if grown.by > most:
            found.append(f"{name} grew from {grown.before:g} to {grown.after:g}")
    return found


def sparkline(values: Sequence[float]) -> str:
    """Draw values as a row of bars, at most 60 of them."""
    step = max(1, -(-len(values) // 60))
    shown = [max(values[i : i + step]) for i in range(0, len(values), step)]
    low, high = min(shown, default=0.0), max(shown, default=0.0)
    return "".join(_BARS[round((value - low) / (high - low) * 7) if high > low else 0] for value in shown)


def as_rows(samples: Sequence[Sample]) -> list[dict[str, float]]:
    """Return samples as JSON objects."""
    return [asdict(sample) for sample in samples]
