"""Several orders in one request: what is signed and sent, what its answer proves of each, and the shipping desk on sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.venues.paradex.conftest import BTC as CONTRACT
from tests.venues.paradex.conftest import KEY, LOOKS_ON, NOW_NS, admitted, ccxt_sample, ok
from tests.venues.paradex.test_desk import BTC, MIDDLE, House, ready, said, status, ticket, until
from tui_trader.core.error import RefusedError
from tui_trader.core.event import OrderChanged
from tui_trader.core.grammar import parse_one
from tui_trader.core.order import OrderTicket
from tui_trader.core.types import ClientOrderId, OrderStatus, OrderType, Side, TimeInForce
from tui_trader.desk.commands import Executor
from tui_trader.desk.desk import Desk
from tui_trader.sim.faults import Action, FaultRule, Moment
from tui_trader.sim.masks.base import RestCall
from tui_trader.sim.types import NewOrder
from tui_trader.storage.journal import read
from tui_trader.venues.base import Outcome, Request, Verdict
from tui_trader.venues.paradex.orders import MOST_TOGETHER

DIALECT = admitted()
NAMES = ["tt-a", "tt-b", "tt-c"]


def order(name: str, price: int = 26_000, **terms: Any) -> OrderTicket:
    plain = {"type": OrderType.LIMIT, "qty": Decimal("0.05"), "price": Decimal(price)}
    return OrderTicket(ClientOrderId(name), CONTRACT.id, Side.BUY, **(plain | terms))


def asked(*names: str) -> Request:
    return DIALECT.place_several([order(name, 26_000 - n) for n, name in enumerate(names or NAMES)], CONTRACT)


def row(name: str, **changes: Any) -> dict[str, Any]:
    """Return an order row of the documented names: the states are hand-made, the shape is not."""
    plain = {"type": "LIMIT", "status": "NEW", "cancel_reason": "", "avg_fill_price": "", "remaining_size": "0.05", "flags": []}
    return {**ccxt_sample("create_order"), **plain, "client_id": name, "id": f"17{ord(name[-1])}", **changes}


def told(body: Any, code: int = 201) -> Verdict:
    return DIALECT.parse(asked(), ok(body, code))


# -- requests ------------------------------------------------------------------------------------------------------------


def test_a_request_is_a_list_of_what_each_order_alone_would_say() -> None:
    request = asked()
    assert (request.method, request.path, request.orders, request.weight) == ("POST", "/v1/orders/batch", 3, 1)
    alone = [orjson.loads(DIALECT.place(order(name, 26_000 - n), CONTRACT).body) for n, name in enumerate(NAMES)]
    assert orjson.loads(request.body) == alone


def test_each_order_is_signed_by_itself_with_a_pause_after_each() -> None:
    steps = list(DIALECT.seal_each(asked(), KEY, NOW_NS))
    assert steps[:-1] == [None] * 3
    [*_, sealed] = steps
    assert sealed is not None
    for n, body in enumerate(orjson.loads(sealed.body)):
        single = DIALECT.seal(DIALECT.place(order(NAMES[n], 26_000 - n), CONTRACT), KEY, NOW_NS)
        assert body == orjson.loads(single.body), "signed over the very terms that an order alone would be"


def test_what_must_not_leave_together_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 10"):
        asked(*(f"tt-{n}" for n in range(MOST_TOGETHER + 1)))
    with pytest.raises(ValueError, match="waits"):
        DIALECT.place_several([order("a"), order("b", type=OrderType.STOP, trigger_price=Decimal(9))], CONTRACT)
    with pytest.raises(RefusedError, match="read-only"):
        list(DIALECT.seal_each(asked(), LOOKS_ON, NOW_NS))


# -- answers -------------------------------------------------------------------------------------------------------------


def test_each_order_that_is_named_is_taken() -> None:
    verdict = told({"orders": [row(name) for name in reversed(NAMES)], "errors": []})
    assert verdict.outcome is Outcome.ACK
    assert verdict.each is not None
    for name in NAMES:
        [event] = verdict.each[name].events
        assert isinstance(event, OrderChanged)
        assert (event.report.client_id, event.report.status) == (name, OrderStatus.ACKED)


def test_an_error_inside_a_success_says_nothing_of_the_order_that_is_not_named() -> None:
    """The documented error names a code and a message, and no order."""
    error = {"error": "MAX_OPEN_ORDERS_EXCEEDED", "message": "", "data": None}
    verdict = told({"orders": [row("tt-a"), row("tt-c")], "errors": [error]})
    assert verdict.outcome is Outcome.ACK
    assert verdict.each is not None
    assert [verdict.each[name].outcome for name in NAMES] == [Outcome.ACK, Outcome.UNKNOWN, Outcome.ACK]
    assert "as many open orders as this market may have" in verdict.each["tt-b"].text


@pytest.mark.parametrize(
    ("orders", "outcomes"),
    [
        ([row("tt-a"), row("tt-a", id="999")], "unknown unknown unknown"),
        ([row("tt-a"), row("tt-z"), 7, {"client_id": "tt-b"}], "ack unknown unknown"),
        ([row("tt-a"), {**row("tt-b"), "client_id": ""}], "ack unknown unknown"),
        ([row("tt-a", status="CLOSED", cancel_reason="NOT_ENOUGH_MARGIN"), row("tt-b")], "rejected ack unknown"),
        ([], "unknown unknown unknown"),
        (None, "unknown unknown unknown"),
    ],
)
def test_what_is_not_said_of_an_order_is_not_known(orders: Any, outcomes: str) -> None:
    verdict = told({"orders": orders})
    assert verdict.each is not None
    assert " ".join(verdict.each[name].outcome for name in NAMES) == outcomes


@pytest.mark.parametrize(
    ("code", "body", "outcome"),
    [
        (400, {"error": "STARKNET_SIGNATURE_VERIFICATION_FAILED", "message": ""}, Outcome.REJECTED),
        (400, {"error": "VALIDATION_ERROR", "message": "Invalid order"}, Outcome.REJECTED),
        (400, {"error": "SYSTEM_STATUS_CANCEL_ONLY", "message": "system is in cancel only mode"}, Outcome.REJECTED),
        (401, {"error": "INVALID_TOKEN", "message": "token is expired"}, Outcome.REJECTED),
        (400, {"error": "DUPLICATED_CLIENT_ID", "message": ""}, Outcome.UNKNOWN),
        (400, {"error": "NOT_ENOUGH_MARGIN", "message": ""}, Outcome.UNKNOWN),
        (400, {"error": "MAX_OPEN_ORDERS_EXCEEDED", "message": ""}, Outcome.UNKNOWN),
        (400, {"error": "SOMETHING_NEW", "message": ""}, Outcome.UNKNOWN),
        (429, {}, Outcome.LIMITED),
        (503, {}, Outcome.UNKNOWN),
        (201, b"<html>", Outcome.UNKNOWN),
        (201, b"[]", Outcome.UNKNOWN),
        (201, {"orders": 7}, Outcome.UNKNOWN),
        (204, b"", Outcome.UNKNOWN),
    ],
)
def test_an_answer_to_all_of_it_is_a_refusal_only_where_that_says_none_was_made(code: int, body: Any, outcome: Outcome) -> None:
    dialect = admitted()  # one answer ends its token
    verdict = dialect.parse(asked(), ok(body, code))
    assert (verdict.outcome, verdict.each) == (outcome, None)


# -- the desk ------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        house = House(tmp_path, stack)
        await stack.enter_async_context(house.server)
        stirring = asyncio.get_running_loop().create_task(stir(house))
        yield house
        stirring.cancel()
    assert house.crashes == []


async def stir(house: House) -> None:
    """Keep prices fresh: a quote far from the market comes and goes."""
    while True:
        far = NewOrder("", BTC.symbol, Side.BUY, OrderType.LIMIT, Decimal("0.1"), MIDDLE - 2_000, TimeInForce.GTC)
        order = house.exchange.submit("street", far)
        house.exchange.set_reference(BTC.symbol, MIDDLE)
        await asyncio.sleep(0.2)
        house.exchange.cancel("street", BTC.symbol, order_id=order.order_id)


class Post:
    """Sees the requests for new orders as they arrive."""

    def __init__(self, house: House) -> None:
        self.sizes: list[int] = []
        serve = house.mask.rest

        def rest(call: RestCall) -> Any:
            if call.method == "POST" and call.path.startswith("/v1/orders"):
                said = orjson.loads(call.body)
                self.sizes.append(len(said) if isinstance(said, list) else -1)
            return serve(call)

        house.mask.rest = rest  # type: ignore[method-assign]


def tickets(count: int = 3) -> list[OrderTicket]:
    return [ticket(f"tt-{n}", price=Decimal(49_900 - n)) for n in range(count)]


async def opened(house: House, **choices: Any) -> Desk:
    desk = await house.desk(**choices)
    await until(ready(desk), said(desk))
    return desk


async def scale(desk: Desk, line: str) -> str:
    [result] = await Executor(desk).run(parse_one(line), send=True, at_once=True)
    return result.text


async def test_a_scale_leaves_in_requests_of_ten_each_order_signed_and_known(house: House) -> None:
    desk, post = await opened(house, interactive=False), Post(house)
    verified = house.mask.gate.verified
    assert await scale(desk, "scale buy 0.12 BTC-USD-PERP in 12 from -0.1% to -2%") == "order accepted"
    assert post.sizes == [10, 2]
    assert house.mask.gate.verified == verified + 12, "StarkWare's library verified each"
    shown = desk.store.blotter.working(BTC)
    await until(lambda: all(one.status is OrderStatus.LIVE for one in desk.store.blotter.working(BTC)), "all live")
    assert len(shown) == len(house.exchange.open_orders("trader")) == 12


async def test_retail_windows_let_three_out_at_once(house: House) -> None:
    desk, post = await opened(house), Post(house)
    assert await scale(desk, "scale buy 0.05 BTC-USD-PERP in 5 from -0.1% to -1%") == "order accepted"
    assert post.sizes == [3, 2]
    assert desk.pace.used()[1][0] == 5


async def test_the_loop_turns_after_every_signature(house: House) -> None:
    desk = await opened(house, interactive=False)
    turns = 0

    async def spin() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    signed: list[int] = []
    dialect = desk._dialect
    once = dialect._signed  # type: ignore[attr-defined]

    def counted(*args: Any) -> Any:
        signed.append(turns)
        return once(*args)

    dialect._signed = counted  # type: ignore[attr-defined]
    spinning = asyncio.get_running_loop().create_task(spin())
    try:
        await desk.orders.submit_several(tickets(10), reduces=False)
    finally:
        spinning.cancel()
    assert len(signed) == 10
    assert all(later > sooner for sooner, later in pairwise(signed)), "two signatures in one step"


async def test_every_intent_is_on_the_disk_before_the_one_request_arrives(house: House) -> None:
    desk = await opened(house, interactive=False)
    journal = house.folder / f"journal-{house.desks}.jsonl"
    seen: list[list[str]] = []
    serve = house.mask.rest

    def rest(call: RestCall) -> Any:
        if call.path == "/v1/orders/batch":
            seen.append([str(record.body["id"]) for record in read(journal) if record.kind == "intent"])
        return serve(call)

    house.mask.rest = rest  # type: ignore[method-assign]
    await desk.orders.submit_several(tickets(), reduces=False)
    assert seen == [["tt-0", "tt-1", "tt-2"]]
    ended = [record.body["ref"] for record in read(journal) if record.kind == "outcome" and record.body["outcome"] == "ack"]
    assert ended == ["tt-0", "tt-1", "tt-2"]


async def test_one_signature_that_is_not_good_refuses_them_all(house: House) -> None:
    desk = await opened(house, interactive=False)
    dialect = desk._dialect
    once, numbers = dialect._signed, iter(range(9))  # type: ignore[attr-defined]

    def spoiled(body: dict[str, Any], *args: Any) -> Any:
        signed = once(body, *args)
        return signed | {"price": "49000"} if next(numbers) == 1 else signed

    dialect._signed = spoiled  # type: ignore[attr-defined]
    sent = await desk.orders.submit_several(tickets(), reduces=False)
    assert {one.outcome for one in sent} == {Outcome.REJECTED}
    assert {status(desk, f"tt-{n}") for n in range(3)} == {OrderStatus.REJECTED}
    assert house.exchange.open_orders("trader") == []


async def test_one_that_the_venue_turns_away_does_not_touch_the_others(house: House) -> None:
    """Off its lot by half: past the desk's own checks, an answer has an error that names no order."""
    desk = await opened(house, interactive=False)
    first, second, third = tickets()
    odd = ticket("tt-1", price=Decimal(49_899), qty=Decimal("0.0105"))
    sent = await desk.orders.submit_several([first, odd, third], reduces=False)
    assert [one.outcome for one in sent] == [Outcome.ACK, Outcome.UNKNOWN, Outcome.ACK]
    assert status(desk, "tt-1") is OrderStatus.UNKNOWN
    await until(lambda: {status(desk, "tt-0"), status(desk, "tt-2")} == {OrderStatus.LIVE}, "the others live")
    assert len(house.exchange.open_orders("trader")) == 2
    assert second.client_id == odd.client_id


