"""``python -m tests.bench``: measure the goals and print one table."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from .feeder import ROOT
from .table import Row, as_json, machine, render

GROUPS: dict[str, tuple[str, ...]] = {
    "feed": ("G1", "G2"),
    "gate": ("G3",),
    "order": ("G9",),
    "journal": ("G13",),
    "scale": ("G11",),
    "start": ("G10", "G12"),
    "latency": ("G7", "G8", "G20"),
    "frame": ("G4", "G5", "G6"),
    "cockpit_rows": ("G14", "G15", "G16", "G17", "G18", "G19"),
}
"""Which module measures which goals; each offers ``measure(rounds, goals) -> list[Row]``."""

GOALS = tuple(f"G{number}" for number in range(1, 21))


def goals_of(text: str) -> frozenset[str]:
    """Return the goals that ``G1,g4`` names; raises ArgumentTypeError for one that does not exist."""
    named = [word.strip().upper() for word in text.split(",") if word.strip()]
    unknown = [word for word in named if word not in GOALS]
    if unknown or not named:
        raise argparse.ArgumentTypeError(f"no goal {', '.join(unknown) or 'named'}: there are {GOALS[0]} to {GOALS[-1]}")
    return frozenset(named)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure the goals of docs/performance.md.")
    parser.add_argument("--only", type=goals_of, default=frozenset(GOALS), metavar="G1,G4", help="only these goals")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds per goal (default 3; at least 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every round to FILE")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and return 0: a missed goal is a figure, not a failure."""
    parser = build_parser()
    args = parser.parse_args(argv)
    if args.rounds < 1:
        parser.error("--rounds must be at least 1")
    os.chdir(ROOT)  # the ladder programs are found from here
    told = machine()
    rows: list[Row] = []
    start = time.monotonic()
    for group, offered in GROUPS.items():
        wanted = args.only.intersection(offered)
        if wanted:
            sys.stderr.write(f"{time.monotonic() - start:5.0f} s  {', '.join(sorted(wanted))} …\n")
            rows += importlib.import_module(f".{group}", __package__).measure(args.rounds, wanted)
    rows.sort(key=lambda row: GOALS.index(row.goal) if row.goal in GOALS else len(GOALS))
    ended = f"{args.rounds} rounds, {time.monotonic() - start:.0f} s; load at the end {os.getloadavg()[0]:.2f}"
    print("\n".join(told), render(rows), ended, sep="\n\n")
    if args.json:
        command = " ".join(["python -m tests.bench", *(sys.argv[1:] if argv is None else argv)])
        found = {"command": command, "machine": told, "rows": [as_json(row) for row in rows], "ended": ended}
        args.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
