"""The matching book alone: whose turn it is, and what the public would see."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trader.core.types import Side
from tui_trader.sim.engine import MatchingBook, Resting

BUY, SELL = Side.BUY, Side.SELL


def rest(book: MatchingBook, side: Side, ticks: int, lots: int, account: str = "a") -> Resting:
    resting = Resting(account, side, ticks, lots)
    book.add(resting)
    return resting


def test_better_price_first_then_older_first() -> None:
    book = MatchingBook()
    late = rest(book, BUY, 100, 1)
    better = rest(book, BUY, 101, 1)
    later = rest(book, BUY, 100, 1)
    assert list(book.walk(BUY)) == [better, late, later]
    book.remove(better)
    assert book.head(BUY) is late


def test_asks_are_served_from_the_lowest() -> None:
    book = MatchingBook()
    rest(book, SELL, 105, 1)
    low = rest(book, SELL, 103, 1)
    assert book.head(SELL) is low
    assert book.depth(SELL) == [(103, 1), (105, 1)]


def test_reducing_keeps_the_place_and_adding_anew_loses_it() -> None:
    book = MatchingBook()
    first = rest(book, BUY, 100, 5)
    second = rest(book, BUY, 100, 5)
    book.reduce(first, 3)
    assert book.head(BUY) is first
    assert book.lots_at(BUY, 100) == 7
    book.remove(first)
    book.add(first)
    assert book.head(BUY) is second


def test_reducing_to_nothing_leaves_the_book() -> None:
    book = MatchingBook()
    only = rest(book, SELL, 100, 5)
    book.reduce(only, 5)
    assert only.lots == 0
    assert not only.priority
    assert book.best(SELL) is None


def test_a_crossing_order_may_not_rest() -> None:
    book = MatchingBook()
    rest(book, SELL, 100, 1)
    assert book.crosses(BUY, 100)
    assert not book.crosses(BUY, 99)
    with pytest.raises(ValueError, match="would cross"):
        book.add(Resting("b", BUY, 100, 1))


def test_an_order_cannot_rest_twice_or_give_more_than_it_has() -> None:
    book = MatchingBook()
    order = rest(book, BUY, 100, 2)
    with pytest.raises(ValueError, match="already"):
        book.add(order)
    with pytest.raises(ValueError, match="cannot take"):
        book.reduce(order, 3)


def test_collect_tells_each_touched_price_once_with_its_total_now() -> None:
    book = MatchingBook()
    gone = rest(book, BUY, 100, 2)
    rest(book, BUY, 99, 2)
    rest(book, BUY, 99, 3)
    rest(book, SELL, 101, 1)
    book.remove(gone)
    assert book.collect() == ([(100, 0), (99, 5)], [(101, 1)])
    assert book.collect() == ([], [])


def test_depth_is_cut_from_the_best() -> None:
    book = MatchingBook()
    for ticks in (97, 99, 98):
        rest(book, BUY, ticks, ticks)
    assert book.depth(BUY, 2) == [(99, 99), (98, 98)]
    assert book.depth(BUY, 5) == [(99, 99), (98, 98), (97, 97)]
    assert book.count(BUY) == 3


@given(
    st.lists(
        st.tuples(st.sampled_from(("add", "remove", "reduce")), st.booleans(), st.integers(1, 12), st.integers(1, 9)),
        max_size=60,
    )
)
def test_the_book_agrees_with_a_plain_list(operations: list[tuple[str, bool, int, int]]) -> None:
    book = MatchingBook()
    model: list[Resting] = []
    seen: dict[tuple[Side, int], int] = {}
    for what, is_buy, number, lots in operations:
        if what == "add":
            side = BUY if is_buy else SELL
            ticks = number if is_buy else number + 12
            order = Resting("a", side, ticks, lots)
            book.add(order)
            model.append(order)
        elif model:
            order = model[number % len(model)]
            if what == "reduce" and lots < order.lots:
                book.reduce(order, lots)
            else:
                book.remove(order)
                model.remove(order)
        bids, asks = book.collect()
        seen.update({(BUY, ticks): total for ticks, total in bids})
        seen.update({(SELL, ticks): total for ticks, total in asks})
        for side in (BUY, SELL):
            sign = -1 if side is BUY else 1
            expected = sorted((o for o in model if o.side is side), key=lambda o: (sign * o.ticks, o.priority))
            assert list(book.walk(side)) == expected
            totals: dict[int, int] = {}
            for order in expected:
                totals[order.ticks] = totals.get(order.ticks, 0) + order.lots
            assert book.depth(side) == list(totals.items())
            assert {ticks: total for (s, ticks), total in seen.items() if s is side and total} == totals
