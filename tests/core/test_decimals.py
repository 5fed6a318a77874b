"""Numbers enter exactly or not at all."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trader.core.decimals import (
    ceil_to,
    divide,
    down_to,
    floor_to,
    from_scaled,
    from_user,
    from_wire,
    is_multiple,
    nearest_to,
    places,
    plain,
)
from tui_trader.core.error import WireError

values = st.decimals(min_value="-1000000", max_value="1000000", places=8)
steps = st.sampled_from([Decimal(text) for text in ("0.1", "0.5", "0.0001", "1", "25", "0.00000001")])


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("1.50", "1.50"),
        ("-0.1", "-0.1"),
        ("+3", "3"),
        ("1e-8", "0.00000001"),
        ("9.75E+4", "97500"),
        (".5", "0.5"),
        ("5.", "5"),
        (7, "7"),
        (Decimal("0.1"), "0.1"),
    ],
)
def test_from_wire_is_exact(raw: object, value: str) -> None:
    assert from_wire(raw) == Decimal(value)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        " 1",
        "1 ",
        "1\n",
        "NaN",
        "Infinity",
        "1_000",
        "1,000",
        "0x10",
        "１",
        "--1",
        "1e9999",
        "1" * 65,
        1.5,
        True,
        None,
        [],
        b"1",
    ],
)
def test_from_wire_refuses(raw: object) -> None:
    with pytest.raises(WireError):
        from_wire(raw)


@pytest.mark.parametrize("raw", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_from_wire_refuses_decimals_that_are_not_finite(raw: str) -> None:
    with pytest.raises(WireError):
        from_wire(Decimal(raw))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("0.0", "0"),
        ("-1", "-1"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1_000", "1000"),
        ("1,000", "1000"),
        ("12,345,678.25", "12345678.25"),
        ("9" * 40, "9" * 40),
        ("0." + "0" * 29 + "1", "1e-30"),
    ],
)
def test_from_user_reads_plain_numbers(text: str, value: str) -> None:
    assert from_user(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "+5", "NaN", "sNaN", "Infinity", "-inf", "1e5", "1E-30", "1e999999999", "1.000,5", "1,5", "1,00", "10,00",
        "1,0000", ",100", "1,,000", "1.5.2", "0x10", "１２３", "٣", "1.5\n", " 1.5 ", "1.5%", "$5", "1__0", "_1", "1_", "9" * 65,
        "-", ".", "1,000,5",
    ],
)  # fmt: skip
def test_from_user_refuses_everything_else(text: str) -> None:
    assert from_user(text) is None


@given(values, steps)
def test_rounding_lands_on_the_grid_on_its_own_side(value: Decimal, step: Decimal) -> None:
    low, high, near, down = floor_to(value, step), ceil_to(value, step), nearest_to(value, step), down_to(value, step)
    assert all(is_multiple(rounded, step) for rounded in (low, high, near, down))
    assert low <= value <= high
    assert high - low in (0, step)
    assert abs(near - value) * 2 <= step
    assert abs(down) <= abs(value)
    assert down == (low if value >= 0 else high)


@given(values, steps)
def test_is_multiple_agrees_with_fractions(value: Decimal, step: Decimal) -> None:
    assert is_multiple(value, step) == ((Fraction(value) / Fraction(step)).denominator == 1)


@given(values)
def test_plain_reads_back(value: Decimal) -> None:
    text = plain(value)
    assert Decimal(text) == value
    assert "E" not in text
    assert not (text.endswith("0") and "." in text)
    assert text != "-0"


@pytest.mark.parametrize(
    ("value", "text"),
    [("0.0100", "0.01"), ("1E+3", "1000"), ("-0.0", "0"), ("0E-8", "0"), ("1e-8", "0.00000001"), ("100", "100")],
)
def test_plain(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


@given(st.integers(-(10**18), 10**18), st.integers(0, 12))
def test_from_scaled_is_exact(raw: int, scale: int) -> None:
    assert Fraction(from_scaled(raw, scale)) == Fraction(raw, 10**scale)


@pytest.mark.parametrize(("step", "count"), [("0.1", 1), ("0.50", 1), ("1", 0), ("10", 0), ("0.0001", 4), ("1E-8", 8)])
def test_places(step: str, count: int) -> None:
    assert places(Decimal(step)) == count


def test_divide_keeps_fifty_digits() -> None:
    assert divide(Decimal(1), Decimal(3)) == Decimal("0." + "3" * 50)
