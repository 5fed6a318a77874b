"""Journals to read, damage and go on with: what the tests of storage and of ``audit`` share."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from tui_trader.core.clock import ManualClock
from tui_trader.desk.records import OpenIntents
from tui_trader.storage.journal import Journal


def intent(number: int) -> dict[str, Any]:
    """Return the body of an order's intent, with what a start needs of it."""
    return {"id": f"tt-{number:032x}", "venue": "phemex", "symbol": "BTCUSDT", "side": "buy", "qty": Decimal("0.01")}


def answered(number: int) -> dict[str, Any]:
    """Return the body of the outcome that closes an intent."""
    return {"ref": f"tt-{number:032x}", "what": "place", "outcome": "ack", "code": "", "text": ""}


def write(path: Path, count: int, first: int = 0, **options: Any) -> bytes:
    """Write a journal of ``count`` intents, numbered from ``first``, and return the first file's bytes."""
    journal = Journal(path, ManualClock(), **options)
    for number in range(first, first + count):
        journal.append("intent", intent(number))
    journal.close()
    return path.read_bytes()


def reopened(path: Path, **options: Any) -> tuple[Journal, OpenIntents]:
    """Open a journal as the next start does; return it with what it recalled."""
    recall = OpenIntents()
    return Journal(path, ManualClock(), recall=recall, **options), recall


def open_ids(recall: OpenIntents) -> list[int]:
    """Return the numbers of the intents that are still open."""
    return [number_of(body) for body in recall.still_open()]


def number_of(body: Mapping[str, Any]) -> int:
    """Return the number that ``intent`` was called with."""
    return int(str(body["id"])[3:], 16)
