"""One WebSocket client of the simulated exchange: a bounded outbox and the task that empties it.

It knows no venue. A client that does not read is cut off rather than waited for: nobody may slow the exchange down.
"""

from __future__ import annotations

import asyncio
from collections import deque

from aiohttp import ClientConnectionResetError, WSMsgType, web

from tui_trader.sim.faults import Action, Faults, Moment

MAX_QUEUED = 2_000
"""Frames waiting for one client before it is cut off: a good second of everything."""


class Link:
    """What a mask holds of a client; implements ``masks.base.Peer``."""

    def __init__(
        self,
        number: int,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        faults: Faults,
        max_queued: int = MAX_QUEUED,
    ) -> None:
        self.number = number
        self.socket = socket
        self._transport = transport
        self.muted = False
        """Whether a fault silenced the server towards this client."""
        self.overrun = False
        """Whether it was cut off for not reading."""
        self._faults = faults
        self._max_queued = max_queued
        self._outbox: deque[tuple[bytes, WSMsgType]] = deque()
        self._wake = asyncio.Event()
        self._goodbye: tuple[int, str] | None = None

    def send(self, payload: bytes, topic: str = "", *, binary: bool = False) -> None:
        """Queue one frame; a full outbox ends the connection."""
        if self._goodbye is not None:
            return
        if self._faults.armed and (rule := self._faults.take(Moment.PUSH, topic)) is not None:
            if rule.action is Action.CUT:
                self.close(1011, "cut")
            if rule.action is Action.MUTE:
                self.muted = True
            return
        if self.muted:
            return
        if len(self._outbox) >= self._max_queued:
            self.overrun = True
            self._outbox.clear()
            self._goodbye = (1008, "slow consumer")
            # A polite close would wait behind the very bytes that are not being read.
            self.abort()
            return
        self._outbox.append((payload, WSMsgType.BINARY if binary else WSMsgType.TEXT))
        self._wake.set()

    def close(self, code: int, reason: str) -> None:
        """Close after what is queued has been written."""
        if self._goodbye is None:
            self._goodbye = (code, reason)
            self._wake.set()

    @property
    def closing(self) -> bool:
        """Whether the server decided to end this connection."""
        return self._goodbye is not None

    def abort(self) -> None:
        """Break the connection without a goodbye."""
        if self._transport is not None:
            self._transport.abort()

    async def write(self) -> None:
        """Empty the outbox until the connection ends; run by the server as a task."""
        try:
            while True:
                while self._outbox:
                    await self.socket.send_frame(*self._outbox.popleft())
                if self._goodbye is not None:
                    code, reason = self._goodbye
                    await self.socket.close(code=code, message=reason.encode())
                    return
                self._wake.clear()
                await self._wake.wait()
        except ClientConnectionResetError:
            # The client is gone; its reader notices by itself and departs.
            return
