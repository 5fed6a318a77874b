"""Nothing that happens to requests, frames, connections or the program itself may make it lie about an order."""

from __future__ import annotations

import pytest

from tests.dst.history import fast_folder, play, run
from tests.dst.plan import WEIGHTS, Plan
from tests.dst.pool import play_batch
from tests.dst.shrink import shrink_seed, tell
from tests.dst.weather import Fate, Way

HISTORIES = 10_000
"""What the default run plays; ``python -m tests.dst --histories 1000000`` takes as long as it takes."""

BATCH = 250
"""Histories of one test: so many tests can share the cores."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("first", range(0, HISTORIES, BATCH))
def test_no_history_ends_in_a_lie(first: int) -> None:
    tally = play_batch(first, BATCH)
    if tally.failures:
        failure = tally.failures[0]
        with fast_folder() as folder:
            story = tell(shrink_seed(failure.seed, folder))
        pytest.fail(f"{'; '.join(failure.violations[:4])}\npython -m tests.dst --shrink {failure.seed}\n{story}", pytrace=False)
    assert tally.histories == BATCH
    assert tally.orders > tally.histories, "histories in which nobody trades prove nothing"


def test_a_seed_tells_the_same_story_again() -> None:
    with fast_folder() as folder:
        first, second = run(7, folder), run(7, folder)
    assert first.story == second.story
    assert first.orders > 0


def test_a_history_is_the_list_of_its_choices() -> None:
    with fast_folder() as folder:
        whole = run(4, folder)
        again = play(whole.plan.only(whole.plan.steps, whole.struck), folder)
    assert whole.struck, "a history in which nothing goes wrong shows nothing here"
    assert again.story == whole.story


def test_every_kind_of_trouble_happens() -> None:
    seeds = range(400)
    steps = {step.what for seed in seeds for step in Plan.drawn(seed).steps}
    with fast_folder() as folder:
        struck = {what for seed in seeds for what in run(seed, folder).struck.values()}
    assert steps == {*WEIGHTS, "bracket"}
    assert struck == {*Fate, *Way} - {Fate.CLEAN, Way.CLEAN}
