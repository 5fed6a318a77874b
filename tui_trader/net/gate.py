"""The read gate: after a batch of frames, stop reading for some milliseconds and let the kernel collect the next batch.

At live rates more than nine tenths of the cost of a feed is waking up for each TCP segment, not reading what is in it; a
10 ms gate takes a 5,000 messages/s TLS feed to less than a third of the CPU. For public market data only: own fills must not
wait. This is the one place that touches attributes of aiohttp and asyncio which are not public; where they are missing there
is no gate, and nothing else changes.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp


class ReadGate:
    """Opens and shuts one transport's reading side."""

    def __init__(self, transport: asyncio.ReadTransport, delay_s: float, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._delay_s = delay_s
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_shut(self) -> bool:
        """Whether reading is held back now."""
        return self._timer is not None

    def shut(self) -> None:
        """Hold reading back until the delay is over; nothing happens while it is held back already."""
        if self._timer is None:
            self._transport.pause_reading()
            self._timer = self._loop.call_later(self._delay_s, self.open)

    def open(self) -> None:
        """Let reading go on now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            if not self._transport.is_closing():
                self._transport.resume_reading()


def attach(ws: aiohttp.ClientWebSocketResponse[Any], delay_s: float) -> ReadGate | None:
    """Return a gate for ``ws``, or None when ``delay_s`` is 0 or the transport cannot be reached.

    With TLS the gate must sit below the encryption: pausing the TLS transport still wakes up for and decrypts every segment.
    """
    if delay_s <= 0:
        return None
    connection = getattr(getattr(ws, "_response", None), "connection", None)
    transport = getattr(connection, "transport", None)
    encryption = getattr(transport, "_ssl_protocol", None)
    if encryption is not None:
        transport = getattr(encryption, "_transport", None)
    if not isinstance(transport, asyncio.ReadTransport):
        return None
    return ReadGate(transport, delay_s, asyncio.get_running_loop())
