"""Orders that carry no id of ours: known again by what they are when the answer was lost, and never taken for somebody else's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal as D
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.desk.conftest import ETH, UNKNOWN, Bench, heard, report, ticket, told
from tui_trader.core.clock import NS
from tui_trader.core.error import RefusedError
from tui_trader.core.order import Order, OrderReport, OrderTicket
from tui_trader.core.types import ClientOrderId, OrderStatus, OrderType, PositionSide, Side, TimeInForce, VenueOrderId
from tui_trader.desk.inquiry import SKEW_BOUND_S
from tui_trader.desk.likeness import Trace, is_like
from tui_trader.desk.orders import OrderPath
from tui_trader.storage.journal import Journal
from tui_trader.venues.base import Outcome, Request, RequestKind, Verdict
from tui_trader.venues.phemex.orders import PhemexOrders

LIFE_NS = round((10 + SKEW_BOUND_S) * NS)


class Nameless(PhemexOrders):
    """A venue that takes no id of ours with what waits."""

    def is_nameless(self, order: Order | OrderTicket) -> bool:
        return order.type.is_conditional

    def made_since(self, order: Order, since_ns: int) -> Request:
        return Request(RequestKind.READ, "made", "GET", "/made", f"since={since_ns}", ref=order.instrument.symbol)


class NamelessBench(Bench):
    """An order path at such a venue."""

    def make(self, *, journal: bool = True) -> OrderPath:
        return OrderPath(
            store=self.store,
            clock=self.clock,
            journal=self.journal if journal else None,
            dialect=Nameless(),
            send=self.wire,
            absorb=self.absorb,
            spawn=self.spawn,
            heard=self.heard.append,
            sleep=self.sleep,
        )


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[NamelessBench]:
    bench = NamelessBench(tmp_path)
    bench.wire.on("made", Verdict(Outcome.ACK))
    bench.wire.on("place", UNKNOWN)
    yield bench
    for work in bench.graves.values():
        work.close()


def stop(client_id: str = "tt-1", **change: object) -> OrderTicket:
    terms = {"side": Side.SELL, "type": OrderType.STOP, "price": None, "trigger_price": D(90), "reduce_only": True}
    return ticket(client_id, **(terms | change))


def theirs(bench: Bench, number: int = 1, status: OrderStatus = OrderStatus.ARMED, **change: object) -> OrderReport:
    """What the venue lists: nobody's id, made now."""
    terms = {
        "client_id": ClientOrderId(""),
        "venue_id": VenueOrderId(f"plan-{number}"),
        "side": Side.SELL,
        "type": OrderType.STOP,
        "price": None,
        "trigger_price": D(90),
        "trigger_source": stop().trigger_source,
        "position_side": PositionSide.MERGED,
        "reduce_only": True,
        "made_ns": bench.clock.wall_ns(),
        "at_ns": bench.clock.wall_ns(),
    }
    return report(status, **(terms | change))  # type: ignore[arg-type]


async def sent(bench: Bench, *answers: object, one: OrderTicket | None = None) -> Order:
    """Send a stop whose answer is lost, and let everything be found out that can be."""
    bench.wire.on("made", *(told(*each) if isinstance(each, tuple) else each for each in answers))  # type: ignore[misc]
    await bench.path.submit(one or stop(), reduces=True)
    await bench.settle()
    return bench.order((one or stop()).client_id)


async def test_the_one_that_fits_is_ours_once_nothing_more_can_arrive(bench: NamelessBench) -> None:
    order = await sent(bench, (theirs(bench),))
    assert (order.status, order.venue_id, order.external) == (OrderStatus.ARMED, "plan-1", False)
    assert bench.slept >= 10, "another one like it could have come until then"
    assert len(bench.store.blotter.working()) == 1
    assert len(bench.wire.creates()) == 1
    assert bench.records()[-1].body == {"id": "tt-1", "status": "armed", "venue_id": "plan-1"}


async def test_nothing_that_fits_means_that_it_never_arrived(bench: NamelessBench) -> None:
    order = await sent(bench, Verdict(Outcome.ACK))
    assert order.status is OrderStatus.ABSENT
    assert len(bench.wire.creates()) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"qty": D(4)},
        {"side": Side.BUY},
        {"trigger_price": D("90.1")},
        {"type": OrderType.MARKET_IF_TOUCHED},
        {"reduce_only": False},
        {"position_side": PositionSide.SHORT},
        {"made_ns": 1, "at_ns": 1},
    ],
)
async def test_what_differs_is_somebody_else_s(bench: NamelessBench, change: dict[str, object]) -> None:
    order = await sent(bench, (theirs(bench, **change),))
    assert order.status is OrderStatus.ABSENT
    [other] = bench.store.blotter.working()
    assert other.external


async def test_one_that_was_there_before_is_not_it(bench: NamelessBench) -> None:
    bench.hear(theirs(bench, 7))
    order = await sent(bench, (theirs(bench, 7),))
    assert order.status is OrderStatus.ABSENT
    assert bench.records()[0].body["beside"] == ["plan-7"]


async def test_two_that_fit_leave_it_open_and_say_so(bench: NamelessBench) -> None:
    twins = (theirs(bench, 1), theirs(bench, 2))
    bench.wire.on("made", told(*twins))
    await bench.path.submit(stop(), reduces=True)
    for _ in range(400):
        await bench.sleep(0)
        if bench.slept > 60:
            break
    order = bench.order()
    assert order.status is OrderStatus.UNKNOWN
    assert "nobody can tell which it is" in order.reason
    assert bench.notices().count("nobody can tell which it is") == 1, "said once"
    with pytest.raises(RefusedError, match="not known yet"):
        await bench.path.amend(order, trigger=D(91))
    refused = await bench.path.cancel(order)
    assert (refused.outcome, "cancel all" in refused.text) == (Outcome.NOT_SENT, True)
    # The trader cancels what should not be there: then it is over, whichever it was.
    gone = tuple(replace(one, status=OrderStatus.CANCELED, at_ns=one.at_ns + 1) for one in twins)
    bench.wire.on("made", told(*gone))
    bench.hear(*gone)
    await bench.settle()
    assert bench.order().status is OrderStatus.ABSENT
    assert "all of them are over" in bench.order().reason
    assert len(bench.wire.creates()) == 1


