"""The least of HTTP and WebSocket that a proxy needs to know where a message ends."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

HEAD_END = b"\r\n\r\n"

TEXT = 0x1
BINARY = 0x2
CLOSE = 0x8


@dataclass(frozen=True, slots=True)
class Message:
    """An HTTP request or answer, whole."""

    head: bytes
    """First line and headers, the empty line included."""
    body: bytes

    @property
    def raw(self) -> bytes:
        """The bytes as they came."""
        return self.head + self.body

    @property
    def words(self) -> list[str]:
        """The first line's words."""
        return self.head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")

    def header(self, name: str) -> str:
        """Return a header's value, empty where there is none."""
        wanted = name.lower().encode()
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.strip().lower() == wanted:
                return value.strip().decode("latin-1")
        return ""


async def read_message(reader: asyncio.StreamReader) -> Message:
    """Read one message with a Content-Length or without a body; raises IncompleteReadError at the end of the stream."""
    head = await reader.readuntil(HEAD_END)
    length = Message(head, b"").header("content-length")
    return Message(head, await reader.readexactly(int(length)) if length else b"")


@dataclass(frozen=True, slots=True)
class Frame:
    """One WebSocket frame."""

    raw: bytes
    opcode: int
    payload: bytes
    """Unmasked."""


async def read_frame(reader: asyncio.StreamReader) -> Frame:
    """Read one frame; raises IncompleteReadError at the end of the stream."""
    raw = await reader.readexactly(2)
    size, masked = raw[1] & 0x7F, bool(raw[1] & 0x80)
    if size >= 126:
        more = await reader.readexactly(2 if size == 126 else 8)
        raw, size = raw + more, int.from_bytes(more)
    mask = await reader.readexactly(4) if masked else b""
    body = await reader.readexactly(size)
    payload = bytes(byte ^ mask[index % 4] for index, byte in enumerate(body)) if masked else body
    return Frame(raw + mask + body, raw[0] & 0x0F, payload)


def text_frame(payload: bytes) -> bytes:
    """Return a server's text frame."""
    size = len(payload)
    if size < 126:
        return bytes([0x80 | TEXT, size]) + payload
    if size < 1 << 16:
        return bytes([0x80 | TEXT, 126]) + size.to_bytes(2) + payload
    return bytes([0x80 | TEXT, 127]) + size.to_bytes(8) + payload


def close_frame(code: int, reason: str) -> bytes:
    """Return a server's goodbye."""
    payload = code.to_bytes(2) + reason.encode()
    return bytes([0x80 | CLOSE, len(payload)]) + payload


def answer(status: int, body: bytes, *headers: str) -> bytes:
    """Return an HTTP answer."""
    lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(body)}", "Content-Type: application/json", *headers]
    return "\r\n".join(lines).encode() + HEAD_END + body
