"""The contracts that the exchange in Paradex's clothes lists.

Steps, bounds and margins of BTC-USD-PERP are those of the product list that ccxt's tests replay (2024), with the least
notional of 2026; ETH-USD-PERP has the same shape and is made up. It shares nothing with the client.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from tui_trader.core.decimals import ZERO
from tui_trader.core.instrument import Instrument, RiskTier
from tui_trader.core.types import ContractKind, InstrumentId
from tui_trader.sim.market import Profile

PROFILES: Final = {
    "BTC-USD-PERP": Profile("96000", "XMRUSD", 45, 22, 130, 45_000, 1_500),
    "ETH-USD-PERP": Profile("3250", "sBCHUSDT", 30, 16, 90, 25_000, 900),
}
"""How they trade."""

_TERMS: Final = (("BTC", "0.1", "0.001", "100", 50), ("ETH", "0.01", "0.01", "2000", 50))


def paradex_instruments() -> list[Instrument]:
    """Return the contracts."""
    return [_instrument(*terms) for terms in _TERMS]


def _instrument(base: str, tick: str, lot: str, most: str, leverage: int) -> Instrument:
    return Instrument(
        id=InstrumentId("paradex", f"{base}-USD-PERP"),
        kind=ContractKind.LINEAR,
        base=base,
        quote="USD",
        settle="USDC",
        tick=Decimal(tick),
        lot=Decimal(lot),
        min_qty=Decimal(lot),
        max_qty=Decimal(most),
        min_notional=Decimal(10),
        max_leverage=Decimal(leverage),
        default_leverage=Decimal(leverage),
        maker_fee=ZERO,
        taker_fee=Decimal("0.00024"),
        tiers=(RiskTier(Decimal("1e15"), Decimal(leverage), Decimal("0.01"), ZERO),),
    )
