"""Rows played side by side, each on an exchange, a proxy and a desk of its own."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from pathlib import Path

from tests.chaos.cases import Case
from tests.chaos.stand import BTCUSDT, Ground, Stand
from tests.chaos.words import Player

AT_ONCE = 6
"""Quick rows that run beside the slow ones, which mostly wait."""

LIMIT_S = 100.0


async def play(case: Case, folder: Path, ground: Ground = BTCUSDT) -> BaseException | None:
    """Play a row in an empty folder and return what went wrong."""
    stand = Stand(folder, ground)
    try:
        async with asyncio.timeout(LIMIT_S):
            await stand.open(hedged="hedged" in case.flags, cancels="cod" in case.flags)
            await Player(stand, case).play()
    except (Exception, asyncio.CancelledError) as error:  # told by the row's own test
        return error
    finally:
        await stand.close()
    return None


async def play_all(rows: list[Case], folder: Path, ground: Ground = BTCUSDT) -> dict[str, BaseException | None]:
    """Play rows side by side and return what came of each."""
    quick = asyncio.Semaphore(AT_ONCE)
    rooms = [Path(tempfile.mkdtemp(dir=folder)) for _ in rows]

    async def one(number: int, case: Case) -> tuple[str, BaseException | None]:
        async with contextlib.nullcontext() if "slow" in case.flags else quick:
            return case.id, await play(case, rooms[number], ground)

    together = [one(number, case) for number, case in enumerate(rows) if "alone" not in case.flags]
    outcomes = dict(await asyncio.gather(*together))
    for number, case in enumerate(rows):
        if "alone" in case.flags:
            outcomes[case.id] = await play(case, rooms[number], ground)
    return outcomes
