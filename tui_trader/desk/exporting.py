"""Export from the terminal: which span of time is meant, written in another thread, and where the files are.

It must not know how files are written: whoever starts the terminal says that.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import date

from tui_trader.core.clock import DAY_NS, Clock
from tui_trader.core.command import Export
from tui_trader.core.error import CommandError

Write = Callable[[str, int, int, bool], str]
"""Writes what happened from a time to another, that one excluded, under a name, as CSV or JSON; returns where it is, in words."""

_EPOCH = date(1970, 1, 1)
_DAYS = re.compile(r"(\d{1,4})d\Z", re.ASCII)
_NAMED = {"today": (0, 1), "yesterday": (1, 1), "week": (6, 7), "month": (29, 30)}
"""How many days ago a span begins, and how many it has."""


class Exporting:
    """Writes what a command asks for."""

    def __init__(self, *, clock: Clock, write: Write) -> None:
        self._clock = clock
        self._write = write

    async def __call__(self, what: Export) -> str:
        """Write, and return where it is. Raises CommandError for a span that is none, TraderError where it cannot be."""
        since_ns, until_ns = span(what.span, self._clock.wall_ns())
        return await asyncio.to_thread(self._write, what.span, since_ns, until_ns, what.csv)


def span(text: str, now_ns: int) -> tuple[int, int]:
    """Return beginning and end of whole UTC days, in nanoseconds; raises CommandError when ``text`` names none."""
    midnight = now_ns // DAY_NS * DAY_NS
    word = text.lower()
    if word in _NAMED:
        ago, days = _NAMED[word]
        return midnight - ago * DAY_NS, midnight - (ago - days) * DAY_NS
    if (found := _DAYS.match(word)) and int(found[1]) > 0:
        return midnight - (int(found[1]) - 1) * DAY_NS, midnight + DAY_NS
    try:
        begins = (date.fromisoformat(word) - _EPOCH).days * DAY_NS
    except ValueError:
        fix = "export today csv, yesterday, week, month, 7d, 2026-11-28"
        raise CommandError(f"{text!r} is no span of time", fix=fix) from None
    return begins, begins + DAY_NS
