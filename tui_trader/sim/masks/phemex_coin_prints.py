"""COIN-M's market data in scaled integers: book levels, prints, candles, the figures of a day; for REST and for the stream."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tui_trader.core.candle import Candle
from tui_trader.core.instrument import Instrument
from tui_trader.sim.masks import phemex_words as words
from tui_trader.sim.masks.phemex_coin_rows import price_ep, ratio_er, value_ev
from tui_trader.sim.masks.phemex_rows import Row
from tui_trader.sim.types import MarketState, PublicTrade

Levels = Sequence[tuple[Decimal, Decimal]]


def coin_levels(instrument: Instrument, side: Levels) -> list[list[int]]:
    """Return book levels as the wire has them."""
    return [[price_ep(instrument, price), int(size)] for price, size in side]


def coin_trade_rows(instrument: Instrument, trades: Sequence[PublicTrade]) -> list[list[Any]]:
    """Return prints as the wire has them, in the order given."""
    return [[trade.at_ns, words.SIDE[trade.side], price_ep(instrument, trade.price), int(trade.qty)] for trade in trades]


def coin_candle_rows(instrument: Instrument, candles: Sequence[Candle]) -> list[list[Any]]:
    """Return candles (oldest first) as the wire has them: newest first, each with the close before it."""
    rows = []
    before: Decimal | None = None
    for bar in candles:
        prices = (before if before is not None else bar.open, bar.open, bar.high, bar.low, bar.close)
        rows.append(
            [
                bar.start_s,
                bar.interval_s,
                *(price_ep(instrument, price) for price in prices),
                int(bar.volume),
                value_ev(instrument, bar.turnover),
            ]
        )
        before = bar.close
    return rows[::-1]


def coin_ticker_row(instrument: Instrument, state: MarketState) -> Row:
    """Return the 24-hour figures of one contract: names without a suffix, and scaled all the same (documented sample)."""
    return {
        "close": price_ep(instrument, state.last),
        "fundingRate": ratio_er(state.funding_rate),
        "high": price_ep(instrument, state.high_24h),
        "indexPrice": price_ep(instrument, state.index),
        "low": price_ep(instrument, state.low_24h),
        "markPrice": price_ep(instrument, state.mark),
        "open": price_ep(instrument, state.open_24h),
        "openInterest": int(state.open_interest),
        "predFundingRate": ratio_er(state.predicted_funding_rate),
        "symbol": state.symbol,
        "turnover": value_ev(instrument, state.turnover_24h),
        "volume": int(state.volume_24h),
    }
