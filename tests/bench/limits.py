"""What is known about goals that are missed, from ``limits.toml``: where the time goes, what was tried, what the limit is."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("limits.toml")


@dataclass(frozen=True, slots=True)
class Limit:
    """One goal's entry; each text may be empty."""

    profile: str = ""
    tried: str = ""
    limit: str = ""


def limits(text: str | None = None) -> dict[str, Limit]:
    """Return the entries by goal; raises ValueError for a table or a key that means nothing."""
    found = tomllib.loads(FILE.read_text() if text is None else text)
    entries = {}
    for goal, table in found.items():
        if not isinstance(table, dict) or any(not isinstance(value, str) for value in table.values()):
            raise ValueError(f"{goal}: a table of texts is expected")
        unknown = set(table) - {"profile", "tried", "limit"}
        if unknown:
            raise ValueError(f"{goal}: {', '.join(sorted(unknown))}: there are profile, tried and limit")
        entries[goal] = Limit(**{key: " ".join(value.split()) for key, value in table.items()})
    return entries
