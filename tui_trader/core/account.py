"""What an account holds in one settle currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tui_trader.core.decimals import ZERO
from tui_trader.core.types import InstrumentId


@dataclass(frozen=True, slots=True)
class Balance:
    """The wallet of one settle currency as the venue last told it."""

    venue: str
    currency: str
    total: Decimal
    """Wallet balance: deposits plus realised profit, without unrealised profit."""
    used: Decimal = ZERO
    """Tied up by positions and resting orders."""
    at_ns: int = 0

    @property
    def free(self) -> Decimal:
        """Available for new orders: total minus used."""
        return self.total - self.used


@dataclass(frozen=True, slots=True)
class RiskUnit:
    """What stands behind a group of positions, where a venue counts several wallets together. Money in ``currency``."""

    venue: str
    mode: str
    """The venue's own word: which positions are counted together."""
    instrument: InstrumentId | None
    """None for the unit of all positions that have no margin of their own."""
    currency: str
    equity: Decimal
    available: Decimal
    """As the venue estimates it; negative when new positions would have to be backed first."""
    margin_ratio: Decimal
    version: int = 0
    """Grows with every change of the unit."""
