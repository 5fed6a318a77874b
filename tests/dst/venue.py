"""The exchange of a history, behind its mask, with a street to trade against and the books of what arrived and what was told."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from random import Random

from tests.dst.grounds import ACCOUNT, ground_of
from tests.dst.grounds.phemex import as_history_knows
from tests.dst.loop import VirtualClock, VirtualLoop
from tests.dst.plan import Plan
from tui_trader.core.clock import NS
from tui_trader.core.decimals import ZERO
from tui_trader.core.types import OrderType, PositionMode, PositionSide, Side, TimeInForce
from tui_trader.sim.engine import Resting
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.ledger import MAKER
from tui_trader.sim.masks.base import Peer, RestCall, RestReply, Setting
from tui_trader.sim.types import NewOrder, Report, SimOrder, SimStatus

RICH = Decimal(1_000_000)
POOR = Decimal(120)


class TrailingExchange(Exchange):
    """An exchange whose past can be asked for as a history knows it that trails behind."""

    trail_ns = 0
    """How far, while a question to the history is being answered."""

    def fills(self, account_id: str, symbol: str | None = None, since_ns: int = 0) -> list[Report]:
        """Return executions that are old enough."""
        reports = super().fills(account_id, symbol, since_ns)
        return [one for one in reports if one.at_ns <= self.now_ns - self.trail_ns] if self.trail_ns else reports

    def open_orders(self, account_id: str, symbol: str | None = None) -> list[SimOrder]:
        """Return open orders that are old enough, as they were."""
        orders = super().open_orders(account_id, symbol)
        return self._as_they_were(orders) if self.trail_ns else orders

    def closed_orders(self, account_id: str, symbol: str | None = None) -> list[SimOrder]:
        """Return finished orders that are old enough, as they were."""
        orders = super().closed_orders(account_id, symbol)
        return self._as_they_were(orders) if self.trail_ns else orders

    def _as_they_were(self, orders: list[SimOrder]) -> list[SimOrder]:
        known_ns = self.now_ns - self.trail_ns
        known = [one for one in orders if (one.updated_ns if one.status is SimStatus.REJECTED else one.created_ns) <= known_ns]
        return [one if one.updated_ns <= known_ns else _as_it_was(one) for one in known]


class Market:
    """One instrument as the street trades it."""

    def __init__(self, venue: Venue, symbol: str) -> None:
        self.instrument = venue.exchange.instruments[symbol]
        self.symbol = symbol
        self.price = venue.ground.starts[symbol]
        self.tick = self.instrument.tick * venue.ground.ticks.get(symbol, 1)
        self.size = self.instrument.lot * venue.ground.sizes[symbol]
        """The unit that sizes of orders are drawn in."""
        self._venue = venue
        self._quotes: list[Resting] = []

    def requote(self, random: Random) -> None:
        """Let the street leave and come back around the present price, taking what stands in the way."""
        exchange, symbol = self._venue.exchange, self.symbol
        listing = exchange.listings[symbol]
        for quote in self._quotes:
            if quote.priority:
                listing.book.remove(quote)
        exchange.set_reference(symbol, self.price)
        middle, step = listing.ticks(self.price), listing.ticks(self.price) // 5_000
        lots = self._venue.ground.sizes[symbol]
        self._quotes = [
            exchange.floor.house_order(
                listing, MAKER, side, middle - side.sign * level * step, lots * random.randint(1, 12), rest=True
            )
            for level in range(1, 4)
            for side in (Side.BUY, Side.SELL)
        ]
        self._venue.step()

    def move(self, random: Random, most: float) -> None:
        """Move the price by up to a share of it, and requote."""
        by = Decimal(round(random.uniform(-most, most) * 10_000)) / 10_000
        self.price += (self.price * by).quantize(self.instrument.tick)
        self.requote(random)


class Venue:
    """One exchange with the trader's account and the street's liquidity."""

    def __init__(self, clock: VirtualClock, plan: Plan, loop: VirtualLoop) -> None:
        self.clock = clock
        self.ground = ground_of(plan)
        self._loop = loop
        self.exchange = TrailingExchange(self.ground.instruments(plan.symbols), seed=1, start_ns=clock.wall_ns())
        self.exchange.outbox.seq = 1_000  # it is not the venue's first day: clients take a book without a sequence for damaged
        dollars = POOR if plan.poor else RICH
        funds = {one: dollars / self.ground.starts[self.ground.coin] if one == "BTC" else dollars for one in plan.currencies}
        self.exchange.open_account(ACCOUNT, funds)
        self.hedged = plan.hedged
        for symbol in plan.symbols:
            if plan.hedged:
                self.exchange.set_position_mode(ACCOUNT, symbol, PositionMode.HEDGED)
        self.ground.prepare(self.exchange)
        key = self.ground.key()
        self.keys = {key.key: key}
        self.mask = self.ground.mask(Setting(self.exchange, self.keys, clock, lambda _: None))
        self.receipts: Counter[str] = Counter()
        """Creates that arrived, by client id."""
        self.lag_ns = round(plan.climate.history_lag_s * NS)
        self.numbers: dict[str, str] = {}
        """The exchange's ids of orders by the venue's numbers, where it has numbers."""
        self.names: dict[str, str] = {}
        """The exchange's ids of orders that bear no id of ours, by ours."""
        self._external = 0
        self._settling = False
        self.markets = {symbol: Market(self, symbol) for symbol in plan.symbols}
        opening = Random(plan.seed)
        for market in self.markets.values():
            market.requote(opening)
        self.mask.flush()
        if self.ground.beat_s:
            loop.call_later(self.ground.beat_s, self._beat)

    # -- the wire's end --------------------------------------------------------------------------------------------

    def rest(self, call: RestCall) -> RestReply:
        """Execute a request now."""
        self.receipts.update(one.client_id for one in self.ground.creates(call))
        self.now()
        if self.lag_ns and self.ground.is_history(call):
            self.exchange.trail_ns = self.lag_ns
        reply = self.mask.rest(call)
        self.exchange.trail_ns = 0
        if (named := self.ground.named(self, call, reply)) is not None:
            self.names[named[0]] = named[1]
        self.flush()
        return as_history_knows(self, call, reply) if self.lag_ns else reply

    def receive(self, peer: Peer, frame: bytes) -> None:
        """Take a frame of a client."""
        self.now()
        self.mask.receive(peer, frame)
        self.flush()

    def depart(self, peer: Peer) -> None:
        """Forget a client, with what becomes of its orders."""
        self.now()
        self.mask.depart(peer)
        self.flush()

    def flush(self) -> None:
        """Tell what happened; what the venue gathers is told a little later."""
        self.mask.flush()
        if self.ground.settles_s and not self._settling:
            self._settling = True
            self._loop.call_later(self.ground.settles_s, self._settle)

    def _settle(self) -> None:
        self._settling = False
        self.now()
        self.mask.flush()

    def _beat(self) -> None:
        self._settle()
        self._loop.call_later(self.ground.beat_s, self._beat)

    def order(self, client_id: str) -> SimOrder | None:
        """Return the order that an id made, None when there is none."""
        if client_id in self.names:
            return self.exchange.order(ACCOUNT, order_id=self.names[client_id])
        return self.exchange.order(ACCOUNT, client_id=client_id)

    def told_as(self, venue_id: str) -> SimOrder | None:
        """Return the order that the venue tells of under an id."""
        return self.ground.order_of(self, venue_id)

    def now(self) -> None:
        """Let the exchange know what time it is."""
        # Nobody quotes by himself here, so nothing happens between two requests that would have to be played.
        self.exchange.outbox.now_ns = self.clock.wall_ns()

    # -- what others do --------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Liquidate who can no longer carry a position, as the exchange does at every step of its own."""
        self.exchange._follow_up(next(iter(self.exchange.listings.values())))

    def meddle(self, random: Random) -> None:
        """Let the trader do something from another screen: place an order or cancel one."""
        market = random.choice(list(self.markets.values()))
        orders = self.exchange.open_orders(ACCOUNT, market.symbol)
        if orders and random.random() < 0.5:
            for order in self.ground.together(orders, random.choice(orders)):
                self.exchange.cancel(ACCOUNT, market.symbol, order_id=order.order_id)
            return
        self._external += 1
        side = random.choice((Side.BUY, Side.SELL))
        price = market.price + market.tick * random.randint(-300, 100) * side.sign
        leg = random.choice((PositionSide.LONG, PositionSide.SHORT)) if self.hedged else PositionSide.MERGED
        qty = market.size * random.randint(1, 5)
        client_id = f"web-{self._external}"
        new = NewOrder(client_id, market.symbol, side, OrderType.LIMIT, qty, price, TimeInForce.GTC, leg)
        self.exchange.submit(ACCOUNT, new)

    def charge_funding(self, random: Random) -> None:
        """Have funding fall due now, at up to a tenth of a percent either way."""
        exchange = self.exchange
        for listing in exchange.listings.values():
            listing.state.funding_rate = Decimal(random.randint(-10, 10)) / 10_000
            listing.state.next_funding_ns = exchange.now_ns
        exchange.advance(self.clock.wall_ns())


def _as_it_was(order: SimOrder) -> SimOrder:
    """Return an order as it first was: what happened to it is too young to be known."""
    status = SimStatus.NEW if order.trigger_price is None else SimStatus.UNTRIGGERED
    return replace(
        order,
        status=status,
        filled=ZERO,
        filled_value=ZERO,
        fees=ZERO,
        realised=ZERO,
        triggered=False,
        updated_ns=order.created_ns,
        seq=0,
    )
