"""Several working orders moved at once: each by one change of its own, so that one that is refused does not hold the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from decimal import Decimal
from typing import Any

from tui_trader.core.command import Price
from tui_trader.core.error import CommandError, TraderError
from tui_trader.core.order import Order
from tui_trader.core.types import OrderType
from tui_trader.desk.amending import Change, waits
from tui_trader.desk.orders import Sent
from tui_trader.desk.resolve import Resolver
from tui_trader.venues.base import Outcome


def moved(resolver: Resolver, order: Order, spoken: Price) -> Change:
    """Return what moving an order to a price asks for; a distance alone (``+5t``) is from where it stands.

    An order that waits and has a limit keeps the distance between the two when it is moved by a distance; a price alone moves its
    limit. Raises CommandError when there is nothing to move, or where the price cannot be resolved.
    """
    relative = spoken.number is None and spoken.ref is None and spoken.offset is not None
    if order.type is OrderType.TRAILING_STOP and waits(order):
        raise CommandError("the stop trails by itself", fix="cancel it, then sl PRICE")
    if not relative:
        price = resolver.price(order.instrument, spoken, order.side)
        return Change(trigger=price) if waits(order) and not order.type.has_limit else Change(price=price)

    def by(base: Decimal | None) -> Decimal | None:
        if base is None or spoken.offset is None:
            return None
        instrument = resolver.instrument(order.instrument)
        return instrument.round_price(base + resolver.distance(instrument, spoken.offset, base), order.side)

    change = Change(price=by(order.price), trigger=by(order.trigger_price) if waits(order) else None)
    if change.is_none:
        raise CommandError("an order at the market has no price to move")
    if any(level is not None and level <= 0 for level in change):
        raise CommandError("the price would not be above zero")
    return change


async def move_all(
    resolver: Resolver,
    orders: Sequence[Order],
    spoken: Price,
    amend: Callable[..., Coroutine[Any, Any, Sent]],
) -> list[Sent]:
    """Move orders side by side; what was refused here, before anything left, is told like a refusal of the venue."""

    async def one(order: Order) -> Sent:
        try:
            return await amend(order, **moved(resolver, order, spoken)._asdict())
        except TraderError as error:
            return Sent(order.client_id, Outcome.REJECTED, error.message, error.code)

    return list(await asyncio.gather(*(one(order) for order in orders)))
