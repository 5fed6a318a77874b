"""Orders from the shell: what is printed, and what the exit code says."""

from __future__ import annotations

import json
import re

from tests.cli.conftest import At, Shell

MONEY = re.compile(r"-?\d+(\.\d+)?\Z")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")


def test_an_order_rests_is_seen_and_is_cancelled(at: At) -> None:
    placed = at("do", "buy 0.01 BTCUSDT @ bid-2t", "--json")
    assert (placed.code, placed.err) == (0, "")
    (result,) = placed.json["results"]
    order = result["order"]
    assert (result["command"], result["outcome"]) == ("buy 0.01 BTCUSDT @ bid-2t", "ack")
    assert (order["symbol"], order["side"], order["type"], order["tif"], order["qty"]) == (
        "BTCUSDT",
        "buy",
        "limit",
        "gtc",
        "0.01",
    )
    assert order["status"] in ("live", "partial", "filled")
    for name in ("qty", "filled", "price"):
        assert MONEY.match(order[name]), name
    for name in ("created", "updated"):
        assert TIME.match(order[name]), name

    (listed,) = at("orders", "--json").json["orders"]
    assert (listed["client_id"], listed["price"]) == (order["client_id"], order["price"])
    assert listed["external"] is False, "an earlier run of this terminal sent it"

    cancelled = at("do", f"cancel {order['client_id']}", "--json")
    assert cancelled.code == 0
    assert cancelled.json["results"][0]["order"]["status"] == "canceled"
    assert at("orders", "--json").json == {"orders": []}


def test_a_position_is_opened_and_closed(at: At) -> None:
    bought = at("do", "buy 0.01 BTCUSDT")
    assert bought.code == 0
    assert re.match(r"order accepted: tt-[0-9a-f]{28} filled, filled 0\.01 of 0\.01\n\Z", bought.out)
    (leg,) = at("positions", "--json").json["positions"]
    assert (leg["symbol"], leg["side"], leg["qty"]) == ("BTCUSDT", "buy", "0.01")
    assert leg["mark_fresh"] is True
    assert MONEY.match(leg["unrealised"])
    assert len(leg["break_even"].partition(".")[2]) <= 1, "a price on the grid"
    closed = at("do", "close", "--json")
    assert closed.json["results"][0]["order"]["reduce_only"] is True
    assert at("positions", "--json").json == {"positions": []}


def test_a_refusal_of_ours_ends_with_1(at: At) -> None:
    refused = at("do", "buy 90 BTCUSDT @ bid", "--json")
    assert refused.code == 1
    assert refused.json["error"]["kind"] == "RefusedError"
    assert "above the limit" in refused.json["error"]["message"]
    assert refused.err.startswith("tui-trader: ")


def test_what_was_done_is_told_even_when_the_rest_was_refused(at: At) -> None:
    ran = at("do", "buy 0.01 BTCUSDT @ bid-1%; buy 90 BTCUSDT @ bid", "--json")
    assert ran.code == 1
    (result,) = ran.json["results"]
    assert result["order"]["status"] == "live"
    assert ran.json["error"]["kind"] == "RefusedError"
    assert "above the limit" in ran.err
    assert at("do", "cancel all").code == 0


def test_a_line_that_does_not_read_connects_nowhere(shell: Shell) -> None:
    ran = shell("do", "buy ten BTCUSDT", "--json", "--sim-url", "http://127.0.0.1:9")
    assert ran.code == 2
    assert ran.json["error"]["kind"] == "CommandError"


def test_a_line_for_the_screen_is_not_for_the_shell(at: At) -> None:
    ran = at("do", "theme dark")
    assert (ran.code, ran.out) == (2, "")
    assert "screen" in ran.err


def test_an_exchange_that_is_not_there_ends_with_1(shell: Shell) -> None:
    ran = shell("do", "cancel all", "--sim-url", "http://127.0.0.1:9", "--json")
    assert ran.code == 1
    assert ran.json["error"]["kind"] == "LinkError"
    assert "tui-trader sim" in ran.json["error"]["message"]


def test_an_exchange_elsewhere_is_not_ours(shell: Shell) -> None:
    ran = shell("do", "cancel all", "--sim-url", "http://example.com", "--json")
    assert ran.code == 2
    assert "on this machine only" in ran.json["error"]["message"]


def test_a_custom_address_is_loopback_and_asks_before_it_sends(shell: Shell, exchange: dict[str, str]) -> None:
    shell.config(f'[venues.phemex]\nrest_url = "{exchange["rest"]}"\nws_url = "{exchange["ws"]}"\n')
    unasked = shell("do", "buy 0.01 BTCUSDT @ bid-2%", "--env", "custom", "--json")
    assert unasked.code == 2
    assert "add --yes" in unasked.json["error"]["message"]
    sent = shell("do", "buy 0.01 BTCUSDT @ bid-2%", "--env", "custom", "--json", "--yes")
    assert sent.json["results"][0]["order"]["status"] == "live"
    assert shell("do", "cancel all", "--env", "custom", "--yes").code == 0


def test_a_custom_address_elsewhere_is_refused(shell: Shell) -> None:
    shell.config('[venues.phemex]\nrest_url = "https://venue.example"\nws_url = "wss://venue.example"\n')
    ran = shell("orders", "--env", "custom", "--json")
    assert ran.code == 2
    assert "leads off this machine" in ran.json["error"]["message"]


def test_custom_without_addresses_is_a_matter_of_configuration(shell: Shell) -> None:
    ran = shell("orders", "--env", "custom", "--json")
    assert ran.code == 2
    assert "rest_url" in ran.json["error"]["message"]


def test_a_private_exchange_comes_and_goes_with_the_command(shell: Shell) -> None:
    ran = shell("do", "buy 0.01 BTCUSDT; close", "--json")
    assert ran.code == 0, ran.err
    assert [result["order"]["status"] for result in ran.json["results"]] == ["filled", "filled"]
    journals = list((shell.home / "state" / "journal").iterdir())
    assert [path.stat().st_mode & 0o777 for path in journals] == [0o600]
    kinds = [json.loads(line.rpartition("\t")[0])["kind"] for line in journals[0].read_text().splitlines()]
    assert kinds == ["session", *["intent", "outcome"] * 2, "session"]


def test_another_venue_on_an_exchange_of_its_own(shell: Shell) -> None:
    """Its own symbol is the one on the screen; the size is in coin while the venue counts contracts."""
    bought = shell("do", "--venue", "mexc", "buy 0.01", "--json")
    assert (bought.code, bought.err) == (0, "")
    order = bought.json["results"][0]["order"]
    assert (order["symbol"], order["qty"], order["status"]) == ("BTC_USDT", "0.01", "filled")


def test_a_venue_without_a_testnet_says_so(shell: Shell) -> None:
    refused = shell("do", "--venue", "mexc", "--env", "testnet", "buy 0.01")
    assert refused.code != 0
    assert "MEXC has no testnet" in refused.err
