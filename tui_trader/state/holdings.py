"""What the account holds: positions, balances, funding, movements of money, and what all of it is worth.

It must not know lanes or requests.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from tui_trader.core.account import Balance, RiskUnit
from tui_trader.core.clock import Clock
from tui_trader.core.decimals import ZERO, divide
from tui_trader.core.event import (
    BackingTold,
    BalanceChanged,
    FundingPaid,
    FundsListed,
    FundsTransferred,
    PositionChanged,
    PositionModeTold,
    PositionsSnapshot,
    RiskUnitsTold,
)
from tui_trader.core.funds import FundsEntry, Transfer
from tui_trader.core.position import Position, unrealised
from tui_trader.core.types import InstrumentId, PositionMode, PositionSide
from tui_trader.state import topic as t
from tui_trader.state.market import StaleLimits
from tui_trader.state.past import Past
from tui_trader.state.pnl import AccountPnl, EquityCurve, Opening
from tui_trader.state.trades import Trades
from tui_trader.state.working import Working

MAX_FUNDS: Final = 2_000
"""Lines of the venue's journal of the account kept in memory."""

MAX_PAYMENTS: Final = 500

PositionKey = tuple[InstrumentId, PositionSide]


class Holdings(Working):
    """The account, and the orders that change it."""

    def __init__(self, clock: Clock, limits: StaleLimits | None = None) -> None:
        super().__init__(clock, limits)
        self.positions: dict[PositionKey, Position] = {}
        self.modes: dict[str, PositionMode] = {}
        """How accounts hold positions, by venue, where that is one setting for all contracts."""
        self.backings: dict[InstrumentId, BackingTold] = {}
        """What will back the next position of a contract, where its flat rows do not tell."""
        self.balances: dict[tuple[str, str], Balance] = {}
        self.past = Past()
        """What the local history tells of the time before this run."""
        self.trades = Trades(self)
        """Executions put together to trades."""
        self.desync: frozenset[PositionKey] = frozenset()
        """Legs on which executions and the venue's position have contradicted each other for too long; the desk looks."""
        self.curve = EquityCurve()
        self.opening = Opening()
        """What the account was worth when the day began."""
        self.funding_paid: dict[str, Decimal] = {}
        self.funding_count = 0
        """Payments since the start of this run."""
        self.risk_units: dict[tuple[str, str, InstrumentId | None], RiskUnit] = {}
        """What stands behind positions, by venue, kind and contract, where the venue tells."""
        self.transfers: dict[str, Transfer] = {}
        """Movements between wallet and trading account, by key, as far as anybody told of them."""
        self.funds: deque[FundsEntry] = deque(maxlen=MAX_FUNDS)
        """What the venue's journal of the account was last told to hold, in the order it was told."""
        self.home: str | None = None
        """The settle currency that totals are shown in; None takes the first one known."""
        self._funded: deque[FundingPaid] = deque(maxlen=MAX_PAYMENTS)
        self._funding_seen: set[str] = set()
        self._fees: tuple[tuple[int, int, str], Decimal] | None = None

    def remember(self, past: Past) -> None:
        """Take up what the local history tells of the past; what is known already counts once."""
        self.past = past
        self._fees = None
        self._dirty.update((t.FILLS, t.PNL))

    def sample_equity(self) -> None:
        """Add a point to the equity line; the desk calls it once a second."""
        pnl = self.pnl()
        if pnl is not None and pnl.complete:
            self.curve.add(self._clock.wall_ns(), pnl.equity)
            self._dirty.add(t.PNL)

    # -- reading ------------------------------------------------------------------------------------------------------

    def funded(self) -> Sequence[FundingPaid]:
        """Return the funding payments of this run, oldest first."""
        return self._funded

    def funding_events(self) -> list[FundingPaid]:
        """Return the funding paid since start that is kept, oldest first."""
        return list(self._funded)

    def open_positions(self) -> list[Position]:
        """Return legs that are not flat, in a stable order."""
        return sorted(
            (p for p in self.positions.values() if not p.is_flat),
            key=lambda p: (p.instrument, p.position_side),
        )

    def position(self, instrument: InstrumentId, side: PositionSide = PositionSide.MERGED) -> Position | None:
        """Return one leg, None when the venue has told nothing of it."""
        return self.positions.get((instrument, side))

    def unrealised(self, position: Position) -> Decimal | None:
        """Return open profit of a leg at the live mark; None when there is no mark."""
        instrument = self.instruments.get(position.instrument)
        mark = self.ticker(position.instrument).mark
        if instrument is None or mark is None:
            return None
        return unrealised(position, instrument, mark)

    def currencies(self) -> list[str]:
        """Return settle currencies that a balance is known of."""
        return sorted({currency for _, currency in self.balances})

    def pnl(self, currency: str | None = None) -> AccountPnl | None:
        """Return the account in one settle currency (default: ``home``), valued at live marks; None before a balance."""
        currency = currency or self.home_currency()
        rows = [b for b in self.balances.values() if b.currency == currency]
        if not rows or currency is None:
            return None
        open_profit, complete = ZERO, True
        for position in self.positions.values():
            instrument = self.instruments.get(position.instrument)
            if position.is_flat or instrument is None or instrument.settle != currency:
                continue
            profit = self.unrealised(position)
            if profit is None or not self.mark_is_fresh(position.instrument):
                complete = False
            open_profit += profit or ZERO
        pnl = AccountPnl(
            currency=currency,
            wallet=sum((b.total for b in rows), ZERO),
            used=sum((b.used for b in rows), ZERO),
            unrealised=open_profit,
            complete=complete,
        )
        pnl = self.opening.fix(pnl, self._clock.wall_ns())
        return replace(pnl, fees=self._fees_since(pnl.since_ns, currency), funding=self._funding_since(pnl.since_ns, currency))

    def home_currency(self) -> str | None:
        """Return the settle currency that totals are shown in; None before a balance is known."""
        known = self.currencies()
        return self.home if self.home in known else next(iter(known), None)

    def in_home(self, amount: Decimal, currency: str) -> Decimal | None:
        """Return an amount in the currency of totals, converted by fresh marks; None where one of them is missing or old."""
        home = self.home_currency()
        if home is None or currency == home:
            return None if home is None else amount
        if not (self.dollars_are_fresh(currency) and self.dollars_are_fresh(home)):
            return None
        worth, unit = self.dollars(currency), self.dollars(home)
        return None if worth is None or not unit else divide(amount * worth, unit)

    def _fees_since(self, since_ns: int, currency: str) -> Decimal:
        key = (self.blotter.version, since_ns, currency)
        if self._fees is None or self._fees[0] != key:
            fills = self.trades.executions()
            self._fees = (key, sum((f.fee for f in fills if f.at_ns >= since_ns and f.fee_currency == currency), ZERO))
        return self._fees[1]

    def _funding_since(self, since_ns: int, currency: str) -> Decimal:
        paid = self.trades.funding() if self.past.funding else self._funded
        return sum((f.amount for f in paid if f.at_ns >= since_ns and f.currency == currency), ZERO)

    # -- events -------------------------------------------------------------------------------------------------------

    def _ticker_heard(self, iid: InstrumentId, last: bool, mark: bool, price: bool) -> None:
        super()._ticker_heard(iid, last, mark, price)
        if not mark or not self.positions:
            return
        if any(not p.is_flat for (instrument, _), p in self.positions.items() if instrument == iid):
            self._dirty.add(t.MARKS)

    def _position(self, event: PositionChanged) -> None:
        position = event.position
        known = self.positions.get(position.key)
        if known is not None and (position.sequence, position.at_ns) < (known.sequence, known.at_ns):
            return
        self.positions[position.key] = position
        for key, other in list(self.positions.items()):
            # Legs of a position mode that is no longer: there can be nothing in them.
            if key[0] == position.instrument and other.mode is not position.mode and other.is_flat:
                del self.positions[key]
        self._dirty.update((t.POSITIONS, t.PNL, ("book", position.instrument)))

    def _positions(self, event: PositionsSnapshot) -> None:
        listed = {position.key for position in event.positions}
        for key, known in list(self.positions.items()):
            instrument = self.instruments.get(known.instrument)
            if (
                known.instrument.venue == event.venue
                and instrument is not None
                and instrument.settle == event.currency
                and key not in listed
            ):
                self.positions[key] = replace(known, side=None, qty=ZERO, entry=ZERO, margin=ZERO, liquidation=None)
        for position in event.positions:
            before = self.positions.get(position.key)
            if before is not None and not position.sequence and not position.at_ns:
                # A row that tells neither is of the moment of the answer.
                position = replace(position, sequence=before.sequence, at_ns=before.at_ns)
            self._position(PositionChanged(position))
        self._dirty.update((t.POSITIONS, t.PNL))

    def _mode(self, event: PositionModeTold) -> None:
        self.modes[event.venue] = event.mode
        for key, known in list(self.positions.items()):
            # Legs of a mode that is no longer: the venue switches only where nothing is held.
            if known.instrument.venue == event.venue and known.mode is not event.mode and known.is_flat:
                del self.positions[key]
        self._dirty.update((t.POSITIONS, t.STAGE))

    def _backing(self, event: BackingTold) -> None:
        self.backings[event.instrument] = event
        self._dirty.update((t.POSITIONS, t.STAGE))

    def _balance(self, event: BalanceChanged) -> None:
        balance = event.balance
        known = self.balances.get((balance.venue, balance.currency))
        if known is not None and 0 < balance.at_ns < known.at_ns:
            return  # a reply carries no time (0): it was true when it came, which is now
        at_ns = max(balance.at_ns, known.at_ns if known is not None else 0)
        if at_ns != balance.at_ns:
            balance = replace(balance, at_ns=at_ns)
        self.balances[(balance.venue, balance.currency)] = balance
        self._dirty.update((t.BALANCES, t.PNL))

    def _funding(self, event: FundingPaid) -> None:
        if event.exec_id:
            if event.exec_id in self._funding_seen:
                return
            self._funding_seen.add(event.exec_id)
        self._funded.append(event)
        self.funding_count += 1
        self.funding_paid[event.currency] = self.funding_paid.get(event.currency, ZERO) + event.amount
        self._dirty.add(t.PNL)

    def _risk(self, event: RiskUnitsTold) -> None:
        for unit in event.units:
            key = (unit.venue, unit.mode, unit.instrument)
            known = self.risk_units.get(key)
            if known is None or unit.version >= known.version:
                self.risk_units[key] = unit
        self._dirty.add(t.BALANCES)

    def _transferred(self, event: FundsTransferred) -> None:
        told = event.transfer
        if event.known_as != told.key:
            self.transfers.pop(event.known_as, None)
        known = self.transfers.get(told.key)
        if known is None or not known.state.is_final or told.state.is_final:
            self.transfers[told.key] = told
        self._dirty.add(t.BALANCES)

    def _funds_listed(self, event: FundsListed) -> None:
        known = set(self.funds)
        self.funds.extend(entry for entry in event.entries if entry not in known)
        self._dirty.add(t.BALANCES)
