"""A ladder that draws again only what changed shows what one that draws everything shows, whatever happened in between."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ui.panes.conftest import BTC, INSTRUMENTS, World
from tui_trader.core.book import Book
from tui_trader.core.types import LinkState, Side
from tui_trader.ui.panes.ladder import LadderView
from tui_trader.ui.panes.ladder_laid import Laid
from tui_trader.ui.panes.ladder_sizes import Sizes
from tui_trader.ui.panes.spans import Row
from tui_trader.ui.panes.tape import TapeView

_SIZES = st.sampled_from(("0", "0.21", "2.31", "88.123", "1234.5", "0.001"))
_BIDS = st.sampled_from(("67412", "67411.5", "67411", "67410", "67400"))
_ASKS = st.sampled_from(("67413", "67413.5", "67414", "67416", "67420"))
_SIDES = st.sampled_from((Side.BUY, Side.SELL))
_STEPS = st.one_of(
    st.tuples(st.just("bid"), _BIDS, _SIZES),
    st.tuples(st.just("ask"), _ASKS, _SIZES),
    st.tuples(st.just("trade"), st.sampled_from(("67412", "67412.5", "67413")), _SIDES),
    st.tuples(st.just("order"), _SIDES, _BIDS),
    st.tuples(st.just("leg"), st.sampled_from(("0.5", "0.7")), st.sampled_from(("67411", "67413"))),
    st.tuples(st.just("key"), st.sampled_from(("cursor_up", "cursor_down", "cursor_off", "recentre", "show_next"))),
    st.tuples(st.just("group"), st.sampled_from((-1, 1))),
    st.tuples(st.just("wait"), st.sampled_from((0.1, 5.0))),
    st.tuples(st.just("links"), st.sampled_from((LinkState.LIVE, LinkState.DOWN))),
    st.tuples(st.just("again")),
)


def _take(world: World, view: LadderView, step: tuple[Any, ...]) -> None:
    match step:
        case "bid", price, size:
            world.delta(bids=[(price, size)])
        case "ask", price, size:
            world.delta(asks=[(price, size)])
        case "trade", price, side:
            world.trade(price, "0.3", side)
        case "order", side, price:
            world.order(side, price=price)
        case "leg", qty, entry:
            world.position(qty=qty, entry=entry)
        case "key", key:
            getattr(view, key)()
        case "group", by:
            view.group(by)
        case "wait", seconds:
            world.clock.advance(seconds)
        case "links", state:
            world.links(state)
        case _:
            world.usual_book()


@pytest.mark.parametrize("width", [31, 38, 48])
@settings(max_examples=40, deadline=None)
@given(steps=st.lists(_STEPS, max_size=25))
def test_rows_of_the_last_time_are_those_that_would_be_drawn(width: int, steps: list[tuple[Any, ...]]) -> None:
    world = World().trading()
    view = LadderView(world.store, world.clock, BTC)
    view.body(width, 20)
    for step in steps:
        _take(world, view, step)
        shown = view.body(width, 20)
        view._laid, view._ours, view._last_rows = Laid(), None, None
        view._sizes.forget()
        assert view.body(width, 20) == shown


@settings(max_examples=60, deadline=None)
@given(counts=st.lists(st.integers(0, 12), max_size=12), height=st.integers(1, 9), equal=st.booleans())
def test_a_tape_that_moved_down_is_the_tape(counts: list[int], height: int, equal: bool) -> None:
    world = World().trading()
    view = TapeView(world.store, world.clock, BTC)
    view.body(48, height)
    number = 0
    for count in counts:
        for _ in range(count):
            number += 1
            world.trade("67412.5" if equal else str(67_000 + number), "0.3")
        fresh: list[Row] = TapeView(world.store, world.clock, BTC).body(48, height)
        assert view.body(48, height) == fresh


@pytest.mark.parametrize("lot", ["0.001", "1", "0.1", "0.00001"])
@settings(max_examples=200)
@given(
    whole=st.sampled_from(("0", "00", "1", "12", "999", "1000", "007", "", "1_0", "٣")),
    rest=st.sampled_from(("", ".", ".0", ".000", ".120", ".5", ".12345", ".1e2")),
    width=st.integers(1, 12),
)
def test_a_size_is_written_as_it_was_told_only_where_it_would_be_written_so(lot: str, whole: str, rest: str, width: int) -> None:
    sizes, book = Sizes(), Book(replace(INSTRUMENTS[0], lot=D(lot)))
    sizes._width = width
    told = sizes._as_told(book, whole + rest)
    assert not told or told == sizes._written(book, D(told))
