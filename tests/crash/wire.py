"""Questions and answers between our own processes: a line of JSON each, over a pair of sockets."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any

Answer = Callable[..., Awaitable[Any]]

_MOST = 1 << 24


class Asker:
    """Asks the other end; any number of questions may be open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._number = 0

    @classmethod
    async def connect(cls, sock: socket.socket) -> Asker:
        """Return an asker over one end of a pair."""
        return cls(*await asyncio.open_connection(sock=sock, limit=_MOST))

    async def run(self) -> None:
        """Read answers until the other end is gone."""
        try:
            while line := await self._reader.readline():
                answer = json.loads(line)
                waiting = self._asked.pop(answer["number"])
                if "error" in answer:
                    waiting.set_exception(RuntimeError(answer["error"]))
                else:
                    waiting.set_result(answer["result"])
        finally:
            self._writer.close()
            for waiting in self._asked.values():
                waiting.cancel()

    async def ask(self, verb: str, **words: Any) -> Any:
        """Return the answer to a question; raises RuntimeError when it could not be given."""
        self._number += 1
        waiting: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked[self._number] = waiting
        self._writer.write(json.dumps({"number": self._number, "verb": verb, "words": words}).encode() + b"\n")
        return await waiting


async def answer(sock: socket.socket, verbs: dict[str, Answer]) -> None:
    """Answer questions until the asker is gone, each in a task of its own."""
    reader, writer = await asyncio.open_connection(sock=sock, limit=_MOST)

    async def one(number: int, verb: str, words: dict[str, Any]) -> None:
        try:
            reply = {"number": number, "result": await verbs[verb](**words)}
        except Exception as error:  # told to the asker, who stops
            reply = {"number": number, "error": f"{verb}: {error!r}"}
        writer.write(json.dumps(reply).encode() + b"\n")

    async with asyncio.TaskGroup() as group:
        while line := await reader.readline():
            question = json.loads(line)
            group.create_task(one(question["number"], question["verb"], question["words"]))
