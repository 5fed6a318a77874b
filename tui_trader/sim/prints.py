"""The past of one symbol: recent prints, one-minute and one-second bars, the last day's figures."""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from tui_trader.core.candle import Candle
from tui_trader.core.clock import NS
from tui_trader.core.decimals import ZERO
from tui_trader.sim.types import MarketState, PublicTrade

MINUTE_S = 60
DAY_MINUTES = 1_440
KEPT_MINUTES = 3_000
KEPT_SECONDS = 3_600
KEPT_TRADES = 1_000


class _Bars:
    """A ring of bars of one length. A time without trades has no bar here; reading fills it with the last close."""

    __slots__ = ("interval_s", "ring")

    def __init__(self, interval_s: int, kept: int) -> None:
        self.interval_s = interval_s
        self.ring: deque[Candle] = deque(maxlen=kept)

    def add(self, at_s: int, price: Decimal, qty: Decimal, turnover: Decimal) -> None:
        start = at_s - at_s % self.interval_s
        last = self.ring[-1] if self.ring else None
        if last is None or last.start_s < start:
            self.ring.append(Candle(start, self.interval_s, price, price, price, price, qty, turnover))
            return
        self.ring[-1] = last._replace(
            high=max(last.high, price),
            low=min(last.low, price),
            close=price,
            volume=last.volume + qty,
            turnover=last.turnover + turnover,
        )

    def read(self, interval_s: int, now_s: int, count: int) -> list[Candle]:
        """Return ``count`` bars of ``interval_s`` (a multiple of the ring's) ending with the one being formed, oldest first."""
        if not self.ring or count <= 0:
            return []
        first = now_s - now_s % interval_s - (count - 1) * interval_s
        groups: dict[int, Candle] = {}
        close: Decimal | None = None
        for bar in self.ring:
            start = bar.start_s - bar.start_s % interval_s
            if start < first:
                close = bar.close
                continue
            held = groups.get(start)
            if held is None:
                groups[start] = bar._replace(start_s=start, interval_s=interval_s)
            else:
                groups[start] = held._replace(
                    high=max(held.high, bar.high),
                    low=min(held.low, bar.low),
                    close=bar.close,
                    volume=held.volume + bar.volume,
                    turnover=held.turnover + bar.turnover,
                )
        out = []
        for start in range(first, now_s + 1, interval_s):
            group = groups.get(start)
            if group is not None:
                close = group.close
                out.append(group)
            elif close is not None:
                out.append(Candle(start, interval_s, close, close, close, close, ZERO, ZERO))
        return out


class Prints:
    """Prints of one symbol and the bars made of them."""

    def __init__(self) -> None:
        self.last = ZERO
        """Price of the newest print, zero before the first."""
        self._trades: deque[PublicTrade] = deque(maxlen=KEPT_TRADES)
        self._minutes = _Bars(MINUTE_S, KEPT_MINUTES)
        self._seconds = _Bars(1, KEPT_SECONDS)
        self._day: tuple[int, MarketState] | None = None

    def add(self, trade: PublicTrade, turnover: Decimal) -> None:
        """Count a print; its ``turnover`` is in the settle currency."""
        self._trades.append(trade)
        self.last = trade.price
        at_s = trade.at_ns // NS
        self._minutes.add(at_s, trade.price, trade.qty, turnover)
        self._seconds.add(at_s, trade.price, trade.qty, turnover)

    def backfill(self, bars: list[Candle], trades: list[PublicTrade]) -> None:
        """Write a past that nobody saw, oldest first; a minute that has a bar already, or lies before one, keeps it."""
        known = self._minutes.ring[-1].start_s if self._minutes.ring else -1
        self._minutes.ring.extend(bar for bar in bars if bar.start_s > known)
        self._trades.extend(trades)
        if trades:
            self.last = trades[-1].price

    def newest(self, count: int) -> list[PublicTrade]:
        """Return up to ``count`` prints, newest first."""
        size = len(self._trades)
        return [self._trades[size - 1 - i] for i in range(min(count, size))]

    def candles(self, interval_s: int, now_s: int, count: int) -> list[Candle]:
        """Return up to ``count`` bars, oldest first; the last is being formed.

        Whole minutes come from a day or two of minute bars, shorter intervals from the last hour of second bars.
        """
        bars = self._minutes if interval_s % MINUTE_S == 0 else self._seconds
        return bars.read(interval_s, now_s, count)

    def fill_day(self, state: MarketState, now_s: int) -> None:
        """Set the 24-hour figures of ``state``. Closed minutes are summed once a minute."""
        if not self._minutes.ring:
            return
        minute = now_s - now_s % MINUTE_S
        if self._day is None or self._day[0] != minute:
            self._day = (minute, self._closed_day(minute))
        day = self._day[1]
        state.open_24h, state.high_24h, state.low_24h = day.open_24h, day.high_24h, day.low_24h
        state.volume_24h, state.turnover_24h = day.volume_24h, day.turnover_24h
        forming = self._minutes.ring[-1]
        if forming.start_s >= minute:
            state.open_24h = state.open_24h or forming.open
            state.high_24h = max(state.high_24h, forming.high)
            state.low_24h = min(state.low_24h, forming.low) if state.low_24h else forming.low
            state.volume_24h += forming.volume
            state.turnover_24h += forming.turnover

    def _closed_day(self, minute: int) -> MarketState:
        day = MarketState("")
        bars = [bar for bar in self._minutes.ring if minute - DAY_MINUTES * MINUTE_S <= bar.start_s < minute]
        if bars:
            day.open_24h = bars[0].open
            day.high_24h = max(bar.high for bar in bars)
            day.low_24h = min(bar.low for bar in bars)
            day.volume_24h = sum((bar.volume for bar in bars), ZERO)
            day.turnover_24h = sum((bar.turnover for bar in bars), ZERO)
        return day
