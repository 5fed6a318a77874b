"""A journal on a tmpfs of 64 kB, in a mount namespace of this process: ``unshare --mount python -m tests.storage.small_disk …``.

Takes ``full`` or ``read-only``. Prints what happened as one JSON document; exit code 77 when nothing can be mounted.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.storage.journals import intent, open_ids, reopened
from tui_trader.core.clock import ManualClock
from tui_trader.core.error import JournalError
from tui_trader.storage.journal import Journal, read

FULL, READ_ONLY = "full", "read-only"


def main(mount: str) -> int:
    """Mount, fill or remount, write; print what was refused and what is on the disk."""
    with tempfile.TemporaryDirectory() as name:
        disk = Path(name)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", name], check=False).returncode:
            return 77
        try:
            told = fill(disk) if mount == FULL else only_read(disk)
        finally:
            subprocess.run(["umount", name], check=True)
    print(json.dumps(told))
    return 0


def fill(disk: Path) -> dict[str, object]:
    """Write until nothing fits, make room, write again."""
    (disk / "ballast").write_bytes(b"x" * 16_000)
    journal = Journal(disk / "j.jsonl", ManualClock())
    refusal = ""
    count = 0
    while not refusal:
        try:
            journal.append("intent", intent(count))
            count += 1
        except JournalError as error:
            refusal = error.message
    whole = sum(1 for _ in read(disk / "j.jsonl")) == count and (disk / "j.jsonl").read_bytes().endswith(b"\n")
    (disk / "ballast").unlink()
    journal.append("after", {})
    journal.close()
    return {"refusal": refusal, "whole": whole, "after_room": [record.kind for record in read(disk / "j.jsonl")][count:]}


def only_read(disk: Path) -> dict[str, object]:
    """Write, remount read-only, start again."""
    journal = Journal(disk / "j.jsonl", ManualClock())
    for number in range(3):
        journal.append("intent", intent(number))
    journal.close()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    journal, recall = reopened(disk / "j.jsonl")
    try:
        journal.append("intent", intent(3))
    except JournalError as error:
        return {"refusal": error.message, "recalled": open_ids(recall)}
    return {"refusal": "", "recalled": []}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
