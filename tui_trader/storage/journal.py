"""The journal: an append-only record of every intent and every outcome, durable before a request may leave.

``Journal`` is the one writer; how a record looks is in ``record``, how the files are read and proved in ``chain``. It must not
know what the records mean.

A journal that is damaged, cannot be opened or cannot be written does not stop the program: it refuses records and says why in
``failure``, and nothing on the disk is overwritten.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from tui_trader.core.clock import Clock, rfc3339
from tui_trader.core.error import JournalError
from tui_trader.secrets.redactor import REDACTOR
from tui_trader.storage import lock
from tui_trader.storage.chain import SEGMENT, SET_ASIDE, Part, end_of, next_part, parts, read, salvage
from tui_trader.storage.lock import HeldError
from tui_trader.storage.record import GENESIS, MAX_LINE, Link, Record, digest, encode

__all__ = ["GENESIS", "MAX_LINE", "HeldError", "Journal", "Recall", "Record", "read"]

SEGMENT_BYTES = 4 << 20
"""A part longer than this is followed by a new one: what a start has to read stays small however much was ever written."""

TORN_SHOWN = 400
"""Bytes of an unfinished record that its note repeats."""

OPENING = "journal"
"""Kind of the first record of a new journal, which says whose it is."""

_NAMING = frozenset({OPENING, SEGMENT, SET_ASIDE})

_PASSING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What ends when somebody makes room."""


class Recall(Protocol):
    """What the records mean, as far as the next part must begin with it."""

    def take(self, record: Record) -> None:
        """Hear a record, in order: those of the newest part at the start, then each that is written."""

    def carried(self) -> Mapping[str, Any]:
        """Return what a new part must begin with: fields of its first record."""


