"""Requests: what is signed is what is sent, and what must not leave does not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.venues.paradex import oracles
from tests.venues.paradex.conftest import BTC, KEY, LOOKS_ON, NOW_NS, VECTORS, admitted, jwt, ok, static
from tui_trader.core.error import LinkError, RefusedError
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import ClientOrderId, OrderStatus, OrderType, Side, TimeInForce, VenueOrderId
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Credential, Request, RequestKind
from tui_trader.venues.paradex import PARADEX
from tui_trader.venues.paradex.orders import ParadexOrders

PUBLIC_KEY = int(VECTORS["public_key_x"], 16)
CHAIN = VECTORS["starknet_chain_id"]


def ticket(**terms: Any) -> OrderTicket:
    plain = {"side": Side.BUY, "type": OrderType.LIMIT, "qty": Decimal("0.030"), "price": Decimal("60000.0")}
    return OrderTicket(ClientOrderId("tt-1"), BTC.id, **(plain | terms))


def order(**terms: Any) -> Order:
    known = Order.from_ticket(ticket(), 0)
    return replace(known, status=OrderStatus.LIVE, venue_id=VenueOrderId("1791427988290201709220290000"), **terms)


def verified(body: dict[str, Any], kind: str = "Order") -> bool:
    """Whether the signature in a body is one of its own texts: hash by ccxt, verification by StarkWare's C++."""
    message = {
        "timestamp": str(body["signature_timestamp"]),
        "market": body["market"],
        "side": "1" if body["side"] == "BUY" else "2",
        "orderType": body["type"],
        "size": str(int(Decimal(body["size"]) * 10**8)),
        "price": str(int(Decimal(body["price"]) * 10**8)),
    }
    names = oracles.ORDER_TYPES
    if kind == "ModifyOrder":
        names, message = oracles.MODIFY_TYPES, message | {"id": body["id"]}
    digest = oracles.ccxt_hash(CHAIN, KEY.key, kind, names, message)
    r, s = orjson.loads(body["signature"])
    return oracles.verifies(digest, (int(r), int(s)), PUBLIC_KEY)


@pytest.mark.parametrize(
    ("terms", "kind", "instruction"),
    [
        ({}, "LIMIT", "GTC"),
        ({"tif": TimeInForce.POST_ONLY}, "LIMIT", "POST_ONLY"),
        ({"tif": TimeInForce.RPI}, "LIMIT", "RPI"),
        ({"tif": TimeInForce.IOC, "side": Side.SELL}, "LIMIT", "IOC"),
        ({"type": OrderType.MARKET, "price": None}, "MARKET", "IOC"),
        ({"type": OrderType.STOP, "price": None, "trigger_price": Decimal(61000)}, "STOP_MARKET", "GTC"),
        ({"type": OrderType.STOP_LIMIT, "trigger_price": Decimal(61000)}, "STOP_LIMIT", "GTC"),
        (
            {"type": OrderType.STOP, "price": None, "trigger_price": Decimal(61000), "reduce_only": True},
            "STOP_LOSS_MARKET",
            "GTC",
        ),
        ({"type": OrderType.STOP_LIMIT, "trigger_price": Decimal(61000), "reduce_only": True}, "STOP_LOSS_LIMIT", "GTC"),
        (
            {"type": OrderType.MARKET_IF_TOUCHED, "price": None, "trigger_price": Decimal(59000), "reduce_only": True},
            "TAKE_PROFIT_MARKET",
            "GTC",
        ),
        ({"type": OrderType.LIMIT_IF_TOUCHED, "trigger_price": Decimal(59000), "reduce_only": True}, "TAKE_PROFIT_LIMIT", "GTC"),
    ],
)
def test_an_order_is_sealed_with_a_signature_of_its_own_texts(terms: dict[str, Any], kind: str, instruction: str) -> None:
    dialect, meant = admitted(), ticket(**terms)
    assert not PARADEX.capabilities.refuse(meant)
    request = dialect.place(meant, BTC)
    assert (request.method, request.target, request.ref) == ("POST", "/v1/orders", "tt-1")
    assert b"signature" not in request.body
    body = orjson.loads(dialect.seal(request, KEY, NOW_NS + 5_000_000).body)
    assert (body["type"], body["instruction"]) == (kind, instruction)
    assert body["signature_timestamp"] == NOW_NS // 1_000_000 + 5
    assert body["recv_window"] == 10_000
    assert body["size"] == "0.03"
    assert body["price"] == ("60000" if meant.type.has_limit else "0")
    assert ("flags" in body) == meant.reduce_only
    assert ("trigger_price" in body) == meant.type.is_conditional
    assert verified(body)
    assert not verified(body | {"size": "0.031"})


