"""The built-in exchange in a process of its own, told by lines on standard input what its market does and what goes wrong.

python -m tests.hour.exchange

Prices are where ``move`` puts them, and flicker so that the book stays fresh. Prints one JSON line when it listens, and one for
every line that it has obeyed.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random
from typing import Any

from tests.soak.exchange import is_news
from tui_trader.core.clock import SystemClock
from tui_trader.core.types import Side
from tui_trader.sim.engine import Resting
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.faults import Action, FaultRule, Moment
from tui_trader.sim.launch import ACCOUNT, DEFAULT_BALANCE
from tui_trader.sim.ledger import MAKER, TAKER
from tui_trader.sim.listing import Listing
from tui_trader.sim.masks.phemex import PhemexMask
from tui_trader.sim.products import phemex_instruments
from tui_trader.sim.server import SimServer

SYMBOL = "BTCUSDT"
PRICE = Decimal(96_000)
LEVELS = (1, 2, 3, 5, 6, 8, 11, 12, 15, 19, 22, 27, 31, 38, 45)
"""Distances of the quotes from the price, ticks."""

FLICKER_STEPS = 5
"""Every so many steps of 50 ms a quote changes: a book counts as stale after a second."""


class Street:
    """Everybody else: quotes around a price that is moved by hand."""

    always_on: Sequence[str] = (SYMBOL,)

    def __init__(self, seed: int) -> None:
        self.price = PRICE
        self._dice = Random(seed)
        self._quotes: dict[tuple[Side, int], Resting] = {}
        self._steps = 0

    def open(self, exchange: Exchange, seed: int, now_ns: int) -> None:
        """Need nothing."""

    def start(self, exchange: Exchange, listing: Listing) -> None:
        """Quote."""
        self.glance(exchange, listing)
        self._refill(exchange, listing)

    def step(self, exchange: Exchange, listing: Listing) -> None:
        """Flicker, and let somebody take a little now and then."""
        self._steps += 1
        listing.set_reference(self.price, self.price)
        if self._steps % FLICKER_STEPS == 0:
            key = (self._dice.choice((Side.BUY, Side.SELL)), self._dice.choice(LEVELS[6:]))
            if (quote := self._quotes.pop(key, None)) is not None and quote.lots:
                listing.book.remove(quote)
            self._refill(exchange, listing)
        if self._steps % 17 == 0:
            side = self._dice.choice((Side.BUY, Side.SELL))
            limit = listing.ticks(self.price) + side.sign * LEVELS[0]
            exchange.floor.house_order(listing, TAKER, side, limit, self._dice.randint(1, 40), rest=False)
            self._refill(exchange, listing)

    def glance(self, exchange: Exchange, listing: Listing) -> None:
        """Give the contract a price."""
        listing.set_reference(self.price, self.price)
        listing.set_last(self.price)

    def move(self, exchange: Exchange, listing: Listing, price: Decimal) -> None:
        """Quote somewhere else; what is passed on the way is executed."""
        for quote in self._quotes.values():
            if quote.lots:
                listing.book.remove(quote)
        self._quotes.clear()
        self.price = price
        self._refill(exchange, listing)
        self.glance(exchange, listing)
        exchange.set_reference(SYMBOL, price)

    def _refill(self, exchange: Exchange, listing: Listing) -> None:
        middle = listing.ticks(self.price)
        for side in (Side.BUY, Side.SELL):
            for level in LEVELS:
                quote = self._quotes.get((side, level))
                if quote is None or not quote.lots:
                    lots = self._dice.randint(200, 2500)
                    ticks = middle - side.sign * level
                    self._quotes[(side, level)] = exchange.floor.house_order(listing, MAKER, side, ticks, lots, rest=True)


class Stage:
    """What may be told to the exchange: one word and its arguments a line."""

    def __init__(self, server: SimServer, street: Street) -> None:
        self._server = server
        self._exchange = server.exchange
        self._listing = self._exchange.listings[SYMBOL]
        self._street = street
        self._verbs: dict[str, Callable[..., object]] = {
            "move": self.move,
            "fill": self.fill,
            "cut": server.cut,
            "outage": self.outage,
            "lose": self.lose,
            "hold": self.hold,
            "deafen": self.deafen,
            "heal": server.faults.clear,
        }

    def obey(self, line: str) -> None:
        """Do what a line says."""
        verb, *words = line.split()
        self._verbs[verb](*words)

    def move(self, price: str) -> None:
        """Put the market at a price."""
        self._street.move(self._exchange, self._listing, Decimal(price))

    def fill(self, portion: str) -> None:
        """Execute a part (in percent) of what is left of the trader's newest resting limit order, whatever stands before it."""
        floor = self._exchange.floor
        orders = [order for order in self._exchange.open_orders(ACCOUNT) if floor.resting(order) is not None]
        order = max(orders, key=lambda each: each.created_ns)
        maker = floor.resting(order)
        assert maker is not None
        lots = max(1, maker.lots * int(portion) // 100)
        floor._trade(self._listing, Resting(TAKER, maker.side.opposite, maker.ticks, lots), maker, "trade")

    def outage(self, seconds: str) -> None:
        """Cut every connection, and again those that come back, for a while."""
        loop = asyncio.get_running_loop()
        for tenth in range(round(float(seconds) * 10)):
            loop.call_later(tenth / 10, self._server.cut)

    def lose(self, what: str) -> None:
        """Execute the next request of a kind (``PUT``, ``POST`` …) and lose its answer."""
        self._server.faults.add(FaultRule(Action.DROP_AFTER, Moment.REQUEST, what))

    def deafen(self, topic: str) -> None:
        """Lose what the stream says of a topic."""
        self._server.faults.add(FaultRule(Action.SKIP, Moment.PUSH, topic, times=0))

    def hold(self, prefix: str, seconds: str) -> None:
        """Answer every request of a kind later."""
        self._server.faults.add(FaultRule(Action.DELAY, Moment.REQUEST, prefix, times=0, seconds=float(seconds)))


async def serve() -> None:
    """Serve until standard input ends."""
    street, clock = Street(7), SystemClock()
    exchange = Exchange(phemex_instruments((SYMBOL,)), seed=7, start_ns=clock.wall_ns(), flow=street)
    exchange.open_account(ACCOUNT, {"USDT": DEFAULT_BALANCE, "USDC": DEFAULT_BALANCE})
    async with SimServer(exchange, PhemexMask, account=ACCOUNT, seed=7, clock=clock, limits=False) as server:
        stage = Stage(server, street)
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        tell({"event": "access", "rest": server.rest_url})
        while line := (await lines.readline()).decode().strip():
            stage.obey(line)
            tell({"event": "done", "line": line})


def tell(line: dict[str, Any]) -> None:
    """Print one line."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    logging.getLogger("aiohttp.server").addFilter(is_news)
    asyncio.run(serve())
