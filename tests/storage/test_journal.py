"""The journal: durable, chained, torn tails told from damage."""

from __future__ import annotations

import os
import resource
import signal
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_trader.core.clock import ManualClock
from tui_trader.core.error import JournalError
from tui_trader.storage.journal import Journal, read


def write(path: Path, count: int) -> bytes:
    journal = Journal(path, ManualClock())
    for n in range(count):
        journal.append("intent", {"id": f"tt-{n}", "qty": Decimal("0.01")})
    journal.close()
    return path.read_bytes()


def test_records_read_back_in_order(tmp_path: Path) -> None:
    write(tmp_path / "j", 3)
    records = list(read(tmp_path / "j"))
    assert [r.number for r in records] == [1, 2, 3]
    assert records[1].body == {"id": "tt-1", "qty": "0.01"}


def test_reopening_continues_the_chain(tmp_path: Path) -> None:
    write(tmp_path / "j", 2)
    journal = Journal(tmp_path / "j", ManualClock())
    journal.append("ack", {})
    journal.close()
    assert [r.kind for r in read(tmp_path / "j")] == ["intent", "intent", "ack"]


def test_file_is_private(tmp_path: Path) -> None:
    write(tmp_path / "j", 1)
    assert (tmp_path / "j").stat().st_mode & 0o777 == 0o600


def test_second_writer_is_refused(tmp_path: Path) -> None:
    first = Journal(tmp_path / "j", ManualClock())
    with pytest.raises(JournalError, match="another tui-trader"):
        Journal(tmp_path / "j", ManualClock())
    first.close()
    Journal(tmp_path / "j", ManualClock()).close()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"")
    (tmp_path / "j").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal(tmp_path / "j", ManualClock())


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(min_value=1, max_value=400))
def test_every_torn_tail_is_cut_and_noted(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.mktemp("torn") / "j"
    whole = write(path, 3)
    lines = whole.splitlines(keepends=True)
    cut = min(cut, len(lines[2]))
    path.write_bytes(whole[: len(whole) - cut])
    journal = Journal(path, ManualClock())
    assert len(journal) == 2
    assert journal.torn_bytes == len(lines[2]) - cut
    journal.append("after", {})
    journal.close()
    assert [r.kind for r in read(path)] == ["intent", "intent", "after"]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_flipped_bit_before_the_last_record_is_damage(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("flip") / "j"
    whole = bytearray(write(path, 4))
    protected = len(whole) - len(bytes(whole).splitlines(keepends=True)[-1])
    position = data.draw(st.integers(0, protected - 2))
    whole[position] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(whole)
    with pytest.raises(JournalError):
        Journal(path, ManualClock())


@pytest.mark.parametrize("mutation", ["swap", "drop", "repeat"])
def test_moved_records_are_damage(tmp_path: Path, mutation: str) -> None:
    lines = write(tmp_path / "j", 4).splitlines(keepends=True)
    if mutation == "swap":
        lines[1], lines[2] = lines[2], lines[1]
    elif mutation == "drop":
        del lines[1]
    else:
        lines.insert(1, lines[1])
    (tmp_path / "j").write_bytes(b"".join(lines))
    with pytest.raises(JournalError, match="damaged"):
        list(read(tmp_path / "j"))


def test_foreign_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "j").write_bytes(b"hello\nworld\n")
    with pytest.raises(JournalError, match="record 1"):
        Journal(tmp_path / "j", ManualClock())


def test_a_full_disk_stops_further_records(tmp_path: Path) -> None:
    """A file-size limit stands in for a full disk: the write is torn in the middle of a record."""
    journal = Journal(tmp_path / "j", ManualClock())
    journal.append("intent", {})
    size = os.path.getsize(tmp_path / "j")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, hard))
    try:
        with pytest.raises(JournalError, match="cannot be written"):
            journal.append("intent", {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, previous)
    with pytest.raises(JournalError, match="cannot be written"):
        journal.append("intent", {})
    journal.close()
    again = Journal(tmp_path / "j", ManualClock())
    assert (len(again), again.torn_bytes) == (1, 20)
    again.close()
