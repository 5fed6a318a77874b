"""What an exchange needs of the Stark curve: hashes of typed data and the verification of signatures, from the textbook.

It shares nothing with the client: points are added in plain coordinates, hashes are summed bit by bit as the definition has
it, and types are hashed from their texts (keccak included), not taken from constants. That is slow (some 30 ms an order) and
plain. Sources: Starknet documentation, "Hash functions" and "STARK curve"; SNIP-12 revision 0; FIPS 202 for the permutation
of keccak.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final, Protocol

P: Final = (1 << 251) + 17 * (1 << 192) + 1
ORDER: Final = 3618502788666131213697322783095070105526743751716087489154079457884512865583
BETA: Final = 3141592653589793238462643383279502884197169399375105820974944592307816406665

Point = tuple[int, int] | None
"""A point, or None for the curve's zero."""

_GENERATOR: Final = (
    874739451078007766457464989774322083649278607533249481151382481072868806602,
    152666792071518830868575557812948353041420400780739481342941381225525861407,
)
_CONSTANTS: Final = (
    (
        2089986280348253421170679821480865132823066470938446095505822317253594081284,
        1713931329540660377023406109199410414810705867260802078187082345529207694986,
    ),
    (
        996781205833008774514500082376783249102396023663454813447423147977397232763,
        1668503676786377725805489344771023921079126552019160156920634619255970485781,
    ),
    (
        2251563274489750535117886426533222435294046428347329203627021249169616184184,
        1798716007562728905295480679789526322175868328062420237419143593021674992973,
    ),
    (
        2138414695194151160943305727036575959195309218611738193261179310511854807447,
        113410276730064486255102093846540133784865286929052426931474106396135072156,
    ),
    (
        2379962749567351885752724891227938183011949129833673362440656643086021394946,
        776496453633298175483985398648758586525933812536653089401905292063708816422,
    ),
)
"""The shift point, then those of the low and the high bits of the first element and of the second."""


class Stark(Protocol):
    """What the mask asks; tests put StarkWare's own implementation in this place."""

    def pedersen(self, a: int, b: int) -> int:
        """Return the hash of two elements."""

    def verify(self, message: int, r: int, s: int, public: int) -> bool:
        """Whether a signature of a hash is one by the key with this x coordinate."""

    def public_key(self, private: int) -> int:
        """Return the x coordinate of a key."""


class PlainStark:
    """The textbook."""

    def pedersen(self, a: int, b: int) -> int:
        """Return the hash of two elements."""
        total: Point = _CONSTANTS[0]
        for element, low, high in ((a, _CONSTANTS[1], _CONSTANTS[2]), (b, _CONSTANTS[3], _CONSTANTS[4])):
            for bit in range(252):
                if element >> bit & 1:
                    total = add(total, _power(low, bit) if bit < 248 else _power(high, bit - 248))
        assert total is not None, "the shift point sees to it that a hash is never the curve's zero"
        return total[0]

    def verify(self, message: int, r: int, s: int, public: int) -> bool:
        """Whether a signature of a hash is one by the key with this x coordinate."""
        if not (0 < message < 1 << 251 and 0 < r < 1 << 251 and 0 < s < ORDER):
            return False
        w = pow(s, -1, ORDER)
        y = _root((public**3 + public + BETA) % P)
        if y is None or not 0 < w < 1 << 251:
            return False
        first = multiply(message * w % ORDER, _GENERATOR)
        # The sign of y is not told: one of the two points has to fit.
        return any(
            found is not None and found[0] == r
            for found in (add(first, multiply(r * w % ORDER, (public, each))) for each in (y, P - y))
        )

    def public_key(self, private: int) -> int:
        """Return the x coordinate of a key."""
        point = multiply(private, _GENERATOR)
        assert point is not None, "a key is below the order"
        return point[0]


def add(a: Point, b: Point) -> Point:
    """Return the sum of two points."""
    if a is None or b is None:
        return b if a is None else a
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = (3 * a[0] * a[0] + 1) * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def multiply(scalar: int, point: Point) -> Point:
    """Return a multiple of a point."""
    total: Point = None
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


