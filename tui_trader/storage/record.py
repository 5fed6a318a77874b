"""A record of the journal and the line that it is on the disk. It must not know what a record means, nor which file it is in.

One JSON document a line. Each line carries a CRC of itself and the hash of the line before, so that a torn tail is told from
damage and nothing can be taken out of the middle unseen.

    {"n":7,"at":"…Z","boot":123,"kind":"intent","body":{…},"prev":"<sha256 of line 6>"}<TAB>crc32<LF>
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

GENESIS = "0" * 64
"""What the first record of all names as the hash of the one before."""

MAX_LINE = 1 << 20
"""A longer line is not ours, bytes."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the journal."""

    number: int
    at: str
    """Wall time, RFC 3339 UTC."""
    boot_ns: int
    """Monotonic time since boot, nanoseconds."""
    kind: str
    body: Mapping[str, Any]
    previous: str = field(default=GENESIS, compare=False)
    """Hash of the line before."""


@dataclass(frozen=True, slots=True)
class Link:
    """A place in the chain: the last record before it and that record's hash."""

    number: int = 0
    hash: str = GENESIS


def encode(record: Record) -> bytes:
    """Return the line of a record, with what JSON does not know as text; raises TypeError when it cannot be written down."""
    document = orjson.dumps(
        {
            "n": record.number,
            "at": record.at,
            "boot": record.boot_ns,
            "kind": record.kind,
            "body": record.body,
            "prev": record.previous,
        },
        default=str,
    )
    return b"%s\t%08x\n" % (document, zlib.crc32(document))


def decode(line: bytes) -> Record | None:
    """Return the record of a whole line, or None when its checksum or its shape is not that of one."""
    document, _, crc = line[:-1].rpartition(b"\t")
    if crc != b"%08x" % zlib.crc32(document) or line[-1:] != b"\n":
        return None
    try:
        row = orjson.loads(document)
        record = Record(row["n"], row["at"], row["boot"], row["kind"], row["body"], row["prev"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    shapes = ((record.number, int), (record.at, str), (record.boot_ns, int), (record.kind, str), (record.body, dict))
    return record if all(isinstance(value, kind) for value, kind in shapes) else None


def digest(line: bytes) -> str:
    """Return the hash by which the next record names this line."""
    return hashlib.sha256(line).hexdigest()
