"""Requests sent exactly once, against real servers; the server's own count of receipts is the judge."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import threading
import tracemalloc
import warnings
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from tui_trader.core.clock import NS, SystemClock
from tui_trader.core.error import ConfigError, LinkError, RefusedError, WireError
from tui_trader.net.answer import gunzip
from tui_trader.net.limiter import Limiter
from tui_trader.net.rest import CONNECT_S, MAX_WRITE_BODY, TOTAL_S, RestClient
from tui_trader.net.tasks import TaskSet, stop
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Credential, Outcome, Reply, Request, RequestKind, Verdict

KINDS = {"GET": RequestKind.READ, "PUT": RequestKind.CREATE, "POST": RequestKind.CREATE, "DELETE": RequestKind.CANCEL}


def request(method: str = "POST", path: str = "/orders", **changes: Any) -> Request:
    base = Request(KINDS[method], "test", method, path, signed=False, group="contract")
    return replace(base, **changes)


class Till:
    """A raw HTTP server that counts complete requests and answers as told."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.received: list[bytes] = []
        self.connections = 0
        self.arrived = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
            )
            self.received.append(head + await reader.readexactly(length))
            self.arrived.set()
            answer = self.answers.pop(0) if self.answers else None
            if answer is None:
                writer.close()
                return
            if answer == SILENCE:
                continue
            writer.write(answer)
            if answer.endswith(CUT):
                writer.close()
                return


SILENCE = b"(says nothing)"
CUT = b"(cut)"


def ok(body: bytes = b"fine", *headers: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers, b"", body])


# --- exactly once ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", KINDS)
async def test_a_connection_closed_before_the_answer_is_one_receipt(ground: Any, exchange: Any, method: str) -> None:
    till = Till()
    client = await ground.client(await ground.raw(till))
    verdict = await client.send(request(method), exchange)
    assert verdict.outcome is Outcome.UNKNOWN
    assert ("may have been executed" in verdict.text) == (method != "GET")
    assert (len(till.received), till.connections) == (1, 1)


@pytest.mark.parametrize("method", KINDS)
async def test_a_reused_connection_closed_before_the_answer_is_one_receipt(ground: Any, exchange: Any, method: str) -> None:
    till = Till(ok())
    client = await ground.client(await ground.raw(till))
    assert (await client.send(request("GET"), exchange)).outcome is Outcome.ACK
    verdict = await client.send(request(method), exchange)
    assert verdict.outcome is Outcome.UNKNOWN
    assert (len(till.received), till.connections) == (2, 1)


@pytest.mark.parametrize("method", KINDS)
async def test_a_connection_reset_before_the_answer_is_one_receipt(ground: Any, exchange: Any, method: str) -> None:
    received: list[bytes] = []

    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.readuntil(b"\r\n\r\n"))
        writer.transport.abort()

    client = await ground.client(await ground.raw(reset))
    assert (await client.send(request(method), exchange)).outcome is Outcome.UNKNOWN
    assert len(received) == 1


async def test_an_idle_connection_the_server_closed_is_replaced(ground: Any, exchange: Any) -> None:
    """aiohttp sees the end of an idle connection and takes a new one: no doubt arises and nothing is sent twice."""
    closed = asyncio.Event()
    received: list[bytes] = []

    async def one_each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(ok())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        closed.set()

    client = await ground.client(await ground.raw(one_each))
    assert (await client.send(request("GET"), exchange)).outcome is Outcome.ACK
    await asyncio.wait_for(closed.wait(), 1)
    await asyncio.wait({asyncio.get_running_loop().run_in_executor(None, lambda: None)})  # lets the FIN be read
    assert (await client.send(request("DELETE"), exchange)).outcome in (Outcome.ACK, Outcome.UNKNOWN)
    assert len(received) <= 2


