"""Real sockets for the network tests: servers on loopback, two tiny dialects, and a watcher of events."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from aiohttp import web

from tui_trader.core.clock import SystemClock
from tui_trader.core.event import Event, LinkChanged, Notice, PongReceived, Subscribed, Unreadable
from tui_trader.net.limiter import Limiter
from tui_trader.net.rest import RestClient
from tui_trader.net.session import Session
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import (
    Channel,
    Credential,
    Lane,
    Outcome,
    Reply,
    Request,
    RequestKind,
    Subscription,
    Verdict,
)

CERTS = Path(__file__).parent / "certs"
LIMIT_S = 5.0
"""Nothing in these tests takes this long unless it is broken."""


class Exchange:
    """An OrderDialect of one sentence: status 2xx is an ACK, 429 is LIMITED, anything else is UNKNOWN."""

    def __init__(self) -> None:
        self.signed: list[tuple[str, bytes, int]] = []
        self.told: Mapping[str, tuple[int, int]] = {}

    def sign(self, request: Request, credential: Credential, wall_ns: int) -> Mapping[str, str]:
        self.signed.append((request.target, request.body, wall_ns))
        return {"x-key": credential.key, "x-signature": f"{credential.secret.reveal()}:{request.target}"}

    def server_time(self) -> Request:
        return Request(RequestKind.READ, "server_time", "GET", "/time", signed=False, group="other")

    def parse(self, request: Request, reply: Reply) -> Verdict:
        if reply.status == 429:
            return Verdict(Outcome.LIMITED, retry_after_s=float(reply.headers.get("retry-after", "0")))
        if reply.status != 200:
            return Verdict(Outcome.UNKNOWN, str(reply.status))
        if request.what == "server_time":
            return Verdict(Outcome.ACK, server_ns=int(reply.body))
        return Verdict(Outcome.ACK, text=reply.body.decode())

    def limits(self, reply: Reply) -> Mapping[str, tuple[int, int]]:
        return self.told


class Feed:
    """A FeedDialect of words: ``login``, ``sub book``, ``unsub book``, ``ping``; anything unknown it hears is a Notice."""

    def __init__(self, lane: Lane = Lane.PUBLIC, heartbeat_s: float = 0.05, silence_s: float = 2.0) -> None:
        self.lane = lane
        self.heartbeat_s = heartbeat_s
        self.silence_s = silence_s
        self.resets = 0
        self.logins: list[int] = []

    def login(self, wall_ns: int) -> list[bytes]:
        self.logins.append(wall_ns)
        return [b"login s3cret"] if self.lane is Lane.PRIVATE else []

    def subscribe(self, subscriptions: Sequence[Subscription]) -> list[bytes]:
        return [f"sub {each.channel}".encode() for each in subscriptions]

    def unsubscribe(self, subscriptions: Sequence[Subscription], remaining: Sequence[Subscription]) -> list[bytes]:
        return [f"unsub {each.channel}".encode() for each in subscriptions]

    def heartbeat(self) -> list[bytes]:
        return [b"ping"]

    def receive(self, frame: bytes, at_ns: int) -> list[Event]:
        assert type(frame) is bytes
        word, _, rest = frame.partition(b" ")
        match word:
            case b"pong":
                return [PongReceived("test", self.lane, at_ns)]
            case b"login":
                return [Subscribed("test", self.lane, 1, rest == b"ok", rest.decode(), is_login=True)]
            case b"sub" | b"unsub":
                return [Subscribed("test", self.lane, 2, rest == b"ok", rest.decode())]
            case b"garbage":
                return [Unreadable("test", "garbage", frame.hex())]
            case b"quiet":
                return []
            case b"bug":
                raise LookupError("a bug in the dialect")
        return [Notice(frame.decode(), at_ns=at_ns)]

    def reset(self) -> None:
        self.resets += 1

    def list_instruments(self, instruments: Sequence[Any]) -> None:
        return


class Watcher:
    """Collects events and lets a test wait for one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    def __call__(self, events: list[Event]) -> None:
        self.events += events
        for done, waiter in self._waiters:
            if not waiter.done() and done():
                waiter.set_result(None)

    @property
    def links(self) -> list[LinkChanged]:
        return [event for event in self.events if isinstance(event, LinkChanged)]

    @property
    def states(self) -> list[str]:
        return [event.state.value for event in self.links]

    @property
    def words(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Notice)]

    async def until(self, done: Callable[[], bool]) -> None:
        if done():
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append((done, waiter))
        async with asyncio.timeout(LIMIT_S):
            await waiter


