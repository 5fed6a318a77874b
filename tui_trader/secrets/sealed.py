"""The format of the sealed vault: a header that says how the passphrase becomes a key, and what that key encrypts.

Argon2id (RFC 9106) makes the key, ChaCha20-Poly1305 (RFC 8439) seals with the whole header as associated data. Salt and nonce are
new with every write. A wrong passphrase and a damaged file look the same on purpose, and what a header asks for is bounded before
anything is derived. It knows bytes only.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tui_trader.core.error import RefusedError
from tui_trader.secrets.secret import Secret

MAGIC: Final = b"TUIVAULT"
VERSION: Final = 1
ARGON2ID: Final = 1
MAX_SEALED: Final = 1 << 20
"""A larger file is not a vault."""

BLOCK: Final = 512
"""What is sealed is filled up to a multiple of this, so that its size does not tell how many keys there are."""

SHUT: Final = "the vault does not open: the passphrase is wrong, or the file is damaged"
"""Said of every file that does not open, whatever is wrong with it."""

_HEADER: Final = struct.Struct(">8sBBIIB16s12s")
_TAG: Final = 16
_KEY: Final = 32


@dataclass(frozen=True, slots=True)
class Cost:
    """What deriving a key takes."""

    memory_kib: int
    passes: int
    lanes: int

    @property
    def is_allowed(self) -> bool:
        """Whether it lies between LEAST and MOST, in every part."""
        return all(
            getattr(LEAST, part) <= getattr(self, part) <= getattr(MOST, part) for part in ("memory_kib", "passes", "lanes")
        )


STRONG: Final = Cost(262_144, 3, 4)
"""For a new vault: 256 MiB, about two thirds of a second."""

LEAST: Final = Cost(65_536, 1, 1)
MOST: Final = Cost(1_048_576, 10, 8)
"""A file that asks for more is not opened: it would only take the machine's memory away."""

Derive = Callable[[bytes, bytes, Cost], bytes]
"""Passphrase, salt and cost to a key of 32 bytes."""


def derive_key(passphrase: bytes, salt: bytes, cost: Cost) -> bytes:
    """Make a key; raises RefusedError when this machine cannot."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    try:
        kdf = Argon2id(salt=salt, length=_KEY, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory_kib)
        return kdf.derive(passphrase)
    except UnsupportedAlgorithm:
        raise RefusedError(
            "the cryptography package of this Python has no Argon2id; install a wheel of version 44 or newer"
        ) from None
    except MemoryError:
        raise RefusedError(f"opening the vault takes {cost.memory_kib // 1024} MiB of memory, which is not free here") from None


def seal(content: bytes, passphrase: Secret, cost: Cost, salt: bytes, nonce: bytes, derive: Derive = derive_key) -> bytes:
    """Return a sealed vault; ``salt`` and ``nonce`` must be random and used once."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    if not cost.is_allowed:
        raise ValueError(f"a vault of {cost} could not be opened again")
    header = _HEADER.pack(MAGIC, VERSION, ARGON2ID, cost.memory_kib, cost.passes, cost.lanes, salt, nonce)
    key = derive(_bytes_of(passphrase), salt, cost)
    sealed = header + ChaCha20Poly1305(key).encrypt(nonce, content + b" " * (-len(content) % BLOCK), header)
    if len(sealed) > MAX_SEALED:
        raise RefusedError("the vault is full")
    return sealed


def unseal(sealed: bytes, passphrase: Secret, derive: Derive = derive_key) -> bytes:
    """Return what a vault holds, without its filling. Raises RefusedError with SHUT when it does not open."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    if not _HEADER.size + _TAG <= len(sealed) <= MAX_SEALED:
        raise RefusedError(SHUT)
    header = sealed[: _HEADER.size]
    magic, version, kdf, memory_kib, passes, lanes, salt, nonce = _HEADER.unpack(header)
    cost = Cost(memory_kib, passes, lanes)
    if (magic, version, kdf) != (MAGIC, VERSION, ARGON2ID) or not cost.is_allowed:
        raise RefusedError(SHUT)
    try:
        return (
            ChaCha20Poly1305(derive(_bytes_of(passphrase), salt, cost))
            .decrypt(nonce, sealed[_HEADER.size :], header)
            .rstrip(b" ")
        )
    except InvalidTag:
        raise RefusedError(SHUT) from None


def _bytes_of(passphrase: Secret) -> bytes:
    """Return a passphrase as bytes that do not depend on how a terminal composes its letters."""
    return unicodedata.normalize("NFC", passphrase.reveal()).encode("utf-8", "surrogatepass")
