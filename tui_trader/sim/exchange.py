"""The built-in exchange: a pure, synchronous matching engine with accounts, behind one plain interface.

It knows no wire format, no event loop and no wall clock: a mask gives it requests, somebody tells it what time it is, and it
answers with what happened. The same seed and the same requests at the same times give the same fills.

Time moves in steps of ``STEP_NS`` on a fixed grid, so it does not matter how often ``advance`` is called. A caller that
comes back after more than ``CATCH_UP_NS`` (a suspended machine) finds that the market has moved on without trading: steps
are skipped, funding that fell due is still charged, and the last second is played.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tui_trader.core.candle import Candle
from tui_trader.core.clock import NS
from tui_trader.core.decimals import ZERO
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import PositionMode, PositionSide, Side, TriggerSource
from tui_trader.sim import amendment, funding, settings, treasury
from tui_trader.sim.credit import committed
from tui_trader.sim.floor import Floor
from tui_trader.sim.flow import MarketFlow
from tui_trader.sim.ledger import Ledger, is_house
from tui_trader.sim.listing import Listing
from tui_trader.sim.outbox import Outbox
from tui_trader.sim.solvency import liquidate_unsound
from tui_trader.sim.types import (
    AccountTouched,
    BookChange,
    Emission,
    FundingCharge,
    MarketState,
    Move,
    NewOrder,
    PositionTouched,
    PublicTrade,
    Refusal,
    Report,
    SimAccount,
    SimOrder,
    SimPosition,
    SimStatus,
)

STEP_NS = 50_000_000
"""The grid on which the market moves, conditional orders fire and positions are liquidated."""

CATCH_UP_NS = 5 * NS
"""Longest gap that is played in full."""

PLAYED_AFTER_SKIP_NS = NS
"""How much of a longer gap is played, at its end."""

Levels = list[tuple[Decimal, Decimal]]

__all__ = ["CATCH_UP_NS", "STEP_NS", "AccountTouched", "Exchange", "PositionTouched"]


class Exchange:
    """One venue's worth of contracts, accounts and orders."""

    def __init__(
        self,
        instruments: Sequence[Instrument],
        *,
        seed: int,
        start_ns: int,
        flow: MarketFlow | None = None,
        insurance: dict[str, Decimal] | None = None,
    ) -> None:
        self.instruments: dict[str, Instrument] = {instrument.symbol: instrument for instrument in instruments}
        """Listed contracts by symbol."""
        self.listings: dict[str, Listing] = {symbol: Listing(one) for symbol, one in self.instruments.items()}
        """The inside of each contract, for the market flow; masks use the methods below."""
        self.outbox = Outbox(seed, start_ns)
        self.ledger = Ledger(self.instruments, lambda symbol: self.listings[symbol].mark)
        self.floor = Floor(self.listings, self.ledger, self.outbox)
        self.floor.insurance.update(insurance or {})
        self._flow = flow
        self._watched: dict[str, None] = {}
        self._stepped_ns = start_ns - start_ns % STEP_NS
        for listing in self.listings.values():
            listing.state.next_funding_ns = funding.first_due_ns(listing.instrument, start_ns)
        if flow is not None:
            flow.open(self, seed, start_ns)
            for symbol in flow.always_on:
                self.watch(symbol)
        self.outbox.collect()

    # -- time ------------------------------------------------------------------------------------------------------

    @property
    def now_ns(self) -> int:
        """The exchange's time, UTC nanoseconds."""
        return self.outbox.now_ns

    @property
    def seq(self) -> int:
        """Sequence of the last event."""
        return self.outbox.seq

    def advance(self, to_ns: int) -> None:
        """Play the market up to ``to_ns``; a time that has passed changes nothing."""
        if to_ns <= self.outbox.now_ns:
            return
        if to_ns - self._stepped_ns > CATCH_UP_NS:
            resume = to_ns - PLAYED_AFTER_SKIP_NS
            resume -= resume % STEP_NS
            self._settle_funding(resume)
            self._stepped_ns = resume
        while self._stepped_ns + STEP_NS <= to_ns:
            self._stepped_ns += STEP_NS
            self.outbox.now_ns = self._stepped_ns
            self._step()
        self.outbox.now_ns = to_ns

    def watch(self, symbol: str) -> None:
        """Let the market flow run for a symbol from now on. Reading its book or trading it does the same."""
        if symbol in self._watched or symbol not in self.listings:
            return
        self._watched[symbol] = None
        if self._flow is not None:
            self._flow.start(self, self.listings[symbol])

    def set_reference(self, symbol: str, mark: Decimal, index: Decimal | None = None) -> None:
        """Set mark and index prices, then fire and liquidate what they meet."""
        listing = self.listings[symbol]
        listing.set_reference(mark, mark if index is None else index)
        self._follow_up(listing)

    def _step(self) -> None:
        for symbol in self._watched:
            if self._flow is not None:
                self._flow.step(self, self.listings[symbol])
            self.floor.settle(self.listings[symbol])
        liquidate_unsound(self.floor)
        self._settle_funding(self.outbox.now_ns)

    def _follow_up(self, listing: Listing) -> None:
        self.floor.settle(listing)
        liquidate_unsound(self.floor)

    def _settle_funding(self, to_ns: int) -> None:
        funding.settle(self.floor, to_ns)

    # -- accounts --------------------------------------------------------------------------------------------------

    @property
    def accounts(self) -> dict[str, SimAccount]:
        """Every account, the exchange's own (``house:…``) included."""
        return self.ledger.accounts

    def open_account(self, account_id: str, balances: dict[str, Decimal], wallet: dict[str, Decimal] | None = None) -> SimAccount:
        """Create an account with deposits by currency, in its trading accounts and in its wallet.

        Raises ValueError when the name is taken or reserved.
        """
        if is_house(account_id):
            raise ValueError(f"{account_id} is reserved")
        account = self.ledger.open(account_id, balances)
        account.wallet.update(wallet or {})
        return account

    def wallet(self, account_id: str, currency: str) -> tuple[Decimal, Decimal]:
        """Return (balance, used by positions and resting orders) in ``currency``."""
        used = self.ledger.used_by_positions(account_id, currency)
        orders = self.floor.open.get(account_id, {}).values()
        balance = self.accounts[account_id].balances.get(currency, ZERO)
        return balance, used + committed(self.ledger, orders, currency)

    def transfer(self, account_id: str, currency: str, amount: Decimal, link: str = "") -> Move | Refusal:
        """Bring money from the wallet to a trading account, or take it back (negative); a known ``link`` is done once."""
        return treasury.transfer(self.floor, account_id, currency, amount, link)

    def exchange_usd(self, account_id: str, amount: Decimal, link: str = "") -> Move | Refusal:
        """Change bitcoin of the wallet into dollars of the USD trading account at the index, or dollars back (negative)."""
        listing = self.listings.get("BTCUSD")
        return treasury.exchange_usd(
            self.floor, account_id, amount, listing.reference(TriggerSource.INDEX) if listing else ZERO, link
        )

    def moves(self, account_id: str, currency: str | None = None) -> list[Move]:
        """Return transfers and what insurance paid, oldest first."""
        return [one for one in self.outbox.moves.get(account_id, []) if currency is None or one.currency == currency]

    def set_leverage(
        self, account_id: str, symbol: str, position_side: PositionSide | None, leverage: Decimal, *, isolated: bool
    ) -> Refusal:
        """Set leverage and margin mode of a leg, of every leg of the mode when None; zero means the most the tier allows."""
        return settings.set_leverage(self.floor, account_id, symbol, position_side, leverage, isolated=isolated)

    def set_position_mode(self, account_id: str, symbol: str, mode: PositionMode) -> Refusal:
        """Choose one merged position or two legs; refused while a position or an order is open."""
        return settings.set_position_mode(self.floor, account_id, symbol, mode)

    def set_risk_limit(self, account_id: str, symbol: str, limit: Decimal) -> Refusal:
        """Choose a step of a COIN-M contract's margin table."""
        return settings.set_risk_limit(self.floor, account_id, symbol, limit)

    def assign_margin(self, account_id: str, symbol: str, position_side: PositionSide, delta: Decimal) -> Refusal:
        """Add margin to an isolated position, or take some away (negative)."""
        return settings.assign_margin(self.floor, account_id, symbol, position_side, delta)

    def positions(self, account_id: str) -> list[SimPosition]:
        """Return every leg that was ever used, flat ones included."""
        return list(self.accounts[account_id].positions.values())

    def position(self, account_id: str, symbol: str, position_side: PositionSide) -> SimPosition:
        """Return one leg, a flat one if it never was."""
        return self.ledger.position(account_id, symbol, position_side)

    def unrealised(self, position: SimPosition) -> Decimal:
        """Return the open profit of a position at the mark."""
        return self.ledger.unrealised(position)

    def position_margin(self, position: SimPosition) -> Decimal:
        """Return what a position ties up."""
        return self.ledger.position_margin(position)

    def liquidation_price(self, account_id: str, position: SimPosition) -> Decimal | None:
        """Return the mark at which a position is liquidated, other marks unchanged; None when no price does it."""
        return self.ledger.liquidation_price(account_id, position)

    def bankrupt_price(self, account_id: str, position: SimPosition) -> Decimal | None:
        """Return the price at which nothing is left behind a position; None when no price does it."""
        return self.ledger.bankrupt_price(account_id, position)

    # -- orders ----------------------------------------------------------------------------------------------------

    def submit(self, account_id: str, new: NewOrder) -> SimOrder:
        """Take an order. A refused one comes back REJECTED with ``refusal`` set; nothing a user sends raises.

        Raises KeyError for an account that was never opened.
        """
        if account_id not in self.accounts:
            raise KeyError(account_id)
        self.watch(new.symbol)
        order = self.floor.submit(account_id, new)
        liquidate_unsound(self.floor)
        return order

    def amend(
        self,
        account_id: str,
        symbol: str,
        *,
        order_id: str = "",
        client_id: str = "",
        qty: Decimal | None = None,
        price: Decimal | None = None,
        trigger_price: Decimal | None = None,
        take_profit: Decimal | None = None,
        stop_loss: Decimal | None = None,
        peg_offset: Decimal | None = None,
    ) -> SimOrder | Refusal:
        """Change an open order; ``qty`` is the new total, zero removes an attached exit, None leaves as is.

        Only a smaller quantity at the same price keeps the place in the queue.
        """
        order = self._find(account_id, symbol, order_id, client_id)
        if isinstance(order, Refusal):
            return order
        change = amendment.Amendment(qty, price, trigger_price, take_profit, stop_loss, peg_offset)
        refusal = amendment.amend(self.floor, order, change)
        liquidate_unsound(self.floor)
        return refusal or order

    def cancel(self, account_id: str, symbol: str, *, order_id: str = "", client_id: str = "") -> SimOrder | Refusal:
        """End an open order, resting or waiting."""
        order = self._find(account_id, symbol, order_id, client_id)
        if not isinstance(order, Refusal):
            self.floor.cancel(order)
        return order

    def cancel_all(self, account_id: str, symbol: str | None, *, untriggered: bool) -> list[SimOrder]:
        """End every waiting conditional order, or every other open order; never both at once."""
        ended = []
        for order in self.open_orders(account_id, symbol):
            # Ending one can end another (a shrinking exit, a sibling): look again.
            if order.status.is_open and (order.status is SimStatus.UNTRIGGERED) is untriggered:
                self.floor.cancel(order)
                ended.append(order)
        return ended

    def open_orders(self, account_id: str, symbol: str | None = None) -> list[SimOrder]:
        """Return open orders, oldest first."""
        orders = self.floor.open.get(account_id, {}).values()
        return [order for order in orders if symbol is None or order.symbol == symbol]

    def closed_orders(self, account_id: str, symbol: str | None = None) -> list[SimOrder]:
        """Return finished orders, oldest first, refused ones included."""
        orders = self.floor.orders.get(account_id, {}).values()
        return [one for one in orders if not one.status.is_open and (symbol is None or one.symbol == symbol)]

    def order(self, account_id: str, *, order_id: str = "", client_id: str = "") -> SimOrder | None:
        """Return an order in whatever state, by either id; None when the account never had it."""
        if order_id:
            return self.floor.orders.get(account_id, {}).get(order_id)
        return self.floor.by_client.get((account_id, client_id)) if client_id else None

    def fills(self, account_id: str, symbol: str | None = None, since_ns: int = 0) -> list[Report]:
        """Return executions, oldest first."""
        reports = self.outbox.fills.get(account_id, [])
        return [one for one in reports if one.at_ns >= since_ns and (symbol is None or one.order.symbol == symbol)]

    def funding(self, account_id: str, symbol: str | None = None) -> list[FundingCharge]:
        """Return funding settlements, oldest first."""
        charges = self.outbox.charges.get(account_id, [])
        return [charge for charge in charges if symbol is None or charge.symbol == symbol]

    def _find(self, account_id: str, symbol: str, order_id: str, client_id: str) -> SimOrder | Refusal:
        order = self.order(account_id, order_id=order_id, client_id=client_id)
        if order is None or order.symbol != symbol:
            return Refusal.NOT_FOUND
        return order if order.status.is_open else Refusal.ALREADY_FINAL

    # -- market ----------------------------------------------------------------------------------------------------

    def book(self, symbol: str, depth: int | None = None) -> tuple[Levels, Levels]:
        """Return (price, size) of the bids and of the asks, best first."""
        self.watch(symbol)
        listing = self.listings[symbol]
        bids, asks = (
            [(listing.price(ticks), listing.qty(lots)) for ticks, lots in listing.book.depth(side, depth)]
            for side in (Side.BUY, Side.SELL)
        )
        return bids, asks

    def trades(self, symbol: str, count: int) -> list[PublicTrade]:
        """Return prints, newest first."""
        self.watch(symbol)
        return self.listings[symbol].prints.newest(count)

    def candles(self, symbol: str, interval_s: int, count: int) -> list[Candle]:
        """Return bars, oldest first; the last one is being formed."""
        self.watch(symbol)
        return self.listings[symbol].prints.candles(interval_s, self.now_ns // NS, count)

    def market(self, symbol: str) -> MarketState:
        """Return the reference prices and the day's figures, live object: read it, do not keep it."""
        listing = self.listings[symbol]
        if self._flow is not None and symbol not in self._watched:
            self._flow.glance(self, listing)
        state = listing.state
        state.open_interest = self.ledger.open_interest.get(symbol, ZERO)
        listing.prints.fill_day(state, self.now_ns // NS)
        if not state.mark:
            state.mark = state.index = listing.mark
        return state

    # -- what happened ---------------------------------------------------------------------------------------------

    def drain(self) -> list[Emission]:
        """Return everything since the last call: events in order, touched wallets and legs, then one BookChange per symbol."""
        out = self.outbox.collect()
        for symbol in self._watched:
            listing = self.listings[symbol]
            bids, asks = listing.book.collect()
            if bids or asks:
                price, qty = listing.price, listing.qty
                out.append(
                    BookChange(
                        symbol,
                        tuple((price(ticks), qty(lots)) for ticks, lots in bids),
                        tuple((price(ticks), qty(lots)) for ticks, lots in asks),
                        self.outbox.next_seq(),
                        self.now_ns,
                    )
                )
        return out

    def fill_log_hash(self) -> str:
        """Return the SHA-256 of every user fill in order."""
        return self.outbox.fill_log_hash()
