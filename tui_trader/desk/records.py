"""How an intent is written into the journal, and read back after a restart. Money is decimal text."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson

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
    VenueOrderId,
)
from tui_trader.desk.plans import OpenBrackets
from tui_trader.storage.journal import Record


def order_words(order: Order) -> str:
    """Return an order in a few words, for the log: ``buy 0.01 BTCUSDT @ 96000 (1a2b3c)``."""
    price = f" @ {plain(order.price)}" if order.price is not None else ""
    size = plain(order.qty) if order.qty else "all of"  # a stop over a whole position has no size of its own
    return f"{order.side} {size} {order.instrument.symbol}{price} ({order.client_id[-6:]})"


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
        "take_profit_source": ticket.take_profit_source,
        "stop_loss_source": ticket.stop_loss_source,
        "take_profit_limit": _text(ticket.take_profit_limit),
        "stop_loss_limit": _text(ticket.stop_loss_limit),
        "trail": _text(ticket.trail),
        "activation": _text(ticket.activation_price),
    }


def order_from_body(body: Mapping[str, Any]) -> Order:
    """Return the order of an earlier run's intent, in state UNKNOWN; bodies of earlier versions may lack the later fields."""

    def number(key: str) -> Decimal | None:
        return None if body.get(key) is None else Decimal(str(body[key]))

    return Order(
        client_id=ClientOrderId(str(body["id"])),
        instrument=InstrumentId(str(body["venue"]), str(body["symbol"])),
        side=Side(body["side"]),
        type=OrderType(body["type"]),
        qty=number("qty") or ZERO,
        status=OrderStatus.UNKNOWN,
        venue_id=VenueOrderId(str(body.get("venue_id") or "")),
        price=number("price"),
        tif=TimeInForce(body["tif"]),
        position_side=PositionSide(body["position_side"]),
        reduce_only=bool(body["reduce_only"]),
        close_on_trigger=bool(body["close_on_trigger"]),
        trigger_price=number("trigger"),
        trigger_source=TriggerSource(body["trigger_source"]),
        take_profit=number("take_profit"),
        stop_loss=number("stop_loss"),
        take_profit_source=TriggerSource(body.get("take_profit_source", body["trigger_source"])),
        stop_loss_source=TriggerSource(body.get("stop_loss_source", body["trigger_source"])),
        take_profit_limit=number("take_profit_limit"),
        stop_loss_limit=number("stop_loss_limit"),
        trail=number("trail"),
        activation_price=number("activation"),
        reason="sent by an earlier run; its end is not known",
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


_SETTLED = frozenset({"ack", "rejected", "not_sent", "limited"})


MAX_ABSENT = 200
"""Orders found absent that a new part of the journal still names."""

MAX_NAMED = 500
"""Orders without an id of ours whose id at the venue a new part of the journal still tells."""


class OpenIntents:
    """What the journal does not know the end of, kept up to date record by record; bounded by what one part of it holds."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}
        """Every intent, as compact as it is written: a long day has thousands."""
        self._open: dict[str, Mapping[str, Any]] = {}
        self._absent: dict[str, str] = {}
        """When orders were found absent."""
        self._venue_ids: dict[str, str] = {}
        """The venue's ids of orders that carry none of ours."""
        self.plans = OpenBrackets()
        """The brackets that are not over."""
        self._transfers: dict[str, Mapping[str, Any]] = {}
        """Movements of money whose end is not known."""
        self.left: deque[str] = deque(maxlen=1_000)
        """When orders and changes were to leave, RFC 3339, oldest first, as far as this part of the journal tells."""
        self.epilogue = ""
        """What a guardian did after the last run was killed; empty when that ended by itself, or something came after."""

    @property
    def ids(self) -> set[str]:
        """Client ids of all orders that were to be sent, as far as heard."""
        return set(self._known)

    @property
    def named(self) -> dict[str, str]:
        """Client ids by the venue's, of orders that carry none of ours."""
        return {venue_id: client_id for client_id, venue_id in self._venue_ids.items()}

    def take(self, record: Record) -> None:
        """Hear a record."""
        body = record.body
        client_id = str(body.get("id"))
        self.epilogue = f"{record.at}: {body.get('text')}" if record.kind == "guardian" else ""
        self.plans.take(record.kind, body)
        if record.kind in ("outcome", "seen") and body.get("venue_id"):
            self._venue_ids[str(body.get("ref", client_id))] = str(body["venue_id"])
        if record.kind in ("intent", "amend"):
            self.left.append(record.at)
        match record.kind:
            case "intent":
                self._intend(body)
            case "segment" | "set-aside":
                self._venue_ids |= body.get("named", {})
                for intent in body.get("open", ()):
                    self._intend(intent)
                for transfer in body.get("transfers", ()):
                    self._transfers[str(transfer.get("key"))] = transfer
                for absent in body.get("absent", ()):
                    self._intend(absent["intent"])
                    self._miss(str(absent["intent"].get("id")), str(absent["at"]))
            case "transfer":
                self._transfers[str(body.get("key"))] = body
            case "transfer_end":
                self._transfers.pop(str(body.get("key")), None)
            case "absent":
                self._miss(client_id, record.at)
            case "seen" | "resurrected":
                self._open.pop(client_id, None)
                self._absent.pop(client_id, None)
            case "outcome" if body.get("what") == "place" and body.get("outcome") in _SETTLED:
                self._open.pop(str(body.get("ref")), None)

    def open_transfers(self) -> list[Mapping[str, Any]]:
        """Return the bodies of transfers whose end is not known, oldest first."""
        return list(self._transfers.values())

    def still_open(self) -> list[Mapping[str, Any]]:
        """Return the bodies of intents whose outcome is not known, oldest first."""
        return list(self._open.values())

    def to_recover(self) -> list[Mapping[str, Any]]:
        """Return the bodies of all intents that a start has to ask about: also those of brackets that are not over."""
        wanted = self.plans.ids() - set(self._open) - set(self._absent)
        return [*self._open.values(), *(self._body(one) for one in self._known if one in wanted)]

    def buried(self, since: str) -> list[Mapping[str, Any]]:
        """Return the bodies of intents that were found absent after ``since`` (RFC 3339, UTC) and have not been told of later."""
        return [self._body(client_id) for client_id, at in self._absent.items() if at >= since]

    def carried(self) -> dict[str, Any]:
        """Return what a new part of the journal must begin with."""
        absent = list(self._absent.items())[-MAX_ABSENT:]
        return {
            "open": self.to_recover(),
            "brackets": self.plans.bodies(),
            **({"transfers": self.open_transfers()} if self._transfers else {}),
            **({"named": dict(list(self._venue_ids.items())[-MAX_NAMED:])} if self._venue_ids else {}),
            "absent": [{"at": at, "intent": self._body(client_id)} for client_id, at in absent],
        }

    def _intend(self, body: Mapping[str, Any]) -> None:
        if client_id := str(body.get("id", "")):
            # As the journal writes it, and copied: what dumps returns keeps eight kilobytes whatever is in it.
            self._known[client_id] = bytes(memoryview(orjson.dumps(body, default=str)))
            self._open[client_id] = body

    def _body(self, client_id: str) -> Mapping[str, Any]:
        body: Mapping[str, Any] = orjson.loads(self._known[client_id])
        venue_id = self._venue_ids.get(client_id)
        return body if venue_id is None else {**body, "venue_id": venue_id}

    def _miss(self, client_id: str, at: str) -> None:
        self._open.pop(client_id, None)
        if client_id in self._known:
            self._absent[client_id] = at
