"""What a venue, or one family of its contracts, can do, and why not."""

from __future__ import annotations

from dataclasses import dataclass

from tui_trader.core.order import OrderTicket
from tui_trader.core.types import OrderType, PositionSide, TimeInForce, TriggerSource


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a venue, or one family of its contracts, can do; what it cannot do is greyed with the reason."""

    order_types: frozenset[OrderType]
    tifs: frozenset[TimeInForce]
    triggers: frozenset[TriggerSource]
    amend: bool = True
    """An order can be changed in place."""
    amend_waiting: bool = True
    """What an order waits for can be changed in place."""
    resize_waiting: bool = True
    """The size of an order that waits can be changed in place."""
    whole_exits: bool = True
    """An order that waits can be over a whole position, however large that is by then; else it has a size like any other."""
    nameless: bool = False
    """Orders that wait carry no id of ours: one whose answer is lost is known again by what it is."""
    hedge: bool = True
    attached_exits: bool = True
    """TP/SL attached to an entry."""
    attached_limits: bool = True
    """Attached TP/SL that execute at a limit price."""
    attached_to_more: bool = True
    """TP/SL attached to an entry that adds to a position."""
    touched_reduces: bool = False
    """Orders that wait for a better price (a target) can only reduce."""
    isolated: bool = True
    """A position can be backed by margin of its own, and not by the whole account."""
    assign_margin: bool = False
    """The margin of an isolated position can be set."""
    risk_limit: bool = False
    """The risk limit of a position can be set."""
    transfers: bool = False
    """Money can be moved between the wallet and the trading account."""
    cancel_on_disconnect: bool = False
    together: int = 1
    """How many orders one request can make."""
    max_client_id: int = 40
    trading: bool = True
    why_not: str = ""
    """When ``trading`` is false: the reason in one sentence."""

    def refuse(self, ticket: OrderTicket) -> str:
        """Return why a ticket cannot be said to this family, in one sentence; empty when it can."""
        symbol = ticket.instrument.symbol
        words = ticket.type.value.replace("_", " ")
        if ticket.type not in self.order_types:
            return f"{symbol} knows no {words} orders"
        if ticket.tif not in self.tifs:
            return f"{symbol} knows no {ticket.tif.value.replace('_', ' ')} orders"
        if ticket.type.is_conditional and ticket.trigger_source not in self.triggers:
            return f"{symbol} orders cannot be triggered by the {ticket.trigger_source} price"
        touched = ticket.type in (OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED)
        if touched and self.touched_reduces and not (ticket.reduce_only or ticket.close_on_trigger):
            return f"a {words} order of {symbol} can only reduce: say so, or use a limit"
        if ticket.position_side is not PositionSide.MERGED and not self.hedge:
            return f"{symbol} has one position only, no {ticket.position_side} leg"
        for exit_price, limit, source, name in (
            (ticket.take_profit, ticket.take_profit_limit, ticket.take_profit_source, "take-profit"),
            (ticket.stop_loss, ticket.stop_loss_limit, ticket.stop_loss_source, "stop-loss"),
        ):
            if exit_price is None:
                continue
            if not self.attached_exits:
                return f"{symbol} orders cannot carry a {name}"
            if limit is not None and not self.attached_limits:
                return f"an attached {name} of {symbol} executes at the market: it cannot have a limit"
            if source not in self.triggers:
                return f"a {name} of {symbol} cannot be triggered by the {source} price"
        return ""
