"""Books from increments: each version once and none left out, whatever the order of seed and stream; a gap ends the trust."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.proxy import Fault
from tests.chaos.stand import CLOTHES, Ground, Stand
from tests.venues.mexc.conftest import CONTRACTS, ENCODE, answer, load
from tui_trader.core.book import Book
from tui_trader.core.event import BookDelta, BookSnapshot, BookWanted, Event, Unreadable
from tui_trader.core.types import InstrumentId, Side
from tui_trader.sim.products import mexc_instruments
from tui_trader.venues.base import Channel, Lane, Subscription
from tui_trader.venues.besides import Seeded
from tui_trader.venues.mexc import mexc
from tui_trader.venues.mexc.feed import IncrementalFeed, MexcFeed
from tui_trader.venues.mexc.orders import MexcOrders

BTC = InstrumentId("mexc", "BTC_USDT")
GROUND = Ground(mexc_instruments(("BTC_USDT",))[0], D("0.01"), D("0.1"), D(1_000_000))


@pytest.fixture
def feed() -> IncrementalFeed:
    made = IncrementalFeed(Lane.PUBLIC)
    made.list_instruments(CONTRACTS)
    return made


def frame(begin: int, end: int, price: int, contracts: int) -> bytes:
    data = {"begin": begin, "end": end, "version": end, "bids": [[price, contracts, 1]], "asks": []}
    return ENCODE({"channel": "push.depth", "symbol": "BTC_USDT", "data": data, "ts": 1})


def whole(version: int, *levels: tuple[int, int]) -> BookSnapshot:
    return BookSnapshot(BTC, [(price, D(contracts) * D("0.0001")) for price, contracts in levels], [], version, 0, 1)


def receive(feed: MexcFeed, raw: Any) -> list[Event]:
    return feed.receive(raw if isinstance(raw, bytes) else ENCODE(raw), 1)


def test_what_is_asked_for(feed: IncrementalFeed) -> None:
    assert isinstance(feed, Seeded)
    assert not isinstance(MexcFeed(Lane.PUBLIC), Seeded)
    book = [Subscription(Channel.BOOK, BTC)]
    assert feed.subscribe(book) == [b'{"method":"sub.depth","param":{"symbol":"BTC_USDT"}}']
    assert feed.unsubscribe(book, []) == [b'{"method":"unsub.depth","param":{"symbol":"BTC_USDT"}}']


def test_a_recorded_increment_is_one_version(feed: IncrementalFeed) -> None:
    push = load("push_depth_example.json")["push"]
    contract = [one for one in CONTRACTS if one.symbol == push["symbol"]] or CONTRACTS[:1]
    push = push | {"symbol": contract[0].symbol}
    version = int(push["data"]["version"])
    assert receive(feed, push) == [BookWanted(contract[0].id)]
    seeded = feed.seed(BookSnapshot(contract[0].id, [], [], version - 1, 0, 1))
    assert [type(one) for one in seeded] == [BookSnapshot, BookDelta]
    assert seeded[1].sequence == version  # type: ignore[union-attr]


def test_a_merged_frame_of_2025_reaches_from_begin_to_end(feed: IncrementalFeed) -> None:
    """Numbers, order of the keys and span are of a frame of May 2025."""
    raw = (
        b'{"symbol":"BTC_USDT","data":{"end":25133684088,"begin":25133684085,"version":25133684088,'
        b'"asks":[],"bids":[[9.75E+4,25329.000000000000000000000000000000,58]]},"channel":"push.depth","ts":1747000000000}'
    )
    assert receive(feed, raw) == [BookWanted(BTC)]
    _, delta = feed.seed(whole(25133684084))
    assert isinstance(delta, BookDelta)
    assert (delta.sequence, [(D(p), s) for p, s in delta.bids]) == (25133684088, [(D(97_500), D("2.5329"))])


def test_the_whole_book_comes_from_the_answer_to_a_request(feed: IncrementalFeed, orders: MexcOrders, recorded: Any) -> None:
    request = orders.book(BTC)
    body = recorded("fetch_order_book")
    [snapshot] = orders.parse(request, answer(body)).events
    receive(feed, frame(snapshot.sequence + 1, snapshot.sequence + 2, 100, 5))  # type: ignore[union-attr]
    assert [type(one) for one in feed.seed(snapshot)] == [BookSnapshot, BookDelta]  # type: ignore[arg-type]


def test_what_the_whole_book_has_already_is_left_out(feed: IncrementalFeed) -> None:
    for version in (3, 4, 5, 6):
        receive(feed, frame(version, version, 100, version))
    told = feed.seed(whole(4, (100, 4)))
    assert [one.sequence for one in told] == [4, 5, 6]  # type: ignore[union-attr]
    assert receive(feed, frame(6, 6, 100, 6)) == [], "told twice"
    assert feed.seed(whole(9)) == [], "nobody asked"


def test_a_whole_book_that_is_too_old_is_wanted_again(feed: IncrementalFeed) -> None:
    receive(feed, frame(10, 12, 100, 5))
    assert feed.seed(whole(8)) == [BookWanted(BTC)]
    assert [type(one) for one in feed.seed(whole(9))] == [BookSnapshot, BookDelta]


def test_a_version_that_never_came_ends_the_trust_until_it_is_begun_anew(feed: IncrementalFeed) -> None:
    receive(feed, frame(1, 1, 100, 5))
    feed.seed(whole(1))
    [gap] = receive(feed, frame(4, 5, 100, 7))
    assert isinstance(gap, Unreadable)
    assert (gap.instrument, "versions 2 to 3" in gap.reason) == (BTC, True)
    assert receive(feed, frame(6, 6, 100, 8)) == [], "nothing of it is passed on"
    feed.subscribe([Subscription(Channel.BOOK, BTC)])
    assert receive(feed, frame(7, 7, 100, 9)) == [BookWanted(BTC)]
    assert [type(one) for one in feed.seed(whole(7))] == [BookSnapshot]


def test_a_new_connection_begins_anew(feed: IncrementalFeed) -> None:
    receive(feed, frame(1, 1, 100, 5))
    feed.seed(whole(1))
    feed.reset()
    assert receive(feed, frame(2, 2, 100, 5)) == [BookWanted(BTC)]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=12), st.integers(0, 30), st.integers(0, 12), st.data())
def test_the_book_is_what_all_versions_make_of_it(
    spans: list[int], seeded_at: int, asked_after: int, data: st.DataObject
) -> None:
    """Increments are merged anyhow, the answer comes at any time and is of any version that was then; some come twice."""
    feed = IncrementalFeed(Lane.PUBLIC)
    feed.list_instruments(CONTRACTS)
    frames, version, truth = [], 0, {0: {}}
    for span in spans:
        begin, end = version + 1, version + span
        price, contracts = data.draw(st.integers(100, 103)), data.draw(st.integers(0, 3))
        for one in range(begin, end + 1):
            truth[one] = {**truth[one - 1], price: contracts}
        frames.append((begin, end, price, contracts))
        version = end
    at = min(seeded_at, version)
    # A version inside a merged push has what the push will say: sizes are absolute.
    snapshot = whole(at, *((price, contracts) for price, contracts in truth[at].items() if contracts))
    book, last = Book(CONTRACTS[0]), 0
    for number, one in enumerate(frames):
        told = receive(feed, frame(*one))
        if number + 1 == min(max(asked_after, 1), len(frames)):
            told = [*told, *feed.seed(snapshot)]
        if data.draw(st.booleans()):
            told = [*told, *receive(feed, frame(*one))]
        for event in told:
            if isinstance(event, BookSnapshot):
                book.snapshot(event)
            elif isinstance(event, BookDelta):
                book.apply(event)
                last = event.sequence
    if last == version:
        assert dict(book.bids()) == {D(price): D(size) * D("0.0001") for price, size in truth[version].items() if size}


# -- the whole desk on the mask ----------------------------------------------------------------------------------------------


@pytest.fixture
async def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stand]:
    monkeypatch.setitem(CLOTHES, "mexc", replace(CLOTHES["mexc"], venue=mexc(increments=True)))
    made = await Stand(tmp_path, GROUND).open()
    await made.desk.start(["BTC_USDT"])
    yield made
    await made.close()


async def agrees(stand: Stand) -> None:
    """Wait until the desk's book is the exchange's, to the last level."""
    deadline = asyncio.get_running_loop().time() + 20
    while True:
        book = stand.desk.store.book(GROUND.id)
        if book is not None and book.is_live and (book.bids(), book.asks()) == stand.exchange.book("BTC_USDT"):
            return
        assert asyncio.get_running_loop().time() < deadline, book and book.reason
        await asyncio.sleep(0.02)


async def test_a_desk_keeps_the_exchange_s_book(stand: Stand) -> None:
    await agrees(stand)
    for step in range(40):
        stand.trade("street", Side.BUY, D("0.01"), GROUND.middle - 3_000 - step)
    await agrees(stand)
    assert len(stand.desk.store.book(GROUND.id).bids()) > 40, "deeper than what is sent whole"  # type: ignore[union-attr]


async def test_a_lost_increment_is_noticed_and_the_book_asked_for_again(stand: Stand) -> None:
    await agrees(stand)
    stand.proxy.script.append(Fault.parse("in push.depth x1: drop"))
    for step in range(10):
        stand.trade("street", Side.BUY, D("0.02"), GROUND.middle - 4_000 - step)
        await asyncio.sleep(0.12)
    notices = stand.desk.store.notices
    deadline = asyncio.get_running_loop().time() + 20
    while not any("book in doubt" in notice.text for notice in notices):
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.02)
    await agrees(stand)
