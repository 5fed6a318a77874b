"""The staged order: visible, unsent, glued to the bid or the ask until it is nudged. Keys change it, Enter confirms it.

A draft keeps the rule it was made by (``half a percent of risk at the bid``), so that every look at it resolves the rule
against the market of that moment. Only ``confirm`` gives an order an identity.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tui_trader.core.bracket import Bracket, Goal, portions, split
from tui_trader.core.command import (
    Offset,
    OffsetUnit,
    PlaceOrder,
    Price,
    PriceRef,
    Size,
    SizeUnit,
    Target,
    Trail,
    Trigger,
)
from tui_trader.core.decimals import HUNDRED, ZERO, divide, plain
from tui_trader.core.error import CommandError
from tui_trader.core.ids import IdFactory
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderTicket
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
from tui_trader.state.cover import cover_of
from tui_trader.venues.base import Capabilities

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
    trigger: Trigger | None = None
    """What it waits for; None goes out at once."""
    touch: bool = False
    """With ``trigger``: waits for a better price (if touched) instead of a worse one (stop)."""
    trail: Trail | None = None
    """Makes it a trailing stop."""
    close_on_trigger: bool = False
    whole: bool = False
    """With ``close_on_trigger``: closes the whole leg, however large it is by then."""
    amends: ClientOrderId | None = None
    """The working order whose trigger this replaces; None is a new order."""
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
    bracket: Bracket | None = None
    """The exits of an entry that has some."""

    @property
    def sendable(self) -> bool:
        """Whether Enter would send: resolved, and no hard objection."""
        return self.ticket is not None and not any(o.hard for o in self.objections)


class Stage:
    """Holds at most one draft."""

    def __init__(
        self, resolver: Resolver, facts: FactSource, ids: IdFactory, *, can: Callable[[Instrument], Capabilities] | None = None
    ) -> None:
        """``can`` returns what the venue can do with a contract; without it everything is held to be possible."""
        self._can = can
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
        reduces = command.reduce_only or command.close or command.size.unit is SizeUnit.POSITION
        waits = command.trigger is not None or command.trail is not None
        crossing = command.price is None and not waits
        tif = command.tif or (TimeInForce.IOC if crossing else TimeInForce.GTC)
        return self._set(
            Draft(
                iid,
                command.side,
                command.size,
                command.price,
                tif=tif,
                reduce_only=reduces,
                market=waits and command.price is None,
                trigger=command.trigger,
                touch=command.touch,
                trail=command.trail,
                close_on_trigger=command.close,
                stop_loss=command.stop_loss,
                targets=command.targets,
                position_side=command.position_side,
                closes=reduces,
                leverage=command.leverage,
                margin_mode=command.margin_mode,
            )
        )

    def protect(self, position: Position) -> Draft:
        """Stage the stop of the template over a whole leg."""
        level = self._resolver.protecting(position)
        trigger = Trigger(Price(number=level), source=TriggerSource.MARK)
        return self._set(replace(self.leaving(position, trigger), title="protect"))

    def exit(self, position: Position, trigger: Trigger, *, target: bool, portion: Decimal | None = None) -> Draft:
        """Stage a stop or a target over a leg, or over a part of it in percent."""
        draft = self.leaving(position, self.placed(position, trigger), target=target, portion=portion)
        return self._set(replace(draft, title="target" if target else "stop"))

    def trailing(self, position: Position, trail: Trail) -> Draft:
        """Stage a trailing stop over a whole leg."""
        draft = self.leaving(position, None)
        return self._set(replace(draft, trail=trail, title="trailing stop"))

    def shift(self, order: Order, trigger: Decimal, title: str) -> Draft:
        """Stage another trigger for a working stop or target."""
        spoken = Trigger(Price(number=trigger), source=order.trigger_source)
        return self._set(
            Draft(
                order.instrument,
                order.side,
                Size(order.remaining or Decimal(1)),
                None if order.price is None else Price(number=order.price),
                reduce_only=order.reduce_only,
                market=not order.type.has_limit,
                trigger=spoken,
                touch=not order.type.is_stop,
                close_on_trigger=order.close_on_trigger,
                whole=not order.qty,
                position_side=order.position_side,
                closes=True,
                title=title,
                amends=order.client_id,
            )
        )

    def leaving(
        self, position: Position, trigger: Trigger | None, *, target: bool = False, portion: Decimal | None = None
    ) -> Draft:
        """Return a draft that closes a leg, or a part of it in percent, when ``trigger`` is met; without staging it."""
        if position.side is None:
            raise CommandError(f"{position.instrument.symbol} is flat: nothing to protect")
        draft = self.closing(position, portion or HUNDRED)
        limit = None
        if trigger is not None and trigger.limit is not None:
            level = self._resolver.trigger(position.instrument, trigger, entry=position.entry, stop=None, side=position.side)
            limit = Price(number=self._resolver.limit(position.instrument, trigger.limit, level, draft.side))
            trigger = replace(trigger, limit=None)
        return replace(
            draft,
            price=limit,
            market=limit is None,
            tif=TimeInForce.GTC,
            trigger=trigger,
            touch=target,
            close_on_trigger=True,
            whole=portion is None,
        )

    def drop(self) -> None:
        """Forget the draft."""
        self.draft = None

    # -- changing the draft ----------------------------------------------------------------------------------------

    def nudge_price(self, ticks: int) -> None:
        """Move the price by whole ticks; the first nudge stops it from following the touch."""
        draft = self._need()
        if draft.trail is not None:
            raise CommandError("a trailing stop has a distance, not a price", fix=":trail 0.6%")
        if draft.trigger is not None and draft.price is None:
            self.nudge_trigger(ticks)
            return
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

    def nudge_trigger(self, ticks: int) -> None:
        """Move what a staged order waits for by whole ticks."""
        draft = self._need()
        if draft.trigger is None:
            raise CommandError("the staged order waits for no trigger", fix="p stages a stop")
        level = self._waits_for(draft) + self._resolver.instrument(draft.instrument).tick * ticks
        if level > 0:
            self.draft = self._changed(draft, trigger=replace(draft.trigger, price=Price(number=level), multiple=None))

    def nudge_exit(self, ticks: int, *, target: bool) -> None:
        """Move the stop or the first target of a staged order by whole ticks, those it waits for itself included."""
        draft = self._need()
        if draft.trigger is not None and draft.touch is target:
            self.nudge_trigger(ticks)
            return
        price = self._expected(draft, self._price(draft))
        stop, level = self._exits(draft, price)
        at = level if target else stop
        if at is None:
            raise CommandError(f"the staged order has no {'target' if target else 'stop'}", fix="t attaches the template")
        moved = Price(number=at + self._resolver.instrument(draft.instrument).tick * ticks)
        if target:
            first = draft.targets[0]
            changed = replace(first, trigger=replace(first.trigger, price=moved, multiple=None))
            self.draft = self._changed(draft, targets=(changed, *draft.targets[1:]))
        elif draft.stop_loss is not None:
            self.draft = self._changed(draft, stop_loss=replace(draft.stop_loss, price=moved))

    def nudge_size(self, steps: int) -> None:
        """Change the size by steps: a tenth of the present size, at least one lot; never below one lot."""
        draft = self._need()
        if draft.amends is not None:
            raise CommandError("only the trigger of this order is being changed", fix=":qty ID SIZE")
        instrument = self._resolver.instrument(draft.instrument)
        qty = self._qty(draft)
        if draft.whole and (leg := self._resolver.leg(draft.instrument, draft.position_side)) is not None:
            draft, qty = replace(draft, whole=False), leg.qty
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
        if leg is None or draft.amends is not None:
            raise CommandError("this is not a close", fix="x stages one")
        if draft.trigger is not None or draft.trail is not None:
            part = self.closing(leg, Decimal(percent))
            self.draft = self._changed(draft, size=part.size, whole=percent == HUNDRED)
            return
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
        price, stop, trigger = draft.price, draft.stop_loss, draft.trigger
        if trigger is not None:
            trigger = _mirrored_trigger(trigger)
        if price is not None and draft.follows in (PriceRef.BID, PriceRef.ASK):
            price = replace(_mirrored(price), ref=PriceRef.BID if side is Side.BUY else PriceRef.ASK)
        if stop is not None:
            stop = _mirrored_trigger(stop)
        targets = tuple(replace(target, trigger=_mirrored_trigger(target.trigger)) for target in draft.targets)
        self.draft = self._changed(draft, side=side, price=price, trigger=trigger, stop_loss=stop, targets=targets)

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
        if draft.trail is not None or draft.amends is not None:
            raise CommandError("this order keeps its kind", fix="Esc drops it")
        if draft.trigger is not None:
            at = None if draft.price is not None else Price(number=self._waits_for(draft))
            self.draft = self._changed(draft, price=at, market=at is None, tif=TimeInForce.GTC)
            return
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
            bracket = self.bracket(draft, ticket)
            self._may(ticket, bracket)
        except CommandError as error:
            return StageView(draft, instrument, None, None, (), error.message, error.fix)
        judgement = self._judged(draft, ticket)
        preview = judgement.preview
        if preview is not None and bracket is not None:
            preview = _over_goals(preview, ticket, bracket, instrument)
        return StageView(draft, instrument, ticket, preview, judgement.objections, bracket=bracket)

    def bracket(self, draft: Draft, ticket: OrderTicket) -> Bracket | None:
        """Return the exits of an entry as numbers; None when it has none. Raises CommandError as ``confirm`` does."""
        if ticket.stop_loss is None and not draft.targets:
            return None
        price = self._expected(draft, self._price(draft))
        shares = portions([target.portion for target in draft.targets])
        goals = []
        for target, share in zip(draft.targets, shares, strict=True):
            trigger, limit = self._target(draft, target, price, ticket.stop_loss)
            source = target.trigger.source or ticket.stop_loss_source
            if (trigger - price) * draft.side.sign <= 0:
                where = "above" if draft.side is Side.BUY else "below"
                raise CommandError(f"the target {plain(trigger)} of a {draft.side} must lie {where} its entry {plain(price)}")
            goals.append(Goal(trigger, share, source, limit))
        return Bracket(
            entry=ticket.client_id,
            instrument=ticket.instrument,
            side=ticket.side,
            position_side=ticket.position_side,
            stop=ticket.stop_loss,
            stop_source=ticket.stop_loss_source,
            stop_limit=ticket.stop_loss_limit,
            goals=tuple(goals),
            attached=self._attaches(ticket, goals),
        )

    def _attaches(self, ticket: OrderTicket, goals: list[Goal]) -> bool:
        """Whether the venue makes the exits of an entry, as they are meant."""
        if ticket.stop_loss is None and len(goals) != 1:
            return False
        if self._can is None:
            return True
        can = self._can(self._resolver.instrument(ticket.instrument))
        limits = ticket.stop_loss_limit is not None or (len(goals) == 1 and goals[0].limit is not None)
        if not can.attached_exits or (limits and not can.attached_limits):
            return False
        return can.attached_to_more or self._resolver.leg(ticket.instrument, ticket.position_side) is None

    def confirm(self, draft: Draft | None = None) -> Judgement:
        """Return a draft (the staged one by default) as a ticket with its lasting identity, judged by this moment's facts.

        Raises CommandError when it cannot be resolved. The caller looks at the objections and then forgets the draft.
        """
        draft = draft or self._need()
        ticket = self._ticket(draft, self._ids.new())
        bracket = self.bracket(draft, ticket)
        self._may(ticket, bracket)
        return replace(self._judged(draft, ticket), bracket=bracket)

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
        if draft.trail is not None:
            return self._trailed(draft)[1]
        if draft.trigger is not None and draft.price is None:
            return self._waits_for(draft)
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
        if draft.market or draft.trigger is not None:
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
        if draft.targets:
            target, _ = self._target(draft, draft.targets[0], price, stop)
        return stop, target

    def _target(self, draft: Draft, target: Target, entry: Decimal, stop: Decimal | None) -> tuple[Decimal, Decimal | None]:
        """Return trigger and limit of a target."""
        level = self._resolver.trigger(draft.instrument, target.trigger, entry=entry, stop=stop, side=draft.side)
        return level, self._limit(draft, target.trigger, level)

    def _limit(self, draft: Draft, trigger: Trigger | None, level: Decimal | None) -> Decimal | None:
        """Return what an exit of a draft executes at; None at the market."""
        if trigger is None or trigger.limit is None or level is None:
            return None
        return self._resolver.limit(draft.instrument, trigger.limit, level, draft.side.opposite)

    def placed(self, position: Position, trigger: Trigger) -> Trigger:
        """Return a trigger of a leg as a number: distances are from its entry, multiples of the distance to its stop."""
        if position.side is None:
            raise CommandError(f"{position.instrument.symbol} is flat: nothing to protect")
        level = self._resolver.trigger(
            position.instrument, trigger, entry=position.entry, stop=self._stop_of(position), side=position.side
        )
        return replace(trigger, price=Price(number=level), multiple=None)

    def _stop_of(self, position: Position) -> Decimal | None:
        stop = cover_of(position, self._facts.gather(position.instrument).orders).stop
        return stop.trigger_price if stop is not None else None

    def _waits_for(self, draft: Draft) -> Decimal:
        """Return the trigger price of a draft; a distance is from the price that it watches."""
        assert draft.trigger is not None
        iid, spoken = draft.instrument, draft.trigger.price or Price()
        if spoken.number is None and spoken.ref is None:
            watched = self._resolver.watched(iid, draft.trigger.source or TriggerSource.MARK)
            return self._resolver.trigger(iid, draft.trigger, entry=watched, stop=None, side=draft.side)
        return self._resolver.trigger(iid, draft.trigger, entry=ZERO, stop=None, side=draft.side)

    def _trailed(self, draft: Draft) -> tuple[Decimal, Decimal, Decimal | None]:
        """Return distance, first trigger and activation price of a trailing stop; with an activation that is the trigger."""
        assert draft.trail is not None
        iid, trail = draft.instrument, draft.trail
        instrument = self._resolver.instrument(iid)
        start = None if trail.start is None else self._resolver.price(iid, trail.start, None)
        base = start if start is not None else self._resolver.watched(iid, TriggerSource.MARK)
        distance = max(instrument.round_price(self._resolver.distance(instrument, trail.distance, base)), instrument.tick)
        first = start if start is not None else instrument.round_price(base + draft.side.sign * distance)
        if first <= 0:
            raise CommandError(f"a trailing distance of {plain(distance)} is more than the price", fix="trail 0.6%")
        return distance, first, start

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
        kind, trigger, trail, activation = self._kind(draft)
        limit_price = None if draft.market or draft.trail is not None else price
        stop_source = draft.stop_loss.source if draft.stop_loss and draft.stop_loss.source else TriggerSource.MARK
        target_source = draft.targets[0].trigger.source if draft.targets else None
        return OrderTicket(
            client_id=client_id,
            instrument=draft.instrument,
            side=draft.side,
            type=kind,
            qty=ZERO if draft.whole and draft.close_on_trigger else qty,
            price=limit_price,
            tif=draft.tif,
            position_side=leg,
            reduce_only=draft.reduce_only,
            close_on_trigger=draft.close_on_trigger,
            trigger_price=trigger,
            trigger_source=(draft.trigger.source if draft.trigger else None) or TriggerSource.MARK,
            trail=trail,
            activation_price=activation,
            take_profit=target,
            stop_loss=stop,
            take_profit_source=target_source or stop_source,
            stop_loss_source=stop_source,
            take_profit_limit=self._limit(draft, draft.targets[0].trigger, target) if draft.targets else None,
            stop_loss_limit=self._limit(draft, draft.stop_loss, stop),
            arrival_price=self._facts.mid(draft.instrument),
        )

    def _may(self, ticket: OrderTicket, bracket: Bracket | None) -> None:
        """Raise CommandError for what the venue cannot do."""
        if self._can is None:
            return
        can = self._can(self._resolver.instrument(ticket.instrument))
        if why := can.refuse(ticket if bracket is None else bracket.sent(ticket)):
            raise CommandError(why, fix="another type, or another contract")

    def _kind(self, draft: Draft) -> tuple[OrderType, Decimal | None, Decimal | None, Decimal | None]:
        """Return type, trigger, trailing distance and activation price of a draft."""
        if draft.trail is not None:
            distance, first, start = self._trailed(draft)
            return OrderType.TRAILING_STOP, first, distance, start
        if draft.trigger is None:
            return OrderType.MARKET if draft.market else OrderType.LIMIT, None, None, None
        kinds = (OrderType.STOP_LIMIT, OrderType.STOP, OrderType.LIMIT_IF_TOUCHED, OrderType.MARKET_IF_TOUCHED)
        return kinds[2 * draft.touch + (draft.price is None)], self._waits_for(draft), None, None


def _over_goals(preview: Preview, ticket: OrderTicket, bracket: Bracket, instrument: Instrument) -> Preview:
    """Return the consequences with the reward of all targets together."""
    if not bracket.goals:
        return preview
    sizes = split(ticket.qty, bracket.goals, instrument)
    reward = sum(
        (instrument.pnl(ticket.side, size, preview.price, goal.trigger) for size, goal in zip(sizes, bracket.goals, strict=True)),
        ZERO,
    )
    ratio = divide(reward, preview.risk) if preview.risk is not None and preview.risk > 0 else None
    return replace(preview, reward=reward, ratio=ratio)


def _mirrored(price: Price) -> Price:
    """Return a price with its distance to the other side."""
    return replace(price, offset=replace(price.offset, value=-price.offset.value)) if price.offset else price


def _mirrored_trigger(trigger: Trigger) -> Trigger:
    """Return an exit at the same distance on the other side of the entry; one at a typed price stays there."""
    return replace(trigger, price=_mirrored(trigger.price)) if trigger.price is not None else trigger
