"""A TCP proxy on loopback that breaks what passes through it, by a script: one fault word a line, matched per request or frame.

It knows HTTP and WebSocket framing and no venue. Every request travels to the server on a connection of its own, so that one
that is held back arrives even when the client has long gone, which is what a network does.

A fault is written as ``<what it strikes> [#n] [xN]: <what happens>``. ``#n`` lets n matches pass first; ``xN`` strikes N times
(``x*`` always; once by default). What it strikes is ``METHOD /path``, ``in <text>`` (a frame to the client that contains the
text), ``binary <text>`` (the same, of binary ones alone), ``out <text>`` (one from it), ``handshake`` (of a WebSocket) or
``connect``.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.frames import BINARY, CLOSE, Frame, Message, answer, close_frame, read_frame, read_message, text_frame
from tui_trader.net.tasks import TaskSet

PAGE = b"<html><body><h1>something is wrong</h1></body></html>"

_WORD = re.compile(r"(?P<what>.+?)(?: #(?P<skip>\d+))?(?: x(?P<times>\d+|\*))?: (?P<fate>.+)", re.DOTALL)
_RUNS = re.compile(r"run(?: (?P<twice>twice)| in (?P<delay_s>[0-9.]+))?")

_HOLD = re.compile(r"hold ([0-9.]+)")
_GONE = (ConnectionError, asyncio.IncompleteReadError, TimeoutError, OSError)


@dataclass(slots=True)
class Fault:
    """One line of the script."""

    what: str
    first: str
    """What becomes of the request (``run``, ``run twice``, ``hold s``), of the frame, or the answer instead of running it."""
    then: str = ""
    """What becomes of the answer, or when a request that was answered already runs (``run in s``)."""
    skip: int = 0
    times: int = 1
    """0: for ever."""
    fired: int = 0

    @classmethod
    def parse(cls, word: str) -> Fault:
        """Read a fault word; raises ValueError when it is none."""
        found = _WORD.fullmatch(word)
        if found is None:
            raise ValueError(f"not a fault: {word!r}")
        first, _, then = found["fate"].partition(", ")
        if not _RUNS.fullmatch(first) and not _RUNS.fullmatch(then):
            first, then = found["fate"], ""  # the comma belongs to a content
        times = found["times"] or "1"
        return cls(found["what"], first, then, int(found["skip"] or 0), 0 if times == "*" else int(times))


@dataclass(slots=True, eq=False)
class _Wire:
    """One client connection and, for a WebSocket, its other half."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server: asyncio.StreamWriter | None = None
    muted: set[str] = field(default_factory=set)
    """Directions, ``in`` or ``out``, in which nothing passes any more."""

    def reset(self) -> None:
        """Break both halves with a TCP reset."""
        for writer in (self.writer, self.server):
            if writer is None:
                continue
            if (sock := writer.get_extra_info("socket")) is not None and not writer.transport.is_closing():
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    def cut(self) -> None:
        """Close both halves without a goodbye."""
        for writer in (self.writer, self.server):
            if writer is not None:
                writer.close()


