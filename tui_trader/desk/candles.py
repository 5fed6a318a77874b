"""Keeps the candles: listens to the trades of watched symbols, writes them in another thread, and reads what a chart wants to
see.

Nothing here delays a message, an order or a frame. What nobody heard is asked of the venue (``backfill``).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from tui_trader.core.bar import Bar, Bars, Gap
from tui_trader.core.clock import NS, Clock
from tui_trader.core.event import Event, LinkChanged, TradesPrinted
from tui_trader.core.second import Second
from tui_trader.core.types import InstrumentId, LinkState, Severity
from tui_trader.desk.backfill import Backfill
from tui_trader.desk.listener import Listener
from tui_trader.state import topic
from tui_trader.state.charts import Page, Wish
from tui_trader.state.store import Store
from tui_trader.storage.candles import CandleStore, Heard
from tui_trader.venues.base import Lane

FLUSH_S = 1.0
"""Between two batches that are written."""

LAG_S = 1
"""How long after a second its last trade may still be on the way."""

OPEN_EVERY = 30
"""Flushes between two attempts to open a file that another process writes, or that could not be written."""

MAX_WAITING = 20_000
"""Seconds that wait for the disk at most; beyond it the oldest are let go, and become a gap."""


class CandleRecorder:
    """Keeps the candles of one venue."""

    def __init__(
        self,
        *,
        candles: CandleStore,
        venue: str,
        store: Store,
        clock: Clock,
        past: Backfill,
        server_ns: Callable[[], int],
        say: Callable[[str, Severity], None],
    ) -> None:
        self.candles = candles
        self._venue = venue
        self._store = store
        self._clock = clock
        self._server_ns = server_ns
        self._say = say
        self._listeners: dict[InstrumentId, Listener] = {}
        self._unheard: dict[InstrumentId, deque[TradesPrinted]] = {}
        self._waiting: deque[Heard] = deque()
        self._waiting_count = 0
        self._writing: tuple[asyncio.Future[bool], int] | None = None
        """What a thread is writing, and how many of the waiting batches that is."""
        self._lost = 0
        self._told: set[str] = set()
        self._busy = asyncio.Lock()
        self._wished = asyncio.Event()
        self.past = past
        """Asks the venue for what nobody heard."""
        past.kept = self._wished.set
        store.charts.wished = self._wish

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
        if wish is None or wish.instrument.venue != self._venue:
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
        """Ask the venue for what nobody heard, until cancelled; see ``Backfill``."""
        await self.past.run()

    def _wish(self) -> None:
        self._wished.set()
        self.past.wake()

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
