"""The staged order: visible, unsent, glued to the bid or the ask until it is nudged. Keys change it, Enter confirms it.

A draft keeps the rule it was made by (``half a percent of risk at the bid``), so that every look at it resolves the rule
against the market of that moment. Only ``confirm`` gives an order an identity.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tui_trader.core.command import Offset, OffsetUnit, PlaceOrder, Price, PriceRef, Size, SizeUnit, Target, Trigger
from tui_trader.core.decimals import HUNDRED, ZERO, plain
from tui_trader.core.error import CommandError
from tui_trader.core.ids import IdFactory
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import OrderTicket
from tui_trader.core.position import Position
from tui_trader.core.preview import Preview
from tui_trader.core.risk import Objection
from tui_trader.core.types import (
    ClientOrderId,
    InstrumentId,
    MarginMode,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
    TimeInForce,
    TriggerSource,
)
from tui_trader.desk.facts import FactSource, Judgement
from tui_trader.desk.resolve import Resolver, leg_for

DRAFT_ID = ClientOrderId("draft")
"""Stands where an identity will be; never sent."""

_TIF_CYCLE = (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK, TimeInForce.POST_ONLY)


@dataclass(frozen=True, slots=True)
class Draft:
    """An order being thought about."""

    instrument: InstrumentId
    side: Side
    size: Size
    price: Price | None
    """None crosses: a marketable limit, immediate or cancel, with the slippage cap."""
    tif: TimeInForce = TimeInForce.GTC
    reduce_only: bool = False
    market: bool = False
    """A true market order: no limit price at all."""
    stop_loss: Trigger | None = None
    targets: tuple[Target, ...] = ()
    position_side: PositionSide | None = None
    """None derives the leg from the direction."""
    closes: bool = False
    title: str = ""
    """What the trader asked for, e.g. ``close 50%``; empty for a plain entry."""
    leverage: Decimal | None = None
    """Set at the venue just before the order leaves; None leaves it as it is."""
    margin_mode: MarginMode | None = None
    """With ``leverage``; None leaves it as it is."""
    beside_unknown: bool = False
    """Whether the trader typed that it may go out beside an order of unknown outcome; for this draft as it stands only."""

    @property
    def follows(self) -> PriceRef | None:
        """The named price that the draft is glued to, None once it was nudged or typed."""
        return self.price.ref if self.price is not None and self.price.number is None else None


@dataclass(frozen=True, slots=True)
class StageView:
    """A draft against the market of this moment: all that the ticket pane shows."""

    draft: Draft
    instrument: Instrument
    ticket: OrderTicket | None
    """None when something cannot be resolved; ``problem`` then says what."""
    preview: Preview | None
    objections: tuple[Objection, ...]
    problem: str = ""
    fix: str = ""

    @property
    def sendable(self) -> bool:
        """Whether Enter would send: resolved, and no hard objection."""
        return self.ticket is not None and not any(o.hard for o in self.objections)


class Stage:
    """Holds at most one draft."""

    def __init__(self, resolver: Resolver, facts: FactSource, ids: IdFactory) -> None:
        self._resolver = resolver
        self._facts = facts
        self._ids = ids
        self.draft: Draft | None = None
        self.preset = 3
        """The size preset that new drafts start from, 1 to 5."""

    # -- making drafts ---------------------------------------------------------------------------------------------

    def join(self, iid: InstrumentId, side: Side) -> Draft:
        """Stage a limit order at the near touch that follows it: a buy at the bid, a sell at the ask."""
        ref = PriceRef.BID if side is Side.BUY else PriceRef.ASK
        return self._set(Draft(iid, side, self._preset_size(), Price(ref=ref)))

    def cross(self, iid: InstrumentId, side: Side) -> Draft:
        """Stage a marketable limit at the far touch plus the slippage cap, immediate or cancel."""
        return self._set(Draft(iid, side, self._preset_size(), None, tif=TimeInForce.IOC))

    def close(self, position: Position, percent: Decimal, price: Price | None = None) -> Draft:
        """Stage a reduce-only order that closes ``percent`` of a leg; at market unless a price is given."""
        return self._set(self.closing(position, percent, price))

    def closing(self, position: Position, percent: Decimal, price: Price | None = None) -> Draft:
        """Return the draft that ``close`` would stage, without staging it."""
        if position.side is None:
            raise CommandError(f"{position.instrument.symbol} is flat: nothing to close")
        instrument = self._resolver.instrument(position.instrument)
        qty = position.qty
        if percent < HUNDRED:
            qty = max(instrument.round_qty(position.qty * percent / HUNDRED), min(instrument.lot, position.qty))
        return Draft(
            position.instrument,
            position.side.opposite,
            Size(qty),
            price,
            tif=TimeInForce.GTC if price else TimeInForce.IOC,
            reduce_only=True,
            market=price is None,
            position_side=position.position_side,
            closes=True,
            title=f"close {plain(percent)}%",
        )

    def place(self, iid: InstrumentId, command: PlaceOrder) -> Draft:
        """Stage what a typed line means."""
        reduces = command.reduce_only or command.size.unit is SizeUnit.POSITION
        crossing = command.price is None
        tif = command.tif or (TimeInForce.IOC if crossing else TimeInForce.GTC)
        return self._set(
            Draft(
                iid,
                command.side,
                command.size,
                command.price,
                tif=tif,
                reduce_only=reduces,
                stop_loss=command.stop_loss,
                targets=command.targets,
                position_side=command.position_side,
                closes=reduces,
                leverage=command.leverage,
                margin_mode=command.margin_mode,
            )
        )

    def drop(self) -> None:
        """Forget the draft."""
        self.draft = None

    # -- changing the draft ----------------------------------------------------------------------------------------

    def nudge_price(self, ticks: int) -> None:
        """Move the price by whole ticks; the first nudge stops it from following the touch."""
        draft = self._need()
        if draft.market:
            raise CommandError("a market order has no price to move", fix="m makes it a limit order")
        instrument = self._resolver.instrument(draft.instrument)
        price = self._price(draft) + instrument.tick * ticks
        if price <= 0:
            return
        tif = draft.tif
        if draft.price is None:
            tif = TimeInForce.GTC
        self.draft = self._changed(draft, price=Price(number=price), tif=tif)

    def nudge_size(self, steps: int) -> None:
        """Change the size by steps: a tenth of the present size, at least one lot; never below one lot."""
        draft = self._need()
        instrument = self._resolver.instrument(draft.instrument)
        qty = self._qty(draft)
        step = max(instrument.lot, instrument.round_qty(qty / 10))
        self.draft = self._changed(draft, size=Size(max(instrument.lot, qty + step * steps)))

    def use_preset(self, number: int) -> None:
        """Choose a size preset, 1 to 5, for this draft and the next ones."""
        if not 1 <= number <= len(self._resolver.presets.notionals):
            raise CommandError(f"there is no size preset {number}", fix="1 to 5")
        self.preset = number
        if self.draft is not None and not self.draft.closes:
            self.draft = self._changed(self.draft, size=self._preset_size())

    def close_part(self, percent: int) -> None:
        """Change a staged close to another share of the position."""
        draft = self._need()
        leg = self._resolver.leg(draft.instrument, draft.position_side) if draft.closes else None
        if leg is None:
            raise CommandError("this is not a close", fix="x stages one")
        self.close(leg, Decimal(percent), draft.price)

    def set_size(self, size: Size) -> None:
        """Replace the size."""
        self.draft = self._changed(self._need(), size=size)

    def set_price(self, price: Price | None) -> None:
        """Replace the price; None crosses."""
        draft = self._need()
        if price is None:
            self.draft = self._changed(draft, price=None, tif=TimeInForce.IOC, market=False)
        else:
            tif = TimeInForce.GTC if draft.price is None else draft.tif
            self.draft = self._changed(draft, price=price, tif=tif, market=False)

    def set_side(self, side: Side) -> None:
        """Turn the draft around as in a mirror: a following price follows the other touch, distances change their sign."""
        draft = self._need()
        if side is draft.side:
            return
        price, stop = draft.price, draft.stop_loss
        if price is not None and draft.follows in (PriceRef.BID, PriceRef.ASK):
            price = replace(_mirrored(price), ref=PriceRef.BID if side is Side.BUY else PriceRef.ASK)
        if stop is not None:
            stop = _mirrored_trigger(stop)
        targets = tuple(replace(target, trigger=_mirrored_trigger(target.trigger)) for target in draft.targets)
        self.draft = self._changed(draft, side=side, price=price, stop_loss=stop, targets=targets)

    def set_tif(self, tif: TimeInForce) -> None:
        """Replace the time in force."""
        self.draft = self._changed(self._need(), tif=tif)

    def set_exits(self, stop: Trigger | None, targets: tuple[Target, ...]) -> None:
        """Replace the attached stop and targets."""
        self.draft = self._changed(self._need(), stop_loss=stop, targets=targets)

    def override_unknown(self) -> None:
        """Let the draft, as it stands, go out beside an order of unknown outcome; any change of it takes that back."""
        self.draft = replace(self._need(), beside_unknown=True)

    def toggle_post_only(self) -> None:
        """Switch between post-only and good-till-cancel."""
        draft = self._need()
        post = draft.tif is not TimeInForce.POST_ONLY
        self.draft = self._changed(draft, tif=TimeInForce.POST_ONLY if post else TimeInForce.GTC)

    def toggle_reduce_only(self) -> None:
        """Switch reduce-only."""
        draft = self._need()
        self.draft = self._changed(draft, reduce_only=not draft.reduce_only, closes=not draft.reduce_only)

    def cycle_tif(self) -> None:
        """Go to the next time in force."""
        draft = self._need()
        index = _TIF_CYCLE.index(draft.tif)
        self.draft = self._changed(draft, tif=_TIF_CYCLE[(index + 1) % len(_TIF_CYCLE)])

    def toggle_market(self) -> None:
        """Switch between a limit order at the near touch and a crossing one."""
        draft = self._need()
        if draft.market or draft.price is None:
            ref = PriceRef.BID if draft.side is Side.BUY else PriceRef.ASK
            self.draft = self._changed(draft, market=False, price=Price(ref=ref), tif=TimeInForce.GTC)
        else:
            self.draft = self._changed(draft, market=draft.closes, price=None, tif=TimeInForce.IOC)

    def toggle_bracket(self) -> None:
        """Attach the stop and target of the template, or take them off."""
        draft = self._need()
        if draft.stop_loss or draft.targets:
            self.draft = self._changed(draft, stop_loss=None, targets=())
            return
        presets = self._resolver.presets
        distance = Offset(-presets.stop_pct * draft.side.sign, OffsetUnit.PERCENT)
        stop = Trigger(Price(offset=distance))
        self.draft = self._changed(draft, stop_loss=stop, targets=(Target(Trigger(multiple=presets.target_multiple)),))

    # -- reading ---------------------------------------------------------------------------------------------------

    def view(self) -> StageView | None:
        """Return the draft resolved against this moment's market; None when nothing is staged."""
        draft = self.draft
        if draft is None:
            return None
        instrument = self._resolver.instrument(draft.instrument)
        try:
            ticket = self._ticket(draft, DRAFT_ID)
        except CommandError as error:
            return StageView(draft, instrument, None, None, (), error.message, error.fix)
        judgement = self._judged(draft, ticket)
        return StageView(draft, instrument, ticket, judgement.preview, judgement.objections)

    def confirm(self, draft: Draft | None = None) -> Judgement:
        """Return a draft (the staged one by default) as a ticket with its lasting identity, judged by this moment's facts.

        Raises CommandError when it cannot be resolved. The caller looks at the objections and then forgets the draft.
        """
        draft = draft or self._need()
        ticket = self._ticket(draft, self._ids.new())
        return self._judged(draft, ticket)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _judged(self, draft: Draft, ticket: OrderTicket) -> Judgement:
        instrument = self._resolver.instrument(ticket.instrument)
        return self._facts.judge(ticket, instrument, leverage=draft.leverage, beside_unknown=draft.beside_unknown)

    def _changed(self, draft: Draft, **change: Any) -> Draft:
        """Return the draft with a change; what was overridden was overridden for the draft as it stood."""
        return replace(draft, beside_unknown=False, **change)

    def _set(self, draft: Draft) -> Draft:
        self.draft = draft
        return draft

    def _need(self) -> Draft:
        if self.draft is None:
            raise CommandError("nothing is staged", fix="b or s stages an order")
        return self.draft

    def _preset_size(self) -> Size:
        return Size(Decimal(self.preset), SizeUnit.PRESET)

    def _price(self, draft: Draft) -> Decimal:
        """The price at which the draft is thought to execute."""
        if draft.market:
            ref = PriceRef.ASK if draft.side is Side.BUY else PriceRef.BID
            for known in (ref, PriceRef.MARK, PriceRef.LAST):
                with contextlib.suppress(CommandError):
                    return self._resolver.reference(draft.instrument, known)
            if draft.size.unit is SizeUnit.BASE:
                return ZERO  # nothing is computed from it, and a way out must not wait for a price
            return self._resolver.reference(draft.instrument, PriceRef.MARK)
        if draft.price is None:
            return self._resolver.cap_price(draft.instrument, draft.side)
        return self._resolver.price(draft.instrument, draft.price, draft.side)

    def _expected(self, draft: Draft, price: Decimal) -> Decimal:
        """The price at which a draft with the limit ``price`` would most likely fill: the far touch when it takes."""
        if draft.market:
            return price
        try:
            touch = self._resolver.reference(draft.instrument, PriceRef.ASK if draft.side is Side.BUY else PriceRef.BID)
        except CommandError:
            return price
        takes = price >= touch if draft.side is Side.BUY else price <= touch
        return touch if takes else price

    def _size(self, draft: Draft, price: Decimal, stop: Decimal | None) -> Decimal:
        """Size by value is held against the limit, the worst price there may be; size by risk against the likely fill."""
        by_risk = draft.size.unit in (SizeUnit.RISK_PERCENT, SizeUnit.RISK_QUOTE)
        at = self._expected(draft, price) if by_risk else price
        return self._resolver.size(draft.instrument, draft.size, price=at, side=draft.side, stop=stop)

    def _exits(self, draft: Draft, price: Decimal) -> tuple[Decimal | None, Decimal | None]:
        stop = target = None
        if draft.stop_loss is not None:
            stop = self._resolver.trigger(draft.instrument, draft.stop_loss, entry=price, stop=None, side=draft.side)
        if len(draft.targets) > 1:
            raise CommandError("several targets are not available in this version", fix="one tp")
        if draft.targets:
            target = self._resolver.trigger(draft.instrument, draft.targets[0].trigger, entry=price, stop=stop, side=draft.side)
        return stop, target

    def _qty(self, draft: Draft) -> Decimal:
        price = self._price(draft)
        stop, _ = self._exits(replace(draft, targets=()), self._expected(draft, price))
        return self._size(draft, price, stop)

    def _ticket(self, draft: Draft, client_id: ClientOrderId) -> OrderTicket:
        price = self._price(draft)
        stop, target = self._exits(draft, self._expected(draft, price))
        qty = self._size(draft, price, stop)
        hedged = self._facts.mode(draft.instrument) is PositionMode.HEDGED
        leg = draft.position_side or leg_for(draft.side, closes=draft.closes, hedged=hedged)
        stop_source = draft.stop_loss.source if draft.stop_loss and draft.stop_loss.source else TriggerSource.MARK
        target_source = draft.targets[0].trigger.source if draft.targets else None
        return OrderTicket(
            client_id=client_id,
            instrument=draft.instrument,
            side=draft.side,
            type=OrderType.MARKET if draft.market else OrderType.LIMIT,
            qty=qty,
            price=None if draft.market else price,
            tif=draft.tif,
            position_side=leg,
            reduce_only=draft.reduce_only,
            take_profit=target,
            stop_loss=stop,
            take_profit_source=target_source or stop_source,
            stop_loss_source=stop_source,
            arrival_price=self._facts.mid(draft.instrument),
        )


def _mirrored(price: Price) -> Price:
    """Return a price with its distance to the other side."""
    return replace(price, offset=replace(price.offset, value=-price.offset.value)) if price.offset else price


def _mirrored_trigger(trigger: Trigger) -> Trigger:
    """Return an exit at the same distance on the other side of the entry; one at a typed price stays there."""
    return replace(trigger, price=_mirrored(trigger.price)) if trigger.price is not None else trigger
