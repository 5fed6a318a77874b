"""Whose money and whose contracts: accounts, positions, fees, funding and what a position still has to lose. No book, no clock.

Nothing is created here. A profit is somebody's loss, a fee moves to the fee account, and whatever rounding leaves over in a
funding settlement goes to the insurance account; so the sum of all balances and open profits never changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from tui_trader.core.decimals import ZERO, divide
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import ContractKind, PositionMode, PositionSide, Side
from tui_trader.sim.margin import (
    bankruptcy_fee,
    maintenance,
    position_cost,
    price_losing,
    side_of,
    to_money,
    trade_fee,
    trade_value,
    unrealised,
    value_at,
)
from tui_trader.sim.types import SimAccount, SimPosition

FEES = "house:fees"
"""Receives every fee and pays every rebate."""
INSURANCE = "house:insurance"
"""Bears losses past bankruptcy, and the rounding of funding."""
MAKER = "house:maker"
"""Quotes the book."""
TAKER = "house:taker"
"""Takes from it."""
HOUSE = (FEES, INSURANCE, MAKER, TAKER)


def is_house(account_id: str) -> bool:
    """Whether an account is the exchange's own: it has credit without limit, and nobody is told about its orders."""
    return account_id.startswith("house:")


class Standing(NamedTuple):
    """What protects a group of positions, and what it must not fall below."""

    equity: Decimal
    """Balance or margin plus open profit, minus what leaving at bankruptcy would cost in fees."""
    requirement: Decimal
    """Maintenance margin."""

    @property
    def is_sound(self) -> bool:
        return self.equity > self.requirement


