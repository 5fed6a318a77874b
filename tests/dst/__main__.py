"""``python -m tests.dst --histories N``, ``--replay SEED`` or ``--mutants``."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.dst.history import fast_folder, run
from tests.dst.mutants import MUTANTS, planted

PROGRESS_S = 2.0


def main() -> int:
    """Run histories, print what was wrong and how to see it again."""
    parser = argparse.ArgumentParser(prog="python -m tests.dst", description=__doc__)
    parser.add_argument("--histories", type=int, default=1_000, metavar="N")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="seed of the first history")
    parser.add_argument("--replay", type=int, metavar="SEED", help="tell one history in full")
    parser.add_argument("--mutants", action="store_true", help="plant every known bug and say which history saw it")
    parser.add_argument("--stop", type=int, default=10, metavar="N", help="end after so many histories that failed")
    args = parser.parse_args()
    with fast_folder() as folder:
        if args.replay is not None:
            return _replay(args.replay, folder)
        return _mutants(args.histories, folder) if args.mutants else _run(args, folder)


def _replay(seed: int, folder: Path) -> int:
    result = run(seed, folder)
    print("\n".join(result.story))
    print("\n".join(f"VIOLATION {text}" for text in result.violations) or "nothing was wrong")
    return 1 if result.violations else 0


def _mutants(most: int, folder: Path) -> int:
    survivors = 0
    for name in MUTANTS:
        with planted(name):
            results = (run(seed, folder) for seed in range(most))
            found = next((result for result in results if result.violations), None)
        survivors += found is None
        told = f"seed {found.seed}: {found.violations[0]}" if found else f"NOT SEEN in {most} histories"
        print(f"{name:64}  {told}", flush=True)
    print(f"{len(MUTANTS) - survivors} of {len(MUTANTS)} seen")
    return 1 if survivors else 0


def _run(args: argparse.Namespace, folder: Path) -> int:
    started = told = time.monotonic()
    failed = orders = 0
    virtual_s = 0.0
    for number in range(1, args.histories + 1):
        result = run(args.first + number - 1, folder)
        orders += result.orders
        virtual_s += result.virtual_s
        if result.violations:
            failed += 1
            print(f"seed {result.seed}: {'; '.join(result.violations[:4])}   (--replay {result.seed})")
        now = time.monotonic()
        if now - told > PROGRESS_S or number == args.histories or failed >= args.stop:
            told = now
            rate = number / (now - started)
            print(
                f"{number}/{args.histories} histories, {orders} orders, {virtual_s / 3600:.1f} virtual hours,"
                f" {failed} failed, {rate:.0f}/s",
                file=sys.stderr,
            )
        if failed >= args.stop:
            break
    return 1 if failed else 0


sys.exit(main())
