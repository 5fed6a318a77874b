"""G4, G5 and G6: CPU and bytes of a frame, the same ladder drawn by us, by hand-written floors and by Textual's DataTable.

The programs are in ``ladder_apps``. All run side by side and take turns of a second: only the one whose turn it is is not
stopped, and it moves for twenty whole frames and then stands still. A turn gives what a frame takes, less what the clock of
the same process takes at rest, the middle of all its turns. Ratios are taken turn by turn. The goals stand against the better
floor: the one with the least CPU for CPU, the one with the fewest bytes for bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from .ladder_apps import FPS, Terminal
from .measure import Ratio, take_turns
from .table import Row

TURNS = 7
"""Of each program, whatever the rounds: a turn is a second, and one of three seconds differs from the next by a half."""

FRAMES = 20
WARM_S, SETTLE_S, STILL_S = 1.5, 0.1, 0.3
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
    """What one turn of a program took, a frame: CPU milliseconds and bytes, moving and at rest."""

    moving_ms: float
    moving_bytes: float
    still_ms: float
    still_bytes: float


def turn(terminal: Terminal) -> Turn:
    """Have a program move, and then rest."""
    terminal.wake()
    terminal.set_moving(True)
    terminal.read(SETTLE_S)
    terminal.frame()
    cpu = terminal.cpu_ms()
    moving_bytes = terminal.read(FRAMES / FPS)
    moving_ms = terminal.cpu_ms() - cpu
    terminal.set_moving(False)
    terminal.read(SETTLE_S)
    cpu = terminal.cpu_ms()
    still_bytes = terminal.read(STILL_S)
    still_ms = terminal.cpu_ms() - cpu
    terminal.halt()
    resting = STILL_S * FPS
    return Turn(moving_ms / FRAMES, moving_bytes / FRAMES, still_ms / resting, still_bytes / resting)


def net(turns: Sequence[Turn]) -> tuple[list[float], list[float]]:
    """Return milliseconds and bytes of a frame, by turn, beyond the middle of what all turns took at rest."""
    rest_ms = median(each.still_ms for each in turns)
    rest_bytes = median(each.still_bytes for each in turns)
    return [each.moving_ms - rest_ms for each in turns], [each.moving_bytes - rest_bytes for each in turns]


def rows(turns: Mapping[str, Sequence[Turn]]) -> list[Row]:
    """Return the three rows of the turns of all programs."""
    cpu = {program: net(each)[0] for program, each in turns.items()}
    taken = {program: net(each)[1] for program, each in turns.items()}
    lean = min(FLOORS, key=lambda program: median(cpu[program]))
    terse = min(FLOORS, key=lambda program: median(taken[program]))
    ours, table = _ms(cpu["ours"]), _ms(cpu["datatable"])
    rest = {program: median(each.still_ms for each in turns[program]) for program in ("ours", lean)}
    return [
        Row(
            "G4",
            f"frame CPU / {FLOORS[lean]}",
            ours,
            _ms(cpu[lean]),
            Ratio.of(cpu["ours"], cpu[lean]),
            1.5,
            f"{len(cpu['ours'])} turns of {FRAMES} frames; taken off for the clock {rest['ours']:.2f} and {rest[lean]:.2f} ms",
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
