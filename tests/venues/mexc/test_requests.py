"""Requests equal in meaning those of a working client, byte for byte what is signed, and never what must not leave."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal as D
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.venues.mexc.conftest import CONTRACTS, answer, asked, load
from tui_trader.core.error import RefusedError
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import (
    ClientOrderId,
    OrderStatus,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
    TimeInForce,
    VenueOrderId,
)
from tui_trader.venues.base import Outcome, Request, RequestKind
from tui_trader.venues.mexc.orders import MexcOrders

STATIC = {row["description"]: row for row in load("ccxt_static_requests_swap.json")}
BY_SYMBOL = {one.symbol: one for one in CONTRACTS}
BTC = BY_SYMBOL["BTC_USDT"]
ID = ClientOrderId("tt-0123456789abcdef0123456789ab")


def ticket(instrument: Instrument, side: Side, qty: str, price: str | None = None, **terms: Any) -> OrderTicket:
    kind = OrderType.MARKET if price is None else OrderType.LIMIT
    tif = terms.pop("tif", TimeInForce.IOC if price is None else TimeInForce.GTC)
    return OrderTicket(ID, instrument.id, side, kind, D(qty), None if price is None else D(price), tif, **terms)


def body(request: Request) -> Any:
    return json.loads(request.body, parse_float=D)


def order(venue_id: str = "", client_id: str = "") -> Order:
    return Order(
        ClientOrderId(client_id), BTC.id, Side.BUY, OrderType.LIMIT, D(1), OrderStatus.LIVE, VenueOrderId(venue_id), price=D(1)
    )


OURS = {"externalOid": ID}
"""What our creates carry besides."""


def is_same_call(request: Request, name: str) -> None:
    row = STATIC[name]
    url = urlsplit(row["url"])
    assert (request.method, request.path) == (row["method"], url.path)


def test_market(orders: MexcOrders) -> None:
    request = orders.place(ticket(BY_SYMBOL["LTC_USDT"], Side.BUY, "0.01"), BY_SYMBOL["LTC_USDT"])
    name = "createOrder market buy 1 LTC_USDT"
    is_same_call(request, name)
    # 5 is a market order in the documentation; ccxt sends 6, which converts it to a limit at the present price.
    assert body(request) == {**STATIC[name]["body"], **OURS, "type": 5}


def test_limit(orders: MexcOrders) -> None:
    ada = BY_SYMBOL["ADA_USDT"]
    request = orders.place(ticket(ada, Side.SELL, "1", "0.6"), ada)
    name = "createOrder limit sell 1 @0.6 ADA_USDT"
    is_same_call(request, name)
    assert body(request) == {**STATIC[name]["body"], **OURS}


def test_reduce_only_in_one_way_mode(orders: MexcOrders) -> None:
    orders.take_mode(PositionMode.ONE_WAY)
    ada = BY_SYMBOL["ADA_USDT"]
    request = orders.place(ticket(ada, Side.BUY, "1", "0.6", reduce_only=True), ada)
    name = "createOrder limit buy reduceOnly one-way -> side 2, no reduceOnly in body"
    # The documentation asks for the flag in this mode, ccxt leaves it to the side code: both are said.
    assert body(request) == {**STATIC[name]["body"], **OURS, "reduceOnly": True, "positionMode": 2}


def test_cancels(orders: MexcOrders) -> None:
    one = orders.cancel(order("129402018493145088"))
    is_same_call(one, "cancelOrder")
    assert body(one) == STATIC["cancelOrder"]["body"]
    active, *waiting = orders.cancel_all(BY_SYMBOL["LTC_USDT"].id)
    is_same_call(active, "cancelAllOrders")
    assert body(active) == STATIC["cancelAllOrders"]["body"]
    paths = ["planorder/cancel_all", "stoporder/cancel_all"]
    assert [one.path.removeprefix("/api/v1/private/") for one in waiting] == paths
    assert [body(one) for one in waiting] == [{"symbol": "LTC_USDT"}] * 2


def test_reads(orders: MexcOrders) -> None:
    ltc, btc = BY_SYMBOL["LTC_USDT"].id, BTC.id
    for request, name, own in (
        (orders.open_orders(ltc), "fetchOpenOrders all", {"page_num", "symbol"}),
        (orders.fills(ltc, 1699457638000 * 10**6), "fetchMyTrades", {"page_num"}),
        (orders.closed_orders(ltc, 1704067200000 * 10**6), "fetchClosedOrders", {"page_num", "page_size", "start_time"}),
        (orders.order_history(ltc, 1704067200000 * 10**6), "fetchOrders", {"page_num"}),
        (orders.positions("USDT"), "fetchPositions", set()),
        (orders.standing(None)[1], "fetchBalance", set()),
        (orders.standing(btc)[0], "fetchLeverage", set()),
        (orders.order_by_id(order("129402018493145088")), "fetchOrder", set()),
    ):
        is_same_call(request, name)
        theirs, ours = (dict(parse_qsl(text)) for text in (urlsplit(STATIC[name]["url"]).query, request.query))
        assert ours.keys() - theirs.keys() <= own, name
        for shared in ours.keys() & theirs.keys() - {"page_size", "states"}:
            assert ours[shared] == theirs[shared], (name, shared)


@pytest.mark.parametrize(
    ("side", "leg", "reduces", "code"),
    [
        (Side.BUY, PositionSide.MERGED, False, 1),
        (Side.BUY, PositionSide.MERGED, True, 2),
        (Side.SELL, PositionSide.MERGED, False, 3),
        (Side.SELL, PositionSide.MERGED, True, 4),
        (Side.BUY, PositionSide.LONG, False, 1),
        (Side.SELL, PositionSide.LONG, True, 4),
        (Side.SELL, PositionSide.LONG, False, 4),
        (Side.SELL, PositionSide.SHORT, False, 3),
        (Side.BUY, PositionSide.SHORT, True, 2),
        (Side.BUY, PositionSide.SHORT, False, 2),
    ],
)
def test_side_codes(orders: MexcOrders, side: Side, leg: PositionSide, reduces: bool, code: int) -> None:
    request = orders.place(ticket(BTC, side, "0.001", position_side=leg, reduce_only=reduces), BTC)
    assert body(request)["side"] == code
    assert ("reduceOnly" in body(request)) is (reduces and leg is PositionSide.MERGED)


@pytest.mark.parametrize(
    ("tif", "kind"), [(TimeInForce.GTC, 1), (TimeInForce.POST_ONLY, 2), (TimeInForce.IOC, 3), (TimeInForce.FOK, 4)]
)
def test_order_types(orders: MexcOrders, tif: TimeInForce, kind: int) -> None:
    assert body(orders.place(ticket(BTC, Side.BUY, "0.001", "50000", tif=tif), BTC))["type"] == kind


def test_the_exact_bytes_of_a_create(orders: MexcOrders) -> None:
    """Volumes are contracts; numbers are written with every digit and without exponents."""
    request = orders.place(ticket(BTC, Side.BUY, "20", "1E+5"), BTC)
    assert request.body == (
        b'{"symbol":"BTC_USDT","side":1,"vol":200000,"type":1,"price":100000,"openType":2,'
        b'"externalOid":"tt-0123456789abcdef0123456789ab"}'
    )
    assert (request.kind, request.group, request.ref) == (RequestKind.CREATE, "place", ID)


def test_isolated_orders_carry_the_leverage_that_the_account_told(orders: MexcOrders) -> None:
    rows = [
        {"positionType": 1, "openType": 1, "leverage": 20, "level": 1, "imr": 0.1, "mmr": 0.1},
        {"positionType": 2, "openType": 1, "leverage": 5, "level": 1, "imr": 0.1, "mmr": 0.1},
    ]
    orders.parse(orders.standing(BTC.id)[0], answer({"success": True, "code": 0, "data": rows}))
    long = body(orders.place(ticket(BTC, Side.BUY, "0.001"), BTC))
    short = body(orders.place(ticket(BTC, Side.SELL, "0.001"), BTC))
    assert (long["openType"], long["leverage"], short["openType"], short["leverage"]) == (1, 20, 1, 5)


@pytest.mark.parametrize(
    "change",
    [
        {"qty": D("0.00015")},
        {"qty": D(0)},
        {"client_id": ClientOrderId("x" * 33)},
        {"type": OrderType.STOP, "trigger_price": None},
        {"tif": TimeInForce.FOK},
        {"instrument": BY_SYMBOL["ETH_USDT"].id},
        {"take_profit_limit": D(1)},
    ],
)
def test_what_must_not_leave(orders: MexcOrders, change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        orders.place(replace(ticket(BTC, Side.BUY, "0.001"), **change), BTC)


def test_what_rests_is_not_changed_in_place(orders: MexcOrders) -> None:
    with pytest.raises(RefusedError, match="cancel it and place it again"):
        orders.amend(order("1"), BTC, price=D(2))


def test_several_kinds_are_cancelled_by_several_calls(orders: MexcOrders) -> None:
    requests = orders.cancel_several([order("11"), order("plan-12"), order("exit-13"), order("14"), order(client_id=ID)])
    assert {request.path.removeprefix("/api/v1/private/"): body(request) for request in requests} == {
        "order/cancel": ["11", "14"],
        "planorder/cancel": [{"symbol": "BTC_USDT", "orderId": "12"}],
        "stoporder/cancel": [{"stopPlanOrderId": 13}],
        "order/batch_cancel_with_external": [{"symbol": "BTC_USDT", "externalOid": ID}],
    }
    many = orders.cancel_several([order(str(number)) for number in range(1, 121)])
    assert [len(body(request)) for request in many] == [50, 50, 20]


HELD = {"positionId": 7, "symbol": "BTC_USDT", "positionType": 1, "openType": 2, "state": 1, "holdVol": 3, "im": D("12.5")}


class TestSettings:
    """Leverage and margin: what is held is asked first."""

    def step(self, orders: MexcOrders, request: Request, data: Any) -> Request | None:
        verdict = orders.parse(request, answer({"success": True, "code": 0, "data": data}))
        assert verdict.outcome is Outcome.ACK
        return verdict.next_page

    def test_leverage_without_a_position(self, orders: MexcOrders) -> None:
        first = orders.set_leverage(BTC.id, D(5), cross=False, hedged=False)
        assert (first.kind, first.path) == (RequestKind.READ, "/api/v1/private/position/open_positions")
        long = self.step(orders, first, [])
        assert long is not None
        assert body(long) == {"openType": 1, "leverage": 5, "symbol": "BTC_USDT", "positionType": 1}
        assert (long.kind, long.path) == (RequestKind.SETTING, "/api/v1/private/position/change_leverage")
        short = self.step(orders, long, None)
        assert short is not None
        assert body(short)["positionType"] == 2
        told = self.step(orders, short, None)
        assert told is not None
        assert (told.what, told.query) == ("leverage", "symbol=BTC_USDT")
        assert self.step(orders, told, [{"positionType": 1, "leverage": 5, "openType": 1}]) is None

    def test_leverage_of_a_position_is_set_by_its_id(self, orders: MexcOrders) -> None:
        first = orders.set_leverage(BTC.id, D(5), cross=True, hedged=False)
        long = self.step(orders, first, [HELD])
        assert long is not None
        assert body(long) == {"positionId": 7, "leverage": 5}

    def test_the_margin_mode_of_a_position_is_not_changed(self, orders: MexcOrders) -> None:
        first = orders.set_leverage(BTC.id, D(5), cross=False, hedged=False)
        verdict = orders.parse(first, answer({"success": True, "code": 0, "data": [HELD]}))
        assert (verdict.outcome, verdict.next_page) == (Outcome.REJECTED, None)
        assert "only without a position" in verdict.text

    @pytest.mark.parametrize(("wanted", "amount", "kind"), [("20", D("7.5"), "ADD"), ("10", D("2.5"), "SUB")])
    def test_margin_is_said_as_a_difference(self, orders: MexcOrders, wanted: str, amount: D, kind: str) -> None:
        first = orders.assign_margin(BTC, PositionSide.MERGED, D(wanted))
        change = self.step(orders, first, [HELD])
        assert change is not None
        assert body(change) == {"positionId": 7, "amount": amount, "type": kind}

    def test_the_mode_is_the_account_s(self, orders: MexcOrders) -> None:
        request = orders.set_position_mode(BTC.id, hedged=True)
        assert body(request) == {"positionMode": 1}
        assert self.step(orders, request, None) is None
        assert body(orders.place(ticket(BTC, Side.BUY, "0.001"), BTC))["positionMode"] == 1

    @pytest.mark.parametrize("leverage", ["0", "1.5", "-3"])
    def test_leverage_is_a_whole_number(self, orders: MexcOrders, leverage: str) -> None:
        with pytest.raises(RefusedError, match="whole number"):
            orders.set_leverage(BTC.id, D(leverage), cross=True, hedged=False)


def test_a_list_of_open_orders_has_four_parts(orders: MexcOrders) -> None:
    request: Request | None = orders.open_orders(BTC.id)
    parts = []
    while request is not None:
        parts.append(request.path.removeprefix("/api/v1/private/"))
        request = orders.parse(request, answer({"success": True, "code": 0, "data": []})).next_page
    assert parts == ["order/list/open_orders", "planorder/list/orders", "stoporder/list/orders", "trackorder/list/orders"]


def test_a_request_nobody_knows_is_a_bug(orders: MexcOrders) -> None:
    with pytest.raises(ValueError, match="no such request"):
        orders.parse(asked("dance"), answer({"success": True, "code": 0}))
