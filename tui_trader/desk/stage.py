"""The staged order: visible, unsent, glued to the bid or the ask until it is nudged. Keys change it, Enter confirms it.

A draft keeps the rule it was made by (``half a percent of risk at the bid``), so that every look at it resolves the rule
against the market of that moment. Only ``confirm`` gives an order an identity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tui_trader.core.command import (
    Chase,
    Offset,
    OffsetUnit,
    PlaceOrder,
    Price,
    PriceRef,
    Scale,
    Size,
    SizeUnit,
    Target,
    Trail,
    Trigger,
)
from tui_trader.core.decimals import HUNDRED, ZERO
from tui_trader.core.error import CommandError
from tui_trader.core.ids import IdFactory
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.position import Position
from tui_trader.core.types import (
    InstrumentId,
    Side,
    TimeInForce,
)
from tui_trader.desk.amending import amending, change_of, refuse_change
from tui_trader.desk.draft import DRAFT_ID, Draft, StageView, mirrored, mirrored_trigger
from tui_trader.desk.drafting import Drafting
from tui_trader.desk.facts import FactSource, Judgement
from tui_trader.desk.resolve import Resolver
from tui_trader.desk.scale_plan import ScalePlan, ScaleWriter
from tui_trader.desk.ticket_writer import TicketWriter, over_goals
from tui_trader.venues.capabilities import Capabilities

_TIF_CYCLE = (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK, TimeInForce.POST_ONLY)


class Stage:
    """Holds at most one draft."""

    def __init__(
        self, resolver: Resolver, facts: FactSource, ids: IdFactory, *, can: Callable[[Instrument], Capabilities] | None = None
    ) -> None:
        """``can`` returns what the venue can do with a contract; without it everything is held to be possible."""
        self._resolver = resolver
        self._facts = facts
        self._ids = ids
        self.writer = TicketWriter(resolver, facts, can=can)
        """Turns drafts into tickets."""
        self._scales = ScaleWriter(resolver, facts, self.writer)
        self.drafting = Drafting(resolver, self.writer)
        """Makes the drafts that are staged here, and others that are not."""
        self.draft: Draft | None = None
        self.preset = 3
        """The size preset that new drafts start from, 1 to 5."""

    # -- making drafts ---------------------------------------------------------------------------------------------

    def join(self, iid: InstrumentId, side: Side) -> Draft:
        """Stage a limit order at the near touch that follows it: a buy at the bid, a sell at the ask."""
        return self._set(self.drafting.joining(iid, side, self._preset_size()))

    def cross(self, iid: InstrumentId, side: Side) -> Draft:
        """Stage a marketable limit at the far touch plus the slippage cap, immediate or cancel."""
        return self._set(self.drafting.crossing(iid, side, self._preset_size()))

    def close(self, position: Position, percent: Decimal, price: Price | None = None) -> Draft:
        """Stage a reduce-only order that closes ``percent`` of a leg; at market unless a price is given."""
        return self._set(self.drafting.closing(position, percent, price))

    def reverse(self, position: Position) -> Draft:
        """Stage a position turned around: closed, and the same opened on the other side."""
        return self._set(self.drafting.reversing(position))

    def place(self, iid: InstrumentId, command: PlaceOrder) -> Draft:
        """Stage what a typed line means."""
        return self._set(self.drafting.placing(iid, command))

    def scale(self, iid: InstrumentId, scale: Scale) -> Draft:
        """Stage several orders at once."""
        return self._set(self.drafting.scaling(iid, scale))

    def chase(self, iid: InstrumentId, chase: Chase) -> Draft:
        """Stage an order that will be moved after its touch."""
        return self._set(self.drafting.chasing(iid, chase))

    def put(self, iid: InstrumentId, command: PlaceOrder | Scale | Chase) -> Draft:
        """Stage whatever makes orders."""
        match command:
            case Scale():
                return self.scale(iid, command)
            case Chase():
                return self.chase(iid, command)
            case _:
                return self.place(iid, command)

    def protect(self, position: Position) -> Draft:
        """Stage the stop of the template over a whole leg."""
        return self._set(self.drafting.protecting(position))

    def exit(self, position: Position, trigger: Trigger, *, target: bool, portion: Decimal | None = None) -> Draft:
        """Stage a stop or a target over a leg, or over a part of it in percent."""
        return self._set(self.drafting.exiting(position, trigger, target=target, portion=portion))

    def trailing(self, position: Position, trail: Trail) -> Draft:
        """Stage a trailing stop over a whole leg."""
        return self._set(self.drafting.trailing(position, trail))

    def shift(self, order: Order, trigger: Decimal, title: str) -> Draft:
        """Stage another trigger for a working stop or target."""
        return self._set(self.drafting.shifting(order, trigger, title))

    def amend(self, order: Order, name: str) -> Draft:
        """Stage a change of a working order, called ``name``; raises CommandError for one that cannot be changed now."""
        return self._set(amending(order, name))

    def again(self, draft: Draft) -> Draft:
        """Stage what was cancelled, as it was."""
        return self._set(draft)

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
        price = self.writer.price(draft) + instrument.tick * ticks
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
        level = self.writer.waits_for(draft) + self._resolver.instrument(draft.instrument).tick * ticks
        if level > 0:
            self.draft = self._changed(draft, trigger=replace(draft.trigger, price=Price(number=level), multiple=None))

    def nudge_exit(self, ticks: int, *, target: bool) -> None:
        """Move the stop or the first target of a staged order by whole ticks, those it waits for itself included."""
        draft = self._need()
        if draft.trigger is not None and draft.touch is target:
            self.nudge_trigger(ticks)
            return
        price = self.writer.expected(draft, self.writer.price(draft))
        stop, level = self.writer.exits(draft, price)
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
        elif draft.follows_up is not None:
            tick = self._resolver.instrument(draft.instrument).tick
            behind = max(tick, (price - at) * draft.side.sign - tick * ticks * draft.side.sign)
            self.draft = self._changed(draft, follows_up=replace(draft.follows_up, distance=Offset(behind)))

    def nudge_size(self, steps: int) -> None:
        """Change the size by steps: a tenth of the present size, at least one lot; never below one lot."""
        draft = self._need()
        if draft.amends is not None and not draft.resizes:
            raise CommandError("an exit keeps its size: it follows the position", fix=":qty ID SIZE")
        instrument = self._resolver.instrument(draft.instrument)
        qty = self.writer.qty(draft)
        least = instrument.lot + (order.filled if (order := self._amended(draft)) is not None else ZERO)
        if draft.whole and (leg := self._resolver.leg(draft.instrument, draft.position_side)) is not None:
            draft, qty = replace(draft, whole=False), leg.qty
        step = max(instrument.lot, instrument.round_qty(qty / 10))
        self.draft = self._changed(draft, size=Size(max(least, qty + step * steps)))

    def use_preset(self, number: int) -> None:
        """Choose a size preset, 1 to 5, for this draft and the next ones."""
        if not 1 <= number <= len(self._resolver.presets.notionals):
            raise CommandError(f"there is no size preset {number}", fix="1 to 5")
        self.preset = number
        if self.draft is not None and not self.draft.closes and (self.draft.amends is None or self.draft.resizes):
            self.draft = self._changed(self.draft, size=self._preset_size())

    def close_part(self, percent: int) -> None:
        """Change a staged close to another share of the position."""
        draft = self._need()
        leg = self._resolver.leg(draft.instrument, draft.position_side) if draft.closes else None
        if leg is None or draft.amends is not None:
            raise CommandError("this is not a close", fix="x stages one")
        if draft.trigger is not None or draft.trail is not None:
            part = self.drafting.closing(leg, Decimal(percent))
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
            refuse_change(draft)
            self.draft = self._changed(draft, price=None, tif=TimeInForce.IOC, market=False)
        else:
            tif = TimeInForce.GTC if draft.price is None else draft.tif
            self.draft = self._changed(draft, price=price, tif=tif, market=False)

    def set_side(self, side: Side) -> None:
        """Turn the draft around as in a mirror: a following price follows the other touch, distances change their sign."""
        draft = self._need()
        if side is draft.side:
            return
        refuse_change(draft)
        price, stop, trigger = draft.price, draft.stop_loss, draft.trigger
        if trigger is not None:
            trigger = mirrored_trigger(trigger)
        if price is not None and draft.follows in (PriceRef.BID, PriceRef.ASK):
            price = replace(mirrored(price), ref=PriceRef.BID if side is Side.BUY else PriceRef.ASK)
        if stop is not None:
            stop = mirrored_trigger(stop)
        targets = tuple(replace(target, trigger=mirrored_trigger(target.trigger)) for target in draft.targets)
        self.draft = self._changed(draft, side=side, price=price, trigger=trigger, stop_loss=stop, targets=targets)

    def set_tif(self, tif: TimeInForce) -> None:
        """Replace the time in force."""
        draft = self._need()
        refuse_change(draft)
        self.draft = self._changed(draft, tif=tif)

    def set_exits(self, stop: Trigger | None, targets: tuple[Target, ...]) -> None:
        """Replace the attached stop and targets."""
        draft = self._need()
        refuse_change(draft)
        self.draft = self._changed(draft, stop_loss=stop, follows_up=None, targets=targets)

    def override_unknown(self) -> None:
        """Let the draft, as it stands, go out beside an order of unknown outcome; any change of it takes that back."""
        self.draft = replace(self._need(), beside_unknown=True)

    def toggle_post_only(self) -> None:
        """Switch between post-only and good-till-cancel."""
        draft = self._need()
        refuse_change(draft)
        post = draft.tif is not TimeInForce.POST_ONLY
        self.draft = self._changed(draft, tif=TimeInForce.POST_ONLY if post else TimeInForce.GTC)

    def toggle_reduce_only(self) -> None:
        """Switch reduce-only."""
        draft = self._need()
        refuse_change(draft)
        self.draft = self._changed(draft, reduce_only=not draft.reduce_only, closes=not draft.reduce_only)

    def cycle_tif(self) -> None:
        """Go to the next time in force."""
        draft = self._need()
        refuse_change(draft)
        index = _TIF_CYCLE.index(draft.tif)
        self.draft = self._changed(draft, tif=_TIF_CYCLE[(index + 1) % len(_TIF_CYCLE)])

    def toggle_market(self) -> None:
        """Switch between a limit order at the near touch and a crossing one."""
        draft = self._need()
        refuse_change(draft)
        if draft.trail is not None:
            raise CommandError("this order keeps its kind", fix="Esc drops it")
        if draft.trigger is not None:
            at = None if draft.price is not None else Price(number=self.writer.waits_for(draft))
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
        refuse_change(draft)
        if draft.stop_loss or draft.follows_up or draft.targets:
            self.draft = self._changed(draft, stop_loss=None, follows_up=None, targets=())
            return
        presets = self._resolver.presets
        distance = Offset(-presets.stop_pct * draft.side.sign, OffsetUnit.PERCENT)
        stop = Trigger(Price(offset=distance))
        self.draft = self._changed(draft, stop_loss=stop, targets=(Target(Trigger(multiple=presets.target_multiple)),))

    # -- reading ---------------------------------------------------------------------------------------------------

    def resting(self) -> tuple[InstrumentId, Side, Decimal, Decimal] | None:
        """Return contract, side, price and size of a staged order that would rest, for a ladder to show where; None otherwise."""
        draft = self.draft
        if draft is None or draft.price is None or draft.trail is not None:
            return None
        try:
            return draft.instrument, draft.side, self.writer.price(draft), self.writer.qty(draft)
        except CommandError:
            return None

    def view(self) -> StageView | None:
        """Return the draft resolved against this moment's market; None when nothing is staged."""
        draft = self.draft
        if draft is None:
            return None
        instrument = self._resolver.instrument(draft.instrument)
        if draft.scale is not None:
            return self._scale_view(draft, instrument)
        try:
            ticket = self.writer.ticket(draft, DRAFT_ID)
            bracket = self.writer.bracket(draft, ticket)
            self.writer.check_venue(ticket, bracket)
            judgement = self._judged(draft, ticket)
        except CommandError as error:
            return StageView(draft, instrument, None, None, (), error.message, error.fix)
        preview = judgement.preview
        if preview is not None and bracket is not None:
            preview = over_goals(preview, ticket, bracket, instrument)
        return StageView(
            draft,
            instrument,
            ticket,
            preview,
            judgement.objections,
            bracket=bracket,
            amended=self._amended(draft),
            reversed=self._resolver.leg(draft.instrument, draft.reverses) if draft.reverses is not None else None,
        )

    def _scale_view(self, draft: Draft, instrument: Instrument) -> StageView:
        try:
            plan = self._scales.plan(draft, lambda: DRAFT_ID)
        except CommandError as error:
            return StageView(draft, instrument, None, None, (), error.message, error.fix)
        preview, whole = plan.whole.preview, plan.whole.ticket
        if preview is not None and plan.bracket is not None:
            preview = over_goals(preview, whole, plan.bracket, instrument)
        return StageView(draft, instrument, whole, preview, plan.whole.objections, bracket=plan.bracket, orders=plan.tickets)

    def confirm_scale(self) -> ScalePlan:
        """Return the staged scale as tickets with lasting identities; raises CommandError as ``confirm`` does."""
        return self._scales.plan(self._need(), self._ids.new)

    def confirm(self, draft: Draft | None = None) -> Judgement:
        """Return a draft (the staged one by default) as a ticket with its lasting identity, judged by this moment's facts.

        Raises CommandError when it cannot be resolved. The caller looks at the objections and then forgets the draft.
        """
        draft = draft or self._need()
        ticket = self.writer.ticket(draft, self._ids.new())
        bracket = self.writer.bracket(draft, ticket)
        self.writer.check_venue(ticket, bracket)
        return replace(self._judged(draft, ticket), bracket=bracket)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _judged(self, draft: Draft, ticket: OrderTicket) -> Judgement:
        instrument = self._resolver.instrument(ticket.instrument)
        if draft.amends is not None:
            order = self._amended(draft)
            if order is None:
                raise CommandError("the order that was to be changed is over", fix="Esc drops it")
            return self._facts.judge_change(order, instrument, **change_of(order, draft, ticket)._asdict())
        return self._facts.judge(
            ticket,
            instrument,
            leverage=draft.leverage,
            beside_unknown=draft.beside_unknown,
            closed=None if draft.reverses is None else (draft.instrument, draft.reverses),
        )

    def _amended(self, draft: Draft) -> Order | None:
        """Return the working order that a draft changes."""
        return self._facts.working(draft.amends) if draft.amends is not None else None

    def _changed(self, draft: Draft, **change: Any) -> Draft:
        """Return the draft with a change; what was overridden was overridden for the draft as it stood."""
        if draft.scale is not None or draft.chase is not None:
            what = "scale" if draft.scale is not None else "chase"
            raise CommandError(f"a {what} is changed as a line", fix="Esc, then : and Up")
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
