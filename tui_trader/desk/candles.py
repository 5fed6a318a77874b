"""Keeps the candles: listens to the trades of watched symbols, writes them in another thread, asks the venue for what nobody
heard, and reads what a chart wants to see.

Nothing here delays a message, an order or a frame. What is asked of the venue goes last: never more than half of the budget.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from tui_trader.core.bar import Bar, Bars, Gap
from tui_trader.core.clock import NS, Clock
from tui_trader.core.event import CandlesChanged, Event, LinkChanged, TradesPrinted
from tui_trader.core.interval import DAY_S
from tui_trader.core.second import Second
from tui_trader.core.types import InstrumentId, LinkState, Severity
from tui_trader.desk.listener import Listener
from tui_trader.state import topic
from tui_trader.state.charts import Page, Wish
from tui_trader.state.store import Store
from tui_trader.storage.candle_tables import LEVELS
from tui_trader.storage.candles import CandleStore, Heard
from tui_trader.venues.base import Lane, OrderDialect, Outcome, Request, Verdict

FLUSH_S = 1.0
"""Between two batches that are written."""

LAG_S = 1
"""How long after a second its last trade may still be on the way."""

OPEN_EVERY = 30
"""Flushes between two attempts to open a file that another process writes, or that could not be written."""

MAX_WAITING = 20_000
"""Seconds that wait for the disk at most; beyond it the oldest are let go, and become a gap."""

FILL_S = 2.0
"""Between two looks at what the venue could be asked for."""

FILL_BARS = 1_000
"""Bars of each length that are asked for after a start; and the most of one question."""

SOON_NS, LATER_NS = 300 * NS, 21_600 * NS
"""A stretch that stays unknown is asked for again after this: one that ends within the last hour, and an older one."""


class CandleRecorder:
    """Keeps the candles of one venue."""

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
        server_ns: Callable[[], int],
        say: Callable[[str, Severity], None],
    ) -> None:
        self.candles = candles
        self._venue = venue
        self._store = store
        self._clock = clock
        self._dialect = dialect
        self._send = send
        self._can_spare = can_spare
        self._watched = watched
        self._server_ns = server_ns
        self._say = say
        self._listeners: dict[InstrumentId, Listener] = {}
        self._unheard: dict[InstrumentId, deque[TradesPrinted]] = {}
        self._waiting: deque[Heard] = deque()
        self._waiting_count = 0
        self._writing: tuple[asyncio.Future[bool], int] | None = None
        """What a thread is writing, and how many of the waiting batches that is."""
        self._lost = 0
        self._asked: dict[tuple[InstrumentId, int, int], int] = {}
        """When a stretch was asked for last, by instrument, length of bars and its end (0 for now); monotonic."""
        self._told: set[str] = set()
        self._busy = asyncio.Lock()
        self._wished = asyncio.Event()
        store.charts.wished = self._wished.set

    # -- listening -------------------------------------------------------------------------------------------------

    def hear(self, event: Event) -> None:
        """Note what was traded; called while an event is absorbed, so it only counts."""
        if isinstance(event, TradesPrinted):
            iid = event.instrument
            listener = self._listeners.get(iid)
            if listener is None:
                # Where an earlier run ended stands in the file, and nobody waits for a disk here.
                self._unheard.setdefault(iid, deque(maxlen=MAX_WAITING)).append(event)
            else:
                self._count(listener, event)
                self._lay_over(iid)
        elif isinstance(event, LinkChanged) and event.lane == Lane.PUBLIC and event.state is not LinkState.LIVE:
            # What came since the last batch is not confirmed any more: the news of the end is younger than the last message.
            self._unheard.clear()
            for listener in self._listeners.values():
                listener.lost()

    def _count(self, listener: Listener, event: TradesPrinted) -> None:
        if event.snapshot:
            listener.snapshot(event.trades, self._server_ns())
        else:
            listener.printed(event.trades, self._server_ns())

    async def _meet(self) -> None:
        """Make listeners of instruments that are heard for the first time."""
        for iid in list(self._unheard):
            newest_ns, observed = await asyncio.to_thread(self.candles.last_heard, iid)
            listener = Listener(newest_ns, observed)
            for event in self._unheard.pop(iid, ()):
                self._count(listener, event)
            self._listeners[iid] = listener

    def _confirm(self) -> None:
        """Hold for heard what lies before the newest message of the connection."""
        link = self._store.links.get((self._venue, Lane.PUBLIC.value))
        if link is None or not link.heard_ns:
            return
        silent_ns = max(0, self._clock.mono_ns() - link.heard_ns)
        until_s = (self._server_ns() - silent_ns) // NS - LAG_S
        for listener in self._listeners.values():
            listener.confirm(until_s)

    # -- writing ---------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Open the file, write to it and read for the chart until cancelled."""
        beat, loop = 0, asyncio.get_running_loop()
        while True:
            if not self.candles.writable and not beat % OPEN_EVERY and await asyncio.to_thread(self.candles.open):
                loop.run_in_executor(None, self.candles.examine)  # nobody waits for it
            await self.flush()
            await self.show()
            beat += 1
            deadline = asyncio.get_running_loop().time() + FLUSH_S
            while (left := deadline - asyncio.get_running_loop().time()) > 0:
                try:
                    await asyncio.wait_for(self._wished.wait(), left)
                except TimeoutError:
                    break
                self._wished.clear()
                await self.show()

    async def flush(self) -> None:
        """Write what was heard. What the disk does not take goes on waiting; where another process writes, nothing waits."""
        async with self._busy:
            await self._meet()
            if self._store.links.get((self._venue, Lane.PUBLIC.value)) is not None:
                self._confirm()
            for iid, listener in self._listeners.items():
                seconds, spans = listener.take()
                if (seconds or spans) and self.candles.writable:
                    self._waiting.append(Heard(iid, seconds, spans))
                    self._waiting_count += len(seconds) + 1
            while self._waiting_count > MAX_WAITING and self._writing is None:
                gone = self._waiting.popleft()
                self._waiting_count -= len(gone.seconds) + 1
                self._lost += len(gone.seconds)
            await self._settle()
            if self._waiting and self.candles.writable:
                batch = list(self._waiting)
                loop = asyncio.get_running_loop()
                self._writing = (loop.run_in_executor(None, self.candles.write, batch), len(batch))
                await self._settle()
            self._tell()

    async def _settle(self) -> None:
        """Wait for the batch that is being written, and let go of it if it is kept.

        A thread cannot be cancelled: whoever stops waiting for it must not have the same trades written again.
        """
        if self._writing is None:
            return
        work, count = self._writing
        kept = await asyncio.shield(work)
        self._writing = None
        for _ in range(count if kept else 0):
            gone = self._waiting.popleft()
            self._waiting_count -= len(gone.seconds) + 1

    async def close(self) -> None:
        """Write what is left and release the file."""
        await self.flush()
        await asyncio.to_thread(self.candles.close)

    # -- showing ---------------------------------------------------------------------------------------------------

    async def show(self) -> None:
        """Read what the chart wants to see, if anything is looked at."""
        charts = self._store.charts
        wish = charts.wish
        if wish is None:
            return
        page = await asyncio.to_thread(self._read, wish)
        if charts.wish != wish:
            return  # the trader is faster; the new wish has been noted
        changed = charts.page != page
        charts.page = page
        self._lay_over(wish.instrument)
        if changed:
            charts.version += 1
            self._store.touch(topic.CHART)

    def _read(self, wish: Wish) -> Page:
        now_s = self._server_ns() // NS
        end_s = now_s + 1 if wish.end_s is None else wish.end_s
        bars = self.candles.bars(wish.instrument, wish.interval_s, end_s - wish.count * wish.interval_s, end_s, now_s=now_s)
        listener = self._listeners.get(wish.instrument)
        until = listener.known_until_s if listener is not None and listener.is_listening else now_s
        if wish.end_s is None:
            bars = _as_of(bars, until, wish.interval_s)
        return Page(wish, tuple(bars), until)

    def _lay_over(self, iid: InstrumentId) -> None:
        """Give the chart what is not in the file yet."""
        charts = self._store.charts
        if charts.wish is None or charts.wish.instrument != iid or charts.page is None:
            return
        if not self.candles.writable:
            return  # the file is another process's: it has these trades, or will
        listener = self._listeners.get(iid)
        seconds: list[Second] = [second for heard in self._waiting if heard.instrument == iid for second in heard.seconds]
        if listener is not None:
            seconds += listener.pending()
        charts.live[iid] = seconds
        charts.version += 1
        self._store.touch(topic.CHART)

    # -- the past --------------------------------------------------------------------------------------------------

    async def fill(self) -> None:
        """Ask the venue for what nobody heard, a question at a time and last of all, until cancelled."""
        while True:
            await asyncio.sleep(FILL_S)
            await self.fill_in()

    async def fill_in(self, *, eager: bool = False) -> int:
        """Ask for stretches of which nothing is known while there is budget to spare; return how many bars came.

        ``eager`` goes on until everything was asked for once, for a command that somebody waits for.
        """
        count = 0
        while self.candles.writable:
            found = await asyncio.to_thread(self._next_question)
            if found is None:
                break
            key, start, end = found
            iid, level, _ = key
            request = self._dialect.candles(iid, level, start, end)
            if request is not None:
                if not eager and not self._can_spare(request):
                    break
                self._asked[key] = self._clock.mono_ns()
                count += await self._ask(request, iid, level)
            else:
                self._asked[key] = self._clock.mono_ns()
        return count

    async def _ask(self, request: Request, iid: InstrumentId, level: int) -> int:
        try:
            verdict = await self._send(request)
        except ConnectionError:
            return 0
        if verdict.outcome is not Outcome.ACK:
            return 0
        now_s = self._server_ns() // NS
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
        await asyncio.to_thread(self.candles.tell, iid, level, bars, [span])
        return len(bars)

    def _next_question(self) -> tuple[tuple[InstrumentId, int, int], int, int] | None:
        """Return the most wanted stretch that nobody knows: what the chart looks at first, then each watched symbol."""
        now_s, now_ns = self._server_ns() // NS, self._clock.mono_ns()
        wish = self._store.charts.wish
        for iid, level, start, end in self._wanted(wish, now_s):
            stop = end - end % level
            unknown = self.candles.unknown(iid, level, start - start % level, stop)
            for begin, until in reversed(unknown):
                begin, until = begin - begin % level, min(-(-until // level) * level, stop)
                begin = max(begin, until - FILL_BARS * level)
                key = (iid, level, 0 if until == stop else until)
                again_ns = SOON_NS if until > now_s - 3_600 else LATER_NS
                asked_ns = self._asked.get(key)
                if until - begin >= level and (asked_ns is None or now_ns - asked_ns >= again_ns):
                    return key, begin, until
        return None

    def _wanted(self, wish: Wish | None, now_s: int) -> Iterable[tuple[InstrumentId, int, int, int]]:
        if wish is not None:
            level = max((one for one in LEVELS if wish.interval_s % one == 0), default=LEVELS[0])
            end = min(now_s, wish.end_s or now_s)
            yield wish.instrument, level, end - wish.count * wish.interval_s, end
        for iid in list(self._watched()):
            for level in LEVELS:
                yield iid, level, max(0, now_s - min(FILL_BARS * level, 1_000 * DAY_S)), now_s

    # -- inside ----------------------------------------------------------------------------------------------------

    def _tell(self) -> None:
        if self._lost and not self._waiting:
            self._say(f"{self._lost} seconds of candles were not kept: the disk was too slow or full", Severity.WARNING)
            self._lost = 0
        notices = self.candles.notices
        while notices:
            text = notices.pop(0)
            if text not in self._told:
                self._told.add(text)
                self._say(text, Severity.WARNING)


def _as_of(bars: Bars, until_s: int, interval_s: int) -> Bars:
    """Return bars with what has only just passed taken for what it is: not known yet, and neither a gap nor missing in a bar."""
    edge = -(-until_s // interval_s) * interval_s
    out: Bars = []
    for item in bars:
        if isinstance(item, Bar):
            passed = item.passed_s if item.end_s <= until_s else max(0, min(item.passed_s, until_s - item.start_s))
            out.append(item._replace(passed_s=passed))
        elif item.end_s <= edge:
            out.append(item)
        else:
            if item.start_s < edge:
                out.append(item._replace(end_s=edge))
            out.append(Gap(max(item.start_s, edge), item.end_s, observed=True))
    while out and isinstance(out[-1], Gap) and out[-1].start_s >= edge:
        out.pop()
    return out
