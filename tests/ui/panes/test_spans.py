"""Rows: exact widths, whole parts or none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui_trader.ui.panes.spans import Part, Span, Steady, by_rank, cut, fit, page, part, text_of, width_of, window
from tui_trader.ui.panes.table import Cell, Column, Table

text = st.text(alphabet="ab 1,.…界é", max_size=12)


@given(st.lists(text, max_size=5), st.integers(0, 30))
def test_a_fitted_row_has_exactly_the_cells_asked_for(texts: list[str], width: int) -> None:
    assert width_of(fit([Span(t) for t in texts], width)) == width


@given(text, st.integers(0, 15))
def test_cut_text_has_exactly_the_cells_asked_for(value: str, width: int) -> None:
    assert width_of([Span(cut(value, width))]) == width


def test_what_is_cut_ends_in_an_ellipsis() -> None:
    assert text_of(fit([Span("liquidation", "alarm")], 6)) == "liqui…"
    assert cut("liquidation", 6) == "liqui…"


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 12)), min_size=1, max_size=6), st.integers(0, 40))
def test_parts_are_shown_whole_and_the_important_ones_first(sizes: list[tuple[int, int]], width: int) -> None:
    parts = [part(rank, chr(65 + i) * size) for i, (rank, size) in enumerate(sizes)]
    row = text_of(by_rank(parts, width))
    assert len(row) == width
    shown = [i for i in range(len(parts)) if row.count(chr(65 + i)) == sizes[i][1] > 0]
    cut_off = [i for i in range(len(parts)) if 0 < row.count(chr(65 + i)) < sizes[i][1]]
    assert not cut_off or not shown, "only a line that holds nothing whole may cut its most important part"
    if shown and not cut_off:
        worst = max(sizes[i][0] for i in shown)
        missing = [i for i in range(len(parts)) if sizes[i][1] and i not in shown]
        assert all(sizes[i][0] >= worst for i in missing)


def test_a_part_that_does_not_fit_hides_every_less_important_one() -> None:
    parts = [part(0, "eq"), part(1, "a part too long"), part(2, "x")]
    assert text_of(by_rank(parts, 10)).rstrip() == "eq"


def test_parts_keep_their_order() -> None:
    parts = [part(2, "c"), part(0, "a"), Part(1, (Span("b", "dim"), Span("!", "alarm")))]
    assert text_of(by_rank(parts, 20)).rstrip() == "c  a  b!"


def test_page_fills_the_height() -> None:
    assert [text_of(row) for row in page([(Span("a"),)], 3, 2)] == ["a  ", "   "]
    assert page([(Span("a"),)], 3, 0) == []


def test_steady_text_does_not_shrink() -> None:
    steady = Steady()
    assert [steady("x", t) for t in ("9", "10", "9")] == ["9", "10", "9 "]
    steady.forget()
    assert steady("x", "9") == "9"


@given(st.integers(0, 50), st.integers(1, 10), st.integers(0, 49), st.integers(0, 60))
def test_the_chosen_row_is_in_the_window(count: int, height: int, chosen: int, first: int) -> None:
    if chosen < count:
        start = window(count, height, chosen, first)
        assert start <= chosen < start + height
        assert 0 <= start <= max(0, count - height)


def test_a_window_moves_as_little_as_possible() -> None:
    assert window(20, 5, 7, first=4) == 4
    assert window(20, 5, 9, first=4) == 5
    assert window(20, 5, 2, first=4) == 2


COLUMNS = (Column("id", "id", 2, 0), Column("qty", "qty", 5, 1, right=True), Column("note", "note", 6, 2))


def test_the_least_important_column_disappears_whole() -> None:
    table = Table(COLUMNS)
    record = {"id": Cell("a1"), "qty": Cell("0.500"), "note": Cell("text")}
    table.fit([record], 15)
    assert text_of(table.row(record)) == "a1 0.500 text  "
    table.fit([record], 14)
    assert text_of(table.row(record)) == "a1 0.500      "
    assert not table.shows("note")


def test_a_column_grows_and_stays() -> None:
    table = Table(COLUMNS)
    table.fit([{"qty": Cell("1,234.500")}], 30)
    table.fit([{"qty": Cell("0.5")}], 30)
    assert text_of(table.row({"id": Cell("a1"), "qty": Cell("0.5"), "note": Cell("x")})).rstrip() == "a1       0.5 x"


def test_a_number_too_wide_for_everything_becomes_an_ellipsis() -> None:
    table = Table((Column("qty", "qty", 3, 0, right=True),))
    table.fit([{"qty": Cell("1,234.500")}], 5)
    assert text_of(table.row({"qty": Cell("1,234.500")})) == "    …"
