"""The venue's two contract families: which contract belongs to which, and by what names its index, mark and funding go.

USDⓈ-M ("hedged", V2) is settled in a stable coin and speaks decimal text; COIN-M (V1) is settled in a coin or in USD and speaks
scaled integers.
"""

from __future__ import annotations

from collections.abc import Mapping

from tui_trader.core.instrument import Instrument
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.products import phemex_coin_rows

STABLE_COINS = frozenset({"USDT", "USDC"})


def is_coin(instrument: Instrument) -> bool:
    """Whether a contract is COIN-M."""
    return instrument.settle not in STABLE_COINS


def stable_contracts(exchange: Exchange) -> dict[str, Instrument]:
    """Return the USDⓈ-M contracts by symbol."""
    return {symbol: one for symbol, one in exchange.instruments.items() if not is_coin(one)}


def coin_contracts(exchange: Exchange) -> dict[str, Instrument]:
    """Return the COIN-M contracts by symbol."""
    return {symbol: one for symbol, one in exchange.instruments.items() if is_coin(one)}


def index_name(instrument: Instrument) -> str:
    """Return the name of a contract's index, e.g. ``.BTCUSDT``, ``.BTC``."""
    return _told(instrument).get("indexSymbol") or f".{instrument.symbol}"


def mark_name(instrument: Instrument) -> str:
    """Return the name of a contract's mark, e.g. ``.MBTCUSDT``, ``.MBTC``."""
    return _told(instrument).get("markSymbol") or f".M{instrument.symbol}"


def funding_name(instrument: Instrument) -> str:
    """Return the name of a contract's eight-hour funding rate, e.g. ``.BTCUSDTFR8H``, ``.BTCFR8H``."""
    return _told(instrument).get("fundingRate8hSymbol") or f".{instrument.symbol}FR8H"


def _told(instrument: Instrument) -> Mapping[str, str]:
    """Return the product row of a COIN-M contract, whose names do not follow from its symbol; nothing for any other."""
    if not is_coin(instrument):
        return {}
    return next((row for row in phemex_coin_rows()["products"] if row["symbol"] == instrument.symbol), {})
