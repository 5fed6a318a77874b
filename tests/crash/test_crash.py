"""kill -9 anywhere, and the restarted desk knows what one that never crashed knows: a sample of ``python -m tests.crash``."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.crash.__main__ import spread

ROOT = Path(__file__).parents[2]

SAMPLE = ("--seeds", "2", "--points", "8", "--pace", "5", "--waiting", "12")
"""Time runs five times as fast for desk, observer and exchange: the minute that a doubt lasts is more than a sample may take."""


def test_what_a_killed_program_left_is_known_after_its_restart() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash", *SAMPLE], cwd=ROOT, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n0 failed" in done.stdout, done.stdout
    killings, orders = re.search(r"^(\d+) killings, .*; (\d+) orders held", done.stdout, re.MULTILINE).groups()  # type: ignore[union-attr]
    assert int(killings) == 16
    assert int(orders) > 30, "killings before anything was sent prove nothing"
    for stage in ("before the write", "half written", "written", "durable"):
        assert f"journal {stage}" in done.stdout, done.stdout


def test_points_are_spread_over_the_whole_script() -> None:
    chosen = spread(400, 100, 60)
    assert len(set(chosen)) == 60
    assert {chosen[0], chosen[-1]} == {"j1", "a387"}
    assert len(set(spread(50, 400, 600))) == 350
    assert set(spread(0, 400, 800)) == {f"j{number}" for number in range(1, 401)}
    assert spread(0, 160, 8) == ["j1", "j42", "j83", "j124"], "each moment of writing has its turn"
