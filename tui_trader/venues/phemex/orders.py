"""Phemex's order requests: a ticket in, the exact bytes out. USDⓈ-M perpetuals.

It must not send, wait or remember. Every text number is plain decimal, ids stand first in a query, and what is signed is what
is sent. Create goes by POST, because a body needs no decision about percent-encoding and no client repeats it by itself.
Source: contract reference, REST API; request rows of ccxt's own tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final
from urllib.parse import quote

import orjson

from tui_trader.core.decimals import plain
from tui_trader.core.ids import is_client_id
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import InstrumentId, PositionSide, TimeInForce
from tui_trader.venues.base import Credential, Reply, Request, RequestKind, Verdict
from tui_trader.venues.phemex import sign, words
from tui_trader.venues.phemex.replies import PAGE_ROWS, ReplyReader

WRITE_LIFE_S: Final = 10
"""Validity asked for a write: after it, an order that was never seen cannot appear any more."""

READ_LIFE_S: Final = 60

NS: Final = 1_000_000_000
CONTRACT: Final = "contract"
OTHER: Final = "other"


class PhemexOrders:
    """Writes Phemex's requests and reads the answers."""

    def __init__(self) -> None:
        self._instruments: dict[str, Instrument] = {}
        self._replies = ReplyReader(self._instruments)

    def list_instruments(self, instruments: Sequence[Instrument]) -> None:
        """Learn the product list; positions are read against its price limits."""
        self._instruments.update((instrument.symbol, instrument) for instrument in instruments)

    # -- public reads ----------------------------------------------------------------------------------------------

    def instruments(self) -> Request:
        """Ask for the product list; large, once a day is enough."""
        return Request(RequestKind.READ, "instruments", "GET", "/public/products", signed=False, group=OTHER)

    def server_time(self) -> Request:
        """Ask what time it is at the venue."""
        return Request(RequestKind.READ, "server_time", "GET", "/public/time", signed=False, group=OTHER)

    def book(self, instrument: InstrumentId) -> Request:
        """Ask for 30 levels a side; the feed needs no such seed."""
        query = _query(symbol=instrument.symbol)
        return Request(
            RequestKind.READ, "book", "GET", "/md/v2/orderbook", query, signed=False, group=OTHER, ref=instrument.symbol
        )

    # -- orders ----------------------------------------------------------------------------------------------------

    def place(self, ticket: OrderTicket, instrument: Instrument) -> Request:
        """Write a create; raises ValueError on a ticket that must not leave (a caller's mistake, never a trader's)."""
        if not is_client_id(ticket.client_id):
            raise ValueError(f"not a client order id: {ticket.client_id!r}")
        if instrument.id != ticket.instrument:
            raise ValueError(f"ticket of {ticket.instrument} with instrument {instrument.id}")
        if not ticket.qty and not ticket.close_on_trigger:
            raise ValueError("an order without a size")
        body: dict[str, str | bool] = {
            "clOrdID": ticket.client_id,
            "symbol": ticket.instrument.symbol,
            "side": words.SIDE_TO_WIRE[ticket.side],
            "posSide": words.LEG_TO_WIRE[ticket.position_side],
            "ordType": words.TYPE_TO_WIRE[ticket.type],
            "orderQtyRq": plain(ticket.qty),
        }
        if ticket.type.has_limit:
            if ticket.price is None:
                raise ValueError(f"a {ticket.type} order without a price")
            body["priceRp"] = plain(ticket.price)
        if ticket.type.is_conditional:
            if ticket.trigger_price is None:
                raise ValueError(f"a {ticket.type} order without a trigger price")
            body["stopPxRp"] = plain(ticket.trigger_price)
            body["triggerType"] = words.TRIGGER_TO_WIRE[ticket.trigger_source]
        body["timeInForce"] = words.TIF_TO_WIRE[_lifetime(ticket)]
        # In hedged mode the leg already says that this closes; only a merged position needs the flag.
        if ticket.reduce_only and ticket.position_side is PositionSide.MERGED:
            body["reduceOnly"] = True
        if ticket.close_on_trigger:
            body["closeOnTrigger"] = True
        if ticket.take_profit is not None:
            body["takeProfitRp"] = plain(ticket.take_profit)
            body["tpTrigger"] = words.TRIGGER_TO_WIRE[ticket.take_profit_source]
        if ticket.stop_loss is not None:
            body["stopLossRp"] = plain(ticket.stop_loss)
            body["slTrigger"] = words.TRIGGER_TO_WIRE[ticket.stop_loss_source]
        return Request(
            RequestKind.CREATE,
            "place",
            "POST",
            "/g-orders",
            body=orjson.dumps(body),
            group=CONTRACT,
            ref=ticket.client_id,
        )

    def amend(
        self, order: Order, instrument: Instrument, *, qty: Decimal | None, price: Decimal | None, trigger: Decimal | None
    ) -> Request:
        """Write a replace; ``qty`` is the new total. The venue cancels and replaces: queue priority is lost."""
        changes: dict[str, str] = {}
        if price is not None:
            changes["priceRp"] = plain(price)
        if qty is not None:
            changes["orderQtyRq"] = plain(qty)
        if trigger is not None:
            changes["stopPxRp"] = plain(trigger)
        if not changes:
            raise ValueError("nothing to amend")
        query = _query(
            **_naming(order, "origClOrdID"),
            symbol=instrument.symbol,
            posSide=words.LEG_TO_WIRE[order.position_side],
            **changes,
        )
        return Request(RequestKind.AMEND, "amend", "PUT", "/g-orders/replace", query, group=CONTRACT, ref=_ref(order))

    def cancel(self, order: Order) -> Request:
        """Write a cancel, by the venue's id once it is known."""
        query = _query(
            **_naming(order, "clOrdID"),
            posSide=words.LEG_TO_WIRE[order.position_side],
            symbol=order.instrument.symbol,
        )
        return Request(RequestKind.CANCEL, "cancel", "DELETE", "/g-orders/cancel", query, group=CONTRACT, ref=_ref(order))

    def cancel_all(self, instrument: InstrumentId) -> list[Request]:
        """Write both calls that it takes: active orders, then waiting conditional ones."""
        return [
            Request(
                RequestKind.CANCEL,
                "cancel_all",
                "DELETE",
                "/g-orders/all",
                _query(symbol=instrument.symbol, untriggered=untriggered),
                group=CONTRACT,
                weight=3,
                ref=instrument.symbol,
            )
            for untriggered in ("false", "true")
        ]

    def set_leverage(self, instrument: InstrumentId, leverage: Decimal, *, cross: bool, hedged: bool) -> Request:
        """Write leverage and margin mode, which Phemex tells apart by sign: negative is cross, zero is cross at the most."""
        if leverage < 0:
            raise ValueError("leverage is a magnitude")
        text = plain(-leverage if cross else leverage)
        if hedged:
            query = _query(symbol=instrument.symbol, longLeverageRr=text, shortLeverageRr=text)
        else:
            query = _query(symbol=instrument.symbol, leverageRr=text)
        return Request(
            RequestKind.SETTING,
            "set_leverage",
            "PUT",
            "/g-positions/leverage",
            query,
            group=CONTRACT,
            ref=instrument.symbol,
        )

    # -- private reads ---------------------------------------------------------------------------------------------

    def open_orders(self, instrument: InstrumentId) -> Request:
        """Ask for the open orders of one symbol; there is no call for all symbols."""
        query = _query(symbol=instrument.symbol)
        return Request(
            RequestKind.READ, "open_orders", "GET", "/g-orders/activeList", query, group=CONTRACT, ref=instrument.symbol
        )

    def order_by_id(self, order: Order) -> Request:
        """Ask for one order in any state; served from a database that trails the engine."""
        named = {"clOrdID": order.client_id} if order.client_id else {"orderID": order.venue_id}
        query = _query(**named, symbol=order.instrument.symbol)
        path = "/api-data/g-futures/orders/by-order-id"
        return Request(RequestKind.READ, "order_by_id", "GET", path, query, group=OTHER, ref=_ref(order))

    def fills(self, instrument: InstrumentId | None, since_ns: int) -> Request:
        """Ask for executions since a time, newest first, in pages; without an instrument those settled in USDT."""
        scope = {"symbol": instrument.symbol} if instrument else {"currency": "USDT"}
        query = _query(**scope, start=str(since_ns // 1_000_000), offset="0", limit=str(PAGE_ROWS))
        ref = instrument.symbol if instrument else ""
        return Request(RequestKind.READ, "fills", "GET", "/api-data/g-futures/trades", query, group=OTHER, ref=ref)

    def positions(self, currency: str) -> Request:
        """Ask for balance and positions of a settle currency, without live profit (that call costs 25 times as much)."""
        query = _query(currency=currency)
        return Request(RequestKind.READ, "positions", "GET", "/g-accounts/accountPositions", query, group=CONTRACT, ref=currency)

    # -- proof and answers -----------------------------------------------------------------------------------------

    def sign(self, request: Request, credential: Credential, wall_ns: int) -> Mapping[str, str]:
        """Return the headers that authenticate a request; writes are valid for 10 s from ``wall_ns``, reads for 60 s."""
        if not request.signed:
            return {}
        expiry = wall_ns // NS + (WRITE_LIFE_S if request.kind.is_write else READ_LIFE_S)
        signature = sign.rest_signature(credential.secret, request.path, request.query, expiry, request.body)
        headers = {
            "x-phemex-access-token": credential.key,
            "x-phemex-request-expiry": str(expiry),
            "x-phemex-request-signature": signature,
        }
        if request.body:
            headers["Content-Type"] = "application/json"
        return headers

    def expiry_s(self) -> float:
        """Return how long after signing a write can still be accepted, in seconds."""
        return float(WRITE_LIFE_S)

    def parse(self, request: Request, reply: Reply) -> Verdict:
        """Classify an answer and extract its facts. Never raises on wire content."""
        return self._replies.read(request, reply)

    def limits(self, reply: Reply) -> Mapping[str, tuple[int, int]]:
        """Return ``{group: (remaining, capacity)}`` as told by the headers."""
        return self._replies.limits(reply.headers)


def _lifetime(ticket: OrderTicket) -> TimeInForce:
    """Return the time in force that is sent; what executes at the market cannot rest."""
    if ticket.type.has_limit or ticket.tif is TimeInForce.FOK:
        return ticket.tif
    return TimeInForce.IOC


def _naming(order: Order, client_name: str) -> dict[str, str]:
    """Return the parameter that names an order."""
    if order.venue_id:
        return {"orderID": order.venue_id}
    if order.client_id:
        return {client_name: order.client_id}
    raise ValueError("an order without an id")


def _ref(order: Order) -> str:
    return order.client_id or order.venue_id


def _query(**values: str) -> str:
    """Return a query string in the order given, each value percent-encoded once; ids and numbers need none."""
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in values.items())