async def test_a_connection_is_kept_warm(ground: Any, exchange: Any) -> None:
    till = Till(ok(b"17"), ok(), ok())
    client = await ground.client(await ground.raw(till))
    assert (await client.warm(exchange)).server_ns == 17
    for _ in range(2):
        await client.send(request(), exchange)
    assert till.connections == 1
    assert client.last_used_ns > 0


# --- what goes out ---------------------------------------------------------------------------------------------------


async def test_the_bytes_signed_are_the_bytes_sent(ground: Any, exchange: Any, credential: Credential) -> None:
    till = Till(ok())
    client = await ground.client(await ground.raw(till))
    sent = request("PUT", "/a/../b", query="x=1,2+3%2C&y=a=b&z=(1)", body=b'{"p":"1.0"}', signed=True)
    assert (await client.send(sent, exchange, credential)).outcome is Outcome.ACK
    head, _, body = till.received[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == f"PUT {sent.target} HTTP/1.1"
    assert exchange.signed[0][:2] == (sent.target, body.decode().encode())
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    assert fields["x-signature"] == f"secret:{sent.target}"
    assert fields["content-type"] == "application/json"
    assert fields["accept-encoding"] == "gzip"
    assert "cookie" not in fields


@pytest.mark.parametrize("path", ["orders", "@evil.example/", "/a b", "/a\r\nx: y", "/é", "/#x", "", "/a\n"])
async def test_a_target_that_would_be_rewritten_is_a_bug_and_not_sent(ground: Any, exchange: Any, path: str) -> None:
    till = Till(ok())
    client = await ground.client(await ground.raw(till))
    with pytest.raises(ValueError, match="as it was signed"):
        await client.send(request(path=path), exchange)
    assert (till.received, ground.lost) == ([], [])


async def test_cookies_and_proxies_are_not_picked_up(ground: Any, exchange: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    till = Till(ok(b"a", b"Set-Cookie: spy=1; Path=/"), ok())
    client = await ground.client(await ground.raw(till))
    for _ in range(2):
        assert (await client.send(request(), exchange)).outcome is Outcome.ACK
    assert b"spy" not in till.received[1]


def test_an_address_off_the_list_is_refused() -> None:
    limiter = Limiter({"other": (1, 1.0)}, SystemClock())
    with pytest.raises(ConfigError, match="not encrypted"):
        RestClient("http://192.0.2.1", hosts=(), clock=SystemClock(), limiter=limiter, on_lost=lambda *_: None)


# --- what comes back -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", KINDS)
async def test_a_redirect_is_not_followed(ground: Any, exchange: Any, method: str, status: int) -> None:
    other = Till(ok())
    target = b"Location: http://127.0.0.1:%d/orders" % await ground.raw(other)
    till = Till(b"HTTP/1.1 %d x\r\n%s\r\nContent-Length: 0\r\n\r\n" % (status, target))
    client = await ground.client(await ground.raw(till))
    verdict = await client.send(request(method), exchange)
    assert (verdict.outcome, verdict.code) == (Outcome.UNKNOWN, str(status))
    assert (len(till.received), other.received) == (1, [])


BOMB = gzip.compress(bytes(64 << 20), 9)

UNUSABLE = {
    "truncated": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf" + CUT,
    "cut in the head": b"HTTP/1.1 200 OK\r\nContent-" + CUT,
    "not HTTP": b"SSH-2.0-OpenSSH_9.2\r\n" + CUT,
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab" + CUT,
    "chunk garbage": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n" + CUT,
    "header of 64 kB": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 65536 + b"\r\nContent-Length: 0\r\n\r\n",
    "too large": ok(bytes(MAX_WRITE_BODY + 1)),
    "too large in chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    + (b"40000\r\n" + bytes(1 << 18) + b"\r\n") * 5,
    "bomb": ok(BOMB, b"Content-Encoding: gzip"),
    "not gzip": ok(b"plain", b"Content-Encoding: gzip"),
    "cut gzip": ok(gzip.compress(b"fine")[:-9], b"Content-Encoding: gzip"),
    "another encoding": ok(zlib.compress(b"fine"), b"Content-Encoding: br"),
}


@pytest.mark.parametrize("answer", UNUSABLE.values(), ids=UNUSABLE)
async def test_an_unusable_answer_to_a_write_is_unknown(ground: Any, exchange: Any, answer: bytes) -> None:
    till = Till(answer)
    client = await ground.client(await ground.raw(till))
    verdict = await client.send(request("PUT"), exchange)
    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.text.endswith("may have been executed.")
    assert len(till.received) == 1


def test_a_bomb_does_not_go_off() -> None:
    """64 MiB of zeros in 64 kB: no more than the cap is ever unpacked."""
    tracemalloc.start()
    with pytest.raises(Exception, match="too large"):
        gunzip(BOMB, MAX_WRITE_BODY)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * MAX_WRITE_BODY


async def test_bodies_at_the_limit_and_compressed_ones_are_read(ground: Any, exchange: Any) -> None:
    whole = b"a" * MAX_WRITE_BODY
    till = Till(ok(whole), ok(gzip.compress(whole), b"Content-Encoding: gzip"), ok(b""))
    client = await ground.client(await ground.raw(till))
    texts = [(await client.send(request(), exchange)).text for _ in range(3)]
    assert texts == [whole.decode(), whole.decode(), ""]


async def test_a_product_list_may_be_larger_than_an_answer_to_an_order(ground: Any, exchange: Any) -> None:
    client = await ground.client(await ground.raw(Till(ok(b"a" * (3 << 20)))))
    assert len((await client.send(request("GET"), exchange)).text) == 3 << 20


async def test_headers_reach_the_dialect_in_lower_case(ground: Any, exchange: Any) -> None:
    client = await ground.client(await ground.raw(Till(b"HTTP/1.1 429 x\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n")))
    verdict = await client.send(request(), exchange)
    assert (verdict.outcome, verdict.retry_after_s) == (Outcome.LIMITED, 9.0)
    refused = await client.send(request("DELETE"), exchange)
    assert refused.outcome is Outcome.NOT_SENT
    assert refused.retry_after_s == pytest.approx(9, abs=1)
    assert client.sends == 1


# --- never sent ------------------------------------------------------------------------------------------------------


async def test_refused(ground: Any, exchange: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = await ground.client(port)
    verdict = await client.send(request("PUT"), exchange)
    assert (verdict.outcome, verdict.code) == (Outcome.NOT_SENT, "connect")
    assert verdict.text.startswith("Not sent: 127.0.0.1 cannot be reached (")


async def test_no_such_name(ground: Any, exchange: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fail)
    limiter = Limiter({"contract": (9, 1.0)}, ground.clock)
    client = RestClient("https://venue.invalid", hosts={"venue.invalid"}, clock=ground.clock, limiter=limiter, on_lost=print)
    async with client:
        verdict = await client.send(request("PUT"), exchange)
    assert (verdict.outcome, verdict.code) == (Outcome.NOT_SENT, "dns")


def abroad(ground: Any, url: str = "https://venue.invalid", **settings: Any) -> RestClient:
    """Return a client of a venue that is reached by its name."""
    limiter = Limiter({"contract": (9, 1.0)}, ground.clock)
    host = url.partition("://")[2].partition(":")[0]
    return RestClient(url, hosts={host}, clock=ground.clock, limiter=limiter, on_lost=lambda *_: None, **settings)


async def test_a_name_that_takes_for_ever_is_bounded_and_not_sent(
    ground: Any, exchange: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: Any, **__: Any) -> None:
        await asyncio.sleep(30)

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", hang)
    async with abroad(ground, connect_s=0.1) as client:
        verdict = await client.send(request("PUT"), exchange)
    assert (verdict.outcome, verdict.code) == (Outcome.NOT_SENT, "connect_timeout")
    assert CONNECT_S < TOTAL_S <= 5.0


async def test_a_name_that_leads_home_is_not_spoken_to(ground: Any, exchange: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(16))

    port = await ground.raw(listen)

    async def home(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", home)
    async with abroad(ground, f"https://venue.invalid:{port}") as client:
        verdict = await client.send(request("PUT"), exchange)
    assert (verdict.outcome, verdict.code) == (Outcome.NOT_SENT, "private_address")
    assert verdict.text == "Not sent: venue.invalid leads to 127.0.0.1, which is not on the public internet."
    assert asked == []
    async with abroad(ground, f"https://venue.invalid:{port}", private_addresses=True) as client:
        await client.send(request("PUT"), exchange)
    assert asked[0][0] == 0x16, "an address that the user gave is tried"


async def test_no_thread_left_to_resolve_with(ground: Any, exchange: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fail)
    async with abroad(ground) as client:
        assert (await client.send(request("PUT"), exchange)).outcome is Outcome.NOT_SENT


async def test_an_address_behind_a_black_hole_is_given_up_for_the_other(
    ground: Any, exchange: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IPv6 swallows every packet, IPv4 answers: the connection is made by IPv4 long before the time is up."""
    port = await ground.raw(Till(ok()))
    with socket.socket(socket.AF_INET6) as hole:
        try:
            hole.bind(("::1", port))
        except OSError as error:
            pytest.skip(f"no IPv6 loopback on this machine: {error}")
        hole.listen(0)
        waiting = []
        for _ in range(8):  # past its backlog, whoever knocks gets no answer
            knocking = socket.socket(socket.AF_INET6)
            knocking.setblocking(False)
            knocking.connect_ex(("::1", port))
            waiting.append(knocking)

        async def both(host: str, port: int, **_: Any) -> list[Any]:
            return [
                (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0)),
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
            ]

        loop = asyncio.get_running_loop()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.open_connection("::1", port), 0.3)
        monkeypatch.setattr(loop, "getaddrinfo", both)
        monkeypatch.setattr("tui_trader.net.endpoint.LOOPBACK", frozenset({"venue.invalid"}))
        started = loop.time()
        async with abroad(ground, f"http://venue.invalid:{port}", private_addresses=True) as client:
            verdict = await client.send(request("PUT"), exchange)
        assert verdict.outcome is Outcome.ACK
        assert loop.time() - started < 2.0
        for knocking in waiting:
            knocking.close()


async def test_a_server_that_only_speaks_an_old_tls(ground: Any, exchange: Any, make_tls: Callable[[str], Any]) -> None:
    old = make_tls("good")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1
    old.set_ciphers("ALL:@SECLEVEL=0")
    till = Till(ok())
    client = await ground.client(await ground.raw(till, old), scheme="https")
    verdict = await client.send(request("PUT"), exchange)
    assert (verdict.outcome, verdict.code) == (Outcome.NOT_SENT, "tls")
    assert till.received == []


async def test_a_handshake_that_never_ends(ground: Any, exchange: Any) -> None:
    greeted: list[bytes] = []

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while block := await reader.read(4096):
            greeted.append(block)

    client = await ground.client(await ground.raw(mute), scheme="https", connect_s=0.1)
    verdict = await client.send(request("PUT"), exchange)
    assert (verdict.outcome, verdict.code) == (Outcome.NOT_SENT, "connect_timeout")
    assert greeted[0][0] == 0x16, "a TLS hello and nothing else"


async def test_a_handshake_that_is_cut(ground: Any, exchange: Any) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(16)
        writer.transport.abort()

    client = await ground.client(await ground.raw(cut), scheme="https")
    verdict = await client.send(request("PUT"), exchange)
    assert (verdict.outcome, verdict.code) == (Outcome.NOT_SENT, "tls")
    assert verdict.text == "Not sent: no TLS connection to 127.0.0.1 (it hung up during the handshake)."


async def test_a_plain_server_on_a_tls_port(ground: Any, exchange: Any) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(16)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    client = await ground.client(await ground.raw(plain), scheme="https")
    verdict = await client.send(request("PUT"), exchange)
    assert (verdict.outcome, verdict.code) == (Outcome.NOT_SENT, "tls")


@pytest.mark.parametrize(("name", "why"), [("expired", "expired"), ("other", "IP address mismatch")])
async def test_a_certificate_that_is_not_right(
    ground: Any, exchange: Any, make_tls: Callable[[str], Any], name: str, why: str
) -> None:
    till = Till(ok())
    client = await ground.client(await ground.raw(till, make_tls(name)), scheme="https")
    verdict = await client.send(request("PUT"), exchange)
    assert (verdict.outcome, verdict.code) == (Outcome.NOT_SENT, "certificate")
    assert why in verdict.text
    assert till.received == []


async def test_a_certificate_of_nobody_we_trust(ground: Any, exchange: Any, good_tls: Any) -> None:
    port = await ground.raw(Till(ok()), good_tls)
    limiter = Limiter({"contract": (9, 1.0)}, ground.clock)
    client = RestClient(
        f"https://127.0.0.1:{port}", hosts={"127.0.0.1"}, clock=ground.clock, limiter=limiter, on_lost=lambda *_: None
    )
    async with client:
        assert (await client.send(request("PUT"), exchange)).code == "certificate"


async def test_a_good_certificate(ground: Any, exchange: Any, good_tls: Any) -> None:
    client = await ground.client(await ground.raw(Till(ok()), good_tls), scheme="https")
    assert (await client.send(request("PUT"), exchange)).outcome is Outcome.ACK


async def test_a_budget_that_is_used_up_names_the_wait(ground: Any, exchange: Any) -> None:
    till = Till(*[ok()] * 9)
    client = await ground.client(await ground.raw(till), limiter=Limiter({"contract": (5, 60.0)}, ground.clock))
    outcomes = [(await client.send(request("PUT"), exchange)).outcome for _ in range(4)]
    assert outcomes == [Outcome.ACK] * 4
    refused = await client.send(request("PUT"), exchange)
    assert (refused.outcome, refused.code) == (Outcome.NOT_SENT, "local_limit")
    assert "possible in 60.0 s" in refused.text or "possible in 59." in refused.text
    assert 59 < refused.retry_after_s <= 60
    assert (await client.send(request("DELETE"), exchange)).outcome is Outcome.ACK
    heavy = await client.send(request("PUT", weight=6), exchange)
    assert "weighs more" in heavy.text
    assert (len(till.received), client.sends, client.counts[Outcome.NOT_SENT]) == (5, 5, 2)


async def test_headers_of_an_answer_take_budget_away(ground: Any, exchange: Any) -> None:
    exchange.told = {"contract": (3, 10)}
    client = await ground.client(await ground.raw(Till(*[ok()] * 9)), limiter=Limiter({"contract": (10, 60.0)}, ground.clock))
    assert [(await client.send(request("PUT"), exchange)).outcome for _ in range(3)] == [
        Outcome.ACK,
        Outcome.ACK,
        Outcome.NOT_SENT,
    ]


async def test_without_a_key_or_after_closing_nothing_is_sent(ground: Any, exchange: Any, credential: Credential) -> None:
    till = Till(ok())
    client = await ground.client(await ground.raw(till))
    assert (await client.send(request(signed=True), exchange)).code == "no_key"
    await client.close()
    assert (await client.send(request(signed=True), exchange, credential)).code == "closed"
    assert till.received == []


# --- waiting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", KINDS)
async def test_no_answer_in_time(ground: Any, exchange: Any, method: str) -> None:
    till = Till(SILENCE)
    client = await ground.client(await ground.raw(till), total_s=0.1)
    verdict = await client.send(request(method), exchange)
    assert (verdict.outcome, verdict.code) == (Outcome.UNKNOWN, "timeout")
    assert len(till.received) == 1


async def test_an_answer_that_stalls_is_bounded_by_the_total(ground: Any, exchange: Any) -> None:
    client = await ground.client(await ground.raw(Till(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n....")), total_s=0.1)
    assert (await client.send(request("PUT"), exchange)).code == "timeout"


async def test_a_cancelled_send_is_reported_unknown_before_the_cancellation_goes_on(ground: Any, exchange: Any) -> None:
    till = Till(SILENCE)
    client = await ground.client(await ground.raw(till))
    tasks = TaskSet(lambda name, error: None)
    sending = tasks.spawn("order", client.send(request("PUT", ref="tt-1"), exchange))
    await asyncio.wait_for(till.arrived.wait(), 1)
    assert await stop(sending)
    assert sending.cancelled()
    ((lost, verdict),) = ground.lost
    assert (lost.ref, verdict.outcome) == ("tt-1", Outcome.UNKNOWN)
    assert len(till.received) == 1


async def test_a_cancelled_read_is_nobodys_loss(ground: Any, exchange: Any) -> None:
    till = Till(SILENCE)
    client = await ground.client(await ground.raw(till))
    sending = TaskSet(lambda name, error: None).spawn("read", client.send(request("GET"), exchange))
    await asyncio.wait_for(till.arrived.wait(), 1)
    assert await stop(sending)
    assert ground.lost == []


async def test_a_cancelled_waiter_does_not_cancel_a_shielded_order(ground: Any, exchange: Any) -> None:
    answer = asyncio.Event()
    arrived = asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        arrived.set()
        await answer.wait()
        return web.Response(text="fine")

    client = await ground.client(await ground.web(slow))
    tasks = TaskSet(lambda name, error: None)
    sending = tasks.spawn("order", client.send(request("PUT"), exchange))

    async def wait() -> Verdict:
        return await asyncio.shield(sending)

    waiter = tasks.spawn("waiter", wait())
    await asyncio.wait_for(arrived.wait(), 1)
    assert await stop(waiter)
    answer.set()
    assert (await asyncio.wait_for(sending, 1)).outcome is Outcome.ACK
    assert ground.lost == []


async def test_closing_ends_a_send_that_is_under_way_in_doubt(ground: Any, exchange: Any) -> None:
    till = Till(SILENCE)
    client = await ground.client(await ground.raw(till))
    sending = TaskSet(lambda name, error: None).spawn("order", client.send(request("PUT"), exchange))
    await asyncio.wait_for(till.arrived.wait(), 1)
    await client.close()
    assert (await asyncio.wait_for(sending, 1)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("where", ["parse", "limits"])
async def test_a_bug_in_a_dialect_is_visible_and_the_order_is_in_doubt(
    ground: Any, exchange: Any, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def bug(*_: Any) -> None:
        raise LookupError("bug")

    monkeypatch.setattr(exchange, where, bug)
    client = await ground.client(await ground.raw(Till(ok(), ok())))
    with pytest.raises(LookupError):
        await client.send(request("GET"), exchange)
    assert ground.lost == []
    with pytest.raises(LookupError):
        await client.send(request("PUT"), exchange)
    assert [verdict.outcome for _, verdict in ground.lost] == [Outcome.UNKNOWN]


async def test_a_signature_that_fails_sends_nothing(ground: Any, exchange: Any) -> None:
    locked = Secret("s")
    locked.forget()
    till = Till(ok())
    client = await ground.client(await ground.raw(till))
    with pytest.raises(RefusedError, match="locked"):
        await client.send(request("PUT", signed=True), exchange, Credential("key", locked))
    assert (till.received, ground.lost) == ([], [])


# --- the venue's clock -----------------------------------------------------------------------------------------------


async def test_the_clock_is_measured_and_signs(ground: Any, exchange: Any, credential: Credential) -> None:
    ahead = 300 * NS

    async def tell(asked: web.Request) -> web.Response:
        return web.Response(text=str(ground.clock.wall_ns() + ahead))

    client = await ground.client(await ground.web(tell))
    assert abs(client.server_ns() - ground.clock.wall_ns()) < NS
    skew = await client.sync_clock(exchange)
    assert abs(skew.skew_ns - ahead) <= skew.bound_ns
    assert 1_000_000 < skew.bound_ns < NS
    await client.send(request("PUT", signed=True), exchange, credential)
    signed_ns = exchange.signed[0][2]
    assert abs(signed_ns - ground.clock.wall_ns() - ahead) < NS


async def test_a_step_of_our_clock_does_not_move_the_venues(ground: Any, exchange: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def tell(_: web.Request) -> web.Response:
        return web.Response(text=str(SystemClock().wall_ns()))

    client = await ground.client(await ground.web(tell))
    await client.sync_clock(exchange)
    monkeypatch.setattr(ground.clock, "wall_ns", lambda: SystemClock().wall_ns() - 3600 * NS)
    assert abs(client.server_ns() - SystemClock().wall_ns()) < NS


async def test_the_quickest_sample_is_believed(ground: Any, exchange: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Round trips of 400, 20 and 200 ms by a clock that is told what to say; the venue's clock reads 1,000 s each time."""
    client = await ground.client(await ground.raw(Till(*[ok(str(1000 * NS).encode())] * 3)))
    ticks = iter(each * 1_000_000 for each in (0, 400, 1000, 1020, 2000, 2200))
    send = client.send

    async def timed(*args: Any) -> Verdict:
        monkeypatch.undo()
        verdict = await send(*args)
        monkeypatch.setattr(ground.clock, "mono_ns", lambda: next(ticks, 5000 * 1_000_000))
        monkeypatch.setattr(client, "send", timed)
        return verdict

    monkeypatch.setattr(ground.clock, "mono_ns", lambda: next(ticks, 5000 * 1_000_000))
    monkeypatch.setattr(client, "send", timed)
    skew = await client.sync_clock(exchange)
    assert skew.bound_ns == 10_000_000 + 1_000_000
    assert client.server_ns() == 1000 * NS - 1010 * 1_000_000 + 5000 * 1_000_000


async def test_a_clock_that_cannot_be_read(ground: Any, exchange: Any) -> None:
    with pytest.raises(LinkError, match="could not be read"):
        await (await ground.client(await ground.raw(Till()))).sync_clock(exchange)
    with pytest.raises(WireError, match="without its time"):
        await (await ground.client(await ground.raw(Till(*[ok(b"0")] * 3)))).sync_clock(exchange)


async def test_a_refusal_that_repeats_the_signature_is_not_shown(ground: Any, exchange: Any) -> None:
    class Chatty(type(exchange)):  # type: ignore[misc]
        def parse(self, request: Request, reply: Reply) -> Verdict:
            return Verdict(Outcome.REJECTED, "401", reply.body.decode())

    signature = "9c2f0d6e8a1b4c5d7e9f0a1b2c3d4e5f6071829304a5b6c7d8e9f0a1b2c3d4e5"
    client = await ground.client(await ground.raw(Till(ok(b"wrong: " + signature.encode()))))
    verdict = await client.send(request("POST"), Chatty())
    assert verdict.text == "wrong: [redacted]"


@pytest.mark.parametrize(
    ("what", "size", "apart"), [("candles", 100_000, True), ("candles", 100, False), ("test", 100_000, False)]
)
async def test_a_long_list_of_bars_is_read_beside_the_loop(
    ground: Any, exchange: Any, monkeypatch: pytest.MonkeyPatch, what: str, size: int, apart: bool
) -> None:
    threads: list[int] = []
    parse = exchange.parse

    def seen(request: Request, reply: Reply) -> Verdict:
        threads.append(threading.get_ident())
        return parse(request, reply)  # type: ignore[no-any-return]

    monkeypatch.setattr(exchange, "parse", seen)
    client = await ground.client(await ground.raw(Till(ok(b"x" * size))))
    verdict = await client.send(request("GET", what=what), exchange)
    assert (verdict.outcome, len(verdict.text)) == (Outcome.ACK, size)
    assert [thread != threading.get_ident() for thread in threads] == [apart]
