"""One stored API key: whose it is, its public id and its secret, and the versioned text that a store keeps of it.

Id and secret stand in one entry, so that no store can hold the id of one key and the secret of another.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Final

from tui_trader.core.error import RefusedError, UsageError
from tui_trader.secrets.secret import Secret

SERVICE: Final = "tui_trader"
"""What the entries are filed under in the system's keyring."""

VERSION: Final = 1
MAX_TEXT: Final = 4_096
"""Longest key id or secret, characters: the longest that venues issue are tokens of two thousand."""

SHOWN: Final = 4
"""Characters at the end of a key's id that are shown once it is stored."""

_LABEL = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}\Z", re.ASCII)
_PLAIN = re.compile(r"[!-~]+\Z", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class KeyName:
    """Whose key: venue, environment and account label."""

    venue: str
    env: str
    account: str = "main"

    @property
    def text(self) -> str:
        """As people read it: ``phemex/testnet/main``."""
        return f"{self.venue}/{self.env}/{self.account}"

    @property
    def user(self) -> str:
        """What the entry is called in a store."""
        return f"{self.text}/secret"

    @property
    def words(self) -> str:
        """How commands name it: ``phemex/main --env testnet``."""
        return f"{self.venue}{'' if self.account == 'main' else f'/{self.account}'} --env {self.env}"

    @classmethod
    def parse(cls, text: str, env: str) -> KeyName:
        """Return the name that ``VENUE`` or ``VENUE/ACCOUNT`` means; raises UsageError when it means none."""
        venue, slash, account = text.partition("/")
        name = cls(venue, env, account if slash else "main")
        if not (_LABEL.match(name.venue) and _LABEL.match(name.account)):
            raise UsageError("name the key as VENUE or VENUE/ACCOUNT, of small letters, digits, - and _, like phemex/main")
        return name


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as it is stored; neither its id nor its secret is in what it prints."""

    name: KeyName
    kid: str = field(repr=False)
    """The id that the venue issued, which travels with every request."""
    secret: Secret = field(repr=False)

    @property
    def tail(self) -> str:
        """The last characters of the id, all of it that is shown."""
        return tail(self.kid)


def tail(kid: str) -> str:
    """Return what is shown of a key's id; nothing of an id so short that its end would be half of it."""
    return f"…{kid[-SHOWN:]}" if len(kid) >= 2 * SHOWN else "…"


def checked(name: KeyName, kid: str, secret: str) -> StoredKey:
    """Return the key of what was typed or piped in; raises RefusedError, without repeating any of it."""
    kid, secret = kid.strip(), secret.strip()
    for what, text in (("the key id", kid), ("the secret", secret)):
        if not text:
            raise RefusedError(f"{what} is empty: nothing was stored")
        if len(text) > MAX_TEXT or not _PLAIN.match(text):
            raise RefusedError(
                f"{what} is not what a venue issues ({len(text)} characters; only ASCII letters, digits and signs, no spaces):"
                " nothing was stored"
            )
    if kid == secret:
        raise RefusedError("the key id and the secret are the same text: nothing was stored")
    return StoredKey(name, kid, Secret(secret))


def encode(key: StoredKey) -> str:
    """Return the text of an entry. It is what has to be kept secret."""
    return json.dumps({"v": VERSION, "for": key.name.text, "kid": key.kid, "secret": key.secret.reveal()}, ensure_ascii=False)


def decode(name: KeyName, text: str) -> StoredKey:
    """Return the key in an entry. Raises RefusedError when it is not one that was stored under this name; shows nothing of it."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or type(told.get("v")) is not int:
        raise RefusedError(f"the entry {name.user} was not written by tui-trader")
    if told["v"] != VERSION:
        raise RefusedError(f"the entry {name.user} was written by another version of tui-trader (format {told['v']})")
    kid, secret, owner = told.get("kid"), told.get("secret"), told.get("for")
    if not (isinstance(kid, str) and kid and isinstance(secret, str) and secret and isinstance(owner, str)):
        raise RefusedError(f"the entry {name.user} is damaged")
    if owner != name.text:
        raise RefusedError(f"the entry {name.user} holds the key of another account")
    return StoredKey(name, kid, Secret(secret))
