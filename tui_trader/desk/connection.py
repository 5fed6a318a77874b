"""A desk's connection: the product list and the feeds at its start, what comes in, what is sent, and the end of it all.

Everything that comes in passes ``absorb``, synchronously, so that the Store has one writer.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from tui_trader.core.clock import NS
from tui_trader.core.error import (
    ConfigError,
    LinkError,
)
from tui_trader.core.event import (
    BookDelta,
    BookRun,
    Event,
    FundingPaid,
    FundsTransferred,
    LinkChanged,
    Notice,
    OrderChanged,
    OrderFilled,
    PositionChanged,
    PositionModeTold,
    TakingTold,
    TradesPrinted,
)
from tui_trader.core.order import Fill, OrderReport
from tui_trader.core.sanitise import sanitise
from tui_trader.core.types import InstrumentId, Severity
from tui_trader.desk import recording
from tui_trader.desk.environment import Environment
from tui_trader.desk.hearing import Hearing
from tui_trader.desk.parts import Parts
from tui_trader.desk.rounds import Rounds
from tui_trader.desk.sending import CLOSE_S
from tui_trader.net.rest import RestClient
from tui_trader.state import topic
from tui_trader.state.dispatch import Dispatch
from tui_trader.venues.base import Lane, Outcome, Request, Verdict

_OWN = (OrderChanged, OrderFilled, PositionChanged, LinkChanged, Notice, FundingPaid, FundsTransferred)
"""Events that a trader must see in the frame they arrive in."""

LISTING_TRIES, LISTING_WAIT_S, LISTING_MOST_S = 3, 2.0, 10.0
"""A product list that was asked for too often (some venues give it once in five seconds) is waited for."""

OLD_NEWS_NS = 5 * NS
"""What the stream says of an order that nobody knew is old after this: it may be a repetition, and the order be over."""


class Connection(Parts):
    """One account at one venue, connected."""

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
        if self._funding_times is not None:
            self._spawn("funding times", self._funding_times.run())
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
        past: list[Fill | OrderReport] = []
        for event in events:
            kind = type(event)
            if kind is OrderChanged and self._is_old_news(event.report):  # type: ignore[union-attr]
                past.append(event.report)  # type: ignore[union-attr]
            store.apply(event)
            if kind is BookRun or kind is BookDelta:
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
        for told in past:
            order = store.blotter.find(told.venue_id) or store.blotter.get(told.client_id)
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

    def _is_old_news(self, report: OrderReport) -> bool:
        """Whether a report is of an order that the last reconciliation did not know, and was true too long ago to be believed."""
        blotter = self.store.blotter
        if not self.reconciled or report.is_ack or not report.at_ns or not report.status.is_working:
            return False
        known = blotter.find(report.venue_id) or blotter.get(report.client_id)
        return known is None and self._server_ns() - report.at_ns > OLD_NEWS_NS

    @property
    def reconciled(self) -> bool:
        """Whether orders and positions are known to be the venue's since the last connect."""
        return self.sync.reconciled

    # -- what goes out ---------------------------------------------------------------------------------------------

    async def send(self, request: Request) -> Verdict:
        """Send one request through the venue's REST client; raises LinkError before ``start``."""
        if self._rest is None:
            raise LinkError("not connected yet")
        began_ns = self.clock.mono_ns()
        self.pace.count(request)
        verdict = await self._rest.send(request, self._dialect, self.account.credential)
        if request.kind.is_write:
            if verdict.outcome is Outcome.NOT_SENT:
                self.pace.take_back(request)
            took_ns = self.clock.mono_ns() - began_ns
            text = sanitise(verdict.text, 120)
            dispatch = Dispatch(self.clock.wall_ns(), request.what, request.ref, verdict.outcome, took_ns, text)
            self.store.note_dispatch(dispatch)
            if self.recording is not None:
                self.recording.dispatched(dispatch)
        if verdict.outcome is Outcome.REJECTED and (told := [event for event in verdict.events if type(event) is TakingTold]):
            self.absorb([*told])  # the refusal was of orders as such, and whoever sent this one would not look for it
        if verdict.no_orders:
            self.permit.shut(verdict.text)
            self.store.touch(topic.STAGE)
        if verdict.bad_key:
            self.controls.halt(f"the venue does not accept the API key ({verdict.text})")
        return verdict

    def symbol(self, text: str) -> InstrumentId:
        """Return the one instrument that ``text`` names, in any letter case; raises ConfigError naming near ones."""
        found = self.store.find(text)
        if len(found) == 1:
            return found[0]
        if not found:
            raise ConfigError([f"{self.account.venue.title} lists no instrument like {text!r}"])
        names = ", ".join(iid.symbol for iid in found[:6])
        raise ConfigError([f"{text!r} could be {names}"])

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

    # -- once a second ---------------------------------------------------------------------------------------------

    def end_recording(self) -> str:
        """End what is being recorded; return what to tell the trader. Raises RefusedError when nothing is."""
        return recording.end(self)
