"""What the fault histories of tests/dst found, case by case."""

from __future__ import annotations

from dataclasses import replace

from tests.desk.conftest import BTC, MISSING, UNKNOWN, Bench, heard, open_list, report, ticket, told
from tui_trader.core.clock import NS, rfc3339
from tui_trader.core.event import LinkChanged
from tui_trader.core.types import LinkState, OrderStatus
from tui_trader.desk.inquiry import HISTORY_LAG_S, SKEW_BOUND_S
from tui_trader.state.blotter import Blotter
from tui_trader.venues.base import Request, Verdict

FENCE_S = 10 + SKEW_BOUND_S


def _link(bench: Bench, state: LinkState) -> None:
    bench.absorb([LinkChanged("phemex", "private", state)])


def _let_it_speak(bench: Bench, what: str = "order_by_id") -> None:
    """Have the private stream say something at every question."""

    def answer(request: object) -> object:
        bench.store.mono_ns = bench.clock.mono_ns()
        bench.store.heard("phemex", "private")
        return MISSING

    bench.wire.on(what, answer)  # type: ignore[arg-type]


async def test_an_order_made_in_the_future_is_asked_after(bench: Bench) -> None:
    bench.hear(report(at_ns=bench.clock.wall_ns() + 300 * NS))
    bench.wire.on("order_by_id", told(report(OrderStatus.CANCELED)))
    assert await bench.path.inquiry.refresh(BTC), "our clock was set back, or is slow"
    assert bench.order().status is OrderStatus.CANCELED


async def test_an_order_too_young_for_the_list_is_asked_after_later(bench: Bench) -> None:
    bench.hear(report(at_ns=bench.clock.wall_ns()))
    bench.wire.on("order_by_id", told(report(OrderStatus.CANCELED)))
    assert await bench.path.inquiry.refresh(BTC)
    assert bench.order().status is OrderStatus.LIVE
    await bench.settle()
    assert bench.order().status is OrderStatus.CANCELED


async def test_following_ends_when_the_order_is_listed(bench: Bench) -> None:
    bench.hear(report())
    bench.wire.on("open_orders", open_list(report()))
    bench.path.inquiry.follow("tt-1")
    bench.path.inquiry.follow("tt-1")
    await bench.settle()
    assert bench.wire.whats() == ["open_orders"]
    assert bench.order().status is OrderStatus.LIVE


async def test_an_old_history_that_says_alive_is_not_the_last_word(bench: Bench) -> None:
    bench.hear(report(at_ns=bench.clock.wall_ns()))
    bench.clock.advance(5)
    stale, end = told(report(OrderStatus.LIVE)), told(report(OrderStatus.FILLED))
    bench.wire.on("order_by_id", MISSING, MISSING, stale, stale, end)
    assert await bench.path.inquiry.refresh(BTC)
    await bench.settle()
    assert bench.order().status is OrderStatus.FILLED


async def test_absence_is_believed_at_the_fence_when_the_stream_was_up_throughout(bench: Bench) -> None:
    _link(bench, LinkState.LIVE)
    bench.clock.advance(1)
    _let_it_speak(bench)
    bench.wire.on("place", UNKNOWN)
    await bench.path.submit(ticket(), reduces=False)
    await bench.settle()
    assert bench.order().status is OrderStatus.ABSENT
    assert FENCE_S < bench.slept < FENCE_S + 10


async def test_a_request_that_left_late_has_its_fence_later(bench: Bench) -> None:
    """A token had to be fetched first."""
    _link(bench, LinkState.LIVE)
    bench.clock.advance(1)
    _let_it_speak(bench)

    def late(_: Request) -> Verdict:
        bench.clock.advance(5)
        return replace(UNKNOWN, left_ns=bench.clock.mono_ns())

    bench.wire.on("place", late)
    await bench.path.submit(ticket(), reduces=False)
    await bench.settle()
    assert bench.order().status is OrderStatus.ABSENT
    assert FENCE_S < bench.slept < FENCE_S + 10, "after it left, not only after it was made"


async def test_absence_waits_for_the_history_when_the_stream_says_nothing(bench: Bench) -> None:
    _link(bench, LinkState.LIVE)
    bench.clock.advance(1)
    bench.wire.on("place", UNKNOWN)
    await bench.path.submit(ticket(), reduces=False)
    await bench.settle()
    assert bench.order().status is OrderStatus.ABSENT
    assert bench.slept > FENCE_S + HISTORY_LAG_S


async def test_absence_waits_for_the_history_when_the_stream_came_up_after_the_order_left(bench: Bench) -> None:
    bench.wire.on("place", UNKNOWN)
    await bench.path.submit(ticket(), reduces=False)
    bench.clock.advance(1)
    _link(bench, LinkState.LIVE)
    _let_it_speak(bench)
    await bench.settle()
    assert bench.order().status is OrderStatus.ABSENT
    assert bench.slept > HISTORY_LAG_S, "its snapshot does not go back to the beginning"


# -- tombstones ---------------------------------------------------------------------------------------------------------------


async def test_an_absent_order_is_asked_about_again_and_adopted_when_it_appears(bench: Bench) -> None:
    bench.wire.on("place", UNKNOWN)
    await bench.path.submit(ticket(), reduces=False)
    await bench.settle()
    assert bench.order().status is OrderStatus.ABSENT
    asked = bench.wire.whats().count("order_by_id")
    slept = bench.slept
    grave = bench.graves.pop("tt-1")
    bench.wire.on("order_by_id", MISSING, told(report()))
    await grave
    assert bench.wire.whats().count("order_by_id") == asked + 2
    assert bench.slept - slept == 300.0, "after a minute, after five, and no more once it was seen"
    assert bench.order().status is OrderStatus.LIVE
    assert "was thought over and is live" in bench.notices()
    bench.wire.on("open_orders", open_list(report()))
    bench.path.inquiry.tick()
    await bench.settle()
    assert bench.kinds()[-1] == "resurrected"
    assert bench.wire.creates() == [bench.wire.sent[0]], "nothing was sent again"


async def test_an_absent_order_rests_after_half_an_hour(bench: Bench) -> None:
    bench.wire.on("place", UNKNOWN)
    await bench.path.submit(ticket(), reduces=False)
    await bench.settle()
    slept = bench.slept
    await bench.graves.pop("tt-1")
    assert bench.slept - slept == 1_800.0
    assert bench.order().status is OrderStatus.ABSENT


async def test_what_an_earlier_run_found_absent_is_asked_about_at_the_start(bench: Bench) -> None:
    bench.wire.on("place", UNKNOWN)
    await bench.path.submit(ticket(), reduces=False)
    await bench.settle()
    bench.graves.pop("tt-1").close()
    recall = heard(bench.records())
    bodies = recall.buried(rfc3339(bench.clock.wall_ns() - 3_600 * NS))
    assert [body["id"] for body in bodies] == ["tt-1"]
    assert recall.still_open() == []
    assert recall.buried(rfc3339(bench.clock.wall_ns() + NS)) == [], "too long ago"

    bench.store.blotter = Blotter()
    path = bench.make()
    path.recover([], bodies)
    assert bench.order().status is OrderStatus.ABSENT
    bench.wire.on("order_by_id", told(report()))
    await bench.graves.pop("tt-1")
    assert bench.order().status is OrderStatus.LIVE
    assert not bench.order().external
