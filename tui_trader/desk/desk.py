"""The application without a screen: owns the connections and the Store, and is all that a pane or a shell command may call.

Everything that comes in passes ``absorb``, synchronously, so that the Store has one writer. Everything that goes out passes the
order path. It must not know whether anybody is looking.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from decimal import Decimal
from typing import Any

from tui_trader.core.clock import NS, Clock
from tui_trader.core.decimals import HUNDRED
from tui_trader.core.error import ConfigError, JournalError, LinkError, RefusedError, TraderError
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
from tui_trader.core.order import Fill, Order, OrderTicket
from tui_trader.core.position import Position
from tui_trader.core.risk import Limits
from tui_trader.core.sanitise import sanitise
from tui_trader.core.types import InstrumentId, LinkState, PositionMode, Severity
from tui_trader.desk.account import Account
from tui_trader.desk.environment import Environment
from tui_trader.desk.exits import Exits
from tui_trader.desk.facts import FactSource, Judgement
from tui_trader.desk.feeds import Feeds
from tui_trader.desk.inquiry import HISTORY_LAG_S
from tui_trader.desk.orders import OrderPath, Sent
from tui_trader.desk.reconcile import Reconciler
from tui_trader.desk.resolve import Presets, Resolver
from tui_trader.desk.stage import Stage
from tui_trader.net.limiter import Limiter
from tui_trader.net.rest import RestClient
from tui_trader.net.tasks import TaskSet
from tui_trader.state import topic
from tui_trader.state.store import StaleLimits, Store
from tui_trader.storage.journal import Journal
from tui_trader.venues.base import Lane, Outcome, Request, Verdict

_OWN = (OrderChanged, OrderFilled, PositionChanged, LinkChanged, Notice, FundingPaid)
"""Events that a trader must see in the frame they arrive in."""

WARM_NS = 10 * NS
"""A REST connection unused for this long is kept open by asking for the time."""

CLOSE_S = 1.0
"""How long requests that are under way are waited for at the end: an answer that is awaited needs no looking up later."""

RECONCILE_S = 2.0
"""Between attempts to reconcile."""

STALE_LOOK_S = 0.25
"""How often the age of books is looked at: a stale one is marked at most this late."""


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
        self.recoverable: list[Mapping[str, Any]] = []
        """Journalled intents of an earlier run whose end is not known; ``start`` puts them on the screen as UNKNOWN."""
        self.crashed: Callable[[str, BaseException], None] | None = None
        """Called when a task died of a bug, so that somebody writes it down."""
        self._journal = journal
        self._tasks = TaskSet(self._task_failed)
        self._writes: set[asyncio.Task[Any]] = set()
        self._closed = False
        self._live_lanes: set[str] = set()
        self._epoch = 0
        """Counts moves of the private lane: what was learned in one epoch is not held to be known in the next."""
        self._dialect = account.venue.orders()
        self._limiter = Limiter(account.venue.rate_groups, clock)
        self._rest: RestClient | None = None
        self._started_ns = clock.wall_ns()
        self.feeds = Feeds(
            account,
            store=self.store,
            clock=clock,
            rng=rng,
            gate_ms=gate_ms,
            absorb=self.absorb,
            spawn=self._spawn,
            server_ns=self._server_ns,
        )
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
        self.exits = Exits(store=self.store, orders=self.orders, close=self._close, web=account.endpoints.web)
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
        """Connect: product list, clock, feeds. ``symbols`` are watched; ``focus`` (by default the first) is shown.

        Raises LinkError when the venue cannot be reached and ConfigError when a symbol is not one of its.
        """
        venue = self.account.venue
        self._rest = RestClient(
            self.account.endpoints.rest,
            hosts=self.account.hosts,
            clock=self.clock,
            limiter=self._limiter,
            on_lost=self._lost,
            private_addresses=self.account.env is Environment.CUSTOM,
        )
        await self._rest.__aenter__()
        listing = await self.send(self._dialect.instruments())
        if listing.outcome is not Outcome.ACK:
            raise LinkError(f"{venue.title} did not send its product list: {listing.text or listing.outcome}")
        self.absorb(list(listing.events))
        self._dialect.list_instruments(list(self.store.instruments.values()))
        await self._rest.sync_clock(self._dialect)
        self._started_ns = self._rest.server_ns()  # executions since then are asked for, and dated by the venue's clock
        for text in symbols:
            self.feeds.watch(self.symbol(text))
        if focus or self.feeds.watched:
            self._focus_on(self.symbol(focus) if focus else self.feeds.watched[0])
        self.feeds.open(Lane.PUBLIC)
        if self.account.credential is not None:
            self.feeds.open(Lane.PRIVATE)
        self.orders.recover(self.recoverable)
        self._spawn("housekeeping", self._housekeeping())

    async def close(self) -> None:
        """End the connections and tasks; orders and positions stay at the venue. Bounded to about three seconds."""
        if self._writes:
            await asyncio.wait(self._writes, timeout=CLOSE_S)
        self._closed = True
        await self._tasks.close()
        await self.feeds.close()
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
        past: list[Fill] = []
        for event in events:
            store.apply(event)
            kind = type(event)
            if kind is BookDelta:
                continue
            if kind in _OWN:
                urgent = True
                if kind is LinkChanged:
                    self._link_moved(event)  # type: ignore[arg-type]
                elif type(event) is OrderFilled and event.replayed:
                    past.append(event.fill)
        for fill in past:
            order = store.blotter.find(fill.venue_id) or store.blotter.get(fill.client_id)
            if order is not None:
                self.orders.inquiry.follow(order.client_id)
        if store.doubtful:
            self.feeds.resync()
        if urgent and self.urgent is not None:
            self.urgent()

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
        self._focus_on(iid)
        if self.stage.draft is not None and self.stage.draft.instrument != iid:
            self.stage.drop()
        self.feeds.watch(iid)
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

    def begin_send(self) -> Coroutine[Any, Any, Sent]:
        """Judge the staged order once more, forget the draft, and return the work of sending it.

        Raises CommandError or RefusedError, and then nothing was sent and the draft stays. Because the draft is gone when this
        returns, a second Enter finds nothing to send.
        """
        judgement = self.stage.confirm()
        self._admit(judgement)
        self.stage.drop()
        self.store.touch(topic.STAGE)
        return self._submit(judgement)

    async def send_stage(self) -> Sent:
        """Send the staged order once; raises as ``begin_send`` does."""
        return await self.begin_send()

    async def submit(self, ticket: OrderTicket) -> Sent:
        """Send a complete ticket once, after judging it; raises RefusedError, and then nothing was sent."""
        judgement = self.facts.judge(ticket, self.resolver.instrument(ticket.instrument))
        self._admit(judgement)
        return await self._submit(judgement)

    async def amend(
        self, order: Order, *, qty: Decimal | None = None, price: Decimal | None = None, trigger: Decimal | None = None
    ) -> Sent:
        """Change a working order in place, after judging it as it would stand; raises RefusedError, and then nothing was sent."""
        order = self.store.blotter.get(order.client_id) or order
        instrument = self.resolver.instrument(order.instrument)
        self._admit(self.facts.judge_change(order, instrument, qty=qty, price=price, trigger=trigger))
        changing = self.orders.amend(order, qty=qty, price=price, trigger=trigger)
        return await self._to_its_end(f"amend {order.client_id}", changing)

    async def cancel(self, order: Order) -> Sent:
        """Ask for the end of one order."""
        return await self._to_its_end(f"cancel {order.client_id}", self.orders.cancel(order))

    async def cancel_symbol(self, iid: InstrumentId) -> list[Verdict]:
        """Cancel everything of one instrument, conditional orders included."""
        return await self.orders.cancel_all(iid)

    async def panic(self, *, flatten: bool = False) -> str:
        """Cancel all entries and exits except stops, everywhere; with ``flatten`` cancel stops too and close all positions.

        Return one line that says what is verified and what is not.
        """
        self.stage.drop()
        return await self.exits.panic(self.feeds.watched, flatten=flatten)

    async def flatten(self, iid: InstrumentId) -> str:
        """Cancel every order of one instrument and close its position at market; return what could not be done."""
        return await self.exits.flatten(iid)

    async def set_leverage(self, iid: InstrumentId, leverage: Decimal, *, cross: bool) -> Verdict:
        """Change leverage and margin mode of an instrument; on success the position row follows by the private stream."""
        hedged = self.facts.mode(iid) is PositionMode.HEDGED
        return await self.send(self._dialect.set_leverage(iid, leverage, cross=cross, hedged=hedged))

    async def send(self, request: Request) -> Verdict:
        """Send one request through the venue's REST client; raises LinkError before ``start``."""
        if self._rest is None:
            raise LinkError("not connected yet")
        return await self._rest.send(request, self._dialect, self.account.credential)

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _close(self, position: Position) -> Sent:
        judgement = self.stage.confirm(self.stage.closing(position, HUNDRED))
        self._admit(judgement)
        return await self._submit(judgement)

    async def _submit(self, judgement: Judgement) -> Sent:
        ticket = judgement.ticket
        return await self._to_its_end(f"submit {ticket.client_id}", self.orders.submit(ticket, reduces=judgement.reduces))

    async def _to_its_end(self, name: str, work: Coroutine[Any, Any, Sent]) -> Sent:
        """Wait for work in a task of its own: whoever waits may be cancelled, what was sent may not."""
        task = self._tasks.spawn(name, work, self._write_failed)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return await asyncio.shield(task)

    def _write_failed(self, name: str, error: BaseException) -> None:
        if not isinstance(error, TraderError):  # those are for the caller to tell
            self._task_failed(name, error)

    def _focus_on(self, iid: InstrumentId) -> None:
        self.focus = self.feeds.focus = iid
        self.store.home = self.store.instruments[iid].settle

    def _admit(self, judgement: Judgement) -> None:
        """Let an order through or raise RefusedError with every hard objection."""
        reasons = [objection.text for objection in judgement.hard]
        if not judgement.reduces and (why := self.blocked(judgement.ticket.instrument)):
            reasons.insert(0, why)
        if reasons:
            raise RefusedError("; ".join(dict.fromkeys(reasons)))

    def _server_ns(self) -> int:
        return self._rest.server_ns() if self._rest is not None else self.clock.wall_ns()

    def _link_moved(self, event: LinkChanged) -> None:
        live = event.state is LinkState.LIVE
        if live != (event.lane in self._live_lanes):
            words = "live" if live else f"lost: {event.reason or event.state}"
            self._say(f"{event.lane} lane {words}", Severity.NOTE if live else Severity.WARNING)
            self._live_lanes ^= {event.lane}
        if event.lane != Lane.PRIVATE.value:
            return
        self._epoch += 1
        if self.reconciled:
            self._reconciler.remember()
        self.reconciled = False
        if event.state is LinkState.LIVE:
            self._spawn("reconcile", self._reconcile(self._epoch))

    async def _reconcile(self, epoch: int) -> None:
        """Learn the account's truth; on failure say so and try again as long as the lane does not move."""
        while epoch == self._epoch:
            try:
                lines = await self._reconciler.run(self.account.venue.name, self.feeds.watched, self._started_ns)
            except ConnectionError as error:
                self._say(f"not reconciled: {error}; trying again", Severity.WARNING)
                await asyncio.sleep(RECONCILE_S)
                continue
            for line in lines:
                self._say(f"while away: {line}")
            if epoch == self._epoch:
                self.reconciled = True
                self.store.touch(topic.LINKS, topic.STAGE)
                self._spawn("late executions", self._catch_up(epoch))
            return

    async def _catch_up(self, epoch: int) -> None:
        """Ask for the executions once more when the venue's history must have all of them: it trails its engine."""
        await asyncio.sleep(HISTORY_LAG_S)
        while epoch == self._epoch:
            with contextlib.suppress(ConnectionError):
                await self._reconciler.fills()
                return
            await asyncio.sleep(RECONCILE_S)

    async def _housekeeping(self) -> None:
        """Mark what grew old four times a second; once a second sample equity, ask after silent orders, keep REST warm."""
        beat = 0
        while True:
            await asyncio.sleep(STALE_LOOK_S)
            beat += 1
            self.feeds.mark_stale()
            if beat % round(1 / STALE_LOOK_S):
                continue
            self.store.sample_equity()
            self.orders.inquiry.tick()
            self.store.touch(topic.CLOCK, topic.LINKS)
            rest = self._rest
            if rest is not None and self.clock.mono_ns() - rest.last_used_ns > WARM_NS:
                await rest.warm(self._dialect)

    def _lost(self, request: Request, verdict: Verdict) -> None:
        if self._journal is not None:
            with contextlib.suppress(JournalError):  # the outcome stays open then, which is what it is
                self._journal.append("lost", {"ref": request.ref, "what": request.what, "text": verdict.text})

    def _spawn(self, name: str, coro: Coroutine[Any, Any, Any]) -> None:
        if self._closed:
            coro.close()
        else:
            self._tasks.spawn(name, coro)

    def _task_failed(self, name: str, error: BaseException) -> None:
        self._say(f"{name} failed: {type(error).__name__}: {sanitise(str(error), 120)}", Severity.ALARM)
        if self.crashed is not None:
            self.crashed(name, error)

    def _say(self, text: str, severity: Severity = Severity.NOTE) -> None:
        self.absorb([Notice(text, severity, self.clock.wall_ns())])
