"""Every planted bug must be seen by some history; which one is told by ``python -m tests.dst --mutants``."""

from __future__ import annotations

import pytest

from tests.dst.mutants import MUTANTS
from tests.dst.pool import look_for

BOUND = 1_000
"""Histories within which a bug must have shown."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_bug_is_seen(name: str) -> None:
    sighting = look_for(name, BOUND, MUTANTS[name].seed)
    assert sighting.failure is not None, f"{name}: {BOUND} histories saw nothing wrong"
