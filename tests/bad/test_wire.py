"""No message, however wrong, stops the program, sends anything, or puts a number on the screen that was not said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad.cockpit import BTC, Cockpit
from tests.bad.row import Row
from tests.bad.wire import ANSWERS, FRAMES, ROWS, Sent, raw
from tests.venues.phemex.test_fuzz import check
from tui_trader.core.event import Unreadable
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import InstrumentId
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Credential, Lane, Outcome, Reply, Request, RequestKind
from tui_trader.venues.phemex.feed import PhemexFeed
from tui_trader.venues.phemex.orders import PhemexOrders


class Terminal:
    """A desk at the end of both translators."""

    def __init__(self, folder: Path) -> None:
        self.cockpit = Cockpit(folder)
        self.desk = self.cockpit.desk
        listed: list[Instrument] = list(self.desk.store.instruments.values())
        self.feed = PhemexFeed(Lane.PRIVATE, Credential("K", Secret("S")))
        self.feed.list_instruments(listed)
        self.orders = PhemexOrders()
        self.orders.list_instruments(listed)

    def hear(self, case: Sent) -> None:
        """Take one case all the way into the store."""
        if case.answer:
            verdict = self.orders.parse(question(case.kind), Reply(200, {}, case.raw))
            assert verdict.text.isprintable()
            if case.refused:
                assert verdict.outcome is Outcome.UNKNOWN, case
                assert verdict.text
            events = list(verdict.events)
        else:
            events = self.feed.receive(case.raw, 1)
            if case.refused:
                assert all(isinstance(event, Unreadable) and event.reason for event in events), case
        check(events)
        self.desk.absorb(events)

    def assert_sound(self) -> None:
        """Every number that could be shown or traded on is one, and what was sent is nothing."""
        store = self.desk.store
        assert self.desk.sent == []
        for book in store.books.values():
            levels = [*book.bids(), *book.asks()]
            if book.is_live:
                assert all(price > 0 and size > 0 for price, size in levels)
                assert not (book.best_bid and book.best_ask and book.best_bid >= book.best_ask)
            else:
                assert book.reason
        for order in store.blotter.orders():
            assert order.qty.is_finite()
            assert order.filled.is_finite()
            assert order.filled >= 0
            assert order.price is None or order.price > 0
        for position in store.positions.values():
            assert position.qty >= 0
            assert position.qty.is_finite()
        for ticker in store.tickers.values():
            assert all(value is None or value.is_finite() for value in (ticker.mark, ticker.last, ticker.index))
        assert all(notice.text.isprintable() for notice in store.notices)
        assert all(iid == BTC or iid.symbol.isascii() for iid in store.books)


def question(kind: str) -> Request:
    """Return the request that an answer of this kind is to."""
    dialect = PhemexOrders()
    match kind:
        case "place":
            return Request(RequestKind.CREATE, "place", "POST", "/g-orders", ref="tt-wire-1")
        case "open_orders":
            return dialect.open_orders(BTC)
        case "positions":
            return dialect.positions("USDT")
        case "server_time":
            return dialect.server_time()
        case _:
            return dialect.book(InstrumentId("phemex", "BTCUSDT"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_a_message_that_is_wrong(tmp_path: Path, row: Row) -> None:
    terminal = Terminal(tmp_path)
    for case in row.cases:
        terminal.hear(case)
        terminal.assert_sound()
    await terminal.desk.close()


async def test_the_good_messages_are_good(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    for kind, message in FRAMES.items():
        events = terminal.feed.receive(raw(message), 1)
        assert events, kind
        assert not any(isinstance(event, Unreadable) for event in events), (kind, events)
        terminal.desk.absorb(events)
    for kind, message in ANSWERS.items():
        assert terminal.orders.parse(question(kind), Reply(200, {}, raw(message))).outcome is Outcome.ACK, kind
    order = terminal.desk.store.blotter.get("tt-wire-1")
    assert order is not None
    assert order.filled
    terminal.assert_sound()
    await terminal.desk.close()


async def test_a_book_message_that_cannot_be_read_doubts_that_book(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    assert terminal.desk.store.books[BTC].is_live
    terminal.hear(Sent("book", raw(FRAMES["book"])[:-1], refused=True))
    assert "could not be read" in terminal.desk.store.books[BTC].reason
    await terminal.desk.close()
