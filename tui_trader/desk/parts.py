"""What a desk is made of, and which part is told of which: the one place where its parts meet.

It builds and joins. What goes out and comes in is ``Connection``'s, what a trader may ask for is ``Desk``'s.
"""

from __future__ import annotations

import abc
import contextlib
import random
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from tui_trader.core.alert_text import read_whole, spell_condition
from tui_trader.core.bracket import Bracket
from tui_trader.core.clock import Clock
from tui_trader.core.event import (
    BookSnapshot,
    Event,
    Notice,
)
from tui_trader.core.ids import IdFactory
from tui_trader.core.risk import Limits
from tui_trader.core.sanitise import sanitise
from tui_trader.core.types import InstrumentId, Severity
from tui_trader.desk import recording
from tui_trader.desk.account import Account
from tui_trader.desk.alert_file import AlertFile
from tui_trader.desk.attention import Attention, AttentionTerms
from tui_trader.desk.backfill import Backfill
from tui_trader.desk.candles import CandleRecorder
from tui_trader.desk.chasing import Chases
from tui_trader.desk.controls import Controls
from tui_trader.desk.draft import Draft
from tui_trader.desk.exits import Exits
from tui_trader.desk.expiry import Expiries
from tui_trader.desk.exporting import Exporting
from tui_trader.desk.facts import FactSource
from tui_trader.desk.feeds import Feeds
from tui_trader.desk.funding_times import FundingTimes
from tui_trader.desk.funds import Funds
from tui_trader.desk.guard import Guard
from tui_trader.desk.listening import Listening
from tui_trader.desk.macros import Macros
from tui_trader.desk.margin import Margin
from tui_trader.desk.minutes import Minutes
from tui_trader.desk.notes import Notes
from tui_trader.desk.nudge import Nudges
from tui_trader.desk.orders import OrderPath, Sent
from tui_trader.desk.pace import Pace
from tui_trader.desk.permit import Permit
from tui_trader.desk.protect import Protector
from tui_trader.desk.reconcile import Reconciler
from tui_trader.desk.recorder import Recorder
from tui_trader.desk.resolve import Presets, Resolver
from tui_trader.desk.rounds import Rounds
from tui_trader.desk.runs import Runs
from tui_trader.desk.sending import Sending
from tui_trader.desk.stage import Stage
from tui_trader.desk.sync import Sync
from tui_trader.desk.true_range import TrueRanges
from tui_trader.desk.undo import Undo
from tui_trader.net.limiter import Limiter
from tui_trader.net.rest import RestClient
from tui_trader.net.tasks import TaskSet
from tui_trader.secrets.redactor import REDACTOR
from tui_trader.secrets.secret import Secret
from tui_trader.state import topic
from tui_trader.state.store import StaleLimits, Store
from tui_trader.storage.candles import CandleStore
from tui_trader.storage.history import History
from tui_trader.storage.journal import Journal
from tui_trader.storage.state_file import StateFile
from tui_trader.venues.base import Request, Verdict