class Soon(Random):
    """A rng whose every uniform draw is a thousandth into its range: reconnects without the waiting."""

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) / 1000


def server_tls(name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTS / f"{name}.pem")
    return context


class Ground:
    """Opens servers, clients and sessions for one test and closes them all."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.clock = SystemClock()
        self.lost: list[tuple[Request, Verdict]] = []
        self.failures: list[BaseException] = []

    async def raw(
        self, handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], tls: ssl.SSLContext | None = None
    ) -> int:
        """Serve a raw TCP handler; return its port. Connections are aborted at the end."""
        writers: list[asyncio.StreamWriter] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await handler(reader, writer)

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)

        def stop() -> None:
            server.close()
            for writer in writers:
                writer.transport.abort()

        self._stack.callback(stop)
        return int(server.sockets[0].getsockname()[1])

    async def web(
        self, handler: Callable[[web.Request], Awaitable[web.StreamResponse]], tls: ssl.SSLContext | None = None
    ) -> int:
        """Serve an aiohttp handler for every path; return its port."""
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", handler)
        runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        return int(runner.addresses[0][1])

    async def ws(self, talk: Callable[[web.WebSocketResponse], Awaitable[None]], tls: ssl.SSLContext | None = None) -> int:
        """Serve a WebSocket conversation; return its port."""

        async def handler(request: web.Request) -> web.StreamResponse:
            socket = web.WebSocketResponse(timeout=0.1)
            await socket.prepare(request)
            await talk(socket)
            return socket

        return await self.web(handler, tls)

    async def client(self, port: int, *, scheme: str = "http", limiter: Limiter | None = None, **settings: Any) -> RestClient:
        """Open a RestClient for a loopback port."""
        limiter = limiter or Limiter({"contract": (1000, 60.0), "other": (1000, 60.0)}, self.clock)
        client = RestClient(
            f"{scheme}://127.0.0.1:{port}",
            hosts={"127.0.0.1"},
            clock=self.clock,
            limiter=limiter,
            on_lost=lambda request, verdict: self.lost.append((request, verdict)),
            ca_file=str(CERTS / "ca.pem"),
            **settings,
        )
        return await self._stack.enter_async_context(client)

    def session(
        self, port: int, feed: Feed, watcher: Watcher, *, scheme: str = "ws", path: str = "/", **settings: Any
    ) -> Session:
        """Start a Session against a loopback port."""
        session = Session(
            feed,
            f"{scheme}://127.0.0.1:{port}{path}",
            venue="test",
            hosts={"127.0.0.1"},
            clock=self.clock,
            on_events=watcher,
            ca_file=str(CERTS / "ca.pem"),
            **{"rng": Soon(), **settings},
        )
        self._stack.push_async_callback(session.close)
        return session


@pytest.fixture
async def ground() -> AsyncIterator[Ground]:
    async with AsyncExitStack() as stack:
        yield Ground(stack)


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def make_feed() -> type[Feed]:
    return Feed


@pytest.fixture
def good_tls() -> ssl.SSLContext:
    return server_tls("good")


@pytest.fixture
def make_tls() -> Callable[[str], ssl.SSLContext]:
    return server_tls


@pytest.fixture
def credential() -> Credential:
    return Credential("key", Secret("secret"))


BOOK = Subscription(Channel.BOOK)
TRADES = Subscription(Channel.TRADES)
ACCOUNT = Subscription(Channel.ACCOUNT)


@pytest.fixture
def conftest_ca() -> str:
    return str(CERTS / "ca.pem")
