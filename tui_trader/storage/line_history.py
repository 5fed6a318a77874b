"""The lines that were typed, between sessions: newest last, for this user alone (0600), bounded, and without secrets.

Nothing here may hinder typing: a file that cannot be read or written is told of once and done without. A line that looks as if a
secret had been pasted into it is not kept at all.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

MOST = 1000
"""Lines that are kept; older ones go."""

MAX_BYTES = 1 << 20
"""A larger file is not ours."""

_SECRET = re.compile(r"[A-Za-z0-9+/_=-]{32,}")
"""Longer than any word that is typed: a key, a seed or a token. Client ids are as long, and nothing is lost with them."""


class LineHistory:
    """A file of typed lines."""

    def __init__(self, path: Path | None) -> None:
        """Without a ``path`` lines end with the program."""
        self.path = path
        self.problem = ""
        """Why lines are not kept; empty while they are."""
        self.lines: list[str] = self._read()

    def add(self, line: str) -> None:
        """Keep a line; the same one again moves to the end."""
        if not line.strip() or _SECRET.search(line) or any(not " " <= char <= "~" for char in line):
            return
        if line in self.lines:
            self.lines.remove(line)
        self.lines.append(line)
        del self.lines[:-MOST]
        self._write()

    def find(self, text: str, before: int | None = None) -> int | None:
        """Return the place of the newest line older than ``before`` that contains ``text``, letter case aside."""
        low = text.lower()
        for place in range((len(self.lines) if before is None else before) - 1, -1, -1):
            if low in self.lines[place].lower():
                return place
        return None

    # -- inside ----------------------------------------------------------------------------------------------------

    def _read(self) -> list[str]:
        if self.path is None:
            return []
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return []
        except OSError as error:
            self.problem = f"typed lines of earlier sessions cannot be read: {error.strerror}"
            return []
        with os.fdopen(fd, "rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            self.problem = "typed lines of earlier sessions cannot be read: the file is too large"
            return []
        rows = content.decode("ascii", "replace").split("\n")
        return [row for row in rows if row and all(" " <= char <= "~" for char in row)][-MOST:]

    def _write(self) -> None:
        if self.path is None:
            return
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        try:
            fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(fd, "w", encoding="ascii") as file:
                file.write("".join(f"{line}\n" for line in self.lines))
            fresh.replace(self.path)
        except OSError as error:
            self.problem = f"typed lines are not kept: {error.strerror}"
            with contextlib.suppress(OSError):
                fresh.unlink()
