"""Our requests mean what those mean that ccxt is known to send (its own test rows), or the difference has its reason here.

Meaning is path, query and body as values: the order of parameters and ``0.01`` for ``"0.01"`` are no differences.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import (
    ClientOrderId,
    ContractKind,
    InstrumentId,
    OrderStatus,
    OrderType,
    PositionSide,
    Side,
    TriggerSource,
    VenueOrderId,
)
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Request
from tui_trader.venues.phemex import sign
from tui_trader.venues.phemex.orders import PhemexOrders

D = Decimal
Meaning = tuple[str, dict[str, Any]]
NS = 1_000_000


def linear(symbol: str, tick: str = "0.01") -> Instrument:
    iid = InstrumentId("phemex", symbol)
    return Instrument(iid, ContractKind.LINEAR, symbol[:-4], "USDT", "USDT", D(tick), D("0.001"))


SOL, LTC, BTC = linear("SOLUSDT"), linear("LTCUSDT"), linear("BTCUSDT", "0.1")
COIN = Instrument(InstrumentId("phemex", "BTCUSD"), ContractKind.INVERSE, "BTC", "USD", "BTC", D("0.5"), D(1), price_scale=4)


@pytest.fixture
def dialect() -> PhemexOrders:
    made = PhemexOrders()
    made.list_instruments([SOL, LTC, BTC, COIN])
    return made


def ticket(instrument: Instrument, side: Side, kind: OrderType, qty: str, **change: Any) -> OrderTicket:
    return replace(OrderTicket(ClientOrderId("x"), instrument.id, side, kind, D(qty)), **change)


def standing(instrument: Instrument, venue_id: str) -> Order:
    return Order(
        client_id=ClientOrderId("x"),
        instrument=instrument.id,
        side=Side.BUY,
        type=OrderType.LIMIT,
        qty=D("0.1"),
        status=OrderStatus.LIVE,
        venue_id=VenueOrderId(venue_id),
    )


TOUCHED = OrderType.MARKET_IF_TOUCHED
EXITS = {"take_profit": D(277), "take_profit_limit": D(278), "take_profit_source": TriggerSource.LAST}
STOPS = {"stop_loss": D(190), "stop_loss_limit": D(189)}
SINCE = 1699457638000 * NS
BUY, SELL = Side.BUY, Side.SELL

OURS: dict[int, Callable[[PhemexOrders], Request]] = {
    0: lambda d: d.place(ticket(SOL, SELL, TOUCHED, "0.01", trigger_price=D(400), reduce_only=True), SOL),
    1: lambda d: d.place(ticket(SOL, BUY, TOUCHED, "0.01", trigger_price=D(200), reduce_only=True), SOL),
    2: lambda d: d.place(ticket(SOL, BUY, OrderType.LIMIT, "0.01", price=D(192), **EXITS, **STOPS), SOL),
    3: lambda d: d.place(ticket(LTC, BUY, OrderType.MARKET, "0.1"), LTC),
    4: lambda d: d.place(ticket(LTC, BUY, OrderType.LIMIT, "0.5", price=D(50), take_profit=D(150), stop_loss=D(30)), LTC),
    5: lambda d: d.place(
        ticket(LTC, BUY, OrderType.STOP_LIMIT, "0.1", price=D(55), trigger_price=D(60), client_id=ClientOrderId("myordr2")), LTC
    ),
    6: lambda d: d.place(ticket(BTC, SELL, OrderType.MARKET, "0.001", reduce_only=True, position_side=PositionSide.LONG), BTC),
    7: lambda d: d.place(ticket(BTC, BUY, OrderType.MARKET, "0.001", reduce_only=True, position_side=PositionSide.SHORT), BTC),
    8: lambda d: d.amend(standing(LTC, "f19a1108-8dc0-4afb-b281-0cd2c8ca65d9"), LTC, qty=D("0.14"), price=D(50)),
    9: lambda d: d.cancel(standing(LTC, "2da1890e-2b2e-4780-b432-410213a07e4c")),
    10: lambda d: d.order_by_id(replace(standing(LTC, "a630814b-0b2c-4b84-86fe-62e18b4daba8"), client_id=ClientOrderId(""))),
    11: lambda d: d.closed_orders(LTC.id, 0),
    12: lambda d: d.closed_orders(COIN.id, 0),
    13: lambda d: d.fills(LTC.id, SINCE),
    14: lambda d: d.fills(COIN.id, SINCE),
    15: lambda d: d.open_orders(LTC.id),
    16: lambda d: d.open_orders(COIN.id),
    17: lambda d: d.closed_orders(LTC.id, 0),
    18: lambda d: d.closed_orders(COIN.id, 0),
    19: lambda d: d.cancel_all(LTC.id)[0],
    20: lambda d: d.cancel_all(COIN.id)[0],
    21: lambda d: d.positions("USDT"),
    22: lambda d: d.positions("BTC"),
    23: lambda d: d.positions("USDT"),
    24: lambda d: d.positions("BTC"),
    25: lambda d: d.set_position_mode(LTC.id, hedged=True),
    31: lambda d: d.book(BTC.id),
    32: lambda d: d.book(COIN.id),
    33: lambda d: d.set_leverage(BTC.id, D(100), cross=False, hedged=False),
    34: lambda d: d.set_leverage(BTC.id, D(1), cross=True, hedged=False),
    35: lambda d: d.set_leverage(BTC.id, D(100), cross=True, hedged=False),
}
"""By place in ccxt_static_request.json."""

NOT_ASKED = {
    26: "the feed brings the ticker",
    27: "the feed brings the ticker",
    28: "the feed brings the ticker",
    29: "the feed brings public trades",
    30: "the feed brings public trades",
    36: "the feed brings candles",
    37: "past funding rates are not shown",
}

PAGE = {"offset": "0", "limit": "200"}
DIFFERENCES: dict[int, list[tuple[str, Any, Any, str]]] = {
    0: [
        ("reduceOnly", None, True, "ccxt loses it on the way: its users opened positions (ccxt issue 25319)"),
        ("timeInForce", None, "ImmediateOrCancel", "what executes at the market cannot rest"),
    ],
    1: [
        ("reduceOnly", None, True, "as 0"),
        ("timeInForce", None, "ImmediateOrCancel", "as 0"),
    ],
    2: [
        ("marginMode", "isolated", None, "no parameter of the reference: the sign of the leverage is the mode"),
        ("timeInForce", None, "GoodTillCancel", "the default, said"),
    ],
    3: [("timeInForce", None, "ImmediateOrCancel", "as 0")],
    4: [
        ("tpTrigger", None, "ByMarkPrice", "which price fires an exit is never left to a default"),
        ("slTrigger", None, "ByMarkPrice", "which price fires an exit is never left to a default"),
        ("timeInForce", None, "GoodTillCancel", "the default, said"),
    ],
    5: [
        ("ordType", "Limit", "StopLimit", "the reference knows a limit with a trigger as StopLimit"),
        ("timeInForce", None, "GoodTillCancel", "the default, said"),
    ],
    6: [("timeInForce", None, "ImmediateOrCancel", "as 0")],
    7: [("timeInForce", None, "ImmediateOrCancel", "as 0")],
    11: [("start", None, "0", "a page of a span of time"), *[(k, None, v, "a page") for k, v in PAGE.items()]],
    12: [("start", None, "0", "a page of a span of time"), *[(k, None, v, "a page") for k, v in PAGE.items()]],
    13: [
        (
            "path",
            "/exchange/order/v2/tradingList",
            "/api-data/g-futures/trades",
            "its rows have whole ids and say the side in words",
        ),
        ("currency", "USDT", None, "the symbol says it"),
        ("symbol", None, "LTCUSDT", "ccxt asks for all of a currency and sorts them out itself"),
        ("limit", "5", "200", "the most that a page holds"),
    ],
    14: [("offset", None, "0", "a page"), ("limit", "5", "200", "the most that a page holds")],
    17: [("start", None, "0", "a page of a span of time"), *[(k, None, v, "a page") for k, v in PAGE.items()]],
    18: [("start", None, "0", "a page of a span of time"), *[(k, None, v, "a page") for k, v in PAGE.items()]],
    19: [("untriggered", None, "false", "the first of two calls; the second takes the waiting ones")],
    20: [("untriggered", None, "false", "as 19")],
    32: [("path", "/v1/md/orderbook", "/md/orderbook", "two paths to the same book in the reference")],
}
"""What ccxt sends, what we send (None: nothing), and why. The client id is everybody's own and left out of the comparison."""


