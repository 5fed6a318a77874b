"""MEXC's requests: a ticket in, the exact bytes out.

It must not send or wait. Parameters of a query are sorted by name and encoded once, a body is serialised once, and what is signed
is what is sent. Numbers are JSON numbers with every digit. Source: account and trading endpoints of the futures API
documentation; the paths of 2026 from ccxt's recorded requests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

import msgspec

from tui_trader.core.error import RefusedError
from tui_trader.core.funds import Transfer
from tui_trader.core.ids import MAX_LENGTH, is_client_id
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import InstrumentId, MarginMode, OrderType, PositionMode, PositionSide, TimeInForce
from tui_trader.venues.base import Credential, Reply, Request, RequestKind, Verdict
from tui_trader.venues.mexc import sign, waiting, words
from tui_trader.venues.mexc.replies import PAGE_ROWS, ReplyReader
from tui_trader.venues.mexc.steps import Steps
from tui_trader.venues.mexc.terms import Backing, Terms, volume
from tui_trader.venues.mexc.waiting import Shelf, number

LIFE_S: Final = 10
"""How far a request's time may be from the venue's: after it, an order that was never seen cannot appear any more."""

DAY_NS: Final = 86_400 * 1_000_000_000
LOOK_BACK_NS: Final = 80 * DAY_NS
"""How far back waiting orders are asked for: the venue wants to be told a span, and refuses one of more than 90 days."""

DEPTH: Final = 1_000
MOST_BARS: Final = 2_000
MOST_AT_ONCE: Final = 50
NS_PER_MS: Final = 1_000_000

PUBLIC, PRIVATE = "/api/v1/contract", "/api/v1/private"

GROUPS: Final[dict[str, tuple[int, float]]] = {
    "detail": (2, 5.0),
    "market": (20, 2.0),
    "bars": (20, 2.0),
    "place": (4, 2.0),
    "place several": (4, 2.0),
    "planorder": (4, 2.0),
    "trackorder": (4, 2.0),
    "planorder changes": (4, 2.0),
    "stoporder changes": (4, 2.0),
    "trackorder changes": (4, 2.0),
    "cancel": (20, 2.0),
    "orders": (20, 2.0),
    "plans": (20, 2.0),
    "exits": (20, 2.0),
    "trails": (20, 2.0),
    "lookup": (20, 2.0),
    "fills": (20, 2.0),
    "history": (20, 2.0),
    "account": (20, 2.0),
    "settings": (20, 2.0),
}
"""Budgets are per call; calls that are made together have one each here. Placing has had the smaller one since 2025."""

_encode = msgspec.json.Encoder(decimal_format="number").encode


class MexcOrders:
    """Writes MEXC's requests and reads the answers."""

    def __init__(self, *, batch_orders: bool = False) -> None:
        """With ``batch_orders`` several orders may leave in one request, which the venue permits to a key on request."""
        self.most_together = MOST_AT_ONCE if batch_orders else 1
        self._terms = Terms()
        self._steps = Steps(self._terms)
        self._replies = ReplyReader(self._terms, self._steps, lambda symbol, shelf: self._shelf(shelf, symbol, only_open=True))

    def list_instruments(self, instruments: Sequence[Instrument]) -> None:
        """Learn the product list: what a contract is worth, without which no row can be read."""
        self._terms.list(instruments)

    def take_mode(self, mode: PositionMode) -> None:
        """Learn whether the account holds one position a contract or two legs."""
        self._terms.mode = mode

    # -- public reads ----------------------------------------------------------------------------------------------

    def instruments(self) -> Request:
        """Ask for the product list: one call in five seconds."""
        return Request(RequestKind.READ, "instruments", "GET", f"{PUBLIC}/detail", signed=False, group="detail")

    def server_time(self) -> Request:
        """Ask what time it is at the venue."""
        return Request(RequestKind.READ, "server_time", "GET", f"{PUBLIC}/ping", signed=False, group="market")

    def book(self, instrument: InstrumentId) -> Request:
        """Ask for the whole book, with the version that increments are counted from."""
        path = f"{PUBLIC}/depth/{instrument.symbol}"
        return Request(
            RequestKind.READ, "book", "GET", path, query(limit=DEPTH), signed=False, group="market", ref=instrument.symbol
        )

    def funding_due(self, instrument: InstrumentId) -> Request | None:
        """Ask when funding is settled next: 20 calls in two seconds."""
        path = f"{PUBLIC}/funding_rate/{instrument.symbol}"
        return Request(RequestKind.READ, "funding_due", "GET", path, signed=False, group="market", ref=instrument.symbol)

    def candles(self, instrument: InstrumentId, interval_s: int, start_s: int, end_s: int) -> Request | None:
        """Ask for closed bars, of 2,000 at most the newest: which of more would be told is not said."""
        name = words.INTERVALS.get(interval_s)
        if name is None or end_s <= start_s:
            return None
        last_s = end_s - interval_s
        first_s = max(start_s, last_s - (MOST_BARS - 1) * interval_s)
        query_text = query(interval=name, start=first_s, end=last_s)
        path = f"{PUBLIC}/kline/{instrument.symbol}"
        return Request(RequestKind.READ, "candles", "GET", path, query_text, signed=False, group="bars", ref=instrument.symbol)

    # -- orders ----------------------------------------------------------------------------------------------------

    def place(self, ticket: OrderTicket, instrument: Instrument) -> Request:
        """Write a create; raises ValueError on a ticket that must not leave (a caller's mistake, never a trader's)."""
        self._checked(ticket, instrument)
        if ticket.type.is_conditional:
            code = words.way_code(ticket.side, ticket.position_side, ticket.reduce_only or ticket.close_on_trigger)
            path, waits = waiting.placing(ticket, instrument, self._terms.mode, self._backing(instrument.symbol, code))
            return self._write(RequestKind.CREATE, "place", path, waits, path.partition("/")[0], ticket.client_id)
        return self._write(
            RequestKind.CREATE, "place", "order/create", self._order(ticket, instrument), "place", ticket.client_id
        )

    def place_several(self, tickets: Sequence[OrderTicket], instrument: Instrument) -> Request:
        """Write one create of several orders: a list of what each alone would say."""
        if not 1 <= len(tickets) <= self.most_together or any(ticket.type.is_conditional for ticket in tickets):
            raise ValueError(f"a request makes at most {self.most_together} orders, none of which waits for a price")
        bodies = [self._order(self._checked(ticket, instrument), instrument) for ticket in tickets]
        path, ref = "order/submit_batch", tickets[0].client_id
        written = self._write(RequestKind.CREATE, "place_several", path, bodies, "place several", ref)
        return replace(written, orders=len(tickets))

    def _checked(self, ticket: OrderTicket, instrument: Instrument) -> OrderTicket:
        """Return a ticket that may leave; raises ValueError for any other."""
        if not is_client_id(ticket.client_id) or len(ticket.client_id) > MAX_LENGTH:
            raise ValueError(f"not a client order id: {ticket.client_id!r}")
        if instrument.id != ticket.instrument:
            raise ValueError(f"ticket of {ticket.instrument} with instrument {instrument.id}")
        if not ticket.qty:
            raise ValueError("an order without a size")
        return ticket

    def _order(self, ticket: OrderTicket, instrument: Instrument) -> dict[str, Any]:
        """Return what is said of an order proper."""
        closes = ticket.reduce_only or ticket.close_on_trigger
        code = words.way_code(ticket.side, ticket.position_side, closes)
        body: dict[str, Any] = {"symbol": instrument.symbol, "side": code, "vol": volume(ticket.qty, instrument)}
        if ticket.type is OrderType.MARKET:
            if ticket.tif is TimeInForce.FOK:
                raise ValueError("a market order cannot be fill-or-kill here")
            body["type"] = words.MARKET
        else:
            if ticket.price is None:
                raise ValueError("a limit order without a price")
            body |= {"type": words.LIMIT[ticket.tif], "price": number(ticket.price)}
        body |= self._backed(instrument.symbol, code)
        if self._terms.mode is not None:
            body["positionMode"] = words.MODE_TO_WIRE[self._terms.mode]
        if closes and ticket.position_side is PositionSide.MERGED:
            body["reduceOnly"] = True
        body["externalOid"] = ticket.client_id
        if ticket.take_profit_limit is not None or ticket.stop_loss_limit is not None:
            raise ValueError("attached exits execute at the market here")
        if ticket.stop_loss is not None:
            body |= {"stopLossPrice": number(ticket.stop_loss), "lossTrend": words.TREND_TO_WIRE[ticket.stop_loss_source]}
        if ticket.take_profit is not None:
            body |= {"takeProfitPrice": number(ticket.take_profit), "profitTrend": words.TREND_TO_WIRE[ticket.take_profit_source]}
        return body

    def is_nameless(self, order: Order | OrderTicket) -> bool:
        """Whether an order of this kind is sent without our id: whatever waits for a price is."""
        return order.type.is_conditional

    def made_since(self, order: Order, since_ns: int) -> Request:
        """Ask for the waiting orders of a kind in a contract that were made since a time, in whatever state."""
        trails = order.type is OrderType.TRAILING_STOP
        shelf, what = (waiting.TRAILS, "trails_made") if trails else (waiting.PLANS, "plans_made")
        return self._shelf(shelf, order.instrument.symbol, what=what, since_ns=since_ns)

    def _backing(self, symbol: str, code: int) -> Backing | None:
        return self._terms.backing(symbol, 1 if words.WAYS[code].leg is PositionSide.LONG else 2)

    def _backed(self, symbol: str, code: int) -> dict[str, Any]:
        """Return what backs an order: cross where nothing else was ever told; leverage only where isolated margin needs it."""
        backing = self._backing(symbol, code)
        if backing is None or backing.margin_mode is MarginMode.CROSS:
            return {"openType": words.MARGIN_TO_WIRE[MarginMode.CROSS]}
        return {"openType": words.MARGIN_TO_WIRE[MarginMode.ISOLATED], "leverage": number(backing.leverage)}

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
        """Write a change of an order that waits; raises RefusedError for what is not changed in place.

        That of an order proper is refused: the venue answers with an id and does not say whether it is the order's own or that
        of a new one.
        """
        if waiting.shelf_of(order.venue_id) is None:
            raise RefusedError(f"orders of {instrument.symbol} cannot be changed in place: cancel it and place it again")
        change = {"qty": qty, "price": price, "trigger": trigger, "take_profit": take_profit, "stop_loss": stop_loss}
        path, body = waiting.changing(order, instrument, **change, trail=trail)
        return self._write(RequestKind.AMEND, "amend", path, body, f"{path.partition('/')[0]} changes", _ref(order))

    def cancel(self, order: Order) -> Request:
        """Write a cancel, by the venue's id once it is known."""
        return self.cancel_several([order])[0]

    def cancel_several(self, orders: Sequence[Order]) -> list[Request]:
        """Write one call for the orders of each kind; the answer says for each what became of it."""
        kinds: dict[str, list[Any]] = {}
        trails: list[Any] = []
        for order in orders:
            shelf = waiting.shelf_of(order.venue_id)
            if shelf is waiting.PLANS:
                named: Any = {"symbol": order.instrument.symbol, "orderId": order.venue_id.removeprefix(words.PLAN)}
                kinds.setdefault("planorder/cancel", []).append(named)
            elif shelf is waiting.EXITS:
                kinds.setdefault("stoporder/cancel", []).append({"stopPlanOrderId": waiting.own_id(order.venue_id, shelf)})
            elif shelf is waiting.TRAILS:
                named = {"symbol": order.instrument.symbol, "trackOrderId": waiting.own_id(order.venue_id, shelf)}
                trails.append(named)
            elif order.venue_id:
                kinds.setdefault("order/cancel", []).append(order.venue_id)
            elif order.client_id and not self.is_nameless(order):
                named = {"symbol": order.instrument.symbol, "externalOid": order.client_id}
                kinds.setdefault("order/batch_cancel_with_external", []).append(named)
            else:
                raise ValueError("an order without an id")
        what = "cancel" if len(orders) == 1 else "cancel_several"
        ref = _ref(orders[0]) if len(orders) == 1 else orders[0].instrument.symbol
        return [
            self._write(RequestKind.CANCEL, what, path, ids[start : start + MOST_AT_ONCE], "cancel", ref)
            for path, ids in kinds.items()
            for start in range(0, len(ids), MOST_AT_ONCE)
        ] + [self._write(RequestKind.CANCEL, what, "trackorder/cancel", named, "cancel", ref) for named in trails]

    def cancel_all(self, instrument: InstrumentId) -> list[Request]:
        """Write the calls that it takes: active orders, trigger orders, exits of positions, and each known trailing order.

        Whether naming the contract alone cancels all its trailing orders is not said clearly, so each is named.
        """
        symbol = instrument.symbol
        paths = ("order/cancel_all", "planorder/cancel_all", "stoporder/cancel_all")
        calls: list[tuple[str, dict[str, Any]]] = [(path, {"symbol": symbol}) for path in paths]
        for name in sorted(self._terms.trails.get(symbol, ())):
            calls.append(("trackorder/cancel", {"symbol": symbol, "trackOrderId": waiting.own_id(name, waiting.TRAILS)}))
        return [self._write(RequestKind.CANCEL, "cancel_all", path, body, "cancel", symbol) for path, body in calls]

    # -- settings --------------------------------------------------------------------------------------------------

    def set_leverage(self, instrument: InstrumentId, leverage: Decimal, *, cross: bool, hedged: bool) -> Request:
        """Ask what is held, the first step of setting leverage: a position is named by its id, a side without one by itself."""
        if leverage <= 0 or leverage != leverage.to_integral_value():
            raise RefusedError(f"leverage of {instrument.symbol} is a whole number above zero")
        self._steps.want_leverage(instrument.symbol, leverage, MarginMode.CROSS if cross else MarginMode.ISOLATED)
        return self._held("leverage_target", instrument.symbol)

    def assign_margin(self, instrument: Instrument, side: PositionSide, margin: Decimal) -> Request:
        """Ask what is held, the first step of setting a margin: the venue takes a difference, and the position's id."""
        if margin < 0:
            raise ValueError("the margin of a position is not below zero")
        self._steps.want_margin(instrument.symbol, side, margin)
        return self._held("margin_target", instrument.symbol)

    def _held(self, what: str, symbol: str) -> Request:
        path = f"{PRIVATE}/position/open_positions"
        return Request(RequestKind.READ, what, "GET", path, query(symbol=symbol), group="account", ref=symbol)

    def set_position_mode(self, instrument: InstrumentId, *, hedged: bool) -> Request:
        """Write the switch between one position and two legs, of all contracts at once; the venue wants none open, nor orders."""
        mode = PositionMode.HEDGED if hedged else PositionMode.ONE_WAY
        body = {"positionMode": words.MODE_TO_WIRE[mode]}
        return self._write(
            RequestKind.SETTING, "set_position_mode", "position/change_position_mode", body, "settings", instrument.symbol
        )

    def set_risk_limit(self, instrument: Instrument, limit: Decimal) -> Request:
        """Raise ValueError: the venue answers that call with 8817, the limit is set on its own page."""
        raise ValueError("the risk limit is set on the venue's page")

    def transfer(self, transfer: Transfer) -> Request:
        """Raise ValueError: no call for it is documented."""
        raise ValueError("money is moved on the venue's page")

    # -- private reads ---------------------------------------------------------------------------------------------

    def standing(self, instrument: InstrumentId | None) -> Sequence[Request]:
        """Ask for position mode and balances of the account; for leverage and fees of a contract."""
        if instrument is None:
            return (
                self._read("position_mode", "position/position_mode", "", "account"),
                self._read("assets", "account/assets", "", "account"),
            )
        symbol = instrument.symbol
        return (
            self._read("leverage", "position/leverage", query(symbol=symbol), "account", symbol),
            self._read("fees", "account/tiered_fee_rate", query(symbol=symbol), "account", symbol),
        )

    def fee_rates(self, currency: str) -> None:
        """Return nothing: what a contract costs is part of ``standing``."""

    def open_orders(self, instrument: InstrumentId) -> Request:
        """Ask for the open orders of one contract; trigger orders and exits follow as parts of the same list."""
        return self._read("open_orders", "order/list/open_orders", _pages(symbol=instrument.symbol), "orders", instrument.symbol)

    def order_by_id(self, order: Order) -> Request:
        """Ask for one order in any state, by our id where the venue has it; for those that wait the list of theirs."""
        symbol = order.instrument.symbol
        shelf = waiting.shelf_of(order.venue_id)
        if shelf is not None:
            return self._shelf(shelf, symbol, what=f"{shelf.prefix[:-1]}_by_id", ref=order.venue_id)
        if order.client_id and not self.is_nameless(order):
            return self._read("order_by_id", f"order/external/{symbol}/{order.client_id}", "", "lookup", order.client_id)
        return self._read("order_by_id", f"order/get/{order.venue_id}", "", "lookup", order.venue_id)

    def _shelf(
        self, shelf: Shelf, symbol: str, *, only_open: bool = False, what: str = "", ref: str = "", since_ns: int = 0
    ) -> Request:
        """Ask for the first page of one of the lists that waiting orders are kept in."""
        page, size = shelf.page
        values: dict[str, str | int] = {page: 1, size: PAGE_ROWS, "symbol": symbol}
        values |= shelf.open if only_open else shelf.every
        now_ns = self._terms.now_ns
        if since_ns or (shelf.timed and now_ns):
            values["start_time"] = (since_ns or now_ns - LOOK_BACK_NS) // NS_PER_MS
            values["end_time"] = (max(now_ns, since_ns) + DAY_NS) // NS_PER_MS
        kind = f"{shelf.prefix[:-1]}s"
        return self._read(what or f"open_{kind}", shelf.path, query(**values), kind, ref or symbol)

    def fills(self, instrument: InstrumentId | None, since_ns: int) -> Request:
        """Ask for executions of a contract since a time, in pages; the venue wants to be told the contract."""
        if instrument is None:
            raise ValueError("executions are asked for contract by contract")
        query_text = _pages(start_time=since_ns // NS_PER_MS, symbol=instrument.symbol)
        return self._read("fills", "order/list/order_deals", query_text, "fills", instrument.symbol)

    def closed_orders(self, instrument: InstrumentId, since_ns: int) -> Request:
        """Ask for orders that ended, of 90 days at most, in pages."""
        query_text = _pages(start_time=since_ns // NS_PER_MS, states="3,4,5", symbol=instrument.symbol)
        return self._read("closed_orders", "order/list/history_orders", query_text, "history", instrument.symbol)

    def order_history(self, instrument: InstrumentId, since_ns: int) -> Request:
        """Ask for orders in any state, of 90 days at most, in pages."""
        query_text = _pages(start_time=since_ns // NS_PER_MS, symbol=instrument.symbol)
        return self._read("order_history", "order/list/history_orders", query_text, "history", instrument.symbol)

    def funding_history(self, instrument: InstrumentId, since_ns: int) -> Request:
        """Ask for own funding payments of a contract, newest first, in pages; the venue takes no time for it."""
        query_text = _pages(symbol=instrument.symbol)
        return self._read("funding_history", "position/funding_records", query_text, "history", instrument.symbol)

    def transfers(self, currency: str, since_ns: int) -> Request:
        """Ask for movements between wallet and futures account of a currency, newest first, in pages."""
        return self._read("transfers", "account/transfer_record", _pages(currency=currency), "history", currency)

    def funds_journal(self, currency: str, since_ns: int) -> Request:
        """Ask for the movements: the venue keeps no other journal of the account that can be asked for."""
        return self.transfers(currency, since_ns)

    def positions(self, currency: str) -> Request:
        """Ask for all open positions; those that settle in ``currency`` are what the answer tells."""
        return self._read("positions", "position/open_positions", "", "account", currency)

    # -- proof and answers -----------------------------------------------------------------------------------------

    def sign(self, request: Request, credential: Credential, wall_ns: int) -> Mapping[str, str]:
        """Return the headers that authenticate a request; it is valid for 10 s around ``wall_ns``."""
        self._terms.now_ns = wall_ns
        if not request.signed:
            return {}
        millis = wall_ns // NS_PER_MS
        parameters = request.body if request.method == "POST" else request.query.encode()
        return {
            "ApiKey": credential.key,
            "Request-Time": str(millis),
            "Signature": sign.rest_signature(credential.secret, credential.key, millis, parameters),
            "Content-Type": "application/json",
        }

    def expiry_s(self) -> float:
        """Return how long after signing a write can still be accepted, in seconds."""
        return float(LIFE_S)

    def parse(self, request: Request, reply: Reply) -> Verdict:
        """Classify an answer and extract its facts. Never raises on wire content."""
        return self._replies.read(request, reply)

    def limits(self, reply: Reply) -> Mapping[str, tuple[int, int]]:
        """Return nothing: no header tells what is left of a budget."""
        return {}

    # -- inside ----------------------------------------------------------------------------------------------------

    def _read(self, what: str, path: str, query_text: str, group: str, ref: str = "") -> Request:
        return Request(RequestKind.READ, what, "GET", f"{PRIVATE}/{path}", query_text, group=group, ref=ref)

    def _write(self, kind: RequestKind, what: str, path: str, body: Any, group: str, ref: str) -> Request:
        return Request(kind, what, "POST", f"{PRIVATE}/{path}", body=_encode(body), group=group, ref=ref)


def query(**values: str | int) -> str:
    """Return a query string sorted by name, each value percent-encoded once (a comma is ``%2C``, a space ``%20``)."""
    return "&".join(f"{name}={quote(str(values[name]), safe='')}" for name in sorted(values))


def _pages(**values: str | int) -> str:
    return query(page_num=1, page_size=PAGE_ROWS, **values)


def _ref(order: Order) -> str:
    return order.client_id or order.venue_id
