"""Lines that are read late or never, over a real pipe."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator

import pytest

from tui_trader.cli.lines import Lines

WAIT_S = 30.0


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(writing)


def test_what_does_not_fit_is_left_out_and_said_where_it_would_have_stood(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    lines = Lines(writing, lambda missing: f"{missing} left out", lambda: None, most=10)
    wide = "x" * 100_000  # more than a pipe holds
    lines.put(wide)
    while lines._waiting.qsize():
        time.sleep(0.001)
    for number in range(15):
        lines.put(str(number))
    with os.fdopen(reading) as file:
        assert [file.readline().strip() for _ in range(11)] == [wide, *map(str, range(10))]
        lines.put("again")
        lines.close(WAIT_S)
        assert [file.readline().strip() for _ in range(2)] == ["5 left out", "again"]


def test_whoever_stops_reading_is_noticed_and_nothing_waits(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    gone = threading.Event()
    lines = Lines(writing, str, gone.set)
    os.close(reading)
    lines.put("unheard")
    assert gone.wait(WAIT_S)
    lines.put("unheard too")
    lines.close(WAIT_S)
    assert lines.closed


def test_an_end_does_not_wait_for_a_reader_that_stands_still(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    lines = Lines(writing, str, lambda: None, most=2)
    for _ in range(4):
        lines.put("x" * 100_000)
    lines.close(0.05)
    assert not lines.closed
    os.close(reading)  # lets the thread go
