"""Numbers to text: exact, width-stable, never a zero that is not one."""

from __future__ import annotations

from decimal import ROUND_HALF_UP
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trader.core.clock import NS
from tui_trader.core.decimals import from_user
from tui_trader.ui import format as f

money = st.decimals(min_value=D("-1e12"), max_value=D("1e12"), allow_nan=False, allow_infinity=False, places=8)
MS = NS // 1_000


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        ("67412.5", 1, "67,412.5"),
        ("0", 2, "0.00"),
        ("-0.004", 2, "0.00"),
        ("0.125", 2, "0.13"),
        ("-0.125", 2, "-0.13"),
        ("1234567", 0, "1,234,567"),
        ("1E+3", 1, "1,000.0"),
        ("9E+999", 2, "9.000E+999"),
    ],
)
def test_number(value: str, places: int, text: str) -> None:
    assert f.number(D(value), places) == text


@given(money, st.integers(0, 8))
def test_number_reads_back_as_the_rounded_value(value: D, places: int) -> None:
    assert from_user(f.number(value, places)) == value.quantize(D(1).scaleb(-places), rounding=ROUND_HALF_UP)


@given(money)
def test_every_gain_has_a_plus_and_every_loss_a_minus(value: D) -> None:
    text = f.money(value, "USDT", signed=True)
    shown = from_user(text.lstrip("+"))
    assert shown is not None
    assert text[0] == ("+" if shown > 0 else "-" if shown < 0 else "0")


@given(money, st.integers(1, 16), st.integers(0, 5))
def test_fitted_keeps_the_width_and_never_shows_zero_for_something(value: D, width: int, places: int) -> None:
    value = abs(value)
    text = f.fitted(value, places, width)
    assert len(text) <= width
    if len(f.number(value, places)) > width and value:
        assert text == f.ELLIPSIS or any(char in "123456789" for char in text)


@pytest.mark.parametrize(
    ("value", "width", "text"),
    [
        ("21812", 5, "21.8k"),
        ("85400", 5, "85.4k"),
        ("999999", 6, "1,000k"),
        ("999999", 5, "1.00M"),
        ("1234567", 6, "1.235M"),
        ("0.4", 1, "…"),
        ("0", 4, "0.00"),
        ("123456", 3, "…"),
        ("1.9E12", 6, "1.900T"),
    ],
)
def test_compact(value: str, width: int, text: str) -> None:
    assert f.compact(D(value), width) == text


@pytest.mark.parametrize(("value", "text"), [("0.200", ".2"), ("1.25", "1.25"), ("4.000", "4"), ("-0.5", "-.5"), ("0", "0")])
def test_bare(value: str, text: str) -> None:
    assert f.bare(D(value), 3) == text


def test_points_of_a_column_lie_under_each_other() -> None:
    padded = f.on_point(["67,044.0", "171.20", "12", "--"])
    assert padded == ["67,044.0 ", "171.20", "12   ", "--"]
    assert {text.rjust(12).find(".") for text in padded[:2]} == {9}


def test_a_number_is_never_cut() -> None:
    assert f.whole_or("67,412.5", 8) == "67,412.5"
    assert f.whole_or("67,412.5", 7) == "      …"
    assert f.whole_or("67,412.5", 0) == ""


def test_a_stale_value_takes_the_same_cells() -> None:
    assert (f.stale("41.20", True), f.stale("41.20", False)) == ("41.20?", "41.20 ")


def test_what_is_not_known_is_not_zero() -> None:
    assert f.percent(None) == f.optional(None, 2) == f.money(None, "USDT") == "--"


def test_a_coin_says_its_name() -> None:
    assert f.money(D("-0.41"), "SOL", signed=True) == "-0.4100SOL"
    assert f.money(D("184.25"), "USDT", signed=True) == "+184.25"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (8, "8s"), (59, "59s"), (60, "1m"), (720, "12m"), (7_200, "2h"), (172_800, "2d"), (-3, "0s")]
)
def test_age(seconds: int, text: str) -> None:
    assert f.age(seconds * NS) == text


@pytest.mark.parametrize(
    ("ms", "long", "brief", "data"),
    [
        (41, "41ms", "41ms", "<0.1s"),
        (120, "120ms", "0.1s", "0.1s"),
        (2_140, "2.1s", "2.1s", "2.1s"),
        (12_300, "12.3s", "12s", "12.3s"),
        (180_000, "3m", "3m", "3m"),
    ],
)
def test_durations(ms: int, long: str, brief: str, data: str) -> None:
    assert (f.latency(ms * MS), f.brief_latency(ms * MS), f.data_age(ms * MS)) == (long, brief, data)


@given(st.integers(0, 10**15))
def test_a_brief_latency_has_at_most_four_characters(ns: int) -> None:
    assert len(f.brief_latency(min(ns, 99 * 86_400 * NS))) <= 4


def test_countdown() -> None:
    assert f.countdown(8_049 * NS) == "2:14:09"
    assert f.countdown(8_049 * NS, seconds=False) == "2:14"
    assert f.countdown(-5) == "0:00:00"


@pytest.mark.parametrize(("rate", "text"), [(840, "840B/s"), (9_400, "9KB/s"), (1_250_000, "1.2MB/s"), (-1, "0B/s")])
def test_byte_rate(rate: int, text: str) -> None:
    assert f.byte_rate(rate) == text


def test_imbalance() -> None:
    assert f.imbalance(D("20.09"), D("6.24")) == "+53%"
    assert f.imbalance(D(1), D(3)) == "-50%"
    assert f.imbalance(D(0), D(0)) == "--"


def test_prices_are_lined_up_where_that_costs_little() -> None:
    assert f.on_one_point(["67,044.0", "3,512.45"]) == ["67,044.0 ", "3,512.45"]
    assert f.on_one_point(["67,044.0", "0.0065005"]) == ["67,044.0", "0.0065005"]
    assert f.on_one_point([]) == []
