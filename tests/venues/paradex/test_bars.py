"""Bars that the venue tells against bars added up from the trades that the feed told: the same market, heard in two ways.

The market is the built-in exchange's, some minutes of it in virtual time; frames and answers pass through the mask and the
client's own translators.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from tui_trader.core.clock import NS
from tui_trader.core.event import CandlesChanged, TradesPrinted
from tui_trader.core.tape import Trade
from tui_trader.core.types import InstrumentId
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.market import SeededFlow
from tui_trader.sim.masks.base import RestCall, Setting
from tui_trader.sim.masks.paradex import ParadexMask
from tui_trader.sim.masks.paradex_products import PROFILES, paradex_instruments
from tui_trader.venues.base import Channel, Lane, Reply, Subscription
from tui_trader.venues.paradex.feed import ParadexFeed
from tui_trader.venues.paradex.orders import ParadexOrders

BTC = InstrumentId("paradex", "BTC-USD-PERP")
START_S = 1_763_700_000 // 3_600 * 3_600
MINUTES = 8


class Clock:
    """The exchange's own time."""

    def __init__(self) -> None:
        self.exchange: Exchange | None = None

    def wall_ns(self) -> int:
        return self.exchange.now_ns if self.exchange is not None else START_S * NS

    def mono_ns(self) -> int:
        return self.wall_ns()


class Ear:
    """A connection that keeps what it is sent."""

    number = 1

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def send(self, payload: bytes, topic: str = "", *, binary: bool = False) -> None:
        self.frames.append(payload)

    def close(self, code: int, reason: str) -> None:
        raise AssertionError(reason)


def test_every_bar_of_the_venue_is_that_of_its_trades() -> None:
    clock = Clock()
    exchange = Exchange(paradex_instruments(), seed=5, start_ns=START_S * NS, flow=SeededFlow(PROFILES, (BTC.symbol,)))
    clock.exchange = exchange
    mask = ParadexMask(Setting(exchange, {}, clock, lambda _: None))
    feed, ear = ParadexFeed(Lane.PUBLIC, None), Ear()
    mask.admit(ear)
    for frame in feed.subscribe([Subscription(Channel.TRADES, BTC)]):
        mask.receive(ear, frame)
    trades: list[Trade] = []
    for second in range(MINUTES * 60):
        exchange.advance((START_S + second + 1) * NS)
        mask.flush()
        for frame in ear.frames:
            trades += [trade for event in feed.receive(frame, 1) if isinstance(event, TradesPrinted) for trade in event.trades]
        ear.frames.clear()
    assert feed.unreadable == 0

    dialect = ParadexOrders()
    asked = dialect.candles(BTC, 60, START_S, START_S + (MINUTES - 1) * 60)
    assert asked is not None
    reply = mask.rest(RestCall("GET", asked.path, asked.query, {}, b""))
    [told] = dialect.parse(asked, Reply(reply.status, {}, reply.body)).events
    assert isinstance(told, CandlesChanged)

    minutes: dict[int, list[Trade]] = defaultdict(list)
    for trade in trades:
        minutes[trade.at_ns // NS // 60 * 60].append(trade)
    starts = [START_S + number * 60 for number in range(MINUTES - 1)]
    assert [bar.start_s for bar in told.candles] == starts, "one after the other, none left out"
    for bar in told.candles:
        heard = minutes[bar.start_s]
        prices = [trade.price for trade in heard]
        assert (bar.open, bar.high, bar.low, bar.close) == (prices[0], max(prices), min(prices), prices[-1]), bar.start_s
        value = sum((trade.price * trade.qty for trade in heard), Decimal(0))
        assert bar.turnover is not None
        assert value - 1 < bar.turnover <= value, "the venue tells whole dollars"
        size = sum((trade.qty for trade in heard), Decimal(0))
        assert abs(bar.volume - size) < size / 100, "sizes are the value over the close: nearly, and never exactly"
