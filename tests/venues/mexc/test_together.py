"""Several orders in one request, a choice that needs a permission: what is sent, what each answer proves, and the desk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import stand as stands
from tests.chaos.stand import Ground, Stand
from tests.venues.mexc.conftest import CONTRACTS, answer
from tui_trader.core.event import OrderChanged
from tui_trader.core.grammar import parse_one
from tui_trader.core.order import OrderTicket
from tui_trader.core.types import ClientOrderId, InstrumentId, OrderStatus, OrderType, Side, TriggerSource
from tui_trader.desk.commands import Executor
from tui_trader.sim.masks.mexc import MexcMask
from tui_trader.sim.products import mexc_instruments
from tui_trader.venues.base import Outcome, Request, Verdict
from tui_trader.venues.mexc import mexc
from tui_trader.venues.mexc.orders import MexcOrders

GROUND = Ground(mexc_instruments(("BTC_USDT",))[0], D("0.01"), D("0.1"), D(1_000_000))
BTC = CONTRACTS[0]
NAMES = ["tt-a", "tt-b", "tt-c"]
BATCH = "/api/v1/private/order/submit_batch"


def order(name: str, price: str = "50000", iid: InstrumentId = BTC.id, **terms: Any) -> OrderTicket:
    plain = {"side": Side.BUY, "type": OrderType.LIMIT, "qty": D("0.01"), "price": D(price)}
    return OrderTicket(ClientOrderId(name), iid, **(plain | terms))


@pytest.fixture
def permitted() -> MexcOrders:
    made = MexcOrders(batch_orders=True)
    made.list_instruments(CONTRACTS)
    return made


def asked(dialect: MexcOrders) -> Request:
    return dialect.place_several([order(name, f"{50_000 - n}") for n, name in enumerate(NAMES)], BTC)


def row(name: str, code: int = 0, message: str | None = None) -> dict[str, Any]:
    """Return one result, of the documented names."""
    return {"externalOid": name, "orderId": None if code else f"17{ord(name[-1])}", "errorMsg": message, "errorCode": code}


def told(dialect: MexcOrders, data: Any) -> Verdict:
    return dialect.parse(asked(dialect), answer({"success": True, "code": 0, "data": data}))


# -- requests and answers ------------------------------------------------------------------------------------------------


def test_it_is_a_choice_that_is_off() -> None:
    assert mexc().capabilities.together == mexc().orders().most_together == 1  # type: ignore[attr-defined]
    assert mexc(batch_orders=True).capabilities.together == 50
    with pytest.raises(ValueError, match="at most 1"):
        mexc().orders().place_several([order("tt-a"), order("tt-b")], BTC)  # type: ignore[attr-defined]


def test_a_request_is_a_list_of_what_each_order_alone_would_say(permitted: MexcOrders) -> None:
    request = asked(permitted)
    assert (request.method, request.path, request.orders) == ("POST", BATCH, 3)
    alone = [json.loads(permitted.place(order(name, f"{50_000 - n}"), BTC).body) for n, name in enumerate(NAMES)]
    assert json.loads(request.body) == alone


def test_what_waits_for_a_price_and_more_than_fifty_do_not_leave_together(permitted: MexcOrders) -> None:
    stop = order("tt-b", type=OrderType.STOP, trigger_price=D(49_000), trigger_source=TriggerSource.LAST)
    for tickets in ([order("tt-a"), stop], [order(f"tt-{n}") for n in range(51)]):
        with pytest.raises(ValueError, match="at most 50"):
            permitted.place_several(tickets, BTC)


def test_each_row_tells_of_its_own_order(permitted: MexcOrders) -> None:
    verdict = told(permitted, [row("tt-c"), row("tt-a", 2005, "Balance insufficient"), row("tt-b", 9_876, "?")])
    assert verdict.outcome is Outcome.ACK
    assert verdict.each is not None
    assert [verdict.each[name].outcome for name in NAMES] == [Outcome.REJECTED, Outcome.UNKNOWN, Outcome.ACK]
    assert verdict.each["tt-a"].text == "not enough balance for this order"
    [event] = verdict.each["tt-c"].events
    assert isinstance(event, OrderChanged)
    report = event.report
    assert (report.client_id, report.venue_id, report.price, report.qty) == ("tt-c", "1799", D(49_998), D("0.01"))


@pytest.mark.parametrize(
    ("data", "outcomes"),
    [
        ([row("tt-a"), row("tt-c")], "ack - ack"),
        ([row("tt-a"), row("tt-a"), row("tt-b"), 7, row("tt-z")], "unknown ack -"),
        ([row("tt-a") | {"orderId": None}, row("tt-b", 2005) | {"orderId": "17"}], "unknown unknown -"),
        ([row("tt-a") | {"externalOid": None}], "- - -"),
    ],
)
def test_what_is_not_said_of_an_order_is_not_known(permitted: MexcOrders, data: Any, outcomes: str) -> None:
    each = told(permitted, data).each
    assert each is not None
    assert " ".join(each[name].outcome if name in each else "-" for name in NAMES) == outcomes


@pytest.mark.parametrize(
    ("code", "data", "outcome"),
    [
        (511, None, Outcome.REJECTED),
        (704, None, Outcome.REJECTED),
        (602, None, Outcome.REJECTED),
        (2014, None, Outcome.REJECTED),
        (510, None, Outcome.LIMITED),
        (2005, None, Outcome.UNKNOWN),
        (511, [row("tt-a")], Outcome.UNKNOWN),
        (501, None, Outcome.UNKNOWN),
        (12_345, None, Outcome.UNKNOWN),
    ],
)
def test_an_answer_to_all_of_it_is_a_refusal_only_where_that_says_none_was_made(
    permitted: MexcOrders, code: int, data: Any, outcome: Outcome
) -> None:
    verdict = permitted.parse(asked(permitted), answer({"success": False, "code": code, "message": "no", "data": data}))
    assert (verdict.outcome, verdict.each) == (outcome, None)


@pytest.mark.parametrize(("code", "shut"), [(511, False), (702, False), (704, False), (604, True), (801, True)])
def test_a_missing_permission_is_not_said_of_orders_as_such(permitted: MexcOrders, code: int, shut: bool) -> None:
    verdict = permitted.parse(asked(permitted), answer({"success": False, "code": code, "message": "no"}))
    assert verdict.no_orders is shut
    assert ("set batch_orders = false" in verdict.text) is not shut


# -- the desk ------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stand]:
    plain = stands.CLOTHES["mexc"]
    chosen = replace(plain, venue=mexc(batch_orders=True), creates=plain.creates | {BATCH})
    monkeypatch.setitem(stands.CLOTHES, "mexc", chosen)
    async with AsyncExitStack() as stack:
        made = await Stand(tmp_path, GROUND).open()
        stack.push_async_callback(made.close)
        await made.desk.start(["BTC_USDT"])
        await until(lambda: made.desk.reconciled and not made.desk.blocked(GROUND.id))
        yield made
    assert made.complaints == []


async def until(done: Callable[[], object]) -> None:
    deadline = asyncio.get_running_loop().time() + 20
    while not done():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)


def permit(stand: Stand) -> None:
    assert isinstance(stand.server.mask, MexcMask)
    stand.server.mask.orders.batches = True


def statuses(stand: Stand) -> set[OrderStatus]:
    return {one.status for one in stand.desk.store.blotter.orders()}


async def test_with_the_permission_a_scale_is_one_request(stand: Stand) -> None:
    permit(stand)
    [result] = await Executor(stand.desk).run(
        parse_one("scale buy 0.06 BTC_USDT in 6 from -0.1% to -1%"), send=True, at_once=True
    )
    assert result.text == "order accepted"
    await until(lambda: statuses(stand) == {OrderStatus.LIVE})
    assert stand.server.receipts[f"POST {BATCH}"] == 1
    assert stand.server.receipts["POST /api/v1/private/order/create"] == 0
    assert sorted(stand.receipts.values()) == [1] * 6
    assert stand.disagreements() == []


async def test_without_the_permission_all_are_refused_and_orders_still_leave_alone(stand: Stand) -> None:
    tickets = [order(f"tt-{n}", f"{49_990 - n}", GROUND.id) for n in range(3)]
    sent = await stand.desk.orders.submit_several(tickets, reduces=False)
    assert {one.outcome for one in sent} == {Outcome.REJECTED}
    assert "set batch_orders = false" in sent[0].text
    assert statuses(stand) == {OrderStatus.REJECTED}
    assert not stand.desk.lock
    assert (await stand.desk.submit(order("tt-alone", "49980", GROUND.id))).outcome is Outcome.ACK


async def test_one_that_the_answer_does_not_name_is_found(stand: Stand) -> None:
    permit(stand)
    assert isinstance(stand.server.mask, MexcMask)
    stand.server.mask.orders.forgets = lambda external: external == "tt-1"
    tickets = [order(f"tt-{n}", f"{49_990 - n}", GROUND.id) for n in range(3)]
    sent = await stand.desk.orders.submit_several(tickets, reduces=False)
    assert [one.outcome for one in sent] == [Outcome.ACK, Outcome.UNKNOWN, Outcome.ACK]
    await until(lambda: statuses(stand) == {OrderStatus.LIVE})
    assert stand.disagreements() == []
