"""``python -m tests.dst``: play histories, tell one, make one small, look for every planted bug, or play one long one."""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import as_completed
from pathlib import Path

from tests.dst.grounds import GROUNDS
from tests.dst.history import Result, fast_folder, run
from tests.dst.mutants import MUTANTS
from tests.dst.pool import Tally, cores, look_for, play_many, workers
from tests.dst.shrink import shrink_seed, tell
from tests.dst.soak import soak

PROGRESS_S = 5.0


def main() -> int:
    """Do what was asked for; 1 when something was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.dst", description=__doc__)
    parser.add_argument("--venue", choices=sorted(GROUNDS), default="phemex", help="where they are played (default: phemex)")
    parser.add_argument("--histories", type=int, default=1_000, metavar="N", help="how many to play, or to look for a bug in")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="seed of the first: where an earlier run stopped")
    parser.add_argument("--jobs", type=int, default=cores(), metavar="N", help="processes (default: one a core)")
    parser.add_argument("--stop", type=int, default=10, metavar="N", help="end after so many histories that failed")
    parser.add_argument("--replay", type=int, metavar="SEED", help="tell one history in full")
    parser.add_argument("--shrink", type=int, metavar="SEED", help="tell the smallest history that fails as this one does")
    parser.add_argument("--mutants", action="store_true", help="plant every known bug and say which history saw it")
    parser.add_argument("--soak", metavar="24h", help="play one history of so many virtual hours")
    args = parser.parse_args()
    if args.replay is not None or args.shrink is not None:
        with fast_folder() as folder:
            result = _tell_one(args, folder)
        print(tell(result), "" if result.violations else "\nnothing was wrong")
        return 1 if result.violations else 0
    if args.soak:
        with fast_folder() as folder:
            wrong = soak(float(args.soak.removesuffix("h")), args.first, folder, args.venue)
        print("\n".join(f"WRONG {text}" for text in wrong) or "nothing was wrong")
        return 1 if wrong else 0
    return _mutants(args.histories, args.jobs, args.venue) if args.mutants else _run(args)


def _tell_one(args: argparse.Namespace, folder: Path) -> Result:
    if args.shrink is None:
        return run(args.replay, folder, args.venue)
    return shrink_seed(args.shrink, folder, args.venue)


def _mutants(most: int, jobs: int, venue: str) -> int:
    seen = 0
    print(f"{'planted bug':<72} {'histories':>9} {'CPU s':>6}  what was seen")
    with workers(jobs) as pool:
        for done in as_completed([pool.submit(look_for, name, most, None, venue) for name in MUTANTS]):
            sighting = done.result()
            seen += sighting.failure is not None
            told = f"seed {sighting.failure.seed}: {sighting.failure.violations[0]}" if sighting.failure else "NOT SEEN"
            print(f"{sighting.name:<72} {sighting.histories:>9} {sighting.cpu_s:>6.1f}  {told}", flush=True)
    print(f"{seen} of {len(MUTANTS)} seen")
    return 0 if seen == len(MUTANTS) else 1


def _run(args: argparse.Namespace) -> int:
    began = told = time.monotonic()
    where = "" if args.venue == "phemex" else f"--venue {args.venue} "
    failed = 0
    tally = Tally()
    for tally in play_many(args.first, args.histories, args.jobs, args.venue):
        for failure in tally.failures[failed:]:
            print(f"seed {failure.seed}: {'; '.join(failure.violations[:3])}   ({where}--shrink {failure.seed})", flush=True)
        failed = len(tally.failures)
        now = time.monotonic()
        if now - told > PROGRESS_S or tally.histories == args.histories or failed >= args.stop:
            told = now
            rate = tally.histories / (now - began)
            left_s = (args.histories - tally.histories) / rate
            # Batches end out of order: what is certainly done is a little less than what is counted.
            sure = args.first + max(0, tally.histories - args.jobs * 2 * 25)
            print(
                f"{tally}; {rate:.1f}/s, {left_s / 60:.1f} min left; to go on from here: --first {sure}",
                file=sys.stderr,
                flush=True,
            )
        if failed >= args.stop:
            break
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
