"""A recorded market: the book it leads to, whom it fills, and what it refuses to read.

``data/phemex_xmrusd_2021.jsonl`` holds the first hundred book messages of XMRUSD, and its prints, from cryptofeed's recording of
2021-07-03 (bmoscon/cryptofeed @ ce58c2a, sample_data/PHEMEX.ws.1.0); the book beside it was built from them independently.
"""

from __future__ import annotations

import json
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from tui_trader.core.clock import NS
from tui_trader.core.error import WireError
from tui_trader.core.types import OrderType, Side
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.products import phemex_instruments
from tui_trader.sim.replay import ReplayFlow
from tui_trader.sim.types import NewOrder, PublicTrade, SimOrder, SimStatus

BUY, SELL = Side.BUY, Side.SELL
DATA = Path(__file__).parent / "data"
START = 1_700_000_000 * NS
T0 = 1_700_000_000


def play(flow: ReplayFlow) -> Exchange:
    exchange = Exchange([*flow.instruments, *phemex_instruments(["SOLUSDT"])], seed=1, start_ns=START, flow=flow)
    exchange.open_account("ann", {"USDT": D(10_000)})
    return exchange


def forward(exchange: Exchange, seconds: float) -> None:
    for _ in range(round(seconds * 10)):
        exchange.advance(exchange.now_ns + NS // 10)


def book_line(at: float, bids: list[list[str]], asks: list[list[str]], kind: str = "incremental") -> str:
    message = {"orderbook_p": {"bids": bids, "asks": asks}, "symbol": "BTCUSDT", "type": kind, "depth": 30}
    return json.dumps({"dir": "recv", "ts": T0 + at, "msg": message})


def trade_line(at: float, *trades: list[Any], kind: str = "incremental") -> str:
    rows = [[(T0 * NS) + round(at * NS), *trade] for trade in trades]
    return json.dumps({"dir": "recv", "ts": T0 + at, "msg": {"trades_p": rows, "symbol": "BTCUSDT", "type": kind}})


OPENING = book_line(0, [["50000", "1"], ["49990", "2"]], [["50010", "1"], ["50020", "2"]], "snapshot")


def recording(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "market.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


def order(exchange: Exchange, side: Side, qty: str, price: str | None = None) -> SimOrder:
    kind = OrderType.LIMIT if price else OrderType.MARKET
    return exchange.submit("ann", NewOrder("", "BTCUSDT", side, kind, D(qty), D(price) if price else None))


def test_a_real_recording_leads_to_its_book() -> None:
    flow = ReplayFlow(DATA / "phemex_xmrusd_2021.jsonl", speed=2.0)
    exchange = play(flow)
    (xmr,) = flow.instruments
    assert (xmr.symbol, xmr.tick, xmr.lot) == ("XMRUSD", D("0.01"), D("0.01"))
    length = flow.length_ns / NS - 2
    forward(exchange, length / 2 + 0.2)
    expected = json.loads((DATA / "phemex_xmrusd_2021_book.json").read_text())
    for side, shown in zip(("bids", "asks"), exchange.book("XMRUSD"), strict=True):
        assert shown == [(D(price) / 10_000, D(size) / 100) for price, size in expected[side]]
    assert exchange.trades("XMRUSD", 1)[0].price == D("215.27")


def test_prints_appear_when_they_were_recorded(tmp_path: Path) -> None:
    old = trade_line(0, ["Buy", "49999", "0.5"], ["Sell", "49998", "0.4"], kind="snapshot")
    new = trade_line(1, ["Buy", "50010", "0.25"])
    exchange = play(ReplayFlow(recording(tmp_path, OPENING, old, new)))
    assert [trade.price for trade in exchange.trades("BTCUSDT", 9)] == [D(49_999), D(49_998)]
    exchange.drain()
    forward(exchange, 0.9)
    assert exchange.drain() == []
    forward(exchange, 0.2)
    prints = [event for event in exchange.drain() if isinstance(event, PublicTrade)]
    assert [(trade.side, trade.price, trade.qty) for trade in prints] == [(BUY, D(50_010), D("0.25"))]


def test_taken_liquidity_comes_back_with_the_next_recorded_change(tmp_path: Path) -> None:
    change = book_line(1, [], [["50010", "1.5"]])
    exchange = play(ReplayFlow(recording(tmp_path, OPENING, change)))
    assert order(exchange, BUY, "0.1").status is SimStatus.FILLED
    assert exchange.book("BTCUSDT")[1][0] == (D(50_010), D("0.9"))
    forward(exchange, 1.1)
    assert exchange.book("BTCUSDT")[1][0] == (D(50_010), D("1.5"))


def test_a_recorded_level_fills_the_order_it_crosses(tmp_path: Path) -> None:
    change = book_line(1, [["50000", "0"], ["49990", "0"]], [["49995", "1"]])
    exchange = play(ReplayFlow(recording(tmp_path, OPENING, change)))
    bid = order(exchange, BUY, "0.01", "49996")
    forward(exchange, 1.1)
    assert bid.status is SimStatus.FILLED
    assert exchange.fills("ann")[0].exec_price == 49_996


def test_a_recorded_trade_fills_what_it_went_past_but_not_what_it_touched(tmp_path: Path) -> None:
    sold = trade_line(1, ["Sell", "50001", "0.5"])
    exchange = play(ReplayFlow(recording(tmp_path, OPENING, sold)))
    past = order(exchange, BUY, "0.01", "50002")
    touched = order(exchange, BUY, "0.01", "50001")
    forward(exchange, 1.1)
    assert (past.status, touched.status) == (SimStatus.FILLED, SimStatus.NEW)
    assert [(t.price, t.qty) for t in exchange.trades("BTCUSDT", 9)] == [(D(50_001), D("0.49")), (D(50_002), D("0.01"))]


def test_a_recording_begins_again(tmp_path: Path) -> None:
    change = book_line(1, [["50000", "3"]], [])
    exchange = play(ReplayFlow(recording(tmp_path, OPENING, change)))
    forward(exchange, 1.5)
    assert exchange.book("BTCUSDT")[0][0][1] == 3
    forward(exchange, 2)
    assert exchange.book("BTCUSDT")[0][0][1] == 1
    forward(exchange, 1)
    assert exchange.book("BTCUSDT")[0][0][1] == 3


def test_other_symbols_are_moved_by_order_flow(tmp_path: Path) -> None:
    exchange = play(ReplayFlow(recording(tmp_path, OPENING)))
    assert exchange.market("SOLUSDT").mark == 182
    bids, asks = exchange.book("SOLUSDT")
    assert len(bids) > 30 < len(asks)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line 2"),
        ('{"dir":"recv","ts":"x","msg":{"book":{},"symbol":"XMRUSD","type":"snapshot"}}', "not a number"),
        ('{"dir":"recv","ts":1,"msg":{"book":{"bids":[],"asks":[]},"symbol":"ABCUSD","type":"snapshot"}}', "scale of ABCUSD"),
        (book_line(1, [["50000.05", "1"]], []), "multiple of the tick"),
        (book_line(1, [["NaN", "1"]], []), "not a number"),
        (trade_line(1, ["Hold", "50000", "1"]), "Hold"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path: Path, line: str, reason: str) -> None:
    with pytest.raises(WireError, match=reason) as caught:
        ReplayFlow(recording(tmp_path, OPENING, line))
    assert "line 2" in str(caught.value)


def test_a_recording_without_a_book_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WireError, match="no order book"):
        ReplayFlow(recording(tmp_path, trade_line(1, ["Buy", "50000", "1"])))