def test_a_change_repeats_the_order_and_signs_its_number() -> None:
    dialect = admitted()
    request = dialect.amend(order(), BTC, price=Decimal("60010.5"))
    assert (request.method, request.path) == ("PUT", "/v1/orders/1791427988290201709220290000")
    body = orjson.loads(dialect.seal(request, KEY, NOW_NS).body)
    assert (body["price"], body["size"]) == ("60010.5", "0.03")
    assert verified(body, "ModifyOrder")
    with pytest.raises(RefusedError, match="not known to the venue by its number yet"):
        dialect.amend(replace(order(), venue_id=VenueOrderId("")), BTC, price=Decimal(1))
    with pytest.raises(ValueError, match="nothing to amend"):
        dialect.amend(order(), BTC)


def test_what_must_not_leave_is_refused() -> None:
    dialect = admitted()
    for terms in (
        {"price": None},
        {"qty": Decimal(0)},
        {"type": OrderType.STOP, "price": None},
        {"take_profit": Decimal(1)},
        {"type": OrderType.MARKET_IF_TOUCHED, "price": None, "trigger_price": Decimal(59000)},
        {"type": OrderType.TRAILING_STOP, "trail": Decimal(5), "reduce_only": True},
    ):
        with pytest.raises(ValueError):  # noqa: PT011 -- each says something else
            dialect.place(ticket(**terms), BTC)
    refuse = PARADEX.capabilities.refuse
    touched = ticket(type=OrderType.MARKET_IF_TOUCHED, price=None, trigger_price=Decimal(59000))
    assert refuse(touched) == "a market if touched order of BTC-USD-PERP can only reduce: say so, or use a limit"
    assert refuse(ticket(type=OrderType.TRAILING_STOP)) == "BTC-USD-PERP knows no trailing stop orders"
    assert refuse(ticket(tif=TimeInForce.FOK)) == "BTC-USD-PERP knows no fok orders"


def test_cancels_are_not_signed_and_name_what_is_known() -> None:
    dialect = admitted()
    assert dialect.cancel(order()).target == "/v1/orders/1791427988290201709220290000"
    unknown = replace(order(), venue_id=VenueOrderId(""))
    assert dialect.cancel(unknown).target == "/v1/orders/by_client_id/tt-1?market=BTC-USD-PERP"
    [batch] = dialect.cancel_several([order(), unknown])
    assert orjson.loads(batch.body) == {"order_ids": [order().venue_id], "client_order_ids": ["tt-1"]}
    assert dialect.seal(batch, KEY, NOW_NS) is batch
    [everything] = dialect.cancel_all(BTC.id)
    assert (everything.method, everything.target) == ("DELETE", "/v1/orders?market=BTC-USD-PERP")


@pytest.mark.parametrize(("interactive", "query"), [(True, "token_usage=interactive"), (False, "")])
def test_the_way_in_is_the_chain_then_a_signed_request(interactive: bool, query: str) -> None:
    dialect = ParadexOrders(interactive=interactive)
    config = dialect.admission(KEY, NOW_NS, early=False)
    assert config is not None
    assert (config.path, config.signed) == ("/v1/system/config", False)
    dialect.parse(config, ok(static("systemConfig")))
    asked = dialect.admission(KEY, NOW_NS, early=False)
    assert asked is not None
    assert asked.kind is RequestKind.READ
    assert (asked.path, asked.query, asked.body) == (f"/v1/auth/{VECTORS['public_key_x']}", query, b"")
    headers = dialect.sign(asked, KEY, NOW_NS)
    assert headers["PARADEX-STARKNET-ACCOUNT"] == VECTORS["account_address"]
    now, end = int(headers["PARADEX-TIMESTAMP"]), int(headers["PARADEX-SIGNATURE-EXPIRATION"])
    assert now == NOW_NS // 10**9
    message = {"method": "POST", "path": "/v1/auth", "body": "", "timestamp": now, "expiration": end}
    digest = oracles.ccxt_hash(CHAIN, KEY.key, "Request", oracles.REQUEST_TYPES, message)
    r, s = orjson.loads(headers["PARADEX-STARKNET-SIGNATURE"])
    assert oracles.verifies(digest, (int(r), int(s)), PUBLIC_KEY)


