"""A plain TCP relay to an exchange's REST side that notes when an order's bytes came by.

It runs in threads of the measuring process, which does nothing else at that time, so that the exchange being busy with its
stream does not count.
"""

from __future__ import annotations

import queue
import socket
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

ORDER = (b"POST /g-orders", b"PUT /g-orders/create")


class Tap:
    """Listens on a free loopback port; ``to`` names where to relay before the first client comes."""

    def __init__(self) -> None:
        self.to = ""
        """Base URL of the exchange."""
        self.seen: queue.SimpleQueue[float] = queue.SimpleQueue()
        """Monotonic times at which the first bytes of orders arrived."""
        self._server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The address to give to the client."""
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def close(self) -> None:
        """Stop listening; relays end with their connections."""
        self._server.close()

    def __enter__(self) -> Tap:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                where = urlsplit(self.to)
                exchange = socket.create_connection((where.hostname or "", where.port or 0))
                for end in (client, exchange):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._relay, args=(client, exchange, True), daemon=True).start()
                threading.Thread(target=self._relay, args=(exchange, client, False), daemon=True).start()

    def _relay(self, source: socket.socket, sink: socket.socket, looking: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if looking and data.startswith(ORDER):
                    self.seen.put(time.monotonic())
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
