"""The candle recorder on a desk that is connected to the built-in exchange, and on one whose parts are in the test's hand."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from decimal import Decimal
from pathlib import Path

from tests.desk.conftest import BTC, World, until
from tui_trader.core.bar import Bar, Basis, Gap
from tui_trader.core.clock import NS, ManualClock, SystemClock
from tui_trader.core.event import LinkChanged, TradesPrinted
from tui_trader.core.second import Second
from tui_trader.core.tape import Trade
from tui_trader.core.types import InstrumentId, LinkState, Side
from tui_trader.desk.backfill import Backfill
from tui_trader.desk.candles import CandleRecorder
from tui_trader.net.limiter import Limiter
from tui_trader.state.charts import Wish, with_live
from tui_trader.state.store import Store
from tui_trader.storage.candles import CandleStore, Heard
from tui_trader.venues.base import Outcome, Request, Verdict
from tui_trader.venues.phemex import PHEMEX

T0 = 1_700_000_040
MINUTE = T0 - T0 % 60


async def test_seconds_come_from_the_trades_and_minutes_from_the_venue(world: World, tmp_path: Path) -> None:
    candles = CandleStore(tmp_path / "candles.sqlite", SystemClock())
    desk = await world.desk("BTCUSDT", candles=candles)
    desk.store.charts.ask(Wish(BTC, 60, 100))
    await until(lambda: (page := desk.store.charts.page) and sum(isinstance(b, Bar) for b in page.bars) > 90, "minutes")
    desk.store.charts.ask(Wish(BTC, 1, 30))
    await until(
        lambda: (page := desk.store.charts.page) and page.wish.interval_s == 1 and isinstance(page.bars[-1], Bar), "seconds"
    )
    page = desk.store.charts.page
    assert page is not None
    known = [bar for bar in page.bars if isinstance(bar, Bar)]
    assert all(bar.basis is Basis.TRADES and bar.low <= bar.open <= bar.high for bar in known)
    await desk.close()
    with sqlite3.connect(tmp_path / "candles.sqlite") as db:
        assert db.execute("SELECT COUNT(*) FROM told WHERE level = 60").fetchone()[0] > 90
        assert db.execute("SELECT COUNT(*) FROM seconds").fetchone()[0] > 0


class Feed:
    """A recorder whose clock, link and venue are the test's."""

    def __init__(self, candles: CandleStore, *, spare: bool = True) -> None:
        self.clock = ManualClock(T0 * NS)
        self.store = Store(self.clock)
        self.asked: list[Request] = []
        self.said: list[str] = []
        past = Backfill(
            candles=candles,
            venue="phemex",
            store=self.store,
            clock=self.clock,
            dialect=PHEMEX.orders(),
            send=self.send,
            can_spare=lambda request: spare,
            watched=lambda: [BTC],
            listed=lambda: [BTC],
            server_ns=self.clock.wall_ns,
        )
        self.recorder = CandleRecorder(
            candles=candles,
            venue="phemex",
            store=self.store,
            clock=self.clock,
            past=past,
            server_ns=self.clock.wall_ns,
            say=lambda text, severity: self.said.append(text),
        )
        self.link(LinkState.LIVE)

    async def send(self, request: Request) -> Verdict:
        self.asked.append(request)
        return Verdict(Outcome.UNKNOWN)

    def link(self, state: LinkState) -> None:
        self.store.mono_ns = self.clock.mono_ns()
        event = LinkChanged("phemex", "public", state, at_ns=self.clock.wall_ns())
        self.store.apply(event)
        self.recorder.hear(event)

    def trade(self, price: str, *, snapshot: bool = False, iid: InstrumentId = BTC) -> None:
        self.recorder.hear(TradesPrinted(iid, [Trade(self.clock.wall_ns(), Side.BUY, Decimal(price), Decimal(1))], snapshot))

    async def pass_s(self, seconds: int, *, silent: bool = False) -> None:
        for _ in range(seconds):
            self.clock.advance(1)
            if not silent:
                self.store.mono_ns = self.clock.mono_ns()
                self.store.heard("phemex", "public")
            await self.recorder.flush()


def opened(path: Path | None = None) -> CandleStore:
    candles = CandleStore(path, ManualClock((T0 + 10_000) * NS))
    assert candles.open()
    return candles


