"""Notes on trades: kept between sessions, the last word holds, and a damaged line costs itself alone."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

import pytest

from tui_trader.core.clock import DAY_NS
from tui_trader.core.error import CommandError
from tui_trader.desk.exporting import span
from tui_trader.desk.notes import Notes


async def test_notes_and_first_stops_survive(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    notes = Notes(path)
    assert notes.set("BTCUSDT:x1", "  chased \n the breakout\x1b[2J ") == "chased the breakout\N{REPLACEMENT CHARACTER}[2J"
    notes.set("BTCUSDT:x2", "good")
    notes.set("BTCUSDT:x2", "better")
    notes.stop("tt-1", D("66640"))
    notes.stop("tt-1", D("67000"))  # a later move is not the first stop
    await notes.flush()
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open("ab") as file:
        file.write(b'{"trade": 7}\nrubbish\n{"entry": "tt-2", "stop": "NaN"}\n[1]\n')
    later = Notes(path)
    assert later.of("BTCUSDT:x1").startswith("chased the breakout")
    assert later.of("BTCUSDT:x2") == "better"
    assert later.stops == {"tt-1": D("66640")}


async def test_what_the_disk_does_not_take_waits(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "missing" / "notes.jsonl")
    notes.set("BTCUSDT:x1", "kept")
    await notes.flush()
    (tmp_path / "missing").mkdir()
    await notes.flush()
    assert Notes(tmp_path / "missing" / "notes.jsonl").of("BTCUSDT:x1") == "kept"


@pytest.mark.parametrize(
    ("text", "ago", "days"),
    [("today", 0, 1), ("yesterday", 1, 1), ("week", 6, 7), ("7d", 6, 7), ("month", 29, 30), ("2023-11-14", 1, 1)],
)
def test_spans_are_whole_utc_days(text: str, ago: int, days: int) -> None:
    now = 1_700_057_531 * 10**9  # 2023-11-15 14:12:11
    midnight = now // DAY_NS * DAY_NS
    assert span(text, now) == (midnight - ago * DAY_NS, midnight - (ago - days) * DAY_NS)


@pytest.mark.parametrize("text", ["tomorrow", "0d", "2023-02-30", "99999d", ""])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match="no span of time"):
        span(text, 0)
