"""The network of one process, in memory: what ``aiohttp`` is to the shipping client, with a fate for every request."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

import aiohttp
import orjson
from aiohttp import WSMsgType
from yarl import URL

from tests.dst.loop import VirtualLoop
from tests.dst.venue import Venue
from tests.dst.weather import Fate, Weather
from tui_trader.net.endpoint import Interrupted
from tui_trader.sim.masks.base import RestCall, RestReply

MOST_LATE_S = 14.0
"""Longer than a signed create may live."""

_UNEXECUTED = (Fate.LOST, Fate.CUT_BEFORE, Fate.ERROR_BEFORE, Fate.LIMITED)
_PAGE = b"<html><body><h1>something is wrong</h1></body></html>"


class Line:
    """Everything that one run of the program is connected by; a crash cuts it and what has left keeps going."""

    def __init__(self, loop: VirtualLoop, venue: Venue, weather: Weather, on_create: Callable[[dict[str, Any]], None]) -> None:
        self.alive = True
        self.down = False
        """An outage: nobody can be reached."""
        self.sockets: dict[Socket, None] = {}  # a set would be walked in an order that no seed decides
        self.creates: Counter[str] = Counter()
        """Creates that the client sent, by client id."""
        self.loop = loop
        self.venue = venue
        self.weather = weather
        self._on_create = on_create
        self._numbers = 0

    def open_client(self, url: URL, timeout: aiohttp.ClientTimeout, ca_file: str | None = None) -> Client:
        """Stand in for ``endpoint.open_client``."""
        return Client(self, timeout)

    def sever(self) -> None:
        """Cut every socket."""
        for socket in tuple(self.sockets):
            socket.cut()

    def number(self) -> int:
        """Return the next connection's number."""
        self._numbers += 1
        return self._numbers

    async def exchange(self, call: RestCall, timeout_s: float) -> RestReply:
        """Send one request to whatever fate it has; raises what aiohttp raises."""
        weather, private = self.weather, not call.path.startswith("/public/")
        if (call.method, call.path) == ("POST", "/g-orders"):
            body = orjson.loads(call.body)
            self.creates[body["clOrdID"]] += 1
            self._on_create(body)
        fate = weather.fate() if private else Fate.CLEAN
        if not self.alive or self.down:
            fate = Fate.REFUSED
        if fate is Fate.REFUSED:
            await asyncio.sleep(weather.latency_s())
            raise refused()
        answer: asyncio.Future[RestReply] = self.loop.create_future()
        way_s = weather.latency_s() + (weather.late_s(MOST_LATE_S) if fate in (Fate.SLOW_REQUEST, Fate.ERROR_THEN) else 0.0)
        if fate not in _UNEXECUTED:
            self.loop.call_later(way_s, self._arrive, call, fate, answer)
        if fate in (Fate.ERROR_BEFORE, Fate.ERROR_THEN):
            self._answer(answer, RestReply(weather.status(), _PAGE))
        elif fate is Fate.LIMITED:
            self._answer(answer, RestReply(429, b'{"code":"39995","msg":"Too many requests."}', {"retry-after": "1"}))
        elif fate is Fate.CUT_BEFORE:
            self.loop.call_later(weather.latency_s(), _break, answer)
        async with asyncio.timeout(timeout_s):
            return await answer

    def _arrive(self, call: RestCall, fate: Fate, answer: asyncio.Future[RestReply]) -> None:
        """Execute a request at the venue, and send the answer back as its fate has it."""
        weather = self.weather
        reply = self.venue.rest(call)
        match fate:
            case Fate.DOUBLED:
                reply = self.venue.rest(call)
            case Fate.REPLY_LOST | Fate.ERROR_THEN:
                return
            case Fate.CUT_AFTER:
                self.loop.call_later(weather.latency_s(), _break, answer)
                return
            case Fate.ERROR_AFTER:
                reply = RestReply(weather.status(), _PAGE)
            case Fate.TRUNCATED:
                reply = RestReply(reply.status, reply.body[: weather.part(len(reply.body))], reply.headers)
            case Fate.GARBAGE:
                reply = RestReply(200, _PAGE)
            case _:
                pass
        self._answer(answer, reply, weather.late_s(6.0) if fate is Fate.SLOW_REPLY else 0.0)

    def _answer(self, answer: asyncio.Future[RestReply], reply: RestReply, late_s: float = 0.0) -> None:
        self.loop.call_later(self.weather.latency_s() + late_s, _resolve, answer, reply)


