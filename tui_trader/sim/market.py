"""A living market from a seed: quotes come and go, takers arrive in bursts, the price follows a recorded path.

The participants are two ordinary accounts of the exchange, so every contract and every dollar they trade is accounted for.
Dice may be floats; everything that reaches the book is whole ticks and whole lots, and reference prices are exact.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from tui_trader.core.candle import Candle
from tui_trader.core.clock import NS
from tui_trader.core.types import ContractKind, PositionSide, Side
from tui_trader.sim.engine import Resting
from tui_trader.sim.ledger import MAKER, TAKER
from tui_trader.sim.listing import Listing
from tui_trader.sim.margin import trade_value
from tui_trader.sim.path import MILLI, MINUTE_NS, PricePath, recorded_levels
from tui_trader.sim.prints import DAY_MINUTES
from tui_trader.sim.quotes import Quotes, quote_lots, trade_lots
from tui_trader.sim.types import PublicTrade

if TYPE_CHECKING:
    from tui_trader.sim.exchange import Exchange

__all__ = ["PROFILES", "Profile", "SeededFlow"]

RATE = 100_000_000
"""The unit of rates and premiums: one over ten to the eighth."""

INTEREST = 10_000
DAMPING = 50_000
FUNDING_CAP = 300_000
"""Funding of eight hours, in RATE: 0.01 % interest, pulled toward by at most 0.05 %, capped at 0.3 %."""

FEWEST_LEVELS, LEAST_LEVELS, MOST_LEVELS = 32, 36, 48
"""Quotes on a side: never fewer than the first, and left to come and go between the others."""

LONELY_TICKS = 250
"""Quotes that a leap of the price has left further behind than this are pulled, not kept as a distant island."""

SIDES = (Side.BUY, Side.SELL)


@dataclass(frozen=True, slots=True)
class Profile:
    """How one contract trades."""

    price: str
    """Level at start. Where a contract's hard minimum lies above its level of 2026, a level well above that minimum."""
    source: str
    """Recorded symbol whose returns it follows."""
    percent: int
    """How much of each recorded return."""
    changes: int = 8
    """Quote changes a second, besides those that a moving price causes."""
    trades_a_minute: int = 30
    touch_value: int = 5_000
    """Value of a usual quote at the touch, quote currency."""
    trade_value: int = 400
    """Value of a usual market order."""


PROFILES: dict[str, Profile] = {
    "BTCUSDT": Profile("96000", "XMRUSD", 45, 22, 130, 45_000, 1_500),
    "ETHUSDT": Profile("3250", "sBCHUSDT", 30, 16, 90, 25_000, 900),
    "SOLUSDT": Profile("182", "sENJUSDT", 30, 13, 70, 12_000, 600),
    "u1000PEPEUSDT": Profile("0.0065", "ENJUSD", 100, 10, 50, 6_000, 300),
    "XRPUSDT": Profile("2.2", "XMRUSD", 90),
    "ADAUSDT": Profile("1.4", "sBCHUSDT", 45),
    "LTCUSDT": Profile("140", "XMRUSD", 70),
    "LINKUSDT": Profile("18", "sENJUSDT", 35),
    "AVAXUSDT": Profile("140", "sBCHUSDT", 45),
    "SUIUSDT": Profile("2.1", "sENJUSDT", 40),
    "u1000SHIBUSDT": Profile("0.145", "ENJUSD", 90),
    "BTCUSDC": Profile("96010", "XMRUSD", 45),
    "APTUSDT": Profile("14", "sENJUSDT", 40),
    "BNBUSDT": Profile("890", "XMRUSD", 50),
    "BTCUSD": Profile("96000", "XMRUSD", 45, 14, 60, 30_000, 1_000),
    "cETHUSD": Profile("3250", "sBCHUSDT", 30),
    "ETHUSD": Profile("3250", "sBCHUSDT", 30),
}
"""By symbol; an instrument that is not here follows the default."""

DEFAULT = Profile("", "XMRUSD", 90)

MAJORS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "u1000PEPEUSDT")


