"""How fast the candle store takes trades and answers a screen: ``python -m tests.bench.candles [--seconds 10000000]``.

Prints a table. The trades are made up by a seeded generator; the file is a real one, in a temporary directory or where ``--file``
says.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from decimal import Decimal
from functools import partial
from pathlib import Path

from tui_trader.core.bar import Bar
from tui_trader.core.clock import NS, ManualClock
from tui_trader.core.interval import interval_text
from tui_trader.core.second import Second
from tui_trader.core.tape import Trade
from tui_trader.core.types import InstrumentId, Side
from tui_trader.desk.listener import Listener
from tui_trader.state.charts import Page, Wish
from tui_trader.state.store import Store
from tui_trader.storage.candle_retention import Kept
from tui_trader.storage.candle_rollup import roll_up
from tui_trader.storage.candles import CandleStore, Heard
from tui_trader.ui.panes.chart import ChartView

BTC = InstrumentId("phemex", "BTCUSDT")
KEPT = Kept(36_500, 36_500, 1_000_000_000)
T0 = 1_700_006_400
BARS = 200
"""Bars on a screen."""

LENGTHS = (1, 2, 5, 7, 15, 30, 59, 60, 61, 90, 119, 300, 599, 600, 1_801, 3_599, 3_600, 7_201, 14_400, 43_200, 86_399, 86_400)
"""Lengths of bars that a screen is asked for."""


def ingest(store: CandleStore, seconds: int = 60, per_second: int = 10_000) -> float:
    """Return trades a second, from the event to the disk: counted, compared, batched once a second, written."""
    rng = random.Random(1)
    listener = Listener()
    listener.snapshot([], T0 * NS - NS)
    prices = [Decimal(rng.randrange(950_000, 970_000)) / 10 for _ in range(500)]
    sizes = [Decimal(rng.randrange(1, 9_999)) / 1_000 for _ in range(500)]
    batches = [
        [
            Trade((T0 + at) * NS + n * (NS // per_second), Side.BUY, prices[n % 499], sizes[n % 487])
            for n in range(per_second)
        ]
        for at in range(seconds)
    ]  # fmt: skip
    begun = time.perf_counter()
    for at, trades in enumerate(batches):
        for first in range(0, per_second, 50):
            listener.printed(trades[first : first + 50], (T0 + at + 1) * NS)
        listener.confirm(T0 + at + 1)
        assert store.write([Heard(BTC, *listener.take())])
    spent = time.perf_counter() - begun
    (bar,) = store.bars(BTC, 60, T0, T0 + 60)
    assert isinstance(bar, Bar)
    assert bar.trades == 60 * per_second
    return seconds * per_second / spent


def fill(store: CandleStore, seconds: int) -> float:
    """Write so many seconds, each with a trade, and what follows from them; return the seconds it took."""
    rng = random.Random(2)
    begun = time.perf_counter()
    with store.file.transaction() as db:
        series = store._series(db, BTC, [Decimal("0.1")], [Decimal("0.001")])
        db.execute("DELETE FROM seconds")
        db.execute("DELETE FROM bars")
        price = 960_000

        def rows():  # type: ignore[no-untyped-def]
            nonlocal price
            for at in range(T0, T0 + seconds):
                step = rng.getrandbits(6) - 32
                before, price = price, max(1_000, price + step)
                yield series.id, at, before, max(before, price) + 3, min(before, price) - 3, price, 1_000 + step, 7, 1, 2

        db.executemany("INSERT INTO seconds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows())
        db.execute("INSERT OR REPLACE INTO spans VALUES (?, 1, ?, ?)", (series.id, T0, T0 + seconds))
        roll_up(db, series.id, range(T0, T0 + seconds, 60))
    return time.perf_counter() - begun


def screens(store: CandleStore, seconds: int) -> None:
    """Print how long a screen of bars takes, by their length: the median of nine places in the file, and the slowest."""
    rng = random.Random(3)
    now = T0 + seconds
    for interval in LENGTHS:
        walls, busy = [], []
        for _ in range(9):
            width = BARS * interval
            end = now - rng.randrange(max(1, seconds - width)) if seconds > width else now
            begun, cpu = time.perf_counter(), time.thread_time()
            found = store.bars(BTC, interval, end - width, end, now_s=now)
            walls.append((time.perf_counter() - begun) * 1_000)
            busy.append((time.thread_time() - cpu) * 1_000)
            assert found
        median = statistics.median
        print(
            f"{interval_text(interval):>7} | {median(walls):>9.1f} ms | {max(walls):>9.1f} ms"
            f" | {median(busy):>9.1f} ms | {max(busy):>9.1f} ms"
        )


def opening(path: Path, clock: ManualClock) -> None:
    """Print what it costs to open the file, closed well and left by a kill, and to write the first second to it."""
    for after_kill in (False, True):
        log = path.with_name(f"{path.name}-wal")
        if after_kill:
            log.touch()
        store = CandleStore(path, clock, KEPT)
        resident = _resident()
        begun, cpu = time.perf_counter(), time.thread_time()
        assert store.open(), store.notices
        walls, busy = (time.perf_counter() - begun) * 1_000, (time.thread_time() - cpu) * 1_000
        grown = _resident() - resident
        begun = time.perf_counter()
        store.examine()
        examined = (time.perf_counter() - begun) * 1_000
        begun = time.perf_counter()
        assert store.write([Heard(BTC, [Second(Trade(clock.wall_ns(), Side.BUY, Decimal("96000.1"), Decimal(1)))])])
        first = (time.perf_counter() - begun) * 1_000
        store.close()
        print(
            f"open {'after a kill' if after_kill else 'after a close'}: {walls:.1f} ms, {busy:.1f} ms of processor,"
            f" {grown / 1_024:.1f} MB of memory; looked through beside it in {examined:.0f} ms; first write {first:.0f} ms"
        )


def _resident() -> int:
    """Return the resident memory of this process in kB, 0 where it cannot be read."""
    try:
        text = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS")), 0)


def frames(store: CandleStore, seconds: int) -> None:
    """Print what drawing a chart costs: the first time, when the newest bar moved, and when nothing did."""
    from tests.ui.panes.conftest import World

    for width, height in ((46, 11), (118, 30), (198, 50)):
        world = World().listed().links().ticker(last="96000")
        view, state = ChartView(world.store, world.clock, BTC), world.store
        count = width
        bars = store.bars(BTC, 60, T0 + seconds - count * 60, T0 + seconds, now_s=T0 + seconds)
        page = Page(Wish(BTC, 60, count), tuple(bars), T0 + seconds)
        state.charts.page = page
        first = _timed(partial(view.body, width, height), 1)
        newest = bars[-1]
        assert isinstance(newest, Bar)
        moved = [(*bars[:-1], newest._replace(close=newest.close + Decimal(n % 3) / 2)) for n in range(200)]

        def move(view: ChartView = view, state: Store = state, moved=moved, page: Page = page, size=(width, height)) -> None:  # type: ignore[no-untyped-def]
            for one in moved:
                state.charts.page = Page(page.wish, one, page.known_until_s)
                view.body(*size)

        changed = _timed(move, 1) / len(moved)
        same = _timed(partial(view.body, width, height), 200)
        print(f"{width:>4}x{height:<3} | first {first:>6.2f} ms | newest bar moved {changed:>6.2f} ms | nothing {same:>6.2f} ms")


def _timed(work, times: int) -> float:  # type: ignore[no-untyped-def]
    begun = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - begun) * 1_000 / times


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the candle store and the chart.")
    parser.add_argument("--seconds", type=int, default=10_000_000, help="bars of a second in the file")
    parser.add_argument("--file", type=Path, default=None, help="where the file is made (default: a temporary directory)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = args.file or Path(folder) / "candles.sqlite"
        clock = ManualClock((T0 + args.seconds + 60) * NS)
        store = CandleStore(path, clock, KEPT)
        assert store.open(), store.notices
        print(f"ingest: {ingest(store):,.0f} trades a second, from the event to the disk")
        print(f"{args.seconds:,} seconds written in {fill(store, args.seconds):.0f} s, {path.stat().st_size / 1e6:,.0f} MB")
        print(f"a screen of {BARS} bars, nine places: median and slowest\n length | by the clock |              | processor")
        screens(store, args.seconds)
        print("a frame of the chart, processor time")
        frames(store, args.seconds)
        store.close()
        opening(path, clock)


if __name__ == "__main__":
    main()