@cache
def _power(point: tuple[int, int], bit: int) -> Point:
    if not bit:
        return point
    half = _power(point, bit - 1)
    return add(half, half)


@cache
def _root(square: int) -> int | None:
    """Return a square root in the field, by Tonelli and Shanks; None where there is none."""
    if pow(square, (P - 1) // 2, P) != 1:
        return None
    odd, twos = P - 1, 0
    while not odd & 1:
        odd, twos = odd >> 1, twos + 1
    c, t, root = pow(3, odd, P), pow(square, odd, P), pow(square, (odd + 1) // 2, P)
    while t != 1:
        least, value = 0, t
        while value != 1:
            value, least = value * value % P, least + 1
        step = pow(c, 1 << (twos - least - 1), P)
        twos, c = least, step * step % P
        t, root = t * c % P, root * step % P
    return root


# -- typed data ----------------------------------------------------------------------------------------------------

TYPES: Final = {
    "StarkNetDomain": "StarkNetDomain(name:felt,chainId:felt,version:felt)",
    "Order": "Order(timestamp:felt,market:felt,side:felt,orderType:felt,size:felt,price:felt)",
    "ModifyOrder": "ModifyOrder(timestamp:felt,market:felt,side:felt,orderType:felt,size:felt,price:felt,id:felt)",
    "Request": "Request(method:felt,path:felt,body:felt,timestamp:felt,expiration:felt)",
}


def typed_hash(stark: Stark, chain_id: str, account: int, kind: str, values: Sequence[int | str]) -> int:
    """Return the hash of a message of a type, fields in the order of the type."""
    domain = _over(stark, [type_hash("StarkNetDomain"), felt("Paradex"), felt(chain_id), 1])
    content = _over(stark, [type_hash(kind), *(felt(value) if isinstance(value, str) else value for value in values)])
    return _over(stark, [felt("StarkNet Message"), domain, account, content])


def felt(text: str) -> int:
    """Return a short text as a number."""
    return int.from_bytes(text.encode(), "big")


@cache
def type_hash(kind: str) -> int:
    """Return the hash of a type's text: the low 250 bits of its keccak."""
    return int.from_bytes(keccak256(TYPES[kind].encode()), "big") & ((1 << 250) - 1)


def _over(stark: Stark, elements: Sequence[int]) -> int:
    total = 0
    for element in (*elements, len(elements)):
        total = stark.pedersen(total, element)
    return total


def keccak256(data: bytes) -> bytes:
    """Return the keccak of up to 135 bytes at a time, with the padding that it had before it became SHA-3."""
    rate = 136
    padded = data + b"\x01" + bytes(-(len(data) + 1) % rate)
    padded = padded[:-1] + bytes([padded[-1] | 0x80])
    lanes = [0] * 25
    for start in range(0, len(padded), rate):
        for i in range(rate // 8):
            lanes[i] ^= int.from_bytes(padded[start + 8 * i : start + 8 * i + 8], "little")
        _permute(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _permute(lanes: list[int]) -> None:
    register = 1
    for _ in range(24):
        column = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
        for x in range(5):
            mixed = column[(x + 4) % 5] ^ _turn(column[(x + 1) % 5], 1)
            for y in range(0, 25, 5):
                lanes[x + y] ^= mixed
        x, y, current = 1, 0, lanes[1]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            lanes[x + 5 * y], current = _turn(current, (step + 1) * (step + 2) // 2 % 64), lanes[x + 5 * y]
        for y in range(0, 25, 5):
            row = lanes[y : y + 5]
            for x in range(5):
                lanes[y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5])
        for bit in range(7):
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
            if register & 0x100:
                register ^= 0x100
            if register & 2:
                lanes[0] ^= 1 << ((1 << bit) - 1)


def _turn(value: int, by: int) -> int:
    return ((value << by) | (value >> (64 - by))) & ((1 << 64) - 1)
