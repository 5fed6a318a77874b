"""What the server and a mask owe each other: requests in, replies and frames out.

A mask is one venue's server side, synchronous and pure of sockets: it may not import aiohttp or asyncio, nor anything the
client translates with. The server moves the bytes and owns the time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from tui_trader.core.clock import Clock
from tui_trader.sim.exchange import Exchange


@dataclass(frozen=True, slots=True)
class RestCall:
    """One HTTP request as it came off the wire."""

    method: str
    path: str
    """Raw path, without host and ``?``."""
    query: str
    """Raw query text, exactly as sent, without ``?``."""
    headers: Mapping[str, str]
    """Case-insensitive in practice: the server hands over its own multi-dict."""
    body: bytes
    peer: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class RestReply:
    """One HTTP answer."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Peer(Protocol):
    """One WebSocket client as a mask sees it."""

    number: int
    """Counts connections from one; names the client in events."""

    def send(self, payload: bytes, topic: str = "", *, binary: bool = False) -> None:
        """Queue one frame, of text unless it is ``binary``; ``topic`` is the kind of push, for fault rules."""

    def close(self, code: int, reason: str) -> None:
        """Say goodbye and drop the connection."""


@dataclass(frozen=True, slots=True)
class Key:
    """An API key of the simulator; the secret protects nothing."""

    key: str
    secret: str
    account: str


Notify = Callable[[dict[str, Any]], None]
"""Receives one flat dictionary for each thing worth a line in the event log."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a mask is built with."""

    exchange: Exchange
    keys: dict[str, Key]
    """By key id; the server may add to it."""
    clock: Clock
    """The gateway's clock: expiry of signatures and ``/public/time``. Market time is the exchange's."""
    notify: Notify
    limits: bool = True
    """Whether rate limits are enforced."""
    shared_limits: bool = False
    """Whether all users share one budget besides, as on a venue's testnet."""


@runtime_checkable
class Handshaking(Protocol):
    """What a mask has besides where a venue looks at how a connection is asked for."""

    def handshake(self, query: str) -> int:
        """Return the HTTP status that a connection is refused with; 0 where it is welcome."""


class Mask(Protocol):
    """One venue's server side."""

    ws_path: str
    """Path of the venue's WebSocket endpoint."""
    idle_s: float
    """A client silent for longer is dropped."""

    def signed(self, call: RestCall) -> bool:
        """Whether ``call`` carries credentials: in lockstep each such call moves the exchange by one step."""

    def rest(self, call: RestCall) -> RestReply:
        """Execute one request and return its answer; what it caused is published by the next ``flush``."""

    def admit(self, peer: Peer) -> str:
        """Register a new WebSocket client; returns why it is refused, empty when it is welcome."""

    def receive(self, peer: Peer, frame: bytes) -> None:
        """Take one frame of a client and answer it."""

    def depart(self, peer: Peer) -> None:
        """Forget a client."""

    def flush(self) -> None:
        """Publish everything the exchange did since the last call."""