class Proxy:
    """Serves one port on 127.0.0.1 in front of another one."""

    def __init__(self, server_port: int) -> None:
        self._place = socket.socket()
        """Holds the port while nobody listens on it: else the kernel may give it to any connection that goes out."""
        self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._place.bind(("127.0.0.1", 0))
        self.port = self._place.getsockname()[1]
        self.script: list[Fault] = []
        self.struck: list[str] = []
        """What was struck, in order: the request or the beginning of the frame."""
        self.bytes_per_s: float | None = None
        """Bandwidth of answers and frames to the client; None for no limit."""
        self.failures: list[BaseException] = []
        self._server_port = server_port
        self._wires: set[_Wire] = set()
        self._serving: set[asyncio.Task[Any]] = set()
        self._tasks = TaskSet(lambda _, error: self.failures.append(error))
        self._listener: asyncio.Server | None = None

    # -- life ------------------------------------------------------------------------------------------------------

    async def up(self) -> Proxy:
        """Listen, on the port of before."""
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=1 << 20, reuse_port=True)
        return self

    def down(self) -> None:
        """Stop listening and break everything: the next connection is refused by the kernel."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        self.cut()

    def cut(self) -> None:
        """Reset every connection there is."""
        for wire in tuple(self._wires):
            wire.reset()

    def freeze(self) -> None:
        """Let nothing more through on any present connection, and close none: half-open, as behind a dead link."""
        for wire in self._wires:
            wire.muted = {"in", "out"}

    async def close(self) -> None:
        """End everything."""
        self.down()
        for serving in self._serving:
            serving.cancel()
        await asyncio.sleep(0)
        await self._tasks.close()
        self._place.close()

    def add(self, word: str) -> Fault:
        """Put a fault in force, after those already there."""
        fault = Fault.parse(word)
        self.script.append(fault)
        return fault

    # -- inside ----------------------------------------------------------------------------------------------------

    def _take(self, what: str, matches: Callable[[str], bool]) -> Fault | None:
        for fault in self.script:
            if not matches(fault.what):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            if fault.times and fault.fired >= fault.times:
                continue
            fault.fired += 1
            self.struck.append(what)
            return fault
        return None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = _Wire(reader, writer)
        self._wires.add(wire)
        serving = asyncio.current_task()
        assert serving is not None
        self._serving.add(serving)
        try:
            fault = self._take("connect", lambda what: what == "connect")
            if fault is not None:
                if fault.first == "swallow":
                    await asyncio.Event().wait()
                wire.reset()
                return
            while True:
                request = await read_message(reader)
                if request.header("upgrade").lower() == "websocket":
                    await self._tunnel(wire, request)
                    return
                await self._exchange(wire, request)
        except _GONE:
            pass
        except asyncio.CancelledError:
            pass  # the row ends
        except Exception as error:  # told by the row that is played
            self.failures.append(error)
        finally:
            self._wires.discard(wire)
            self._serving.discard(serving)
            wire.cut()

    # -- requests --------------------------------------------------------------------------------------------------

    async def _exchange(self, wire: _Wire, request: Message) -> None:
        method, target, *_ = request.words
        text = f"{method} {target.partition('?')[0]}"
        if "out" in wire.muted:
            await asyncio.Event().wait()
        fault = self._take(text, text.startswith)
        if fault is None:
            await self._write(wire, (await self._forward(request)).raw)
            return
        runs, held = _RUNS.fullmatch(fault.first), _HOLD.fullmatch(fault.first)
        if held is not None:
            await asyncio.sleep(float(held[1]))
            await self._write(wire, (await self._forward(request)).raw)
        elif runs is not None:
            reply = await self._forward(request)
            if runs["twice"]:
                reply = await self._forward(request)
            await self._reply(wire, fault.then or "pass", reply)
        else:
            if (later := _RUNS.fullmatch(fault.then)) is not None:
                self._tasks.spawn("late request", self._late(request, float(later["delay_s"] or 0)))
            await self._reply(wire, fault.first, None)

    async def _late(self, request: Message, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._forward(request)

    async def _forward(self, request: Message) -> Message:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        try:
            writer.write(request.raw)
            return await read_message(reader)
        finally:
            writer.close()

    async def _reply(self, wire: _Wire, word: str, reply: Message | None) -> None:
        """Answer a request by a word: ``lost``, ``cut``, ``reset``, a status, ``late s``, ``dribble s``, ``body kind``,
        ``header …``, ``answer status body``, ``redirect url``."""
        name, _, rest = word.partition(" ")
        body = reply.body if reply is not None else b""
        match name:
            case "pass":
                assert reply is not None
                await self._write(wire, reply.raw)
            case "lost":
                await asyncio.Event().wait()
            case "cut":
                wire.cut()
                raise ConnectionResetError
            case "reset":
                wire.reset()
                raise ConnectionResetError
            case "late":
                await asyncio.sleep(float(rest))
                assert reply is not None
                await self._write(wire, reply.raw)
            case "dribble":
                assert reply is not None
                for byte in reply.raw:
                    await self._write(wire, bytes([byte]))
                    await asyncio.sleep(float(rest))
            case "body":
                wire.writer.write(spoilt(rest, body))
                await wire.writer.drain()
                wire.cut()
                raise ConnectionResetError
            case "header":
                assert reply is not None
                await self._write(wire, answer(int(reply.words[1]), body, *rest.split("; ")))
            case "redirect":
                await self._write(wire, answer(307, b"", f"Location: {rest}"))
            case "answer":
                status, _, content = rest.partition(" ")
                await self._write(wire, answer(int(status), content.encode()))
            case _:
                await self._write(wire, answer(int(name), PAGE, *(rest.split("; ") if rest else ())))

    async def _write(self, wire: _Wire, data: bytes) -> None:
        if "in" in wire.muted:
            return
        if self.bytes_per_s is None:
            wire.writer.write(data)
        else:
            step = max(1, round(self.bytes_per_s / 20))
            for start in range(0, len(data), step):
                wire.writer.write(data[start : start + step])
                await asyncio.sleep(step / self.bytes_per_s)
        await wire.writer.drain()

    # -- streams ---------------------------------------------------------------------------------------------------

    async def _tunnel(self, wire: _Wire, request: Message) -> None:
        fault = self._take("handshake", lambda what: what == "handshake")
        if fault is not None:
            await self._reply(wire, fault.first, None)
            return
        reader, wire.server = await asyncio.open_connection("127.0.0.1", self._server_port, limit=1 << 22)
        wire.server.write(request.raw)
        shaken = await read_message(reader)
        wire.writer.write(shaken.raw)
        if shaken.words[1] != "101":
            return
        pumps = [
            self._tasks.spawn("frames in", self._pump(wire, reader, wire.writer, "in")),
            self._tasks.spawn("frames out", self._pump(wire, wire.reader, wire.server, "out")),
        ]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        wire.cut()
        for pump in pumps:
            pump.cancel()

    async def _pump(self, wire: _Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str) -> None:
        with suppress(*_GONE):
            while True:
                frame = await read_frame(reader)
                if way in wire.muted:
                    continue
                fault = self._take(f"{way} {frame.payload[:60].decode(errors='replace')}", _in_frame(way, frame))
                if fault is None:
                    await self._put(wire, writer, frame.raw, way)
                else:
                    await self._strike(wire, writer, frame, fault.first, way)

    async def _put(self, wire: _Wire, writer: asyncio.StreamWriter, data: bytes, way: str) -> None:
        if way == "in" and self.bytes_per_s is not None:
            await self._write(wire, data)
            return
        writer.write(data)
        await writer.drain()

    async def _strike(self, wire: _Wire, writer: asyncio.StreamWriter, frame: Frame, word: str, way: str) -> None:
        """Do to a frame what a word says: ``drop``, ``twice``, ``late s`` (others overtake it), ``cut``, ``half``,
        ``close code``, ``raw hex``, ``patch offset hex`` (of its payload), ``insert text`` (behind it), ``dribble s``."""
        name, _, rest = word.partition(" ")
        match name:
            case "drop":
                return
            case "twice":
                await self._put(wire, writer, frame.raw * 2, way)
            case "late":
                self._tasks.spawn("late frame", self._after(float(rest), wire, writer, frame.raw, way))
            case "cut":
                wire.cut()
            case "half":
                await self._put(wire, writer, frame.raw[: len(frame.raw) // 2], way)
                wire.cut()
            case "close":
                await self._put(wire, writer, close_frame(int(rest), "sent away"), way)
            case "raw":
                await self._put(wire, writer, bytes.fromhex(rest), way)
            case "patch":
                offset, _, content = rest.partition(" ")
                at = len(frame.raw) - len(frame.payload) + int(offset)
                fresh = bytes.fromhex(content)
                await self._put(wire, writer, frame.raw[:at] + fresh + frame.raw[at + len(fresh) :], way)
            case "insert":
                await self._put(wire, writer, frame.raw + text_frame(rest.encode()), way)
            case "dribble":
                for byte in frame.raw:
                    await self._put(wire, writer, bytes([byte]), way)
                    await asyncio.sleep(float(rest))
            case _:
                raise ValueError(f"nothing that can happen to a frame: {word!r}")

    async def _after(self, seconds: float, wire: _Wire, writer: asyncio.StreamWriter, data: bytes, way: str) -> None:
        await asyncio.sleep(seconds)
        with suppress(*_GONE):
            await self._put(wire, writer, data, way)


def _in_frame(way: str, frame: Frame) -> Callable[[str], bool]:
    def matches(what: str) -> bool:
        direction, _, text = what.partition(" ")
        if direction == "binary":
            return way == "in" and frame.opcode == BINARY and text.encode() in frame.payload
        return direction == way and frame.opcode != CLOSE and text.encode() in frame.payload

    return matches


def spoilt(kind: str, body: bytes) -> bytes:
    """Return an answer 200 whose body is not what it should be; the connection is closed behind it."""
    match kind:
        case "truncated":
            return answer(200, body)[: -len(body) // 2]
        case "html":
            return answer(200, PAGE, "Content-Type: text/html")
        case "empty":
            return answer(200, b"")
        case "bomb":
            return answer(200, gzip.compress(bytes(64 << 20), 9), "Content-Encoding: gzip")
        case "50MB":
            return answer(200, b" " * (50 << 20))
        case "longer than said":
            return answer(200, body).replace(
                f"Content-Length: {len(body)}".encode(), f"Content-Length: {len(body) // 2}".encode()
            )
        case "two lengths":
            return answer(200, body, f"Content-Length: {len(body) + 7}")
        case "chunk garbage":
            return b"HTTP/1.1 200 -\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + body
        case "null":
            return answer(200, b"null")
        case "list":
            return answer(200, b"[" + body + b"]")
    raise ValueError(f"no such body: {kind!r}")
