"""What is written before an order leaves is enough to know it again, and to know whether it still has to be asked after."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from tests.desk.conftest import BTC, heard, ticket
from tui_trader.core.clock import ManualClock
from tui_trader.core.order import OrderTicket
from tui_trader.core.types import OrderStatus, OrderType, PositionSide, Side, TimeInForce, TriggerSource
from tui_trader.desk.records import OpenIntents, order_from_body, ticket_body
from tui_trader.storage.journal import Journal, Record, read

STOP = ticket(
    side=Side.SELL,
    type=OrderType.STOP_LIMIT,
    qty=D("0.0010"),
    price=D("95000.50"),
    tif=TimeInForce.IOC,
    position_side=PositionSide.LONG,
    reduce_only=True,
    close_on_trigger=True,
    trigger_price=D("95100"),
    trigger_source=TriggerSource.LAST,
    take_profit=D("1e2"),
    stop_loss=D("90.10"),
)


@pytest.mark.parametrize("original", [ticket(), STOP, ticket(type=OrderType.MARKET, price=None)])
def test_an_intent_survives_the_journal(original: OrderTicket, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", ManualClock())
    journal.append("intent", ticket_body(original))
    journal.close()
    (record,) = read(tmp_path / "j")
    order = order_from_body(record.body)
    for name in OrderTicket.__dataclass_fields__:
        if name != "arrival_price":
            assert getattr(order, name) == getattr(original, name), name
    assert order.status is OrderStatus.UNKNOWN
    assert order.reason


def test_money_is_plain_decimal_text() -> None:
    body = ticket_body(STOP)
    assert (body["qty"], body["price"], body["take_profit"]) == ("0.001", "95000.5", "100")
    assert ticket_body(ticket(type=OrderType.MARKET, price=None))["price"] is None


def records(*lines: tuple[str, Mapping[str, Any]]) -> list[Record]:
    return [Record(n, "", 0, kind, body) for n, (kind, body) in enumerate(lines)]


INTENT = ("intent", ticket_body(ticket()))


@pytest.mark.parametrize("outcome", ["ack", "rejected", "not_sent", "limited"])
def test_a_known_outcome_needs_no_asking(outcome: str) -> None:
    assert heard(records(INTENT, ("outcome", {"ref": "tt-1", "what": "place", "outcome": outcome}))).still_open() == []


@pytest.mark.parametrize("outcome", ["unknown", "exists", "missing"])
def test_an_unknown_outcome_stays_open_until_a_later_record_closes_it(outcome: str) -> None:
    open_end = records(INTENT, ("outcome", {"ref": "tt-1", "what": "place", "outcome": outcome}))
    assert [body["id"] for body in heard(open_end).still_open()] == ["tt-1"]
    for kind in ("absent", "seen"):
        assert heard([*open_end, *records((kind, {"id": "tt-1"}))]).still_open() == []


def test_a_run_that_ended_before_any_outcome_leaves_the_intent_open() -> None:
    lines = records(INTENT, ("lost", {"ref": "tt-1", "what": "place", "text": "interrupted"}))
    assert [body["symbol"] for body in heard(lines).still_open()] == [BTC.symbol]


def test_the_answer_to_another_request_closes_nothing() -> None:
    lines = records(
        INTENT,
        ("cancel", {"id": "tt-1"}),
        ("outcome", {"ref": "tt-1", "what": "cancel", "outcome": "ack"}),
        ("outcome", {"ref": "tt-2", "what": "place", "outcome": "ack"}),
        ("absent", {"id": "tt-2"}),
    )
    assert len(heard(lines).still_open()) == 1


def test_every_intent_is_remembered_as_our_own() -> None:
    lines = records(INTENT, ("outcome", {"ref": "tt-9", "what": "place", "outcome": "ack"}), ("absent", {"id": "tt-1"}))
    assert heard(lines).ids == {"tt-1"}


def test_what_is_remembered_of_an_intent_takes_no_more_room_than_it_is_long() -> None:
    recall = OpenIntents()
    body = ticket_body(ticket())
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(500):
            settled = {"ref": f"tt-{number}", "what": "place", "outcome": "ack"}
            recall.take(Record(2 * number, "2026-01-01T00:00:00Z", 1, "intent", {**body, "id": f"tt-{number}"}))
            recall.take(Record(2 * number + 1, "2026-01-01T00:00:00Z", 1, "outcome", settled))
        assert (tracemalloc.get_traced_memory()[0] - before) / 500 < 2_000
    finally:
        tracemalloc.stop()
    assert not recall.still_open()
    assert len(recall.ids) == 500
