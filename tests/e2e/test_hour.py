"""The trader's hour, in short: the rows up to the first stop at break-even, and the way out. All of it: ``python -m tests.hour``.

Where ``TUI_TRADER_HOUR=all`` is set, every row is played here too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import Shell
from tests.hour.__main__ import CONFIG
from tests.hour.hour import Hour, key_count
from tests.hour.rows import ROWS, play

EVERYTHING = os.environ.get("TUI_TRADER_HOUR") == "all"

SHORT = (
    "00:00",
    "00:02",
    "00:05",
    "00:07",
    "01:10",
    "01:12",
    "01:13",
    "01:20",
    "02:40",
    "03:05",
    "06:30",
    "09:00",
    "11:21",
    "14:03",
    "14:04",
    "60:00",
)
"""Rows of the default run: each begins where another of these may end."""

MOST_KEYS = {
    ("01:10", "01:12", "01:13"): (5, "a bracket sized and sent"),
    ("06:30",): (4, "the stop to break-even, the focus and Enter included"),
    ("09:00",): (3, "half off"),
    ("14:04",): (2, "flatten everything"),
}


@pytest.fixture
def hour(shell: Shell) -> Iterator[Hour]:
    """An hour that has not begun."""
    one = Hour(shell, CONFIG)
    yield one
    one.end()


@pytest.mark.timeout(420)
def test_the_hour(hour: Hour) -> None:
    rows = [row for row in ROWS if EVERYTHING or row.at in SHORT]
    play(hour, rows)
    assert [seen.at for seen in hour.seen] == [row.at for row in rows]
    assert all(seen.proves for seen in hour.seen)
    keys = {seen.at: seen.keys for seen in hour.seen}
    for rows_of_it, (most, what) in MOST_KEYS.items():
        pressed = [key for at in rows_of_it for key in keys[at] if key != "4"]
        pressed = pressed[-2:] if rows_of_it == ("14:04",) else pressed
        assert key_count(pressed) <= most, (what, pressed)
    # Every order that left was meant to: intents, as the journal has them.
    assert len(hour.shell.intents()) >= 4
