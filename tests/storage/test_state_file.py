"""A small document that is whole or absent, whatever happens to it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tui_trader.core.error import JournalError
from tui_trader.storage.state_file import MAX_BYTES, StateFile


def test_what_is_written_is_read_by_another(tmp_path: Path) -> None:
    StateFile(tmp_path / "one.json").write({"state": "halted", "notes": {"a": 1}})
    assert StateFile(tmp_path / "one.json").read() == {"state": "halted", "notes": {"a": 1}}
    assert stat.S_IMODE((tmp_path / "one.json").stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [tmp_path / "one.json"], "nothing half made is left behind"


def test_no_file_is_an_empty_document(tmp_path: Path) -> None:
    assert StateFile(tmp_path / "none.json").read() == {}


def test_a_change_by_another_process_is_noticed(tmp_path: Path) -> None:
    mine, theirs = StateFile(tmp_path / "one.json"), StateFile(tmp_path / "one.json")
    assert not mine.changed()
    theirs.write({"state": "halted"})
    assert mine.changed()
    mine.read()
    assert not mine.changed()
    theirs.write({"state": "halted"})
    assert mine.changed(), "even when it says the same"
    mine.write({})
    assert not mine.changed()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"a":1}' + b" " * MAX_BYTES], ids=lambda c: repr(c[:8]))
def test_damage_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "one.json").write_bytes(content)
    with pytest.raises(JournalError, match="is damaged"):
        StateFile(tmp_path / "one.json").read()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("{}")
    (tmp_path / "one.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalError, match="cannot be read"):
        StateFile(tmp_path / "one.json").read()


def test_a_write_that_fails_leaves_the_old_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = StateFile(tmp_path / "one.json")
    file.write({"n": 1})

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(JournalError, match="No space left"):
        file.write({"n": 2})
    assert StateFile(tmp_path / "one.json").read() == {"n": 1}
    assert list(tmp_path.iterdir()) == [tmp_path / "one.json"]
