"""What goes wrong on the way: the fate of every request and of every pushed frame follows from the seed and from its own name.

Because a fate hangs on a name ("create of tt-0003, first time") and not on its place in a row of draws, one trouble can be taken
out of a history without moving the others: that is what makes histories shrink.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from random import Random
from struct import unpack


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


class Way(StrEnum):
    """What becomes of one pushed frame."""

    CLEAN = "clean"
    LATE = "late"
    TWICE = "twice"
    AGAIN = "again later"
    DROPPED = "dropped"
    SWAPPED = "overtaken by the next"
    TRUNCATED = "cut short"


_PRIVATE = (Way.LATE, Way.TWICE, Way.AGAIN, Way.AGAIN, Way.TRUNCATED)
_PUBLIC = (Way.LATE, Way.TWICE, Way.AGAIN, Way.TRUNCATED)
_LOSSY = (*_PUBLIC, Way.DROPPED, Way.SWAPPED)


_MEMORIES = (
    *((100, 200, 0.0),) * 3,
    (100, 200, 2.0),
    (1, 200, 0.0),
    (1, 2, 2.0),
    (1, 200, 30.0),
    (1, 2, 30.0),
)
"""How well venues remember: rows of the stream's snapshot, rows of a page, and how far the history trails, in seconds. Who
remembers little does so in more than one place, or nobody would miss what is missing."""


@dataclass(frozen=True, slots=True)
class Climate:
    """How bad it is in a history, and with what kind of trouble. The defaults are a place where nothing happens."""

    badness: float = 0.0
    """Share of private requests that something happens to."""
    fates: tuple[Fate, ...] = _TROUBLE
    stream_badness: float = 0.0
    """Share of private frames that something happens to."""
    public_badness: float = 0.0
    """Share of book frames that something happens to."""
    lossy: bool = False
    """Whether book frames may be lost or change places, which no client of this venue can see before the next snapshot."""
    history_lag_s: float = 0.0
    """How far the venue's history database trails its engine."""
    snapshot_rows: int = 100
    """How many finished orders, and executions, the private stream's snapshot goes back."""
    page_rows: int = 200
    """How many rows a page of the history holds."""

    @classmethod
    def drawn(cls, random: Random) -> Climate:
        """Draw one: mostly with a few kinds of trouble at a time, because each kind then gets its turn without the others."""
        few = random.random() < 0.6
        snapshot_rows, page_rows, history_lag_s = random.choice(_MEMORIES)
        return cls(
            badness=random.choice((0.0, 0.1, 0.3, 0.6)),
            fates=tuple(random.sample(_TROUBLE, 3)) if few else _TROUBLE,
            stream_badness=random.choice((0.0, 0.1, 0.4)),
            public_badness=random.choice((0.0, 0.0, 0.4)),
            lossy=random.random() < 0.2,
            history_lag_s=history_lag_s,
            snapshot_rows=snapshot_rows,
            page_rows=page_rows,
        )


class Roll:
    """Numbers that follow from the name of one event."""

    __slots__ = ("_numbers", "name")

    def __init__(self, name: str, key: bytes) -> None:
        self.name = name
        self._numbers = unpack("6I", blake2b(name.encode(), digest_size=24, key=key).digest())

    def share(self, index: int) -> float:
        """Return number ``index`` (0 to 5) as a share, 0 up to 1."""
        return self._numbers[index] / 4294967296

    def between(self, index: int, low: float, high: float) -> float:
        """Return number ``index`` between two bounds."""
        return low + (high - low) * self._numbers[index] / 4294967296

    def pick(self, index: int, many: int) -> int:
        """Return number ``index`` as one of ``many``."""
        return self._numbers[index] % many


class Weather:
    """Strikes requests and frames. With ``only`` given, the troubles named there happen and no others."""

    def __init__(self, seed: int, climate: Climate, only: Collection[str] | None = None) -> None:
        self.climate = climate
        self.struck: dict[str, str] = {}
        """Every trouble that happened, by its name."""
        self.healed = False
        """True from when everything arrives."""
        self._only = only
        self._key = seed.to_bytes(8, "big")
        self._counts: Counter[str] = Counter()

    def roll(self, what: str) -> Roll:
        """Return the numbers of the next event that is called ``what``."""
        self._counts[what] += 1
        return Roll(f"{what} #{self._counts[what]}", self._key)

    def fate(self, roll: Roll) -> Fate:
        """Tell what becomes of a request."""
        if not self._strikes(roll, self.climate.badness):
            return Fate.CLEAN
        fates = self.climate.fates
        fate = fates[roll.pick(1, len(fates))]
        self.struck[roll.name] = fate
        return fate

    def way(self, roll: Roll, *, private: bool) -> Way:
        """Tell what becomes of a frame."""
        climate = self.climate
        if not self._strikes(roll, climate.stream_badness if private else climate.public_badness):
            return Way.CLEAN
        ways = _PRIVATE if private else _LOSSY if climate.lossy else _PUBLIC
        way = ways[roll.pick(1, len(ways))]
        self.struck[roll.name] = way
        return way

    def _strikes(self, roll: Roll, badness: float) -> bool:
        if self.healed:
            return False
        return roll.share(0) < badness if self._only is None else roll.name in self._only
