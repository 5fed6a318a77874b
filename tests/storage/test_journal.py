"""The journal: durable, chained, failing closed, and going on in parts."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.storage.journals import answered, intent, open_ids, reopened, write
from tui_trader.core.clock import ManualClock
from tui_trader.core.error import JournalError
from tui_trader.desk.records import OpenIntents
from tui_trader.secrets.redactor import Redactor
from tui_trader.storage.chain import parts
from tui_trader.storage.journal import HeldError, Journal, read
from tui_trader.storage.record import MAX_LINE

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "j.jsonl"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    """A journal with one record."""
    opened = Journal(path, ManualClock())
    opened.append("intent", intent(0))
    yield opened
    opened.close()


def kinds(path: Path) -> list[str]:
    return [record.kind for record in read(path)]


def assert_refuses(journal: Journal, why: str) -> None:
    """Assert that a journal says why it refuses, and that asking again changes neither that nor the file."""
    before = [file.read_bytes() for file in parts(journal.path)]
    assert why in journal.failure
    for _ in range(2):
        with pytest.raises(JournalError) as caught:
            journal.append("intent", intent(99))
        assert why in caught.value.message
    assert [file.read_bytes() for file in parts(journal.path)] == before


# -- opening -------------------------------------------------------------------------------------------------------------


def test_reopening_continues_the_chain(path: Path) -> None:
    write(path, 2)
    journal, _ = reopened(path)
    journal.append("ack", {})
    journal.close()
    assert kinds(path) == ["intent", "intent", "ack"]


def test_files_are_private_and_a_lax_one_is_tightened(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "j"
    write(path, 1)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    path.chmod(0o644)
    write(path, 1)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", ["link", "directory", "pipe", "folder is a file"])
def test_what_is_no_file_of_ours_is_refused_and_left_alone(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "j"
    match kind:
        case "link":
            (tmp_path / "elsewhere").write_bytes(b"")
            path.symlink_to(tmp_path / "elsewhere")
        case "directory":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case _:
            path.write_bytes(b"")
            path = path / "j"
    journal = Journal(path, ManualClock())
    assert "cannot be opened" in journal.failure or "not a regular file" in journal.failure
    with pytest.raises(JournalError):
        journal.append("intent", {})
    if kind == "link":
        assert (tmp_path / "elsewhere").read_bytes() == b""


@pytest.mark.parametrize("cut", [1, 2, 9, 10, 100, "all but one"])
def test_a_torn_tail_is_cut_off_with_a_note(path: Path, cut: int | str) -> None:
    whole = write(path, 3)
    last = whole.splitlines(keepends=True)[2]
    torn = last[:1] if cut == "all but one" else last[: -int(cut)]
    path.write_bytes(whole[: -len(last)] + torn)
    journal, recall = reopened(path)
    assert journal.failure == ""
    assert journal.torn_bytes == len(torn)
    assert "was not sent" in journal.notice
    journal.append("after", {})
    journal.close()
    *_, note, after = read(path)
    assert (note.kind, note.number, after.kind, after.number) == ("note", 3, "after", 4)
    assert note.body["bytes"] == len(torn)
    assert note.body["torn"].encode() == torn
    assert open_ids(recall) == [0, 1]
    again, _ = reopened(path)
    assert (again.notice, again.torn_bytes, len(again)) == ("", 0, 4)
    again.close()


def test_a_note_of_a_torn_tail_that_is_no_text_is_still_text(path: Path) -> None:
    path.write_bytes(write(path, 1) + b"\x00\xff" * 2000)
    journal, _ = reopened(path)
    journal.close()
    assert kinds(path) == ["intent", "note"]


@pytest.mark.parametrize("damage", ["checksum", "foreign", "empty lines", "huge", "another order"])
def test_damage_stops_entries_and_nothing_is_overwritten(path: Path, damage: str) -> None:
    lines = write(path, 5).splitlines(keepends=True)
    match damage:
        case "checksum":
            lines[2] = lines[2].replace(b"BTC", b"BTX")
        case "foreign":
            lines = [b"hello\n", b"world\n"]
        case "empty lines":
            lines.insert(2, b"\n\n")
        case "huge":
            lines.insert(2, b"x" * (MAX_LINE * 2))
        case _:
            lines[2], lines[3] = lines[3], lines[2]
    path.write_bytes(b"".join(lines))
    journal, recall = reopened(path)
    number = 1 if damage == "foreign" else 3
    assert f"record {number} " in journal.failure
    assert "tui-trader audit verify" in journal.failure
    assert_refuses(journal, "damaged")
    assert path.read_bytes() == b"".join(lines)
    left = {"foreign": [], "checksum": [0, 1, 3, 4]}.get(damage, [0, 1, 2, 3, 4])
    assert sorted(open_ids(recall)) == left, "what is open stays known, before and behind the damage"
    journal.close()
    assert path.read_bytes() == b"".join(lines)


def test_a_damaged_journal_lets_the_next_start_in(path: Path) -> None:
    """It holds no lock: ``audit set-aside`` must be able to work while the terminal shows the reason."""
    path.write_bytes(b"hello\n")
    first, _ = reopened(path)
    second, _ = reopened(path)
    assert first.failure == second.failure != ""


def test_the_journal_of_another_account_is_refused(path: Path) -> None:
    write(path, 1, account="phemex-live-main")
    journal, _ = reopened(path, account="phemex-testnet-main")
    assert_refuses(journal, "is that of phemex-live-main, not of phemex-testnet-main")
    own, _ = reopened(path, account="phemex-live-main")
    own.append("after", {})
    own.close()
    assert kinds(path) == ["journal", "intent", "after"]


def test_a_journal_from_before_accounts_were_named_is_accepted(path: Path) -> None:
    write(path, 1)
    journal, _ = reopened(path, account="phemex-live-main")
    assert journal.failure == ""
    journal.close()


def test_a_terminal_that_only_looks_on_touches_nothing(path: Path) -> None:
    journal = Journal.refusing(path, ManualClock(), "read-only: the journal is held", is_held=True)
    with pytest.raises(JournalError, match="read-only"):
        journal.append("intent", {})
    journal.close()
    assert (journal.failure, len(journal), journal.is_held) == ("read-only: the journal is held", 0, True)
    assert not path.exists()


# -- writing -------------------------------------------------------------------------------------------------------------


def test_a_record_is_durable_before_append_returns(path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    sync = os.fdatasync

    def watched(fd: int) -> None:
        sync(fd)
        synced.append(os.fstat(fd).st_size)

    monkeypatch.setattr(os, "fdatasync", watched)
    journal.append("intent", intent(1))
    assert synced == [path.stat().st_size]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EFBIG, errno.EROFS, errno.EDQUOT])
@pytest.mark.parametrize("half", [0, 30])
def test_a_write_that_fails_half_way_leaves_no_half(
    path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch, number: int, half: int
) -> None:
    good = path.read_bytes()
    write_really = os.write

    def failing(fd: int, data: bytes) -> int:
        if half and os.fstat(fd).st_size == len(good):
            return write_really(fd, data[:half])
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "write", failing)
    with pytest.raises(JournalError, match=os.strerror(number)):
        journal.append("intent", intent(1))
    assert path.read_bytes() == good
    assert_refuses(journal, os.strerror(number))
    monkeypatch.undo()
    assert journal.retry() is (number in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT))


def test_after_a_failed_sync_nothing_is_ever_accepted(path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the next one goes well: the kernel tells of a lost page once."""
    good = path.read_bytes()
    sync = os.fdatasync
    failures = iter([OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))])

    def failing_once(fd: int) -> None:
        for failure in failures:
            raise failure
        sync(fd)

    monkeypatch.setattr(os, "fdatasync", failing_once)
    with pytest.raises(JournalError, match="No space left"):
        journal.append("intent", intent(1))
    assert not journal.retry()
    assert_refuses(journal, "No space left")
    assert path.read_bytes() == good


