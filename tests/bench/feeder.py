"""A process that speaks just enough of Phemex's WebSocket to be subscribed to, and then sends a stream at a steady rate.

``python -m tests.bench.feeder RATE SYMBOLS SECONDS BURST``: TLS on a free loopback port, announced as a line of JSON together
with the books that a client which read everything must hold. One thread, blocking sends with no delay: every burst is a TCP
segment of its own, as frames of a real venue are. Each connection gets the same frames from the beginning.
"""

from __future__ import annotations

import base64
import hashlib
import json
import select
import socket
import ssl
import struct
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from .stream import Stream, Top, mixed, symbols

ROOT = Path(__file__).parents[2]
CERTS = ROOT / "tests/net/certs"
CA_FILE = CERTS / "ca.pem"
DEPTH = 25

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE = 0x1, 0x8


@dataclass
class Feeder:
    """A running feeder, seen from the process that started it."""

    port: int
    rate: int
    count: int
    """Frames that each connection gets, in all."""
    tops: dict[str, Top]
    """The best levels a side of every symbol after the last frame."""
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, rate: int, contracts: int, seconds: float, burst: int = 1) -> Feeder:
        """Start one and wait until it listens; raises RuntimeError when it does not."""
        words = [sys.executable, "-m", "tests.bench.feeder", str(rate), str(contracts), str(seconds), str(burst)]
        process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the feeder ended with {process.wait()}")
        told = json.loads(line)
        tops = {symbol: _numbers(sides) for symbol, sides in told["tops"].items()}
        return cls(told["port"], rate, told["count"], tops, process)

    def stop(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> Feeder:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _numbers(sides: list[list[list[str]]]) -> Top:
    bids, asks = ([(Decimal(price), Decimal(size)) for price, size in side] for side in sides)
    return bids, asks


def main() -> None:
    rate, contracts, seconds, burst = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
    streams = [Stream(symbol, mid=975_200 + 500 * place) for place, symbol in enumerate(symbols(contracts))]
    frames = [_frame(payload) for payload in mixed(streams, round(rate * seconds))]
    packets = [b"".join(frames[start : start + burst]) for start in range(0, len(frames), burst)]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTS / "good.pem")
    with socket.create_server(("127.0.0.1", 0)) as server:
        tops = {s.symbol: [[[str(p), str(q)] for p, q in side] for side in s.top(DEPTH)] for s in streams}
        print(json.dumps({"port": server.getsockname()[1], "count": len(frames), "tops": tops}), flush=True)
        while True:
            raw, _ = server.accept()
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with suppress(OSError), context.wrap_socket(raw, server_side=True) as client:
                _serve(client, packets, burst / rate)


def _serve(client: ssl.SSLSocket, packets: list[bytes], pause_s: float) -> None:
    """Shake hands, grant every subscription, send all packets once a book was asked for, then only answer."""
    _shake_hands(client)
    incoming = bytearray()
    asked = False
    while not asked:
        select.select([client], [], [])
        asked = _answer(client, incoming)
    due = time.monotonic()
    for packet in packets:
        due += pause_s
        if (left := due - time.monotonic()) > 0:
            time.sleep(left)
        client.sendall(packet)
        if client.pending() or select.select([client], [], [], 0)[0]:
            _answer(client, incoming)
    while True:
        select.select([client], [], [])
        _answer(client, incoming)


def _shake_hands(client: ssl.SSLSocket) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        head += _read(client)
    lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    keys = [line.split(b": ", 1)[1] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")]
    assert lines[b"upgrade"] == b"websocket"
    accept = base64.b64encode(hashlib.sha1(keys[0] + _GUID).digest())
    client.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def _answer(client: ssl.SSLSocket, incoming: bytearray) -> bool:
    """Read what came and grant it; return whether a book was asked for. Raises ConnectionError when the client left."""
    incoming += _read(client)
    asked = False
    while (taken := _unmask(incoming)) is not None:
        opcode, payload = taken
        if opcode == _CLOSE:
            raise ConnectionError("closed")
        request = json.loads(payload)
        result = "pong" if request["method"] == "server.ping" else {"status": "success"}
        client.sendall(_frame(json.dumps({"error": None, "id": request["id"], "result": result}).encode()))
        asked |= request["method"] == "orderbook_p.subscribe"
    return asked


def _read(client: ssl.SSLSocket) -> bytes:
    data = client.recv(65536)
    if not data:
        raise ConnectionError("the client left")
    return data


def _frame(payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((0x80 | _TEXT, size)) + payload
    if size < 65536:
        return struct.pack(">BBH", 0x80 | _TEXT, 126, size) + payload
    return struct.pack(">BBQ", 0x80 | _TEXT, 127, size) + payload


def _unmask(incoming: bytearray) -> tuple[int, bytes] | None:
    """Take one client frame off the front; None while it is not whole."""
    if len(incoming) < 6:
        return None
    size, start = incoming[1] & 0x7F, 2
    if size == 126:
        size, start = int.from_bytes(incoming[2:4], "big"), 4
    if len(incoming) < start + 4 + size:
        return None
    mask, body = incoming[start : start + 4], incoming[start + 4 : start + 4 + size]
    opcode = incoming[0] & 0x0F
    del incoming[: start + 4 + size]
    return opcode, bytes(byte ^ mask[place % 4] for place, byte in enumerate(body))


if __name__ == "__main__":
    with suppress(KeyboardInterrupt, BrokenPipeError):
        main()
