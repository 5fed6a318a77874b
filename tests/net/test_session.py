"""One lane kept alive, against real WebSocket servers that are slow, rude, mute or gone."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
import time
from bisect import bisect
from collections.abc import Awaitable, Callable
from itertools import accumulate
from random import Random
from statistics import fmean
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from tui_trader.core.clock import NS
from tui_trader.core.error import ConfigError
from tui_trader.core.event import PongReceived, Subscribed
from tui_trader.core.types import LinkState
from tui_trader.net import gate
from tui_trader.net.backoff import SLOW_STEP
from tui_trader.net.session import MAX_UNREADABLE, Session
from tui_trader.net.tasks import TaskSet
from tui_trader.secrets.redactor import Redactor
from tui_trader.venues.base import Channel, Lane, Subscription

BOOK, TRADES, TICKER = (Subscription(channel) for channel in (Channel.BOOK, Channel.TRADES, Channel.TICKER))
ACCOUNT = Subscription(Channel.ACCOUNT)
UP = ["connecting", "syncing", "live"]


class Venue:
    """A polite venue: grants what is asked unless told otherwise, and remembers what it heard."""

    def __init__(self, **answers: str) -> None:
        self.answers = {"login": "login ok", "sub": "sub ok", "unsub": "unsub ok", "ping": "pong", **answers}
        self.heard: list[str] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.gone = asyncio.Event()

    async def __call__(self, socket: web.WebSocketResponse) -> None:
        self.sockets.append(socket)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            self.heard.append(message.data)
            answer = self.answers.get(message.data.split()[0], "")
            if answer == "(close)":
                await socket.close(code=1012)
            elif answer:
                await socket.send_str(answer)
        self.gone.set()

    @property
    def asked(self) -> list[str]:
        return [each for each in self.heard if each != "ping"]


class Crew:
    """Runs sessions as tasks and keeps what they died of."""

    def __init__(self) -> None:
        self.failures: list[BaseException] = []
        self.tasks = TaskSet(lambda name, error: self.failures.append(error))

    def start(self, session: Session) -> asyncio.Task[None]:
        return self.tasks.spawn("session", session.run())


@pytest.fixture
def crew() -> Crew:
    return Crew()


# --- the way up ------------------------------------------------------------------------------------------------------


async def test_a_public_lane_goes_live_after_every_answer(ground: Any, watcher: Any, make_feed: Any, crew: Crew) -> None:
    venue = Venue()
    feed = make_feed()
    session = ground.session(await ground.ws(venue), feed, watcher)
    session.set_subscriptions([BOOK, TRADES])
    crew.start(session)
    await watcher.until(lambda: watcher.states == UP)
    answers = [event for event in watcher.events if isinstance(event, Subscribed)]
    assert len(answers) == 2
    assert watcher.events.index(answers[-1]) < watcher.events.index(watcher.links[-1])
    assert venue.asked == ["sub book", "sub trades"]
    assert feed.resets == 1
    assert session.state is LinkState.LIVE


async def test_a_private_lane_logs_in_first_with_the_venues_time(ground: Any, watcher: Any, make_feed: Any, crew: Crew) -> None:
    venue = Venue()
    feed = make_feed(Lane.PRIVATE)
    session = ground.session(await ground.ws(venue), feed, watcher, server_ns=lambda: 42)
    session.set_subscriptions([ACCOUNT])
    crew.start(session)
    await watcher.until(lambda: watcher.states == UP)
    assert venue.asked == ["login s3cret", "sub account"]
    assert feed.logins == [42]


async def test_over_tls(ground: Any, watcher: Any, make_feed: Any, crew: Crew, good_tls: Any) -> None:
    session = ground.session(await ground.ws(Venue(), good_tls), make_feed(), watcher, scheme="wss")
    session.set_subscriptions([BOOK])
    crew.start(session)
    await watcher.until(lambda: watcher.states == UP)


async def test_a_wrong_certificate_is_never_live(ground: Any, watcher: Any, make_feed: Any, make_tls: Any, crew: Crew) -> None:
    session = ground.session(await ground.ws(Venue(), make_tls("expired")), make_feed(), watcher, scheme="wss")
    crew.start(session)
    await watcher.until(lambda: "down" in watcher.states)
    assert "expired" in watcher.links[1].reason
    assert "syncing" not in watcher.states


async def test_three_refused_logins_end_it_and_it_can_be_run_again(ground: Any, watcher: Any, make_feed: Any, crew: Crew) -> None:
    venue = Venue(login="login no such key")
    session = ground.session(await ground.ws(venue), make_feed(Lane.PRIVATE), watcher)
    session.set_subscriptions([ACCOUNT])
    await asyncio.wait_for(crew.start(session), 5)
    assert venue.asked == ["login s3cret"] * 3
    assert len(venue.sockets) == 3
    assert watcher.links[-1].reason == "login refused: no such key; 3 times in a row, not trying again"
    assert session.has_given_up
    venue.answers["login"] = "login ok"
    crew.start(session)
    await watcher.until(lambda: session.state is LinkState.LIVE)


async def test_one_refused_login_is_retried_on_a_fresh_connection(ground: Any, watcher: Any, make_feed: Any, crew: Crew) -> None:
    venue = Venue(login="login invalid token")

    def change(events: list[Any]) -> None:
        watcher(events)
        if "down" in watcher.states:
            venue.answers["login"] = "login ok"

    session = ground.session(await ground.ws(venue), make_feed(Lane.PRIVATE), change)
    crew.start(session)
    await watcher.until(lambda: session.state is LinkState.LIVE)
    assert len(venue.sockets) == 2


@pytest.mark.parametrize(("lane", "attempts"), [(Lane.PRIVATE, 3), (Lane.PUBLIC, 5)])
async def test_a_refused_handshake(ground: Any, watcher: Any, make_feed: Any, crew: Crew, lane: Lane, attempts: int) -> None:
    """A private lane gives up after three; a public one goes on, patiently."""
    asked = 0

    async def refuse(_: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.Response(status=403)

    session = ground.session(await ground.web(refuse), make_feed(lane), watcher)
    running = crew.start(session)
    if lane is Lane.PRIVATE:
        await asyncio.wait_for(running, 5)
        assert watcher.links[-1].reason.endswith("refused the connection with status 403; 3 times in a row, not trying again")
    else:
        await watcher.until(lambda: watcher.states.count("down") >= attempts)
        assert not running.done()
        await session.close()
    assert asked in (attempts, attempts + 1)


async def test_a_redirected_handshake_is_not_followed(ground: Any, watcher: Any, make_feed: Any, crew: Crew) -> None:
    other = Venue()
    port = await ground.ws(other)
    paths: list[str] = []
    scheme = "http"

    async def elsewhere(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.Response(status=302, headers={"Location": f"{scheme}://127.0.0.1:{port}/"})

    async def within(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.Response(status=302, headers={"Location": "/other"})

    for redirect, scheme in ((elsewhere, "http"), (elsewhere, "ws"), (within, "")):  # noqa: B007 - read by elsewhere
        watcher.events.clear()
        session = ground.session(await ground.web(redirect), make_feed(), watcher)
        crew.start(session)
        await watcher.until(lambda: "down" in watcher.states)
        assert "redirect" in watcher.links[1].reason
        await session.close()
    assert other.sockets == []
    assert set(paths) == {"/"}


async def test_a_login_that_is_never_answered(ground: Any, watcher: Any, make_feed: Any, crew: Crew) -> None:
    """The pongs flow, so silence alone would never notice."""
    venue = Venue(login="")
    session = ground.session(await ground.ws(venue), make_feed(Lane.PRIVATE, 0.02, 0.2), watcher)
    crew.start(session)
    told = "the login was not answered in 0.2 s; trying again in "
    await watcher.until(lambda: any(link.reason.startswith(told) for link in watcher.links))


async def test_a_refused_subscription_is_never_live_but_its_neighbours_flow(
    ground: Any, watcher: Any, make_feed: Any, crew: Crew
) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.data == "sub trades":
                await socket.send_str("sub limit of 20")
                await socket.send_str("a book")
            elif message.data.startswith("sub"):
                await socket.send_str("sub ok")

    session = ground.session(await ground.ws(talk), make_feed(), watcher)
    session.set_subscriptions([BOOK, TRADES])
    crew.start(session)
    await watcher.until(lambda: bool(watcher.words))
    assert (watcher.links[-1].state, watcher.links[-1].reason) == (LinkState.SYNCING, "subscription refused: limit of 20")
    session.set_subscriptions([BOOK])
    await watcher.until(lambda: session.state is LinkState.LIVE)


async def test_an_address_off_the_list_is_refused(ground: Any, watcher: Any, make_feed: Any) -> None:
    with pytest.raises(ConfigError, match="not encrypted"):
        Session(
            make_feed(),
            "ws://192.0.2.1",
            venue="t",
            hosts=(),
            clock=ground.clock,
            rng=Random(1),
            on_events=watcher,
        )


# --- subscriptions ---------------------------------------------------------------------------------------------------


async def test_changes_send_the_difference(ground: Any, watcher: Any, make_feed: Any, crew: Crew) -> None:
    venue = Venue()
    session = ground.session(await ground.ws(venue), make_feed(), watcher)
    session.set_subscriptions([BOOK])
    crew.start(session)
    session.set_subscriptions([BOOK, TRADES])
    await watcher.until(lambda: session.state is LinkState.LIVE)
    session.set_subscriptions([TRADES, TICKER])
    session.set_subscriptions([TRADES, TICKER])
    await watcher.until(lambda: len([event for event in watcher.events if isinstance(event, Subscribed)]) == 4)
    assert venue.asked == ["sub book", "sub trades", "unsub book", "sub ticker"]
    assert watcher.states == UP


async def test_a_change_while_syncing_waits_for_live(ground: Any, watcher: Any, make_feed: Any, crew: Crew) -> None:
    heard: list[str] = []
    asked, grant = asyncio.Event(), asyncio.Event()

    async def talk(socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.data != "ping":
                heard.append(message.data)
                asked.set()
                await grant.wait()
                await socket.send_str("sub ok")

    session = ground.session(await ground.ws(talk), make_feed(), watcher)
    session.set_subscriptions([BOOK])
    crew.start(session)
    await asyncio.wait_for(asked.wait(), 5)
    session.set_subscriptions([TRADES])
    assert session.state is LinkState.SYNCING
    grant.set()
    await watcher.until(lambda: len([event for event in watcher.events if isinstance(event, Subscribed)]) == 3)
    assert heard == ["sub book", "unsub book", "sub trades"]
    assert watcher.states == UP


async def test_a_subscription_of_another_lane_is_a_bug(ground: Any, watcher: Any, make_feed: Any) -> None:
    session = ground.session(1, make_feed(), watcher)
    with pytest.raises(ValueError, match="not for the public lane"):
        session.set_subscriptions([ACCOUNT])


# --- the way down ----------------------------------------------------------------------------------------------------


async def test_a_half_open_connection_is_noticed_and_replaced(ground: Any, watcher: Any, make_feed: Any, crew: Crew) -> None:
    """The server stops answering without closing anything, as behind a dead link."""
    venue = Venue()
    session = ground.session(await ground.ws(venue), make_feed(heartbeat_s=0.05, silence_s=0.3), watcher)
    session.set_subscriptions([BOOK])
    crew.start(session)
    await watcher.until(lambda: session.state is LinkState.LIVE)
    venue.answers.update(ping="", sub="")
    muted = time.monotonic()
    await watcher.until(lambda: "down" in watcher.states)
    assert 0.2 < time.monotonic() - muted < 3.0
    assert watcher.links[3].reason.startswith("nothing received for 0.")
    venue.answers.update(ping="pong", sub="sub ok")
    await watcher.until(lambda: watcher.states == [*UP, "down", *UP])
    assert session.traffic.reconnects == 1


async def test_a_dead_line_is_found_at_the_limit_and_not_a_tick_later(
    ground: Any, watcher: Any, make_feed: Any, crew: Crew
) -> None:
    """Looking once a second would find it up to a second late."""
    venue = Venue()
    session = ground.session(await ground.ws(venue), make_feed(heartbeat_s=0.05, silence_s=1.5), watcher)
    session.set_subscriptions([BOOK])
    crew.start(session)
    await watcher.until(lambda: session.state is LinkState.LIVE)
    venue.answers["ping"] = ""
    await watcher.until(lambda: "down" in watcher.states)
    told = watcher.links[3].reason
    assert 1.5 <= float(told.removeprefix("nothing received for ").partition(" s")[0]) <= 1.6, told


async def test_a_connection_that_is_not_trusted_is_given_up_for_a_new_one(
    ground: Any, watcher: Any, make_feed: Any, crew: Crew
) -> None:
    venue = Venue()
    session = ground.session(await ground.ws(venue), make_feed(), watcher)
    session.renew("nothing happens before there is one")
    crew.start(session)
    await watcher.until(lambda: session.state is LinkState.LIVE)
    session.renew("it says nothing of an order")
    await watcher.until(lambda: watcher.states == [*UP, "down", *UP])
    assert watcher.links[3].reason.startswith("it says nothing of an order; trying again in ")
    assert len(venue.sockets) == 2
    assert not session.has_given_up


async def test_a_machine_that_slept_reconnects(
    ground: Any, watcher: Any, make_feed: Any, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = ground.session(await ground.ws(Venue(ping="")), make_feed(heartbeat_s=0.05, silence_s=20.0), watcher)
    session.set_subscriptions([BOOK])
    crew.start(session)
    await watcher.until(lambda: session.state is LinkState.LIVE)
    mono_ns = ground.clock.mono_ns
    monkeypatch.setattr(ground.clock, "mono_ns", lambda: mono_ns() + 7200 * NS)
    await watcher.until(lambda: "down" in watcher.states)
    assert watcher.links[3].reason.startswith("nothing received for 7200.")


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 1012, 1013, 4001])
async def test_closed_by_the_venue(ground: Any, watcher: Any, make_feed: Any, crew: Crew, code: int) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.close(code=code, message=b"bye \x1b[31m")

    session = ground.session(await ground.ws(talk), make_feed(), watcher)
    crew.start(session)
    await watcher.until(lambda: watcher.states.count("live") >= 2)
    reason = watcher.links[3].reason
    assert reason.startswith(f"closed by the venue (code {code}, 'bye ")
    assert reason.isprintable()


def raw_ws(after: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> Any:
    """A raw server that shakes hands and then does what it wants."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        key = next(line.split(b": ")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        await after(reader, writer)

    return handler


