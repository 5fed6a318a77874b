"""Reading a journal: torn tails told from damage, parts joined, and what reads behind a damage."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.storage.journals import intent, number_of, write
from tui_trader.core.error import JournalError
from tui_trader.storage.chain import Part, mentions, next_part, parts, read, salvage
from tui_trader.storage.record import MAX_LINE, Link, Record, digest, encode


def looked_at(path: Path) -> Part:
    part = Part(path)
    for _ in part:
        pass
    return part


def lines_of(path: Path, count: int = 4) -> list[bytes]:
    return write(path, count).splitlines(keepends=True)


def test_records_read_back_in_order(tmp_path: Path) -> None:
    write(tmp_path / "j", 3)
    records = list(read(tmp_path / "j"))
    assert [r.number for r in records] == [1, 2, 3]
    assert records[1].body == {**intent(1), "qty": "0.01"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write(tmp_path_factory.mktemp("whole") / "j", 4)


def test_no_flipped_bit_of_a_file_goes_unseen(tmp_path: Path) -> None:
    """Also in the last record: it was durable, so a request may have left for it."""
    whole = write(tmp_path / "j", 2)
    unseen = []
    with (tmp_path / "j").open("r+b", buffering=0) as file:
        for position, byte in enumerate(whole):
            for bit in range(8):
                os.pwrite(file.fileno(), bytes((byte ^ 1 << bit,)), position)
                if looked_at(tmp_path / "j").damage is None:
                    unseen.append((position, bit))
            os.pwrite(file.fileno(), bytes((byte,)), position)
    assert unseen == []


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_every_cut_is_a_torn_tail_and_no_damage(
    tmp_path_factory: pytest.TempPathFactory, whole: bytes, data: st.DataObject
) -> None:
    length = data.draw(st.integers(0, len(whole)))
    path = tmp_path_factory.getbasetemp() / "cut"
    path.write_bytes(whole[:length])
    part = looked_at(path)
    assert part.damage is None
    assert part.records == whole[:length].count(b"\n")
    assert part.good_bytes + len(part.torn) == length


def test_a_page_that_never_reached_the_disk_is_a_torn_tail(tmp_path: Path) -> None:
    lines = lines_of(tmp_path / "j")
    for tail in (b"\0" * 100, b"\0" * 50 + lines[3][50:]):
        (tmp_path / "j").write_bytes(b"".join(lines[:3]) + tail)
        part = looked_at(tmp_path / "j")
        assert (part.records, part.torn, part.damage) == (3, tail, None)


@pytest.mark.parametrize(
    ("mutation", "number"),
    [("swap", 2), ("drop", 2), ("repeat", 3), ("cut the middle", 2), ("foreign", 1), ("huge", 5), ("swap the last", 3)],
)
def test_the_first_record_that_does_not_fit_is_named(tmp_path: Path, mutation: str, number: int) -> None:
    lines = lines_of(tmp_path / "j")
    match mutation:
        case "swap":
            lines[1], lines[2] = lines[2], lines[1]
        case "swap the last":
            lines[2], lines[3] = lines[3], lines[2]
        case "drop":
            del lines[1]
        case "repeat":
            lines.insert(2, lines[1])
        case "cut the middle":
            lines[1] = lines[1][:40]
        case "foreign":
            lines = [b"hello\n", b"world\n"]
        case _:
            lines.append(b"x" * (MAX_LINE + 10))
    (tmp_path / "j").write_bytes(b"".join(lines))
    damage = looked_at(tmp_path / "j").damage
    assert damage is not None
    assert damage.number == number
    assert damage.offset == sum(map(len, lines[: number - 1]))
    with pytest.raises(JournalError, match=f"record {number} "):
        list(read(tmp_path / "j"))


def test_a_part_of_another_journal_does_not_follow(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", 3)
    (tmp_path / "b.jsonl").write_bytes(b"".join(write(tmp_path / "c.jsonl", 5, first=10).splitlines(keepends=True)[3:]))
    part = Part(tmp_path / "b.jsonl", looked_at(tmp_path / "a.jsonl").end)
    assert list(part) == []
    assert part.damage is not None
    assert "does not follow" in part.damage.what


def test_a_number_that_is_left_out_is_damage_even_with_the_right_hash(tmp_path: Path) -> None:
    lines = lines_of(tmp_path / "j")
    lines.append(encode(Record(9, "", 0, "intent", {}, digest(lines[-1]))))
    (tmp_path / "j").write_bytes(b"".join(lines))
    damage = looked_at(tmp_path / "j").damage
    assert damage is not None
    assert "record 9 is in its place" in damage.what


@pytest.mark.parametrize("damage", ["newline", "checksum", "noise"])
def test_whole_records_behind_a_damage_still_read(tmp_path: Path, damage: str) -> None:
    lines = lines_of(tmp_path / "j", 6)
    match damage:
        case "newline":
            lines[2] = lines[2][:-1] + b"\x0b"
        case "checksum":
            lines[2] = lines[2].replace(b"BTC", b"BTX")
        case _:
            lines[2] = bytes(range(256)) * 3
    (tmp_path / "j").write_bytes(b"".join(lines))
    part = looked_at(tmp_path / "j")
    assert part.records == 2
    found = [number_of(record.body) for record in salvage(tmp_path / "j", part.good_bytes)]
    assert found == ([2, 3, 4, 5] if damage == "newline" else [3, 4, 5])


def test_an_empty_file_is_an_empty_journal(tmp_path: Path) -> None:
    (tmp_path / "j").touch()
    part = looked_at(tmp_path / "j")
    assert (part.records, part.end, part.damage, part.torn) == (0, Link(), None, b"")


def test_parts_are_found_in_order_and_neighbours_are_not(tmp_path: Path) -> None:
    for name in ("a.jsonl", "a.10.jsonl", "a.2.jsonl", "a.jsonl.new", "a.2.jsonl.damaged-1", "a.owner", "ab.3.jsonl"):
        (tmp_path / name).touch()
    files = parts(tmp_path / "a.jsonl")
    assert [file.name for file in files] == ["a.jsonl", "a.2.jsonl", "a.10.jsonl"]
    assert next_part(tmp_path / "a.jsonl", files).name == "a.11.jsonl"
    assert next_part(tmp_path / "a.jsonl", files[:1]).name == "a.2.jsonl"


def test_an_intent_of_any_part_is_found_and_its_mere_mention_is_not(tmp_path: Path) -> None:
    write(tmp_path / "j.jsonl", 3)
    lines_of(tmp_path / "other.jsonl", 8)
    (tmp_path / "other.jsonl").rename(tmp_path / "j.2.jsonl")
    assert mentions(tmp_path / "j.jsonl", intent(1)["id"])
    assert mentions(tmp_path / "j.jsonl", intent(7)["id"])
    assert not mentions(tmp_path / "j.jsonl", intent(9)["id"])
    assert not mentions(tmp_path / "j.jsonl", "BTCUSDT")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", 1)
    (tmp_path / "j").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalError, match="cannot be read"):
        list(read(tmp_path / "j"))