class Journal:
    """An open journal, locked by this process. ``append`` returns after the record is on the disk.

    Raises HeldError when another process writes it; anything else that is wrong with it is told in ``failure``. With ``account``
    a new journal begins with a record of whose it is, and that of another account is refused. Without ``recall`` no new part is
    ever begun.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        account: str = "",
        recall: Recall | None = None,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self.path = path
        """The first file; the later parts lie beside it."""
        self.file = path
        """The part that is written to."""
        self.torn_bytes = 0
        """Bytes of an unfinished last record that were cut off when opening; 0 normally."""
        self.notice = ""
        """What a person should know about the opening; empty normally."""
        self.failure = ""
        """Why writing is not possible; empty while it is."""
        self.is_held = False
        """Whether it refuses because another process writes it."""
        self._clock = clock
        self._account = account
        self._recall = recall
        self._segment_bytes = segment_bytes
        self._lock_fd = -1
        self._fd = -1
        self._end = Link()
        self._size = 0
        self._lost = 0
        """Records that could not be written since the disk filled up."""
        self._passing = False
        """Whether the failure may end while the program runs."""
        try:
            self._open()
        except HeldError:
            self._release()
            raise
        except JournalError as error:
            self._refuse(error.message)
        except OSError as error:
            self._refuse(f"the journal {path} cannot be opened: {error.strerror or error}")
            if recall is not None:
                hear(path, recall)

    @classmethod
    def refusing(cls, path: Path, clock: Clock, why: str, *, is_held: bool = False) -> Journal:
        """Return a journal that touches no file and refuses every record: for a terminal beside the one that writes it."""
        journal = cls.__new__(cls)
        journal.path = journal.file = path
        journal.torn_bytes, journal.notice, journal.failure = 0, "", why
        journal._clock, journal._account, journal._recall, journal._segment_bytes = clock, "", None, 0
        journal._lock_fd = journal._fd = -1
        journal._end, journal._size, journal._lost, journal._passing = Link(), 0, 0, False
        journal.is_held = is_held
        return journal

    def __len__(self) -> int:
        """Return the number of the last record."""
        return self._end.number

    def append(self, kind: str, body: Mapping[str, Any]) -> Record:
        """Write one record and return once it is durable.

        Raises JournalError; after a failed write nothing more is accepted, but that of a full disk is tried again.
        """
        return self.append_several(kind, (body,))[0]

    def append_several(self, kind: str, bodies: Sequence[Mapping[str, Any]]) -> list[Record]:
        """Write records of one kind with one write and one sync, and return once all are durable.

        Raises JournalError, and then none of them is there; a process that dies while it writes may leave the first ones.
        """
        if self.failure and not self.retry():
            self._lost += len(bodies)
            raise JournalError(self.failure)
        if self._size >= self._segment_bytes and self._recall is not None:
            self._begin_part(self._recall)
        try:
            return self._write(kind, *bodies)
        except JournalError:
            self._lost += len(bodies) if self.failure else 0
            raise

    def retry(self) -> bool:
        """Whether records are accepted; after a full disk this asks the disk once more."""
        if self.failure and self._passing:
            self.failure, self._passing = "", False
            lost, self._lost = self._lost, 0
            with contextlib.suppress(JournalError):
                self._write("note", {"text": f"the disk was full; {lost} records were not written", "lost": lost})
                return True
            self._lost = lost
        return not self.failure

    def close(self) -> None:
        """Release the files and the lock."""
        self._release()
        self.failure, self._passing = self.failure or "the journal is closed", False

    # -- writing ---------------------------------------------------------------------------------------------------

    def _write(self, kind: str, *bodies: Mapping[str, Any]) -> list[Record]:
        records, line, end = [], b"", self._end
        for body in bodies:
            record, one = self._next(kind, body, end)
            records.append(record)
            line, end = line + one, Link(record.number, digest(one))
        self._check_in_place()
        try:
            _write_all(self._fd, line)
        except OSError as error:
            # Half a record must not stay: the next one would be glued to it.
            self._passing = self._cut_back() and error.errno in _PASSING
            raise self._fail(f"cannot be written: {error.strerror or error}") from error
        try:
            _sync(self._fd)
        except OSError as error:
            # After a failed sync nobody knows what is on the disk: never again in this process.
            self._cut_back()
            raise self._fail(f"cannot be written: {error.strerror or error}") from error
        self._end = end
        self._size += len(line)
        if self._recall is not None:
            for record in records:
                self._recall.take(record)
        return records

    def _next(self, kind: str, body: Mapping[str, Any], after: Link) -> tuple[Record, bytes]:
        clock = self._clock
        body = REDACTOR.clean_tree(body)  # what a venue says may repeat what it was told
        record = Record(after.number + 1, rfc3339(clock.wall_ns()), clock.mono_ns(), kind, body, after.hash)
        try:
            line = encode(record)
        except TypeError as error:
            raise JournalError(f"a record of kind {kind} cannot be written down: {error}") from error
        if len(line) > MAX_LINE:
            raise JournalError(f"a record of kind {kind} is too long: {len(line)} bytes")
        return record, line

    def _check_in_place(self) -> None:
        """See that the file is still there and as this process left it; raises JournalError."""
        try:
            ours = os.fstat(self._fd)
            if not lock.is_at(ours, self.file):
                raise self._fail("was moved, replaced or removed while it was in use")
            if ours.st_size != self._size:
                raise self._fail("was changed by somebody else while it was in use")
        except OSError as error:
            raise self._fail(f"cannot be written: {error.strerror or error}") from error

    def _cut_back(self) -> bool:
        """Take what a failed write left behind off the end; whether that is on the disk."""
        try:
            os.ftruncate(self._fd, self._size)
            _sync(self._fd)
        except OSError:
            return False
        return True

    def _begin_part(self, recall: Recall) -> None:
        """Go on in a new file; when that cannot be made, in the old one for as long again."""
        file = next_part(self.path, [self.file])
        body = {"account": self._account, "after": self.file.name, **recall.carried()}
        try:
            record, line = self._next(SEGMENT, body, self._end)
            fd = write_whole(file, line)
        except (OSError, JournalError) as error:
            if file.exists():
                # Begun, but perhaps not for good: a second end of the chain must not grow.
                raise self._fail(f"could not be continued in {file.name}: {error}") from error
            self._segment_bytes += self._size
            return
        if self._fd != self._lock_fd:
            os.close(self._fd)
        self._fd, self.file, self._size = fd, file, len(line)
        self._end = Link(record.number, digest(line))
        recall.take(record)

    def _fail(self, what: str) -> JournalError:
        self.failure = f"the journal {self.file} {what}"
        return JournalError(self.failure)

    # -- opening ---------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        before = parts(self.path)
        self._fd = self._lock_fd = lock.open_locked(self.path)
        lock.tell_holder(self.path, rfc3339(self._clock.wall_ns()))
        if not before:
            sync_folder(self.path.parent)
        elif self.path not in before:
            # The older parts may be put away, but then the next start must not take the first for a new journal's.
            self.path.unlink()
            raise JournalError(f"the journal {self.path} is missing, but later parts of it are there: put it back")
        files = before or [self.path]
        self.file = files[-1]
        if self.file != self.path:
            self._fd = os.open(self.file, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
            lock.check_private(self._fd, self.file)
        self._learn(files)

    def _learn(self, files: list[Path]) -> None:
        """Prove the newest part, hear its records, cut a torn end off and say so."""
        part = Part(self.file, end_of(files[-2]) if len(files) > 1 else None)
        for record in part:
            if self._recall is not None:
                self._recall.take(record)
        self._end, self._size = part.end, part.good_bytes
        if part.damage is not None:
            for record in salvage(self.file, part.good_bytes):
                if self._recall is not None:
                    self._recall.take(record)
            raise JournalError(
                f"the journal is damaged: {part.damage}; to see it: tui-trader audit verify;"
                " to begin a new one: tui-trader audit set-aside"
            )
        if part.first is not None and self._account and part.first.kind in _NAMING:
            whose = part.first.body.get("account")
            if whose and whose != self._account:
                raise JournalError(f"the journal {self.file} is that of {whose}, not of {self._account}")
        if part.torn:
            self.torn_bytes = len(part.torn)
            os.ftruncate(self._fd, part.good_bytes)
            _sync(self._fd)
            self.notice = (
                f"the last record of the journal was unfinished ({self.torn_bytes} bytes) and was cut off:"
                " what it announced was not sent"
            )
            shown = part.torn[:TORN_SHOWN].decode("utf-8", "backslashreplace")
            self._write("note", {"text": "an unfinished record was cut off", "bytes": self.torn_bytes, "torn": shown})
        elif not part.records and self._account:
            self._write(OPENING, {"account": self._account})

    def _refuse(self, why: str) -> None:
        self._release()
        self.failure = why

    def _release(self) -> None:
        if self._lock_fd >= 0:
            lock.forget_holder(self.path)
        for fd in {self._fd, self._lock_fd} - {-1}:
            os.close(fd)
        self._fd = self._lock_fd = -1


def hear(path: Path, recall: Recall) -> None:
    """Tell ``recall`` the newest part of a journal that is not to be written to; what cannot be read is left out."""
    files = parts(path)
    if files:
        with contextlib.suppress(OSError):
            for record in Part(files[-1], None if len(files) == 1 else end_of(files[-2])):
                recall.take(record)


def write_whole(file: Path, line: bytes) -> int:
    """Make a file that holds one record, whole or not at all, in the place of what is there; return it open and locked.

    Raises OSError.
    """
    draft = file.with_name(f"{file.name}.new")
    flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    fd = os.open(draft, flags, 0o600)
    try:
        lock.check_private(fd, draft)
        lock.lock(fd, file)
        _write_all(fd, line)
        _sync(fd)
        os.rename(draft, file)
    except BaseException:
        os.close(fd)
        draft.unlink(missing_ok=True)
        raise
    try:
        sync_folder(file.parent)
    except OSError:
        os.close(fd)
        raise
    return fd


def _write_all(fd: int, line: bytes) -> None:
    while line:
        line = line[os.write(fd, line) :]


def _sync(fd: int) -> None:
    if hasattr(os, "fdatasync"):
        os.fdatasync(fd)
    else:
        os.fsync(fd)  # macOS


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: a file whose name is lost is lost."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
