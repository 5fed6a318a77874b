"""What a venue's better terms allow: every window counts, what an earlier run sent too, and exits wait for nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.risk_case import EXIT, FACTS, LONG, judge, only
from tui_trader.core.clock import NS, rfc3339
from tui_trader.core.objection import Rule
from tui_trader.desk.pace import Pace
from tui_trader.venues.base import Request, RequestKind, Terms

TERMS = Terms("retail", ((3, 1.0), (30, 60.0), (300, 3_600.0), (1_000, 86_400.0)), "one more would count as pro")
CREATE = Request(RequestKind.CREATE, "place", "POST", "/v1/orders")


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.at_ns = 1_763_700_000 * NS

    def wall_ns(self) -> int:
        return self.at_ns

    def mono_ns(self) -> int:
        return self.at_ns


def test_the_fourth_in_a_second_waits_for_the_first_to_grow_old() -> None:
    clock = Clock()
    pace = Pace(TERMS, clock)
    for _ in range(3):
        assert pace.why_wait() == ""
        pace.count(CREATE)
        clock.at_ns += NS // 10
    assert pace.why_wait() == "3 retail orders in a second have left: one more would count as pro; the next in 1 s"
    clock.at_ns += 7 * NS // 10
    assert pace.why_wait() == ""


@pytest.mark.parametrize(("count", "seconds", "said"), [(30, 60, "minute"), (300, 3_600, "hour"), (1_000, 86_400, "24 hours")])
def test_every_window_is_counted(count: int, seconds: int, said: str) -> None:
    clock = Clock()
    pace = Pace(TERMS, clock)
    step = (seconds - 1) * NS // count
    for _ in range(count):
        assert pace.why_wait() == ""
        pace.count(CREATE)
        clock.at_ns += step
    assert pace.why_wait().startswith(f"{count} retail orders in a {said} have left: ")
    clock.at_ns += 2 * NS
    assert pace.why_wait() == ""


def test_what_never_left_and_cancels_do_not_count() -> None:
    pace = Pace(TERMS, Clock())
    for _ in range(9):
        pace.count(CREATE)
        pace.take_back(CREATE)
        pace.count(replace(CREATE, kind=RequestKind.CANCEL))
    assert pace.why_wait() == ""
    assert pace.words() == "retail orders: 0 of 3 in a second, 0 of 30 in a minute, 0 of 300 in a hour, 0 of 1000 in a 24 hours"


def test_what_an_earlier_run_sent_still_counts() -> None:
    clock = Clock()
    pace = Pace(TERMS, clock)
    pace.recall([rfc3339(clock.at_ns - 7_200 * NS), "not a time", *[rfc3339(clock.at_ns - n * NS) for n in range(299, 0, -1)]])
    assert [used for used, _, _ in pace.used()] == [0, 59, 299, 300] or pace.used()[2][0] == 299
    assert "30 retail orders in a minute" in pace.why_wait()
    clock.at_ns += 59 * NS
    pace.count(CREATE)
    assert "300 retail orders in a hour" in pace.why_wait()


def test_a_venue_without_such_terms_holds_nothing_back() -> None:
    pace = Pace(None, Clock())
    for _ in range(2_000):
        pace.count(CREATE)
    pace.recall(["2026-01-01T00:00:00Z"])
    assert (pace.why_wait(), pace.words(), pace.used()) == ("", "", [])


def test_an_entry_is_refused_with_what_would_come_of_it_and_an_exit_is_not() -> None:
    facts = replace(FACTS, pace="3 retail orders in a second have left")
    assert only(judge(facts=facts), Rule.RATE).hard
    assert judge(EXIT, replace(facts, positions=(LONG,))) == []


def test_each_order_of_a_request_counts() -> None:
    clock = Clock()
    pace = Pace(TERMS, clock)
    pair = replace(CREATE, orders=2)
    assert [bool(pace.why_wait(beside)) for beside in range(5)] == [False, False, False, True, True]
    pace.count(pair)
    assert pace.used()[0][0] == 2
    assert pace.why_wait() == ""
    assert pace.why_wait(1).startswith("3 retail orders in a second have left")
    pace.take_back(pair)
    assert pace.used()[0][0] == 0
    pace.count(replace(CREATE, orders=3))
    assert pace.why_wait().endswith("the next in 1 s")
    clock.at_ns += NS
    assert pace.why_wait(2) == ""
