"""``python -m tests.bench.journal_open [RECORDS]``: how soon a long journal is open, and what memory it costs.

A journal of a million records (by default) is written, unsynced, into a folder beside the sources; then a new process opens it as
the terminal does, after it has opened one of a thousand. Told are the seconds by the clock and of processor, and the memory that
the opening added. No goal of the table: there is nobody to compare with.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

from tui_trader.core.clock import SystemClock
from tui_trader.desk.records import OpenIntents
from tui_trader.storage import journal as writing
from tui_trader.storage.journal import Journal

from .feeder import ROOT
from .journal import BODY
from .measure import Disagreement

RECORDS = 1_000_000
FEW = 1_000


def main() -> None:
    """Write, open and tell; or, with a path, be the process that opens."""
    if len(sys.argv) > 1 and not sys.argv[1].isdigit():
        return _open(Path(sys.argv[1]), int(sys.argv[2]))
    for count in (FEW, int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS):
        with tempfile.TemporaryDirectory(dir=ROOT, prefix=".bench-") as name:
            path = Path(name) / "journal.jsonl"
            _write(path, count)
            size = sum(file.stat().st_size for file in Path(name).iterdir())
            print(f"{count:9,} records, {size / 1e6:5.0f} MB: ", end="", flush=True)
            subprocess.run([sys.executable, "-m", "tests.bench.journal_open", str(path), str(count)], cwd=ROOT, check=True)
    return None


def _write(path: Path, count: int) -> None:
    """Write orders that came to an end, as most have."""
    with patch.object(writing, "_sync", lambda fd: None):
        journal = Journal(path, SystemClock(), recall=OpenIntents())
        for number in range((count + 1) // 2):
            client_id = f"tt-{number:032x}"
            journal.append("intent", {**BODY, "id": client_id})
            journal.append("outcome", {"ref": client_id, "what": "place", "outcome": "ack", "venue_id": str(number)})
        journal.close()


def _open(path: Path, count: int) -> None:
    before, cpu, start = _rss_mb(), time.process_time(), time.monotonic()
    journal = Journal(path, SystemClock(), recall=OpenIntents())
    wall, cpu = time.monotonic() - start, time.process_time() - cpu
    if journal.failure or len(journal) < count:
        raise Disagreement(f"{len(journal)} records: {journal.failure}")
    print(f"open after {wall:.3f} s ({cpu:.3f} s of processor), {_rss_mb() - before:.1f} MB more memory")
    journal.close()


def _rss_mb() -> float:
    with open("/proc/self/statm") as stat:
        return int(stat.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