def test_a_cut_that_fails_too_is_left_for_the_next_start(path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    write_really = os.write

    def half(fd: int, data: bytes) -> int:
        if len(data) < 60:
            raise OSError(errno.ENOSPC, "full")
        return write_really(fd, data[:-50])

    def broken(fd: int, length: int) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "write", half)
    monkeypatch.setattr(os, "ftruncate", broken)
    with pytest.raises(JournalError):
        journal.append("intent", intent(1))
    monkeypatch.undo()
    assert not journal.retry(), "half a record is in the way"
    journal.close()
    again, _ = reopened(path)
    assert (again.failure, again.torn_bytes > 0) == ("", True)
    again.close()
    assert kinds(path) == ["intent", "note"]


def test_a_full_disk_tears_a_record_and_room_lets_records_through_again(path: Path, journal: Journal) -> None:
    """A file-size limit stands in for a full disk: the write is torn in the middle of a record, and the limit can be lifted."""
    size = os.path.getsize(path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, hard))
    try:
        with pytest.raises(JournalError, match="cannot be written: File too large"):
            journal.append("intent", intent(1))
        assert os.path.getsize(path) == size
        assert_refuses(journal, "File too large")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, previous)
    journal.append("intent", intent(2))
    assert journal.failure == ""
    *_, note, last = read(path)
    assert note.body["lost"] == 3
    assert (kinds(path), last.body["id"]) == (["intent", "note", "intent"], intent(2)["id"])


def test_a_failure_that_somebody_else_told_stays(journal: Journal) -> None:
    journal.failure = "the disk is full"
    assert_refuses(journal, "the disk is full")


