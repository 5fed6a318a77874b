"""The rows of the fault matrix on MEXC's protocol: those that wait for nothing; ``python -m tests.chaos.elsewhere`` plays all."""

from __future__ import annotations

import asyncio

import pytest

from tests.chaos.cases import Case
from tests.chaos.elsewhere import MEXC, quick, rows
from tests.chaos.play import play_all

ROWS = quick()


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, BaseException | None]:
    return asyncio.run(play_all(ROWS, tmp_path_factory.mktemp("elsewhere"), MEXC))


@pytest.mark.timeout(300)
@pytest.mark.xdist_group("elsewhere")
@pytest.mark.parametrize("case", ROWS, ids=[case.id for case in ROWS])
def test_a_row(case: Case, outcomes: dict[str, BaseException | None]) -> None:
    error = outcomes[case.id]
    if error is not None:
        raise error


def test_every_row_is_played_or_left_for_a_reason() -> None:
    played, left = rows()
    assert len(played) > 60
    assert all(left.values())
