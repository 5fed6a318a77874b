"""Invented candles reach nobody who does not ask for them by name: read out of the source, and seen at each reader."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from tests.desk.conftest import BTC
from tui_trader.core.bar import Bar
from tui_trader.core.candle import Candle
from tui_trader.core.clock import NS, ManualClock
from tui_trader.core.interpolate import interpolated
from tui_trader.desk.backfill import Backfill
from tui_trader.desk.true_range import TrueRanges
from tui_trader.state.store import Store
from tui_trader.storage.candles import CandleStore
from tui_trader.venues.phemex import PHEMEX

PACKAGE = Path(__file__).resolve().parents[2] / "tui_trader"

COMMAND = "cli/candles.py"
"""The one that invents, and shows what was invented, both when it is told to."""

STORE = {f"storage/{name}.py" for name in ("candles", "candle_query", "candle_retention", "candle_tables")}

NOW = 1_700_006_400


def asks(source: str, name: str) -> Iterator[str]:
    """Yield where a module makes, or asks for, what was invented and may not."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "tui_trader.core.interpolate" and name != COMMAND:
            yield f"{name}:{node.lineno}: interpolates"
        if isinstance(node, ast.Attribute) and node.attr == "invent" and name != COMMAND:
            yield f"{name}:{node.lineno}: invents"
        if isinstance(node, ast.keyword) and node.arg == "synthetic" and name not in STORE | {COMMAND}:
            yield f"{name}:{node.value.lineno}: asks for what was invented"
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and name not in STORE:
            words = node.value.lower()
            if "from synthetic" in words or "into synthetic" in words:
                yield f"{name}:{node.lineno}: reads the table of what was invented"


def test_only_the_command_makes_and_asks_for_what_was_invented() -> None:
    found = [
        offence
        for path in sorted(PACKAGE.rglob("*.py"))
        for offence in asks(path.read_text(), path.relative_to(PACKAGE).as_posix())
    ]
    assert not found, "\n".join(found)


def test_whoever_would_ask_is_found() -> None:
    for source in (
        "from tui_trader.core.interpolate import interpolated",
        "store.invent(BTC, rows)",
        "store.bars(BTC, 60, 0, 60, synthetic=True)",
        "db.execute('SELECT * FROM synthetic')",
    ):
        assert list(asks(source, "desk/alerts.py")), source
    assert list(asks("store.bars(BTC, 60, 0, 60, synthetic=args.synthetic)", COMMAND)) == []


async def test_neither_a_distance_in_atr_nor_the_watchlist_sees_what_was_invented() -> None:
    clock = ManualClock(NOW * NS)
    candles = CandleStore(None, clock)
    assert candles.open()
    for start in range(NOW - 3 * 3_600, NOW, 60):
        minute = Candle(start, 60, *map(Decimal, ("100", "110", "90", "105", "5", "0")))
        assert candles.invent(BTC, interpolated(minute, Decimal("0.1"), Decimal("0.001")))
    invented = candles.bars(BTC, 300, NOW - 3 * 3_600, NOW, synthetic=True)
    assert all(isinstance(bar, Bar) and bar.basis == "synthetic" for bar in invented)
    ranges = TrueRanges(candles, clock, watched=lambda: [BTC], server_ns=clock.wall_ns)
    await ranges.read(BTC)
    assert ranges.of(BTC) is None
    store = Store(clock)
    past = Backfill(
        candles=candles, venue="phemex", store=store, clock=clock, dialect=PHEMEX.orders(), send=None,  # type: ignore[arg-type]
        can_spare=lambda request: False, watched=lambda: [BTC], listed=lambda: [], server_ns=clock.wall_ns,
    )  # fmt: skip
    await past.seed()
    assert store.paths.of(BTC).points() == []
    for start in range(NOW - 3 * 3_600, NOW, 60):  # the same, told: now they are seen
        assert candles.tell(BTC, 60, [Candle(start, 60, *map(Decimal, ("100", "110", "90", "105", "5", "0")))])
    await ranges.read(BTC)
    assert ranges.of(BTC) is not None
    clock.advance(60)
    await past.seed()
    assert store.paths.of(BTC).points()
