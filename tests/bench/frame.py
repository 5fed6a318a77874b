"""G4, G5 and G6: CPU and bytes of a frame, the same ladder drawn by us, by hand-written floors and by Textual's DataTable.

The programs are in ``ladder_apps``. All run side by side and take turns of a second: only the one whose turn it is is not
stopped, and it moves for a while and then stands still. A turn gives what each frame took that the program says it made, less
what the clock of the same process takes at rest, the middle of all its turns. Ratios are taken turn by turn. The goals stand
against the better floor: the one with the least CPU for CPU, the one with the fewest bytes for bytes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from .ladder_apps import FPS, Terminal
from .measure import Disagreement, Ratio, take_turns
from .table import Row

TURNS = 7
"""Of each program, whatever the rounds: a turn is a second, and one of three seconds differs from the next by a half."""

WARM_S, SETTLE_S, MOVING_S, REST_S = 1.5, 0.1, 1.0, 0.3
FLOORS = {"floor": "floor (fields)", "floor_cells": "floor (cells)"}
PROGRAMS = ("ours", *FLOORS, "datatable")


def measure(rounds: int, goals: frozenset[str]) -> list[Row]:
    """Return those of the rows of G4, G5 and G6 that are asked for."""
    turns: dict[str, list[Turn]] = {program: [] for program in PROGRAMS}
    with ExitStack() as stack:
        terminals = {program: stack.enter_context(Terminal(program)) for program in PROGRAMS}
        for terminal in terminals.values():
            terminal.read(WARM_S)
            terminal.halt()

        def side(program: str) -> float:
            turns[program].append(turn(terminals[program]))
            return 0.0

        take_turns(TURNS, {program: (lambda program=program: side(program)) for program in PROGRAMS})  # type: ignore[misc]
    return [row for row in rows(turns) if row.goal in goals]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn of a program took: CPU milliseconds and bytes while it moved, and a second at rest."""

    seconds: float
    frames: int
    ms: float
    bytes: int
    rest_ms_s: float
    rest_bytes_s: float


def turn(terminal: Terminal) -> Turn:
    """Have a program move, and then rest; raises Disagreement when it made no frame."""
    terminal.wake()
    terminal.read(SETTLE_S)
    frames, cpu, start = terminal.frames(), terminal.cpu_ms(), time.monotonic()
    terminal.set_moving(True)
    taken = terminal.read(MOVING_S)
    terminal.set_moving(False)
    taken += terminal.read(SETTLE_S)  # until the last frame is painted
    used, seconds = terminal.cpu_ms() - cpu, time.monotonic() - start
    frames = terminal.frames() - frames
    if frames <= 0:
        raise Disagreement("a ladder did not move")
    cpu, start = terminal.cpu_ms(), time.monotonic()
    resting = terminal.read(REST_S)
    rested = time.monotonic() - start
    rest_ms = terminal.cpu_ms() - cpu
    terminal.halt()
    return Turn(seconds, frames, used, taken, rest_ms / rested, resting / rested)


def net(turns: Sequence[Turn]) -> tuple[list[float], list[float]]:
    """Return milliseconds and bytes of a frame, by turn, beyond the middle of what all turns took at rest."""
    ms, taken = median(each.rest_ms_s for each in turns), median(each.rest_bytes_s for each in turns)
    return (
        [(each.ms - ms * each.seconds) / each.frames for each in turns],
        [(each.bytes - taken * each.seconds) / each.frames for each in turns],
    )


def rows(turns: Mapping[str, Sequence[Turn]]) -> list[Row]:
    """Return the three rows of the turns of all programs."""
    cpu = {program: net(each)[0] for program, each in turns.items()}
    taken = {program: net(each)[1] for program, each in turns.items()}
    lean = min(FLOORS, key=lambda program: median(cpu[program]))
    terse = min(FLOORS, key=lambda program: median(taken[program]))
    ours, table = _ms(cpu["ours"]), _ms(cpu["datatable"])
    rest = {program: median(each.rest_ms_s for each in turns[program]) / FPS for program in ("ours", lean)}
    frames = sum(each.frames for each in turns["ours"])
    return [
        Row(
            "G4",
            f"frame CPU / {FLOORS[lean]}",
            ours,
            _ms(cpu[lean]),
            Ratio.of(cpu["ours"], cpu[lean]),
            1.5,
            f"{len(cpu['ours'])} turns, {frames} frames; off for the clock {rest['ours']:.2f} and {rest[lean]:.2f} ms a frame",
        ),
        Row(
            "G5",
            f"bytes per frame / {FLOORS[terse]}",
            f"{median(taken['ours']):.0f} B",
            f"{median(taken[terse]):.0f} B",
            Ratio.of(taken["ours"], taken[terse]),
            1.15,
            f"DataTable {median(taken['datatable']):.0f} B",
        ),
        Row("G6", "frame CPU / DataTable", ours, table, Ratio.of(cpu["ours"], cpu["datatable"]), 0.03),
    ]


def _ms(values: Sequence[float]) -> str:
    return f"{median(values):.2f} ms"
