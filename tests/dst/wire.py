"""The network of one process, in memory: what ``aiohttp`` is to the shipping client, with a fate for every request and frame."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

import aiohttp
from aiohttp import WSMsgType
from yarl import URL

from tests.dst.grounds import Create, Kind
from tests.dst.loop import VirtualLoop
from tests.dst.published import Published
from tests.dst.venue import Venue
from tests.dst.weather import Fate, Roll, Way, Weather
from tui_trader.net.endpoint import Interrupted
from tui_trader.sim.masks.base import Handshaking, RestCall, RestReply

MOST_LATE_S = 14.0
"""Longer than a signed create may live."""

_UNEXECUTED = (Fate.LOST, Fate.CUT_BEFORE, Fate.ERROR_BEFORE, Fate.LIMITED)
_PAGE = b"<html><body><h1>something is wrong</h1></body></html>"


class Road:
    """What every run of the program sends over. What has left keeps going when the program dies."""

    def __init__(self, loop: VirtualLoop, venue: Venue, weather: Weather) -> None:
        self.loop = loop
        self.venue = venue
        self.weather = weather
        self.sockets_made = 0
        self._underway: dict[int, tuple[asyncio.TimerHandle, Callable[..., object], tuple[Any, ...]]] = {}
        self._count = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing is on its way any more."""
        return not self._underway

    def send(self, at_s: float, arrive: Callable[..., object], *cargo: Any) -> None:
        """Have something arrive at a time; what arrives at the same time keeps its order."""
        self._count += 1
        timer = self.loop.call_at(at_s, self._arrive, self._count)
        self._underway[self._count] = (timer, arrive, cargo)

    def hurry(self) -> None:
        """Have everything arrive now."""
        for number in tuple(self._underway):
            self._underway[number][0].cancel()
            self._arrive(number)

    def _arrive(self, number: int) -> None:
        _, arrive, cargo = self._underway.pop(number)
        arrive(*cargo)


