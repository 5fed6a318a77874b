"""Every numbered case on every family that offers it; all of them at the same time, reported one by one."""

from __future__ import annotations

import asyncio
import functools
import tempfile
from pathlib import Path

import pytest

from tests.conformance.families import families
from tests.conformance.play import Cell, play_all
from tests.conformance.table import specs

CELLS = [Cell(spec, family) for family in families() for spec in specs() if not family.refuses(spec)]


@functools.cache
def outcomes(wanted: frozenset[str]) -> dict[str, BaseException | None]:
    """Play cases once for all the tests that report them."""
    with tempfile.TemporaryDirectory(prefix="conformance-") as name:
        return asyncio.run(play_all([cell for cell in CELLS if cell.id in wanted], Path(name)))


@pytest.mark.timeout(300)
@pytest.mark.xdist_group("conformance")  # with "--dist loadgroup" they are played once, by one worker
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.id)
def test_a_case_ends_as_it_must(cell: Cell, request: pytest.FixtureRequest) -> None:
    chosen = (item for item in request.session.items if item.function is request.function)  # type: ignore[attr-defined]
    error = outcomes(frozenset(item.callspec.params["cell"].id for item in chosen))[cell.id]  # type: ignore[attr-defined]
    if error is not None:
        raise error
