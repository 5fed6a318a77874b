"""The local history: what happened in one account, kept for display and export beside the journal. A copy, never the truth.

SQLite in one file, with one writer at a time among all processes. A file that is damaged is set aside and a new one begun: the
venue is asked again for what it still knows. Nothing that goes wrong here may end or hinder anything else, so every failure is
told in ``notice`` and nothing is raised. Calls block on the disk: not for the event loop.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from tui_trader.core.clock import DAY_NS, Clock
from tui_trader.core.error import JournalError
from tui_trader.storage import lock
from tui_trader.storage.database import BUSY_S, create_private, damaged, is_damage, reader, set_aside, words_of
from tui_trader.storage.history_rows import KINDS, ROWS, OrderRow, Row

APPLICATION = 0x74746872
"""``tthr``: tells our file from another program's database."""

MIGRATIONS = (
    "".join(
        f"CREATE TABLE {kind.table} ("
        + ", ".join(
            f"{name} {'INTEGER' if kind.__dataclass_fields__[name].type == 'int' else 'TEXT'} NOT NULL" for name in kind.columns()
        )
        + f", PRIMARY KEY ({', '.join(kind.key)})) WITHOUT ROWID;\n"
        for kind in ROWS
    ),
    "".join(f"CREATE INDEX {kind.table}_by_time ON {kind.table} ({kind.time});\n" for kind in ROWS)
    + "CREATE INDEX orders_by_client_id ON orders (client_id);\n"
    + "CREATE TABLE known (what TEXT PRIMARY KEY, until_ns INTEGER NOT NULL) WITHOUT ROWID;\n",
)
"""What leads from each schema version to the next; the first begins with an empty file."""

VERSION = len(MIGRATIONS)


class History:
    """The history of one account: ``open`` it, ``write`` facts in any order and as often as one likes, ``close`` it.

    Calls may come from any thread, one after the other.
    """

    def __init__(self, path: Path | None, clock: Clock, *, keep_days: int = 730, max_rows: int = 250_000) -> None:
        """Without a ``path`` it lives in memory and ends with the object. ``max_rows`` is of each kind."""
        self.path = path
        self.notices: list[str] = []
        """What a person should know; whoever tells it empties the list."""
        self.writable = False
        """Whether this process is the one that writes."""
        self._clock = clock
        self._keep_days = keep_days
        self._max_rows = max_rows
        self._lock_fd = -1
        self._db: sqlite3.Connection | None = None
        self._turn = threading.RLock()
        self._pruned_ns = 0
        self._failing = False

    # -- life ------------------------------------------------------------------------------------------------------

    def open(self) -> bool:
        """Open the file for writing, creating it or setting a damaged one aside; False when another process writes it, or
        nothing can be written."""
        with self._turn:
            if self._db is not None:
                return True
            if not self._take_lock():
                return False
            for attempt in (1, 2):
                try:
                    self._db = self._opened()
                except sqlite3.DatabaseError as error:
                    if attempt == 2 or not is_damage(error) or not self._put_aside(str(error)):
                        self._say(f"no history is written: {words_of(error)}")
                        self._let_lock_go()
                        return False
                except OSError as error:
                    self._say(f"no history is written: {self.path}: {error.strerror or error}")
                    self._let_lock_go()
                    return False
                else:
                    break
            self.writable = self._db is not None
            self._let_go_of_old()
            return self.writable

    def close(self) -> None:
        """Release the file. What was written is on the disk."""
        with self._turn:
            if self._db is not None:
                with contextlib.suppress(sqlite3.Error):
                    self._db.execute("INSERT OR REPLACE INTO known VALUES ('closed', 1)")
                self._drop_connection()
            self._let_lock_go()

    # -- writing ---------------------------------------------------------------------------------------------------

    def write(self, rows: Iterable[Row], known: dict[str, int] | None = None) -> bool:
        """Add facts, all or none; whether they are kept. ``known`` says up to which time the venue has told all of a kind."""
        rows = list(rows)
        with self._turn:
            if not self.writable:
                return False
            for attempt in (1, 2):
                try:
                    self._write(rows, known or {})
                except sqlite3.DatabaseError as error:
                    if attempt == 1 and is_damage(error) and self._begin_again(str(error)):
                        continue
                    if not self._failing:
                        self._say(f"the history cannot be written: {words_of(error)}; trying again")
                    self._failing = True
                    return False
                break
            self._failing = False
            if self._clock.wall_ns() - self._pruned_ns > DAY_NS:
                self._let_go_of_old()
            return True

    def known_until(self, what: str) -> int:
        """Return the time up to which the venue has told all of a kind, UTC nanoseconds; 0 for never."""
        with self._turn:
            if self._db is None:
                return 0
            try:
                found = self._db.execute("SELECT until_ns FROM known WHERE what = ?", (what,)).fetchone()
            except sqlite3.DatabaseError:
                return 0
            return int(found[0]) if found else 0

    # -- reading ---------------------------------------------------------------------------------------------------

    def newest(self, table: str, count: int, before_ns: int | None = None) -> list[Row]:
        """Return the newest rows of a table before a time, oldest first; what cannot be read is nothing."""
        with self._turn:
            if self._db is None:
                return []
            kind = KINDS[table]
            where, values = ("", ()) if before_ns is None else (f"WHERE {kind.time} < ?", (before_ns,))
            order = ", ".join(f"{name} DESC" for name in _order(kind))
            try:
                found = self._db.execute(f"SELECT * FROM {table} {where} ORDER BY {order} LIMIT ?", (*values, count)).fetchall()
            except sqlite3.DatabaseError:
                return []
            return [kind(*values) for values in reversed(found)]

    # -- inside ----------------------------------------------------------------------------------------------------

    def _opened(self) -> sqlite3.Connection:
        name: str | Path = ":memory:"
        if self.path is not None:
            create_private(self.path)
            name = self.path
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
        if version > VERSION and owner == APPLICATION:
            raise sqlite3.NotSupportedError(f"{self.path} was written by a newer tui-trader")
        if (version or owner) and owner != APPLICATION:
            raise damaged("it is another program's file")
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("BEGIN IMMEDIATE")
        for step in range(version, VERSION):
            for statement in MIGRATIONS[step].split(";\n"):
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION}")
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
        closed = db.execute("DELETE FROM known WHERE what = 'closed'").rowcount
        if version and not closed:
            # The last writer was killed, or the machine went down: SQLite bears that, a disk that lost writes does not.
            verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            if verdict != "ok":
                raise damaged(str(verdict))
        for kind in ROWS:
            db.execute(f"SELECT {', '.join(kind.columns())} FROM {kind.table} LIMIT 1").fetchone()

    def _write(self, rows: list[Row], known: dict[str, int]) -> None:
        db = self._db
        assert db is not None
        db.execute("BEGIN IMMEDIATE")
        try:
            for row in rows:
                _put(db, row)
            for what, until_ns in known.items():
                db.execute("INSERT OR REPLACE INTO known VALUES (?, ?)", (what, until_ns))
            db.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                db.execute("ROLLBACK")
            raise

    def _let_go_of_old(self) -> None:
        """Delete what is older than the retention, and the oldest of what is too many; open orders stay."""
        db = self._db
        if db is None:
            return
        self._pruned_ns = self._clock.wall_ns()
        before = self._pruned_ns - self._keep_days * DAY_NS
        try:
            for kind in ROWS:
                over = f"AND status IN {_OVER}" if kind is OrderRow else ""
                spare = db.execute(
                    f"SELECT {kind.time} FROM {kind.table} ORDER BY {kind.time} DESC LIMIT 1 OFFSET ?", (self._max_rows,)
                ).fetchone()
                oldest = max(before, spare[0] + 1 if spare else 0)
                db.execute(f"DELETE FROM {kind.table} WHERE {kind.time} < ? {over}", (oldest,))
            db.execute("PRAGMA incremental_vacuum").fetchall()
        except sqlite3.DatabaseError as error:
            self._say(f"the history could not be shortened: {words_of(error)}")

    def _begin_again(self, why: str) -> bool:
        """Set the file aside and open a new one; whether that went well."""
        self._drop_connection()
        if not self._put_aside(why):
            self.writable = False
            return False
        try:
            self._db = self._opened()
        except (sqlite3.DatabaseError, OSError):
            self.writable = False
        return self.writable

    def _put_aside(self, why: str) -> bool:
        if self.path is None:
            return False
        try:
            name = set_aside(self.path, self._clock)
        except OSError as error:
            self._say(f"the history {self.path} is damaged and cannot be set aside: {error.strerror or error}")
            return False
        self._say(f"the history was damaged ({why}); it was set aside as {name} and is asked for again")
        return True

    def _drop_connection(self) -> None:
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
            return False  # another terminal of this account writes it
        except (JournalError, OSError) as error:
            self._say(f"no history is written: {error}")
            return False
        return True

    def _let_lock_go(self) -> None:
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
        self._lock_fd = -1
        self.writable = False

    def _say(self, text: str) -> None:
        self.notices.append(text)


