"""What rows of MEXC are read by, and requests written by: the product list, the position mode, and what backs a contract.

Volumes on the wire are contracts, sizes here are base units; a coin-margined contract is counted in contracts on both sides. It
must not know messages or requests.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from tui_trader.core.decimals import plain
from tui_trader.core.error import WireError
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import ContractKind, MarginMode, PositionMode


class Backing(NamedTuple):
    """What backs the orders of one side of a contract."""

    margin_mode: MarginMode
    leverage: Decimal


class Terms:
    """The terms of one account, as one dialect knows them. They may grow and change."""

    def __init__(self) -> None:
        self.mode: PositionMode | None = None
        """None until the account's setting is known."""
        self.now_ns = 0
        """The venue's time as of the last request; 0 before the first one."""
        self.trails: dict[str, set[str]] = {}
        """Trailing orders of each contract that were told of: nothing cancels them together."""
        self._instruments: dict[str, Instrument] = {}
        self._backings: dict[tuple[str, int], Backing] = {}

    def list(self, instruments: Iterable[Instrument]) -> None:
        """Learn contracts; those known under the same symbol are replaced."""
        self._instruments.update((instrument.symbol, instrument) for instrument in instruments)

    def get(self, symbol: str) -> Instrument | None:
        """Return a contract, None when it is not listed."""
        return self._instruments.get(symbol)

    def need(self, symbol: str) -> Instrument:
        """Return a contract; raises WireError when it is not listed: what a contract is worth is not known then."""
        found = self._instruments.get(symbol)
        if found is None:
            raise WireError(f"{symbol} is not in the product list")
        return found

    def back(self, symbol: str, position_type: int, backing: Backing) -> None:
        """Learn what backs a side (1 long, 2 short) of a contract."""
        self._backings[symbol, position_type] = backing

    def backing(self, symbol: str, position_type: int) -> Backing | None:
        """Return what backs a side of a contract, None when nobody told."""
        return self._backings.get((symbol, position_type))


def volume(qty: Decimal, instrument: Instrument) -> Decimal:
    """Return a size as contracts; raises ValueError where that is not whole lots: half a contract is nobody's order."""
    if not instrument.on_lot(qty):
        raise ValueError(f"{plain(qty)} is not a multiple of {plain(instrument.lot)}")
    return Decimal(plain(qty / instrument.wire_lot))


def is_linear(instrument: Instrument) -> bool:
    """Whether a contract settles in its quote currency."""
    return instrument.kind is ContractKind.LINEAR
