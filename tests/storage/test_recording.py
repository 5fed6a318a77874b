"""A recording is bounded, for one user alone, and readable up to where it breaks off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tui_trader.core.error import RefusedError, UsageError
from tui_trader.storage import recording as module
from tui_trader.storage.recording import RecordingFile, RecordingLines


def line(number: int) -> bytes:
    return b'{"dir":"recv","ts":1700000000.%09d,"up":%d,"lane":"public","msg":{"n":%d}}' % (number, number, number)


def written(path: Path, count: int, **options: int) -> RecordingFile[int]:
    file: RecordingFile[int] = RecordingFile(path, line, **options)
    for number in range(count):
        file.put(number, 100)
    file.close()
    return file


def test_what_is_put_is_read_again(tmp_path: Path) -> None:
    file = written(tmp_path / "a.jsonl", 1000)
    lines = RecordingLines(file.path)
    assert [each.up for each in lines] == list(range(1000))
    assert (lines.bad, lines.torn) == (0, False)
    last = lines.last()
    assert last is not None
    assert last.wall_ns == 1_700_000_000_000_000_999
    assert file.bytes == file.path.stat().st_size
    assert file.path.stat().st_mode & 0o777 == 0o600
    lines.close()


def test_a_file_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("mine")
    with pytest.raises(RefusedError, match="never replaces"):
        RecordingFile(path, line)
    link = tmp_path / "link.jsonl"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RefusedError):
        RecordingFile(link, line)
    assert path.read_text() == "mine"
    with pytest.raises(UsageError, match="No such file"):
        RecordingLines(tmp_path / "none.jsonl")


@pytest.mark.parametrize("cut", [1, 2, 20, 75])
def test_a_torn_end_costs_the_last_line_alone(tmp_path: Path, cut: int) -> None:
    file = written(tmp_path / "a.jsonl", 50)
    with file.path.open("r+b") as raw:
        raw.truncate(file.bytes - cut)
    lines = RecordingLines(file.path)
    assert [each.up for each in lines] == list(range(50 if cut == 1 else 49))
    assert lines.torn == (cut > 1)
    assert lines.bad == 0
    last = lines.last()
    assert last is not None
    assert last.up == (49 if cut == 1 else 48)
    lines.close()


def test_what_is_no_line_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(line(1) + b"\n\nnonsense\n{}\n\xff\xfe\n" + line(2) + b"\n")
    lines = RecordingLines(path)
    assert [each.up for each in lines] == [1, 2]
    assert lines.bad == 3
    lines.close()


def test_it_ends_at_its_size(tmp_path: Path) -> None:
    file = written(tmp_path / "a.jsonl", 1000, max_bytes=5000)
    assert "5000 bytes" in file.failure
    assert file.path.stat().st_size <= 5000
    lines = RecordingLines(file.path)
    assert len(list(lines)) > 50
    assert not lines.torn
    lines.close()


def test_a_disk_that_does_not_keep_up_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 10_000)
    monkeypatch.setattr(module, "FLUSH_S", 60.0)
    file = written(tmp_path / "a.jsonl", 1000)
    assert "does not keep up" in file.failure


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_disk_ends_it_and_raises_nothing(tmp_path: Path) -> None:
    file: RecordingFile[int] = RecordingFile(tmp_path / "a.jsonl", line)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, file._file)
    os.close(full)
    file.put(1, 100)
    file.close()
    assert "cannot be written" in file.failure


def test_kill_nine_costs_the_last_moment_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    program = (
        "import os, sys, time, pathlib\n"
        "from tests.storage.test_recording import line\n"
        "from tui_trader.storage.recording import RecordingFile\n"
        "file = RecordingFile(pathlib.Path(sys.argv[1]), line)\n"
        "for number in range(100000):\n"
        "    file.put(number, 100)\n"
        "    if number % 1000 == 0: time.sleep(0.01)\n"
        "    if file.bytes > 200_000: print(number, flush=True); time.sleep(60)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        child.stdout.readline()
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert child.stdout is not None
        child.stdout.close()
    lines = RecordingLines(path)
    ups = [each.up for each in lines]
    assert ups == list(range(len(ups)))
    assert len(ups) > 1000
    assert lines.bad == 0
    lines.close()
