"""A small body leaves at once, and as the very bytes that aiohttp would have sent."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import aiohttp
import pytest

from tui_trader.net import prompt

HEADERS = {"Accept": "application/json", "Content-Type": "application/json", "x-sign": "abc"}


class Counter:
    """A server that keeps what comes and answers each request."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not reader.at_eof():
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                writer.close()
                return
            length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length")), 0)
            self.received.append(head + await reader.readexactly(length))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


async def send(
    made_of: Any, *bodies: bytes, method: str = "POST", skip: Any = (), headers: dict[str, str] = HEADERS
) -> list[bytes]:
    """Return what a server got of requests with these bodies, on one connection; the port is taken out."""
    counter = Counter()
    async with await asyncio.start_server(counter, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with aiohttp.ClientSession(request_class=made_of, skip_auto_headers=skip) as client:
            for body in bodies:
                url = f"http://127.0.0.1:{port}/orders?a=%20b"
                async with client.request(method, url, data=body or None, headers=headers) as response:
                    assert response.status == 200
    return [each.replace(str(port).encode(), b"port") for each in counter.received]


@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
@pytest.mark.parametrize("skip", [(), prompt.UNASKED, ("Accept",)], ids=["asked", "unasked", "in part"])
@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_the_bytes_are_those_of_aiohttp(method: str, skip: Any) -> None:
    bodies = [b'{"a":1}', b"", b"x" * prompt.SMALL, b"y" * 900_000, b'{"a":2}']
    ours = await send(prompt.PromptRequest, *bodies, method=method, skip=skip)
    assert ours == await send(aiohttp.ClientRequest, *bodies, method=method, skip=skip)


@pytest.mark.parametrize(
    "headers",
    [{}, {"x-sign": "abc"}, {"Host": "elsewhere", "x-sign": "abc"}, {"Content-Length": "7"}, {"content-type": "text/plain"}],
    ids=["none", "no kind", "host", "length", "small letters"],
)
async def test_whatever_headers_are_asked_for_are_those_of_aiohttp(headers: dict[str, str]) -> None:
    for skip in ((), prompt.UNASKED):
        ours = await send(prompt.PromptRequest, b'{"a":1}', skip=skip, headers=headers)
        assert ours == await send(aiohttp.ClientRequest, b'{"a":1}', skip=skip, headers=headers)


async def test_a_small_body_needs_no_task(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks: list[int] = []

    class Watched(prompt.PromptRequest):
        async def write_bytes(self, *args: Any) -> None:
            tasks.append(id(asyncio.current_task()))
            await super().write_bytes(*args)

    await send(Watched, b'{"a":1}', b"x" * prompt.SMALL)
    mine = id(asyncio.current_task())
    assert tasks[0] == mine
    if sys.version_info < (3, 12):
        assert tasks[1] != mine, "a large one has a task of its own"


def test_what_is_touched_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert prompt.request_class() is (prompt.PromptRequest if sys.version_info < (3, 12) else aiohttp.ClientRequest)
    monkeypatch.delattr(aiohttp.ClientRequest, "_get_content_length")
    assert prompt.request_class() is aiohttp.ClientRequest
