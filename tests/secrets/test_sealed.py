"""The vault's format: what opens, what does not, and that nothing is derived for a header that asks for too much."""

from __future__ import annotations

import functools
import json
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui_trader.core.error import RefusedError
from tui_trader.secrets import sealed as module
from tui_trader.secrets.sealed import LEAST, MAX_SEALED, MOST, SHUT, STRONG, Cost, derive_key, seal, unseal
from tui_trader.secrets.secret import Secret

VECTORS = json.loads((Path(__file__).parent / "vectors" / "vault.json").read_text())
PASSPHRASE = Secret("correct horse é battery")
CONTENT = b'{"v": 1, "keys": {}}'

known = functools.cache(derive_key)
"""The real derivation, done once for each passphrase, salt and cost: most damaged copies share all three."""

SEALED = seal(CONTENT, PASSPHRASE, LEAST, bytes(range(16)), bytes(range(12)), known)
HEADER = 47


def refused(blob: bytes, passphrase: Secret = PASSPHRASE, derive: module.Derive = known) -> None:
    with pytest.raises(RefusedError) as caught:
        unseal(blob, passphrase, derive)
    assert caught.value.message == SHUT, "one message, whatever is wrong"


def never(passphrase: bytes, salt: bytes, cost: Cost) -> bytes:
    raise AssertionError(f"a key was derived at {cost}")


# -- what opens ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", VECTORS["vaults"], ids=lambda vector: vector["case"])
def test_vaults_of_the_first_version_open_for_ever(vector: dict[str, str]) -> None:
    """Written by this format once and kept: a change that cannot read them has to be another version."""
    blob = bytes.fromhex(vector["sealed_hex"])
    assert unseal(blob, Secret(vector["passphrase"]), known).decode() == vector["content"]
    magic, version, kdf, memory, passes, lanes, salt, nonce = struct.unpack(">8sBBIIB16s12s", blob[:HEADER])
    assert (magic, version, kdf) == (b"TUIVAULT", 1, 1)
    again = seal(vector["content"].encode(), Secret(vector["passphrase"]), Cost(memory, passes, lanes), salt, nonce, known)
    assert again == blob


def test_the_primitives_are_those_of_the_standards() -> None:
    """RFC 9106 section 5.3 and RFC 8439 section 2.8.2."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    kdf = Argon2id(salt=b"\2" * 16, length=32, iterations=3, lanes=4, memory_cost=32, ad=b"\4" * 12, secret=b"\3" * 8)
    assert kdf.derive(b"\1" * 32).hex() == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    text = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
    key = bytes(range(0x80, 0xA0))
    ad = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    cipher = ChaCha20Poly1305(key).encrypt(bytes.fromhex("070000004041424344454647"), text, ad)
    assert cipher[-16:].hex() == "1ae10b594f09e26a7e902ecbd0600691"
    assert cipher[:16].hex() == "d31a8d34648e60db7b86afbc53ef7ec2"


def test_the_same_letters_open_however_the_terminal_composed_them() -> None:
    assert unseal(SEALED, Secret("correct horse e\u0301 battery"), known) == CONTENT


def test_a_size_does_not_tell_how_much_is_inside() -> None:
    one, other = (seal(content, PASSPHRASE, LEAST, bytes(16), bytes(12), known) for content in (b"", b"x" * 500))
    assert len(seal(b"x" * 513, PASSPHRASE, LEAST, bytes(16), bytes(12), known)) > len(other) >= len(one)
    assert len(seal(b"x", PASSPHRASE, LEAST, bytes(16), bytes(12), known)) == len(other)


# -- what does not ---------------------------------------------------------------------------------------------------------


def test_a_wrong_passphrase() -> None:
    refused(SEALED, Secret("correct horse e battery"))
    refused(SEALED, Secret(""))


def test_a_flipped_bit_in_any_byte() -> None:
    derived = range(10, HEADER - 12)  # cost and salt: nearly every bit of these takes a derivation of its own
    for place in range(len(SEALED)):
        for bit in range(1) if place in derived else range(8):
            blob = bytearray(SEALED)
            blob[place] ^= 1 << bit
            refused(bytes(blob))


def test_cut_at_any_length() -> None:
    for length in range(len(SEALED)):
        refused(SEALED[:length])


def test_longer_than_it_was() -> None:
    refused(SEALED + b"\0")
    refused(SEALED + SEALED)
    refused(SEALED + bytes(MAX_SEALED), derive=never)


@pytest.mark.parametrize(
    ("memory", "passes", "lanes"),
    [
        (MOST.memory_kib + 1, 1, 1),
        (1 << 31, 1, 1),
        ((1 << 32) - 1, 1, 1),
        (65_536, MOST.passes + 1, 1),
        (65_536, (1 << 32) - 1, 1),
        (65_536, 1, MOST.lanes + 1),
        (65_536, 1, 255),
        (LEAST.memory_kib - 1, 1, 1),
        (0, 1, 1),
        (65_536, 0, 1),
        (65_536, 1, 0),
        ((1 << 32) - 1, (1 << 32) - 1, 255),
    ],
)
def test_a_header_that_asks_for_too_much_or_too_little_is_refused_before_anything_is_derived(
    memory: int, passes: int, lanes: int
) -> None:
    blob = SEALED[:10] + struct.pack(">IIB", memory, passes, lanes) + SEALED[19:]
    assert len(blob) == len(SEALED)
    refused(blob, derive=never)
    with pytest.raises(ValueError, match="could not be opened"):
        seal(CONTENT, PASSPHRASE, Cost(memory, passes, lanes), bytes(16), bytes(12), never)


def test_another_format_is_refused_before_anything_is_derived() -> None:
    refused(b"TUIVAULU" + SEALED[8:], derive=never)
    refused(SEALED[:8] + b"\2" + SEALED[9:], derive=never)
    refused(SEALED[:9] + b"\2" + SEALED[10:], derive=never)


def test_what_is_written_by_default_is_strong_and_can_be_read() -> None:
    assert STRONG.is_allowed
    assert Cost(256 * 1024, 3, 4) == STRONG
    assert LEAST.memory_kib == 64 * 1024


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=200)
@given(st.binary(max_size=2_000) | st.binary(max_size=200).map(lambda tail: SEALED[:HEADER] + tail))
def test_no_bytes_make_the_reader_fail_in_another_way(blob: bytes) -> None:
    refused(blob)


@settings(deadline=None, max_examples=200)
@given(st.integers(0, len(SEALED)), st.integers(0, len(SEALED)), st.binary(max_size=8))
def test_no_splice_opens(start: int, end: int, middle: bytes) -> None:
    blob = SEALED[: min(start, end)] + middle + SEALED[max(start, end) :]
    if blob == SEALED:
        assert unseal(blob, PASSPHRASE, known) == CONTENT
    elif blob[HEADER - 28 : HEADER - 12] == SEALED[HEADER - 28 : HEADER - 12]:
        refused(blob)


def test_a_machine_without_the_memory_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_much(self: object, passphrase: bytes) -> bytes:
        raise MemoryError

    class Kdf:
        def __init__(self, **kwargs: object) -> None: ...

        derive = too_much

    monkeypatch.setattr("cryptography.hazmat.primitives.kdf.argon2.Argon2id", Kdf)
    with pytest.raises(RefusedError, match="256 MiB of memory"):
        derive_key(b"", bytes(16), STRONG)
