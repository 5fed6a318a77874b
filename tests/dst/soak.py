"""One long history: hour after hour of trading and trouble, each ending in a calm in which everything must agree."""

from __future__ import annotations

import asyncio
import gc
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

from tests.dst.grounds import GROUNDS
from tests.dst.history import History, live
from tests.dst.plan import CHANGING, WEIGHTS, Plan, Step, capabilities
from tests.dst.weather import Climate

PAUSE_S = 20.0
"""Mean time between two steps."""

HOUR_S = 3600.0

RARE = {"crash": 0.3, "submit_and_crash": 0.3, "fill_the_disk": 0.1, "suspend": 0.3, "leap": 0.2}
"""Steps that are taken this much more seldom than in a short history: a run of the program is to last some hours."""


def soak(hours: float, seed: int, folder: Path, venue: str = "phemex", say: Callable[[str], None] = print) -> list[str]:
    """Play ``hours`` virtual hours, saying one line an hour; return what was wrong."""
    climate = Climate(badness=0.1, stream_badness=0.05, public_badness=0.02, history_lag_s=2.0)
    ground, able = GROUNDS[venue], capabilities(venue)
    plan = Plan(seed, climate, (), second=ground.seconds[-1], venue=venue)
    began = time.monotonic()

    async def play(history: History) -> None:
        loop = asyncio.get_running_loop()
        random = Random(seed)
        known = {**WEIGHTS, **ground.more}
        names = [name for name in known if able.amend or name not in CHANGING]
        weights = [known[name] * RARE.get(name, 1.0) for name in names]
        number, hour, first_kb = 0, 0, 0
        while history.now_s < hours * HOUR_S:
            hour += 1
            while history.now_s < min(hour, hours) * HOUR_S - 400.0:
                number += 1
                step = Step(number, random.expovariate(1 / PAUSE_S), random.choices(names, weights)[0])
                await history.take(step)
                del history.result.story[:-200]
            await history.calm()
            await asyncio.sleep(max(0.0, min(hour, hours) * HOUR_S - history.now_s))
            gc.collect()
            rss_kb = _rss_kb()
            first_kb = first_kb or rss_kb
            say(
                f"{history.now_s / HOUR_S:5.1f} virtual hours  {number:6} steps  {len(history.meant):5} orders"
                f"  {len(history.lines):4} runs  RSS {rss_kb / 1024:6.1f} MB ({(rss_kb - first_kb) / 1024:+.1f})"
                f"  {len(asyncio.all_tasks(loop)):3} tasks  {len(history.result.violations)} wrong"
                f"  {time.monotonic() - began:5.0f} s"
            )

    return live(replace(plan), folder, play).violations


def _rss_kb() -> int:
    """Return the resident memory of this process; the highest so far where the present one is not told."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except (OSError, IndexError, ValueError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most // 1024 if sys.platform == "darwin" else most
    return pages * resource.getpagesize() // 1024
