"""Rounds, ratios and CPU: sides take turns within a round, a ratio is taken per round, and the median is what counts.

Machines are noisy and change speed while one measures; what two sides of one round have in common cancels in their ratio.
"""

from __future__ import annotations

import math
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


class Disagreement(AssertionError):
    """Two sides that should have ended alike did not: no figure of theirs means anything."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """One side over the other, a value per round."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, over: Sequence[float], under: Sequence[float]) -> Ratio:
        """Divide round by round; raises ValueError for sides of different lengths, or without rounds."""
        if not over:
            raise ValueError("no rounds")
        return cls(tuple(a / b for a, b in zip(over, under, strict=True)))

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        """The smallest value."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The largest value."""
        return max(self.values)


def take_turns(rounds: int, sides: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Call every side once per round, starting one further along each time; return what each gave, by round."""
    names = list(sides)
    found: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        for place in range(len(names)):
            name = names[(number + place) % len(names)]
            found[name].append(sides[name]())
    return found


def cpu_of(work: Callable[[], object]) -> float:
    """Return the CPU seconds that ``work`` took in this process, all threads."""
    start = time.process_time()
    work()
    return time.process_time() - start


def child_cpu_s(pid: int) -> float:
    """Return the CPU seconds that a process has used so far, all its threads (Linux)."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat") as stat:
            total += int(stat.read().split()[0])
    return total / 1e9


def child_rss_mb(pid: int) -> float:
    """Return the resident memory of a process in MB of 1024² bytes (Linux)."""
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least ``percent`` of the values do not exceed; raises ValueError for none."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    rank = math.ceil(len(ordered) * percent / 100)
    return ordered[max(rank, 1) - 1]
