"""All accounts of the program together, in dollars: what they are worth, what is open in them, and what their stops would lose.

Dollars of every name count as one. What rests on an old mark, an unknown rate or a private stream that is down is doubtful, and
said so; nothing is left out silently. It must not know rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tui_trader.core.decimals import HUNDRED, ZERO, divide
from tui_trader.state.cover import open_risk
from tui_trader.state.store import Store
from tui_trader.ui.panes.fellow import Fellow
from tui_trader.ui.panes.positions_total import exposure

CURRENCY = "USD"


@dataclass(slots=True)
class Totals:
    """The sum of several accounts."""

    equity: Decimal = ZERO
    available: Decimal = ZERO
    unrealised: Decimal = ZERO
    day: Decimal = ZERO
    used: Decimal = ZERO
    net: Decimal = ZERO
    gross: Decimal = ZERO
    risk: Decimal = ZERO
    """What all stops together would lose."""
    bounded: bool = True
    """False where a leg has no stop, and so its loss no bound."""
    legs: int = 0
    naked: int = 0
    doubtful: bool = False
    """Whether a part of the money is old, or not known."""
    exposure_doubtful: bool = False

    @property
    def margin_pct(self) -> Decimal:
        """Share of equity that is tied up, in percent."""
        return divide(self.used * HUNDRED, self.equity) if self.equity > 0 else ZERO

    @property
    def risk_pct(self) -> Decimal:
        """Share of equity that all stops together would lose, in percent."""
        return divide(self.risk * HUNDRED, self.equity) if self.equity > 0 else ZERO


def together(fellows: Sequence[Fellow]) -> Totals:
    """Return the sum of accounts."""
    total = Totals()
    for fellow in fellows:
        _add_money(total, fellow)
        _add_legs(total, fellow.store)
    return total


def _add_money(total: Totals, fellow: Fellow) -> None:
    store, known = fellow.store, False
    for currency in store.currencies():
        pnl, worth = store.pnl(currency), store.dollars(currency)
        if pnl is None:
            continue
        known = True
        if worth is None or not pnl.complete or not store.dollars_are_fresh(currency):
            total.doubtful = True
        if worth is not None:
            total.equity += pnl.equity * worth
            total.available += pnl.available * worth
            total.unrealised += pnl.unrealised * worth
            total.day += pnl.day * worth
            total.used += pnl.used * worth
    if not known or not store.private_is_fresh(fellow.venue):
        total.doubtful = True


def _add_legs(total: Totals, store: Store) -> None:
    legs = store.open_positions()
    net, gross, doubtful = exposure(store, legs)
    total.net += net
    total.gross += gross
    total.exposure_doubtful = total.exposure_doubtful or doubtful
    covers = [(leg, store.instruments.get(leg.instrument), store.covers.of(leg)) for leg in legs]
    lost, bounded = open_risk(covers)
    total.bounded = total.bounded and bounded
    for currency, amount in lost.items():
        worth = store.dollars(currency)
        total.risk += amount * (worth or ZERO)
        total.exposure_doubtful = total.exposure_doubtful or worth is None
    total.legs += len(legs)
    total.naked += sum(cover.is_naked for _, _, cover in covers)
