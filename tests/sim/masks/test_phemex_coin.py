"""COIN-M at the mask, and what both families share: requests, refusals, streams, money, history."""

from __future__ import annotations

import json
from decimal import Decimal as D
from typing import Any

import pytest

from tests.sim.masks.lived_in import Venue
from tui_trader.core.types import OrderType, PositionSide, Side, TimeInForce
from tui_trader.sim.types import NewOrder, SimOrder, SimStatus

RESTING = {"symbol": "BTCUSD", "side": "Buy", "ordType": "Limit", "orderQty": 10, "priceEp": 480_000_000}


@pytest.fixture
def venue() -> Venue:
    return Venue()


def place(venue: Venue, client_id: str, **change: Any) -> dict[str, Any]:
    return dict(venue.call("POST", "/orders", body={**RESTING, "clOrdID": client_id, **change}))


def order(venue: Venue, client_id: str) -> SimOrder:
    found = venue.exchange.order("trader", client_id=client_id)
    assert found is not None
    return found


def last_push(venue: Venue, channel: str) -> dict[str, Any]:
    venue.mask.flush()
    return venue.listeners[channel].frames[-1]


# -- order entry -----------------------------------------------------------------------------------------------------


def test_create_by_query_is_the_same_as_by_body(venue: Venue) -> None:
    query = "clOrdID=q&symbol=BTCUSD&side=Buy&ordType=Limit&orderQty=10&priceEp=480000000"
    by_query = venue.call("PUT", "/orders/create", query)["data"]
    by_body = place(venue, "b")["data"]
    told_apart = ("orderID", "clOrdID")
    assert {k: v for k, v in by_query.items() if k not in told_apart} == {k: v for k, v in by_body.items() if k not in told_apart}
    assert (by_body["ordStatus"], by_body["execStatus"], by_body["leavesQty"]) == ("Created", "PendingNew", 10)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"symbol": "BTCUSDT"}, 39997),
        ({"symbol": "btcusd"}, 39997),
        ({"side": "Up"}, 11034),
        ({"ordType": "Bracket"}, 11126),
        ({"timeInForce": "RPIPostOnly"}, 11143),
        ({"timeInForce": "Soon"}, 11036),
        ({"priceEp": 480_000_000.5}, 30000),
        ({"orderQty": "many"}, 30000),
        ({"orderQty": 1.5}, 30000),
        ({"priceEp": 480_000_001}, 30000),
        ({"ordType": "Stop", "stopPxEp": 490_000_000, "triggerType": "ByMood"}, 11038),
        ({"takeProfitEp": 510_000_000, "tpTrigger": "ByMood"}, 11077),
        ({"stopLossEp": 470_000_000, "slTrigger": "ByMood"}, 11080),
        ({"ordType": "Stop", "stopPxEp": 490_000_000, "pegPriceType": "LastPeg", "triggerType": "ByMarkPrice"}, 11086),
    ],
)
def test_what_the_gate_refuses(venue: Venue, change: dict[str, Any], code: int) -> None:
    body = {**RESTING, "clOrdID": "bad", **change}
    answer = venue.call("POST", "/orders", body={k: v for k, v in body.items() if v is not None})
    assert (answer["code"], answer["data"]) == (code, None)
    refused = venue.exchange.order("trader", client_id="bad")
    assert refused is None or refused.status is SimStatus.REJECTED
    assert all(row.get("clOrdID") != "bad" for frame in venue.listeners["aop"].frames for row in frame.get("orders", ()))


def test_an_order_that_the_engine_refuses_is_told_by_the_stream_alone(venue: Venue) -> None:
    answer = place(venue, "big", orderQty=19_000_000)
    assert (answer["code"], answer["data"]["ordStatus"]) == (0, "Created")
    row = last_push(venue, "aop")["orders"][-1]
    assert (row["clOrdID"], row["ordStatus"], row["execStatus"], row["code"]) == ("big", "Rejected", "CreateRejected", 11081)
    assert (row["execSeq"], row["addedSeq"]) == (0, 0)


