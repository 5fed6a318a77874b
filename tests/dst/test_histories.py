"""Nothing that happens to requests, frames, connections or the program itself may make it lie about an order."""

from __future__ import annotations

import pytest

from tests.dst.grounds import GROUNDS
from tests.dst.history import fast_folder, play, run
from tests.dst.plan import WEIGHTS, Plan, capabilities
from tests.dst.pool import play_batch
from tests.dst.shrink import shrink_seed, tell
from tests.dst.weather import Fate, Way
from tui_trader.core.types import OrderType

SAMPLES = {"phemex": (5_000, 250), "mexc": (150, 50), "paradex": (75, 25)}
"""What the default run plays at each venue, and how many of them are one test: so many tests can share the cores. More of
them are a command: ``python -m tests.dst --venue NAME --histories N`` takes as long as it takes."""

BATCHES = [(venue, first, batch) for venue, (count, batch) in SAMPLES.items() for first in range(0, count, batch)]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("venue", "first", "batch"), BATCHES)
def test_no_history_ends_in_a_lie(venue: str, first: int, batch: int) -> None:
    tally = play_batch(first, batch, venue)
    if tally.failures:
        failure = tally.failures[0]
        with fast_folder() as folder:
            story = tell(shrink_seed(failure.seed, folder, venue))
        again = f"python -m tests.dst --venue {venue} --shrink {failure.seed}"
        pytest.fail(f"{'; '.join(failure.violations[:4])}\n{again}\n{story}", pytrace=False)
    assert tally.histories == batch
    assert tally.orders > tally.histories, "histories in which nobody trades prove nothing"


@pytest.mark.parametrize("venue", SAMPLES)
def test_a_seed_tells_the_same_story_again(venue: str) -> None:
    with fast_folder() as folder:
        first, second = run(7, folder, venue), run(7, folder, venue)
    assert first.story == second.story
    assert first.orders > 0


def test_a_history_is_the_list_of_its_choices() -> None:
    with fast_folder() as folder:
        whole = run(4, folder)
        again = play(whole.plan.only(whole.plan.steps, whole.struck), folder)
    assert whole.struck, "a history in which nothing goes wrong shows nothing here"
    assert again.story == whole.story


@pytest.mark.parametrize("venue", sorted(SAMPLES))
def test_only_what_a_venue_can_do_is_asked_of_it(venue: str) -> None:
    able, plans = capabilities(venue), [Plan.drawn(seed, venue) for seed in range(400)]
    steps = {step.what for plan in plans for step in plan.steps}
    assert {*GROUNDS[venue].more, "submit", "cancel", "panic", "crash", "scale"} <= steps
    assert ("amend" in steps) is able.amend
    assert "chase" in steps, "where orders cannot be changed in place, it places them anew"
    assert ("several" in steps) is GROUNDS[venue].gathers
    assert ("bracket" in steps) is (OrderType.STOP in able.order_types)
    assert any(plan.hedged for plan in plans) is able.hedge
    assert any(plan.cancels for plan in plans) is able.cancel_on_disconnect


def test_every_kind_of_trouble_happens() -> None:
    seeds = range(400)
    steps = {step.what for seed in seeds for step in Plan.drawn(seed).steps}
    with fast_folder() as folder:
        struck: set[str] = set()
        for seed in seeds:
            struck.update(run(seed, folder).struck.values())
            if len(struck) == len({*Fate, *Way} - {Fate.CLEAN, Way.CLEAN}):
                break
    assert steps == {*WEIGHTS, "bracket", "scale", "chase"}
    assert struck == {*Fate, *Way} - {Fate.CLEAN, Way.CLEAN}
