"""ccxt's phemex client, of which nobody here wrote a line, connected to the mask on loopback; loaded once for a module.

Where ccxt is known to be wrong, the test that meets it says so by name and shows the raw answer to be right.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from decimal import Decimal as D
from typing import Any, NamedTuple

import ccxt.pro as ccxtpro

from tui_trader.core.candle import Candle
from tui_trader.core.clock import NS, SystemClock
from tui_trader.core.types import OrderType, PositionSide, Side, TimeInForce
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.margin import trade_value
from tui_trader.sim.masks.phemex import PhemexMask
from tui_trader.sim.products import phemex_coin_instruments, phemex_instruments
from tui_trader.sim.server import SimServer
from tui_trader.sim.types import NewOrder, SimOrder, SimPosition

WAIT_S = 30
"""Longest wait for a push; a machine under load is slow, not wrong."""


class Family(NamedTuple):
    """One contract of a family under both names, and sizes that fit it."""

    unified: str
    symbol: str
    settle: str
    lot: str
    size: float

    @property
    def coin(self) -> bool:
        return self.settle == "BTC"


STABLE = Family("BTC/USDT:USDT", "BTCUSDT", "USDT", "0.01", 0.01)
COIN = Family("BTC/USD:BTC", "BTCUSD", "BTC", "100", 100)
FAMILIES = (STABLE, COIN)


class RepairedPhemex(ccxtpro.phemex):  # type: ignore[misc]
    """ccxt with one mend: 4.5.90 reads ``orders`` of the account stream as an object, so no order of a swap is ever seen."""

    def handle_message(self, client: Any, message: dict[str, Any]) -> None:
        for name in ("orders", "orders_p"):
            if isinstance(message.get(name), list):
                self.handle_orders(client, message[name])
        super().handle_message(client, message)


class Peer:
    """The exchange and ccxt's view of it."""

    def __init__(self, server: SimServer, client: Any) -> None:
        self.server = server
        self.exchange = server.exchange
        self.client = client

    def order(self, order_id: str) -> SimOrder:
        found = self.exchange.order("trader", order_id=order_id)
        assert found is not None
        return found

    def position(self, family: Family, leg: PositionSide = PositionSide.MERGED) -> SimPosition:
        return self.exchange.position("trader", family.symbol, leg)

    def reset(self) -> None:
        """Cancel everything, close everything, and put the book back."""
        for account in ("trader", "maker"):
            for untriggered in (False, True):
                self.exchange.cancel_all(account, None, untriggered=untriggered)
        self.quote()
        for position in self.exchange.positions("trader"):
            if position.qty:
                side = Side.SELL if position.qty > 0 else Side.BUY
                self.submit(position.symbol, side, abs(position.qty), position.position_side)
            position.isolated, position.leverage = False, D(10)
        self.exchange.cancel_all("maker", None, untriggered=False)
        self.quote()
        self.server.mask.flush()

    def quote(self) -> None:
        """Rest three levels a side around 50,000 in both contracts, where the mark is."""
        for family in FAMILIES:
            self.exchange.set_reference(family.symbol, D(50_000))
            qty = D(family.lot) * 100
            for step in range(3):
                for side, price in ((Side.SELL, 50_001 + step), (Side.BUY, 49_999 - step)):
                    new = NewOrder("", family.symbol, side, OrderType.LIMIT, qty, D(price))
                    self.exchange.submit("maker", new)

    def remember(self, family: Family) -> None:
        """Give a contract five minutes of a past."""
        listing = self.exchange.listings[family.symbol]
        minute = self.exchange.now_ns // NS // 60
        bars = []
        for back in range(5, 0, -1):
            price, qty = D(49_000 + 100 * back), D(family.lot) * back
            value = trade_value(listing.instrument, qty, price)
            bars.append(Candle((minute - back) * 60, 60, price, price + 50, price - 50, price + 20, qty, value))
        listing.prints.backfill(bars, [])

    def submit(self, symbol: str, side: Side, qty: D, leg: PositionSide = PositionSide.MERGED) -> None:
        new = NewOrder("", symbol, side, OrderType.MARKET, qty, tif=TimeInForce.IOC, position_side=leg)
        self.exchange.submit("trader", new)

    def open(self) -> list[SimOrder]:
        return self.exchange.open_orders("trader")


@asynccontextmanager
async def connected(client_class: type = RepairedPhemex) -> AsyncIterator[Peer]:
    """Start a venue and load a client of it."""
    clock = SystemClock()
    contracts = [*phemex_instruments(("BTCUSDT", "ETHUSDT", "BTCUSDC")), *phemex_coin_instruments()]
    exchange = Exchange(contracts, seed=1, start_ns=clock.wall_ns())
    funds = {"USDT": D(10_000), "USDC": D(500), "BTC": D(1), "ETH": D(10), "USD": D(5_000)}
    exchange.open_account("trader", funds, {"USDT": D(1_000), "BTC": D("0.5")})
    exchange.open_account("maker", {"USDT": D(10**9), "BTC": D(10**5)})
    async with SimServer(exchange, PhemexMask, account="trader", limits=False, clock=clock) as server:
        client = client_class({"apiKey": server.key, "secret": server.secret, "enableRateLimit": False})
        rest = server.rest_url
        client.urls["api"] = {
            "v1": f"{rest}/v1",
            "v2": rest,
            "public": f"{rest}/exchange/public",
            "private": rest,
            "ws": server.ws_url,
        }
        try:
            await client.load_markets()
            peer = Peer(server, client)
            peer.quote()
            for family in FAMILIES:
                peer.remember(family)
                # One trade, so that there is a last price; it is closed again by the first reset.
                peer.submit(family.symbol, Side.BUY, D(family.lot))
            yield peer
        finally:
            await client.close()


async def soon(pushed: Awaitable[Any]) -> Any:
    """Wait for a push."""
    return await asyncio.wait_for(pushed, WAIT_S)


def begun(pushed: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Start to wait for a push before what causes it."""
    return asyncio.get_running_loop().create_task(pushed)


async def until(done: Callable[[], Any]) -> Any:
    """Wait until ccxt has read what makes ``done`` true; returns that. A push between two calls of ``watch`` wakes nobody."""
    deadline = asyncio.get_running_loop().time() + WAIT_S
    while not (result := done()):
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.005)
    return result


def exact(number: Any) -> D:
    """Return what a float of ccxt was meant to be."""
    return D(str(number))
