"""The token that lets in: how long it is good, when it is renewed, and the one that a user brought to look on with.

A sub-key signs a request and gets a token for five minutes, which cannot be extended; a read-only token is used as it is. It must
not know requests. Source: docs.paradex.trade, "API authentication" (life five minutes, renewal advised after three).
"""

from __future__ import annotations

import base64
import re
from typing import Final

import msgspec

from tui_trader.core.clock import NS
from tui_trader.secrets.secret import Secret

LIFE_S: Final = 240
"""What a token that does not tell its end is taken to be good for."""

EARLY_S: Final = 120
"""A token with less life than this is renewed by whatever is not in a hurry."""

LATE_S: Final = 10
"""One with less than this is not used any more: the request would arrive after its end."""

_JWT = re.compile(r"[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*\Z", re.ASCII)


class _Claims(msgspec.Struct):
    exp: int = 0


_read = msgspec.json.Decoder(_Claims).decode


def is_token(secret: Secret) -> bool:
    """Whether a stored secret is a token that only looks on, and no private key."""
    return bool(_JWT.match(secret.reveal().strip()))


def header(token: Secret) -> str:
    """Return what proves a request: the token as it is."""
    return f"Bearer {token.reveal().strip()}"


def bearer(token: Secret) -> str:
    """Return the token as a login on a socket has it."""
    return token.reveal().strip()


def end_ns(token: Secret, asked_ns: int) -> int:
    """Return when a token ends, by its own word, else so long after it was asked for."""
    try:
        middle = token.reveal().split(".")[1]
        told = _read(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4))).exp
    except (IndexError, ValueError, msgspec.DecodeError):
        told = 0
    return told * NS if told > 0 else asked_ns + LIFE_S * NS


class Pass:
    """The token at hand, if there is one."""

    __slots__ = ("_end_ns", "_token")

    def __init__(self) -> None:
        self._token: Secret | None = None
        self._end_ns = 0

    @property
    def token(self) -> Secret | None:
        """The token; None before the first, and after it was refused."""
        return self._token

    def take(self, token: Secret, asked_ns: int) -> None:
        """Have a new one."""
        self._token, self._end_ns = token, end_ns(token, asked_ns)

    def drop(self) -> None:
        """Forget it: the venue does not take it any more."""
        self._token, self._end_ns = None, 0

    def is_good(self, now_ns: int, *, early: bool) -> bool:
        """Whether a request may leave with it; with ``early`` not when it is better renewed first."""
        return self._token is not None and self._end_ns - now_ns > (EARLY_S if early else LATE_S) * NS