def test_a_token_is_renewed_early_by_reads_and_late_by_orders() -> None:
    dialect = admitted()
    after = {seconds: NOW_NS + seconds * 10**9 for seconds in (100, 200, 289, 291)}
    assert dialect.admission(KEY, after[100], early=True) is None
    assert dialect.admission(KEY, after[200], early=True) is not None
    assert dialect.admission(KEY, after[200], early=False) is None
    assert dialect.admission(KEY, after[289], early=False) is None
    assert dialect.admission(KEY, after[291], early=False) is not None
    read = dialect.positions("USDC")
    assert dialect.sign(read, KEY, NOW_NS) == {"Authorization": f"Bearer {jwt(NOW_NS // 10**9 + 300)}"}


def test_a_token_that_was_refused_is_dropped() -> None:
    dialect = admitted()
    verdict = dialect.parse(dialect.place(ticket(), BTC), ok({"error": "INVALID_TOKEN", "message": "token is expired"}, 401))
    assert verdict.outcome.value == "rejected"
    assert "new one is fetched" in verdict.text
    assert not verdict.bad_key
    assert dialect.admission(KEY, NOW_NS, early=False) is not None


def test_a_token_without_its_end_is_believed_for_four_minutes() -> None:
    dialect = admitted()
    asked = dialect.admission(KEY, NOW_NS + 400 * 10**9, early=False)
    assert asked is not None
    dialect.parse(asked, ok({"jwt_token": "opaque-token-of-some-kind"}))
    assert dialect.admission(KEY, NOW_NS + 629 * 10**9, early=False) is None
    assert dialect.admission(KEY, NOW_NS + 631 * 10**9, early=False) is not None


def test_a_read_only_token_reads_and_trades_nothing() -> None:
    dialect = ParadexOrders()
    assert dialect.admission(LOOKS_ON, NOW_NS, early=True) is None
    assert dialect.token(LOOKS_ON) is LOOKS_ON.secret
    read = dialect.positions("USDC")
    assert dialect.seal(read, LOOKS_ON, NOW_NS) is read
    assert dialect.sign(read, LOOKS_ON, NOW_NS)["Authorization"].startswith("Bearer ey")
    for request in (dialect.place(ticket(), BTC), dialect.cancel(order()), *dialect.cancel_all(BTC.id)):
        with pytest.raises(RefusedError, match="looks on and trades nothing"):
            dialect.seal(request, LOOKS_ON, NOW_NS)


def test_a_key_that_is_none_is_said_to_be() -> None:
    dialect = admitted()
    dialect._pass.drop()
    with pytest.raises(LinkError, match="no private key of the Stark curve"):
        dialect.admission(Credential(KEY.key, Secret("my password")), NOW_NS, early=False)
    request = dialect.place(ticket(), BTC)
    with pytest.raises(RefusedError, match="no Paradex account address"):
        dialect.seal(request, Credential("me", KEY.secret), NOW_NS)


def test_history_is_asked_in_pages_whose_cursor_goes_back_as_it_came() -> None:
    dialect = admitted()
    asked = dialect.fills(None, 1_681_000_000_000_000_000)
    assert asked.target == "/v1/fills?start_at=1681000000000&page_size=200"
    page = {"next": "a+b/c=", "prev": None, "results": [{"id": "f", "bad": 1}]}
    following = dialect.parse(asked, ok(page)).next_page
    assert isinstance(following, Request)
    assert following.query == "start_at=1681000000000&page_size=200&cursor=a%2Bb%2Fc%3D"
    again = dialect.parse(following, ok(page | {"next": "z"})).next_page
    assert again is not None
    assert again.query.endswith("&page_size=200&cursor=z")
    assert dialect.parse(asked, ok({"next": "x", "results": []})).next_page is None