def test_a_client_id_is_used_once(venue: Venue) -> None:
    place(venue, "once")
    assert place(venue, "once")["code"] == 11085


def test_replace_takes_scaled_and_plain_numbers(venue: Venue) -> None:
    place(venue, "moves")
    for query, price, qty in (
        ("origClOrdID=moves&symbol=BTCUSD&priceEp=481000000&orderQty=20", D(48_100), D(20)),
        ("origClOrdID=moves&symbol=BTCUSD&price=48200", D(48_200), D(20)),
    ):
        answer = venue.call("PUT", "/orders/replace", query)
        assert (answer["code"], answer["data"]["execStatus"]) == (0, "PendingReplace")
        assert (order(venue, "moves").price, order(venue, "moves").qty) == (price, qty)
    assert venue.call("PUT", "/orders/replace", "origClOrdID=moves&symbol=BTCUSD&price=48200")["code"] == 11065
    assert venue.call("PUT", "/orders/replace", "origClOrdID=nobody&symbol=BTCUSD&price=48200")["code"] == 10002


def test_several_are_cancelled_by_either_id_each_with_its_own_code(venue: Venue) -> None:
    first, second = place(venue, "one")["data"], place(venue, "two")["data"]
    rows = venue.call("DELETE", "/orders", f"orderID={first['orderID']},nothing&symbol=BTCUSD")["data"]
    assert [(row["orderID"], row["bizError"]) for row in rows] == [(first["orderID"], 0), ("nothing", 10002)]
    rows = venue.call("DELETE", "/orders", "clOrdID=one,two&symbol=BTCUSD")["data"]
    assert [row["bizError"] for row in rows] == [10002, 0]
    assert rows[1]["orderID"] == second["orderID"]


def test_cancel_all_needs_a_symbol_and_is_of_two_kinds(venue: Venue) -> None:
    stop = {"ordType": "Stop", "stopPxEp": 510_000_000, "triggerType": "ByMarkPrice"}
    place(venue, "waits", **stop)
    assert venue.call("DELETE", "/orders/all")["code"] == 10500
    venue.call("DELETE", "/orders/all", "symbol=BTCUSD")
    assert [one.client_id for one in venue.exchange.open_orders("trader", "BTCUSD")] == ["waits"]
    venue.call("DELETE", "/orders/all", "symbol=BTCUSD&untriggered=true")
    assert venue.exchange.open_orders("trader", "BTCUSD") == []
    (other,) = venue.exchange.open_orders("trader")
    assert other.symbol == "BTCUSDT"
    place(venue, "stays")
    venue.call("DELETE", "/g-orders/all")  # without a symbol: all of its own family
    assert [one.client_id for one in venue.exchange.open_orders("trader")] == ["stays"]


