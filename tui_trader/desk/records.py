"""How an intent is written into the journal, and read back after a restart. Money is decimal text."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tui_trader.core.decimals import ZERO, plain
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import (
    ClientOrderId,
    InstrumentId,
    OrderStatus,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
    TriggerSource,
)


def ticket_body(ticket: OrderTicket) -> dict[str, Any]:
    """Return the journal body of an intent."""
    return {
        "id": ticket.client_id,
        "venue": ticket.instrument.venue,
        "symbol": ticket.instrument.symbol,
        "side": ticket.side,
        "type": ticket.type,
        "qty": plain(ticket.qty),
        "price": _text(ticket.price),
        "tif": ticket.tif,
        "position_side": ticket.position_side,
        "reduce_only": ticket.reduce_only,
        "close_on_trigger": ticket.close_on_trigger,
        "trigger": _text(ticket.trigger_price),
        "trigger_source": ticket.trigger_source,
        "take_profit": _text(ticket.take_profit),
        "stop_loss": _text(ticket.stop_loss),
    }


def order_from_body(body: Mapping[str, Any]) -> Order:
    """Return the order of an earlier run's intent, in state UNKNOWN."""

    def number(key: str) -> Decimal | None:
        return None if body.get(key) is None else Decimal(str(body[key]))

    return Order(
        client_id=ClientOrderId(str(body["id"])),
        instrument=InstrumentId(str(body["venue"]), str(body["symbol"])),
        side=Side(body["side"]),
        type=OrderType(body["type"]),
        qty=number("qty") or ZERO,
        status=OrderStatus.UNKNOWN,
        price=number("price"),
        tif=TimeInForce(body["tif"]),
        position_side=PositionSide(body["position_side"]),
        reduce_only=bool(body["reduce_only"]),
        close_on_trigger=bool(body["close_on_trigger"]),
        trigger_price=number("trigger"),
        trigger_source=TriggerSource(body["trigger_source"]),
        take_profit=number("take_profit"),
        stop_loss=number("stop_loss"),
        reason="sent by an earlier run; its end is not known",
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
