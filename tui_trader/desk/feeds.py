"""The connections of a desk: one session a lane, what each is subscribed to, and the care for books that are old or in doubt.

It must not know orders. What the sessions bring is handed to ``absorb``, frame by frame.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from tui_trader.core.clock import NS, Clock
from tui_trader.core.event import BookSnapshot, BookWanted, Event, LinkChanged, Notice, Unreadable
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import InstrumentId, LinkState, PositionMode, Severity
from tui_trader.desk.account import Account
from tui_trader.desk.environment import Environment
from tui_trader.net.session import Session
from tui_trader.secrets.secret import Secret
from tui_trader.state import topic
from tui_trader.state.store import Store
from tui_trader.venues.base import Channel, FeedDialect, Lane, Subscription
from tui_trader.venues.besides import Guarding, Negotiating, Seeded

RESYNC_NS = 2 * NS
"""A doubtful book is asked for again at most this often."""

SEED_PAUSES_S = (0.25, 0.5, 1.0, 2.0)
"""Before a whole book is asked for again that failed, or that was older than the changes that are known."""


class Feeds:
    """The sessions of one account, public and private."""

    def __init__(
        self,
        account: Account,
        *,
        store: Store,
        clock: Clock,
        rng: random.Random,
        gate_ms: int,
        absorb: Callable[[list[Event]], None],
        hear: Callable[[list[Event]], None],
        spawn: Callable[[str, Coroutine[Any, Any, Any]], None],
        server_ns: Callable[[], int],
        misheard: Callable[[], None],
        admit: Callable[[Secret | None], Awaitable[Secret | None]],
        whole_book: Callable[[InstrumentId], Awaitable[BookSnapshot | None]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``hear`` takes what a frame said, ``absorb`` what was learned otherwise.

        ``misheard`` is called when something that the account's own stream said could not be read; ``admit`` returns the token
        that a private login needs, None where it needs none; ``whole_book`` asks for a book by a request, None where that failed.
        """
        self._whole_book = whole_book
        self._sleep = sleep
        self._seeding: set[InstrumentId] = set()
        """Books that are being asked for."""
        self.focus: InstrumentId | None = None
        """The instrument whose book comes first when not all fit into the venue's limit."""
        self.watched: list[InstrumentId] = []
        """Instruments whose book and tape are wanted, in the order they were asked for."""
        self.recorder: Callable[[str, Lane, bytes], None] | None = None
        """Called with every frame, ``in`` or ``out``; logins are redacted."""
        self._account = account
        self._store = store
        self._clock = clock
        self._rng = rng
        self._gate_ms = gate_ms
        self._absorb = absorb
        self._hear = hear
        self._spawn = spawn
        self._server_ns = server_ns
        self._misheard = misheard
        self._admit = admit
        self._sessions: dict[Lane, Session] = {}
        self._dialects: list[FeedDialect] = []
        self._resynced: dict[InstrumentId, int] = {}

    def open(self, lane: Lane) -> None:
        """Start the session of a lane; it connects by itself, and again whenever it has to."""
        account = self._account
        dialect = account.venue.feed(lane, account.credential if lane is Lane.PRIVATE else None)
        dialect.list_instruments(list(self._store.instruments.values()))
        self._dialects.append(dialect)
        session = Session(
            dialect,
            account.endpoints.ws,
            venue=account.venue.name,
            hosts=account.hosts,
            clock=self._clock,
            rng=self._rng,
            on_events=self._deliver(lane, dialect),
            server_ns=self._server_ns,
            gate_ms=self._gate_ms if lane is Lane.PUBLIC else 0,
            record=self._record(lane),
            private_addresses=account.env is Environment.CUSTOM,
            admit=self._admission(dialect) if lane is Lane.PRIVATE else None,
        )
        session.set_subscriptions(self._wanted(lane))
        self._sessions[lane] = session
        self._spawn(f"session {lane}", session.run())

    async def close(self) -> None:
        """Hang up; bounded to a second a lane."""
        for session in self._sessions.values():
            await session.close()

    def watch(self, iid: InstrumentId) -> None:
        """Want the book and the tape of an instrument."""
        if iid not in self.watched:
            self.watched.append(iid)
        session = self._sessions.get(Lane.PUBLIC)
        if session is not None:
            session.set_subscriptions(self._wanted(Lane.PUBLIC))

    def list_instruments(self, instruments: Sequence[Instrument]) -> None:
        """Tell every lane the product list: it was read again."""
        for dialect in self._dialects:
            dialect.list_instruments(instruments)

    def take_mode(self, mode: PositionMode) -> None:
        """Tell every lane how the account holds positions."""
        for dialect in self._dialects:
            dialect.take_mode(mode)

    def guard(self, *, on: bool) -> bool:
        """Ask the venue to cancel open orders when the private connection ends, or not to, now and after every connect.

        False where it is not connected now: it is asked then.
        """
        told = False
        for dialect in self._dialects:
            session = self._sessions.get(dialect.lane)
            if dialect.lane is Lane.PRIVATE and session is not None and isinstance(dialect, Guarding):
                told = session.tell(dialect.guard(on=on))
        return told

    def retry(self) -> None:
        """Start lanes again that gave up because their login was refused: the trader says that the cause is gone."""
        for lane, session in self._sessions.items():
            if session.has_given_up:
                self._spawn(f"session {lane}", session.run())

    def renew(self, lane: Lane, reason: str) -> None:
        """Give the connection of a lane up for a new one, which begins with everything that is so."""
        session = self._sessions.get(lane)
        if session is not None:
            session.renew(reason)

    def reconnect(self, reason: str) -> list[Lane]:
        """Begin every lane anew, those that gave up and those that are live; return which. Others are trying already."""
        begun = []
        for lane, session in self._sessions.items():
            if session.has_given_up:
                self._spawn(f"session {lane}", session.run())
            elif session.state is LinkState.LIVE:
                session.renew(reason)
            else:
                continue
            begun.append(lane)
        return begun

    def refresh_tickers(self) -> None:
        """Have the reference prices told from the beginning, column names and all, as one who starts to listen now needs them."""
        session = self._sessions.get(Lane.PUBLIC)
        if session is not None and session.state is LinkState.LIVE:
            wanted = self._wanted(Lane.PUBLIC)
            session.set_subscriptions([each for each in wanted if each.channel is not Channel.TICKER])
            session.set_subscriptions(wanted)

    def doubt(self, reason: str) -> None:
        """Hold no book for true any more, and ask for all of them again."""
        for iid, book in self._store.books.items():
            if book.is_live:
                book.doubt(reason)
                self._store.touch(topic.book_topic(iid), topic.STAGE)
                self._store.doubtful.add(iid)
        self.resync()

    def mark_stale(self) -> None:
        """Have doubtful and old books drawn as such, and ask for the doubtful ones again."""
        store = self._store
        for iid in self._shown():
            book = store.book(iid)
            if book is None or store.book_is_fresh(iid):
                continue
            store.touch(topic.book_topic(iid), topic.STAGE)
            if not book.is_live:
                store.doubtful.add(iid)
        if store.doubtful:
            self.resync()

    def resync(self) -> None:
        """Ask again for the snapshots of doubtful books, one recovery per book at a time."""
        doubtful = self._store.doubtful
        session = self._sessions.get(Lane.PUBLIC)
        if session is None or session.state is not LinkState.LIVE:
            doubtful.clear()  # a new connection brings new snapshots
            return
        now = self._clock.mono_ns()
        due = [iid for iid in doubtful if now - self._resynced.get(iid, 0) > RESYNC_NS]
        doubtful.clear()
        for iid in due:
            self._resynced[iid] = now
            book = self._store.book(iid)
            reason = book.reason if book else "?"
            text = f"{iid.symbol}: book in doubt ({reason}), asking for a new snapshot"
            self._absorb([Notice(text, Severity.NOTE, self._clock.wall_ns())])
        if due:
            wanted = self._wanted(Lane.PUBLIC)
            session.set_subscriptions([s for s in wanted if s.channel is not Channel.BOOK or s.instrument not in due])
            session.set_subscriptions(wanted)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _shown(self) -> list[InstrumentId]:
        """Instruments whose book and tape are subscribed: the focus, and the newest others within the venue's limit."""
        room = (self._account.venue.max_subscriptions - 2) // 2
        others = [iid for iid in self.watched if iid != self.focus]
        first = [self.focus] if self.focus else []
        return first + others[-(room - len(first)) :]

    def _wanted(self, lane: Lane) -> list[Subscription]:
        if lane is Lane.PRIVATE:
            return [Subscription(Channel.ACCOUNT)]
        wanted = [Subscription(Channel.TICKER)]
        for iid in self._shown():
            wanted += [Subscription(Channel.BOOK, iid), Subscription(Channel.TRADES, iid)]
        return wanted

    def _admission(self, dialect: FeedDialect) -> Callable[[], Awaitable[None]]:
        """Return what gives a dialect the token that its next login needs."""

        async def admit() -> None:
            token = await self._admit(dialect.denied if isinstance(dialect, Negotiating) else None)
            if token is not None and isinstance(dialect, Negotiating):
                dialect.take_token(token)

        return admit

    async def _seed(self, dialect: Seeded, iid: InstrumentId) -> None:
        """Ask for a whole book until it fits what the stream has told since."""
        try:
            for pause_s in SEED_PAUSES_S:
                whole = await self._whole_book(iid)
                events = dialect.seed(whole) if whole is not None else [BookWanted(iid)]
                told = [event for event in events if type(event) is not BookWanted]
                if told:
                    self._absorb(told)
                if len(told) == len(events):
                    return
                await self._sleep(pause_s)
        finally:
            self._seeding.discard(iid)  # the next change asks again

    def _deliver(self, lane: Lane, dialect: FeedDialect) -> Callable[[list[Event]], None]:
        absorb, hear, heard, venue, name = self._absorb, self._hear, self._store.heard, self._account.venue.name, lane.value

        def deliver(events: list[Event]) -> None:
            # A lane that moved says so alone, and no frame does.
            (absorb if type(events[0]) is LinkChanged else hear)(events)
            heard(venue, name)

        def deliver_own(events: list[Event]) -> None:
            deliver(events)
            if any(type(event) is Unreadable for event in events):
                self._misheard()

        def deliver_seeded(events: list[Event]) -> None:
            wanted = [event.instrument for event in events if type(event) is BookWanted]
            if len(wanted) < len(events):
                deliver([event for event in events if type(event) is not BookWanted])
            else:
                heard(venue, name)
            for iid in wanted:
                if iid not in self._seeding and isinstance(dialect, Seeded):
                    self._seeding.add(iid)
                    self._spawn(f"book {iid.symbol}", self._seed(dialect, iid))

        if lane is Lane.PRIVATE:
            return deliver_own
        return deliver_seeded if isinstance(dialect, Seeded) else deliver

    def _record(self, lane: Lane) -> Callable[[str, bytes], None]:
        def record(direction: str, frame: bytes) -> None:
            if self.recorder is not None:
                self.recorder(direction, lane, frame)

        return record
