"""A small document that survives a restart and is shared by the processes of one account: replaced whole, durably, or not at all.

It must not know what stands in it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from tui_trader.core.error import JournalError

MAX_BYTES = 64 * 1024
"""A larger file is not ours."""


class StateFile:
    """One JSON object in a file of its own, for this user alone (0600)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int, int] | None = None

    def changed(self) -> bool:
        """Whether the file is another one than ``read`` or ``write`` saw last; costs one ``stat``."""
        return self._stamp() != self._seen

    def read(self) -> dict[str, Any]:
        """Return the document, empty when there is none; raises JournalError when there is one that cannot be read."""
        self._seen = self._stamp()
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise JournalError(f"{self.path} cannot be read: {error.strerror}") from error
        with os.fdopen(fd, "rb") as file:
            content = file.read(MAX_BYTES + 1)
        try:
            document = orjson.loads(content) if len(content) <= MAX_BYTES else None
        except orjson.JSONDecodeError:
            document = None
        if not isinstance(document, dict):
            raise JournalError(f"{self.path} is damaged")
        return document

    def write(self, document: Mapping[str, Any]) -> None:
        """Replace the document; on the disk when this returns. Raises JournalError, and then the old one still stands."""
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        try:
            fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(fd, "wb") as file:
                file.write(orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise JournalError(f"{self.path} cannot be written: {error.strerror}") from error
        self._seen = self._stamp()

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            facts = self.path.stat()
        except OSError:
            return None
        return facts.st_ino, facts.st_mtime_ns, facts.st_size
