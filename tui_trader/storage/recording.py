"""A recording as a file: lines appended by a thread of its own, bounded in memory and on the disk, read up to where it ends torn.

One JSON document a line. Nothing here blocks the event loop and nothing raises there: what goes wrong stands in ``failure``, and
from then on lines are dropped. It must not know what the lines say.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from tui_trader.core.error import RefusedError, UsageError
from tui_trader.secrets.redactor import REDACTOR

Item = TypeVar("Item")

MAX_BYTES = 1 << 30
"""A recording ends at this size by default: about seven hours of a busy screen."""

MAX_WAITING = 32 << 20
"""Bytes that may wait for the disk; more means that it does not keep up."""

FLUSH_S = 0.25
"""How often the waiting lines are written: what a kill can cost at most."""

MAX_LINE = 64 << 20
"""Longest line that is read."""


class Line(msgspec.Struct):
    """One line of a recording. ``dir`` says what it is, ``msg`` is the thing itself."""

    dir: str
    ts: msgspec.Raw = msgspec.Raw(b"0")
    """Wall time of receipt: seconds since the epoch, with up to nine digits behind the point."""
    up: int = 0
    """Monotonic nanoseconds since the recording began."""
    lane: str = ""
    kind: str = ""
    msg: msgspec.Raw = msgspec.Raw(b"null")

    @property
    def wall_ns(self) -> int:
        """The wall time in nanoseconds, exactly as it was written; 0 for what is no number."""
        whole, _, part = bytes(self.ts).decode("ascii", "replace").partition(".")
        try:
            return int(whole) * 1_000_000_000 + int((part + "0" * 9)[:9])
        except ValueError:
            return 0


class RecordingFile(Generic[Item]):
    """A file being written. ``put`` from the event loop, ``close`` when done."""

    def __init__(self, path: Path, line_of: Callable[[Item], bytes], *, max_bytes: int = MAX_BYTES) -> None:
        """Create the file for this user alone; raises RefusedError when it is there already or cannot be made.

        ``line_of`` turns an item into one line without its end; it is called in the writing thread.
        """
        self.path = path
        self.failure = ""
        """Why nothing is written any more, in one sentence; empty while it is."""
        self.bytes = 0
        """Size of the file."""
        self._line_of = line_of
        self._max_bytes = max_bytes
        self._waiting: deque[tuple[Item, int]] = deque()
        self._waiting_bytes = 0
        self._wake = threading.Event()
        self._ending = False
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            raise RefusedError(f"{path} is there already: a recording never replaces a file") from None
        except OSError as error:
            raise RefusedError(f"{path} cannot be made: {error.strerror}") from None
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    def put(self, item: Item, size: int) -> None:
        """Have an item written soon; ``size`` is about what it takes in memory."""
        if self.failure:
            return
        if self._waiting_bytes > MAX_WAITING:
            self.failure = f"the disk does not keep up: {MAX_WAITING >> 20} MiB wait for it"
            return
        self._waiting.append((item, size))
        self._waiting_bytes += size

    def close(self) -> None:
        """Write what waits and end. Blocks for as long as the disk does."""
        self._ending = True
        self._wake.set()
        self._thread.join()

    # -- in the thread ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._ending:
                self._wake.wait(FLUSH_S)
                self._write()
            self._write()
        finally:
            os.close(self._file)

    def _write(self) -> None:
        batch: list[bytes] = []
        size = self.bytes
        while self._waiting and not self.failure:
            item, weight = self._waiting.popleft()
            self._waiting_bytes -= weight
            line = REDACTOR.clean_bytes(self._line_of(item)) + b"\n"
            size += len(line)
            if size > self._max_bytes:
                self.failure = f"the recording has reached {self._max_bytes} bytes"
            else:
                batch.append(line)
        left = memoryview(b"".join(batch))
        try:
            while left:
                done = os.write(self._file, left)
                self.bytes += done
                left = left[done:]
        except OSError as error:
            self.failure = f"{self.path} cannot be written: {error.strerror}"


class RecordingLines:
    """The lines of a file, read from its beginning; what is no line of a recording is counted and left out."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises UsageError when it cannot be read."""
        self.path = path
        self.bad = 0
        """Lines that are not of a recording."""
        self.torn = False
        """Whether the file breaks off in the middle of a line, as one does whose writer was killed."""
        self._decode = msgspec.json.Decoder(Line).decode
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from None

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def rewind(self) -> None:
        """Begin again."""
        self._file.seek(0)
        self.bad, self.torn = 0, False

    def __iter__(self) -> Iterator[Line]:
        while raw := self._file.readline(MAX_LINE):
            whole = raw.endswith(b"\n")
            if not raw.strip():
                continue
            try:
                yield self._decode(raw)
            except (msgspec.DecodeError, UnicodeDecodeError):
                if whole:
                    self.bad += 1
                else:
                    self.torn = True

    def last(self) -> Line | None:
        """Return the last whole line, without reading the rest; None when there is none near the end."""
        here = self._file.tell()
        try:
            end = self._file.seek(0, os.SEEK_END)
            reach = 1 << 16
            while True:
                self._file.seek(max(0, end - reach))
                for raw in reversed(self._file.read().splitlines()):
                    try:
                        return self._decode(raw)
                    except (msgspec.DecodeError, UnicodeDecodeError):
                        continue
                if reach >= end or reach >= MAX_LINE:
                    return None
                reach *= 16
        finally:
            self._file.seek(here)
