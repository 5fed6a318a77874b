"""The built-in exchange in a process of its own, with a flood of market messages that can be turned up and down.

``python -m tests.bench.exchange [REST_URL]``: announces itself as a line of JSON and takes a rate (messages/s) a line from
standard input. From the first book subscription on, that connection gets a seeded stream of BTCUSDT, with sequences and times
of now, in place of the exchange's own book and trades of it: two books told as one would put it in doubt. At ``STILL`` nothing
changes any more: the newest increment of the book is sent again and again, as often as in a quiet market, so that the book stays
fresh, and no topic tells anything else. ``REST_URL`` is what clients are told instead of the exchange's own address.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import cycle
from typing import Any

from tui_trader.core.clock import SystemClock
from tui_trader.sim.launch import build_server
from tui_trader.sim.server import SimServer

from .feeder import ROOT
from .stream import Stream

FRAMES = 20_000
"""Frames of the stream before it begins again with a snapshot."""

FLOOR_RATE = 20
"""Messages per second of a quiet market: enough to keep the book fresh."""

STILL = -1
"""In place of a rate: a market that stands still."""

FLOODED = ("orderbook_p:BTCUSDT", "trade_p:BTCUSDT")
"""What the exchange itself tells no more on a connection that gets the stream."""

SEQUENCE = 1_000_000_000_000
BURST = 4


class Exchange:
    """A running exchange, seen from the process that started it."""

    def __init__(self, process: subprocess.Popen[bytes], rest_url: str) -> None:
        self._process = process
        self.rest_url = rest_url
        """Where it really listens."""

    @classmethod
    def start(cls, rate: int, tell: str = "") -> Exchange:
        """Start one at a rate; 0 is without any stream. Clients are told ``tell`` as its address, if given."""
        words = [sys.executable, "-m", "tests.bench.exchange", *([tell] if tell else [])]
        process = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the exchange ended with {process.wait()}")
        exchange = cls(process, json.loads(line)["rest_url"])
        exchange.set_rate(rate)
        return exchange

    @property
    def arguments(self) -> list[str]:
        """What the terminal is started with to use it."""
        return ["--sim-url", self.rest_url]

    def set_rate(self, rate: int) -> None:
        """Change how many messages per second are sent; ``FLOOR_RATE`` is a quiet market."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{rate}\n".encode())
        self._process.stdin.flush()

    def __enter__(self) -> Exchange:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


class Flood:
    """The stream to one connection, written beneath its WebSocket: a frame each at low rates, four at a time at high ones."""

    def __init__(self, mid: int) -> None:
        stream = Stream(mid=mid)
        self._templates = [template(payload) for payload in stream.frames(FRAMES)]
        self._next: Callable[[], bytes] = iter(()).__next__
        self._sequence = SEQUENCE
        self._transport: asyncio.Transport | None = None
        self._book = b""  # the newest increment
        self.rate = 0

    def begin(self, transport: asyncio.Transport | None) -> None:
        """Start over, with a snapshot, on a connection."""
        self._transport = transport
        self._next = cycle(self._templates).__next__

    async def run(self) -> None:
        """Send for ever."""
        loop = asyncio.get_running_loop()
        last, owed = loop.time(), 0.0
        while True:
            await asyncio.sleep(0.001)
            now = loop.time()
            owed = min(owed + (now - last) * (FLOOR_RATE if self.rate == STILL else self.rate), 2_000.0)
            last = now
            transport = self._transport
            if transport is None or transport.is_closing():
                owed = 0.0
                continue
            burst = BURST if self.rate > 5_000 else 1
            while owed >= burst:
                owed -= burst
                transport.write(b"".join(self._frame() for _ in range(burst)))

    def _frame(self) -> bytes:
        self._sequence += 1
        chosen = self._book if self.rate == STILL and self._book else self._next()
        if b'"type":"incremental"' in chosen and b'"orderbook_p"' in chosen:
            self._book = chosen
        payload = chosen % {b"sequence": self._sequence, b"now": time.time_ns()}
        size = len(payload)
        if size < 126:
            return bytes((0x81, size)) + payload
        return (struct.pack(">BBH", 0x81, 126, size) if size < 65536 else struct.pack(">BBQ", 0x81, 127, size)) + payload


_SEQUENCE = re.compile(rb'"sequence":\d+')
_TIME = re.compile(rb"\b\d{19}\b")


def template(payload: bytes) -> bytes:
    """Return a frame with places for a sequence and for times, so that it can be sent again later and as news."""
    found, count = _SEQUENCE.subn(b'"sequence":%(sequence)d', payload.replace(b"%", b"%%"))
    found = _TIME.sub(b"%(now)d", found)
    return found if count else found[:-1] + b',"version":%(sequence)d}'


def newest_rate(told: bytearray, data: bytes) -> int | None:
    """Return the rate of the last whole line of all that was told; what is not a line yet stays in ``told``."""
    told += data
    whole, _, rest = told.rpartition(b"\n")
    told[:] = rest
    return int(whole.rpartition(b"\n")[2]) if whole else None


class ToldServer(SimServer):
    """A server that names another address than its own."""

    told = ""

    @property
    def rest_url(self) -> str:
        return self.told or super().rest_url


async def _serve(tell: str) -> None:
    built = build_server(seed=7, clock=SystemClock())
    server = ToldServer(built.exchange, type(built.mask), seed=7, limits=False)  # type: ignore[arg-type]
    flood = Flood(round(built.exchange.market("BTCUSDT").mark * 10))
    receive = server.mask.receive

    def begin(peer: Any) -> None:
        told = type(peer).send

        def send(payload: bytes, topic: str = "", *, binary: bool = False) -> None:
            if topic not in FLOODED and not (topic and flood.rate == STILL):
                told(peer, payload, topic, binary=binary)

        peer.send = send
        flood.begin(peer._transport)

    def watch(peer: Any, frame: bytes) -> None:
        receive(peer, frame)
        if b"orderbook_p.subscribe" in frame:
            asyncio.get_running_loop().call_later(0.3, begin, peer)

    server.mask.receive = watch  # type: ignore[method-assign]
    await server.start()
    print(json.dumps({"rest_url": server.rest_url}), flush=True)
    server.told = tell
    loop = asyncio.get_running_loop()

    def hear() -> None:
        data = os.read(sys.stdin.fileno(), 4096)  # by hand: a buffer would keep the second of two lines that come together
        if not data:
            os._exit(0)  # who measured is gone
        rate = newest_rate(told, data)
        if rate is not None:
            flood.rate = rate

    told = bytearray()
    loop.add_reader(sys.stdin, hear)
    await flood.run()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1] if len(sys.argv) > 1 else ""))
