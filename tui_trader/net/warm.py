"""The short way to the venue: a small request on a connection that is open already, past aiohttp's session.

A session finds out anew for each request what is settled here: no redirects, no cookies, no proxy, no authorisation of its own,
one origin. On a connection out of its pool nothing is left to do but write the bytes, once, and wait for the answer, which is
still read by aiohttp's own parser. Whatever can fail before a byte leaves (name, address, TLS) is not done here: without an
open connection there is no short way, and the session connects. So this way never says that nothing was sent.

Only versions of aiohttp that were looked at are spoken to like this; in every other one requests go the session's way.
"""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, NamedTuple

import aiohttp
from aiohttp.connector import Connection
from aiohttp.http import HttpProcessingError
from multidict import CIMultiDictProxy
from yarl import URL

from tui_trader.net.answer import read_capped
from tui_trader.net.endpoint import Interrupted
from tui_trader.net.prompt import SMALL

KNOWN: Final = ("3.14.",)
"""Versions of aiohttp whose inside this was written for."""

METHODS: Final = frozenset({"GET", "POST", "PUT", "DELETE"})

_NAME = re.compile(r"[A-Za-z0-9-]+\Z", re.ASCII)
_FRAMING: Final = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "expect", "upgrade", "trailer", "te", "keep-alive", "cookie"}
)
"""Headers that say how a message is to be read: a signature has no business with them."""

MOST_FORMS: Final = 64


class Answer(NamedTuple):
    """What came back, whole."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes


class Form(NamedTuple):
    """The head of requests that are signed alike, but for its first line and the length."""

    text: str
    """With ``%(name)s`` where the signature's headers go."""
    lines: int


class WarmLine:
    """The open connections of one client to one origin."""

    def __init__(self, client: aiohttp.ClientSession, url: URL, headers: Mapping[str, str], kind: str, total_s: float) -> None:
        """``headers`` go with every request, ``kind`` is what a body is, ``total_s`` the longest wait for a whole answer."""
        like = aiohttp.ClientRequest("GET", url, loop=asyncio.get_running_loop(), session=client)
        self._key = like.connection_key
        self._from_pool = client.connector._get  # type: ignore[union-attr]
        self._prefix = url.raw_path.rstrip("/")
        self._bare = {"Host": str(url.host_port_subcomponent), **headers}
        self._with_body = {**self._bare, "Content-Type": kind}
        self._forms: dict[tuple[bool, tuple[str, ...]], Form | None] = {}
        self._total_s = total_s
        self._loop = asyncio.get_running_loop()

    def write_down(self, method: str, target: str, signed: Mapping[str, str], body: bytes) -> bytes | None:
        """Return the bytes of a request as the session would send it; None for one that only the session may send."""
        size = len(body)
        if method not in METHODS or size >= SMALL or target.endswith("?"):
            return None
        shape = (size > 0, tuple(signed))
        form = self._forms[shape] if shape in self._forms else self._learn(*shape)
        if form is None:
            return None
        head = form.text % signed
        if head.count("\n") != form.lines or head.count("\r") != form.lines or "\0" in head:
            return None  # a header that is none: the session says what is wrong with it
        length = f"Content-Length: {size}\r\n" if size or method != "GET" else ""
        return f"{method} {self._prefix}{target} HTTP/1.1\r\n{head}{length}\r\n".encode() + body

    async def take(self) -> Connection | None:
        """Return an open connection on which nothing is under way, or None; the caller sends on it at once."""
        while (connection := await self._from_pool(self._key, [])) is not None:
            protocol: Any = connection.protocol
            # What came unasked on an idle connection would be taken for the answer to this request.
            if not protocol.should_close and not protocol.writing_paused and protocol.is_connected():
                return connection
            connection.close()
        return None

    async def exchange(self, connection: Connection, request: bytes, cap: int) -> Answer:
        """Send once and read the whole answer, of at most ``cap`` bytes.

        Raises Interrupted, TimeoutError or Unusable; with every exception the request may have been executed.
        """
        protocol: Any = connection.protocol
        content: Any = None
        late = False

        def expire() -> None:
            nonlocal late
            late = True
            protocol.set_exception(TimeoutError())
            if content is not None:
                content.set_exception(TimeoutError())

        timer: asyncio.TimerHandle | None = None
        whole = False
        try:
            protocol.transport.write(request)
            # Nothing that comes back is read before this task waits.
            timer = self._loop.call_later(self._total_s, expire)
            protocol.set_response_params(read_until_eof=True, auto_decompress=False)
            while True:
                message, content = await protocol.read()
                if late:
                    raise TimeoutError
                if not 100 <= message.code <= 199 or message.code == 101:
                    break
            body = await read_capped(message.headers, content, cap)
            whole = True  # releasing closes what is not fit to be used again
        except TimeoutError:
            raise
        except (aiohttp.ClientError, aiohttp.EofStream, HttpProcessingError, OSError) as error:
            raise Interrupted(str(error)) from error
        finally:
            if timer is not None:
                timer.cancel()
            if whole:
                connection.release()
            else:
                connection.close()
        return Answer(message.code, message.headers, body)

    def _learn(self, has_body: bool, names: tuple[str, ...]) -> Form | None:
        """Lay out a head whose signature has these names: where it repeats one of ours, its own stands in that place."""
        ours = self._with_body if has_body else self._bare
        merged = {**ours, **dict.fromkeys(names)}
        lower = {name.lower() for name in merged}
        form = None
        if all(map(_NAME.match, names)) and len(lower) == len(merged) and not _FRAMING & {name.lower() for name in names}:
            lines = (f"{name}: %({name})s" if name in names else f"{name}: {ours[name]}".replace("%", "%%") for name in merged)
            form = Form("".join(f"{line}\r\n" for line in lines), len(merged))
        if len(self._forms) < MOST_FORMS:
            self._forms[has_body, names] = form
        return form


def warm_line(client: Any, url: URL, headers: Mapping[str, str], kind: str, total_s: float) -> WarmLine | None:
    """Return the short way of a client; None where aiohttp is not as expected, or the client is none of aiohttp's."""
    if not aiohttp.__version__.startswith(KNOWN) or type(client) is not aiohttp.ClientSession:
        return None
    connector = client.connector
    if type(connector) is not aiohttp.TCPConnector or not _as_expected(connector):
        return None
    return WarmLine(client, url, headers, kind, total_s)


def _as_expected(connector: aiohttp.TCPConnector) -> bool:
    from aiohttp.client_proto import ResponseHandler

    def takes(function: Callable[..., Any], names: Collection[str]) -> bool:
        return set(names) <= set(inspect.signature(function).parameters)

    get = getattr(connector, "_get", None)
    return (
        get is not None
        and list(inspect.signature(get).parameters) == ["key", "traces"]
        and isinstance(getattr(aiohttp.ClientRequest, "connection_key", None), property)
        and all(hasattr(ResponseHandler, name) for name in ("should_close", "writing_paused", "is_connected"))
        and all(hasattr(ResponseHandler, name) for name in ("read", "set_exception", "set_response_params"))
        and takes(ResponseHandler.set_response_params, ("read_until_eof", "auto_decompress", "skip_payload", "read_timeout"))
        and all(hasattr(Connection, name) for name in ("protocol", "close", "release"))
    )
