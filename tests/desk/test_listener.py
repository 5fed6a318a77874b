"""Trades counted into seconds once each, and which seconds were heard whole."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tui_trader.core.clock import NS
from tui_trader.core.tape import Trade
from tui_trader.core.types import Side
from tui_trader.desk.listener import LATE_NS, Listener

T0 = 1_700_000_000


def trade(second: float, price: int = 100, qty: int = 1) -> Trade:
    return Trade(T0 * NS + round(second * 1000) * 1_000_000, Side.BUY, Decimal(price), Decimal(qty))


def now(second: float) -> int:
    return round((T0 + second) * NS)


def counted(listener: Listener) -> int:
    return sum(second.trades for second in listener.pending())


def spans(listener: Listener) -> list[tuple[int, int]]:
    return [(a - T0, b - T0) for a, b in listener.take()[1]]


def test_a_snapshot_is_known_from_the_second_after_its_oldest_trade() -> None:
    listener = Listener()
    listener.snapshot([trade(1.2), trade(1.5), trade(4)], now(6))
    listener.confirm(T0 + 6)
    assert counted(listener) == 3
    assert spans(listener) == [(2, 6)]


def test_equal_rows_of_one_message_are_distinct_trades_and_a_snapshot_of_them_is_none_again() -> None:
    listener = Listener()
    rows = [trade(1), trade(1), trade(2)]
    listener.snapshot(rows, now(3))
    listener.printed([trade(3), trade(3)], now(3))
    listener.snapshot([*rows, trade(3), trade(3), trade(3)], now(4))
    assert counted(listener) == 6


def test_a_snapshot_that_reaches_back_to_a_known_trade_closes_the_break() -> None:
    listener = Listener()
    listener.snapshot([trade(1), trade(2)], now(3))
    listener.confirm(T0 + 5)
    listener.lost()
    listener.confirm(T0 + 8)  # nobody listens
    listener.snapshot([trade(2), trade(6), trade(9)], now(10))
    listener.confirm(T0 + 11)
    assert counted(listener) == 4
    assert spans(listener) == [(2, 5), (5, 11)]


def test_a_snapshot_that_does_not_reach_back_leaves_a_gap() -> None:
    listener = Listener()
    listener.snapshot([trade(1), trade(2)], now(3))
    listener.confirm(T0 + 5)
    listener.lost()
    listener.snapshot([trade(8.5), trade(9)], now(10))
    listener.confirm(T0 + 11)
    assert spans(listener) == [(2, 5), (9, 11)]


def test_after_a_restart_nothing_is_counted_again_that_the_file_has() -> None:
    listener = Listener(now(5.5), (T0 + 2, T0 + 6))
    listener.snapshot([trade(4), trade(5.5), trade(7)], now(9))
    listener.confirm(T0 + 9)
    seconds, observed = listener.take()
    assert [(one.start_s - T0, one.trades) for one in seconds] == [(7, 1)]
    assert observed == [(T0 + 6, T0 + 9)]


def test_a_late_trade_counts_in_its_own_second_and_one_far_too_late_does_not() -> None:
    listener = Listener()
    listener.snapshot([trade(100)], now(100))
    listener.printed([trade(90)], now(101))
    listener.printed([trade(99 - LATE_NS / NS)], now(101))
    listener.printed([trade(500)], now(101))
    assert [one.start_s - T0 for one in listener.pending()] == [90, 100]
    assert listener.set_aside == 2


def test_a_quiet_market_is_heard_from_the_next_second_on() -> None:
    listener = Listener()
    listener.snapshot([], now(3.5))
    listener.confirm(T0 + 6)
    assert spans(listener) == [(4, 6)]


def test_a_venue_without_snapshots_is_heard_from_the_second_after_its_first_trade() -> None:
    listener = Listener()
    listener.printed([trade(3.4)], now(3.5))
    listener.confirm(T0 + 6)
    assert spans(listener) == [(4, 6)]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60_000), st.integers(1, 3)), min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=4),
    st.integers(3, 30),
)
def test_through_any_breaks_every_second_held_for_known_has_exactly_its_trades(
    rows: list[tuple[int, int]], breaks: list[tuple[int, int]], depth: int
) -> None:
    """A market whose venue tells the last ``depth`` trades after every reconnect."""
    market = sorted((trade(ms / 1000, 100 + price) for ms, price in rows), key=lambda one: one.at_ns)
    down = {second for start, size in breaks for second in range(start, start + size)}
    listener, connected = Listener(), False
    known: set[int] = set()
    heard: dict[int, int] = {}
    for second in range(62):
        if second in down:
            if connected:
                listener.lost()
            connected = False
            continue
        fresh = [one for one in market if one.at_ns // NS - T0 == second]
        if not connected:
            past = [one for one in market if one.at_ns // NS - T0 < second]
            listener.snapshot(past[-depth:], now(second))
            connected = True
        if fresh:
            listener.printed(fresh, now(second + 1))
        listener.confirm(T0 + second + 1)
        seconds, observed = listener.take()
        for one in seconds:
            heard[one.start_s - T0] = heard.get(one.start_s - T0, 0) + one.trades
        known.update(at - T0 for a, b in observed for at in range(a, b))
    true: dict[int, int] = {}
    for one in market:
        at = one.at_ns // NS - T0
        true[at] = true.get(at, 0) + 1
    assert {at: heard.get(at, 0) for at in known} == {at: true.get(at, 0) for at in known}
    assert all(count <= true.get(at, 0) for at, count in heard.items())