def _values(pairs: dict[str, Any]) -> dict[str, Any]:
    return {
        name: str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
        for name, value in pairs.items()
    }


def _of_ccxt(row: dict[str, Any]) -> Meaning:
    url = urlsplit(row["url"])
    body = json.loads(row["output"], parse_float=Decimal) if "output" in row else {}
    return url.path, {name: str(v) if isinstance(v, Decimal) else v for name, v in {**dict(parse_qsl(url.query)), **body}.items()}


def _of(request: Request) -> Meaning:
    body = json.loads(request.body) if request.body else {}
    return request.path, _values({**dict(parse_qsl(request.query)), **body})


@pytest.mark.parametrize("number", OURS)
def test_we_ask_what_ccxt_asks(dialect: PhemexOrders, payload: Callable[[str], Any], number: int) -> None:
    (path, theirs), (our_path, ours) = _of_ccxt(payload("ccxt_static_request.json")["rows"][number]), _of(OURS[number](dialect))
    if number != 5:  # that one names its own
        theirs.pop("clOrdID", None)
        ours.pop("clOrdID", None)
    found = {(name, theirs.get(name), ours.get(name)) for name in {*theirs, *ours} if theirs.get(name) != ours.get(name)}
    if path != our_path:
        found.add(("path", path, our_path))
    assert found == {(name, one, other) for name, one, other, _ in DIFFERENCES.get(number, [])}


