"""The short way and the session's: the same bytes out, the same verdict back, whatever the server does in between."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import suppress
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp.client_proto import ResponseHandler

from tui_trader.net import warm
from tui_trader.net.rest import MAX_WRITE_BODY, RestClient
from tui_trader.net.tasks import TaskSet, stop
from tui_trader.venues.base import Outcome, Request, RequestKind, Verdict

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine"
CLOSE, RESET, SILENCE = b"(close)", b"(reset)", b"(silence)"
TOTAL_S = 0.5
"""Longest wait for an answer, where none comes."""


def asked(method: str = "POST", target: str = "/orders", body: bytes = b"", *, signed: bool = False) -> Request:
    path, _, query = target.partition("?")
    kind = RequestKind.READ if method == "GET" else RequestKind.CREATE
    return Request(kind, "test", method, path, query, body, signed=signed, group="contract")


class Venue:
    """Answers one request after the other as told, an answer in pieces, and keeps what it received and on which connection."""

    def __init__(self, *answers: bytes | tuple[bytes, ...]) -> None:
        self.answers = list(answers)
        self.received: list[tuple[int, bytes]] = []
        self.connections = 0
        self.arrived = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        mine = self.connections
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            length = next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length")), 0)
            self.received.append((mine, head + await reader.readexactly(length)))
            self.arrived.set()
            answer = self.answers.pop(0) if self.answers else OK
            for piece in answer if isinstance(answer, tuple) else (answer,):
                if piece == CLOSE:
                    writer.close()
                    return
                if piece == RESET:
                    writer.transport.abort()
                    return
                if piece != SILENCE:
                    writer.write(piece)
                    await asyncio.sleep(0.01)


class Used:
    """Counts what goes the short way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        exchange = warm.WarmLine.exchange

        async def counted(line: warm.WarmLine, *args: Any) -> warm.Answer:
            self.count += 1
            return await exchange(line, *args)

        monkeypatch.setattr(warm.WarmLine, "exchange", counted)


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> Used:
    return Used(monkeypatch)


async def both(ground: Any, exchange: Any, answers: list[Any], requests: list[Request]) -> list[Any]:
    """Return what came of requests by the session's way and by the short one, each to a new server: verdicts and receipts."""
    results = []
    total_s = TOTAL_S if any(SILENCE in each for each in answers) else 5.0
    for short in (False, True):
        venue = Venue(OK, *answers)
        client: RestClient = await ground.client(port := await ground.raw(venue), total_s=total_s)
        if not short:
            client._warm = None
        told = [await client.send(each, exchange) for each in (asked("GET", "/first"), *requests)]
        verdicts = [replace(verdict, left_ns=0, text=verdict.text.replace(str(port), "port")) for verdict in told]
        received = [(where, data.replace(str(port).encode(), b"port")) for where, data in venue.received]
        results.append((verdicts, received, venue.connections))
    return results


BIG = b"x" * (MAX_WRITE_BODY + 1)
ANSWERS: dict[str, Any] = {
    "whole": OK,
    "in pieces": (b"HTTP/1.1 200 OK\r\nCont", b"ent-Length: 4\r\n\r\n", b"fi", b"ne"),
    "chunked": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nfi\r\n", b"2\r\nne\r\n0\r\n\r\n"),
    "chunked and cut": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nfi\r\n", CLOSE),
    "chunked garbage": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nfi\r\n",
    "compressed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
    % (len(gzip.compress(b"fine", mtime=0)), gzip.compress(b"fine", mtime=0)),
    "not compressed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nfine",
    "unknown encoding": b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\nfine",
    "too large": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BIG), BIG),
    "said goodbye": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nfine",
    "of the old kind": (b"HTTP/1.0 200 OK\r\n\r\nfine", CLOSE),
    "to the end": (b"HTTP/1.1 200 OK\r\n\r\nfi", b"ne", CLOSE),
    "continue first": (b"HTTP/1.1 100 Continue\r\n\r\n", OK),
    "hints first": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 3 + OK,
    "only continue": (b"HTTP/1.1 100 Continue\r\n\r\n", CLOSE),
    "continue for ever": (b"HTTP/1.1 100 Continue\r\n\r\n" * 50, SILENCE),
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "not modified": b"HTTP/1.1 304 Not Modified\r\n\r\n",
    "redirect": b"HTTP/1.1 307 Temporary\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
    "switching": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nfine", CLOSE),
    "trouble": b"HTTP/1.1 503 Unavailable\r\nContent-Length: 4\r\n\r\nfine",
    "too many": b"HTTP/1.1 429 Slow Down\r\nContent-Length: 0\r\nRetry-After: 7\r\n\r\n",
    "a cookie": b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 4\r\n\r\nfine",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nfine",
    "a long header": b"HTTP/1.1 200 OK\r\nX: %b\r\nContent-Length: 4\r\n\r\nfine" % (b"x" * 70_000),
    "many headers": b"HTTP/1.1 200 OK\r\n%bContent-Length: 4\r\n\r\nfine" % (b"X: y\r\n" * 200),
    "no HTTP": b"<html>hello</html>\r\n\r\n",
    "closed": CLOSE,
    "reset": RESET,
    "cut in the head": (b"HTTP/1.1 200 OK\r\nConte", CLOSE),
    "cut in the body": (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfi", CLOSE),
    "reset in the body": (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfi", RESET),
    "silence": SILENCE,
    "silence in the body": (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfi", SILENCE),
    "more than was asked for": OK + OK,
}


@pytest.mark.parametrize(
    ("name", "method"),
    [(name, method) for name, answer in ANSWERS.items() for method in (["POST"] if SILENCE in answer else ["POST", "GET"])],
)
async def test_both_ways_tell_the_same(ground: Any, exchange: Any, used: Used, name: str, method: str) -> None:
    """What a server answers, and whether the next request finds the connection open or has to open another."""
    body = b'{"a":1}' if method == "POST" else b""
    requests = [asked(method, "/orders?a=%20b", body), replace(asked("GET", "/after"), group="other")]
    session, short = await both(ground, exchange, [ANSWERS[name]], requests)
    assert used.count in (1, 2), "the first one always finds the connection open"
    assert short[0] == session[0]
    if short[0][1].code == "unusable":  # the short way leaves no connection open on which nonsense was answered
        assert [data for _, data in short[1]] == [data for _, data in session[1]]
        assert short[2] == 2
    else:
        assert short[1:] == session[1:]
    assert [data.split(b" ")[1] for _, data in short[1]] == [b"/first", b"/orders?a=%20b", b"/after"], "each once"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "GET"])
