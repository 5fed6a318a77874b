"""Profit and loss of the account: what it is worth now, what the day brought, and how it got there.

Everything is derived from wallets, positions and marks; nothing is accumulated that the venue also tells.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from tui_trader.core.clock import DAY_NS
from tui_trader.core.decimals import HUNDRED, ZERO, divide, plain

CURVE_POINTS = 1_800
"""Points of the equity line kept; older ones are thinned to every other when it is full."""


@dataclass(frozen=True, slots=True)
class AccountPnl:
    """One settle currency, now. Money in that currency."""

    currency: str
    wallet: Decimal = ZERO
    """Balance without open profit."""
    used: Decimal = ZERO
    unrealised: Decimal = ZERO
    opening_wallet: Decimal = ZERO
    """Wallet when the day (00:00 UTC) or the session began, whichever is later."""
    opening_equity: Decimal = ZERO
    since_ns: int = 0
    """When that was, UTC nanoseconds."""
    fees: Decimal = ZERO
    """Fees paid since then (a cost)."""
    funding: Decimal = ZERO
    """Funding paid since then (a cost)."""
    complete: bool = True
    """False while a mark that it rests on is missing or stale."""

    @property
    def equity(self) -> Decimal:
        """Wallet plus open profit."""
        return self.wallet + self.unrealised

    @property
    def available(self) -> Decimal:
        """Free for new orders."""
        return self.wallet - self.used

    @property
    def realised(self) -> Decimal:
        """Change of the wallet since the day began: closed profit after fees and funding."""
        return self.wallet - self.opening_wallet

    @property
    def day(self) -> Decimal:
        """Change of equity since the day began."""
        return self.equity - self.opening_equity

    @property
    def margin_pct(self) -> Decimal:
        """Share of equity that is tied up, in percent; zero without equity."""
        return divide(self.used * HUNDRED, self.equity) if self.equity > 0 else ZERO


class _Mark(NamedTuple):
    """The account at one moment: UTC nanoseconds, and money in the settle currency."""

    at_ns: int
    wallet: Decimal
    equity: Decimal


class EquityCurve:
    """Equity over time as (wall ns, equity), bounded: when full, every other old point goes."""

    def __init__(self, capacity: int = CURVE_POINTS) -> None:
        self._points: deque[tuple[int, Decimal]] = deque()
        self._capacity = capacity

    def add(self, at_ns: int, equity: Decimal) -> None:
        """Append a sample; samples must come in order of time."""
        self._points.append((at_ns, equity))
        if len(self._points) > self._capacity:
            kept = list(self._points)
            self._points = deque(kept[:-1:2] + kept[-1:])

    def points(self) -> list[tuple[int, Decimal]]:
        """Return the samples, oldest first."""
        return list(self._points)


class Opening:
    """What the account was worth when the UTC day (or the session) began, per currency."""

    def __init__(self) -> None:
        self._opening: dict[str, _Mark] = {}

    def fix(self, pnl: AccountPnl, wall_ns: int) -> AccountPnl:
        """Return ``pnl`` with its opening figures, recording them when this is the first sight of the day of ``wall_ns``."""
        known = self._opening.get(pnl.currency)
        if known is None or known.at_ns // DAY_NS != wall_ns // DAY_NS:
            if not pnl.complete:
                return replace(pnl, opening_wallet=pnl.wallet, opening_equity=pnl.equity, since_ns=wall_ns)
            known = _Mark(wall_ns, pnl.wallet, pnl.equity)
            self._opening[pnl.currency] = known
        return replace(pnl, since_ns=known.at_ns, opening_wallet=known.wallet, opening_equity=known.equity)

    def document(self) -> dict[str, dict[str, str]]:
        """Return the figures as they can be written down; money and times are decimal text."""
        return {
            currency: {"at_ns": str(mark.at_ns), "wallet": plain(mark.wallet), "equity": plain(mark.equity)}
            for currency, mark in self._opening.items()
        }

    def recall(self, document: Mapping[str, Mapping[str, str]]) -> None:
        """Take up the figures of an earlier run, so that a restart does not forget what the day has cost.

        Raises ValueError when they are not what ``document`` writes.
        """
        try:
            for currency, row in document.items():
                mark = _Mark(int(row["at_ns"]), Decimal(row["wallet"]), Decimal(row["equity"]))
                self._opening.setdefault(str(currency), mark)
        except (AttributeError, KeyError, TypeError, InvalidOperation) as error:
            raise ValueError(f"unreadable opening figures: {error!r}") from error
