"""The exchange of a history, behind its mask, with somebody to trade against and the books of what arrived."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from random import Random
from typing import Any

import orjson

from tests.dst.loop import VirtualClock
from tests.dst.weather import Weather
from tui_trader.core.clock import NS
from tui_trader.core.types import OrderType, PositionSide, Side, TimeInForce
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.base import Key, Peer, RestCall, RestReply, Setting
from tui_trader.sim.masks.phemex import PhemexMask
from tui_trader.sim.products import phemex_instruments
from tui_trader.sim.types import NewOrder, SimOrder

SYMBOL = "BTCUSDT"
ACCOUNT = "sim"
STREET = "street"
SECRET = "c2VjcmV0LW9mLXRoZS1zaW11bGF0b3ItMDEyMzQ1Njc4OQ"
TICK = Decimal("0.1")
LOT = Decimal("0.001")

_INSTRUMENTS = phemex_instruments((SYMBOL,))


class Venue:
    """One exchange with the trader's account and the street's."""

    def __init__(self, clock: VirtualClock, random: Random, weather: Weather) -> None:
        self.clock = clock
        self.exchange = Exchange(_INSTRUMENTS, seed=1, start_ns=clock.wall_ns())
        self.exchange.open_account(ACCOUNT, {"USDT": Decimal(1_000_000), "USDC": Decimal(1)})
        self.exchange.open_account(STREET, {"USDT": Decimal(10**9)})
        keys = {"key": Key("key", SECRET, ACCOUNT)}
        self.mask = PhemexMask(Setting(self.exchange, keys, clock, lambda _: None))
        self.receipts: Counter[str] = Counter()
        """Creates that arrived, by client id."""
        self._weather = weather
        self._random = random
        self._external = 0
        self.price = Decimal(50_000)
        self.requote()

    # -- the wire's end --------------------------------------------------------------------------------------------

    def rest(self, call: RestCall) -> RestReply:
        """Execute a request now."""
        if (call.method, call.path) == ("POST", "/g-orders"):
            self.receipts[orjson.loads(call.body)["clOrdID"]] += 1
        self._now()
        reply = self.mask.rest(call)
        self.mask.flush()
        return self._as_history_knows(call, reply)

    def receive(self, peer: Peer, frame: bytes) -> None:
        """Take a frame of a client."""
        self._now()
        self.mask.receive(peer, frame)
        self.mask.flush()

    def order(self, client_id: str) -> SimOrder | None:
        """Return the order that an id made, None when there is none."""
        return self.exchange.order(ACCOUNT, client_id=client_id)

    # -- the market ------------------------------------------------------------------------------------------------

    def requote(self) -> None:
        """Let the street leave and come back around the present price, taking what stands in the way."""
        self._now()
        for untriggered in (False, True):
            self.exchange.cancel_all(STREET, SYMBOL, untriggered=untriggered)
        self.exchange.set_reference(SYMBOL, self.price)
        for level in range(1, 4):
            for side in (Side.BUY, Side.SELL):
                qty = LOT * self._random.randint(1, 12)
                self._trade(STREET, side, qty, self.price - side.sign * level * 10 * TICK)
        self.mask.flush()

    def move(self) -> None:
        """Move the price by up to half a percent."""
        self.price += TICK * self._random.randint(-2_500, 2_500)
        self.requote()

    def meddle(self) -> None:
        """Let the trader do something from another screen: place an order, cancel one, cancel all."""
        self._now()
        orders = self.exchange.open_orders(ACCOUNT, SYMBOL)
        if orders and self._random.random() < 0.5:
            self.exchange.cancel(ACCOUNT, SYMBOL, order_id=self._random.choice(orders).order_id)
        else:
            self._external += 1
            side = self._random.choice((Side.BUY, Side.SELL))
            offset = TICK * self._random.randint(-300, 100) * side.sign
            self._trade(ACCOUNT, side, LOT * self._random.randint(1, 5), self.price + offset, f"web-{self._external}")
        self.mask.flush()

    def _trade(self, account: str, side: Side, qty: Decimal, price: Decimal, client_id: str = "") -> None:
        new = NewOrder(client_id, SYMBOL, side, OrderType.LIMIT, qty, price, TimeInForce.GTC, PositionSide.MERGED)
        self.exchange.submit(account, new)

    def _now(self) -> None:
        # Nobody quotes by himself here, so nothing happens between two requests that would have to be played.
        self.exchange.outbox.now_ns = self.clock.wall_ns()

    def _as_history_knows(self, call: RestCall, reply: RestReply) -> RestReply:
        """Leave out of an answer from the history database what is too young to be in it."""
        lag_ns = round(self._weather.history_lag_s * NS)
        if not lag_ns or not call.path.startswith("/api-data/g-futures/") or reply.status != 200:
            return reply
        body = orjson.loads(reply.body)
        known_ns = self.exchange.now_ns - lag_ns
        if isinstance(body.get("data"), list):
            body["data"] = [_as_it_was(row, known_ns) for row in body["data"] if _made_ns(row) <= known_ns]
        return RestReply(reply.status, orjson.dumps(body), reply.headers)


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
