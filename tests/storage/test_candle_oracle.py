"""Every bar of the store against one that is added up from the trades by hand, however they came."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tui_trader.core.bar import Bar, Bars, Gap
from tui_trader.core.candle import Candle
from tui_trader.core.clock import NS, ManualClock
from tui_trader.core.second import Second
from tui_trader.core.tape import Trade
from tui_trader.core.types import InstrumentId, Side
from tui_trader.storage.candles import CandleStore, Heard

BTC = InstrumentId("phemex", "BTCUSDT")
T0 = 1_700_006_400 - 1_700_006_400 % 86_400 + 86_400 - 300
"""Five minutes before a day begins, so that minutes, hours and days all have an edge in what is traded."""

SPAN_S = 600


def trade(offset_ms: int, price: int, qty: int) -> Trade:
    return Trade(T0 * NS + offset_ms * 1_000_000, Side.BUY, Decimal(price) / 100, Decimal(qty) / 1000)


trades = st.lists(
    st.builds(trade, st.integers(0, SPAN_S * 1000 - 1), st.integers(1, 3000), st.integers(1, 5000)), min_size=0, max_size=40
)
spans = st.lists(
    st.tuples(st.integers(0, SPAN_S), st.integers(0, SPAN_S)).map(lambda pair: (T0 + min(pair), T0 + max(pair))), max_size=4
)
intervals = st.one_of(st.integers(1, 120), st.sampled_from([60, 90, 300, 599, 600, 900, 3600]))


def seconds_of(batch: list[Trade]) -> list[Second]:
    """Return the seconds of a batch, as whoever listens puts them together."""
    found: dict[int, Second] = {}
    for one in batch:
        at = one.at_ns // NS
        if at in found:
            found[at].add(one)
        else:
            found[at] = Second(one)
    return list(found.values())


def fill(store: CandleStore, arrived: list[Trade], observed: list[tuple[int, int]], batches: int) -> None:
    """Hand the trades over in some batches, in the order in which they came."""
    size = max(1, -(-len(arrived) // batches))
    for start in range(0, max(1, len(arrived)), size):
        assert store.write([Heard(BTC, seconds_of(arrived[start : start + size]), observed)])


@dataclass
class Oracle:
    """Adds up by brute force, second by second."""

    arrived: list[Trade]
    observed: set[int]
    told: dict[int, Candle]
    """Minutes that the venue told."""

    def bars(self, interval: int, start: int, end: int) -> list[tuple[object, ...]]:
        """Return one tuple for each interval: a bar with its known seconds, or a gap."""
        self.used = {at: bar for at, bar in self.told.items() if not self.observed.issuperset(range(at, at + 60))}
        self.by_second: dict[int, list[Trade]] = {}
        for one in self.arrived:
            self.by_second.setdefault(one.at_ns // NS, []).append(one)
        self.prices: dict[int, Decimal | None] = {}
        out: list[tuple[object, ...]] = []
        for at in range(start - start % interval, end, interval):
            parts, known = self._parts(at, at + interval)
            real = [part for part in parts if part[5]] or parts[-1:]
            if real:
                row = (real[0][0], max(p[1] for p in real), min(p[2] for p in real), real[-1][3], sum(p[4] for p in real))
                out.append((at, *row, len(known)))
            elif at in known and (price := self._price_at(at)) is not None:
                out.append((at, price, price, price, price, Decimal(0), len(known)))
            else:
                out.append((at, bool(known)))
        return out

    def _parts(self, start: int, end: int) -> tuple[list[tuple[Decimal, Decimal, Decimal, Decimal, Decimal, bool]], set[int]]:
        parts, known = [], set()
        at = start
        while at < end:
            if at in self.used and at + 60 <= end:
                bar = self.used[at]
                parts.append((bar.open, bar.high, bar.low, bar.close, bar.volume, bool(bar.volume)))
                known.update(range(at, at + 60))
                at += 60
                continue
            if at in self.observed:
                known.add(at)
            if at in self.by_second:
                rows = sorted(self.by_second[at], key=lambda t: t.at_ns)
                prices = [t.price for t in rows]
                parts.append((prices[0], max(prices), min(prices), prices[-1], sum(t.qty for t in rows), True))
            at += 1
        return parts, known

    def _price_at(self, moment: int) -> Decimal | None:
        """Walk back to the last price, as long as every second on the way is known."""
        at = moment
        while at not in self.prices:
            if at - 60 in self.used:
                self.prices[at] = self.used[at - 60].close
            elif at - 1 in self.by_second:
                self.prices[at] = max(reversed(self.by_second[at - 1]), key=lambda t: t.at_ns).price
            elif at - 1 in self.observed:
                at -= 1
            else:
                self.prices[at] = None
        self.prices[moment] = self.prices[at]
        return self.prices[at]


def shown(found: Bars, interval: int) -> list[tuple[object, ...]]:
    """Return what the store answered in the oracle's form: gaps interval by interval."""
    out: list[tuple[object, ...]] = []
    for item in found:
        if isinstance(item, Gap):
            out += [(at, item.observed) for at in range(item.start_s, item.end_s, interval)]
        else:
            out.append((item.start_s, *item[2:7], item.known_s))
    return out