class Client:
    """What the shipping code takes for an ``aiohttp.ClientSession``."""

    def __init__(self, line: Line, timeout: aiohttp.ClientTimeout) -> None:
        self._line = line
        self._timeout_s = timeout.total or 5.0

    def request(
        self, method: str, url: URL, *, data: bytes | None, headers: Mapping[str, str], allow_redirects: bool
    ) -> _Exchange:
        """Return the context of one request."""
        call = RestCall(method, url.raw_path, url.raw_query_string, dict(headers), data or b"")
        return _Exchange(self._line, call, self._timeout_s)

    async def ws_connect(self, url: URL, **_: Any) -> Socket:
        """Open a socket."""
        line = self._line
        await asyncio.sleep(line.weather.latency_s())
        if not line.alive or line.down:
            raise refused()
        socket = Socket(line)
        if line.venue.mask.admit(socket.peer):
            raise refused()
        line.sockets[socket] = None
        return socket

    async def close(self) -> None:
        """Do nothing: there is nothing to close."""


class _Exchange:
    """``async with client.request(...)``."""

    def __init__(self, line: Line, call: RestCall, timeout_s: float) -> None:
        self._line, self._call, self._timeout_s = line, call, timeout_s

    async def __aenter__(self) -> Response:
        return Response(await self._line.exchange(self._call, self._timeout_s))

    async def __aexit__(self, *_: object) -> None:
        return None


class Response:
    """An answer whose body comes in one piece."""

    def __init__(self, reply: RestReply) -> None:
        self.status = reply.status
        self.headers = reply.headers
        self.content = self
        self._body = reply.body

    async def readany(self) -> bytes:
        """Return the body, then nothing."""
        body, self._body = self._body, b""
        return body

    def close(self) -> None:
        """Do nothing."""


class Message(NamedTuple):
    """A frame as aiohttp hands it over."""

    type: WSMsgType
    data: bytes = b""
    extra: str = ""


class Socket:
    """The client's end of a WebSocket; frames keep their order, as TCP keeps it."""

    def __init__(self, line: Line) -> None:
        self.close_code: int | None = None
        self.muted = False
        """Half-open: nothing comes through any more and nobody says so."""
        self.peer = _Peer(self, line.number())
        self._line = line
        self._inbox: deque[Message] = deque()
        self._wake = asyncio.Event()
        self._in_s = self._out_s = 0.0
        self._gone = False

    async def receive(self) -> Message:
        """Wait for the next frame."""
        while not self._inbox:
            self._wake.clear()
            await self._wake.wait()
        return self._inbox.popleft()

    async def send_frame(self, frame: bytes, kind: WSMsgType) -> None:
        """Send a frame on its way."""
        if self._gone:
            raise aiohttp.ClientConnectionResetError("gone")
        self._out_s = max(self._out_s, self._line.loop.time() + self._line.weather.latency_s())
        self._line.loop.call_at(self._out_s, self._arrive, frame)

    async def close(self) -> None:
        """Hang up."""
        self.cut()

    def cut(self) -> None:
        """End the connection without a goodbye; what is under way is lost."""
        if not self._gone:
            self._gone = True
            self.close_code = 1006
            self._line.sockets.pop(self, None)
            self._line.venue.mask.depart(self.peer)
            self._put(Message(WSMsgType.CLOSED))

    def push(self, payload: bytes, private: bool) -> None:
        """Let a frame of the venue travel, perhaps late or twice."""
        if self.muted or self._gone:
            return
        loop, weather = self._line.loop, self._line.weather
        delays = weather.frame_delays_s() if private else [weather.latency_s()]
        for index, delay_s in enumerate(delays):
            at_s = loop.time() + delay_s
            if index == 0:
                at_s = self._in_s = max(self._in_s, at_s)
            loop.call_at(max(at_s, self._in_s), self._deliver, payload)

    def _deliver(self, payload: bytes) -> None:
        if not self._gone and not self.muted:
            self._put(Message(WSMsgType.TEXT, payload))

    def _arrive(self, frame: bytes) -> None:
        if not self._gone and not self.muted:
            self._line.venue.receive(self.peer, frame)

    def _put(self, message: Message) -> None:
        self._inbox.append(message)
        self._wake.set()


class _Peer:
    """The venue's end of a socket."""

    def __init__(self, socket: Socket, number: int) -> None:
        self.number = number
        self._socket = socket

    def send(self, payload: bytes, topic: str = "") -> None:
        self._socket.push(payload, private=topic == "aop_p")

    def close(self, code: int, reason: str) -> None:
        self._socket.cut()


def refused() -> aiohttp.ClientConnectorError:
    """Return what aiohttp raises when nobody listens."""
    where: Any = SimpleNamespace(host="127.0.0.1", port=1, ssl=True)
    return aiohttp.ClientConnectorError(where, ConnectionRefusedError(111, "Connection refused"))


def _resolve(answer: asyncio.Future[RestReply], reply: RestReply) -> None:
    if not answer.done():
        answer.set_result(reply)


def _break(answer: asyncio.Future[RestReply]) -> None:
    if not answer.done():
        answer.set_exception(Interrupted("the connection broke"))
