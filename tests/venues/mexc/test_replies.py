"""Answers: every sample is read to asserted values, and a write is refused only on proof."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from tests.venues.mexc.conftest import CONTRACTS, answer, asked, load, told
from tui_trader.core.candle import Candle
from tui_trader.core.event import (
    BackingTold,
    BalanceChanged,
    BookSnapshot,
    CandlesChanged,
    FeeRatesTold,
    FundingPaid,
    FundsTransferred,
    OrderChanged,
    OrderFilled,
    OrdersSnapshot,
    PositionModeTold,
    PositionsSnapshot,
    TickerChanged,
)
from tui_trader.core.funds import TransferState
from tui_trader.core.types import (
    InstrumentId,
    Liquidity,
    MarginMode,
    OrderStatus,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
    TimeInForce,
    TriggerSource,
)
from tui_trader.venues.base import Outcome, Reply, RequestKind
from tui_trader.venues.mexc.orders import MexcOrders

Rest = Callable[[str], Any]
Recorded = Callable[..., Any]

CREATE = {"symbol": "BTC_USDT", "side": 1, "vol": 10, "type": 1, "price": 50000, "openType": 2, "externalOid": "tt-1"}


def create() -> Any:
    return asked("place", "tt-1", RequestKind.CREATE, CREATE)


class TestWrites:
    """Creates, cancels, settings."""

    @pytest.mark.parametrize(
        ("data", "identity"),
        [
            ({"orderId": "739113577038255616", "ts": 1761888808839}, "739113577038255616"),
            (102057569836905984, "102057569836905984"),
            ("739204819784386560", "739204819784386560"),
        ],
    )
    def test_every_form_of_an_acceptance(self, orders: MexcOrders, data: Any, identity: str) -> None:
        verdict = orders.parse(create(), answer({"success": True, "code": 0, "data": data}))
        [event] = told(verdict, OrderChanged)
        report = event.report
        assert verdict.outcome is Outcome.ACK
        assert (report.client_id, report.venue_id, report.status, report.is_ack) == ("tt-1", identity, OrderStatus.ACKED, True)
        assert (report.side, report.qty, report.price) == (Side.BUY, D("0.0010"), D(50000))

    def test_the_recorded_answer_of_2026(self, orders: MexcOrders, recorded: Recorded) -> None:
        [event] = told(orders.parse(create(), answer(recorded("create_swap_order"))), OrderChanged)
        assert event.report.venue_id == "814218083416790528"

    @pytest.mark.parametrize(
        "body",
        [
            {"success": True, "code": 0},
            {"success": True, "code": 0, "data": None},
            {"success": True, "code": 0, "data": {}},
            {"success": False, "code": 0, "message": "", "data": 123},
            {"code": 0, "data": "1"},
            {"success": True, "data": "1"},
            [],
            b"<html>",
            b"",
            {"success": False, "code": 500, "message": "Internal error"},
            {"success": False, "code": 501},
            {"success": False, "code": 9999},
            {"success": False, "code": 603},
            {"success": False, "code": 123456, "message": "Order quantity error...."},
        ],
    )
    def test_what_proves_nothing_is_unknown(self, orders: MexcOrders, body: Any) -> None:
        assert orders.parse(create(), answer(body)).outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize("status", [500, 502, 503, 504, 302, 408])
    def test_nor_does_a_failing_gateway(self, orders: MexcOrders, status: int) -> None:
        good = {"success": True, "code": 0, "data": "1"}
        assert orders.parse(create(), answer(good, status)).outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize(
        ("code", "outcome", "words"),
        [
            (2005, Outcome.REJECTED, "not enough balance"),
            (2011, Outcome.REJECTED, "wrong size"),
            (2021, Outcome.REJECTED, "leverage differs"),
            (2027, Outcome.REJECTED, "either cross or isolated"),
            (7002, Outcome.REJECTED, "position mode"),
            (510, Outcome.LIMITED, "too many requests"),
            ("2005", Outcome.REJECTED, "not enough balance"),
        ],
    )
    def test_refusals(self, orders: MexcOrders, code: Any, outcome: Outcome, words: str) -> None:
        verdict = orders.parse(create(), answer({"success": False, "code": code, "message": ""}))
        assert (verdict.outcome, verdict.code, verdict.no_orders, verdict.bad_key) == (outcome, str(code), False, False)
        assert words in verdict.text

    @pytest.mark.parametrize("code", [511, 604, 702, 704, 801, 11444])
    def test_a_key_that_may_not_trade_makes_it_read_only(self, orders: MexcOrders, code: int) -> None:
        verdict = orders.parse(create(), answer({"success": False, "code": code, "message": "no"}))
        assert (verdict.outcome, verdict.no_orders, verdict.bad_key) == (Outcome.REJECTED, True, False)
        asked_after = orders.parse(asked("positions", "USDT"), answer({"success": False, "code": code}))
        assert not asked_after.no_orders

    @pytest.mark.parametrize("code", [401, 402, 406, 602])
    def test_a_key_that_is_not_accepted(self, orders: MexcOrders, code: int) -> None:
        assert orders.parse(create(), answer({"success": False, "code": code}, 401)).bad_key

    def test_a_clock_that_is_wrong(self, orders: MexcOrders) -> None:
        verdict = orders.parse(create(), answer({"success": False, "code": 513}))
        assert (verdict.outcome, verdict.refresh_clock) == (Outcome.REJECTED, True)

    def test_429_says_how_long(self, orders: MexcOrders) -> None:
        verdict = orders.parse(create(), Reply(429, {"retry-after": "7"}, b""))
        assert (verdict.outcome, verdict.retry_after_s) == (Outcome.LIMITED, 7.0)

    def test_a_cancel_fails_inside_a_success(self, orders: MexcOrders, rest: Rest) -> None:
        rows = rest("Trading/CancelOrders")["data"]
        outcomes = {}
        for row in rows:
            request = asked("cancel", str(row["orderId"]), RequestKind.CANCEL, [row["orderId"]])
            verdict = orders.parse(request, answer({"success": True, "code": 0, "data": [row]}))
            outcomes[verdict.code] = verdict.outcome
        assert outcomes == {"2040": Outcome.MISSING, "2041": Outcome.MISSING, "": Outcome.ACK}
        several = asked("cancel_several", "BTC_USDT", RequestKind.CANCEL, [1])
        assert orders.parse(several, answer(rest("Trading/CancelOrders"))).outcome is Outcome.ACK

    @pytest.mark.parametrize("label", ["cancel_order", "cancel_orders"])
    def test_recorded_cancels(self, orders: MexcOrders, recorded: Recorded, label: str) -> None:
        request = asked("cancel", "264995729269765120", RequestKind.CANCEL, ["264995729269765120"])
        assert orders.parse(request, answer(recorded(label))).outcome is Outcome.ACK

    @pytest.mark.parametrize(
        ("name", "what"),
        [
            ("Trading/CancelOrdersByClientOrderIds", "cancel_several"),
            ("Trading/CancelAllOrders", "cancel_all"),
            ("Trading/CancelAllPlannedOrders", "cancel_all"),
            ("Trading/CancelAllTpSlOrders", "cancel_all"),
            ("Trading/CancelPlanOrders", "cancel"),
            ("Trading/CancelTpSlOrders", "cancel"),
            ("Account/SetLeverage", "set_leverage"),
            ("Account/ChangeMargin", "assign_margin"),
        ],
    )
    def test_documented_successes(self, orders: MexcOrders, rest: Rest, name: str, what: str) -> None:
        kind = RequestKind.SETTING if what in ("set_leverage", "assign_margin") else RequestKind.CANCEL
        assert orders.parse(asked(what, "BTC_USDT", kind, {}), answer(rest(name))).outcome is Outcome.ACK

    def test_the_mode_is_set(self, orders: MexcOrders, rest: Rest) -> None:
        request = asked("set_position_mode", "", RequestKind.SETTING, {"positionMode": 1})
        [event] = told(orders.parse(request, answer(rest("Account/SetPositionMode"))), PositionModeTold)
        assert event.mode is PositionMode.HEDGED


class TestOrders:
    """Rows of orders, in numbers and in text."""

    def test_documented(self, orders: MexcOrders, rest: Rest) -> None:
        for name in ("Trading/GetOrder", "Trading/GetOrderByClientOrderId"):
            request = asked("order_by_id", "_m_f95eb99b061d4eef8f64a04e9ac4dad3")
            [event] = told(orders.parse(request, answer(rest(name))), OrderChanged)
            report = event.report
            assert (report.venue_id, report.status, report.side) == ("102015012431820288", OrderStatus.FILLED, Side.BUY)
            assert (report.type, report.price, report.qty, report.filled) == (OrderType.MARKET, None, D("0.01"), D("0.01"))
            assert report.filled_value == D("12.0835")
            assert (report.reduce_only, report.position_side) == (True, PositionSide.MERGED)
            assert report.at_ns == 1609992674000 * 10**6

    def test_recorded_in_text(self, orders: MexcOrders, recorded: Recorded) -> None:
        request = asked("order_by_id", "264995729269765120")
        [event] = told(orders.parse(request, answer(recorded("fetch_order"))), OrderChanged)
        report = event.report
        assert report.client_id == "_m_0e9520c256744d64b942985189026d20"
        assert (report.status, report.type, report.tif) == (OrderStatus.LIVE, OrderType.LIMIT, TimeInForce.GTC)
        assert (report.price, report.qty, report.filled) == (D("2.2"), D(15), D(0))
        # Its own word: the account was in hedge mode then.
        assert (report.position_side, report.reduce_only) == (PositionSide.LONG, False)

    def test_recorded_lists(self, orders: MexcOrders, recorded: Recorded) -> None:
        [event] = told(orders.parse(asked("order_history", "STEPN_USDT"), answer(recorded("fetch_orders_by_ids"))), OrderChanged)
        assert (event.report.qty, event.report.price, event.replayed) == (D(102), D("2.1"), True)

    def test_recorded_trigger_order(self, orders: MexcOrders, recorded: Recorded) -> None:
        verdict = orders.parse(asked("open_plans", "STEPN_USDT"), answer(recorded("fetch_orders")))
        [snapshot] = told(verdict, OrdersSnapshot)
        [report] = snapshot.reports
        assert (report.venue_id, report.client_id, report.status) == ("plan-265557643326564352", "", OrderStatus.ARMED)
        assert (report.type, report.trigger_price, report.price) == (OrderType.STOP_LIMIT, D(3), D("2.9"))
        assert (report.trigger_source, report.qty, report.side) == (TriggerSource.LAST, D(13), Side.BUY)
        assert verdict.next_page is not None

    def test_documented_exit(self, orders: MexcOrders, rest: Rest) -> None:
        row = rest("Trading/GetOpenTpSlOrders")
        verdict = orders.parse(asked("exit_by_id", "exit-357859177"), answer(row))
        [event] = told(verdict, OrderChanged)
        report = event.report
        # It has fired: what became of the order that came of it, that one tells.
        assert (report.status, report.type, report.side) == (OrderStatus.LIVE, OrderType.STOP, Side.SELL)
        assert report.becomes == "720744238723187712"
        assert (report.trigger_price, report.take_profit, report.qty) == (D(111325), D("113573.9"), D("0.0002"))
        assert report.reduce_only

    def test_an_order_that_is_not_there(self, orders: MexcOrders) -> None:
        for body in ({"success": True, "code": 0}, {"success": True, "code": 0, "data": None}, {"success": False, "code": 2040}):
            assert orders.parse(asked("order_by_id", "tt-1"), answer(body)).outcome is Outcome.MISSING

    def test_an_answer_about_another_order(self, orders: MexcOrders, rest: Rest) -> None:
        assert orders.parse(asked("order_by_id", "tt-1"), answer(rest("Trading/GetOrder"))).outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize(
        ("state", "filled", "status"),
        [
            (1, 0, OrderStatus.ACKED),
            (2, 0, OrderStatus.LIVE),
            (2, 3, OrderStatus.PARTIAL),
            (3, 10, OrderStatus.FILLED),
            (4, 0, OrderStatus.CANCELED),
            (4, 3, OrderStatus.CANCELED),
            (5, 0, OrderStatus.REJECTED),
        ],
    )
    def test_states(self, orders: MexcOrders, rest: Rest, state: int, filled: int, status: OrderStatus) -> None:
        row = {**rest("Trading/GetOrder")["data"], "state": state, "dealVol": filled, "vol": 10, "errorCode": 20}
        verdict = orders.parse(asked("order_by_id", row["orderId"]), answer({"success": True, "code": 0, "data": row}))
        [event] = told(verdict, OrderChanged)
        assert (event.report.status, event.report.filled) == (status, D(filled) / 100)
        assert event.report.reason == "post-only order would have crossed"

    def test_a_list_with_a_row_that_cannot_be_read_is_not_whole(self, orders: MexcOrders, rest: Rest) -> None:
        for name, what in (
            ("Trading/GetOpenOrders", "open_orders"),
            ("Trading/GetTriggerOrders", "open_plans"),
            ("Trading/GetTpSlOrders", "open_exits"),
        ):
            # Placeholders of the documentation: an order without a symbol.
            assert orders.parse(asked(what, "BTC_USDT"), answer(rest(name))).outcome is Outcome.UNKNOWN
        for name in ("Trading/GetOrderHistory", "Trading/GetOrdersById"):
            assert orders.parse(asked("order_history", "BTC_USDT"), answer(rest(name))).outcome is Outcome.UNKNOWN

    def test_a_full_page_asks_for_the_next(self, orders: MexcOrders, recorded: Recorded) -> None:
        row = recorded("fetch_order")["data"]
        request = orders.open_orders(InstrumentId("mexc", "STEPN_USDT"))
        verdict = orders.parse(request, answer({"success": True, "code": 0, "data": [row] * 100}))
        assert verdict.next_page is not None
        assert verdict.next_page.query == "page_num=2&page_size=100&symbol=STEPN_USDT"


class TestAccount:
    """Positions, balances, settings, money."""

    @pytest.mark.parametrize("source", ["documented", "recorded"])
    def test_positions(self, orders: MexcOrders, rest: Rest, recorded: Recorded, source: str) -> None:
        body = rest("Trading/GetPositions") if source == "documented" else recorded("fetch_positions")
        verdict = orders.parse(asked("positions", "USDT"), answer(body))
        [snapshot] = told(verdict, PositionsSnapshot)
        [position] = snapshot.positions
        assert (position.instrument.symbol, position.side, position.qty, position.entry) == (
            "ETH_USDT",
            Side.BUY,
            D("0.01"),
            D("1217.3"),
        )
        assert (position.leverage, position.margin_mode, position.margin) == (D(100), MarginMode.ISOLATED, D("0.1290338"))
        assert (position.liquidation, position.realised, position.mode) == (D("1211.2"), D("-0.0073"), PositionMode.ONE_WAY)
        [other] = told(orders.parse(asked("positions", "BTC"), answer(body)), PositionsSnapshot)
        assert (other.currency, list(other.positions)) == ("BTC", [])

    def test_a_position_that_ended_is_flat(self, orders: MexcOrders, recorded: Recorded) -> None:
        row = recorded("parse_position", "fetchPositionsHistory")
        [snapshot] = told(
            orders.parse(asked("positions", "USDT"), answer({"success": True, "code": 0, "data": [row]})), PositionsSnapshot
        )
        assert list(snapshot.positions) == []

    def test_a_position_in_an_unlisted_contract_leaves_the_list_without_completeness(
        self, orders: MexcOrders, rest: Rest
    ) -> None:
        row = {**rest("Trading/GetPositions")["data"][0], "symbol": "NEW_USDT"}
        assert (
            orders.parse(asked("positions", "USDT"), answer({"success": True, "code": 0, "data": [row]})).outcome
            is Outcome.UNKNOWN
        )

    def test_balances(self, orders: MexcOrders, rest: Rest, recorded: Recorded) -> None:
        [event] = told(orders.parse(asked("assets"), answer(rest("Account/GetBalances"))), BalanceChanged)
        assert (event.balance.currency, event.balance.total, event.balance.used) == ("USDT", D("0.03176562"), D(0))
        empty = orders.parse(asked("assets"), answer(recorded("fetch_balance", "swap")))
        assert (empty.outcome, told(empty, BalanceChanged)) == (Outcome.ACK, [])

    def test_mode(self, orders: MexcOrders, rest: Rest, recorded: Recorded) -> None:
        [hedged] = told(orders.parse(asked("position_mode"), answer(rest("Account/GetPositionMode"))), PositionModeTold)
        [one_way] = told(orders.parse(asked("position_mode"), answer(recorded("fetch_position_mode"))), PositionModeTold)
        assert (hedged.mode, one_way.mode) == (PositionMode.HEDGED, PositionMode.ONE_WAY)

    def test_leverage(self, orders: MexcOrders, rest: Rest, recorded: Recorded) -> None:
        [event] = told(orders.parse(asked("leverage", "BTC_USDT"), answer(recorded("fetch_leverage"))), BackingTold)
        assert (event.leverage, event.margin_mode) == (D(20), MarginMode.ISOLATED)
        [older] = told(orders.parse(asked("leverage", "BTC_USDT"), answer(rest("Account/GetLeverage"))), BackingTold)
        assert (older.leverage, older.margin_mode) == (D(1), MarginMode.CROSS)

    def test_fees(self, orders: MexcOrders, rest: Rest) -> None:
        [event] = told(orders.parse(asked("fees", "BTC_USDT"), answer(rest("Account/GetTradingFees"))), FeeRatesTold)
        [rate] = event.rates
        assert (rate.instrument.symbol, rate.maker, rate.taker) == ("BTC_USDT", D("0.0002"), D("0.0006"))

    def test_funding(self, orders: MexcOrders, rest: Rest, recorded: Recorded) -> None:
        first, second = told(
            orders.parse(asked("funding_history", "SUSHI_USDT"), answer(rest("Account/GetFundingHistory"))), FundingPaid
        )
        # The venue counts what is received as positive; here it is a cost that is negative.
        assert (first.amount, first.rate, first.at_ns) == (D("-0.0837798"), D("-0.002"), 1606435200000 * 10**6)
        assert second.exec_id == "funding-327194"
        small, _ = told(
            orders.parse(asked("funding_history", "BTC_USDT"), answer(recorded("fetch_funding_history"))), FundingPaid
        )
        assert small.amount == D("-0.00076180624")

    def test_transfers(self, orders: MexcOrders, rest: Rest, recorded: Recorded) -> None:
        into, out = told(orders.parse(asked("transfers", "USDT"), answer(rest("Account/GetTransferHistory"))), FundsTransferred)
        assert (into.transfer.key, into.transfer.amount, into.transfer.to_trading) == (
            "db13d56ca887429a8f5fe1d1cbc4559c",
            D("0.03176562"),
            True,
        )
        assert (out.transfer.to_trading, out.transfer.state) == (False, TransferState.DONE)
        [text] = told(orders.parse(asked("transfers", "USDT"), answer(recorded("fetch_transfers"))), FundsTransferred)
        assert text.transfer.amount == D("22.90213135")

    def test_fills(self, orders: MexcOrders, rest: Rest, recorded: Recorded) -> None:
        for label in ("fetch_my_trades", "fetch_order_trades"):
            [event] = told(orders.parse(asked("fills", "STEPN_USDT"), answer(recorded(label))), OrderFilled)
            fill = event.fill
            assert (fill.exec_id, fill.venue_id, fill.side) == ("299444585", "265307163526610432", Side.BUY)
            assert (fill.qty, fill.price, fill.fee, fill.fee_currency) == (D(1), D("2.45455"), D("0.00147273"), "USDT")
            assert (fill.liquidity, fill.kind, fill.at_ns) == (Liquidity.TAKER, "trade", 1648924557000 * 10**6)
            assert (fill.position_side, event.replayed) == (PositionSide.LONG, True)
        [event] = told(orders.parse(asked("fills", "ETH_USDT"), answer(rest("Trading/GetOrderTrades"))), OrderFilled)
        assert (event.fill.qty, event.fill.position_side) == (D("0.01"), PositionSide.MERGED)
        placeholders = orders.parse(asked("fills", "ETH_USDT"), answer(rest("Trading/GetUserTrades")))
        assert placeholders.outcome is Outcome.UNKNOWN


class TestMarket:
    """Clock and book."""

    def test_the_clock(self, orders: MexcOrders) -> None:
        verdict = orders.parse(asked("server_time"), answer({"success": True, "code": 0, "data": 1587442022003}))
        assert verdict.server_ns == 1587442022003 * 10**6
        assert orders.parse(asked("server_time"), answer({"success": True, "code": 0})).outcome is Outcome.UNKNOWN

    def test_a_recorded_book(self, orders: MexcOrders, recorded: Recorded) -> None:
        [book] = told(orders.parse(asked("book", "ETH_USDT"), answer(recorded("fetch_order_book"))), BookSnapshot)
        assert (book.sequence, book.at_ns) == (2827730444, 1634117846232 * 10**6)
        assert book.asks == [(D("3445.72"), D("483.79")), (D("3445.75"), D("349.94"))]
        assert book.bids[0] == (D("3445.55"), D("440.81"))

    def test_a_recorded_funding_rate_tells_when_it_is_settled(self, orders: MexcOrders, recorded: Recorded) -> None:
        request = orders.funding_due(InstrumentId("mexc", "BTC_USDT"))
        assert request is not None
        assert (request.path, request.query) == ("/api/v1/contract/funding_rate/BTC_USDT", "")
        body = recorded("fetch_funding_rate")
        assert orders.parse(request, answer(body)).events == (
            TickerChanged(InstrumentId("mexc", "BTC_USDT"), 0, next_funding_ns=1_643_241_600_000 * 10**6),
        )
        without = {**body, "data": {**body["data"], "nextSettleTime": None}}
        assert orders.parse(request, answer(without)).outcome is Outcome.UNKNOWN

    def test_recorded_bars_in_columns(self, orders: MexcOrders, recorded: Recorded) -> None:
        request = orders.candles(InstrumentId("mexc", "ETH_USDT"), 60, 1634052300, 1634052480)
        assert request is not None
        assert (request.path, request.query) == (
            "/api/v1/contract/kline/ETH_USDT",
            "end=1634052420&interval=Min1&start=1634052300",
        )
        [event] = told(orders.parse(request, answer(recorded("fetch_ohlcv"))), CandlesChanged)
        assert event.candles[0] == Candle(
            1634052300, 60, D("3492.2"), D("3495.85"), D("3491.15"), D("3491.3"), D("17.40"), D("60793.623")
        )
        assert [bar.start_s for bar in event.candles] == [1634052300, 1634052360, 1634052420]

    def test_bars_of_columns_that_do_not_fit_are_none(self, orders: MexcOrders, recorded: Recorded) -> None:
        request = orders.candles(InstrumentId("mexc", "ETH_USDT"), 60, 1634052300, 1634052480)
        assert request is not None
        good = recorded("fetch_ohlcv")["data"]
        for change in ({"vol": [1]}, {"high": None}, {"low": [0, 1, 1]}, {"time": ["1", "2", "3"]}):
            body = {"success": True, "code": 0, "data": {**good, **change}}
            assert orders.parse(request, answer(body)).outcome is Outcome.UNKNOWN, change

    def test_more_bars_than_are_told_at_a_time(self, orders: MexcOrders) -> None:
        request = orders.candles(InstrumentId("mexc", "ETH_USDT"), 60, 0, 60 * 5_000)
        assert request is not None
        assert request.query == f"end={60 * 4_999}&interval=Min1&start={60 * 3_000}"
        assert orders.candles(InstrumentId("mexc", "ETH_USDT"), 61, 0, 600) is None


NOT_ASKED = {
    "Account/GetDeductionConfig",
    "Account/GetDiscountTypes",
    "Account/GetProfitRate",
    "Account/GetZeroFeeSymbols",
    "Account/ToggleAutoAddMargin",
    "ExchangeData/GetFundingRate",
    "ExchangeData/GetFundingRateHistory",
    "ExchangeData/GetFundingRates",
    "ExchangeData/GetIndexPrice",
    "ExchangeData/GetMarkPrice",
    "ExchangeData/GetRecentTrades",
    "ExchangeData/GetRiskFundBalanceHistory",
    "ExchangeData/GetRiskFundBalances",
    "ExchangeData/GetTickers",
    "Trading/CancelTrailingOrder",
    "Trading/ChaseOrder",
    "Trading/CloseAllPositions",
    "Trading/EditLimitOrderTpSl",
    "Trading/EditOrder",
    "Trading/EditPlanOrder",
    "Trading/EditTpSlOrder",
    "Trading/EditTrailingOrder",
    "Trading/GetOpenOrderCounts",
    "Trading/GetPositionHistory",
    "Trading/GetRiskLimits",
    "Trading/PlaceOrder",
    "Trading/PlacePlanOrder",
    "Trading/PlaceTpSlOrder",
    "Trading/PlaceTrailingOrder",
    "Trading/ReversePosition",
}
"""Answers to what this program does not ask (``PlaceOrder``: its one answer stands above)."""


def test_no_sample_drops_out_unseen() -> None:
    source = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    names = {row["name"] for row in load("mexcnet_rest.json")}
    assert names >= NOT_ASKED
    for name in names - NOT_ASKED:
        assert f'"{name}"' in source, name


def test_the_contracts_of_the_tests_are_linear() -> None:
    assert all(one.wire_lot == one.lot for one in CONTRACTS)
