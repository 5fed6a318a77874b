"""One SQLite file of ours: locked for one writer, brought up to date, set aside when it is damaged.

It knows nothing of what is in the tables. Failures that a disk may recover from are left to whoever writes; all others are told
in ``notices``, and nothing but ``sqlite3`` errors is raised. Calls block on the disk: not for the event loop.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from tui_trader.core.clock import Clock, rfc3339
from tui_trader.core.error import JournalError
from tui_trader.storage import lock

BUSY_S = 2.0
"""How long a statement waits for a reader."""

SET_ASIDE = 3
"""Damaged files that are kept; an older one makes room."""

_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH})
"""Failures that mean that the file is not what it should be; all others are the disk's, and may pass."""


class Database:
    """A file with tables, or tables in memory when there is no ``path``. Calls may come from any thread, one after the other."""

    def __init__(
        self,
        path: Path | None,
        clock: Clock,
        *,
        noun: str,
        after: str,
        application: int,
        migrations: Sequence[str],
        probes: Sequence[str],
    ) -> None:
        """``migrations`` lead from each schema version to the next, the first from an empty file; ``probes`` are queries that
        must then be understood.

        ``noun`` is what a person calls the whole, ``after`` what comes of it when it was damaged: ``the candles``, ``a new file
        was begun``.
        """
        self.path = path
        self.notices: list[str] = []
        """What a person should know; whoever tells it empties the list."""
        self.turn = threading.RLock()
        """Held by whoever uses ``db``."""
        self._db: sqlite3.Connection | None = None
        self._clock = clock
        self._noun = noun
        self._after = after
        self._application = application
        self._migrations = migrations
        self._probes = probes
        self._doubtful = False
        self._examined: sqlite3.Connection | None = None
        self._lock_fd = -1

    @property
    def is_open(self) -> bool:
        """Whether this process is the one that writes."""
        return self._db is not None

    @property
    def db(self) -> sqlite3.Connection:
        """The open connection; raises sqlite3.ProgrammingError before ``open``."""
        if self._db is None:
            raise sqlite3.ProgrammingError(f"{self._noun}: not open")
        return self._db

    def open(self) -> bool:
        """Open for writing, creating the file or setting a damaged one aside; False when another process writes it, or nothing
        can be written."""
        with self.turn:
            if self._db is not None:
                return True
            if not self._take_lock():
                return False
            for attempt in (1, 2):
                try:
                    self._db = self._opened()
                except sqlite3.DatabaseError as error:
                    if attempt == 2 or not is_damage(error) or not self._put_aside(str(error)):
                        self.say(f"cannot keep {self._noun}: {words_of(error)}")
                        break
                except OSError as error:
                    self.say(f"cannot keep {self._noun}: {self.path}: {error.strerror or error}")
                    break
                else:
                    return True
            self._let_lock_go()
            return False

    def close(self) -> None:
        """Release the file. What was committed is on the disk; an examination is broken off."""
        with self.turn:
            if self._examined is not None:
                self._examined.interrupt()
            if self._db is not None:
                with contextlib.suppress(sqlite3.Error):
                    self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                self._drop()
            self._let_lock_go()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for changes that are kept all together or not at all."""
        with self.turn:
            db = self.db
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise

    def begin_again(self, why: str) -> bool:
        """Set the file aside as damaged and open a new one; whether that went well."""
        with self.turn:
            self._drop()
            if self._put_aside(why):
                with contextlib.suppress(sqlite3.DatabaseError, OSError):
                    self._db = self._opened()
            return self._db is not None

    def examine(self) -> bool:
        """Look through a file whose last writer was killed, beside whoever writes meanwhile; whether it was in order.

        It may take a second for every hundred megabytes. SQLite bears a killed writer, but not a disk that lost writes when the
        machine went down. A damaged file is set aside and a new one begun.
        """
        with self.turn:
            if not self._doubtful or self.path is None or self._db is None:
                return True
            self._doubtful = False
            try:
                self._examined = reader(self.path)
            except (sqlite3.DatabaseError, FileNotFoundError):
                return True
        try:
            verdict = str(self._examined.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                return True
            verdict = words_of(error)
        finally:
            with self.turn:
                self._examined.close()
                self._examined = None
        if verdict == "ok":
            return True
        with self.turn:
            if self._db is not None:
                self.begin_again(verdict)
        return False

    def say(self, text: str) -> None:
        """Have a person told."""
        self.notices.append(text)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _opened(self) -> sqlite3.Connection:
        name: str | Path = ":memory:"
        self._doubtful = False
        if self.path is not None:
            create_private(self.path)
            name = self.path
            # A log that is still there was left by a writer that did not end by itself.
            self._doubtful = self.path.with_name(f"{self.path.name}-wal").exists()
        db = sqlite3.connect(name, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(db)
        except BaseException:
            db.close()
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        owner = int(db.execute("PRAGMA application_id").fetchone()[0])
        newest = len(self._migrations)
        if version > newest and owner == self._application:
            raise sqlite3.NotSupportedError(
                f"{self.path} was written by a newer tui-trader: update this one, or move the file away"
            )
        if (version or owner) and owner != self._application:
            raise damaged("it is another program's file")
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("BEGIN IMMEDIATE")
        for step in range(version, newest):
            for statement in self._migrations[step].split(";\n"):
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {self._application}")
        db.execute(f"PRAGMA user_version = {newest}")
        db.execute("COMMIT")
        for query in self._probes:
            db.execute(query).fetchone()

    def _put_aside(self, why: str) -> bool:
        if self.path is None:
            return False
        try:
            name = set_aside(self.path, self._clock)
        except OSError as error:
            self.say(f"the file of {self._noun}, {self.path}, is damaged and cannot be set aside: {error.strerror or error}")
            return False
        self.say(f"the file of {self._noun} was damaged ({why}); it was set aside as {name}, and {self._after}")
        return True

    def _drop(self) -> None:
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                self._db.close()
        self._db = None

    def _take_lock(self) -> bool:
        if self.path is None:
            return True
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock_fd = lock.open_locked(self.path.with_suffix(".lock"))
        except lock.HeldError:
            return False  # another process writes it
        except (JournalError, OSError) as error:
            self.say(f"cannot keep {self._noun}: {error}")
            return False
        return True

    def _let_lock_go(self) -> None:
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
        self._lock_fd = -1


def reader(path: Path) -> sqlite3.Connection:
    """Return a connection that can only read, while somebody else may write.

    Raises FileNotFoundError when there is no file, and sqlite3.DatabaseError when it cannot be read.
    """
    if not path.exists():
        raise FileNotFoundError(path)
    uri = f"{path.resolve().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)


def create_private(path: Path) -> None:
    """Have a database's file there, for this user alone; raises OSError, also where a link stands in its place."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    fd = os.open(path, flags, 0o600)  # the files that SQLite puts beside it get the same rights
    try:
        os.fchmod(fd, 0o600)
    finally:
        os.close(fd)


def set_aside(path: Path, clock: Clock) -> str:
    """Rename a damaged file and what belongs to it, and let the oldest of many go; return its new name. Raises OSError."""
    stem = f"{path.name}.damaged-"
    name = stem + rfc3339(clock.wall_ns()).replace(":", "").replace(".", "")
    for suffix in ("-shm", "-wal", ""):
        old = path.with_name(path.name + suffix)
        if old.exists() or old.is_symlink():
            old.rename(path.with_name(f"{name}{suffix}"))
    kept = sorted(one for one in path.parent.glob(f"{stem}*") if not one.name.endswith(("-wal", "-shm")))
    for one in kept[:-SET_ASIDE]:
        for suffix in ("", "-wal", "-shm"):
            one.with_name(one.name + suffix).unlink(missing_ok=True)
    return name


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether a failure means that the file is not what it should be."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF in _DAMAGE


def words_of(error: sqlite3.DatabaseError) -> str:
    """Return what to say of a failure."""
    return str(error) or type(error).__name__


def damaged(what: str) -> sqlite3.DatabaseError:
    """Return the failure that stands for damage which SQLite itself does not see."""
    error = sqlite3.DatabaseError(what)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error