async def test_silence_is_not_taken_for_a_market_without_trades() -> None:
    candles = opened()
    feed = Feed(candles)
    feed.trade("10", snapshot=True)
    await feed.pass_s(5)
    await feed.pass_s(10, silent=True)  # half open: nobody says that it is dead
    feed.link(LinkState.DOWN)
    await feed.pass_s(5)
    found = candles.bars(BTC, 1, T0 + 1, T0 + 20, now_s=T0 + 20)
    assert [(item.start_s, type(item)) for item in found] == [(T0 + n, Bar) for n in (1, 2, 3)] + [(T0 + 4, Gap)]
    assert found[-1] == Gap(T0 + 4, T0 + 20)


async def test_a_disk_that_was_full_gets_everything_when_there_is_room_again() -> None:
    candles = opened()
    feed = Feed(candles)
    pages = candles.file.db.execute("PRAGMA page_count").fetchone()[0]
    candles.file.db.execute(f"PRAGMA max_page_count = {pages}")
    for number in range(300):
        feed.trade(f"10.{number}", snapshot=not number)
        await feed.pass_s(1)
    assert len(feed.said) == 1
    assert "cannot be written" in feed.said[0]
    candles.file.db.execute("PRAGMA max_page_count = 1000000")
    await feed.pass_s(1)
    assert candles.file.db.execute("SELECT SUM(trades) FROM seconds").fetchone()[0] == 300


async def test_a_batch_whose_wait_is_cancelled_is_not_written_again() -> None:
    candles = opened()
    feed = Feed(candles)
    feed.trade("10", snapshot=True)
    held = threading.Event()
    write = candles.write

    def slow(batch: list[Heard]) -> bool:
        held.wait(10)
        return write(batch)

    candles.write = slow  # type: ignore[method-assign]
    flush = asyncio.get_running_loop().create_task(feed.recorder.flush())
    await until(lambda: feed.recorder._writing is not None, "the thread writes")
    flush.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await flush
    held.set()
    await feed.recorder.flush()
    assert candles.file.db.execute("SELECT SUM(trades) FROM seconds").fetchone()[0] == 1


async def test_a_terminal_beside_the_one_that_writes_counts_nothing_twice(tmp_path: Path) -> None:
    writer, other = opened(tmp_path / "c.sqlite"), CandleStore(tmp_path / "c.sqlite", ManualClock((T0 + 10_000) * NS))
    assert not other.open()
    feeds = [Feed(writer), Feed(other)]
    for feed in feeds:
        feed.trade("10", snapshot=True)
        await feed.pass_s(3)
    (bar,) = other.bars(BTC, 1, T0, T0 + 1)
    assert isinstance(bar, Bar)
    assert bar.trades == 1
    writer.close()


async def test_the_past_is_asked_for_once_and_only_while_there_is_budget_to_spare() -> None:
    feed = Feed(opened(), spare=False)
    await feed.recorder.past.fill_in()
    assert feed.asked == []
    feed = Feed(opened())
    await feed.recorder.past.fill_in()
    assert [request.what for request in feed.asked] == ["candles"] * 3
    assert {request.weight for request in feed.asked} == {10}
    await feed.recorder.past.fill_in()
    assert len(feed.asked) == 3


def test_the_lowest_class_leaves_half_of_the_budget() -> None:
    limiter = Limiter({"other": (100, 60.0)}, ManualClock())
    left = 0
    while limiter.can_spare("other", 10):
        limiter.bucket("other").try_take(10, ManualClock().mono_ns(), cancel=False)
        left += 1
    assert left == 5


def test_trades_that_are_not_in_the_file_yet_move_the_newest_bar() -> None:
    def second(at: int, price: str) -> Second:
        return Second(Trade(at * NS, Side.BUY, Decimal(price), Decimal(2)))

    flat = Bar(MINUTE, 60, *[Decimal(10)] * 4, Decimal(0), 0, 3, 3, Basis.TRADES)
    (bar,) = with_live([flat], 60, [second(MINUTE + 3, "12"), second(MINUTE + 4, "11")])
    assert isinstance(bar, Bar)
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.known_s, bar.passed_s) == (
        *map(Decimal, (12, 12, 11, 11, 4)),
        5,
        5,
    )
    first, between, new = with_live([flat._replace(interval_s=1)], 1, [second(MINUTE + 5, "9")])
    assert (first.start_s, between, new.start_s) == (MINUTE, Gap(MINUTE + 1, MINUTE + 5, observed=True), MINUTE + 5)


def test_a_batch_is_whole_or_not_there() -> None:
    candles = opened()
    assert candles.write([Heard(BTC)])
    assert candles.bars(BTC, 1, T0, T0 + 1) == [Gap(T0, T0 + 1)]
