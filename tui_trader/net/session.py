"""One WebSocket lane kept alive for a dialect: connect, log in, subscribe, pump, notice silence, connect again.

It knows no venue and keeps no market state. Events are handed over synchronously, frame by frame, so whoever applies them is
their single writer. The lane is LIVE only once the login and every subscription were granted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

import aiohttp
from aiohttp import WSMsgType

from tui_trader.core.clock import NS, Clock
from tui_trader.core.error import TraderError
from tui_trader.core.event import Event, LinkChanged, PongReceived, Subscribed, Unreadable
from tui_trader.core.sanitise import sanitise
from tui_trader.core.turn import TURN
from tui_trader.core.types import LinkState
from tui_trader.net import endpoint, gate, tasks
from tui_trader.net.backlog import Backlog
from tui_trader.net.backoff import SLOW_STEP, Backoff, step_for_close
from tui_trader.net.limiter import Bucket
from tui_trader.net.opening import Opening, Stage
from tui_trader.secrets.redactor import REDACTOR
from tui_trader.venues.base import FeedDialect, Lane, Subscription
from tui_trader.venues.besides import Batching, Negotiating

PUBLIC_GATE_MS = 10
"""Default read gate of public lanes, milliseconds; private lanes have none."""

SLICE_NS = 2_000_000
"""Longest stretch of draining a backlog before keys and orders get a turn."""

TURN_S = 0.001
"""How soon a public lane goes on with its next message after it let a key go first, seconds."""

MAX_FRAME = 4 << 20
"""Largest frame accepted, bytes."""

MAX_DENIED = 3
"""Refused logins in a row after which trying again would only annoy the venue."""

MAX_UNREADABLE = 20
"""Unreadable frames in a row after which the connection is started afresh."""

FRAMES_PER_S = 8
"""Most frames sent in any second; venues allow 10 and more."""

CONNECT_S = 10.0
"""Longest wait for a connection and its handshake, seconds."""

REDACTED = b"(login)"
"""What a recording holds in place of a frame that authenticates."""

_CONTROL = frozenset({Subscribed, PongReceived, Unreadable})


@dataclass(slots=True)
class Traffic:
    """What went through a lane since it was made."""

    frames: int = 0
    bytes: int = 0
    last_frame_ns: int = 0
    """Monotonic time of the last frame received; 0 before the first."""
    reconnects: int = 0
    """Attempts to connect again."""
    heartbeat_rtt_ns: int = 0
    """Last heartbeat's round trip; on a gated lane it includes up to the gate's delay."""


class _Ended(Exception):
    """A connection is over; ``step`` is how patiently to try again, ``denied`` that the login was refused."""

    def __init__(self, reason: str, *, step: int = 0, denied: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.step = step
        self.denied = denied


class Session:
    """Keeps one lane of one venue connected for as long as ``run`` runs."""

    def __init__(
        self,
        dialect: FeedDialect,
        url: str,
        *,
        venue: str,
        hosts: Collection[str],
        clock: Clock,
        rng: Random,
        on_events: Callable[[list[Event]], None],
        server_ns: Callable[[], int] | None = None,
        gate_ms: int | None = None,
        record: Callable[[str, bytes], None] | None = None,
        ca_file: str | None = None,
        private_addresses: bool = False,
        admit: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Check the address against ``hosts``; raise ConfigError when it is not one that may be spoken to.

        ``on_events`` must not await and must not raise. ``server_ns`` is the venue's wall clock for the login. ``record`` gets
        ``"in"`` or ``"out"`` and each frame, logins redacted. A private lane is never gated. ``private_addresses`` lets the name
        of the address lead into a private network. ``admit`` is awaited before each connection: it provides what the login needs,
        and raises a TraderError where that is not to be had.
        """
        self.traffic = Traffic()
        """Counters and the age of the data."""
        self.state = LinkState.DOWN
        """Where the lane stands."""
        self._dialect = dialect
        self._url = endpoint.check_url(url, schemes=("wss", "ws"), hosts=hosts)
        self._trust = endpoint.Trust(ca_file, private_addresses)
        self._venue = venue
        self._receive_batch = dialect.receive_batch if isinstance(dialect, Batching) else None
        self._private = dialect.lane is Lane.PRIVATE
        self._clock = clock
        self._backoff = Backoff(clock, rng)
        self._on_events = on_events
        self._server_ns = server_ns or clock.wall_ns
        self._gate_s = 0.0 if self._private else (PUBLIC_GATE_MS if gate_ms is None else gate_ms) / 1000
        self._record = record
        self._admit = admit
        self._wanted: frozenset[Subscription] = frozenset()
        self._reason = ""
        self._closed = False
        self._runner: asyncio.Task[Any] | None = None
        self._tasks = tasks.TaskSet(self._crash)
        self._pace = Bucket(FRAMES_PER_S, 1.0)
        self._denied = 0
        # Of the present connection:
        self._opening: Opening | None = None
        self._outbox: deque[tuple[bytes, bool]] = deque()
        self._wake = asyncio.Event()
        self._scope: asyncio.Timeout | None = None
        self._ending: _Ended | None = None
        self._bug: BaseException | None = None
        self._beat_ns = 0
        self._garbled = 0

    @property
    def age_ns(self) -> int:
        """How long ago the last frame came, by a clock that counts while the machine sleeps; since ever before the first."""
        return self._clock.mono_ns() - self.traffic.last_frame_ns

    def set_subscriptions(self, subscriptions: Collection[Subscription]) -> None:
        """Choose what to be told about, at any time; a connection that is live is told the difference.

        Raises ValueError for a subscription that belongs on another lane.
        """
        stray = [each for each in subscriptions if each.lane is not self._dialect.lane]
        if stray:
            raise ValueError(f"not for the {self._dialect.lane} lane: {stray}")
        self._wanted = frozenset(subscriptions)
        self._align()

    async def run(self) -> None:
        """Stay connected until ``close``, cancellation, or a login refused three times in a row; may be run again after that.

        Nothing of the wire raises here. A bug in the dialect or in ``on_events`` does, after the lane was shown as down.
        """
        if self._closed:
            return
        self._runner = asyncio.current_task()
        self._denied = 0
        last_words = "closed"
        client = endpoint.open_client(self._url, aiohttp.ClientTimeout(total=None, connect=CONNECT_S), self._trust)
        try:
            while True:
                try:
                    await self._serve(client)
                except _Ended as ending:
                    if self._bug is not None:
                        raise self._bug from None  # the keeper's, while the connection ended anyway
                    self._denied += ending.denied
                    if self._denied >= MAX_DENIED:
                        last_words = f"{ending.reason}; {MAX_DENIED} times in a row, not trying again"
                        return
                    wait_s = self._backoff.next(ending.step)
                    self._move(LinkState.DOWN, f"{ending.reason}; trying again in {wait_s:.1f} s")
                self.traffic.reconnects += 1
                await asyncio.sleep(wait_s)
        except Exception as bug:
            last_words = f"stopped by an internal error ({type(bug).__name__})"
            raise
        finally:
            await client.close()
            self._move(LinkState.DOWN, last_words)

    @property
    def has_given_up(self) -> bool:
        """Whether ``run`` ended by itself: nothing happens any more until it is run again."""
        return not self._closed and self._runner is not None and self._runner.done()

    def renew(self, reason: str) -> None:
        """Give the present connection up for a new one; nothing happens while there is none."""
        self._drop(_Ended(reason))

    def tell(self, frames: list[bytes]) -> bool:
        """Send frames over the present connection; False, and nothing is sent, while none is live."""
        if self.state is not LinkState.LIVE:
            return False
        self._post(frames)
        return True

    async def close(self) -> None:
        """Hang up and end ``run`` within a second."""
        self._closed = True
        if self._runner is not None and self._runner is not asyncio.current_task():
            await tasks.stop(self._runner, 1.0)

    async def _serve(self, client: aiohttp.ClientSession) -> None:
        """Live through one connection; always raises, ``_Ended`` unless there is a bug."""
        self._move(LinkState.CONNECTING)
        if self._admit is not None:
            try:
                await self._admit()
            except TraderError as error:
                raise _Ended(sanitise(error.message, 160)) from None
        ws = await self._connect(client)
        gated = gate.attach(ws, self._gate_s)
        self._dialect.reset()
        self._outbox.clear()
        self._ending = self._bug = None
        self._beat_ns = self._garbled = 0
        keeper: asyncio.Task[None] | None = None
        try:
            self._move(LinkState.SYNCING)
            async with asyncio.timeout(None) as self._scope:
                opening = self._opening = Opening(self._dialect, self._wanted)
                frames = opening.begin(self._server_ns())
                self._post(frames, secret=opening.stage is Stage.LOGIN)
                keeper = self._tasks.spawn(f"{self._venue}.{self._dialect.lane}.keeper", self._keep(ws, opening))
                self._follow(opening)
                await self._pump(ws, gated, opening)
        except TimeoutError:
            if self._ending is None:
                raise
        finally:
            self._scope = self._opening = None
            if gated is not None:
                gated.open()  # its timer must not outlive the connection
            if keeper is not None:
                await tasks.stop(keeper)
            with suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await ws.close()
        raise self._bug or self._ending or AssertionError("a connection ended without a reason")

    async def _connect(self, client: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse[Any]:
        host = str(self._url.host)
        dialect = self._dialect
        url = self._url.with_query(dialect.query()) if isinstance(dialect, Negotiating) else self._url
        try:
            async with asyncio.timeout(CONNECT_S):
                return await client.ws_connect(
                    url,
                    timeout=aiohttp.ClientWSTimeout(ws_close=0.3),
                    heartbeat=None,  # the dialect's own heartbeat also proves that the venue's application is alive
                    max_msg_size=MAX_FRAME,
                    decode_text=False,
                )
        except aiohttp.WSServerHandshakeError as error:
            refused = error.status in (401, 403)
            step = SLOW_STEP if refused or error.status == 429 else 0
            reason = f"{host} refused the connection with status {error.status}"
            if isinstance(dialect, Negotiating) and (said := dialect.refused(error.status)):
                reason = f"{host}: {said}"
            raise _Ended(reason, step=step, denied=refused and self._private) from None
        except aiohttp.RedirectClientError:
            raise _Ended(f"{host} answered with a redirect, which was not followed", step=SLOW_STEP) from None
        except (aiohttp.ClientError, OSError) as error:
            _, reason = endpoint.why_unreachable(host, error) or ("", f"{host} did not shake hands ({_words(error)})")
            raise _Ended(reason) from None

    async def _pump(self, ws: aiohttp.ClientWebSocketResponse[Any], gated: gate.ReadGate | None, opening: Opening) -> None:
        """Hand over what came: one by one on a private lane, all that came at once on a public one, and without an await between
        frames and their events."""
        mono_ns, wall_ns, receive = self._clock.mono_ns, self._clock.wall_ns, ws.receive
        traffic, record, text, binary = self.traffic, self._record, WSMsgType.TEXT, WSMsgType.BINARY
        backlog = None if self._private else Backlog(ws)
        slice_ns = mono_ns()
        loop = asyncio.get_running_loop()
        while True:
            message = await receive()
            if message.type is not text and message.type is not binary:
                raise _farewell(ws, message)
            frames: list[bytes] = [message.data]
            if backlog is not None:
                await backlog.take(frames)
            now_ns = traffic.last_frame_ns = mono_ns()
            traffic.frames += len(frames)
            traffic.bytes += sum(map(len, frames))
            if record is not None:
                for frame in frames:
                    record("in", REDACTOR.clean_bytes(frame) if self._private else frame)
            events = self._translate(frames, wall_ns())
            if events:
                self._on_events(events)
                self._heed(events, now_ns, opening)
            if gated is not None:
                gated.shut()
            done_ns = mono_ns()
            if backlog is not None:
                backlog.allow(len(frames), done_ns - now_ns, SLICE_NS // 2)
            if TURN.claimed or done_ns - slice_ns > SLICE_NS:
                await asyncio.sleep(TURN_S if not self._private and TURN.taken(loop.time()) else 0)
                slice_ns = mono_ns()

    def _translate(self, frames: list[bytes], at_ns: int) -> list[Event]:
        if self._receive_batch is not None and (len(frames) > 1 or not self._private):
            return self._receive_batch(frames, at_ns)
        events: list[Event] = []
        for frame in frames:
            events += self._dialect.receive(frame, at_ns)
        return events

    def _heed(self, events: list[Event], now_ns: int, opening: Opening) -> None:
        """Act on the events that concern the connection itself."""
        garbled = self._garbled
        for event in events:
            if type(event) not in _CONTROL:
                if garbled != self._garbled:
                    garbled = self._garbled = 0  # of what came at once, something after the bad frames was good
                continue
            match event:
                case PongReceived():
                    if self._beat_ns:
                        self.traffic.heartbeat_rtt_ns = now_ns - self._beat_ns
                        self._beat_ns = 0
                case Subscribed():
                    self._post(opening.hear(event))
                    self._follow(opening)
                case Unreadable():
                    self._garbled += 1
                    if self._garbled >= MAX_UNREADABLE:
                        raise _Ended(f"{MAX_UNREADABLE} unreadable messages in a row ({sanitise(event.reason)})", step=SLOW_STEP)
        if self._garbled == garbled:
            self._garbled = 0

    def _follow(self, opening: Opening) -> None:
        """Show how far the opening is."""
        match opening.stage:
            case Stage.DENIED:
                raise _Ended(f"login refused: {sanitise(opening.reason, 160)}", denied=True)
            case Stage.COMPLETE if self.state is not LinkState.LIVE:
                self._denied = 0
                self._backoff.live()
                self._move(LinkState.LIVE)
                self._align()
            case Stage.PARTIAL if isinstance(self._dialect, Negotiating) and self._dialect.asks_otherwise():
                raise _Ended(f"subscription refused: {sanitise(opening.reason, 160)}; asking in other words")
            case Stage.PARTIAL:
                self._denied = 0
                self._move(LinkState.SYNCING, f"subscription refused: {sanitise(opening.reason, 160)}")

    def _align(self) -> None:
        """Tell a live connection what has changed; before that, the opening will end here."""
        opening = self._opening
        if opening is None or opening.asked == self._wanted:
            return
        if opening.stage is Stage.COMPLETE:
            self._post(opening.change(self._wanted))
        elif opening.stage is Stage.PARTIAL:
            # Which of the subscriptions was refused is not known, so the new set gets a new connection.
            self._drop(_Ended("subscriptions changed after a refusal"))

    async def _keep(self, ws: aiohttp.ClientWebSocketResponse[Any], opening: Opening) -> None:
        """Send what is posted, beat the heart, and end the connection when nothing comes back. The only sender."""
        clock, dialect = self._clock, self._dialect
        silence_ns, beat_ns = round(dialect.silence_s * NS), round(dialect.heartbeat_s * NS)
        tick_s = min(1.0, dialect.silence_s / 4, dialect.heartbeat_s)
        started_ns = clock.mono_ns()
        next_beat_ns = started_ns + beat_ns
        try:
            while True:
                wait_s = tick_s
                while self._outbox:
                    # cancel=True: no share of this budget is kept back
                    if pace_s := self._pace.try_take(1, clock.mono_ns(), cancel=True):
                        wait_s = min(wait_s, pace_s)
                        break
                    await self._say(ws, *self._outbox.popleft())
                self._wake.clear()
                # Not a tick later than the venue's own limit: what is dead must not look alive.
                left_ns = max(self.traffic.last_frame_ns, started_ns) + silence_ns - clock.mono_ns()
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(wait_s, max(left_ns, 0) / NS)):
                        await self._wake.wait()
                now_ns = clock.mono_ns()
                quiet_ns = now_ns - max(self.traffic.last_frame_ns, started_ns)
                if quiet_ns >= silence_ns:
                    return self._drop(_Ended(f"nothing received for {quiet_ns / NS:.1f} s"))
                if now_ns - started_ns > silence_ns and opening.stage in (Stage.LOGIN, Stage.SUBSCRIBING):
                    what = "login" if opening.stage is Stage.LOGIN else "subscription"
                    return self._drop(_Ended(f"the {what} was not answered in {dialect.silence_s:g} s"))
                if now_ns >= next_beat_ns:
                    next_beat_ns = now_ns + beat_ns
                    self._beat_ns = now_ns
                    self._post(dialect.heartbeat())
        except (aiohttp.ClientError, OSError) as error:
            self._drop(_Ended(f"sending failed ({_words(error)})"))

    async def _say(self, ws: aiohttp.ClientWebSocketResponse[Any], frame: bytes, secret: bool) -> None:
        if self._record is not None:
            self._record("out", REDACTED if secret else frame)
        async with asyncio.timeout(self._dialect.silence_s):  # a peer that does not read would block for ever
            await ws.send_frame(frame, WSMsgType.TEXT)

    def _post(self, frames: list[bytes], *, secret: bool = False) -> None:
        if frames:
            self._outbox.extend((frame, secret) for frame in frames)
            self._wake.set()

    def _drop(self, ending: _Ended) -> None:
        """End the present connection from outside its pump."""
        if self._scope is not None and self._ending is None:
            self._ending = ending
            self._scope.reschedule(asyncio.get_running_loop().time())

    def _crash(self, name: str, error: BaseException) -> None:
        self._bug = error
        self._drop(_Ended(f"{name} failed"))

    def _move(self, state: LinkState, reason: str = "") -> None:
        if (state, reason) != (self.state, self._reason):
            self.state, self._reason = state, reason
            self._on_events([LinkChanged(self._venue, self._dialect.lane, state, reason, self._clock.wall_ns())])


def _farewell(ws: aiohttp.ClientWebSocketResponse[Any], message: aiohttp.WSMessage) -> _Ended:
    """Say in words how a connection ended."""
    if message.type is WSMsgType.ERROR:
        return _Ended(f"protocol error ({_words(message.data)})", step=SLOW_STEP)
    code = ws.close_code
    step = step_for_close(code)
    if message.type is WSMsgType.CLOSE:
        words = f", {sanitise(REDACTOR.clean(str(message.extra)))!r}" if message.extra else ""
        return _Ended(f"closed by the venue (code {code}{words})", step=step)
    return _Ended("the connection was lost", step=step)


def _words(error: BaseException) -> str:
    return sanitise(REDACTOR.clean(str(error)) or type(error).__name__, 160)
