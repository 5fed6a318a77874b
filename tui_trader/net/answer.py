"""The body of an answer, read to no more than so many bytes, whatever its headers promise."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from aiohttp import StreamReader


class Unusable(Exception):
    """A reply began and is not one; the text says why."""


async def read_capped(headers: Mapping[str, str], content: StreamReader, cap: int) -> bytes:
    """Read a body of at most ``cap`` bytes, before and after decompression.

    Raises Unusable, and then the caller closes the connection, on which the rest may still be coming.
    """
    encoding = headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip"):
        raise Unusable("an answer in an encoding that was not asked for")
    parts: list[bytes] = []
    size = 0
    while chunk := await content.readany():
        size += len(chunk)
        if size > cap:
            raise Unusable("an answer that is too large")
        parts.append(chunk)
    body = parts[0] if len(parts) == 1 else b"".join(parts)
    return gunzip(body, cap) if encoding == "gzip" else body


def gunzip(body: bytes, cap: int) -> bytes:
    """Return what was compressed, of at most ``cap`` bytes; raises Unusable."""
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        plain = stream.decompress(body, cap + 1)
    except zlib.error:
        raise Unusable("an answer that does not decompress") from None
    if len(plain) > cap:
        raise Unusable("an answer that is too large")
    if not stream.eof:
        raise Unusable("a compressed answer that is cut short")
    return plain
