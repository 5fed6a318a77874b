"""Whatever is on the screen and whatever becomes of the terminal, the program ends when it must: soon, quietly and tidily.

``python -m tests.soak --endings`` tries every ending in every state.
"""

from __future__ import annotations

from pathlib import Path

from tests.e2e.conftest import Installation
from tests.e2e.endings import ENDINGS, PAIRS, STATES, try_all


def test_it_ends_whatever_is_shown_and_however_it_is_told(installed: Installation, tmp_path: Path) -> None:
    failures = try_all(installed, tmp_path, PAIRS)
    assert not failures, "\n\n".join(failures)


def test_every_state_and_every_ending_is_tried() -> None:
    assert {state for state, _ in PAIRS} == set(STATES)
    assert {how for _, how in PAIRS} == set(ENDINGS)
