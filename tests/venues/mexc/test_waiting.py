"""Orders that wait: requests as documented, answers and pushes of the documentation decoded to asserted values."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal as D
from typing import Any
from urllib.parse import parse_qs

import orjson
import pytest

from tests.venues.mexc.conftest import CONTRACTS, answer, asked, contract, load, told
from tui_trader.core.error import RefusedError
from tui_trader.core.event import OrderChanged, OrdersSnapshot
from tui_trader.core.order import Order, OrderReport, OrderTicket
from tui_trader.core.types import (
    ClientOrderId,
    OrderStatus,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
    TimeInForce,
    TriggerSource,
    VenueOrderId,
)
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Credential, Outcome, Request, RequestKind
from tui_trader.venues.besides import Recognising
from tui_trader.venues.mexc.feed import MexcFeed
from tui_trader.venues.mexc.orders import MexcOrders

BTC = CONTRACTS[0]
DOGE = [contract("DOGE_USDT", "100", "0.00001"), contract("DOGE_USD", "10", "0.00001")]
SAMPLES = load("docs_waiting_2026.json")
ID = ClientOrderId("tt-0123456789abcdef0123456789ab")
NOW_NS = 1_762_100_000_000 * 10**6


@pytest.fixture
def orders(orders: MexcOrders) -> MexcOrders:
    orders.list_instruments(DOGE)
    return orders


def ticket(kind: OrderType, side: Side = Side.SELL, **terms: Any) -> OrderTicket:
    values: dict[str, Any] = {"trigger_price": D(48_000), "trigger_source": TriggerSource.MARK, "reduce_only": True}
    if kind.has_limit:
        values["price"] = D(47_990)
    return OrderTicket(ID, BTC.id, side, kind, D("0.03"), **(values | terms))


def body(request: Request) -> Any:
    return json.loads(request.body, parse_float=D)


def report_in(verdict: Any) -> OrderReport:
    [event] = told(verdict, OrderChanged)
    return event.report  # type: ignore[no-any-return]


def standing(report: OrderReport, client_id: str = ID) -> Order:
    return replace(Order.from_report(report), client_id=ClientOrderId(client_id))


class TestPlacing:
    def test_a_stop_over_a_long(self, orders: MexcOrders) -> None:
        orders.take_mode(PositionMode.ONE_WAY)
        request = orders.place(ticket(OrderType.STOP), BTC)
        assert (request.kind, request.path, request.ref) == (RequestKind.CREATE, "/api/v1/private/planorder/place/v2", ID)
        assert body(request) == {
            "symbol": "BTC_USDT",
            "side": 4,
            "vol": 300,
            "openType": 2,
            "trend": 2,
            "positionMode": 2,
            "reduceOnly": True,
            "triggerPrice": 48_000,
            "triggerType": 2,
            "executeCycle": 2,
            "orderType": 5,
        }
        assert b"tt-" not in request.body, "there is no field for our id"

    @pytest.mark.parametrize(
        ("kind", "side", "direction"),
        [
            (OrderType.STOP, Side.SELL, 2),
            (OrderType.STOP, Side.BUY, 1),
            (OrderType.STOP_LIMIT, Side.BUY, 1),
            (OrderType.MARKET_IF_TOUCHED, Side.SELL, 1),
            (OrderType.MARKET_IF_TOUCHED, Side.BUY, 2),
            (OrderType.LIMIT_IF_TOUCHED, Side.BUY, 2),
        ],
    )
    def test_which_way_it_waits(self, orders: MexcOrders, kind: OrderType, side: Side, direction: int) -> None:
        told_body = body(orders.place(ticket(kind, side), BTC))
        assert told_body["triggerType"] == direction
        assert told_body["orderType"] == (1 if kind.has_limit else 5)
        assert ("price" in told_body) is kind.has_limit

    def test_the_same_call_of_a_working_client(self, orders: MexcOrders) -> None:
        """ccxt uses the older path, whose body has the same names; it sends prices as text and waits a day."""
        ada = next(one for one in CONTRACTS if one.symbol == "ADA_USDT")
        [row] = [
            one for one in load("ccxt_static_requests_swap.json") if one["description"] == "createOrder limit sell, trigger 0.7"
        ]
        wanted = OrderTicket(
            ID,
            ada.id,
            Side.SELL,
            OrderType.LIMIT_IF_TOUCHED,
            D(1),
            D("0.6"),
            trigger_price=D("0.7"),
            trigger_source=TriggerSource.LAST,
        )
        ours = body(orders.place(wanted, ada))
        theirs = row["body"] | {"triggerPrice": D(row["body"]["triggerPrice"]), "executeCycle": 2}
        del theirs["type"]
        assert ours == theirs

    def test_a_trailing_order(self, orders: MexcOrders) -> None:
        rows = [{"positionType": 1, "openType": 1, "leverage": 20, "level": 1, "imr": 0.1, "mmr": 0.1}]
        orders.parse(orders.standing(BTC.id)[0], answer({"success": True, "code": 0, "data": rows}))
        request = orders.place(ticket(OrderType.TRAILING_STOP, trail=D(250), position_side=PositionSide.LONG), BTC)
        assert request.path == "/api/v1/private/trackorder/place"
        assert body(request) == {
            "symbol": "BTC_USDT",
            "side": 4,
            "vol": 300,
            "openType": 1,
            "trend": 2,
            "leverage": 20,
            "backType": 2,
            "backValue": 250,
        }
        later = orders.place(ticket(OrderType.TRAILING_STOP, trail=D(250), activation_price=D(51_000)), BTC)
        assert body(later)["activePrice"] == 51_000

    @pytest.mark.parametrize(
        "bad",
        [
            ticket(OrderType.STOP, trigger_price=None),
            ticket(OrderType.STOP_LIMIT, price=None),
            ticket(OrderType.TRAILING_STOP, trail=None),
            ticket(OrderType.STOP, stop_loss=D(1)),
            replace(ticket(OrderType.STOP), qty=D(0)),
        ],
    )
    def test_what_must_not_leave(self, orders: MexcOrders, bad: OrderTicket) -> None:
        with pytest.raises(ValueError, match=r".+"):
            orders.place(bad, BTC)

    @pytest.mark.parametrize(
        ("kind", "sample", "name"),
        [
            (OrderType.STOP, "plan_placed", "plan-739206374277809664"),
            (OrderType.TRAILING_STOP, "trail_placed", "trail-739218627261666816"),
        ],
    )
    def test_a_receipt_names_it(self, orders: MexcOrders, kind: OrderType, sample: str, name: str) -> None:
        request = orders.place(ticket(kind, trail=D(250) if kind is OrderType.TRAILING_STOP else None), BTC)
        report = report_in(orders.parse(request, answer(SAMPLES[sample])))
        assert (report.client_id, report.venue_id, report.is_ack, report.status) == (ID, name, True, OrderStatus.ACKED)


class TestReading:
    def test_the_list_of_trigger_orders(self, orders: MexcOrders) -> None:
        [snapshot] = told(orders.parse(asked("open_plans", "DOGE_USD"), answer(SAMPLES["plan_list"])), OrdersSnapshot)
        [report] = snapshot.reports
        assert (report.venue_id, report.client_id, report.status) == ("plan-739114860879304259", "", OrderStatus.ARMED)
        assert (report.type, report.side, report.trigger_price, report.price) == (
            OrderType.LIMIT_IF_TOUCHED,
            Side.BUY,
            D("0.00001"),
            D("0.00001"),
        )
        assert (report.made_ns, report.position_side, report.becomes) == (1761889115000 * 10**6, PositionSide.LONG, "")

    def test_the_list_of_trailing_orders(self, orders: MexcOrders) -> None:
        [snapshot] = told(orders.parse(asked("open_trails", "DOGE_USDT"), answer(SAMPLES["trail_list"])), OrdersSnapshot)
        [report] = snapshot.reports
        assert (report.venue_id, report.status, report.type) == (
            "trail-739628779353703936",
            OrderStatus.ARMED,
            OrderType.TRAILING_STOP,
        )
        assert (report.qty, report.trigger_price, report.activation_price) == (D(10_000), D("0.1903"), None)
        assert report.trail is None, "two percent are no distance"

    def test_a_push_of_a_trailing_order(self) -> None:
        feed = MexcFeed("private")  # type: ignore[arg-type]
        feed.list_instruments(CONTRACTS)
        feed.take_mode(PositionMode.ONE_WAY)
        [event] = feed.receive(orjson.dumps(SAMPLES["trail_push"], default=float), 1)
        assert isinstance(event, OrderChanged)
        assert (event.report.venue_id, event.report.qty, event.report.activation_price) == (
            "trail-987654321",
            D("0.005"),
            D(45_000),
        )
        assert event.report.becomes == "", "it is only active: what stands in orderId is no order of it"

    def test_an_exit_that_fired_goes_on_as_an_order(self, orders: MexcOrders) -> None:
        report = report_in(orders.parse(asked("exit_by_id", "exit-357859177"), answer(SAMPLES["exit_list"])))
        assert (report.status, report.becomes, report.sequence) == (OrderStatus.LIVE, "720744238723187712", 2)
        order = standing(report)
        assert (order.venue_id, order.waited_as) == ("720744238723187712", "exit-357859177")
        assert orders.order_by_id(order).path == "/api/v1/private/order/get/720744238723187712"
        [cancel] = orders.cancel_several([order])
        assert (cancel.path, body(cancel)) == ("/api/v1/private/order/cancel", ["720744238723187712"])

    def test_one_that_fired_and_does_not_say_as_what_is_over(self, orders: MexcOrders) -> None:
        row = SAMPLES["plan_list"]["data"][0] | {"state": 3}
        report = report_in(orders.parse(asked("plan_by_id", "plan-739114860879304259"), answer({"code": 0, "data": [row]})))
        assert report.status is OrderStatus.EXPIRED
        assert "not told" in report.reason

    @pytest.mark.parametrize(
        ("state", "status"), [(2, OrderStatus.CANCELED), (4, OrderStatus.EXPIRED), (5, OrderStatus.REJECTED)]
    )
    def test_how_it_can_end(self, orders: MexcOrders, state: int, status: OrderStatus) -> None:
        row = SAMPLES["plan_list"]["data"][0] | {"state": state}
        verdict = orders.parse(asked("plan_by_id", "plan-739114860879304259"), answer({"code": 0, "data": [row]}))
        assert report_in(verdict).status is status

    def test_one_that_is_not_on_the_first_page_is_looked_for_on_the_next(self, orders: MexcOrders) -> None:
        plan = Order(ID, DOGE[1].id, Side.BUY, OrderType.STOP, D(1), OrderStatus.ARMED, VenueOrderId("plan-9"))
        request = orders.order_by_id(plan)
        rows = [SAMPLES["plan_list"]["data"][0] | {"id": str(number)} for number in range(100, 200)]
        verdict = orders.parse(request, answer({"success": True, "code": 0, "data": rows}))
        assert (verdict.outcome, verdict.events) == (Outcome.ACK, ())
        assert verdict.next_page is not None
        assert parse_qs(verdict.next_page.query)["page_num"] == ["2"]


class TestAsking:
    def test_trigger_orders_are_asked_for_with_a_span_of_time(self, orders: MexcOrders) -> None:
        orders.sign(orders.positions("USDT"), Credential("k", Secret("s")), NOW_NS)
        plans = orders.parse(orders.open_orders(BTC.id), answer({"success": True, "code": 0, "data": []})).next_page
        assert plans is not None
        query = {name: int(one[0]) for name, one in parse_qs(plans.query).items() if name != "symbol"}
        assert query["states"] == 1
        assert query["start_time"] < NOW_NS // 10**6 < query["end_time"]
        assert query["end_time"] - query["start_time"] <= 90 * 86_400_000
        assert plans.query == "&".join(sorted(plans.query.split("&"))), "names are sorted for the signature"

    def test_what_was_made_since_a_time_in_whatever_state(self, orders: MexcOrders) -> None:
        assert isinstance(orders, Recognising)
        stop = standing(report_in(orders.parse(orders.place(ticket(OrderType.STOP), BTC), answer(SAMPLES["plan_placed"]))))
        assert orders.is_nameless(replace(stop, type=OrderType.STOP))
        assert not orders.is_nameless(replace(stop, type=OrderType.LIMIT))
        request = orders.made_since(replace(stop, type=OrderType.STOP), NOW_NS)
        assert (request.what, request.path) == ("plans_made", "/api/v1/private/planorder/list/orders")
        assert parse_qs(request.query)["states"] == ["1,2,3,4,5"]
        assert parse_qs(request.query)["start_time"] == [str(NOW_NS // 10**6)]
        trail = orders.made_since(replace(stop, type=OrderType.TRAILING_STOP), NOW_NS)
        assert (trail.what, parse_qs(trail.query)["pageIndex"]) == ("trails_made", ["1"])

    def test_a_waiting_order_of_unknown_id_is_not_asked_for_by_ours(self, orders: MexcOrders) -> None:
        nobody = Order(ID, BTC.id, Side.SELL, OrderType.STOP, D(1), OrderStatus.UNKNOWN)
        with pytest.raises(ValueError, match="without an id"):
            orders.cancel(nobody)


class TestChanging:
    def plan(self, orders: MexcOrders, kind: OrderType = OrderType.STOP) -> Order:
        """Return a waiting order as it stands."""
        name = {OrderType.TRAILING_STOP: "trail-7"}.get(kind, "plan-7")
        order = Order.from_ticket(ticket(kind, trail=D(250) if kind is OrderType.TRAILING_STOP else None), 1)
        return replace(order, venue_id=VenueOrderId(name), status=OrderStatus.ARMED)

    def test_the_trigger(self, orders: MexcOrders) -> None:
        request = orders.amend(self.plan(orders), BTC, trigger=D(48_500))
        assert (request.kind, request.path) == (RequestKind.AMEND, "/api/v1/private/planorder/change_price")
        assert body(request) == {
            "symbol": "BTC_USDT",
            "orderId": 7,
            "triggerPrice": 48_500,
            "price": 48_500,
            "orderType": 5,
            "triggerType": 2,
            "trend": 2,
            "from": 1,
        }
        assert orders.parse(request, answer(SAMPLES["plan_changed"])).outcome is Outcome.ACK

    def test_the_limit(self, orders: MexcOrders) -> None:
        told_body = body(orders.amend(self.plan(orders, OrderType.STOP_LIMIT), BTC, price=D(47_900)))
        assert (told_body["triggerPrice"], told_body["price"], told_body["orderType"]) == (48_000, 47_900, 1)

    def test_the_distance_and_the_size_of_a_trailing_order(self, orders: MexcOrders) -> None:
        request = orders.amend(self.plan(orders, OrderType.TRAILING_STOP), BTC, trail=D(300), qty=D("0.02"))
        assert request.path == "/api/v1/private/trackorder/change_order"
        assert body(request) == {
            "symbol": "BTC_USDT",
            "trackOrderId": 7,
            "trend": 2,
            "backType": 2,
            "backValue": 300,
            "vol": 200,
        }

    def test_stop_and_target_of_an_exit(self, orders: MexcOrders) -> None:
        row = SAMPLES["exit_list"]["data"][0] | {"state": 1}
        exit_order = standing(
            report_in(orders.parse(asked("exit_by_id", "exit-357859177"), answer({"code": 0, "data": [row]}))), "x"
        )
        request = orders.amend(exit_order, BTC, trigger=D(111_400))
        assert request.path == "/api/v1/private/stoporder/change_plan_price"
        assert body(request) == {
            "stopPlanOrderId": 357859177,
            "stopLossPrice": 111_400,
            "lossTrend": 1,
            "takeProfitPrice": D("113573.9"),
            "profitTrend": 1,
        }
        assert "takeProfitPrice" not in body(orders.amend(exit_order, BTC, take_profit=D(0)))
        with pytest.raises(RefusedError, match="cancel it"):
            orders.amend(exit_order, BTC, take_profit=D(0), stop_loss=D(0))

    def test_what_is_not_changed_in_place(self, orders: MexcOrders) -> None:
        with pytest.raises(RefusedError, match="size of a waiting order"):
            orders.amend(self.plan(orders), BTC, qty=D("0.01"))
        with pytest.raises(RefusedError, match="another distance"):
            orders.amend(self.plan(orders, OrderType.TRAILING_STOP), BTC, trigger=D(1))
        with pytest.raises(RefusedError, match="carries no exits"):
            orders.amend(self.plan(orders), BTC, stop_loss=D(1))


def test_cancels_go_to_the_list_that_it_waits_in(orders: MexcOrders) -> None:
    held = Order(ID, BTC.id, Side.SELL, OrderType.STOP, D(1), OrderStatus.ARMED, tif=TimeInForce.GTC)
    names = ("plan-12", "exit-13", "trail-14", "trail-15", "16")
    requests = orders.cancel_several([replace(held, venue_id=VenueOrderId(name)) for name in names])
    assert [(one.path.removeprefix("/api/v1/private/"), body(one)) for one in requests] == [
        ("planorder/cancel", [{"symbol": "BTC_USDT", "orderId": "12"}]),
        ("stoporder/cancel", [{"stopPlanOrderId": 13}]),
        ("order/cancel", ["16"]),
        ("trackorder/cancel", {"symbol": "BTC_USDT", "trackOrderId": 14}),
        ("trackorder/cancel", {"symbol": "BTC_USDT", "trackOrderId": 15}),
    ]


def test_all_means_each_trailing_order_that_is_known(orders: MexcOrders) -> None:
    """Nothing documented cancels them together for sure."""
    trailing = asked("open_trails", "DOGE_USDT")
    orders.parse(replace(trailing, query="pageIndex=1&pageSize=100"), answer(SAMPLES["trail_list"]))
    placed = orders.place(replace(ticket(OrderType.TRAILING_STOP, trail=D(250)), instrument=DOGE[0].id, qty=D(100)), DOGE[0])
    orders.parse(placed, answer(SAMPLES["trail_placed"]))
    named = [body(one)["trackOrderId"] for one in orders.cancel_all(DOGE[0].id) if one.path.endswith("trackorder/cancel")]
    assert named == [739218627261666816, 739628779353703936]
    orders.parse(replace(trailing, query="pageIndex=1&pageSize=100"), answer({"success": True, "code": 0, "data": []}))
    assert len(orders.cancel_all(DOGE[0].id)) == 3
    gone = orders.parse(orders.cancel_all(DOGE[0].id)[0], answer({"success": False, "code": 2040, "message": "order not exist"}))
    assert gone.outcome is Outcome.ACK, "what is not there needs no cancelling"
