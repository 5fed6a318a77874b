"""The trader's notes on trades, and where the stop of each entry was first: two facts that no venue keeps.

One line of JSON each in a file that only grows; the last line on a thing is what holds. A line that cannot be read is left out.
"""

from __future__ import annotations

import asyncio
import os
from decimal import Decimal
from pathlib import Path

import orjson

from tui_trader.core.decimals import from_user, plain
from tui_trader.core.sanitise import sanitise

LONGEST = 200
"""Cells of a note."""

FLUSH_S = 1.0

MOST_WAITING = 1_000
"""Lines that wait for the disk at most."""

MAX_BYTES = 8 << 20
"""A longer file is not read to its beginning: the newest notes are at its end."""


class Notes:
    """Notes and first stops of one account; without a path they end with the program."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._notes: dict[str, str] = {}
        self._waiting: list[dict[str, str]] = []
        self.stops: dict[str, Decimal] = {}
        """Where stops were first, by the client id of the entry."""
        self._load()

    def of(self, key: str) -> str:
        """Return the note on a trade, empty for none."""
        return self._notes.get(key, "")

    def set(self, key: str, text: str) -> str:
        """Keep a note on a trade, an empty one takes it back; return it as it is kept."""
        text = sanitise(" ".join(text.split()), LONGEST)
        self._notes[key] = text
        self._waiting.append({"trade": key, "note": text})
        return text

    def stop(self, entry: str, level: Decimal) -> None:
        """Keep where the stop of an entry was first."""
        if entry not in self.stops:
            self.stops[entry] = level
            self._waiting.append({"entry": entry, "stop": plain(level)})

    async def run(self) -> None:
        """Write down what waits, in a thread, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_S)
            await self.flush()

    async def flush(self) -> None:
        """Write down what waits; what the disk does not take goes on waiting."""
        if self._waiting and self._path is not None:
            rows, self._waiting = self._waiting, []
            try:
                await asyncio.to_thread(self._write, self._path, rows)
            except OSError:
                self._waiting = [*rows, *self._waiting][-MOST_WAITING:]

    @staticmethod
    def _write(path: Path, rows: list[dict[str, str]]) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        fd = os.open(path, flags, 0o600)
        try:
            os.write(fd, b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))
        finally:
            os.close(fd)

    def _load(self) -> None:
        if self._path is None:
            return
        try:
            fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return
        with os.fdopen(fd, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - MAX_BYTES))
            lines = file.read().splitlines()
        for line in lines:
            self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            return
        if not isinstance(row, dict):
            return
        match row:
            case {"trade": str(key), "note": str(text)}:
                self._notes[key] = sanitise(text, LONGEST)
            case {"entry": str(entry), "stop": str(text)}:
                level = from_user(text)
                if level is not None and level > 0:
                    self.stops.setdefault(entry, level)
