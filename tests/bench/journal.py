"""G13: a record of the journal, durable on the disk, against writing and syncing the same bytes and nothing else.

Both go to files on the disk that the source tree is on, in turns of a few records, so that a disk that slows down slows both.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from tui_trader.core.clock import SystemClock
from tui_trader.desk.records import OpenIntents
from tui_trader.storage.journal import Journal
from tui_trader.storage.record import encode

from .feeder import ROOT
from .measure import Disagreement, Ratio, percentile
from .table import Row

RECORDS = 500
"""Of each side per round."""

TURN = 5
LIMIT_MS = 1.0
"""The 99th percentile may take this long."""

BODY = {
    "id": "tt-0123456789abcdef0123456789abcdef",
    "venue": "phemex",
    "symbol": "BTCUSDT",
    "side": "buy",
    "type": "limit",
    "qty": "0.01",
    "price": "96480.3",
    "tif": "gtc",
    "position_side": "merged",
    "reduce_only": False,
    "close_on_trigger": False,
    "trigger": None,
    "trigger_source": "mark",
    "take_profit": None,
    "stop_loss": None,
}


def measure(rounds: int, goals: frozenset[str]) -> list[Row]:
    """Return the row of G13."""
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=".bench-") as name:
        folder = Path(name)
        journal = Journal(folder / "journal.jsonl", SystemClock(), recall=OpenIntents())
        line = encode(journal.append("intent", BODY))
        bare = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

        def floor() -> None:
            os.write(bare, line)
            os.fdatasync(bare)

        try:
            found = [_round(lambda: journal.append("intent", BODY), floor) for _ in range(rounds)]
        finally:
            os.close(bare)
            journal.close()
        if len(journal) != rounds * RECORDS + 1:
            raise Disagreement(f"{len(journal)} records were written")
    ours, bytes_alone = ([median(each[side]) for each in found] for side in (0, 1))
    tails = [percentile([us for each in found for us in each[side]], 99) / 1e3 for side in (0, 1)]
    unmet = f"p99 {tails[0]:.1f} ms is above {LIMIT_MS:.0f} ms" if tails[0] > LIMIT_MS else ""
    remark = f"p99 {tails[0]:.2f} and {tails[1]:.2f} ms"
    title = "journal append / write and sync"
    told = (f"{median(ours):.0f} us", f"{median(bytes_alone):.0f} us")
    return [Row("G13", title, *told, Ratio.of(ours, bytes_alone), 2.0, remark, unmet)]


def _round(ours: Callable[[], object], floor: Callable[[], None]) -> tuple[list[float], list[float]]:
    """Take turns; return the microseconds of each side's records."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(RECORDS // TURN):
        for work, times in zip((ours, floor), taken, strict=True):
            for _ in range(TURN):
                start = time.perf_counter_ns()
                work()
                times.append((time.perf_counter_ns() - start) / 1e3)
    return taken
