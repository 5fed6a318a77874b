"""The plan of the screen holds at every size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trader.ui.layout import MIN_HEIGHT, MIN_WIDTH, Rect, Slot, plan

SIZES = st.tuples(st.integers(1, 260), st.integers(1, 90))
ZOOMABLE = [None, Slot.BOOK, Slot.POSITIONS, Slot.PNL]


@given(SIZES, st.sampled_from(ZOOMABLE))
def test_panes_stay_inside_and_apart(size: tuple[int, int], zoomed: Slot | None) -> None:
    width, height = size
    taken: set[tuple[int, int]] = set()
    for slot, (x, y, w, h) in plan(width, height, zoomed).slots.items():
        assert w > 0, slot
        assert h > 0, slot
        assert x >= 0, slot
        assert y >= 0, slot
        assert x + w <= width, slot
        assert y + h <= height, slot
        cells = {(cx, cy) for cx in range(x, x + w) for cy in range(y, y + h)}
        assert not taken & cells, slot
        taken |= cells


@given(SIZES)
def test_small_terminals_show_positions_but_do_not_trade(size: tuple[int, int]) -> None:
    width, height = size
    result = plan(width, height)
    assert result.tradable == (width >= MIN_WIDTH and height >= MIN_HEIGHT)
    if not result.tradable:
        assert Slot.TICKET not in result.slots
        assert (Slot.POSITIONS in result.slots) == (height >= 5)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_every_pane_is_shown_at_the_designed_sizes(size: tuple[int, int]) -> None:
    assert set(plan(*size).slots) == set(Slot)


def test_ticket_never_gives_way() -> None:
    assert plan(80, 24).slots[Slot.TICKET] == Rect(0, 18, 80, 4)


def test_zoom_gives_one_pane_the_middle() -> None:
    slots = plan(120, 40, Slot.BOOK).slots
    assert slots[Slot.BOOK] == Rect(0, 2, 120, 32)
    assert Slot.ORDERS not in slots
