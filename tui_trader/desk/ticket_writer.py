"""From a draft to a ticket: every word of it resolved against the market of this moment, and what the venue says to that.

It must not hold a draft or send: the same draft gives another ticket a moment later.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from tui_trader.core.bracket import Bracket, Goal, portions, split
from tui_trader.core.command import Price, PriceRef, SizeUnit, Target, Trigger
from tui_trader.core.decimals import ZERO, divide, plain
from tui_trader.core.error import CommandError
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import OrderTicket
from tui_trader.core.position import Position
from tui_trader.core.preview import Preview
from tui_trader.core.types import ClientOrderId, OrderType, PositionMode, PositionSide, Side, TriggerSource
from tui_trader.desk.draft import Draft
from tui_trader.desk.facts import FactSource
from tui_trader.desk.resolve import Resolver, leg_for
from tui_trader.state.cover import cover_of
from tui_trader.venues.capabilities import Capabilities


class TicketWriter:
    """Writes drafts out as tickets."""

    def __init__(self, resolver: Resolver, facts: FactSource, *, can: Callable[[Instrument], Capabilities] | None = None) -> None:
        """``can`` returns what the venue can do with a contract; without it everything is held to be possible."""
        self._can = can
        self._resolver = resolver
        self._facts = facts

    def ticket(self, draft: Draft, client_id: ClientOrderId) -> OrderTicket:
        price = self.price(draft)
        stop, target = self.exits(draft, self.expected(draft, price))
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
            qty=ZERO if draft.whole and draft.close_on_trigger and self._may_be_whole(draft) else qty,
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

    def bracket(self, draft: Draft, ticket: OrderTicket) -> Bracket | None:
        """Return the exits of an entry as numbers; None when it has none. Raises CommandError as ``confirm`` does."""
        if ticket.stop_loss is None and not draft.targets:
            return None
        price = self.expected(draft, self.price(draft))
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
            trail=self._behind(draft, price),
            trails_whole=draft.follows_up is not None and self._follow_whole(draft, ticket),
            goals=tuple(goals),
            attached=draft.follows_up is None and self._attaches(ticket, goals),
        )

    def check_venue(self, ticket: OrderTicket, bracket: Bracket | None) -> None:
        """Raise CommandError for what the venue cannot do."""
        if self._can is None:
            return
        can = self._can(self._resolver.instrument(ticket.instrument))
        if why := can.refuse(ticket if bracket is None else bracket.sent(ticket)):
            raise CommandError(why, fix="another type, or another contract")
        symbol = ticket.instrument.symbol
        if bracket is not None and bracket.trail is not None and OrderType.TRAILING_STOP not in can.order_types:
            raise CommandError(f"{symbol} knows no trailing stops: an entry there takes one that stands still", fix="sl -1%")
        if bracket is not None and not bracket.attached and OrderType.STOP not in can.order_types:
            raise CommandError(f"{symbol} knows no stop orders: an entry there has neither stop nor target", fix="without them")

    def price(self, draft: Draft) -> Decimal:
        """The price at which the draft is thought to execute."""
        if draft.trail is not None:
            return self._trailed(draft)[1]
        if draft.trigger is not None and draft.price is None:
            return self.waits_for(draft)
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

    def expected(self, draft: Draft, price: Decimal) -> Decimal:
        """The price at which a draft with the limit ``price`` would most likely fill: the far touch when it takes."""
        if draft.market or draft.trigger is not None:
            return price
        try:
            touch = self._resolver.reference(draft.instrument, PriceRef.ASK if draft.side is Side.BUY else PriceRef.BID)
        except CommandError:
            return price
        takes = price >= touch if draft.side is Side.BUY else price <= touch
        return touch if takes else price

    def exits(self, draft: Draft, price: Decimal) -> tuple[Decimal | None, Decimal | None]:
        stop = target = None
        if draft.stop_loss is not None:
            stop = self._resolver.trigger(draft.instrument, draft.stop_loss, entry=price, stop=None, side=draft.side)
        elif (behind := self._behind(draft, price)) is not None:
            stop = self._resolver.instrument(draft.instrument).round_price(price - draft.side.sign * behind)
            if stop <= 0:
                raise CommandError(f"a trailing distance of {plain(behind)} is more than the price", fix="trail 0.6%")
        if draft.targets:
            target, _ = self._target(draft, draft.targets[0], price, stop)
        return stop, target

    def waits_for(self, draft: Draft) -> Decimal:
        """Return the trigger price of a draft; a distance is from the price that it watches."""
        assert draft.trigger is not None
        iid, spoken = draft.instrument, draft.trigger.price or Price()
        if spoken.number is None and spoken.ref is None:
            watched = self._resolver.watched(iid, draft.trigger.source or TriggerSource.MARK)
            return self._resolver.trigger(iid, draft.trigger, entry=watched, stop=None, side=draft.side)
        return self._resolver.trigger(iid, draft.trigger, entry=ZERO, stop=None, side=draft.side)

    def qty(self, draft: Draft) -> Decimal:
        price = self.price(draft)
        stop, _ = self.exits(replace(draft, targets=()), self.expected(draft, price))
        return self._size(draft, price, stop)

    def placed(self, position: Position, trigger: Trigger) -> Trigger:
        """Return a trigger of a leg as a number: distances are from its entry, multiples of the distance to its stop."""
        if position.side is None:
            raise CommandError(f"{position.instrument.symbol} is flat: nothing to protect")
        level = self._resolver.trigger(
            position.instrument, trigger, entry=position.entry, stop=self._stop_of(position), side=position.side
        )
        return replace(trigger, price=Price(number=level), multiple=None)

    def _behind(self, draft: Draft, price: Decimal) -> Decimal | None:
        """Return how far the stop of what a draft opens at a price keeps behind the best one; None where it stands still."""
        if draft.follows_up is None:
            return None
        instrument = self._resolver.instrument(draft.instrument)
        distance = self._resolver.distance(instrument, draft.follows_up.distance, price)
        return max(instrument.round_price(distance), instrument.tick)

    def _follow_whole(self, draft: Draft, ticket: OrderTicket) -> bool:
        """Whether a stop that follows is over the whole leg at the venue; raises CommandError where that is not meant."""
        legs = [leg for side in PositionSide if (leg := self._resolver.leg(ticket.instrument, side)) is not None]
        mine = next((leg for leg in legs if leg.position_side is ticket.position_side), None)
        symbol = ticket.instrument.symbol
        if mine is not None and mine.side is not ticket.side:
            held = "long" if mine.side is Side.BUY else "short"
            raise CommandError(
                f"this {ticket.side} would close your {symbol} {held} first, and trail is the stop of what it opens",
                fix="add ro for a trailing stop of the position, or drop trail",
            )
        whole = self._may_be_whole(draft)
        if whole and mine is not None:
            raise CommandError(
                f"a trailing stop of {symbol} is over the whole position, and you hold one already",
                fix="drop trail here; trail DISTANCE covers all once this is filled",
            )
        return whole

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

    def _may_be_whole(self, draft: Draft) -> bool:
        """Whether an exit may be over a position however large it is by then; else it has the size that the position has now."""
        return self._can is None or self._can(self._resolver.instrument(draft.instrument)).whole_exits

    def _size(self, draft: Draft, price: Decimal, stop: Decimal | None) -> Decimal:
        """Size by value is held against the limit, the worst price there may be; size by risk against the likely fill."""
        by_risk = draft.size.unit in (SizeUnit.RISK_PERCENT, SizeUnit.RISK_QUOTE)
        at = self.expected(draft, price) if by_risk else price
        return self._resolver.size(draft.instrument, draft.size, price=at, side=draft.side, stop=stop)

    def _target(self, draft: Draft, target: Target, entry: Decimal, stop: Decimal | None) -> tuple[Decimal, Decimal | None]:
        """Return trigger and limit of a target."""
        level = self._resolver.trigger(draft.instrument, target.trigger, entry=entry, stop=stop, side=draft.side)
        return level, self._limit(draft, target.trigger, level)

    def _limit(self, draft: Draft, trigger: Trigger | None, level: Decimal | None) -> Decimal | None:
        """Return what an exit of a draft executes at; None at the market."""
        if trigger is None or trigger.limit is None or level is None:
            return None
        return self._resolver.limit(draft.instrument, trigger.limit, level, draft.side.opposite)

    def _stop_of(self, position: Position) -> Decimal | None:
        stop = cover_of(position, self._facts.gather(position.instrument).orders).stop
        return stop.trigger_price if stop is not None else None

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

    def _kind(self, draft: Draft) -> tuple[OrderType, Decimal | None, Decimal | None, Decimal | None]:
        """Return type, trigger, trailing distance and activation price of a draft."""
        if draft.trail is not None:
            distance, first, start = self._trailed(draft)
            return OrderType.TRAILING_STOP, first, distance, start
        if draft.trigger is None:
            return OrderType.MARKET if draft.market else OrderType.LIMIT, None, None, None
        kinds = (OrderType.STOP_LIMIT, OrderType.STOP, OrderType.LIMIT_IF_TOUCHED, OrderType.MARKET_IF_TOUCHED)
        return kinds[2 * draft.touch + (draft.price is None)], self.waits_for(draft), None, None


def over_goals(preview: Preview, ticket: OrderTicket, bracket: Bracket, instrument: Instrument) -> Preview:
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
