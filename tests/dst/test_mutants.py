"""Every planted bug must be seen by some history; which one is told by ``python -m tests.dst --mutants``."""

from __future__ import annotations

import pytest

from tests.dst.mutants import MUTANTS
from tests.dst.pool import Sighting, cores, look_for, workers

BOUND = 1_000
"""Histories within which a bug must have shown."""


@pytest.fixture(scope="module")
def sightings() -> dict[str, Sighting]:
    """Look for every bug, on all cores, first in the history that saw it last time."""
    with workers(cores()) as pool:
        looking = {name: pool.submit(look_for, name, BOUND, bug.seed) for name, bug in MUTANTS.items()}
        return {name: future.result() for name, future in looking.items()}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_bug_is_seen(name: str, sightings: dict[str, Sighting]) -> None:
    assert sightings[name].failure is not None, f"{name}: {BOUND} histories saw nothing wrong"
