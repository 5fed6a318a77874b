"""The average true range: by hand, with gaps, and only while it is fresh."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from tests.desk.conftest import BTC, Market
from tests.storage.test_candles import opened, told
from tui_trader.core.clock import NS, ManualClock
from tui_trader.core.command import Offset, OffsetUnit, Price, PriceRef
from tui_trader.core.error import CommandError
from tui_trader.core.types import Side
from tui_trader.desk.resolve import Presets, Resolver
from tui_trader.desk.true_range import BARS, FRESH_NS, INTERVAL_S, TrueRanges

NOW = 1_000_000 * INTERVAL_S


async def ranges(bars: int, skip: int = -1) -> tuple[TrueRanges, ManualClock]:
    """Return true ranges over bars of a range of 4 that each begin 1 above the close before."""
    store = opened(None, NOW + 60)
    clock = ManualClock(NOW * NS)
    for number in range(bars):
        if number != skip:
            at, base = NOW - (bars - number) * INTERVAL_S, 100 + number
            ohlc = (str(base + 1), str(base + 4), str(base + 1), str(base + 2))
            rows = [told(at + 60 * minute, *ohlc) for minute in range(5)]
            store.tell(BTC, 60, rows, [(at, at + INTERVAL_S)])
    found = TrueRanges(store, clock, watched=lambda: [BTC], server_ns=lambda: (NOW + 60) * NS)
    await found.read(BTC)
    return found, clock


async def test_it_is_the_mean_over_the_last_bars_with_the_gaps_between_closes() -> None:
    found, clock = await ranges(BARS + 1)
    # Each bar: high base+4, low base+1, and the close before is base+1: 3.
    assert found.of(BTC) == 3
    clock.advance(FRESH_NS / NS + 1)
    assert found.of(BTC) is None, "old"


@pytest.mark.parametrize(("bars", "skip"), [(BARS, -1), (BARS + 1, 5)])
async def test_too_few_bars_or_a_gap_say_nothing(bars: int, skip: int) -> None:
    found, _ = await ranges(bars, skip)
    assert found.of(BTC) is None


def test_a_distance_in_true_ranges_is_refused_until_they_are_known(market: Market) -> None:
    resolver = Resolver(market.store, Presets())
    price = Price(ref=PriceRef.BID, offset=Offset(D("-1.5"), OffsetUnit.ATR))
    with pytest.raises(CommandError, match="no average true range") as caught:
        resolver.price(BTC, price, Side.BUY)
    assert caught.value.fix
    resolver.atr = lambda iid: D(2)
    assert resolver.price(BTC, price, Side.BUY) == D(97)
