"""A minute at a terminal that nobody reads, and at one that reads 300 bytes a second (``tests.soak --stall 10m``: ten)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import Installation
from tests.soak.stall import stall

STALL_S = 60.0


@pytest.mark.timeout(180)
def test_a_minute_without_a_reader_costs_nothing_but_the_picture(installed: Installation, tmp_path: Path) -> None:
    figures = stall(installed, tmp_path, STALL_S)
    assert not figures.problems, "\n".join(figures.lines())
