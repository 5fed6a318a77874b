"""``python -m tests.bad`` prints the table; ``--book N``, ``--strings N`` and ``--mutants`` run for as long as that takes."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

from tests.bad import stream
from tests.bad.mutants import MUTANTS, checkout, is_noticed
from tests.bad.strings import first_leak
from tests.bad.table import lines

PROGRESS_S = 5.0
STRINGS = 10_000
"""Strings of one seed."""


def main() -> int:
    """Do what the words say; 1 when something was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.bad", description=__doc__)
    parser.add_argument(
        "--book", type=int, metavar="N", help="so many book messages, one in a hundred bad, against the reference"
    )
    parser.add_argument("--strings", type=int, metavar="N", help="so many hostile strings from the wire to the driver")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="seed of the first stream, or of the first strings")
    parser.add_argument("--replay", type=int, metavar="SEED", help="tell one book stream in full")
    parser.add_argument("--mutants", action="store_true", help="plant every known error and say whether the tests notice")
    args = parser.parse_args()
    if args.replay is not None:
        done = stream.check(args.replay, tell=print)
        print(done.mismatch or "nothing was wrong")
        return 1 if done.mismatch else 0
    if args.mutants:
        return _mutants()
    if args.book:
        return _book(args.book, args.first)
    if args.strings:
        return _strings(args.strings, args.first)
    print("\n".join(lines()))
    return 0


def _book(count: int, first: int) -> int:
    messages = faults = live = mismatches = 0
    for seed, tell in _told(-(-count // stream.LENGTH), first):
        done = stream.check(seed, min(stream.LENGTH, count - messages))
        messages, faults, live = messages + done.messages, faults + done.faults, live + done.live
        if done.mismatch:
            mismatches += 1
            print(f"seed {seed}: {done.mismatch}   (--replay {seed})")
        tell(f"{messages} messages, {faults} faults, live after {live}, {mismatches} mismatches")
    print(f"{messages} messages, {faults} faults, live after {live}, {mismatches} mismatches")
    return 1 if mismatches else 0


def _strings(count: int, first: int) -> int:
    done = leaks = 0
    for seed, tell in _told(-(-count // STRINGS), first):
        now = min(STRINGS, count - done)
        found = first_leak(seed, now)
        done += now
        if found:
            leaks += 1
            print(found)
        tell(f"{done} strings, {leaks} leaks")
    print(f"{done} strings, {leaks} leaks")
    return 1 if leaks else 0


def _mutants() -> int:
    missed = 0
    with checkout() as folder:
        for mutant in MUTANTS:
            noticed = is_noticed(mutant, folder)
            missed += not noticed
            print(f"{'noticed' if noticed else 'MISSED ':8} {mutant.path:34} {mutant.what}", flush=True)
    print(f"{len(MUTANTS) - missed} of {len(MUTANTS)} noticed")
    return 1 if missed else 0


class _Progress:
    """Says how far it is, on stderr, every few seconds."""

    def __init__(self) -> None:
        self._started = self._said = time.monotonic()

    def __call__(self, text: str) -> None:
        now = time.monotonic()
        if now - self._said > PROGRESS_S:
            self._said = now
            print(f"{now - self._started:5.0f} s  {text}", file=sys.stderr, flush=True)


def _told(count: int, first: int) -> Iterator[tuple[int, _Progress]]:
    tell = _Progress()
    for seed in range(first, first + count):
        yield seed, tell


if __name__ == "__main__":
    sys.exit(main())
