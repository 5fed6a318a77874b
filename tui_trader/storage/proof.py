"""The proof of a journal, part by part, and what is done with a part that cannot be proved.

It must not repair: a damaged file is kept as it is, under another name.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_trader.core.clock import Clock, rfc3339
from tui_trader.core.error import JournalError
from tui_trader.storage import lock
from tui_trader.storage.chain import SEGMENT, SET_ASIDE, Damage, Part, end_of, parts, salvage, walk
from tui_trader.storage.journal import Recall, sync_folder, write_whole
from tui_trader.storage.record import Link, Record, encode


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found in one file."""

    file: Path
    records: int
    """Records that were proved."""
    first: Record | None
    last: Record | None
    end: Link
    torn_bytes: int
    damage: Damage | None
    remark: str = ""
    """What else to know of it; empty normally."""


@dataclass(frozen=True, slots=True)
class Aside:
    """What became of a damaged part."""

    damage: Damage
    moved: Path
    """Where the damaged file is now."""
    end: Link
    """The last record that was proved in it."""
    carried: Mapping[str, Any]
    """What the new part begins with."""


def prove(path: Path) -> list[Proof]:
    """Return the proof of every part of a journal, oldest first. Raises OSError when one cannot be read."""
    proofs = []
    for part in walk(path):
        for _ in part:
            pass
        damage, remark = part.damage, ""
        if part.first is not None and part.first.kind == SET_ASIDE:
            damage, remark = _beside(part, damage)
        elif part.first is not None and part.first.kind == SEGMENT and part.after is None:
            remark = f"begins at record {part.first.number}: what was before it is not here"
        proofs.append(Proof(part.file, part.records, part.first, part.last, part.end, len(part.torn), damage, remark))
    return proofs


def set_aside(path: Path, clock: Clock, recall: Recall) -> Aside | None:
    """Give the damaged newest part of a journal another name and begin a new one in its place; None when it is whole.

    The new part's first record names the damaged file, the last record proved in it and what is still open as far as ``recall``
    heard. Raises JournalError when there is no journal, HeldError while a terminal runs, OSError when a file cannot be made.
    """
    files = parts(path)
    if path not in files:
        raise JournalError(f"{path}: there is no journal")
    fd = lock.open_locked(path)
    try:
        part = Part(files[-1], end_of(files[-2]) if len(files) > 1 else None)
        for record in part:
            recall.take(record)
        if part.damage is None:
            return None
        for record in salvage(part.file, part.good_bytes):
            recall.take(record)
        now = rfc3339(clock.wall_ns())
        moved = part.file.with_name(f"{part.file.name}.damaged-{now[:19].replace(':', '').replace('-', '')}Z")
        account = part.first.body.get("account") if part.first is not None else None
        carried = recall.carried()
        body = {
            "account": account or "",
            "file": moved.name,
            "records": part.end.number,
            "hash": part.end.hash,
            "damage": part.damage.what,
            **carried,
        }
        line = encode(Record(part.end.number + 1, now, clock.mono_ns(), SET_ASIDE, body, part.end.hash))
        _also_call(part.file, moved)
        os.close(write_whole(part.file, line))
        return Aside(part.damage, moved, part.end, carried)
    finally:
        os.close(fd)


def _beside(part: Part, damage: Damage | None) -> tuple[Damage | None, str]:
    """Hold the first record after a damage against the file that was set aside."""
    first = part.first
    assert first is not None
    moved = part.file.with_name(Path(str(first.body.get("file", ""))).name)
    told = Link(first.number - 1, first.previous)
    if not moved.is_file():
        return damage, f"goes on after record {told.number} of {moved.name}, which is not here"
    found = Part(moved, part.after)
    for _ in found:
        pass
    if found.end != told:
        return Damage(part.file, first.number, 0, f"does not follow from {moved.name}"), ""
    return damage, f"goes on after record {told.number} of {moved.name}, which is damaged behind it"


def _also_call(file: Path, name: Path) -> None:
    """Give a file a second name, or a copy where the file system knows no such thing; never over something else."""
    try:
        os.link(file, name, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with file.open("rb") as source, os.fdopen(fd, "wb") as copy:
            shutil.copyfileobj(source, copy)
            copy.flush()
            os.fsync(copy.fileno())
    sync_folder(file.parent)
