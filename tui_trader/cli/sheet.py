"""Rows for other programs: CSV of which a spreadsheet runs nothing, JSON, and files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TextIO

import orjson

from tui_trader.core.error import JournalError, UsageError

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is run by a spreadsheet."""


class Writes(Protocol):
    """Where text goes."""

    def write(self, text: str, /) -> Any:
        """Take the next piece."""


def write_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], numbers: Collection[str], file: Writes) -> int:
    """Write a table with a header (RFC 4180, UTF-8); return the number of rows. ``numbers`` are columns that may have a sign."""
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([_cell(row[name], is_number=name in numbers) for name in columns])
        count += 1
    return count


def write_json(rows: Iterable[Mapping[str, Any]], file: Writes) -> int:
    """Write one JSON array, a row a line; return the number of rows."""
    count = 0
    for row in rows:
        file.write("[\n" if not count else ",\n")
        file.write(orjson.dumps(row).decode())
        count += 1
    file.write("\n]\n" if count else "[]\n")
    return count


def _cell(value: Any, *, is_number: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = value if isinstance(value, str) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not is_number else text


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
