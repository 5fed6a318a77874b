"""The seeded market: alive, believable, cheap, repeatable, and paid for."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal as D
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_trader.core.clock import NS
from tui_trader.core.types import OrderType, Side
from tui_trader.sim.exchange import STEP_NS, Exchange
from tui_trader.sim.market import MAJORS, PROFILES, SeededFlow
from tui_trader.sim.path import MINUTE_NS, ONE, PricePath, recorded_levels
from tui_trader.sim.products import phemex_instruments, phemex_rows
from tui_trader.sim.types import BookChange, NewOrder, PublicTrade, SimStatus

BUY, SELL = Side.BUY, Side.SELL
START = 1_700_000_000 * NS
BTC = "BTCUSDT"


def market(*symbols: str, seed: int = 1) -> Exchange:
    chosen = symbols or MAJORS
    exchange = Exchange(phemex_instruments(), seed=seed, start_ns=START, flow=SeededFlow(always_on=chosen))
    exchange.open_account("ann", {"USDT": D(100_000)})
    return exchange


def play(exchange: Exchange, seconds: float) -> None:
    for _ in range(round(seconds * NS / STEP_NS)):
        exchange.advance(exchange.now_ns + STEP_NS)


def total(exchange: Exchange) -> D:
    ledger = exchange.ledger
    return sum(
        (
            sum(account.balances.values(), D(0)) + sum((ledger.unrealised(p) for p in account.positions.values()), D(0))
            for account in ledger.accounts.values()
        ),
        D(0),
    )


def order(client_id: str, side: Side, qty: str, price: D | None = None) -> NewOrder:
    return NewOrder(client_id, BTC, side, OrderType.LIMIT if price else OrderType.MARKET, D(qty), price)


@pytest.mark.parametrize("symbol", MAJORS)
def test_a_book_is_deep_uncrossed_and_on_the_grid(symbol: str) -> None:
    exchange = market(symbol)
    instrument = exchange.instruments[symbol]
    near = far = D(0)
    for _ in range(20):
        play(exchange, 1)
        bids, asks = exchange.book(symbol)
        assert len(bids) >= 30 <= len(asks)
        assert bids[0][0] < asks[0][0]
        for levels in (bids, asks):
            assert all(instrument.on_tick(price) and instrument.on_lot(size) and size > 0 for price, size in levels)
            near += sum(size for _, size in levels[:5])
            far += sum(size for _, size in levels[20:25])
    assert far > near


def test_a_trader_sees_a_living_book() -> None:
    exchange = market()
    exchange.drain()
    changes: Counter[str] = Counter()
    trades: Counter[str] = Counter()
    spreads: Counter[str] = Counter()
    seconds = 60
    for _ in range(seconds * 20):
        play(exchange, 0.05)
        for event in exchange.drain():
            if isinstance(event, BookChange):
                changes[event.symbol] += len(event.bids) + len(event.asks)
            elif isinstance(event, PublicTrade):
                trades[event.symbol] += 1
        for symbol in MAJORS:
            bids, asks = exchange.book(symbol, 1)
            spreads[symbol] += asks[0][0] - bids[0][0] <= 3 * exchange.instruments[symbol].tick
    assert 20 <= changes[BTC] / seconds <= 60
    assert 1 <= trades[BTC] / seconds <= 6
    for symbol in MAJORS[1:]:
        assert 5 <= changes[symbol] / seconds <= changes[BTC] / seconds
        assert 0.3 <= trades[symbol] / seconds <= 6
    assert all(count > 0.9 * seconds * 20 for count in spreads.values())


def test_trade_sizes_have_a_heavy_tail() -> None:
    exchange = market(BTC)
    play(exchange, 60)
    sizes = sorted(trade.qty for trade in exchange.trades(BTC, 1000))
    assert sizes[-1] > 20 * sizes[len(sizes) // 2]


def test_books_tell_every_change() -> None:
    exchange = market(BTC)
    bids, asks = exchange.book(BTC)
    shown = {(BUY, price): size for price, size in bids} | {(SELL, price): size for price, size in asks}
    exchange.drain()
    for _ in range(40):
        play(exchange, 0.25)
        for event in exchange.drain():
            if isinstance(event, BookChange):
                shown.update({(BUY, price): size for price, size in event.bids})
                shown.update({(SELL, price): size for price, size in event.asks})
    bids, asks = exchange.book(BTC)
    left = {key: size for key, size in shown.items() if size}
    assert left == {(BUY, price): size for price, size in bids} | {(SELL, price): size for price, size in asks}


def test_a_limit_order_at_the_touch_is_filled_after_a_while() -> None:
    exchange = market(BTC)
    orders = []
    for number in range(6):
        bids, asks = exchange.book(BTC, 1)
        orders.append(exchange.submit("ann", order(f"b{number}", BUY, "0.01", bids[0][0])))
        orders.append(exchange.submit("ann", order(f"s{number}", SELL, "0.01", asks[0][0])))
        assert all(one.status is SimStatus.NEW for one in orders[-2:])
        play(exchange, 20)
    assert sum(one.status is SimStatus.FILLED for one in orders) >= 6


def test_a_market_order_walks_the_book() -> None:
    exchange = market(BTC)
    _, asks = exchange.book(BTC)
    taken = exchange.submit("ann", order("x", BUY, str(sum(size for _, size in asks[:3]))))
    assert taken.status is SimStatus.FILLED
    assert [fill.exec_price for fill in exchange.fills("ann")] == [price for price, _ in asks[:3]]
    play(exchange, 2)
    assert exchange.book(BTC)[1][0][0] - exchange.book(BTC)[0][0][0] < D(1)


def test_nothing_is_created_by_a_running_market() -> None:
    exchange = market()
    for number in range(20):
        exchange.submit("ann", order(f"c{number}", (BUY, SELL)[number % 2], "0.05"))
        play(exchange, 1)
        for symbol in MAJORS:
            exchange.market(symbol).funding_rate = D("0.00012345")
            exchange.market(symbol).next_funding_ns = exchange.now_ns
    assert total(exchange) == 100_000
    for symbol in MAJORS:
        held = [p.qty for account in exchange.accounts.values() for p in account.positions.values() if p.symbol == symbol]
        assert sum(held) == 0


def test_mark_and_index_stay_near_the_book() -> None:
    exchange = market(BTC)
    for _ in range(30):
        play(exchange, 1)
        state = exchange.market(BTC)
        bids, asks = exchange.book(BTC, 1)
        middle = (bids[0][0] + asks[0][0]) / 2
        assert abs(state.mark - middle) < middle / 2000
        assert abs(state.index - middle) < middle / 250
        assert abs(state.funding_rate) <= D("0.003")
        assert state.next_funding_ns > exchange.now_ns


def test_charts_and_tape_have_a_past() -> None:
    exchange = market(BTC)
    bars = exchange.candles(BTC, 60, 1000)
    assert len(bars) >= 999
    for bar in bars:
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
    assert all(after.start_s - before.start_s == 60 for before, after in pairwise(bars))
    assert all(abs(after.open - before.close) < before.close / 200 for before, after in pairwise(bars))
    trades = exchange.trades(BTC, 100)
    assert len(trades) == 100
    assert all(newer.at_ns >= older.at_ns for newer, older in pairwise(trades))
    state = exchange.market(BTC)
    assert state.low_24h < state.last < state.high_24h
    assert state.volume_24h > 0


def test_a_gap_leaves_no_hole_in_the_chart() -> None:
    exchange = market(BTC)
    play(exchange, 1)
    exchange.advance(exchange.now_ns + 600 * NS)
    bars = exchange.candles(BTC, 60, 11)
    assert [after.start_s - before.start_s for before, after in pairwise(bars)] == [60] * 10
    assert all(bar.volume for bar in bars[:-1])
    bids, asks = exchange.book(BTC)
    assert len(bids) >= 30 <= len(asks)


def test_a_minute_that_printed_is_not_written_over() -> None:
    exchange = market(BTC)
    play(exchange, 50)
    minute = exchange.now_ns // NS // 60 * 60
    (before,) = [bar for bar in exchange.candles(BTC, 60, 3) if bar.start_s == minute]
    exchange.advance(exchange.now_ns + 600 * NS)
    (after,) = [bar for bar in exchange.candles(BTC, 60, 20) if bar.start_s == minute]
    assert after == before


def test_a_quiet_symbol_has_prices_and_starts_when_somebody_looks() -> None:
    exchange = market(BTC)
    state = exchange.market("XRPUSDT")
    assert state.mark == D("2.2")
    assert state.volume_24h > 0
    assert exchange.listings["XRPUSDT"].book.best(BUY) is None
    bids, asks = exchange.book("XRPUSDT")
    assert len(bids) >= 30 <= len(asks)


def test_every_listed_contract_can_run() -> None:
    symbols = [instrument.symbol for instrument in phemex_instruments()]
    exchange = market(*symbols)
    play(exchange, 2)
    for symbol in symbols:
        assert symbol in PROFILES
        bids, asks = exchange.book(symbol)
        assert len(bids) >= 30 <= len(asks)
        assert bids[-1][0] > exchange.instruments[symbol].min_price


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 400_000_000), min_size=1, max_size=12), st.integers(0, 3))
def test_it_does_not_matter_how_often_time_is_told(pieces: list[int], seed: int) -> None:
    jumps, steps = market(BTC, seed=seed), market(BTC, seed=seed)
    end = START + sum(pieces)
    jumps.advance(end)
    now = START
    for piece in pieces:
        now += piece
        steps.advance(now)
    assert jumps.now_ns == steps.now_ns == end
    assert jumps.drain() == steps.drain()
    assert jumps.book(BTC) == steps.book(BTC)
    assert jumps.market(BTC) == steps.market(BTC)


def test_the_same_seed_gives_the_same_fills_and_another_seed_others() -> None:
    def run(seed: int) -> str:
        exchange = market(BTC, seed=seed)
        for number in range(10):
            bids, _ = exchange.book(BTC, 1)
            exchange.submit("ann", order(f"c{number}", BUY, "0.01", bids[0][0]))
            exchange.submit("ann", order(f"d{number}", (BUY, SELL)[number % 2], "0.02"))
            play(exchange, 2)
        return exchange.fill_log_hash()

    assert run(1) == run(1) != run(2)


def test_a_path_is_continuous_bounded_and_starts_at_its_level() -> None:
    levels = recorded_levels("XMRUSD", 50)
    start = START - START % MINUTE_NS
    path = PricePath(levels, 960_000, start, 400)
    assert path.millis(start) == 960_000_000
    minutes = [path.millis(start + minute * MINUTE_NS) for minute in range(5_000)]
    assert max(abs(after - before) for before, after in pairwise(minutes)) < 960_000_000 // 100
    assert len(set(minutes)) <= len(levels)
    halfway = path.millis(start + MINUTE_NS // 2)
    assert abs(2 * halfway - minutes[0] - minutes[1]) <= 200


def test_recorded_levels_scale() -> None:
    assert recorded_levels("XMRUSD", 0) == (ONE,) * 1000
    whole, half = recorded_levels("XMRUSD", 100), recorded_levels("XMRUSD", 50)
    assert abs((whole[1] - ONE) - 2 * (half[1] - ONE)) <= 2


def test_products_keep_the_venues_numbers() -> None:
    by_symbol = {instrument.symbol: instrument for instrument in phemex_instruments()}
    btc, pepe = by_symbol[BTC], by_symbol["u1000PEPEUSDT"]
    assert (btc.tick, btc.lot, btc.max_qty, btc.max_leverage, btc.size_unit) == (D("0.1"), D("0.0001"), D(1000), D(100), "BTC")
    assert btc.tiers[1].maintenance_amount == 5_000
    assert (pepe.tick, pepe.lot, pepe.size_unit) == (D("0.0000001"), D(1), "1000 PEPE")
    assert [row["symbol"] for row in phemex_rows()["perpProductsV2"]] == list(by_symbol)
