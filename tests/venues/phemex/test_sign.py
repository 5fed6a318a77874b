"""Signatures reproduce the vectors made from the documented signed strings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Credential, Lane, Request, RequestKind
from tui_trader.venues.phemex.feed import PhemexFeed
from tui_trader.venues.phemex.orders import PhemexOrders
from tui_trader.venues.phemex.sign import feed_signature, rest_signature

VECTORS = json.loads((Path(__file__).parent / "payloads" / "signature_vectors.json").read_text())
NS = 1_000_000_000


@pytest.mark.parametrize("vector", VECTORS["rest"], ids=lambda vector: vector["case"])
def test_rest(vector: dict[str, Any]) -> None:
    signature = rest_signature(
        Secret(vector["secret"]),
        vector["path"],
        vector["query_string_as_sent"],
        vector["expiry"],
        vector["body"].encode(),
    )
    assert signature == vector["signature_hex"]


@pytest.mark.parametrize("vector", VECTORS["ws_user_auth"], ids=lambda vector: vector["api_key"])
def test_feed(vector: dict[str, Any]) -> None:
    assert feed_signature(Secret(vector["secret"]), vector["api_key"], vector["expiry"]) == vector["signature_hex"]


def test_a_write_is_signed_for_ten_seconds_and_a_read_for_sixty() -> None:
    vector = VECTORS["rest"][4]
    key = Credential("KEY", Secret(vector["secret"]))
    query = vector["query_string_as_sent"]
    write = Request(RequestKind.CANCEL, "cancel", "DELETE", vector["path"], query)
    read = Request(RequestKind.READ, "positions", "GET", vector["path"], query)
    orders = PhemexOrders()

    written = orders.sign(write, key, (vector["expiry"] - 10) * NS + 999_999_999)
    assert written == {
        "x-phemex-access-token": "KEY",
        "x-phemex-request-expiry": str(vector["expiry"]),
        "x-phemex-request-signature": vector["signature_hex"],
    }
    assert orders.expiry_s() == 10.0
    assert orders.sign(read, key, (vector["expiry"] - 60) * NS) == written


def test_a_body_names_its_type_and_an_open_call_is_not_signed() -> None:
    key = Credential("KEY", Secret("SECRET"))
    body = Request(RequestKind.CREATE, "place", "POST", "/g-orders", body=b"{}")
    assert PhemexOrders().sign(body, key, 0)["Content-Type"] == "application/json"
    assert PhemexOrders().sign(PhemexOrders().server_time(), key, 0) == {}


def test_login_frame() -> None:
    vector = VECTORS["ws_user_auth"][0]
    feed = PhemexFeed(Lane.PRIVATE, Credential(vector["api_key"], Secret(vector["secret"])))
    [frame] = feed.login((vector["expiry"] - 60) * NS)
    assert json.loads(frame) == {
        "id": 1,
        "method": "user.auth",
        "params": ["API", vector["api_key"], vector["signature_hex"], vector["expiry"]],
    }
    assert PhemexFeed(Lane.PUBLIC, Credential("K", Secret("S"))).login(0) == []


def test_a_credential_does_not_show_its_secret() -> None:
    assert "hush" not in repr(Credential("KEY", Secret("hush")))
