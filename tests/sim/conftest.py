"""A simulated venue on a real socket, and a client of it that shares no code with the package's own."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from decimal import Decimal as D
from typing import Any

import aiohttp
import pytest
from yarl import URL

from tui_trader.core.clock import NS, ManualClock
from tui_trader.core.types import OrderType, Side
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.faults import Faults
from tui_trader.sim.masks.phemex import PhemexMask
from tui_trader.sim.products import phemex_instruments
from tui_trader.sim.server import SimServer
from tui_trader.sim.types import NewOrder, SimOrder

START_NS = 1_763_481_600 * NS
SYMBOLS = ("BTCUSDT", "ETHUSDT", "u1000PEPEUSDT", "BTCUSDC")


class Wire:
    """One WebSocket connection; replies are matched by id, pushes are kept in order."""

    def __init__(self, venue: SimVenue, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.pushes: list[dict[str, Any]] = []
        self._venue = venue
        self._number = 0

    async def login(self, **change: Any) -> dict[str, Any]:
        server, expiry = self._venue.server, change.get("expiry", self._venue.now_s() + 60)
        key, secret = change.get("key", server.key), change.get("secret", server.secret)
        signature = hmac.new(secret.encode(), f"{key}{expiry}".encode(), hashlib.sha256).hexdigest()
        return await self.ask("user.auth", ["API", key, signature, expiry])

    async def ask(self, method: str, params: Any = ()) -> dict[str, Any]:
        """Send a request and return its reply."""
        self._number += 1
        await self.socket.send_str(json.dumps({"id": self._number, "method": method, "params": list(params)}))
        return await self.reply(self._number)

    async def reply(self, number: int | None) -> dict[str, Any]:
        """Return the reply with this id; what else arrives is kept."""
        while True:
            message = await self.read()
            if "result" in message and message["id"] == number:
                return message
            self.pushes.append(message)

    async def read(self) -> dict[str, Any]:
        """Return the next message."""
        message = await self.socket.receive(timeout=5)
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return dict(json.loads(message.data))

    async def push(self, wanted: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """Return, and take away, the first push that is ``wanted``; others are kept."""
        for message in self.pushes:
            if wanted(message):
                self.pushes.remove(message)
                return message
        while True:
            message = await self.read()
            if wanted(message):
                return message
            self.pushes.append(message)

    async def orders(self, count: int) -> list[dict[str, Any]]:
        """Return the next ``count`` order rows of the private stream."""
        rows: list[dict[str, Any]] = []
        while len(rows) < count:
            rows += (await self.push(lambda m: m.get("orders_p") and m["type"] == "incremental"))["orders_p"]
        return rows

    async def ended(self) -> aiohttp.WSMessage:
        """Return the message that ends the connection."""
        while True:
            message = await self.socket.receive(timeout=5)
            if message.type is not aiohttp.WSMsgType.TEXT:
                return message


class SimVenue:
    """A server, its exchange, and a hand on its clock."""

    def __init__(
        self, server: SimServer, clock: ManualClock, session: aiohttp.ClientSession, lines: list[dict[str, Any]]
    ) -> None:
        self.server = server
        self.exchange = server.exchange
        self.clock = clock
        self.lines = lines
        """Every event line so far."""
        self._session = session

    def now_s(self) -> int:
        return self.clock.wall_ns() // NS

    async def call(
        self, method: str, path: str, query: str = "", body: dict[str, Any] | None = None, **change: Any
    ) -> tuple[int, dict[str, str], Any]:
        """Make a signed call; ``change`` replaces key, secret, expiry or signature. Returns (status, headers, JSON)."""
        key, secret = change.get("key", self.server.key), change.get("secret", self.server.secret)
        expiry = str(change.get("expiry", self.now_s() + 60))
        raw = json.dumps(body).encode() if body is not None else b""
        text = f"{path}{query}{expiry}".encode() + raw
        signature = change.get("signature", hmac.new(secret.encode(), text, hashlib.sha256).hexdigest())
        headers = {
            "x-phemex-access-token": key,
            "x-phemex-request-expiry": expiry,
            "x-phemex-request-signature": signature,
        }
        return await self.fetch(method, path, query, raw, {k: v for k, v in headers.items() if v})

    async def fetch(
        self, method: str, path: str, query: str = "", raw: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], Any]:
        """Make a call without a signature."""
        url = URL(self.server.rest_url + path + (f"?{query}" if query else ""), encoded=True)
        async with self._session.request(method, url, data=raw or None, headers=headers) as response:
            content = await response.read()
            told = {name.lower(): value for name, value in response.headers.items()}
            return response.status, told, json.loads(content) if content[:1] in b"{[" else content

    async def place(self, client_id: str = "", **fields: Any) -> dict[str, Any]:
        """Place an order, a resting buy unless told otherwise; returns the envelope."""
        body = {
            "symbol": "BTCUSDT",
            "side": "Buy",
            "posSide": "Merged",
            "ordType": "Limit",
            "priceRp": "49000",
            "orderQtyRq": "0.01",
            "clOrdID": client_id,
        } | fields
        return dict((await self.call("POST", "/g-orders", body={k: v for k, v in body.items() if v is not None}))[2])

    async def connect(self) -> Wire:
        """Open a WebSocket; the session closes it."""
        return Wire(self, await self._session.ws_connect(self.server.ws_url))

    async def private(self) -> Wire:
        """Open a WebSocket with the private stream subscribed and its snapshots still to read."""
        wire = await self.connect()
        await wire.login()
        assert (await wire.ask("aop_p.subscribe"))["result"] == {"status": "success"}
        return wire

    def make(self, side: Side, price: str, qty: str, symbol: str = "BTCUSDT") -> SimOrder:
        """Rest an order of another trader."""
        return self.exchange.submit("maker", NewOrder("", symbol, side, OrderType.LIMIT, D(qty), D(price)))

    def make_book(self) -> None:
        """Rest three levels a side around 50,000."""
        for step in range(3):
            self.make(Side.SELL, str(50_001 + step), "1")
            self.make(Side.BUY, str(49_999 - step), "1")

    def pass_time(self, seconds: float) -> None:
        """Move both clocks and publish."""
        self.clock.advance(seconds)
        self.exchange.advance(self.clock.wall_ns())
        self.server.mask.flush()


OpenVenue = Callable[..., Awaitable[SimVenue]]


@pytest.fixture
async def open_venue() -> AsyncIterator[OpenVenue]:
    """Start any number of venues without a market of their own; keywords go to SimServer."""
    async with AsyncExitStack() as stack:

        async def start(**options: Any) -> SimVenue:
            clock = ManualClock(START_NS)
            exchange = Exchange(phemex_instruments(SYMBOLS), seed=7, start_ns=START_NS)
            exchange.open_account("trader", {"USDT": D(10_000), "USDC": D(500)})
            exchange.open_account("maker", {"USDT": D(100_000_000)})
            lines: list[dict[str, Any]] = []
            server = SimServer(
                exchange, options.pop("mask", PhemexMask), account="trader", clock=clock, on_event=lines.append, **options
            )
            await stack.enter_async_context(server)
            session = await stack.enter_async_context(aiohttp.ClientSession())
            return SimVenue(server, clock, session, lines)

        yield start


@pytest.fixture
async def venue(open_venue: OpenVenue) -> SimVenue:
    """A venue with a small book and no rules broken yet."""
    started = await open_venue(faults=Faults())
    started.make_book()
    return started
