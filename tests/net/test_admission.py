"""Venues that let in by tokens and connect by versions: one renewal at a time, nothing sent without, the next version tried."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from tui_trader.core.error import LinkError, RefusedError
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Credential, Outcome, Reply, Request, RequestKind, Verdict

PLACE = Request(RequestKind.CREATE, "place", "POST", "/orders", body=b"{}", group="contract")
LIST = Request(RequestKind.READ, "list", "GET", "/orders", group="contract")


class Tokens:
    """A dialect whose token is good for a second of the venue's time and wants renewal after half of one."""

    def __init__(self) -> None:
        self.issued_ns = -(10**18)
        self.number = 0

    def admission(self, credential: Credential, wall_ns: int, *, early: bool) -> Request | None:
        age_s = (wall_ns - self.issued_ns) / 1e9
        if age_s < (0.5 if early else 1.0) * 1_000:
            return None
        return Request(RequestKind.READ, "admission", "POST", "/auth", group="contract")

    def token(self, credential: Credential) -> Secret:
        return Secret(f"token {self.number}")

    def distrust(self, token: Secret) -> None:
        """Tokens here end by their time alone."""

    def seal(self, request: Request, credential: Credential, wall_ns: int) -> Request:
        if request.kind.is_write and credential.key == "looks on":
            raise RefusedError("this token places no orders")
        return replace(request, body=request.body + b" sealed") if request.body else request

    def sign(self, request: Request, credential: Credential, wall_ns: int) -> Mapping[str, str]:
        return {"x-token": "" if request.what == "admission" else str(self.number)}

    def parse(self, request: Request, reply: Reply) -> Verdict:
        if reply.status != 200:
            return Verdict(Outcome.REJECTED, str(reply.status), "the account is not known", bad_key=True)
        if request.what == "admission":
            self.number = int(reply.body)
            self.issued_ns = self.now_ns()
        return Verdict(Outcome.ACK)

    def limits(self, reply: Reply) -> Mapping[str, tuple[int, int]]:
        return {}

    def now_ns(self) -> int:
        return self.clock.wall_ns()

    clock: Any = None


class Venue:
    """Counts who asks for a token and what comes with which."""

    def __init__(self) -> None:
        self.asked = 0
        self.status = 200
        self.seen: list[tuple[str, str, bytes]] = []

    async def handle(self, request: web.Request) -> web.Response:
        if request.path == "/auth":
            self.asked += 1
            await asyncio.sleep(0)
            return web.Response(text=str(self.asked), status=self.status)
        self.seen.append((request.method, request.headers.get("x-token", ""), await request.read()))
        return web.Response(text="fine")


async def test_many_requests_share_one_token_and_its_one_renewal(ground: Any, credential: Credential) -> None:
    venue, dialect = Venue(), Tokens()
    dialect.clock = ground.clock
    client = await ground.client(await ground.web(venue.handle))
    verdicts = await asyncio.gather(*(client.send(PLACE, dialect, credential) for _ in range(8)))
    assert {verdict.outcome for verdict in verdicts} == {Outcome.ACK}
    assert venue.asked == 1
    assert set(venue.seen) == {("POST", "1", b"{} sealed")}
    dialect.issued_ns -= 600 * 10**9
    assert (await client.send(PLACE, dialect, credential)).outcome is Outcome.ACK
    assert venue.asked == 1, "a write does not wait for a token that is still good"
    await asyncio.gather(*(client.send(LIST, dialect, credential) for _ in range(5)))
    assert venue.asked == 2, "reads renew it early, and one of them at a time"


async def test_without_a_token_nothing_is_sent_and_those_who_wait_hear_it(ground: Any, credential: Credential) -> None:
    venue, dialect = Venue(), Tokens()
    dialect.clock, venue.status = ground.clock, 401
    client = await ground.client(await ground.web(venue.handle))
    verdicts = await asyncio.gather(*(client.send(PLACE, dialect, credential) for _ in range(6)))
    assert venue.seen == []
    assert venue.asked == 1
    assert {(verdict.outcome, verdict.bad_key) for verdict in verdicts} == {(Outcome.NOT_SENT, True)}
    assert verdicts[0].text == "Not sent: the venue gave no token (the account is not known)."
    with pytest.raises(LinkError, match="gave no token: the account is not known"):
        await client.admit(dialect, credential)
    venue.status = 200
    assert (await client.admit(dialect, credential)).reveal().startswith("token ")
    assert (await client.send(PLACE, dialect, credential)).outcome is Outcome.ACK


async def test_a_failed_renewal_does_not_hold_up_what_the_old_token_is_good_for(ground: Any, credential: Credential) -> None:
    venue, dialect = Venue(), Tokens()
    dialect.clock = ground.clock
    client = await ground.client(await ground.web(venue.handle))
    await client.send(LIST, dialect, credential)
    dialect.issued_ns -= 600 * 10**9
    venue.status = 503
    assert (await client.send(LIST, dialect, credential)).outcome is Outcome.ACK
    dialect.issued_ns -= 600 * 10**9
    assert (await client.send(LIST, dialect, credential)).outcome is Outcome.NOT_SENT


async def test_what_the_key_cannot_sign_is_not_sent(ground: Any) -> None:
    venue, dialect = Venue(), Tokens()
    dialect.clock = ground.clock
    client = await ground.client(await ground.web(venue.handle))
    verdict = await client.send(PLACE, dialect, Credential("looks on", Secret("secret")))
    assert (verdict.outcome, verdict.text) == (Outcome.NOT_SENT, "Not sent: this token places no orders.")
    assert venue.seen == []


async def test_a_refused_version_is_followed_by_the_next(ground: Any, make_feed: Any, watcher: Any) -> None:
    asked: list[str] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        asked.append(request.query_string)
        if request.query_string != "v=2":
            return web.Response(status=400)
        socket = web.WebSocketResponse(timeout=0.1)
        await socket.prepare(request)
        async for _ in socket:
            continue
        return socket

    class Versions(make_feed):  # type: ignore[misc]
        version = 3
        token: Secret | None = None
        denied: Secret | None = None

        def query(self) -> str:
            return f"v={self.version}"

        def refused(self, status: int) -> str:
            self.version -= 1
            return f"the venue does not speak version {self.version + 1}" if status == 400 else ""

        def take_token(self, token: Secret) -> None:
            self.token = token

        def asks_otherwise(self) -> bool:
            return False

    feed = Versions()
    session = ground.session(await ground.web(handler), feed, watcher)
    running = asyncio.ensure_future(session.run())  # noqa: TID251 -- the test holds it
    await watcher.until(lambda: "live" in watcher.states)
    assert asked == ["v=3", "v=2"]
    assert "the venue does not speak version 3" in watcher.links[1].reason
    await session.close()
    assert running.done()


async def test_a_connection_waits_for_its_token(ground: Any, make_feed: Any, watcher: Any) -> None:
    refusals = [LinkError("no token yet")]

    async def admit() -> None:
        if refusals:
            raise refusals.pop()

    async def talk(socket: web.WebSocketResponse) -> None:
        async for _ in socket:
            continue

    session = ground.session(await ground.ws(talk), make_feed(), watcher, admit=admit)
    running = asyncio.ensure_future(session.run())  # noqa: TID251 -- the test holds it
    await watcher.until(lambda: "live" in watcher.states)
    assert "no token yet" in watcher.links[1].reason
    await session.close()
    assert running.done()
