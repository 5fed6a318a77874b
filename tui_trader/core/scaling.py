"""A scale in numbers: from two prices, a count and a size to one price and one size for each order. Exact, on the grids.

It must not know where the prices come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from tui_trader.core.decimals import CONTEXT, ONE, ZERO, divide, plain
from tui_trader.core.error import CommandError
from tui_trader.core.instrument import Instrument
from tui_trader.core.language.entries import Scale, Shape
from tui_trader.core.types import ContractKind, Side


class Rung(NamedTuple):
    """One order of a scale."""

    price: Decimal
    qty: Decimal


def prices(start: Decimal, end: Decimal, count: int, instrument: Instrument, side: Side) -> list[Decimal]:
    """Return ``count`` prices at even distances, both ends included; raises CommandError when two would be the same."""
    step = divide(end - start, Decimal(count - 1))
    found = [instrument.round_price(start + step * number, side) for number in range(count - 1)]
    found.append(instrument.round_price(end, side))
    if len(set(found)) < count:
        room = int(divide(abs(end - start), instrument.tick)) + 1
        raise CommandError(
            f"between {plain(start)} and {plain(end)} there are {room} prices, not {count}",
            fix=f"in {room}" if room > 1 else "a wider from and to",
        )
    return found


def weights(scale: Scale) -> list[Decimal]:
    """Return how much of the whole each order is, as numbers whose sum is what they are parts of."""
    count = scale.count
    if scale.factor is not None:
        with_power = [ONE]
        for _ in range(count - 1):
            with_power.append(CONTEXT.multiply(with_power[-1], scale.factor))
        return with_power
    match scale.shape:
        case Shape.EVEN:
            return [ONE] * count
        case Shape.UP:
            return [Decimal(number) for number in range(1, count + 1)]
        case Shape.DOWN:
            return [Decimal(number) for number in range(count, 0, -1)]


def average(levels: Sequence[Decimal], shares: Sequence[Decimal], instrument: Instrument) -> Decimal:
    """Return the average entry when everything fills: an inverse contract's is the harmonic one."""
    whole = sum(shares, ZERO)
    if instrument.kind is ContractKind.INVERSE:
        return divide(whole, sum((divide(share, level) for share, level in zip(shares, levels, strict=True)), ZERO))
    return divide(sum((CONTEXT.multiply(share, level) for share, level in zip(shares, levels, strict=True)), ZERO), whole)


def rungs(levels: Sequence[Decimal], shares: Sequence[Decimal], qty: Decimal, instrument: Instrument) -> list[Rung]:
    """Share ``qty`` out on the lot grid; what rounding leaves over goes to the largest parts, so that nothing is lost.

    Raises CommandError when the smallest part would be less than the contract allows.
    """
    whole = sum(shares, ZERO)
    sizes = [instrument.round_qty(divide(CONTEXT.multiply(qty, share), whole)) for share in shares]
    left = qty - sum(sizes, ZERO)
    for index in sorted(range(len(sizes)), key=lambda one: (-shares[one], one)):
        if left < instrument.lot:
            break
        sizes[index] += instrument.lot
        left -= instrument.lot
    least = max(instrument.lot, instrument.min_qty)
    if min(sizes) < least:
        most = _most_that_fit(shares, qty, least)
        raise CommandError(
            f"the smallest of {len(sizes)} orders would be {plain(min(sizes))} {instrument.size_unit}, less than {plain(least)}",
            fix=f"in {most}, or a larger size" if most > 1 else "a larger size",
        )
    return [Rung(level, size) for level, size in zip(levels, sizes, strict=True)]


def _most_that_fit(shares: Sequence[Decimal], qty: Decimal, least: Decimal) -> int:
    """Return how many orders of the same shape would each be large enough; 1 when not even two are."""
    rising = shares[0] <= shares[-1]
    for count in range(len(shares) - 1, 1, -1):
        kept = shares[:count] if rising else shares[-count:]
        if divide(qty * min(kept), sum(kept, ZERO)) >= least:
            return count
    return 1
