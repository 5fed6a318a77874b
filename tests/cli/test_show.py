"""One question, one answer: tables for people, JSON for programs."""

from __future__ import annotations

import json
from urllib.request import urlopen

import pytest

from tests.cli.conftest import At


def test_the_exchange_says_how_to_reach_it(exchange: dict[str, str]) -> None:
    with urlopen(f"{exchange['rest']}/sim/hello", timeout=5) as answer:
        hello = json.loads(answer.read())
    assert hello == {
        "rest_url": exchange["rest"],
        "ws_url": exchange["ws"],
        "key": exchange["key"],
        "secret": exchange["secret"],
    }


def test_instruments(at: At) -> None:
    rows = {row["symbol"]: row for row in at("instruments", "--json").json["instruments"]}
    assert (rows["BTCUSDT"]["tick"], rows["BTCUSDT"]["lot"], rows["BTCUSDT"]["settle"]) == ("0.1", "0.0001", "USDT")
    assert rows["BTCUSDT"]["tradable"] is True


def test_a_book_in_any_letter_case(at: At) -> None:
    book = at("book", "btcusdt", "--json", "--depth", "5").json
    assert (book["symbol"], book["live"], len(book["bids"]), len(book["asks"])) == ("BTCUSDT", True, 5, 5)
    bids = [float(price) for price, _ in book["bids"]]
    assert bids == sorted(bids, reverse=True)
    assert bids[0] < float(book["asks"][0][0])
    assert all(isinstance(cell, str) for level in book["bids"] for cell in level)


def test_a_book_as_a_table_has_the_asks_above_the_bids(at: At) -> None:
    ran = at("book", "ETHUSDT", "--depth", "2")
    rows = [line.split() for line in ran.out.splitlines()]
    assert [len(row) for row in rows] == [2, 2, 2, 2]
    prices = [float(rows[0][0]), float(rows[1][0]), float(rows[2][1]), float(rows[3][1])]
    assert prices == sorted(prices, reverse=True)


def test_an_account(at: At) -> None:
    rows = {row["currency"]: row for row in at("account", "--json").json["account"]}
    assert rows["USDT"]["equity"] == rows["USDT"]["available"] == "10000"
    assert rows["USDT"]["complete"] is True
    assert at("account").out.splitlines()[0].split()[:3] == ["currency", "equity", "available"]


@pytest.mark.parametrize("what", ["positions", "fills"])
def test_nothing_is_said_in_words_and_is_an_empty_list(at: At, what: str) -> None:
    assert at(what).out == f"no {what}\n"
    assert at(what, "--json").json == {what: []}


def test_an_unknown_symbol_is_a_matter_of_usage(at: At) -> None:
    ran = at("book", "XYZ", "--json")
    assert ran.code == 2
    assert "lists no instrument like 'XYZ'" in ran.json["error"]["message"]
