"""How long to wait before connecting again."""

from __future__ import annotations

from random import Random

import pytest

from tui_trader.core.clock import ManualClock
from tui_trader.net.backoff import SLOW_STEP, Backoff, step_for_close


class Ceiling(Random):
    """Draws the upper bound."""

    def uniform(self, a: float, b: float) -> float:
        assert a == 0.0
        return b


def test_ceilings_double_up_to_four_seconds() -> None:
    backoff = Backoff(ManualClock(), Ceiling())
    assert [backoff.next() for _ in range(7)] == [0.5, 1, 2, 4, 4, 4, 4]


def test_a_venue_that_is_gone_for_a_minute_is_asked_less_often() -> None:
    backoff = Backoff(ManualClock(), Ceiling())
    waits = [backoff.next() for _ in range(SLOW_STEP + 2)]
    assert waits[SLOW_STEP - 1 :] == [4, 30, 30]
    assert 50 < sum(waits[:SLOW_STEP]) / 2 < 70, "drawn from zero to the ceiling, they are half of it in the mean"


def test_waits_are_spread_over_the_whole_range_and_repeat_with_the_seed() -> None:
    draws = [Backoff(ManualClock(), Random(seed)).next(SLOW_STEP) for seed in range(400)]
    again = [Backoff(ManualClock(), Random(seed)).next(SLOW_STEP) for seed in range(400)]
    assert draws == again
    assert all(0 <= draw <= 30 for draw in draws)
    assert min(draws) < 1
    assert max(draws) > 29
    assert 13 < sum(draws) / len(draws) < 17


@pytest.mark.parametrize(("lived_s", "ceiling"), [(59.9, 4.0), (60.0, 0.5)])
def test_failures_are_forgiven_after_a_minute_of_health(lived_s: float, ceiling: float) -> None:
    clock = ManualClock()
    backoff = Backoff(clock, Ceiling())
    for _ in range(3):
        backoff.next()
    backoff.live()
    clock.advance(lived_s / 2)
    backoff.live()
    clock.advance(lived_s / 2)
    assert backoff.next() == ceiling


def test_time_that_was_not_live_does_not_count_as_health() -> None:
    clock = ManualClock()
    backoff = Backoff(clock, Ceiling())
    backoff.live()
    backoff.next()
    clock.advance(3600)
    assert backoff.next() == 1.0


def test_five_hundred_refusals_do_not_overflow() -> None:
    backoff = Backoff(ManualClock(), Ceiling())
    assert [backoff.next() for _ in range(500)][-1] == 30


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1011, 1012, None])
def test_a_server_that_goes_away_is_met_at_once(code: int | None) -> None:
    assert step_for_close(code) == 0


@pytest.mark.parametrize("code", [1002, 1003, 1007, 1008, 1009, 1013, 4000, 4001, 4999])
def test_a_server_that_judges_is_met_slowly(code: int) -> None:
    assert Backoff(ManualClock(), Ceiling()).next(step_for_close(code)) == 30
