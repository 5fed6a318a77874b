"""What tells orders apart that carry no id of ours: what they are, when they were made, and which ones were there before.

Some venues take the client's id with some kinds of orders only. When the answer to one of the others is lost, it is known again
by its terms among those made at the time. It must not ask anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui_trader.core.order import Order, OrderReport, OrderTicket
from tui_trader.core.types import OrderType, PositionSide


@dataclass(frozen=True, slots=True)
class Trace:
    """What is written down of an order without an id before it leaves."""

    sent_ns: int
    """When, by the venue's clock as far as it is known."""
    beside: frozenset[str] = frozenset()
    """The venue's ids of orders like it that were there already."""

    def body(self) -> dict[str, Any]:
        """Return what the journal keeps of it, beside the intent."""
        return {"sent_ns": self.sent_ns, "beside": sorted(self.beside)}

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Trace | None:
        """Return what an intent's body tells; None where it tells nothing."""
        if "sent_ns" not in body:
            return None
        return cls(int(body["sent_ns"]), frozenset(str(one) for one in body.get("beside", ())))

    def fits(self, report: OrderReport, life_ns: int) -> bool:
        """Whether an order may have been made by a request that could be accepted for ``life_ns``, as the venues' clocks go.

        A venue judges a request by its own clock, so both bounds hold however wrong ours is.
        """
        made_ns = report.made_ns or report.at_ns
        return report.venue_id not in self.beside and abs(made_ns - self.sent_ns) <= life_ns


def is_like(order: Order | OrderTicket, other: OrderReport | Order) -> bool:
    """Whether what a venue tells of one order fits what another one was sent as."""
    if (other.instrument, other.side, other.type) != (order.instrument, order.side, order.type):
        return False
    if order.qty and other.qty != order.qty:
        return False
    if order.type.has_limit and (other.price, other.tif) != (order.price, order.tif):
        return False
    if order.type is OrderType.TRAILING_STOP:
        if (other.trail, other.activation_price) != (order.trail, order.activation_price):
            return False
    elif other.trigger_price != order.trigger_price:
        return False
    if order.type.is_conditional and other.trigger_source is not order.trigger_source:
        return False
    if other.position_side is not order.position_side:
        return False
    # A leg says by itself whether an order closes; rows of it may say so too or not.
    closes = order.reduce_only or order.close_on_trigger
    return order.position_side is not PositionSide.MERGED or bool(other.reduce_only or other.close_on_trigger) is closes


def those_like(order: Order | OrderTicket, others: Iterable[Order]) -> frozenset[str]:
    """Return the venue's ids of orders that could be taken for this one."""
    return frozenset(other.waited_as or other.venue_id for other in others if other.venue_id and is_like(order, other))


def place_among(order: Order, twins: Sequence[tuple[int, Order]]) -> int:
    """Return which of several like orders of ours this is, by when they were sent."""
    names = [twin.client_id for _, twin in sorted(twins, key=lambda one: (one[0], one[1].client_id))]
    return names.index(order.client_id) if order.client_id in names else 0
