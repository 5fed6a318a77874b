"""What is signed on Paradex: orders, changes of orders and the request for a token, as numbers, and the signatures of them.

It must not know how a ticket becomes an order. The messages are typed data of SNIP-12 revision 0: each is hashed field by field
in the order of its type, then joined with the domain and the account. The hashes of the types and of the two known domains are
constants that were computed from their texts (paradex-docs, "API authentication"; SNIP-12); a test computes them again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from tui_trader.secrets.secret import Secret
from tui_trader.venues.paradex import curve
from tui_trader.venues.paradex.curve import Signature, chain, pedersen

QUANTUM: Final = 8
"""Decimals of the whole numbers that sizes and prices are signed as."""

MAINNET: Final = "PRIVATE_SN_PARACLEAR_MAINNET"
TESTNET: Final = "PRIVATE_SN_POTC_SEPOLIA"

DOMAINS: Final = {
    MAINNET: 0x6F74F207280B65CF663FB8D7763FAC1E7398CD6D7DA5D7681DC300EE4278A0A,
    TESTNET: 0x38B9242CB46EB19FF458C80A8F0EDA7E8E26D8D6D54A63D9B5ED89750E39EF2,
}

ORDER_TYPE: Final = 0xA56D5225B97B257C15AE2CB1CC0EA605381A886CD75463DB45FD2EF9FBC255
MODIFY_TYPE: Final = 0x201789BB587C17B251FD38DAF43B14807010EA721C2929A8C2FC33BF15C2E2C
REQUEST_TYPE: Final = 0x186CDEF6B179923C411C13C11B8A825F12BF34203BDDA0A984DA9D6F2313C2
DOMAIN_TYPE: Final = 0x98D1932052FC5137543DE5ED85B7A88555A4CD1FF5D5BFEDB62ED9B9A1F0DB

_PREFIX: Final = "StarkNet Message"
_MAX_TEXT: Final = 31
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{1,64}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class SignedOrder:
    """The terms of an order that its signature covers; everything else of an order is not signed."""

    timestamp_ms: int
    market: str
    side: int
    """1 buys, 2 sells."""
    type: str
    size: Decimal
    price: Decimal
    """Zero for an order that executes at the market."""


def quanta(value: Decimal) -> int:
    """Return a size or price as the whole number that is signed; raises ValueError for one that has more than 8 decimals."""
    scaled = value.scaleb(QUANTUM)
    whole = int(scaled)
    if whole != scaled or whole < 0:
        raise ValueError(f"{value} cannot be signed: sizes and prices have at most {QUANTUM} decimals")
    return whole


def order_hash(chain_id: str, account: int, order: SignedOrder) -> int:
    """Return the hash of an order to be placed."""
    return _message(chain_id, account, chain(*_fields(order), 7, start=_start(ORDER_TYPE)))


def modify_hash(chain_id: str, account: int, order: SignedOrder, order_id: int) -> int:
    """Return the hash of a change of an order to new terms."""
    return _message(chain_id, account, chain(*_fields(order), order_id, 8, start=_start(MODIFY_TYPE)))


def request_hash(chain_id: str, account: int, timestamp_s: int, expiration_s: int) -> int:
    """Return the hash of the request for a token: ``POST /v1/auth`` with an empty body, whatever key it is for."""
    fields = (_felt("POST"), _felt("/v1/auth"), 0, timestamp_s, expiration_s, 6)
    return _message(chain_id, account, chain(*fields, start=_start(REQUEST_TYPE)))


def sign(message: int, secret: Secret) -> Signature:
    """Sign a hash with a private key in hexadecimal; raises ValueError where the secret is no key."""
    return curve.sign(message, _private(secret))


def public_key(secret: Secret) -> str:
    """Return the public key, as requests name it."""
    return hex(curve.public_key(_private(secret)))


def spelled(signature: Signature) -> str:
    """Return a signature as it travels: the text of a list of two decimal texts."""
    return f'["{signature.r}","{signature.s}"]'


def account_number(account: str) -> int:
    """Return the number of an account address; raises ValueError where the text is no address."""
    number = int(account, 16) if _ADDRESS.match(account) else 0
    if not 0 < number < curve.P:
        raise ValueError(f"{account!r} is no Paradex account address: it is 0x and up to 64 hexadecimal digits")
    return number


def _fields(order: SignedOrder) -> tuple[int, ...]:
    return (order.timestamp_ms, _felt(order.market), order.side, _felt(order.type), quanta(order.size), quanta(order.price))


def _message(chain_id: str, account: int, content: int) -> int:
    return chain(content, 4, start=_envelope(chain_id, account))


@lru_cache(maxsize=16)
def _envelope(chain_id: str, account: int) -> int:
    """Return the part of the hash that is the same for all messages of an account."""
    return chain(_felt(_PREFIX), _domain(chain_id), account)


@lru_cache(maxsize=8)
def _domain(chain_id: str) -> int:
    known = DOMAINS.get(chain_id)
    return known if known is not None else chain(DOMAIN_TYPE, _felt("Paradex"), _felt(chain_id), 1, 4)


@lru_cache(maxsize=8)
def _start(type_hash: int) -> int:
    return pedersen(0, type_hash)


@lru_cache(maxsize=512)
def _felt(text: str) -> int:
    """Return a short text as a number; raises ValueError for one that does not fit."""
    if len(text) > _MAX_TEXT or not text.isascii():
        raise ValueError(f"{text!r} does not fit into a signature")
    return int.from_bytes(text.encode(), "big")


def _private(secret: Secret) -> int:
    text = secret.reveal().strip()
    try:
        number = int(text, 16)
    except ValueError:
        number = 0
    if not 0 < number < curve.N:
        raise ValueError("the secret is no private key of the Stark curve: it is 0x and up to 63 hexadecimal digits")
    return number
