"""The journal as it lies on the disk: its parts in order, read without the lock and proved record by record.

A journal is one file, and when that has grown, ``NAME.2.jsonl``, ``NAME.3.jsonl`` … after ``NAME.jsonl``: numbers and hashes run
on from part to part. The first record of a later part (kind ``segment``) repeats what is still open, so that the part alone is
enough to go on. It must not write.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tui_trader.core.error import JournalError
from tui_trader.storage.record import MAX_LINE, Link, Record, decode, digest

SEGMENT = "segment"
"""Kind of the first record of a later part."""

SET_ASIDE = "set-aside"
"""Kind of the first record after a damaged part was moved away."""

_STARTS = frozenset({SEGMENT, SET_ASIDE})

MAX_SALVAGE = 64 << 20
"""Bytes behind a damage that are looked through for whole records."""

_WHOLE = re.compile(rb'\{"n":\d+,[^\t\n]*\t[0-9a-f]{8}')


@dataclass(frozen=True, slots=True)
class Damage:
    """Where a part stops being provable, and by what."""

    file: Path
    number: int
    """The record that should be there."""
    offset: int
    """Where it begins in the file, bytes."""
    what: str

    def __str__(self) -> str:
        return f"{self.file.name}: record {self.number} (byte {self.offset}) {self.what}"


class Part:
    """One pass over one file: iterate over its verified records, then ask what was found."""

    def __init__(self, file: Path, after: Link | None = None, *, followed: bool = False) -> None:
        """``after`` is where the part before ends; None when there is none, or it is not known. A part that is ``followed`` by
        another was finished: a torn end is damage there."""
        self.file = file
        self.after = after
        self.followed = followed
        self.first: Record | None = None
        self.last: Record | None = None
        self.end = after or Link()
        """The last verified record; the link before the part until there is one."""
        self.records = 0
        self.good_bytes = 0
        """Length of what was verified."""
        self.torn = b""
        """An unfinished last record: it was never durable, so what it announced was never done."""
        self.damage: Damage | None = None

    def __iter__(self) -> Iterator[Record]:
        """Yield the verified records up to the end, a torn last line or the first damage. Raises OSError."""
        with open(os.open(self.file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            while line := file.readline(MAX_LINE):
                record = decode(line)
                wrong = "is damaged: its checksum does not fit" if record is None else self._misfit(record)
                if record is None and not self.followed and self._is_torn(line, bool(file.read(1))):
                    self.torn = line
                    return
                if wrong or record is None:
                    if len(line) >= MAX_LINE:
                        wrong = "is longer than any record of ours"
                    self.damage = Damage(self.file, self.end.number + 1, self.good_bytes, wrong)
                    return
                if self.first is None:
                    self.first = record
                self.last = record
                self.end = Link(record.number, digest(line))
                self.good_bytes += len(line)
                self.records += 1
                yield record

    def _misfit(self, record: Record) -> str:
        """Return what is wrong with a whole record at this place in the chain; empty when nothing is."""
        if self.first is None and (record.kind == SET_ASIDE or (record.kind == SEGMENT and self.after is None)):
            return ""  # a beginning that names what it goes on from itself
        if record.number != self.end.number + 1:
            return f"is damaged: record {record.number} is in its place"
        if record.previous != self.end.hash:
            return "is damaged: it does not follow from the record before"
        return ""

    @staticmethod
    def _is_torn(line: bytes, more: bool) -> bool:
        """Whether an unreadable line is a write that did not finish, rather than a finished one that changed since.

        ``more`` tells that something follows, which for a line without an end can only have been written just now.
        """
        if len(line) >= MAX_LINE:
            return False
        if line.endswith(b"\n"):
            return not more and line.startswith(b"\0")  # the end of it reached the disk, the page before did not
        return decode(line[:-1] + b"\n") is None


def parts(path: Path) -> list[Path]:
    """Return the files of a journal that exist, oldest first; ``path`` is the first, or one that is looked at alone."""
    pattern = re.compile(rf"{re.escape(path.stem)}\.(\d+){re.escape(path.suffix)}\Z")
    try:
        names = os.listdir(path.parent)
    except OSError:
        names = []
    later = sorted((int(match[1]), path.with_name(name)) for name in names if (match := pattern.match(name)))
    return [*([path] if path.name in names else []), *(file for _, file in later)]


def next_part(path: Path, files: list[Path]) -> Path:
    """Return the name of the part after ``files``, of which there is at least one."""
    middle = files[-1].name.removeprefix(path.stem).removesuffix(path.suffix)
    return path.with_name(f"{path.stem}.{int(middle[1:] or 1) + 1}{path.suffix}")


def end_of(file: Path) -> Link | None:
    """Return where a finished part ends without reading all of it; None when its last line is no record."""
    with open(os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW), "rb") as opened:
        size = os.fstat(opened.fileno()).st_size
        opened.seek(max(size - MAX_LINE, 0))
        tail = opened.read()
    line = tail[tail.rfind(b"\n", 0, -1) + 1 :]
    record = decode(line) if line else None
    return None if record is None else Link(record.number, digest(line))


def walk(path: Path) -> Iterator[Part]:
    """Yield the parts of a journal, each to be iterated over to its end before the next is asked for."""
    files = parts(path)
    after: Link | None = None
    for place, file in enumerate(files, 1):
        part = Part(file, after, followed=place < len(files))
        yield part
        # Behind a damage the next part can still be held against the last line.
        after = part.end if part.damage is None else end_of(file)


def read(path: Path) -> Iterator[Record]:
    """Yield the verified records of a journal, all its parts, stopping quietly before a torn last line.

    Raises JournalError with the record number at the first damage, or when a file is not there or cannot be read.
    """
    if not parts(path):
        raise JournalError(f"{path}: there is no journal")
    for part in walk(path):
        try:
            yield from part
        except OSError as error:
            raise JournalError(f"{part.file}: cannot be read: {error.strerror or error}") from error
        if part.damage is not None:
            raise JournalError(f"{part.file.parent}/{part.damage}")


def salvage(file: Path, offset: int) -> Iterator[Record]:
    """Yield what still reads as a record behind a damage, in the order of the file; nothing proves that all are there."""
    with open(os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW), "rb") as opened:
        opened.seek(offset)
        rest = opened.read(MAX_SALVAGE)
    for found in _WHOLE.finditer(rest):
        record = decode(found[0] + b"\n")
        if record is not None:
            yield record


def mentions(path: Path, client_id: str) -> bool:
    """Whether any part of a journal holds the intent of an order, looking from the newest to the oldest.

    About 3 ms per part. A part that cannot be read counts as one that does not.
    """
    sought = b'"kind":"intent","body":{"id":"%s"' % client_id.encode()
    for file in reversed(parts(path)):
        try:
            if sought in file.read_bytes():
                return True
        except OSError:
            continue
    return False
