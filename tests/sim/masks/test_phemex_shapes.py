"""What the mask sends, held against every recorded or printed message of the venue: field names, and what kind of value each has.

Each difference is listed with its reason; one that is not listed fails, and so does one that is listed and gone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from tests.sim.masks.lived_in import Listener, Venue
from tui_trader.sim.masks.base import Key, Setting

PAYLOADS = Path(__file__).parent / "payloads"
SAMPLES = {
    sample["case"]: json.loads(sample["raw"], parse_float=D)
    for sample in map(json.loads, (PAYLOADS / "samples.jsonl").read_text("utf-8").splitlines())
}
VENUE = Path(__file__).parents[2] / "venues" / "phemex" / "payloads"
AOP = [json.loads(line) for line in (VENUE / "aop_docs_coinm.jsonl").read_text("utf-8").splitlines()]
AOP_P = [json.loads(line) for line in (PAYLOADS / "aop_p_2023.jsonl").read_text("utf-8").splitlines()]
ERRORS = [row["body"] for row in json.loads((VENUE / "rest_error_bodies.json").read_text("utf-8"))["rows"]]
CONFIG_2021 = json.loads((VENUE / "rest_cfg_v2_products_2021.json").read_text("utf-8"), parse_float=D)

NUMERIC = re.compile(r"-?\d+(\.\d+)?\Z", re.ASCII)


@pytest.fixture(scope="module")
def venue() -> Venue:
    return Venue()


# -- comparing -----------------------------------------------------------------------------------------------------


def kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | D):
        return "number"
    if isinstance(value, str):
        return "numeric text" if NUMERIC.match(value) else "text"
    return type(value).__name__


def differences(told: Any, ours: Any, path: str = "") -> set[str]:
    """Return how ``ours`` differs in shape from what the venue ``told``; of lists the first elements are compared."""
    if isinstance(told, dict) and isinstance(ours, dict):
        found = {f"{path}{name}: missing" for name in told.keys() - ours.keys()}
        found |= {f"{path}{name}: added" for name in ours.keys() - told.keys()}
        for name in told.keys() & ours.keys():
            found |= differences(told[name], ours[name], f"{path}{name}.")
        return found
    if isinstance(told, list) and isinstance(ours, list):
        if told and ours:
            if not isinstance(told[0], dict | list):
                kinds = [kind(value) for value in told], [kind(value) for value in ours]
                return set() if kinds[0] == kinds[1] else {f"{path[:-1]}: {kinds[0]} are {kinds[1]}"}
            return differences(told[0], ours[0], path)
        return set() if not told else {f"{path[:-1]}: empty"}
    return set() if kind(told) == kind(ours) else {f"{path[:-1]}: {kind(told)} is {kind(ours)}"}


Case = tuple[Callable[[], Any], Callable[[Venue], Any], dict[str, str]]


def sample(case: str) -> Callable[[], Any]:
    return lambda: SAMPLES[case]


def moved_usdt(v: Venue) -> Any:
    return v.call("POST", "/assets/transfer", body={"currency": "USDT", "amountEv": 10, "moveOp": 2})


def moved_btc(v: Venue) -> Any:
    return v.call("POST", "/exchange/margins", body={"moveOp": 2, "btcAmountEv": 1000})


def because(reason: str, found: str) -> dict[str, str]:
    """Return one reason for several differences, given as ``path: what, path: what``."""
    return dict.fromkeys(found.split(", "), reason)


def under(path: str, names: str, what: str) -> str:
    return ", ".join(f"{path}{name}: {what}" for name in names.split())


OLD_POSITION = (
    "buyLeavesQty buyLeavesValueEv curTermRealisedPnlEv execSeq freeCostEv freeQty lastFundingTimeNs lastTermEndTimeNs "
    "makerFeeRateEr sellLeavesQty sellLeavesValueEv takerFeeRateEr term transactTimeNs userID"
)
GONE_POSITION = (
    "cumRealisedPnl cumRealisedPnlEv markValue markValueEv realisedPnl realisedPnlEv stopLoss stopLossEp takeProfit takeProfitEp"
)
NEWER_POSITION = "the sample is of 2020; the row is that of production in 2025-12, which another case compares"
ACCOUNT_USER = because("production of 2025-12 names the user too", "data.account.userID: added")
RECEIPT_2025 = "the sample is of 2020; production of 2025-11 has it, which another case compares"
OLD_SAMPLE_ORDER = because(
    RECEIPT_2025,
    under("data.rows.", "execInst execStatus pegOffsetProportionEr pegOffsetValueEp pegPriceType trigger", "added"),
)
NULLED = "the documents print null where production prints a word"
AOP_2019 = {
    **because(
        "the message is of 2019; production of 2025-11 has it, which another case compares",
        under("accounts.", "liqStatus marginRatioEr status userMode ver", "added") + ", version: added",
    ),
    **because("quoted by ccxt from production of 2022", "positions.curTermRealisedPnlEv: added"),
}
AOP_ORDER_2019 = because(
    "the message is of 2019; the other family's stream got these until 2023, and a conditional order cannot be told without",
    under("orders.", "execInst slTrigger stopDirection tpTrigger trigger", "added"),
)
QUOTED = "ccxt quotes the numbers of this answer as text"


def resubscribed(venue: Venue, channel: str, params: Any = ()) -> dict[str, Any]:
    """Return the snapshot that a client gets who comes now."""
    del venue.mask._conversations._clients[venue.listeners["ras_p"]]  # a place for one more connection
    venue.listen("ras_p", {})
    name = f"{channel} again"
    venue.listeners[name] = Listener()
    kept = venue.listeners[channel]
    venue.listen(channel, list(params))
    venue.listeners[name], venue.listeners[channel] = venue.listeners[channel], kept
    return venue.pushed(name, "snapshot")


def fill_row(venue: Venue, channel: str, name: str) -> dict[str, Any]:
    """Return the first execution that was pushed."""
    for frame in venue.listeners[channel].frames[2:]:
        for row in frame.get(name, ()):
            if row["execStatus"].endswith("Fill") and row["tradeType"] == "Trade":
                return dict(row)
    raise AssertionError(channel)


CASES: dict[str, Case] = {
    "coin receipt": (
        sample("coin receipt"),
        lambda v: v.receipts["coin market"],
        because(RECEIPT_2025, "data.execInst: added, data.pegOffsetProportionEr: added"),
    ),
    "coin replace": (sample("live rest_replace coin_m_simple"), lambda v: v.receipts["coin replace"], {}),
    "coin cancel": (
        sample("coin cancel"),
        lambda v: v.receipts["coin cancel"],
        {
            **because(
                RECEIPT_2025,
                under("data.", "execInst execStatus pegOffsetProportionEr pegOffsetValueEp pegPriceType trigger", "added"),
            ),
            **because(NULLED, "data.orderType: null is text, data.timeInForce: null is text"),
        },
    ),
    "g create": (sample("live rest_g_create usd_m_simple"), lambda v: v.receipts["g"], {}),
    "g replace": (sample("live rest_g_replace usd_m_simple"), lambda v: v.receipts["g replace"], {}),
    "g cancel": (
        sample("g cancel"),
        lambda v: v.receipts["g cancel"],
        {
            **because("the sample's priceRq is a misprint of priceRp", "data.priceRq: missing, data.priceRp: added"),
            **because(
                "production of 2025-11 has it, or has it no more, which another case compares",
                "data.reduceOnly: missing, "
                + under("data.", "pegOffsetProportionRr slPxRp stopLossRp takeProfitRp tpPxRp", "added"),
            ),
        },
    ),
    "coin accountPositions of 2025": (
        lambda: {"data": {"positions": [SAMPLES["coin position row"]]}},
        lambda v: {"data": {"positions": v.get("/accounts/accountPositions", "currency=BTC")["data"]["positions"]}},
        {},
    ),
    "coin accountPositions of 2020": (
        sample("coin accountPositions"),
        lambda v: v.get("/accounts/accountPositions", "currency=BTC"),
        {
            **ACCOUNT_USER,
            **because(
                NEWER_POSITION,
                under("data.positions.", OLD_POSITION + " cumClosedPnlEv cumFundingFeeEv cumTransactFeeEv", "added")
                + ", "
                + under("data.positions.", GONE_POSITION + " unRealisedPosLoss unRealisedPosLossEv", "missing"),
            ),
        },
    ),
    "coin accountPositions documented": (
        sample("coin accountPositions (documented)"),
        lambda v: v.get("/accounts/accountPositions", "currency=BTC"),
        {
            **ACCOUNT_USER,
            **because(
                NEWER_POSITION,
                "data.account.bonusBalanceEv: added, "
                + under("data.positions.", OLD_POSITION + " cumClosedPnlEv cumFundingFeeEv cumTransactFeeEv", "added")
                + ", "
                + under("data.positions.", GONE_POSITION, "missing"),
            ),
        },
    ),
    "coin positions with profit": (
        sample("coin positions with profit"),
        lambda v: v.get("/accounts/positions", "currency=BTC"),
        {**ACCOUNT_USER, **because(NEWER_POSITION, under("data.positions.", OLD_POSITION, "added"))},
    ),
    "g accountPositions of 2025": (
        lambda: SAMPLES["g position row"],
        lambda v: v.get("/g-accounts/accountPositions", "currency=USDT")["data"]["positions"][0],
        {},
    ),
    "g positions with profit": (
        sample("g positions with profit"),
        lambda v: v.get("/g-accounts/positions", "currency=USDT"),
        because(
            "production of 2025-12 has it in the sister call",
            under("data.positions.", "crossMargin makerFeeRateRr takerFeeRateRr transactTimeNs userID", "added"),
        ),
    ),
    "coin activeList": (
        sample("coin activeList"),
        lambda v: v.get("/orders/activeList", "symbol=BTCUSD"),
        {**OLD_SAMPLE_ORDER, **because(NULLED, "data.rows.orderType: null is text, data.rows.timeInForce: null is text")},
    ),
    "g activeList": (
        sample("g activeList"),
        lambda v: v.get("/g-orders/activeList", "symbol=BTCUSDT"),
        because(
            "the sample is of 2023; production of 2025-11 has it, or has it no more",
            "data.rows.reduceOnly: missing, data.rows.slPxRp: added, data.rows.tpPxRp: added",
        ),
    ),
    "coin order list": (sample("coin order list"), lambda v: v.get("/exchange/order/list", "symbol=BTCUSD"), {}),
    "coin orders by id": (
        sample("coin orders by id"),
        lambda v: v.get("/exchange/order", "symbol=BTCUSD&clOrdID=coin-rests,coin-goes"),
        {},
    ),
    "coin user trades": (sample("coin user trades"), lambda v: v.get("/exchange/order/trade", "symbol=BTCUSD"), {}),
    "coin funding among user trades": (
        lambda: SAMPLES["coin user trades"]["data"]["rows"][1],
        lambda v: v.get("/exchange/order/trade", "symbol=BTCUSD&tradeType=Funding")["data"]["rows"][0],
        {},
    ),
    "g orderList": (
        sample("g orderList"),
        lambda v: v.get("/exchange/order/v2/orderList", "currency=USDT"),
        because(
            "quoted by ccxt from production of 2023; an order that executed has an average",
            "data.rows.posSide: added, data.rows.avgTransactPriceRp: null is numeric text",
        ),
    ),
    "g tradingList": (sample("g tradingList"), lambda v: v.get("/exchange/order/v2/tradingList", "currency=USDT"), {}),
    "g orders history": (
        lambda: SAMPLES["g orders history"],
        lambda v: v.get("/api-data/g-futures/orders", "symbol=BTCUSDT")["data"]["rows"],
        because("documented in the field list below the sample", "execInst: added, posSide: added, stopPxRp: added"),
    ),
    "g trades history": (
        lambda: SAMPLES["g trades history"],
        lambda v: v.get("/api-data/g-futures/trades", "symbol=BTCUSDT")["data"],
        because("the sample is of 2022, before positions had sides", "posSide: added"),
    ),
    "g funding fees": (
        lambda: SAMPLES["g funding fees"],
        lambda v: v.get("/api-data/g-futures/funding-fees", "symbol=BTCUSDT")["data"]["rows"],
        {},
    ),
    "coin funding fees": (
        lambda: SAMPLES["coin funding fees"],
        lambda v: v.get("/api-data/futures/funding-fees", "symbol=BTCUSD")["data"]["rows"],
        {},
    ),
    "closed position": (
        sample("closed position"),
        lambda v: v.get("/api-data/g-futures/closedPosition", "symbol=BTCUSDT"),
        because(
            QUOTED,
            "code: numeric text is number, "
            + under("data.", "finished openedTimeNs side term updatedTimeNs", "numeric text is number"),
        ),
    ),
    "g risk unit": (sample("g risk unit"), lambda v: v.get("/g-accounts/risk-unit"), {}),
    "fee rate": (lambda: SAMPLES["fee rate"], lambda v: v.get("/api-data/futures/fee-rate", "settleCurrency=ETH")["data"], {}),
    "coin leverage": (
        sample("coin leverage"),
        lambda v: v.call("PUT", "/positions/leverage", "symbol=cETHUSD&leverage=-10"),
        because("the other family's answer has it", "data: added"),
    ),
    "g trading fees": (
        sample("g trading fees"),
        lambda v: v.get("/api-data/g-futures/trading-fees", "symbol=BTCUSDT")["data"],
        {},
    ),
    "funds detail": (
        lambda: SAMPLES["funds detail"],
        lambda v: v.get("/api-data/futures/v2/tradeAccountDetail", "currency=USDT")["data"],
        {},
    ),
    "funding rate history": (
        sample("funding rate history"),
        lambda v: v.get("/api-data/public/data/funding-rate-history", "symbol=.BTCFR8H"),
        {},
    ),
    "real funding rates": (
        lambda: SAMPLES["real funding rates"],
        lambda v: v.get("/contract-biz/public/real-funding-rates", "symbol=BTCUSDT")["data"],
        {},
    ),
    "assets transfer": (
        sample("assets transfer"),
        moved_usdt,
        because(
            QUOTED, "code: numeric text is number, " + under("data.", "amountEv side status userId", "numeric text is number")
        ),
    ),
    "assets transfers": (sample("assets transfers"), lambda v: moved_usdt(v) and v.get("/assets/transfer", "currency=USDT"), {}),
    "spot wallets": (
        sample("spot wallets"),
        lambda v: v.get("/spot/wallets"),
        because("the stream of wallets names the user", "data.userID: added"),
    ),
    "margins": (sample("margins"), moved_btc, {}),
    "margin moves": (
        sample("margin moves"),
        lambda v: moved_btc(v) and v.get("/exchange/margins/transfer", "withCount=true"),
        {},
    ),
    "coin md orderbook": (sample("coin md orderbook"), lambda v: v.get("/md/orderbook", "symbol=BTCUSD"), {}),
    "coin md fullbook": (sample("coin md fullbook"), lambda v: v.get("/md/fullbook", "symbol=BTCUSD"), {}),
    "coin md trade": (sample("coin md trade"), lambda v: v.get("/md/trade", "symbol=BTCUSD"), {}),
    "coin md ticker": (sample("coin md ticker"), lambda v: v.get("/md/ticker/24hr", "symbol=BTCUSD"), {}),
    "coin v1 ticker": (lambda: SAMPLES["coin v1 ticker"], lambda v: v.get("/v1/md/ticker/24hr", "symbol=BTCUSD")["result"], {}),
    "coin nomics trades": (sample("coin nomics trades"), lambda v: v.get("/exchange/public/nomics/trades", "market=BTCUSD"), {}),
    "products: currencies": (
        lambda: SAMPLES["live rest_products simple"]["data"]["currencies"],
        lambda v: v.get("/public/products")["data"]["currencies"],
        {},
    ),
    "products: COIN-M": (
        lambda: SAMPLES["live rest_products simple"]["data"]["products"],
        lambda v: v.get("/public/products")["data"]["products"],
        {},
    ),
    "products: the whole": (sample("live rest_products simple"), lambda v: v.get("/public/products"), {}),
    "products of 2021": (lambda: CONFIG_2021, lambda v: v.get("/exchange/public/cfg/v2/products"), {}),
    "aop account of 2025": (sample("live ws_aop coin_m_simple"), lambda v: v.pushed("aop", "snapshot", "accounts"), {}),
    "aop snapshot": (lambda: AOP[1], lambda v: resubscribed(v, "aop"), {**AOP_2019, **AOP_ORDER_2019}),
    "aop increment: New": (
        lambda: {**AOP[2], "orders": AOP[2]["orders"][:1]},
        lambda v: v.pushed("aop", "incremental", "orders"),
        {**AOP_2019, **AOP_ORDER_2019},
    ),
    "aop increment: fill": (
        lambda: AOP[2]["orders"][1],
        lambda v: fill_row(v, "aop", "orders"),
        because("as in the rows of the increment", under("", "execInst slTrigger stopDirection tpTrigger trigger", "added")),
    ),
    "aop_p account of 2025": (sample("live ws_aop_p usd_m_simple"), lambda v: v.pushed("aop_p", "snapshot", "accounts_p"), {}),
    "aop_p snapshot of 2023": (
        lambda: {**AOP_P[1], "orders_p": []},
        lambda v: resubscribed(v, "aop_p"),
        because(
            "production of 2025-11 has it, which another case compares",
            under("accounts_p.", "status tradeLevel userMode", "added"),
        ),
    ),
    "aop_p increment of 2023": (
        lambda: AOP_P[2],
        lambda v: v.pushed("aop_p", "incremental", "orders_p"),
        {
            **because("production of 2025-11 has it, which another case compares", "accounts_p.userMode: added"),
            **because("the snapshot of the same documents has it", under("orders_p.", "apRp bpRp tradeType", "added")),
            **because("a conditional order cannot be told without", under("orders_p.", "stopDirection trigger", "added")),
        },
    ),
    "ras_p": (sample("ws ras_p"), lambda v: v.pushed("ras_p", "snapshot"), {}),
    "book snapshot of 2025": (sample("live ws_orderbook snapshot"), lambda v: v.pushed("orderbook", "snapshot"), {}),
    "book increment": (
        sample("ws coin book increment"),
        lambda v: v.pushed("orderbook", "incremental"),
        because("production of 2025-09 has it, which another case compares", "timestamp: added"),
    ),
    "book_p snapshot of 2025": (sample("live ws_orderbook_p snapshot"), lambda v: v.pushed("orderbook_p", "snapshot"), {}),
    "book_p increment of 2025": (sample("live ws_orderbook_p incremental"), lambda v: v.pushed("orderbook_p", "incremental"), {}),
    "trades snapshot": (sample("ws coin trades snapshot"), lambda v: resubscribed(v, "trade", ["BTCUSD"]), {}),
    "trades increment": (sample("ws coin trades increment"), lambda v: v.pushed("trade", "incremental"), {}),
    "trades_p snapshot of 2025": (sample("live ws_trade_p snapshot"), lambda v: resubscribed(v, "trade_p", ["BTCUSDT"]), {}),
    "trades_p increment of 2025": (sample("live ws_trade_p incremental"), lambda v: v.pushed("trade_p", "incremental"), {}),
    "kline snapshot": (sample("ws coin kline snapshot"), lambda v: resubscribed(v, "kline", ["BTCUSD", 60]), {}),
    "kline increment of 2025": (
        sample("live ws_kline incremental"),
        lambda v: v.pushed("kline", "incremental"),
        because("the message is of a spot pair, whose sizes are scaled too", "qtyScale: missing"),
    ),
    "kline_p": (sample("ws p kline"), lambda v: v.pushed("kline_p", "incremental"), {}),
    "market24h": (
        sample("ws coin market24h"),
        lambda v: v.pushed("market24h"),
        because("the message that ccxt quotes from production has one time stamp, outside", "market24h.timestamp: missing"),
    ),
    "market24h_p of 2025": (sample("live ws_market24h_p usd_m_simple"), lambda v: v.pushed("market24h_p"), {}),
    "tick": (sample("ws coin tick"), lambda v: v.pushed("tick"), {}),
}


@pytest.mark.parametrize("name", CASES)
def test_shape(venue: Venue, name: str) -> None:
    told, ours, listed = CASES[name]
    assert differences(told(), ours(venue)) == set(listed)


def test_json_numbers_are_written_as_the_venue_writes_them(venue: Venue) -> None:
    recorded = next(line for line in (PAYLOADS / "samples.jsonl").read_text("utf-8").splitlines() if "rest_replace" in line)
    told = json.loads(recorded)["raw"]
    assert '"price":32323.00000000,' in told
    assert '"closedPnl":0E-8,' in told
    body = {"symbol": "BTCUSD", "orderQty": 1, "side": "Buy", "ordType": "Limit", "priceEp": 323_230_000}
    ours = venue.raw("POST", "/orders", body={**body, "clOrdID": "twin"}).decode()
    for piece in (
        '"price":32323.00000000,',
        '"closedPnl":0E-8,',
        '"leavesValueEv":3093,',
        '"leavesValue":0.00003093,',
        '"stopPx":0E-8,',
    ):
        assert piece in ours
        assert piece in told
    positions = venue.raw("GET", "/accounts/accountPositions", "currency=ETH").decode()
    assert '"leverage":-10.00000000,' in positions
    assert '"avgEntryPrice":0E-8,' in positions


# -- refusals --------------------------------------------------------------------------------------------------------

MISSING = {
    "401 Insufficient privilege.": "every key of the simulator may do everything",
    "401 Request IP mismatch.": "keys of the simulator are bound to no address",
    "Access forbidden": "every key of the simulator may do everything",
    "Access denied.": "nobody knows when the venue says it",
}
NO_KEY = {"key": "", "signature": "", "expiry": ""}
KLINE = "/exchange/public/md/v2/kline"
REFUSED: dict[str, Callable[[Venue], Any]] = {
    "401 Failed to load API KEY.": lambda v: v.call("GET", "/g-orders/activeList", "symbol=BTCUSDT", **NO_KEY),
    "401 Request Expired at 1618547919": lambda v: v.call("GET", "/orders/activeList", "symbol=BTCUSD", expiry="1618547919"),
    "API Signature verification failed.": lambda v: v.call("GET", "/orders/activeList", "symbol=BTCUSD", signature="0" * 64),
    "Api key not found 698dc9e3-6faa-4910-9476-12857e79e198": lambda v: v.call(
        "GET", "/orders/activeList", "symbol=BTCUSD", key="698dc9e3-6faa-4910-9476-12857e79e198"
    ),
    "Missing required parameter": lambda v: v.get("/g-accounts/accountPositions"),
    "Missing parameter - resolution": lambda v: v.get(KLINE, "symbol=BTCUSD"),
    "invalid argument": lambda v: v.get("/md/orderbook", "symbol=BTCUSDT"),
    "Please double check input arguments": lambda v: v.get(KLINE, "symbol=BTCUSD&resolution=61"),
    "phemex.data.size.uplimt": lambda v: v.get("/exchange/order/list", "symbol=BTCUSD&limit=201"),
    "TE_ERR_INCONSISTENT_POS_MODE": lambda v: v.call(
        "POST",
        "/g-orders",
        body={"symbol": "BTCUSDT", "side": "Buy", "posSide": "Long", "orderQtyRq": "0.01", "priceRp": "49000"},
    ),
    "Symbol not listed sMOVRUSDT": lambda v: v.get("/orders/activeList", "symbol=sMOVRUSDT"),
    "OM_ORDER_NOT_FOUND": lambda v: v.get("/orders/activeList", "symbol=cETHUSD"),
}


def words_of(body: dict[str, Any]) -> str:
    return str(body.get("msg") or body["error"]["message"])


@pytest.mark.parametrize("told", [body for body in ERRORS if words_of(body) in REFUSED], ids=words_of)
def test_recorded_refusal(venue: Venue, told: dict[str, Any]) -> None:
    assert REFUSED[words_of(told)](venue) == told


def test_every_recorded_refusal_is_made_or_excused() -> None:
    assert {words_of(body) for body in ERRORS} == {*REFUSED, *MISSING, "Too many requests."}


def test_a_budget_shared_with_strangers_is_spent_and_comes_again() -> None:
    venue = Venue()
    keys = {"k": Key("k", "s", "trader")}
    venue.mask._setting = Setting(venue.exchange, keys, venue.clock, lambda _: None, shared_limits=True)
    answers = [venue.get("/public/time") for _ in range(501)]
    assert answers[499]["code"] == 0
    (told,) = [body for body in ERRORS if words_of(body) == "Too many requests."]
    assert answers[500] == told
    venue.pass_time(301)
    assert venue.get("/public/time")["code"] == 0  # a new window begins
    venue.pass_time(200)  # strangers make two hundred requests of it
    codes = [venue.get("/public/time")["code"] for _ in range(300)]
    assert codes == [0] * 299 + ["39995"]