def test_the_documented_trailing_stops(venue: Venue) -> None:
    """Contract reference, "More order type examples": a trail at a distance, and one that waits for a price."""
    body = {
        "symbol": "BTCUSD",
        "side": "Sell",
        "ordType": "Stop",
        "orderQty": 0,
        "priceEp": 0,
        "triggerType": "ByLastPrice",
        "stopPxEp": 490_000_000,
        "timeInForce": "ImmediateOrCancel",
        "closeOnTrigger": True,
        "pegPriceType": "TrailingStopPeg",
        "pegOffsetValueEp": -10_000_000,
        "clOrdID": "trail",
    }
    answer = venue.call("POST", "/orders", body=body)["data"]
    assert (answer["ordStatus"], answer["pegPriceType"], answer["pegOffsetValueEp"]) == (
        "Untriggered",
        "TrailingStopPeg",
        -10_000_000,
    )
    pushed = last_push(venue, "aop")["orders"][-1]
    assert (pushed["ordType"], pushed["pegPriceType"], pushed["pegOffsetValueEp"]) == ("Stop", "TrailingStopPeg", -10_000_000)
    assert (order(venue, "trail").type, order(venue, "trail").trail) == (OrderType.TRAILING_STOP, D(1_000))
    (row,) = [one for one in venue.get("/orders/activeList", "symbol=BTCUSD")["data"]["rows"] if one["clOrdID"] == "trail"]
    assert row["stopPxEp"] == 490_000_000
    venue.exchange.submit("maker", NewOrder("", "BTCUSD", Side.SELL, OrderType.LIMIT, D(1), D(50_000)))
    venue.exchange.submit("trader", NewOrder("", "BTCUSD", Side.BUY, OrderType.MARKET, D(1), tif=TimeInForce.IOC))
    (row,) = [one for one in venue.get("/orders/activeList", "symbol=BTCUSD")["data"]["rows"] if one["clOrdID"] == "trail"]
    assert row["stopPxEp"] == 490_000_000  # a thousand below the last price of 50,000
    venue.exchange.submit("trader", NewOrder("", "BTCUSD", Side.BUY, OrderType.MARKET, D(1), tif=TimeInForce.IOC))
    (row,) = [one for one in venue.get("/orders/activeList", "symbol=BTCUSD")["data"]["rows"] if one["clOrdID"] == "trail"]
    assert row["stopPxEp"] == 490_010_000  # and of 50,001, which it has followed
    venue.call("DELETE", "/orders/all", "symbol=BTCUSD&untriggered=true")
    waiting = {**body, "clOrdID": "waits", "stopPxEp": 520_000_000, "pegPriceType": "TrailingTakeProfitPeg"}
    assert venue.call("POST", "/orders", body=waiting)["data"]["stopPxEp"] == 520_000_000
    assert order(venue, "waits").activation


# -- positions and money -------------------------------------------------------------------------------------------


def test_leverage_risk_limit_and_margin(venue: Venue) -> None:
    position = venue.exchange.position("trader", "BTCUSD", PositionSide.MERGED)
    assert venue.call("PUT", "/positions/leverage", "symbol=BTCUSD&leverageEr=2000000000")["code"] == 0
    assert (position.leverage, position.isolated) == (D(20), True)
    assert venue.call("PUT", "/positions/leverage", "symbol=BTCUSD&leverage=-5&leverageEr=300000000")["code"] == 0
    assert (position.leverage, position.isolated) == (D(5), False)
    assert venue.call("PUT", "/positions/leverage", "symbol=BTCUSD&leverage=101")["code"] == 11004
    assert venue.call("PUT", "/positions/leverage", "symbol=BTCUSD&leverage=0")["code"] == 0
    assert position.leverage == D(100)  # zero is the most that the risk limit allows
    assert venue.call("PUT", "/positions/riskLimit", "symbol=BTCUSD&riskLimitEv=15000000000")["code"] == 0
    assert position.risk_limit == D(150)
    assert venue.call("PUT", "/positions/riskLimit", "symbol=BTCUSD&riskLimitEv=1")["code"] == 11002
    assert venue.call("POST", "/positions/assign", "symbol=BTCUSD&posBalanceEv=1000")["code"] == 11007
    venue.call("PUT", "/positions/leverage", "symbol=BTCUSD&leverage=10")
    assert venue.call("POST", "/positions/assign", "symbol=BTCUSD&posBalanceEv=300000")["code"] == 0
    assert position.margin == D("0.003")
    assert venue.call("POST", "/positions/assign", "symbol=cETHUSD&posBalanceEv=1")["code"] == 11006
    row = venue.get("/accounts/accountPositions", "currency=BTC")["data"]["positions"][0]
    assert (row["leverageEr"], row["assignedPosBalanceEv"], row["riskLimitEv"]) == (1_000_000_000, 300_000, 15_000_000_000)


