"""Pulled and stacked: what was added to and taken from each price of a book lately, trades left out, and what traded there.

Messages are kept as they come and read when somebody looks, so that a flood costs the one who looks and not the one who hears.
A trade and the decrease it caused come in messages of their own, in either order: each waits a moment for the other. It must
not know the screen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from tui_trader.core.book import Book
from tui_trader.core.clock import NS
from tui_trader.core.decimals import ZERO
from tui_trader.core.event import BookDelta
from tui_trader.core.tape import Trade
from tui_trader.core.types import Side

WINDOW_S = 10
"""How far back changes count."""

MATCH_NS = 2 * NS
"""How long a trade and its decrease wait for each other."""

BACKLOG = 20_000
"""Messages kept unread; when more came, changes that cancel each other out go unseen and the two ends are compared."""

_PRICES = 4_096
"""Prices that are remembered: many times what a book has."""

_LOOK_BACK = 500
"""Changes among which the one that a trade caused is looked for."""

_Key = tuple[bool, int]
"""(whether it is a bid, ticks)."""


class Change(NamedTuple):
    """What happened at one price within the window, trades left out."""

    stacked: Decimal
    pulled: Decimal

    @property
    def net(self) -> Decimal:
        """Positive where more was added than taken away."""
        return self.stacked - self.pulled


class _Step(NamedTuple):
    """One change of one price."""

    mono_ns: int
    key: _Key
    size: Decimal
    """Positive for what was added."""


class Flow:
    """Changes of one book. One writer: the Store; whoever shows it calls ``settle`` first."""

    def __init__(self, book: Book, past: Iterable[Trade] = ()) -> None:
        """``past`` are trades from before, which count for the volume alone."""
        self._book = book
        self._unread: deque[tuple[int, BookDelta | Sequence[Trade]]] = deque()
        self._whole = True
        """Whether the backlog holds everything since the sizes were read."""
        self._sizes: dict[_Key, Decimal] = {}
        self._steps: deque[_Step] = deque()
        self._stacked: dict[_Key, Decimal] = {}
        self._pulled: dict[_Key, Decimal] = {}
        self._owed: dict[_Key, tuple[int, Decimal]] = {}
        self.volume: dict[int, Decimal] = {}
        """What traded at each price in ticks, as far as it was heard of."""
        self.version = 0
        """Counts changes of what is shown."""
        for trade in past:
            self._count(int(trade.price / book.instrument.tick), trade.qty)
        self._read_sizes()

    # -- hearing ---------------------------------------------------------------------------------------------------

    def hear(self, event: BookDelta, mono_ns: int) -> None:
        """Take a change of the book, after it was applied."""
        self._keep(mono_ns, event)

    def trade(self, trades: Sequence[Trade], mono_ns: int) -> None:
        """Take public trades."""
        self._keep(mono_ns, trades)

    def restart(self) -> None:
        """The book was replaced: what changed meanwhile is not known, and the next changes are counted from what is there now."""
        self._unread.clear()
        self._whole = False

    def _keep(self, mono_ns: int, what: BookDelta | Sequence[Trade]) -> None:
        if len(self._unread) >= BACKLOG:
            self._unread.clear()
            self._whole = False
        self._unread.append((mono_ns, what))

    # -- reading ---------------------------------------------------------------------------------------------------

    def settle(self, mono_ns: int) -> None:
        """Read what came since the last call, and forget what is older than the window."""
        if not self._whole or not self._book.is_live or len(self._sizes) > _PRICES:
            self._unread.clear()
            self._read_sizes()
        while self._unread:
            at_ns, what = self._unread.popleft()
            if isinstance(what, BookDelta):
                self._levels(at_ns, True, what.bids)
                self._levels(at_ns, False, what.asks)
            else:
                self._trades(at_ns, what)
        oldest = mono_ns - WINDOW_S * NS
        while self._steps and self._steps[0].mono_ns < oldest:
            step = self._steps.popleft()
            _add(self._stacked if step.size > 0 else self._pulled, step.key, -abs(step.size))
            self.version += 1

    def change(self, is_bid: bool, ticks: int) -> Change | None:
        """Return what happened at a price, None when nothing did."""
        key = (is_bid, ticks)
        stacked, pulled = self._stacked.get(key, ZERO), self._pulled.get(key, ZERO)
        return Change(stacked, pulled) if stacked or pulled else None

    def changes(self, is_bid: bool, lowest: int, highest: int) -> dict[int, Change]:
        """Return what happened at the prices from ``lowest`` to ``highest`` ticks."""
        keys = {ticks for side, ticks in (*self._stacked, *self._pulled) if side is is_bid and lowest <= ticks <= highest}
        found = {ticks: self.change(is_bid, ticks) for ticks in keys}
        return {ticks: change for ticks, change in found.items() if change is not None}

    # -- inside ----------------------------------------------------------------------------------------------------

    def _read_sizes(self) -> None:
        book = self._book
        bids, asks = book.raw_sides
        self._sizes = {(True, ticks): book.size_of(raw) for ticks, raw in bids.items()}
        self._sizes |= {(False, ticks): book.size_of(raw) for ticks, raw in asks.items()}
        self._owed.clear()
        self._whole = True

    def _levels(self, mono_ns: int, is_bid: bool, levels: Sequence[Sequence[Any]]) -> None:
        book, sizes = self._book, self._sizes
        for raw_price, raw_size in levels:
            ticks = book.ticks_of(raw_price)
            key = (is_bid, ticks)
            size, before = book.size_of(raw_size), sizes.get(key, ZERO)
            if size == before:
                continue
            if size:
                sizes[key] = size
            else:
                sizes.pop(key, None)
            moved = size - before
            if moved < 0:
                moved += self._due(mono_ns, key, -moved)
            if moved:
                self._note(mono_ns, key, moved)

    def _due(self, mono_ns: int, key: _Key, decrease: Decimal) -> Decimal:
        """Return how much of a decrease trades explain."""
        owed = self._owed.pop(key, None)
        if owed is None or mono_ns - owed[0] > MATCH_NS:
            return ZERO
        used = min(decrease, owed[1])
        if used < owed[1]:
            self._owed[key] = (owed[0], owed[1] - used)
        return used

    def _trades(self, mono_ns: int, trades: Sequence[Trade]) -> None:
        tick = self._book.instrument.tick
        for trade in trades:
            ticks = int(trade.price / tick)
            self._count(ticks, trade.qty)
            key = (trade.side is Side.SELL, ticks)
            rest = trade.qty
            # What it took may have been counted as pulled a moment ago.
            for index in range(len(self._steps) - 1, max(-1, len(self._steps) - 1 - _LOOK_BACK), -1):
                step = self._steps[index]
                if mono_ns - step.mono_ns > MATCH_NS or rest <= 0:
                    break
                if step.key == key and step.size < 0:
                    used = min(rest, -step.size)
                    self._steps[index] = step._replace(size=step.size + used)
                    _add(self._pulled, key, -used)
                    rest -= used
            if rest:
                known = self._owed.get(key)
                fresh = known is not None and mono_ns - known[0] <= MATCH_NS
                self._owed[key] = (mono_ns, rest + (known[1] if known is not None and fresh else ZERO))

    def _count(self, ticks: int, qty: Decimal) -> None:
        if len(self.volume) < _PRICES or ticks in self.volume:
            self.volume[ticks] = self.volume.get(ticks, ZERO) + qty
            self.version += 1

    def _note(self, mono_ns: int, key: _Key, moved: Decimal) -> None:
        self._steps.append(_Step(mono_ns, key, moved))
        _add(self._stacked if moved > 0 else self._pulled, key, abs(moved))
        self.version += 1


def _add(sums: dict[_Key, Decimal], key: _Key, size: Decimal) -> None:
    """Change a sum; one that is zero is not kept."""
    total = sums.get(key, ZERO) + size
    if total:
        sums[key] = total
    else:
        sums.pop(key, None)
