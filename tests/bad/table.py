"""The table of all classes, in the order of the specification."""

from __future__ import annotations

from tests.bad import binary, files, http, interaction, numbers, semantics, strings, wire
from tests.bad.row import Row

SECTIONS: dict[str, tuple[Row, ...]] = {
    "order qty/price text": numbers.ROWS,
    "order semantics": semantics.ROWS,
    "interaction": interaction.ROWS,
    "config/CLI": files.ROWS,
    "wire JSON": wire.ROWS,
    "wire strings to screen": strings.ROWS,
    "binary SBE": binary.ROWS,
    "HTTP": http.ROWS,
}

SIZES = (28, 18, 9, 20, 25, 19, 8, 8)
"""How many classes each section has: 135 in all."""


def lines() -> list[str]:
    """Return the table as text: a class a line, with its cases and what must come of it."""
    out = []
    for section, rows in SECTIONS.items():
        out.append(f"\n{section}: {len(rows)} classes, {sum(len(row.cases) for row in rows)} cases")
        for row in rows:
            held = f"{len(row.cases):4}" if row.cases else "   -"
            elsewhere = f" (+{len(row.also)} tests elsewhere)" if row.also else ""
            out.append(f"  {held}  {_plain(row.name):44.44}  {row.expected}{elsewhere}")
    rows = [row for group in SECTIONS.values() for row in group]
    out.append(f"\n{len(rows)} classes, {sum(len(row.cases) for row in rows)} generated cases")
    return out


def _plain(name: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in name)
