"""Nothing that a venue writes reaches the terminal as anything but text."""

from __future__ import annotations

import pytest

from tests.bad.row import Row
from tests.bad.strings import ROWS, Screen, first_leak, leak
from tui_trader.ui.cells import CellModel
from tui_trader.ui.pens import DEFAULT, Pens


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_hostile_string(row: Row) -> None:
    screen = Screen()
    for case in row.cases:
        screen.hear(case.text, case.field)
        sent = screen.draw()
        assert not leak(sent), f"{case.text!r} in {case.field}: {leak(sent)!r}"
        assert not leak(screen.text.replace("\n", ""))
        if case.literal and case.field in ("reject reason", "answer"):
            assert case.literal in screen.text, screen.text
        assert all(len(notice.text) <= 200 for notice in screen.world.store.notices)


@pytest.mark.parametrize("seed", range(4))
def test_no_byte_of_random_strings_leaks(seed: int) -> None:
    assert first_leak(seed, 5_000) == ""


def test_a_leak_would_be_found() -> None:
    model = CellModel(20, 1, Pens())
    model.put(0, 0, "fine", DEFAULT)
    sent = model.difference()
    assert not leak(sent)
    for hostile in ("\x1b[5n", "\x1b]52;c;x\x07", "\x9b5n", "\n", "\x00", "\u202e", "\u200b", "\x7f", "\x1b[2J"):
        assert leak(sent + hostile), hostile
