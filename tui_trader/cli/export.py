"""The journal as a table for other programs: the same columns whatever the kind, money as the decimal text that was recorded."""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TextIO

import orjson

from tui_trader.core.error import JournalError, UsageError

if TYPE_CHECKING:
    from tui_trader.cli.audit import Entry

FIELDS = ("id", "venue_id", "symbol", "side", "type", "qty", "price", "trigger", "what", "outcome", "code", "text")
"""What most kinds have in common, each in a column of its own; the rest is in the column ``body``."""

COLUMNS = ("journal", "n", "at", "boot_ns", "kind", *FIELDS, "body", "prev", "proved")

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is run by a spreadsheet."""

_OURS = frozenset({"qty", "price", "trigger"})
"""Numbers, which may begin with a sign."""


class Writes(Protocol):
    """Where text goes."""

    def write(self, text: str, /) -> Any:
        """Take the next piece."""


def row(entry: Entry) -> dict[str, Any]:
    """Return a record as a JSON object."""
    record = entry.record
    body = record.body
    found = {name: body.get(name) for name in FIELDS}
    found["id"] = body.get("id") or body.get("ref")
    return {
        "journal": entry.journal,
        "n": record.number,
        "at": record.at,
        "boot_ns": record.boot_ns,
        "kind": record.kind,
        **found,
        "body": body,
        "prev": record.previous,
        "proved": entry.proved,
    }


def write_csv(entries: Iterable[Entry], file: Writes) -> int:
    """Write a table with a header (RFC 4180, UTF-8); return the number of records."""
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    count = 0
    for entry in entries:
        cells = row(entry)
        cells["body"] = orjson.dumps(cells["body"]).decode()
        writer.writerow([_cell(name, cells[name]) for name in COLUMNS])
        count += 1
    return count


def write_json(entries: Iterable[Entry], file: Writes) -> int:
    """Write one JSON array, a record a line; return the number of records."""
    count = 0
    for entry in entries:
        file.write("[\n" if not count else ",\n")
        file.write(orjson.dumps(row(entry)).decode())
        count += 1
    file.write("\n]\n" if count else "[]\n")
    return count


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = value if isinstance(value, str) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) and name not in _OURS else text


class Exported:
    """A file that appears whole or not at all, for this user alone. Use it as a context manager.

    Raises UsageError when the file is there and may not be replaced, JournalError when it cannot be made.
    """

    def __init__(self, path: Path, *, replace: bool) -> None:
        self._path = path
        self._replace = replace
        self._draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        self._file: TextIO | None = None

    def __enter__(self) -> TextIO:
        if not self._replace and os.path.lexists(self._path):
            raise UsageError(f"{self._path} is there already: add --force to replace it")
        try:
            fd = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise JournalError(f"{self._path}: cannot be written: {error.strerror}") from error
        self._file = os.fdopen(fd, "w", encoding="utf-8", newline="")
        return self._file

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        assert self._file is not None
        try:
            if kind is None:
                self._file.flush()
                os.fsync(self._file.fileno())
                self._put_in_place()
        except OSError as failure:
            raise JournalError(f"{self._path}: cannot be written: {failure.strerror or failure}") from failure
        finally:
            with contextlib.suppress(OSError):
                self._file.close()
            self._draft.unlink(missing_ok=True)

    def _put_in_place(self) -> None:
        if self._replace:
            os.replace(self._draft, self._path)
            return
        try:
            os.link(self._draft, self._path)  # unlike a rename, never over somebody else's file
        except FileExistsError:
            raise UsageError(f"{self._path} is there already: add --force to replace it") from None
        except OSError:
            os.replace(self._draft, self._path)  # a file system without links
