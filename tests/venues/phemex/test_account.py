"""Orders, fills, positions and balances of the private feed, from captures of both families."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tui_trader.core.account import Balance
from tui_trader.core.event import (
    BalanceChanged,
    Event,
    FundingPaid,
    OrderChanged,
    OrderFilled,
    PositionChanged,
    Unreadable,
)
from tui_trader.core.order import Fill, OrderReport
from tui_trader.core.types import (
    ClientOrderId,
    ExecId,
    InstrumentId,
    Liquidity,
    MarginMode,
    OrderStatus,
    OrderType,
    PendingAction,
    PositionMode,
    PositionSide,
    Side,
    TimeInForce,
    TriggerSource,
    VenueOrderId,
)
from tui_trader.venues.base import Lane
from tui_trader.venues.phemex.feed import PhemexFeed

D = Decimal
ETH = InstrumentId("phemex", "ETHUSDT")
BTCUSD = InstrumentId("phemex", "BTCUSD")
ORDER: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "orderID": "fa64c6f2-47a4-4929-aab4-b7fa9bbc4323",
    "clOrdID": "tt-1",
    "side": "Buy",
    "posSide": "Merged",
    "ordType": "Limit",
    "ordStatus": "New",
    "execStatus": "New",
    "execID": "00000000-0000-0000-0000-000000000000",
    "orderQty": "0.01",
    "cumQty": "0",
    "cumValueRv": "0",
    "priceRp": "50000",
    "stopPxRp": "0",
    "takeProfitRp": "0",
    "stopLossRp": "0",
    "timeInForce": "GoodTillCancel",
    "execSeq": 7,
    "transactTimeNs": 1701414861472716784,
    "code": 0,
    "cxlRejReason": 0,
    "message": "No error",
    "currency": "USDT",
}


@pytest.fixture
def private() -> PhemexFeed:
    return PhemexFeed(Lane.PRIVATE)


def told(feed: PhemexFeed, *rows: dict[str, Any], kind: str = "incremental") -> list[Event]:
    return feed.receive(json.dumps({"orders_p": rows, "sequence": 1, "timestamp": 5, "type": kind}).encode(), 1)


def report(feed: PhemexFeed, **changes: Any) -> OrderReport:
    [event] = told(feed, ORDER | changes)
    assert isinstance(event, OrderChanged), event
    return event.report


class TestUsdM:
    def frames(self) -> list[bytes]:
        return (Path(__file__).parent / "payloads" / "aop_p_docs_2023.jsonl").read_bytes().splitlines()

    def test_notice_is_ignored(self, private: PhemexFeed) -> None:
        assert private.receive(self.frames()[0], 1) == []

    def test_snapshot_is_history(self, private: PhemexFeed) -> None:
        order, position, balance = private.receive(self.frames()[1], 1)
        assert order == OrderChanged(
            OrderReport(
                instrument=InstrumentId("phemex", "BTCUSDT"),
                client_id=ClientOrderId("c0327a7d-9064-62a9-28f6-2db9aaaa04e0"),
                venue_id=VenueOrderId("fa64c6f2-47a4-4929-aab4-b7fa9bbc4323"),
                status=OrderStatus.LIVE,
                side=Side.BUY,
                type=OrderType.MARKET,
                qty=D("0.003"),
                price=None,
                tif=TimeInForce.IOC,
                position_side=PositionSide.LONG,
                sequence=77751555,
                at_ns=1666858780881545305,
            ),
            replayed=True,
        )
        assert isinstance(position, PositionChanged)
        assert position.position.is_flat
        assert balance == BalanceChanged(
            Balance("phemex", "USDT", D("1508.452588802237"), D("343.132599666883"), 1701414172164093977)
        )

    def test_increment(self, private: PhemexFeed) -> None:
        order, position, balance = private.receive(self.frames()[2], 1)
        assert isinstance(order, OrderChanged)
        assert not order.replayed
        assert (order.report.close_on_trigger, order.report.reduce_only) == (True, False)
        assert (order.report.side, order.report.qty, order.report.filled) == (Side.SELL, D("0.01"), D(0))
        assert isinstance(position, PositionChanged)
        row = position.position
        assert (row.instrument, row.position_side, row.mode, row.side) == (
            ETH,
            PositionSide.MERGED,
            PositionMode.ONE_WAY,
            None,
        )
        assert (row.leverage, row.margin_mode) == (D(10), MarginMode.CROSS)
        # Fourth episode: the sums for life say nothing about it, the venue's net figure does.
        assert (row.realised, row.fees, row.funding) == (D("0.613379890738"), D(0), D(0))
        assert (row.sequence, row.at_ns, row.mark_then) == (7757755866, 1701414861472716784, D("2100.851224773"))
        assert isinstance(balance, BalanceChanged)
        assert balance.balance.free == D("512.089661373758")

    def test_captured_2025(self, private: PhemexFeed, live: Callable[[str, str], bytes]) -> None:
        at_ns = 1763362821375642795
        assert private.receive(live("ws_aop_p", "usd_m_simple"), 1) == [
            BalanceChanged(Balance("phemex", "USDT", D("125.0635927"), D(0), at_ns))
        ]


class TestCoinM:
    def frames(self) -> list[bytes]:
        return (Path(__file__).parent / "payloads" / "aop_docs_coinm.jsonl").read_bytes().splitlines()

    def test_snapshot_has_three_old_fills(self, private: PhemexFeed) -> None:
        events = private.receive(self.frames()[1], 1)
        assert [type(event).__name__ for event in events] == [
            *["OrderChanged", "OrderFilled"] * 3,
            "PositionChanged",
            "BalanceChanged",
        ]
        assert events[1] == OrderFilled(
            Fill(
                exec_id=ExecId("92301512-7a79-5138-b582-ac185223727d"),
                instrument=BTCUSD,
                client_id=ClientOrderId("uuid-1573711480091"),
                venue_id=VenueOrderId("e9a45803-0af8-41b7-9c63-9b7c417715d9"),
                side=Side.BUY,
                qty=D(2),
                price=D("8688.5"),
                fee=D("-0.00000005"),
                fee_currency="BTC",
                liquidity=Liquidity.MAKER,
                at_ns=1573712555309040400,
            ),
            replayed=True,
        )
        position = events[6]
        assert isinstance(position, PositionChanged)
        row = position.position
        assert (row.side, row.qty, row.entry) == (Side.BUY, D(9), D("8687.5941"))
        # Leverage 0 is cross at the most, which the margin rate of 1 % tells.
        assert (row.leverage, row.margin_mode, row.liquidation) == (D(100), MarginMode.CROSS, D("9"))
        # First episode: its fees are the sum for life, -24 satoshi, the three fills' own.
        assert (row.realised, row.fees, row.funding) == (D(0), D("-0.00000024"), D(0))
        assert events[7] == BalanceChanged(Balance("phemex", "BTC", D("1.00000024"), D("0.00001222"), 1573716998131004000))

    def test_one_order_two_rows_in_order(self, private: PhemexFeed) -> None:
        resting, filled, fill, *_ = private.receive(self.frames()[2], 1)
        assert isinstance(resting, OrderChanged)
        assert isinstance(filled, OrderChanged)
        assert isinstance(fill, OrderFilled)
        assert (resting.report.status, filled.report.status) == (OrderStatus.LIVE, OrderStatus.FILLED)
        assert (filled.report.filled, filled.report.filled_value) == (D(4), D("0.00046098"))
        assert (fill.fill.liquidity, fill.fill.fee, fill.replayed) == (Liquidity.TAKER, D("0.00000035"), False)

    def test_captured_2025(self, private: PhemexFeed, live: Callable[[str, str], bytes]) -> None:
        at_ns = 1763353202363975403
        assert private.receive(live("ws_aop", "coin_m_simple"), 1) == [
            BalanceChanged(Balance("phemex", "BTC", D("0.00050649"), D(0), at_ns))
        ]


class TestStates:
    @pytest.mark.parametrize(
        ("word", "status"),
        [
            ("Created", OrderStatus.ACKED),
            ("Untriggered", OrderStatus.ARMED),
            ("Triggered", OrderStatus.LIVE),
            ("New", OrderStatus.LIVE),
            ("PartiallyFilled", OrderStatus.PARTIAL),
            ("Filled", OrderStatus.FILLED),
            ("Canceled", OrderStatus.CANCELED),
            ("Deactivated", OrderStatus.CANCELED),
            ("Suspended", OrderStatus.CANCELED),
            ("Rejected", OrderStatus.REJECTED),
        ],
    )
    def test_words(self, private: PhemexFeed, word: str, status: OrderStatus) -> None:
        assert report(private, ordStatus=word).status is status

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"ordStatus": "Rejected", "code": 11001, "message": ""}, "not enough free margin for this order"),
            ({"ordStatus": "Rejected", "code": 11001, "message": "No error"}, "not enough free margin for this order"),
            (
                {"ordStatus": "Rejected", "code": 11001, "message": "TE: no enough available balance"},
                "TE: no enough available balance",
            ),
            ({"ordStatus": "Rejected"}, "rejected without a reason"),
            ({"ordStatus": "Canceled", "cxlRejReason": 101}, "post-only order would have crossed"),
            ({"ordStatus": "Canceled", "cxlRejReason": 100}, "not enough size in the book to fill the order"),
            ({"ordStatus": "Canceled", "execStatus": "Expired"}, "expired by the venue"),
            (
                {"ordStatus": "Canceled", "timeInForce": "ImmediateOrCancel"},
                "the rest could not be filled immediately",
            ),
            ({"ordStatus": "Canceled"}, ""),
            ({"ordStatus": "Deactivated"}, "conditional order removed before it fired"),
            ({"ordStatus": "New", "message": "No error"}, ""),
        ],
    )
    def test_reasons(self, private: PhemexFeed, changes: dict[str, Any], reason: str) -> None:
        assert report(private, **changes).reason == reason

    def test_a_reason_cannot_steer_the_terminal(self, private: PhemexFeed) -> None:
        told_reason = report(private, ordStatus="Rejected", code=1, message="\x1b]52;c;aGk=\x07[red]").reason
        assert told_reason == "\ufffd]52;c;aGk=\ufffd[red]"

    @pytest.mark.parametrize(
        ("word", "pending"), [("PendingCancel", PendingAction.CANCEL), ("PendingReplace", PendingAction.AMEND)]
    )
    def test_pending(self, private: PhemexFeed, word: str, pending: PendingAction) -> None:
        assert report(private, execStatus=word).pending is pending

    def test_conditional(self, private: PhemexFeed) -> None:
        told_report = report(
            private,
            ordType="Stop",
            ordStatus="Untriggered",
            stopPxRp="45000",
            trigger="ByLastPrice",
            takeProfitRp="60000",
            stopLossRp="40000.5",
            posSide="Short",
            execInst="ReduceOnly",
        )
        assert (told_report.type, told_report.trigger_price) == (OrderType.STOP, D(45000))
        assert (told_report.trigger_source, told_report.position_side) == (TriggerSource.LAST, PositionSide.SHORT)
        assert (told_report.take_profit, told_report.stop_loss) == (D(60000), D("40000.5"))
        assert told_report.reduce_only

    @pytest.mark.parametrize(
        ("peg", "trigger", "activation"),
        [
            ("TrailingStopPeg", D(45000), None),
            ("TrailingTakeProfitPeg", D(45000), D(45000)),
            ("", D(45000), None),
        ],
    )
    def test_a_trailing_stop_is_read_back(
        self, private: PhemexFeed, peg: str, trigger: Decimal, activation: Decimal | None
    ) -> None:
        row = report(
            private,
            ordType="Stop",
            ordStatus="Untriggered",
            stopPxRp="45000",
            trigger="ByLastPrice",
            pegPriceType=peg,
            pegOffsetValueRp="-250.5",
            orderQty="0",
            execInst="CloseOnTrigger",
        )
        assert (row.type, row.trail, row.trigger_price, row.activation_price) == (
            OrderType.TRAILING_STOP,
            D("250.5"),
            trigger,
            activation,
        )
        assert (row.trigger_source, row.close_on_trigger, row.status) == (TriggerSource.LAST, True, OrderStatus.ARMED)

    def test_attached_exits_are_read_back(self, private: PhemexFeed) -> None:
        row = report(
            private,
            takeProfitRp="60000",
            tpTrigger="ByLastPrice",
            tpPxRp="60010",
            stopLossRp="40000",
            slTrigger="ByMarkPrice",
            slPxRp="0",
        )
        assert (row.take_profit, row.take_profit_source, row.take_profit_limit) == (D(60000), TriggerSource.LAST, D(60010))
        assert (row.stop_loss, row.stop_loss_source, row.stop_loss_limit) == (D(40000), TriggerSource.MARK, D(0))
        silent = report(private, takeProfitRp="60000")
        assert (silent.take_profit_source, silent.take_profit_limit, silent.stop_loss) == (None, None, None)

    def test_the_flag_counts_only_without_the_instruction(self, private: PhemexFeed) -> None:
        assert report(private, reduceOnly=True).reduce_only
        assert not report(private, reduceOnly=True, execInst="None").reduce_only


class TestExecutions:
    FILL = ORDER | {
        "ordStatus": "PartiallyFilled",
        "execStatus": "MakerFill",
        "execID": "8d1848a2-5faf-52dd-be71-9fecbc8926be",
        "execQty": "0.004",
        "execPriceRp": "49999.9",
        "execFeeRv": "0.01999996",
        "closedPnlRv": "-1.5",
        "cumQty": "0.004",
        "tradeType": "Trade",
    }

    def test_fill(self, private: PhemexFeed) -> None:
        changed, filled = told(private, self.FILL)
        assert isinstance(changed, OrderChanged)
        assert isinstance(filled, OrderFilled)
        assert (filled.fill.qty, filled.fill.price, filled.fill.fee) == (D("0.004"), D("49999.9"), D("0.01999996"))
        assert (filled.fill.realised, filled.fill.kind) == (D("-1.5"), "trade")

    @pytest.mark.parametrize(("word", "kind"), [("LiqTrade", "liquidation"), ("AdlTrade", "adl")])
    def test_forced(self, private: PhemexFeed, word: str, kind: str) -> None:
        zero = "00000000-0000-0000-0000-000000000000"
        [filled] = told(private, self.FILL | {"tradeType": word, "orderID": zero, "clOrdID": ""})
        assert isinstance(filled, OrderFilled)
        assert filled.fill.kind == kind

    def test_a_cancel_with_an_executed_size_is_no_fill(self, private: PhemexFeed) -> None:
        [event] = told(private, ORDER | {"ordStatus": "Canceled", "execStatus": "Canceled", "execQty": "1"})
        assert isinstance(event, OrderChanged)

    def test_funding_is_no_order(self, private: PhemexFeed) -> None:
        row = ORDER | {
            "tradeType": "Funding",
            "orderID": "00000000-0000-0000-0000-000000000000",
            "execID": "381fbe21-a116-472d-a547-9e2368dcc194",
            "execFeeRv": "-0.479",
            "feeRateRr": "0.0001",
            "ordType": "UNSPECIFIED",
        }
        assert told(private, row) == [
            FundingPaid(
                InstrumentId("phemex", "BTCUSDT"),
                D("-0.479"),
                "USDT",
                D("0.0001"),
                1701414861472716784,
                "381fbe21-a116-472d-a547-9e2368dcc194",
            )
        ]


class TestPositions:
    ROW: dict[str, Any] = {  # noqa: RUF012
        "symbol": "BTCUSDT",
        "currency": "USDT",
        "posMode": "Hedged",
        "posSide": "Short",
        "side": "Sell",
        "size": "0.046",
        "avgEntryPriceRp": "20000",
        "leverageRr": "5",
        "liquidationPriceRp": "23000",
        "positionMarginRv": "184",
        "posCostRv": "1",
        "term": 1,
        "curTermRealisedPnlRv": "-0.66",
        "cumTransactFeeRv": "0.57",
        "cumFundingFeeRv": "0.09",
    }

    def position(self, feed: PhemexFeed, **changes: Any) -> Any:
        frame = json.dumps({"positions_p": [self.ROW | changes], "type": "incremental"})
        [event] = feed.receive(frame.encode(), 1)
        assert isinstance(event, PositionChanged), event
        return event.position

    def test_hedged_isolated_short(self, private: PhemexFeed) -> None:
        row = self.position(private)
        assert (row.mode, row.position_side, row.side, row.qty) == (
            PositionMode.HEDGED,
            PositionSide.SHORT,
            Side.SELL,
            D("0.046"),
        )
        assert (row.leverage, row.margin_mode, row.margin) == (D(5), MarginMode.ISOLATED, D(184))
        assert row.liquidation == D(23000)
        # Closed nothing yet: what was paid is all that was realised.
        assert (row.realised, row.fees, row.funding) == (D(0), D("0.57"), D("0.09"))

    def test_the_sign_of_leverage_is_the_mode_and_cross_margin_lies(self, private: PhemexFeed) -> None:
        row = self.position(private, leverageRr="-10", crossMargin=False)
        assert (row.leverage, row.margin_mode, row.margin) == (D(10), MarginMode.CROSS, D(1))

    @pytest.mark.parametrize(
        ("side", "price"), [("Buy", "0.1"), ("Buy", "0"), ("Sell", "1000000"), ("Sell", "0"), ("None", "23000")]
    )
    def test_markers_are_no_liquidation_price(self, private: PhemexFeed, btcusdt: Any, side: str, price: str) -> None:
        for listed in ([], [btcusdt]):
            private.list_instruments(listed)
            size = "0" if side == "None" else "0.046"
            assert self.position(private, side=side, size=size, liquidationPriceRp=price).liquidation is None

    def test_direction_is_the_side_not_the_sign(self, private: PhemexFeed) -> None:
        row = self.position(private, size="-0.046")
        assert (row.qty, row.signed_qty) == (D("0.046"), D("-0.046"))

    @pytest.mark.parametrize(
        "changes",
        [
            {"size": "NaN"},
            {"size": None},
            {"side": "None"},
            {"side": "Up"},
            {"symbol": "../x"},
            {"posSide": "Both"},
            {"avgEntryPriceRp": "-1"},
        ],
    )
    def test_bad_rows(self, private: PhemexFeed, changes: dict[str, Any]) -> None:
        frame = json.dumps({"positions_p": [self.ROW | changes, self.ROW], "type": "incremental"})
        bad, good = private.receive(frame.encode(), 1)
        assert isinstance(bad, Unreadable)
        assert isinstance(good, PositionChanged)
        assert private.unreadable == 1


class TestBadRows:
    @pytest.mark.parametrize(
        "changes",
        [
            {"orderQty": "junk"},
            {"orderQty": "1_000"},
            {"orderQty": True},
            {"orderQty": [1]},
            {"orderQty": "-1"},
            {"priceRp": "NaN"},
            {"cumQty": "Infinity"},
            {"symbol": "BTC USDT"},
            {"symbol": 5},
            {"side": "Long"},
            {"ordStatus": "Dreaming"},
            {"ordType": "Wish"},
            {"timeInForce": "Forever"},
            {"execSeq": "x"},
            {"clOrdID": "a\x1bb"},
            {"orderID": "x" * 65},
        ],
    )
    def test_one_costs_only_itself(self, private: PhemexFeed, changes: dict[str, Any]) -> None:
        bad, good = told(private, ORDER | changes, ORDER)
        assert isinstance(bad, Unreadable), bad
        assert isinstance(good, OrderChanged)
        bytes.fromhex(bad.sample)
        assert len(bad.sample) <= 128

    def test_json_numbers_stay_exact(self, private: PhemexFeed) -> None:
        raw = msgspec.json.encode({"orders_p": [ORDER], "type": "incremental"})
        raw = raw.replace(b'"priceRp":"50000"', b'"priceRp":0.1000000000000000055511151231257827')
        [event] = private.receive(raw.replace(b'"cumValueRv":"0"', b'"cumValueRv":0E-8'), 1)
        assert isinstance(event, OrderChanged)
        assert event.report.price == D("0.1000000000000000055511151231257827")
        assert event.report.filled_value == 0

    def test_absurd_exponents_are_refused(self, private: PhemexFeed) -> None:
        raw = msgspec.json.encode({"orders_p": [ORDER], "type": "incremental"})
        [event] = private.receive(raw.replace(b'"priceRp":"50000"', b'"priceRp":1e999999999'), 1)
        assert isinstance(event, Unreadable)

    def test_rows_that_are_no_rows(self, private: PhemexFeed) -> None:
        events = private.receive(b'{"orders_p":[5,null,"x",[]],"type":"incremental"}', 1)
        assert [type(event) for event in events] == [Unreadable] * 4
        [event] = private.receive(b'{"orders_p":{"a":1},"type":"incremental"}', 1)
        assert isinstance(event, Unreadable)

    def test_a_report_merges_with_itself(self, private: PhemexFeed) -> None:
        """What the feed tells twice is the same fact."""
        once = report(private)
        assert replace(once) == report(private)
