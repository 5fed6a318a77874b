"""The Stark curve: Pedersen hashes, public keys and ECDSA signatures, in plain integers.

It must not know what is hashed or signed. Multiples of the six fixed points are summed from tables of windows, which are made
when the first is needed (about 40 ms) and are the same for everybody. Nothing here takes the same time for every key: a key that
signs here must not share a machine with somebody who can time it to the microsecond.

Sources: the public parameters of the curve (StarkWare documentation, "STARK curve"; Starknet documentation, "Hash functions"),
RFC 6979 for nonces.
"""

from __future__ import annotations

import hmac
from functools import cache
from typing import Final, NamedTuple

P: Final = 2**251 + 17 * 2**192 + 1
"""The field."""
N: Final = 0x800000000000010FFFFFFFFFFFFFFFFB781126DCAE7B2321E66A241ADC64D2F
"""The order of the curve ``y² = x³ + x + B``."""
B: Final = 0x6F21413EFBE40DE150E596D72F7A8C5609AD26C15C915C1F4CDFCB99CEE9E89
MAX: Final = 2**251
"""Hashes, and the parts of a signature, lie below it."""

WINDOW: Final = 6
"""Bits of a scalar that one addition takes care of: 42 additions instead of 62 with 4, for a table made in 40 ms."""
_MASK: Final = (1 << WINDOW) - 1
_LOW: Final = (1 << 248) - 1

ENTROPY: Final = 32
"""Additional data of the nonce, as starknet libraries have it, so that signatures compare byte by byte."""


class Point(NamedTuple):
    """A point of the curve other than its zero."""

    x: int
    y: int


GENERATOR: Final = Point(
    0x1EF15C18599971B7BECED415A40F0C7DEACFD9B0D1819E03D723D8BC943CFCA,
    0x5668060AA49730B7BE4801DF46EC62DE53ECD11ABE43A32873000C36E8DC1F,
)
_SHIFT: Final = Point(
    0x49EE3EBA8C1600700EE1B87EB599F16716B0B1022947733551FDE4050CA6804,
    0x3CA0CFE4B3BC6DDF346D49D06EA0ED34E621062C0E056C1D0405D266E10268A,
)
_LEFT: Final = Point(
    0x234287DCBAFFE7F969C748655FCA9E58FA8120B6D56EB0C1080D17957EBE47B,
    0x3B056F100F96FB21E889527D41F4E39940135DD7A6C94CC6ED0268EE89E5615,
)
_LEFT_HIGH: Final = Point(
    0x4FA56F376C83DB33F9DAB2656558F3399099EC1DE5E3018B7A6932DBA8AA378,
    0x3FA0984C931C9E38113E0C0E47E4401562761F92A7A23B45168F4E80FF5B54D,
)
_RIGHT: Final = Point(
    0x4BA4CC166BE8DEC764910F75B45F74B40C690C74709E90F3AA372F0BD2D6997,
    0x40301CF5C1751F4B971E46C4EDE85FCAC5C59A5CE5AE7C48151F27B24B219C,
)
_RIGHT_HIGH: Final = Point(
    0x54302DCB0E6CC1C6E44CCA8F61A63BB2CA65048D53FB325D36FF12C49A58202,
    0x1B77B3E37D13504B348046268D8AE25CE98AD783C25561A879DCC77E99C2426,
)

_Jacobian = tuple[int, int, int]
"""``(X, Y, Z)`` for ``(X/Z², Y/Z³)``; Z is 0 for the curve's zero."""
_ZERO: Final[_Jacobian] = (1, 1, 0)
_Table = tuple[tuple[Point, ...], ...]


class Signature(NamedTuple):
    """An ECDSA signature."""

    r: int
    s: int


def pedersen(a: int, b: int) -> int:
    """Return the Pedersen hash of two field elements; raises ValueError for numbers that are none."""
    if not (0 <= a < P and 0 <= b < P):
        raise ValueError("only elements of the field can be hashed")
    total: _Jacobian = (_SHIFT.x, _SHIFT.y, 1)
    total = _sum(total, _table(_LEFT, 248), a & _LOW)
    total = _sum(total, _table(_LEFT_HIGH, 4), a >> 248)
    total = _sum(total, _table(_RIGHT, 248), b & _LOW)
    total = _sum(total, _table(_RIGHT_HIGH, 4), b >> 248)
    return _affine(total).x


def chain(*elements: int, start: int = 0) -> int:
    """Return the hash of a sequence: each element hashed onto what came before; the count of all is for the caller to add."""
    for element in elements:
        start = pedersen(start, element)
    return start


