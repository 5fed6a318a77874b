"""A working order on the stage: what of it may be changed, and what a change of it asks the venue for.

Price and size of an order, or the trigger of one that waits, are changed in place by one request. An exit keeps its size: what
it covers is the position's to say. It must not hold a draft or send anything.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from tui_trader.core.bracket import Bracket
from tui_trader.core.command import Offset, OffsetUnit, Price, Size, Target, Trail, Trigger
from tui_trader.core.decimals import plain
from tui_trader.core.error import CommandError
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import OrderStatus, OrderType, TimeInForce
from tui_trader.core.venue_rules import closes
from tui_trader.desk.draft import Draft

_FIRED = frozenset({OrderStatus.LIVE, OrderStatus.PARTIAL})
_AGAIN = frozenset({OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.ABSENT})


class Change(NamedTuple):
    """What of an order is to become something else; None stays as it is."""

    qty: Decimal | None = None
    """The new total, with what is filled already."""
    price: Decimal | None = None
    trigger: Decimal | None = None
    take_profit: Decimal | None = None
    """The target that a stop holds under the same id."""

    @property
    def is_none(self) -> bool:
        """Whether nothing is asked for."""
        return self == Change()


def waits(order: Order) -> bool:
    """Whether an order waits for its trigger."""
    return order.trigger_price is not None and order.type.is_conditional and order.status not in _FIRED


def amending(order: Order, name: str) -> Draft:
    """Return a draft that changes a working order, called ``name``; raises CommandError for one that cannot be changed now."""
    if order.status.is_terminal:
        raise CommandError(f"{name} is {order.status}: nothing to change")
    if order.pending is not None:
        raise CommandError(f"a {order.pending} of {name} is still being answered", fix="wait a moment")
    if order.status is OrderStatus.UNKNOWN:
        raise CommandError(f"the outcome of {name} is not known yet: it can be cancelled, not changed", fix="c cancels it")
    if order.type is OrderType.TRAILING_STOP and waits(order):
        raise CommandError("the stop trails by itself", fix=":cancel it, then :sl PRICE")
    if order.price is None and not waits(order):
        raise CommandError(f"{name} is at the market: nothing of it can be changed", fix="c cancels it")
    draft = _as_it_is(order)
    exits = closes(order) and waits(order)
    size = draft.size if exits else Size(order.qty)
    return replace(draft, size=size, amends=order.client_id, resizes=not exits, title=f"amend {name}")


def restaging(order: Order, name: str, bracket: Bracket | None = None) -> Draft:
    """Return a draft of what was left of an order that is over, with the exits of its bracket, or those it says itself.

    Raises CommandError where nothing can be staged again.
    """
    if order.status not in _AGAIN:
        raise CommandError(f"{name} is {order.status}: it cannot be staged again")
    if order.qty and not order.remaining:
        raise CommandError(f"{name} was filled whole before it was cancelled")
    draft = replace(_as_it_is(order), title=f"again {name}")
    if bracket is not None:
        follows = None if bracket.trail is None else Trail(Offset(bracket.trail))
        return replace(draft, stop_loss=_stop_of(bracket), follows_up=follows, targets=_targets_of(bracket))
    if order.stop_loss is not None:
        draft = replace(draft, stop_loss=Trigger(Price(number=order.stop_loss), source=order.stop_loss_source))
    if order.take_profit is not None:
        target = Trigger(Price(number=order.take_profit), source=order.take_profit_source)
        draft = replace(draft, targets=(Target(target),))
    return draft


def change_of(order: Order, draft: Draft, ticket: OrderTicket) -> Change:
    """Return what a draft of an order, as ``ticket`` resolves it, asks to be changed."""
    if draft.touch and order.type.is_stop and order.take_profit is not None:
        return Change(take_profit=ticket.trigger_price if ticket.trigger_price != order.take_profit else None)
    return Change(
        qty=ticket.qty if draft.resizes and ticket.qty != order.qty else None,
        price=ticket.price if order.price is not None and ticket.price not in (None, order.price) else None,
        trigger=ticket.trigger_price if waits(order) and ticket.trigger_price not in (None, order.trigger_price) else None,
    )


def refuse_change(draft: Draft) -> None:
    """Raise CommandError where a draft changes an order: a venue amends price, size and trigger, and nothing else."""
    if draft.amends is not None:
        raise CommandError(
            "a standing order keeps its kind: only price, size and trigger of it change", fix="j k price, h l size, Esc drops"
        )


def words(order: Order, change: Change) -> str:
    """Return a change in a few words: ``67,411 -> 67,412``."""
    pairs = (
        (order.price, change.price, ""),
        (order.trigger_price, change.trigger, "trigger "),
        (order.take_profit, change.take_profit, "target "),
        (order.qty, change.qty, "size "),
    )
    return ", ".join(
        f"{what}{plain(before)} -> {plain(after)}" for before, after, what in pairs if after is not None and before is not None
    )


def _stop_of(bracket: Bracket) -> Trigger | None:
    if bracket.stop is None or bracket.trail is not None:
        return None
    limit = None if bracket.stop_limit is None else Price(number=bracket.stop_limit)
    return Trigger(Price(number=bracket.stop), source=bracket.stop_source, limit=limit)


def _targets_of(bracket: Bracket) -> tuple[Target, ...]:
    return tuple(
        Target(
            Trigger(
                Price(number=goal.trigger),
                source=goal.source,
                limit=None if goal.limit is None else Price(number=goal.limit),
            ),
            goal.portion if len(bracket.goals) > 1 else None,
        )
        for goal in bracket.goals
    )


def _as_it_is(order: Order) -> Draft:
    trigger = trail = None
    if order.type is OrderType.TRAILING_STOP and order.trail is not None:
        start = None if order.activation_price is None else Price(number=order.activation_price)
        trail = Trail(Offset(order.trail, OffsetUnit.QUOTE), start)
    elif waits(order) or (order.status.is_terminal and order.trigger_price is not None):
        assert order.trigger_price is not None
        trigger = Trigger(Price(number=order.trigger_price), source=order.trigger_source)
    whole = order.close_on_trigger and not order.qty
    return Draft(
        order.instrument,
        order.side,
        Size(order.remaining or Decimal(1)),
        None if order.price is None else Price(number=order.price),
        tif=order.tif if order.price is not None else TimeInForce.GTC if trigger or trail else order.tif,
        reduce_only=order.reduce_only,
        market=order.price is None,
        trigger=trigger,
        touch=trigger is not None and not order.type.is_stop,
        trail=trail,
        close_on_trigger=order.close_on_trigger,
        whole=whole,
        position_side=order.position_side,
        closes=closes(order),
    )
