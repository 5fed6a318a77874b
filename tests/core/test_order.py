"""Merging reports into an order is a lattice: their order and their repetition do not matter."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trader.core.order import RANK, Order, OrderReport, OrderTicket, average_price
from tui_trader.core.types import (
    ClientOrderId,
    InstrumentId,
    OrderStatus,
    OrderType,
    PendingAction,
    PositionSide,
    Side,
    TimeInForce,
    TriggerSource,
    VenueOrderId,
)

BTC = InstrumentId("phemex", "BTCUSDT")
TICKET = OrderTicket(ClientOrderId("tt-1"), BTC, Side.BUY, OrderType.LIMIT, Decimal(3), price=Decimal(100))
BASE = OrderReport(
    BTC, ClientOrderId("tt-1"), VenueOrderId("v-1"), OrderStatus.LIVE, Side.BUY, OrderType.LIMIT, Decimal(3), price=Decimal(100)
)

small = st.integers(0, 4)
money = st.integers(0, 3).map(Decimal)
reports = st.builds(
    replace,
    st.just(BASE),
    status=st.sampled_from([status for status in OrderStatus if status is not OrderStatus.INTENT]),
    qty=st.integers(0, 3).map(Decimal),
    filled=money,
    filled_value=money,
    price=st.none() | st.integers(1, 3).map(Decimal),
    trigger_price=st.none() | st.integers(1, 3).map(Decimal),
    trigger_source=st.none() | st.sampled_from(TriggerSource),
    tif=st.sampled_from(TimeInForce),
    position_side=st.sampled_from(PositionSide),
    reduce_only=st.none() | st.booleans(),
    close_on_trigger=st.none() | st.booleans(),
    take_profit_source=st.none() | st.sampled_from(TriggerSource),
    stop_loss_limit=st.none() | st.integers(0, 3).map(Decimal),
    trail=st.none() | st.integers(1, 3).map(Decimal),
    take_profit=st.none() | st.integers(1, 3).map(Decimal),
    stop_loss=st.none() | st.integers(1, 3).map(Decimal),
    sequence=small,
    at_ns=small,
    is_ack=st.booleans(),
    pending=st.none() | st.sampled_from(PendingAction),
    reason=st.sampled_from(["", "a", "b"]),
    code=st.sampled_from(["", "1", "2"]),
)


def _merged(seen: list[OrderReport], start: Order) -> Order:
    for report in seen:
        start = start.merge(report)
    return start


@given(st.data(), st.lists(reports, max_size=6))
def test_any_order_and_repetition_of_reports_ends_in_the_same_order(data: st.DataObject, seen: list[OrderReport]) -> None:
    start = Order.from_ticket(TICKET, 7)
    again = data.draw(st.lists(st.sampled_from(seen), max_size=4)) if seen else []
    shuffled = data.draw(st.permutations([*seen, *again]))
    assert _merged(shuffled, start) == _merged(seen, start)


@given(st.data(), st.lists(reports.map(lambda r: replace(r, qty=r.qty or Decimal(1))), min_size=1, max_size=5))
def test_the_same_holds_for_an_order_that_was_not_sent_from_here(data: st.DataObject, seen: list[OrderReport]) -> None:
    seen = [replace(report, at_ns=report.at_ns + 1) for report in seen]
    shuffled = data.draw(st.permutations(seen))
    one, other = (_merged(list(order[1:]), Order.from_report(order[0])) for order in (seen, shuffled))
    if all(not report.is_ack for report in seen):
        assert one == other
    assert (one.status, one.filled) == (other.status, other.filled)


@given(st.lists(reports, max_size=6), reports)
def test_nothing_moves_backwards(seen: list[OrderReport], one_more: OrderReport) -> None:
    before = _merged(seen, Order.from_ticket(TICKET, 7))
    after = before.merge(one_more)
    assert RANK[after.status] >= RANK[before.status]
    assert after.filled >= before.filled
    assert after.filled_value >= before.filled_value
    assert after.sequence >= before.sequence
    if before.status.is_terminal:
        assert after.status.is_terminal
        assert after.pending is None


@given(st.lists(reports, max_size=6), reports)
def test_an_acknowledgement_never_regresses_or_describes(seen: list[OrderReport], ack: OrderReport) -> None:
    before = _merged(seen, Order.from_ticket(TICKET, 7))
    after = before.merge(replace(ack, is_ack=True, status=OrderStatus.ACKED))
    if RANK[before.status] >= RANK[OrderStatus.ACKED]:
        assert after.status is before.status
    else:
        assert after.status is OrderStatus.ACKED
    for name in ("qty", "price", "trigger_price", "tif", "take_profit", "stop_loss", "sequence", "updated_ns"):
        assert getattr(after, name) == getattr(before, name)


@given(st.data(), st.lists(reports.map(lambda r: replace(r, pending=None)), max_size=5))
def test_what_this_side_does_meanwhile_does_not_change_what_the_venue_says(data: st.DataObject, seen: list[OrderReport]) -> None:
    """Sent, given up, asked after: whenever that happens between the reports, the venue's word ends in the same order."""
    plain, moved = (Order.from_ticket(TICKET, 7) for _ in range(2))
    for report in seen:
        for status in data.draw(
            st.lists(st.sampled_from([OrderStatus.SENT, OrderStatus.UNKNOWN, OrderStatus.ACKED]), max_size=2)
        ):
            with contextlib.suppress(ValueError):
                moved = moved.to_status(status, reason="ours")
        plain, moved = plain.merge(report), moved.merge(report)
    told = [report for report in seen if RANK[report.status] > RANK[OrderStatus.ACKED]]
    for name in (
        "qty",
        "price",
        "filled",
        "filled_value",
        "trigger_price",
        "tif",
        "take_profit",
        "stop_loss",
        "sequence",
        "venue_id",
    ):
        assert getattr(moved, name) == getattr(plain, name)
    if told and told[-1] is seen[-1]:
        assert RANK[moved.status] >= RANK[told[-1].status], "what was told last holds, whatever was thought before"
    if plain.status.is_terminal:
        assert moved.status is plain.status