@pytest.mark.parametrize("body", [b"", b'{"a":"\xc3\xa9"}', b"x" * 16_383, b"y" * 20_000], ids=["none", "one", "much", "more"])
@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_the_bytes_are_the_same(ground: Any, exchange: Any, used: Used, method: str, body: bytes) -> None:
    targets = ["/orders", "/o?a=%20b&c=d", "/o/../p", "/o//p", "/o/./p?x=/../y", "/a:b@c;d,e=f", "/o?a=b?c=d", "/o%2Fp"]
    session, short = await both(ground, exchange, [], [asked(method, target, body) for target in targets])
    assert short == session
    assert used.count == (0 if len(body) >= 16_384 else len(targets))


SIGNATURES: dict[str, tuple[dict[str, str], int]] = {
    "none": ({}, 3),
    "three": ({"x-key": "k", "x-expiry": "1", "x-sign": "abc=="}, 3),
    "with a kind": ({"x-key": "k", "Content-Type": "application/json"}, 3),
    "another kind": ({"Content-Type": "text/plain", "x-key": "k"}, 3),
    "another agent": ({"User-Agent": "50% of %(x)s"}, 3),
    "percent": ({"x-key": "%s %d 100%"}, 3),
    "letters": ({"x-key": "Grüße"}, 3),
    "small letters": ({"content-type": "text/plain"}, 1),
    "a host": ({"Host": "elsewhere"}, 0),
    "chunks": ({"transfer-encoding": "identity", "x-key": "k"}, 0),
}
"""What a dialect signs with, and how many of three requests, two of them with a body, go the short way then."""


