"""The door of Paradex's exchange: whose key signed what, and the tokens that are good for some minutes.

It knows neither orders nor sockets. A signature is verified by whatever ``Stark`` it is given, never by the client's code.
Source: docs.paradex.trade, "API authentication", August 2026.
"""

from __future__ import annotations

import base64
import hashlib
import random
from dataclasses import dataclass
from typing import Any, Final

import orjson

from tui_trader.core.clock import NS, Clock
from tui_trader.sim.masks.base import Key, RestCall, Setting
from tui_trader.sim.masks.paradex_args import Complaint, number, pair
from tui_trader.sim.masks.paradex_rows import Row
from tui_trader.sim.masks.paradex_stark import ORDER, Stark, typed_hash

CHAIN: Final = "PRIVATE_SN_POTC_SEPOLIA"
TOKEN_S: Final = 300


@dataclass(frozen=True, slots=True)
class Token:
    """What a token stands for."""

    account: str
    key: Key
    end_ns: int


class Gate:
    """Lets in by tokens, and says whether a signature is the account's."""

    def __init__(self, setting: Setting, stark: Stark) -> None:
        self.verified = 0
        """Signatures that were good."""
        self.life_s = TOKEN_S
        """How long a token that is given from now on is good; while not ``frank`` it says five minutes of itself all the same."""
        self.frank = True
        self.shut = ""
        """The code that every request for a token is refused with, whatever its signature; empty while tokens are given."""
        self.given = 0
        """Tokens that were given."""
        self._keys = setting.keys
        self._clock: Clock = setting.clock
        self._stark = stark
        self._publics: dict[str, int] = {}
        self._tokens: dict[str, Token] = {}

    def admit(self, call: RestCall, public: str) -> Row:
        """Give a token for a request that the key of the account has signed."""
        if self.shut:
            raise Complaint(self.shut, status=503 if self.shut == "SERVICE_UNAVAILABLE" else 400)
        address = call.headers.get("PARADEX-STARKNET-ACCOUNT", "")
        key = next((key for key in self._keys.values() if int(key.key, 16) == number(address)), None)
        if key is None:
            raise Complaint("NOT_ONBOARDED", "User has never called /onboarding endpoint")
        known = self._public(key)
        if public and number(public) != known:
            raise Complaint("INVALID_SUBKEY")
        now = self._clock.wall_ns() // NS
        try:
            stamp = int(call.headers.get("PARADEX-TIMESTAMP", ""))
            end = int(call.headers.get("PARADEX-SIGNATURE-EXPIRATION", ""))
        except ValueError:
            raise Complaint("VALIDATION_ERROR") from None
        if not stamp - 60 <= now < end:
            raise Complaint("INVALID_TIMESTAMP")
        values: list[int | str] = ["POST", "/v1/auth", "", stamp, end]
        self.check(key, "Request", values, call.headers.get("PARADEX-STARKNET-SIGNATURE", ""))
        self._tokens = {text: token for text, token in self._tokens.items() if token.end_ns > now * NS}
        told = now + (self.life_s if self.frank else TOKEN_S)
        head = _encoded({"alg": "ES256", "typ": "JWT"}) + "." + _encoded({"exp": told, "iat": now, "sub": key.key})
        tail = hashlib.sha256(f"{head}{key.secret}{self.given}".encode()).digest()
        token = f"{head}.{base64.urlsafe_b64encode(tail).decode().rstrip('=')}"
        self._tokens[token] = Token(key.account, key, (now + self.life_s) * NS)
        self.given += 1
        return {"jwt_token": token}

    def forget(self) -> None:
        """Take no token any more that was given: what happens when they end early."""
        self._tokens.clear()

    def token(self, call: RestCall) -> Token:
        """Return whose request this is; raises Complaint where its token is not good."""
        text = call.headers.get("Authorization", "").removeprefix("Bearer ")
        token = self._tokens.get(text)
        if token is None or token.end_ns <= self._clock.wall_ns() or token.key.key not in self._keys:
            raise Complaint("INVALID_TOKEN", "token is expired", 401)
        return token

    def account_of(self, text: str) -> str:
        """Return whose token a text is; empty for one that is not good."""
        token = self._tokens.get(text)
        return token.account if token is not None and token.end_ns > self._clock.wall_ns() else ""

    def check(self, key: Key, kind: str, values: list[int | str], signature: Any) -> None:
        """Refuse a signature that is not the key's over these values."""
        message = typed_hash(self._stark, CHAIN, int(key.key, 16), kind, values)
        if not self._stark.verify(message, *pair(signature), self._public(key)):
            raise Complaint("STARKNET_SIGNATURE_VERIFICATION_FAILED")
        self.verified += 1

    def _public(self, key: Key) -> int:
        if key.key not in self._publics:
            self._publics[key.key] = self._stark.public_key(int(key.secret, 16))
        return self._publics[key.key]


def mint(dice: random.Random) -> tuple[str, str]:
    """Return an account address and a private key."""
    return hex(dice.randrange(1 << 200, 1 << 250)), hex(dice.randrange(1 << 200, ORDER))


def _encoded(part: Row) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(part)).decode().rstrip("=")
