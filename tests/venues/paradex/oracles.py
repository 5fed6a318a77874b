"""Independent implementations of what Paradex has signed: StarkWare's own C++ (crypto-cpp-py), ccxt's, and starknet-py.

None of them shares code with ours, and the typed data is hashed from its texts here, keccak included, as SNIP-12 describes it.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from ccxt.base.exchange import Exchange
from crypto_cpp_py.cpp_bindings import cpp_get_public_key, cpp_hash, cpp_sign, cpp_verify

N = 0x800000000000010FFFFFFFFFFFFFFFFB781126DCAE7B2321E66A241ADC64D2F

ORDER_TYPES = ("timestamp", "market", "side", "orderType", "size", "price")
MODIFY_TYPES = (*ORDER_TYPES, "id")
REQUEST_TYPES = ("method", "path", "body", "timestamp", "expiration")


def fields(names: tuple[str, ...]) -> list[dict[str, str]]:
    """Return the fields of a type as both libraries want them."""
    return [{"name": name, "type": "felt"} for name in names]


def domain(chain_id: str) -> dict[str, Any]:
    """Return the domain of a chain, its id as a number in text: ccxt's own code does so too."""
    return {"name": "Paradex", "chainId": hex(int.from_bytes(chain_id.encode(), "big")), "version": 1}


def ccxt_hash(chain_id: str, account: str, kind: str, names: tuple[str, ...], message: dict[str, Any]) -> int:
    """Return ccxt's hash of a message."""
    return int(Exchange.starknet_encode_structured_data(domain(chain_id), {kind: fields(names)}, message, account))


def ccxt_signature(message: int, private: int) -> tuple[int, int]:
    """Return ccxt's signature of a hash."""
    r, s = json.loads(Exchange.starknet_sign(message, hex(private)))
    return int(r, 16), int(s, 16)


def starknet_hash(chain_id: str, account: str, kind: str, names: tuple[str, ...], message: dict[str, Any]) -> int:
    """Return starknet-py's hash of a message; raises ImportError where it is not installed."""
    from starknet_py.utils.typed_data import TypedData  # the library takes two seconds to import: never in a default run

    whole = {
        "domain": domain(chain_id) | {"version": "1"},
        "primaryType": kind,
        "types": {"StarkNetDomain": fields(("name", "chainId", "version")), kind: fields(names)},
        "message": message,
    }
    return int(TypedData.from_dict(whole).message_hash(int(account, 16)))


def cpp_chain(*elements: int) -> int:
    """Return the Pedersen hash of a sequence with its count, by the C++ library."""
    total = 0
    for element in elements:
        total = cpp_hash(total, element)
    return int(cpp_hash(total, len(elements)))


def cpp_public_key(private: int) -> int:
    """Return the public key of a private one, by the C++ library."""
    return int(cpp_get_public_key(private))


def cpp_signature(message: int, private: int) -> tuple[int, int]:
    """Return a signature by the C++ library."""
    r, s = cpp_sign(message, private)
    return int(r), int(s)


def verifies(message: int, signature: tuple[int, int], public: int) -> bool:
    """Whether a signature is one of a hash by a key, by the C++ library."""
    r, s = signature
    return bool(cpp_verify(message, r, pow(s, -1, N), public))


def claims(token: str) -> dict[str, Any]:
    """Return what a JSON web token says of itself."""
    middle = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4))))