def test_the_funds_journal_adds_up_to_every_balance(venue: Venue) -> None:
    venue.call("POST", "/assets/transfer", body={"currency": "USDT", "amountEv": 5 * 10**8, "moveOp": 2, "linkKey": "x"})
    venue.call("POST", "/assets/transfer", body={"currency": "USDT", "amountEv": 5 * 10**8, "moveOp": 2, "linkKey": "x"})
    venue.call("POST", "/exchange/margins", body={"moveOp": 2, "btcAmount": "0.25"})
    for currency, deposit in (("USDT", D(10_000)), ("BTC", D(1))):
        rows = venue.get("/api-data/futures/v2/tradeAccountDetail", f"currency={currency}&limit=200")["data"]
        balance = deposit
        for row in reversed(rows):
            balance += D(row["amountRv"])
            assert D(row["balanceRv"]) == balance
        assert balance == venue.exchange.wallet("trader", currency)[0]
        assert {row["typeDesc"] for row in rows} == {"EXCHANGE_FEE", "FUNDING_FEE", "REALIZED_PNL", "TRANSFER"}
    only = venue.get("/api-data/futures/v2/tradeAccountDetail", "currency=USDT&type=4")["data"]
    assert [(row["typeDesc"], row["amountRv"]) for row in only] == [("TRANSFER", "5")]


def test_fees_of_a_day_are_those_of_its_executions(venue: Venue) -> None:
    newest, oldest = venue.get("/api-data/g-futures/trading-fees")["data"]  # the second trade came after midnight
    first, second = venue.exchange.fills("trader", "BTCUSDT")
    for row, fill in ((oldest, first), (newest, second)):
        assert (D(row["exchangeFeeRv"]), D(row["takerValueRv"])) == (fill.exec_fee, fill.exec_qty * fill.exec_price)
        assert row["createTime"] == fill.at_ns // 86_400_000_000_000 * 86_400_000
        assert row["makerValueRv"] == "0"


def test_older_transfer_call(venue: Venue) -> None:
    body = {"moveOp": 1, "btcAmountEv": 1_000_000, "linkKey": "key"}
    answer = venue.call("POST", "/exchange/margins", body=body)["data"]
    assert answer == {
        "moveOp": 1,
        "fromCurrencyName": "BTC",
        "toCurrencyName": "BTC",
        "fromAmount": "0.01000000",
        "toAmount": "0.01000000",
        "linkKey": "key",
        "status": 10,
    }
    dollars = venue.call("POST", "/exchange/margins", body={"moveOp": 3, "btcAmount": "0.1"})["data"]
    assert (dollars["fromCurrencyName"], dollars["fromAmount"], dollars["toCurrencyName"]) == ("BTC", "0.10000000", "USD")
    assert D(dollars["toAmount"]) == D("5000.05")
    assert venue.call("POST", "/exchange/margins", body={"moveOp": 3, "btcAmount": "0.001"})["code"] == 30000
    assert venue.call("POST", "/exchange/margins", body={"moveOp": 5, "btcAmount": "1"})["code"] == 30000
    rows = venue.get("/exchange/margins/transfer", "withCount=true")["data"]
    assert (rows["total"], [row["moveOp"] for row in rows["rows"]]) == (2, [3, 1])


def test_closed_positions_tell_a_term_from_open_to_flat(venue: Venue) -> None:
    position = venue.exchange.position("trader", "BTCUSDT", PositionSide.MERGED)
    assert position.qty == 0
    (row,) = venue.get("/api-data/g-futures/closedPosition", "symbol=BTCUSDT")["data"]
    assert (row["finished"], row["side"], row["closedSizeRq"]) == (1, 1, "0.01")
    assert (D(row["closedPnlRv"]), D(row["exchangeFeeRv"]), D(row["fundingFeeRv"])) == (
        position.realised,
        position.fees,
        position.funding,
    )
    assert D(row["realizedPnlRv"]) == position.realised - position.fees - position.funding
    assert (row["openPrice"], row["closePrice"]) == ("50001", "49999")


