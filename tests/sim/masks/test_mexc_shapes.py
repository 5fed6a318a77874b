"""What MEXC's mask says has the fields of the venue's printed and recorded messages; each difference has its reason."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from decimal import Decimal as D
from typing import Any

import pytest

from tests.venues.mexc.conftest import load
from tui_trader.core.clock import ManualClock
from tui_trader.core.types import OrderType, PositionSide, Side, TimeInForce, TriggerSource
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.base import Key, Peer, RestCall, Setting
from tui_trader.sim.masks.mexc import MexcMask
from tui_trader.sim.products import mexc_instruments
from tui_trader.sim.types import NewOrder

REST = {row["name"]: row["response"] for row in load("mexcnet_rest.json")}
WS = {row["name"]: [one["msg"] for one in row["messages"] if one["dir"] == "recv"] for row in load("mexcnet_ws.json")}
WAITING = load("docs_waiting_2026.json")
RECORDED = {(row["method"], row["label"]): row["data"] for row in load("ccxt_source_samples.json")}
DOCUMENTED_POSITION = {  # WebSocket part of the documentation, position
    *("autoAddIm", "closeAvgPrice", "closeVol", "frozenVol", "holdAvgPrice", "holdFee", "holdVol", "im", "leverage"),
    *("liquidatePrice", "oim", "openAvgPrice", "openType", "positionId", "positionType", "realised", "state", "symbol"),
}

LEFT_OUT = {
    "plan_list": {
        **dict.fromkeys(("lossTrend", "profitTrend"), "trigger orders carry no exits here"),
        "priceProtect": "nobody asks for it here",
    },
    "exit_list": {"placeOrderId": "the sample has fired, this one waits"},
    "exit_push": {"placeOrderId": "as above"},
    "GetOpenOrders": {},
    "GetUserTrades": {"opponentOrderId": "of nobody's interest"},
    "GetTriggerOrders": {"orderId": "recorded rows that wait have none; the sample is of placeholders"},
    "GetSymbol": {},
    "fetch_tickers": {},
    "PlanOrder": {
        **dict.fromkeys(("lossTrend", "profitTrend", "stopLossPrice", "takeProfitPrice"), "trigger orders carry no exits here"),
        "marketOrderLevel": "a setting of the web page",
        "orderId": "as above",
    },
    "handle_ticker": {
        **dict.fromkeys(("zone", "riseFallRates", "riseFallRatesOfTimezone"), "changes over other spans of time"),
    },
    "handle_ohlcv": dict.fromkeys(("rc", "rh", "rl", "ro"), "the bar without the gap to the one before"),
}
"""Fields of a sample that the mask does not write, and why."""

SECRET = "secret"


class Listener(Peer):
    """A client that keeps what it is sent."""

    number = 1

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []

    def send(self, payload: bytes, topic: str = "") -> None:
        self.frames.append(json.loads(payload))

    def close(self, code: int, reason: str) -> None:
        raise AssertionError(reason)

    def pushed(self, channel: str) -> Any:
        return [frame for frame in self.frames if frame["channel"] == channel][-1]["data"]

    def __hash__(self) -> int:
        return id(self)


class World:
    """An account with an order of each kind, a position, and a client that listens to everything."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.exchange = Exchange(mexc_instruments(), seed=1, start_ns=self.clock.wall_ns())
        for account in ("me", "street"):
            self.exchange.open_account(account, {"USDT": D(10**6)})
        self.mask = MexcMask(Setting(self.exchange, {"key": Key("key", SECRET, "me")}, self.clock, lambda _: None, limits=False))
        self.peer = Listener()
        self.mask.admit(self.peer)
        moment = str(self.clock.wall_ns() // 10**6)
        proof = hmac.new(SECRET.encode(), f"key{moment}".encode(), hashlib.sha256).hexdigest()
        self.say({"method": "login", "param": {"apiKey": "key", "reqTime": moment, "signature": proof}})
        for channel in ("depth", "depth.full", "deal", "ticker", "kline", "funding.rate", "fair.price", "index.price"):
            self.say({"method": f"sub.{channel}", "param": {"symbol": "BTC_USDT", "interval": "Min1"}})
        self.say({"method": "sub.tickers", "param": {}})
        self.exchange.set_reference("BTC_USDT", D(50_000))
        self.trade("street", Side.SELL, "50001")
        self.trade("me", Side.BUY, "50001", qty="0.02")
        self.trade("me", Side.BUY, "49000")
        stop = NewOrder(
            "",
            "BTC_USDT",
            Side.SELL,
            OrderType.STOP_LIMIT,
            D("0.01"),
            D(40_000),
            TimeInForce.GTC,
            PositionSide.MERGED,
            trigger_price=D(41_000),
            trigger_source=TriggerSource.MARK,
        )
        self.exchange.submit("me", stop)
        trail = {"trigger_source": TriggerSource.MARK, "peg_offset": D(-100), "reduce_only": True}
        self.exchange.submit("me", NewOrder("", "BTC_USDT", Side.SELL, OrderType.TRAILING_STOP, D("0.01"), **trail))
        exits = {"stop_loss": D(40_000), "take_profit": D(60_000)}
        self.exchange.submit(
            "me", NewOrder("me-exits", "BTC_USDT", Side.BUY, OrderType.MARKET, D("0.01"), tif=TimeInForce.IOC, **exits)
        )
        self.clock.advance(2)
        self.exchange.advance(self.clock.wall_ns())
        self.mask.flush()

    def say(self, message: dict[str, Any]) -> None:
        self.mask.receive(self.peer, json.dumps(message).encode())

    def trade(self, account: str, side: Side, price: str, qty: str = "0.05") -> None:
        new = NewOrder(f"{account}-{price}", "BTC_USDT", side, OrderType.LIMIT, D(qty), D(price), TimeInForce.GTC)
        self.exchange.submit(account, new)

    def ask(self, path: str, query: str = "") -> Any:
        moment = str(self.clock.wall_ns() // 10**6)
        proof = hmac.new(SECRET.encode(), f"key{moment}{query}".encode(), hashlib.sha256).hexdigest()
        headers = {"ApiKey": "key", "Request-Time": moment, "Signature": proof}
        reply = self.mask.rest(RestCall("GET", f"/api/v1/{path}", query, headers, b""))
        body = json.loads(reply.body)
        assert body["success"], body
        return body["data"]


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def first(data: Any) -> dict[str, Any]:
    row = data[0] if isinstance(data, list) else data
    assert isinstance(row, dict)
    return row


OF_BTC = "symbol=BTC_USDT"

ASKED: list[tuple[str, Any, Callable[[World], Any]]] = [
    (
        "GetOpenOrders",
        REST["Trading/GetOpenOrders"]["data"],
        lambda w: w.ask("private/order/list/open_orders", OF_BTC),
    ),
    ("GetOrder", REST["Trading/GetOrder"]["data"], lambda w: w.ask("private/order/list/history_orders", OF_BTC)),
    ("fetch_order", RECORDED["fetch_order", ""]["data"], lambda w: w.ask("private/order/external/BTC_USDT/me-49000")),
    ("GetTriggerOrders", REST["Trading/GetTriggerOrders"]["data"], lambda w: w.ask("private/planorder/list/orders")),
    ("fetch_orders", RECORDED["fetch_orders", ""]["data"], lambda w: w.ask("private/planorder/list/orders")),
    (
        "GetUserTrades",
        REST["Trading/GetUserTrades"]["data"],
        lambda w: w.ask("private/order/list/order_deals", OF_BTC),
    ),
    (
        "fetch_my_trades",
        RECORDED["fetch_my_trades", ""]["data"],
        lambda w: w.ask("private/order/list/order_deals", OF_BTC),
    ),
    ("GetPositions", REST["Trading/GetPositions"]["data"], lambda w: w.ask("private/position/open_positions")),
    ("GetBalances", REST["Account/GetBalances"]["data"], lambda w: w.ask("private/account/assets")),
    (
        "GetTradingFees",
        REST["Account/GetTradingFees"]["data"],
        lambda w: w.ask("private/account/tiered_fee_rate", OF_BTC),
    ),
    ("GetSymbol", REST["ExchangeData/GetSymbol"]["data"], lambda w: w.ask("contract/detail", OF_BTC)),
    ("GetFundingRate", REST["ExchangeData/GetFundingRate"]["data"], lambda w: w.ask("contract/funding_rate/BTC_USDT")),
    ("GetMarkPrice", REST["ExchangeData/GetMarkPrice"]["data"], lambda w: w.ask("contract/fair_price/BTC_USDT")),
    ("GetIndexPrice", REST["ExchangeData/GetIndexPrice"]["data"], lambda w: w.ask("contract/index_price/BTC_USDT")),
    ("fetch_tickers", RECORDED["fetch_tickers", ""]["data"], lambda w: w.ask("contract/ticker", OF_BTC)),
    ("fetch_order_book", RECORDED["fetch_order_book", ""]["data"], lambda w: w.ask("contract/depth/BTC_USDT")),
    ("fetch_ohlcv", RECORDED["fetch_ohlcv", ""]["data"], lambda w: w.ask("contract/kline/BTC_USDT", "interval=Min1")),
    ("fetch_trades", RECORDED["fetch_trades", ""]["data"], lambda w: w.ask("contract/deals/BTC_USDT")),
    ("Order", WS["Order"][-1]["data"], lambda w: w.peer.pushed("push.personal.order")),
    ("trail_list", WAITING["trail_list"]["data"], lambda w: w.ask("private/trackorder/list/orders", "states=0%2C1")),
    ("trail_push", WAITING["trail_push"]["data"], lambda w: w.peer.pushed("push.personal.track.order")),
    ("plan_list", WAITING["plan_list"]["data"], lambda w: w.ask("private/planorder/list/orders")),
    ("exit_list", WAITING["exit_list"]["data"], lambda w: w.ask("private/stoporder/open_orders", OF_BTC)),
    ("exit_push", WAITING["exit_list"]["data"], lambda w: w.peer.pushed("push.personal.stop.planorder")),
    ("PlanOrder", WS["PlanOrder"][-1]["data"], lambda w: w.peer.pushed("push.personal.plan.order")),
    ("Balance", WS["Balance"][-1]["data"], lambda w: w.peer.pushed("push.personal.asset")),
    ("position", dict.fromkeys(DOCUMENTED_POSITION), lambda w: w.peer.pushed("push.personal.position")),
    ("Trades", WS["Trades"][-1]["data"], lambda w: w.peer.pushed("push.deal")),
    ("PartialBook", WS["PartialBook"][-1]["data"], lambda w: w.peer.pushed("push.depth.full")),
    ("depth", load("push_depth_example.json")["push"]["data"], lambda w: w.peer.pushed("push.depth")),
    ("handle_ticker", RECORDED["handle_ticker", "swap"]["data"], lambda w: w.peer.pushed("push.ticker")),
    ("handle_tickers", RECORDED["handle_tickers", "swap"]["data"], lambda w: w.peer.pushed("push.tickers")),
    ("handle_ohlcv", RECORDED["handle_ohlcv", "swap"]["data"], lambda w: w.peer.pushed("push.kline")),
    ("handle_funding_rate", RECORDED["handle_funding_rate", ""]["data"], lambda w: w.peer.pushed("push.funding.rate")),
    ("MarkPrice", WS["MarkPrice"][-1]["data"], lambda w: w.peer.pushed("push.fair.price")),
    ("IndexPrice", WS["IndexPrice"][-1]["data"], lambda w: w.peer.pushed("push.index.price")),
]


@pytest.mark.parametrize(("name", "sample", "said"), ASKED, ids=[name for name, _, _ in ASKED])
def test_fields_are_those_of_the_sample(world: World, name: str, sample: Any, said: Callable[[World], Any]) -> None:
    theirs, ours = first(sample), first(said(world))
    assert theirs.keys() - ours.keys() == set(LEFT_OUT.get(name, {})), name
    for field in theirs.keys() & ours.keys():
        told = theirs[field]
        if isinstance(told, bool) or isinstance(ours[field], bool):
            assert isinstance(ours[field], bool), field
        elif isinstance(told, int | float | D):
            # Ids come as numbers or as text; numbers of the list of 2022 were text throughout.
            assert isinstance(ours[field], int | float | str), field
        elif isinstance(told, list):
            assert isinstance(ours[field], list), field
    assert json.dumps(ours, default=str)


def test_a_merged_increment_spans_its_versions(world: World) -> None:
    told = world.peer.pushed("push.depth")
    assert told["begin"] <= told["end"] == told["version"]
    [frame] = [frame for frame in world.peer.frames if frame["channel"] == "push.depth"][-1:]
    assert frame["symbol"] == "BTC_USDT"


def test_increments_after_the_whole_book_make_the_book(world: World) -> None:
    whole = world.ask("contract/depth/BTC_USDT")
    version = whole["version"]
    world.trade("street", Side.BUY, "48000")
    world.trade("street", Side.BUY, "48001")
    world.mask.flush()
    commits = world.ask("contract/depth_commits/BTC_USDT/1000")
    later = [row for row in reversed(commits) if row["version"] > version]
    assert [row["version"] for row in later] == list(range(version + 1, version + 1 + len(later)))
    bids = {row[0]: row[1] for row in whole["bids"]}
    for commit in later:
        bids |= {row[0]: row[1] for row in commit["bids"]}
    now = world.ask("contract/depth/BTC_USDT")
    assert {price: size for price, size in bids.items() if size} == {row[0]: row[1] for row in now["bids"]}
