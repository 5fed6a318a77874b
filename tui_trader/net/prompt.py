"""A request whose body leaves with its head, in the task that asks for it, and that is put together with as little as that takes.

Before Python 3.12 aiohttp hands each body to a task of its own, which the event loop starts on its next turn, behind whatever
else is due: for an order the longest wait on this side. A body of a few hundred bytes needs no task. The rest is what aiohttp
finds out anew for each request and is known here: that it adds no header of its own, and that a body of bytes is one. Whatever is
not as simple as that, and every version of aiohttp in which a name used here is missing, goes aiohttp's own way.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, Final

import aiohttp
from aiohttp import hdrs
from aiohttp.http import StreamWriter
from aiohttp.payload import BytesPayload
from multidict import CIMultiDict, istr

SMALL = 16 << 10
"""Bytes that a socket takes without being waited for."""


UNASKED: Final = frozenset({hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE, hdrs.USER_AGENT})
"""Every header that aiohttp would add by itself: sessions leave them all to us."""

_UNASKED_AS_KEPT: Final[CIMultiDict[None]] = CIMultiDict((istr(name), None) for name in sorted(UNASKED))


class PromptRequest(aiohttp.ClientRequest):
    """A ClientRequest that writes a small body at once."""

    def update_headers(self, headers: Any) -> None:
        """Begin with the host, and take the caller's headers as they are."""
        host = self.url.host_port_subcomponent
        if host is None or type(headers) is not CIMultiDict or hdrs.HOST in headers:
            super().update_headers(headers)
            return
        self.headers = CIMultiDict({hdrs.HOST: host})
        self.headers.extend(headers)

    def update_auto_headers(self, skip_auto_headers: Iterable[str] | None) -> None:
        """Add what aiohttp adds by itself: nothing, where all of it is to be left out."""
        if skip_auto_headers == UNASKED:
            self._skip_auto_headers = _UNASKED_AS_KEPT
        else:
            super().update_auto_headers(skip_auto_headers)

    def update_body_from_data(self, body: Any, _stacklevel: int = 3) -> None:
        """Take the body, and say how long it is; its kind is for the caller to say."""
        headers = self.headers
        plain = type(body) is bytes and self._body is None and self._skip_auto_headers is _UNASKED_AS_KEPT
        if not plain or self.chunked or hdrs.CONTENT_LENGTH in headers:
            super().update_body_from_data(body, _stacklevel)
            return
        self._body = BytesPayload(body)
        headers[hdrs.CONTENT_LENGTH] = str(len(body))

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        """Write head and body to the connection and return the response that will be read from it."""
        protocol = conn.protocol
        if (
            not isinstance(self._body, BytesPayload)
            or (self._body.size or SMALL) >= SMALL
            or self._continue is not None
            or self._traces
            or self.proxy is not None
            or self.chunked is not None
            or self.compress
            or protocol is None
            or protocol.writing_paused
        ):
            return await super().send(conn)
        writer = StreamWriter(protocol, self.loop)
        await writer.write_headers(f"{self.method} {self.url.raw_path_qs} HTTP/1.1", self.headers)
        await self.write_bytes(writer, conn, self._get_content_length())
        assert self.response_class is not None
        response = self.response_class(
            self.method,
            self.original_url,
            writer=None,
            continue100=None,
            timer=self._timer,
            request_info=self.request_info,
            traces=self._traces,
            loop=self.loop,
            session=self._session,
            stream_writer=writer,
        )
        self.response = response  # type: ignore[assignment]  # aiohttp says None and means "None before this"
        return response


_TOUCHED = (
    "_get_content_length",
    "write_bytes",
    "send",
    "request_info",
    "update_headers",
    "update_auto_headers",
    "update_body_from_data",
    "_body",
    "_skip_auto_headers",
)


def request_class() -> type[aiohttp.ClientRequest]:
    """Return what requests are to be made of: aiohttp's own where it starts the writing at once by itself."""
    known = all(hasattr(aiohttp.ClientRequest, name) for name in _TOUCHED)
    return PromptRequest if known and sys.version_info < (3, 12) else aiohttp.ClientRequest
