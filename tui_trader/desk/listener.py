"""Counts the public trades of one instrument into seconds, each once, and knows which seconds it heard all trades of.

Trades carry no ids, and two equal rows of one message are two trades. What decides, therefore:

- An increment counts as it comes, late or not, in the second that the venue says; one that is older than ``LATE_NS`` before the
newest, or further ahead of the clock than ``AHEAD_NS``, is set aside. - A snapshot (the venue's list of the newest trades after
every subscription) repeats what came before. Of its rows those are new that were not counted yet, compared row by row and as
often as they occur, and those that an earlier run has counted are known by their time alone: nothing up to the newest trade in
the file is counted again. - A snapshot that reaches back to a trade that is known proves that nothing was missed in between,
however long that was. One that does not leaves a gap that ends after the second of its oldest trade, because older trades of
that second may have been cut off.

A second is known when something was received after its end on the same connection, which keeps the order of what it carries. It
must not know files, tasks or sockets.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

from tui_trader.core.clock import NS
from tui_trader.core.second import Second
from tui_trader.core.spans import Span
from tui_trader.core.tape import Trade

LATE_NS = 600 * NS
AHEAD_NS = 60 * NS

REMEMBERED = 5_000
"""Trades that a snapshot is compared with; Phemex's holds a thousand at most."""


class Listener:
    """One instrument. ``snapshot`` and ``printed`` when trades come, ``confirm`` once a second, ``lost`` when the feed is."""

    def __init__(self, newest_ns: int = 0, observed: Span | None = None) -> None:
        """``newest_ns`` and ``observed`` are where an earlier run ended, as the file has it."""
        self.set_aside = 0
        """Trades that were too old, or of a time to come."""
        self._newest_ns = self._before_ns = newest_ns
        self._until = observed[1] if observed else 0
        self._since: int | None = None
        self._recent: Counter[Trade] = Counter()
        self._order: deque[Trade] = deque()
        self._seconds: dict[int, Second] = {}
        self._spans: list[Span] = []

    @property
    def known_until_s(self) -> int:
        """The second up to which everything was heard; 0 for never."""
        return self._until

    @property
    def is_listening(self) -> bool:
        """Whether seconds that pass are heard."""
        return self._since is not None

    def snapshot(self, trades: Sequence[Trade], now_ns: int) -> None:
        """Take the venue's list of the newest trades, oldest first."""
        if not trades:
            self._since = now_ns // NS + 1
            return
        oldest = min(trade.at_ns for trade in trades)
        continues = bool(self._newest_ns) and oldest <= self._newest_ns and bool(self._until)
        memory = self._order[0].at_ns if self._order else 0
        left = Counter(self._recent)
        for trade in trades:
            if left[trade] > 0:
                left[trade] -= 1
            elif trade.at_ns > self._newest_ns or (trade.at_ns > self._before_ns and trade.at_ns >= memory):
                self._count(trade, now_ns)
        self._since = self._until if continues else max(oldest // NS + 1, self._until)

    def printed(self, trades: Sequence[Trade], now_ns: int) -> None:
        """Take new trades, oldest first."""
        for trade in trades:
            self._count(trade, now_ns)
        if self._since is None and trades:
            # A venue without snapshots: what came before in this second is not known.
            self._since = max(trades[0].at_ns // NS + 1, self._until)

    def confirm(self, until_s: int) -> None:
        """Hold everything before a second for heard."""
        if self._since is not None and until_s > self._since:
            self._spans.append((self._since, until_s))
            self._since = self._until = until_s

    def lost(self) -> None:
        """Hear nothing until the next snapshot."""
        self._since = None

    def take(self) -> tuple[list[Second], list[Span]]:
        """Return what was heard since the last call, and forget it."""
        seconds, spans = self._seconds, self._spans
        self._seconds, self._spans = {}, []
        return [seconds[at] for at in sorted(seconds)], spans

    def pending(self) -> list[Second]:
        """Return what the next ``take`` would, without taking it."""
        return [self._seconds[at] for at in sorted(self._seconds)]

    def _count(self, trade: Trade, now_ns: int) -> None:
        at_ns = trade.at_ns
        if at_ns < self._newest_ns - LATE_NS or at_ns > now_ns + AHEAD_NS:
            self.set_aside += 1
            return
        at = at_ns // NS
        second = self._seconds.get(at)
        if second is None:
            self._seconds[at] = Second(trade)
        else:
            second.add(trade)
        if at_ns > self._newest_ns:
            self._newest_ns = at_ns
        self._recent[trade] += 1
        self._order.append(trade)
        if len(self._order) > REMEMBERED:
            gone = self._order.popleft()
            if self._recent[gone] > 1:
                self._recent[gone] -= 1
            else:
                del self._recent[gone]
