"""New drafts: what a key, a typed line, or a position that wants protection is as an order, before anybody looks at it.

It must not hold a draft or change one.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tui_trader.core.command import Chase, PlaceOrder, Price, PriceRef, Scale, Size, SizeUnit, Trail, Trigger
from tui_trader.core.decimals import HUNDRED, plain
from tui_trader.core.error import CommandError
from tui_trader.core.order import Order
from tui_trader.core.position import Position
from tui_trader.core.types import InstrumentId, Side, TimeInForce, TriggerSource
from tui_trader.desk.draft import Draft
from tui_trader.desk.resolve import Resolver
from tui_trader.desk.ticket_writer import TicketWriter


class Drafting:
    """Makes drafts."""

    def __init__(self, resolver: Resolver, writer: TicketWriter) -> None:
        self._resolver = resolver
        self._writer = writer

    def joining(self, iid: InstrumentId, side: Side, size: Size) -> Draft:
        """Return a limit order at the near touch that follows it: a buy at the bid, a sell at the ask."""
        return Draft(iid, side, size, Price(ref=near(side)))

    def crossing(self, iid: InstrumentId, side: Side, size: Size) -> Draft:
        """Return a marketable limit at the far touch plus the slippage cap, immediate or cancel."""
        return Draft(iid, side, size, None, tif=TimeInForce.IOC)

    def closing(self, position: Position, percent: Decimal, price: Price | None = None) -> Draft:
        """Return a reduce-only order that closes ``percent`` of a leg; at market unless a price is given."""
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

    def reversing(self, position: Position) -> Draft:
        """Return what opens the other side of a leg, at the market with the slippage cap, after the leg was closed."""
        if position.side is None or position.is_flat:
            raise CommandError(f"{position.instrument.symbol} is flat: nothing to turn around")
        draft = self.crossing(position.instrument, position.side.opposite, Size(position.qty))
        return replace(draft, reverses=position.position_side, title="reverse")

    def placing(self, iid: InstrumentId, command: PlaceOrder) -> Draft:
        """Return what a typed line means."""
        reduces = command.reduce_only or command.close or command.size.unit is SizeUnit.POSITION
        trail = command.trail if reduces else None
        waits = command.trigger is not None or trail is not None
        crossing = command.price is None and not waits
        tif = command.tif or (TimeInForce.IOC if crossing else TimeInForce.GTC)
        return Draft(
            iid,
            command.side,
            command.size,
            command.price,
            tif=tif,
            reduce_only=reduces,
            market=waits and command.price is None,
            trigger=command.trigger,
            touch=command.touch,
            trail=trail,
            close_on_trigger=command.close,
            stop_loss=command.stop_loss,
            follows_up=None if reduces else command.trail,
            targets=command.targets,
            position_side=command.position_side,
            closes=reduces,
            leverage=command.leverage,
            margin_mode=command.margin_mode,
            good_for=command.good_for,
        )

    def scaling(self, iid: InstrumentId, scale: Scale) -> Draft:
        """Return several orders as one draft."""
        draft = self.placing(iid, scale.order)
        return replace(draft, scale=scale, tif=scale.order.tif or TimeInForce.GTC, title=f"scale of {scale.count}")

    def chasing(self, iid: InstrumentId, chase: Chase) -> Draft:
        """Return a post-only order at its touch that is moved after it."""
        draft = self.placing(iid, replace(chase.order, price=Price(ref=near(chase.order.side)), tif=TimeInForce.POST_ONLY))
        return replace(draft, chase=chase, title="chase")

    def protecting(self, position: Position) -> Draft:
        """Return the stop of the template over a whole leg."""
        level = self._resolver.protecting(position)
        trigger = Trigger(Price(number=level), source=TriggerSource.MARK)
        return replace(self.leaving(position, trigger), title="protect")

    def exiting(self, position: Position, trigger: Trigger, *, target: bool, portion: Decimal | None = None) -> Draft:
        """Return a stop or a target over a leg, or over a part of it in percent."""
        draft = self.leaving(position, self._writer.placed(position, trigger), target=target, portion=portion)
        return replace(draft, title="target" if target else "stop")

    def trailing(self, position: Position, trail: Trail) -> Draft:
        """Return a trailing stop over a whole leg."""
        draft = self.leaving(position, None)
        return replace(draft, trail=trail, title="trailing stop")

    def shifting(self, order: Order, trigger: Decimal, title: str) -> Draft:
        """Return another trigger for a working stop or target."""
        spoken = Trigger(Price(number=trigger), source=order.trigger_source)
        return Draft(
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

    def leaving(
        self, position: Position, trigger: Trigger | None, *, target: bool = False, portion: Decimal | None = None
    ) -> Draft:
        """Return a draft that closes a leg, or a part of it in percent, when ``trigger`` is met."""
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


def near(side: Side) -> PriceRef:
    """Return where an order of a side rests: the bid of a buy, the ask of a sell."""
    return PriceRef.BID if side is Side.BUY else PriceRef.ASK
