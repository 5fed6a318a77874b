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
from pathlib import Path
from typing import Any

from tui_trader.core.alert_text import read_whole, spell_condition
from tui_trader.core.bracket import Bracket
from tui_trader.core.clock import Clock
from tui_trader.core.command import Export, Price
from tui_trader.core.error import (
    CommandError,
    ConfigError,
    LinkError,
    RefusedError,
)
from tui_trader.core.event import (
    BookDelta,
    Event,
    FundingPaid,
    FundsTransferred,
    LinkChanged,
    Notice,
    OrderChanged,
    OrderFilled,
    PositionChanged,
    PositionModeTold,
    TradesPrinted,
)
from tui_trader.core.funds import Transfer
from tui_trader.core.ids import IdFactory
from tui_trader.core.order import Fill, Order, OrderTicket
from tui_trader.core.risk import Limits
from tui_trader.core.sanitise import sanitise
from tui_trader.core.types import InstrumentId, MarginMode, PositionMode, PositionSide, Severity
from tui_trader.desk import recording
from tui_trader.desk.account import Account
from tui_trader.desk.alert_file import AlertFile
from tui_trader.desk.attention import Attention, AttentionTerms
from tui_trader.desk.candles import CandleRecorder
from tui_trader.desk.chasing import Chases
from tui_trader.desk.controls import Controls
from tui_trader.desk.draft import Draft
from tui_trader.desk.environment import Environment
from tui_trader.desk.exits import Exits
from tui_trader.desk.expiry import Expiries
from tui_trader.desk.exporting import Exporting, Write
from tui_trader.desk.facts import FactSource
from tui_trader.desk.feeds import Feeds
from tui_trader.desk.funds import Funds
from tui_trader.desk.hearing import Hearing
from tui_trader.desk.listening import Listening
from tui_trader.desk.macros import Macros
from tui_trader.desk.margin import Margin
from tui_trader.desk.minutes import Minutes
from tui_trader.desk.moving import move_all
from tui_trader.desk.notes import Notes
from tui_trader.desk.nudge import Nudges
from tui_trader.desk.orders import OrderPath, Sent
from tui_trader.desk.permit import Permit
from tui_trader.desk.protect import Protector
from tui_trader.desk.reconcile import Reconciler
from tui_trader.desk.recorder import Recorder
from tui_trader.desk.resolve import Presets, Resolver
from tui_trader.desk.rounds import Rounds
from tui_trader.desk.runs import Runs
from tui_trader.desk.sending import CLOSE_S, Sending
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
from tui_trader.state.dispatch import Dispatch
from tui_trader.state.store import StaleLimits, Store
from tui_trader.storage.candles import CandleStore
from tui_trader.storage.history import History
from tui_trader.storage.journal import Journal
from tui_trader.storage.state_file import StateFile
from tui_trader.venues.base import Lane, Outcome, Request, Verdict

_OWN = (OrderChanged, OrderFilled, PositionChanged, LinkChanged, Notice, FundingPaid, FundsTransferred)
"""Events that a trader must see in the frame they arrive in."""

