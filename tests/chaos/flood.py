"""A feed far beyond what anybody sends, from a process of its own, and how long own orders wait behind it.

The client is the shipping Session, dialect and Store, one of each lane. The exchange stamps every row of the account with the
monotonic clock, which both processes read.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import random
import resource
import sys
import time
from contextlib import suppress
from dataclasses import dataclass

from tests.chaos.frames import TEXT, read_frame, read_message, text_frame
from tui_trader.core.clock import SystemClock
from tui_trader.core.event import BalanceChanged, Event, InstrumentsListed
from tui_trader.core.types import LinkState
from tui_trader.net.session import Session
from tui_trader.net.tasks import TaskSet
from tui_trader.secrets.secret import Secret
from tui_trader.sim.products import phemex_instruments
from tui_trader.state.store import Store
from tui_trader.venues.base import Channel, Credential, Lane, Subscription
from tui_trader.venues.phemex.feed import PhemexFeed

BATCH_S = 0.002
OWN_S = 0.02
"""Pause between two rows of the account."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a flood came to."""

    messages_per_s: float
    """Received and applied on the public lane."""
    own_ms: list[float]
    """How long each row of the account was on its way, sorted."""
    grown_mb: float
    """By how much the largest resident size of this process grew."""
    repaints: int
    """How often a screen at 20 frames a second found the book changed: however many messages there are."""

    def own_at(self, percent: float) -> float:
        """Return a percentile of the account's rows, milliseconds."""
        return self.own_ms[min(len(self.own_ms) - 1, int(len(self.own_ms) * percent / 100))]

    def __str__(self) -> str:
        return (
            f"{self.messages_per_s:,.0f} messages/s applied; own rows p50 {self.own_at(50):.1f} ms, p99 {self.own_at(99):.1f} ms,"
            f" max {self.own_ms[-1]:.1f} ms of {len(self.own_ms)}; {self.repaints} repaints; memory +{self.grown_mb:.1f} MB"
        )


async def measure(rate: int, seconds: float) -> Figures:
    """Flood the public lane with ``rate`` messages a second for ``seconds``, a second of calm before."""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.flood", str(rate), stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    try:
        port = int(await server.stdout.readline())
        return await _receive(port, seconds)
    finally:
        server.terminate()
        await server.wait()


async def _receive(port: int, seconds: float) -> Figures:
    clock = SystemClock()
    store = Store(clock)
    (btc,) = phemex_instruments(("BTCUSDT",))
    store.apply(InstrumentsListed("phemex", [btc]))
    own: list[float] = []

    def deliver(events: list[Event]) -> None:
        store.mono_ns = clock.mono_ns()
        for event in events:
            if isinstance(event, BalanceChanged) and event.balance.at_ns > 1:
                own.append((time.monotonic_ns() - event.balance.at_ns) / 1e6)
            store.apply(event)

    failures: list[BaseException] = []
    tasks = TaskSet(lambda _, error: failures.append(error))
    sessions = []
    for lane, wanted in ((Lane.PUBLIC, Subscription(Channel.BOOK, btc.id)), (Lane.PRIVATE, Subscription(Channel.ACCOUNT))):
        dialect = PhemexFeed(lane, Credential("key", Secret("secret")))
        dialect.list_instruments([btc])
        session = Session(
            dialect,
            f"ws://127.0.0.1:{port}/",
            venue="phemex",
            hosts={"127.0.0.1"},
            clock=clock,
            rng=random.Random(1),
            on_events=deliver,
        )
        session.set_subscriptions([wanted])
        sessions.append(session)
        tasks.spawn(f"session {lane}", session.run())
    public, private = sessions
    while not (public.state is private.state is LinkState.LIVE and own and btc.id in store.books):
        assert not failures, failures
        await asyncio.sleep(0.02)
    own.clear()
    frames, started, before = public.traffic.frames, time.monotonic(), _resident_mb()
    repaints, version = 0, -1
    book = store.books[btc.id]
    while time.monotonic() - started < seconds:
        await asyncio.sleep(0.05)
        if book.version != version:
            version = book.version
            repaints += bool(book.bids(25))
    took = time.monotonic() - started
    rate = (public.traffic.frames - frames) / took
    assert book.is_live, book.reason
    for session in sessions:
        await session.close()
    await tasks.close()
    assert not failures, failures
    return Figures(rate, sorted(own), _resident_mb() - before, repaints)


def _resident_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# -- the exchange's end ------------------------------------------------------------------------------------------------


async def _serve(rate: int) -> None:
    server = await asyncio.start_server(lambda reader, writer: _converse(reader, writer, rate), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rate: int) -> None:
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        shake = await read_message(reader)
        accept = hashlib.sha1(f"{shake.header('sec-websocket-key')}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
            + base64.b64encode(accept)
            + b"\r\n\r\n"
        )
        pouring = TaskSet(lambda _, error: None)
        try:
            while True:
                frame = await read_frame(reader)
                if frame.opcode != TEXT:
                    return
                request = json.loads(frame.payload)
                result = "pong" if request["method"] == "server.ping" else {"status": "success"}
                writer.write(_encoded({"error": None, "id": request["id"], "result": result}))
                if request["method"] == "orderbook_p.subscribe":
                    pouring.spawn("book", _pour(writer, rate))
                elif request["method"] == "aop_p.subscribe":
                    pouring.spawn("account", _tell(writer))
        finally:
            await pouring.close()
            writer.close()


async def _pour(writer: asyncio.StreamWriter, rate: int) -> None:
    """Send the book, then more of it than can be looked at; a client that does not read holds this up and nobody else."""
    levels = [[f"{50_000 - step}", "1"] for step in range(1, 31)], [[f"{50_000 + step}", "1"] for step in range(1, 31)]
    writer.write(_book("snapshot", *levels))
    pool = [
        _book("incremental", [[f"{50_000 - 1 - n % 30}", f"{1 + n}"]], [[f"{50_001 + n % 30}", f"{2 + n}"]]) for n in range(97)
    ]
    dice, due = random.Random(1), time.monotonic()
    while True:
        writer.write(b"".join(dice.choices(pool, k=round(rate * BATCH_S))))
        await writer.drain()
        due += BATCH_S
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        due = max(due, time.monotonic() - 0.1)  # a client that is behind is not owed all of it at once


def _book(kind: str, bids: list[list[str]], asks: list[list[str]]) -> bytes:
    sides = {"asks": asks, "bids": bids}
    return _encoded({"depth": 30, "orderbook_p": sides, "sequence": 7, "symbol": "BTCUSDT", "timestamp": 1, "type": kind})


async def _tell(writer: asyncio.StreamWriter) -> None:
    while True:
        row = {"currency": "USDT", "accountBalanceRv": "10000", "totalUsedBalanceRv": "0"}
        body = {"accounts_p": [row], "orders_p": [], "positions_p": [], "sequence": 1, "type": "incremental"}
        writer.write(_encoded({**body, "timestamp": time.monotonic_ns()}))
        await writer.drain()
        await asyncio.sleep(OWN_S)


def _encoded(message: object) -> bytes:
    return text_frame(json.dumps(message, separators=(",", ":")).encode())


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(int(sys.argv[1])))
