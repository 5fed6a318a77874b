"""What was found where a key was looked for: one word, its cause in a sentence, and the command that helps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tui_trader.secrets.entry import StoredKey


class State(StrEnum):
    """How a look into a store ended."""

    OK = "OK"
    """The store is open; with a key, it was found."""
    NONE = "NONE"
    """There is no store here."""
    LOCKED = "LOCKED"
    HUNG = "HUNG"
    """The store did not answer in time."""
    EMPTY = "EMPTY"
    """The store is open and holds no key for this account."""
    REFUSED = "REFUSED"
    """There is something, and it must not be used."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer."""

    state: State
    cause: str = ""
    """One sentence without a full stop."""
    fix: str = ""
    """The command to type; empty when there is nothing to be helped."""
    store: str = ""
    """What was asked, in words: ``Secret Service keyring``."""
    key: StoredKey | None = None

    @property
    def sentence(self) -> str:
        """State, cause and fix in one line."""
        line = f"{self.state}: {self.cause}" if self.cause else str(self.state)
        return f"{line}; type: {self.fix}" if self.fix else line
