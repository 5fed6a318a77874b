"""How candles are asked for, and how the answers are read. The sample is one in ccxt's source (2020, scaled as COIN-M is)."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from tui_trader.core.candle import Candle
from tui_trader.core.event import CandlesChanged
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import InstrumentId
from tui_trader.venues.base import Outcome, Reply
from tui_trader.venues.phemex.orders import PhemexOrders

BTC, COIN = InstrumentId("phemex", "BTCUSDT"), InstrumentId("phemex", "BTCUSD")

SAMPLE = {
    "code": 0,
    "msg": "OK",
    "data": {
        "total": -1,
        "rows": [
            [1592467200, 300, 23376000000, 23322000000, 23381000000, 23315000000, 23367000000, 208671000, 48759063370],
            [1592467500, 300, 23367000000, 23314000000, 23390000000, 23311000000, 23331000000, 234820000, 54848948710],
        ],
    },
}


def test_usdm_is_asked_for_between_two_times() -> None:
    request = PhemexOrders().candles(BTC, 60, 1_700_000_040, 1_700_000_340)
    assert request is not None
    assert request.path == "/exchange/public/md/v2/kline/list"
    assert request.query == "symbol=BTCUSDT&resolution=60&from=1700000040&to=1700000280"
    assert (request.weight, request.signed) == (10, False)


@pytest.mark.parametrize(("bars", "limit"), [(1, 5), (5, 5), (6, 10), (101, 500), (1_000, 1_000), (5_000, 1_000)])
def test_coinm_is_asked_for_as_many_of_the_newest_as_it_allows(bars: int, limit: int) -> None:
    request = PhemexOrders().candles(COIN, 3_600, 0, bars * 3_600)
    assert request is not None
    assert request.path == "/exchange/public/md/v2/kline"
    assert request.query == f"symbol=BTCUSD&resolution=3600&limit={limit}"


def test_lengths_that_are_not_kept_are_not_asked_for() -> None:
    assert PhemexOrders().candles(BTC, 5, 0, 100) is None
    assert PhemexOrders().candles(BTC, 60, 100, 100) is None


@pytest.mark.parametrize("newest_first", [False, True])
def test_rows_are_read_in_either_order_with_or_without_a_symbol(btcusdt: Instrument, newest_first: bool) -> None:
    orders = PhemexOrders()
    orders.list_instruments([replace(btcusdt, id=COIN, price_scale=4, size_scale=0, value_scale=8)])
    request = orders.candles(COIN, 60, 0, 600)
    assert request is not None
    rows = [[*row, "BTCUSD"] for row in SAMPLE["data"]["rows"]]  # type: ignore[index]
    body = {**SAMPLE, "data": {"total": -1, "rows": rows[::-1] if newest_first else rows}}
    verdict = orders.parse(request, Reply(200, {}, json.dumps(body).encode()))
    assert verdict.outcome is Outcome.ACK
    (event,) = verdict.events
    assert isinstance(event, CandlesChanged)
    assert [bar.start_s for bar in event.candles] == [1592467200, 1592467500]
    assert event.candles[0] == Candle(
        1592467200, 300, *map(Decimal, ("2332200", "2338100", "2331500", "2336700", "208671000", "487.59063370"))
    )


@pytest.mark.parametrize(
    "rows",
    [None, {}, "x", [1], [[1, 2]], [[1, 60, *["x"] * 7]], [["a", 60, *["1"] * 7]], [[1, 60, *[True] * 7]]],
)
def test_what_is_no_list_of_candles_proves_nothing(rows: object) -> None:
    orders = PhemexOrders()
    request = orders.candles(BTC, 60, 0, 600)
    assert request is not None
    verdict = orders.parse(request, Reply(200, {}, json.dumps({"code": 0, "data": {"rows": rows}}).encode()))
    assert verdict.outcome is Outcome.UNKNOWN
    assert not verdict.events
