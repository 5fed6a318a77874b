"""A history that fails is told in its smallest form."""

from __future__ import annotations

from tests.dst.history import fast_folder, run
from tests.dst.mutants import planted
from tests.dst.shrink import shrink, tell

SEED = 10
"""A history that sees the bug and needs one trouble for it."""


def test_a_planted_bug_shrinks_to_what_it_needs() -> None:
    name = "takes an unknown outcome for never sent"
    with fast_folder() as folder, planted(name):
        result = run(SEED, folder)
        small = shrink(result, folder)
        again = shrink(result, folder)
    assert small.kind == result.kind
    assert [step.what for step in small.plan.steps] == ["submit"]
    assert len(small.struck) == 1, "one order and one lost answer are enough"
    assert small.plan.climate.page_rows == 200
    assert tell(small) == tell(again)
    assert "trouble: POST /g-orders" in tell(small)
