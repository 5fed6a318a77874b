"""Sizes that are proven all at once: the same books and the same complaints as one by one."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tui_trader.core import levels
from tui_trader.core.levels import GARBLED, fold

PLAIN = ["0", "1", "2.50", "0.004", "10", "100", "00", "0.0", "0.000", "5.", ".5", ".0", "9" * 29, "0" * 29]
ODD = [
    "9" * 30,
    "9" * 31,
    "0" * 31,
    "1e3",
    "+2",
    "-0",
    "0e1",
    "-1",
    "",
    ".",
    "..",
    "1.2.3",
    "1,2",
    ",",
    "1,",
    " 1",
    "1_0",
    "１",
    "٣",
    "NaN",
    "\ud800",
]
VALUES: list[Any] = [7, 0, -1, True, 1.5, None, b"1"]
SIZES = st.one_of(*[st.sampled_from(PLAIN)] * 6, st.sampled_from(ODD), st.sampled_from(VALUES))


def outcome(news: dict[int, Any], held: dict[int, Any]) -> tuple[str, dict[int, Any]]:
    """Return what folding complains of, empty for nothing, and what is held then."""
    held = dict(held)
    try:
        fold(dict(news), held)
    except GARBLED as error:
        return type(error).__name__, held
    return "", held


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.integers(1, 12), SIZES, min_size=1), st.dictionaries(st.integers(1, 12), st.just("3")))
@example({1: "1", 2: "1,2"}, {})
@example({1: "1,2"}, {})
@example({1: "", 2: "1"}, {})
@example({1: "1", 2: "."}, {})
@example({1: "0.00", 2: "10"}, {1: "3"})
def test_all_at_once_is_as_one_by_one(news: dict[int, Any], held: dict[int, Any]) -> None:
    at_once = outcome(news, held)
    together, levels._plainly_joined = levels._plainly_joined, lambda sizes: b""
    try:
        assert at_once == outcome(news, held)
    finally:
        levels._plainly_joined = together


def test_plain_sizes_are_indeed_proven_at_once() -> None:
    assert levels._plainly_joined(["1", "0", "2.50", ".5"]) == b"1,0,2.50,.5"
