"""G9: from asking for an order to its bytes at the server, beyond what writing prepared bytes takes, against ccxt.

Three ways to send the same limit order to the same loopback server, one after the other in each turn: bytes prepared before
(the floor), our RestClient with the Phemex dialect, and ccxt's ``create_order``. The server notes when an order was there.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from statistics import median
from typing import Any

from tui_trader.core.clock import SystemClock
from tui_trader.core.order import OrderTicket
from tui_trader.core.types import ClientOrderId, OrderType, Side
from tui_trader.net.limiter import Limiter
from tui_trader.net.rest import RestClient
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Credential, Outcome
from tui_trader.venues.phemex.orders import PhemexOrders

from .feed import ccxt_market
from .feeder import ROOT
from .measure import Disagreement, Ratio, percentile
from .stream import instrument
from .table import Row, skipped

TITLE = "submit to socket, over floor / ccxt"
ORDERS = 150
"""Orders of each way per round."""

WARM = 20
PRICE, QTY = Decimal("97500.5"), Decimal("0.01")
COMPARED = ("symbol", "side", "posSide", "ordType", "orderQtyRq", "priceRp")
CREDENTIAL = Credential("key", Secret("secret"))

Send = Callable[[int], Awaitable[None]]


def measure(rounds: int, goals: frozenset[str]) -> list[Row]:
    """Return the row of G9."""
    try:
        import ccxt.async_support
    except ImportError:
        return [skipped("G9", TITLE, "ccxt is not installed (pip install -e .[bench])")]
    server = subprocess.Popen([sys.executable, "-m", "tests.bench.order_server"], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        peer = ccxt.async_support.phemex({"apiKey": "key", "secret": "secret", "enableRateLimit": False})
        return [asyncio.run(_compare(port, peer, rounds))]
    finally:
        server.kill()
        server.wait()


async def _compare(port: int, peer: Any, rounds: int) -> Row:
    base = f"http://127.0.0.1:{port}"
    clock = SystemClock()
    limiter = Limiter({"contract": (1_000_000, 1.0), "other": (1_000_000, 1.0)}, clock)
    dialect, contract = PhemexOrders(), instrument("BTCUSDT")
    dialect.list_instruments([contract])
    peer.set_markets([ccxt_market()])
    peer.urls["api"] = dict.fromkeys(peer.urls["api"], base)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with RestClient(base, hosts={"127.0.0.1"}, clock=clock, limiter=limiter, on_lost=_lost) as client:

        async def ours(number: int) -> None:
            ticket = OrderTicket(ClientOrderId(f"bench-{number}"), contract.id, Side.BUY, OrderType.LIMIT, QTY, PRICE)
            verdict = await client.send(dialect.place(ticket, contract), dialect, CREDENTIAL)
            if verdict.outcome is not Outcome.ACK:
                raise Disagreement(f"our order was not taken: {verdict.text}")

        async def theirs(number: int) -> None:
            await peer.create_order("BTC/USDT:USDT", "limit", "buy", 0.01, 97500.5, {"clientOrderId": f"bench-{number}"})

        async def floor(number: int) -> None:
            writer.write(prepared)
            await _read_reply(reader)

        prepared = _prepared(port, dialect, contract)
        ways: dict[str, Send] = {"floor": floor, "ours": ours, "theirs": theirs}
        try:
            await _turns(ways, WARM, reader, writer)
            found = [await _turns(ways, ORDERS, reader, writer) for _ in range(rounds)]
        finally:
            writer.close()
            await peer.close()
    floors = [median(each["floor"]) for each in found]
    over = {way: [median(each[way]) - low for each, low in zip(found, floors, strict=True)] for way in ("ours", "theirs")}
    tails = {way: percentile([us for each in found for us in each[way]], 99) for way in ways}
    return Row(
        "G9",
        TITLE,
        f"{median(over['ours']):.0f} us",
        f"{median(over['theirs']):.0f} us",
        Ratio.of(over["ours"], over["theirs"]),
        0.6,
        f"floor {median(floors):.0f} us; p99 of the whole way: floor {tails['floor']:.0f}, ours {tails['ours']:.0f},"
        f" ccxt {tails['theirs']:.0f} us",
    )


async def _turns(
    ways: dict[str, Send], count: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> dict[str, list[float]]:
    """Send ``count`` orders each way in turn; return microseconds until the server had them."""
    asked: list[tuple[str, int]] = []
    for number in range(count):
        for way, send in ways.items():
            asked.append((way, time.monotonic_ns()))
            await send(number)
    writer.write(b"GET /stamps HTTP/1.1\r\nHost: bench\r\n\r\n")
    arrived = json.loads(await _read_reply(reader))
    if len(arrived) != len(asked):
        raise Disagreement(f"{len(asked)} orders were sent and {len(arrived)} arrived")
    orders = {tuple(str(order.get(name)) for name in COMPARED) for _, order in arrived}
    if len(orders) != 1:
        raise Disagreement(f"the orders differ: {sorted(orders)}")
    took: dict[str, list[float]] = {way: [] for way in ways}
    for (way, start), (end, _) in zip(asked, arrived, strict=True):
        took[way].append((end - start) / 1000)
    return took


def _prepared(port: int, dialect: PhemexOrders, contract: Any) -> bytes:
    """Return the bytes of one whole signed request."""
    ticket = OrderTicket(ClientOrderId("bench-floor"), contract.id, Side.BUY, OrderType.LIMIT, QTY, PRICE)
    request = dialect.place(ticket, contract)
    headers = {**dialect.sign(request, CREDENTIAL, time.time_ns()), "Host": f"127.0.0.1:{port}"}
    headers["Content-Length"] = str(len(request.body))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{request.method} {request.target} HTTP/1.1\r\n{head}\r\n".encode() + request.body


async def _read_reply(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    return await reader.readexactly(size)


def _lost(request: object, verdict: object) -> None:
    raise Disagreement("an order was lost on loopback")