RUDE = {
    "reserved bits": b"\xf1\x02hi",
    "unknown opcode": b"\x83\x02hi",
    "mid-frame cut": b"\x81\x7dhalf",
    "frame too large": b"\x81\x7f" + (1 << 40).to_bytes(8, "big"),
    "noise": bytes(range(256)) * 8,
    "nothing": b"",
}


@pytest.mark.parametrize("noise", RUDE.values(), ids=RUDE)
async def test_a_rude_server_costs_a_connection_and_nothing_else(
    ground: Any, watcher: Any, make_feed: Any, crew: Crew, noise: bytes
) -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(noise)
        await writer.drain()
        writer.close()

    session = ground.session(await ground.raw(raw_ws(rude)), make_feed(), watcher)
    running = crew.start(session)
    await watcher.until(lambda: watcher.states.count("down") >= 2)
    assert not running.done()
    assert crew.failures == []


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"garbage\r\n\r\n", b""])
async def test_a_server_that_does_not_shake_hands(ground: Any, watcher: Any, make_feed: Any, crew: Crew, answer: bytes) -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    session = ground.session(await ground.raw(rude), make_feed(), watcher)
    crew.start(session)
    await watcher.until(lambda: watcher.states.count("down") >= 2)
    assert "syncing" not in watcher.states


