"""Proving a journal part by part, and going on after damage without losing what is open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.storage.journals import answered, intent, open_ids, reopened, write
from tui_trader.core.clock import ManualClock
from tui_trader.core.error import JournalError
from tui_trader.desk.records import OpenIntents
from tui_trader.storage.journal import HeldError, Journal, read
from tui_trader.storage.proof import Aside, prove, set_aside


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "j.jsonl"


def grown(path: Path) -> Journal:
    """Return a closed journal of several parts in which intents 0, 5 and 10 are open."""
    journal, _ = reopened(path, segment_bytes=1_800)
    for number in range(15):
        journal.append("intent", intent(number))
        if number % 5:
            journal.append("outcome", answered(number))
    journal.close()
    return journal


def break_record(file: Path, number: int) -> bytes:
    """Damage a record of a file, counting from one; return what the file holds now."""
    lines = file.read_bytes().splitlines(keepends=True)
    lines[number - 1] = lines[number - 1].replace(b'"kind"', b'"kinb"')
    file.write_bytes(b"".join(lines))
    return file.read_bytes()


def put_aside(path: Path) -> Aside:
    aside = set_aside(path, ManualClock(), OpenIntents())
    assert aside is not None
    return aside


def test_a_whole_journal_is_proved_over_all_its_parts(path: Path) -> None:
    journal = grown(path)
    proofs = prove(path)
    assert len(proofs) > 3
    assert all(proof.damage is None and not proof.remark for proof in proofs)
    assert sum(proof.records for proof in proofs) == len(journal) == proofs[-1].end.number


def test_the_torn_tail_of_a_running_terminal_is_no_damage(path: Path) -> None:
    whole = write(path, 3)
    path.write_bytes(whole[:-20])
    (proof,) = prove(path)
    assert (proof.records, proof.damage) == (2, None)
    assert proof.torn_bytes > 0


@pytest.mark.parametrize("place", [0, 1, -1])
def test_damage_is_named_in_its_part_and_the_other_parts_are_still_proved(path: Path, place: int) -> None:
    grown(path)
    file = prove(path)[place].file
    break_record(file, 2)
    damaged = [proof for proof in prove(path) if proof.damage is not None]
    assert [proof.file for proof in damaged] == [file]
    assert damaged[0].records == 1


def test_a_cut_at_a_record_is_seen_where_another_part_follows(path: Path) -> None:
    grown(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    damaged = [proof.file.name for proof in prove(path) if proof.damage is not None]
    assert damaged == ["j.2.jsonl"]
    path.write_bytes(b"".join(lines)[:-5])
    assert prove(path)[0].damage is not None, "a finished part has no torn end"


def test_a_part_that_is_missing_is_seen(path: Path) -> None:
    grown(path)
    path.with_name("j.2.jsonl").unlink()
    assert [proof.file.name for proof in prove(path) if proof.damage is not None] == ["j.3.jsonl"]


def test_a_later_part_alone_says_what_is_missing(path: Path) -> None:
    grown(path)
    (proof,) = prove(path.with_name("j.2.jsonl"))
    assert proof.damage is None
    assert "before it is not here" in proof.remark


@pytest.mark.parametrize("in_parts", [False, True])
def test_after_set_aside_entries_go_on_and_what_was_open_is_known(path: Path, in_parts: bool) -> None:
    if in_parts:
        grown(path)
        file = prove(path)[-1].file
        left = [0, 5, 10]
    else:
        write(path, 4, account="phemex-live-main")
        file, left = path, [0, 2, 3]  # the second intent is the record that is damaged
    damaged = break_record(file, 3)
    good = prove(path)[-1].end
    aside = put_aside(path)
    assert aside.moved.read_bytes() == damaged, "the damaged file is kept as it was"
    assert aside.moved.stat().st_mode & 0o777 == 0o600
    assert aside.moved.name == f"{file.name}.damaged-20231114T221320Z"
    assert aside.end == good

    journal, recall = reopened(path, account="" if in_parts else "phemex-live-main")
    assert journal.failure == ""
    assert set(left) <= set(open_ids(recall))
    journal.append("after", {})
    journal.close()
    proofs = prove(path)
    assert all(proof.damage is None for proof in proofs)
    last = proofs[-1]
    assert last.first is not None
    assert last.first.kind == "set-aside"
    assert last.first.previous == good.hash
    assert "record 3" not in last.remark
    assert f"goes on after record {good.number} of {aside.moved.name}" in last.remark


def test_the_proof_holds_the_new_part_against_the_file_set_aside(path: Path) -> None:
    write(path, 4)
    break_record(path, 3)
    aside = put_aside(path)
    kept = aside.moved.read_bytes()
    aside.moved.write_bytes(write(path.with_name("other"), 4, first=9))
    assert "does not follow from" in str(prove(path)[0].damage)
    aside.moved.unlink()
    (proof,) = prove(path)
    assert proof.damage is None
    assert "which is not here" in proof.remark
    aside.moved.write_bytes(kept)
    assert prove(path)[0].damage is None


def test_setting_aside_twice_keeps_both(path: Path) -> None:
    write(path, 4)
    break_record(path, 3)
    clock = ManualClock()
    first = set_aside(path, clock, OpenIntents())
    journal, _ = reopened(path)
    journal.append("intent", intent(50))
    journal.close()
    break_record(path, 2)
    with pytest.raises(FileExistsError):
        set_aside(path, clock, OpenIntents())
    clock.advance(1)
    second = set_aside(path, clock, OpenIntents())
    assert first is not None
    assert second is not None
    assert first.moved.exists()
    assert second.moved.exists()
    _, recall = reopened(path)
    assert set(open_ids(recall)) == {0, 1, 3}, "the damaged records themselves are lost, nothing else"


def test_where_there_are_no_links_the_file_is_copied(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path, 4)
    damaged = break_record(path, 3)

    def unsupported(*_: object, **__: object) -> None:
        raise PermissionError(1, "not permitted")

    monkeypatch.setattr(os, "link", unsupported)
    aside = put_aside(path)
    assert aside.moved.read_bytes() == damaged
    assert aside.moved.stat().st_mode & 0o777 == 0o600


def test_a_crash_in_the_middle_of_setting_aside_loses_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path, 4)
    damaged = break_record(path, 3)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "rename", crash)
    with pytest.raises(KeyboardInterrupt):
        set_aside(path, ManualClock(), OpenIntents())
    monkeypatch.undo()
    assert path.read_bytes() == damaged
    clock = ManualClock()
    clock.advance(60)
    assert set_aside(path, clock, OpenIntents()) is not None


def test_what_is_whole_is_not_set_aside(path: Path) -> None:
    whole = write(path, 3)
    assert set_aside(path, ManualClock(), OpenIntents()) is None
    assert path.read_bytes() == whole
    with pytest.raises(JournalError, match="no journal"):
        set_aside(path.with_name("nothing"), ManualClock(), OpenIntents())
    assert not path.with_name("nothing").exists()


def test_a_journal_in_use_is_not_set_aside(path: Path) -> None:
    journal = Journal(path, ManualClock())
    journal.append("intent", intent(0))
    path.write_bytes(path.read_bytes() + b"x\n")
    with pytest.raises(HeldError):
        set_aside(path, ManualClock(), OpenIntents())
    journal.close()


def test_a_foreign_file_is_set_aside_whole(path: Path) -> None:
    path.write_bytes(b"hello\nworld\n")
    aside = put_aside(path)
    assert (aside.end.number, aside.carried["open"]) == (0, [])
    assert [record.kind for record in read(path)] == ["set-aside"]