LISTING_TRIES, LISTING_WAIT_S, LISTING_MOST_S = 3, 2.0, 10.0
"""A product list that was asked for too often (some venues give it once in five seconds) is waited for."""


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
        )
        self.undo = Undo(self.store)
        """What was cancelled from here lately."""
        self.runs = Runs(lambda: self.attention.next_number(), lambda: self.store.touch(topic.STAGE))
        """What runs only while this terminal is up."""
        self.resolver = Resolver(self.store, presets or Presets())
        self.facts = FactSource(
            store=self.store,
            clock=clock,
            limits=self._limits,
            state=lambda: self.controls.state,
            recent=self.orders.recent,
            widened=self.orders.at_most,
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
            self.candles = CandleRecorder(
                candles=candles,
                venue=account.venue.name,
                store=self.store,
                clock=clock,
                dialect=self._dialect,
                send=self.send,
                can_spare=lambda request: self._limiter.can_spare(request.group, request.weight),
                watched=lambda: self.feeds.watched,
                server_ns=self._server_ns,
                say=self._say,
            )
        self._ranges: TrueRanges | None = None
        if candles is not None:
            self._ranges = TrueRanges(candles, clock, watched=lambda: self.feeds.watched, server_ns=self._server_ns)
            self.resolver.atr = self._ranges.of
        self.controls.attend(record=self._minutes.record, say=self._say)
        with contextlib.suppress(ValueError):  # figures that cannot be read: the day begins now
            self.store.opening.recall(self.controls.note("opening") or {})

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
            on_lost=self._minutes.lost,
            private_addresses=self.account.env is Environment.CUSTOM,
            read_only=self.read_only,
        )
        await self._rest.__aenter__()
        listing = await self.send(self._dialect.instruments())
        for _ in range(LISTING_TRIES):
            if listing.outcome is not Outcome.LIMITED and not 0 < listing.retry_after_s < LISTING_MOST_S:
                break
            await asyncio.sleep(listing.retry_after_s or LISTING_WAIT_S)
            listing = await self.send(self._dialect.instruments())
        if listing.outcome is not Outcome.ACK:
            raise LinkError(f"{venue.title} did not send its product list: {listing.text or listing.outcome}")
        self.absorb(list(listing.events))
        self._dialect.list_instruments(list(self.store.instruments.values()))
        await self._rest.sync_clock(self._dialect)
        # Executions since the beginning are asked for, not since now: the machine may have slept between the two.
        self._started_ns = self._rest.server_ns() - (self.clock.mono_ns() - self._opened_mono_ns)
        for text in symbols:
            self.feeds.watch(self.symbol(text))
        if focus or self.feeds.watched:
            self._focus_on(self.symbol(focus) if focus else self.feeds.watched[0])
        self.feeds.open(Lane.PUBLIC)
        if self.account.credential is not None:
            self.feeds.open(Lane.PRIVATE)
        self._minutes.session("start")
        self.orders.recover(self.recoverable, self.buried)
        self.protect.recover(self.brackets)
        if self.account.credential is not None:
            self.funds.recover(self.open_transfers)
            self._spawn("fee rates", self.funds.keep_fees())
            if venue.funding_by_asking:
                self._spawn("funding", self.funds.keep_funding())
        self._reconciler.remember()  # before the stream can say anything: executions since now are asked for
        self._rounds = Rounds(
            store=self.store,
            clock=self.clock,
            controls=self.controls,
            limits=self._limits,
            feeds=self.feeds,
            inquiry=self.orders.inquiry,
            hearing=Hearing(store=self.store, clock=self.clock, renew=lambda reason: self.feeds.renew(Lane.PRIVATE, reason)),
            sync=self.sync,
            rest=self._rest,
            dialect=self._dialect,
            send=self.send,
            absorb=self.absorb,
            relisted=self._listening.relisted,
            protect=self.protect.look,
            mend=self._each_second,
            record=self._minutes.record,
            say=self._say,
        )
        self._spawn("rounds", self._rounds.run())
        self.attention.start()
        self._spawn("attention", self.attention.run())
        self._spawn("notes", self.notes.run())
        if self.recorder is not None:
            self._spawn("history", self.recorder.run())
            if not self.account.ends_with_program:  # that one has no past
                self._spawn("past", self.recorder.follow())
        if self.candles is not None:
            self._spawn("candles", self.candles.run())
            self._spawn("candles of the past", self.candles.fill())
        if self._ranges is not None:
            self._spawn("true ranges", self._ranges.run())

    async def close(self) -> None:
        """End the connections and tasks; orders and positions stay at the venue. Bounded to about three seconds."""
        await self.sending.settle()
        await self.attention.keep()
        await self.notes.flush()
        self._closed = True
        if self.recording is not None:
            self.end_recording()
        await self._tasks.close()
        await self.feeds.close()
        if self.recorder is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.recorder.close(), CLOSE_S)
        if self.candles is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.candles.close(), CLOSE_S)
        if self._rest is not None:
            await self._rest.close()
        if self._journal is not None:
            if self._rounds is not None:
                self._minutes.session("end")
            self._journal.close()

    # -- what comes in ---------------------------------------------------------------------------------------------

    def absorb(self, events: list[Event]) -> None:
        """Apply events to the Store, synchronously and in order; with what frames say, the only way in."""
        if self.recording is not None:
            self.recording.told(events)
        self._take_in(events)

    def _take_in(self, events: list[Event]) -> None:
        store, recorder, candles = self.store, self.recorder, self.candles
        store.mono_ns = self.clock.mono_ns()
        urgent = False
        past: list[Fill] = []
        for event in events:
            store.apply(event)
            kind = type(event)
            if kind is BookDelta:
                continue
            if candles is not None and (kind is TradesPrinted or kind is LinkChanged):
                candles.hear(event)
            if kind in _OWN:
                urgent = True
                if kind is LinkChanged:
                    self._listening.link_moved(event)  # type: ignore[arg-type]
                elif type(event) is OrderFilled and event.replayed:
                    past.append(event.fill)
                if recorder is not None:
                    recorder.hear(event)
            elif type(event) is PositionModeTold:
                self._dialect.take_mode(event.mode)
                self.feeds.take_mode(event.mode)
        for fill in past:
            order = store.blotter.find(fill.venue_id) or store.blotter.get(fill.client_id)
            if order is not None:
                self.orders.inquiry.follow(order.client_id)
        if store.doubtful:
            self.feeds.resync()
        if urgent:
            self.protect.look()
        if urgent:
            self.attention.look()
        elif store.noticed:
            self.attention.glance()
        if urgent and self.urgent is not None:
            self.urgent()

    @property
    def reconciled(self) -> bool:
        """Whether orders and positions are known to be the venue's since the last connect."""
        return self.sync.reconciled

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
        if self.recording is not None:
            self.recording.show(iid)
        if self.stage.draft is not None and self.stage.draft.instrument != iid:
            self.stage.drop()
        self.feeds.watch(iid)
        if self.account.credential is not None and self.sync.reconciled:
            self._spawn(f"standing of {iid.symbol}", self._learn_standing(iid))
        self.store.touch(topic.FOCUS, topic.STAGE, topic.book_topic(iid), topic.tape_topic(iid))

    def begin_recording(self, path: Path | None = None, *, private: bool = False) -> str:
        """Record what is heard from now on, ``private`` with the account's own; return what to tell the trader.

        Raises RefusedError when something is being recorded already, or the file is there or cannot be made.
        """
        return recording.begin(self, path, private=private)

    def end_recording(self) -> str:
        """End what is being recorded; return what to tell the trader. Raises RefusedError when nothing is."""
        return recording.end(self)

    @property
    def recording_words(self) -> str:
        """What the header says while something is being recorded; empty while nothing is."""
        return "" if self.recording is None else "REC+ACCOUNT" if self.recording.private else "REC"

    @property
    def lock(self) -> str:
        """Why entries are refused altogether, in a word or two for the screen; empty while they are not."""
        return self.permit.lock

    def blocked(self, iid: InstrumentId) -> str:
        """Return why no entry in an instrument may leave now, in one sentence; empty when one may."""
        return self.permit.blocked(iid)

    def begin_send(self) -> Coroutine[Any, Any, Sent]:
        """Judge the staged order, forget the draft, and return the work of sending it; see ``Sending.begin``."""
        return self.sending.begin()

    async def send_stage(self) -> Sent:
        """Send the staged order once; raises as ``begin_send`` does."""
        return await self.sending.begin()

    async def submit(self, ticket: OrderTicket) -> Sent:
        """Send a complete ticket once, after judging it; raises RefusedError, and then nothing was sent."""
        return await self.sending.submit(ticket)

    async def amend(self, order: Order, **change: Decimal | None) -> Sent:
        """Change a working order in place; see ``Sending.amend``."""
        return await self.sending.amend(order, **change)

    async def cancel(self, order: Order) -> Sent:
        """Ask for the end of one order; ``undo_cancel`` stages it again."""
        self.undo.note([order], self.protect.brackets())
        return await self.sending.cancel(order)

    async def cancel_several(self, orders: Sequence[Order]) -> list[Sent]:
        """Ask for the end of several orders, with one call for each contract and leg; ``undo_cancel`` stages them again."""
        self.undo.note(orders, self.protect.brackets())
        return await self.sending.cancel_several(orders)

    async def cancel_symbol(self, iid: InstrumentId) -> list[Verdict]:
        """Cancel everything of one instrument, conditional orders included; ``undo_cancel`` stages it again."""
        self.undo.note(self.store.blotter.working(iid), self.protect.brackets())
        return await self.orders.cancel_all(iid)

    def note(self, text: str) -> None:
        """Write a note of the trader into the journal, and keep it on the trade that it is about: the one that was chosen for it,
        else the newest of the symbol on the screen. Raises RefusedError when it cannot be written."""
        symbol = self.focus.symbol if self.focus is not None else ""
        chosen, self.noted = self.noted, ""
        own = (trip for trip in reversed(self.store.trades.trips()) if trip.instrument == self.focus)
        trade = chosen or next((trip.key for trip in own), "")
        self._minutes.record_first("note", {"text": text, "symbol": symbol, "trade": trade})
        if trade:
            self.notes.set(trade, text)
            self.store.touch(topic.FILLS)

    def export_by(self, write: Write) -> None:
        """Name what writes exports; it is called in another thread."""
        self.exporter = Exporting(clock=self.clock, write=write, spawn=self._spawn, say=self._say)

    def export(self, what: Export) -> str:
        """Write fills of a span of time to a file; return where it is. Raises CommandError where that cannot be."""
        if self.exporter is None:
            raise CommandError("nothing is exported from here", fix="tui-trader export fills --csv")
        return self.exporter(what)

    async def move(self, orders: Sequence[Order], price: Price) -> list[Sent]:
        """Move several orders to a price, or by a distance from where each stands; one result for each, refusals included."""
        return await move_all(self.resolver, orders, price, self.amend)

    def undo_cancel(self, name: Callable[[Order], str]) -> int:
        """Stage what was cancelled last again, one order after the other; return how many of that cancel are left.

        Nothing is sent. ``name`` says what an order is called on the screen. Raises CommandError as ``Undo.next`` does.
        """
        draft, left = self.undo.next(name)
        self.stage.again(draft)
        if draft.instrument != self.focus:
            self.show(draft.instrument)
        self.store.touch(topic.STAGE)
        return left

    async def panic(self, *, flatten: bool = False) -> str:
        """End entries, cancel everything except stops; with ``flatten`` halt, cancel stops too and close all positions.

        Return one line that says what is verified and what is not. Entries are refused from the moment of the call, also those
        that were confirmed and have not left yet; ``controls.resume`` lets them out again.
        """
        if flatten:
            self.controls.halt("everything was flattened")
        else:
            self.controls.reduce("everything was cancelled")
        return await self.cancel_everything(flatten=flatten)

    async def cancel_everything(self, *, flatten: bool = False) -> str:
        """Do what ``panic`` does and leave the trading state as it is."""
        self.runs.end_all("everything was cancelled")
        self.stage.drop()
        self.attention.lines.end_all("everything is being cancelled")
        self._minutes.record("panic", {"flatten": flatten})
        result = await self.exits.panic(flatten=flatten)
        self._minutes.record("panic_result", {"text": result})
        return result

    def resume(self, typed: str) -> str:
        """Let entries out again; raises CommandError when a halt asks for the venue's name and ``typed`` is not it.

        Raises RefusedError while a way out is still being tried.
        """
        if self.exits.trying:
            raise RefusedError(f"everything is still being cancelled ({self.exits.trying})")
        if self.permit.reopen():
            self.store.touch(topic.STAGE)
            return "the next order will tell whether the venue takes orders again"
        return self.controls.resume(typed)

    async def flatten(self, iid: InstrumentId) -> str:
        """Cancel every order of one instrument and close its position at market; return what could not be done."""
        return await self.exits.flatten(iid)

    async def set_leverage(self, iid: InstrumentId, leverage: Decimal, mode: MarginMode | None = None) -> MarginMode:
        """Change leverage and margin mode of an instrument; return the mode, by default the one in force.

        The position row follows by the private stream. Raises CommandError, LinkError or VenueError when nothing was changed, and
        OutcomeUnknown when that is not known.
        """
        return await self.margin.set_leverage(iid, leverage, mode)

    async def set_position_mode(self, iid: InstrumentId, mode: PositionMode) -> None:
        """Switch an instrument between one position and two legs; raises as ``set_leverage``, and RefusedError before that."""
        await self.margin.set_position_mode(iid, mode)

    async def assign_margin(self, iid: InstrumentId, margin: Decimal, side: PositionSide | None = None) -> None:
        """Set the margin of an isolated position; raises as ``set_position_mode``."""
        await self.margin.assign_margin(iid, margin, side)

    async def set_risk_limit(self, iid: InstrumentId, limit: Decimal) -> None:
        """Set how large a position may grow, in its settle currency; raises as ``set_position_mode``."""
        await self.margin.set_risk_limit(iid, limit)

    async def transfer(self, currency: str, amount: Decimal, *, to_trading: bool) -> Transfer:
        """Move money between wallet and trading account, once; whoever calls has asked the trader first. See ``Funds``."""
        work = self.funds.transfer(currency, amount, to_trading=to_trading)
        return await self.sending.to_its_end(f"transfer {currency}", work)

    async def send(self, request: Request) -> Verdict:
        """Send one request through the venue's REST client; raises LinkError before ``start``."""
        if self._rest is None:
            raise LinkError("not connected yet")
        began_ns = self.clock.mono_ns()
        verdict = await self._rest.send(request, self._dialect, self.account.credential)
        if request.kind.is_write:
            took_ns = self.clock.mono_ns() - began_ns
            text = sanitise(verdict.text, 120)
            dispatch = Dispatch(self.clock.wall_ns(), request.what, request.ref, verdict.outcome, took_ns, text)
            self.store.note_dispatch(dispatch)
            if self.recording is not None:
                self.recording.dispatched(dispatch)
        if verdict.no_orders:
            self.permit.shut(verdict.text)
            self.store.touch(topic.STAGE)
        if verdict.bad_key:
            self.controls.halt(f"the venue does not accept the API key ({verdict.text})")
        return verdict

    async def _admitted(self) -> Secret | None:
        """Return the token that the venue lets in by; None where it has none."""
        if self._rest is None or self.account.credential is None:
            return None
        return await self._rest.admit(self._dialect, self.account.credential)

    def another_stage(self) -> tuple[Stage, Sending]:
        """Return a stage beside the ticket, and the way out for what is staged there: the same judges, the same path."""
        stage = Stage(self.resolver, self.facts, self._ids, can=self.account.venue.capabilities_of)
        return stage, self._sending(stage)

    # -- inside ----------------------------------------------------------------------------------------------------

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

    async def _learn_standing(self, iid: InstrumentId) -> None:
        with contextlib.suppress(ConnectionError):  # the next reconciliation asks again
            await self._reconciler.standing([iid])

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

    async def _ask_everything(self) -> list[str]:
        return await self._reconciler.run(self.account.venue.name, self.feeds.watched, self._started_ns)

    def _each_second(self) -> None:
        self._mend_journal()
        if self.recording is not None:
            self.recording.beat()
            if self.recording.failure:
                self._say(f"recording ended: {self.recording.failure}", Severity.WARNING)
                self.end_recording()

    def _mend_journal(self) -> None:
        """Ask a disk that was full once more: entries wait for it."""
        if self._minutes.mend():
            self._say("the journal can be written again", Severity.NOTE)
            self.store.touch(topic.STAGE)

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
