"""What a source of market movement must do; the exchange knows no more about it than this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from tui_trader.sim.listing import Listing

if TYPE_CHECKING:
    from tui_trader.sim.exchange import Exchange


class MarketFlow(Protocol):
    """Moves listed contracts: quotes, trades and sets reference prices through the exchange's own accounts."""

    always_on: Sequence[str]
    """Symbols that run from the start."""

    def open(self, exchange: Exchange, seed: int, now_ns: int) -> None:
        """Get ready; called once, before anything else."""

    def start(self, exchange: Exchange, listing: Listing) -> None:
        """Begin a symbol: its past, its book and its prices."""

    def step(self, exchange: Exchange, listing: Listing) -> None:
        """Move a started symbol by one step of time, which ``exchange.now_ns`` has reached."""

    def glance(self, exchange: Exchange, listing: Listing) -> None:
        """Refresh the reference prices of a symbol that was not started."""
