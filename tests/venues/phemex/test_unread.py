"""Rows that are left as they were sent: what the feed passes on unread is what reading each row at once would have said.

The rows are made up, good and damaged ones mixed; the reference reads them one by one, as exact numbers, when they come.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_trader.core.clock import SystemClock
from tui_trader.core.error import WireError
from tui_trader.core.event import Event, InstrumentsListed, TickerChanged, TickerRow, TradesPrinted, Unreadable
from tui_trader.core.instrument import Instrument
from tui_trader.core.printed import Printed
from tui_trader.core.types import InstrumentId
from tui_trader.state.store import Store
from tui_trader.venues.base import Lane
from tui_trader.venues.exact import exact
from tui_trader.venues.phemex.feed import PhemexFeed
from tui_trader.venues.phemex.market import TICKER_NAME, MarketRows

SYMBOLS = ("BTCUSDT", "ETHUSDT")
NAMES = ["symbol", "openRp", "lastRp", "volumeRq", "fundingRateRr", "markRp", "whoKnows", "indexRp"]
GOOD = ["1", "0.5", "97520.1", "97520.10", "5.", ".5", "007", "0", "0.000", "1" * 64]
SIGNED = ["-0.0001", "-1", "+3", "-.5"]
BAD = [
    *(
        "",
        "x",
        "NaN",
        "Infinity",
        "-Infinity",
        "1_0",
        "１",
        " 1",
        "1 ",
        "1.2.3",
        ".",
        "-",
        "--1",
        "1-2",
        "1e5",
        "1e999999999",
        "٣",
    ),
    *("1" * 65, "0x1", "1e", "²", None, True, 5, -1, 1.5, [], {}, ["1"], "1\x00", "1\n"),
]
NUMBER = st.one_of(st.sampled_from(GOOD), st.sampled_from(GOOD), st.sampled_from(SIGNED), st.sampled_from(BAD))
MOSTLY_GOOD = st.one_of(*[st.sampled_from(GOOD)] * 8, st.sampled_from(SIGNED), st.sampled_from(BAD))
_decode = msgspec.json.Decoder(Any, float_hook=exact).decode


@st.composite
def trade_row(draw: st.DrawFn) -> list[Any]:
    side = draw(st.sampled_from(["Buy", "Sell", "Buy", "Sell", "buy", "", None, 1]))
    at_ns = draw(st.sampled_from([1, 2**62, 0, -5, 10**30, 1.0, True, "1", None]) if draw(st.booleans()) else st.just(7))
    row = [at_ns, side if draw(st.booleans()) else "Sell", draw(MOSTLY_GOOD), draw(MOSTLY_GOOD)]
    return row[: draw(st.sampled_from([4, 4, 4, 4, 4, 4, 3]))] + draw(st.sampled_from([[], [], [], [], [], ["1"]]))


@st.composite
def frames(draw: st.DrawFn) -> list[bytes]:
    made = []
    for place in range(draw(st.integers(1, 6))):
        symbol = draw(st.sampled_from(SYMBOLS))
        if draw(st.booleans()):
            rows = draw(st.lists(trade_row(), max_size=4))
            kind = draw(st.sampled_from(["incremental", "incremental", "snapshot"]))
            made.append({"sequence": place, "symbol": symbol, "trades_p": rows, "type": kind})
            continue
        names = NAMES if draw(st.booleans()) else draw(st.permutations(NAMES))[: draw(st.integers(1, len(NAMES)))]
        rows = [
            [draw(st.sampled_from(SYMBOLS)) if name == "symbol" else draw(MOSTLY_GOOD) for name in names]
            for _ in range(draw(st.integers(0, 3)))
        ]
        made.append(
            {"data": rows, "fields": names, "method": "perp_market24h_pack_p.update", "timestamp": draw(st.integers(1, 9))}
        )
    return [json.dumps(each).encode() for each in made]


def eager(frame: bytes) -> list[Event]:
    """Read a frame row by row, as exact values; what is unreadable is said by the kind of event alone."""
    message, market, found = _decode(frame), MarketRows(), list[Any]()
    bad = Unreadable("phemex", "", "")
    if "trades_p" in message:
        trades = []
        for row in reversed(message["trades_p"]):
            try:
                trades.append(market.trade(row))
            except WireError:
                found.append(bad)
        return [TradesPrinted(InstrumentId("phemex", message["symbol"]), trades, message["type"] == "snapshot"), *found]
    names = message["fields"]
    if "symbol" not in names:
        return [bad]
    for row in message["data"]:
        said = {name: value for name, value in zip(names, row, strict=True) if name in TICKER_NAME}
        try:
            found.append(market.ticker(InstrumentId("phemex", row[names.index("symbol")]), message["timestamp"], said))
        except WireError:
            found.append(bad)
    return found


def plainly(events: list[Event]) -> list[Any]:
    """Return events as exact values, and of what is unreadable only that it was said."""
    return [
        "unreadable" if isinstance(event, Unreadable) else event.changed() if isinstance(event, TickerRow) else event
        for event in events
    ]


def by_tape(events: list[Any]) -> dict[InstrumentId, list[Any]]:
    """Return what each tape is told: snapshots, and between two of them all that is new in one, as a batch may tell it."""
    tapes: dict[InstrumentId, list[Any]] = {}
    for event in events:
        if isinstance(event, TradesPrinted):
            tape = tapes.setdefault(event.instrument, [])
            if tape and not tape[-1][0] and not event.snapshot:
                tape[-1][1].extend(event.trades)
            else:
                tape.append((event.snapshot, list(event.trades)))
    return tapes


@settings(max_examples=120, deadline=None)
@given(frames())
def test_what_is_left_unread_says_what_reading_at_once_says(sent: list[bytes]) -> None:
    one, all_at_once = PhemexFeed(Lane.PUBLIC), PhemexFeed(Lane.PUBLIC)
    wanted = [plainly(eager(frame)) for frame in sent]
    assert [plainly(one.receive(frame, 1)) for frame in sent] == wanted
    told = plainly(all_at_once.receive_batch(sent, 1))
    assert by_tape(told) == by_tape([event for events in wanted for event in events])
    assert [each for each in told if not isinstance(each, TradesPrinted)] == [
        each for events in wanted for each in events if not isinstance(each, TradesPrinted)
    ]
    assert one.unreadable == all_at_once.unreadable == sum(events.count("unreadable") for events in wanted)


@settings(max_examples=60, deadline=None)
@given(frames(), st.lists(st.booleans(), min_size=6, max_size=6))
def test_a_store_ends_alike_whoever_looks_in_between(sent: list[bytes], looks: list[bool]) -> None:
    lazy, strict = Store(SystemClock()), Store(SystemClock())
    feed = PhemexFeed(Lane.PUBLIC)
    for frame, look in zip(sent, looks, strict=False):
        lazy.mono_ns = strict.mono_ns = lazy.mono_ns + 1
        for event in feed.receive_batch([frame], 1):
            lazy.apply(event)
        for event in eager(frame):
            strict.apply(event)
        if look:
            assert _all_of(lazy) == _all_of(strict)
        assert lazy.take_dirty() == strict.take_dirty()
    assert _all_of(lazy) == _all_of(strict)


def _all_of(store: Store) -> Any:
    tapes = {iid: (tape.newest(99), tape.last, len(tape), tape.received) for iid, tape in store.tapes.items()}
    return dict(store.tickers.items()), tapes, sorted(store.heard_times()), store.unreadable


EACH = [*GOOD, *SIGNED, *BAD]


@pytest.mark.parametrize("number", EACH, ids=[f"{place}-{number!r:.12}" for place, number in enumerate(EACH)])
def test_a_number_is_proven_wherever_it_stands(number: Any) -> None:
    good = [7, "Buy", "97520.1", "0.5"]
    trades = [[*good[:place], number, *good[place + 1 :]] for place in (2, 3)]
    sent: list[Any] = [{"symbol": "BTCUSDT", "trades_p": rows, "type": "incremental"} for rows in ([each] for each in trades)]
    for place in range(1, len(NAMES)):
        row = ["BTCUSDT", *["1"] * (len(NAMES) - 1)]
        row[place] = number
        sent.append({"data": [row], "fields": NAMES, "method": "perp_market24h_pack_p.update", "timestamp": 1})
    for message in sent:
        frame = json.dumps(message).encode()
        assert plainly(PhemexFeed(Lane.PUBLIC).receive_batch([frame], 1)) == plainly(eager(frame))


def test_good_rows_are_indeed_left_unread() -> None:
    feed = PhemexFeed(Lane.PUBLIC)
    trades = {"symbol": "BTCUSDT", "trades_p": [[1, "Buy", "97520.1", "0.5"]], "type": "incremental"}
    table = {"data": [["BTCUSDT", "1", "-0.0001"]], "fields": ["symbol", "lastRp", "fundingRateRr"]}
    table["method"] = "perp_market24h_pack_p.update"  # type: ignore[assignment]
    printed, row = feed.receive_batch([json.dumps(each).encode() for each in (trades, table)], 1)
    assert isinstance(printed, TradesPrinted)
    assert isinstance(printed.trades, Printed)
    assert isinstance(row, TickerRow)
    assert isinstance(feed.receive(json.dumps(table).encode(), 1)[0], TickerChanged)


def test_trades_of_one_tape_that_came_at_once_are_told_at_once() -> None:
    def said(symbol: str, *prices: str, kind: str = "incremental") -> bytes:
        rows = [[at, "Sell", price, "1"] for at, price in zip(range(9, 0, -1), prices, strict=False)]
        return json.dumps({"symbol": symbol, "trades_p": rows, "type": kind}).encode()

    btc, eth = SYMBOLS
    sent = [said(btc, "2", "1"), said(eth, "50"), said(btc, "3"), said(btc, "4", kind="snapshot"), said(btc, "5"), said(btc, "6")]
    events = PhemexFeed(Lane.PUBLIC).receive_batch(sent, 1)
    told = [(each.instrument.symbol, [str(one.price) for one in each.trades], each.snapshot) for each in events]  # type: ignore[union-attr]
    assert told == [
        (btc, ["1", "2", "3"], False),
        (eth, ["50"], False),
        (btc, ["4"], True),
        (btc, ["5", "6"], False),
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(frames(), min_size=1, max_size=4))
def test_a_store_ends_alike_whether_frames_come_at_once_or_one_by_one(batches: list[list[bytes]]) -> None:
    whole, alone = Store(SystemClock()), Store(SystemClock())
    feeds = PhemexFeed(Lane.PUBLIC), PhemexFeed(Lane.PUBLIC)
    for sent in batches:
        whole.mono_ns = alone.mono_ns = alone.mono_ns + 1
        for event in feeds[0].receive_batch(sent, 1):
            whole.apply(event)
        for frame in sent:
            for event in feeds[1].receive(frame, 1):
                alone.apply(event)
        assert whole.take_dirty() == alone.take_dirty()
    assert _all_of(whole) == _all_of(alone)
    assert feeds[0].unreadable == feeds[1].unreadable


def test_a_table_may_leave_its_names_out_and_name_others_later(btcusdt: Instrument) -> None:
    store, feed = Store(SystemClock()), PhemexFeed(Lane.PUBLIC)
    store.apply(InstrumentsListed("phemex", [btcusdt]))
    rows = [(["symbol", "lastRp", "markRp"], ["1", "2"]), (None, ["3", "4"]), (["symbol", "markRp", "indexRp"], ["5", "6"])]
    for names, values in rows:
        told = {"data": [["BTCUSDT", *values]], "method": "perp_market24h_pack_p.update", "timestamp": 1}
        sent = json.dumps(told | ({"fields": names} if names else {})).encode()
        for event in feed.receive_batch([sent], 1):
            store.apply(event)
    ticker = store.ticker(InstrumentId("phemex", "BTCUSDT"))
    assert (ticker.last, ticker.mark, ticker.index) == (3, 5, 6)
    assert feed.unreadable == 0