def test_risk_units_follow_the_ledger_over_rest_and_as_a_stream(venue: Venue) -> None:
    buy = NewOrder("", "BTCUSDT", Side.BUY, OrderType.MARKET, D("0.02"), tif=TimeInForce.IOC)
    venue.exchange.submit("trader", buy)
    venue.exchange.set_reference("BTCUSDT", D(50_100))
    for isolated in (False, True):
        venue.exchange.set_leverage("trader", "BTCUSDT", None, D(10), isolated=isolated)
        position = venue.exchange.position("trader", "BTCUSDT", PositionSide.MERGED)
        units = venue.get("/g-accounts/risk-unit")["data"]
        (unit,) = [
            one for one in units if one["riskMode"] == ("Isolated" if isolated else "CrossAsset") and one["totalPosCostRv"]
        ]
        assert unit["totalPosUnpnlRv"] == venue.exchange.unrealised(position)
        assert unit["totalEquityRv"] == unit["totalBalanceRv"] + unit["totalPosUnpnlRv"]
        pushed = last_push(venue, "ras_p")
        (told,) = [
            one for one in pushed["risk_units"] if one["symbol"] == ("BTCUSDT" if isolated else "") and "totalPosCostRv" in one
        ]
        assert (D(told["totalEquityRv"]), D(told["marginRatioRr"])) == (unit["totalEquityRv"], round(unit["marginRatioRr"], 8))
        assert pushed["type"] == "incremental"
    balance = next(one for one in pushed["risk_wallets"] if one["currency"] == "USDT")
    assert D(balance["balanceRv"]) == venue.exchange.wallet("trader", "USDT")[0]


# -- streams -----------------------------------------------------------------------------------------------------------


def test_the_account_stream_has_one_message_for_each_settle_currency(venue: Venue) -> None:
    frames = [frame for frame in venue.listeners["aop"].frames[2:] if "accounts" in frame]
    snapshots = [frame["accounts"] for frame in frames if frame["type"] == "snapshot"]
    assert [[row["currency"] for row in rows] for rows in snapshots] == [["BTC"], ["ETH"], ["USD"]]
    for channel in ("aop", "aop_p"):
        venue.listeners[channel].frames.clear()
    for symbol in ("BTCUSD", "cETHUSD"):
        venue.exchange.submit("trader", NewOrder("", symbol, Side.BUY, OrderType.LIMIT, D(1), D(2_000)))
    venue.mask.flush()
    frames = venue.listeners["aop"].frames
    told = [([row["currency"] for row in one["accounts"]], [row["symbol"] for row in one["orders"]]) for one in frames]
    assert told == [(["BTC"], ["BTCUSD"]), (["ETH"], ["cETHUSD"])]
    assert venue.listeners["aop_p"].frames == []


def test_one_increment_carries_new_and_then_the_fill(venue: Venue) -> None:
    place(venue, "takes", ordType="Market", priceEp=0)
    rows = last_push(venue, "aop")["orders"]
    assert [(row["execStatus"], row["ordStatus"]) for row in rows] == [("New", "New"), ("TakerFill", "Filled")]
    assert rows[1]["lastLiquidityInd"] == "RemovedLiquidity"
    fill = venue.exchange.fills("trader", "BTCUSD")[-1]
    assert (rows[1]["execID"], rows[1]["execPriceEp"], rows[1]["execFeeEv"]) == (
        fill.exec_id,
        int(fill.exec_price.scaleb(4)),
        int(fill.exec_fee.scaleb(8)),
    )


def test_identical_prints_stay_two(venue: Venue) -> None:
    venue.listeners["trade"].frames.clear()
    for who in ("trader", "maker"):
        venue.exchange.cancel_all(who, "BTCUSD", untriggered=False)
    for _ in range(2):
        venue.exchange.submit("maker", NewOrder("", "BTCUSD", Side.SELL, OrderType.LIMIT, D(7), D(50_000)))
    venue.exchange.submit("trader", NewOrder("", "BTCUSD", Side.BUY, OrderType.MARKET, D(14), tif=TimeInForce.IOC))
    first, second = last_push(venue, "trade")["trades"]
    assert first == second
    assert first[1:] == ["Buy", 500_000_000, 7]


