"""Nothing of wire origin steers the terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trader.core.sanitise import MAX_CELLS, REPLACEMENT, is_symbol, sanitise

BANNED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
anything = st.text(alphabet=st.characters(exclude_categories=())) | st.text(
    alphabet=st.sampled_from("\x1b[]0;\x07\x9b\x00\r\n\t\x7f\u202e\u2066\u200b\ufeff\u2028\ud800界e\u0301😀 a"), max_size=200
)


def _cells(text: str) -> int:
    return sum(
        0 if unicodedata.category(char) in ("Mn", "Me") else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


@given(anything, st.integers(1, 80))
def test_no_control_or_format_character_survives_and_the_width_holds(text: str, limit: int) -> None:
    clean = sanitise(text, limit)
    assert not [char for char in clean if unicodedata.category(char) in BANNED]
    assert _cells(clean) <= limit


@given(anything)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = sanitise(text)
    assert sanitise(once) == once


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=MAX_CELLS))
def test_plain_text_passes(text: str) -> None:
    assert sanitise(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[31mred", "\x1b]52;c;aGk=\x07", "\x1b]0;title\x07", "\x1b]8;;http://x\x07",
        "\x1b[6n", "\x1bPq\x1b\\", "\x9b31m", "a\x00b",
        "a\rb", "a\nb", "a\tb", "a\x08b", "a\x7fb", "a\u202eb", "a\u2066b\u2069", "a\u200bb", "\ufeffa", "a\u2028b", "a\ud800b",
    ],
)  # fmt: skip
def test_hostile_strings_show_a_replacement(text: str) -> None:
    assert REPLACEMENT in sanitise(text)


def test_length_is_cut_with_an_ellipsis() -> None:
    assert sanitise("x" * 10_000) == "x" * (MAX_CELLS - 1) + "…"
    assert _cells(sanitise("界" * 100)) <= MAX_CELLS


def test_towers_of_marks_are_cut() -> None:
    assert len(sanitise("e" + "\u0316" * 50)) <= 3


@pytest.mark.parametrize("text", ["BTCUSDT", "uBTCUSD", "BTC-USD-PERP", "a.b_c", "A" * 32])
def test_symbols(text: str) -> None:
    assert is_symbol(text)


@pytest.mark.parametrize("text", ["", "A" * 33, "BTC USDT", "BTC/USDT", "ВTC", "BTC\n", "[red]", "１"])
def test_not_symbols(text: str) -> None:
    assert not is_symbol(text)
