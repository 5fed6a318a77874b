"""Thirty-one seconds of five real books: what the feed and the Book make of them equals the independent reconstruction."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tui_trader.core.book import Book, BookState
from tui_trader.core.event import BookDelta, BookSnapshot, TradesPrinted, Unreadable
from tui_trader.core.instrument import Instrument
from tui_trader.core.tape import Tape
from tui_trader.venues.base import Lane
from tui_trader.venues.phemex.feed import PhemexFeed

SYMBOLS = ("XMRUSD", "ENJUSD", "sSUSHIUSDT", "sENJUSDT", "sBCHUSDT")


def scaled(levels: list[tuple[Decimal, Decimal]], instrument: Instrument) -> list[list[int]]:
    """Return levels as the scaled integers that the recording holds."""
    return [[int(price.scaleb(instrument.price_scale)), int(size.scaleb(instrument.size_scale))] for price, size in levels]


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_every_checkpoint_is_reproduced(
    symbol: str, lines: Callable[[str], list[Any]], payload: Callable[[str], Any], legacy_2021: list[Instrument]
) -> None:
    instrument = next(one for one in legacy_2021 if one.symbol == symbol)
    checkpoints = {point["after_book_message_n"]: point for point in payload("expected_books_2021.json")[symbol]}
    feed = PhemexFeed(Lane.PUBLIC)
    feed.list_instruments(legacy_2021)
    book = Book(instrument)
    seen = checked = 0
    for line in lines("ws_orderbook_trades_2021.jsonl"):
        if line["dir"] == "sent":
            continue
        for event in feed.receive(msgspec.json.encode(line["msg"]), 1):
            if not isinstance(event, (BookSnapshot, BookDelta)) or event.instrument != instrument.id:
                continue
            seen += 1
            book.snapshot(event) if isinstance(event, BookSnapshot) else book.apply(event)
            assert book.state is BookState.LIVE, book.reason
            if seen in checkpoints:
                point = checkpoints[seen]
                assert book.sequence == point["sequence"]
                assert scaled(book.bids(), instrument) == point["bids"]
                assert scaled(book.asks(), instrument) == point["asks"]
                checked += 1
    assert checked == len(checkpoints) > 0
    assert (book.mismatches, book.unknown_deletes) == (0, 0)


def test_the_whole_recording_is_read(lines: Callable[[str], list[Any]], legacy_2021: list[Instrument]) -> None:
    feed = PhemexFeed(Lane.PUBLIC)
    feed.list_instruments(legacy_2021)
    tape = Tape(2000)
    for line in lines("ws_orderbook_trades_2021.jsonl"):
        if line["dir"] == "sent":
            continue
        events = feed.receive(msgspec.json.encode(line["msg"]), 1)
        assert events
        assert not any(isinstance(event, Unreadable) for event in events)
        for event in events:
            if isinstance(event, TradesPrinted) and event.instrument.symbol == "XMRUSD":
                assert len(event.trades) == len(line["msg"]["trades"])
                at_ns, _, price, qty = line["msg"]["trades"][0]
                newest = event.trades[-1]
                assert (newest.at_ns, newest.price * 10_000, newest.qty) == (at_ns, price, qty)
                tape.replace(event.trades) if event.snapshot else tape.extend(event.trades)
    assert len(tape) >= 1000
    assert feed.ignored == feed.unreadable == 0
