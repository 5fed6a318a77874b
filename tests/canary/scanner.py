"""Looks for one secret in bytes and in files, in four encodings, also where it was cut. It shares nothing with the redactor."""

from __future__ import annotations

import base64
import errno
import os
import stat
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from urllib.parse import quote

CHUNK = 1 << 22
CUT = 24
"""Characters of a form by which it is recognised: what is cut after them is still seen."""


class Scanner:
    """Knows what to look for, and does not say it."""

    def __init__(self, secret: str) -> None:
        raw = secret.encode()
        forms = {"plain": [raw], "hex": [raw.hex().encode(), raw.hex().upper().encode()]}
        forms["url"] = [quote(raw, safe="").encode(), b"".join(b"%%%02X" % byte for byte in raw)]
        forms["base64"] = [
            encode(bytes(shift) + raw)[(0, 2, 3)[shift] :]
            for encode in (base64.b64encode, base64.urlsafe_b64encode)
            for shift in range(3)
        ]
        self._needles = [(name, form[:CUT]) for name, each in forms.items() for form in each]
        # Beginnings may be the same in two encodings: each is looked for once.
        self._needles = list({needle: (name, needle) for name, needle in reversed(self._needles)}.values())

    def __repr__(self) -> str:
        return "Scanner(…)"

    def find(self, data: bytes) -> str:
        """Return in which encoding the secret is in ``data``; empty when it is not."""
        return next((name for name, needle in self._needles if needle in data), "")

    def walk(self, folder: Path, leave_out: frozenset[Path] = frozenset()) -> Iterator[str]:
        """Yield a line for each file below ``folder`` that holds the secret, in it or in its name."""
        for path in sorted(folder.rglob("*")):
            if path in leave_out:
                continue
            if name := self.find(str(path).encode("utf-8", "surrogateescape")):
                yield f"{path.parent}: {name} in the name of a file"
            try:
                if stat.S_ISREG(path.lstat().st_mode) and (name := self._in_file(path)):
                    yield f"{path}: {name}"
            except OSError:
                continue  # gone meanwhile

    def _in_file(self, path: Path) -> str:
        tail = b""
        for block in _blocks(path):
            if name := self.find(tail + block):
                return name
            tail = block[-4 * CUT :]
        return ""


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield what a file holds; its holes are passed over, for a sparse file may claim more than anybody could read."""
    at = 0
    with path.open("rb", buffering=0) as file:
        while (at := _seek(file, at, os.SEEK_DATA)) >= 0:
            end = _seek(file, at, os.SEEK_HOLE)
            while at < end and (block := os.pread(file.fileno(), min(CHUNK, end - at), at)):
                yield block
                at += len(block)
            if at < end:
                return  # it was cut while it was read


def _seek(file: FileIO, at: int, what: int) -> int:
    """Return where data or the next hole begins at or after a place; -1 where there is none."""
    try:
        return os.lseek(file.fileno(), at, what)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return -1
