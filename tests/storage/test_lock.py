"""One writer: who holds the file is named, and a file system without locks is not taken for a second terminal."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tui_trader.core.clock import ManualClock
from tui_trader.core.error import JournalError
from tui_trader.storage.journal import HeldError, Journal

HOLDER = """
import sys
from pathlib import Path
from tui_trader.core.clock import ManualClock
from tui_trader.storage.journal import Journal
journal = Journal(Path(sys.argv[1]), ManualClock())
journal.append("intent", {"id": "tt-1"})
print("held", flush=True)
sys.stdin.read()
"""


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_process_is_told_who_holds_it_and_killing_that_one_frees_it(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    with holder(path) as process:
        before = path.read_bytes()
        with pytest.raises(HeldError, match=rf"another tui-trader \(process {process.pid}, since 2023-11-14T22:13:20.000Z\)"):
            Journal(path, ManualClock())
        assert path.read_bytes() == before
        process.send_signal(signal.SIGKILL)
    assert (tmp_path / "j.owner").exists(), "a stale owner file is what kill -9 leaves"
    journal = Journal(path, ManualClock())
    assert (journal.failure, len(journal)) == ("", 1)
    journal.close()


def test_the_owner_file_is_private_and_goes_with_the_owner(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl", ManualClock())
    assert (tmp_path / "j.owner").stat().st_mode & 0o777 == 0o600
    assert f'"pid":{os.getpid()}' in (tmp_path / "j.owner").read_text()
    journal.close()
    assert [path.name for path in tmp_path.iterdir()] == ["j.jsonl"]


@pytest.mark.parametrize("owner", [b"", b"{", b'{"pid":"x"}', b"[]"])
def test_an_unreadable_owner_file_costs_only_the_name(tmp_path: Path, owner: bytes) -> None:
    first = Journal(tmp_path / "j.jsonl", ManualClock())
    (tmp_path / "j.owner").write_bytes(owner)
    with pytest.raises(HeldError, match="another tui-trader is using"):
        Journal(tmp_path / "j.jsonl", ManualClock())
    first.close()


@pytest.mark.parametrize("number", [errno.ENOTSUP, errno.ENOLCK, errno.ENOSYS])
def test_a_file_system_without_locks_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def unsupported(fd: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", unsupported)
    journal = Journal(tmp_path / "j.jsonl", ManualClock())
    assert "file system without locks" in journal.failure
    assert "TUI_TRADER_HOME" in journal.failure
    with pytest.raises(JournalError, match="without locks"):
        journal.append("intent", {})


def test_a_file_replaced_while_it_was_being_locked_is_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "j.jsonl"
    flock = fcntl.flock
    replaced = []

    def replace_first(fd: int, operation: int) -> None:
        if not replaced:
            replaced.append(True)
            path.rename(tmp_path / "elsewhere")
        flock(fd, operation)

    monkeypatch.setattr(fcntl, "flock", replace_first)
    journal = Journal(path, ManualClock())
    journal.append("intent", {})
    journal.close()
    assert path.read_bytes()
    assert not (tmp_path / "elsewhere").read_bytes()
