"""G4, G5 and G6: CPU and bytes of a frame, the same ladder drawn by us, by hand-written floors and by Textual's DataTable.

The programs and how they are sampled are in ``ladder_apps``. Each is taken net of itself standing still; the goals stand
against the better floor: the one with the least CPU for CPU, the one with the fewest bytes for bytes.
"""

from __future__ import annotations

from statistics import median

from .ladder_apps import sample
from .measure import Ratio, take_turns
from .table import Row

SECONDS = 3.0
PROGRAMS = ("ours", "floor", "floor_cells", "datatable")


def measure(rounds: int, goals: frozenset[str]) -> list[Row]:
    """Return those of the rows of G4, G5 and G6 that are asked for."""
    still = {program: sample(program, SECONDS / 2, moving=False) for program in PROGRAMS}
    taken: dict[str, list[float]] = {program: [] for program in PROGRAMS}

    def side(program: str) -> float:
        cpu_ms, count = sample(program, SECONDS)
        taken[program].append(count - still[program][1])
        return cpu_ms - still[program][0]

    cpu = take_turns(max(1, rounds - 2), {program: (lambda program=program: side(program)) for program in PROGRAMS})  # type: ignore[misc]
    lean = min(("floor", "floor_cells"), key=lambda program: median(cpu[program]))
    terse = min(("floor", "floor_cells"), key=lambda program: median(taken[program]))
    table = _ms(cpu["datatable"])
    rows = [
        Row("G4", f"frame CPU / {_NAMES[lean]}", _ms(cpu["ours"]), _ms(cpu[lean]), Ratio.of(cpu["ours"], cpu[lean]), 1.5),
        Row(
            "G5",
            f"bytes per frame / {_NAMES[terse]}",
            f"{median(taken['ours']):.0f} B",
            f"{median(taken[terse]):.0f} B",
            Ratio.of(taken["ours"], taken[terse]),
            1.15,
            f"DataTable {median(taken['datatable']):.0f} B",
        ),
        Row("G6", "frame CPU / DataTable", _ms(cpu["ours"]), table, Ratio.of(cpu["ours"], cpu["datatable"]), 0.03),
    ]
    return [row for row in rows if row.goal in goals]


_NAMES = {"floor": "floor (fields)", "floor_cells": "floor (cells)"}


def _ms(values: list[float]) -> str:
    return f"{median(values):.2f} ms"
