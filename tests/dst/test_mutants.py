"""Every planted bug must be seen by some history; which one is printed by ``python -m tests.dst --mutants``."""

from __future__ import annotations

import pytest

from tests.dst.history import fast_folder, run
from tests.dst.mutants import MUTANTS, planted

BOUND = 250
"""Histories within which a bug must have shown."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_bug_is_seen(name: str) -> None:
    with fast_folder() as folder, planted(name):
        assert any(run(seed, folder).violations for seed in range(BOUND)), f"{name}: {BOUND} histories saw nothing wrong"
