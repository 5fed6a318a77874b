"""Paradex's markets as instruments: perpetuals alone; options, spot and markets traded by quote are not listed.

It must not know how the list was asked for. Leverage at most is one over the base of the initial margin; sizes are base units.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from tui_trader.core.decimals import ONE, ZERO, divide, down_to
from tui_trader.core.error import WireError
from tui_trader.core.event import Unreadable
from tui_trader.core.instrument import Instrument, RiskTier
from tui_trader.core.sanitise import sanitise
from tui_trader.core.types import ContractKind, InstrumentId
from tui_trader.venues.exact import sample
from tui_trader.venues.paradex.rows import Row
from tui_trader.venues.paradex.sbe import SCALE
from tui_trader.venues.paradex.words import SETTLE, VENUE

MAKER_FEE: Final = {"interactive_fee": ZERO, "api_fee": ZERO}
TAKER_FEE: Final = {"interactive_fee": Decimal("0.00024"), "api_fee": Decimal("0.00045")}
"""Where a market does not tell its fees: the schedule of 2026 (docs.paradex.trade, "Trading fees")."""

_HALF: Final = Decimal("0.5")


def perpetuals(facts: Any, fees: str) -> tuple[list[Instrument], list[Unreadable]]:
    """Return the perpetuals of a product list, and what of it could not be read.

    ``fees`` names the schedule that the account pays by: ``interactive_fee`` or ``api_fee``.
    """
    rows = Row(facts).raw("results")
    if not isinstance(rows, list):
        raise WireError("no list of markets")
    listed: list[Instrument] = []
    bad: list[Unreadable] = []
    for raw in rows:
        try:
            row = Row(raw)
            if row.text("asset_kind") == "PERP":
                listed.append(_instrument(row, fees))
        except (WireError, ValueError) as error:
            bad.append(Unreadable(VENUE, sanitise(f"market: {error}", 120), sample(repr(raw).encode())))
    return listed, bad


def assumed(symbol: str) -> Instrument:
    """Return the terms that books of a symbol are read by when no product list names it: a grid fine enough for any."""
    base = symbol.partition("-")[0]
    step = Decimal(1).scaleb(-SCALE)
    return Instrument(
        InstrumentId(VENUE, symbol),
        ContractKind.LINEAR,
        base,
        "USD",
        SETTLE,
        step,
        step,
        price_scale=SCALE,
        size_scale=SCALE,
        tradable=False,
    )


def _instrument(row: Row, fees: str) -> Instrument:
    margin = Row(row.raw("delta1_cross_margin_params") or {})
    initial = margin.price("imf_base") or ONE
    most = down_to(divide(ONE, initial), ONE) or ONE
    lot = row.price("order_size_increment")
    tick = row.price("price_tick_size")
    if lot is None or tick is None:
        raise WireError("a market without its steps")
    maintenance = initial * (margin.price("mmf_factor") or _HALF)
    most_size = row.price("max_order_size") or Decimal("1e12")
    schedule = Row(Row(row.raw("fee_config") or {}).raw(fees) or {})
    return Instrument(
        id=row.market("symbol"),
        kind=ContractKind.LINEAR,
        base=sanitise(row.text("base_currency"), 16),
        quote=sanitise(row.text("quote_currency"), 16),
        settle=sanitise(row.text("settlement_currency") or SETTLE, 16),
        tick=tick,
        lot=lot,
        min_qty=lot,
        max_qty=most_size,
        min_notional=row.size("min_notional"),
        price_band=row.size("price_bands_width"),
        max_orders=row.whole("max_open_orders"),
        max_leverage=most,
        default_leverage=most,
        maker_fee=_fee(schedule, "maker_fee", MAKER_FEE[fees]),
        taker_fee=_fee(schedule, "taker_fee", TAKER_FEE[fees]),
        funding_interval_s=(row.whole("funding_period_hours") or 8) * 3_600,
        funding_runs=True,  # docs.paradex.trade, "Funding Mechanism": no fixed events
        tiers=(RiskTier(Decimal("1e15"), most, maintenance, ZERO),),
        tradable=row.text("trading_mode") in ("", "STANDARD"),
        display=sanitise(row.text("symbol"), 32),
        price_scale=SCALE,
        size_scale=SCALE,
    )


def _fee(schedule: Row, name: str, usual: Decimal) -> Decimal:
    rate = Row(schedule.raw(name) or {}).number("fee")
    return usual if rate is None else rate