async def test_many_unreadable_messages_in_a_row_start_afresh(ground: Any, watcher: Any, make_feed: Any, crew: Crew) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        for _ in range(3):
            for _ in range(MAX_UNREADABLE - 1):
                await socket.send_str("garbage")
            await socket.send_str("quiet" if socket.closed else "fine")
        for _ in range(MAX_UNREADABLE):
            await socket.send_str("garbage")
        async for _ in socket:
            pass

    session = ground.session(await ground.ws(talk), make_feed(), watcher)
    crew.start(session)
    await watcher.until(lambda: "down" in watcher.states)
    assert watcher.words == ["fine"] * 3
    assert watcher.links[3].reason.startswith("20 unreadable messages in a row (garbage)")


@pytest.mark.parametrize("where", ["receive", "heartbeat", "on_events"])
async def test_a_bug_stops_the_lane_visibly(ground: Any, watcher: Any, make_feed: Any, crew: Crew, where: str) -> None:
    venue = Venue()
    feed = make_feed()

    def on_events(events: list[Any]) -> None:
        if where == "on_events" and isinstance(events[0], PongReceived):
            raise LookupError("a bug in the desk")
        watcher(events)

    def bug() -> list[bytes]:
        raise LookupError("a bug in the dialect")

    if where == "receive":
        venue.answers["ping"] = "bug"
    elif where == "heartbeat":
        feed.heartbeat = bug
    session = ground.session(await ground.ws(venue), feed, on_events)
    running = crew.start(session)
    await asyncio.wait({running}, timeout=5)
    assert [type(failure) for failure in crew.failures] == [LookupError]
    assert watcher.links[-1].reason == "stopped by an internal error (LookupError)"


