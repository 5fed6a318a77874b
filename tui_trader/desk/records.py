"""How an intent is written into the journal, and read back after a restart. Money is decimal text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
from tui_trader.storage.journal import Record


def order_words(order: Order) -> str:
    """Return an order in a few words, for the log: ``buy 0.01 BTCUSDT @ 96000 (1a2b3c)``."""
    price = f" @ {plain(order.price)}" if order.price is not None else ""
    return f"{order.side} {plain(order.qty)} {order.instrument.symbol}{price} ({order.client_id[-6:]})"


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


_SETTLED = frozenset({"ack", "rejected", "not_sent", "limited"})


def unfinished(records: Iterable[Record]) -> list[Mapping[str, Any]]:
    """Return the bodies of intents whose outcome the journal does not know: sent by a run that ended too early."""
    open_intents: dict[str, Mapping[str, Any]] = {}
    for record in records:
        if record.kind == "intent":
            open_intents[str(record.body["id"])] = record.body
        elif record.kind in ("absent", "seen"):
            open_intents.pop(str(record.body["id"]), None)
        elif record.kind == "outcome" and record.body.get("what") == "place" and record.body.get("outcome") in _SETTLED:
            open_intents.pop(str(record.body.get("ref")), None)
    return list(open_intents.values())


def buried(records: Iterable[Record], since: str) -> list[Mapping[str, Any]]:
    """Return the bodies of intents that were found absent after ``since`` (RFC 3339, UTC) and have not been told of later."""
    known: dict[str, Mapping[str, Any]] = {}
    graves: dict[str, Mapping[str, Any]] = {}
    for record in records:
        if record.kind == "intent":
            known[str(record.body["id"])] = record.body
        elif record.kind == "absent" and record.at >= since and (body := known.get(str(record.body["id"]))) is not None:
            graves[str(record.body["id"])] = body
        elif record.kind == "resurrected":
            graves.pop(str(record.body["id"]), None)
    return list(graves.values())


def intents(records: Iterable[Record]) -> set[str]:
    """Return the client ids of all orders that were ever to be sent from here."""
    return {str(record.body["id"]) for record in records if record.kind == "intent"}
