"""The journal: an append-only record of every intent and every outcome, durable before a request may leave.

One JSON document a line. Each line carries a CRC of itself and the hash of the line before, so that a torn tail is told from
damage and nothing can be taken out of the middle unseen. It must not know what the records mean.

    {"n":7,"at":"…Z","boot":123,"kind":"intent","body":{…},"prev":"<sha256 of line 6>"}<TAB>crc32<LF>
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tui_trader.core.clock import Clock, rfc3339
from tui_trader.core.error import JournalError

GENESIS = "0" * 64
MAX_LINE = 256 * 1024
"""A longer line is not ours."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the journal, verified."""

    number: int
    at: str
    """Wall time, RFC 3339 UTC."""
    boot_ns: int
    """Monotonic time since boot, nanoseconds."""
    kind: str
    body: Mapping[str, Any]


class Journal:
    """An open journal file, locked by this process. ``append`` returns after the record is on the disk.

    Raises JournalError when the file is damaged anywhere but in a torn last line, or when another process holds it.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._fd = -1
        self._last = GENESIS
        self._count = 0
        self.torn_bytes = 0
        """Bytes of an unfinished last record that were cut off when opening; 0 normally."""
        self.failure = ""
        """Why writing is no longer possible; empty while it is."""
        self._open()

    def __len__(self) -> int:
        return self._count

    def append(self, kind: str, body: Mapping[str, Any]) -> Record:
        """Write one record and return once it is durable; raises JournalError, after which nothing more is accepted."""
        if self.failure:
            raise JournalError(self.failure)
        record = Record(self._count + 1, rfc3339(self._clock.wall_ns()), self._clock.mono_ns(), kind, body)
        line = _encode(record, self._last)
        try:
            written = os.write(self._fd, line)
            if written != len(line):
                raise OSError(f"only {written} of {len(line)} bytes were written")
            os.fdatasync(self._fd)
        except OSError as error:
            self.failure = f"the journal {self.path} cannot be written: {error}"
            raise JournalError(self.failure) from error
        self._last = _digest(line)
        self._count = record.number
        return record

    def close(self) -> None:
        """Release the file and its lock."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            self.failure = "the journal is closed"

    def _open(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
            self._fd = os.open(self.path, flags, 0o600)
        except OSError as error:
            raise JournalError(f"the journal {self.path} cannot be opened: {error}") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._fd)
            self._fd = -1
            raise JournalError(f"another tui-trader is using the journal {self.path}") from None
        try:
            good = 0
            for line, record in _scan(self.path):
                good += len(line)
                self._last = _digest(line)
                self._count = record.number
            size = os.fstat(self._fd).st_size
            if size > good:
                self.torn_bytes = size - good
                os.ftruncate(self._fd, good)
                os.fdatasync(self._fd)
        except (JournalError, OSError):
            self.close()
            raise


def read(path: Path) -> Iterator[Record]:
    """Yield the verified records of a journal, stopping quietly before a torn last line.

    Raises JournalError with the record number at the first damage in the middle.
    """
    for _, record in _scan(path):
        yield record


def _scan(path: Path) -> Iterator[tuple[bytes, Record]]:
    last = GENESIS
    number = 0
    with path.open("rb") as file:
        while line := file.readline(MAX_LINE):
            if not line.endswith(b"\n"):
                if len(line) >= MAX_LINE:
                    raise JournalError(f"{path}: record {number + 1} is longer than any record of ours")
                return
            record = _decode(line, last, number + 1)
            if record is None:
                if not file.readline(1):
                    # The last line, whole but wrong: a record whose pages reached the disk out of order.
                    return
                raise JournalError(f"{path}: record {number + 1} is damaged")
            number = record.number
            last = _digest(line)
            yield line, record


def _encode(record: Record, previous: str) -> bytes:
    document = orjson.dumps(
        {
            "n": record.number,
            "at": record.at,
            "boot": record.boot_ns,
            "kind": record.kind,
            "body": record.body,
            "prev": previous,
        },
        default=str,
    )
    return b"%s\t%08x\n" % (document, zlib.crc32(document))


def _decode(line: bytes, previous: str, number: int) -> Record | None:
    document, _, crc = line.rstrip(b"\n").rpartition(b"\t")
    if crc != b"%08x" % zlib.crc32(document):
        return None
    try:
        row = orjson.loads(document)
        if row["prev"] != previous or row["n"] != number:
            return None
        return Record(row["n"], row["at"], row["boot"], row["kind"], row["body"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()
