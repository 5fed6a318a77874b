"""Money that moves without a trade, between the wallet and the trading account, and what trading costs an account.

It must not know how a movement is asked for. There is no word here, or anywhere, for money that leaves the venue.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tui_trader.core.types import InstrumentId


class TransferState(StrEnum):
    """What is known of a transfer. UNKNOWN is left by the venue's history alone; nothing is sent again."""

    ASKED = "asked"
    """Written down, and not answered yet."""
    UNDER_WAY = "under_way"
    """The venue has it and has not finished."""
    DONE = "done"
    FAILED = "failed"
    """Refused or failed: nothing moved."""
    UNKNOWN = "unknown"
    """The answer was lost: it may have been executed."""
    ABSENT = "absent"
    """Not in the venue's history when it could no longer be accepted: it never was."""

    @property
    def is_final(self) -> bool:
        """Whether nothing more can become of it."""
        return self in (TransferState.DONE, TransferState.FAILED, TransferState.ABSENT)


@dataclass(frozen=True, slots=True)
class Transfer:
    """One movement between the wallet and the trading account of a currency."""

    key: str
    """Its identity: ours, where the venue takes one with the request, else the venue's own."""
    currency: str
    amount: Decimal
    """Positive."""
    to_trading: bool
    """From the wallet to the trading account; false for the way back."""
    state: TransferState = TransferState.ASKED
    at_ns: int = 0
    """When the venue made it (before it has: when it was asked for), UTC nanoseconds."""
    reason: str = ""

    @property
    def words(self) -> str:
        """What moves where, for a sentence."""
        way = "wallet to trading account" if self.to_trading else "trading account to wallet"
        return f"{self.amount.normalize():f} {self.currency} from {way}"


@dataclass(frozen=True, slots=True)
class FeeRate:
    """What an account pays for one contract, as fractions of executed value; negative is a rebate."""

    instrument: InstrumentId
    maker: Decimal
    taker: Decimal


@dataclass(frozen=True, slots=True)
class FundsEntry:
    """One line of the venue's journal of a trading account."""

    venue: str
    currency: str
    kind: str
    """The venue's own word for it."""
    amount: Decimal
    """What it changed the balance by."""
    balance: Decimal
    """The balance after it."""
    at_ns: int