class Parts(abc.ABC):
    """The parts of one account at one venue, joined."""

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
        controls: Controls | None = None,
        read_only: bool = False,
        history: History | None = None,
        candles: CandleStore | None = None,
        attention: AttentionTerms | None = None,
        alerts: StateFile | None = None,
        notes: Notes | None = None,
    ) -> None:
        """Without ``controls`` the trading state ends with the desk. One that is ``read_only`` sends no order request at all."""
        self.account = account
        self.clock = clock
        self.store = Store(clock, stale)
        self.controls = controls or Controls(clock, name=account.venue.name)
        """What may be sent: ACTIVE, REDUCING or HALTED."""
        self.read_only = read_only
        self.focus: InstrumentId | None = None
        """The instrument on the screen."""
        self.urgent: Callable[[], None] | None = None
        """Called when an own event must be painted at once."""
        self.recoverable: list[Mapping[str, Any]] = []
        """Journalled intents of an earlier run whose end is not known; ``start`` puts them on the screen as UNKNOWN."""
        self.brackets: list[Bracket] = []
        """Brackets of an earlier run that are not over; ``start`` takes them up."""
        self.buried: list[Mapping[str, Any]] = []
        """Journalled intents that an earlier run found absent not long ago; they are asked about once more."""
        self.open_transfers: list[Mapping[str, Any]] = []
        """Journalled transfers of an earlier run whose end is not known; ``start`` has them asked about."""
        self.crashed: Callable[[str, BaseException], None] | None = None
        """Called when a task died of a bug, so that somebody writes it down."""
        self.recording: recording.Recording | None = None
        """What is being recorded; None while nothing is."""
        self.recordings_dir: Path | None = None
        """Where recordings go that are given no name."""
        self._journal = journal
        self._minutes = Minutes(account, journal)
        self._tasks = TaskSet(self._task_failed)
        self._closed = False
        self._limits = limits or Limits()
        self._rounds: Rounds | None = None
        self._dialect = account.venue.orders()
        self._limiter = Limiter(account.venue.rate_groups, clock)
        self._rest: RestClient | None = None
        self._opened_mono_ns = clock.mono_ns()
        self._started_ns = clock.wall_ns()
        """When this run of the program began; by the venue's clock once that is known."""
        self.feeds = Feeds(
            account,
            store=self.store,
            clock=clock,
            rng=rng,
            gate_ms=gate_ms,
            absorb=self.absorb,
            hear=self._take_in,
            spawn=self._spawn,
            server_ns=self._server_ns,
            misheard=lambda: self._listening.misheard(),
            admit=self._admitted,
            whole_book=self._whole_book,
        )
        self.orders = OrderPath(
            store=self.store,
            clock=clock,
            journal=journal,
            dialect=self._dialect,
            send=self.send,
            absorb=self.absorb,
            spawn=self._spawn,
            heard=self.controls.hear,
            giving_up=self._giving_up,
            venue_ns=self._server_ns,
        )
        self.undo = Undo(self.store)
        """What was cancelled from here lately."""
        self.runs = Runs(lambda: self.attention.next_number(), lambda: self.store.touch(topic.STAGE))
        """What runs only while this terminal is up."""
        self.resolver = Resolver(self.store, presets or Presets())
        self.pace = Pace(account.venue.terms, clock)
        """How much of what the venue's better terms allow was sent."""
        self.facts = FactSource(
            store=self.store,
            clock=clock,
            limits=self._limits,
            state=lambda: self.controls.state,
            recent=self.orders.recent,
            widened=self.orders.at_most,
            pace=self.pace.why_wait,
        )
        self._ids = ids = ids or IdFactory()
        self.stage = Stage(self.resolver, self.facts, ids, can=account.venue.capabilities_of)
        self.protect = Protector(
            store=self.store,
            clock=clock,
            journal=journal,
            orders=self.orders,
            ids=ids,
            facts=self.facts.gather,
            ready=self._may_protect,
            spawn=self._spawn,
            say=self._say,
            resizable=lambda instrument: account.venue.capabilities_of(instrument).resize_waiting,
        )
        """Keeps the brackets of entries."""
        self.nudges = Nudges(
            store=self.store, amend=lambda order, level: self.sending.nudge(order, level), spawn=self._spawn, say=self._say
        )
        """Moves stops and targets by keys."""
        self.margin = Margin(
            account=account,
            store=self.store,
            dialect=self._dialect,
            resolver=self.resolver,
            facts=self.facts,
            send=self.send,
            absorb=self.absorb,
            record=self._minutes.record,
        )
        self.funds = Funds(
            account=account,
            store=self.store,
            dialect=self._dialect,
            ids=ids,
            send=self.send,
            absorb=self.absorb,
            spawn=self._spawn,
            record=self._minutes.record_first,
            server_ns=self._server_ns,
            read_only=lambda: self.permit.looks_only or self.account.credential is None,
        )
        self._reconciler = Reconciler(
            store=self.store,
            dialect=self._dialect,
            send=self.send,
            absorb=self.absorb,
            orders=self.orders,
            currencies=account.venue.settle_currencies,
            by_contract=account.venue.fills_by_contract,
        )
        self.sync = Sync(
            store=self.store,
            reconciler=self._reconciler,
            ask=self._ask_everything,
            server_ns=self._server_ns,
            say=self._say,
            spawn=self._spawn,
        )
        self.exits = Exits(
            store=self.store,
            orders=self.orders,
            close=lambda position: self.sending.close(position),
            positions=self._reconciler.positions,
            watched=lambda: self.feeds.watched,
            spawn=self._spawn,
            say=self._say,
            web=account.endpoints.web,
        )
        self.guard = Guard(account=account, store=self.store, feeds=self.feeds, record=self._minutes.record)
        """What becomes of open orders when the connection ends."""
        self.permit = Permit(
            account=account,
            store=self.store,
            journal=journal,
            controls=self.controls,
            exits=self.exits,
            sync=self.sync,
            doubt=lambda iid: self._rounds.doubt(iid) if self._rounds is not None else "",
            read_only=read_only,
        )
        self.sending = self._sending(self.stage)
        """The one way out for orders, changes and cancels."""
        self.chases = Chases(
            store=self.store,
            clock=clock,
            runs=self.runs,
            resolver=self.resolver,
            sending=self.sending,
            spawn=self._spawn,
            say=self._say,
            in_place=lambda iid: account.venue.capabilities_of(self.store.instruments[iid]).amend,
        )
        self.expiries = Expiries(
            store=self.store, clock=clock, runs=self.runs, cancel=self.sending.cancel, spawn=self._spawn, say=self._say
        )
        self.macros = Macros()
        """Names and keys for lines."""
        self.exporter: Exporting | None = None
        """Writes fills to a file and says where."""
        self._listening = Listening(
            venue=account.venue.name,
            store=self.store,
            clock=clock,
            dialect=self._dialect,
            feeds=self.feeds,
            sync=self.sync,
            stage=self.stage,
            say=self._say,
        )
        self.attention = Attention(
            store=self.store,
            clock=clock,
            terms=attention or AttentionTerms(),
            file=AlertFile(alerts, spell=spell_condition, read=read_whole),
            spell=spell_condition,
            reconciled=lambda: self.sync.reconciled,
            trading=lambda: self.controls.state,
            keeps=lambda: not self.permit.looks_only,
            follow=self.feeds.watch,
            spawn=self._spawn,
            say=self._say,
            record=self._minutes.record,
        )
        """Watches what the trader asked to be watched."""
        self.notes = notes or Notes(None)
        """What the trader notes on trades, and where stops were first."""
        self.noted = ""
        """The trade that the next note is about; empty for the newest of the symbol on the screen."""
        self.store.first_stops = self.notes.stops
        self.store.initial_risk.on_stake = self.notes.stop
        self.recorder: Recorder | None = None
        """Keeps the local history; None where nobody wants one."""
        if history is not None and account.credential is not None:
            self.recorder = Recorder(
                history=history,
                account=account.label,
                store=self.store,
                dialect=self._dialect,
                send=self.send,
                scopes=self._scopes,
                watched=lambda: self.feeds.watched,
                server_ns=self._server_ns,
                reconciled=lambda: self.sync.reconciled,
                say=self._say,
            )
        self.candles: CandleRecorder | None = None
        """Keeps the candles; None where nobody wants any."""
        if candles is not None:
            past = Backfill(
                candles=candles,
                venue=account.venue.name,
                store=self.store,
                clock=clock,
                dialect=self._dialect,
                send=self.send,
                can_spare=self._can_spare,
                watched=lambda: self.feeds.watched,
                listed=lambda: self.attention.watchlist.rows(),
                server_ns=self._server_ns,
            )
            self.candles = CandleRecorder(
                candles=candles,
                venue=account.venue.name,
                store=self.store,
                clock=clock,
                past=past,
                server_ns=self._server_ns,
                say=self._say,
            )
        self._ranges: TrueRanges | None = None
        if candles is not None:
            self._ranges = TrueRanges(candles, clock, watched=lambda: self.feeds.watched, server_ns=self._server_ns)
            self.resolver.atr = self._ranges.of
        self._funding_times: FundingTimes | None = None
        if candles is not None:  # where somebody looks at markets, not for one command
            self._funding_times = FundingTimes(
                venue=account.venue.name,
                store=self.store,
                clock=clock,
                dialect=self._dialect,
                send=self.send,
                absorb=self.absorb,
                can_spare=self._can_spare,
                wanted=lambda: [*self.feeds.watched, *self.attention.watchlist.rows()],
                server_ns=self._server_ns,
            )
        self.controls.attend(record=self._minutes.record, say=self._say)
        with contextlib.suppress(ValueError):  # figures that cannot be read: the day begins now
            self.store.opening.recall(self.controls.note("opening") or {})

    # -- what every part may do ------------------------------------------------------------------------------------

    @abc.abstractmethod
    def absorb(self, events: list[Event]) -> None:
        """Apply events to the Store."""

    @abc.abstractmethod
    def _take_in(self, events: list[Event]) -> None:
        """Apply events that were recorded already."""

    @abc.abstractmethod
    async def send(self, request: Request) -> Verdict:
        """Send one request to the venue."""

    @abc.abstractmethod
    def _each_second(self) -> None:
        """Do what is done once a second."""

    # -- how they ask each other -----------------------------------------------------------------------------------

    def _giving_up(self, iid: InstrumentId, keep_stops: bool) -> None:
        self.runs.give_up(iid, f"everything of {iid.symbol} was cancelled")
        self.protect.let_go_all(iid, keep_stops=keep_stops)

    def _sending(self, stage: Stage) -> Sending:
        return Sending(
            store=self.store,
            stage=stage,
            facts=self.facts,
            resolver=self.resolver,
            permit=self.permit,
            orders=self.orders,
            protect=self.protect,
            margin=self.margin,
            tasks=self._tasks,
            runs=self.runs,
            left=self._left,
            failed=self._task_failed,
        )

    def _left(self, draft: Draft, sent: Sent) -> None:
        """Look after what has left and asks for it."""
        self.chases.follow(draft, sent)
        self.expiries.follow(draft, sent)

    def _may_protect(self) -> bool:
        """Whether orders and positions are known, and this terminal is the one that acts on them."""
        return (
            self.sync.reconciled
            and not self.permit.looks_only
            and not self._closed
            and self.store.private_is_fresh(self.account.venue.name)
        )

    def _scopes(self) -> list[InstrumentId | None]:
        """Return what executions are asked for: a question without an instrument covers the first settle currency."""
        store, first = self.store, self.account.venue.settle_currencies[0]
        involved = {*self.feeds.watched, *(position.instrument for position in store.open_positions())}
        if self.account.venue.fills_by_contract:
            return [*sorted(involved)]
        others = (iid for iid in involved if (found := store.instruments.get(iid)) is not None and found.settle != first)
        return [None, *sorted(others)]

    def _focus_on(self, iid: InstrumentId) -> None:
        self.focus = self.feeds.focus = iid
        self.store.home = self.store.instruments[iid].settle

    def _server_ns(self) -> int:
        return self._rest.server_ns() if self._rest is not None else self.clock.wall_ns()

    def _can_spare(self, request: Request) -> bool:
        """Whether a question of the last class may be asked now: half of the budget is left to everything else."""
        return self._limiter.can_spare(request.group, request.weight)

    async def _ask_everything(self) -> list[str]:
        return await self._reconciler.run(self.account.venue.name, self.feeds.watched, self._started_ns)

    async def _whole_book(self, iid: InstrumentId) -> BookSnapshot | None:
        """Ask for a whole book; None where that failed."""
        verdict = await self.send(self._dialect.book(iid))
        return next((event for event in verdict.events if isinstance(event, BookSnapshot)), None)

    async def _admitted(self, denied: Secret | None) -> Secret | None:
        """Return the token that the venue lets in by, which is not one that it denied; None where it has none."""
        if self._rest is None or self.account.credential is None:
            return None
        return await self._rest.admit(self._dialect, self.account.credential, denied)

    def _spawn(self, name: str, coro: Coroutine[Any, Any, Any]) -> None:
        if self._closed:
            coro.close()
        else:
            self._tasks.spawn(name, coro)

    def _task_failed(self, name: str, error: BaseException) -> None:
        self._say(f"{name} failed: {type(error).__name__}: {sanitise(REDACTOR.clean(str(error)), 120)}", Severity.ALARM)
        if self.crashed is not None:
            self.crashed(name, error)

    def _say(self, text: str, severity: Severity = Severity.NOTE) -> None:
        self.absorb([Notice(text, severity, self.clock.wall_ns())])
