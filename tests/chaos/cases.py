"""The table of the fault matrix: ``matrix.def``, one row a case, as values.

A row is ``number | name | flags | what goes wrong | what is done | what must be seen``. The words of one column are told apart by
`` & ``; ``proxy.py`` says what a fault word is and ``words.py`` what the others are. In place of the last three columns stands
``=> node & node`` for a row that tests elsewhere prove, or ``-- reason`` for one that is not covered. ``let NAME = text`` gives a
name to a text that ``$NAME`` stands for below.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).parent / "matrix.def"

VENUES = ("phemex", "mexc", "paradex")
"""Where rows are played. A row with one of them for a flag is played there alone."""

FLAGS = frozenset({"slow", "cold", "alone", "hedged", "open-ended", "cod", *VENUES})
"""``slow``: waits for the expiry fence, 12 s and more of real time. ``cold``: the faults are there before the desk starts.
``alone``: takes something away from the whole process. ``hedged``: the account has two legs. ``open-ended``: something is still
broken in the end, so nothing can be reckoned. ``cod``: the trader has chosen cancel-on-disconnect."""


@dataclass(frozen=True, slots=True)
class Case:
    """One row."""

    row: int
    """Number in the matrix."""
    name: str
    flags: frozenset[str] = frozenset()
    faults: tuple[str, ...] = ()
    """What goes wrong, in force once the desk is ready."""
    steps: tuple[str, ...] = ()
    sights: tuple[str, ...] = ()
    """What must be so in the end, beside the reckoning: the desk shows what the exchange has and never lied on the way."""
    proofs: tuple[str, ...] = ()
    """Tests elsewhere that prove the row."""
    why_not: str = ""
    """Why the row is not covered."""

    @property
    def id(self) -> str:
        """Name of the row's test."""
        return f"{self.row:02d} {self.name}"

    def is_of(self, venue: str) -> bool:
        """Whether the row is about a venue: about any, or about this one."""
        return venue in self.flags or not self.flags & set(VENUES)

    @property
    def is_played(self) -> bool:
        """Whether the row is played here."""
        return bool(self.steps)


def read_table(text: str) -> list[Case]:
    """Return the rows of a table; raises ValueError naming the first line that is none."""
    names: dict[str, str] = {}
    cases = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            if line.startswith("let "):
                name, _, value = line.removeprefix("let ").partition(" = ")
                names[name] = _filled_in(value.strip(), names)
            else:
                cases.append(_case(_filled_in(line, names)))
        except (ValueError, KeyError) as error:
            raise ValueError(f"line {number} is no row ({error}): {line}") from error
    return cases


def cases() -> list[Case]:
    """Return the rows of the table."""
    return read_table(TABLE.read_text())


def _filled_in(text: str, names: dict[str, str]) -> str:
    return re.sub(r"\$([A-Z]+)", lambda found: names[found[1]], text)


def _case(line: str) -> Case:
    row, name, flags, *rest = (cell.strip() for cell in line.split(" | "))
    case = Case(int(row), name, frozenset(flags.split()))
    if case.flags - FLAGS:
        raise ValueError(f"flags are {', '.join(sorted(FLAGS))}")
    match rest:
        case [elsewhere] if elsewhere.startswith("=> "):
            return Case(case.row, name, case.flags, proofs=_words(elsewhere.removeprefix("=> ")))
        case [reason] if reason.startswith("-- "):
            return Case(case.row, name, case.flags, why_not=reason.removeprefix("-- "))
        case [faults, steps, sights]:
            return Case(case.row, name, case.flags, _words(faults), _words(steps), _words(sights))
    raise ValueError("columns are number, name, flags, faults, steps, sights")


def _words(cell: str) -> tuple[str, ...]:
    return tuple(cell.split(" & ")) if cell else ()
