"""A process that takes orders over HTTP, notes when their last byte arrived, and answers as Phemex does.

``python -m tests.bench.order_server``: plain HTTP on a free loopback port, one thread per connection. ``GET /stamps`` gives the
monotonic times (nanoseconds; one clock for all processes of a machine) and bodies since the last such call.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from contextlib import suppress
from urllib.parse import parse_qsl

_ANSWER = {"code": 0, "msg": ""}
_DATA = {
    "bizError": 0,
    "orderID": "b5760445-d6c9-489a-805d-669a4ea9ead6",
    "clOrdID": "bench",
    "symbol": "BTCUSDT",
    "side": "Buy",
    "actionTimeNs": 1763486096357633582,
    "transactTimeNs": 1763486096357633582,
    "orderType": "Limit",
    "priceRp": "97500.5",
    "orderQtyRq": "0.01",
    "displayQtyRq": "0",
    "timeInForce": "GoodTillCancel",
    "closedPnlRv": "0",
    "closedSizeRq": "0",
    "cumQtyRq": "0",
    "cumValueRv": "0",
    "leavesQtyRq": "0.01",
    "leavesValueRv": "975.005",
    "stopPxRp": "0",
    "trigger": "UNSPECIFIED",
    "execStatus": "PendingNew",
    "ordStatus": "Created",
}


def reply(body: bytes) -> bytes:
    """Return a whole HTTP answer."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Notes:
    """Arrivals since they were last asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: list[tuple[int, dict[str, str]]] = []

    def add(self, at_ns: int, order: dict[str, str]) -> None:
        with self._lock:
            self._seen.append((at_ns, order))

    def take(self) -> bytes:
        with self._lock:
            seen, self._seen = self._seen, []
        return json.dumps(seen).encode()


def serve(client: socket.socket, notes: Notes) -> None:
    """Answer one connection until it ends."""
    incoming = b""
    with client, suppress(ConnectionError):
        while data := client.recv(65536):
            at_ns = time.monotonic_ns()
            incoming += data
            head, found, rest = incoming.partition(b"\r\n\r\n")
            if not found:
                continue
            lines = head.split(b"\r\n")
            size = next((int(line[15:]) for line in lines if line.lower().startswith(b"content-length:")), 0)
            if len(rest) < size:
                continue
            incoming = rest[size:]
            _, target, _ = lines[0].decode().split(" ")
            path, _, query = target.partition("?")
            if path == "/stamps":
                client.sendall(reply(notes.take()))
                continue
            order = json.loads(rest[:size]) if size else dict(parse_qsl(query))
            notes.add(at_ns, order)
            client.sendall(reply(json.dumps({**_ANSWER, "data": {**_DATA, "clOrdID": order["clOrdID"]}}).encode()))


def main() -> None:
    notes = Notes()
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            client, _ = server.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=serve, args=(client, notes), daemon=True).start()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
    sys.exit(0)