@pytest.mark.parametrize("how", ["removed", "moved", "replaced", "cut", "written to"])
def test_a_file_that_changes_under_us_stops_entries(tmp_path: Path, path: Path, journal: Journal, how: str) -> None:
    match how:
        case "removed":
            path.unlink()
        case "moved":
            path.rename(tmp_path / "elsewhere")
        case "replaced":
            (tmp_path / "other").write_bytes(path.read_bytes())
            (tmp_path / "other").rename(path)
        case "cut":
            os.truncate(path, path.stat().st_size - 5)
        case _:
            path.write_bytes(path.read_bytes() + b"x")
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(JournalError, match="while it was in use"):
        journal.append("intent", intent(1))
    assert_refuses(journal, "while it was in use")
    assert (path.read_bytes() if path.exists() else None) == before


@pytest.mark.parametrize("body", [{"text": "\ud800"}, {"text": "x" * MAX_LINE}, {("a", "b"): 1}])
def test_a_record_that_cannot_be_written_down_stops_only_itself(path: Path, journal: Journal, body: dict[Any, Any]) -> None:
    with pytest.raises(JournalError, match="intent"):
        journal.append("intent", body)
    journal.append("after", {})
    assert kinds(path) == ["intent", "after"]


@pytest.mark.parametrize("mount", ["full", "read-only"])
def test_a_real_file_system_that_takes_no_more(mount: str) -> None:
    """Rows 25 of the fault table on a disk of its own: a tmpfs of 64 kB, filled up or remounted read-only."""
    command = ["unshare", "--mount", sys.executable, "-m", "tests.storage.small_disk", mount]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError:
        pytest.skip("unshare is not installed: no file system of our own can be mounted")
    if done.returncode == 77 or "unshare failed" in done.stderr or "Operation not permitted" in done.stderr:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    if mount == "full":
        assert "No space left on device" in told["refusal"]
        assert told["whole"], "no half record stays"
        assert told["after_room"] == ["note", "after"]
    else:
        assert "Read-only file system" in told["refusal"]
        assert told["recalled"] == [0, 1, 2], "what is open stays known"


# -- parts ---------------------------------------------------------------------------------------------------------------


def test_a_journal_that_has_grown_goes_on_in_a_new_part_with_what_is_open(path: Path) -> None:
    journal, _ = reopened(path, segment_bytes=2_000, account="phemex-live-main")
    for number in range(40):
        journal.append("intent", intent(number))
        if number % 10:
            journal.append("outcome", answered(number))
    journal.close()
    files = parts(path)
    assert len(files) > 4
    assert [record.number for record in read(path)] == list(range(1, len(journal) + 1))
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    assert all(file.stat().st_size < 4_000 for file in files)
    again, recall = reopened(path, account="phemex-live-main")
    assert open_ids(recall) == [0, 10, 20, 30]
    assert again.failure == ""
    assert len(again) == len(journal)
    again.append("after", {})
    again.close()
    assert kinds(path)[-1] == "after"


def test_only_the_newest_part_is_read_at_a_start(path: Path) -> None:
    journal, _ = reopened(path, segment_bytes=2_000)
    for number in range(40):
        journal.append("intent", intent(number))
        journal.append("outcome", answered(number))
    journal.close()
    files = parts(path)
    files[1].write_bytes(b"not read")
    again, recall = reopened(path)
    assert again.failure == ""
    assert open_ids(recall) == []
    again.close()
    with pytest.raises(JournalError, match=r"j\.2\.jsonl: record"):
        list(read(path))


def test_a_second_process_is_refused_whatever_part_is_written(path: Path) -> None:
    journal, _ = reopened(path, segment_bytes=500)
    for number in range(10):
        journal.append("intent", intent(number))
        with pytest.raises(HeldError):
            reopened(path)
    journal.close()


def test_a_part_that_cannot_be_begun_does_not_stop_records(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, _ = reopened(path, segment_bytes=500)

    def full(source: Any, target: Any) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "rename", full)
    for number in range(6):
        journal.append("intent", intent(number))
    assert parts(path) == [path]
    monkeypatch.undo()
    for number in range(6, 12):
        journal.append("intent", intent(number))
    journal.close()
    assert len(parts(path)) > 1
    assert [body for record in read(path) if record.kind == "intent" for body in [record.body["id"]]] == [
        intent(number)["id"] for number in range(12)
    ]
    assert not list(path.parent.glob("*.new"))


