"""Two orders that turn out to be one: whatever was told of either, and in whatever order, ends in what one order would be."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

from hypothesis import given
from hypothesis import strategies as st

from tests.state.conftest import BTC, fill, report
from tui_trader.core.order import Fill, Order, OrderReport, OrderTicket
from tui_trader.core.types import ClientOrderId, OrderStatus, OrderType, Side, TriggerSource, VenueOrderId
from tui_trader.state.blotter import Blotter

STOP = OrderTicket(ClientOrderId("tt-1"), BTC, Side.SELL, OrderType.STOP, D(3), trigger_price=D(90))
WAITS, FOLLOWS = VenueOrderId("plan-1"), VenueOrderId("77")


def waits(status: OrderStatus = OrderStatus.ARMED, **change: object) -> OrderReport:
    """What the list of trigger orders says: nobody's id."""
    return report(
        status,
        client_id=ClientOrderId(""),
        venue_id=WAITS,
        side=Side.SELL,
        type=OrderType.STOP,
        price=None,
        trigger_price=D(90),
        **change,
    )


FIRED = waits(OrderStatus.LIVE, becomes=FOLLOWS, at_ns=5)
CHILD = report(
    OrderStatus.PARTIAL,
    client_id=ClientOrderId("_m_77"),
    venue_id=FOLLOWS,
    side=Side.SELL,
    type=OrderType.MARKET,
    price=None,
    filled=D(1),
    sequence=4,
    at_ns=6,
)
GONE = replace(CHILD, status=OrderStatus.FILLED, filled=D(3), sequence=9, at_ns=7)
RECEIPT = waits(OrderStatus.ACKED, is_ack=True)
RECEIPT = replace(RECEIPT, client_id=STOP.client_id)
EXECUTION = fill("e-1", "1", client_id=ClientOrderId("_m_77"), venue_id=FOLLOWS, side=Side.SELL)
REST = fill("e-2", "2", client_id=ClientOrderId("_m_77"), venue_id=FOLLOWS, side=Side.SELL)
FACTS = [waits(at_ns=3), FIRED, CHILD, GONE, RECEIPT, EXECUTION, REST]


def sent() -> Blotter:
    blotter = Blotter()
    blotter.put(Order.from_ticket(STOP, 2).to_status(OrderStatus.SENT))
    return blotter


def tell(blotter: Blotter, facts: list[OrderReport | Fill]) -> Blotter:
    for fact in facts:
        blotter.merge(fact) if isinstance(fact, OrderReport) else blotter.add_fill(fact)
    return blotter


@given(st.data())
def test_in_whatever_order_it_is_told_it_is_one_order(data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(FACTS), max_size=4))
    blotter = tell(sent(), data.draw(st.permutations([*FACTS, *again])))
    [order] = blotter.orders()
    assert (order.client_id, order.venue_id, order.waited_as) == ("tt-1", FOLLOWS, WAITS)
    assert (order.status, order.filled, order.type, order.trigger_price) == (OrderStatus.FILLED, D(3), OrderType.STOP, D(90))
    assert blotter.executed("tt-1") == D(3)
    assert not order.external
    assert blotter.find(WAITS) is blotter.find(FOLLOWS) is order
    assert not blotter.take_resurrected(), "nobody thought it over"


def test_a_receipt_that_comes_last_takes_over_what_the_stream_told_of_nobody_s_order() -> None:
    blotter = tell(sent(), [waits(at_ns=3)])
    assert [order.client_id for order in blotter.working()] == ["tt-1", "ext-plan-1"]
    tell(blotter, [RECEIPT])
    [order] = blotter.working()
    assert (order.client_id, order.status, order.venue_id) == ("tt-1", OrderStatus.ARMED, WAITS)


def test_one_that_was_thought_absent_rises_when_it_turns_out_to_be_there() -> None:
    blotter = sent()
    blotter.put(blotter.working()[0].to_status(OrderStatus.UNKNOWN))
    blotter.put(blotter.working()[0].to_status(OrderStatus.ABSENT))
    tell(blotter, [waits(at_ns=3), RECEIPT])
    [order] = blotter.orders()
    assert order.status is OrderStatus.ARMED
    assert [one.client_id for one in blotter.take_resurrected()] == ["tt-1"]


def test_two_orders_of_ours_are_never_taken_for_one() -> None:
    blotter = tell(sent(), [RECEIPT])
    other = replace(STOP, client_id=ClientOrderId("tt-2"))
    blotter.put(Order.from_ticket(other, 2).to_status(OrderStatus.SENT))
    tell(blotter, [replace(RECEIPT, client_id=ClientOrderId("tt-2"))])
    assert [order.client_id for order in blotter.orders()] == ["tt-1", "tt-2"]


def test_what_an_earlier_run_knew_by_the_venue_s_id_is_ours() -> None:
    blotter = Blotter()
    blotter.claim((), {WAITS: "tt-1"})
    tell(blotter, [waits(at_ns=3)])
    [order] = blotter.orders()
    assert (order.client_id, order.external) == ("tt-1", False)


@given(st.permutations([waits(at_ns=3), FIRED, CHILD, GONE]), st.integers(0, 4))
def test_joining_two_accounts_is_merging_all_their_reports(told: list[OrderReport], cut: int) -> None:
    start = Order.from_ticket(replace(STOP, trigger_source=TriggerSource.LAST), 2)
    whole = start
    for one in told:
        whole = whole.merge(one)
    first, rest = start, told[cut:]
    for one in told[:cut]:
        first = first.merge(one)
    if not rest:
        return
    other = Order.from_report(rest[0])
    for one in rest[1:]:
        other = other.merge(one)
    assert first.join(other) == whole
