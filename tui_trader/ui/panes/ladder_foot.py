"""The lines under a ladder: sizes near the touch, spread and imbalance, the profit at the cursor, and how well the book is."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from tui_trader.core.book import Book
from tui_trader.core.decimals import ZERO
from tui_trader.core.instrument import Instrument
from tui_trader.state.store import Store
from tui_trader.ui.format import fitted, imbalance, money, number
from tui_trader.ui.panes.ladder_own import pnl_at
from tui_trader.ui.panes.ladder_sizes import Sizes
from tui_trader.ui.panes.spans import Part, Row, by_rank, part

DEPTH = 5
"""Levels a side that the cumulative size and the imbalance look at."""


def foot(sizes: Sizes, book: Book, width: int, doubt: str, beside: list[Part]) -> list[Row]:
    """Return the sizes of the best levels and, in the line under them, the spread and what stands ``beside`` it."""
    bid, ask = _near(sizes, book)
    words = _spread(book, bid, ask) + doubt
    sums = _sums(bid, ask, book.instrument.qty_places, width, doubt)
    return [sums, by_rank([part(1, words, "stale" if doubt else "text"), *beside], width)]


@lru_cache(maxsize=64)
def _sums(bid: Decimal, ask: Decimal, places: int, width: int, doubt: str) -> Row:
    room = max(6, (width - 16) // 2)
    return by_rank(
        [
            part(0, f"cum{DEPTH}", "dim"),
            part(1, f"bid {fitted(bid, places, room)}{doubt}", "stale" if doubt else "bid"),
            part(2, f"ask {fitted(ask, places, room)}{doubt}", "stale" if doubt else "ask"),
        ],
        width,
    )


def spread_words(sizes: Sizes, book: Book) -> str:
    """Return the spread in ticks and how much of the size near it is bid."""
    return _spread(book, *_near(sizes, book))


def _spread(book: Book, bid: Decimal, ask: Decimal) -> str:
    bids, asks = book.bid_ticks, book.ask_ticks
    if not bids or not asks:
        return "one side only"
    return f"spr {asks[0] - bids[0]}t  imb {imbalance(bid, ask)}"


def at_cursor(store: Store, instrument: Instrument, price: Decimal | None, rank: int) -> list[Part]:
    """Return the open profit that there would be at the price under the cursor; nothing without a position or a cursor."""
    profit = pnl_at(store, instrument, price) if price is not None else None
    if price is None or profit is None:
        return []
    role = "gain" if profit > 0 else "loss" if profit < 0 else "text"
    return [part(rank, f"@{number(price, instrument.price_places)} {money(profit, instrument.settle, signed=True)}", role)]


@lru_cache(maxsize=64)
def health(age: str, live: bool, gaps: int, stale: bool, width: int) -> Row:
    """Return how old the book is, whether it is one, and how often anything contradicted it."""
    return by_rank(
        [
            part(0, f"age {age}", "stale" if stale else "dim"),
            part(1, "seq ok" if live else "seq BROKEN", "dim" if live else "alarm"),
            part(2, f"gaps {gaps}", "warn" if gaps else "dim"),
        ],
        width,
    )


def _near(sizes: Sizes, book: Book) -> tuple[Decimal, Decimal]:
    """Return what is bid and what is offered on the best levels."""
    bids, asks = book.raw_sides
    bid = ask = ZERO
    for tick in book.bid_ticks[:DEPTH]:
        bid += sizes.text(book, bids[tick])[0]
    for tick in book.ask_ticks[:DEPTH]:
        ask += sizes.text(book, asks[tick])[0]
    return bid, ask
