"""``python -m tests.chaos [--rows 1,2,28]`` plays the rows at every venue and prints what came of each, and what is proven where;
``--flood SECONDS`` measures how own orders fare in a flood of market data."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.cases import VENUES, Case, cases
from tests.chaos.elsewhere import ABROAD, rows
from tests.chaos.flood import measure
from tests.chaos.play import play_all
from tests.chaos.stand import BTCUSDT


def main() -> int:
    """Print one line a case; returns 1 when a played row did not end as it must."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rows", default="", metavar="N,N", help="only these rows")
    parser.add_argument("--venue", choices=VENUES, action="append", help="only there (default: at every venue's mask)")
    parser.add_argument("--flood", type=float, metavar="SECONDS", help="flood the market data for so long and print the figures")
    parser.add_argument("--rate", type=int, default=50_000, metavar="N", help="messages a second of the flood")
    args = parser.parse_args()
    if args.flood:
        print(asyncio.run(measure(args.rate, args.flood)))
        return 0
    wanted = {int(row) for row in args.rows.split(",") if row}
    table = [case for case in cases() if not wanted or case.row in wanted]
    venues = args.venue or list(VENUES)
    failed = 0
    results: dict[str, dict[str, str]] = {}
    for venue in venues:
        played, left = _played(venue)
        played = [case for case in played if not wanted or case.row in wanted]
        print(f"{venue}: playing {len(played)} rows side by side, about half a minute", file=sys.stderr)
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="chaos-") as name:
            outcomes = asyncio.run(play_all(played, Path(name), BTCUSDT if venue == "phemex" else ABROAD[venue].ground))
        results[venue] = dict.fromkeys(left, "-") | {one: "FAILED" if error else "ok" for one, error in outcomes.items()}
        bad = {case: error for case, error in outcomes.items() if error is not None}
        for case_id, error in bad.items():
            print(f"\n{venue} {case_id}\n{error}", file=sys.stderr)
        failed += len(bad)
        print(
            f"{venue}: {len(played) - len(bad)} of {len(played)} played rows ended as they must"
            f" in {time.monotonic() - started:.0f} s",
            file=sys.stderr,
        )
    print(f"row  {'':56} {'  '.join(f'{venue:8}' for venue in venues)}")
    for case in table:
        told = "  ".join(f"{results[venue].get(case.id, '-'):8}" for venue in venues) if case.is_played else _elsewhere(case)
        print(f"{case.row:3}  {case.name:56} {told}")
    left_out = sum(bool(case.why_not) for case in table)
    print(f"{sum(bool(case.proofs) for case in table)} rows are proven elsewhere, {left_out} are not covered", file=sys.stderr)
    return 1 if failed else 0


def _played(venue: str) -> tuple[list[Case], dict[str, str]]:
    """Return the rows that are played at a venue, and why others are not."""
    return ([case for case in cases() if case.is_played and case.is_of(venue)], {}) if venue == "phemex" else rows(venue)


def _elsewhere(case: Case) -> str:
    return "=> " + ", ".join(case.proofs) if case.proofs else f"not covered: {case.why_not}"


sys.exit(main())
