"""Fields of one object: what is not what its name says costs the row, and nothing is guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tui_trader.core.error import WireError
from tui_trader.venues.fields import MAX_ID, Fields


@pytest.mark.parametrize("raw", [None, [], "x", 1, True])
def test_anything_but_an_object_is_refused(raw: object) -> None:
    with pytest.raises(WireError, match="not an object"):
        Fields(raw)


def test_absent_null_and_empty_are_the_same_and_the_first_name_that_is_there_wins() -> None:
    fields = Fields({"a": None, "b": "", "c": 0, "d": "7"})
    assert fields.raw("a", "b", "x") is None
    assert (fields.raw("a", "c", "d"), fields.raw("d", "c")) == (0, "7")
    assert (fields.text("a"), fields.identity("b"), fields.whole("x"), fields.number("b")) == ("", "", 0, None)
    assert (fields.amount("x"), fields.price("c"), fields.price("a")) == (Decimal(0), None, None)


@pytest.mark.parametrize("value", [1, True, ["x"], {}, 1.5])
def test_what_is_no_text_is_no_text(value: object) -> None:
    with pytest.raises(WireError, match="a is not text"):
        Fields({"a": value}).text("a")


@pytest.mark.parametrize("value", ["x" * (MAX_ID + 1), "a\x1b[2J", "a\nb", "\u202eabc"])
def test_an_id_that_could_not_be_shown_or_sent_back_is_none(value: str) -> None:
    with pytest.raises(WireError, match="is not an id"):
        Fields({"a": value}).identity("a")
    assert Fields({"a": "x" * MAX_ID}).identity("a") == "x" * MAX_ID


@pytest.mark.parametrize("value", ["BTC USDT", "<b>", "", None])
def test_a_symbol_is_a_symbol(value: object) -> None:
    with pytest.raises(WireError, match="not a market"):
        Fields({"market": value}).symbol("market")


@pytest.mark.parametrize(("value", "number"), [("1e-8", "1E-8"), (3, "3"), (Decimal("0.10"), "0.10"), ("-2", "-2")])
def test_numbers_are_exact(value: object, number: str) -> None:
    assert Fields({"a": value}).number("a") == Decimal(number)


@pytest.mark.parametrize("value", [1.5, True, "1,5", "0x1", "nan", Decimal("Infinity"), "１"])
def test_what_is_no_number_is_no_number(value: object) -> None:
    with pytest.raises(WireError):
        Fields({"a": value}).number("a")


def test_a_price_is_not_negative() -> None:
    with pytest.raises(WireError, match="a is negative"):
        Fields({"a": "-1"}).price("a")
    assert Fields({"a": "0.00"}).price("a") is None
    assert Fields({"a": "1.50"}).price("a") == Decimal("1.5")


@pytest.mark.parametrize("value", [1.0, True, "-1", "1.0", "1" * 21, 1 << 64, -(1 << 64), "１", [1], Decimal(1)])
def test_what_is_no_whole_number_is_none(value: object) -> None:
    with pytest.raises(WireError, match="a is not a whole number"):
        Fields({"a": value}).whole("a")
    assert (Fields({"a": "20"}).whole("a"), Fields({"a": -5}).whole("a")) == (20, -5)
