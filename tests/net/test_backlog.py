"""How many frames are taken at once, and that nothing is taken past the queue's own count."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

from aiohttp import WSMsgType

from tui_trader.net.backlog import FIRST, MOST, Backlog


class Message(NamedTuple):
    type: WSMsgType
    data: bytes


class Reader:
    """What is looked at of aiohttp's queue."""

    def __init__(self, *messages: Message) -> None:
        self._buffer = deque((message, 1) for message in messages)
        self.read_by_itself = 0

    async def read(self) -> Message:
        self.read_by_itself += 1
        return self._buffer.popleft()[0]


class Socket:
    def __init__(self, reader: object) -> None:
        self._reader = reader


def socket(*messages: Message) -> Any:
    return Socket(Reader(*messages))


def text(number: int) -> Message:
    return Message(WSMsgType.TEXT, str(number).encode())


async def test_no_more_than_allowed_and_none_behind_what_is_no_frame() -> None:
    ws = socket(*map(text, range(6)), Message(WSMsgType.PING, b""), text(9))
    backlog, frames = Backlog(ws), [b"first"]
    await backlog.take(frames)
    assert frames == [b"first", b"0", b"1", b"2", b"3"]
    assert ws._reader.read_by_itself == FIRST
    await backlog.take(frames)
    assert frames[5:] == [b"4", b"5"]
    await backlog.take(frames)
    assert len(frames) == 7, "the ping is for whoever answers it"


async def test_without_the_queue_frames_come_one_by_one() -> None:
    for ws in (Socket(None), Socket(object()), object()):
        frames: list[bytes] = []
        await Backlog(ws).take(frames)  # type: ignore[arg-type]
        assert frames == []


async def test_as_many_as_fit_into_the_time() -> None:
    backlog = Backlog(socket(*map(text, range(2_000))))
    for _ in range(12):
        frames = [b""]
        await backlog.take(frames)
        backlog.allow(len(frames), 1_000, 2_000_000)
    assert len(frames) == MOST + 1
    backlog.allow(len(frames), 20_000_000, 2_000_000)
    frames = [b""]
    await backlog.take(frames)
    assert len(frames) == MOST // 10
    backlog.allow(1, 20_000_000, 2_000_000)
    frames = [b""]
    await backlog.take(frames)
    assert len(frames) == 1
