"""A recording from the shell: the books it ends with, and what is wrong with a file or a speed."""

from __future__ import annotations

import json
from decimal import Decimal as D
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Shell
from tui_trader.cli.main import main

PAYLOADS = ROOT / "tests" / "venues" / "phemex" / "payloads"
RECORDING = PAYLOADS / "ws_orderbook_trades_2021.jsonl"


def test_the_books_of_a_recording_are_reproduced(shell: Shell) -> None:
    ran = shell("replay", str(RECORDING), "--json")
    assert (ran.code, ran.err) == (0, "")
    expected = json.loads((PAYLOADS / "expected_books_2021.json").read_text())
    books = ran.json["books"]
    assert set(books) == set(expected)
    compared = 0
    for symbol, points in expected.items():
        book = books[symbol]
        for point in points:
            if point["after_book_message_n"] == book["messages"]:
                compared += 1
                for side in ("bids", "asks"):
                    scales = (book["price_scale"], book["size_scale"])
                    shown = [[int(D(cell).scaleb(scale)) for cell, scale in zip(row, scales, strict=True)] for row in book[side]]
                    assert shown == point[side], (symbol, side)
    assert compared >= 1
    assert ran.json["unreadable"] == 0


def test_people_get_a_line_a_symbol(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(RECORDING)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert all("live" in line for line in lines[:-1])
    assert lines[-1].endswith("0 ignored, 0 unreadable")


def test_a_recording_may_come_through_a_pipe(shell: Shell) -> None:
    lines = RECORDING.read_text().splitlines(keepends=True)[:40]
    ran = shell("replay", "-", "--json", "--depth", "1", stdin="".join(lines) + "nonsense\n")
    assert ran.code == 0
    assert ran.json["unreadable"] == 1
    assert all(len(book["bids"]) <= 1 for book in ran.json["books"].values())


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "nan", "inf"])
def test_a_speed_is_a_number_above_zero(speed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(RECORDING), f"--speed={speed}"]) == 2
    assert "give a number above 0, or max" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(tmp_path / "gone.jsonl")]) == 2
    assert "gone.jsonl: No such file" in capsys.readouterr().err
