"""The simulated exchange on a loopback socket: an aiohttp server that owns the exchange's time and lends it a mask.

It moves bytes, time and faults; it knows no venue. In real time one task advances the exchange every 20 ms; in lockstep
the exchange moves by a fixed step for each signed request and stands still otherwise, so that a run over real sockets can
be repeated to the last fill.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import ClientConnectionResetError, WSMsgType, web

from tui_trader.core.clock import NS, Clock, SystemClock, rfc3339
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.faults import Action, Faults, Moment
from tui_trader.sim.ledger import is_house
from tui_trader.sim.link import Link
from tui_trader.sim.masks.base import Handshaking, Key, Mask, RestCall, RestReply, Setting

CADENCE_S = 0.02
"""Seconds between two advances in real time: the finest cadence a venue publishes books at."""

SETUP_NS = 60 * NS
"""An exchange that is less than this behind the wall clock at the start was meant to run on it."""

HELLO = "/sim/hello"
"""Where a client on this machine learns the addresses and the made-up key; the only path that is not the venue's."""

_KEY_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

OnEvent = Callable[[dict[str, Any]], None]


class SimServer:
    """Serves one exchange through one mask on 127.0.0.1 until stopped; runs inside the caller's event loop."""

    def __init__(
        self,
        exchange: Exchange,
        mask_factory: Callable[[Setting], Mask],
        *,
        account: str = "",
        seed: int = 0,
        port: int = 0,
        speed: float = 1.0,
        lockstep: bool = False,
        step_ms: int = 250,
        clock: Clock | None = None,
        faults: Faults | None = None,
        on_event: OnEvent | None = None,
        limits: bool = True,
        shared_limits: bool = False,
        idle_s: float | None = None,
        mint: Callable[[random.Random], tuple[str, str]] | None = None,
    ) -> None:
        """``mint`` makes the id and the secret of a key where they are not any texts."""
        self.exchange = exchange
        self.faults = faults if faults is not None else Faults()
        """Rules consulted at every request and push; add to it at any time."""
        self.receipts: Counter[str] = Counter()
        """HTTP requests received, executed or not, by ``METHOD /path``."""
        self.failed = asyncio.Event()
        """Set when a bug ended the exchange's clock; ``stop`` then raises it."""
        self.speed = speed
        self.lockstep = lockstep
        self._step_ns = step_ms * 1_000_000
        self._clock: Clock = clock if clock is not None else SystemClock()
        self._on_event = on_event
        self._random = random.Random(f"tui-trader-sim-key-{seed}")
        self._mint = mint or _any_key
        self._keys: dict[str, Key] = {}
        self._revoked: dict[str, Key] = {}
        account = account or next((name for name in exchange.accounts if not is_house(name)), "")
        if not account:
            raise ValueError("the exchange has no account to hand a key for")
        first = self.add_key(account)
        self.key, self.secret = first.key, first.secret
        self.mask: Mask = mask_factory(Setting(exchange, self._keys, self._clock, self._tell, limits, shared_limits))
        self._idle_s = idle_s if idle_s is not None else self.mask.idle_s
        self._port = port
        self._links: set[Link] = set()
        self._connections = 0
        self._runner: web.ServerRunner | None = None
        self._ticker: asyncio.Task[None] | None = None
        self._mono_start = 0
        self._sim_start = exchange.now_ns

    # -- life ------------------------------------------------------------------------------------------------------

    async def start(self) -> SimServer:
        """Bind and serve; raises OSError when the port is taken."""
        if self._runner is not None:
            raise RuntimeError("already started")
        runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.3)
        await runner.setup()
        self._runner = runner
        try:
            site = web.TCPSite(runner, "127.0.0.1", self._port)
            await site.start()
        except OSError:
            await runner.cleanup()
            self._runner = None
            raise
        self._port = int(runner.addresses[0][1])
        self._mono_start, self._sim_start = self._clock.mono_ns(), self.exchange.now_ns
        if not self.lockstep:
            # Building an exchange takes a while: one that was told the time before must not lag behind it for ever.
            late = self._clock.wall_ns() - self.exchange.now_ns
            if 0 < late < SETUP_NS:
                self._sim_start += late
            self._ticker = asyncio.get_running_loop().create_task(self._tick(), name="sim-clock")
            self._ticker.add_done_callback(self._ticker_ended)
        self._tell({"event": "start", "rest": self.rest_url, "ws": self.ws_url})
        return self

    async def stop(self) -> None:
        """End every socket and task in well under a second; a bug that ended the clock is raised here."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        ticker, self._ticker = self._ticker, None
        if ticker is not None:
            ticker.cancel()
            await asyncio.wait([ticker])
        for link in tuple(self._links):
            link.close(1001, "going away")
        await runner.cleanup()
        self._tell({"event": "stop", "fill_log": self.exchange.fill_log_hash()})
        if ticker is not None and not ticker.cancelled() and (error := ticker.exception()) is not None:
            raise error

    async def __aenter__(self) -> SimServer:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def port(self) -> int:
        """The port bound; the one asked for until started."""
        return self._port

    @property
    def rest_url(self) -> str:
        """Base address of REST calls, without a trailing slash."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def ws_url(self) -> str:
        """Address of the WebSocket endpoint."""
        return f"ws://127.0.0.1:{self._port}{self.mask.ws_path}"

    @property
    def connections(self) -> int:
        """WebSocket clients connected now."""
        return len(self._links)

    def add_key(self, account: str) -> Key:
        """Make an API key for an account; keys follow from the seed and the order of the calls."""
        name, secret = self._mint(self._random)
        key = Key(name, secret, account)
        self._keys[name] = key
        return key

    def revoke_key(self, name: str) -> None:
        """Accept a key no more until ``restore_key``; connections that it opened stay."""
        self._revoked[name] = self._keys.pop(name)

    def restore_key(self, name: str) -> None:
        """Accept a revoked key again."""
        self._keys[name] = self._revoked.pop(name)

    def cut(self) -> None:
        """Break every WebSocket connection at once, without a goodbye; for tests of reconnection."""
        for link in tuple(self._links):
            link.abort()

    # -- time ------------------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(CADENCE_S)
            self._catch_up()
            self.mask.flush()

    def _catch_up(self) -> None:
        elapsed = self._clock.mono_ns() - self._mono_start
        target = self._sim_start + (elapsed if self.speed == 1.0 else round(elapsed * self.speed))
        # The exchange itself skips a gap too long to be played, so a suspended machine does not wake to minutes of work.
        self.exchange.advance(target)

    def _ticker_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            # A simulator that stands still must not look like a quiet market: drop everybody and say why.
            self.failed.set()
            for link in tuple(self._links):
                link.close(1011, "internal error")
            self._tell({"event": "failure", "error": repr(error)})

    # -- HTTP ------------------------------------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._socket(request, path)
        if path == HELLO:
            return self._hello()
        text = f"{request.method} {path}"
        self.receipts[text] += 1
        body = await request.read()
        call = RestCall(request.method, path, query, request.headers, body, request.remote or "")
        rule = self.faults.take(Moment.REQUEST, text) if self.faults.armed else None
        if rule is None:
            return await self._send(request, self._execute(call))
        self._tell({"event": "fault", "action": str(rule.action), "request": text})
        match rule.action:
            case Action.DELAY_BEFORE:
                await asyncio.sleep(rule.seconds)
                return await self._send(request, self._execute(call))
            case Action.DELAY:
                reply = self._execute(call)
                self.mask.flush()
                await asyncio.sleep(rule.seconds)
                return await self._send(request, reply)
            case Action.DROP_BEFORE:
                return _hang_up(request)
            case Action.DROP_AFTER:
                self._execute(call)
                self.mask.flush()
                return _hang_up(request)
            case Action.ERROR_AFTER:
                self._execute(call)
                self.mask.flush()
                return await self._send(request, _error_page(rule.status))
            case Action.LIMIT:
                reply = RestReply(429, b'{"code":"39995","msg":"Too many requests."}')
                reply.headers["x-ratelimit-retry-after-contract"] = str(rule.retry_after_s)
                reply.headers["x-ratelimit-retry-after"] = str(rule.retry_after_s)
                return await self._send(request, reply)
            case Action.REFUSE:
                return await self._send(request, _error_page(403))
            case _:
                return await self._send(request, _error_page(rule.status))

    def _hello(self) -> web.StreamResponse:
        access = {"rest_url": self.rest_url, "ws_url": self.ws_url, "key": self.key, "secret": self.secret}
        return web.Response(body=orjson.dumps(access), content_type="application/json")

    def _execute(self, call: RestCall) -> RestReply:
        if self.lockstep:
            if self.mask.signed(call):
                self.exchange.advance(self.exchange.now_ns + self._step_ns)
        else:
            self._catch_up()
        return self.mask.rest(call)

    async def _send(self, request: web.BaseRequest, reply: RestReply) -> web.StreamResponse:
        response = web.Response(status=reply.status, body=reply.body, headers=reply.headers, content_type="application/json")
        await response.prepare(request)
        await response.write_eof()
        # The verdict leaves after the answer: a REST reply of a venue is a receipt, not an outcome.
        self.mask.flush()
        return response

    # -- WebSocket -------------------------------------------------------------------------------------------------

    async def _socket(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        if path != self.mask.ws_path:
            return web.Response(status=404)
        if self.faults.armed and (rule := self.faults.take(Moment.CONNECT, path)) is not None:
            return web.Response(status=403 if rule.action is Action.REFUSE else rule.status)
        if isinstance(self.mask, Handshaking) and (status := self.mask.handshake(request.query_string)):
            return web.Response(status=status)
        socket = web.WebSocketResponse(timeout=0.25, compress=False, max_msg_size=1 << 16)
        self._connections += 1
        link = Link(self._connections, socket, request.transport, self.faults)
        refusal = self.mask.admit(link)
        if refusal:
            return web.Response(status=429, text=refusal)
        self._tell({"event": "connect", "client": link.number})
        self._links.add(link)
        writer: asyncio.Task[None] | None = None
        try:
            await socket.prepare(request)
            writer = asyncio.get_running_loop().create_task(link.write(), name=f"sim-link-{link.number}")
            await self._read(link, socket)
        finally:
            self._links.discard(link)
            self.mask.depart(link)
            if writer is not None:
                # A link that said goodbye itself finishes doing so; one that was left has nobody to write to.
                await asyncio.wait([writer], timeout=0.5 if link.closing else 0)
                writer.cancel()
                await asyncio.wait([writer])
                if not writer.cancelled() and (error := writer.exception()) is not None:
                    raise error
            self._tell({"event": "disconnect", "client": link.number, "overrun": link.overrun})
        return socket

    async def _read(self, link: Link, socket: web.WebSocketResponse) -> None:
        while True:
            try:
                message = await socket.receive(timeout=self._idle_s)
            except TimeoutError:
                self._tell({"event": "idle", "client": link.number})
                link.close(1000, "idle")
                return
            if message.type is WSMsgType.TEXT:
                self.mask.receive(link, message.data.encode())
            elif message.type is WSMsgType.BINARY:
                self.mask.receive(link, message.data)
            else:
                return

    def _tell(self, line: dict[str, Any]) -> None:
        if self._on_event is not None:
            self._on_event({"at": rfc3339(self.exchange.now_ns), **line})


def _any_key(dice: random.Random) -> tuple[str, str]:
    name = str(uuid.UUID(int=dice.getrandbits(128), version=4))
    return name, "".join(dice.choice(_KEY_LETTERS) for _ in range(91))


def _error_page(status: int) -> RestReply:
    """An error as an edge proxy words it: not the venue's JSON."""
    return RestReply(status, f"<html><body><h1>{status}</h1></body></html>".encode(), {"x-sim-fault": "1"})


def _hang_up(request: web.BaseRequest) -> web.StreamResponse:
    transport = request.transport
    if transport is not None:
        transport.abort()
    raise ClientConnectionResetError("hung up on purpose")
