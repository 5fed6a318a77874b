"""G1 and G2: what a message costs, from its bytes to a book that can be read, against the parser alone and against ccxt.pro.

Every side gets the same bytes and, where it keeps a book, reads the best 25 levels a side every 250 messages (5,000
messages/s at 20 frames/s), ours as the ladder does: sorted ticks and sizes as sent. Nothing is reported unless all the books
end as the stream's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import orjson

from tui_trader.core.clock import SystemClock
from tui_trader.core.event import InstrumentsListed
from tui_trader.state.store import Store
from tui_trader.venues.base import Lane
from tui_trader.venues.phemex.feed import PhemexFeed

from .measure import Disagreement, Ratio, cpu_of, take_turns
from .stream import Stream, Top, instrument
from .table import Row, skipped

MESSAGES = 45_000
PEER_MESSAGES = 10_000
"""ccxt.pro takes 15 times as long."""

BATCH = 50
"""Frames that the gate of 10 ms lets through at once at 5,000 messages/s; a Session hands them to the dialect together."""

READ_EVERY = 250
DEPTH = 25
TURNS = 3
"""Turns per round: they are short, and many short ones stand noise better than a few long ones."""

PARSER, PEER = "store feed / orjson.loads", "store feed / ccxt.pro phemex"


def measure(rounds: int, goals: frozenset[str]) -> list[Row]:
    """Return the rows of G1 and G2."""
    rows = []
    if "G1" in goals:
        rows.append(_parser(rounds))
    if "G2" in goals:
        rows.append(_peer(rounds))
    return rows


def _parser(rounds: int) -> Row:
    stream = Stream()
    frames = list(stream.frames(MESSAGES))
    expect("ours", ours(frames), stream.top(DEPTH))
    found = take_turns(
        rounds * TURNS,
        {
            "ours": lambda: cpu_of(lambda: ours(frames)) / MESSAGES * 1e6,
            "loads": lambda: cpu_of(lambda: parse(frames)) / MESSAGES * 1e6,
        },
    )
    return Row("G1", PARSER, _cost(found["ours"]), _cost(found["loads"]), Ratio.of(found["ours"], found["loads"]), 1.5)


def _peer(rounds: int) -> Row:
    try:
        theirs = peer()
    except ImportError:
        return skipped("G2", PEER, "ccxt is not installed (pip install -e .[bench])")
    stream = Stream()
    frames = list(stream.frames(PEER_MESSAGES))
    expect("ours", ours(frames), stream.top(DEPTH))
    expect("ccxt.pro", [[(str(p), str(q)) for p, q in side] for side in theirs(frames)], _as_floats(stream.top(DEPTH)))
    found = take_turns(
        rounds * TURNS,
        {
            "ours": lambda: cpu_of(lambda: ours(frames)) / PEER_MESSAGES * 1e6,
            "theirs": lambda: cpu_of(lambda: theirs(frames)) / PEER_MESSAGES * 1e6,
        },
    )
    remark = "ccxt.pro also makes unified dicts and ISO dates of every message, which nothing here asks of it"
    return Row("G2", PEER, _cost(found["ours"]), _cost(found["theirs"]), Ratio.of(found["ours"], found["theirs"]), 0.07, remark)


def ours(frames: list[bytes]) -> Top:
    """Take every frame through the dialect into a Store; return the best levels."""
    contract = instrument("BTCUSDT")
    clock = SystemClock()
    store = Store(clock)
    store.apply(InstrumentsListed("phemex", [contract]))
    dialect = PhemexFeed(Lane.PUBLIC)
    dialect.list_instruments([contract])
    receive, apply = dialect.receive_batch, store.apply
    left = READ_EVERY
    for start in range(0, len(frames), BATCH):
        store.mono_ns = clock.mono_ns()
        for event in receive(frames[start : start + BATCH], clock.wall_ns()):
            apply(event)
        left -= BATCH
        if left <= 0:
            left = READ_EVERY
            book = store.books[contract.id]
            bids, asks = book.raw_sides
            [(ticks, bids[ticks]) for ticks in book.bid_ticks[:DEPTH]]
            [(ticks, asks[ticks]) for ticks in book.ask_ticks[:DEPTH]]
            store.take_dirty()
    if store.unreadable or dialect.unreadable or dialect.ignored:
        raise Disagreement(f"{store.unreadable} messages were unreadable and {dialect.ignored} ignored")
    book = store.books[contract.id]
    if not book.is_live or not len(store.tapes[contract.id]) or store.ticker(contract.id).mark is None or not store.balances:
        raise Disagreement("a kind of message left no trace in the Store")
    return book.bids(DEPTH), book.asks(DEPTH)


def parse(frames: list[bytes]) -> None:
    """Parse every frame and drop it."""
    loads = orjson.loads
    for frame in frames:
        loads(frame)


def peer() -> Callable[[list[bytes]], tuple[list[Any], list[Any]]]:
    """Return a reader of frames by ccxt.pro; raises ImportError without ccxt."""
    import ccxt.pro
    from ccxt.async_support.base.ws.client import Client

    loop = asyncio.new_event_loop()
    market = ccxt_market()

    async def read(frames: list[bytes]) -> tuple[list[Any], list[Any]]:
        exchange = ccxt.pro.phemex({"enableRateLimit": False})
        exchange.set_markets([market])
        client = Client("ws://127.0.0.1", exchange.handle_message, None, None, None, {"asyncio_loop": loop})
        handle = client.handle_text_or_binary_message
        left = READ_EVERY
        for frame in frames:
            handle(frame)
            left -= 1
            if not left:
                left = READ_EVERY
                book = exchange.orderbooks["BTC/USDT:USDT"].limit()
                book["bids"][:DEPTH], book["asks"][:DEPTH]
        book = exchange.orderbooks["BTC/USDT:USDT"].limit()
        return book["bids"][:DEPTH], book["asks"][:DEPTH]

    return lambda frames: loop.run_until_complete(read(frames))


def ccxt_market() -> dict[str, Any]:
    """Return BTCUSDT as ccxt's ``load_markets`` would have described it, as far as it is looked at here."""
    return {
        "id": "BTCUSDT",
        "symbol": "BTC/USDT:USDT",
        "base": "BTC",
        "quote": "USDT",
        "settle": "USDT",
        "baseId": "BTC",
        "quoteId": "USDT",
        "settleId": "USDT",
        "type": "swap",
        "spot": False,
        "swap": True,
        "contract": True,
        "linear": True,
        "inverse": False,
        "active": True,
        "contractSize": 1,
        "priceScale": 0,
        "valueScale": 0,
        "ratioScale": 8,
        "precision": {"amount": 0.001, "price": 0.1},
        "limits": {"amount": {"min": 0.001, "max": None}, "price": {}, "cost": {}, "leverage": {}},
        "info": {},
    }


def expect(who: str, found: object, truth: object) -> None:
    """Raise Disagreement unless ``found`` is the truth."""
    if found != truth and [list(side) for side in found] != [list(side) for side in truth]:  # type: ignore[attr-defined]
        raise Disagreement(f"the books of {who} do not end as the stream's own")


def _as_floats(top: Top) -> list[list[tuple[str, str]]]:
    return [[(str(float(price)), str(float(size))) for price, size in side] for side in top]


def _cost(values: list[float]) -> str:
    return f"{sorted(values)[len(values) // 2]:.2f} us/msg"
