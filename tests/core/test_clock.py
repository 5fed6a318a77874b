"""Time, injected."""

from __future__ import annotations

import pytest

from tui_trader.core.clock import NS, ManualClock, SystemClock, hms, rfc3339


def test_a_manual_clock_moves_only_when_told() -> None:
    clock = ManualClock(wall_ns=5 * NS, mono_ns=NS)
    assert (clock.wall_ns(), clock.mono_ns()) == (clock.wall_ns(), clock.mono_ns())
    clock.advance(1.5)
    assert (clock.wall_ns(), clock.mono_ns()) == (6_500_000_000, 2_500_000_000)


def test_the_system_clock_does_not_go_back() -> None:
    clock = SystemClock()
    first = clock.mono_ns()
    assert clock.mono_ns() >= first
    assert clock.wall_ns() > 1_600_000_000 * NS


@pytest.mark.parametrize(
    ("ns", "stamp", "time"),
    [
        (0, "1970-01-01T00:00:00.000Z", "00:00:00.000"),
        (1_795_244_869_120_999_999, "2026-11-21T07:07:49.120Z", "07:07:49.120"),
    ],
)
def test_formats_cut_and_never_round_up(ns: int, stamp: str, time: str) -> None:
    assert rfc3339(ns) == stamp
    assert hms(ns, millis=True) == time
    assert hms(ns) == time[:8]
