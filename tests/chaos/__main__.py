"""``python -m tests.chaos [--rows 1,2,28]`` plays the rows of the table and prints what came of each, and what is proven where;
``--flood SECONDS`` measures how own orders fare in a flood of market data."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.cases import Case, cases
from tests.chaos.flood import measure
from tests.chaos.play import play_all


def main() -> int:
    """Print one line a case; returns 1 when a played row did not end as it must."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rows", default="", metavar="N,N", help="only these rows")
    parser.add_argument("--flood", type=float, metavar="SECONDS", help="flood the market data for so long and print the figures")
    parser.add_argument("--rate", type=int, default=50_000, metavar="N", help="messages a second of the flood")
    args = parser.parse_args()
    if args.flood:
        print(asyncio.run(measure(args.rate, args.flood)))
        return 0
    wanted = {int(row) for row in args.rows.split(",") if row}
    table = [case for case in cases() if not wanted or case.row in wanted]
    played = [case for case in table if case.is_played]
    print(f"playing {len(played)} rows side by side, about half a minute", file=sys.stderr)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        outcomes = asyncio.run(play_all(played, Path(name)))
    for case in table:
        print(f"{case.row:3}  {case.name:52} {_result(case, outcomes.get(case.id))}")
    failed = [case for case in played if outcomes[case.id] is not None]
    for case in failed:
        print(f"\n{case.id}\n{outcomes[case.id]}", file=sys.stderr)
    left_out = sum(bool(case.why_not) for case in table)
    print(
        f"{len(played) - len(failed)} of {len(played)} played rows ended as they must in {time.monotonic() - started:.0f} s,"
        f" {sum(bool(case.proofs) for case in table)} are proven elsewhere, {left_out} are not covered",
        file=sys.stderr,
    )
    return 1 if failed else 0


def _result(case: Case, error: BaseException | None) -> str:
    if case.proofs:
        return "=> " + ", ".join(case.proofs)
    if case.why_not:
        return f"not covered: {case.why_not}"
    return "ok" if error is None else f"FAILED {str(error).splitlines()[0]}"


sys.exit(main())