def test_a_part_that_may_not_be_durable_stops_records(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, _ = reopened(path, segment_bytes=100)
    journal.append("intent", intent(0))

    def broken(fd: int) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(JournalError, match="could not be continued"):
        journal.append("intent", intent(1))
    monkeypatch.undo()
    assert_refuses(journal, "could not be continued")
    journal.close()
    again, recall = reopened(path)
    assert (again.failure, open_ids(recall)) == ("", [0])
    again.close()


def test_a_draft_left_by_a_crash_is_no_part(path: Path) -> None:
    write(path, 3)
    path.with_name("j.2.jsonl.new").write_bytes(b'{"n":4,"at"')
    journal, recall = reopened(path, segment_bytes=100)
    journal.append("after", {})
    journal.close()
    assert open_ids(recall) == [0, 1, 2]
    assert [file.name for file in parts(path)] == ["j.jsonl", "j.2.jsonl"]
    assert kinds(path) == ["intent"] * 3 + ["segment", "after"]


def test_a_first_part_that_is_missing_is_no_new_journal(path: Path) -> None:
    journal, _ = reopened(path, segment_bytes=500)
    for number in range(10):
        journal.append("intent", intent(number))
    journal.close()
    path.unlink()
    again, _ = reopened(path)
    assert_refuses(again, "put it back")
    assert not path.exists()


def test_without_anybody_to_recall_no_part_is_begun(path: Path) -> None:
    write(path, 20, segment_bytes=500)
    assert parts(path) == [path]


def test_a_part_of_another_chain_is_damage(path: Path, tmp_path: Path) -> None:
    for name, first in (("j", 0), ("k", 100)):
        journal = Journal(tmp_path / f"{name}.jsonl", ManualClock(), recall=OpenIntents(), segment_bytes=500)
        for number in range(first, first + 4):
            journal.append("intent", intent(number))
        journal.close()
    (tmp_path / "k.3.jsonl").rename(tmp_path / "j.3.jsonl")
    again, _ = reopened(path)
    assert_refuses(again, "does not follow")


def test_a_secret_that_a_venue_repeats_is_not_written_down(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    redactor = Redactor()
    redactor.learn(secret := "Zq8-Wn3xT_5vLrPz7HnJm4YsFa8EuToI1RkQxVhZ")
    monkeypatch.setattr("tui_trader.storage.journal.REDACTOR", redactor)
    journal = Journal(path, ManualClock())
    journal.append("outcome", {"text": f"no such key {secret}", "more": {"list": [secret.encode().hex()]}, "n": 1})
    journal.append("intent", intent(1))
    journal.close()
    assert secret[:24] not in path.read_text()
    assert secret.encode().hex()[:48] not in path.read_text()
    bodies = [record.body for record in read(path)]
    assert bodies[0] == {"text": "no such key [redacted]", "more": {"list": ["[redacted]"]}, "n": 1}
    assert bodies[1]["id"] == intent(1)["id"]


# -- several records at once ---------------------------------------------------------------------------------------------


def test_several_records_are_durable_after_one_sync(path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    sync = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda fd: (sync(fd), synced.append(path.stat().st_size)))
    written = journal.append_several("intent", [intent(number) for number in (1, 2, 3)])
    assert synced == [path.stat().st_size]
    found = list(read(path))  # which proves the chain
    assert [(record.number, record.previous) for record in found[1:]] == [(one.number, one.previous) for one in written]
    assert [record.body["id"] for record in found] == [intent(number)["id"] for number in range(4)]
    journal.append("after", {})
    assert kinds(path) == ["intent"] * 4 + ["after"]


@pytest.mark.parametrize("most", [0, 30, 400])
def test_of_several_records_that_cannot_all_be_written_none_stays(
    path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    good = path.read_bytes()
    write_really = os.write

    def failing(fd: int, data: bytes) -> int:
        if most and os.fstat(fd).st_size == len(good):
            return write_really(fd, data[:most])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", failing)
    with pytest.raises(JournalError, match="No space left"):
        journal.append_several("intent", [intent(number) for number in (1, 2, 3)])
    assert path.read_bytes() == good
    monkeypatch.undo()
    assert journal.retry()
    assert list(read(path))[-1].body["lost"] == 3


def test_one_of_several_that_cannot_be_written_down_stops_them_all_and_nothing_else(path: Path, journal: Journal) -> None:
    with pytest.raises(JournalError, match="too long"):
        journal.append_several("intent", [intent(1), {"text": "x" * MAX_LINE}])
    journal.append("after", {})
    assert kinds(path) == ["intent", "after"]


def test_what_a_death_leaves_of_several_records_is_the_first_ones(path: Path, journal: Journal) -> None:
    journal.append_several("intent", [intent(number) for number in (1, 2, 3)])
    journal.close()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3]) + lines[3][:40])
    heard = OpenIntents()
    again = Journal(path, ManualClock(), recall=heard)
    assert "unfinished" in again.notice
    assert heard.ids == {intent(number)["id"] for number in (0, 1, 2)}
    again.close()
