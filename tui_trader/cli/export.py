"""The journal as a table for other programs: the same columns whatever the kind, money as the decimal text that was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import orjson

from tui_trader.cli import sheet
from tui_trader.cli.sheet import Writes

if TYPE_CHECKING:
    from tui_trader.cli.audit import Entry

FIELDS = ("id", "venue_id", "symbol", "side", "type", "qty", "price", "trigger", "what", "outcome", "code", "text")
"""What most kinds have in common, each in a column of its own; the rest is in the column ``body``."""

COLUMNS = ("journal", "n", "at", "boot_ns", "kind", *FIELDS, "body", "prev", "proved")

_OURS = frozenset({"qty", "price", "trigger"})
"""Numbers, which may begin with a sign."""


def row(entry: Entry) -> dict[str, Any]:
    """Return a record as a JSON object."""
    record = entry.record
    body = record.body
    found = {name: body.get(name) for name in FIELDS}
    found["id"] = body.get("id") or body.get("ref")
    return {
        "journal": entry.journal,
        "n": record.number,
        "at": record.at,
        "boot_ns": record.boot_ns,
        "kind": record.kind,
        **found,
        "body": body,
        "prev": record.previous,
        "proved": entry.proved,
    }


def write_csv(entries: Iterable[Entry], file: Writes) -> int:
    """Write a table with a header; return the number of records."""
    return sheet.write_csv(_flat(entries), COLUMNS, _OURS, file)


def write_json(entries: Iterable[Entry], file: Writes) -> int:
    """Write one JSON array, a record a line; return the number of records."""
    return sheet.write_json((row(entry) for entry in entries), file)


def _flat(entries: Iterable[Entry]) -> Iterator[dict[str, Any]]:
    for entry in entries:
        cells = row(entry)
        cells["body"] = orjson.dumps(cells["body"]).decode()
        yield cells
