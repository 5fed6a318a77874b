"""A histogram answers with the upper bound of a bucket, never with less than was measured."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui_trader.state.latency import Histogram


def test_without_samples_there_is_no_quantile() -> None:
    assert Histogram().quantile_us(0.5) is None


def test_quantiles_are_upper_bounds_of_buckets() -> None:
    histogram = Histogram()
    for micros in (40, 60, 90, 90_000):
        histogram.add(micros * 1_000)
    assert [histogram.quantile_us(q) for q in (0.25, 0.5, 0.75, 1.0)] == [50, 100, 100, 100_000]
    assert (histogram.count, histogram.last_ns) == (4, 90_000_000)


def test_what_is_beyond_the_last_bound_is_not_lost() -> None:
    histogram = Histogram()
    histogram.add(60_000_000_000)
    assert histogram.quantile_us(0.99) == 10_000_000


@given(st.lists(st.integers(0, 9_000_000), min_size=1), st.sampled_from([0.01, 0.5, 0.9, 0.99, 1.0]))
def test_a_quantile_is_at_least_the_true_one(micros: list[int], q: float) -> None:
    histogram = Histogram()
    for value in micros:
        histogram.add(value * 1_000)
    rank = max(1, -(-int(q * len(micros) * 1000) // 1000))
    bound = histogram.quantile_us(q)
    assert bound is not None
    assert bound >= sorted(micros)[rank - 1]
