"""Orders and fills are sets of facts: neither their order nor their repetition changes what is known."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.state.conftest import BTC, ETH, fill, report
from tui_trader.core.order import Fill, Order, OrderReport, OrderTicket
from tui_trader.core.types import ClientOrderId, OrderStatus, OrderType, PendingAction, Side, VenueOrderId
from tui_trader.state import blotter as module
from tui_trader.state.blotter import Blotter

TICKET = OrderTicket(ClientOrderId("tt-1"), BTC, Side.BUY, OrderType.LIMIT, D(3), price=D(100))

_moving = st.sampled_from([s for s in OrderStatus if s not in (OrderStatus.INTENT, OrderStatus.SENT, OrderStatus.UNKNOWN)])
reports = st.builds(
    lambda status, qty, filled, at, ack: report(status, qty=D(qty), filled=D(filled), sequence=at, at_ns=at, is_ack=ack),
    _moving,
    st.integers(2, 4),
    st.integers(0, 4),
    st.integers(1, 5),
    st.booleans(),
)
fills = st.builds(
    lambda n, qty, known: fill(f"e-{n}", str(qty), client_id=ClientOrderId("tt-1" if known else "")),
    st.integers(1, 4),
    st.integers(1, 2),
    st.booleans(),
)


def sent(blotter: Blotter | None = None) -> Blotter:
    blotter = blotter or Blotter()
    blotter.put(Order.from_ticket(TICKET, 7).to_status(OrderStatus.SENT))
    return blotter


def tell(blotter: Blotter, facts: list[OrderReport | Fill]) -> Blotter:
    for fact in facts:
        blotter.merge(fact) if isinstance(fact, OrderReport) else blotter.add_fill(fact)
    return blotter


def one_per_exec(facts: list[OrderReport | Fill]) -> list[OrderReport | Fill]:
    """Return the facts with one version of each execution: a venue does not tell two stories under one id."""
    seen: dict[str, OrderReport | Fill] = {}
    return [fact if isinstance(fact, OrderReport) else seen.setdefault(fact.exec_id, fact) for fact in facts]


@given(st.data(), st.lists(reports | fills, max_size=7))
def test_any_order_and_repetition_ends_in_the_same_blotter(data: st.DataObject, facts: list[OrderReport | Fill]) -> None:
    facts = one_per_exec(facts)
    again = data.draw(st.lists(st.sampled_from(facts), max_size=5)) if facts else []
    shuffled = data.draw(st.permutations([*facts, *again]))
    # A last acknowledgement-free sighting names the venue's id, which fills without a client id wait for.
    last = report(OrderStatus.LIVE, sequence=9, at_ns=9)
    one, other = tell(sent(), [*facts, last]), tell(sent(), [*shuffled, last])
    assert other.orders() == one.orders()
    assert sorted(other.fills(), key=lambda f: f.exec_id) == sorted(one.fills(), key=lambda f: f.exec_id)
    assert other.fees == one.fees


@given(st.data(), st.lists(reports.map(lambda r: replace(r, is_ack=False)) | fills, max_size=6))
def test_the_same_holds_for_an_order_of_somebody_else(data: st.DataObject, facts: list[OrderReport | Fill]) -> None:
    facts = [report(OrderStatus.LIVE, sequence=1, at_ns=1), *one_per_exec(facts)]
    shuffled = data.draw(st.permutations(facts))
    (one,), (other,) = tell(Blotter(), facts).orders(), tell(Blotter(), shuffled).orders()
    assert one == other
    assert one.external


@given(st.data(), st.lists(reports | fills, max_size=7))
def test_executed_size_never_shrinks(data: st.DataObject, facts: list[OrderReport | Fill]) -> None:
    blotter, most = sent(), D(0)
    for fact in one_per_exec(facts):
        tell(blotter, [fact])
        order = blotter.get("tt-1")
        assert order is not None
        assert order.filled >= most
        most = order.filled


def test_a_fill_is_counted_once_by_its_execution_id() -> None:
    blotter = tell(sent(), [report()])
    assert blotter.add_fill(fill("e-1"))
    assert not blotter.add_fill(fill("e-1"))
    order = blotter.get("tt-1")
    assert order is not None
    assert (order.filled, order.status, len(blotter.fills())) == (1, OrderStatus.PARTIAL, 1)
    assert blotter.fees == {"USDT": D("0.06")}


def test_the_same_execution_id_of_another_instrument_is_another_fill() -> None:
    blotter = Blotter()
    assert blotter.add_fill(fill("e-1"))
    assert blotter.add_fill(fill("e-1", instrument=ETH))
    assert [f.instrument for f in blotter.fills(ETH)] == [ETH]


def test_fills_that_come_before_their_order_are_counted_when_it_comes() -> None:
    blotter = tell(Blotter(), [fill("e-1"), fill("e-2", "2")])
    assert blotter.orders() == []
    order = blotter.merge(report())
    assert (order.filled, order.status, order.external) == (3, OrderStatus.FILLED, True)


def test_a_fill_before_the_acknowledgement_moves_the_order_and_the_acknowledgement_does_not_move_it_back() -> None:
    blotter = sent()
    blotter.add_fill(fill("e-1", venue_id=VenueOrderId("v-1")))
    order = blotter.merge(report(OrderStatus.ACKED, is_ack=True))
    assert (order.status, order.filled, order.venue_id) == (OrderStatus.PARTIAL, 1, "v-1")


def test_a_cancel_that_overtook_the_last_fill_does_not_hide_it() -> None:
    blotter = tell(sent(), [report(OrderStatus.CANCELED)])
    blotter.add_fill(fill("e-1", "3"))
    order = blotter.get("tt-1")
    assert order is not None
    assert order.status is OrderStatus.FILLED


def test_an_answer_that_knows_the_execution_and_no_end_does_not_take_the_end_back() -> None:
    """The answer to a change may be written after the execution that it brought, and arrive after both."""
    blotter = sent()
    blotter.merge(report(OrderStatus.LIVE, qty=D(3), sequence=2, at_ns=2))
    blotter.add_fill(fill("e-1", "3"))
    assert blotter.orders()[0].status is OrderStatus.FILLED
    blotter.merge(report(OrderStatus.ACKED, qty=D(3), filled=D(3), at_ns=2, is_ack=True))
    [order] = blotter.orders()
    assert (order.status, order.filled) == (OrderStatus.FILLED, D(3))


def test_an_order_made_larger_is_not_filled_by_the_size_it_had() -> None:
    blotter = tell(sent(), [report(qty=D(1)), fill("e-1", "1")])
    assert blotter.closed() != []
    order = blotter.merge(report(OrderStatus.PARTIAL, qty=D(2), sequence=5, at_ns=5))
    assert (order.status, order.remaining) == (OrderStatus.PARTIAL, 1)


def test_executions_do_not_end_an_order_whose_size_is_being_changed() -> None:
    blotter = tell(sent(), [report()])
    shown = blotter.get("tt-1")
    assert shown is not None
    blotter.put(replace(shown, pending=PendingAction.AMEND))
    order = tell(blotter, [fill("e-1", "3")]).get("tt-1")
    assert order is not None
    assert (order.status, order.filled, order.remaining) == (OrderStatus.PARTIAL, 3, 0)
    blotter.put(replace(order, pending=None))
    assert [o.status for o in blotter.orders()] == [OrderStatus.FILLED], "refused: the size is what it was"
    assert blotter.take_resurrected() == []


def test_what_executions_say_is_not_written_into_what_reports_say() -> None:
    blotter = tell(sent(), [report(qty=D(1)), fill("e-1", "1")])
    shown = blotter.get("tt-1")
    assert shown is not None
    blotter.put(replace(shown, rtt_ns=5))
    assert blotter.take_resurrected() == []
    assert blotter.merge(report(OrderStatus.PARTIAL, qty=D(2), sequence=5, at_ns=5)).status is OrderStatus.PARTIAL
    assert blotter.take_resurrected() == [], "it never was over"


def test_an_average_is_not_taken_over_a_value_of_fewer_executions() -> None:
    blotter = tell(sent(), [report(OrderStatus.PARTIAL, filled=D(1), filled_value=D(100)), fill("e-1", "1"), fill("e-2", "1")])
    order = blotter.get("tt-1")
    assert order is not None
    assert (order.filled, order.filled_value) == (2, 0)


def test_an_overfill_is_visible() -> None:
    blotter = tell(sent(), [report(), fill("e-1", "2"), fill("e-2", "2")])
    order = blotter.get("tt-1")
    assert order is not None
    assert order.overfilled
    assert (order.filled, order.remaining) == (4, 0)


def test_an_order_without_a_client_id_is_external_under_a_key_of_ours() -> None:
    order = Blotter().merge(report(client_id=ClientOrderId("")))
    assert order.external
    assert module.is_made_up(order.client_id)
    assert not module.is_made_up("tt-0123")


def test_an_external_order_keeps_its_key_when_the_client_id_is_told_later() -> None:
    blotter = Blotter()
    key = blotter.merge(report(client_id=ClientOrderId(""))).client_id
    assert blotter.merge(report(client_id=ClientOrderId("web-7"))).client_id == key
    assert len(blotter.orders()) == 1


def test_an_order_that_an_earlier_run_sent_is_our_own() -> None:
    blotter = Blotter()
    blotter.claim({"tt-1"})
    assert not blotter.merge(report()).external
    assert blotter.merge(report(client_id=ClientOrderId("tt-2"), venue_id=VenueOrderId("v-2"))).external


def test_orders_are_found_by_either_id() -> None:
    blotter = tell(sent(), [report()])
    assert blotter.find("tt-1") is blotter.find("v-1") is blotter.get("tt-1")
    assert blotter.find("v-2") is None


def test_working_counts_unknown_and_leaves_out_what_has_ended() -> None:
    blotter = sent()
    order = blotter.get("tt-1")
    assert order is not None
    blotter.put(order.to_status(OrderStatus.UNKNOWN))
    blotter.merge(report(OrderStatus.CANCELED, client_id=ClientOrderId("tt-2"), venue_id=VenueOrderId("v-2")))
    blotter.merge(report(instrument=ETH, client_id=ClientOrderId("tt-3"), venue_id=VenueOrderId("v-3")))
    assert [o.client_id for o in blotter.working()] == ["tt-1", "tt-3"]
    assert [o.client_id for o in blotter.working(ETH)] == ["tt-3"]
    assert [o.client_id for o in blotter.closed()] == ["tt-2"]
    assert blotter.absent_from({"v-3"}, ETH) == []
    assert [o.client_id for o in blotter.absent_from({"v-9"}, ETH)] == ["tt-3"]


@pytest.mark.parametrize("end", [OrderStatus.ABSENT, OrderStatus.REJECTED])
@pytest.mark.parametrize("truth", [OrderStatus.LIVE, OrderStatus.ARMED, OrderStatus.CANCELED, OrderStatus.FILLED])
def test_a_conclusion_of_ours_yields_to_a_sighting(end: OrderStatus, truth: OrderStatus) -> None:
    blotter = sent()
    order = blotter.get("tt-1")
    assert order is not None
    blotter.put(order.to_status(end, reason="we thought so"))
    assert blotter.take_resurrected() == []
    order = blotter.merge(report(truth))
    assert (order.status, order.reason) == (truth, "")
    assert [o.client_id for o in blotter.take_resurrected()] == ["tt-1"]
    assert blotter.take_resurrected() == []


def test_a_conclusion_of_ours_yields_to_an_execution() -> None:
    blotter = tell(sent(), [report(OrderStatus.ACKED, is_ack=True)])
    order = blotter.get("tt-1")
    assert order is not None
    blotter.put(order.to_status(OrderStatus.ABSENT))
    blotter.add_fill(fill("e-1"))
    order = blotter.get("tt-1")
    assert order is not None
    assert (order.status, order.filled) == (OrderStatus.PARTIAL, 1)
    assert [o.status for o in blotter.take_resurrected()] == [OrderStatus.PARTIAL]


def test_a_rejection_told_by_the_venue_is_not_overturned_by_an_older_sighting() -> None:
    blotter = tell(sent(), [report(OrderStatus.REJECTED), report(OrderStatus.LIVE)])
    assert [o.status for o in blotter.orders()] == [OrderStatus.REJECTED]
    assert blotter.take_resurrected() == []


def test_an_acknowledgement_does_not_wake_the_dead() -> None:
    blotter = sent()
    order = blotter.get("tt-1")
    assert order is not None
    blotter.put(order.to_status(OrderStatus.REJECTED))
    assert blotter.merge(report(OrderStatus.ACKED, is_ack=True)).status is OrderStatus.REJECTED


def test_an_end_takes_the_pending_action_off() -> None:
    blotter = tell(sent(), [report(pending=PendingAction.CANCEL), fill("e-1", "3")])
    order = blotter.get("tt-1")
    assert order is not None
    assert order.pending is None


def test_finished_orders_and_fills_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CLOSED", 5)
    monkeypatch.setattr(module, "MAX_FILLS", 5)
    blotter = sent()
    for n in range(100):
        blotter.merge(report(OrderStatus.CANCELED, client_id=ClientOrderId(f"c-{n}"), venue_id=VenueOrderId(f"w-{n}")))
        blotter.add_fill(fill(f"x-{n}", venue_id=VenueOrderId(f"w-{n}"), client_id=ClientOrderId(f"c-{n}")))
    assert len(blotter.orders()) <= 10
    assert len(blotter.fills()) == 5
    assert blotter.get("tt-1") is not None, "a working order is never dropped"
    assert blotter.fees["USDT"] == D("6.00"), "fees of dropped fills stay paid"
