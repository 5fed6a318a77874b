"""The order path: one create per intent whatever comes back, and no end that was not proven."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from decimal import Decimal as D
from pathlib import Path

import pytest

from tests.desk.conftest import (
    ACK,
    BTC,
    MISSING,
    NOBODY,
    UNKNOWN,
    Bench,
    acked,
    heard,
    open_list,
    report,
    ticket,
    told,
)
from tui_trader.core.error import JournalError, RefusedError
from tui_trader.core.event import OrderFilled
from tui_trader.core.order import Fill
from tui_trader.core.types import (
    ClientOrderId,
    ExecId,
    InstrumentId,
    Liquidity,
    OrderStatus,
    OrderType,
    PendingAction,
    Severity,
    Side,
    VenueOrderId,
)
from tui_trader.desk.inquiry import HISTORY_LAG_S, SKEW_BOUND_S
from tui_trader.desk.orders import MAX_AT_ONCE
from tui_trader.desk.records import ticket_body
from tui_trader.storage.journal import Journal
from tui_trader.venues.base import Outcome, Request, Verdict
from tui_trader.venues.phemex import PHEMEX

FENCE_S = 10 + SKEW_BOUND_S
"""Phemex writes are valid for ten seconds."""


def execution(exec_id: str = "e-1", qty: str = "3") -> Fill:
    return Fill(
        ExecId(exec_id),
        BTC,
        ClientOrderId("tt-1"),
        VenueOrderId("v-tt-1"),
        Side.BUY,
        D(qty),
        D(100),
        D("0.1"),
        "USDT",
        Liquidity.TAKER,
        5,
    )


# -- submit: every outcome -----------------------------------------------------------------------------------------------


async def test_the_intent_is_durable_before_the_request_leaves(bench: Bench) -> None:
    seen: list[list[str]] = []

    def place(request: Request) -> Verdict:
        seen.append(bench.kinds())
        assert bench.order().status is OrderStatus.SENT, "on the screen before the network answers"
        return acked()

    bench.wire.on("place", place)
    sent = await bench.path.submit(ticket(), reduces=False)
    assert seen == [["intent"]]
    assert (sent.client_id, sent.outcome) == ("tt-1", Outcome.ACK)
    assert bench.order().status is OrderStatus.ACKED
    assert [(r.kind, r.body.get("outcome")) for r in bench.records()] == [("intent", None), ("outcome", "ack")]
    assert bench.records()[0].body == ticket_body(ticket()) | {"price": "100"}
    assert bench.store.order_rtt.count == 1


async def test_an_acknowledgement_without_facts_is_still_one(bench: Bench) -> None:
    bench.wire.on("place", ACK)
    await bench.path.submit(ticket(), reduces=False)
    assert bench.order().status is OrderStatus.ACKED


@pytest.mark.parametrize("outcome", [Outcome.REJECTED, Outcome.LIMITED])
async def test_a_proven_refusal_ends_the_order(bench: Bench, outcome: Outcome) -> None:
    bench.wire.on("place", Verdict(outcome, "11001", "not enough margin"))
    sent = await bench.path.submit(ticket(), reduces=False)
    order = bench.order()
    assert (sent.outcome, sent.text, sent.code) == (outcome, "not enough margin", "11001")
    assert (order.status, order.reason, order.code) == (OrderStatus.REJECTED, "not enough margin", "11001")
    assert bench.wire.whats() == ["place"], "what is proven is not asked after"
    assert "not enough margin" in bench.notices()


async def test_what_never_left_is_absent_without_a_question(bench: Bench) -> None:
    bench.wire.on("place", Verdict(Outcome.NOT_SENT, "dns", "the name does not resolve"))
    await bench.path.submit(ticket(), reduces=False)
    await bench.settle()
    assert (bench.order().status, bench.order().reason) == (OrderStatus.ABSENT, "the name does not resolve")
    assert bench.wire.whats() == ["place"]
    assert bench.store.order_rtt.count == 0, "no round trip was made"


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.EXISTS, Outcome.MISSING])
async def test_every_other_outcome_is_unknown_until_the_order_is_seen(bench: Bench, outcome: Outcome) -> None:
    bench.wire.on("place", Verdict(outcome, "19999", "who knows"))
    bench.wire.on("order_by_id", MISSING, told(report(OrderStatus.LIVE)))
    sent = await bench.path.submit(ticket(), reduces=False)
    assert sent.outcome is outcome
    assert bench.order().status is OrderStatus.UNKNOWN
    assert bench.order() in bench.store.blotter.working(), "counted as alive"
    await bench.settle()
    assert (bench.order().status, bench.order().venue_id) == (OrderStatus.LIVE, "v-tt-1")
    assert len(bench.wire.creates()) == 1
    assert bench.kinds() == ["intent", "outcome", "seen"]


async def test_a_sighting_in_the_list_of_open_orders_is_enough(bench: Bench) -> None:
    bench.wire.on("place", UNKNOWN)
    bench.wire.on("order_by_id", Verdict(Outcome.LIMITED))
    bench.wire.on("open_orders", open_list(report(OrderStatus.LIVE)))
    await bench.path.submit(ticket(), reduces=False)
    await bench.settle()
    assert bench.order().status is OrderStatus.LIVE
    assert bench.slept == 0


async def test_a_sighting_in_the_stream_ends_the_questions(bench: Bench) -> None:
    bench.wire.on("place", UNKNOWN)

    def hear_meanwhile(request: Request) -> Verdict:
        bench.hear(report(OrderStatus.FILLED, filled=D(3)))
        return MISSING

    bench.wire.on("order_by_id", hear_meanwhile)
    await bench.path.submit(ticket(), reduces=False)
    await bench.settle()
    assert bench.order().status is OrderStatus.FILLED
    assert bench.wire.whats() == ["place", "order_by_id", "open_orders"]


async def test_a_sighting_that_says_nothing_new_is_not_asked_for_without_a_pause(bench: Bench) -> None:
    bench.wire.on("place", UNKNOWN)
    bench.wire.on("order_by_id", *[told(report(OrderStatus.ACKED))] * 3, told(report(OrderStatus.LIVE)))
    await bench.path.submit(ticket(), reduces=False)
    await bench.settle()
    assert bench.order().status is OrderStatus.LIVE
    assert bench.slept == 0.25 + 0.5 + 1


# -- absence -------------------------------------------------------------------------------------------------------------


async def test_absence_takes_the_fence_and_every_source(bench: Bench) -> None:
    bench.wire.on("place", UNKNOWN)
    asked: list[tuple[str, float]] = []
    start = bench.clock.mono_ns()

    def note(answer: Verdict) -> object:
        def answered(request: Request) -> Verdict:
            asked.append((request.what, (bench.clock.mono_ns() - start) / 1e9))
            return answer

        return answered

    for what, answer in (("order_by_id", MISSING), ("open_orders", NOBODY), ("fills", ACK)):
        bench.wire.on(what, note(answer))  # type: ignore[arg-type]
    await bench.path.submit(ticket(), reduces=False)
    await bench.settle()
    assert bench.order().status is OrderStatus.ABSENT
    assert "never had it" in bench.order().reason
    after = [what for what, at_s in asked if at_s > FENCE_S]
    assert after == ["order_by_id", "open_orders", "fills"]
    assert [what for what, at_s in asked if what == "fills" and at_s <= FENCE_S] == []
    assert bench.slept > FENCE_S
    assert len(bench.wire.creates()) == 1
    assert bench.kinds() == ["intent", "outcome", "absent"]


@pytest.mark.parametrize("silent", ["order_by_id", "open_orders", "fills"])
@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.LIMITED, Outcome.NOT_SENT, Outcome.REJECTED])
async def test_a_question_without_an_answer_proves_nothing_however_long(bench: Bench, silent: str, outcome: Outcome) -> None:
    bench.wire.on("place", UNKNOWN)
    patience = [Verdict(outcome)] * 40
    last = told(report(OrderStatus.LIVE)) if silent == "order_by_id" else open_list(report(OrderStatus.LIVE))
    if silent == "fills":
        last = Verdict(Outcome.ACK, events=(OrderFilled(execution()),))
    bench.wire.on(silent, *patience, last)
    await bench.path.submit(ticket(), reduces=False)
    await bench.settle()
    assert bench.slept > 100
    assert bench.order().status in (OrderStatus.LIVE, OrderStatus.PARTIAL, OrderStatus.FILLED)
    assert len(bench.wire.creates()) == 1


async def test_an_execution_on_a_later_page_is_not_overlooked(bench: Bench) -> None:
    bench.wire.on("place", UNKNOWN)
    following = replace(PHEMEX.orders().fills(BTC, 0), query="offset=200")
    bench.wire.on("fills", Verdict(Outcome.ACK, next_page=following), Verdict(Outcome.ACK, events=(OrderFilled(execution()),)))
    await bench.path.submit(ticket(), reduces=False)
    await bench.settle()
    assert bench.order().filled == 3
    assert bench.order().status is OrderStatus.FILLED


async def test_an_order_that_the_venue_took_is_not_said_never_to_have_been(bench: Bench) -> None:
    bench.wire.on("place", acked())
    await bench.path.submit(ticket(), reduces=False)
    bench.path.inquiry.tick()
    assert not bench.tasks, "three seconds of silence are nothing"
    bench.clock.advance(5.1)
    bench.path.inquiry.tick()
    bench.path.inquiry.tick()
    assert len(bench.tasks) == 1, "asked after once at a time"
    await bench.settle()
    assert bench.slept > HISTORY_LAG_S, "a history may trail behind"
    assert bench.order().status is OrderStatus.ABSENT
    assert bench.order().reason.startswith("gone from the venue")


async def test_a_silent_acknowledged_order_is_found(bench: Bench) -> None:
    bench.wire.on("place", acked())
    await bench.path.submit(ticket(), reduces=False)
    bench.clock.advance(6)
    bench.wire.on("order_by_id", told(report(OrderStatus.FILLED, filled=D(3))))
    bench.path.inquiry.tick()
    await bench.settle()
    assert bench.order().status is OrderStatus.FILLED


async def test_an_order_that_rises_from_the_dead_is_adopted_with_an_alarm(bench: Bench) -> None:
    bench.wire.on("place", UNKNOWN)
    await bench.path.submit(ticket(), reduces=False)
    await bench.settle()
    assert bench.order().status is OrderStatus.ABSENT
    bench.hear(report(OrderStatus.LIVE))
    assert bench.order().status is OrderStatus.LIVE
    assert bench.store.blotter.working() == [bench.order()]
    alarms = [n for n in bench.store.notices if n.severity is Severity.ALARM]
    assert [n.ref for n in alarms] == ["tt-1"]


# -- the stream against the answer ---------------------------------------------------------------------------------------


async def test_a_fill_before_the_answer_is_not_undone_by_it(bench: Bench) -> None:
    def place(request: Request) -> Verdict:
        bench.hear(report(OrderStatus.PARTIAL, filled=D(1)))
        bench.absorb([OrderFilled(execution(qty="1"))])
        return acked()

    bench.wire.on("place", place)
    await bench.path.submit(ticket(), reduces=False)
    assert (bench.order().status, bench.order().filled) == (OrderStatus.PARTIAL, 1)
    assert bench.order().rtt_ns >= 0


async def test_a_refusal_that_contradicts_the_stream_is_not_believed(bench: Bench) -> None:
    def place(request: Request) -> Verdict:
        bench.hear(report(OrderStatus.LIVE))
        return Verdict(Outcome.REJECTED, "11001", "not enough margin")

    bench.wire.on("place", place)
    await bench.path.submit(ticket(), reduces=False)
    assert bench.order().status is OrderStatus.LIVE
    assert "contradicts" in bench.notices()


async def test_a_stream_that_contradicts_an_earlier_refusal_is_believed_with_an_alarm(bench: Bench) -> None:
    bench.wire.on("place", Verdict(Outcome.REJECTED, "11001", "not enough margin"))
    await bench.path.submit(ticket(), reduces=False)
    bench.hear(report(OrderStatus.LIVE))
    assert bench.order().status is OrderStatus.LIVE
    assert bench.store.notices[-1].severity is Severity.ALARM


async def test_a_refusal_told_twice_is_no_contradiction(bench: Bench) -> None:
    def place(request: Request) -> Verdict:
        bench.hear(report(OrderStatus.REJECTED, reason="no margin"))
        return Verdict(Outcome.REJECTED, "11001", "not enough margin")

    bench.wire.on("place", place)
    await bench.path.submit(ticket(), reduces=False)
    assert bench.notices() == ""
    assert bench.order().reason == "no margin"


# -- never twice ---------------------------------------------------------------------------------------------------------


async def test_the_same_ticket_is_never_sent_again(bench: Bench) -> None:
    bench.wire.on("place", UNKNOWN)
    await bench.path.submit(ticket(), reduces=False)
    with pytest.raises(RefusedError, match="already submitted"):
        await bench.path.submit(ticket(), reduces=False)
    await bench.settle()
    with pytest.raises(RefusedError, match="already submitted"):
        await bench.path.submit(ticket(), reduces=False)
    assert len(bench.wire.creates()) == 1


async def test_a_wait_that_is_cancelled_leaves_an_order_in_doubt_not_forgotten(bench: Bench) -> None:
    bench.wire.on("place", asyncio.CancelledError())
    bench.wire.on("order_by_id", told(report(OrderStatus.LIVE)))
    with pytest.raises(asyncio.CancelledError):
        await bench.path.submit(ticket(), reduces=False)
    assert bench.order().status is OrderStatus.UNKNOWN
    await bench.settle()
    assert bench.order().status is OrderStatus.LIVE


async def test_an_unlisted_symbol_is_refused_before_anything_is_written(bench: Bench) -> None:
    with pytest.raises(RefusedError, match="product list"):
        await bench.path.submit(ticket(instrument=InstrumentId("phemex", "XRPUSDT")), reduces=False)
    assert (bench.kinds(), bench.wire.sent) == ([], [])


async def test_recent_orders_are_stamped_by_a_clock_that_never_goes_back(bench: Bench) -> None:
    bench.wire.on("place", acked())
    await bench.path.submit(ticket(), reduces=False)
    assert list(bench.path.recent) == [(bench.clock.mono_ns(), ticket())]


# -- the journal ---------------------------------------------------------------------------------------------------------


async def test_a_journal_that_cannot_be_written_stops_entries_and_lets_exits_out(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdatasync", full)
    bench.wire.on("place", acked(), acked("tt-2"))
    with pytest.raises(RefusedError, match=r"No space left on device.*exits still work"):
        await bench.path.submit(ticket(), reduces=False)
    assert bench.wire.sent == []
    assert bench.store.blotter.orders() == []
    assert list(bench.path.recent) == []

    await bench.path.submit(ticket("tt-2", side=Side.SELL, reduce_only=True), reduces=True)
    assert bench.wire.whats() == ["place"]
    bench.wire.on("cancel", ACK)
    await bench.path.cancel(bench.order("tt-2"))
    bench.wire.on("cancel_all", ACK)
    await bench.path.cancel_all(BTC)
    assert bench.wire.whats()[1:4] == ["cancel", "cancel_all", "cancel_all"]


async def test_moving_a_stop_does_not_wait_for_the_journal_and_moving_an_entry_does(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.hear(report(), report(OrderStatus.ARMED, "tt-2", type=OrderType.STOP, trigger_price=D(90), reduce_only=True))
    monkeypatch.setattr(Journal, "append", _refuse)
    bench.wire.on("amend", ACK)
    with pytest.raises(RefusedError):
        await bench.path.amend(bench.order(), price=D(99))
    assert (await bench.path.amend(bench.order("tt-2"), trigger=D(95))).outcome is Outcome.ACK


def _refuse(*_: object) -> None:
    raise JournalError("the journal is broken")


async def test_without_a_journal_there_are_no_entries(bench: Bench) -> None:
    path = bench.make(journal=False)
    bench.wire.on("place", acked("tt-2"))
    with pytest.raises(RefusedError, match="read-only"):
        await path.submit(ticket(), reduces=False)
    await path.submit(ticket("tt-2"), reduces=True)
    assert len(bench.wire.creates()) == 1


# -- amend ---------------------------------------------------------------------------------------------------------------


async def test_an_amend_is_overlaid_until_the_venue_says_what_became_of_it(bench: Bench) -> None:
    bench.hear(report(sequence=1, at_ns=1))

    def amend(request: Request) -> Verdict:
        assert bench.order().pending is PendingAction.AMEND
        return told(report(OrderStatus.ACKED, is_ack=True, pending=PendingAction.AMEND, at_ns=2))

    bench.wire.on("amend", amend)
    sent = await bench.path.amend(bench.order(), price=D(99), qty=D(2))
    assert sent.outcome is Outcome.ACK
    assert (bench.order().pending, bench.order().price) == (PendingAction.AMEND, 100), "the old terms until told otherwise"
    assert bench.kinds() == ["amend", "outcome"]
    assert bench.records()[0].body == {"id": "tt-1", "qty": "2", "price": "99", "trigger": None}
    with pytest.raises(RefusedError, match="amend of this order is still being answered"):
        await bench.path.amend(bench.order(), price=D(98))
    bench.hear(report(sequence=2, at_ns=3, price=D(99), qty=D(2)))
    assert (bench.order().pending, bench.order().price, bench.order().qty) == (None, 99, 2)


async def test_a_second_amend_is_refused_even_when_news_took_the_overlay_off(bench: Bench) -> None:
    bench.hear(report(sequence=1, at_ns=1))

    async def amend(request: Request) -> Verdict:
        bench.hear(report(OrderStatus.PARTIAL, filled=D(1), sequence=2, at_ns=2))
        assert bench.order().pending is None
        with pytest.raises(RefusedError, match="still being answered"):
            await bench.path.amend(bench.order(), price=D(97))
        return ACK

    bench.wire.on("amend", amend)
    await bench.path.amend(bench.order(), price=D(99))
    assert bench.wire.whats() == ["amend"]


@pytest.mark.parametrize("outcome", [Outcome.REJECTED, Outcome.MISSING, Outcome.UNKNOWN, Outcome.NOT_SENT, Outcome.LIMITED])
async def test_an_amend_that_was_not_taken_leaves_no_overlay_and_is_asked_after(bench: Bench, outcome: Outcome) -> None:
    bench.hear(report())
    bench.wire.on("amend", Verdict(outcome, "1", "no"))
    bench.wire.on("order_by_id", told(report(OrderStatus.FILLED, filled=D(3))))
    sent = await bench.path.amend(bench.order(), price=D(99))
    assert (sent.outcome, sent.text) == (outcome, "no")
    assert bench.order().pending is None
    await bench.settle()
    assert bench.order().status is (OrderStatus.LIVE if outcome is Outcome.REJECTED else OrderStatus.FILLED)


async def test_an_amend_whose_answer_was_lost_counts_with_both_forms_until_it_can_no_longer_arrive(bench: Bench) -> None:
    bench.hear(report(sequence=1))
    bench.wire.on("amend", UNKNOWN)
    bench.wire.on("open_orders", open_list(report(sequence=1)))
    await bench.path.amend(bench.order(), qty=D(9), price=D(90))
    order = bench.order()
    assert (order.qty, order.price) == (3, 100), "what the venue told"
    assert (bench.path.at_most(order).qty, bench.path.at_most(order).price) == (9, 100), "what it may be by now"
    with pytest.raises(RefusedError, match="still being answered"):
        await bench.path.amend(order, qty=D(4))
    start = bench.slept
    await bench.settle()
    assert bench.slept - start > FENCE_S
    assert bench.path.at_most(bench.order()) is bench.order()


async def test_an_amend_that_was_taken_counts_with_both_forms_until_the_venue_says_how_the_order_stands(bench: Bench) -> None:
    bench.hear(report(sequence=1, at_ns=1))
    bench.wire.on("amend", told(report(OrderStatus.ACKED, is_ack=True, pending=PendingAction.AMEND, at_ns=2)))
    await bench.path.amend(bench.order(), qty=D(9))
    assert bench.path.at_most(bench.order()).qty == 9
    bench.hear(report(sequence=2, at_ns=3, qty=D(5)))
    assert bench.path.at_most(bench.order()).qty == 5


async def test_how_every_request_ended_is_told(bench: Bench) -> None:
    bench.wire.on("place", UNKNOWN)
    await bench.path.submit(ticket(), reduces=False)
    assert bench.heard == [UNKNOWN]


async def test_amends_that_cannot_be_meant_are_refused_here(bench: Bench) -> None:
    bench.hear(report(OrderStatus.PARTIAL, filled=D(2)), report(OrderStatus.CANCELED, "tt-2"))
    with pytest.raises(RefusedError, match="2 is filled already"):
        await bench.path.amend(bench.order(), qty=D(2))
    with pytest.raises(RefusedError, match="canceled: nothing to change"):
        await bench.path.amend(bench.order("tt-2"), qty=D(5))
    assert bench.wire.sent == []


# -- cancel --------------------------------------------------------------------------------------------------------------


async def test_a_cancel_is_overlaid_until_confirmed_and_may_be_repeated(bench: Bench) -> None:
    bench.hear(report(sequence=1, at_ns=1))
    bench.wire.on("cancel", told(report(OrderStatus.ACKED, is_ack=True, pending=PendingAction.CANCEL, at_ns=2)))
    await bench.path.cancel(bench.order())
    assert (bench.order().status, bench.order().pending) == (OrderStatus.LIVE, PendingAction.CANCEL), "asked is not done"
    await bench.path.cancel(bench.order())
    assert bench.wire.whats() == ["cancel", "cancel"]
    bench.hear(report(OrderStatus.FILLED, filled=D(3), sequence=2, at_ns=3))
    assert (bench.order().status, bench.order().pending) == (OrderStatus.FILLED, None), "the fill was quicker"


@pytest.mark.parametrize("outcome", [Outcome.MISSING, Outcome.UNKNOWN])
async def test_a_cancel_that_found_nothing_is_a_question_not_an_end(bench: Bench, outcome: Outcome) -> None:
    bench.hear(report())
    bench.wire.on("cancel", Verdict(outcome))
    bench.wire.on("order_by_id", told(report(OrderStatus.FILLED, filled=D(3))))
    await bench.path.cancel(bench.order())
    assert (bench.order().status, bench.order().pending) == (OrderStatus.LIVE, None)
    await bench.settle()
    assert bench.order().status is OrderStatus.FILLED


async def test_a_finished_order_is_not_cancelled_again(bench: Bench) -> None:
    bench.hear(report(OrderStatus.FILLED))
    sent = await bench.path.cancel(bench.order())
    assert (sent.outcome, sent.text) == (Outcome.MISSING, "already filled")
    assert bench.wire.sent == []


async def test_an_order_without_a_client_id_is_named_by_the_venue_id(bench: Bench) -> None:
    bench.hear(report(client_id="", venue_id=VenueOrderId("abc")))
    (order,) = bench.store.blotter.working()
    bench.wire.on("cancel", ACK)
    await bench.path.cancel(order)
    await bench.path.inquiry.look_up(order.client_id)
    assert [request.ref for request in bench.wire.sent] == ["abc", "abc"]
    assert "orderID=abc" in bench.wire.sent[1].query, "the key of ours is not asked for"


# -- cancel all ----------------------------------------------------------------------------------------------------------


def _stop(client_id: str, **change: object) -> object:
    return report(OrderStatus.ARMED, client_id, type=OrderType.STOP, trigger_price=D(90), **change)


async def test_cancel_all_makes_both_calls_even_when_the_first_fails_and_verifies(bench: Bench) -> None:
    bench.hear(report(), report(OrderStatus.LIVE, "tt-2"))
    bench.clock.advance(5)
    bench.wire.on("cancel_all", Verdict(Outcome.UNKNOWN), ACK)
    bench.wire.on("open_orders", open_list(report()))
    bench.wire.on("order_by_id", told(report(OrderStatus.CANCELED, "tt-2")))
    verdicts = await bench.path.cancel_all(BTC)
    assert [v.outcome for v in verdicts] == [Outcome.UNKNOWN, Outcome.ACK]
    assert bench.wire.whats() == ["cancel_all", "cancel_all", "open_orders"]
    assert ["untriggered=false" in r.query for r in bench.wire.sent[:2]] == [True, False]
    assert (bench.order().status, bench.order().pending) == (OrderStatus.LIVE, None), "not asked for with success: no overlay"


async def test_cancel_all_that_keeps_stops_cancels_the_ones_that_could_open(bench: Bench) -> None:
    bench.hear(report(), _stop("tt-2", reduce_only=True), _stop("tt-3"))  # type: ignore[arg-type]
    bench.wire.on("cancel_all", ACK)
    bench.wire.on("cancel", ACK)
    bench.wire.on("open_orders", open_list(_stop("tt-2", reduce_only=True), _stop("tt-3"), report()))  # type: ignore[arg-type]
    await bench.path.cancel_all(BTC, keep_stops=True)
    assert bench.wire.whats() == ["cancel_all", "cancel", "open_orders"]
    assert bench.wire.sent[1].ref == "tt-3"
    assert bench.order("tt-2").pending is None


# -- refresh -------------------------------------------------------------------------------------------------------------


async def test_an_order_missing_from_the_list_is_asked_after(bench: Bench) -> None:
    bench.hear(report(at_ns=bench.clock.wall_ns()))
    bench.clock.advance(5)
    bench.wire.on("order_by_id", told(report(OrderStatus.CANCELED)))
    assert await bench.path.inquiry.refresh(BTC)
    assert bench.order().status is OrderStatus.CANCELED


async def test_an_order_younger_than_the_question_is_left_alone(bench: Bench) -> None:
    bench.hear(report(at_ns=bench.clock.wall_ns()))
    assert await bench.path.inquiry.refresh(BTC)
    assert bench.wire.whats() == ["open_orders"]
    assert bench.order().status is OrderStatus.LIVE


async def test_a_refresh_is_not_answered_while_one_order_is_not(bench: Bench) -> None:
    bench.hear(report(at_ns=bench.clock.wall_ns()))
    bench.clock.advance(5)
    bench.wire.on("order_by_id", UNKNOWN)
    assert not await bench.path.inquiry.refresh(BTC)
    bench.wire.on("open_orders", UNKNOWN)
    assert not await bench.path.inquiry.refresh(BTC)
    assert bench.order().status is OrderStatus.LIVE


async def test_an_order_that_nobody_knows_any_more_is_in_doubt_until_its_end_is_told(bench: Bench) -> None:
    bench.hear(report(at_ns=bench.clock.wall_ns()))
    bench.clock.advance(5)
    bench.wire.on("order_by_id", MISSING, MISSING, told(report(OrderStatus.FILLED, filled=D(3))))
    assert await bench.path.inquiry.refresh(BTC)
    assert bench.order().status is OrderStatus.UNKNOWN
    await bench.settle()
    assert bench.order().status is OrderStatus.FILLED


# -- after a restart -----------------------------------------------------------------------------------------------------


async def test_an_unfinished_order_of_an_earlier_run_is_unknown_until_resolved(bench: Bench, tmp_path: Path) -> None:
    bench.wire.on("place", UNKNOWN)
    bench.wire.on("order_by_id", *[Verdict(Outcome.UNKNOWN)] * 3)
    await bench.path.submit(ticket(), reduces=False)
    for task in bench.tasks:
        task.cancel()
    await asyncio.gather(*bench.tasks, return_exceptions=True)
    bench.journal.close()

    again = Bench(tmp_path)
    again.wire.on("order_by_id", MISSING, told(report(OrderStatus.FILLED, filled=D(3))))
    again.path.recover(heard(again.records()).still_open())
    order = again.order()
    assert order.status is OrderStatus.UNKNOWN
    assert (order.side, order.qty, order.price, order.external) == (Side.BUY, 3, 100, False)
    await again.settle()
    assert again.order().status is OrderStatus.FILLED
    assert again.wire.creates() == []
    assert heard(again.records()).still_open() == [], "asked after once, not at every start"


async def test_a_recovered_order_has_a_fence_of_its_own(bench: Bench) -> None:
    bench.path.recover([ticket_body(ticket())])
    await bench.settle()
    assert bench.slept > FENCE_S, "it may have been signed a moment before the restart"
    assert bench.order().status is OrderStatus.ABSENT


async def test_an_order_that_the_venue_told_first_is_not_recovered_over_it(bench: Bench) -> None:
    bench.hear(report())
    bench.path.recover([ticket_body(ticket())])
    assert bench.order().status is OrderStatus.LIVE
    assert not bench.tasks


async def test_external_orders_are_not_resolved_by_the_second(bench: Bench) -> None:
    bench.hear(replace(report(OrderStatus.ACKED), client_id=ClientOrderId("web-1")))
    bench.clock.advance(10)
    bench.path.inquiry.tick()
    assert not bench.tasks


async def test_several_orders_are_cancelled_by_one_call(bench: Bench) -> None:
    bench.hear(*(report(client_id=name, venue_id=VenueOrderId(f"v-{name}")) for name in ("tt-1", "tt-2", "tt-3")))
    bench.hear(report(OrderStatus.FILLED, "tt-4", filled=D(3)))
    bench.wire.on("cancel_several", ACK)
    bench.wire.on("order_by_id", told(report(client_id="tt-3", venue_id=VenueOrderId("v-tt-3"))))
    sent = await bench.path.cancel_several([bench.order(f"tt-{n}") for n in (1, 2, 3, 4)])
    assert [(one.client_id, one.outcome) for one in sent] == [
        ("tt-1", Outcome.ACK),
        ("tt-2", Outcome.ACK),
        ("tt-3", Outcome.ACK),
        ("tt-4", Outcome.MISSING),
    ]
    assert bench.wire.whats() == ["cancel_several"]
    assert "orderID=v-tt-1,v-tt-2,v-tt-3&" in bench.wire.sent[0].query
    assert {bench.order(f"tt-{n}").pending for n in (1, 2, 3)} == {PendingAction.CANCEL}, "the venue's yes is of the call"
    bench.hear(*(report(OrderStatus.CANCELED, name, venue_id=VenueOrderId(f"v-{name}")) for name in ("tt-1", "tt-2")))
    await bench.settle()
    assert bench.wire.whats() == ["cancel_several", "order_by_id"], "of the third nothing was told"
    assert (bench.order("tt-3").status, bench.order("tt-3").pending) == (OrderStatus.LIVE, None)


async def test_many_orders_are_cancelled_by_as_many_calls_as_it_takes(bench: Bench) -> None:
    names = [f"tt-{n}" for n in range(MAX_AT_ONCE + 1)]
    bench.hear(*(report(client_id=name, venue_id=VenueOrderId(f"v-{name}")) for name in names))
    bench.wire.on("cancel_several", ACK)
    bench.wire.on("cancel", ACK)
    bench.wire.on("order_by_id", MISSING)
    await bench.path.cancel_several([bench.order(name) for name in names])
    assert bench.wire.whats() == ["cancel_several", "cancel"]


@pytest.mark.parametrize("verdict", [UNKNOWN, Verdict(Outcome.REJECTED, code="10500"), MISSING])
async def test_orders_that_were_not_cancelled_together_are_cancelled_one_by_one(bench: Bench, verdict: Verdict) -> None:
    bench.hear(report(), report(client_id="tt-2", venue_id=VenueOrderId("v-2")))
    bench.wire.on("cancel_several", verdict)
    bench.wire.on("cancel", ACK)
    sent = await bench.path.cancel_several([bench.order("tt-1"), bench.order("tt-2")])
    assert bench.wire.whats() == ["cancel_several", "cancel", "cancel"]
    assert [one.outcome for one in sent] == [Outcome.ACK, Outcome.ACK]


async def test_every_order_of_the_last_minute_is_counted(bench: Bench) -> None:
    for number in range(70):
        bench.wire.on("place", acked(f"tt-{number}"))
        await bench.path.submit(ticket(f"tt-{number}"), reduces=False)
        bench.clock.advance(0.5)
    assert len(bench.path.recent) == 70, "a limit of sixty a minute could not be seen in fifty"
    bench.clock.advance(61)
    bench.wire.on("place", acked("tt-last"))
    await bench.path.submit(ticket("tt-last"), reduces=False)
    assert len(bench.path.recent) == 50
