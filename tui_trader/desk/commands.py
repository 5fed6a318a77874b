"""What a parsed line does: the same for the command line of the terminal and for ``tui-trader do``.

Entries are staged; ``send`` decides whether they leave. Screen matters (themes, help, grouping) are not known here.
"""

from __future__ import annotations

import asyncio
import fnmatch
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tui_trader.core.command import (
    AddMargin,
    BreakEven,
    CancelOrders,
    ChangeQty,
    ClosePosition,
    Command,
    Flatten,
    Halt,
    MoveOrder,
    Override,
    Panic,
    PlaceOrder,
    Price,
    Protect,
    Reconcile,
    Resume,
    Reverse,
    Selector,
    SelectorKind,
    SetLeverage,
    SetMode,
    SetRiskLimit,
    SetStop,
    SetTarget,
    SetTrail,
    ShowSymbol,
    Size,
    SizeUnit,
    Transfer,
    Trigger,
)
from tui_trader.core.decimals import HUNDRED, plain
from tui_trader.core.error import CommandError, ConfigError, NotThereError
from tui_trader.core.funds import TransferState
from tui_trader.core.grammar import guard_size
from tui_trader.core.order import Order
from tui_trader.core.position import Position
from tui_trader.core.types import InstrumentId, OrderType, PositionMode, Side
from tui_trader.desk.desk import Desk
from tui_trader.desk.orders import Sent
from tui_trader.state.cover import Cover, cover_of
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


LOOK_S = 0.02

MARKET_LOOKS = 100
"""How often the book of an instrument that was not on the screen is looked for before its order is judged without it."""

FLAT_LOOKS = 150
"""How often it is looked whether the first half of a reverse is done, every LOOK_S seconds."""

_OUTCOMES = {TransferState.FAILED: Outcome.REJECTED, TransferState.ABSENT: Outcome.NOT_SENT}

SCREEN_ONLY = "this belongs to the terminal's screen, not to the shell"


