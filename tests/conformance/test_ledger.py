"""What our client makes of a history of trades is what the exchange's ledger holds: linear and inverse, for any history.

Random trades go to the exchange through our requests and its mask; its answers come back through our translators into a store.
The exchange shares no arithmetic with the client. Tolerances are what the wire rounds away: averages travel as prices, inverse
money in units of the settle currency's last decimal.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.chaos.stand import CLOTHES
from tests.conformance.families import Family, families
from tui_trader.core.clock import ManualClock
from tui_trader.core.event import TickerChanged
from tui_trader.core.order import Fill, OrderTicket
from tui_trader.core.position import Position, break_even, liquidation_distance, merged_entry
from tui_trader.core.types import ClientOrderId, OrderType, PositionSide, Side, TimeInForce
from tui_trader.secrets.secret import Secret
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.base import Key, RestCall, Setting
from tui_trader.sim.types import NewOrder, SimPosition
from tui_trader.state.store import Store
from tui_trader.venues.base import Credential, Outcome, Reply, Request, Verdict
from tui_trader.venues.besides import Admitting

ME, STREET = "me", "street"
ZERO = Decimal(0)

FAMILIES = {family.name: family for family in families()}

ISOLATED = [name for name, family in FAMILIES.items() if family.capabilities.isolated]
"""Families whose positions can be backed by a margin of their own: what liquidates the others is a whole account."""

SILENT = {"phemex COIN-M"}
"""Families whose history of executions (``/exchange/order/trade``) does not tell what each realised."""


@dataclass(frozen=True, slots=True)
class Trade:
    """One step of a history: a market order of ours against the street at a price."""

    side: Side
    units: int
    price: int
    """Half spreads away from the middle."""
    rests: bool = False
    """Whether ours is the order that rested."""


trades = st.lists(
    st.builds(Trade, st.sampled_from(Side), st.integers(1, 9), st.integers(-60, 60), st.booleans()), min_size=1, max_size=9
)
exact = settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])


class World:
    """An exchange behind its mask and our translators in front of it, without a network."""

    def __init__(self, family: Family) -> None:
        self.ground = family.ground
        self.instrument = family.ground.instrument
        self.symbol, self.settle = self.instrument.symbol, self.instrument.settle
        self.clock = ManualClock()
        self.exchange = Exchange([self.instrument], seed=1, start_ns=self.clock.wall_ns())
        for account in (ME, STREET):
            self.exchange.open_account(account, {self.settle: self.ground.purse})
        self.exchange.set_reference(self.symbol, self.ground.middle)
        clothes = CLOTHES[self.instrument.id.venue]
        key, secret = clothes.mint(random.Random(1)) if clothes.mint is not None else ("key", "c2VjcmV0")
        self.credential = Credential(key, Secret(secret))
        self.mask = clothes.mask(
            Setting(self.exchange, {key: Key(key, secret, ME)}, self.clock, lambda event: None, limits=False)
        )
        self.dialect = clothes.venue.orders()
        self.store = Store(self.clock)
        self._number = 0
        self.absorb(self.ask(self.dialect.instruments()))
        self.dialect.list_instruments(list(self.store.instruments.values()))

    def ask(self, request: Request) -> Verdict:
        """Send a request of ours to the mask, let in by a token and sealed where the venue wants that, and read its answer."""
        now_ns = self.clock.wall_ns()
        if isinstance(self.dialect, Admitting) and request.signed:
            while (step := self.dialect.admission(self.credential, now_ns, early=False)) is not None:
                self.post(step)
            request = self.dialect.seal(request, self.credential, now_ns)
        return self.post(request)

    def post(self, request: Request) -> Verdict:
        """Sign a request, send it as it is, and read its answer."""
        headers = dict(self.dialect.sign(request, self.credential, self.clock.wall_ns()))
        answer = self.mask.rest(RestCall(request.method, request.path, request.query, headers, request.body))
        verdict = self.dialect.parse(
            request, Reply(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.body)
        )
        assert verdict.outcome is Outcome.ACK, verdict
        return verdict

    def absorb(self, verdict: Verdict) -> None:
        for event in verdict.events:
            self.store.apply(event)

    def price(self, half_spreads: int) -> Decimal:
        return self.ground.middle + half_spreads * self.ground.half_spread

    def trade(self, trade: Trade) -> None:
        """Let both orders of a trade meet at its price."""
        qty, price = trade.units * self.ground.unit, self.price(trade.price)
        if trade.rests:
            self.send(trade.side, qty, price)
        self.street(trade.side.opposite, qty, price, TimeInForce.IOC if trade.rests else TimeInForce.GTC)
        if not trade.rests:
            self.send(trade.side, qty, None)
        self.clock.advance(1)
        self.exchange.outbox.now_ns = self.clock.wall_ns()

    def send(self, side: Side, qty: Decimal, price: Decimal | None) -> None:
        self._number += 1
        kind = OrderType.MARKET if price is None else OrderType.LIMIT
        tif = TimeInForce.IOC if price is None else TimeInForce.GTC
        ticket = OrderTicket(ClientOrderId(f"tt-{self._number}"), self.store_instrument.id, side, kind, qty, price, tif)
        self.ask(self.dialect.place(ticket, self.store_instrument))

    def street(self, side: Side, qty: Decimal, price: Decimal, tif: TimeInForce) -> None:
        self.exchange.submit(STREET, NewOrder("", self.symbol, side, OrderType.LIMIT, qty, price, tif))

    def mark(self, price: Decimal) -> None:
        """Move the mark, and tell the store as the ticker would."""
        self.exchange.set_reference(self.symbol, price)
        self.store.apply(TickerChanged(self.instrument.id, self.clock.wall_ns(), mark=price))

    def learn(self) -> None:
        """Ask for positions, balance and executions."""
        for request in self.dialect.standing(None):
            self.absorb(self.ask(request))
        self.absorb(self.ask(self.dialect.positions(self.settle)))
        request: Request | None = self.dialect.fills(self.instrument.id, 0)
        while request is not None:
            verdict = self.ask(request)
            self.absorb(verdict)
            request = verdict.next_page

    def told(self, name: str) -> str:
        """Return the id under which the venue tells of what the exchange calls ``name``."""
        ids = getattr(self.mask, "ids", None)
        return name if ids is None else str(ids.of(name))

    @property
    def store_instrument(self):  # type: ignore[no-untyped-def]
        """The contract as our product list reads it."""
        return self.store.instruments[self.instrument.id]

    @property
    def theirs(self) -> SimPosition:
        return self.exchange.position(ME, self.symbol, PositionSide.MERGED)

    @property
    def ours(self) -> Position | None:
        return next(iter(self.store.open_positions()), None)

    @property
    def crumb(self) -> Decimal:
        """The last decimal of the settle currency."""
        return Decimal(1).scaleb(-self.instrument.value_scale)

    def blur(self, qty: Decimal) -> Decimal:
        """By how much money may differ because an average price was rounded on the wire."""
        price = self.ground.middle
        return (
            2 * abs(self.instrument.value(qty, price) - self.instrument.value(qty, price + self.instrument.tick)) + 2 * self.crumb
        )


def played(name: str, history: list[Trade]) -> World:
    world = World(FAMILIES[name])
    for trade in history:
        world.trade(trade)
    world.learn()
    return world


def by_hand(world: World, fills: list[Fill]) -> tuple[Decimal, Decimal, Decimal]:
    """Return signed size, average entry and closed profit as our own formulas make them of the executions."""
    instrument = world.store_instrument
    held, entry, realised = ZERO, ZERO, ZERO
    for fill in fills:
        signed = fill.qty * fill.side.sign
        if held and (held > 0) != (signed > 0):
            closing = min(fill.qty, abs(held))
            realised += instrument.pnl(fill.side.opposite, closing, entry, fill.price)
            held += closing * fill.side.sign
            opening = fill.qty - closing
            if opening:
                held, entry = opening * fill.side.sign, fill.price
            elif not held:
                entry = ZERO
        else:
            entry = merged_entry(instrument, abs(held), entry, fill.qty, fill.price)
            held += signed
    return held, entry, realised


@pytest.mark.parametrize("name", FAMILIES)
@exact
@given(history=trades)
def test_size_entry_and_profit_are_the_ledgers(name: str, history: list[Trade]) -> None:
    world = played(name, history)
    fills = world.store.blotter.fills()
    theirs = world.theirs
    held, entry, realised = by_hand(world, fills)
    assert held == theirs.qty
    ours = world.ours
    assert (ours.signed_qty if ours else ZERO) == theirs.qty
    assert abs(entry - theirs.entry) <= world.instrument.tick
    assert abs((ours.entry if ours else ZERO) - theirs.entry) <= world.instrument.tick
    assert abs(realised - theirs.realised) <= world.blur(sum((fill.qty for fill in fills), ZERO))
    if name not in SILENT:
        assert sum((fill.realised for fill in fills), ZERO) == theirs.realised


@pytest.mark.parametrize("name", FAMILIES)
@exact
@given(history=trades)
def test_fees_and_the_wallet_are_the_ledgers_to_the_last_digit(name: str, history: list[Trade]) -> None:
    world = played(name, history)
    fills = world.store.blotter.fills()
    executed = world.exchange.fills(ME)
    assert {fill.exec_id: fill.fee for fill in fills} == {world.told(one.exec_id): one.exec_fee for one in executed}
    fees = world.store.blotter.fees.get(world.settle, ZERO)
    assert fees == world.theirs.fees
    balance = world.store.balances[world.instrument.id.venue, world.settle]
    assert balance.total == world.exchange.wallet(ME, world.settle)[0]
    assert balance.total == world.ground.purse + world.theirs.realised - fees
    for fill in fills:
        rate = world.instrument.maker_fee if fill.liquidity == "maker" else world.instrument.taker_fee
        assert abs(fill.fee - world.store_instrument.value(fill.qty, fill.price) * rate) <= world.crumb


@pytest.mark.parametrize("name", FAMILIES)
@exact
@given(history=trades)
def test_the_trades_of_the_journal_add_up_to_the_ledger(name: str, history: list[Trade]) -> None:
    """Profit, fees, and who won: from what the exchange executed and charged, cut where its own position passes through zero."""
    world = played(name, history)
    trips = world.store.trades.trips()
    executed = world.exchange.fills(ME)
    blur = world.blur(sum((one.exec_qty for one in executed), ZERO))
    assert all(trip.whole for trip in trips)
    assert abs(sum((trip.gross or ZERO for trip in trips), ZERO) - world.theirs.realised) <= blur
    assert abs(sum((trip.fees or ZERO for trip in trips), ZERO) - world.theirs.fees) <= world.crumb
    net, held, nets = ZERO, ZERO, []
    for one in executed:
        signed = one.exec_qty * one.order.side.sign
        over = abs(held + signed) if held and held * (held + signed) < 0 else ZERO  # what opens the next trade
        fee = one.exec_fee * over / one.exec_qty
        net += one.exec_realised - (one.exec_fee - fee)
        if held and (held + signed == 0 or over):
            nets.append(net)
            net = -fee
        held += signed
    closed = [trip for trip in trips if not trip.is_open]
    assert len(closed) == len(nets)
    for trip, theirs in zip(closed, nets, strict=True):
        assert trip.net is not None
        assert abs(trip.net - theirs) <= blur
    day = world.store.trades.day(0, world.settle)
    assert day.won + day.lost <= len(nets)
    sure = [one for one in nets if abs(one) > blur]
    assert day.won >= sum(one > 0 for one in sure)
    assert day.lost >= sum(one < 0 for one in sure)


@pytest.mark.parametrize("name", FAMILIES)
@exact
@given(history=trades, mark=st.integers(-80, 80))
def test_open_profit_at_any_mark_is_the_ledgers(name: str, history: list[Trade], mark: int) -> None:
    world = played(name, history)
    world.mark(world.price(mark))
    ours = world.ours
    assume(ours is not None)
    assert ours is not None
    unrealised = world.store.unrealised(ours)
    assert unrealised is not None
    assert abs(unrealised - world.exchange.unrealised(world.theirs)) <= world.blur(ours.qty)


@pytest.mark.parametrize("name", FAMILIES)
@exact
@given(history=trades)
def test_leaving_at_break_even_costs_nothing_and_gains_less_than_a_tick(name: str, history: list[Trade]) -> None:
    world = played(name, [Trade(one.side, one.units, one.price) for one in history])  # all of it taken, as break-even assumes
    ours = world.ours
    assume(ours is not None)
    assert ours is not None
    assert ours.side is not None
    price = break_even(ours, world.store_instrument)
    assert price is not None
    leave = world.store_instrument.round_price(price, ours.side.opposite)
    paid = world.store_instrument.value(ours.qty, ours.entry) * world.instrument.taker_fee
    world.street(ours.side, ours.qty, leave, TimeInForce.GTC)
    world.send(ours.side.opposite, ours.qty, None)
    last = world.exchange.fills(ME)[-1]
    assert (last.exec_price, last.exec_qty) == (leave, ours.qty)
    assert not world.theirs.qty
    left = last.exec_realised - last.exec_fee - paid
    blur = world.blur(ours.qty)
    tick = abs(world.instrument.value(ours.qty, leave) - world.instrument.value(ours.qty, leave + world.instrument.tick))
    assert -blur <= left <= tick + blur


@pytest.mark.parametrize("name", ISOLATED)
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(history=trades, leverage=st.sampled_from([5, 20, 50, 100]))
def test_the_liquidation_price_told_is_where_the_exchange_does_it(name: str, history: list[Trade], leverage: int) -> None:
    family = FAMILIES[name]
    world = World(family)
    step: Request | None = world.dialect.set_leverage(world.instrument.id, Decimal(leverage), cross=False, hedged=False)
    while step is not None:
        step = world.ask(step).next_page
    for trade in history:
        world.trade(trade)
    assume(world.theirs.qty)
    world.learn()
    ours = world.ours
    assert ours is not None
    assert ours.side is not None
    price = ours.liquidation
    exact_price = world.exchange.liquidation_price(ME, world.theirs)
    if price is None:
        assert exact_price is None or not world.instrument.min_price < exact_price < world.instrument.max_price
        return
    assert exact_price is not None
    tick = world.instrument.tick
    assert abs(price - exact_price) <= tick
    mark = world.ground.middle
    distance = liquidation_distance(ours, mark)
    assert distance is not None
    assert abs(distance - abs(mark - exact_price) * 100 / mark) <= tick * 100 / mark
    safe = world.instrument.round_price(price) + 2 * tick * ours.side.sign
    world.mark(safe)
    assert world.theirs.qty, "liquidated before its price"
    assert liquidation_distance(ours, safe) is not None
    world.mark(safe - 4 * tick * ours.side.sign)
    assert not world.theirs.qty, "not liquidated past its price"


def test_every_family_is_there() -> None:
    assert list(FAMILIES) == ["phemex USDⓈ-M", "phemex COIN-M", "mexc USDT-M", "mexc COIN-M", "paradex"]
    assert list(FAMILIES)[:-1] == ISOLATED
