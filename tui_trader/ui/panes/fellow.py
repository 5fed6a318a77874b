"""One account of this program as the panes of another one's screen see it: its name, its store, and what it may do now.

It is read from, never acted on: what a key does goes to the account on the screen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from tui_trader.core.clock import NS, Clock
from tui_trader.core.decimals import ZERO
from tui_trader.core.order import Order
from tui_trader.core.types import LinkState
from tui_trader.state.store import Store
from tui_trader.ui.format import NOTHING, brief_latency
from tui_trader.ui.panes.labels import OrderLabels

ROLES = ("account_1", "account_2", "account_3", "account_4")
"""The colours of accounts, by their place in the program; a fifth begins again."""

_ROUND_NS = 10_000_000
_FRESH_NS = 30 * NS


@dataclass(frozen=True, slots=True, eq=False)
class Fellow:
    """An account of this program."""

    number: int
    """Its place among them, from 1."""
    name: str
    """Venue and label: ``mexc/main``."""
    venue: str
    store: Store
    clock: Clock
    labels: OrderLabels = field(default_factory=OrderLabels)
    made_by: Callable[[Order], str] = lambda order: ""
    checked: Callable[[], bool] = lambda: True
    """Whether its orders and positions are the venue's since the last connect."""
    blocked: Callable[[], str] = lambda: ""
    """Why no entry may leave there now, in a sentence; empty when one may."""
    lock: Callable[[], str] = lambda: ""
    """Why entries are refused there altogether, in a word or two."""

    here: bool = False
    """Whether it is the one on the screen."""
    badge: str = "SIM"
    """Whether money is real: ``LIVE``, ``TEST``, ``SIM`` or ``CUSTOM``."""

    @property
    def role(self) -> str:
        """The role of its name."""
        return ROLES[(self.number - 1) % len(ROLES)]

    @property
    def is_well(self) -> bool:
        """Whether both lanes are live and heard, as far as it has them."""
        return all(lane.good for lane in self.lanes() if lane.there)

    def lanes(self) -> tuple[Lane, Lane]:
        """Return how its public and its private lane are."""
        private = lane_of(self.store, self.clock, self.venue, "private")
        if private.good and not self.checked():
            since = self.clock.mono_ns() - self.store.links[self.venue, "private"].changed_ns
            # Of one that is checked again without having been away nobody knows since when.
            private = Lane(f"RESYNC {brief_latency(since)}" if since < _FRESH_NS else "RESYNC", good=False)
        return lane_of(self.store, self.clock, self.venue, "public"), private

    def naked(self) -> int:
        """Return how many of its legs have no stop at the venue."""
        store = self.store
        return sum(store.covers.of(leg).is_naked for leg in store.open_positions())

    def profit(self) -> tuple[Decimal, bool]:
        """Return the open profit in dollars, and whether a part of it is old or not known."""
        store, total, doubtful = self.store, ZERO, False
        for leg in store.open_positions():
            instrument, profit = store.instruments.get(leg.instrument), store.unrealised(leg)
            worth = store.dollars(instrument.settle) if instrument is not None else None
            doubtful = doubtful or profit is None or worth is None or not store.mark_is_fresh(leg.instrument)
            total += (profit or ZERO) * (worth or ZERO)
        return total, doubtful


class Lane(NamedTuple):
    """A lane in words."""

    text: str
    """``41ms``, ``RESYNC 2.1s``, ``SILENT 9s``, ``--``."""
    good: bool
    there: bool = True
    """False where there is no such lane, as without an API key."""


def lane_of(store: Store, clock: Clock, venue: str, lane: str) -> Lane:
    """Return how a lane is now."""
    link = store.links.get((venue, lane))
    if link is None:
        return Lane(NOTHING, good=False, there=False)
    now = clock.mono_ns()
    if link.state is not LinkState.LIVE:
        word = "RESYNC" if link.state is LinkState.SYNCING else link.state.value.upper()
        return Lane(f"{word} {brief_latency(now - link.changed_ns)}", good=False)
    quiet = now - link.heard_ns
    if quiet > store.limits.private_ns:
        return Lane(f"SILENT {brief_latency(quiet)}", good=False)
    return Lane(brief_latency(link.rtt_ns or quiet // _ROUND_NS * _ROUND_NS), good=True)
