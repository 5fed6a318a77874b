"""What a parsed line does: the same for the command line of the terminal and for ``tui-trader do``.

Entries are staged; ``send`` decides whether they leave. Screen matters (themes, help, grouping) are not known here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tui_trader.core import command as c
from tui_trader.core.command import (
    Command,
    Line,
    MoveOrder,
    PlaceOrder,
    Selector,
    SetLeverage,
)
from tui_trader.core.decimals import plain
from tui_trader.core.error import CommandError, NotThereError, TraderError
from tui_trader.core.funds import TransferState
from tui_trader.core.grammar import guard_size
from tui_trader.core.order import Order
from tui_trader.core.position import Position
from tui_trader.core.types import InstrumentId, PositionMode
from tui_trader.desk.answers import Answers
from tui_trader.desk.choosing import Choosing
from tui_trader.desk.covering import Covering
from tui_trader.desk.desk import Desk
from tui_trader.desk.draft import Draft
from tui_trader.desk.keeping import NOT_ALONE, Keeping
from tui_trader.desk.macros import Macros
from tui_trader.desk.moving import moved
from tui_trader.desk.orders import Sent
from tui_trader.state.cover import Cover
from tui_trader.venues.base import Outcome


@dataclass(frozen=True, slots=True)
class Result:
    """What one command did."""

    text: str
    """One line for a person."""
    client_id: str = ""
    """The order it was about, when it was about one."""
    outcome: Outcome = Outcome.ACK
    staged: bool = False
    """True when an order is in the ticket and was not sent."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An order that was to leave at once, and was refused before anything was sent."""

    draft: Draft
    """What stands in the ticket instead, as it was when it was refused."""
    reason: str


LOOK_S = 0.02

MARKET_LOOKS = 100
"""How often the book of an instrument that was not on the screen is looked for before its order is judged without it."""

_OUTCOMES = {TransferState.FAILED: Outcome.REJECTED, TransferState.ABSENT: Outcome.NOT_SENT}

ENTRIES = (c.PlaceOrder, c.Scale, c.Chase)
"""Commands that make orders."""

STAGED = (*ENTRIES, c.ClosePosition, c.Reverse, c.Protect, c.BreakEven, c.SetStop, c.SetTarget, c.SetTrail)
"""Commands that put an order into the ticket; Enter sends it."""


