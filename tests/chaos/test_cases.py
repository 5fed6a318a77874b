"""Every row of the table that is played here, each on an exchange, a proxy and a desk of its own, all at the same time."""

from __future__ import annotations

import asyncio
import functools
import tempfile
from pathlib import Path

import pytest

from tests.chaos.cases import CASES, Case
from tests.chaos.stand import Stand
from tests.chaos.words import Player

PLAYED = [case for case in CASES if case.is_played]

AT_ONCE = 6
"""Quick rows that run beside the slow ones, which mostly wait."""

LIMIT_S = 100.0


async def play(case: Case, folder: Path) -> BaseException | None:
    """Play a row and return what went wrong."""
    folder.mkdir()
    stand = Stand(folder)
    try:
        async with asyncio.timeout(LIMIT_S):
            await stand.open(hedged=case.hedged)
            await Player(stand, case).play()
    except (Exception, asyncio.CancelledError) as error:  # told by the row's own test
        return error
    finally:
        await stand.close()
    return None


async def play_all(cases: list[Case], folder: Path) -> dict[str, BaseException | None]:
    """Play rows side by side and return what came of each."""
    quick = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, case: Case) -> tuple[str, BaseException | None]:
        if case.slow:
            return case.id, await play(case, folder / str(number))
        async with quick:
            return case.id, await play(case, folder / str(number))

    return dict(await asyncio.gather(*(one(number, case) for number, case in enumerate(cases))))


@functools.cache
def outcomes(cases: tuple[Case, ...]) -> dict[str, BaseException | None]:
    """Play rows once for all the tests that report them."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        return asyncio.run(play_all(list(cases), Path(name)))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", PLAYED, ids=lambda case: case.id)
def test_a_row_ends_as_it_must(case: Case, request: pytest.FixtureRequest) -> None:
    wanted = {item.callspec.params["case"] for item in request.session.items if item.function is request.function}  # type: ignore[attr-defined]
    error = outcomes(tuple(sorted(wanted, key=PLAYED.index)))[case.id]
    if error is not None:
        raise error
