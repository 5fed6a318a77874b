"""MEXC's door: what a request has signed is its parameters by name, in whatever order they were sent."""

from __future__ import annotations

import hmac
import json

import pytest

from tui_trader.core.clock import ManualClock
from tui_trader.core.decimals import ZERO
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.base import Key, RestCall, Setting
from tui_trader.sim.masks.mexc import MexcMask
from tui_trader.sim.products import mexc_instruments

START_NS = 1_763_700_000_000_000_000


@pytest.mark.parametrize(
    ("sent", "signed", "taken"),
    [
        ("page_num=1&symbol=BTC_USDT", "page_num=1&symbol=BTC_USDT", True),
        ("symbol=BTC_USDT&page_num=1", "page_num=1&symbol=BTC_USDT", True),
        ("symbol=BTC_USDT&page_num=1", "symbol=BTC_USDT&page_num=1", False),
        ("", "", True),
    ],
)
def test_parameters_are_signed_by_name(sent: str, signed: str, taken: bool) -> None:
    clock = ManualClock(START_NS)
    exchange = Exchange(mexc_instruments(), seed=1, start_ns=START_NS)
    exchange.open_account("me", {"USDT": ZERO + 100})
    mask = MexcMask(Setting(exchange, {"key": Key("key", "secret", "me")}, clock, lambda _: None))
    moment = str(START_NS // 10**6)
    proof = hmac.new(b"secret", f"key{moment}{signed}".encode(), "sha256").hexdigest()
    headers = {"ApiKey": "key", "Request-Time": moment, "Signature": proof}
    reply = mask.rest(RestCall("GET", "/api/v1/private/order/list/open_orders", sent, headers, b""))
    said = json.loads(reply.body)
    assert (said["code"], said["success"]) == ((0, True) if taken else (602, False))
    without = mask.rest(RestCall("GET", "/api/v1/private/order/list/open_orders/BTC_USDT", sent, headers, b""))
    assert (json.loads(without.body)["code"] == 0) is taken, "the path of before May 2026"
