"""Every row of the table that is played here, each on an exchange, a proxy and a desk of its own, all at the same time."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import tempfile
from pathlib import Path

import pytest

from tests.chaos.cases import Case, cases
from tests.chaos.stand import Stand
from tests.chaos.words import Player

PLAYED = [case for case in cases() if case.is_played]

AT_ONCE = 6
"""Quick rows that run beside the slow ones, which mostly wait."""

LIMIT_S = 100.0


async def play(case: Case, folder: Path) -> BaseException | None:
    """Play a row in an empty folder and return what went wrong."""
    stand = Stand(folder)
    try:
        async with asyncio.timeout(LIMIT_S):
            await stand.open(hedged="hedged" in case.flags)
            await Player(stand, case).play()
    except (Exception, asyncio.CancelledError) as error:  # told by the row's own test
        return error
    finally:
        await stand.close()
    return None


async def play_all(rows: list[Case], folder: Path) -> dict[str, BaseException | None]:
    """Play rows side by side and return what came of each."""
    quick = asyncio.Semaphore(AT_ONCE)
    rooms = [Path(tempfile.mkdtemp(dir=folder)) for _ in rows]

    async def one(number: int, case: Case) -> tuple[str, BaseException | None]:
        async with contextlib.nullcontext() if "slow" in case.flags else quick:
            return case.id, await play(case, rooms[number])

    together = [one(number, case) for number, case in enumerate(rows) if "alone" not in case.flags]
    outcomes = dict(await asyncio.gather(*together))
    for number, case in enumerate(rows):
        if "alone" in case.flags:
            outcomes[case.id] = await play(case, rooms[number])
    return outcomes


@functools.cache
def outcomes(rows: tuple[Case, ...]) -> dict[str, BaseException | None]:
    """Play rows once for all the tests that report them."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        return asyncio.run(play_all(list(rows), Path(name)))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", PLAYED, ids=lambda case: case.id)
def test_a_row_ends_as_it_must(case: Case, request: pytest.FixtureRequest) -> None:
    wanted = {item.callspec.params["case"] for item in request.session.items if item.function is request.function}  # type: ignore[attr-defined]
    error = outcomes(tuple(sorted(wanted, key=PLAYED.index)))[case.id]
    if error is not None:
        raise error
