"""ccxt's paradex client, of which nobody here wrote a line, connected to the exchange in Paradex's clothes on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal as D
from typing import Any

import ccxt.pro as ccxtpro

from tui_trader.core.clock import SystemClock
from tui_trader.core.types import OrderType, PositionSide, Side, TimeInForce
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.paradex import ParadexMask, mint
from tui_trader.sim.masks.paradex_products import paradex_instruments
from tui_trader.sim.server import SimServer
from tui_trader.sim.types import NewOrder, SimPosition

UNIFIED, MARKET = "BTC/USD:USDC", "BTC-USD-PERP"


class Peer:
    """The exchange and ccxt's view of it."""

    def __init__(self, server: SimServer, mask: ParadexMask, client: Any) -> None:
        self.server = server
        self.exchange = server.exchange
        self.mask = mask
        self.client = client

    def reset(self) -> None:
        """Cancel everything, close everything, and put the book back: a coin at 49,990 and one at 50,010."""
        for account in ("trader", "street"):
            for untriggered in (False, True):
                self.exchange.cancel_all(account, None, untriggered=untriggered)
        self.quote()
        if held := self.position().qty:
            self.trade("trader", Side.SELL if held > 0 else Side.BUY, abs(held))
        self.exchange.cancel_all("street", None, untriggered=False)
        self.quote()
        self.server.mask.flush()

    def quote(self) -> None:
        """Let the street offer and bid for a coin."""
        self.exchange.set_reference(MARKET, D(50_000))
        for side in (Side.BUY, Side.SELL):
            price = D(50_000) - side.sign * 10
            self.exchange.submit("street", NewOrder("", MARKET, side, OrderType.LIMIT, D(1), price))

    def trade(self, account: str, side: Side, qty: D) -> None:
        """Take from the book."""
        self.exchange.submit(account, NewOrder("", MARKET, side, OrderType.MARKET, qty, tif=TimeInForce.IOC))

    def position(self) -> SimPosition:
        """Return what the account of the client holds."""
        return self.exchange.position("trader", MARKET, PositionSide.MERGED)


@asynccontextmanager
async def served() -> AsyncIterator[tuple[SimServer, ParadexMask]]:
    """Start a venue with an account that has money, and one that has more."""
    clock = SystemClock()
    exchange = Exchange(paradex_instruments(), seed=1, start_ns=clock.wall_ns())
    exchange.open_account("trader", {"USDC": D(100_000)})
    exchange.open_account("street", {"USDC": D(10**9)})
    async with SimServer(exchange, ParadexMask, account="trader", clock=clock, mint=mint) as server:
        assert isinstance(server.mask, ParadexMask)
        yield server, server.mask


@asynccontextmanager
async def client_of(server: SimServer, mask: ParadexMask, version: str = "3") -> AsyncIterator[Any]:
    """Load a client that asks for a version of the binary encoding; ccxt itself asks for 3."""
    client = ccxtpro.paradex({"privateKey": "0x1", "walletAddress": server.key, "enableRateLimit": False})
    assert client.options["sbeSchemaVersion"] == "3"
    client.options["sbeSchemaVersion"] = version
    client.urls["api"] = {"v1": f"{server.rest_url}/v1", "ws": server.ws_url}
    public = hex(mask.gate._stark.public_key(int(server.secret, 16)))
    client.options["paradexAccount"] = {"address": server.key, "privateKey": server.secret, "publicKey": public}
    try:
        await client.load_markets()
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def connected(version: str = "3") -> AsyncIterator[Peer]:
    """Start a venue and load a client of it."""
    async with served() as (server, mask), client_of(server, mask, version) as client:
        yield Peer(server, mask, client)
