"""Paradex's requests: a ticket in, the exact bytes out.

It must not send or wait. What it remembers is the token that lets in and the chain that signatures are for, both learned from
answers. An order is written without its signature and sealed when it is sent, by the venue's time then: the signature covers the
very texts that stand in the body. Source: REST reference of docs.paradex.trade, August 2026.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

import orjson

from tui_trader.core.clock import NS
from tui_trader.core.decimals import plain
from tui_trader.core.error import LinkError, RefusedError
from tui_trader.core.funds import Transfer
from tui_trader.core.ids import is_client_id
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import InstrumentId, OrderType, PositionMode, PositionSide
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Credential, Reply, Request, RequestKind, Verdict
from tui_trader.venues.paradex import stark, tokens, words
from tui_trader.venues.paradex.replies import PAGE_ROWS, ReplyReader
from tui_trader.venues.paradex.stark import SignedOrder

LIFE_MS: Final = 10_000
"""``recv_window``: how long after its signature an order may still be taken."""

LOGIN_LIFE_S: Final = 120
"""How long the signed request for a token is good."""

ORDERS, CANCELS, PRIVATE, PUBLIC, AUTH = "orders", "cancels", "private", "public", "auth"

MOST_AT_ONCE: Final = 50
MOST_TOGETHER: Final = 10
"""New orders in one request, by the REST reference; the page on best practices says 50."""

MOST_BARS: Final = 1_000


class ParadexOrders:
    """Writes Paradex's requests and reads the answers."""

    def __init__(self, *, interactive: bool = True, self_trade: str = "expire_taker") -> None:
        """With ``interactive`` tokens orders are the trader's by hand: other fees, other limits, a speed bump.

        ``self_trade`` is which of two own orders ends where they would meet; raises ValueError for another word.
        """
        if self_trade not in words.SELF_TRADE:
            raise ValueError(f"self_trade is {', '.join(words.SELF_TRADE)}, not {self_trade!r}")
        self._interactive = interactive
        self._self_trade = words.SELF_TRADE[self_trade]
        self._pass = tokens.Pass()
        self._replies = ReplyReader(self._pass, "interactive_fee" if interactive else "api_fee")

    most_together = MOST_TOGETHER

    def list_instruments(self, instruments: Sequence[Instrument]) -> None:
        """Do nothing: every row says its own terms."""

    def take_mode(self, mode: PositionMode) -> None:
        """Do nothing: there is one position a market, always."""

    # -- public reads ----------------------------------------------------------------------------------------------

    def instruments(self) -> Request:
        """Ask for the product list."""
        return _public("instruments", "/v1/markets")

    def server_time(self) -> Request:
        """Ask what time it is at the venue."""
        return _public("server_time", "/v1/system/time")

    def system_state(self) -> Request:
        """Ask what the venue takes at present."""
        return _public("system_state", "/v1/system/state")

    def book(self, instrument: InstrumentId) -> Request:
        """Ask for the book; its sequence is that of the feed's counter."""
        return _public("book", f"/v1/orderbook/{_part(instrument.symbol)}", "depth=100", instrument.symbol)

    def funding_due(self, instrument: InstrumentId) -> Request | None:
        """Return None: funding is paid all the time."""
        return None

    def candles(self, instrument: InstrumentId, interval_s: int, start_s: int, end_s: int) -> Request | None:
        """Ask for closed bars of a minute or an hour, the newest 1,000 at most; the venue tells none that are longer."""
        resolution = {60: 1, 3_600: 60}.get(interval_s)
        if resolution is None or end_s <= start_s:
            return None
        first_s = max(start_s, end_s - MOST_BARS * interval_s)
        span = f"start_at={first_s * 1_000}&end_at={end_s * 1_000 - 1}"
        query = f"symbol={_part(instrument.symbol)}&resolution={resolution}&{span}"
        return _public("candles", "/v1/markets/klines", query, instrument.symbol)

    # -- orders ----------------------------------------------------------------------------------------------------

    def place(self, ticket: OrderTicket, instrument: Instrument) -> Request:
        """Write a create, not signed yet; raises ValueError on a ticket that must not leave."""
        if not is_client_id(ticket.client_id):
            raise ValueError(f"not a client order id: {ticket.client_id!r}")
        if instrument.id != ticket.instrument:
            raise ValueError(f"ticket of {ticket.instrument} with instrument {instrument.id}")
        if ticket.position_side is not PositionSide.MERGED:
            raise ValueError("a market has one position only")
        if ticket.take_profit is not None or ticket.stop_loss is not None:
            raise ValueError("an order carries no exits here")
        reducing = ticket.reduce_only or ticket.close_on_trigger
        kind = (words.REDUCING if reducing else words.PLAIN).get(ticket.type)
        if kind is None:
            raise ValueError(f"a {ticket.type} order can only reduce here")
        if not ticket.qty:
            raise ValueError("an order without a size")
        body: dict[str, object] = {
            "market": instrument.symbol,
            "side": words.SIDE_TO_WIRE[ticket.side],
            "type": kind,
            "size": plain(ticket.qty),
            "price": "0",
            "instruction": words.TIF_TO_WIRE[ticket.tif],
            "client_id": ticket.client_id,
            "recv_window": LIFE_MS,
        }
        if ticket.type.has_limit:
            if ticket.price is None or ticket.price <= 0:
                raise ValueError(f"a {ticket.type} order without a price")
            body["price"] = plain(ticket.price)
        elif ticket.type is OrderType.MARKET:
            body["instruction"] = "IOC"
        else:
            body["instruction"] = "GTC"
        if ticket.type.is_conditional:
            if ticket.trigger_price is None or ticket.trigger_price <= 0:
                raise ValueError(f"a {ticket.type} order without a trigger price")
            body["trigger_price"] = plain(ticket.trigger_price)
        if reducing:
            body["flags"] = [words.REDUCE_ONLY]
        if self._self_trade:
            body["stp"] = self._self_trade
        return Request(
            RequestKind.CREATE, "place", "POST", "/v1/orders", body=orjson.dumps(body), group=ORDERS, ref=ticket.client_id
        )

    def place_several(self, tickets: Sequence[OrderTicket], instrument: Instrument) -> Request:
        """Write one create of several orders, not signed yet: a list of what each alone would say, and one unit of the budget."""
        if not 1 <= len(tickets) <= MOST_TOGETHER or any(ticket.type.is_conditional for ticket in tickets):
            raise ValueError(f"a request makes at most {MOST_TOGETHER} orders, none of which waits for a price")
        bodies = [orjson.loads(self.place(ticket, instrument).body) for ticket in tickets]
        body, ref = orjson.dumps(bodies), tickets[0].client_id
        return Request(
            RequestKind.CREATE,
            "place_several",
            "POST",
            "/v1/orders/batch",
            body=body,
            group=ORDERS,
            ref=ref,
            orders=len(tickets),
        )

    def amend(
        self,
        order: Order,
        instrument: Instrument,
        *,
        qty: Decimal | None = None,
        price: Decimal | None = None,
        trigger: Decimal | None = None,
        take_profit: Decimal | None = None,
        stop_loss: Decimal | None = None,
        trail: Decimal | None = None,
    ) -> Request:
        """Write a change, not signed yet: all terms of the order with the new ones among them; the venue keeps its id."""
        if take_profit is not None or stop_loss is not None or trail is not None:
            raise ValueError("an order carries no exits here")
        if qty is None and price is None and trigger is None:
            raise ValueError("nothing to amend")
        if not order.venue_id.isdigit():
            raise RefusedError(f"order {order.client_id} is not known to the venue by its number yet: try again in a moment")
        kind = (words.REDUCING if order.reduce_only or order.close_on_trigger else words.PLAIN).get(order.type)
        if kind is None:
            raise RefusedError(f"order {order.client_id} is of a kind that cannot be changed here: cancel it and place it again")
        limit = price if price is not None else order.price
        body: dict[str, object] = {
            "id": order.venue_id,
            "market": instrument.symbol,
            "side": words.SIDE_TO_WIRE[order.side],
            "type": kind,
            "size": plain(qty if qty is not None else order.qty),
            "price": plain(limit) if order.type.has_limit and limit is not None else "0",
        }
        waits_for = trigger if trigger is not None else order.trigger_price
        if order.type.is_conditional and waits_for is not None:
            body["trigger_price"] = plain(waits_for)
        path = f"/v1/orders/{order.venue_id}"
        return Request(RequestKind.AMEND, "amend", "PUT", path, body=orjson.dumps(body), group=ORDERS, ref=_ref(order))

    def cancel(self, order: Order) -> Request:
        """Write a cancel, by the venue's id once it is known."""
        if order.venue_id:
            path, query = f"/v1/orders/{_part(order.venue_id)}", ""
        elif order.client_id:
            path, query = f"/v1/orders/by_client_id/{_part(order.client_id)}", f"market={_part(order.instrument.symbol)}"
        else:
            raise ValueError("an order without an id")
        return Request(RequestKind.CANCEL, "cancel", "DELETE", path, query, group=CANCELS, ref=_ref(order))

    def cancel_several(self, orders: Sequence[Order]) -> list[Request]:
        """Write one call for many orders; the answer says for each whether it is queued."""
        requests = []
        for start in range(0, len(orders), MOST_AT_ONCE):
            part = orders[start : start + MOST_AT_ONCE]
            body = {
                "order_ids": [order.venue_id for order in part if order.venue_id],
                "client_order_ids": [order.client_id for order in part if not order.venue_id],
            }
            requests.append(
                Request(
                    RequestKind.CANCEL,
                    "cancel_several",
                    "DELETE",
                    "/v1/orders/batch",
                    body=orjson.dumps(body),
                    group=CANCELS,
                    ref=part[0].instrument.symbol,
                )
            )
        return requests

    def cancel_all(self, instrument: InstrumentId) -> list[Request]:
        """Write the one call that cancels everything of a market, waiting orders too."""
        query = f"market={_part(instrument.symbol)}"
        return [Request(RequestKind.CANCEL, "cancel_all", "DELETE", "/v1/orders", query, group=CANCELS, ref=instrument.symbol)]

    # -- settings --------------------------------------------------------------------------------------------------

    def set_leverage(self, instrument: InstrumentId, leverage: Decimal, *, cross: bool, hedged: bool) -> Request:
        """Write leverage and margin mode of a market."""
        if leverage <= 0 or leverage != leverage.to_integral_value():
            raise RefusedError(f"leverage of {instrument.symbol} is a whole number above zero")
        if not cross:
            raise RefusedError(
                f"isolated {instrument.symbol} lives in an account of its own: choose cross, or use the venue's page"
            )
        body = {"leverage": int(leverage), "margin_type": "CROSS"}
        path = f"/v1/account/margin/{_part(instrument.symbol)}"
        return Request(
            RequestKind.SETTING,
            "set_leverage",
            "POST",
            path,
            body=orjson.dumps(body),
            group=PRIVATE,
            ref=instrument.symbol,
        )

    def set_position_mode(self, instrument: InstrumentId, *, hedged: bool) -> Request:
        """Raise ValueError: there is one position a market."""
        raise ValueError("a market has one position only: there is no mode to switch")

    def assign_margin(self, instrument: Instrument, side: PositionSide, margin: Decimal) -> Request:
        """Raise ValueError: isolated positions live in accounts of their own."""
        raise ValueError("isolated positions live in accounts of their own here")

    def set_risk_limit(self, instrument: Instrument, limit: Decimal) -> Request:
        """Raise ValueError: there is no such setting."""
        raise ValueError("there is no risk limit to set here")

    def transfer(self, transfer: Transfer) -> Request:
        """Raise ValueError: a sub-key moves no money."""
        raise ValueError("money is moved on the venue's page")

    # -- private reads ---------------------------------------------------------------------------------------------

    def standing(self, instrument: InstrumentId | None) -> Sequence[Request]:
        """Ask for the state of the system and what the account holds; for leverage of a contract."""
        if instrument is None:
            return (self.system_state(), _private("account", "/v1/account"))
        return (_private("margin", "/v1/account/margin", f"market={_part(instrument.symbol)}", instrument.symbol),)

    def fee_rates(self, currency: str) -> None:
        """Return nothing: the product list tells them."""

    def positions(self, currency: str) -> Request:
        """Ask for all positions."""
        return _private("positions", "/v1/positions", ref=currency)

    def open_orders(self, instrument: InstrumentId) -> Request:
        """Ask for the open orders of one market; waiting ones are among them."""
        return _private("open_orders", "/v1/orders", f"market={_part(instrument.symbol)}", instrument.symbol)

    def order_by_id(self, order: Order) -> Request:
        """Ask for one order in any state: the history by our id knows those that ended, the other questions do not."""
        if order.client_id:
            query = f"client_id={_part(order.client_id)}&market={_part(order.instrument.symbol)}"
            return _private("order_by_id", "/v1/orders-history", query, order.client_id)
        return _private("order_by_id", f"/v1/orders/{_part(order.venue_id)}", ref=order.venue_id)

    def fills(self, instrument: InstrumentId | None, since_ns: int) -> Request:
        """Ask for executions since a time, in pages; without an instrument those of all markets."""
        return _past("fills", "/v1/fills", instrument, since_ns)

    def closed_orders(self, instrument: InstrumentId, since_ns: int) -> Request:
        """Ask for orders of the past, in pages; those still open may be among them."""
        return _past("order_history", "/v1/orders-history", instrument, since_ns)

    def order_history(self, instrument: InstrumentId, since_ns: int) -> Request:
        """Ask for orders in any state, in pages."""
        return _past("order_history", "/v1/orders-history", instrument, since_ns)

    def funding_history(self, instrument: InstrumentId, since_ns: int) -> Request:
        """Ask for own funding payments of a market, in pages."""
        return _past("funding_history", "/v1/funding/payments", instrument, since_ns)

    def transfers(self, currency: str, since_ns: int) -> Request:
        """Ask for deposits and withdrawals: there are no movements between accounts of one's own."""
        return _past("funds_journal", "/v1/transfers", None, since_ns)

    def funds_journal(self, currency: str, since_ns: int) -> Request:
        """Ask for deposits and withdrawals, in pages."""
        return _past("funds_journal", "/v1/transfers", None, since_ns)

    # -- proof -----------------------------------------------------------------------------------------------------

    def admission(self, credential: Credential, wall_ns: int, *, early: bool) -> Request | None:
        """Return what is to be asked before requests can leave: the chain's name, then a token; nothing with a read-only one."""
        if tokens.is_token(credential.secret):
            return None
        if not self._replies.chain_id:
            return replace(_public("admission", "/v1/system/config"), ref="config")
        if self._pass.is_good(wall_ns, early=early):
            return None
        self._replies.asked_ns = wall_ns
        try:
            key = stark.public_key(credential.secret)
        except ValueError as error:
            raise LinkError(str(error)) from None
        query = "token_usage=interactive" if self._interactive else ""
        return Request(RequestKind.READ, "admission", "POST", f"/v1/auth/{key}", query, group=AUTH, ref="token")

    def token(self, credential: Credential) -> Secret:
        """Return the token that lets in; raises LinkError before there is one."""
        if tokens.is_token(credential.secret):
            return credential.secret
        if self._pass.token is None:
            raise LinkError("there is no session token yet")
        return self._pass.token

    def distrust(self, token: Secret) -> None:
        """Let go of a token that the venue does not take any more, unless there is a newer one."""
        if self._pass.token == token:
            self._pass.drop()

    def seal(self, request: Request, credential: Credential, wall_ns: int) -> Request:
        """Return a create or a change with its signature; raises RefusedError for a write with a token that only looks on."""
        if not request.kind.is_write:
            return request
        if tokens.is_token(credential.secret):
            raise RefusedError("the key is a read-only token: it looks on and trades nothing")
        if request.what not in ("place", "amend"):
            return request
        body = orjson.loads(request.body)
        return replace(request, body=orjson.dumps(self._signed(body, request.what, credential, wall_ns)))

    def seal_each(self, request: Request, credential: Credential, wall_ns: int) -> Iterator[Request | None]:
        """Sign one order of a request after the other, some milliseconds each."""
        if tokens.is_token(credential.secret):
            raise RefusedError("the key is a read-only token: it looks on and trades nothing")
        signed = []
        for body in orjson.loads(request.body):
            signed.append(self._signed(body, "place", credential, wall_ns))
            yield None
        yield replace(request, body=orjson.dumps(signed))

    def _signed(self, body: dict[str, Any], what: str, credential: Credential, wall_ns: int) -> dict[str, Any]:
        """Return a body with the signature of its terms; raises RefusedError where they, or the key, cannot be signed with."""
        terms = SignedOrder(
            wall_ns // 1_000_000,
            body["market"],
            words.SIDE_NUMBER[body["side"]],
            body["type"],
            Decimal(body["size"]),
            Decimal(body["price"]),
        )
        try:
            account, chain = stark.account_number(credential.key), self._replies.chain_id
            if what == "amend":
                message = stark.modify_hash(chain, account, terms, int(body["id"]))
            else:
                message = stark.order_hash(chain, account, terms)
            signature = stark.spelled(stark.sign(message, credential.secret))
        except ValueError as error:
            raise RefusedError(str(error)) from None
        return body | {"signature": signature, "signature_timestamp": terms.timestamp_ms}

    def sign(self, request: Request, credential: Credential, wall_ns: int) -> Mapping[str, str]:
        """Return the headers that authenticate a request: the token, or a signature where a token is asked for."""
        if not request.signed:
            return {}
        if request.what != "admission":
            return {"Authorization": tokens.header(self.token(credential))}
        try:
            account = stark.account_number(credential.key)
            now = wall_ns // NS
            message = stark.request_hash(self._replies.chain_id, account, now, now + LOGIN_LIFE_S)
            signature = stark.spelled(stark.sign(message, credential.secret))
        except ValueError as error:
            raise LinkError(str(error)) from None
        return {
            "PARADEX-STARKNET-ACCOUNT": credential.key,
            "PARADEX-STARKNET-SIGNATURE": signature,
            "PARADEX-TIMESTAMP": str(now),
            "PARADEX-SIGNATURE-EXPIRATION": str(now + LOGIN_LIFE_S),
        }

    def expiry_s(self) -> float:
        """Return how long after signing an order can still be accepted, in seconds."""
        return LIFE_MS / 1_000

    def parse(self, request: Request, reply: Reply) -> Verdict:
        """Classify an answer and extract its facts. Never raises on wire content."""
        return self._replies.read(request, reply)

    def limits(self, reply: Reply) -> Mapping[str, tuple[int, int]]:
        """Return nothing: no header with a budget is documented."""
        return {}


def _public(what: str, path: str, query: str = "", ref: str = "") -> Request:
    return Request(RequestKind.READ, what, "GET", path, query, signed=False, group=PUBLIC, ref=ref)


def _private(what: str, path: str, query: str = "", ref: str = "") -> Request:
    return Request(RequestKind.READ, what, "GET", path, query, group=PRIVATE, ref=ref)


def _past(what: str, path: str, instrument: InstrumentId | None, since_ns: int) -> Request:
    scope = f"market={_part(instrument.symbol)}&" if instrument is not None else ""
    query = f"{scope}start_at={since_ns // 1_000_000}&page_size={PAGE_ROWS}"
    return _private(what, path, query, instrument.symbol if instrument is not None else "")


def _part(text: str) -> str:
    return quote(text, safe="")


def _ref(order: Order) -> str:
    return order.client_id or order.venue_id
