"""Typed lines between sessions: private, bounded, without secrets, and never in the way."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tui_trader.storage.line_history import MOST, LineHistory


def test_lines_are_kept_newest_last_and_once(tmp_path: Path) -> None:
    history = LineHistory(tmp_path / "typed-lines")
    for line in ("buy 1 @ bid", "flat all", "buy 1 @ bid"):
        history.add(line)
    again = LineHistory(tmp_path / "typed-lines")
    assert again.lines == ["flat all", "buy 1 @ bid"]
    assert stat.S_IMODE((tmp_path / "typed-lines").stat().st_mode) == 0o600


def test_what_looks_like_a_secret_is_not_kept(tmp_path: Path) -> None:
    history = LineHistory(tmp_path / "typed-lines")
    secret = "Zk3" + "x9Qa" * 10
    history.add(f"note {secret}")
    history.add("note two words")
    assert history.lines == ["note two words"]
    assert secret not in (tmp_path / "typed-lines").read_text()


def test_it_is_bounded_and_searched_backwards(tmp_path: Path) -> None:
    history = LineHistory(None)
    for number in range(MOST + 10):
        history.add(f"buy {number}")
    assert len(history.lines) == MOST
    newest = history.find("BUY 1")
    assert newest is not None
    older = history.find("buy 1", newest)
    assert older is not None
    assert older < newest
    assert history.find("sell") is None


def test_a_file_that_is_not_ours_or_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    path = tmp_path / "typed-lines"
    path.write_bytes(b"limits\n\xff\xfe\x00junk\nconn\n")
    history = LineHistory(path)
    assert history.lines[0] == "limits"
    assert history.lines[-1] == "conn"
    elsewhere = tmp_path / "there"
    elsewhere.write_text("conn\n")
    os.symlink(elsewhere, tmp_path / "link")
    linked = LineHistory(tmp_path / "link")
    assert linked.lines == []
    assert "cannot be read" in linked.problem
    gone = LineHistory(tmp_path / "no" / "where")
    gone.add("flat all")
    assert gone.lines == ["flat all"]
    assert "not kept" in gone.problem