class Executor:
    """Runs commands against one desk."""

    def __init__(self, desk: Desk, *, find_label: Callable[[str], str | None] | None = None, stays: bool = True) -> None:
        """``find_label`` turns a row's label on the screen (``b7``) into a client id, None when nothing bears it. ``stays`` is
        False where the program ends with the command: then nothing is begun that it would have to look after."""
        self._desk = desk
        self._stays = stays
        self._find_label = find_label
        self.selected: Order | None = None
        """The order that ``cancel`` without a word means."""

    def instrument(self, typed: str) -> InstrumentId:
        """Return the instrument a command names, or the one on the screen; raises CommandError."""
        if not typed:
            if self._desk.focus is None:
                raise CommandError("no symbol given and none on the screen", fix="buy 0.01 BTCUSDT")
            return self._desk.focus
        try:
            return self._desk.symbol(typed)
        except ConfigError as error:
            raise CommandError(error.message, fix="Tab completes symbols") from error

    async def run(self, command: Command, *, send: bool) -> list[Result]:
        """Run one command. An order is staged first; with ``send`` it is then sent if nothing objects.

        Raises CommandError or RefusedError; what was already done by earlier parts stays done and is in the Store.
        """
        match command:
            case PlaceOrder():
                return [await self._place(command, send=send)]
            case ClosePosition():
                return await self._close(command, send=send)
            case CancelOrders(selector):
                return [_said(sent, "cancel") for sent in await self._desk.cancel_several(self._orders(selector))]
            case Flatten(selector):
                return await self._flatten(selector)
            case Reverse(selector):
                return await self._reverse(selector, send=send)
            case MoveOrder():
                return await self._move(command)
            case ChangeQty(selector, qty):
                return [_said(await self._desk.amend(o, qty=qty), "amend") for o in self._orders(selector)]
            case Protect(selector):
                return await self._each(selector, self.protect, send=send)
            case BreakEven(selector):
                return await self._each(selector, self.break_even, send=send)
            case SetStop(trigger):
                return await self._each(None, lambda leg: self.put(leg, trigger, target=False), send=send)
            case SetTarget(trigger, portion):
                return await self._each(None, lambda leg: self.put(leg, trigger, target=True, portion=portion), send=send)
            case SetTrail(trail):
                return await self._each(None, lambda leg: self._desk.stage.trailing(leg, trail), send=send)
            case AddMargin(amount):
                return [await self._margin(amount)]
            case SetRiskLimit(limit):
                iid = self.instrument("")
                await self._desk.set_risk_limit(iid, limit)
                return [Result(f"{iid.symbol}: risk limit {plain(limit)}")]
            case SetMode(mode):
                iid = self.instrument("")
                await self._desk.set_position_mode(iid, mode)
                return [Result(f"{iid.symbol}: {'a long and a short leg' if mode is PositionMode.HEDGED else 'one position'}")]
            case Transfer(amount, currency, into):
                moved = await self._desk.transfer(currency, amount, to_trading=into)
                known = moved.state in (TransferState.DONE, TransferState.UNDER_WAY)
                text = f"{moved.words}: {moved.state.value.replace('_', ' ')}{moved.reason and f' ({moved.reason})'}"
                return [Result(text, outcome=Outcome.ACK if known else _OUTCOMES.get(moved.state, Outcome.UNKNOWN))]
            case SetLeverage():
                return [await self._leverage(command)]
            case ShowSymbol(symbol):
                self._desk.show(self.instrument(symbol))
                return [Result(f"showing {self._desk.focus.symbol if self._desk.focus else ''}")]
            case Panic(flatten):
                return [Result(await self._desk.panic(flatten=flatten))]
            case Halt(reducing):
                if reducing:
                    self._desk.controls.reduce("asked for by the trader")
                else:
                    self._desk.controls.halt("asked for by the trader")
                return [Result(self._desk.controls.words())]
            case Resume(name):
                return [Result(self._desk.resume(name))]
            case Override():
                self._desk.stage.override_unknown()
                return [Result("the staged order may go out beside the one of unknown outcome: Enter sends")]
            case Reconcile():
                self._desk.feeds.retry()
                self._desk.sync.again()
                return [Result("asking the venue for orders, executions and positions")]
            case _:
                raise CommandError(SCREEN_ONLY)

    # -- exits of a position ---------------------------------------------------------------------------------------

    def cover(self, position: Position) -> Cover:
        """Return what stands at the venue for a leg."""
        return cover_of(position, self._desk.store.blotter.working(position.instrument))

    def protect(self, position: Position) -> None:
        """Stage the stop of the template; raises CommandError when the leg is covered."""
        cover = self.cover(position)
        if not cover.is_naked and cover.stop is not None and position.side is not None:
            at = plain(cover.stop.trigger_price or cover.stop.remaining)
            raise CommandError(
                f"{position.instrument.symbol} is covered, its stop stands at {at}", fix=", and . move it, e to break-even"
            )
        self._desk.stage.protect(position)

    def break_even(self, position: Position) -> None:
        """Stage the stop at break-even, fees both ways and funding included; raises CommandError when that makes no sense."""
        level = self._desk.resolver.break_even(position)
        stop = self.cover(position).stop
        if stop is not None and stop.trigger_price is not None and position.side is not None:
            if (stop.trigger_price - level) * position.side.sign >= 0:
                raise CommandError(
                    f"the stop {plain(stop.trigger_price)} is no worse than break-even {plain(level)}", fix=". makes it tighter"
                )
            self._movable(stop)
            self._desk.stage.shift(stop, level, "stop to break-even")
        else:
            self._desk.stage.exit(position, Trigger(Price(number=level)), target=False)

    def put(self, position: Position, trigger: Trigger, *, target: bool, portion: Decimal | None = None) -> None:
        """Stage a stop or a target: the one that stands is moved, where none stands a new one is made."""
        cover = self.cover(position)
        present = cover.target if target else cover.stop
        if present is None or portion is not None or (target and not present.type.is_conditional):
            self._desk.stage.exit(position, trigger, target=target, portion=portion)
            return
        word = "target" if target else "stop"
        if trigger.limit is not None or (trigger.source is not None and trigger.source is not present.trigger_source):
            raise CommandError(
                f"a {word} stands at {plain(present.trigger_price or present.remaining)}: only where it triggers can be changed",
                fix="cancel it first, or leave out lim and the source",
            )
        self._movable(present)
        level = self._desk.stage.writer.placed(position, trigger).price
        assert level is not None
        assert level.number is not None
        self._desk.stage.shift(present, level.number, f"move {word}")

    def _movable(self, order: Order) -> None:
        if order.type is OrderType.TRAILING_STOP:
            raise CommandError("the stop trails by itself", fix="cancel it, then sl PRICE")
        if order.pending is not None:
            raise CommandError(f"a {order.pending} of this order is still being answered", fix="wait a moment")

    async def _each(self, selector: Selector | None, stage: Callable[[Position], object], *, send: bool) -> list[Result]:
        """Stage something for each leg, and send it; what is only staged is staged for the first."""
        results = []
        for position in self._positions(selector):
            stage(position)
            results.append(await self._finish(send))
            if not send:
                break
        return results

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _place(self, command: PlaceOrder, *, send: bool) -> Result:
        iid = self.instrument(command.symbol)
        await self._show(iid)
        suspicion = guard_size(command, self._desk.facts.gather(iid).last)
        if suspicion is not None:
            raise suspicion
        self._desk.stage.place(iid, command)
        return await self._finish(send)

    async def _show(self, iid: InstrumentId) -> None:
        """Put the instrument of an order on the screen, and give its book a moment to come."""
        if iid == self._desk.focus:
            return
        self._desk.show(iid)
        for _ in range(MARKET_LOOKS):
            if self._desk.store.book_is_fresh(iid):
                return
            await asyncio.sleep(LOOK_S)

    async def _finish(self, send: bool) -> Result:
        view = self._desk.stage.view()
        if view is None:
            raise CommandError("nothing was staged")
        if view.problem:
            self._desk.stage.drop()
            raise CommandError(view.problem, fix=view.fix)
        if not send:
            return Result("staged", staged=True)
        bracket = view.bracket
        if not self._stays and bracket is not None and (not bracket.attached or len(bracket.goals) > 1):
            self._desk.stage.drop()
            raise CommandError(
                "these exits are looked after by a terminal that runs: this command ends",
                fix="one sl and one tp, or the terminal",
            )
        try:
            return _said(await self._desk.send_stage(), "order")
        finally:
            self._desk.stage.drop()

    async def _close(self, command: ClosePosition, *, send: bool) -> list[Result]:
        results = []
        for position in self._positions(command.selector):
            self._desk.stage.close(position, command.percent, command.price)
            results.append(await self._finish(send))
            if not send:
                break
        return results

    async def _flatten(self, selector: Selector | None) -> list[Result]:
        results = []
        store, instruments = self._desk.store, self._instruments(selector)
        if not any(store.blotter.working(iid) or any(p.instrument == iid for p in store.open_positions()) for iid in instruments):
            raise NotThereError("there is nothing to flatten")
        for iid in instruments:
            problem = await self._desk.flatten(iid)
            outcome = Outcome.REJECTED if problem else Outcome.ACK
            results.append(Result(f"{iid.symbol}: {problem or 'orders cancelled, position closing'}", outcome=outcome))
        return results

    async def _reverse(self, selector: Selector | None, *, send: bool) -> list[Result]:
        positions = self._positions(selector)
        if len(positions) != 1:
            raise CommandError("reverse one position at a time", fix="rev SYMBOL")
        position = positions[0]
        if self._desk.facts.mode(position.instrument) is PositionMode.HEDGED:
            raise CommandError("in hedged mode a leg is closed and the other opened", fix="close, then sell or buy")
        if not send:
            raise CommandError("reverse sends two orders and cannot be staged", fix="rev!")
        self._desk.stage.close(position, HUNDRED)
        closing = await self._finish(True)
        if closing.outcome is not Outcome.ACK or not await self._is_flat(position):
            # The second order would close what the first one already closes, and end flat or the wrong way.
            return [closing, Result("not turned around: the position is not closed yet", outcome=Outcome.REJECTED)]
        side = position.side.opposite if position.side else Side.BUY
        opening = PlaceOrder(side, Size(position.qty, SizeUnit.BASE), position.instrument.symbol)
        self._desk.stage.place(position.instrument, opening)
        return [closing, await self._finish(True)]

    async def _is_flat(self, position: Position) -> bool:
        """Wait until a leg is told to be flat; False when it is not in time."""
        for _ in range(FLAT_LOOKS):
            if not any(leg.key == position.key for leg in self._desk.store.open_positions()):
                return True
            await asyncio.sleep(LOOK_S)
        return False

    async def _move(self, command: MoveOrder) -> list[Result]:
        results = []
        for order in self._orders(command.selector):
            spoken = command.price
            base = order.trigger_price if order.type is OrderType.STOP else order.price
            if spoken.number is None and spoken.ref is None and spoken.offset is not None and base is not None:
                instrument = self._desk.resolver.instrument(order.instrument)
                moved = base + self._desk.resolver.distance(instrument, spoken.offset, base)
                price = instrument.round_price(moved, order.side)
            else:
                price = self._desk.resolver.price(order.instrument, spoken, order.side)
            if order.type.is_conditional and not order.type.has_limit:
                sent = await self._desk.amend(order, trigger=price)
            else:
                sent = await self._desk.amend(order, price=price)
            results.append(_said(sent, "amend"))
        return results

    async def _leverage(self, command: SetLeverage) -> Result:
        iid = self.instrument("")
        mode = await self._desk.set_leverage(iid, command.leverage, command.margin_mode)
        return Result(f"{iid.symbol}: leverage {plain(command.leverage)}x {mode}")

    async def _margin(self, amount: Decimal) -> Result:
        """Add margin to the isolated position on the screen, or take some away."""
        [position] = self._positions(None)[:1]
        iid, wanted = position.instrument, position.margin + amount
        if wanted <= 0:
            raise CommandError(
                f"the position has a margin of {plain(position.margin)}", fix=f"margin -{plain(position.margin / 2)}"
            )
        await self._desk.assign_margin(iid, wanted, position.position_side)
        return Result(f"{iid.symbol}: margin {plain(position.margin)} -> {plain(wanted)}")

    def _orders(self, selector: Selector | None) -> Sequence[Order]:
        working = self._desk.store.blotter.working()
        if selector is None:
            if self.selected is None:
                raise CommandError("no order is selected", fix="cancel all, cancel SYMBOL, cancel ID")
            return [self.selected]
        match selector.kind:
            case SelectorKind.ALL:
                chosen = working
            case SelectorKind.BIDS | SelectorKind.LONGS:
                chosen = [o for o in working if o.side is Side.BUY]
            case SelectorKind.ASKS | SelectorKind.SHORTS:
                chosen = [o for o in working if o.side is Side.SELL]
            case SelectorKind.STOPS:
                chosen = [o for o in working if o.type.is_conditional]
            case SelectorKind.LAST:
                chosen = working[-1:]
            case SelectorKind.MARKED:
                raise CommandError("nothing is marked", fix="cancel all, cancel SYMBOL, cancel ID")
            case SelectorKind.NAME:
                chosen = self._named(working, selector.name)
        if not chosen:
            raise NotThereError(f"no working order matches {selector.name or selector.kind.value!r}")
        return chosen

    def _named(self, working: list[Order], name: str) -> list[Order]:
        label = self._find_label(name) if self._find_label else None
        found = self._desk.store.blotter.find(label or name)
        if found is not None and found.status.is_working:
            return [found]
        tail = [o for o in working if o.client_id.endswith(name) and len(name) >= 4]
        if tail:
            return tail
        return [o for o in working if fnmatch.fnmatchcase(o.instrument.symbol.lower(), name.lower())]

    def _positions(self, selector: Selector | None) -> list[Position]:
        legs = self._desk.store.open_positions()
        if selector is None:
            chosen = [p for p in legs if p.instrument == self._desk.focus]
        else:
            match selector.kind:
                case SelectorKind.ALL:
                    chosen = legs
                case SelectorKind.LONGS:
                    chosen = [p for p in legs if p.side is Side.BUY]
                case SelectorKind.SHORTS:
                    chosen = [p for p in legs if p.side is Side.SELL]
                case SelectorKind.NAME:
                    name = selector.name.lower()
                    chosen = [p for p in legs if fnmatch.fnmatchcase(p.instrument.symbol.lower(), name)]
                case _:
                    raise CommandError(f"{selector.kind.value!r} does not name positions", fix="all, longs, shorts or a symbol")
        if not chosen:
            raise NotThereError("there is no such position")
        return chosen

    def _instruments(self, selector: Selector | None) -> list[InstrumentId]:
        if selector is None:
            return [self.instrument("")]
        store = self._desk.store
        known = {p.instrument for p in store.open_positions()} | {o.instrument for o in store.blotter.working()}
        if selector.kind is SelectorKind.ALL:
            return sorted(known)
        if selector.kind is SelectorKind.NAME:
            matching = sorted(i for i in known if fnmatch.fnmatchcase(i.symbol.lower(), selector.name.lower()))
            return matching or [self.instrument(selector.name)]
        return sorted({p.instrument for p in self._positions(selector)})


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
