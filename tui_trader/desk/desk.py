"""The application without a screen: owns the connections and the Store, and is all that a pane or a shell command may call.

Everything that comes in passes ``absorb``, synchronously, so that the Store has one writer. Everything that goes out passes the
order path. It must not know whether anybody is looking.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from decimal import Decimal
from typing import Any

from tui_trader.core.clock import NS, Clock
from tui_trader.core.decimals import HUNDRED
from tui_trader.core.error import ConfigError, LinkError, RefusedError, TraderError
from tui_trader.core.event import (
    BookDelta,
    Event,
    FundingPaid,
    LinkChanged,
    Notice,
    OrderChanged,
    OrderFilled,
    PositionChanged,
)
from tui_trader.core.facts import TradingState
from tui_trader.core.ids import IdFactory
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.position import Position
from tui_trader.core.risk import Limits
from tui_trader.core.sanitise import sanitise
from tui_trader.core.types import InstrumentId, LinkState, PositionMode, Severity
from tui_trader.desk.account import Account
from tui_trader.desk.facts import FactSource, Judgement
from tui_trader.desk.orders import OrderPath, Sent
from tui_trader.desk.reconcile import Reconciler
from tui_trader.desk.resolve import Presets, Resolver
from tui_trader.desk.stage import Stage
from tui_trader.net.limiter import Limiter
from tui_trader.net.rest import RestClient
from tui_trader.net.session import Session
from tui_trader.net.tasks import TaskSet
from tui_trader.state import topic
from tui_trader.state.store import StaleLimits, Store
from tui_trader.storage.journal import Journal
from tui_trader.venues.base import Channel, Lane, Outcome, Request, Subscription, Verdict

_OWN = (OrderChanged, OrderFilled, PositionChanged, LinkChanged, Notice, FundingPaid)
"""Events that a trader must see in the frame they arrive in."""

WARM_NS = 10 * NS
"""A REST connection unused for this long is kept open by asking for the time."""

RESYNC_NS = 2 * NS
"""A doubtful book is asked for again at most this often."""


class Desk:
    """One account at one venue. ``start`` it, call its use cases, ``close`` it."""

    def __init__(
        self,
        account: Account,
        *,
        clock: Clock,
        rng: random.Random,
        journal: Journal | None,
        ids: IdFactory | None = None,
        limits: Limits | None = None,
        stale: StaleLimits | None = None,
        presets: Presets | None = None,
        gate_ms: int = 10,
    ) -> None:
        self.account = account
        self.clock = clock
        self.store = Store(clock, stale)
        self.state = TradingState.ACTIVE
        self.focus: InstrumentId | None = None
        """The instrument on the screen."""
        self.reconciled = False
        """Whether orders and positions are known to be the venue's since the last connect."""
        self.urgent: Callable[[], None] | None = None
        """Called when an own event must be painted at once."""
        self.crashed: Callable[[str, BaseException], None] | None = None
        """Called when a task died of a bug, so that somebody writes it down."""
        self.recorder: Callable[[str, Lane, bytes], None] | None = None
        """Called with every frame, ``recv`` or ``sent``; authentication frames excepted."""
        self._journal = journal
        self._rng = rng
        self._gate_ms = gate_ms
        self._tasks = TaskSet(self._task_failed)
        self._dialect = account.venue.orders()
        self._limiter = Limiter(account.venue.rate_groups, clock)
        self._rest: RestClient | None = None
        self._sessions: dict[Lane, Session] = {}
        self._resynced: dict[InstrumentId, int] = {}
        self._watched: list[InstrumentId] = []
        self._started_ns = clock.wall_ns()
        self.orders = OrderPath(
            store=self.store,
            clock=clock,
            journal=journal,
            dialect=self._dialect,
            send=self.send,
            absorb=self.absorb,
            spawn=self._spawn,
        )
        self.resolver = Resolver(self.store, presets or Presets())
        self.facts = FactSource(
            store=self.store,
            clock=clock,
            limits=limits or Limits(),
            state=lambda: self.state,
            recent=self.orders.recent,
        )
        self.stage = Stage(self.resolver, self.facts, ids or IdFactory())
        self._reconciler = Reconciler(
            store=self.store,
            dialect=self._dialect,
            send=self.send,
            absorb=self.absorb,
            orders=self.orders,
            currencies=account.venue.settle_currencies,
        )

    # -- life ------------------------------------------------------------------------------------------------------

    async def start(self, symbols: Sequence[str], focus: str | None = None) -> None:
        """Connect: product list, clock, feeds. ``symbols`` are watched for their books' sake; ``focus`` is shown first.

        Raises LinkError when the venue cannot be reached and ConfigError when a symbol is not one of its.
        """
        venue = self.account.venue
        self._rest = RestClient(
            self.account.endpoints.rest,
            hosts=self.account.hosts,
            clock=self.clock,
            limiter=self._limiter,
            on_lost=self._lost,
        )
        await self._rest.__aenter__()
        listing = await self.send(self._dialect.instruments())
        if listing.outcome is not Outcome.ACK:
            raise LinkError(f"{venue.title} did not send its product list: {listing.text or listing.outcome}")
        self.absorb(list(listing.events))
        self._dialect.list_instruments(list(self.store.instruments.values()))
        await self._rest.sync_clock(self._dialect)
        self._watched = [self.symbol(text) for text in symbols]
        self.focus = self.symbol(focus) if focus else (self._watched[0] if self._watched else None)
        self._open_session(Lane.PUBLIC)
        if self.account.credential is not None:
            self._open_session(Lane.PRIVATE)
        self._spawn("housekeeping", self._housekeeping())

    async def close(self) -> None:
        """End the connections and tasks; orders and positions stay at the venue. Bounded to about two seconds."""
        await self._tasks.close()
        for session in self._sessions.values():
            await session.close()
        if self._rest is not None:
            await self._rest.close()
        if self._journal is not None:
            self._journal.close()

    # -- what comes in ---------------------------------------------------------------------------------------------

    def absorb(self, events: list[Event]) -> None:
        """Apply events to the Store, synchronously and in order; the only way in."""
        store = self.store
        store.mono_ns = self.clock.mono_ns()
        urgent = False
        for event in events:
            store.apply(event)
            kind = type(event)
            if kind is BookDelta:
                continue
            if kind in _OWN:
                urgent = True
                if kind is LinkChanged:
                    self._link_moved(event)  # type: ignore[arg-type]
        if store.doubtful:
            self._resync_books()
        if urgent and self.urgent is not None:
            self.urgent()

    def _frame_events(self, lane: Lane) -> Callable[[list[Event]], None]:
        store, venue, name = self.store, self.account.venue.name, lane.value

        def deliver(events: list[Event]) -> None:
            self.absorb(events)
            store.heard(venue, name)

        return deliver

    # -- use cases -------------------------------------------------------------------------------------------------

    def symbol(self, text: str) -> InstrumentId:
        """Return the one instrument that ``text`` names, in any letter case; raises ConfigError naming near ones."""
        found = self.store.find(text)
        if len(found) == 1:
            return found[0]
        if not found:
            raise ConfigError([f"{self.account.venue.title} lists no instrument like {text!r}"])
        names = ", ".join(iid.symbol for iid in found[:6])
        raise ConfigError([f"{text!r} could be {names}"])

    def show(self, iid: InstrumentId) -> None:
        """Put an instrument on the screen and subscribe to its book and trades; a draft for another one is dropped."""
        if iid == self.focus:
            return
        self.focus = iid
        if self.stage.draft is not None and self.stage.draft.instrument != iid:
            self.stage.drop()
        if iid not in self._watched:
            self._watched.append(iid)
        session = self._sessions.get(Lane.PUBLIC)
        if session is not None:
            session.set_subscriptions(self._subscriptions(Lane.PUBLIC))
        self.store.touch(topic.FOCUS, topic.STAGE, topic.book_topic(iid), topic.tape_topic(iid))

    def blocked(self, iid: InstrumentId) -> str:
        """Return why no entry may leave now, in one sentence; empty when one may."""
        venue = self.account.venue
        if self.account.credential is None:
            return "no API key: this is a look at the market only"
        if not venue.capabilities.trading:
            return venue.capabilities.why_not
        if self._journal is None:
            return "read-only: another tui-trader holds the journal of this account"
        if self._journal.failure:
            return f"{self._journal.failure}; exits still work"
        if not self.store.private_is_fresh(venue.name):
            return "the private stream is down or silent; exits still work"
        if not self.reconciled:
            return "orders and positions are being checked after the connect; exits still work"
        if not self.store.book_is_fresh(iid):
            book = self.store.book(iid)
            reason = book.reason if book and book.reason else "no news for too long"
            return f"the {iid.symbol} book is stale ({reason}); exits still work"
        return ""

    async def send_stage(self) -> Sent:
        """Send the staged order once, after judging it again; raises CommandError or RefusedError, and then nothing was sent.

        The draft is forgotten before the request leaves, so that a second Enter finds nothing to send.
        """
        judgement = self.stage.confirm()
        self._admit(judgement)
        self.stage.drop()
        self.store.touch(topic.STAGE)
        return await self.orders.submit(judgement.ticket, reduces=judgement.reduces)

    async def submit(self, ticket: OrderTicket) -> Sent:
        """Send a complete ticket once, after judging it; raises RefusedError, and then nothing was sent."""
        judgement = self.facts.judge(ticket, self.resolver.instrument(ticket.instrument))
        self._admit(judgement)
        return await self.orders.submit(ticket, reduces=judgement.reduces)

    async def cancel(self, order: Order) -> Sent:
        """Ask for the end of one order."""
        return await self.orders.cancel(order)

    async def cancel_symbol(self, iid: InstrumentId) -> list[Verdict]:
        """Cancel everything of one instrument, conditional orders included."""
        return await self.orders.cancel_all(iid)

    async def panic(self, *, flatten: bool = False) -> str:
        """Cancel all entries and exits except stops, everywhere; with ``flatten`` cancel stops too and close all positions.

        Return one line that says what is verified and what is not.
        """
        self.stage.drop()
        instruments = {order.instrument for order in self.store.blotter.working()} | set(self._watched)
        instruments |= {position.instrument for position in self.store.open_positions()}
        failed = []
        for iid in sorted(instruments):
            verdicts = await self.orders.cancel_all(iid, keep_stops=not flatten)
            if any(verdict.outcome is not Outcome.ACK for verdict in verdicts):
                failed.append(iid.symbol)
        if flatten:
            failed += [line for line in [await self._close(p) for p in self.store.open_positions()] if line]
        unverified = [iid.symbol for iid in sorted(instruments) if not await self.orders.refresh(iid)]
        left = [o for o in self.store.blotter.working() if not (o.type.is_conditional and not flatten)]
        if failed or unverified:
            web = self.account.endpoints.web
            way_out = f"; use {web}" if web else ""
            return f"NOT VERIFIED: {', '.join(sorted(set(failed + unverified)))} did not answer{way_out}"
        return f"verified: {len(left)} open orders left" + (" and closing orders sent" if flatten else "")

    async def set_leverage(self, iid: InstrumentId, leverage: Decimal, *, cross: bool) -> Verdict:
        """Change leverage and margin mode of an instrument; on success the position row follows by the private stream."""
        hedged = self.facts.mode(iid) is PositionMode.HEDGED
        return await self.send(self._dialect.set_leverage(iid, leverage, cross=cross, hedged=hedged))

    async def flatten(self, iid: InstrumentId) -> str:
        """Cancel every order of one instrument and close its position at market; return what could not be done."""
        await self.orders.cancel_all(iid)
        failures = [await self._close(p) for p in self.store.open_positions() if p.instrument == iid]
        return "; ".join(line for line in failures if line)

    async def send(self, request: Request) -> Verdict:
        """Send one request through the venue's REST client; raises LinkError before ``start``."""
        if self._rest is None:
            raise LinkError("not connected yet")
        return await self._rest.send(request, self._dialect, self.account.credential)

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _close(self, position: Position) -> str:
        """Close a leg at market; return what went wrong, empty when the venue took it."""
        try:
            judgement = self.stage.confirm(self.stage.closing(position, HUNDRED))
            self._admit(judgement)
            sent = await self.orders.submit(judgement.ticket, reduces=judgement.reduces)
        except TraderError as error:
            return f"{position.instrument.symbol}: {error}"
        if sent.outcome in (Outcome.ACK, Outcome.EXISTS):
            return ""
        return f"{position.instrument.symbol}: {sent.text or sent.outcome}"

    def _admit(self, judgement: Judgement) -> None:
        """Let an order through or raise RefusedError with every hard objection."""
        reasons = [objection.text for objection in judgement.hard]
        if not judgement.reduces and (why := self.blocked(judgement.ticket.instrument)):
            reasons.insert(0, why)
        if reasons:
            raise RefusedError("; ".join(dict.fromkeys(reasons)))

    def _subscriptions(self, lane: Lane) -> list[Subscription]:
        if lane is Lane.PRIVATE:
            return [Subscription(Channel.ACCOUNT)]
        wanted = [Subscription(Channel.TICKER)]
        for iid in self._shown():
            wanted += [Subscription(Channel.BOOK, iid), Subscription(Channel.TRADES, iid)]
        return wanted

    def _shown(self) -> list[InstrumentId]:
        """Instruments whose book and tape are wanted: the focus, and the newest others within the venue's limit."""
        room = (self.account.venue.max_subscriptions - 2) // 2
        others = [iid for iid in self._watched if iid != self.focus]
        first = [self.focus] if self.focus else []
        return first + others[-(room - len(first)) :]

    def _open_session(self, lane: Lane) -> None:
        dialect = self.account.venue.feed(lane, self.account.credential if lane is Lane.PRIVATE else None)
        dialect.list_instruments(list(self.store.instruments.values()))
        session = Session(
            dialect,
            self.account.endpoints.ws,
            venue=self.account.venue.name,
            hosts=self.account.hosts,
            clock=self.clock,
            rng=self._rng,
            on_events=self._frame_events(lane),
            server_ns=self._server_ns,
            gate_ms=self._gate_ms if lane is Lane.PUBLIC else 0,
            record=self._record_frame(lane),
        )
        session.set_subscriptions(self._subscriptions(lane))
        self._sessions[lane] = session
        self._spawn(f"session {lane}", session.run())

    def _record_frame(self, lane: Lane) -> Callable[[str, bytes], None]:
        def record(direction: str, frame: bytes) -> None:
            if self.recorder is not None:
                self.recorder(direction, lane, frame)

        return record

    def _server_ns(self) -> int:
        return self._rest.server_ns() if self._rest is not None else self.clock.wall_ns()

    def _link_moved(self, event: LinkChanged) -> None:
        if event.lane != Lane.PRIVATE.value:
            return
        if event.state is LinkState.LIVE:
            self._spawn("reconcile", self._reconcile())
        else:
            self.reconciled = False

    async def _reconcile(self) -> None:
        """Learn the account's truth; on failure say so and try again while the lane is live."""
        try:
            lines = await self._reconciler.run(self.account.venue.name, self._watched, self._started_ns)
        except ConnectionError as error:
            self._say(f"not reconciled: {error}; trying again", Severity.WARNING)
            await asyncio.sleep(2)
            if self.store.private_is_fresh(self.account.venue.name):
                self._spawn("reconcile", self._reconcile())
            return
        self.reconciled = True
        for line in lines:
            self._say(f"while away: {line}")
        self.store.touch(topic.LINKS, topic.STAGE)

    def _resync_books(self) -> None:
        """Ask again for the snapshots of doubtful books, one recovery per book at a time."""
        session = self._sessions.get(Lane.PUBLIC)
        now = self.clock.mono_ns()
        due = [iid for iid in self.store.doubtful if now - self._resynced.get(iid, 0) > RESYNC_NS]
        self.store.doubtful.clear()
        for iid in due:
            self._resynced[iid] = now
            book = self.store.book(iid)
            self._say(f"{iid.symbol}: book in doubt ({book.reason if book else '?'}), asking for a new snapshot")
        if due and session is not None:
            session.renew([Subscription(Channel.BOOK, iid) for iid in due])

    async def _housekeeping(self) -> None:
        """Once a second: equity sample, silent orders, warm connection, stale marks."""
        while True:
            await asyncio.sleep(1)
            self.store.sample_equity()
            self.orders.tick()
            self.store.touch(topic.CLOCK, topic.LINKS)
            for iid in self._shown():
                book = self.store.book(iid)
                if book is not None and not self.store.book_is_fresh(iid):
                    self.store.touch(topic.book_topic(iid), topic.STAGE)
                    if not book.is_live:
                        self.store.doubtful.add(iid)
            if self.store.doubtful:
                self._resync_books()
            rest = self._rest
            if rest is not None and self.clock.mono_ns() - rest.last_used_ns > WARM_NS:
                await rest.warm(self._dialect)

    def _lost(self, request: Request, verdict: Verdict) -> None:
        if self._journal is not None and not self._journal.failure:
            self._journal.append("lost", {"ref": request.ref, "what": request.what, "text": verdict.text})

    def _spawn(self, name: str, coro: Coroutine[Any, Any, Any]) -> None:
        self._tasks.spawn(name, coro)

    def _task_failed(self, name: str, error: BaseException) -> None:
        self._say(f"{name} failed: {type(error).__name__}: {sanitise(str(error), 120)}", Severity.ALARM)
        if self.crashed is not None:
            self.crashed(name, error)

    def _say(self, text: str, severity: Severity = Severity.NOTE) -> None:
        self.absorb([Notice(text, severity, self.clock.wall_ns())])
