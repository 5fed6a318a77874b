"""The specification: ``cases.def``, one row a case, as values.

A row is ``number | name | needs | what goes wrong | what is done | what must be seen``. Needs stand between commas: a
capability (``amend``, ``hedge``, ``type stop``, ``tif fok``, ``trigger index``, …), ``plays X`` (what the exchange behind it
must be able to play), or a flag of the fault matrix (``slow``, ``cold``, ``hedged``, ``open-ended``); the other columns read as
there. ``$CREATE``, ``$AMEND`` and ``$CANCEL`` are the requests of the family that the case is played in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.cases import FLAGS, Case

TABLE = Path(__file__).parent / "cases.def"

_NUMBER = re.compile(r"TC-\d{3}\Z")


@dataclass(frozen=True, slots=True)
class Spec:
    """One numbered case, whatever it is played on."""

    number: str
    name: str
    needs: tuple[str, ...]
    faults: str
    steps: str
    sights: str

    @property
    def id(self) -> str:
        """Name of the case's tests."""
        return f"{self.number} {self.name}"

    @property
    def flags(self) -> frozenset[str]:
        """What the fault matrix calls flags."""
        return FLAGS.intersection(self.needs)

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What the family must offer."""
        needs = tuple(need for need in self.needs if need not in FLAGS and not need.startswith("plays "))
        return ("hedge", *needs) if "hedged" in self.flags else needs

    @property
    def plays(self) -> tuple[str, ...]:
        """What the exchange must be able to play."""
        return tuple(need.removeprefix("plays ") for need in self.needs if need.startswith("plays "))

    def case(self, names: Mapping[str, str]) -> Case:
        """Return the case as the fault matrix has them, with the requests of a family in it."""
        cells = (_words(_filled_in(cell, names)) for cell in (self.faults, self.steps, self.sights))
        return Case(int(self.number[3:]), self.name, self.flags, *cells)


def read_table(text: str) -> list[Spec]:
    """Return the rows of a table; raises ValueError naming the first line that is none."""
    names: dict[str, str] = {}
    specs: list[Spec] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("let "):
            name, _, value = line.removeprefix("let ").partition(" = ")
            names[name] = value.strip()
            continue
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) != 6 or not _NUMBER.match(cells[0]) or not cells[1] or not cells[4] or not cells[5]:
            raise ValueError(f"line {number} is no case: {line}")
        if specs and cells[0] <= specs[-1].number:
            raise ValueError(f"line {number}: numbers go up, and none stands twice: {line}")
        needs = tuple(need.strip() for need in cells[2].split(",") if need.strip())
        specs.append(Spec(cells[0], cells[1], needs, *(_filled_in(cell, names) for cell in cells[3:])))
    return specs


def specs() -> list[Spec]:
    """Return the rows of the table."""
    return read_table(TABLE.read_text())


def _filled_in(text: str, names: Mapping[str, str]) -> str:
    return re.sub(r"\$([A-Z]+)", lambda found: names.get(found[1], found[0]), text)


def _words(cell: str) -> tuple[str, ...]:
    return tuple(cell.split(" & ")) if cell else ()
