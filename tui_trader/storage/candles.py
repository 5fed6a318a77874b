"""The candle store: what was traded second by second, what the venue told of the rest, and which time nobody knows anything of.

SQLite in one file, for any number of venues and symbols, with one writer at a time among all processes. What was observed is
never replaced by what was told, neither is ever mixed with what was invented, and a second that is not known stays unknown.
Nothing that goes wrong here may end or hinder anything else: failures are told in ``notices``. Calls block on the disk: not for
the event loop.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from tui_trader.core.bar import Bar, Bars, Gap
from tui_trader.core.candle import Candle
from tui_trader.core.clock import NS, Clock
from tui_trader.core.second import Second
from tui_trader.core.spans import Span, missing
from tui_trader.core.types import InstrumentId
from tui_trader.storage import candle_tables as tables
from tui_trader.storage.candle_cover import add_span, read_cover
from tui_trader.storage.candle_query import query, stream
from tui_trader.storage.candle_retention import Kept, let_go
from tui_trader.storage.candle_rollup import resolve, roll_up
from tui_trader.storage.candle_tables import LEVELS, Series
from tui_trader.storage.database import Database, is_damage, reader, words_of

PRUNE_S = 3_600
"""Between two looks at what is too old or too much."""

_UPSERT = (
    "INSERT INTO seconds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (series, start) DO UPDATE SET"
    " open = CASE WHEN excluded.first_ns < first_ns THEN excluded.open ELSE open END,"
    " close = CASE WHEN excluded.last_ns >= last_ns THEN excluded.close ELSE close END,"
    " high = MAX(high, excluded.high), low = MIN(low, excluded.low), volume = volume + excluded.volume,"
    " trades = trades + excluded.trades, first_ns = MIN(first_ns, excluded.first_ns), last_ns = MAX(last_ns, excluded.last_ns)"
)
"""The join of two parts of a second, of which the one in the file came first: the same rule as ``Second.add``."""


@dataclass(slots=True)
class Heard:
    """What was heard of one instrument since the last batch."""

    instrument: InstrumentId
    seconds: Sequence[Second] = ()
    observed: Sequence[Span] = field(default_factory=tuple)
    """Stretches of which every trade is in this batch or an earlier one."""


class CandleStore:
    """The candles of one place: ``open`` it, ``write`` what is heard and ``tell`` what the venue says, ``bars`` them, ``close``
    it.

    Calls may come from any thread.
    """

    def __init__(self, path: Path | None, clock: Clock, kept: Kept | None = None) -> None:
        """Without a ``path`` it lives in memory and ends with the object."""
        self.file = Database(
            path, clock, noun="the candles", after="a new file was begun", application=tables.APPLICATION,
            migrations=tables.MIGRATIONS, probes=[f"SELECT * FROM {table} LIMIT 1" for table in tables.TABLES],
        )  # fmt: skip
        self._clock = clock
        self._kept = kept or Kept()
        self._reading: sqlite3.Connection | None = None
        self._look = threading.RLock()
        """Held by whoever uses ``_reading``, who does not wait for who writes. Taken after ``file.turn``, never before it."""
        self._pruned_s = 0
        self._failing = False

    @property
    def notices(self) -> list[str]:
        """What a person should know; whoever tells it empties the list."""
        return self.file.notices

    @property
    def writable(self) -> bool:
        """Whether this process is the one that writes."""
        return self.file.is_open

    def open(self) -> bool:
        """Open the file for writing; False when another process writes it, or nothing can be written."""
        return self.file.open()

    def examine(self) -> None:
        """Look through a file whose last writer was killed, while others read and write it; a damaged one is set aside."""
        if not self.file.examine():
            self._let_go()

    def close(self) -> None:
        """Release the file. What was written is on the disk."""
        with self.file.turn:
            self._let_go()
            self.file.close()

    # -- writing ---------------------------------------------------------------------------------------------------

    def write(self, batch: Iterable[Heard]) -> bool:
        """Add what was heard, all of it or nothing; whether it is kept.

        The caller hands every trade over once. Trades of a second that is there already are joined with it.
        """
        batch = list(batch)

        def work(db: sqlite3.Connection) -> None:
            for heard in batch:
                self._write(db, heard)

        return self._do(work)

    def tell(self, instrument: InstrumentId, interval_s: int, candles: Sequence[Candle], told: Sequence[Span] = ()) -> bool:
        """Add bars of one of the kept lengths as the venue tells them, closed ones only; whether they are kept.

        ``told`` are stretches that the answer covers: a bar that is missing there had no trade, by the venue's word.
        """
        if interval_s not in LEVELS:
            raise ValueError(f"the venue is asked for bars of {LEVELS} seconds, not {interval_s}")

        def work(db: sqlite3.Connection) -> None:
            oldest = self._kept.oldest(interval_s, self._clock.wall_ns() // NS)
            kept = [bar for bar in candles if bar.start_s >= oldest and not bar.start_s % interval_s]
            prices = [price for bar in kept for price in (bar.open, bar.high, bar.low, bar.close)]
            series = self._series(db, instrument, prices, [bar.volume for bar in kept])
            rows = [(series.id, interval_s, bar.start_s, *_scaled(series, bar)) for bar in kept]
            db.executemany("INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            for bar in kept:
                add_span(db, series.id, interval_s, bar.start_s, bar.start_s + interval_s)
            for start, end in told:
                add_span(db, series.id, interval_s, max(start, oldest), end)
            resolve(db, series.id, interval_s, [bar.start_s for bar in kept])

        return self._do(work)

    def invent(self, instrument: InstrumentId, seconds: Iterable[Candle]) -> bool:
        """Add seconds that were interpolated, apart from everything that is known; whether they are kept."""
        seconds = list(seconds)

        def work(db: sqlite3.Connection) -> None:
            prices = [price for bar in seconds for price in (bar.open, bar.high, bar.low, bar.close)]
            series = self._series(db, instrument, prices, [bar.volume for bar in seconds])
            db.executemany(
                "INSERT OR REPLACE INTO synthetic VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(series.id, bar.start_s, *_scaled(series, bar)) for bar in seconds],
            )

        return self._do(work)

    # -- reading ---------------------------------------------------------------------------------------------------

    def bars(
        self,
        instrument: InstrumentId,
        interval_s: int,
        start_s: int,
        end_s: int,
        *,
        now_s: int | None = None,
        synthetic: bool = False,
    ) -> Bars:
        """Return the bars of any length from 1 s to a day between two times, with the gaps between them; see ``query``.

        What cannot be read is nothing. What was invented is left out unless ``synthetic`` asks for it, and then marked.
        """
        now = self._clock.wall_ns() // NS if now_s is None else now_s
        try:
            with self._looking() as db:
                return query(db, instrument.venue, instrument.symbol, interval_s, start_s, end_s, now, synthetic=synthetic)
        except (sqlite3.DatabaseError, FileNotFoundError):
            return []

    def stream(
        self, instrument: InstrumentId, interval_s: int, start_s: int, end_s: int, *, synthetic: bool = False
    ) -> Iterator[Bar | Gap]:
        """Yield what ``bars`` returns, for ranges that need not fit into memory; raises sqlite3.DatabaseError when it cannot."""
        now = self._clock.wall_ns() // NS
        with self._looking() as db:
            yield from stream(db, instrument.venue, instrument.symbol, interval_s, start_s, end_s, now, synthetic=synthetic)

    def unknown(self, instrument: InstrumentId, interval_s: int, start_s: int, end_s: int) -> list[Span]:
        """Return the stretches between two times of which nothing is known in bars of this length or shorter ones."""
        try:
            with self._looking() as db:
                series = tables.find_series(db, instrument.venue, instrument.symbol)
                if series is None:
                    return [(start_s, end_s)]
                cover = read_cover(db, series.id, start_s, end_s)
        except (sqlite3.DatabaseError, FileNotFoundError):
            return [(start_s, end_s)]
        for level in LEVELS:
            if level > interval_s:
                cover.spans.pop(level, None)
        return missing(cover.known(start_s, end_s), start_s, end_s)

    def last_heard(self, instrument: InstrumentId) -> tuple[int, Span | None]:
        """Return when the newest trade was (UTC nanoseconds, 0 for none) and the newest stretch that was observed."""
        try:
            with self._looking() as db:
                series = tables.find_series(db, instrument.venue, instrument.symbol)
                if series is None:
                    return 0, None
                newest = "WHERE series = ? ORDER BY start DESC LIMIT 1"
                last = db.execute(f"SELECT start, last_ns FROM seconds {newest}", (series.id,)).fetchone()
                span = db.execute(
                    "SELECT start, until FROM spans WHERE series = ? AND level = 1 ORDER BY start DESC LIMIT 1", (series.id,)
                ).fetchone()
                return (last[0] * NS + last[1] if last else 0), (span[0], span[1]) if span else None
        except (sqlite3.DatabaseError, FileNotFoundError):
            return 0, None

    # -- letting go ------------------------------------------------------------------------------------------------

    def prune(self) -> None:
        """Delete what is older than its retention, and the oldest seconds of what is too many; longer bars stay."""
        self._pruned_s = self._clock.wall_ns() // NS
        if not self.file.is_open:
            return
        try:
            with self.file.transaction() as db:
                let_go(db, self._kept, self._pruned_s)
            with self.file.turn:
                self.file.db.execute("PRAGMA incremental_vacuum").fetchall()
        except sqlite3.DatabaseError as error:
            self.file.say(f"the candles could not be shortened: {words_of(error)}")

    # -- inside ----------------------------------------------------------------------------------------------------

    def _do(self, work: Callable[[sqlite3.Connection], None]) -> bool:
        """Do work in one transaction; a damaged file is set aside first and the work done in a new one."""
        for attempt in (1, 2):
            if not self.file.is_open:
                return False
            try:
                with self.file.transaction() as db:
                    work(db)
            except sqlite3.DatabaseError as error:
                if attempt == 1 and is_damage(error) and self._begin_again(str(error)):
                    continue
                if not self._failing:
                    self.file.say(f"the candles cannot be written: {words_of(error)}; trying again")
                self._failing = True
                return False
            except OverflowError as error:
                self.file.say(f"candles were not kept: {error}")
                return True  # it will not fit next time either
            break
        self._failing = False
        if self._clock.wall_ns() // NS - self._pruned_s > PRUNE_S:
            self.prune()
        return True

    def _begin_again(self, why: str) -> bool:
        self._let_go()
        return self.file.begin_again(why)

    @contextlib.contextmanager
    def _looking(self) -> Iterator[sqlite3.Connection]:
        """Give a connection to read with."""
        if self.file.path is None:
            with self.file.turn:
                yield self.file.db
            return
        with self._look:
            if self._reading is None:
                self._reading = reader(self.file.path)
            yield self._reading

    def _let_go(self) -> None:
        """Close the connection that is read with; the next look opens another."""
        with self._look:
            if self._reading is not None:
                self._reading.close()
                self._reading = None

    def _write(self, db: sqlite3.Connection, heard: Heard) -> None:
        seconds = heard.seconds
        prices = [price for one in seconds for price in (one.open, one.high, one.low, one.close)]
        series = self._series(db, heard.instrument, prices, [one.volume for one in seconds])
        p, s = series.price_scale, series.size_scale
        scaled = tables.scaled
        db.executemany(
            _UPSERT,
            [
                (
                    series.id, one.start_s, scaled(one.open, p), scaled(one.high, p), scaled(one.low, p), scaled(one.close, p),
                    scaled(one.volume, s), one.trades, one.first_ns, one.last_ns,
                )
                for one in seconds
            ],
        )  # fmt: skip
        touched = {one.start_s for one in seconds}
        for start, end in heard.observed:
            before = read_cover(db, series.id, start, end).spans.get(1, [])
            add_span(db, series.id, 1, start, end)
            # A minute that has only now been observed whole is no longer what the venue told.
            for a, b in missing(before, start, end):
                touched.update(range(a // 60 * 60, b // 60 * 60, 60))
        roll_up(db, series.id, touched)

    def _series(self, db: sqlite3.Connection, instrument: InstrumentId, prices: list[Decimal], sizes: list[Decimal]) -> Series:
        """Return the series of an instrument, wide enough for some numbers."""
        decimals = tables.decimals_of
        price_scale = max(map(decimals, prices), default=0)
        size_scale = max(map(decimals, sizes), default=0)
        series = tables.make_series(db, instrument.venue, instrument.symbol, price_scale, size_scale)
        if price_scale > series.price_scale or size_scale > series.size_scale:
            tables.widen(db, series, max(price_scale, series.price_scale), max(size_scale, series.size_scale))
        return series


def _scaled(series: Series, bar: Candle) -> tuple[int, int, int, int, int]:
    p = series.price_scale
    return (
        tables.scaled(bar.open, p),
        tables.scaled(bar.high, p),
        tables.scaled(bar.low, p),
        tables.scaled(bar.close, p),
        tables.scaled(bar.volume, series.size_scale),
    )