async def test_two_of_ours_and_two_of_theirs_are_matched_one_to_one(bench: NamelessBench) -> None:
    bench.wire.on("made", told(theirs(bench, 1), theirs(bench, 2)))
    await bench.path.submit(stop("tt-1"), reduces=True)
    await bench.path.submit(stop("tt-2"), reduces=True)
    await bench.settle()
    assert {order.client_id: order.venue_id for order in bench.store.blotter.working()} == {"tt-1": "plan-1", "tt-2": "plan-2"}


async def test_two_of_ours_and_one_of_theirs_leave_one_absent(bench: NamelessBench) -> None:
    bench.wire.on("made", told(theirs(bench, 1)))
    await bench.path.submit(stop("tt-1"), reduces=True)
    await bench.path.submit(stop("tt-2"), reduces=True)
    await bench.settle()
    states = sorted(bench.order(one).status for one in ("tt-1", "tt-2"))
    assert states == [OrderStatus.ABSENT, OrderStatus.ARMED]


async def test_nothing_is_concluded_while_the_list_is_not_answered(bench: NamelessBench) -> None:
    order = await sent(bench, *[UNKNOWN] * 6, (theirs(bench),))
    assert order.status is OrderStatus.ARMED
    assert bench.wire.whats().count("made") > 6


async def test_one_that_fired_meanwhile_is_followed_under_its_new_id(bench: NamelessBench) -> None:
    fired = theirs(bench, status=OrderStatus.LIVE, becomes=VenueOrderId("77"))
    child = report(OrderStatus.FILLED, "", venue_id=VenueOrderId("77"), side=Side.SELL, filled=D(3), sequence=2, at_ns=9)
    bench.wire.on("order_by_id", told(child))
    order = await sent(bench, (fired,))
    assert (order.status, order.filled, order.venue_id, order.waited_as) == (OrderStatus.FILLED, D(3), "77", "plan-1")


async def test_a_restart_knows_it_again(bench: NamelessBench, tmp_path: Path) -> None:
    bench.hear(theirs(bench, 7))
    bench.wire.on("place", KeyboardInterrupt())
    bench.wire.on("made", UNKNOWN)
    with pytest.raises(KeyboardInterrupt):
        await bench.path.submit(stop(), reduces=True)
    made = theirs(bench, 8)
    for task in bench.tasks:
        task.cancel()
    bench.journal.close()
    later = NamelessBench(tmp_path, Journal(tmp_path / "journal.jsonl", bench.clock, recall=(recall := heard(bench.records()))))
    later.clock = bench.clock
    later.path = later.make()
    later.wire.on("made", told(theirs(bench, 7), made))
    bench.clock.advance(300)
    later.path.recover(recall.to_recover())
    await later.settle()
    assert (later.order().status, later.order().venue_id) == (OrderStatus.ARMED, "plan-8"), "the seventh was there before"
    assert heard(later.records()).named == {"plan-8": "tt-1"}
    assert later.wire.creates() == []


async def test_an_answer_names_it_for_later_runs(bench: NamelessBench) -> None:
    receipt = theirs(bench, status=OrderStatus.ACKED, client_id=ClientOrderId("tt-1"), is_ack=True)
    bench.wire.on("place", told(receipt))
    await bench.path.submit(stop(), reduces=True)
    recall = heard(bench.records())
    assert recall.named == {"plan-1": "tt-1"}
    carried = recall.carried()
    assert carried["named"] == {"tt-1": "plan-1"}
    assert bench.wire.whats() == ["place"]


# -- what tells them apart -------------------------------------------------------------------------------------------------


@given(st.integers(-30, 30), st.booleans())
def test_the_venue_s_clock_bounds_when_it_can_have_been_made(seconds: int, beside: bool) -> None:
    trace = Trace(1_000 * NS, frozenset({"plan-1"} if beside else ()))
    made = report(venue_id=VenueOrderId("plan-1"), made_ns=(1_000 + seconds) * NS)
    assert trace.fits(made, LIFE_NS) is (abs(seconds) * NS <= LIFE_NS and not beside)
    assert Trace.from_body(trace.body()) == trace
    assert Trace.from_body({"id": "tt-1"}) is None


@given(
    st.sampled_from([OrderType.STOP, OrderType.STOP_LIMIT, OrderType.MARKET_IF_TOUCHED, OrderType.TRAILING_STOP]),
    st.sampled_from(PositionSide),
    st.booleans(),
    st.sampled_from(TimeInForce),
)
def test_an_order_is_like_what_it_was_sent_as(kind: OrderType, leg: PositionSide, reduces: bool, tif: TimeInForce) -> None:
    trail = D(5) if kind is OrderType.TRAILING_STOP else None
    one = stop(type=kind, position_side=leg, reduce_only=reduces, tif=tif, price=D(89) if kind.has_limit else None, trail=trail)
    assert is_like(one, Order.from_ticket(one, 1))
    assert not is_like(one, Order.from_ticket(replace(one, instrument=ETH), 1))
    assert not is_like(one, Order.from_ticket(replace(one, qty=one.qty + 1), 1))
