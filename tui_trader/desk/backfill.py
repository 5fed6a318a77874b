"""Asks the venue for the candles that nobody heard, a question at a time and last of all, and lets the watchlist know of them.

What a chart looks at comes first, then the last hours of every watched symbol, then the longer past. A question is asked only
while half of the venue's budget is left, so that orders never wait for it; one that was not answered is asked again soon, and a
stretch that the venue knows nothing of after hours. Bars come at the venue's own lengths and are kept as what it told; nothing is
made up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from tui_trader.core.bar import Bar
from tui_trader.core.clock import NS, Clock
from tui_trader.core.event import CandlesChanged
from tui_trader.core.spans import length
from tui_trader.core.types import InstrumentId
from tui_trader.state import topic
from tui_trader.state.charts import Filling
from tui_trader.state.price_path import KEPT, MINUTE_NS
from tui_trader.state.store import Store
from tui_trader.storage.candle_tables import LEVELS
from tui_trader.storage.candles import CandleStore
from tui_trader.venues.base import OrderDialect, Outcome, Request, Verdict

LOOK_S = 2.0
"""Between two looks at what the venue could be asked for, where nobody wishes to see anything new."""

MOST_BARS = 1_000
"""Bars of each length that are asked for after a start; and the most of one question."""

RETRY_NS = 10 * NS
"""A question that was not answered is asked again after this."""

CHART_NS, SOON_NS, LATER_NS = 60 * NS, 300 * NS, 21_600 * NS
"""A stretch that stays unknown is asked for again after this: what a chart looks at, others of the last hour, older ones."""

MINUTE_S = LEVELS[0]


@dataclass(frozen=True, slots=True)
class Question:
    """Bars of one length between two seconds."""

    instrument: InstrumentId
    level: int
    start: int
    end: int
    newest: bool
    """Whether it ends now: such a question is the same one a minute later."""
    again_ns: int
    """When it may be asked again, if it leaves the stretch unknown."""

    @property
    def key(self) -> tuple[InstrumentId, int, int]:
        """What tells it from others."""
        return self.instrument, self.level, 0 if self.newest else self.end


class Backfill:
    """Fills the candles of one venue. ``run`` it; ``wake`` it when a chart wishes to see something else."""

    def __init__(
        self,
        *,
        candles: CandleStore,
        venue: str,
        store: Store,
        clock: Clock,
        dialect: OrderDialect,
        send: Callable[[Request], Awaitable[Verdict]],
        can_spare: Callable[[Request], bool],
        watched: Callable[[], Iterable[InstrumentId]],
        listed: Callable[[], Iterable[InstrumentId]],
        server_ns: Callable[[], int],
    ) -> None:
        """``watched`` are the instruments whose trades are heard, ``listed`` those of the watchlist."""
        self.kept: Callable[[], None] = lambda: None
        """Called when bars have come."""
        self._candles = candles
        self._venue = venue
        self._store = store
        self._clock = clock
        self._dialect = dialect
        self._send = send
        self._can_spare = can_spare
        self._watched = watched
        self._listed = listed
        self._server_ns = server_ns
        self._due: dict[tuple[InstrumentId, int, int], int] = {}
        """When a question that was asked may be asked again, monotonic."""
        self._seeded: dict[InstrumentId, int] = {}
        """The minute in which the path of an instrument was last looked at."""
        self._told: dict[InstrumentId, tuple[int, ...]] = {}
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look now at what could be asked for."""
        self._woken.set()

    async def run(self) -> None:
        """Fill, until cancelled."""
        while True:
            await self.seed()
            await self.fill_in()
            try:
                await asyncio.wait_for(self._woken.wait(), LOOK_S)
            except TimeoutError:
                continue
            self._woken.clear()

    # -- asking ----------------------------------------------------------------------------------------------------

    async def fetch(
        self, instrument: InstrumentId, interval_s: int, start: int, end: int, told: Callable[[int], None] = lambda percent: None
    ) -> int:
        """Ask for all that is not known of a stretch, each question once, for a command that somebody waits for; return how many
        bars came.

        It waits for the budget and leaves nothing of it to others. ``told`` hears before each question how many percent are
        known.
        """
        count = 0
        while self._candles.writable:
            question, unknown_s = await asyncio.to_thread(self._of, instrument, interval_s, start, end)
            told((end - start - unknown_s) * 100 // max(1, end - start))
            if question is None:
                break
            request = self._request(question)
            if request is None:
                break
            count += await self._put(question, request) or 0
        return count

    async def fill_in(self) -> int:
        """Ask for stretches of which nothing is known while there is budget to spare; return how many bars came."""
        count = 0
        while self._candles.writable:
            question, filling = await asyncio.to_thread(self._look)
            if question is None:
                self._show(None)
                break
            request = self._request(question)
            if request is None:
                break
            if not self._can_spare(request):
                self._show(filling and replace(filling, waits=True))
                break
            self._show(filling)
            count += await self._put(question, request) or 0
        return count

    def _request(self, question: Question) -> Request | None:
        return self._dialect.candles(question.instrument, question.level, question.start, question.end)

    async def _put(self, question: Question, request: Request) -> int | None:
        """Ask, and note when the same may be asked again; return how many bars came, None when there was no answer."""
        now_ns = self._clock.mono_ns()
        self._due[question.key] = now_ns + question.again_ns
        came = await self._ask(request, question)
        if came is None:
            self._due[question.key] = now_ns + RETRY_NS
        return came

    async def _ask(self, request: Request, question: Question) -> int | None:
        """Return how many bars came and were kept; None when there was no answer."""
        try:
            verdict = await self._send(request)
        except ConnectionError:
            return None
        if verdict.outcome is not Outcome.ACK:
            return None
        level, now_s = question.level, self._server_ns() // NS
        bars = [
            bar
            for event in verdict.events
            if isinstance(event, CandlesChanged)
            for bar in event.candles
            if bar.interval_s == level and bar.start_s + level <= now_s
        ]
        if not bars:
            return 0
        span = (bars[0].start_s, bars[-1].start_s + level)
        await asyncio.to_thread(self._candles.tell, question.instrument, level, bars, [span])
        if level == MINUTE_S and self._seeded.pop(question.instrument, None) is not None:
            await self.seed()
        self.kept()
        return len(bars)

    def _show(self, filling: Filling | None) -> None:
        charts = self._store.charts
        if charts.filling != filling:
            charts.filling = filling
            self._store.touch(topic.CHART)

    # -- what is wanted --------------------------------------------------------------------------------------------

    def _look(self) -> tuple[Question | None, Filling | None]:
        """Return the most wanted stretch that nobody knows and that may be asked for, and how far the chart's is filled."""
        now_s = self._server_ns() // NS
        wish = self._store.charts.wish
        if wish is not None and wish.instrument.venue == self._venue and wish.interval_s >= MINUTE_S:
            end = min(now_s, wish.end_s or now_s)
            start = max(0, end - wish.count * wish.interval_s)
            question, unknown_s = self._of(wish.instrument, wish.interval_s, start, end)
            if question is not None:
                return question, Filling(wish, unknown_s, max(1, end - start))
        for iid, level in self._wanted():
            unknown = self._unknown(iid, level, max(0, now_s - MOST_BARS * level), now_s)
            question = self._question(iid, level, unknown, now_s, SOON_NS)
            if question is not None:
                return question, None
        return None, None

    def _of(self, instrument: InstrumentId, interval_s: int, start: int, end: int) -> tuple[Question | None, int]:
        """Return what may be asked for of a stretch that somebody looks at, and how many of its seconds are not known."""
        levels = self._levels(instrument)
        if not levels:
            return None, 0
        level = max((one for one in levels if interval_s % one == 0), default=min(levels))
        unknown = self._unknown(instrument, level, start, end)
        return self._question(instrument, level, unknown, end, CHART_NS), length(unknown)

    def _wanted(self) -> Iterator[tuple[InstrumentId, int]]:
        """Yield instruments and lengths of bars, the most wanted first: an hour of minutes is what a watchlist shows."""
        watched = list(self._watched())
        listed = [iid for iid in self._listed() if iid.venue == self._venue]
        for iid in dict.fromkeys([*watched, *listed]):
            if MINUTE_S in self._levels(iid):
                yield iid, MINUTE_S
        for iid in watched:
            for level in self._levels(iid):
                if level != MINUTE_S:
                    yield iid, level

    def _levels(self, instrument: InstrumentId) -> tuple[int, ...]:
        """Return the lengths that the venue tells bars of."""
        found = self._told.get(instrument)
        if found is None:
            found = tuple(level for level in LEVELS if self._dialect.candles(instrument, level, 0, level) is not None)
            self._told[instrument] = found
        return found

    def _unknown(self, instrument: InstrumentId, level: int, start: int, end: int) -> list[tuple[int, int]]:
        return self._candles.unknown(instrument, level, start - start % level, end - end % level)

    def _question(
        self,
        instrument: InstrumentId,
        level: int,
        unknown: list[tuple[int, int]],
        end: int,
        soon_ns: int,
    ) -> Question | None:
        """Return the newest of some unknown stretches that may be asked for now, in whole bars."""
        now_s, now_ns = self._server_ns() // NS, self._clock.mono_ns()
        stop = end - end % level
        for begin, until in reversed(unknown):
            begin, until = begin - begin % level, min(-(-until // level) * level, stop)
            begin = max(begin, until - MOST_BARS * level)
            again_ns = soon_ns if until > now_s - 3_600 else LATER_NS
            question = Question(instrument, level, begin, until, until == stop, again_ns)
            if until - begin >= level and now_ns >= self._due.get(question.key, 0):
                return question
        return None

    # -- the watchlist ---------------------------------------------------------------------------------------------

    async def seed(self) -> None:
        """Give the paths of watched prices the minutes of the last hour that this run has not heard itself."""
        minute = self._clock.wall_ns() // MINUTE_NS
        for iid in dict.fromkeys([*self._watched(), *self._listed()]):
            if iid.venue != self._venue or self._seeded.get(iid) == minute:
                continue
            self._seeded[iid] = minute
            if not self._store.paths.of(iid).is_whole(minute):
                points = await asyncio.to_thread(self._closes, iid, minute)
                if self._store.paths.seed(iid, points):
                    self._store.touch(topic.TICKERS)

    def _closes(self, instrument: InstrumentId, minute: int) -> list[tuple[int, Decimal]]:
        """Return the last price of each minute before one, of those that are known whole."""
        start, end = (minute - KEPT) * MINUTE_S, minute * MINUTE_S
        bars = self._candles.bars(instrument, MINUTE_S, start, end, now_s=end)
        return [(bar.start_s // MINUTE_S, bar.close) for bar in bars if isinstance(bar, Bar) and bar.is_whole]