@settings(max_examples=120, deadline=None)
@given(trades, spans, intervals, st.integers(1, 5), st.integers(0, SPAN_S - 1))
def test_any_interval_equals_the_trades_added_up_by_hand(
    arrived: list[Trade], observed: list[tuple[int, int]], interval: int, batches: int, offset: int
) -> None:
    store = CandleStore(None, ManualClock((T0 + 10 * SPAN_S) * NS))
    assert store.open()
    fill(store, arrived, observed, batches)
    oracle = Oracle(arrived, {second for a, b in observed for second in range(a, b)}, {})
    start, end = T0 + offset - (T0 + offset) % interval, T0 + SPAN_S
    end += -end % interval
    got = store.bars(BTC, interval, start, end, now_s=end + 86_400)
    expected = oracle.bars(interval, T0 - T0 % interval - interval, end)
    assert shown(got, interval) == [row for row in expected if row[0] >= start]
    assert all(
        item.trades == sum(1 for t in arrived if item.start_s <= t.at_ns // NS < item.end_s) for item in got if type(item) is Bar
    )


@settings(max_examples=120, deadline=None)
@given(
    st.permutations(list(range(12))),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 900), st.integers(1, 9)), min_size=12, max_size=12),
)
def test_the_order_in_which_trades_arrive_changes_nothing(order: list[int], rows: list[tuple[int, int, int]]) -> None:
    distinct = [trade(ms * 12 + index, price, qty) for index, (ms, price, qty) in enumerate(rows)]
    answers = []
    for arrived in (distinct, [distinct[index] for index in order]):
        store = CandleStore(None, ManualClock((T0 + 10 * SPAN_S) * NS))
        assert store.open()
        fill(store, arrived, [(T0, T0 + 60)], 12)
        answers.append([store.bars(BTC, interval, T0, T0 + 60) for interval in (1, 7, 60)])
    assert answers[0] == answers[1]


told_minutes = st.dictionaries(
    st.integers(0, SPAN_S // 60 - 1),
    st.tuples(st.integers(100, 200), st.integers(0, 50), st.integers(0, 50), st.integers(0, 3)),
    max_size=8,
)


@settings(max_examples=120, deadline=None)
@given(trades, spans, told_minutes, intervals, st.booleans())
def test_what_was_observed_stands_and_what_the_venue_told_fills_the_rest(
    arrived: list[Trade],
    observed: list[tuple[int, int]],
    minutes: dict[int, tuple[int, int, int, int]],
    interval: int,
    told_first: bool,
) -> None:
    told = {}
    seconds = {second for a, b in observed for second in range(a, b)}
    for index, (base, up, down, volume) in minutes.items():
        start = T0 + index * 60
        inside = sorted((t for t in arrived if start <= t.at_ns // NS < start + 60), key=lambda t: t.at_ns)
        high, low = (base + up, base - down) if volume or inside else (base, base)
        prices = [Decimal(base) / 10, Decimal(high) / 10, Decimal(low) / 10, Decimal(high) / 10]
        if inside and seconds.issuperset(range(inside[-1].at_ns // NS + 1, start + 60)):
            # A venue tells the same last price as was heard.
            close = inside[-1].price
            prices = [prices[0], max(prices[1], close), min(prices[2], close), close]
        told[start] = Candle(start, 60, *prices, Decimal(volume + (1 if inside else 0)), Decimal(0))
    store = CandleStore(None, ManualClock((T0 + 10 * SPAN_S) * NS))
    assert store.open()
    if told_first:
        assert store.tell(BTC, 60, list(told.values()))
    fill(store, arrived, observed, 3)
    if not told_first:
        assert store.tell(BTC, 60, list(told.values()))
    oracle = Oracle(arrived, {second for a, b in observed for second in range(a, b)}, told)
    start = T0 - T0 % interval
    end = T0 + SPAN_S + -(T0 + SPAN_S) % interval
    got = store.bars(BTC, interval, start, end, now_s=end + 86_400)
    assert shown(got, interval) == oracle.bars(interval, start, end)
