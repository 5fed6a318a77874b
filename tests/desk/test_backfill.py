"""What is asked of a venue for the candles that nobody heard, on parts in the test's hand and at each venue's exchange."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from decimal import Decimal as D
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests.desk.conftest import BTC, until
from tui_trader.core.bar import Bar, Basis, Gap
from tui_trader.core.candle import Candle
from tui_trader.core.clock import NS, ManualClock, SystemClock
from tui_trader.core.decimals import divide
from tui_trader.core.event import CandlesChanged, TickerChanged
from tui_trader.core.ids import IdFactory
from tui_trader.core.instrument import Instrument
from tui_trader.core.second import Second
from tui_trader.core.tape import Trade
from tui_trader.core.types import InstrumentId, Side
from tui_trader.desk.account import Account
from tui_trader.desk.backfill import CHART_NS, LATER_NS, MOST_BARS, RETRY_NS, Backfill
from tui_trader.desk.desk import Desk
from tui_trader.desk.environment import Environment
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.market import SeededFlow
from tui_trader.sim.masks.base import Mask, Setting
from tui_trader.sim.masks.mexc import MexcMask
from tui_trader.sim.masks.paradex import ParadexMask
from tui_trader.sim.masks.paradex_products import paradex_instruments
from tui_trader.sim.masks.phemex import PhemexMask
from tui_trader.sim.products import mexc_instruments, phemex_instruments
from tui_trader.sim.server import SimServer
from tui_trader.state.charts import Filling, Wish
from tui_trader.state.price_path import HOUR, MINUTE_NS
from tui_trader.state.store import Store
from tui_trader.storage.candle_retention import Kept
from tui_trader.storage.candles import CandleStore, Heard
from tui_trader.venues.base import Endpoints, OrderDialect, Outcome, Request, Venue, Verdict
from tui_trader.venues.mexc import MEXC
from tui_trader.venues.paradex import PARADEX
from tui_trader.venues.phemex import PHEMEX

NOW = 1_700_006_430
"""Half past a minute."""

MINUTE = NOW - NOW % 60
ETH = InstrumentId("phemex", "ETHUSDT")


def minutes(iid: InstrumentId, first: int, count: int, *, level: int = 60) -> Verdict:
    """Return an answer with bars that close at 100, 101, ... and end ``first`` bars before now."""
    start = NOW - NOW % level - first * level
    bars = [Candle(start + n * level, level, D(99), D(1_000), D(1), D(100 + n), D(1), D(0)) for n in range(count)]
    return Verdict(Outcome.ACK, events=(CandlesChanged(iid, bars, snapshot=False),))


class Asked:
    """A back-fill whose venue answers what the test says, and nothing where it says nothing."""

    def __init__(self, dialect: OrderDialect | None = None, iid: InstrumentId = BTC) -> None:
        self.clock = ManualClock(NOW * NS)
        self.store = Store(self.clock)
        self.candles = CandleStore(None, self.clock, Kept(36_500, 36_500))
        assert self.candles.open()
        self.answers: deque[Verdict] = deque()
        self.asked: list[tuple[Request, Filling | None]] = []
        self.spare = True
        self.watched = [iid]
        self.listed: list[InstrumentId] = []
        self.kept = 0
        self.past = Backfill(
            candles=self.candles,
            venue=iid.venue,
            store=self.store,
            clock=self.clock,
            dialect=dialect or PHEMEX.orders(),
            send=self.send,
            can_spare=lambda request: self.spare,
            watched=lambda: self.watched,
            listed=lambda: self.listed,
            server_ns=self.clock.wall_ns,
        )
        self.past.kept = self._count

    def _count(self) -> None:
        self.kept += 1

    async def send(self, request: Request) -> Verdict:
        self.asked.append((request, self.store.charts.filling))
        return self.answers.popleft() if self.answers else Verdict(Outcome.ACK)

    def spans(self) -> list[tuple[str, int, int, int]]:
        """Return what was asked for so far: symbol, length, beginning, end; and forget it."""
        found = []
        for request, _ in self.asked:
            asked = {name: values[0] for name, values in parse_qs(request.query).items()}
            level = int(asked["resolution"])
            found.append((asked["symbol"], level, int(asked["from"]), int(asked["to"]) + level))
        self.asked.clear()
        return found


async def test_what_the_chart_looks_at_is_asked_for_first_and_then_minutes_before_longer_bars() -> None:
    asked = Asked()
    asked.listed = [ETH, InstrumentId("mexc", "BTC_USDT")]
    asked.store.charts.ask(Wish(ETH, 14_400, 50))
    await asked.past.fill_in()
    hour, day = NOW - NOW % 3_600, NOW - NOW % 86_400
    assert asked.spans() == [
        ("ETHUSDT", 3_600, hour - 50 * 14_400, hour),
        ("BTCUSDT", 60, MINUTE - MOST_BARS * 60, MINUTE),
        ("ETHUSDT", 60, MINUTE - MOST_BARS * 60, MINUTE),
        ("BTCUSDT", 3_600, hour - MOST_BARS * 3_600, hour),
        ("BTCUSDT", 86_400, day - MOST_BARS * 86_400, day),
    ]


async def test_bars_shorter_than_a_minute_are_not_asked_for_because_no_venue_tells_them() -> None:
    asked = Asked()
    asked.watched = []
    asked.store.charts.ask(Wish(BTC, 5, 100))
    await asked.past.fill_in()
    assert asked.asked == []


async def test_progress_is_shown_until_the_venue_has_told_all_it_knows() -> None:
    asked = Asked()
    asked.watched = []
    asked.store.charts.ask(Wish(BTC, 60, 100))
    asked.answers += [minutes(BTC, 25, 25), minutes(BTC, 90, 40)]
    await asked.past.fill_in()
    assert [filling and (filling.percent, filling.waits) for _, filling in asked.asked] == [(0, False), (25, False), (65, False)]
    assert asked.store.charts.filling is None  # the rest is a gap, by the venue's silence
    assert asked.kept == 2
    asked.spans()
    await asked.past.fill_in()
    assert asked.asked == []


async def test_while_the_budget_is_for_orders_nothing_is_asked_and_the_chart_says_so() -> None:
    asked = Asked()
    asked.spare = False
    asked.store.charts.ask(Wish(BTC, 60, 100))
    assert await asked.past.fill_in() == 0
    assert asked.asked == []
    assert asked.store.charts.filling == Filling(Wish(BTC, 60, 100), 6_000, 6_000, waits=True)


@pytest.mark.parametrize(
    ("answer", "wait_ns"),
    [
        (Verdict(Outcome.UNKNOWN), RETRY_NS),
        (Verdict(Outcome.LIMITED), RETRY_NS),
        (Verdict(Outcome.ACK), CHART_NS),
    ],
)
async def test_a_question_without_an_answer_is_asked_again_soon(answer: Verdict, wait_ns: int) -> None:
    asked = Asked()
    asked.watched = []
    asked.store.charts.ask(Wish(BTC, 60, 100))
    asked.answers.append(answer)
    await asked.past.fill_in()
    assert len(asked.spans()) == 1
    asked.clock.advance(wait_ns // NS - 1)
    await asked.past.fill_in()
    assert asked.spans() == []
    asked.clock.advance(1)
    await asked.past.fill_in()
    assert len(asked.spans()) == 1


async def test_a_bar_that_is_still_being_formed_is_not_kept_as_what_the_venue_told() -> None:
    asked = Asked()
    asked.watched = []
    asked.store.charts.ask(Wish(BTC, 60, 10))
    asked.answers.append(minutes(BTC, 3, 4))  # the last of them began half a minute ago
    assert await asked.past.fill_in() == 3
    known = asked.candles.bars(BTC, 60, MINUTE - 120, MINUTE + 60, now_s=MINUTE + 90)
    assert [type(one) for one in known] == [Bar, Bar, Gap]


async def test_an_old_stretch_that_the_venue_does_not_know_is_left_alone_for_hours() -> None:
    asked = Asked()
    asked.watched = []
    asked.store.charts.ask(Wish(BTC, 60, 100, MINUTE - 86_400))
    await asked.past.fill_in()
    assert len(asked.spans()) == 1
    asked.clock.advance(LATER_NS // NS - 1)
    await asked.past.fill_in()
    assert asked.spans() == []
    asked.clock.advance(1)
    await asked.past.fill_in()
    assert len(asked.spans()) == 1


async def test_days_are_made_of_hours_where_the_venue_tells_no_days() -> None:
    iid = InstrumentId("paradex", "BTC-USD-PERP")
    asked = Asked(PARADEX.orders(), iid)
    asked.watched = []
    asked.store.charts.ask(Wish(iid, 86_400, 60))
    await asked.past.fill_in()
    assert [parse_qs(request.query)["resolution"] for request, _ in asked.asked] == [["60"]]
    asked.answers.append(minutes(iid, 500, 500, level=3_600))
    asked.clock.advance(LATER_NS // NS)
    await asked.past.fill_in()
    known = asked.candles.bars(iid, 86_400, NOW - 15 * 86_400, NOW, now_s=NOW)
    assert [type(bar) for bar in known] == [Bar] * 15 + [Gap]  # of today nothing has been told yet


async def test_a_command_asks_for_a_long_stretch_whole_and_hears_how_far_it_is() -> None:
    asked = Asked()
    asked.spare = False  # it waits for what it wants, and need not spare
    asked.store.charts.ask(Wish(ETH, 60, 100))
    asked.answers += [minutes(BTC, 1_000, 1_000), minutes(BTC, 2_000, 1_000), Verdict(Outcome.UNKNOWN)]
    heard: list[int] = []
    assert await asked.past.fetch(BTC, 60, MINUTE - 4_000 * 60, MINUTE, heard.append) == 2_000
    assert heard == [0, 25, 50, 50]
    assert asked.spans() == [("BTCUSDT", 60, MINUTE - n * 60_000, MINUTE - (n - 1) * 60_000) for n in (1, 2, 3)]
    # Seconds are told by nobody: the minutes that they could be invented from are asked for.
    asked.clock.advance(RETRY_NS // NS)
    await asked.past.fetch(BTC, 5, MINUTE - 4_000 * 60, MINUTE)
    assert asked.spans() == [("BTCUSDT", 60, MINUTE - 3 * 60_000, MINUTE - 2 * 60_000)]


# -- the watchlist -----------------------------------------------------------------------------------------------------------


async def test_the_hour_of_the_watchlist_is_known_from_the_first_minute() -> None:
    asked = Asked()
    asked.listed = [ETH]
    asked.watched = []
    asked.answers.append(minutes(ETH, 90, 90))
    await asked.past.seed()
    assert not asked.store.paths.of(ETH).is_whole(NOW // 60)
    await asked.past.fill_in()
    path = asked.store.paths.of(ETH)
    wall_ns = asked.clock.wall_ns()
    assert path.is_whole(NOW // 60)
    # An hour ago was the 30th of the minutes told, and each closes one higher than the one before.
    assert path.change_pct(wall_ns, D(260)) == D(100)
    assert path.minutes(wall_ns)[:-1] == [D(131 + n) for n in range(HOUR - 1)]


async def test_minutes_that_were_heard_stand_and_those_that_were_missed_are_filled() -> None:
    asked = Asked()
    asked.store.apply(TickerChanged(BTC, 0, last=D(7)))
    asked.store.paths.add(BTC, asked.clock.wall_ns() - 10 * MINUTE_NS, D(7))
    asked.store.paths.add(BTC, asked.clock.wall_ns(), D(8))
    asked.answers.append(minutes(BTC, 90, 90))
    await asked.past.fill_in()
    await asked.past.seed()
    known = asked.store.paths.of(BTC).minutes(asked.clock.wall_ns())
    assert (known[-1], known[-2], known[-11]) == (D(8), D(189), D(7))
    assert None not in known


async def test_what_is_known_only_in_part_gives_the_watchlist_nothing() -> None:
    asked = Asked()
    asked.watched = [BTC]
    asked.answers.append(minutes(BTC, 95, 30))
    heard = Second(Trade((MINUTE - 590) * NS, Side.BUY, D(500), D(1)))
    assert asked.candles.write([Heard(BTC, [heard], [(MINUTE - 600, MINUTE - 570)])])  # half a minute: how it ended nobody knows
    await asked.past.fill_in()
    await asked.past.seed()
    known = asked.store.paths.of(BTC).minutes(asked.clock.wall_ns())
    assert known == [None] * HOUR
    assert asked.store.paths.of(BTC).change_pct(asked.clock.wall_ns(), D(1)) is None


# -- each venue --------------------------------------------------------------------------------------------------------------

VENUES: dict[str, tuple[Venue, Callable[[Setting], Mask], Callable[[], list[Instrument]], str]] = {
    "phemex": (PHEMEX, PhemexMask, lambda: phemex_instruments(("BTCUSDT", "ETHUSDT")), "ETHUSDT"),
    "mexc": (MEXC, MexcMask, lambda: mexc_instruments(("BTC_USDT", "ETH_USDT")), "ETH_USDT"),
    "paradex": (PARADEX, ParadexMask, lambda: paradex_instruments(), "ETH-USD-PERP"),
}


@pytest.mark.parametrize("name", VENUES)
async def test_a_desk_knows_the_past_of_its_symbols_from_the_venues_own_bars(name: str, tmp_path: Path) -> None:
    venue, mask, listed, symbol = VENUES[name]
    clock = SystemClock()
    exchange = Exchange(listed(), seed=7, start_ns=clock.wall_ns(), flow=SeededFlow())
    candles = CandleStore(tmp_path / "candles.sqlite", clock)
    async with SimServer(exchange, mask, account="sim", seed=7, clock=clock) as server:
        desk = Desk(
            Account(venue, Environment.SIM, Endpoints(server.rest_url, server.ws_url), None),
            clock=clock, rng=random.Random(1), journal=None, ids=IdFactory(), candles=candles,
        )  # fmt: skip
        crashes: list[tuple[str, BaseException]] = []
        begun = clock.wall_ns() // MINUTE_NS
        desk.crashed = lambda task, error: crashes.append((task, error))
        try:
            await desk.start([symbol])
            iid = InstrumentId(name, symbol)
            await until(lambda: desk.store.paths.of(iid).is_whole(begun), "an hour of prices")
            await until(lambda: desk.store.ticker(iid).last is not None, "a price")
            price = desk.store.ticker(iid).last
            assert price is not None
            truth = {bar.start_s: bar for bar in exchange.candles(symbol, 60, 70)}
            minute = begun - HOUR
            then = truth[minute * 60].close
            assert desk.store.paths.of(iid).change_pct(begun * MINUTE_NS, price) == divide((price - then) * 100, then)
            found = await asyncio.to_thread(candles.bars, iid, 60, minute * 60, minute * 60 + 3_600)
            told = [bar for bar in found if isinstance(bar, Bar) and bar.basis is Basis.VENUE]
            assert len(told) > 50
            for bar in told:
                assert bar[2:6] == truth[bar.start_s][2:6]
        finally:
            await desk.close()
        assert crashes == []
