"""A request whose body leaves with its head, in the task that asks for it.

Before Python 3.12 aiohttp hands each body to a task of its own, which the event loop starts on its next turn, behind whatever
else is due: for an order the longest wait on this side. A body of a few hundred bytes needs no task. Whatever is not as simple
as that, and every version of aiohttp in which a name used here is missing, goes aiohttp's own way.
"""

from __future__ import annotations

import sys
from typing import Any

import aiohttp
from aiohttp.http import StreamWriter
from aiohttp.payload import BytesPayload

SMALL = 16 << 10
"""Bytes that a socket takes without being waited for."""


class PromptRequest(aiohttp.ClientRequest):
    """A ClientRequest that writes a small body at once."""

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


_TOUCHED = ("_get_content_length", "write_bytes", "send", "request_info")


def request_class() -> type[aiohttp.ClientRequest]:
    """Return what requests are to be made of: aiohttp's own where it starts the writing at once by itself."""
    known = all(hasattr(aiohttp.ClientRequest, name) for name in _TOUCHED)
    return PromptRequest if known and sys.version_info < (3, 12) else aiohttp.ClientRequest
