"""How many orders a venue lets a trader send before it treats them otherwise: every window counted, and what comes after told.

Entries wait for it; exits never do. Times are wall clock nanoseconds, so that what an earlier run sent still counts. It must not
know what the venue does to an order.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime

from tui_trader.core.clock import NS, Clock
from tui_trader.venues.base import Request, RequestKind, Terms

_WORDS = {1.0: "second", 60.0: "minute", 3_600.0: "hour", 86_400.0: "24 hours"}


class Pace:
    """Counts what left, and says why the next entry should not."""

    def __init__(self, terms: Terms | None, clock: Clock) -> None:
        """Without ``terms`` nothing is held back."""
        self._terms = terms
        self._clock = clock
        self._left: list[int] = []
        """When orders and changes left, oldest first; no more of them than the largest window holds."""
        self._most = max((count for count, _ in terms.windows), default=0) if terms is not None else 0

    def count(self, request: Request) -> None:
        """Note a request that is about to leave: each order in it counts."""
        if self._most and request.kind in (RequestKind.CREATE, RequestKind.AMEND):
            self._left = [*self._left, *[self._clock.wall_ns()] * request.orders][-self._most :]

    def take_back(self, request: Request) -> None:
        """Forget one that did not leave after all."""
        if self._left and request.kind in (RequestKind.CREATE, RequestKind.AMEND):
            del self._left[-request.orders :]

    def recall(self, moments: Iterable[str]) -> None:
        """Take up when an earlier run sent, in RFC 3339 as a journal has it; moments that cannot be read are left out."""
        if not self._most:
            return
        found = []
        for moment in moments:
            try:
                found.append(round(datetime.fromisoformat(moment).timestamp()) * NS)
            except ValueError:
                continue
        self._left = sorted([*found, *self._left])[-self._most :]

    def used(self) -> list[tuple[int, int, float]]:
        """Return how many left of how many, for every window in seconds."""
        if self._terms is None:
            return []
        now = self._clock.wall_ns()
        return [(self._since(now - round(seconds * NS)), count, seconds) for count, seconds in self._terms.windows]

    def why_wait(self, beside: int = 0) -> str:
        """Return why an entry should wait, with what would come of sending it; empty when it may leave.

        ``beside`` orders leave with it and are not counted yet.
        """
        now, terms = self._clock.wall_ns(), self._terms
        if terms is None:
            return ""
        waits = []
        for count, seconds in terms.windows:
            sent = self._since(now - round(seconds * NS)) + beside
            if sent >= count:
                oldest_ns = self._left[beside - count] if beside < count else now
                waits.append((oldest_ns + round(seconds * NS) - now, count, seconds))
        if not waits:
            return ""
        wait_ns, count, seconds = max(waits)
        return f"{count} {terms.name} orders in a {_WORDS[seconds]} have left: {terms.beyond}; the next in {_span(wait_ns)}"

    def words(self) -> str:
        """Say what of the windows is used; empty where there are none."""
        if self._terms is None:
            return ""
        parts = [f"{used} of {count} in a {_WORDS[seconds]}" for used, count, seconds in self.used()]
        return f"{self._terms.name} orders: {', '.join(parts)}"

    def _since(self, at_ns: int) -> int:
        return len(self._left) - bisect_right(self._left, at_ns)


def _span(ns: int) -> str:
    seconds = max(1, -(-ns // NS))
    if seconds < 120:
        return f"{seconds} s"
    return f"{-(-seconds // 60)} min" if seconds < 7_200 else f"{-(-seconds // 3_600)} h"
