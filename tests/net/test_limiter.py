"""Request budgets."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trader.core.clock import NS, ManualClock
from tui_trader.net.limiter import Bucket, Limiter
from tui_trader.venues.base import RequestKind

CREATE, CANCEL, READ = RequestKind.CREATE, RequestKind.CANCEL, RequestKind.READ


def drain(limiter: Limiter, kind: RequestKind, group: str = "contract") -> int:
    taken = 0
    while not limiter.try_take(group, 1, kind):
        taken += 1
    return taken


@given(
    steps=st.lists(st.tuples(st.integers(0, 3 * NS), st.integers(1, 4), st.booleans()), min_size=1, max_size=120),
    capacity=st.integers(5, 20),
)
def test_no_window_wherever_it_starts_holds_more_than_the_capacity(steps: list[tuple[int, int, bool]], capacity: int) -> None:
    bucket = Bucket(capacity, 10.0)
    now, taken = 0, []
    for gap, weight, cancel in steps:
        now += gap
        if bucket.try_take(weight, now, cancel=cancel) == 0:
            taken.append((now, weight, cancel))
    for start, _, _ in taken:
        window = [each for each in taken if start <= each[0] < start + 10 * NS]
        assert sum(weight for _, weight, _ in window) <= capacity
        assert sum(weight for _, weight, cancel in window if not cancel) <= capacity - math.ceil(capacity / 5)


@given(st.integers(5, 30), st.integers(1, 3), st.integers(0, 5 * NS))
def test_the_wait_it_names_is_enough_and_not_too_long(capacity: int, weight: int, gap: int) -> None:
    bucket = Bucket(capacity, 10.0)
    now = 0
    while not (wait := bucket.try_take(weight, now, cancel=False)):
        now += gap // capacity
    due = now + math.ceil(wait * NS)
    assert bucket.try_take(weight, due - 2000, cancel=False) > 0
    assert bucket.try_take(weight, due + 1, cancel=False) == 0


def test_entries_stop_while_a_fifth_is_left_for_cancels() -> None:
    limiter = Limiter({"contract": (500, 60.0)}, ManualClock())
    assert drain(limiter, CREATE) == 400
    assert limiter.try_take("contract", 1, READ) > 0
    assert drain(limiter, CANCEL) == 100


def test_a_reserve_is_rounded_in_favour_of_cancels() -> None:
    limiter = Limiter({"contract": (6, 60.0)}, ManualClock())
    assert drain(limiter, CREATE) == 4


def test_tokens_come_back_one_window_later() -> None:
    clock = ManualClock()
    limiter = Limiter({"contract": (10, 60.0)}, clock)
    assert drain(limiter, CREATE) == 8
    assert limiter.try_take("contract", 1, CREATE) == 60
    clock.advance(59.9)
    assert limiter.try_take("contract", 1, CREATE) == pytest.approx(0.1)
    clock.advance(0.1)
    assert drain(limiter, CREATE) == 8


def test_weights_count() -> None:
    limiter = Limiter({"other": (100, 60.0)}, ManualClock())
    assert [limiter.try_take("other", 25, READ) for _ in range(4)] == [0, 0, 0, 60]
    assert limiter.try_take("other", 81, READ) == math.inf


def test_groups_do_not_share_and_an_unknown_one_shares_the_tightest() -> None:
    limiter = Limiter({"contract": (500, 60.0), "other": (100, 60.0)}, ManualClock())
    assert drain(limiter, READ, "other") == 80
    assert limiter.try_take("contract", 1, CREATE) == 0
    assert limiter.try_take("new-group", 1, READ) > 0


def test_headers_take_tokens_away() -> None:
    limiter = Limiter({"contract": (500, 60.0)}, ManualClock())
    limiter.hear({"contract": (150, 500)})
    assert drain(limiter, CREATE) == 50
    assert drain(limiter, CANCEL) == 100


@pytest.mark.parametrize("told", [(500, 500), (10_000, 10_000), (2**63, 2**63), (500, 0), (500, -1)])
def test_headers_that_promise_more_are_not_believed(told: tuple[int, int]) -> None:
    limiter = Limiter({"contract": (500, 60.0)}, ManualClock())
    assert drain(limiter, CREATE) == 400
    limiter.hear({"contract": told})
    assert limiter.try_take("contract", 1, CREATE) > 0
    assert drain(limiter, CANCEL) == 100


def test_a_smaller_capacity_is_believed_for_a_window_with_its_own_reserve() -> None:
    clock = ManualClock()
    limiter = Limiter({"contract": (500, 60.0)}, clock)
    limiter.hear({"contract": (50, 50)})
    assert drain(limiter, CREATE) == 40
    clock.advance(61)
    assert drain(limiter, CREATE) == 400


def test_nonsense_in_headers_does_not_lock_out_for_longer_than_a_window() -> None:
    clock = ManualClock()
    limiter = Limiter({"contract": (500, 60.0)}, clock)
    limiter.hear({"contract": (-5, -7), "unheard-of": (0, 1)})
    assert limiter.try_take("contract", 1, CANCEL) > 0
    clock.advance(60)
    assert limiter.try_take("contract", 1, CREATE) == 0


@pytest.mark.parametrize(
    ("asked", "pause"),
    [(3.0, 3.0), (0.0, 1.0), (-1.0, 1.0), (math.nan, 1.0), (1e9, 60.0), (math.inf, 60.0)],
)
def test_a_pause_is_bounded_and_holds_everything(asked: float, pause: float) -> None:
    clock = ManualClock()
    limiter = Limiter({"contract": (500, 60.0), "other": (100, 60.0)}, clock)
    assert limiter.pause("contract", asked) == pause
    assert limiter.try_take("contract", 1, CANCEL) == pause
    assert limiter.try_take("other", 1, READ) == 0
    clock.advance(pause)
    assert limiter.try_take("contract", 1, CREATE) == 0


def test_a_shorter_pause_does_not_cut_a_longer_one() -> None:
    limiter = Limiter({"contract": (500, 60.0)}, ManualClock())
    limiter.pause("contract", 30)
    limiter.pause("contract", 2)
    assert limiter.try_take("contract", 1, CREATE) == 30


@pytest.mark.parametrize(("capacity", "window_s"), [(0, 1.0), (-1, 1.0), (5, 0.0), (5, math.nan)])
def test_a_budget_without_size_is_refused(capacity: int, window_s: float) -> None:
    with pytest.raises(ValueError, match="capacity"):
        Bucket(capacity, window_s)