class Line:
    """Everything that one run of the program is connected by; a crash cuts it."""

    def __init__(self, road: Road, on_create: Callable[[Create], None]) -> None:
        self.alive = True
        self.down = False
        """An outage: nobody can be reached."""
        self.sockets: dict[Socket, None] = {}  # a set would be walked in an order that no seed decides
        self.creates: Counter[str] = Counter()
        """Creates that the client sent, by client id."""
        self.cut_short = False
        """Whether a frame of the private stream came through in part."""
        self.streaming_since_s: float | None = None
        """Since when the private stream has been unbroken; None while there is none."""
        self.road = road
        self.loop = road.loop
        self.venue = road.venue
        self.weather = road.weather
        self._on_create = on_create
        self._deaf_from = 0

    def open_client(self, url: URL, timeout: aiohttp.ClientTimeout, ca_file: str | None = None) -> Client:
        """Stand in for ``endpoint.open_client``."""
        return Client(self, timeout)

    def sever(self) -> None:
        """Cut every socket."""
        for socket in tuple(self.sockets):
            socket.cut()

    def mute(self) -> None:
        """Make every socket half-open, and lose the answers that are under way."""
        for socket in self.sockets:
            socket.muted = True
        self.streaming_since_s = None

    def lose_answers(self) -> None:
        """Hear none of the answers to what was sent so far; what was sent arrives."""
        self._deaf_from += 1

    def sleep(self) -> None:
        """Be suspended: what was sent arrives, nothing comes back, and every socket is half-open."""
        self.lose_answers()
        self.road.hurry()
        self.mute()

    async def exchange(self, call: RestCall, timeout_s: float) -> RestReply:
        """Send one request to whatever fate it has; raises what aiohttp raises."""
        weather, loop = self.weather, self.loop
        ground = self.venue.ground
        for made in ground.creates(call):
            self.creates[made.client_id] += 1
            self._on_create(made)
        roll = weather.roll(f"{call.method} {call.path} {ground.reference(call)}")
        fate = Fate.CLEAN if ground.is_public(call) else weather.fate(roll)
        if not self.alive or self.down or fate is Fate.REFUSED:
            await asyncio.sleep(roll.between(2, 0.001, 0.03))
            raise refused()
        answer: asyncio.Future[RestReply] = loop.create_future()
        if fate not in _UNEXECUTED:
            way_s = roll.between(2, 0.001, 0.03)
            if fate in (Fate.SLOW_REQUEST, Fate.ERROR_THEN):
                way_s += roll.between(4, 0.3, MOST_LATE_S)
            self.road.send(loop.now_s + way_s, self._arrive, call, fate, roll, answer, self._deaf_from)
        if fate in (Fate.ERROR_BEFORE, Fate.ERROR_THEN):
            self._answer(answer, RestReply(_status(roll), _PAGE), roll)
        elif fate is Fate.LIMITED:
            self._answer(answer, ground.limited(), roll)
        elif fate is Fate.CUT_BEFORE:
            loop.call_later(roll.between(3, 0.001, 0.03), _break, answer)
        timer = loop.call_later(timeout_s, _give_up, answer)
        try:
            return await answer
        finally:
            timer.cancel()

    def _arrive(self, call: RestCall, fate: Fate, roll: Roll, answer: asyncio.Future[RestReply], deaf_from: int) -> None:
        """Execute a request at the venue, and send the answer back as its fate has it."""
        reply = self.venue.rest(call)
        late_s = 0.0
        match fate:
            case Fate.DOUBLED if not self.venue.ground.is_nameless(call):
                again = self.venue.rest(call)
                # One that the venue has no room for is not what the box hands on: it has an answer already.
                reply = reply if self.venue.ground.is_limited(again) else again
            case Fate.REPLY_LOST | Fate.ERROR_THEN:
                return
            case Fate.CUT_AFTER:
                self.loop.call_later(roll.between(3, 0.001, 0.03), _break, answer)
                return
            case Fate.ERROR_AFTER:
                reply = RestReply(_status(roll), _PAGE)
            case Fate.TRUNCATED:
                reply = RestReply(reply.status, reply.body[: roll.pick(4, max(1, len(reply.body)))], reply.headers)
            case Fate.GARBAGE:
                reply = RestReply(200, _PAGE)
            case Fate.SLOW_REPLY:
                late_s = roll.between(4, 0.3, 6.0)
            case _:
                pass
        if deaf_from == self._deaf_from:
            self._answer(answer, reply, roll, late_s)

    def _answer(self, answer: asyncio.Future[RestReply], reply: RestReply, roll: Roll, late_s: float = 0.0) -> None:
        self.loop.call_later(roll.between(3, 0.001, 0.03) + late_s, self._hear, answer, reply, self._deaf_from)

    def _hear(self, answer: asyncio.Future[RestReply], reply: RestReply, deaf_from: int) -> None:
        if deaf_from == self._deaf_from and not answer.done():
            answer.set_result(reply)


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
        line.road.sockets_made += 1
        number = line.road.sockets_made
        await asyncio.sleep(0.001 + number % 7 / 250)
        if not line.alive or line.down:
            raise refused()
        socket = Socket(line, number)
        mask = line.venue.mask
        if isinstance(mask, Handshaking) and (status := mask.handshake(url.query_string)):
            where: Any = SimpleNamespace(real_url=url)
            raise aiohttp.WSServerHandshakeError(where, (), status=status)
        if mask.admit(socket.peer):
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
    """The client's end of a WebSocket; frames keep their order, as TCP keeps it, unless the venue itself mixes them up."""

    def __init__(self, line: Line, number: int) -> None:
        self.close_code: int | None = None
        self.muted = False
        """Half-open: nothing comes through any more and nobody says so."""
        self.peer = _Peer(self, number)
        self.published = Published(line.venue.exchange.instruments, line.venue.ground)
        self.misled: set[str] = set()
        """Symbols of which a frame was lost or overtaken: their book may be wrong until the next snapshot."""
        self._opened: set[str] = set()
        """Private topics whose first frame has come through whole: a family of contracts each."""
        self._unopened: set[str] = set()
        """Those whose first frame was cut short: nothing tells the client that they stream before the next one comes whole."""
        self._line = line
        self._inbox: deque[Message] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._in_s = self._out_s = 0.0
        self._gone = False
        self._held: bytes | None = None

    async def receive(self) -> Message:
        """Wait for the next frame."""
        while not self._inbox:
            self._reader = self._line.loop.create_future()
            await self._reader
        return self._inbox.popleft()

    async def send_frame(self, frame: bytes, kind: WSMsgType) -> None:
        """Send a frame on its way."""
        if self._gone:
            raise aiohttp.ClientConnectionResetError("gone")
        self._out_s = max(self._out_s, self._line.loop.now_s + 0.004)
        self._line.loop.call_at(self._out_s, self._arrive, frame)

    async def close(self) -> None:
        """Hang up."""
        self.cut()

    def cut(self) -> None:
        """End the connection without a goodbye; what is under way is lost."""
        if not self._gone:
            self._gone = True
            self.close_code = 1006
            if self._opened:
                self._line.streaming_since_s = None
            self._line.sockets.pop(self, None)
            self._line.venue.depart(self.peer)
            self._put(Message(WSMsgType.CLOSED))

    def push(self, payload: bytes, topic: str) -> None:
        """Let a frame of the venue travel."""
        if self._gone:
            return
        ground, weather = self._line.venue.ground, self._line.weather
        kind, symbol = ground.kind(topic, payload)
        opened = ground.opened(topic, payload)
        opening = bool(opened) and opened not in self._opened
        if kind is Kind.OWN:
            roll = weather.roll(f"private frame of connection {self.peer.number}")
            way = weather.way(roll, private=True)
        elif kind is Kind.BOOK:
            snapshot = self.published.tell(payload)
            roll = weather.roll(f"{symbol} book frame of connection {self.peer.number}")
            way = Way.CLEAN if snapshot and ground.is_seed else weather.way(roll, private=False)
            if snapshot and ground.is_seed:
                self._deliver_at(0.005, payload, symbol)
                return
            if ground.blind and way in (Way.DROPPED, Way.SWAPPED):
                self.misled.add(symbol)
        else:
            self._deliver_at(0.005, payload)
            if opening:
                self._opened.add(opened)
                self._line.streaming_since_s = self._in_s if len(self._opened) == ground.opens else None
            return
        travel_s = roll.between(2, 0.001, 0.03)
        match way:
            case Way.LATE:
                self._deliver_at(travel_s + roll.between(3, 0.3, 4.0), payload)
            case Way.TWICE:
                self._deliver_at(travel_s, payload)
                self._deliver_at(travel_s, payload)
            case Way.AGAIN:
                self._deliver_at(travel_s, payload)
                self._line.road.send(self._in_s + roll.between(3, 0.3, 20.0), self._deliver, payload)
            case Way.DROPPED:
                pass
            case Way.SWAPPED:
                self._held = payload
            case Way.TRUNCATED:
                self._deliver_at(travel_s, payload[: roll.pick(3, len(payload))])
                self._line.cut_short |= opening or bool(self._opened)
            case _:
                self._deliver_at(travel_s, payload)
        if opening and way is Way.TRUNCATED:
            self._unopened.add(opened)
        elif opening:
            self._opened.add(opened)
            self._unopened.discard(opened)
        if opening or (self._opened and kind is Kind.OWN and way is Way.TRUNCATED):
            # What was said before then, or with this one, is not known.
            self._line.streaming_since_s = None if self._unopened else self._in_s

    def _deliver_at(self, delay_s: float, payload: bytes, healed: str = "") -> None:
        """Deliver after a while and not before what was sent earlier; then the frame that this one overtook."""
        loop = self._line.loop
        self._in_s = max(self._in_s, loop.now_s + delay_s)
        self._line.road.send(self._in_s, self._deliver, payload, healed)
        if self._held is not None:
            held, self._held = self._held, None
            self._line.road.send(self._in_s, self._deliver, held)

    def _deliver(self, payload: bytes, healed: str = "") -> None:
        if not self._gone and not self.muted:
            self.misled.discard(healed)
            self._put(Message(WSMsgType.TEXT if payload[:1] in b"{[" else WSMsgType.BINARY, payload))

    def _arrive(self, frame: bytes) -> None:
        if not self._gone and not self.muted:
            self._line.venue.receive(self.peer, frame)

    def _put(self, message: Message) -> None:
        self._inbox.append(message)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


class _Peer:
    """The venue's end of a socket."""

    def __init__(self, socket: Socket, number: int) -> None:
        self.number = number
        self._socket = socket

    def send(self, payload: bytes, topic: str = "", *, binary: bool = False) -> None:
        self._socket.push(payload, topic)

    def close(self, code: int, reason: str) -> None:
        self._socket.cut()


def refused() -> aiohttp.ClientConnectorError:
    """Return what aiohttp raises when nobody listens."""
    where: Any = SimpleNamespace(host="127.0.0.1", port=1, ssl=True)
    return aiohttp.ClientConnectorError(where, ConnectionRefusedError(111, "Connection refused"))


def _status(roll: Roll) -> int:
    return (500, 502, 503, 504)[roll.pick(5, 4)]


def _break(answer: asyncio.Future[RestReply]) -> None:
    if not answer.done():
        answer.set_exception(Interrupted("the connection broke"))


def _give_up(answer: asyncio.Future[RestReply]) -> None:
    if not answer.done():
        answer.set_exception(TimeoutError())