@given(st.lists(st.sampled_from(OrderStatus), max_size=8))
def test_own_knowledge_never_leads_out_of_an_end_nor_to_an_execution(path: list[OrderStatus]) -> None:
    order = Order.from_ticket(TICKET, 7)
    for status in path:
        before = order.status
        try:
            order = order.to_status(status)
        except ValueError:
            assert order.status is before
            continue
        assert not before.is_terminal
        assert status not in (OrderStatus.LIVE, OrderStatus.PARTIAL, OrderStatus.FILLED, OrderStatus.EXPIRED, OrderStatus.ARMED)
        assert order.filled == 0


def test_ranks_are_distinct() -> None:
    assert len(set(RANK.values())) == len(RANK) == len(OrderStatus)


def test_a_fill_before_the_acknowledgement() -> None:
    order = Order.from_ticket(TICKET, 7).to_status(OrderStatus.SENT)
    filled = order.merge(
        replace(BASE, status=OrderStatus.FILLED, filled=Decimal(3), filled_value=Decimal(300), sequence=9, at_ns=50)
    )
    late = filled.merge(replace(BASE, status=OrderStatus.ACKED, is_ack=True, at_ns=40))
    assert late.status is OrderStatus.FILLED
    assert late.remaining == 0


def test_an_amended_price_survives_an_older_report() -> None:
    old = replace(BASE, sequence=5, at_ns=10)
    new = replace(BASE, sequence=6, at_ns=20, price=Decimal(101), stop_loss=Decimal(90))
    order = Order.from_ticket(TICKET, 7).merge(new).merge(old)
    assert (order.price, order.stop_loss) == (Decimal(101), Decimal(90))


