"""Hashes and signatures against vectors, and against implementations that share nothing with ours."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.venues.paradex import oracles
from tests.venues.paradex.conftest import payload
from tests.venues.paradex.signing import compare
from tui_trader.secrets.secret import Secret
from tui_trader.venues.paradex import curve, stark
from tui_trader.venues.paradex.stark import SignedOrder

VECTORS = payload("signing_vectors.json")
ACCOUNT = stark.account_number(VECTORS["account_address"])
SECRET = Secret(VECTORS["private_key"])
CHAIN = VECTORS["starknet_chain_id"]


def test_pedersen_vectors() -> None:
    for vector in VECTORS["pedersen_vectors"]:
        assert hex(curve.pedersen(int(vector["a"], 16), int(vector["b"], 16))) == vector["pedersen"]


def test_an_order_hashes_and_signs_as_the_vector() -> None:
    [case, _] = VECTORS["cases"]
    order = SignedOrder(1763700000123, "BTC-USD-PERP", 1, "LIMIT", Decimal("0.03"), Decimal("60000.0"))
    message = stark.order_hash(CHAIN, ACCOUNT, order)
    assert hex(message) == case["message_hash"]
    assert stark.spelled(stark.sign(message, SECRET)) == case["signature_seed32"]["http_value"]


def test_a_token_request_hashes_and_signs_as_the_vector() -> None:
    case = VECTORS["cases"][1]
    message = stark.request_hash(CHAIN, ACCOUNT, 1763700000, 1763700180)
    assert hex(message) == case["message_hash"]
    assert stark.spelled(stark.sign(message, SECRET)) == case["signature_seed32"]["http_value"]


def test_the_public_key_is_that_of_the_vector() -> None:
    assert stark.public_key(SECRET) == VECTORS["public_key_x"]


def test_the_constants_follow_from_their_texts() -> None:
    domain = int.from_bytes(b"Paradex", "big")
    for chain_id, known in stark.DOMAINS.items():
        assert oracles.cpp_chain(stark.DOMAIN_TYPE, domain, int.from_bytes(chain_id.encode(), "big"), 1) == known
    assert hex(stark.ORDER_TYPE) == VECTORS["cases"][0]["type_hash"]
    assert hex(stark.REQUEST_TYPE) == VECTORS["cases"][1]["type_hash"]


def test_an_unknown_chain_gets_a_domain_of_its_own() -> None:
    order = SignedOrder(1, "BTC-USD-PERP", 2, "MARKET", Decimal(1), Decimal(0))
    message = {"timestamp": "1", "market": order.market, "side": "2", "orderType": "MARKET", "size": "100000000", "price": "0"}
    theirs = oracles.ccxt_hash("SOME_OTHER_CHAIN", hex(ACCOUNT), "Order", oracles.ORDER_TYPES, message)
    assert stark.order_hash("SOME_OTHER_CHAIN", ACCOUNT, order) == theirs


@pytest.mark.parametrize("first", range(0, 16, 8))
def test_random_messages_agree_with_other_implementations(first: int) -> None:
    """A sample; ``python -m tests.venues.paradex.signing`` compares as many as you like."""
    assert [text for seed in range(first, first + 8) for text in compare(seed)] == []


@pytest.mark.parametrize("scalar", [1, 2, 63, 64, 65, curve.N - 1, curve.N - 2, 1 << 251, (1 << 246) - 1])
def test_keys_at_the_edges_of_the_windows(scalar: int) -> None:
    assert curve.public_key(scalar) == oracles.cpp_public_key(scalar)


@pytest.mark.parametrize("pair", [(0, 0), (curve.P - 1, curve.P - 1), (1 << 248, (1 << 248) - 1), (0, 1 << 251)])
def test_hashes_at_the_edges_of_the_field(pair: tuple[int, int]) -> None:
    assert curve.pedersen(*pair) == oracles.cpp_hash(*pair)


@pytest.mark.parametrize("message", [1, 1 << 4, curve.MAX - 1])
def test_messages_at_the_edges_are_signed(message: int) -> None:
    assert oracles.verifies(message, curve.sign(message, 77), curve.public_key(77))


def test_messages_that_differ_in_their_last_bits_have_other_nonces() -> None:
    """A nonce used twice gives the key away; RFC 6979 cuts four bits off a message of 256 bits, and ours is a number already."""
    large = curve.MAX - 16
    assert len({curve.sign(large + i, 77).r for i in range(16)}) == 16


def test_what_cannot_be_signed_is_refused() -> None:
    for message in (-1, 0, curve.MAX):
        with pytest.raises(ValueError, match="a hash below"):
            curve.sign(message, 1)
    for private in (0, curve.N):
        with pytest.raises(ValueError, match="a private key lies"):
            curve.sign(1, private)
        with pytest.raises(ValueError, match="a private key lies"):
            curve.public_key(private)
    for element in (-1, curve.P):
        with pytest.raises(ValueError, match="elements of the field"):
            curve.pedersen(0, element)
    with pytest.raises(ValueError, match="at most 8 decimals"):
        stark.quanta(Decimal("0.000000001"))
    with pytest.raises(ValueError, match="no private key"):
        stark.sign(1, Secret("what was typed"))
    for account in ("", "0x", "1234", "0xzz", "0x" + "f" * 65, "0x0"):
        with pytest.raises(ValueError, match="no Paradex account"):
            stark.account_number(account)
    with pytest.raises(ValueError, match="does not fit"):
        stark.order_hash(CHAIN, ACCOUNT, SignedOrder(1, "X" * 32, 1, "LIMIT", Decimal(1), Decimal(1)))