def read(path: Path, table: str, since_ns: int, until_ns: int) -> Iterator[Row]:
    """Yield the rows of a table from a time to another, that one excluded, oldest first, while somebody else may write.

    Raises FileNotFoundError when there is no file, and sqlite3.DatabaseError when it cannot be read.
    """
    db, kind = reader(path), KINDS[table]
    try:
        db.execute("BEGIN")  # one moment, however long the reading takes
        query = f"SELECT {', '.join(kind.columns())} FROM {table} WHERE {kind.time} >= ? AND {kind.time} < ?"
        for values in db.execute(f"{query} ORDER BY {', '.join(_order(kind))}", (since_ns, until_ns)):
            yield kind(*values)
    finally:
        db.close()


_OVER = "('filled', 'canceled', 'rejected', 'expired', 'absent')"


def _put(db: sqlite3.Connection, row: Row) -> None:
    """Join a fact with what is there."""
    kind = type(row)
    where = " AND ".join(f"{name} = ?" for name in kind.key)
    found = db.execute(f"SELECT * FROM {kind.table} WHERE {where}", tuple(getattr(row, name) for name in kind.key)).fetchall()
    if isinstance(row, OrderRow) and row.client_id:
        # An order is known by our id until the venue tells its own.
        query = "SELECT * FROM orders WHERE client_id = ? AND venue = ? AND account = ? AND id <> ?"
        query += " AND venue_id = ''" if row.venue_id else " ORDER BY id LIMIT 1"
        found += db.execute(query, (row.client_id, row.venue, row.account, row.id)).fetchall()
    joined = row
    for values in found:
        joined = joined.join(kind(*values))
    values = tuple(getattr(joined, name) for name in kind.columns())
    if found == [values]:
        return
    for old in found:
        there = kind(*old)
        db.execute(f"DELETE FROM {kind.table} WHERE {where}", tuple(getattr(there, name) for name in kind.key))
    db.execute(f"INSERT INTO {kind.table} VALUES ({', '.join('?' * len(values))})", values)


def _order(kind: type[Row]) -> tuple[str, ...]:
    return (kind.time, *kind.key[2:])
