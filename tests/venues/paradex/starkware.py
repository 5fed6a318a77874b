"""StarkWare's own C++ (crypto-cpp-py) as what the exchange in Paradex's clothes verifies by: quick where its textbook is slow.

It shares nothing with the client's signer, nor with the textbook.
"""

from __future__ import annotations

from crypto_cpp_py.cpp_bindings import cpp_get_public_key, cpp_hash, cpp_verify

N = 0x800000000000010FFFFFFFFFFFFFFFFB781126DCAE7B2321E66A241ADC64D2F


class CppStark:
    """StarkWare's implementation where the mask would use its textbook."""

    def pedersen(self, a: int, b: int) -> int:
        return int(cpp_hash(a, b))

    def verify(self, message: int, r: int, s: int, public: int) -> bool:
        return bool(cpp_verify(message, r, pow(s, -1, N), public))

    def public_key(self, private: int) -> int:
        return int(cpp_get_public_key(private))