class Hasty(Random):
    """Draws the waits that would be, and waits next to nothing."""

    def __init__(self) -> None:
        super().__init__(1)
        self.drawn: list[tuple[float, float]] = []
        """Each wait with the ceiling it was drawn under, seconds."""

    def uniform(self, a: float, b: float) -> float:
        wait_s = super().uniform(a, b)
        self.drawn.append((wait_s, b))
        return wait_s / 100_000


async def test_five_hundred_refused_connections_cost_next_to_nothing(
    ground: Any, watcher: Any, make_feed: Any, crew: Crew
) -> None:
    """Nobody listens; what is measured is the work of 500 attempts against the time that they would take."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    rng = Hasty()
    session = ground.session(port, make_feed(), watcher, rng=rng)
    before_s = time.process_time()
    crew.start(session)
    await watcher.until(lambda: len(rng.drawn) > 500)
    spent_s = time.process_time() - before_s
    await session.close()
    assert crew.failures == []
    waits = [wait_s for wait_s, _ in rng.drawn[:500]]
    assert [ceiling for _, ceiling in rng.drawn[:8]] == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0, 4.0]
    print(f"{spent_s / sum(waits):.4%} CPU")
    assert spent_s / sum(waits) < 0.05, f"{spent_s:.2f} s of CPU in {sum(waits):.0f} s"
    starts = list(accumulate(waits))
    window_s, most = 300.0, 100  # the venue's 200 in five minutes, for two lanes
    assert max(bisect(starts, start + window_s) - index for index, start in enumerate(starts)) <= most
    late = waits[SLOW_STEP:]
    assert min(late) < 1.0
    assert max(late) > 29.0
    assert 13.0 < fmean(late) < 17.0, "full jitter: uniform up to the ceiling"


# --- closing ---------------------------------------------------------------------------------------------------------


async def test_closing_says_goodbye(ground: Any, watcher: Any, make_feed: Any, crew: Crew) -> None:
    venue = Venue()
    session = ground.session(await ground.ws(venue), make_feed(), watcher)
    running = crew.start(session)
    await watcher.until(lambda: session.state is LinkState.LIVE)
    await session.close()
    assert running.done()
    assert (watcher.links[-1].state, watcher.links[-1].reason) == (LinkState.DOWN, "closed")
    await asyncio.wait_for(venue.gone.wait(), 1)
    assert venue.sockets[0].close_code == 1000
    await session.run()
    assert len(venue.sockets) == 1, "a closed session stays closed"


async def test_closing_is_bounded_when_nobody_answers(ground: Any, watcher: Any, make_feed: Any, crew: Crew) -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    session = ground.session(await ground.raw(raw_ws(mute)), make_feed(silence_s=60.0), watcher)
    running = crew.start(session)
    await watcher.until(lambda: session.state is LinkState.LIVE)
    started = time.monotonic()
    await session.close()
    assert time.monotonic() - started < 1.0
    assert running.done()


async def test_closing_while_waiting_to_connect_again(ground: Any, watcher: Any, make_feed: Any, crew: Crew) -> None:
    session = ground.session(1, make_feed(), watcher)
    running = crew.start(session)
    await watcher.until(lambda: "down" in watcher.states)
    await session.close()
    assert running.done()
    assert "trying again in" in watcher.links[1].reason


# --- pumping ---------------------------------------------------------------------------------------------------------


async def test_counters_heartbeats_and_the_recording(ground: Any, watcher: Any, make_feed: Any, crew: Crew) -> None:
    recorded: list[tuple[str, bytes]] = []
    session = ground.session(
        await ground.ws(Venue()), make_feed(Lane.PRIVATE), watcher, record=lambda way, frame: recorded.append((way, frame))
    )
    session.set_subscriptions([ACCOUNT])
    crew.start(session)
    await watcher.until(lambda: any(isinstance(event, PongReceived) for event in watcher.events))
    assert 0 < session.traffic.heartbeat_rtt_ns < NS
    assert session.traffic.frames >= 3
    assert session.traffic.bytes >= len(b"login ok" + b"sub ok" + b"pong")
    assert 0 <= session.age_ns < NS
    assert recorded[:4] == [("out", b"(login)"), ("in", b"login ok"), ("out", b"sub account"), ("in", b"sub ok")]
    assert not any(b"s3cret" in frame for _, frame in recorded)


async def test_a_refusal_that_repeats_the_secret_is_not_shown_or_recorded(
    ground: Any, watcher: Any, make_feed: Any, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    redactor = Redactor()
    redactor.learn(secret := "Zq8-Wn3xT_5vLrPz7HnJm4YsFa8EuToI1RkQxVhZ")
    for module in ("session", "opening"):
        monkeypatch.setattr(f"tui_trader.net.{module}.REDACTOR", redactor)
    recorded: list[bytes] = []
    venue = Venue(login=f"login bad {secret}")
    session = ground.session(
        await ground.ws(venue), make_feed(Lane.PRIVATE), watcher, record=lambda _, frame: recorded.append(frame)
    )
    session.set_subscriptions([ACCOUNT])
    await asyncio.wait_for(crew.start(session), 5)
    assert watcher.links[-1].reason == "login refused: bad [redacted]; 3 times in a row, not trying again"
    assert b"login bad [redacted]" in recorded
    assert not any(secret.encode() in frame for frame in recorded)


@pytest.mark.parametrize("lane", Lane)
async def test_only_public_lanes_are_gated(
    ground: Any, watcher: Any, make_feed: Any, crew: Crew, monkeypatch: pytest.MonkeyPatch, lane: Lane
) -> None:
    shut: list[gate.ReadGate] = []
    original = gate.ReadGate.shut

    def spy(self: gate.ReadGate) -> None:
        shut.append(self)
        original(self)

    monkeypatch.setattr(gate.ReadGate, "shut", spy)

    async def talk(socket: web.WebSocketResponse) -> None:
        for number in range(200):
            await socket.send_str(str(number))
        async for message in socket:
            if message.data.startswith("login"):
                await socket.send_str("login ok")

    session = ground.session(await ground.ws(talk), make_feed(lane), watcher, gate_ms=100)
    crew.start(session)
    await watcher.until(lambda: len(watcher.words) == 200)
    assert watcher.words == [str(number) for number in range(200)]
    assert bool(shut) is (lane is Lane.PUBLIC)
    await session.close()
    assert not any(each.is_shut for each in shut)


async def test_a_backlog_does_not_hold_up_the_loop(ground: Any, watcher: Any, make_feed: Any, crew: Crew) -> None:
    """400 frames of 1 ms each arrive at once; keys and orders must still get turns."""
    total = 400

    async def talk(socket: web.WebSocketResponse) -> None:
        for number in range(total):
            await socket.send_str(str(number))
        async for _ in socket:
            pass

    def slow(events: list[Any]) -> None:
        until = time.perf_counter() + 0.001 * len(events)
        while time.perf_counter() < until:
            pass
        watcher(events)

    session = ground.session(await ground.ws(talk), make_feed(), slow, gate_ms=20)
    crew.start(session)
    turns: list[int] = []
    while len(watcher.words) < total:
        turns.append(len(watcher.words))
        await asyncio.sleep(0)
    longest = max(after - before for before, after in zip(turns, [*turns[1:], total], strict=True))
    assert longest <= 10


async def test_what_came_at_once_is_handed_over_at_once_and_in_order(
    ground: Any, watcher: Any, make_feed: Any, crew: Crew
) -> None:
    batches: list[int] = []

    async def talk(socket: web.WebSocketResponse) -> None:
        for number in range(300):
            await socket.send_str(str(number))
        async for _ in socket:
            pass

    def hear(events: list[Any]) -> None:
        batches.append(len(events))
        watcher(events)

    session = ground.session(await ground.ws(talk), make_feed(), hear, gate_ms=50)
    crew.start(session)
    await watcher.until(lambda: len(watcher.words) == 300)
    assert watcher.words == [str(number) for number in range(300)]
    assert max(batches) > 4
    assert session.traffic.frames >= 300


async def test_what_comes_before_a_farewell_is_handed_over(ground: Any, watcher: Any, make_feed: Any, crew: Crew) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        for number in range(50):
            await socket.send_str(str(number))
        await socket.close(code=1001)

    session = ground.session(await ground.ws(talk), make_feed(), watcher, gate_ms=50)
    crew.start(session)
    await watcher.until(lambda: len(watcher.words) >= 50)
    assert watcher.words[:50] == [str(number) for number in range(50)]
    await watcher.until(lambda: session.traffic.reconnects > 0)


async def test_frames_go_out_no_faster_than_a_venue_allows(ground: Any, watcher: Any, make_feed: Any, crew: Crew) -> None:
    heard: list[float] = []

    async def talk(socket: web.WebSocketResponse) -> None:
        async for _ in socket:
            heard.append(time.monotonic())
            await socket.send_str("sub ok")

    session = ground.session(await ground.ws(talk), make_feed(heartbeat_s=30.0), watcher)
    session.set_subscriptions([Subscription(Channel.CANDLES, None, seconds) for seconds in range(1, 11)])
    crew.start(session)
    await watcher.until(lambda: session.state is LinkState.LIVE)
    assert len(heard) == 10
    assert heard[8] - heard[0] > 0.9
