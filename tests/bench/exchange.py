"""The built-in exchange in a process of its own, with a flood of market messages that can be turned up and down.

``python -m tests.bench.exchange [REST_URL]``: announces itself as a line of JSON and takes a rate (messages/s) a line from
standard input. From the first book subscription on, that connection gets a seeded stream of BTCUSDT above the exchange's own
messages, whose sequences are so low that the client ignores its books. ``REST_URL`` is what clients are told instead of the
exchange's own address.
"""

from __future__ import annotations

import asyncio
import json
import struct
import subprocess
import sys
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
        self._parts = [_split(payload) for payload in stream.frames(FRAMES)]
        self._next: Callable[[], tuple[bytes, bytes]] = iter(()).__next__  # type: ignore[assignment]
        self._sequence = SEQUENCE
        self._transport: asyncio.Transport | None = None
        self.rate = 0

    def begin(self, transport: asyncio.Transport | None) -> None:
        """Start over, with a snapshot, on a connection."""
        self._transport = transport
        self._next = cycle(self._parts).__next__

    async def run(self) -> None:
        """Send for ever."""
        loop = asyncio.get_running_loop()
        last, owed = loop.time(), 0.0
        while True:
            await asyncio.sleep(0.001)
            now = loop.time()
            owed = min(owed + (now - last) * self.rate, 2_000.0)
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
        head, tail = self._next()
        self._sequence += 1
        payload = b"%b%d%b" % (head, self._sequence, tail)
        size = len(payload)
        if size < 126:
            return bytes((0x81, size)) + payload
        return (struct.pack(">BBH", 0x81, 126, size) if size < 65536 else struct.pack(">BBQ", 0x81, 127, size)) + payload


def _split(payload: bytes) -> tuple[bytes, bytes]:
    """Cut a frame before and after its sequence, so that it can be sent again with a higher one."""
    head, found, rest = payload.partition(b'"sequence":')
    if not found:
        return payload[:-1] + b',"version":', b"}"
    end = rest.index(b",")
    return head + found, rest[end:]


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

    def watch(peer: Any, frame: bytes) -> None:
        receive(peer, frame)
        if b"orderbook_p.subscribe" in frame:
            asyncio.get_running_loop().call_later(0.3, flood.begin, peer._transport)

    server.mask.receive = watch  # type: ignore[method-assign]
    await server.start()
    print(json.dumps({"rest_url": server.rest_url}), flush=True)
    server.told = tell
    loop = asyncio.get_running_loop()

    def hear() -> None:
        line = sys.stdin.readline()
        if line:
            flood.rate = int(line)
        else:
            loop.remove_reader(sys.stdin)

    loop.add_reader(sys.stdin, hear)
    await flood.run()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1] if len(sys.argv) > 1 else ""))