def public_key(private: int) -> int:
    """Return the x coordinate by which a key is known; raises ValueError for a number that is no key."""
    if not 0 < private < N:
        raise ValueError("a private key lies between 1 and the order of the curve")
    return _affine(_sum(_ZERO, _table(GENERATOR, 252), private)).x


def sign(message: int, private: int) -> Signature:
    """Sign a hash; raises ValueError where it is none, or the key is none.

    The nonce follows from key and message (RFC 6979), so that no lack of randomness can give the key away.
    """
    if not 0 < message < MAX:
        raise ValueError("what is signed is a hash below 2**251 and not zero")
    if not 0 < private < N:
        raise ValueError("a private key lies between 1 and the order of the curve")
    entropy = ENTROPY
    while True:
        nonce = _nonce(message, private, entropy)
        entropy += 1
        r = _affine(_sum(_ZERO, _table(GENERATOR, 252), nonce)).x
        base = (message + r * private) % N
        if not 1 <= r < MAX or not base:
            continue
        if 1 <= nonce * pow(base, -1, N) % N < MAX:
            return Signature(r, base * pow(nonce, -1, N) % N)


def _nonce(message: int, private: int, entropy: int) -> int:
    """Return the first nonce of RFC 6979 with SHA-256; the message is a number below the order already and is not cut again."""
    extra = entropy.to_bytes((entropy.bit_length() + 7) // 8, "big")
    seed = private.to_bytes(32, "big") + message.to_bytes(32, "big") + extra
    value, key = b"\x01" * 32, bytes(32)
    for separator in (b"\x00", b"\x01"):
        key = hmac.digest(key, value + separator + seed, "sha256")
        value = hmac.digest(key, value, "sha256")
    while True:
        value = hmac.digest(key, value, "sha256")
        nonce = int.from_bytes(value, "big") >> 4  # the order has 252 bits
        if 1 <= nonce < N:
            return nonce
        key = hmac.digest(key, value + b"\x00", "sha256")
        value = hmac.digest(key, value, "sha256")


@cache
def _table(point: Point, bits: int) -> _Table:
    """Return the multiples ``1 … 2**WINDOW - 1`` of ``point · 2**(WINDOW·i)`` for each window ``i`` of a scalar of ``bits``."""
    windows: list[list[_Jacobian]] = []
    base: _Jacobian = (point.x, point.y, 1)
    for _ in range(-(-bits // WINDOW)):
        anchor = _affine(base)
        multiples: list[_Jacobian] = [(anchor.x, anchor.y, 1)]
        for _ in range(_MASK - 1):
            multiples.append(_add(multiples[-1], anchor))
        windows.append(multiples)
        base = _add(multiples[-1], anchor)
    return tuple(_all_affine(window) for window in windows)


def _sum(total: _Jacobian, table: _Table, scalar: int) -> _Jacobian:
    """Add ``scalar`` times the point of a table."""
    for window in table:
        if not scalar:
            break
        digit = scalar & _MASK
        if digit:
            total = _add(total, window[digit - 1])
        scalar >>= WINDOW
    return total


def _add(left: _Jacobian, right: Point) -> _Jacobian:
    """Add a point in plain coordinates to one in Jacobian coordinates."""
    x1, y1, z1 = left
    x2, y2 = right
    if not z1:
        return x2, y2, 1
    zz = z1 * z1 % P
    h = (x2 * zz - x1) % P
    r = (y2 * zz * z1 - y1) % P
    if not h:
        return _ZERO if r else _double(left)
    hh = h * h % P
    hhh = h * hh % P
    v = x1 * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - y1 * hhh) % P, z1 * h % P


def _double(point: _Jacobian) -> _Jacobian:
    x, y, z = point
    yy = y * y % P
    s = 4 * x * yy % P
    zz = z * z % P
    m = (3 * x * x + zz * zz) % P
    x3 = (m * m - 2 * s) % P
    return x3, (m * (s - x3) - 8 * yy * yy) % P, 2 * y * z % P


def _affine(point: _Jacobian) -> Point:
    x, y, z = point
    inverse = pow(z, -1, P)
    square = inverse * inverse % P
    return Point(x * square % P, y * square * inverse % P)


def _all_affine(points: list[_Jacobian]) -> tuple[Point, ...]:
    """Return many points in plain coordinates at the price of one inversion."""
    products = [1]
    for _, _, z in points:
        products.append(products[-1] * z % P)
    inverse = pow(products[-1], -1, P)
    out: list[Point] = []
    for (x, y, z), before in zip(reversed(points), reversed(products[:-1]), strict=True):
        own = inverse * before % P
        inverse = inverse * z % P
        square = own * own % P
        out.append(Point(x * square % P, y * square * own % P))
    return tuple(reversed(out))
