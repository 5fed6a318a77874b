"""What is stored where: one row for each key, with the last characters of its id. Nothing secret stands in it.

It answers which store to ask without asking any of them, and sees when a key that was stored for one environment is given for
another.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from tui_trader.core.error import RefusedError
from tui_trader.secrets.entry import KeyName, StoredKey
from tui_trader.secrets.private_file import read_private, write_private

FILE: Final = "keys.json"
KEYRING: Final = "keyring"
VAULT: Final = "vault"

_MAX: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Row:
    """One stored key as lists show it."""

    venue: str
    env: str
    account: str
    store: str
    """``keyring`` or ``vault``."""
    tail: str
    """The end of the key's id."""
    mark: str
    """Part of a hash of the id, by which the same key is recognised in another place."""
    added: str
    """RFC 3339."""

    @property
    def name(self) -> KeyName:
        """Whose key it is."""
        return KeyName(self.venue, self.env, self.account)

    @classmethod
    def of(cls, key: StoredKey, store: str, added: str) -> Row:
        """Return the row of a key."""
        return cls(key.name.venue, key.name.env, key.name.account, store, key.tail, mark_of(key), added)


def mark_of(key: StoredKey) -> str:
    """Return what a key's id is recognised by; venues make ids at random, so that it tells nothing of them."""
    return hashlib.sha256(f"{key.name.venue}:{key.kid}".encode()).hexdigest()[:16]


class Register:
    """The file of rows."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self) -> list[Row]:
        """Return every row; raises RefusedError when the file cannot be trusted or read."""
        content = read_private(self.path, _MAX)
        if content is None:
            return []
        try:
            told: Any = json.loads(content)
            return sorted((Row(**row) for row in told["keys"]), key=lambda row: row.name)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise RefusedError(f"{self.path} is damaged; remove it, and store the keys again (tui-trader keys add)") from None

    def find(self, name: KeyName) -> Row | None:
        """Return the row of a key; None when none is stored."""
        return next((row for row in self.rows() if row.name == name), None)

    def elsewhere(self, key: StoredKey) -> Row | None:
        """Return the row of the same key under another environment; None when there is none."""
        mark = mark_of(key)
        return next((row for row in self.rows() if row.mark == mark and row.env != key.name.env), None)

    def put(self, row: Row) -> None:
        """Add a row, in place of the one of that name."""
        self._write([*(one for one in self.rows() if one.name != row.name), row])

    def drop(self, name: KeyName) -> None:
        """Take a row out, if it is there."""
        rows = self.rows()
        if any(one.name == name for one in rows):
            self._write([one for one in rows if one.name != name])

    def _write(self, rows: list[Row]) -> None:
        content = json.dumps({"keys": [asdict(row) for row in sorted(rows, key=lambda row: row.name)]}, indent=1)
        write_private(self.path, content.encode() + b"\n")