class _Stream:
    """The state of one contract's flow."""

    def __init__(self, listing: Listing, profile: Profile, seed: int, start_ns: int) -> None:
        instrument = listing.instrument
        self.dice = random.Random(f"{seed}:{listing.symbol}")
        self.profile = profile
        price = Decimal(profile.price) if profile.price else 4 * instrument.min_price or 1_000 * instrument.tick
        self.base_ticks = max(listing.min_ticks, listing.ticks(price))
        levels = recorded_levels(profile.source, profile.percent)
        self.path = PricePath(levels, self.base_ticks, start_ns, self.dice.randrange(len(levels)))
        self.milli_tick = instrument.tick / MILLI
        inverse = instrument.kind is ContractKind.INVERSE
        unit = instrument.lot * instrument.contract_size * (1 if inverse else listing.price(self.base_ticks))
        self.touch_lots = max(1, int(profile.touch_value / unit))
        self.usual_lots = max(1, int(profile.trade_value / unit))
        self.jitter = min(max(self.base_ticks // 1_700, 120), 600)
        self.wobble = 0
        """How far the traded price is from the path, in thousandths of a tick."""
        self.bias = round(self.dice.gauss(0, 40_000))
        """Premium of the contract over its index, in RATE."""
        self.premium = self.bias
        """Smoothed premium of the mark, in RATE: what funding is made of."""
        self.basis = 0
        """Smoothed distance of the book's middle from the path, in thousandths of a tick."""
        self.burst = 0
        """Steps that the present burst still lasts."""
        self.lean = 0
        """Where the path went in the last step: takers go with it."""
        self.target = self.path.millis(start_ns)
        self.bars_until = 0
        """Start of the first minute that has no bar yet, UTC nanoseconds."""
        self.quotes = (Quotes(Side.BUY), Quotes(Side.SELL))


class SeededFlow:
    """Order flow for any number of contracts; the same seed gives the same flow."""

    def __init__(self, profiles: dict[str, Profile] | None = None, always_on: Sequence[str] = MAJORS) -> None:
        self._profiles = PROFILES if profiles is None else profiles
        self.always_on: Sequence[str] = always_on
        self._streams: dict[str, _Stream] = {}

    # -- what the exchange asks ------------------------------------------------------------------------------------

    def open(self, exchange: Exchange, seed: int, now_ns: int) -> None:
        """Lay out the path of every listed contract."""
        for symbol, listing in exchange.listings.items():
            profile = self._profiles.get(symbol, DEFAULT)
            self._streams[symbol] = _Stream(listing, profile, seed, now_ns)

    def start(self, exchange: Exchange, listing: Listing) -> None:
        """Give a contract its past, open interest and a full book."""
        stream = self._streams[listing.symbol]
        now_ns = exchange.now_ns
        self._write_bars(listing, stream, now_ns)
        self._write_trades(listing, stream, now_ns)
        stream.target = stream.path.millis(now_ns)
        held = listing.qty(stream.touch_lots * stream.dice.randrange(300, 900))
        price = listing.price(stream.target // MILLI)
        for account, side in ((TAKER, Side.BUY), (MAKER, Side.SELL)):
            exchange.ledger.fill(account, listing.symbol, PositionSide.MERGED, side, held, price, Decimal(0))
        self._refer(listing, stream, now_ns)
        listing.set_last(listing.prints.last)
        middle = stream.target // MILLI
        for quotes in stream.quotes:
            while len(quotes) < LEAST_LEVELS and self._extend(exchange, listing, stream, quotes, middle):
                pass

    def step(self, exchange: Exchange, listing: Listing) -> None:
        """Let makers follow the price, then let takers come."""
        stream = self._streams[listing.symbol]
        dice = stream.dice
        now_ns = exchange.now_ns
        if now_ns - stream.bars_until > 2 * MINUTE_NS:
            self._write_bars(listing, stream, now_ns)
        elif now_ns >= stream.bars_until + MINUTE_NS:
            stream.bars_until += MINUTE_NS
        before = stream.target
        stream.wobble += round(dice.gauss(0, stream.jitter)) - stream.wobble // 400
        stream.target = max(stream.path.millis(now_ns) + stream.wobble, (listing.min_ticks + MOST_LEVELS) * MILLI)
        stream.lean = stream.target - before
        if stream.burst:
            stream.burst -= 1
        elif dice.random() < 0.006:
            stream.burst = dice.randrange(10, 50)
        self._requote(exchange, listing, stream)
        self._churn(exchange, listing, stream)
        self._take(exchange, listing, stream)
        self._refer(listing, stream, now_ns)

    def glance(self, exchange: Exchange, listing: Listing) -> None:
        """Set the prices of a contract that nobody trades from its path alone."""
        stream = self._streams[listing.symbol]
        now_ns = exchange.now_ns
        self._write_bars(listing, stream, now_ns)
        millis = stream.path.millis(now_ns)
        price = stream.milli_tick * millis
        listing.set_reference(price, price)
        listing.set_last(listing.price(millis // MILLI))
        self._set_funding(listing, stream)

    # -- makers ----------------------------------------------------------------------------------------------------

    def _requote(self, exchange: Exchange, listing: Listing, stream: _Stream) -> None:
        """Pull quotes that the price has passed, and close a gap at the touch."""
        dice = stream.dice
        book = listing.book
        middle = stream.target // MILLI
        bids, asks = stream.quotes
        for quotes in stream.quotes:
            quotes.forget_executed()
        while (best := bids.best()) is not None and best > middle:
            bids.drop(best, book)
        while (best := asks.best()) is not None and best <= middle:
            asks.drop(best, book)
        for quotes, touch, sign in ((bids, middle, -1), (asks, middle + 1, 1)):
            best = quotes.best()
            gap = MOST_LEVELS if best is None else (best - touch) * sign
            if gap > LONELY_TICKS:
                quotes.clear(book)
            if gap > 1 and dice.random() < 0.7:
                self._quote(exchange, listing, stream, quotes, touch + sign * dice.randrange(2), 0)
            while len(quotes) < FEWEST_LEVELS:
                if not self._extend(exchange, listing, stream, quotes, middle):
                    break

    def _churn(self, exchange: Exchange, listing: Listing, stream: _Stream) -> None:
        """Change, add and pull quotes all over the book, most of it near the touch."""
        dice = stream.dice
        due = stream.profile.changes * (3 if stream.burst else 1)
        count = due // 20 + (dice.randrange(20) < due % 20)
        middle = stream.target // MILLI
        for _ in range(count):
            quotes = stream.quotes[dice.randrange(2)]
            size = len(quotes)
            if size < LEAST_LEVELS:
                self._extend(exchange, listing, stream, quotes, middle)
                continue
            if size > MOST_LEVELS:
                quotes.drop(quotes.nth(size - 1), listing.book)
                continue
            nth = min(int(dice.expovariate(0.16)), size - 1)
            ticks = quotes.nth(nth)
            roll = dice.random()
            if roll < 0.6:
                self._resize(listing, stream, quotes.at(ticks), abs(ticks - middle))
            elif roll < 0.78 and nth:
                quotes.drop(ticks, listing.book)
            else:
                sign = -1 if quotes.side is Side.BUY else 1
                free = quotes.nth(0) + sign * (1 + int(dice.expovariate(0.05)))
                if free not in quotes and not listing.book.crosses(quotes.side, free):
                    self._quote(exchange, listing, stream, quotes, free, abs(free - middle))

    def _resize(self, listing: Listing, stream: _Stream, resting: Resting, distance: int) -> None:
        """Give a quote another size; growing it sends it to the back of its queue."""
        lots = quote_lots(stream.dice, stream.touch_lots, resting.ticks, distance)
        if lots < resting.lots:
            listing.book.reduce(resting, resting.lots - lots)
        elif lots > resting.lots:
            listing.book.remove(resting)
            resting.lots = lots
            listing.book.add(resting)

    def _extend(self, exchange: Exchange, listing: Listing, stream: _Stream, quotes: Quotes, middle: int) -> bool:
        """Add a quote behind the last one; False when there is no room or somebody took it at once."""
        dice = stream.dice
        size = len(quotes)
        sign = -1 if quotes.side is Side.BUY else 1
        if size:
            ticks = quotes.nth(size - 1) + sign * (1 if dice.random() < 0.55 else dice.randrange(2, 5))
        else:
            ticks = middle if sign < 0 else middle + 1
        return self._quote(exchange, listing, stream, quotes, ticks, abs(ticks - middle))

    def _quote(self, exchange: Exchange, listing: Listing, stream: _Stream, quotes: Quotes, ticks: int, distance: int) -> bool:
        """Place a quote; False when it is off the price range or was taken at once."""
        if not listing.min_ticks <= ticks <= listing.max_ticks:
            return False
        lots = quote_lots(stream.dice, stream.touch_lots, ticks, distance)
        resting = exchange.floor.house_order(listing, MAKER, quotes.side, ticks, lots, rest=True)
        if not resting.priority:
            return False
        quotes.put(resting)
        return True

    # -- takers ----------------------------------------------------------------------------------------------------

    def _take(self, exchange: Exchange, listing: Listing, stream: _Stream) -> None:
        """Let a market order come, more often in a burst, rather with the path than against it; at times a string of them."""
        dice = stream.dice
        a_minute = stream.profile.trades_a_minute * (3 if stream.burst else 1)
        if dice.random() * 1_200 >= a_minute:
            return
        with_path = Side.BUY if stream.lean > 0 else Side.SELL
        side = with_path if dice.random() < 0.58 else with_path.opposite
        for _ in range(1 if dice.random() < 0.85 else dice.randrange(2, 5)):
            best = listing.book.best(side.opposite)
            if best is None:
                return
            # A price-taker with sense: it does not pay more than a few hundredths of a percent past the touch.
            reach = max(3, best // 4_000)
            limit = best + reach if side is Side.BUY else max(1, best - reach)
            exchange.floor.house_order(listing, TAKER, side, limit, trade_lots(dice, stream.usual_lots), rest=False)

    # -- reference prices ------------------------------------------------------------------------------------------

    def _refer(self, listing: Listing, stream: _Stream, now_ns: int) -> None:
        """Derive index, mark and funding: the index is the path less the premium, the mark adds the damped basis of the book."""
        bid, ask = listing.book.best(Side.BUY), listing.book.best(Side.SELL)
        if bid is not None and ask is not None:
            stream.basis += ((bid + ask) * (MILLI // 2) - stream.target - stream.basis) // 40
        stream.bias += round(stream.dice.gauss(0, 400)) - stream.bias // 20_000
        path = stream.target - stream.wobble
        index = path * (RATE - stream.bias) // RATE
        mark = stream.target + stream.basis
        stream.premium += ((mark - index) * RATE // index - stream.premium) // 1_200
        listing.set_reference(stream.milli_tick * mark, stream.milli_tick * index)
        if now_ns % MINUTE_NS == 0 or not listing.state.funding_rate:
            self._set_funding(listing, stream)

    def _set_funding(self, listing: Listing, stream: _Stream) -> None:
        rate = stream.premium + min(max(INTEREST - stream.premium, -DAMPING), DAMPING)
        rate = min(max(rate, -FUNDING_CAP), FUNDING_CAP) * listing.instrument.funding_interval_s // 28_800
        listing.state.funding_rate = listing.state.predicted_funding_rate = Decimal(rate) / RATE

    # -- the past --------------------------------------------------------------------------------------------------

    def _write_bars(self, listing: Listing, stream: _Stream, now_ns: int) -> None:
        """Write the bars of the closed minutes that have none: a day of them at first."""
        end = now_ns - now_ns % MINUTE_NS
        start = max(stream.bars_until, end - DAY_MINUTES * MINUTE_NS)
        if start >= end:
            return
        stream.bars_until = end
        bars = []
        price = listing.price
        for at_ns in range(start, end, MINUTE_NS):
            first, last = stream.path.millis(at_ns) // MILLI, stream.path.millis(at_ns + MINUTE_NS) // MILLI
            dice = random.Random(at_ns // MINUTE_NS * 1_000_003 + stream.base_ticks)
            reach = max(2, stream.base_ticks // 6_000)
            high, low = max(first, last) + dice.randrange(reach), min(first, last) - dice.randrange(reach)
            lots = stream.usual_lots * stream.profile.trades_a_minute * dice.randrange(80, 500) // 100
            lots += lots * abs(last - first) // reach
            volume = listing.qty(lots)
            turnover = trade_value(listing.instrument, volume, price((first + last) // 2))
            bars.append(Candle(at_ns // NS, 60, price(first), price(high), price(max(1, low)), price(last), volume, turnover))
        listing.prints.backfill(bars, [])

    def _write_trades(self, listing: Listing, stream: _Stream, now_ns: int) -> None:
        """Write some minutes of prints that lead up to now."""
        dice = stream.dice
        gap = MINUTE_NS // stream.profile.trades_a_minute
        trades = []
        for back in range(200, 0, -1):
            at_ns = now_ns - back * gap - dice.randrange(gap)
            ticks = stream.path.millis(at_ns) // MILLI
            side = SIDES[dice.randrange(2)]
            lots = trade_lots(dice, stream.usual_lots)
            trades.append(
                PublicTrade(listing.symbol, at_ns, side, listing.price(ticks + (side is Side.BUY)), listing.qty(lots), 0)
            )
        listing.prints.backfill([], trades)