def test_an_answer_without_a_sequence_counts_by_its_time() -> None:
    told = Order.from_ticket(TICKET, 7).merge(replace(BASE, sequence=6, at_ns=20, price=Decimal(101)))
    assert told.merge(replace(BASE, sequence=0, at_ns=19)).price == Decimal(101)
    assert told.merge(replace(BASE, sequence=0, at_ns=20)).price == Decimal(101), "of one moment the stream knows more"
    later = replace(BASE, sequence=0, at_ns=30, price=Decimal(102))
    assert told.merge(later).price == Decimal(102), "the amendment that the stream told of was lost on the way"


def test_the_outcome_of_a_change_counts_over_its_receipt_of_the_same_moment() -> None:
    receipt = replace(BASE, status=OrderStatus.ACKED, is_ack=True, pending=PendingAction.AMEND, at_ns=20)
    outcome = replace(BASE, sequence=0, at_ns=20, price=Decimal(101))
    live = Order.from_ticket(TICKET, 7).merge(replace(BASE, sequence=5, at_ns=10))
    for first, second in ((receipt, outcome), (outcome, receipt)):
        order = live.merge(first).merge(second)
        assert (order.pending, order.price) == (None, Decimal(101))


def test_the_first_report_of_a_journalled_order_counts_though_the_venue_clock_is_behind() -> None:
    order = Order.from_ticket(TICKET, 10**18).merge(replace(BASE, at_ns=5, price=Decimal(99)))
    assert order.price == Decimal(99)


def test_a_pending_cancel_stays_until_newer_word() -> None:
    live = replace(BASE, sequence=5, at_ns=10)
    asked = replace(Order.from_ticket(TICKET, 7).merge(live), pending=PendingAction.CANCEL)
    assert asked.merge(live).pending is PendingAction.CANCEL
    assert asked.merge(replace(live, sequence=6, at_ns=20)).pending is None
    assert asked.merge(replace(live, status=OrderStatus.CANCELED, at_ns=20)).pending is None


def test_an_overfill_is_kept_and_told() -> None:
    order = Order.from_ticket(TICKET, 7).merge(replace(BASE, filled=Decimal(4)))
    assert order.overfilled
    assert order.remaining == 0


def test_an_external_order_says_so() -> None:
    order = Order.from_report(BASE)
    assert order.external
    assert order.status is OrderStatus.LIVE


def test_the_birth_of_an_external_order_is_the_earliest_time_told() -> None:
    order = Order.from_report(replace(BASE, at_ns=50)).merge(replace(BASE, at_ns=40)).merge(replace(BASE, at_ns=0))
    assert order.created_ns == 40
    assert Order.from_ticket(TICKET, 50).merge(replace(BASE, at_ns=40)).created_ns == 50


@pytest.mark.parametrize("status", [status for status in OrderStatus if status.is_terminal])
@pytest.mark.parametrize("target", OrderStatus)
def test_this_side_never_moves_a_terminal_order(status: OrderStatus, target: OrderStatus) -> None:
    order = replace(Order.from_ticket(TICKET, 7), status=status)
    with pytest.raises(ValueError, match="cannot become"):
        order.to_status(target)


def test_own_knowledge_moves_an_order() -> None:
    order = Order.from_ticket(TICKET, 7).to_status(OrderStatus.SENT, at_ns=9).to_status(OrderStatus.UNKNOWN, reason="timeout")
    assert (order.status, order.reason, order.updated_ns) == (OrderStatus.UNKNOWN, "timeout", 9)
    assert order.status.is_working
    assert order.merge(BASE).status is OrderStatus.LIVE


def test_average_price() -> None:
    assert average_price(False, Decimal(1), Decimal(2), Decimal(201)) == Decimal("100.5")
    assert average_price(True, Decimal(1), Decimal(1000), Decimal("0.02")) == 50_000
    assert average_price(False, Decimal(1), Decimal(0), Decimal(0)) is None
