"""Signatures reproduce the vectors made from the documented signed strings; what is signed is what is sent."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.venues.mexc.conftest import load
from tui_trader.core.types import InstrumentId
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Credential, Lane, Request, RequestKind
from tui_trader.venues.mexc.feed import MexcFeed
from tui_trader.venues.mexc.orders import MexcOrders, query

VECTORS = load("signing_vectors.json")
REST = [vector for vector in VECTORS if "path" in vector]


@pytest.mark.parametrize("vector", REST, ids=lambda vector: vector["name"])
def test_rest(vector: dict[str, Any]) -> None:
    credential = Credential(vector["api_key"], Secret(vector["api_secret"]))
    body = (vector["body"] or "").encode()
    request = Request(RequestKind.READ, "x", vector["method"], vector["path"], vector["query"], body)
    headers = MexcOrders().sign(request, credential, int(vector["request_time_ms"]) * 1_000_000 + 999_999)
    assert headers == vector["headers"]


def test_login() -> None:
    [vector] = [vector for vector in VECTORS if vector["name"] == "ws-login"]
    feed = MexcFeed(Lane.PRIVATE, Credential(vector["api_key"], Secret(vector["api_secret"])))
    [frame] = feed.login(int(vector["message"]["param"]["reqTime"]) * 1_000_000)
    assert orjson.loads(frame) == {**vector["message"], "subscribe": False}
    assert MexcFeed(Lane.PUBLIC).login(0) == []


def test_names_are_sorted_and_values_encoded_once() -> None:
    assert query(symbol="A B", states="3,4", page_num=1) == "page_num=1&states=3%2C4&symbol=A%20B"


def test_every_query_that_is_asked_is_sorted(orders: MexcOrders) -> None:
    iid = InstrumentId("mexc", "BTC_USDT")
    for request in (
        orders.open_orders(iid),
        orders.fills(iid, 10**18),
        orders.closed_orders(iid, 10**18),
        orders.order_history(iid, 10**18),
        orders.funding_history(iid, 0),
        orders.transfers("USDT", 0),
        *orders.standing(iid),
    ):
        names = [pair.split("=")[0] for pair in request.query.split("&")]
        assert names == sorted(names), request.path


def test_nothing_public_is_signed(orders: MexcOrders) -> None:
    assert orders.sign(orders.server_time(), Credential("k", Secret("s")), 0) == {}
