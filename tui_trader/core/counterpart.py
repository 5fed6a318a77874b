"""The same market at another venue, found by what a contract is: its base, its quote and what it settles in.

Symbols are never looked at: BTCUSDT, BTC_USDT and BTC-USD-PERP are one market because the product lists say so, and two symbols
that look alike may be two. What is quoted and settled in dollars under several names counts as one market; where a venue lists
several such contracts, and none is the very same, it is the trader who says which is meant.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from tui_trader.core.instrument import Instrument
from tui_trader.core.types import ContractKind

DOLLARS = frozenset({"USD", "USDT", "USDC"})
"""Names that a contract may give to a dollar, in quote or settlement."""


class Likeness(IntEnum):
    """How much two contracts are the same market."""

    NONE = 0
    DOLLARS = 1
    """The same base against dollars, though in dollars of another name."""
    SAME = 2
    """The same base, quote and settlement."""


def likeness(one: Instrument, other: Instrument) -> Likeness:
    """Return how much two contracts are the same market; the same both ways round."""
    if one.kind is not other.kind or one.base != other.base:
        return Likeness.NONE
    if (one.quote, one.settle) == (other.quote, other.settle):
        return Likeness.SAME
    if one.kind is ContractKind.INVERSE:
        same = one.settle == other.settle and {one.quote, other.quote} <= DOLLARS
    else:
        same = {one.quote, one.settle, other.quote, other.settle} <= DOLLARS
    return Likeness.DOLLARS if same else Likeness.NONE


def counterparts(instrument: Instrument, listed: Iterable[Instrument]) -> list[Instrument]:
    """Return the contracts of a product list that are the market of ``instrument``, sorted by their ids.

    One that is the very same stands alone; else all that are alike, of which the trader chooses; empty where the market is not
    listed. Contracts that cannot be traded are no market.
    """
    found: dict[Likeness, list[Instrument]] = {}
    for other in listed:
        if other.tradable and (grade := likeness(instrument, other)):
            found.setdefault(grade, []).append(other)
    return sorted(found[max(found)], key=lambda one: one.id) if found else []
