"""The local history: what happened in one account, kept for display and export beside the journal. A copy, never the truth.

SQLite in one file, with one writer at a time among all processes. A file that is damaged is set aside and a new one begun: the
venue is asked again for what it still knows. Nothing that goes wrong here may end or hinder anything else, so every failure is
told in ``notice`` and nothing is raised. Calls block on the disk: not for the event loop.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from tui_trader.core.clock import DAY_NS, Clock
from tui_trader.core.ids import PREFIX
from tui_trader.storage.database import Database, is_damage, reader, words_of
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
        self.file = Database(
            path, clock, noun="the history", after="the venue is asked for it again", application=APPLICATION,
            migrations=MIGRATIONS, probes=[f"SELECT {', '.join(kind.columns())} FROM {kind.table} LIMIT 1" for kind in ROWS],
        )  # fmt: skip
        self._clock = clock
        self._keep_days = keep_days
        self._max_rows = max_rows
        self._pruned_ns = 0
        self._failing = False

    @property
    def notices(self) -> list[str]:
        """What a person should know; whoever tells it empties the list."""
        return self.file.notices

    @property
    def writable(self) -> bool:
        """Whether this process is the one that writes."""
        return self.file.is_open

    # -- life ------------------------------------------------------------------------------------------------------

    def open(self) -> bool:
        """Open the file for writing, creating it or setting a damaged one aside; False when another process writes it, or
        nothing can be written."""
        with self.file.turn:
            if self.writable:
                return True
            if not self.file.open():
                return False
            self.file.examine()
            self._let_go_of_old()
            return self.writable

    def close(self) -> None:
        """Release the file. What was written is on the disk."""
        self.file.close()

    # -- writing ---------------------------------------------------------------------------------------------------

    def write(self, rows: Iterable[Row], known: dict[str, int] | None = None) -> bool:
        """Add facts, all or none; whether they are kept. ``known`` says up to which time the venue has told all of a kind."""
        rows = list(rows)
        with self.file.turn:
            for attempt in (1, 2):
                if not self.writable:
                    return False
                try:
                    with self.file.transaction() as db:
                        for row in rows:
                            _put(db, row)
                        for what, until_ns in (known or {}).items():
                            db.execute("INSERT OR REPLACE INTO known VALUES (?, ?)", (what, until_ns))
                except sqlite3.DatabaseError as error:
                    if attempt == 1 and is_damage(error) and self.file.begin_again(str(error)):
                        continue
                    if not self._failing:
                        self.file.say(f"the history cannot be written: {words_of(error)}; trying again")
                    self._failing = True
                    return False
                break
            self._failing = False
            if self._clock.wall_ns() - self._pruned_ns > DAY_NS:
                self._let_go_of_old()
            return True

    def known_until(self, what: str) -> int:
        """Return the time up to which the venue has told all of a kind, UTC nanoseconds; 0 for never."""
        with self.file.turn:
            if not self.writable:
                return 0
            try:
                found = self.file.db.execute("SELECT until_ns FROM known WHERE what = ?", (what,)).fetchone()
            except sqlite3.DatabaseError:
                return 0
            return int(found[0]) if found else 0

    # -- reading ---------------------------------------------------------------------------------------------------

    def newest(self, table: str, count: int, before_ns: int | None = None) -> list[Row]:
        """Return the newest rows of a table before a time, oldest first; what cannot be read is nothing."""
        with self.file.turn:
            if not self.writable:
                return []
            kind = KINDS[table]
            where, values = ("", ()) if before_ns is None else (f"WHERE {kind.time} < ?", (before_ns,))
            order = ", ".join(f"{name} DESC" for name in _order(kind))
            try:
                found = self.file.db.execute(
                    f"SELECT * FROM {table} {where} ORDER BY {order} LIMIT ?", (*values, count)
                ).fetchall()
            except sqlite3.DatabaseError:
                return []
            return [kind(*values) for values in reversed(found)]

    # -- inside ----------------------------------------------------------------------------------------------------

    def _let_go_of_old(self) -> None:
        """Delete what is older than the retention, and the oldest of what is too many; open orders stay."""
        if not self.writable:
            return
        db = self.file.db
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
            self.file.say(f"the history could not be shortened: {words_of(error)}")


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
        # An order is known by our id until the venue tells its own; one that waits may be given another one later. Ours are
        # never used twice, those of others may be.
        query = "SELECT * FROM orders WHERE client_id = ? AND venue = ? AND account = ? AND id <> ?"
        others = " AND venue_id = ''" if not row.client_id.startswith(PREFIX) else ""
        query += others if row.venue_id else " ORDER BY id LIMIT 1"
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
