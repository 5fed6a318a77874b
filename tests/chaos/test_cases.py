"""Every row of the table that is played here; all of them at the same time, reported one by one."""

from __future__ import annotations

import asyncio
import functools
import tempfile
from pathlib import Path

import pytest

from tests.chaos.cases import Case, cases
from tests.chaos.play import play_all

PLAYED = [case for case in cases() if case.is_played and case.is_of("phemex")]


@functools.cache
def outcomes(rows: tuple[Case, ...]) -> dict[str, BaseException | None]:
    """Play rows once for all the tests that report them."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        return asyncio.run(play_all(list(rows), Path(name)))


@pytest.mark.timeout(300)
@pytest.mark.xdist_group("chaos")  # with "--dist loadgroup" they are played once, by one worker
@pytest.mark.parametrize("case", PLAYED, ids=lambda case: case.id)
def test_a_row_ends_as_it_must(case: Case, request: pytest.FixtureRequest) -> None:
    wanted = {item.callspec.params["case"] for item in request.session.items if item.function is request.function}  # type: ignore[attr-defined]
    error = outcomes(tuple(sorted(wanted, key=PLAYED.index)))[case.id]
    if error is not None:
        raise error
