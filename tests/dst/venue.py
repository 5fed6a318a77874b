"""The exchange of a history, behind its mask, with a street to trade against and the books of what arrived and what was told."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

import orjson

from tests.dst.loop import VirtualClock
from tests.dst.plan import Plan
from tui_trader.core.clock import NS
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import OrderType, PositionMode, PositionSide, Side, TimeInForce
from tui_trader.sim.engine import Resting
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.ledger import MAKER
from tui_trader.sim.masks.base import Key, Peer, RestCall, RestReply, Setting
from tui_trader.sim.masks.phemex import PhemexMask
from tui_trader.sim.products import phemex_coin_instruments, phemex_instruments
from tui_trader.sim.types import NewOrder, SimOrder

ACCOUNT = "sim"
SECRET = "c2VjcmV0LW9mLXRoZS1zaW11bGF0b3ItMDEyMzQ1Njc4OQ"
RICH = Decimal(1_000_000)
POOR = Decimal(120)

_START = {"BTCUSDT": Decimal(50_000), "ETHUSDT": Decimal(2_500), "BTCUSDC": Decimal(50_010), "BTCUSD": Decimal(50_000)}

_STEP_LOTS = {"BTCUSDT": 10, "ETHUSDT": 2, "BTCUSDC": 10, "BTCUSD": 64}
"""What one size of an order in a history is, in lots: worth about 50."""

Sides = tuple[dict[int, str], dict[int, str]]


class Market:
    """One instrument as the street trades it."""

    def __init__(self, venue: Venue, symbol: str) -> None:
        self.instrument = _instruments((symbol,))[0]
        self.symbol = symbol
        self.price = _START[symbol]
        self.tick = self.instrument.tick * (10 if symbol == "BTCUSDT" else 1)
        self.size = self.instrument.lot * _STEP_LOTS[symbol]
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
        lots = _STEP_LOTS[symbol]
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

    def __init__(self, clock: VirtualClock, plan: Plan) -> None:
        self.clock = clock
        self.exchange = Exchange(_instruments(plan.symbols), seed=1, start_ns=clock.wall_ns())
        self.exchange.outbox.seq = 1_000  # it is not the venue's first day: clients take a book without a sequence for damaged
        dollars = POOR if plan.poor else RICH
        funds = {currency: dollars / _START["BTCUSD"] if currency == "BTC" else dollars for currency in plan.currencies}
        self.exchange.open_account(ACCOUNT, funds)
        self.hedged = plan.hedged
        for symbol in plan.symbols:
            if plan.hedged:
                self.exchange.set_position_mode(ACCOUNT, symbol, PositionMode.HEDGED)
            if plan.poor:
                self.exchange.set_leverage(ACCOUNT, symbol, None, Decimal(0), isolated=False)
        self.keys = {"key": Key("key", SECRET, ACCOUNT)}
        self.mask = PhemexMask(Setting(self.exchange, self.keys, clock, lambda _: None))
        self.receipts: Counter[str] = Counter()
        """Creates that arrived, by client id."""
        self._lag_ns = round(plan.climate.history_lag_s * NS)
        self._external = 0
        self.markets = {symbol: Market(self, symbol) for symbol in plan.symbols}
        opening = Random(plan.seed)
        for market in self.markets.values():
            market.requote(opening)
        self.mask.flush()

    # -- the wire's end --------------------------------------------------------------------------------------------

    def rest(self, call: RestCall) -> RestReply:
        """Execute a request now."""
        if call.path in ("/g-orders", "/orders") and call.method == "POST":
            self.receipts[orjson.loads(call.body)["clOrdID"]] += 1
        self.now()
        reply = self.mask.rest(call)
        self.mask.flush()
        return self._as_history_knows(call, reply) if self._lag_ns else reply

    def receive(self, peer: Peer, frame: bytes) -> None:
        """Take a frame of a client."""
        self.now()
        self.mask.receive(peer, frame)
        self.mask.flush()

    def order(self, client_id: str) -> SimOrder | None:
        """Return the order that an id made, None when there is none."""
        return self.exchange.order(ACCOUNT, client_id=client_id)

    def told_as(self, venue_id: str) -> SimOrder | None:
        """Return the order that the venue tells of under an id."""
        return self.exchange.order(ACCOUNT, order_id=venue_id)

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
            self.exchange.cancel(ACCOUNT, market.symbol, order_id=random.choice(orders).order_id)
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

    def _as_history_knows(self, call: RestCall, reply: RestReply) -> RestReply:
        """Leave out of an answer from the history database what is too young to be in it."""
        if not call.path.startswith("/api-data/g-futures/") or reply.status != 200:
            return reply
        body = orjson.loads(reply.body)
        if isinstance(body.get("data"), list):
            body["data"] = self.known_to_history(body["data"])
        return RestReply(reply.status, orjson.dumps(body), reply.headers)

    def known_to_history(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the rows that the history database has, as it has them; pages are cut from those."""
        if not self._lag_ns:
            return rows
        known_ns = self.exchange.now_ns - self._lag_ns
        return [_as_it_was(row, known_ns) for row in rows if "transactTimeNs" not in row or _made_ns(row) <= known_ns]


@cache
def _instruments(symbols: tuple[str, ...]) -> list[Instrument]:
    return [*phemex_instruments(symbols), *phemex_coin_instruments(symbols)]


def _made_ns(row: dict[str, Any]) -> int:
    """Return when a row came into being: an order's when it was made, or turned away; an execution's when it happened."""
    if row.get("ordStatus") == "Rejected":
        return int(row["transactTimeNs"])
    return int(row.get("actionTimeNs") or row["transactTimeNs"])


def _as_it_was(row: dict[str, Any], known_ns: int) -> dict[str, Any]:
    """Return an order's row as it first was when what happened to it is too young to be known."""
    if "ordStatus" not in row or row["transactTimeNs"] <= known_ns:
        return row
    status = "New" if row["stopPxRp"] in ("", "0", None) else "Untriggered"
    first = {"ordStatus": status, "cumQtyRq": "0", "cumValueRv": "0", "leavesQtyRq": row["orderQtyRq"]}
    return {**row, **first, "transactTimeNs": row["actionTimeNs"]}
