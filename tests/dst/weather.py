"""What goes wrong on the way: one fate is drawn for each request and each pushed frame, from a seeded source."""

from __future__ import annotations

from enum import StrEnum
from random import Random


class Fate(StrEnum):
    """What becomes of one request."""

    CLEAN = "clean"
    REFUSED = "no connection"
    LOST = "request lost"
    CUT_BEFORE = "connection cut before the request arrived"
    CUT_AFTER = "connection cut after it was executed"
    REPLY_LOST = "reply lost"
    SLOW_REPLY = "reply late"
    SLOW_REQUEST = "request late"
    ERROR_BEFORE = "5xx, not executed"
    ERROR_AFTER = "5xx, executed"
    ERROR_THEN = "5xx, executed later"
    TRUNCATED = "executed, body cut short"
    GARBAGE = "executed, body is a page"
    LIMITED = "429"
    DOUBLED = "a middle box sent it twice"


_TROUBLE = tuple(fate for fate in Fate if fate is not Fate.CLEAN)


class Weather:
    """Draws fates. ``badness`` is the share of requests that something happens to."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.badness = random.choice((0.0, 0.1, 0.3, 0.6))
        self.stream_badness = random.choice((0.0, 0.05, 0.2))
        self.history_lag_s = random.choice((0.0, 0.0, 2.0, 8.0, 30.0))
        """How far the venue's history database trails its engine."""
        self.snapshot_rows = random.choice((100, 100, 2))
        """How many finished orders, and executions, the private stream's snapshot goes back."""

    def heal(self) -> None:
        """From now on everything arrives."""
        self.badness = self.stream_badness = 0.0

    def fate(self) -> Fate:
        """Draw what becomes of a request."""
        return self._random.choice(_TROUBLE) if self._random.random() < self.badness else Fate.CLEAN

    def latency_s(self) -> float:
        """Draw one way's duration."""
        return self._random.uniform(0.001, 0.03)

    def late_s(self, most: float) -> float:
        """Draw a long delay."""
        return self._random.uniform(0.3, most)

    def status(self) -> int:
        """Draw a server error."""
        return self._random.choice((500, 502, 503, 504))

    def part(self, length: int) -> int:
        """Draw how many bytes of a body arrive."""
        return self._random.randrange(max(1, length))

    def frame_delays_s(self) -> list[float]:
        """Draw when the copies of a pushed frame arrive: mostly one, sometimes late, sometimes twice."""
        delays = [self.latency_s()]
        if self._random.random() < self.stream_badness:
            if self._random.random() < 0.5:
                delays[0] += self.late_s(4.0)
            else:
                delays.append(delays[0] + self._random.choice((0.0, self.late_s(20.0))))
        return delays
