"""What each answer proves. The captured ones first, then every way an answer can fail to prove anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tui_trader.core.event import (
    BalanceChanged,
    BookSnapshot,
    FundingPaid,
    InstrumentsListed,
    OrderChanged,
    OrderFilled,
    OrdersSnapshot,
    PositionsSnapshot,
    TickerChanged,
    Unreadable,
)
from tui_trader.core.types import InstrumentId, OrderStatus, PendingAction
from tui_trader.venues.base import Outcome, Reply, Request, RequestKind, Verdict
from tui_trader.venues.phemex.orders import PhemexOrders

D = Decimal
BTC = InstrumentId("phemex", "BTCUSDT")
PLACE = Request(RequestKind.CREATE, "place", "POST", "/g-orders", ref="EAACDVL8t0AAAQAAAAAA")
AMEND = Request(RequestKind.AMEND, "amend", "PUT", "/g-orders/replace", ref="LgACe8lD20AAAQAAAAAA")
CANCEL = Request(RequestKind.CANCEL, "cancel", "DELETE", "/g-orders/cancel", ref="tt-1")
CANCEL_ALL = Request(RequestKind.CANCEL, "cancel_all", "DELETE", "/g-orders/all", ref="BTCUSDT")
LEVERAGE = Request(RequestKind.SETTING, "set_leverage", "PUT", "/g-positions/leverage", ref="BTCUSDT")
OPEN = Request(RequestKind.READ, "open_orders", "GET", "/g-orders/activeList", ref="BTCUSDT")
BY_ID = Request(RequestKind.READ, "order_by_id", "GET", "/x", ref="tt-1")
POSITIONS = Request(RequestKind.READ, "positions", "GET", "/g-accounts/accountPositions", ref="USDT")
WRITES = [PLACE, AMEND, CANCEL, CANCEL_ALL, LEVERAGE]

ROW: dict[str, Any] = {
    "bizError": 0,
    "orderID": "c2621102-1cc0-4686-b520-9879311bcc26",
    "clOrdID": "tt-1",
    "symbol": "BTCUSDT",
    "side": "Sell",
    "transactTimeNs": 1678163665769528669,
    "orderType": "Limit",
    "priceRp": "22490.4",
    "orderQtyRq": "0.005",
    "timeInForce": "GoodTillCancel",
    "reduceOnly": False,
    "cumQtyRq": "0",
    "cumValueRv": "0",
    "stopPxRp": "0",
    "trigger": "UNSPECIFIED",
    "execStatus": "New",
    "ordStatus": "New",
    "execInst": "CloseOnTrigger",
}


def ask(
    orders: PhemexOrders, request: Request, body: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Verdict:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return orders.parse(request, Reply(status, headers or {}, raw))


def refuse(orders: PhemexOrders, request: Request, code: object, msg: str = "") -> Verdict:
    return ask(orders, request, {"code": code, "msg": msg, "data": None})


class TestCaptured:
    def test_create(self, orders: PhemexOrders, live: Callable[[str, str], bytes]) -> None:
        verdict = ask(orders, PLACE, live("rest_g_create", "usd_m_simple"))
        assert verdict.outcome is Outcome.ACK
        [event] = verdict.events
        assert isinstance(event, OrderChanged)
        report = event.report
        assert (report.is_ack, report.status) == (True, OrderStatus.ACKED)
        assert report.venue_id == "b5760445-d6c9-489a-805d-669a4ea9ead6"
        assert (report.instrument.symbol, report.qty, report.price) == ("APTUSDT", D(1), D(1))
        assert report.at_ns == 1763486096357633582

    def test_replace(self, orders: PhemexOrders, live: Callable[[str, str], bytes]) -> None:
        [event] = ask(orders, AMEND, live("rest_g_replace", "usd_m_simple")).events
        assert isinstance(event, OrderChanged)
        assert (event.report.pending, event.report.is_ack, event.report.price) == (PendingAction.AMEND, True, D("1.1"))

    def test_replace_of_the_older_family(self, orders: PhemexOrders, live: Callable[[str, str], bytes]) -> None:
        request = Request(RequestKind.AMEND, "amend", "PUT", "/orders/replace", ref="wQACnwRfAEEAAQAAAAAA")
        [event] = ask(orders, request, live("rest_replace", "coin_m_simple")).events
        assert isinstance(event, OrderChanged)
        assert (event.report.price, event.report.qty) == (D(32323), D(1))

    def test_products(self, orders: PhemexOrders, live: Callable[[str, str], bytes]) -> None:
        verdict = ask(orders, orders.instruments(), live("rest_products", "simple"))
        assert verdict.outcome is Outcome.ACK
        [listed] = verdict.events
        assert isinstance(listed, InstrumentsListed)
        assert [one.symbol for one in listed.instruments] == ["BTCUSDC", "BTCUSD"]

    def test_every_error_body(self, orders: PhemexOrders, payload: Callable[[str], Any]) -> None:
        seen = {}
        for row in payload("rest_error_bodies.json")["rows"]:
            body = row["body"]
            verdict = ask(orders, PLACE, body, row["http"] or 200)
            seen[body.get("msg") or body["error"]["message"]] = verdict.outcome
            assert verdict.text
        assert seen == {
            "401 Failed to load API KEY.": Outcome.REJECTED,
            "401 Insufficient privilege.": Outcome.REJECTED,
            "401 Request IP mismatch.": Outcome.REJECTED,
            "401 Request Expired at 1618547919": Outcome.REJECTED,
            "API Signature verification failed.": Outcome.REJECTED,
            "Api key not found 698dc9e3-6faa-4910-9476-12857e79e198": Outcome.REJECTED,
            "Missing required parameter": Outcome.REJECTED,
            "Missing parameter - resolution": Outcome.REJECTED,
            "invalid argument": Outcome.REJECTED,
            "Please double check input arguments": Outcome.REJECTED,
            "phemex.data.size.uplimt": Outcome.REJECTED,
            "Access forbidden": Outcome.REJECTED,
            "TE_ERR_INCONSISTENT_POS_MODE": Outcome.REJECTED,
            "Too many requests.": Outcome.LIMITED,
            # One code for two meanings, and 10002 makes no sense of a create: somebody has to look.
            "Access denied.": Outcome.UNKNOWN,
            "Symbol not listed sMOVRUSDT": Outcome.REJECTED,
            "OM_ORDER_NOT_FOUND": Outcome.UNKNOWN,
        }


class TestCreate:
    REPLY = ROW | {"clOrdID": PLACE.ref, "ordStatus": "Created", "execStatus": "PendingNew"}

    def accepted(self, orders: PhemexOrders, **changes: Any) -> Verdict:
        return ask(orders, PLACE, {"code": 0, "msg": "", "data": self.REPLY | changes})

    def test_a_waiting_conditional_is_armed(self, orders: PhemexOrders) -> None:
        [event] = self.accepted(orders, ordStatus="Untriggered", execStatus="Registered", leavesQtyRq="0").events
        assert isinstance(event, OrderChanged)
        assert (event.report.status, event.report.is_ack) == (OrderStatus.ARMED, True)

    @pytest.mark.parametrize("word", ["New", "Filled", "Canceled", "Init"])
    def test_an_answer_is_never_a_verdict(self, orders: PhemexOrders, word: str) -> None:
        [event] = self.accepted(orders, ordStatus=word).events
        assert isinstance(event, OrderChanged)
        assert event.report.status is OrderStatus.ACKED

    def test_a_rejection_in_the_row(self, orders: PhemexOrders) -> None:
        verdict = self.accepted(orders, ordStatus="Rejected", code=11001)
        assert (verdict.outcome, verdict.code) == (Outcome.REJECTED, "11001")

    def test_words_left_null(self, orders: PhemexOrders) -> None:
        assert self.accepted(orders, orderType=None, timeInForce=None).outcome is Outcome.ACK

    @pytest.mark.parametrize(
        "changes", [{"clOrdID": "another"}, {"bizError": 11001}, {"symbol": "a b"}, {"ordStatus": "?"}, {"cumQtyRq": "x"}]
    )
    def test_an_answer_that_does_not_fit(self, orders: PhemexOrders, changes: dict[str, Any]) -> None:
        verdict = self.accepted(orders, **changes)
        assert verdict.outcome is Outcome.UNKNOWN
        assert verdict.text

    @pytest.mark.parametrize("data", [None, [], "OK", 5])
    def test_an_acceptance_of_nothing(self, orders: PhemexOrders, data: object) -> None:
        assert ask(orders, PLACE, {"code": 0, "msg": "", "data": data}).outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize("code", [10001, 11033, 11085, 19999, "11085"])
    def test_duplicates_are_evidence_not_rejections(self, orders: PhemexOrders, code: object) -> None:
        assert refuse(orders, PLACE, code).outcome is Outcome.EXISTS

    @pytest.mark.parametrize("code", [10002, 10003, 10004, 10005, 11061, 11062, 11063, 11064, 39996, 77777, -1])
    def test_codes_that_prove_nothing(self, orders: PhemexOrders, code: int) -> None:
        verdict = refuse(orders, PLACE, code, "what")
        assert (verdict.outcome, verdict.code) == (Outcome.UNKNOWN, str(code))

    @pytest.mark.parametrize("code", [11001, "11001", 11011, 11053, 11115, 20004, 30000])
    def test_proven_rejections(self, orders: PhemexOrders, code: object) -> None:
        verdict = refuse(orders, PLACE, code)
        assert (verdict.outcome, verdict.code) == (Outcome.REJECTED, str(code))
        assert verdict.text


class TestUnproven:
    @pytest.mark.parametrize("request_", WRITES, ids=lambda request: request.what)
    @pytest.mark.parametrize("status", [100, 204, 301, 302, 307, 408, 418, 500, 502, 503, 504, 520])
    def test_statuses(self, orders: PhemexOrders, request_: Request, status: int) -> None:
        for body in (b"", b"<html>", b'{"code":0,"msg":"","data":{}}'):
            assert ask(orders, request_, body, status).outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize("request_", WRITES, ids=lambda request: request.what)
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>ok</html>",
            b'{"code":0,"msg":"","da',
            b"[]",
            b"null",
            b"0",
            b'"OK"',
            b"{}",
            b'{"msg":"OK"}',
            b'{"code":null}',
            b'{"code":true}',
            b'{"code":0.0}',
            b'{"code":"zero"}',
            b'{"code":[0]}',
            b'{"code":99999999999999999999}',
            b'{"error":null,"id":0,"result":null}',
            b"[" * 5000,
            b"\xff",
        ],
    )
    def test_bodies(self, orders: PhemexOrders, request_: Request, body: bytes) -> None:
        assert ask(orders, request_, body).outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_gateway_page_proves_nothing(self, orders: PhemexOrders, status: int) -> None:
        assert ask(orders, PLACE, b"<html>blocked</html>", status).outcome is Outcome.UNKNOWN
        verdict = ask(orders, PLACE, {"code": str(status), "msg": "x"}, status)
        assert verdict.outcome is Outcome.REJECTED

    def test_expiry_asks_for_the_clock(self, orders: PhemexOrders) -> None:
        verdict = ask(orders, PLACE, {"code": "401", "msg": "401 Request Expired at 1618547919"}, 401)
        assert (verdict.outcome, verdict.refresh_clock) == (Outcome.REJECTED, True)
        assert not ask(orders, PLACE, {"code": "401", "msg": "401 Request IP mismatch."}, 401).refresh_clock

    @pytest.mark.parametrize(
        ("code", "message", "bad"),
        [
            ("401", "401 Request IP mismatch.", True),
            ("401", "401 Failed to load API KEY.", True),
            ("10500", "Api key not found 806066b0", True),
            (10500, "API Signature verification failed.", True),
            (34003, "Access forbidden", True),
            ("401", "401 Request Expired at 1618547919", False),
            ("403", "403 Forbidden", False),
            (11001, "TE_NO_ENOUGH_AVAILABLE_BALANCE", False),
        ],
    )
    def test_a_refusal_of_the_key_is_told_from_one_of_the_request(
        self, orders: PhemexOrders, code: object, message: str, bad: bool
    ) -> None:
        verdict = ask(orders, PLACE, {"code": code, "msg": message}, 401)
        assert (verdict.outcome, verdict.bad_key) == (Outcome.REJECTED, bad)
        assert not ask(orders, replace(PLACE, signed=False), {"code": code, "msg": message}, 401).bad_key


class TestLimited:
    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            ("7", 7.0),
            ("0.5", 0.5),
            ("-1", 0.0),
            ("1e9", 60.0),
            ("61", 60.0),
            ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0),
            ("nan", 0.0),
            ("inf", 0.0),
            ("", 0.0),
            ("9" * 400, 0.0),
        ],
    )
    def test_the_wait_is_bounded(self, orders: PhemexOrders, value: str, seconds: float) -> None:
        for name in ("x-ratelimit-retry-after-contract", "x-ratelimit-retry-after", "retry-after"):
            verdict = ask(orders, PLACE, b"slow down", 429, {name: value})
            assert (verdict.outcome, verdict.retry_after_s) == (Outcome.LIMITED, seconds)

    def test_in_the_body(self, orders: PhemexOrders) -> None:
        headers = {"x-ratelimit-retry-after-other": "3"}
        verdict = ask(orders, OPEN, {"code": "39995", "msg": "Too many requests."}, headers=headers)
        assert (verdict.outcome, verdict.retry_after_s) == (Outcome.LIMITED, 3.0)

    def test_headers(self, orders: PhemexOrders) -> None:
        headers = {
            "x-ratelimit-remaining-contract": "499",
            "x-ratelimit-capacity-contract": "500",
            "x-ratelimit-remaining": "98",
            "x-ratelimit-capacity": "100",
            "x-ratelimit-remaining-spotorder": "-1",
            "x-ratelimit-capacity-spotorder": "500",
            "x-ratelimit-remaining-odd": "5",
        }
        assert orders.limits(Reply(200, headers, b"")) == {"contract": (499, 500), "other": (98, 100)}
        assert orders.limits(Reply(200, {}, b"")) == {}


class TestCancel:
    def test_accepted(self, orders: PhemexOrders) -> None:
        [event] = ask(orders, CANCEL, {"code": 0, "msg": "", "data": ROW | {"execStatus": "PendingCancel"}}).events
        assert isinstance(event, OrderChanged)
        assert (event.report.pending, event.report.is_ack, event.report.status) == (
            PendingAction.CANCEL,
            True,
            OrderStatus.ACKED,
        )

    def test_accepted_without_facts(self, orders: PhemexOrders) -> None:
        assert ask(orders, CANCEL, {"code": 0, "msg": ""}) == Verdict(Outcome.ACK)
        for data in (0, "1", None):
            assert ask(orders, CANCEL_ALL, {"code": 0, "msg": "", "data": data}) == Verdict(Outcome.ACK)

    def test_of_another_order(self, orders: PhemexOrders) -> None:
        verdict = ask(orders, CANCEL, {"code": 0, "msg": "", "data": ROW | {"clOrdID": "tt-2"}})
        assert verdict.outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize("code", [10002, 11062])
    def test_not_there_any_more(self, orders: PhemexOrders, code: int) -> None:
        assert refuse(orders, CANCEL, code).outcome is Outcome.MISSING

    @pytest.mark.parametrize("code", [10003, 11061, 11063])
    def test_in_flight(self, orders: PhemexOrders, code: int) -> None:
        assert refuse(orders, CANCEL, code).outcome is Outcome.UNKNOWN

    def test_amend_of_a_final_order(self, orders: PhemexOrders) -> None:
        assert refuse(orders, AMEND, 11066).outcome is Outcome.MISSING
        assert refuse(orders, AMEND, 11065).outcome is Outcome.REJECTED

    def test_leverage(self, orders: PhemexOrders) -> None:
        assert ask(orders, LEVERAGE, {"code": 0, "msg": "", "data": "OK"}) == Verdict(Outcome.ACK)
        assert ask(orders, LEVERAGE, {"code": "0", "msg": "", "data": "ok"}) == Verdict(Outcome.ACK)
        assert refuse(orders, LEVERAGE, 11004).outcome is Outcome.REJECTED


class TestReads:
    @pytest.mark.parametrize("rows", [[], [ROW]])
    def test_a_bare_list_is_no_answer_about_open_orders(self, orders: PhemexOrders, rows: list[Any]) -> None:
        verdict = ask(orders, OPEN, rows)
        assert (verdict.outcome, verdict.events) == (Outcome.UNKNOWN, ()), "what it leaves out would be taken for gone"

    def test_a_book_needs_a_sequence(self, orders: PhemexOrders) -> None:
        sides = {"asks": [["2", "1"]], "bids": [["1", "1"]]}
        book = {"error": None, "result": {"symbol": "BTCUSDT", "orderbook_p": sides, "depth": 30, "timestamp": 1}}
        assert ask(orders, PhemexOrders().book(BTC), book).outcome is Outcome.UNKNOWN

    def test_no_open_orders_is_an_error_code(self, orders: PhemexOrders) -> None:
        verdict = refuse(orders, OPEN, 10002, "OM_ORDER_NOT_FOUND")
        assert verdict == Verdict(Outcome.ACK, events=(OrdersSnapshot("phemex", (), "BTCUSDT"),))

    @pytest.mark.parametrize(
        "shape",
        [
            lambda rows: {"code": 0, "msg": "", "data": {"rows": rows, "nextPageArg": ""}},
            lambda rows: {"code": 0, "msg": "", "data": rows},
        ],
        ids=["data.rows", "data"],
    )
    def test_open_orders(self, orders: PhemexOrders, shape: Callable[[list[Any]], object]) -> None:
        verdict = ask(orders, OPEN, shape([ROW]))
        assert verdict.outcome is Outcome.ACK
        [snapshot] = verdict.events
        assert isinstance(snapshot, OrdersSnapshot)
        [report] = snapshot.reports
        assert (report.status, report.is_ack, report.price) == (OrderStatus.LIVE, False, D("22490.4"))
        assert (report.close_on_trigger, report.reduce_only) == (True, False)

    @pytest.mark.parametrize(
        "data",
        [
            {"rows": [ROW, ROW | {"orderQtyRq": "x"}], "nextPageArg": ""},
            {"rows": [ROW, 5], "nextPageArg": ""},
            {"rows": [ROW], "nextPageArg": "2"},
            {"rows": [ROW | {"symbol": "ETHUSDT"}]},
        ],
    )
    def test_an_open_list_that_is_not_whole_claims_nothing(self, orders: PhemexOrders, data: object) -> None:
        verdict = ask(orders, OPEN, {"code": 0, "msg": "", "data": data})
        assert verdict.outcome is Outcome.UNKNOWN
        assert any(isinstance(event, OrderChanged) for event in verdict.events)
        assert not any(isinstance(event, OrdersSnapshot) for event in verdict.events)

    def test_order_by_id(self, orders: PhemexOrders) -> None:
        row = {key: value for key, value in ROW.items() if key not in ("orderID", "clOrdID", "orderType")}
        row |= {"orderId": "c2621102", "clOrdId": "tt-1", "ordType": "Market", "ordStatus": "Filled", "cumQtyRq": "0.005"}
        [event] = ask(orders, BY_ID, [row]).events
        assert isinstance(event, OrderChanged)
        assert (event.report.venue_id, event.report.status, event.report.filled) == (
            "c2621102",
            OrderStatus.FILLED,
            D("0.005"),
        )

    def test_order_by_id_missing(self, orders: PhemexOrders) -> None:
        assert ask(orders, BY_ID, {"code": 0, "msg": "OK", "data": {"rows": []}}).outcome is Outcome.MISSING
        assert ask(orders, BY_ID, []).outcome is Outcome.MISSING
        assert refuse(orders, BY_ID, 10002).outcome is Outcome.MISSING
        # Neither another order nor one that cannot be read is proof of absence.
        assert ask(orders, BY_ID, [ROW | {"clOrdID": "tt-2"}]).outcome is Outcome.UNKNOWN
        assert ask(orders, BY_ID, [ROW | {"side": "?"}]).outcome is Outcome.UNKNOWN
        assert ask(orders, BY_ID, {"code": 0, "msg": "OK", "data": None}).outcome is Outcome.UNKNOWN

    FILL: dict[str, Any] = {  # noqa: RUF012
        "action": "New",
        "clOrdID": "",
        "closedPnlRv": "0",
        "currency": "USDT",
        "execFeeRv": "0.00166",
        "execID": "5c3d96e1-8874-53b6-b6e5-9dcc4d28b4ab",
        "execPriceRp": "16600",
        "execQtyRq": "0.001",
        "execStatus": "MakerFill",
        "execValueRv": "16.6",
        "feeRateRr": "0.0001",
        "orderID": "fcdfeafa-ed68-45d4-b2bd-7bc27f2b2b0b",
        "orderQtyRq": "0.001",
        "ordType": "LimitIfTouched",
        "priceRp": "16600",
        "side": "Sell",
        "symbol": "BTCUSDT",
        "tradeType": "Trade",
        "transactTimeNs": 1669407633926215067,
    }

    def test_fills_and_funding(self, orders: PhemexOrders) -> None:
        funding = self.FILL | {"tradeType": "Funding", "execStatus": "Init", "execFeeRv": "-0.3", "ordType": "UNSPECIFIED"}
        verdict = ask(orders, orders.fills(BTC, 0), {"code": 0, "msg": "OK", "data": {"rows": [self.FILL, funding]}})
        filled, paid = verdict.events
        assert isinstance(filled, OrderFilled)
        assert (filled.fill.price, filled.fill.fee, filled.replayed) == (D(16600), D("0.00166"), True)
        assert isinstance(paid, FundingPaid)
        assert paid.amount == D("-0.3")
        assert verdict.next_page is None

    def test_a_full_page_has_a_next_one(self, orders: PhemexOrders) -> None:
        request = orders.fills(BTC, 0)
        following = ask(orders, request, [self.FILL] * 200).next_page
        assert following is not None
        assert following.query == "symbol=BTCUSDT&start=0&offset=200&limit=200"
        further = ask(orders, following, [self.FILL] * 200).next_page
        assert further is not None
        assert further.query == "symbol=BTCUSDT&start=0&offset=400&limit=200"
        assert ask(orders, further, [self.FILL] * 199).next_page is None

    def test_an_unreadable_fill_is_not_passed_over(self, orders: PhemexOrders) -> None:
        verdict = ask(orders, orders.fills(BTC, 0), [self.FILL, self.FILL | {"execPriceRp": "x"}])
        assert verdict.outcome is Outcome.UNKNOWN
        assert [type(event) for event in verdict.events] == [OrderFilled, Unreadable]

    ACCOUNT: dict[str, Any] = {"accountBalanceRv": "15", "accountId": 1, "currency": "USDT", "totalUsedBalanceRv": "5"}  # noqa: RUF012
    POSITION: dict[str, Any] = {"symbol": "BTCUSDT", "posSide": "Merged", "side": "None", "size": "0", "leverageRr": "-10"}  # noqa: RUF012

    def test_positions(self, orders: PhemexOrders) -> None:
        data = {"account": self.ACCOUNT, "positions": [self.POSITION]}
        balance, snapshot = ask(orders, POSITIONS, {"code": 0, "msg": "", "data": data}).events
        assert isinstance(balance, BalanceChanged)
        assert balance.balance.free == D(10)
        assert isinstance(snapshot, PositionsSnapshot)
        assert (snapshot.currency, len(snapshot.positions)) == ("USDT", 1)

    @pytest.mark.parametrize(
        "data",
        [
            {"account": ACCOUNT, "positions": [POSITION, POSITION | {"size": "x"}]},
            {"account": ACCOUNT | {"currency": "BTC"}, "positions": []},
            {"account": None, "positions": []},
            {"account": ACCOUNT},
            None,
        ],
    )
    def test_a_partial_answer_never_means_flat(self, orders: PhemexOrders, data: object) -> None:
        verdict = ask(orders, POSITIONS, {"code": 0, "msg": "", "data": data})
        assert verdict.outcome is Outcome.UNKNOWN
        assert not any(isinstance(event, PositionsSnapshot) for event in verdict.events)

    def test_server_time(self, orders: PhemexOrders) -> None:
        verdict = ask(orders, orders.server_time(), {"code": 0, "msg": "", "data": {"serverTime": 1676172826345}})
        assert (verdict.outcome, verdict.server_ns) == (Outcome.ACK, 1_676_172_826_345_000_000)
        assert ask(orders, orders.server_time(), {"code": 0, "data": {}}).outcome is Outcome.UNKNOWN

    def test_the_documented_answer_tells_when_funding_is_settled(
        self, orders: PhemexOrders, lines: Callable[[str], list[Any]]
    ) -> None:
        request = orders.funding_due(BTC)
        assert request is not None
        assert (request.path, request.query) == ("/contract-biz/public/real-funding-rates", "symbol=BTCUSDT")
        sample = next(row["raw"] for row in lines("docs_samples.jsonl") if row["section"] == "Query real funding rates")
        due = TickerChanged(BTC, 0, next_funding_ns=1_742_457_600_000_000_000)
        assert orders.parse(request, Reply(200, {}, sample.encode())).events == (due,)
        assert ask(orders, request, {"code": 0, "msg": "OK", "data": json.loads(sample)}).events == (due,)
        other = sample.replace("BTCUSDT", "ETHUSDT")
        assert orders.parse(request, Reply(200, {}, other.encode())).outcome is Outcome.UNKNOWN
        assert orders.parse(request, Reply(200, {}, b"[]")).outcome is Outcome.UNKNOWN
        assert orders.funding_due(InstrumentId("phemex", "BTCUSD")) is None

    def test_book(self, orders: PhemexOrders) -> None:
        result = {
            "depth": 30,
            "orderbook_p": {"asks": [["20675.7", "0.736"]], "bids": [["20672.4", "0.818"]]},
            "sequence": 77770771,
            "symbol": "BTCUSDT",
            "timestamp": 1666860123727907896,
            "type": "snapshot",
        }
        assert ask(orders, orders.book(BTC), {"error": None, "id": 0, "result": result}).events == (
            BookSnapshot(BTC, [["20672.4", "0.818"]], [["20675.7", "0.736"]], 77770771, 30, 1666860123727907896),
        )
        refused = {"error": {"code": 6001, "message": "invalid argument"}, "id": None, "result": None}
        assert ask(orders, orders.book(BTC), refused).outcome is Outcome.REJECTED

    def test_an_unknown_code_refuses_a_read(self, orders: PhemexOrders) -> None:
        verdict = refuse(orders, POSITIONS, 77777, "no such\x1b thing")
        assert (verdict.outcome, verdict.text) == (Outcome.REJECTED, "no such\ufffd thing (code 77777)")


def test_a_refused_signature_of_a_bulk_cancel_says_nothing_of_the_key() -> None:
    reply = Reply(200, {}, b'{"code":10500,"msg":"API Signature verification failed","data":null}')
    one = Request(RequestKind.CANCEL, "cancel", "DELETE", "/g-orders/cancel")
    several = Request(RequestKind.CANCEL, "cancel_several", "DELETE", "/g-orders")
    assert PhemexOrders().parse(one, reply).bad_key
    assert not PhemexOrders().parse(several, reply).bad_key
