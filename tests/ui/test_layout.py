"""The plan of the screen holds at every size."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trader.ui.layout import TICKET_ROWS, WIDE_WIDTH, plan
from tui_trader.ui.panelist import markdown
from tui_trader.ui.panes.registry import LEAST
from tui_trader.ui.slot import MIN_HEIGHT, MIN_WIDTH, Rect, Size, Slot

SIZES = st.tuples(st.integers(1, 260), st.integers(1, 90))
ZOOMABLE = [None, Slot.BOOK, Slot.POSITIONS, Slot.PNL]


COMPLETE = {**{slot: Size(24, 4) for slot in Slot}, **LEAST}
"""Every slot there is, also those that no view has been registered for."""


def outlier(width: int, height: int, slots: dict[Slot, Rect], least: dict[Slot, Size]) -> str:
    """Return what is wrong with a plan; empty when nothing is."""
    shown = list(slots.items())
    for at, (slot, (x, y, w, h)) in enumerate(shown):
        if w < 1 or h < 1 or x < 0 or y < 0 or x + w > width or y + h > height:
            return f"{slot} is outside"
        if width >= MIN_WIDTH and height >= MIN_HEIGHT and (w < least[slot].width or h < least[slot].height):
            return f"{slot} has {w}x{h}, less than its least"
        for other, (x2, y2, w2, h2) in shown[:at]:
            if x < x2 + w2 and x2 < x + w and y < y2 + h2 and y2 < y + h:
                return f"{slot} lies over {other}"
    return ""


@pytest.mark.parametrize("least", [LEAST, COMPLETE], ids=["present", "complete"])
def test_every_plan_of_every_size_holds(least: dict[Slot, Size]) -> None:
    for width in range(20, 251):
        for height in range(8, 81):
            found = plan(width, height, least=least)
            assert not outlier(width, height, found.slots, least), (width, height)
            assert found.tradable == (Slot.TICKET in found.slots), (width, height)
            if found.tradable:
                assert found.slots[Slot.TICKET] == Rect(0, height - 6, width, TICKET_ROWS)
                assert {Slot.BOOK, Slot.POSITIONS, Slot.ORDERS, Slot.HEADER, Slot.STATUS, Slot.COMMAND} <= set(found.slots)
                covered = sum(w * h for _, _, w, h in found.slots.values())
                assert covered >= width * height - 3 * height, "a hole"  # a column between panes beside each other


@given(SIZES, st.sampled_from(ZOOMABLE))
def test_panes_stay_inside_and_apart(size: tuple[int, int], zoomed: Slot | None) -> None:
    assert not outlier(*size, plan(*size, zoomed).slots, LEAST)


@given(SIZES)
def test_small_terminals_show_positions_but_do_not_trade(size: tuple[int, int]) -> None:
    width, height = size
    result = plan(width, height)
    assert result.tradable == (width >= MIN_WIDTH and height >= MIN_HEIGHT)
    if not result.tradable:
        assert Slot.TICKET not in result.slots
        assert (Slot.POSITIONS in result.slots) == (height >= 5)
        assert (Slot.ORDERS in result.slots) == (height >= 14 and width >= 40), "what may have to be cancelled is seen"


@pytest.mark.parametrize(
    ("size", "missing"),
    [
        ((80, 24), {Slot.SECOND, Slot.CHART, Slot.WATCH, Slot.JOURNAL, Slot.FUNDING}),
        ((120, 40), {Slot.SECOND, Slot.JOURNAL, Slot.FUNDING}),
        ((200, 60), set()),
    ],
)
def test_every_pane_is_shown_at_the_designed_sizes(size: tuple[int, int], missing: set[Slot]) -> None:
    assert set(plan(*size, least=COMPLETE).slots) == set(Slot) - missing - {
        Slot.ALERTS,
        Slot.BESIDE,
    }  # one is called, one is of several accounts
    assert set(plan(*size).slots) == set(LEAST) - missing - {Slot.ALERTS, Slot.BESIDE}


@given(SIZES)
def test_other_accounts_have_a_line_wherever_the_header_does_not_hold_them(size: tuple[int, int]) -> None:
    width, height = size
    alone, company = plan(width, height), plan(width, height, company=True)
    assert (Slot.BESIDE in company.slots) == (height >= 6 and (width < WIDE_WIDTH or not company.tradable))
    assert Slot.BESIDE not in alone.slots
    assert company.tradable == alone.tradable
    assert Slot.POSITIONS in company.slots or Slot.POSITIONS not in alone.slots or height < 6


def test_chart_watchlist_and_tape_go_first() -> None:
    gone: list[Slot] = []
    for height in range(60, 23, -1):
        gone += sorted(set(plan(90, height + 1, least=COMPLETE).slots) - set(plan(90, height, least=COMPLETE).slots))
    assert gone[:2] == [Slot.CHART, Slot.WATCH]


def test_the_manual_is_the_registry() -> None:
    manual = (Path(__file__).parents[2] / "docs/panes.md").read_text()
    assert manual == markdown(), "run: tui-trader keymap panes --markdown > docs/panes.md"


def test_ticket_never_gives_way() -> None:
    assert plan(80, 24).slots[Slot.TICKET] == Rect(0, 18, 80, 4)


def test_zoom_gives_one_pane_the_middle() -> None:
    slots = plan(120, 40, Slot.BOOK).slots
    assert slots[Slot.BOOK] == Rect(0, 2, 120, 32)
    assert Slot.ORDERS not in slots