def test_no_request_of_ccxt_is_passed_over(payload: Callable[[str], Any]) -> None:
    rows = payload("ccxt_static_request.json")["rows"]
    assert sorted([*OURS, *NOT_ASKED]) == list(range(len(rows)))
    assert all(reason for rows in DIFFERENCES.values() for *_, reason in rows)


def test_both_families_are_signed_as_documented(dialect: PhemexOrders, payload: Callable[[str], Any]) -> None:
    """The vectors of the documentation name COIN-M paths, the derived ones USDⓈ-M paths; ours fall among both."""
    vectors = {row["case"]: row for row in payload("signature_vectors.json")["rest"]}
    told = {
        "GET one parameter (docs example 1)": dialect.positions("BTC"),
        "DELETE all conditional": dialect.cancel_all(BTC.id)[1],
    }
    for case, request in told.items():
        vector = vectors[case]
        assert (request.method, request.path) == (vector["method"], vector["path"])
        assert request.query == vector["query_string_as_sent"]
        signed = sign.rest_signature(Secret(vector["secret"]), request.path, request.query, vector["expiry"], request.body)
        assert signed == vector["signature_hex"]
    for vector in vectors.values():
        body = vector["body"].encode()
        signed = sign.rest_signature(
            Secret(vector["secret"]), vector["path"], vector["query_string_as_sent"], vector["expiry"], body
        )
        assert signed == vector["signature_hex"], vector["case"]


def test_money_and_settings(dialect: PhemexOrders) -> None:
    """The rest, to the letter."""
    lines = [
        dialect.assign_margin(BTC, PositionSide.LONG, D("12.5")),
        dialect.assign_margin(COIN, PositionSide.MERGED, D("0.5")),
        dialect.set_risk_limit(COIN, D(150)),
        dialect.fee_rates("ETH"),
        dialect.order_history(BTC.id, SINCE),
        dialect.order_history(COIN.id, SINCE),
        dialect.funding_history(BTC.id, SINCE),
        dialect.funding_history(COIN.id, SINCE),
        dialect.funds_journal("USDT", SINCE),
        dialect.transfers("USDT", SINCE),
        dialect.transfers("BTC", SINCE),
    ]
    page = "start=1699457638000&offset=0&limit=200"
    assert [f"{one.method} {one.target} [{one.group}]" for one in lines] == [
        "POST /g-positions/assign?symbol=BTCUSDT&posSide=Long&posBalanceRv=12.5 [contract]",
        "POST /positions/assign?symbol=BTCUSD&posBalanceEv=50000000 [contract]",
        "PUT /positions/riskLimit?symbol=BTCUSD&riskLimitEv=15000000000 [contract]",
        "GET /api-data/futures/fee-rate?settleCurrency=ETH [other]",
        f"GET /api-data/g-futures/orders?symbol=BTCUSDT&{page} [other]",
        f"GET /api-data/futures/orders?symbol=BTCUSD&{page} [other]",
        f"GET /api-data/g-futures/funding-fees?symbol=BTCUSDT&{page} [other]",
        f"GET /api-data/futures/funding-fees?symbol=BTCUSD&{page} [other]",
        f"GET /api-data/futures/v2/tradeAccountDetail?currency=USDT&{page} [other]",
        f"GET /assets/transfer?currency=USDT&{page} [other]",
        f"GET /exchange/margins/transfer?{page} [other]",
    ]
    assert all(request.weight == 1 and request.body == b"" for request in lines)
    for impossible in (
        lambda: dialect.set_risk_limit(BTC, D(1)),
        lambda: dialect.set_position_mode(COIN.id, hedged=True),
        lambda: dialect.assign_margin(COIN, PositionSide.LONG, D(1)),
        lambda: dialect.assign_margin(BTC, PositionSide.LONG, D(-1)),
    ):
        with pytest.raises(ValueError, match=r"position|leg|margin"):
            impossible()
