"""Sums of intervals of any length against all rows added up one by one, and long bars against the trades themselves."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.storage.candle_child import second_of
from tui_trader.core.bar import Bar
from tui_trader.core.clock import NS, ManualClock
from tui_trader.core.tape import Trade
from tui_trader.core.types import InstrumentId, Side
from tui_trader.storage.candle_pieces import interval_sums, pieces
from tui_trader.storage.candle_rollup import Sum, added
from tui_trader.storage.candle_tables import LEVELS
from tui_trader.storage.candles import CandleStore, Heard

BTC = InstrumentId("phemex", "BTCUSDT")
DAY = 86_400
T0 = 19_700 * DAY
"""The beginning of a day."""


def opened() -> CandleStore:
    store = CandleStore(None, ManualClock((T0 + 3 * DAY) * NS))
    assert store.open(), store.notices
    return store


def random_rows(store: CandleStore, rng: random.Random, days: int, series: int = 7) -> None:
    """Put rows of every length into the file, quiet ones among them, that need not agree with each other."""
    db = store.file.db
    for level in (1, *LEVELS):
        share = {1: 0.03, 60: 0.3}.get(level, 0.7)
        for start in range(T0, T0 + days * DAY, level):
            if rng.random() > share:
                continue
            low, opened, closed, high = (rng.randrange(1, 50) for _ in range(4))
            if level == 1:
                row = (start, opened, high, low, closed, rng.randrange(2), 1 + rng.randrange(3), 1, 2)
                db.execute("INSERT INTO seconds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (series, *row))
            else:
                quiet = rng.random() < 0.5
                volume, trades = (0, 0) if quiet else rng.choice([(3, 0), (0, 2), (4, 5)])
                row = (level, start, opened, high, low, closed, volume, trades, rng.choice([1, 2, 3]))
                db.execute("INSERT INTO bars VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (series, *row))


def one_by_one(store: CandleStore, interval: int, start: int, end: int, series: int = 7) -> dict[int, Sum]:
    """Return the sum of each interval's rows, taken one by one in the order of time."""
    seconds = "SELECT start, open, high, low, close, volume, trades, 1 FROM seconds WHERE series = ?"
    bars = "SELECT level, start, open, high, low, close, volume, trades, basis FROM bars WHERE series = ?"
    rows = {(1, row[0]): row[1:] for row in store.file.db.execute(seconds, (series,))}
    rows |= {row[:2]: row[2:] for row in store.file.db.execute(bars, (series,))}
    out = {}
    for at in range(start, end, interval):
        starts = [(level, one) for level, (a, b) in pieces(at, at + interval) for one in range(a, b, level)]
        total = added(rows[key] for key in starts if key in rows)
        if total is not None:
            out[at] = total
    return out


@pytest.mark.parametrize("seed", range(3))
def test_sums_of_intervals_equal_their_rows_added_up_one_by_one(seed: int) -> None:
    rng = random.Random(seed)
    store = opened()
    random_rows(store, rng, 2)
    lengths = [1, 7, 59, 60, 61, 90, 119, 599, 600, 3_599, 3_600, 3_601, 7_201, 43_200, 86_399, 86_400, rng.randrange(2, DAY)]
    for interval in lengths:
        start = T0 - T0 % interval - interval
        end = start + min(-(-2 * DAY // interval) + 2, 900) * interval
        assert interval_sums(store.file.db, 7, interval, start, end) == one_by_one(store, interval, start, end), interval
    assert interval_sums(store.file.db, 8, 60, T0, T0 + 600) == {}


def test_an_interval_is_cut_without_a_hole_or_a_second_counted_twice() -> None:
    rng = random.Random(1)
    for _ in range(500):
        start = T0 + rng.randrange(3 * DAY)
        end = start + rng.randrange(1, 2 * DAY)
        cut = pieces(start, end)
        assert [cut[0][1][0], *(span[0] for _, span in cut[1:])] == [start, *(span[1] for _, span in cut[:-1])]
        assert cut[-1][1][1] == end
        assert all(not a % level and not b % level for level, (a, b) in cut)
        assert sum(b - a for level, (a, b) in cut if level == 1) < 120 or end - start < 120


seconds = st.integers(0, 3 * DAY - 1)
priced = st.tuples(seconds, st.integers(0, 999_999), st.integers(1, 5_000), st.integers(1, 900))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(priced, min_size=1, max_size=40, unique_by=lambda one: one[:2]),
    st.one_of(st.sampled_from([3_599, 3_600, 7_201, 43_200, 86_399, 86_400]), st.integers(1_801, DAY)),
    st.integers(0, DAY),
)
def test_long_bars_of_any_length_equal_the_trades_added_up(
    given_trades: list[tuple[int, int, int, int]], interval: int, shift: int
) -> None:
    trades = sorted(
        Trade((T0 + at) * NS + micro * 1_000, Side.BUY, Decimal(price) / 10, Decimal(qty) / 1_000)
        for at, micro, price, qty in given_trades
    )
    by_second: dict[int, list[Trade]] = {}
    for trade in trades:
        by_second.setdefault(trade.at_ns // NS, []).append(trade)
    store = opened()
    assert store.write([Heard(BTC, [second_of(one) for one in by_second.values()], [(T0, T0 + 3 * DAY)])])
    start, end = T0 + shift - (T0 + shift) % interval, T0 + 3 * DAY
    got = [item for item in store.bars(BTC, interval, start, end, now_s=end + DAY) if isinstance(item, Bar) and not item.is_quiet]
    expected = []
    for at in range(start, end, interval):
        inside = [one for one in trades if at <= one.at_ns // NS < at + interval]
        if inside:
            prices = [one.price for one in inside]
            expected.append((at, prices[0], max(prices), min(prices), prices[-1], sum(one.qty for one in inside), len(inside)))
    assert [(bar.start_s, *bar[2:8]) for bar in got] == expected
