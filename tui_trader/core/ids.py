"""Client order ids: unique across restarts, hosts and clocks that go back; not guessable; safe in any query string."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from tui_trader.core.types import ClientOrderId

MAX_LENGTH = 32
"""The shortest limit among venues (MEXC ``externalOid``; Phemex ``clOrdID`` has 40)."""

PREFIX = "tt-"
"""Begins every id that is made here, on whatever machine."""

_VALID = re.compile(r"[A-Za-z0-9_-]{1,40}\Z", re.ASCII)


class IdFactory:
    """Makes client order ids from 112 random bits; tests inject a seeded source."""

    def __init__(self, random_hex: Callable[[int], str] = secrets.token_hex) -> None:
        self._hex = random_hex

    def new(self) -> ClientOrderId:
        """Return a fresh id, ``tt-`` and 28 hexadecimal digits."""
        return ClientOrderId(f"{PREFIX}{self._hex(16)[:28]}")


def is_client_id(text: str) -> bool:
    """Whether ``text`` may be sent to a venue as a client order id."""
    return bool(_VALID.match(text))
