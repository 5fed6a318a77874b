"""What people do and what goes wrong in a history: one method a kind of step, each with its own chance."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from tests.dst.grounds import ACCOUNT
from tests.dst.venue import Market
from tui_trader.core.bracket import Bracket, Goal, words
from tui_trader.core.clock import NS
from tui_trader.core.decimals import HUNDRED, plain
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import ClientOrderId, InstrumentId, OrderType, PositionSide, Side, TimeInForce

if TYPE_CHECKING:
    from tests.dst.history import History
    from tests.dst.plan import Step
    from tests.dst.wire import Line

_KINDS = (OrderType.LIMIT,) * 5 + (OrderType.MARKET, OrderType.STOP)
_TIFS = (TimeInForce.GTC,) * 4 + (TimeInForce.IOC, TimeInForce.FOK, TimeInForce.POST_ONLY)
"""What orders are drawn from, as far as the venue has it."""

JUST_NOW_NS = 2 * NS
"""An order that another screen placed so lately may be younger than the answer that did not list it."""


class Steps:
    """The hands of a history's people, and of its bad luck."""

    def __init__(self, history: History) -> None:
        self._history = history
        able = history.ground.description().capabilities
        self._kinds = [one for one in _KINDS if one in able.order_types]
        self._tifs = [one for one in _TIFS if one in able.tifs]
        self._attaches = able.attached_exits
        self._stops = OrderType.STOP in able.order_types

    def take(self, step: Step, random: Random) -> Awaitable[None] | None:
        """Take one step; what it returns has to be awaited before the next."""
        if step.what in self._history.ground.more:
            special: Callable[[History, Random], None] = getattr(self._history.ground, step.what)
            special(self._history, random)
            return None
        do: Callable[[Step, Random], Awaitable[None] | None] = getattr(self, step.what)
        return do(step, random)

    # -- what people do --------------------------------------------------------------------------------------------

    def submit(self, step: Step, random: Random) -> None:
        """Send an order, mostly a limit near the market, now and then one that the venue must refuse."""
        history, venue = self._history, self._history.venue
        market = self._market(random)
        side = random.choice((Side.BUY, Side.SELL))
        kind = random.choice(self._kinds)
        away = market.tick * random.choice((-35, -15, 5, 30, 100, 900)) * side.sign
        leg = random.choice((PositionSide.LONG, PositionSide.SHORT)) if venue.hedged else PositionSide.MERGED
        many = random.randint(20, 80) if history.plan.poor else random.randint(1, 10)
        ticket = OrderTicket(
            client_id=ClientOrderId(f"tt-{step.number:04d}"),
            instrument=InstrumentId(history.plan.venue, market.symbol),
            side=side,
            type=kind,
            qty=market.size * many + (market.instrument.lot / 2 if random.random() < 0.03 and self._halves(market) else 0),
            price=market.price - away if kind is OrderType.LIMIT else None,
            tif=self._lifetime(kind, random),
            position_side=leg,
            reduce_only=random.random() < 0.15,
            trigger_price=market.price + abs(away) * 3 * side.sign if kind is OrderType.STOP else None,
        )
        if history.terminal.started:
            history.meant[ticket.client_id] = history.now_s
            history.say(f"  {side} {kind} {ticket.qty} {market.symbol} @ {ticket.price} {ticket.client_id}")
            history.terminal.submit(ticket)

    def several(self, step: Step, random: Random) -> None:
        """Send orders together, in one request: limits near the market, now and then one among them that must be refused."""
        history = self._history
        market = self._market(random)
        side = random.choice((Side.BUY, Side.SELL))
        halves = self._halves(market)
        leg = random.choice((PositionSide.LONG, PositionSide.SHORT)) if history.venue.hedged else PositionSide.MERGED
        tickets = [
            OrderTicket(
                client_id=ClientOrderId(f"tt-{step.number:04d}-{n}"),
                instrument=InstrumentId(history.plan.venue, market.symbol),
                side=side,
                type=OrderType.LIMIT,
                qty=market.size * random.randint(1, 10) + (market.instrument.lot / 2 if random.random() < 0.03 and halves else 0),
                price=market.price - market.tick * random.choice((-35, -15, 5, 30, 100, 900)) * side.sign,
                tif=random.choice((TimeInForce.GTC, TimeInForce.GTC, TimeInForce.POST_ONLY)),
                position_side=leg,
                reduce_only=random.random() < 0.1,
            )
            for n in range(random.randint(2, 6))
        ]
        if history.terminal.started:
            for ticket in tickets:
                history.meant[ticket.client_id] = history.now_s
                history.say(f"  {side} {ticket.qty} {market.symbol} @ {ticket.price} {ticket.client_id}")
            history.terminal.submit_several(tickets)

    def bracket(self, step: Step, random: Random) -> None:
        """Send an entry with a stop and up to two targets, mostly one that fills piece by piece."""
        history, venue = self._history, self._history.venue
        market = self._market(random)
        side = random.choice((Side.BUY, Side.SELL))
        price = market.price - market.tick * random.choice((-40, -20, 5, 30)) * side.sign
        leg = PositionSide.MERGED
        if venue.hedged:
            leg = PositionSide.LONG if side is Side.BUY else PositionSide.SHORT
        away = (market.price * Decimal(random.choice((5, 15, 60))) / 1000).quantize(market.instrument.tick)
        stop = price - away * side.sign
        goals = [
            Goal(price + away * n * side.sign, portion)
            for n, portion in random.choice(((), ((1, HUNDRED),), ((1, HUNDRED / 2), (2, HUNDRED / 2))))
        ]
        ticket = OrderTicket(
            client_id=ClientOrderId(f"tt-{step.number:04d}"),
            instrument=InstrumentId(history.plan.venue, market.symbol),
            side=side,
            type=OrderType.LIMIT,
            qty=market.size * random.randint(1, 30),
            price=price,
            position_side=leg,
            stop_loss=stop if self._attaches else None,
            take_profit=goals[0].trigger if goals and self._attaches else None,
        )
        bracket = Bracket(
            entry=ticket.client_id,
            instrument=ticket.instrument,
            side=side,
            position_side=leg,
            stop=stop,
            goals=tuple(goals),
            attached=random.random() < 0.7 and self._attaches,
        )
        if history.terminal.started:
            history.meant[ticket.client_id] = history.now_s
            history.bracketed[ticket.client_id] = market.symbol
            history.say(f"  {side} {ticket.qty} {market.symbol} @ {price} {ticket.client_id} {words(bracket)} {bracket.attached}")
            history.terminal.bracket(ticket, bracket)

    def scale(self, step: Step, random: Random) -> None:
        """Send several orders below or above the market, as a line of the order language."""
        market = self._market(random)
        count = random.randint(2, 5)
        near, far = random.choice((("-0.05%", "-0.4%"), ("-0.2%", "-1%"), ("+0.1%", "-0.5%")))
        side, qty = random.choice(("buy", "sell")), plain(market.size * count * random.randint(1, 3))
        ends = f" sl {'-' if side == 'buy' else '+'}4%" if self._stops and random.random() < 0.3 else ""
        turn = str if side == "buy" else _mirrored
        self._history.terminal.type(f"scale {side} {qty} {market.symbol} in {count} from {turn(near)} to {turn(far)}{ends}")

    def chase(self, step: Step, random: Random) -> None:
        """Send an order that is moved after its touch, for a few seconds."""
        market = self._market(random)
        side, qty = random.choice(("buy", "sell")), plain(market.size * random.randint(1, 10))
        then = random.choice(("", " then market", " then stop"))
        self._history.terminal.type(f"chase {side} {qty} {market.symbol} max 1% for {random.randint(2, 20)}s{then}")

    def cancel(self, step: Step, random: Random) -> None:
        """Cancel one order that the screen lists."""
        terminal = self._history.terminal
        orders = terminal.desk.store.blotter.working()
        if orders:
            order = random.choice(orders)
            self._let_go(order)
            self._history.say(f"  {order.client_id} {order.status}")
            terminal.do("cancel", terminal.desk.cancel(order))

    def amend(self, step: Step, random: Random) -> None:
        """Change price, size or both of one order that the screen lists."""
        terminal = self._history.terminal
        orders = [order for order in terminal.desk.store.blotter.working() if order.price is not None]
        if orders:
            order = random.choice(orders)
            market = self._history.venue.markets[order.instrument.symbol]
            price = market.price + market.tick * random.randint(-300, 300) if random.random() < 0.7 else None
            qty = market.size * random.randint(1, 12) if price is None or random.random() < 0.5 else None
            self._history.say(f"  {order.client_id} {order.status} to {qty} @ {price}")
            terminal.do("amend", terminal.desk.orders.amend(order, qty=qty, price=price))

    def cancel_all(self, step: Step, random: Random) -> None:
        """Cancel everything of one instrument, or all but its stops."""
        terminal = self._history.terminal
        iid = InstrumentId(self._history.plan.venue, self._market(random).symbol)
        if terminal.started:
            keep_stops = random.random() < 0.5
            if not keep_stops:
                self._let_go_of(iid.symbol)
            terminal.do("cancel all", terminal.desk.orders.cancel_all(iid, keep_stops=keep_stops))

    def panic(self, step: Step, random: Random) -> None:
        """Press the big key, and hold what it says against the exchange."""
        terminal = self._history.terminal
        if terminal.started:
            terminal.do("panic", self._panic(flatten=random.random() < 0.5))

    async def _panic(self, *, flatten: bool) -> None:
        history = self._history
        began_s = history.now_s
        if flatten:
            self._let_go_of(*history.plan.symbols)
        said = await history.terminal.desk.panic(flatten=flatten)
        history.say(f"  {said}")
        since_ns = history.venue.exchange.now_ns - JUST_NOW_NS
        left = [
            order.client_id or order.order_id
            for order in history.venue.exchange.open_orders(ACCOUNT)
            # What the trader here sent since goes past the desk's halt, which a trader cannot.
            if history.meant.get(order.client_id, 0.0) < began_s
            if order.client_id.startswith("tt-") or order.created_ns < since_ns
        ]
        if said.startswith("verified: 0") and flatten and left:
            history.complain(f"false comfort: {said!r} with {', '.join(left)} open")

    def _let_go(self, order: Order) -> None:
        """Note that the trader takes an exit away: nobody has to protect what it covered."""
        for bracket in self._history.terminal.desk.protect.brackets():
            if order.client_id in bracket.stops or (order.venue_id and order.venue_id in bracket.natives):
                self._history.bracketed.pop(bracket.entry, None)

    def _let_go_of(self, *symbols: str) -> None:
        bracketed = self._history.bracketed
        for client_id in [one for one, symbol in bracketed.items() if symbol in symbols]:
            del bracketed[client_id]

    # -- what the market does --------------------------------------------------------------------------------------

    def move(self, step: Step, random: Random) -> None:
        """Move a price by up to half a percent."""
        self._history.venue.now()
        self._market(random).move(random, 0.005)
        self._history.venue.mask.flush()

    def requote(self, step: Step, random: Random) -> None:
        """Let the street come back where it was, with other sizes."""
        self._history.venue.now()
        self._market(random).requote(random)
        self._history.venue.mask.flush()

    def leap(self, step: Step, random: Random) -> None:
        """Move a price by up to a tenth: who is poor is liquidated."""
        self._history.venue.now()
        self._market(random).move(random, 0.1)
        self._history.venue.mask.flush()

    def fund(self, step: Step, random: Random) -> None:
        """Have funding paid."""
        self._history.venue.charge_funding(random)
        self._history.venue.mask.flush()

    def meddle(self, step: Step, random: Random) -> None:
        """Let the trader do something from another screen."""
        self._history.venue.now()
        self._history.venue.meddle(random)
        self._history.venue.mask.flush()

    # -- what goes wrong -------------------------------------------------------------------------------------------

    def sever(self, step: Step, random: Random) -> None:
        """Cut every socket."""
        self._history.line.sever()

    def mute(self, step: Step, random: Random) -> None:
        """Make every socket half-open."""
        self._history.line.mute()

    def outage(self, step: Step, random: Random) -> None:
        """Let nobody be reached for a while."""
        self._go_down(self._history.line, random.expovariate(0.1))

    def raid(self, step: Step, random: Random) -> None:
        """Let nobody be reached for a moment, in which the market goes through the orders that rest."""
        venue = self._history.venue
        self._go_down(self._history.line, random.uniform(0.2, 5.0))
        venue.now()
        market = self._market(random)
        for _ in range(3):
            market.move(random, 0.02)
        venue.mask.flush()

    def refuse_login(self, step: Step, random: Random) -> None:
        """Let the key be unknown for a while, as when it is being revoked, and cut the sockets so that somebody notices."""
        history = self._history
        key = history.venue.keys.pop("key", None)
        if key is not None:
            history.later(random.expovariate(0.1), history.venue.keys.__setitem__, "key", key)
        if random.random() < 0.7:
            history.line.sever()

    def step_clock(self, step: Step, random: Random) -> None:
        """Set the trader's wall clock."""
        self._history.clock.offset_ns = random.choice((0, 1, -1, 30, -30, 300, -300)) * NS

    def suspend(self, step: Step, random: Random) -> None:
        """Close the lid of the laptop: no timer notices, every clock does, and the market goes on meanwhile."""
        history = self._history
        history.line.sleep()
        history.asleep.total_ns += round(random.choice((5.0, 40.0, 600.0, 7_200.0, 30_000.0)) * NS)
        for market in history.venue.markets.values():
            history.venue.now()
            market.move(random, 0.01)
        history.venue.mask.flush()

    async def crash(self, step: Step, random: Random) -> None:
        """Die as by kill -9, and start again after a while."""
        await self._history.restart(random.expovariate(0.3))

    async def submit_and_crash(self, step: Step, random: Random) -> None:
        """Die with an order anywhere between the finger and the answer."""
        self.submit(step, random)
        await asyncio.sleep(random.uniform(0.0, 0.07))
        await self.crash(step, random)

    async def submit_and_lose(self, step: Step, random: Random) -> None:
        """Lose every connection with an order anywhere between the finger and the answer."""
        line = self._history.line
        self.submit(step, random)
        await asyncio.sleep(random.uniform(0.0, 0.07))
        line.lose_answers()
        self._go_down(line, random.uniform(0.2, 15.0))

    def _go_down(self, line: Line, for_s: float) -> None:
        line.down = True
        line.sever()
        self._history.later(for_s, setattr, line, "down", False)

    def fill_the_disk(self, step: Step, random: Random) -> None:
        """Let the journal fail until the next start."""
        self._history.terminal.journal.failure = "the disk is full"

    def _lifetime(self, kind: OrderType, random: Random) -> TimeInForce:
        tif = random.choice(self._tifs)
        whole = kind is OrderType.MARKET and tif is TimeInForce.FOK
        return TimeInForce.IOC if whole and not self._history.ground.whole_markets else tif

    def _halves(self, market: Market) -> bool:
        return market.symbol not in self._history.ground.unworded

    def _market(self, random: Random) -> Market:
        return random.choice(list(self._history.venue.markets.values()))


def _mirrored(distance: str) -> str:
    """Return a distance on the other side of the touch."""
    return ("+" if distance.startswith("-") else "-") + distance[1:]
