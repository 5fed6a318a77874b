"""Rows of reference prices that are laid up unread end as what merging each of them when it came would have made."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.state.conftest import BTC, ETH
from tui_trader.core.event import TickerChanged, TickerRow
from tui_trader.core.ticker_row import Columns
from tui_trader.state.ticker import Ticker
from tui_trader.state.tickers import Tickers

PLACES = {name: place for place, name in enumerate(TickerChanged._fields)}
SHAPES = [
    Columns([PLACES[name] for name in names])
    for names in (["last", "mark", "index"], ["last", "open_24h"], ["mark"], ["last", "mark", "index"])
]
"""The last one tells the same as the first, and is another."""


def row(at_ns: int, shape: int, value: int, iid: object = BTC) -> TickerRow:
    columns = SHAPES[shape]
    return TickerRow(iid, at_ns, [str(value + place) for place in range(len(columns.targets))], columns)  # type: ignore[arg-type]


def test_a_row_says_what_its_columns_are() -> None:
    assert row(5, 1, 100).changed() == TickerChanged(BTC, 5, last=D(100), open_24h=D(101))
    assert [(c.says_last, c.says_mark, c.says_price) for c in SHAPES[:3]] == [
        (True, True, True),
        (True, False, True),
        (False, True, True),
    ]
    assert not Columns([PLACES["funding_rate"]]).says_price


def test_a_row_that_was_replaced_is_never_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    changed = TickerRow.changed
    monkeypatch.setattr(TickerRow, "changed", lambda self: (read.append(self.at_ns), changed(self))[1])
    tickers = Tickers()
    for at_ns in range(1, 9):
        tickers.lay_up(row(at_ns, 0, at_ns))
    assert (tickers.of(BTC).last, tickers.of(BTC).at_ns, read) == (8, 8, [8])


def test_a_row_of_other_columns_leaves_what_it_does_not_tell() -> None:
    tickers = Tickers()
    tickers.lay_up(row(1, 0, 10))
    tickers.lay_up(row(2, 1, 20))
    assert (tickers.of(BTC).last, tickers.of(BTC).mark, tickers.of(BTC).open_24h) == (20, 11, 21)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["row", "row", "row", "event", "look", "all"]),
            st.sampled_from([BTC, ETH]),
            st.integers(0, 5),
            st.integers(0, len(SHAPES) - 1),
            st.integers(1, 99),
        ),
        max_size=30,
    )
)
def test_equals_merging_at_once(steps: list[tuple[str, object, int, int, int]]) -> None:
    tickers, eager = Tickers(), dict[object, Ticker]()
    for what, iid, at_ns, shape, value in steps:
        told = row(at_ns, shape, value, iid)
        if what == "look":
            assert tickers.of(iid) == eager.get(iid, Ticker())  # type: ignore[arg-type]
        elif what == "all":
            assert dict(tickers.items()) == eager
        else:
            eager[iid] = eager.get(iid, Ticker()).merge(told.changed())
            tickers.lay_up(told) if what == "row" else tickers.merge(told.changed())
    assert dict(tickers.items()) == eager
    assert tickers.values() == [ticker for _, ticker in tickers.items()]
