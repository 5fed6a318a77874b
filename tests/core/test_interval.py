"""Lengths of bars as people write them."""

from __future__ import annotations

import pytest

from tui_trader.core.interval import STEPS, interval_text, read_interval


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1), ("5s", 5), ("90", 90), ("15m", 900), ("4h", 14_400), ("1D", 86_400), ("1d", 86_400), ("600s", 600)],
)
def test_lengths_are_read(text: str, seconds: int) -> None:
    assert read_interval(text) == seconds


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no length"),
        ("five", "no length"),
        ("0s", "too short"),
        ("2D", "too long"),
        ("1.5m", "no length"),
        ("１m", "no length"),
    ],
)
def test_what_is_no_length_is_refused_in_a_sentence(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_interval(text)


def test_every_step_is_written_as_it_is_read() -> None:
    assert [read_interval(interval_text(step)) for step in STEPS] == list(STEPS)
