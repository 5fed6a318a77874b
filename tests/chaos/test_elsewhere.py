"""The rows of the fault matrix on other venues' protocols: a sample; ``python -m tests.chaos.elsewhere`` plays all of them."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import pytest

from tests.chaos.cases import Case
from tests.chaos.elsewhere import ABROAD, play_at, rows, sample

SAMPLE = [(venue, case) for venue in ABROAD for case in sample(venue)]

LEAST = {"mexc": 60, "paradex": 80}
"""Rows that are played at a venue by the command, at least."""


@functools.cache
def outcomes(venue: str) -> dict[str, BaseException | None]:
    """Play a venue's rows once for all the tests that report them."""
    with tempfile.TemporaryDirectory(prefix="elsewhere-") as name:
        return play_at(venue, sample(venue), Path(name))


@pytest.mark.timeout(300)
@pytest.mark.xdist_group("elsewhere")
@pytest.mark.parametrize(("venue", "case"), SAMPLE, ids=[f"{venue} {case.id}" for venue, case in SAMPLE])
def test_a_row(venue: str, case: Case) -> None:
    error = outcomes(venue)[case.id]
    if error is not None:
        raise error


@pytest.mark.parametrize("venue", ABROAD)
def test_every_row_is_played_or_left_for_a_reason(venue: str) -> None:
    played, left = rows(venue)
    assert len(played) >= LEAST[venue]
    assert all(left.values())
    assert sample(venue)
