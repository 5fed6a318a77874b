"""Many histories on all cores: batches of seeds go to worker processes, and what failed comes back."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import NamedTuple

from tests.dst.history import fast_folder, run
from tests.dst.mutants import MUTANTS, planted

BATCH = 25
"""Histories that one worker plays at a time."""


class Failure(NamedTuple):
    """A history in which something was wrong."""

    seed: int
    violations: list[str]


@dataclass
class Tally:
    """What came of many histories."""

    histories: int = 0
    orders: int = 0
    steps: int = 0
    troubles: int = 0
    virtual_s: float = 0.0
    failures: list[Failure] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count another one's in."""
        self.histories += other.histories
        self.orders += other.orders
        self.steps += other.steps
        self.troubles += other.troubles
        self.virtual_s += other.virtual_s
        self.failures += other.failures

    def __str__(self) -> str:
        return (
            f"{self.histories:,} histories, {self.steps:,} steps, {self.orders:,} orders, {self.troubles:,} troubles,"
            f" {self.virtual_s / 3600:.1f} virtual hours, {len(self.failures)} failed"
        )


class Sighting(NamedTuple):
    """How a planted bug was found."""

    name: str
    histories: int
    """How many it took."""
    failure: Failure | None
    cpu_s: float


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def play_batch(first: int, count: int, venue: str = "phemex") -> Tally:
    """Play ``count`` histories; what a worker process does."""
    tally = Tally()
    with fast_folder() as folder:
        for seed in range(first, first + count):
            result = run(seed, folder, venue)
            tally.histories += 1
            tally.orders += result.orders
            tally.steps += len(result.plan.steps)
            tally.troubles += len(result.struck)
            tally.virtual_s += result.virtual_s
            if result.violations:
                tally.failures.append(Failure(seed, result.violations))
    return tally


def look_for(name: str, most: int, recorded: int | None = None, venue: str = "phemex") -> Sighting:
    """Plant a bug and play histories until one sees it, at most ``most``, after the one that is recorded to.

    One that can be seen at one venue alone is looked for there, whatever ``venue`` says.
    """
    venue = MUTANTS[name].venue or venue
    began = time.process_time()
    seeds = range(most) if recorded is None else (recorded, *range(most))
    with fast_folder() as folder, planted(name):
        for number, seed in enumerate(seeds, 1):
            result = run(seed, folder, venue)
            if result.violations:
                if "<locals>" in result.violations[0]:
                    raise TypeError(f"the planted bug {name!r} no longer fits the code: {result.violations[0]}")
                return Sighting(name, number, Failure(seed, result.violations), time.process_time() - began)
    return Sighting(name, most, None, time.process_time() - began)


@contextmanager
def workers(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Lend a pool of fresh processes, which end with the context."""
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def play_many(first: int, count: int, jobs: int, venue: str = "phemex") -> Iterator[Tally]:
    """Play histories on ``jobs`` cores and yield the tally of all so far after each batch."""
    starts = iter(range(first, first + count, BATCH))
    total = Tally()
    with workers(jobs) as pool:
        waiting: set[Future[Tally]] = set()

        def feed() -> None:
            while len(waiting) < jobs * 2:
                start = next(starts, None)
                if start is None:
                    return
                waiting.add(pool.submit(play_batch, start, min(BATCH, first + count - start), venue))

        feed()
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            waiting -= done
            feed()
            for future in done:
                total.add(future.result())
                yield total
