"""The exchange's own verifier against StarkWare's C++: hashes, keys, signatures taken and refused."""

from __future__ import annotations

import random

from tests.venues.paradex import oracles
from tests.venues.paradex.conftest import VECTORS
from tui_trader.sim.masks.paradex_stark import ORDER, P, PlainStark, keccak256, type_hash, typed_hash

PLAIN = PlainStark()


def test_keccak_of_known_texts() -> None:
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert hex(type_hash("Order")) == VECTORS["cases"][0]["type_hash"]
    assert hex(type_hash("Request")) == VECTORS["cases"][1]["type_hash"]
    assert hex(type_hash("StarkNetDomain")) == VECTORS["domain_type_hash"]


def test_typed_data_hashes_as_the_vectors() -> None:
    account = int(VECTORS["account_address"], 16)
    order, request = VECTORS["cases"]
    values = [1763700000123, "BTC-USD-PERP", 1, "LIMIT", 3000000, 6000000000000]
    assert hex(typed_hash(PLAIN, VECTORS["starknet_chain_id"], account, "Order", values)) == order["message_hash"]
    values = ["POST", "/v1/auth", "", 1763700000, 1763700180]
    assert hex(typed_hash(PLAIN, VECTORS["starknet_chain_id"], account, "Request", values)) == request["message_hash"]


def test_hashes_keys_and_verdicts_are_those_of_the_reference() -> None:
    rng = random.Random(4)
    for _ in range(4):
        a, b, private = rng.randrange(P), rng.randrange(P), rng.randrange(1, ORDER)
        assert PLAIN.pedersen(a, b) == oracles.cpp_hash(a, b)
        public = PLAIN.public_key(private)
        assert public == oracles.cpp_public_key(private)
        message = rng.randrange(1, 1 << 251)
        r, s = oracles.cpp_signature(message, private)
        assert PLAIN.verify(message, r, s, public)
        for bad in (
            (message ^ 1, r, s, public),
            (message, r ^ 1, s, public),
            (message, r, s ^ 1, public),
            (message, 0, s, public),
        ):
            assert not PLAIN.verify(*bad)
        assert not PLAIN.verify(message, r, s, PLAIN.public_key(private ^ 2))
