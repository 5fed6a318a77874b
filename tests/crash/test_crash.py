"""kill -9 anywhere, and the restarted desk knows what one that never crashed knows: a sample of ``python -m tests.crash``."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.__main__ import spread

ROOT = Path(__file__).parents[2]

SAMPLES = {"phemex": (2, 8), "mexc": (1, 3), "paradex": (1, 3)}
"""Seeds of a venue, and points of each."""

HURRY = ("--pace", "5", "--waiting", "12")
"""Time runs five times as fast for desk, observer and exchange: the minute that a doubt lasts is more than a sample may take."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("venue", SAMPLES)
def test_what_a_killed_program_left_is_known_after_its_restart(venue: str) -> None:
    seeds, points = SAMPLES[venue]
    command = [sys.executable, "-m", "tests.crash", "--venue", venue, "--seeds", str(seeds), "--points", str(points), *HURRY]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n0 failed" in done.stdout, done.stdout
    killings, orders = re.search(r"^(\d+) killings, .*; (\d+) orders held", done.stdout, re.MULTILINE).groups()  # type: ignore[union-attr]
    assert int(killings) == seeds * points
    assert int(orders) > 0, "killings before anything was sent prove nothing"
    assert "journal " in done.stdout, done.stdout
    if venue == "phemex":
        assert int(orders) > 20
        for stage in ("before the write", "half written", "written", "durable"):
            assert f"journal {stage}" in done.stdout, done.stdout


def test_points_are_spread_over_the_whole_script() -> None:
    chosen = spread(400, 100, 60)
    assert len(set(chosen)) == 60
    assert {chosen[0], chosen[-1]} == {"j1", "a387"}
    assert len(set(spread(50, 400, 600))) == 350
    assert set(spread(0, 400, 800)) == {f"j{number}" for number in range(1, 401)}
    assert spread(0, 160, 8) == ["j1", "j42", "j83", "j124"], "each moment of writing has its turn"