async def test_an_order_that_the_answer_does_not_name_is_found_alive(house: House) -> None:
    desk = await opened(house, interactive=False)
    house.mask.orders.forgets = lambda client_id: client_id == "tt-1"
    sent = await desk.orders.submit_several(tickets(), reduces=False)
    assert [one.outcome for one in sent] == [Outcome.ACK, Outcome.UNKNOWN, Outcome.ACK]
    await until(lambda: all(status(desk, f"tt-{n}") is OrderStatus.LIVE for n in range(3)), "all three are live")


async def test_a_lost_answer_leaves_all_of_them_unknown_until_each_is_found(house: House) -> None:
    desk, post = await opened(house, interactive=False), Post(house)
    house.server.faults.add(FaultRule(Action.DROP_AFTER, Moment.REQUEST, "POST /v1/orders/batch"))
    sent = await desk.orders.submit_several(tickets(), reduces=False)
    assert {one.outcome for one in sent} == {Outcome.UNKNOWN}
    await until(lambda: all(status(desk, f"tt-{n}") is OrderStatus.LIVE for n in range(3)), "all three are live")
    assert post.sizes == [3], "nothing is sent a second time"


async def test_whoever_stops_waiting_leaves_them_unknown_and_not_forgotten(house: House) -> None:
    desk = await opened(house, interactive=False)
    house.server.faults.add(FaultRule(Action.DELAY, Moment.REQUEST, "POST /v1/orders/batch", seconds=0.5))
    sending = asyncio.get_running_loop().create_task(desk.orders.submit_several(tickets(), reduces=False))
    await until(lambda: len(house.exchange.open_orders("trader")) == 3, "they arrived")
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await until(lambda: all(status(desk, f"tt-{n}") is OrderStatus.LIVE for n in range(3)), "all three are live")


