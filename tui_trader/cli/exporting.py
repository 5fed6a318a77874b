"""What ``:export`` writes: the fills and the trades of a span, as files for other programs in the account's export directory."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from tui_trader.cli.history import COLUMNS, described, numbers
from tui_trader.cli.sheet import Exported, write_csv, write_json
from tui_trader.core.clock import rfc3339
from tui_trader.core.decimals import plain
from tui_trader.core.error import JournalError
from tui_trader.core.round_trip import RoundTrip
from tui_trader.desk.desk import Desk
from tui_trader.storage.history import read
from tui_trader.storage.history_rows import FillRow

TRADES = (
    "opened", "closed", "symbol", "side", "position_side", "qty", "entry", "exit", "gross", "fees", "funding", "net", "risk", "r",
    "slippage", "whole", "note", "venue", "account",
)  # fmt: skip
"""Columns of trades."""

_TRADE_NUMBERS = frozenset({"qty", "entry", "exit", "gross", "fees", "funding", "net", "risk", "r", "slippage"})


def writer(desk: Desk, path: Path | None, folder: Callable[[], Path]) -> Callable[[str, int, int, bool], str]:
    """Return what writes a span; ``path`` is that of the local history, None where it ends with the program.

    What this run knows and the history has not yet is written too. ``folder`` is made when something is about to be put there.
    """

    def write(name: str, since_ns: int, until_ns: int, csv: bool) -> str:
        kept: dict[tuple[str, ...], FillRow] = {}
        if path is not None:
            try:
                kept = {_key(row): row for row in read(path, "fills", since_ns, until_ns) if isinstance(row, FillRow)}
            except FileNotFoundError:
                pass
            except sqlite3.DatabaseError as error:
                raise JournalError(f"{path} cannot be read: {error}") from error
        account = desk.account.label
        here = (FillRow.of(account, fill) for fill in desk.store.trades.executions() if since_ns <= fill.at_ns < until_ns)
        for row in here:
            kept.setdefault(_key(row), row)
        fills = sorted(kept.values(), key=lambda row: (row.at_ns, row.id))
        trips = [trip for trip in desk.store.trades.trips() if since_ns <= (trip.closed_ns or trip.opened_ns) < until_ns]
        place, end = folder(), "csv" if csv else "json"
        stem = f"{desk.account.journal_name}-{rfc3339(since_ns)[:10]}-{name}"
        first, second = place / f"{stem}-fills.{end}", place / f"{stem}-trades.{end}"
        _put(first, (described(row, COLUMNS["fills"]) for row in fills), COLUMNS["fills"], numbers(), csv)
        _put(second, (_row(trip, desk) for trip in trips), TRADES, _TRADE_NUMBERS, csv)
        return f"exported {len(fills)} fills and {len(trips)} trades of {name}: {first} {second.name}"

    return write


def _put(path: Path, rows: Iterable[Mapping[str, Any]], columns: tuple[str, ...], signed: frozenset[str], csv: bool) -> None:
    with Exported(path, replace=True) as file:
        if csv:
            write_csv(rows, columns, signed, file)
        else:
            write_json(rows, file)


def _key(row: FillRow) -> tuple[str, ...]:
    return (row.venue, row.symbol, row.id)


def _row(trip: RoundTrip, desk: Desk) -> dict[str, Any]:
    return {
        "opened": rfc3339(trip.opened_ns) if trip.whole else None,
        "closed": rfc3339(trip.closed_ns) if trip.closed_ns else None,
        "symbol": trip.instrument.symbol,
        "side": trip.side.value,
        "position_side": trip.position_side.value,
        "qty": plain(trip.qty),
        "entry": _money(trip.entry),
        "exit": _money(trip.exit),
        "gross": _money(trip.gross),
        "fees": _money(trip.fees),
        "funding": _money(trip.funding),
        "net": _money(trip.net),
        "risk": _money(trip.risk),
        "r": _money(trip.multiple),
        "slippage": _money(trip.slippage),
        "whole": trip.whole,
        "note": desk.notes.of(trip.key) or None,
        "venue": trip.instrument.venue,
        "account": desk.account.label,
    }


def _money(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
