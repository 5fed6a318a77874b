"""Phemex's order requests: a ticket in, the exact bytes out, for both families of perpetuals.

It must not send, wait or remember, and must not know how a family spells anything. Every text number is plain decimal, ids stand
first in a query, and what is signed is what is sent. Create goes by POST, because a body needs no decision about
percent-encoding and no client repeats it by itself. Source: contract reference, REST API; request rows of ccxt's own tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final
from urllib.parse import quote

import orjson

from tui_trader.core.funds import Transfer
from tui_trader.core.ids import is_client_id
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import InstrumentId, OrderType, PositionMode, PositionSide, Side, TimeInForce
from tui_trader.venues.base import Credential, Reply, Request, RequestKind, Verdict
from tui_trader.venues.phemex import sign, words
from tui_trader.venues.phemex.family import COIN_M, USD_M, Family, Listing, Wire, family_of, to_scaled
from tui_trader.venues.phemex.replies import PAGE_ROWS, ReplyReader

WRITE_LIFE_S: Final = 10
"""Validity asked for a write: after it, an order that was never seen cannot appear any more."""

READ_LIFE_S: Final = 60

NS: Final = 1_000_000_000
CONTRACT: Final = "contract"
OTHER: Final = "other"

REAL_FUNDING: Final = "/contract-biz/public/real-funding-rates"
KLINES: Final = "/exchange/public/md/v2/kline"
KLINE_LIMITS: Final = (5, 10, 50, 100, 500, 1000)
"""The only numbers of newest bars that can be asked for."""

KLINE_WEIGHT: Final = 10
RESOLUTIONS: Final = (60, 3_600, 86_400)
"""Of the lengths that Phemex keeps, those that are asked for."""

_LINKED: Final = "BTC"
"""The currency whose transfers carry a key of ours."""


class PhemexOrders:
    """Writes Phemex's requests and reads the answers."""

    def __init__(self) -> None:
        self._listing = Listing()
        self._replies = ReplyReader(self._listing)

    def list_instruments(self, instruments: Sequence[Instrument]) -> None:
        """Learn the product list: which family a symbol belongs to, and the scales and limits that answers are read by."""
        self._listing.take(instruments)

    def take_mode(self, mode: PositionMode) -> None:
        """Do nothing: every row of a position says its mode."""

    def standing(self, instrument: InstrumentId | None) -> Sequence[Request]:
        """Return nothing: the rows of positions tell mode and leverage, those of flat contracts too."""
        return ()

    # -- public reads ----------------------------------------------------------------------------------------------

    def instruments(self) -> Request:
        """Ask for the product list; large, once a day is enough."""
        return Request(RequestKind.READ, "instruments", "GET", "/public/products", signed=False, group=OTHER)

    def server_time(self) -> Request:
        """Ask what time it is at the venue."""
        return Request(RequestKind.READ, "server_time", "GET", "/public/time", signed=False, group=OTHER)

    def book(self, instrument: InstrumentId) -> Request:
        """Ask for 30 levels a side; the feed needs no such seed."""
        path = self._listing.family(instrument.symbol).book
        query = _query(symbol=instrument.symbol)
        return Request(RequestKind.READ, "book", "GET", path, query, signed=False, group=OTHER, ref=instrument.symbol)

    def funding_due(self, instrument: InstrumentId) -> Request | None:
        """Ask when funding is settled next, for USDⓈ-M alone. Source: contract reference, "Query real funding rates"."""
        if self._listing.family(instrument.symbol) is not USD_M:
            return None
        query = _query(symbol=instrument.symbol)
        return Request(
            RequestKind.READ, "funding_due", "GET", REAL_FUNDING, query, signed=False, group=OTHER, ref=instrument.symbol
        )

    def candles(self, instrument: InstrumentId, interval_s: int, start_s: int, end_s: int) -> Request | None:
        """Ask for closed bars: between two times for USDⓈ-M, the newest ones that reach back far enough for COIN-M.

        A query weighs 10 of the group's 100 a minute. Source: contract reference, "Query kline"; the limits of the list by time
        are those that ccxt 4.5 uses.
        """
        if interval_s not in RESOLUTIONS or end_s <= start_s:
            return None
        if self._listing.family(instrument.symbol) is USD_M:
            path, span = f"{KLINES}/list", {"from": str(start_s), "to": str(end_s - interval_s)}
            query = _query(symbol=instrument.symbol, resolution=str(interval_s), **span)
        else:
            wanted = (end_s - start_s) // interval_s
            limit = next((one for one in KLINE_LIMITS if one >= wanted), KLINE_LIMITS[-1])
            path, query = KLINES, _query(symbol=instrument.symbol, resolution=str(interval_s), limit=str(limit))
        weight = KLINE_WEIGHT
        return Request(
            RequestKind.READ, "candles", "GET", path, query, signed=False, group=OTHER, weight=weight, ref=instrument.symbol
        )

    # -- orders ----------------------------------------------------------------------------------------------------

    def place(self, ticket: OrderTicket, instrument: Instrument) -> Request:
        """Write a create; raises ValueError on a ticket that must not leave (a caller's mistake, never a trader's)."""
        if not is_client_id(ticket.client_id):
            raise ValueError(f"not a client order id: {ticket.client_id!r}")
        if instrument.id != ticket.instrument:
            raise ValueError(f"ticket of {ticket.instrument} with instrument {instrument.id}")
        if not ticket.qty and not ticket.close_on_trigger and ticket.type is not OrderType.TRAILING_STOP:
            raise ValueError("an order without a size")
        family = family_of(instrument)
        body: dict[str, Wire] = {
            "clOrdID": ticket.client_id,
            "symbol": ticket.instrument.symbol,
            "side": words.SIDE_TO_WIRE[ticket.side],
            **family.leg(ticket.position_side),
            "ordType": words.TYPE_TO_WIRE[ticket.type],
            **family.qty("orderQty", ticket.qty),
        }
        if ticket.type.has_limit:
            if ticket.price is None:
                raise ValueError(f"a {ticket.type} order without a price")
            body |= family.price("price", ticket.price, instrument)
        if ticket.type.is_conditional:
            body |= family.price("stopPx", _stop(ticket), instrument)
            body["triggerType"] = words.TRIGGER_TO_WIRE[ticket.trigger_source]
        body["timeInForce"] = words.TIF_TO_WIRE[_lifetime(ticket)]
        # In hedged mode the leg already says that this closes; only a merged position needs the flag.
        if ticket.reduce_only and ticket.position_side is PositionSide.MERGED:
            body["reduceOnly"] = True
        if ticket.close_on_trigger or ticket.type is OrderType.TRAILING_STOP:
            body["closeOnTrigger"] = True
        if ticket.type is OrderType.TRAILING_STOP:
            body |= _trailing(ticket, family, instrument)
        for prefix, name, trigger, limit, source in (
            ("tp", "takeProfit", ticket.take_profit, ticket.take_profit_limit, ticket.take_profit_source),
            ("sl", "stopLoss", ticket.stop_loss, ticket.stop_loss_limit, ticket.stop_loss_source),
        ):
            if trigger is None:
                if limit is not None:
                    raise ValueError(f"an order with a {name} limit and no {name}")
                continue
            body |= family.price(name, trigger, instrument)
            body[f"{prefix}Trigger"] = words.TRIGGER_TO_WIRE[source]
            if limit is not None:
                if family is COIN_M:
                    raise ValueError(f"a {name} of a {family.name} order executes at the market")
                body |= family.price(f"{prefix}Px", limit, instrument)
        return Request(
            RequestKind.CREATE,
            "place",
            "POST",
            family.orders,
            body=orjson.dumps(body),
            group=CONTRACT,
            ref=ticket.client_id,
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
        """Write a replace; ``qty`` is the new total, and zero takes an attached exit off.

        The venue cancels and replaces: queue priority is lost.
        """
        family = family_of(instrument)
        changes: dict[str, Wire] = {}
        if price is not None:
            changes |= family.price("price", price, instrument)
        if qty is not None:
            changes |= family.qty("orderQty", qty)
        for name, value in (("stopPx", trigger), ("takeProfit", take_profit), ("stopLoss", stop_loss)):
            if value is not None:
                changes |= family.price(name, value, instrument)
        if trail is not None:
            changes |= family.price("pegOffsetValue", _behind(order.side, trail), instrument)
        if not changes:
            raise ValueError("nothing to amend")
        query = _query(**_naming(order, "origClOrdID"), symbol=instrument.symbol, **family.leg(order.position_side), **changes)
        path = f"{family.orders}/replace"
        return Request(RequestKind.AMEND, "amend", "PUT", path, query, group=CONTRACT, ref=_ref(order))

    def cancel(self, order: Order) -> Request:
        """Write a cancel, by the venue's id once it is known."""
        family = self._listing.family(order.instrument.symbol)
        leg = family.leg(order.position_side)
        query = _query(**_naming(order, "clOrdID"), **leg, symbol=order.instrument.symbol)
        path = f"{family.orders}/cancel"
        return Request(RequestKind.CANCEL, "cancel", "DELETE", path, query, group=CONTRACT, ref=_ref(order))

    def cancel_several(self, orders: Sequence[Order]) -> list[Request]:
        """Write one call for the orders of each contract, leg and kind of id; what each did is told by the feed alone.

        The commas between ids stay commas: that is how the reference writes the query, and what is sent is what is signed.
        """
        groups: dict[tuple[str, PositionSide, str], list[str]] = {}
        for order in orders:
            [(name, identity)] = _naming(order, "clOrdID").items()
            groups.setdefault((order.instrument.symbol, order.position_side, name), []).append(identity)
        requests = []
        for (symbol, side, name), ids in groups.items():
            family = self._listing.family(symbol)
            named = f"{name}={','.join(quote(each, safe='') for each in ids)}"
            query = "&".join((named, _query(**family.leg(side), symbol=symbol)))
            requests.append(
                Request(RequestKind.CANCEL, "cancel_several", "DELETE", family.orders, query, group=CONTRACT, ref=symbol)
            )
        return requests

    def cancel_all(self, instrument: InstrumentId) -> list[Request]:
        """Write both calls that it takes: active orders, then waiting conditional ones."""
        path = f"{self._listing.family(instrument.symbol).orders}/all"
        return [
            Request(
                RequestKind.CANCEL,
                "cancel_all",
                "DELETE",
                path,
                _query(symbol=instrument.symbol, untriggered=untriggered),
                group=CONTRACT,
                weight=3,
                ref=instrument.symbol,
            )
            for untriggered in ("false", "true")
        ]

    # -- settings and money ----------------------------------------------------------------------------------------

    def set_leverage(self, instrument: InstrumentId, leverage: Decimal, *, cross: bool, hedged: bool) -> Request:
        """Write leverage and margin mode, which Phemex tells apart by sign: negative is cross, zero is cross at the most."""
        if leverage < 0:
            raise ValueError("leverage is a magnitude")
        family = self._listing.family(instrument.symbol)
        names = ("longLeverage", "shortLeverage") if hedged and family.legs else ("leverage",)
        values: dict[str, Wire] = {}
        for name in names:
            values |= family.ratio(name, -leverage if cross else leverage)
        query = _query(symbol=instrument.symbol, **values)
        return self._setting("set_leverage", "PUT", f"{family.positions}/leverage", query, instrument.symbol)

    def set_position_mode(self, instrument: InstrumentId, *, hedged: bool) -> Request:
        """Write the switch between one merged position and two legs; the venue wants no position and no order there."""
        family = self._listing.family(instrument.symbol)
        if not family.legs:
            raise ValueError(f"{family.name} contracts have one position each: there is no mode to switch")
        query = _query(symbol=instrument.symbol, targetPosMode="Hedged" if hedged else "OneWay")
        path = f"{family.positions}/switch-pos-mode-sync"
        return self._setting("set_position_mode", "PUT", path, query, instrument.symbol)

    def assign_margin(self, instrument: Instrument, side: PositionSide, margin: Decimal) -> Request:
        """Write the margin of an isolated position: a POST whose arguments stand in the query."""
        if margin < 0:
            raise ValueError("the margin of a position is not below zero")
        family = family_of(instrument)
        amount = family.value("posBalance", margin, instrument.value_scale)
        query = _query(symbol=instrument.symbol, **family.leg(side), **amount)
        return self._setting("assign_margin", "POST", f"{family.positions}/assign", query, instrument.symbol)

    def set_risk_limit(self, instrument: Instrument, limit: Decimal) -> Request:
        """Write the risk limit of a COIN-M position; in the other family it follows the leverage."""
        family = family_of(instrument)
        if family is not COIN_M:
            raise ValueError(f"the risk limit of a {family.name} position follows its leverage")
        query = _query(symbol=instrument.symbol, **family.value("riskLimit", limit, instrument.value_scale))
        return self._setting("set_risk_limit", "PUT", f"{family.positions}/riskLimit", query, instrument.symbol)

    def _setting(self, what: str, method: str, path: str, query: str, ref: str) -> Request:
        return Request(RequestKind.SETTING, what, method, path, query, group=CONTRACT, ref=ref)

    def transfer(self, transfer: Transfer) -> Request:
        """Write a movement between wallet and trading account.

        That of bitcoin takes a key of ours with it (``linkKey``), which the history tells again; the newer call for the other
        currencies takes none. Neither is ever repeated.
        """
        if transfer.amount <= 0:
            raise ValueError("a transfer moves an amount above zero")
        operation = 2 if transfer.to_trading else 1
        amount = to_scaled(transfer.amount, self._listing.value_scale(transfer.currency))
        body: dict[str, Wire]
        if transfer.currency == _LINKED:
            path, body = "/exchange/margins", {"linkKey": transfer.key, "moveOp": operation, "btcAmountEv": amount}
        else:
            path, body = "/assets/transfer", {"currency": transfer.currency, "moveOp": operation, "amountEv": amount}
        return Request(RequestKind.TRANSFER, "transfer", "POST", path, body=orjson.dumps(body), group=OTHER, ref=transfer.key)

    def transfers(self, currency: str, since_ns: int) -> Request:
        """Ask for the movements of a currency since a time, in pages."""
        if currency == _LINKED:
            return self._history("transfers", "/exchange/margins/transfer", {}, since_ns, currency)
        return self._history("transfers", "/assets/transfer", {"currency": currency}, since_ns, currency)

    def fee_rates(self, currency: str) -> Request:
        """Ask what this account pays for each contract that settles in a currency."""
        path, query = "/api-data/futures/fee-rate", _query(settleCurrency=currency)
        return Request(RequestKind.READ, "fee_rates", "GET", path, query, group=OTHER, ref=currency)

    # -- private reads ---------------------------------------------------------------------------------------------

    def open_orders(self, instrument: InstrumentId) -> Request:
        """Ask for the open orders of one symbol; there is no call for all symbols."""
        path = f"{self._listing.family(instrument.symbol).orders}/activeList"
        query = _query(symbol=instrument.symbol)
        return Request(RequestKind.READ, "open_orders", "GET", path, query, group=CONTRACT, ref=instrument.symbol)

    def order_by_id(self, order: Order) -> Request:
        """Ask for one order in any state; served from a database that trails the engine."""
        named = {"clOrdID": order.client_id} if order.client_id else {"orderID": order.venue_id}
        query = _query(**named, symbol=order.instrument.symbol)
        path = self._listing.family(order.instrument.symbol).by_id
        return Request(RequestKind.READ, "order_by_id", "GET", path, query, group=OTHER, ref=_ref(order))

    def fills(self, instrument: InstrumentId | None, since_ns: int) -> Request:
        """Ask for executions since a time, newest first, in pages; without an instrument those settled in USDT."""
        family = self._listing.family(instrument.symbol) if instrument else USD_M
        scope = {"symbol": instrument.symbol} if instrument else {"currency": "USDT"}
        return self._history("fills", family.fills, scope, since_ns, instrument.symbol if instrument else "")

    def closed_orders(self, instrument: InstrumentId, since_ns: int) -> Request:
        """Ask for orders that ended, of the last two months at most, in pages."""
        family = self._listing.family(instrument.symbol)
        scope = {"symbol": instrument.symbol}
        if family is USD_M:
            known = self._listing.get(instrument.symbol)
            scope = {"currency": known.settle if known else instrument.symbol[-4:], **scope}
        return self._history("closed_orders", family.closed, scope, since_ns, instrument.symbol)

    def order_history(self, instrument: InstrumentId, since_ns: int) -> Request:
        """Ask for orders in any state from the history, which trails the engine, in pages."""
        path = f"{self._listing.family(instrument.symbol).history}/orders"
        return self._history("order_history", path, {"symbol": instrument.symbol}, since_ns, instrument.symbol)

    def funding_history(self, instrument: InstrumentId, since_ns: int) -> Request:
        """Ask for own funding payments of a contract, in pages."""
        path = f"{self._listing.family(instrument.symbol).history}/funding-fees"
        return self._history("funding_history", path, {"symbol": instrument.symbol}, since_ns, instrument.symbol)

    def funds_journal(self, currency: str, since_ns: int) -> Request:
        """Ask for the journal of a trading account: whatever changed its balance, in pages."""
        path = "/api-data/futures/v2/tradeAccountDetail"
        return self._history("funds_journal", path, {"currency": currency}, since_ns, currency)

    def _history(self, what: str, path: str, scope: Mapping[str, str], since_ns: int, ref: str) -> Request:
        query = _query(**scope, start=str(since_ns // 1_000_000), offset="0", limit=str(PAGE_ROWS))
        return Request(RequestKind.READ, what, "GET", path, query, group=OTHER, ref=ref)

    def positions(self, currency: str) -> Request:
        """Ask for balance and positions of a settle currency, without live profit (that call costs 25 times as much)."""
        path = f"{self._listing.family_of_currency(currency).accounts}/accountPositions"
        query = _query(currency=currency)
        return Request(RequestKind.READ, "positions", "GET", path, query, group=CONTRACT, ref=currency)

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


def _stop(ticket: OrderTicket) -> Decimal:
    """Return the price that stands in ``stopPx``: the trigger, or where a trailing stop begins to follow."""
    price = ticket.trigger_price
    if ticket.type is OrderType.TRAILING_STOP and ticket.activation_price is not None:
        price = ticket.activation_price
    if price is None:
        raise ValueError(f"a {ticket.type} order without a trigger price")
    return price


def _trailing(ticket: OrderTicket, family: Family, instrument: Instrument) -> dict[str, Wire]:
    """Return what makes a stop follow the price."""
    if ticket.trail is None or ticket.trail <= 0:
        raise ValueError("a trailing order without a distance")
    return {
        "pegPriceType": words.TRAILING if ticket.activation_price is None else words.TRAILING_FROM_ACTIVATION,
        **family.price("pegOffsetValue", _behind(ticket.side, ticket.trail), instrument),
    }


def _behind(side: Side, trail: Decimal) -> Decimal:
    """Return a distance with the sign that Phemex wants: below the price of a long that a sell closes, above that of a short."""
    return -trail if side is Side.SELL else trail


def _naming(order: Order, client_name: str) -> dict[str, str]:
    """Return the parameter that names an order."""
    if order.venue_id:
        return {"orderID": order.venue_id}
    if order.client_id:
        return {client_name: order.client_id}
    raise ValueError("an order without an id")


def _ref(order: Order) -> str:
    return order.client_id or order.venue_id


def _query(**values: Wire) -> str:
    """Return a query string in the order given, each value percent-encoded once; ids and numbers need none."""
    return "&".join(f"{name}={quote(str(value), safe='')}" for name, value in values.items())