class Ledger:
    """All accounts. One writer: the floor."""

    def __init__(self, instruments: Mapping[str, Instrument], mark: Callable[[str], Decimal]) -> None:
        self.instruments = instruments
        self.accounts: dict[str, SimAccount] = {}
        self.open_interest: dict[str, Decimal] = {}
        """Contracts held long, by symbol: as many as are held short."""
        self._mark = mark
        for account_id in HOUSE:
            self.open(account_id, {})

    def open(self, account_id: str, balances: dict[str, Decimal]) -> SimAccount:
        """Create an account with deposits by currency. Raises ValueError when it exists."""
        if account_id in self.accounts:
            raise ValueError(f"account {account_id} exists")
        account = SimAccount(account_id, dict(balances))
        self.accounts[account_id] = account
        return account

    # -- reading ---------------------------------------------------------------------------------------------------

    def mode(self, account_id: str, symbol: str) -> PositionMode:
        """Return the position mode of a symbol."""
        return self.accounts[account_id].modes.get(symbol, PositionMode.ONE_WAY)

    def position(self, account_id: str, symbol: str, leg: PositionSide) -> SimPosition:
        """Return one leg, flat and with the instrument's default leverage if it never was."""
        positions = self.accounts[account_id].positions
        found = positions.get((symbol, leg))
        if found is None:
            found = positions[symbol, leg] = new_position(self.instruments[symbol], leg)
        return found

    def open_positions(self, account_id: str, currency: str | None = None) -> Iterator[SimPosition]:
        """Yield the legs that are not flat, in order of first use."""
        for position in self.accounts[account_id].positions.values():
            if position.qty and (currency is None or self.instruments[position.symbol].settle == currency):
                yield position

    def unrealised(self, position: SimPosition) -> Decimal:
        """Return the open profit at the mark."""
        return unrealised(self.instruments[position.symbol], position, self._mark(position.symbol))

    def position_margin(self, position: SimPosition) -> Decimal:
        """Return what a leg ties up: its assigned margin when isolated, else entry value over leverage and the fee reserve."""
        if not position.qty:
            return ZERO
        if position.isolated:
            return position.margin
        return position_cost(self.instruments[position.symbol], side_of(position), position.cost, position.leverage)

    def used_by_positions(self, account_id: str, currency: str) -> Decimal:
        """Return what the positions of one currency tie up."""
        return sum((self.position_margin(position) for position in self.open_positions(account_id, currency)), ZERO)

    def open_loss(self, account_id: str, currency: str) -> Decimal:
        """Return the open loss of the cross positions of one currency, zero or negative: it is not available for orders."""
        return min(ZERO, sum((self.unrealised(p) for p in self.open_positions(account_id, currency) if not p.isolated), ZERO))

    # -- solvency --------------------------------------------------------------------------------------------------

    def standing(self, account_id: str, position: SimPosition) -> Standing:
        """Return what stands behind a position: its own margin when isolated, else everything its currency has free."""
        if position.isolated:
            fee, need = self._reserve(position)
            return Standing(position.margin + self.unrealised(position) - fee, need)
        currency = self.instruments[position.symbol].settle
        equity = self.accounts[account_id].balances.get(currency, ZERO)
        requirement = ZERO
        for other in self.open_positions(account_id, currency):
            if other.isolated:
                equity -= other.margin
            else:
                fee, need = self._reserve(other)
                equity += self.unrealised(other) - fee
                requirement += need
        return Standing(equity, requirement)

    def liquidation_price(self, account_id: str, position: SimPosition) -> Decimal | None:
        """Return the mark at which a leg is liquidated with every other mark unchanged; None when no price does it."""
        standing = self.standing(account_id, position)
        return self._price_losing(position, standing.equity - standing.requirement)

    def bankrupt_price(self, account_id: str, position: SimPosition) -> Decimal | None:
        """Return the price at which nothing is left but the fee of leaving; None when no price does it."""
        return self._price_losing(position, self.standing(account_id, position).equity)

    def _price_losing(self, position: SimPosition, cushion: Decimal) -> Decimal | None:
        return price_losing(self.instruments[position.symbol], position, self._mark(position.symbol), cushion)

    def _reserve(self, position: SimPosition) -> tuple[Decimal, Decimal]:
        instrument = self.instruments[position.symbol]
        fee = bankruptcy_fee(instrument, side_of(position), position.cost, position.leverage)
        return fee, maintenance(instrument, position.cost, position.risk_limit)

    # -- writing ---------------------------------------------------------------------------------------------------

    def fill(
        self, account_id: str, symbol: str, leg: PositionSide, side: Side, qty: Decimal, price: Decimal, fee: Decimal
    ) -> Decimal:
        """Book one side of a trade and its fee; return the profit realised, before the fee.

        Both sides of a trade must be booked. The part that closes is settled against the exact cost it was bought for.
        """
        instrument = self.instruments[symbol]
        position = self.position(account_id, symbol, leg)
        value = trade_value(instrument, qty, price)
        before = position.qty
        realised = ZERO
        opening, opening_value = qty, value
        if before and (before > 0) != (side is Side.BUY):
            closing = min(qty, abs(before))
            closing_value = value if closing == qty else to_money(instrument, divide(value * closing, qty))
            realised = self._close(instrument, position, closing, closing_value)
            opening, opening_value = qty - closing, value - closing_value
        position.fees += fee
        position.term_realised += realised - fee
        if before and not position.qty:
            position.term += 1
            position.term_realised = ZERO
        if opening:
            self._open(instrument, position, side, opening, opening_value)
        self.credit(account_id, instrument.settle, realised - fee)
        self.credit(FEES, instrument.settle, fee)
        held = max(position.qty, ZERO) - max(before, ZERO)
        if held:
            self.open_interest[symbol] = self.open_interest.get(symbol, ZERO) + held
        return realised

    def credit(self, account_id: str, currency: str, amount: Decimal) -> None:
        """Change a balance; the caller takes the same amount from somebody else."""
        balances = self.accounts[account_id].balances
        balances[currency] = balances.get(currency, ZERO) + amount

    def transfer(self, source: str, target: str, currency: str, amount: Decimal) -> None:
        """Move money between accounts."""
        self.credit(source, currency, -amount)
        self.credit(target, currency, amount)

    def charge_funding(self, account_id: str, position: SimPosition, rate: Decimal, mark: Decimal) -> Decimal:
        """Charge position value at ``mark`` times ``rate`` (longs pay a positive rate) and return the cost.

        The other side of it is the insurance account, which is left with nothing but rounding once everybody is charged.
        An isolated position pays from its own margin.
        """
        instrument = self.instruments[position.symbol]
        amount = trade_fee(instrument, value_at(instrument, position.qty, mark), rate)
        self.transfer(account_id, INSURANCE, instrument.settle, amount)
        position.funding += amount
        position.term_realised -= amount
        if position.isolated:
            position.margin -= amount
        return amount

    def _open(self, instrument: Instrument, position: SimPosition, side: Side, qty: Decimal, value: Decimal) -> None:
        position.qty += qty * side.sign
        position.cost += value
        position.entry = average(instrument, abs(position.qty), position.cost)
        if position.isolated:
            position.margin += position_cost(instrument, side, value, position.leverage)

    def _close(self, instrument: Instrument, position: SimPosition, qty: Decimal, value: Decimal) -> Decimal:
        held = abs(position.qty)
        was_long = position.qty > 0
        whole = qty == held
        released = position.cost if whole else to_money(instrument, divide(position.cost * qty, held))
        position.margin -= position.margin if whole else to_money(instrument, divide(position.margin * qty, held))
        position.cost -= released
        position.qty += -qty if was_long else qty
        if whole:
            position.entry = ZERO
        gain = value - released if was_long == (instrument.kind is not ContractKind.INVERSE) else released - value
        position.realised += gain
        return gain


def new_position(instrument: Instrument, leg: PositionSide) -> SimPosition:
    """Return a leg that nobody has touched: flat, cross, at the default leverage, and at the first risk limit if there is one."""
    leverage = min(instrument.default_leverage, instrument.max_leverage)
    limit = instrument.tiers[0].notional if has_risk_limit(instrument) else ZERO
    return SimPosition(instrument.symbol, leg, leverage=leverage, risk_limit=limit)


def has_risk_limit(instrument: Instrument) -> bool:
    """Whether an account chooses its risk limit; else it follows from the position's value."""
    return bool(instrument.tiers) and instrument.price_scale > 0


def average(instrument: Instrument, qty: Decimal, value: Decimal) -> Decimal:
    """Return the average price of ``qty`` worth ``value``; zero of nothing."""
    if not qty or not value:
        return ZERO
    if instrument.kind is ContractKind.INVERSE:
        return divide(qty * instrument.contract_size, value)
    return divide(value, qty * instrument.contract_size)
