"""What the disk takes by itself: a record's bytes appended to a bare file and synced, now and then, by who measures.

A disk that is asked every few tenths of a second answers otherwise than one that is asked again and again, so this is taken
between the orders of the same run, at their pace, with the length of the journal's own records.
"""

from __future__ import annotations

import os
import tempfile
import time
from statistics import median

from .measure import percentile

RECORD_BYTES = 500
"""About as long as the record of an order's intent."""


class Disk:
    """A bare file in the folder where the measured programs keep their homes."""

    def __init__(self) -> None:
        self.took_ms: list[float] = []
        """How long each record took."""
        self._file, self._path = tempfile.mkstemp(prefix="bench-disk-")
        self._record = b"x" * (RECORD_BYTES - 1) + b"\n"

    def append(self) -> None:
        """Write one record, and return once it is on the disk."""
        start = time.monotonic()
        os.write(self._file, self._record)
        os.fdatasync(self._file)
        self.took_ms.append((time.monotonic() - start) * 1000)

    def size(self) -> int:
        """Return how many bytes the file has."""
        return os.fstat(self._file).st_size

    def told(self) -> str:
        """Return the figures in words."""
        took = self.took_ms
        tail = percentile(took, 99)
        return f"a bare append and sync at this pace: p50 {median(took):.1f}, p99 {tail:.1f} ms ({len(took)} of them)"

    def __enter__(self) -> Disk:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)
        os.unlink(self._path)