def test_funding_liquidation_and_deleveraging_are_order_rows(venue: Venue) -> None:
    funding = [
        row for frame in venue.listeners["aop"].frames for row in frame.get("orders", ()) if row.get("tradeType") == "Funding"
    ]
    (row,) = funding
    charge = venue.exchange.funding("trader", "BTCUSD")[0]
    assert (row["clOrdID"], row["orderID"], row["execFeeEv"]) == (
        "SettlingFunding",
        "00000000-0000-0000-0000-000000000000",
        int(charge.amount.scaleb(8)),
    )
    venue.exchange.floor.insurance["BTC"] = D(-1)  # it is spent with what the funding has left to it
    venue.exchange.open_account("weak", {"BTC": D("0.1")})
    venue.exchange.cancel_all("maker", "BTCUSD", untriggered=False)
    venue.call("PUT", "/positions/leverage", "symbol=BTCUSD&leverage=-10")
    venue.exchange.set_leverage("weak", "BTCUSD", None, D(50), isolated=True)
    venue.exchange.submit("weak", NewOrder("", "BTCUSD", Side.BUY, OrderType.LIMIT, D(500), D(49_000)))
    venue.exchange.submit("trader", NewOrder("", "BTCUSD", Side.SELL, OrderType.MARKET, D(500), tif=TimeInForce.IOC))
    venue.exchange.cancel_all("trader", "BTCUSD", untriggered=False)
    venue.mask.flush()
    venue.exchange.set_reference("BTCUSD", D(46_000))
    rows = last_push(venue, "aop")["orders"]
    assert [(one["execStatus"], one.get("tradeType")) for one in rows] == [("New", None), ("MakerFill", "AdlTrade")]
    assert [fill.kind for fill in venue.exchange.fills("weak")][-1] == "liquidation"
    history = venue.get("/exchange/order/trade", "symbol=BTCUSD&tradeType=AdlTrade")["data"]["rows"]
    assert [one["execID"] for one in history] == [rows[1]["execID"]]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("orderbook.subscribe", ["BTCUSDT"]),
        ("orderbook_p.subscribe", ["BTCUSD"]),
        ("trade.subscribe", ["BTCUSDT"]),
        ("kline_p.subscribe", ["BTCUSD", 60]),
        ("tick.subscribe", [".MBTCUSDT"]),
        ("tick_p.subscribe", [".MBTC"]),
        ("orderbook.subscribe", ["BTCUSD", True, 7]),
    ],
)
def test_a_channel_of_the_other_family_is_refused(venue: Venue, method: str, params: list[Any]) -> None:
    listener = venue.listeners["tick"]
    venue.mask.receive(listener, json.dumps({"id": 9, "method": method, "params": params}).encode())
    assert listener.frames[-1] == {"error": {"code": 6001, "message": "invalid argument"}, "id": 9, "result": None}


def test_a_full_book_has_every_level(venue: Venue) -> None:
    listener = venue.listeners["orderbook"]
    for step in range(40):
        price = D(49_000) - step
        venue.exchange.submit("maker", NewOrder("", "BTCUSD", Side.BUY, OrderType.LIMIT, D(1), price))
    venue.mask.receive(listener, json.dumps({"id": 9, "method": "orderbook.subscribe", "params": ["BTCUSD", True]}).encode())
    book = listener.frames[-1]
    assert (book["depth"], book["type"]) == (0, "snapshot")
    assert len(book["book"]["bids"]) == 44
    assert book["book"]["bids"] == venue.get("/md/fullbook", "symbol=BTCUSD")["result"]["book"]["bids"]
    assert len(venue.get("/md/orderbook", "symbol=BTCUSD")["result"]["book"]["bids"]) == 30
