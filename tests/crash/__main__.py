"""``python -m tests.crash --points 200 --seeds 5 --jobs 2`` kills the program at that many points of each seed's script.

``--replay SEED:POINT`` kills at one point (``3:a117``, ``0:j12``), ``--list SEED`` says what points a seed has.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from typing import Any

from tests.crash.campaign import Campaign, Case, campaign, tally
from tests.crash.life import SETTLE_S
from tests.crash.points import STAGES
from tests.dst.grounds import GROUNDS

PROGRESS_S = 5.0


def main() -> int:
    """Kill, reckon, report; 1 when anything did not agree."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--venue", choices=sorted(GROUNDS), default="phemex", help="where it trades (default: phemex)")
    parser.add_argument("--points", type=int, default=200, metavar="N", help="of each seed, half of them around journal writes")
    parser.add_argument("--seeds", type=int, default=5, metavar="N")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="the first seed")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="programs that work at a time")
    parser.add_argument("--waiting", type=int, default=48, metavar="N", help="programs that may wait for a fence at a time")
    parser.add_argument("--pace", type=float, default=1.0, metavar="N", help="seconds a second, for everybody (default 1)")
    parser.add_argument("--replay", metavar="SEED:POINT")
    parser.add_argument("--list", type=int, metavar="SEED")
    args = parser.parse_args()
    started = time.monotonic()

    async def work(one: Campaign) -> int:
        if args.list is not None:
            return _list(await one.count(args.list))
        if args.replay:
            seed, _, point = args.replay.partition(":")
            return _tell([await one.run(int(seed), point)], started)
        return await _kill(one, args, started)

    return int(campaign(work, times=args.pace, jobs=args.jobs, waiting=args.waiting, venue=args.venue))


async def _kill(one: Campaign, args: argparse.Namespace, started: float) -> int:
    chosen: list[tuple[int, str]] = []
    seeds = range(args.first, args.first + args.seeds)
    for seed, points in zip(seeds, await asyncio.gather(*(one.count(seed) for seed in seeds)), strict=True):
        chosen += [(seed, point) for point in spread(points["callbacks"], points["writes"], args.points)]
        say(f"seed {seed}: {points['callbacks']} callbacks, {points['writes']} moments of journal writing; did {points['did']}")
    cases: list[Case] = []

    async def run(seed: int, point: str) -> None:
        case = await one.run(seed, point)
        cases.append(case)
        if case.problems:
            say(f"{seed}:{point} ({case.place}): " + "; ".join(case.problems))

    async def progress() -> None:
        while True:
            await asyncio.sleep(PROGRESS_S * args.pace)
            failed = sum(bool(case.problems) for case in cases)
            say(f"{len(cases)}/{len(chosen)} killings, {failed} failed, {time.monotonic() - started:.0f} s")

    async with asyncio.TaskGroup() as group:
        telling = group.create_task(progress())
        async with asyncio.TaskGroup() as killings:
            for seed, point in chosen:
                killings.create_task(run(seed, point))
        telling.cancel()
    return _tell(cases, started)


def spread(callbacks: int, writes: int, points: int) -> list[str]:
    """Return points spread evenly: half around journal writes if there are as many, the rest between callbacks.

    A record has four moments: they take turns, so that each is hit wherever records are fewer than points.
    """
    records = writes // len(STAGES)
    journal = min(records * len(STAGES), points // 2)
    rest = min(callbacks, points - journal)
    chosen = [f"j{1 + i * records // journal * len(STAGES) + i % len(STAGES)}" for i in range(journal)]
    return chosen + [f"a{1 + i * callbacks // rest}" for i in range(rest)]


def _tell(cases: list[Case], started: float) -> int:
    failed = [case for case in cases if case.problems]
    for place, count in tally(cases).most_common():
        print(f"{count:6}  {place}")
    waits = sorted(case.took_s for case in cases)
    again = sum(bool(case.again) for case in cases)
    print(
        f"{len(cases)} killings, {again} of them killed again while recovering; {sum(case.orders for case in cases)} orders held"
        f" against the exchange and against a desk that never crashed; known after {waits[len(waits) // 2]:.1f} s in half,"
        f" {waits[-1]:.1f} s in the worst (of {SETTLE_S:.0f}); {time.monotonic() - started:.0f} s"
    )
    for case in failed:
        print(f"FAILED --replay {case.seed}:{case.point} ({case.place}{', again ' + case.again if case.again else ''})")
        print("\n".join(f"    {text}" for text in case.problems))
    print(f"{len(failed)} failed")
    return 1 if failed else 0


def _list(points: dict[str, Any]) -> int:
    for place, count in Counter(points["places"]).most_common():
        print(f"{count:6}  {place}")
    print(f"{points['callbacks']} callbacks (a1 …), {points['writes']} moments of journal writing (j1 …); did {points['did']}")
    return 0


def say(text: str) -> None:
    """Report progress."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
