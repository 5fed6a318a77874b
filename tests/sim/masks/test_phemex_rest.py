"""Phemex's REST side of the mask: the door, receipts, refusals, reads; field names against captured messages."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tui_trader.core.clock import NS, ManualClock
from tui_trader.core.types import Side
from tui_trader.sim.masks.base import Key, RestCall
from tui_trader.sim.masks.phemex_gate import authenticate

if TYPE_CHECKING:
    from tests.sim.conftest import OpenVenue, SimVenue

LIVE = [json.loads(line) for line in (Path(__file__).parent / "payloads" / "live_2025.jsonl").read_text().splitlines()]


def captured(kind: str) -> dict[str, Any]:
    return dict(next(line["message"] for line in LIVE if line["kind"] == kind))


# -- the door ----------------------------------------------------------------------------------------------------------

VECTORS = [
    (
        "PUT",
        "/g-orders/create",
        "clOrdID=abc-1&symbol=BTCUSDT&side=Buy&orderQtyRq=0.01&ordType=Limit&priceRp=50000&posSide=Merged&timeInForce=GoodTillCancel",
        1700000060,
        "7b02fe29b1007559bc81d21638911153897fb1ea191680e6346d09569baeb9d2",
    ),
    (
        "DELETE",
        "/g-orders/cancel",
        "orderID=ab90a08c-b728-4b6b-97c4-36fa497335bf&posSide=Merged&symbol=BTCUSDT",
        1700000060,
        "75c1a8863c57a69c5db2a814791bf59719bba8d598d8b90f33c0fc7eda4c0ad8",
    ),
]
"""HMAC vectors computed outside this project from the documented signing rule and the secret TEST_SECRET_KEY."""


@pytest.mark.parametrize(("method", "path", "query", "expiry", "signature"), VECTORS)
def test_signature_is_over_path_query_and_expiry(method: str, path: str, query: str, expiry: int, signature: str) -> None:
    key = Key("k", "TEST_SECRET_KEY", "trader")
    headers = {"x-phemex-access-token": "k", "x-phemex-request-expiry": str(expiry), "x-phemex-request-signature": signature}
    clock = ManualClock((expiry - 60) * NS)
    assert authenticate(RestCall(method, path, query, headers, b""), {"k": key}, clock) is key
    reordered = "&".join(reversed(query.split("&")))
    assert authenticate(RestCall(method, path, reordered, headers, b""), {"k": key}, clock) is not key


async def test_wrong_signature_unknown_key_and_lateness_are_turned_away(venue: SimVenue) -> None:
    path = ("GET", "/g-orders/activeList", "symbol=BTCUSDT")
    late = venue.now_s() - 1
    assert (await venue.call(*path, signature="0" * 64))[::2] == (
        401,
        {"code": 10500, "msg": "API Signature verification failed."},
    )
    assert (await venue.call(*path, secret="another"))[0] == 401
    assert (await venue.call(*path, key="nobody"))[::2] == (401, {"code": "10500", "msg": "Api key not found nobody"})
    assert (await venue.call(*path, expiry=late))[::2] == (401, {"code": "401", "msg": f"401 Request Expired at {late}"})
    assert (await venue.call(*path, expiry=venue.now_s() + 121))[0] == 401
    assert (await venue.call(*path, expiry=venue.now_s() + 120))[0] == 200
    assert (await venue.fetch(*path))[::2] == (401, {"code": "401", "msg": "401 Failed to load API KEY."})


async def test_refused_signature_executes_nothing(venue: SimVenue) -> None:
    body = {"symbol": "BTCUSDT", "side": "Buy", "posSide": "Merged", "orderQtyRq": "0.01", "priceRp": "49000"}
    status, _, _ = await venue.call("POST", "/g-orders", body=body, secret="another")
    assert status == 401
    assert venue.exchange.open_orders("trader") == []


async def test_body_is_part_of_what_is_signed(venue: SimVenue) -> None:
    signed = json.dumps({"symbol": "BTCUSDT"}).encode()
    status, _, _ = await venue.call("POST", "/g-orders", body={"symbol": "BTCUSDT"})
    assert status == 200
    expiry = str(venue.now_s() + 60)
    signature = hmac.new(venue.server.secret.encode(), f"/g-orders{expiry}".encode() + signed, hashlib.sha256).hexdigest()
    headers = {
        "x-phemex-access-token": venue.server.key,
        "x-phemex-request-expiry": expiry,
        "x-phemex-request-signature": signature,
    }
    assert (await venue.fetch("POST", "/g-orders", raw=signed + b" ", headers=headers))[0] == 401


async def test_contract_calls_are_metered_with_their_weights(venue: SimVenue) -> None:
    _, first, _ = await venue.call("GET", "/g-orders/activeList", "symbol=BTCUSDT")
    assert (first["x-ratelimit-remaining-contract"], first["x-ratelimit-capacity-contract"]) == ("499", "500")
    _, dear, _ = await venue.call("GET", "/g-accounts/positions", "currency=USDT")
    assert dear["x-ratelimit-remaining-contract"] == "474"
    _, all_, _ = await venue.call("DELETE", "/g-orders/all", "symbol=BTCUSDT")
    assert all_["x-ratelimit-remaining-contract"] == "471"
    _, other, _ = await venue.call("GET", "/api-data/g-futures/trades", "symbol=BTCUSDT")
    assert other["x-ratelimit-remaining"] == "99"
    assert "x-ratelimit-remaining-contract" not in other


async def test_spent_window_answers_429_and_opens_again(venue: SimVenue) -> None:
    query = "symbol=BTCUSDT&resolution=60&limit=5"
    for _ in range(10):
        assert (await venue.fetch("GET", "/exchange/public/md/v2/kline/last", query))[0] == 200
    venue.pass_time(20)
    status, headers, body = await venue.fetch("GET", "/exchange/public/md/v2/kline/last", query)
    assert (status, body) == (429, {"code": "39995", "msg": "Too many requests."})
    assert headers["x-ratelimit-retry-after"] == "40"
    venue.pass_time(40)
    assert (await venue.fetch("GET", "/exchange/public/md/v2/kline/last", query))[0] == 200


async def test_limits_can_be_lifted(open_venue: OpenVenue) -> None:
    venue = await open_venue(limits=False)
    for _ in range(12):
        status, headers, _ = await venue.fetch("GET", "/exchange/public/md/v2/kline", "symbol=BTCUSDT&resolution=60&limit=5")
        assert status == 200
        assert "x-ratelimit-remaining" not in headers


# -- receipts ----------------------------------------------------------------------------------------------------------


async def test_create_answers_a_receipt_in_every_field_of_the_captured_one(venue: SimVenue) -> None:
    envelope = await venue.place("abc-1")
    real = captured("rest_g_create")
    assert envelope["code"] == 0
    assert set(envelope) == set(real)
    assert list(envelope["data"]) == list(real["data"])
    for name, value in real["data"].items():
        assert type(envelope["data"][name]) is type(value), name
    data = envelope["data"]
    assert (data["ordStatus"], data["execStatus"], data["cumQtyRq"], data["leavesQtyRq"]) == (
        "Created",
        "PendingNew",
        "0",
        "0.01",
    )


async def test_marketable_order_is_answered_as_pending_all_the_same(venue: SimVenue) -> None:
    data = (await venue.place("m", ordType="Market", priceRp=None, side="Buy"))["data"]
    assert (data["ordStatus"], data["execStatus"], data["cumQtyRq"], data["timeInForce"]) == (
        "Created",
        "PendingNew",
        "0",
        "ImmediateOrCancel",
    )
    assert venue.exchange.positions("trader")[0].qty != 0


async def test_refusals_of_the_engine_come_by_the_stream_alone(venue: SimVenue) -> None:
    wire = await venue.private()
    envelope = await venue.place("too-big", orderQtyRq="10")
    assert (envelope["code"], envelope["data"]["ordStatus"]) == (0, "Created")
    (row,) = await wire.orders(1)
    assert (row["clOrdID"], row["ordStatus"], row["execStatus"], row["code"]) == ("too-big", "Rejected", "CreateRejected", 11001)
    assert row["message"] == "TE: no enough available balance"
    assert (row["execSeq"], row["addedSeq"]) == (0, 0)


async def test_conditional_is_registered(venue: SimVenue) -> None:
    data = (await venue.place("s", ordType="Stop", priceRp=None, stopPxRp="52000", triggerType="ByMarkPrice"))["data"]
    assert (data["ordStatus"], data["execStatus"], data["leavesQtyRq"]) == ("Untriggered", "Registered", "0")
    assert (data["stopDirection"], data["trigger"], data["stopPxRp"]) == ("Rising", "ByMarkPrice", "52000")


async def test_put_with_a_query_creates_too(venue: SimVenue) -> None:
    query = "clOrdID=q-1&symbol=BTCUSDT&side=Sell&posSide=Merged&ordType=Limit&orderQtyRq=0.02&priceRp=51000"
    _, _, envelope = await venue.call("PUT", "/g-orders/create", query)
    assert envelope["data"]["execStatus"] == "PendingNew"
    (order,) = venue.exchange.open_orders("trader")
    assert (order.client_id, order.side, str(order.qty)) == ("q-1", Side.SELL, "0.02")


async def test_replace_answers_in_every_field_of_the_captured_one(venue: SimVenue) -> None:
    placed = (await venue.place("r"))["data"]["orderID"]
    _, _, envelope = await venue.call(
        "PUT", "/g-orders/replace", f"orderID={placed}&symbol=BTCUSDT&posSide=Merged&priceRp=48999&orderQtyRq=0.02"
    )
    real = captured("rest_g_replace")
    assert list(envelope["data"]) == list(real["data"])
    for name in ("ordStatus", "execStatus", "timeInForce"):
        assert envelope["data"][name] == real["data"][name]
    (order,) = venue.exchange.open_orders("trader")
    assert (str(order.price), str(order.qty)) == ("48999", "0.02")


async def test_replace_by_client_id_and_what_it_refuses(venue: SimVenue) -> None:
    await venue.place("r")
    base = "symbol=BTCUSDT&posSide=Merged&origClOrdID="
    assert (await venue.call("PUT", "/g-orders/replace", base + "r&priceRp=48000"))[2]["code"] == 0
    assert (await venue.call("PUT", "/g-orders/replace", base + "r&priceRp=48000"))[2]["code"] == 11065
    assert (await venue.call("PUT", "/g-orders/replace", base + "ghost&priceRp=48000"))[2]["code"] == 10002


async def test_cancel_is_pending_and_then_unknown(venue: SimVenue) -> None:
    await venue.place("c")
    query = "clOrdID=c&posSide=Merged&symbol=BTCUSDT"
    _, _, envelope = await venue.call("DELETE", "/g-orders/cancel", query)
    assert (envelope["data"]["execStatus"], envelope["data"]["ordStatus"]) == ("PendingCancel", "New")
    assert (await venue.call("DELETE", "/g-orders/cancel", query))[2] == {
        "code": 10002,
        "msg": "OM_ORDER_NOT_FOUND",
        "data": None,
    }


@pytest.mark.parametrize("comma", [",", "%2C"])
async def test_bulk_cancel_verifies_the_raw_query(venue: SimVenue, comma: str) -> None:
    ids = [(await venue.place(f"b{i}"))["data"]["orderID"] for i in range(2)]
    _, _, envelope = await venue.call(
        "DELETE", "/g-orders", f"orderID={comma.join([*ids, 'ghost'])}&symbol=BTCUSDT&posSide=Merged"
    )
    assert [row["bizError"] for row in envelope["data"]] == [0, 0, 10002]
    assert venue.exchange.open_orders("trader") == []


async def test_cancel_all_takes_two_calls(venue: SimVenue) -> None:
    await venue.place("live")
    await venue.place("armed", ordType="Stop", priceRp=None, stopPxRp="52000", triggerType="ByMarkPrice")
    await venue.call("DELETE", "/g-orders/all", "symbol=BTCUSDT")
    assert [order.client_id for order in venue.exchange.open_orders("trader")] == ["armed"]
    # The misspelling found in old tables does not reach conditionals either.
    await venue.call("DELETE", "/g-orders/all", "symbol=BTCUSDT&untriggerred=true")
    assert len(venue.exchange.open_orders("trader")) == 1
    await venue.call("DELETE", "/g-orders/all", "symbol=BTCUSDT&untriggered=true")
    assert venue.exchange.open_orders("trader") == []


async def test_duplicate_client_id_is_refused_at_the_gate_and_not_on_the_stream(venue: SimVenue) -> None:
    wire = await venue.private()
    await venue.place("twice")
    assert (await venue.place("twice", priceRp="48000")) == {"code": 11085, "msg": "TE_CL_ORD_ID_DUPLICATE", "data": None}
    await venue.place("after")
    assert [row["clOrdID"] for row in await wire.orders(2)] == ["twice", "after"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"symbol": "btcusdt"}, 39997),
        ({"symbol": "U1000PEPEUSDT"}, 39997),
        ({"symbol": None}, 10500),
        ({"posSide": None}, 10500),
        ({"posSide": "Long"}, 20004),
        ({"side": "buy"}, 11034),
        ({"ordType": "Bracket"}, 11126),
        ({"ordType": "Iceberg"}, 11035),
        ({"timeInForce": "RPIPostOnly"}, 11143),
        ({"timeInForce": "GTC"}, 11036),
        ({"priceRp": "49000.05"}, 30000),
        ({"orderQtyRq": "0.00015"}, 30000),
        ({"orderQtyRq": "-1"}, 30000),
        ({"orderQtyRq": "NaN"}, 30000),
        ({"priceRp": None}, 30000),
        ({"clOrdID": "x" * 41}, 30000),
        ({"ordType": "Stop", "priceRp": None, "stopPxRp": "52000"}, 11038),
        ({"pegPriceType": "TrailingStopPeg"}, 11086),
    ],
)
async def test_gate_refuses(venue: SimVenue, change: dict[str, Any], code: int) -> None:
    envelope = await venue.place("x", **change)
    assert envelope["code"] == code
    assert venue.exchange.open_orders("trader") == []


async def test_json_numbers_are_taken_exactly(venue: SimVenue) -> None:
    assert (await venue.place("n", orderQtyRq=0.03, priceRp=49000.1))["code"] == 0
    (order,) = venue.exchange.open_orders("trader")
    assert (str(order.qty), str(order.price)) == ("0.03", "49000.1")


async def test_symbols_keep_their_case(venue: SimVenue) -> None:
    envelope = await venue.place("p", symbol="u1000PEPEUSDT", priceRp="0.0065", orderQtyRq="1000")
    assert (envelope["code"], envelope["data"]["symbol"]) == (0, "u1000PEPEUSDT")


# -- reads -------------------------------------------------------------------------------------------------------------


async def test_no_open_orders_is_10002(venue: SimVenue) -> None:
    assert (await venue.call("GET", "/g-orders/activeList", "symbol=BTCUSDT"))[2] == {
        "code": 10002,
        "msg": "OM_ORDER_NOT_FOUND",
        "data": None,
    }
    placed = (await venue.place("one"))["data"]["orderID"]
    (row,) = (await venue.call("GET", "/g-orders/activeList", "symbol=BTCUSDT"))[2]["data"]["rows"]
    assert (row["orderID"], row["ordStatus"], row["execStatus"], row["leavesValueRv"]) == (placed, "New", "New", "490")
    one = (await venue.call("GET", "/g-orders/active", f"symbol=BTCUSDT&orderID={placed}"))[2]["data"]
    assert one == row


async def test_by_order_id_finds_any_state_by_either_id(venue: SimVenue) -> None:
    placed = (await venue.place("gone"))["data"]["orderID"]
    await venue.call("DELETE", "/g-orders/cancel", "clOrdID=gone&posSide=Merged&symbol=BTCUSDT")
    path = "/api-data/g-futures/orders/by-order-id"
    for query in (f"symbol=BTCUSDT&orderID={placed}", "symbol=BTCUSDT&clOrdID=gone"):
        (row,) = (await venue.call("GET", path, query))[2]["data"]
        assert (row["orderId"], row["clOrdId"], row["ordStatus"], row["ordType"]) == (placed, "gone", "Canceled", "Limit")
    assert (await venue.call("GET", path, "symbol=BTCUSDT&clOrdID=ghost"))[2]["data"] == []


async def test_history_shows_finished_orders_and_fills(venue: SimVenue) -> None:
    await venue.place("f", ordType="Market", priceRp=None, orderQtyRq="1.5")
    _, _, orders = await venue.call("GET", "/api-data/g-futures/orders", "symbol=BTCUSDT")
    assert [(row["clOrdId"], row["ordStatus"], row["cumQtyRq"]) for row in orders["data"]["rows"]] == [("f", "Filled", "1.5")]
    _, _, trades = await venue.call("GET", "/api-data/g-futures/trades", "symbol=BTCUSDT")
    fills = trades["data"]
    assert sorted((row["execPriceRp"], row["execQtyRq"]) for row in fills) == [("50001", "1"), ("50002", "0.5")]
    assert {(row["tradeType"], row["execStatus"], row["feeRateRr"]) for row in fills} == {("Trade", "TakerFill", "0.0006")}
    assert sum(Decimal(row["execFeeRv"]) for row in fills) == Decimal("45.0012")
    _, _, listed = await venue.call("GET", "/exchange/order/v2/orderList", "currency=USDT&symbol=BTCUSDT&ordStatus=7")
    assert [(row["ordStatus"], row["ordType"], row["side"], row["posSide"]) for row in listed["data"]["rows"]] == [(7, 1, 1, 3)]
    _, _, traded = await venue.call("GET", "/exchange/order/v2/tradingList", "currency=USDT&symbol=BTCUSDT")
    assert {(row["tradeType"], row["execStatus"], row["action"]) for row in traded["data"]["rows"]} == {(1, 7, 1)}


async def test_page_size_is_limited(venue: SimVenue) -> None:
    assert (await venue.call("GET", "/api-data/g-futures/trades", "symbol=BTCUSDT&limit=201"))[2]["code"] == 30018


async def test_positions_in_both_dresses(venue: SimVenue) -> None:
    await venue.place("f", ordType="Market", priceRp=None, orderQtyRq="0.5")
    _, _, plain = await venue.call("GET", "/g-accounts/accountPositions", "currency=USDT")
    row = next(row for row in plain["data"]["positions"] if row["symbol"] == "BTCUSDT")
    assert (row["side"], row["size"], row["avgEntryPriceRp"], row["leverageRr"]) == ("Buy", "0.5", "50001", "-10")
    assert (row["posSide"], row["posMode"], row["valueRv"]) == ("Merged", "OneWay", "25000.5")
    assert (row["buyValueToCostRr"], row["sellValueToCostRr"]) == ("0.10114", "0.10126")
    flat = next(row for row in plain["data"]["positions"] if row["symbol"] == "ETHUSDT")
    assert (flat["side"], flat["size"], flat["liquidationPriceRp"]) == ("None", "0", "0")
    _, _, marked = await venue.call("GET", "/g-accounts/positions", "currency=USDT&symbol=BTCUSDT")
    (row,) = marked["data"]["positions"]
    assert row["sizeRq"] == "0.5"
    assert "size" not in row
    assert "unRealisedPnlRv" in row
    assert marked["data"]["account"]["accountBalanceRv"] == "9984.9997"


async def test_leverage_sign_is_the_margin_mode(venue: SimVenue) -> None:
    set_ = "/g-positions/leverage"
    assert (await venue.call("PUT", set_, "symbol=BTCUSDT&leverageRr=25"))[2] == {"code": 0, "msg": "", "data": "OK"}

    async def shown() -> str:
        _, _, body = await venue.call("GET", "/g-accounts/accountPositions", "currency=USDT&symbol=BTCUSDT")
        return str(body["data"]["positions"][0]["leverageRr"])

    assert await shown() == "25"
    await venue.call("PUT", set_, "symbol=BTCUSDT&leverageRr=-10")
    assert await shown() == "-10"
    assert (await venue.call("PUT", set_, "symbol=BTCUSDT&leverageRr=1000"))[2]["code"] == 11004


async def test_hedged_mode_has_two_rows_and_wants_a_leg(venue: SimVenue) -> None:
    _, _, body = await venue.call("PUT", "/g-positions/switch-pos-mode-sync", "symbol=BTCUSDT&targetPosMode=Hedged")
    assert body == {"code": 0, "msg": "", "data": "ok"}
    _, _, account = await venue.call("GET", "/g-accounts/accountPositions", "currency=USDT&symbol=BTCUSDT")
    assert [(row["posSide"], row["posMode"]) for row in account["data"]["positions"]] == [("Long", "Hedged"), ("Short", "Hedged")]
    assert (await venue.place("m"))["code"] == 20004
    assert (await venue.place("l", posSide="Long"))["code"] == 0
    wrong_leg = "clOrdID=l&posSide=Short&symbol=BTCUSDT"
    assert (await venue.call("DELETE", "/g-orders/cancel", wrong_leg))[2]["code"] == 10002
    legs = "symbol=BTCUSDT&longLeverageRr=5&shortLeverageRr=-7"
    assert (await venue.call("PUT", "/g-positions/leverage", legs))[2]["code"] == 0
    assert (await venue.call("PUT", "/g-positions/switch-pos-mode-sync", "symbol=BTCUSDT&targetPosMode=OneWay"))[2][
        "code"
    ] == 20004


async def test_margin_is_assigned_as_a_target_with_query_arguments(venue: SimVenue) -> None:
    assign = "/g-positions/assign"
    query = "symbol=BTCUSDT&posSide=Merged&posBalanceRv=4000"
    assert (await venue.call("POST", assign, query))[2]["code"] == 11006
    await venue.call("PUT", "/g-positions/leverage", "symbol=BTCUSDT&leverageRr=10")
    await venue.place("f", ordType="Market", priceRp=None, orderQtyRq="0.5")
    assert (await venue.call("POST", assign, query))[2]["data"] == "OK"
    _, _, body = await venue.call("GET", "/g-accounts/accountPositions", "currency=USDT&symbol=BTCUSDT")
    assert body["data"]["positions"][0]["assignedPosBalanceRv"] == "4000"
    assert (await venue.call("POST", assign, query.replace("4000", "90000")))[2]["code"] == 11010


async def test_funding_is_charged_and_listed(venue: SimVenue) -> None:
    await venue.place("f", ordType="Market", priceRp=None, orderQtyRq="0.5")
    listing = venue.exchange.listings["BTCUSDT"]
    listing.state.funding_rate = listing.instrument.maker_fee
    venue.pass_time(8 * 3600)
    _, _, fees = await venue.call("GET", "/api-data/g-futures/funding-fees", "symbol=BTCUSDT")
    (row,) = fees["data"]["rows"]
    assert (row["side"], row["execQtyRq"], row["fundingRateRr"]) == ("Buy", "0.5", "0.0001")
    assert row["execFeeRv"].startswith("2.5")
    _, _, trades = await venue.call("GET", "/api-data/g-futures/trades", "symbol=BTCUSDT")
    newest = trades["data"][0]
    assert (newest["tradeType"], newest["clOrdID"], newest["orderID"][:9]) == ("Funding", "SettlingFunding", "00000000-")
    _, _, rates = await venue.fetch("GET", "/api-data/public/data/funding-rate-history", "symbol=.BTCUSDTFR8H&limit=5")
    assert [rate["fundingRate"] for rate in rates["data"]["rows"]] == ["0.0001"]


async def test_fee_rates_are_scaled_integers(venue: SimVenue) -> None:
    _, _, body = await venue.call("GET", "/api-data/futures/fee-rate", "settleCurrency=USDT")
    row = next(row for row in body["data"]["symbolFeeRates"] if row["symbol"] == "BTCUSDT")
    assert (row["takerFeeRateEr"], row["makerFeeRateEr"]) == (60_000, 10_000)


async def test_products_have_every_field_of_the_captured_row(venue: SimVenue) -> None:
    _, _, body = await venue.fetch("GET", "/public/products")
    real = captured("rest_products")["data"]
    assert set(real) <= set(body["data"])
    row = next(row for row in body["data"]["perpProductsV2"] if row["symbol"] == "BTCUSDC")
    told = real["perpProductsV2"][0]
    assert set(row) == set(told)
    for name in ("tickSize", "qtyStepSize", "minOrderValueRv", "fundingInterval", "indexSymbol", "type", "status", "code"):
        assert row[name] == told[name], name
    tables = {table["index_id"] for table in body["data"]["leverageMargins"]}
    assert {product["leverageMargin"] for product in body["data"]["perpProductsV2"]} <= tables


async def test_market_reads_use_the_other_envelope(venue: SimVenue) -> None:
    _, _, book = await venue.fetch("GET", "/md/v2/orderbook", "symbol=BTCUSDT")
    assert (book["error"], book["id"], book["result"]["depth"]) == (None, 0, 30)
    assert book["result"]["orderbook_p"]["bids"][0] == ["49999", "1"]
    _, _, ticker = await venue.fetch("GET", "/md/v3/ticker/24hr", "symbol=BTCUSDT")
    assert (ticker["result"]["bidRp"], ticker["result"]["askRp"]) == ("49999", "50001")
    _, _, all_ = await venue.fetch("GET", "/md/v3/ticker/24hr/all")
    assert [row["symbol"] for row in all_["result"]] == list(venue.exchange.instruments)
    await venue.place("f", ordType="Market", priceRp=None, orderQtyRq="1.5")
    _, _, trades = await venue.fetch("GET", "/md/v2/trade", "symbol=BTCUSDT")
    assert [row[1:] for row in trades["result"]["trades_p"]] == [["Buy", "50002", "0.5"], ["Buy", "50001", "1"]]
    assert (await venue.fetch("GET", "/md/v2/trade", "symbol=NOPE"))[2] == {
        "error": {"code": 6001, "message": "invalid argument"},
        "id": None,
        "result": None,
    }


async def test_candles_leave_out_the_one_being_formed(venue: SimVenue) -> None:
    path = "/exchange/public/md/v2/kline/last"
    await venue.place("f", ordType="Market", priceRp=None, orderQtyRq="0.1")
    venue.pass_time(61)
    await venue.place("g", ordType="Market", priceRp=None, orderQtyRq="0.2")
    _, _, body = await venue.fetch("GET", path, "symbol=BTCUSDT&resolution=60&limit=5")
    newest = body["data"]["rows"][0]
    assert newest[1:8] == [60, "50001", "50001", "50001", "50001", "50001", "0.1"]
    assert newest[0] == venue.now_s() // 60 * 60 - 60
    assert (await venue.fetch("GET", path, "symbol=BTCUSDT"))[2] == {
        "code": 412,
        "msg": "Missing parameter - resolution",
        "data": None,
    }
    assert (await venue.fetch("GET", path, "symbol=BTCUSDT&resolution=60&limit=7"))[2]["code"] == 30000


async def test_server_time_is_the_gateways(venue: SimVenue) -> None:
    assert (await venue.fetch("GET", "/public/time"))[2]["data"] == {"serverTime": venue.now_s() * 1000}


async def test_real_funding_rates(venue: SimVenue) -> None:
    _, _, body = await venue.fetch("GET", "/contract-biz/public/real-funding-rates", "symbol=BTCUSDT")
    (row,) = body["data"]
    assert row["fundingInterval"] == 28_800
    assert row["nextfundingTime"] == (venue.now_s() // 28_800 + 1) * 28_800_000


async def test_unknown_path_is_404(venue: SimVenue) -> None:
    assert (await venue.fetch("GET", "/g-orders/nothing"))[0] == 404


async def test_every_private_route_wants_a_signature(venue: SimVenue) -> None:
    mask: Any = venue.server.mask
    statuses = await asyncio.gather(*(venue.fetch(method, path) for method, path in mask._private_routes))
    assert {status for status, _, _ in statuses} == {401}
