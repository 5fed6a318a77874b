"""Frames that a WebSocket has received already and nobody has asked for: they are taken at once, where each ``receive`` would
pass through a chain of waits that have nothing to wait for.

After a read gate has opened there are dozens. Like the gate this touches an attribute of aiohttp which is not public; where it is
missing nothing is ever waiting, and frames come one by one. Every message still leaves by the queue's own ``read``, which
keeps count of what the queue holds: taken past it, the connection would stall (aiohttp 3.14.4 and newer).
"""

from __future__ import annotations

from collections import deque
from typing import Any

import aiohttp
from aiohttp import WSMsgType

_TEXT, _BINARY = WSMsgType.TEXT, WSMsgType.BINARY

MOST = 256
"""Most frames taken at once."""

FIRST = 4
"""Most frames taken at once before it is known what one costs."""


class Backlog:
    """What waits in one WebSocket's queue."""

    __slots__ = ("_most", "_read", "_waiting")

    def __init__(self, ws: aiohttp.ClientWebSocketResponse[Any]) -> None:
        reader = getattr(ws, "_reader", None)
        waiting = getattr(reader, "_buffer", None)
        self._waiting: deque[tuple[Any, int]] = waiting if isinstance(waiting, deque) else deque()
        self._read = getattr(reader, "read", None)
        self._most = FIRST

    async def take(self, frames: list[bytes]) -> None:
        """Add the frames that wait, as many as are allowed, and none behind a message that is no frame; never waits itself."""
        waiting, read = self._waiting, self._read
        if read is None:
            return
        for _ in range(min(len(waiting), self._most)):
            kind = waiting[0][0].type
            if kind is not _TEXT and kind is not _BINARY:
                return
            frames.append((await read()).data)

    def allow(self, count: int, took_ns: int, goal_ns: int) -> None:
        """Learn that ``count`` frames took so long; from now on so many are taken as fit into ``goal_ns``, whatever is done with
        a frame: keys and orders must not wait."""
        if took_ns > goal_ns:
            self._most = max(0, count * goal_ns // took_ns - 1)
        elif count > self._most // 2:
            self._most = min(MOST, self._most * 2 + 1)
