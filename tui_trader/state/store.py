"""The only mutable market-and-account state. One writer: the desk, synchronously, between two awaits.

Panes read it and learn from ``take_dirty`` what to repaint. It must not know venues, sockets or screens. It is built up from
what it knows: a board, the market, the working orders in it, and what the account holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tui_trader.core.clock import Clock
from tui_trader.core.event import (
    BackingTold,
    BalanceChanged,
    BookDelta,
    BookRun,
    BookSnapshot,
    BookWanted,
    CandlesChanged,
    Event,
    FeeRatesTold,
    FundingPaid,
    FundsListed,
    FundsTransferred,
    GuardTold,
    InstrumentsListed,
    LinkChanged,
    Notice,
    OrderChanged,
    OrderFilled,
    OrdersSnapshot,
    PongReceived,
    PositionChanged,
    PositionModeTold,
    PositionsSnapshot,
    RiskUnitsTold,
    Subscribed,
    TakingTold,
    TickerChanged,
    TradesPrinted,
    Unreadable,
)
from tui_trader.core.ticker_row import TickerRow
from tui_trader.core.types import LinkState
from tui_trader.state import topic as t
from tui_trader.state.charts import Charts
from tui_trader.state.holdings import Holdings, PositionKey
from tui_trader.state.link import Link
from tui_trader.state.market import StaleLimits

__all__ = ["PositionKey", "StaleLimits", "Store"]


class Store(Holdings):
    """Market and account as far as they are known."""

    def __init__(self, clock: Clock, limits: StaleLimits | None = None) -> None:
        super().__init__(clock, limits)
        self.charts = Charts()
        """What charts look at, and the bars that were read for them."""
        self.takings: dict[str, TakingTold] = {}
        """What venues take from anybody at present, by name, where they tell."""
        self.guards: dict[str, bool] = {}
        """Whether open orders end with the private connection that there is, by venue, where that can be chosen."""
        self._apply: dict[type, Callable[[Any], None]] = {
            BookDelta: self._book_delta,
            BookRun: self._book_run,
            BookSnapshot: self._book_snapshot,
            BookWanted: lambda event: None,  # who asks for it has heard of it before
            TradesPrinted: self._trades,
            TickerChanged: self._ticker,
            TickerRow: self._ticker_row,
            CandlesChanged: self._candles,
            InstrumentsListed: self._instruments_listed,
            OrderChanged: self._order,
            OrdersSnapshot: self._orders,
            OrderFilled: self._fill,
            PositionChanged: self._position,
            PositionsSnapshot: self._positions,
            PositionModeTold: self._mode,
            BackingTold: self._backing,
            TakingTold: self._takes,
            GuardTold: self._guarded,
            BalanceChanged: self._balance,
            FundingPaid: self._funding,
            RiskUnitsTold: self._risk,
            FundsTransferred: self._transferred,
            FundsListed: self._funds_listed,
            FeeRatesTold: self._fee_rates,
            LinkChanged: self._link,
            PongReceived: self._pong,
            Subscribed: self._subscribed,
            Unreadable: self._unreadable,
            Notice: self._notice,
        }

    def apply(self, event: Event) -> None:
        """Change the state by one event and mark what it touched."""
        self._apply[type(event)](event)

    def forget(self) -> None:
        """Become empty again, as if nothing had been told yet: a replay begins anew."""
        attended = self.attended
        Store.__init__(self, self._clock, self.limits)
        self.attended = attended

    # -- events -------------------------------------------------------------------------------------------------------

    def _link(self, event: LinkChanged) -> None:
        key = (event.venue, event.lane)
        known = self.links.get(key) or Link(event.venue, event.lane)
        self.links[key] = replace(
            known,
            state=event.state,
            reason=event.reason,
            changed_ns=self.mono_ns,
            heard_ns=self.mono_ns,
            whole_ns=self.mono_ns,
        )
        if event.lane == "public" and event.state is not LinkState.LIVE:
            for iid, book in self.books.items():
                if iid.venue == event.venue and book.is_live and event.state is LinkState.DOWN:
                    book.doubt("feed down")
                    self._places.look(book, self.mono_ns)
                    self._dirty.add(("book", iid))
        if event.lane == "private" and event.state is LinkState.SYNCING:
            self._forget_ranks(event.venue)
        if event.lane == "private" and event.state is LinkState.DOWN:
            self.guards.pop(event.venue, None)
        self._dirty.update((t.LINKS, t.POSITIONS, t.PNL))

    def _takes(self, event: TakingTold) -> None:
        self.takings[event.venue] = event
        self._dirty.update((t.LINKS, t.STAGE))

    def _guarded(self, event: GuardTold) -> None:
        self.guards[event.venue] = event.on
        self._dirty.add(t.LINKS)

    def _forget_ranks(self, venue: str) -> None:
        """Let whatever a new connection tells win over what was known before it: sequences of the old one say nothing now."""
        for key, position in self.positions.items():
            if position.instrument.venue == venue:
                self.positions[key] = replace(position, sequence=0, at_ns=0)
        for place, balance in self.balances.items():
            if balance.venue == venue:
                self.balances[place] = replace(balance, at_ns=0)