@pytest.mark.parametrize("name", SIGNATURES)
async def test_the_heads_are_the_same(
    ground: Any, exchange: Any, credential: Any, used: Used, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    headers, short_ones = SIGNATURES[name]
    monkeypatch.setattr(exchange, "sign", lambda *_: headers)
    seen = []
    for short in (False, True):
        venue = Venue()
        client = await ground.client(port := await ground.raw(venue))
        if not short:
            client._warm = None
        await client.send(asked("GET", "/first"), exchange)
        for method, body in (("POST", b'{"a":1}'), ("GET", b""), ("POST", b'{"a":2}')):
            with suppress(ValueError):  # what aiohttp says of a head that cannot be, by either way
                await client.send(asked(method, "/o", body, signed=True), exchange, credential)
        seen.append([data.replace(str(port).encode(), b"port") for _, data in venue.received])
    assert seen[0] == seen[1]
    assert used.count == short_ones


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\nb", "a\rb", "a\0b"])
async def test_a_header_that_is_two_is_refused_by_the_session(
    ground: Any, exchange: Any, credential: Any, used: Used, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setattr(exchange, "sign", lambda *_: {"x-key": value})
    venue = Venue()
    client = await ground.client(await ground.raw(venue))
    await client.send(asked("GET", "/first"), exchange)
    with pytest.raises(ValueError, match="header"):
        await client.send(asked("POST", "/o", b"{}", signed=True), exchange, credential)
    assert (len(venue.received), used.count) == (1, 0)
    assert [verdict.outcome for _, verdict in ground.lost] == [Outcome.UNKNOWN]


async def test_a_path_before_the_paths_is_kept(ground: Any, exchange: Any, used: Used) -> None:
    venue = Venue()
    port = await ground.raw(venue)
    limiter = (await ground.client(port)).limiter
    async with RestClient(
        f"http://127.0.0.1:{port}/api/v1/", hosts=(), clock=ground.clock, limiter=limiter, on_lost=lambda *_: None
    ) as client:
        for _ in range(2):
            assert (await client.send(asked("GET", "/o?a=b"), exchange)).outcome is Outcome.ACK
    first, second = (data for _, data in venue.received)
    assert first == second
    assert second.startswith(b"GET /api/v1/o?a=b HTTP/1.1\r\n")
    assert used.count == 1


async def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next(ground: Any, exchange: Any, used: Used) -> None:
    """Some front ends write "408 Request Timeout" on an idle connection before they close it."""
    sent = asyncio.Event()
    late = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstale"
    received: list[bytes] = []

    async def one_more(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            received.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(OK)
            if len(received) == 1:
                await asyncio.sleep(0.02)
                writer.write(late)
                sent.set()

    client = await ground.client(await ground.raw(one_more))
    assert (await client.send(asked("GET", "/first"), exchange)).outcome is Outcome.ACK
    await sent.wait()
    await asyncio.sleep(0.02)
    verdict = await client.send(asked("POST"), exchange)
    assert (verdict.outcome, verdict.text, len(received), used.count) == (Outcome.ACK, "fine", 2, 0)


async def test_a_cancelled_send_is_in_doubt_and_leaves_no_connection_behind(ground: Any, exchange: Any, used: Used) -> None:
    venue = Venue(OK, SILENCE)
    client = await ground.client(await ground.raw(venue))
    await client.send(asked("GET", "/first"), exchange)
    venue.arrived.clear()
    tasks = TaskSet(lambda name, error: None)
    task = tasks.spawn("order", client.send(asked(), exchange))
    await venue.arrived.wait()
    await stop(task)
    assert [verdict.outcome for _, verdict in ground.lost] == [Outcome.UNKNOWN]
    assert (await client.send(asked("GET", "/after"), exchange)).outcome is Outcome.ACK
    assert ([where for where, _ in venue.received], used.count) == ([1, 1, 2], 1)


async def test_closing_ends_a_send_in_doubt(ground: Any, exchange: Any, used: Used) -> None:
    venue = Venue(OK, SILENCE)
    client = await ground.client(await ground.raw(venue))
    await client.send(asked("GET", "/first"), exchange)
    venue.arrived.clear()
    verdicts: list[Verdict] = []

    async def order() -> None:
        verdicts.append(await client.send(asked(), exchange))

    tasks = TaskSet(lambda name, error: None)
    task = tasks.spawn("order", order())
    await venue.arrived.wait()
    await client.close()
    await asyncio.wait([task], timeout=5)
    assert ([verdict.outcome for verdict in verdicts], used.count) == ([Outcome.UNKNOWN], 1)


async def test_it_runs_over_tls(ground: Any, exchange: Any, used: Used, good_tls: Any) -> None:
    venue = Venue()
    client = await ground.client(await ground.raw(venue, good_tls), scheme="https")
    for _ in range(3):
        assert (await client.send(asked(body=b"{}"), exchange)).outcome is Outcome.ACK
    assert (used.count, venue.connections) == (2, 1)
    assert len({data for _, data in venue.received}) == 1


async def test_several_at_once_have_a_connection_each(ground: Any, exchange: Any, used: Used) -> None:
    venue = Venue(*([OK, SILENCE, SILENCE]))
    client = await ground.client(await ground.raw(venue), total_s=TOTAL_S)
    await client.send(asked("GET", "/first"), exchange)
    told = await asyncio.gather(*(client.send(asked(target=f"/{n}"), exchange) for n in range(4)))
    assert sorted(verdict.outcome.value for verdict in told) == ["ack", "ack", "unknown", "unknown"]
    assert (venue.connections, used.count) == (4, 1)


async def test_what_is_not_as_expected_goes_the_sessions_way(ground: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def has_one() -> bool:
        return (await ground.client(1))._warm is not None

    assert await has_one() is aiohttp.__version__.startswith(warm.KNOWN)
    for owner, name in (
        (aiohttp.BaseConnector, "_get"),
        (aiohttp.ClientRequest, "connection_key"),
        (ResponseHandler, "should_close"),
    ):
        with monkeypatch.context() as patch:
            patch.delattr(owner, name)
            assert not await has_one()
    with monkeypatch.context() as patch:
        patch.setattr(aiohttp, "__version__", "3.99.0")
        assert not await has_one()
    assert warm.warm_line(object(), warm.URL("http://a"), {}, "", 1.0) is None
