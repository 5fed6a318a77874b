"""Phemex's WebSocket side of the mask: login, books that can be kept, the private stream row by row, limits."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from tui_trader.core.clock import NS
from tui_trader.core.types import Side
from tui_trader.sim.masks.phemex_feed import PACK_FIELDS

if TYPE_CHECKING:
    from tests.sim.conftest import OpenVenue, SimVenue

PAYLOADS = Path(__file__).parent / "payloads"
LIVE = [json.loads(line) for line in (PAYLOADS / "live_2025.jsonl").read_text().splitlines()]
AOP = [json.loads(line) for line in (PAYLOADS / "aop_p_2023.jsonl").read_text().splitlines()]
NO_EXEC = "00000000-0000-0000-0000-000000000000"
SUCCESS = {"status": "success"}


def captured(kind: str, case: str) -> dict[str, Any]:
    return dict(next(line["message"] for line in LIVE if (line["kind"], line["case"]) == (kind, case)))


def is_book(message: dict[str, Any]) -> bool:
    return "orderbook_p" in message


# -- conversation ------------------------------------------------------------------------------------------------------


async def test_login_answers_success(venue: SimVenue) -> None:
    wire = await venue.connect()
    assert await wire.login() == {"error": None, "id": 1, "result": SUCCESS}


@pytest.mark.parametrize("change", [{"secret": "x"}, {"key": "x"}, {"expiry": 1}, {"expiry": 1 << 40}, {"expiry": "1763481660"}])
async def test_bad_login_is_refused_and_opens_nothing(venue: SimVenue, change: dict[str, Any]) -> None:
    wire = await venue.connect()
    reply = await wire.login(**change)
    assert reply["error"]["code"] == 6001
    assert reply["result"] is None
    assert (await wire.ask("aop_p.subscribe"))["error"]["code"] == 6001


async def test_expiry_of_a_login_may_be_two_minutes_ahead(venue: SimVenue) -> None:
    wire = await venue.connect()
    assert (await wire.login(expiry=venue.now_s() + 121))["error"] is not None
    assert (await wire.login(expiry=venue.now_s() + 120))["result"] == SUCCESS


async def test_ping_and_nonsense(venue: SimVenue) -> None:
    wire = await venue.connect()
    assert await wire.ask("server.ping") == {"error": None, "id": 1, "result": "pong"}
    assert (await wire.ask("orderbook.subscribe", ["BTCUSD"]))["error"] == {"code": 6001, "message": "invalid argument"}
    for text in ("not json", "[]", '{"id":5}'):
        await wire.socket.send_str(text)
        assert (await wire.reply(None))["error"]["code"] == 6001
    for params in (["NOPE"], [], ["btcusdt"], ["BTCUSDT", 1], ["BTCUSDT", False, 7], ["BTCUSDT", False, True]):
        assert (await wire.ask("orderbook_p.subscribe", params))["error"]["code"] == 6001
    assert (await wire.ask("kline_p.subscribe", ["BTCUSDT", 61]))["error"]["code"] == 6001
    assert (await wire.ask("tick_p.subscribe", [".NOPE"]))["error"]["code"] == 6001


async def test_silent_client_is_dropped(open_venue: OpenVenue) -> None:
    venue = await open_venue(idle_s=0.05)
    wire = await venue.connect()
    assert (await wire.ended()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    assert venue.server.mask.idle_s == 30


async def test_requests_subscriptions_and_connections_are_limited(venue: SimVenue) -> None:
    wire = await venue.connect()
    replies = [await wire.ask("server.ping") for _ in range(21)]
    assert [reply["error"] for reply in replies[:20]] == [None] * 20
    assert replies[20]["error"]["code"] == 39995
    venue.clock.advance(1)
    resolutions = [60, 300, 900, 1800, 3600]
    topics = [(symbol, seconds) for symbol in venue.exchange.instruments for seconds in resolutions]
    assert len(topics) == 20
    for topic in topics:
        assert (await wire.ask("kline_p.subscribe", topic))["error"] is None
    venue.clock.advance(1)
    assert (await wire.ask("trade_p.subscribe", ["BTCUSDT"]))["error"]["message"] == "too many subscriptions"
    assert (await wire.ask("kline_p.subscribe", topics[0]))["error"] is None
    others = [await venue.connect() for _ in range(4)]
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await venue.connect()
    assert refused.value.status == 429
    assert len(others) + 1 == venue.server.connections


# -- books -------------------------------------------------------------------------------------------------------------


async def test_book_messages_have_every_field_of_the_captured_ones(venue: SimVenue) -> None:
    wire = await venue.connect()
    await wire.ask("orderbook_p.subscribe", ["BTCUSDT"])
    snapshot = await wire.push(is_book)
    venue.make(Side.BUY, "49999.5", "2")
    venue.pass_time(0.02)
    increment = await wire.push(is_book)
    assert set(snapshot) == set(captured("ws_orderbook_p", "snapshot"))
    assert set(increment) == set(captured("ws_orderbook_p", "incremental"))
    assert (snapshot["type"], snapshot["depth"], increment["type"]) == ("snapshot", 30, "incremental")
    assert snapshot["orderbook_p"]["bids"] == [["49999", "1"], ["49998", "1"], ["49997", "1"]]
    assert increment["orderbook_p"] == {"asks": [], "bids": [["49999.5", "2"]]}
    assert increment["sequence"] > snapshot["sequence"]
    assert increment["timestamp"] <= increment["mts"] <= increment["dts"]
    assert increment["dts"] > 10**18


async def test_level_pushed_out_of_depth_is_deleted_and_sent_again_when_it_returns(venue: SimVenue) -> None:
    wire = await venue.connect()
    await wire.ask("orderbook_p.subscribe", ["BTCUSDT", False, 1])
    assert (await wire.push(is_book))["orderbook_p"]["bids"] == [["49999", "1"]]
    better = venue.make(Side.BUY, "50000", "2")
    venue.pass_time(0.02)
    assert (await wire.push(is_book))["orderbook_p"]["bids"] == [["50000", "2"], ["49999", "0"]]
    venue.exchange.cancel("maker", "BTCUSDT", order_id=better.order_id)
    venue.pass_time(0.02)
    assert (await wire.push(is_book))["orderbook_p"]["bids"] == [["49999", "1"], ["50000", "0"]]


@pytest.mark.parametrize("depth", [0, 5, 10])
async def test_increments_keep_a_book_equal_to_the_exchanges(venue: SimVenue, depth: int) -> None:
    wire = await venue.connect()
    await wire.ask("orderbook_p.subscribe", ["BTCUSDT", False, depth])
    snapshot = await wire.push(is_book)
    held = {side: dict(snapshot["orderbook_p"][side]) for side in ("bids", "asks")}
    sequence = snapshot["sequence"]
    dice = random.Random(depth)
    resting: list[str] = []
    steps = []
    for _ in range(120):
        if resting and dice.random() < 0.45:
            venue.exchange.cancel("maker", "BTCUSDT", order_id=resting.pop(dice.randrange(len(resting))))
        else:
            side = dice.choice([Side.BUY, Side.SELL])
            price = 49_990 + dice.randrange(8) if side is Side.BUY else 50_004 + dice.randrange(8)
            resting.append(venue.make(side, str(price), f"0.{dice.randrange(1, 10)}").order_id)
        before = venue.exchange.seq
        venue.pass_time(0.02)
        bids, asks = venue.exchange.book("BTCUSDT", depth or None)
        steps.append((before, {"bids": bids, "asks": asks}))
    venue.make(Side.BUY, "49999.9", "7")
    venue.pass_time(0.02)
    unknown = 0
    while ["49999.9", "7"] not in (message := await wire.push(is_book))["orderbook_p"]["bids"]:
        assert message["sequence"] > sequence
        sequence = message["sequence"]
        for side, levels in held.items():
            for price, size in message["orderbook_p"][side]:
                if size == "0":
                    unknown += levels.pop(price, None) is None
                else:
                    levels[price] = size
            assert not depth or len(levels) <= depth
    for side in ("bids", "asks"):
        assert {float(p): float(s) for p, s in held[side].items()} == {float(p): float(s) for p, s in steps[-1][1][side]}
    assert unknown == 0


async def test_cadence_holds_changes_back(venue: SimVenue) -> None:
    wire = await venue.connect()
    await wire.ask("orderbook_p.subscribe", ["BTCUSDT", True, 5])
    await wire.push(is_book)
    for _ in range(5):
        venue.make(Side.BUY, "49990", "1")
        venue.pass_time(0.02)
    venue.pass_time(0.02)
    assert (await wire.push(is_book))["orderbook_p"]["bids"] == [["49990", "5"]]


async def test_book_is_sent_again_each_minute_with_the_sequence_of_the_last_increment(venue: SimVenue) -> None:
    wire = await venue.connect()
    await wire.ask("orderbook_p.subscribe", ["BTCUSDT"])
    await wire.push(is_book)
    venue.make(Side.BUY, "49999.5", "2")
    venue.pass_time(1)
    increment = await wire.push(is_book)
    venue.pass_time(60)
    again = await wire.push(is_book)
    assert (again["type"], again["sequence"]) == ("snapshot", increment["sequence"])
    assert again["orderbook_p"]["bids"][0] == ["49999.5", "2"]


async def test_second_subscription_of_a_book_replaces_the_first(venue: SimVenue) -> None:
    wire = await venue.connect()
    await wire.ask("orderbook_p.subscribe", ["BTCUSDT", False, 30])
    await wire.ask("orderbook_p.subscribe", ["BTCUSDT", False, 1])
    assert [(await wire.push(is_book))["depth"] for _ in range(2)] == [30, 1]
    venue.make(Side.BUY, "50000", "2")
    venue.pass_time(0.02)
    assert (await wire.push(is_book))["depth"] == 1
    await wire.ask("server.ping")
    assert not [message for message in wire.pushes if is_book(message)]


async def test_unsubscribed_book_is_silent(venue: SimVenue) -> None:
    wire = await venue.connect()
    await wire.ask("orderbook_p.subscribe", ["BTCUSDT"])
    await wire.push(is_book)
    assert (await wire.ask("orderbook_p.unsubscribe"))["result"] == SUCCESS
    venue.make(Side.BUY, "50000", "2")
    venue.pass_time(0.02)
    await wire.ask("server.ping")
    assert wire.pushes == []


# -- trades, candles, tables -------------------------------------------------------------------------------------------


async def test_trades_newest_first_in_snapshot_and_increment(venue: SimVenue) -> None:
    await venue.place("a", ordType="Market", priceRp=None, orderQtyRq="1.5")
    wire = await venue.connect()
    await wire.ask("trade_p.subscribe", ["BTCUSDT"])
    snapshot = await wire.push(lambda m: "trades_p" in m)
    assert [row[1:] for row in snapshot["trades_p"]] == [["Buy", "50002", "0.5"], ["Buy", "50001", "1"]]
    await venue.place("b", ordType="Market", priceRp=None, side="Sell", orderQtyRq="1.5")
    increment = await wire.push(lambda m: "trades_p" in m)
    assert [row[1:] for row in increment["trades_p"]] == [["Sell", "49998", "0.5"], ["Sell", "49999", "1"]]
    assert set(snapshot) == set(captured("ws_trade_p", "snapshot"))
    assert set(increment) == set(captured("ws_trade_p", "incremental"))


async def test_candles_snapshot_then_the_forming_one(venue: SimVenue) -> None:
    await venue.place("a", ordType="Market", priceRp=None, orderQtyRq="0.1")
    wire = await venue.connect()
    await wire.ask("kline_p.subscribe", ["BTCUSDT", 60])
    snapshot = await wire.push(lambda m: "kline_p" in m)
    assert (snapshot["type"], snapshot["kline_p"][0][1:]) == (
        "snapshot",
        [60, "50001", "50001", "50001", "50001", "50001", "0.1", "5000.1"],
    )
    await venue.place("b", ordType="Market", priceRp=None, side="Sell", orderQtyRq="0.2")
    venue.pass_time(0.3)
    increment = await wire.push(lambda m: "kline_p" in m)
    assert (increment["type"], len(increment["kline_p"])) == ("incremental", 1)
    assert increment["kline_p"][0][3:8] == ["50001", "50001", "49999", "49999", "0.3"]


async def test_packed_table_names_its_fields_once(venue: SimVenue) -> None:
    wire = await venue.connect()
    await wire.ask("perp_market24h_pack_p.subscribe")
    snapshot = await wire.push(lambda m: m.get("method") == "perp_market24h_pack_p.update")
    assert (snapshot["type"], snapshot["fields"], len(PACK_FIELDS)) == ("snapshot", PACK_FIELDS, 14)
    row = dict(zip(snapshot["fields"], snapshot["data"][0], strict=True))
    assert (row["symbol"], row["bidRp"], row["askRp"], row["markRp"]) == ("BTCUSDT", "49999", "50001", "50000")
    venue.pass_time(1)
    push = await wire.push(lambda m: m.get("method") == "perp_market24h_pack_p.update")
    assert (push["type"], "fields" in push, len(push["data"])) == ("incremental", False, 4)


async def test_single_ticker_and_ticks(venue: SimVenue) -> None:
    wire = await venue.connect()
    await wire.ask("market24h_p.subscribe", ["BTCUSDT"])
    ticker = await wire.push(lambda m: "market24h_p" in m)
    real = captured("ws_market24h_p", "usd_m_simple")
    assert set(ticker) == set(real)
    assert set(ticker["market24h_p"]) == set(real["market24h_p"])
    await wire.ask("tick_p.subscribe", [".MBTCUSDT"])
    tick = await wire.push(lambda m: "tick_p" in m)
    assert (tick["tick_p"]["last"], tick["tick_p"]["symbol"]) == ("50000", ".MBTCUSDT")
    assert (await wire.ask("tick_p.subscribe", [".u1000PEPEUSDT"]))["result"] == SUCCESS


# -- private stream ----------------------------------------------------------------------------------------------------


async def test_rows_have_every_field_of_the_captured_ones(venue: SimVenue) -> None:
    wire = await venue.private()
    await venue.place("m", ordType="Market", priceRp=None)
    increment = await wire.push(lambda m: m.get("type") == "incremental" and "orders_p" in m)
    for real in AOP[1:]:
        assert set(real) <= set(increment)
        for table in ("orders_p", "positions_p", "accounts_p"):
            for theirs in real[table]:
                for ours in increment[table]:
                    assert set(theirs) <= set(ours), table
                    for name, value in theirs.items():
                        assert type(ours[name]) is type(value), name
    live = captured("ws_aop_p", "usd_m_simple")["accounts_p"][0]
    assert set(increment["accounts_p"][0]) == set(live)


async def test_market_order_is_new_and_then_filled_in_one_message(venue: SimVenue) -> None:
    wire = await venue.private()
    await venue.place("m", ordType="Market", priceRp=None, orderQtyRq="1.5")
    message = await wire.push(lambda m: m.get("type") == "incremental" and "orders_p" in m)
    new, first, second = message["orders_p"]
    assert [row["execStatus"] for row in message["orders_p"]] == ["New", "TakerFill", "TakerFill"]
    assert [row["ordStatus"] for row in message["orders_p"]] == ["New", "PartiallyFilled", "Filled"]
    assert (new["execID"], new["execQty"], new["tradeType"]) == (NO_EXEC, "0", "")
    assert (first["execPriceRp"], first["execQty"], first["execFeeRv"]) == ("50001", "1", "30.0006")
    assert (second["cumQty"], second["leavesQty"], second["cumFeeRv"], second["tradeType"]) == ("1.5", "0", "45.0012", "Trade")
    assert len({new["execID"], first["execID"], second["execID"]}) == 3
    assert new["execSeq"] < first["execSeq"] < second["execSeq"]
    (position,) = message["positions_p"]
    assert (position["symbol"], position["side"], position["size"]) == ("BTCUSDT", "Buy", "1.5")
    (account,) = message["accounts_p"]
    assert account["accountBalanceRv"] == "9954.9988"


async def test_verdict_follows_the_receipt(venue: SimVenue) -> None:
    """The row of a resting order is not sent before its REST answer was written."""
    wire = await venue.private()
    sent: list[str] = []
    mask: Any = venue.server.mask
    publish = mask._private.publish
    mask._private.publish = lambda: (sent.append("row") if mask._private._pending else None, publish())[1]
    rest = mask.rest

    def answer(call: Any) -> Any:
        sent.append("receipt")
        return rest(call)

    mask.rest = answer
    await venue.place("v")
    (row,) = await wire.orders(1)
    assert (row["ordStatus"], row["execStatus"], row["leavesQty"], row["execID"]) == ("New", "New", "0.01", NO_EXEC)
    assert sent == ["receipt", "row"]


async def test_post_only_that_would_cross_is_refused_by_the_matching_engine(venue: SimVenue) -> None:
    wire = await venue.private()
    assert (await venue.place("p", timeInForce="PostOnly", priceRp="50001"))["code"] == 0
    (row,) = await wire.orders(1)
    assert (row["ordStatus"], row["cxlRejReason"], row["code"], row["execStatus"]) == ("Rejected", 101, 0, "Aborted")


async def test_maker_fill_replace_cancel_and_expiry(venue: SimVenue) -> None:
    wire = await venue.private()
    await venue.place("m", priceRp="50000")
    await venue.call("PUT", "/g-orders/replace", "origClOrdID=m&symbol=BTCUSDT&posSide=Merged&orderQtyRq=0.04")
    venue.make(Side.SELL, "50000", "0.03")
    venue.pass_time(0.02)
    await venue.call("DELETE", "/g-orders/cancel", "clOrdID=m&posSide=Merged&symbol=BTCUSDT")
    rows = await wire.orders(4)
    assert [(row["action"], row["ordStatus"], row["execStatus"]) for row in rows] == [
        ("New", "New", "New"),
        ("Replace", "New", "New"),
        ("New", "PartiallyFilled", "MakerFill"),
        ("Cancel", "Canceled", "Canceled"),
    ]
    assert (rows[2]["feeRateRr"], rows[2]["execFeeRv"], rows[3]["cumQty"]) == ("0.0001", "0.15", "0.03")
    await venue.place("i", timeInForce="ImmediateOrCancel", priceRp="50001", orderQtyRq="1.2")
    rows = await wire.orders(3)
    assert [(row["ordStatus"], row["execStatus"]) for row in rows] == [
        ("New", "New"),
        ("PartiallyFilled", "TakerFill"),
        ("Canceled", "Expired"),
    ]


async def test_conditional_waits_fires_and_can_be_deactivated(venue: SimVenue) -> None:
    wire = await venue.private()
    await venue.place("s", ordType="Stop", priceRp=None, stopPxRp="50100", triggerType="ByMarkPrice", orderQtyRq="0.1")
    await venue.place("t", ordType="Stop", priceRp=None, stopPxRp="60000", triggerType="ByMarkPrice", orderQtyRq="0.1")
    venue.exchange.set_reference("BTCUSDT", venue.exchange.instruments["BTCUSDT"].tick * 501_000)
    venue.pass_time(0.1)
    await venue.call("DELETE", "/g-orders/cancel", "clOrdID=t&posSide=Merged&symbol=BTCUSDT")
    rows = await wire.orders(5)
    assert [(row["clOrdID"], row["ordStatus"]) for row in rows[:3]] == [
        ("s", "Untriggered"),
        ("t", "Untriggered"),
        ("s", "Triggered"),
    ]
    assert (rows[0]["trigger"], rows[0]["stopDirection"], rows[0]["leavesQty"]) == ("ByMarkPrice", "Rising", "0")
    assert "TakerFill" in [row["execStatus"] for row in rows]
    while rows[-1]["clOrdID"] != "t":
        rows += await wire.orders(1)
    assert (rows[-1]["ordStatus"], rows[-1]["execStatus"]) == ("Deactivated", "Canceled")


async def test_snapshot_carries_old_finished_orders_and_nothing_is_told_twice(venue: SimVenue) -> None:
    await venue.place("filled", ordType="Market", priceRp=None)
    await venue.place("gone")
    await venue.call("DELETE", "/g-orders/cancel", "clOrdID=gone&posSide=Merged&symbol=BTCUSDT")
    await venue.place("live")
    wire = await venue.private()
    notice = await wire.push(lambda m: "index_market24h" in m)
    assert set(notice) == set(AOP[0])
    usdt = await wire.push(lambda m: "orders_p" in m)
    assert (usdt["type"], usdt["accounts_p"][0]["currency"]) == ("snapshot", "USDT")
    assert [(row["clOrdID"], row["ordStatus"]) for row in usdt["orders_p"]] == [
        ("filled", "Filled"),
        ("gone", "Canceled"),
        ("live", "New"),
    ]
    assert [row["symbol"] for row in usdt["positions_p"]] == ["BTCUSDT"]
    usdc = await wire.push(lambda m: "orders_p" in m)
    assert (usdc["accounts_p"][0]["accountBalanceRv"], usdc["orders_p"]) == ("500", [])
    assert usdc["sequence"] > usdt["sequence"]
    await wire.ask("server.ping")
    assert wire.pushes == [{"position_info": {"light": 0, "symbol": "BTCUSDT"}}]


async def test_funding_is_an_order_row(venue: SimVenue) -> None:
    wire = await venue.private()
    await venue.place("m", ordType="Market", priceRp=None, orderQtyRq="0.5")
    await wire.orders(2)
    listing = venue.exchange.listings["BTCUSDT"]
    listing.state.funding_rate = listing.instrument.maker_fee
    venue.pass_time(8 * 3600)
    (row,) = await wire.orders(1)
    assert (row["tradeType"], row["clOrdID"], row["orderID"]) == ("Funding", "SettlingFunding", NO_EXEC)
    assert row["execID"] != NO_EXEC
    assert (row["execQty"], row["feeRateRr"], row["action"]) == ("0.5", "0.0001", "SettleFundingFee")
    charged = [line["account"] for line in venue.lines if line["event"] == "funding"]
    assert sorted(charged) == ["maker", "trader"]


async def test_other_accounts_hear_nothing(venue: SimVenue) -> None:
    key = venue.server.add_key("maker")
    wire = await venue.connect()
    await wire.login(key=key.key, secret=key.secret)
    await wire.ask("aop_p.subscribe")
    await wire.push(lambda m: "orders_p" in m)
    await venue.place("mine")
    venue.make(Side.SELL, "50010", "1")
    venue.pass_time(0.02)
    rows = await wire.orders(1)
    assert [row["priceRp"] for row in rows] == ["50010"]


async def test_times_are_nanoseconds(venue: SimVenue) -> None:
    wire = await venue.private()
    await venue.place("t")
    (row,) = await wire.orders(1)
    assert row["transactTimeNs"] // NS == venue.now_s()
