"""The application without a screen: what a pane or a shell command may ask of one account at one venue.

What it is made of is ``Parts``', how it is connected ``Connection``'s. Everything that goes out passes the order path. It
must not know whether anybody is looking.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from tui_trader.core.command import Price
from tui_trader.core.error import (
    RefusedError,
)
from tui_trader.core.funds import Transfer
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import InstrumentId, MarginMode, PositionMode, PositionSide
from tui_trader.desk import recording
from tui_trader.desk.connection import Connection
from tui_trader.desk.exporting import Exporting, Write
from tui_trader.desk.moving import move_all
from tui_trader.desk.orders import Sent
from tui_trader.desk.sending import Sending
from tui_trader.desk.stage import Stage
from tui_trader.state import topic
from tui_trader.venues.base import Verdict


class Desk(Connection):
    """One account at one venue. ``start`` it, call its use cases, ``close`` it."""

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

    def reconnect(self) -> str:
        """Give every connection up for a new one, as the trader asks; return what was done in one line.

        Raises RefusedError where the end of the private connection would cancel open orders.
        """
        venue = self.account.venue
        if self.store.guards.get(venue.name) and self.store.blotter.working():
            raise RefusedError(f"cod is on: {venue.title} would cancel your open orders when the connection ends; cod off first")
        begun = self.feeds.reconnect("reconnecting, as asked for")
        if not begun:
            return f"{self.account.name}: no connection is up, and each is being tried again already"
        lanes = " and ".join(lane.value for lane in begun)
        return f"{self.account.name}: {lanes} connecting anew; entries wait until all is checked"

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
        self.exporter = Exporting(clock=self.clock, write=write)

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

    def another_stage(self) -> tuple[Stage, Sending]:
        """Return a stage beside the ticket, and the way out for what is staged there: the same judges, the same path."""
        stage = Stage(self.resolver, self.facts, self._ids, can=self.account.venue.capabilities_of)
        return stage, self._sending(stage)

    async def _learn_standing(self, iid: InstrumentId) -> None:
        with contextlib.suppress(ConnectionError):  # the next reconciliation asks again
            await self._reconciler.standing([iid])
