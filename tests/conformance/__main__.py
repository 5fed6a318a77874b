"""``python -m tests.conformance [--cases TC-010,TC-02] [--family COIN]`` plays the numbered cases and prints the matrix: a line a
case, a column for every family: pass, FAIL, or why it is not offered."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.conformance.families import families
from tests.conformance.manual import capability_table
from tests.conformance.play import Cell, play_all
from tests.conformance.table import specs


def main() -> int:
    """Print the matrix; returns 1 when a case that was played failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--cases", default="", metavar="N,N", help="only cases whose number begins so")
    parser.add_argument("--family", default="", metavar="TEXT", help="only families whose name has this in it")
    parser.add_argument("--manual", default="", metavar="VENUE", help="print the capability table of a manual and play nothing")
    args = parser.parse_args()
    if args.manual:
        print(capability_table(args.manual), end="")
        return 0
    wanted = tuple(number for number in args.cases.split(",") if number)
    table = [spec for spec in specs() if not wanted or spec.number.startswith(wanted)]
    columns = [family for family in families() if args.family.lower() in family.name.lower()]
    cells = [Cell(spec, family) for spec in table for family in columns if not family.refuses(spec)]
    print(f"playing {len(cells)} cases side by side", file=sys.stderr)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="conformance-") as name:
        outcomes = asyncio.run(play_all(cells, Path(name)))
    width = max((len(spec.name) for spec in table), default=0)
    print(f"{'':6}  {'':{width}}  " + "  ".join(f"{family.name:36}" for family in columns).rstrip())
    for spec in table:
        results = []
        for family in columns:
            failure = outcomes.get(Cell(spec, family).id)
            results.append(family.refuses(spec) or ("pass" if failure is None else "FAIL"))
        print(f"{spec.number}  {spec.name:{width}}  " + "  ".join(f"{result:36}" for result in results).rstrip())
    failed = {name: error for name, error in outcomes.items() if error is not None}
    for name, error in failed.items():
        print(f"\n{name}\n{type(error).__name__}: {error}", file=sys.stderr)
    seconds = time.monotonic() - started
    print(f"{len(cells) - len(failed)} of {len(cells)} played cases passed in {seconds:.0f} s", file=sys.stderr)
    return 1 if failed else 0


sys.exit(main())