async def test_a_panic_between_two_requests_lets_no_more_of_them_out(house: House) -> None:
    desk, post = await opened(house), Post(house)
    line = asyncio.get_running_loop().create_task(scale(desk, "scale buy 0.12 BTC-USD-PERP in 12 from -0.1% to -2%"))
    await until(lambda: len(desk.orders.recent) >= 3, "the first three")
    await desk.panic()
    assert "then:" in await line
    assert post.sizes == [3]
    await until(lambda: not desk.store.blotter.working(BTC), "nothing left")


async def test_a_disk_that_takes_no_intent_lets_none_of_them_out(house: House) -> None:
    desk, post = await opened(house, interactive=False), Post(house)
    assert desk._journal is not None
    desk._journal.failure = "the disk is full"
    with pytest.raises(RefusedError, match="the disk is full"):
        await desk.orders.submit_several(tickets(), reduces=False)
    assert post.sizes == []
    assert desk.store.blotter.orders() == []
    sent = await desk.orders.submit_several(tickets(), reduces=True)
    assert {one.outcome for one in sent} == {Outcome.ACK}, "what only gets out does not wait for the journal"


async def test_an_id_leaves_once(house: House) -> None:
    desk, post = await opened(house, interactive=False), Post(house)
    await desk.orders.submit_several(tickets(2), reduces=False)
    for again in (tickets(), [*tickets(4)[3:], *tickets(4)[3:]]):
        with pytest.raises(RefusedError, match="already submitted"):
            await desk.orders.submit_several(again, reduces=False)
    assert post.sizes == [2]
