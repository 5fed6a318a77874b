"""A cursor on an identity: it stays with what was chosen, and with nothing when that has gone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui_trader.ui.panes.cursor import Cursor


def test_it_stays_with_its_key_wherever_that_moves() -> None:
    cursor: Cursor[str] = Cursor()
    cursor.choose("abc", 1)
    assert cursor.index("bca") == 0


def test_after_its_key_has_gone_it_goes_on_from_the_same_place() -> None:
    cursor: Cursor[str] = Cursor()
    cursor.choose("abc", 1)
    assert cursor.index("ac") is None
    cursor.step("ac", 1)
    assert cursor.key == "c"


def test_it_needs_something_to_stand_on() -> None:
    cursor: Cursor[str] = Cursor()
    cursor.choose("abc", -1)
    assert cursor.key == "c"
    cursor.step("", 1)
    assert cursor.key is None
    cursor.choose("", 0)
    assert cursor.key is None


@given(
    st.lists(st.integers(), unique=True, min_size=1, max_size=20), st.lists(st.integers(-3, 3), max_size=20), st.integers(1, 8)
)
def test_it_is_always_in_the_list_and_in_view(keys: list[int], steps: list[int], height: int) -> None:
    cursor: Cursor[int] = Cursor()
    for step in steps:
        cursor.step(keys, step)
        at = cursor.index(keys)
        assert at is not None
        first = cursor.first_visible(keys, height)
        assert first <= at < first + height