class Executor:
    """Runs commands against one desk."""

    def __init__(
        self,
        desk: Desk,
        *,
        find_label: Callable[[str], str | None] | None = None,
        stays: bool = True,
        macros: Macros | None = None,
    ) -> None:
        """``find_label`` turns a row's label on the screen (``b7``) into a client id, None when nothing bears it. ``stays`` is
        False where the program ends with the command: then nothing is begun that it would have to look after."""
        self._desk = desk
        self._stays = stays
        self._find_label = find_label
        self.choosing = Choosing(desk, find_label=find_label)
        self.covering = Covering(desk)
        self.answers = Answers(desk)
        self.macros = macros or desk.macros
        """Names and keys for lines."""
        self.desks: Callable[[], Sequence[Desk]] = lambda: (desk,)
        """Every account of the program, this one first."""
        self.refused: Refusal | None = None
        """The order that was refused last and was kept in the ticket; see ``run``."""
        self.keeping = Keeping(desk, self.choosing, self.macros, executor=lambda other: self._like(other), stays=stays)

    def _like(self, desk: Desk) -> Executor:
        """Return another of these over a stage of its own, for lines that run later."""
        other = Executor(desk, find_label=self._find_label, macros=self.macros)
        other.choosing.marked_orders = self.choosing.marked_orders
        other.choosing.marked_positions = self.choosing.marked_positions
        return other

    @property
    def selected(self) -> Order | None:
        """The order that ``cancel`` without a word means."""
        return self.choosing.selected

    @selected.setter
    def selected(self, order: Order | None) -> None:
        self.choosing.selected = order

    def instrument(self, typed: str) -> InstrumentId:
        """Return the instrument a command names, or the one on the screen; raises CommandError."""
        return self.choosing.instrument(typed)

    def cover(self, position: Position) -> Cover:
        """Return what stands at the venue for a leg."""
        return self.covering.cover(position)

    def protect(self, position: Position) -> None:
        """Stage the stop of the template; raises CommandError when the leg is covered."""
        self.covering.protect(position)

    def break_even(self, position: Position) -> None:
        """Stage the stop at break-even; raises CommandError when that makes no sense."""
        self.covering.break_even(position)

    # -- lines -----------------------------------------------------------------------------------------------------

    async def run_line(self, line: Line) -> list[Result]:
        """Run a whole line and send what it makes, through every check; raises what the first command that cannot be done
        raises, and then the rest is not run. After ``&&`` a command runs only when the one before was taken."""
        results: list[Result] = []
        last: list[Result] = []
        for number, command in enumerate(line.commands):
            if ends_before(line, number, last):
                break
            last = await self.run(command, send=True, at_once=True)
            results += last
        return results

    async def run(self, command: Command, *, send: bool, at_once: bool = False, keeps: bool = False) -> list[Result]:
        """Run one command. An order is staged first; with ``send`` it is then sent if nothing objects. A scale or a chase is sent
        only where ``at_once`` says too that nobody wants to look at it first. With ``keeps`` a single order that is refused
        before anything was sent stays staged and is noted in ``refused``.

        Raises CommandError or RefusedError; what was already done by earlier parts stays done and is in the Store.
        """
        match command:
            case c.PlaceOrder() | c.Scale() | c.Chase():
                sends = send and (at_once or isinstance(command, PlaceOrder))
                return [await self._place(command, send=sends, keeps=keeps)]
            case c.ClosePosition(percent, selector, price):
                return await self._each(selector, lambda leg: self._desk.stage.close(leg, percent, price), send=send, keeps=keeps)
            case c.CancelOrders(selector):
                chosen = self.choosing.orders(selector)
                return [_said(sent, "cancel") for sent in await self._desk.cancel_several(chosen)]
            case c.Flatten(selector):
                return await self._flatten(selector)
            case c.Reverse(selector):
                return await self._reverse(selector, send=send, keeps=keeps)
            case c.MoveOrder():
                return await self._move(command)
            case c.ChangeQty(selector, qty):
                return [_said(await self._desk.amend(o, qty=qty), "amend") for o in self.choosing.orders(selector)]
            case c.Protect(selector):
                return await self._each(selector, self.covering.protect, send=send, keeps=keeps)
            case c.BreakEven(selector):
                return await self._each(selector, self.covering.break_even, send=send, keeps=keeps)
            case c.SetStop(trigger):
                return await self._each(None, lambda leg: self.covering.put(leg, trigger, target=False), send=send, keeps=keeps)
            case c.SetTarget(trigger, portion):
                return await self._each(
                    None, lambda leg: self.covering.put(leg, trigger, target=True, portion=portion), send=send, keeps=keeps
                )
            case c.SetTrail(trail):
                return await self._each(None, lambda leg: self._desk.stage.trailing(leg, trail), send=send, keeps=keeps)
            case _:
                return [await self._settle(command)]

    async def _settle(self, command: Command) -> Result:
        """Do what is about the account, or what may be sent at all."""
        desk = self._desk
        match command:
            case c.AddMargin(amount):
                return await self._margin(amount)
            case c.SetRiskLimit(limit):
                iid = self.instrument("")
                await desk.set_risk_limit(iid, limit)
                return Result(f"{iid.symbol}: risk limit {plain(limit)}")
            case c.SetMode(mode):
                iid = self.instrument("")
                await desk.set_position_mode(iid, mode)
                return Result(f"{iid.symbol}: {'a long and a short leg' if mode is PositionMode.HEDGED else 'one position'}")
            case c.Transfer(amount, currency, into):
                moved = await desk.transfer(currency, amount, to_trading=into)
                known = moved.state in (TransferState.DONE, TransferState.UNDER_WAY)
                text = f"{moved.words}: {moved.state.value.replace('_', ' ')}{moved.reason and f' ({moved.reason})'}"
                return Result(text, outcome=Outcome.ACK if known else _OUTCOMES.get(moved.state, Outcome.UNKNOWN))
            case c.SetLeverage():
                return await self._leverage(command)
            case c.ShowSymbol(symbol):
                desk.show(self.instrument(symbol))
                return Result(f"showing {desk.focus.symbol if desk.focus else ''}")
            case c.Panic(flatten):
                return Result(await desk.panic(flatten=flatten))
            case c.Halt(reducing):
                if reducing:
                    desk.controls.reduce("asked for by the trader")
                else:
                    desk.controls.halt("asked for by the trader")
                return Result(desk.controls.words())
            case c.Resume(name):
                return Result(desk.resume(name))
            case c.GuardOrders(on):
                return Result(desk.guard.words if on is None else desk.guard.switch(on=on))
            case c.Override():
                desk.stage.override_unknown()
                return Result("the staged order may go out beside the one of unknown outcome: Enter sends")
            case c.Reconcile():
                desk.feeds.retry()
                desk.sync.again()
                return Result("asking the venue for orders, executions and positions")
            case c.Reconnect(name):
                return Result(self._named(name).reconnect())
            case c.Export():
                return Result(await self.keeping.export(command))
            case _:
                return Result(self._answer(command) or self.keeping.keep(command))

    def _named(self, name: str) -> Desk:
        """Return the one account that a venue's or an account's name means; raises CommandError naming those there are."""
        desks = self.desks()
        venue, _, label = name.partition("/")
        found = [desk for desk in desks if _answers_to(desk, name, venue, label)]
        if len(found) == 1:
            return found[0]
        known = ", ".join(f"conn {desk.account.name}" for desk in found or desks)
        raise CommandError(f"{name} is more than one account here" if found else f"{name} is not open here", fix=known)

    def _answer(self, command: Command) -> str:
        """Answer a question; empty when it is none."""
        answers = self.answers
        match command:
            case c.Calculate():
                return answers.calculate(command, self._desk.focus)
            case c.CalculateSize(order):
                return answers.would_be(self.instrument(_of(order).symbol), order)
            case c.ShowLimits():
                return answers.limits()
            case c.ShowConnections():
                return answers.connections()
            case c.UseAccount():
                return answers.elsewhere(command)
            case c.EndRunning(None, False):
                return "; ".join(answers.running())
        return ""

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _place(self, command: c.PlaceOrder | c.Scale | c.Chase, *, send: bool, keeps: bool) -> Result:
        order = _of(command)
        self._is_here(order)
        iid = self.instrument(order.symbol)
        await self._show(iid)
        if isinstance(command, PlaceOrder):
            suspicion = guard_size(command, self._desk.facts.gather(iid).last)
            if suspicion is not None:
                raise suspicion
        if order.dry:
            return Result(self.answers.would_be(iid, command))
        self._must_stay(self._desk.stage.put(iid, command))
        return await self._finish(send, keeps=keeps)

    def _is_here(self, order: PlaceOrder) -> None:
        """Raise CommandError when an order is for another venue or account than this terminal's."""
        account = self._desk.account
        here = f"this terminal is connected to {account.badge} {account.name}"
        if order.venue and order.venue != account.venue.name:
            raise CommandError(here, fix=f"drop 'on {order.venue}', or another terminal: tui-trader --venue {order.venue}")
        if order.account and order.account.lower() != account.label.lower():
            raise CommandError(
                here, fix=f"drop 'acct {order.account}', or another terminal: tui-trader --account {order.account}"
            )

    def _must_stay(self, draft: Draft) -> None:
        """Raise CommandError for what somebody has to look after, where nobody will be there."""
        if not self._stays and (draft.chase is not None or draft.good_for is not None):
            self._desk.stage.drop()
            what = "chase" if draft.chase is not None else "gtd"
            raise CommandError(f"{what}: {NOT_ALONE}", fix="the same line in the terminal")

    async def _each(
        self, selector: Selector | None, stage: Callable[[Position], object], *, send: bool, keeps: bool
    ) -> list[Result]:
        """Stage something for each leg, and send it; what is only staged is staged for the first."""
        results = []
        positions = self.choosing.positions(selector)
        for position in positions:
            stage(position)
            results.append(await self._finish(send, keeps=keeps and len(positions) == 1))
            if not send:
                break
        return results

    async def _show(self, iid: InstrumentId) -> None:
        """Put the instrument of an order on the screen, and give its book a moment to come."""
        if iid == self._desk.focus:
            return
        self._desk.show(iid)
        for _ in range(MARKET_LOOKS):
            if self._desk.store.book_is_fresh(iid):
                return
            await asyncio.sleep(LOOK_S)

    async def _finish(self, send: bool, *, keeps: bool) -> Result:
        """Send what is staged, or leave it staged; what is refused before anything was sent is dropped unless ``keeps``."""
        stage = self._desk.stage
        view = stage.view()
        if view is None:
            raise CommandError("nothing was staged")
        if view.problem:
            if not (send and keeps):
                stage.drop()
            self.refused = Refusal(view.draft, view.problem) if send and keeps else None
            raise CommandError(view.problem, fix=view.fix)
        if not send:
            return Result("staged", staged=True)
        self._must_stay(view.draft)
        bracket = view.bracket
        if not self._stays and bracket is not None and (not bracket.attached or len(bracket.goals) > 1):
            self._desk.stage.drop()
            raise CommandError(
                "these exits are looked after by a terminal that runs: this command ends",
                fix="one sl and one tp, or the terminal",
            )
        return _said(await self._begin(keeps=keeps), "order")

    def _begin(self, *, keeps: bool) -> Coroutine[Any, Any, Sent]:
        """Judge what is staged and return the work of sending it. From here on the ticket is the trader's again: what is staged
        while the answer is waited for is another order."""
        stage = self._desk.stage
        kept: Refusal | None = None
        try:
            return self._desk.begin_send()
        except TraderError as error:
            if keeps and stage.draft is not None:
                kept = Refusal(stage.draft, error.message)
            raise
        finally:
            self.refused = kept
            if kept is None:
                stage.drop()

    async def _flatten(self, selector: Selector | None) -> list[Result]:
        results = []
        store, instruments = self._desk.store, self.choosing.instruments(selector)
        if not any(store.blotter.working(iid) or any(p.instrument == iid for p in store.open_positions()) for iid in instruments):
            raise NotThereError("there is nothing to flatten")
        for iid in instruments:
            problem = await self._desk.flatten(iid)
            outcome = Outcome.REJECTED if problem else Outcome.ACK
            results.append(Result(f"{iid.symbol}: {problem or 'orders cancelled, position closing'}", outcome=outcome))
        return results

    async def _reverse(self, selector: Selector | None, *, send: bool, keeps: bool) -> list[Result]:
        positions = self.choosing.positions(selector)
        if len(positions) != 1:
            legs = len({position.instrument for position in positions}) == 1
            raise CommandError("reverse one position at a time", fix="rev longs, or rev shorts" if legs else "rev SYMBOL")
        self._desk.stage.reverse(positions[0])
        return [await self._finish(send, keeps=keeps)]

    async def _move(self, command: MoveOrder) -> list[Result]:
        orders = self.choosing.orders(command.selector)
        if len(orders) == 1:  # what is refused of one order is refused of the line
            change = moved(self._desk.resolver, orders[0], command.price)
            return [_said(await self._desk.amend(orders[0], **change._asdict()), "amend")]
        return [_said(sent, "amend") for sent in await self._desk.move(orders, command.price)]

    async def _leverage(self, command: SetLeverage) -> Result:
        iid = self.choosing.instrument("")
        mode = await self._desk.set_leverage(iid, command.leverage, command.margin_mode)
        return Result(f"{iid.symbol}: leverage {plain(command.leverage)}x {mode}")

    async def _margin(self, amount: Decimal) -> Result:
        """Add margin to the isolated position on the screen, or take some away."""
        [position] = self.choosing.positions(None)[:1]
        iid, wanted = position.instrument, position.margin + amount
        if wanted <= 0:
            raise CommandError(
                f"the position has a margin of {plain(position.margin)}", fix=f"margin -{plain(position.margin / 2)}"
            )
        await self._desk.assign_margin(iid, wanted, position.position_side)
        return Result(f"{iid.symbol}: margin {plain(position.margin)} -> {plain(wanted)}")


def ends_before(line: Line, number: int, last: Sequence[Result]) -> bool:
    """Whether a line ends before a command: it stands after ``&&`` and what came before it was not taken."""
    return number in line.needs and any(result.outcome is not Outcome.ACK for result in last)


def _answers_to(desk: Desk, name: str, venue: str, label: str) -> bool:
    account = desk.account
    mine = account.label.lower()
    return name in (account.venue.name, mine) or (venue, label) == (account.venue.name, mine)


def _of(command: c.PlaceOrder | c.Scale | c.Chase) -> PlaceOrder:
    return command if isinstance(command, PlaceOrder) else command.order


def _said(sent: Sent, what: str) -> Result:
    words = {
        Outcome.ACK: f"{what} accepted",
        Outcome.REJECTED: f"{what} rejected: {sent.text}",
        Outcome.NOT_SENT: f"{what} not sent: {sent.text}",
        Outcome.MISSING: f"{what}: {sent.text or 'the order is not open any more'}",
        Outcome.LIMITED: f"{what} not executed, too many requests: {sent.text}",
    }
    text = words.get(sent.outcome, f"{what}: outcome unknown, asking the venue ({sent.text})")
    return Result(text, sent.client_id, sent.outcome)
