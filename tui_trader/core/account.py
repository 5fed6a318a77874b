"""What an account holds in one settle currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tui_trader.core.decimals import ZERO


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
