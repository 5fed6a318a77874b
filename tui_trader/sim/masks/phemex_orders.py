"""Phemex's order entry: create, replace, cancel one, several and all.

An answer here is a receipt. What became of the order travels on the private stream, refusals included, except those that
the gate itself makes (``phemex_words.AT_THE_GATE``).
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson

from tui_trader.core.decimals import ZERO
from tui_trader.core.types import OrderType, PositionMode, TimeInForce, TriggerSource
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks import phemex_words as words
from tui_trader.sim.masks.base import RestReply
from tui_trader.sim.masks.phemex_args import Args, Complaint, flag, need, number, optional, positive
from tui_trader.sim.masks.phemex_gate import refusal
from tui_trader.sim.masks.phemex_rows import rest_order
from tui_trader.sim.types import NewOrder, Refusal, SimOrder

MAX_CLIENT_ID = 40


def answer(data: Any, message: str = "") -> RestReply:
    """Return a successful envelope."""
    return RestReply(200, orjson.dumps({"code": 0, "msg": message, "data": data}))


def listed(exchange: Exchange, symbol: str) -> str:
    """Return ``symbol`` when it is listed, in exactly this letter case; raises Complaint 39997."""
    instrument = exchange.instruments.get(symbol)
    if instrument is None or not instrument.tradable:
        raise Complaint(39997, f"Symbol not listed {symbol[:40]}")
    return symbol


class OrderEntry:
    """The endpoints under ``/g-orders`` that change something."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def create(self, account: str, args: Args) -> RestReply:
        """``POST /g-orders`` with a body, ``PUT /g-orders/create`` with a query."""
        new = self._read_new(args)
        order = self._exchange.submit(account, new)
        if order.refusal in words.AT_THE_GATE:
            return refusal(*words.REFUSAL[order.refusal])
        if new.type.is_conditional:
            return answer(rest_order(self._exchange, order, status="Untriggered", execution="Registered"))
        return answer(rest_order(self._exchange, order, status="Created", execution="PendingNew"))

    def replace(self, account: str, args: Args) -> RestReply:
        """``PUT /g-orders/replace``."""
        symbol = listed(self._exchange, need(args, "symbol"))
        side = need(args, "posSide")
        before = self._find(account, symbol, side, optional(args, "orderID"), optional(args, "origClOrdID"))
        if before is None:
            return refusal(*words.NOT_FOUND)
        status = before.status
        result = self._exchange.amend(
            account,
            symbol,
            order_id=before.order_id,
            qty=positive(args, "orderQtyRq"),
            price=positive(args, "priceRp"),
            trigger_price=positive(args, "stopPxRp"),
            # Zero takes an attached exit away; it cannot mean "not set" here, where absence already does.
            take_profit=_not_negative(args, "takeProfitRp"),
            stop_loss=_not_negative(args, "stopLossRp"),
        )
        if not isinstance(result, SimOrder):
            return refusal(*words.REFUSAL[result])
        row = rest_order(self._exchange, result, status=words.STATUS[status], execution="PendingReplace")
        row["timeInForce"] = "GoodTillModify"
        return answer(row)

    def cancel(self, account: str, args: Args) -> RestReply:
        """``DELETE /g-orders/cancel``."""
        symbol = listed(self._exchange, need(args, "symbol"))
        row = self._cancel(account, symbol, need(args, "posSide"), optional(args, "orderID"), optional(args, "clOrdID"))
        return answer(row) if row is not None else refusal(*words.NOT_FOUND)

    def cancel_several(self, account: str, args: Args) -> RestReply:
        """``DELETE /g-orders`` with comma-separated ids; each row carries its own ``bizError``."""
        symbol = listed(self._exchange, need(args, "symbol"))
        side = need(args, "posSide")
        order_ids, client_ids = optional(args, "orderID"), optional(args, "clOrdID")
        if not order_ids and not client_ids:
            raise Complaint(10500, "Missing required parameter")
        rows = []
        for name in (order_ids or client_ids).split(","):
            by_order = {"orderID": name} if order_ids else {"clOrdID": name}
            row = self._cancel(account, symbol, side, by_order.get("orderID", ""), by_order.get("clOrdID", ""))
            rows.append(row if row is not None else {**by_order, "symbol": symbol, "bizError": words.NOT_FOUND[0]})
        return answer(rows)

    def cancel_all(self, account: str, args: Args) -> RestReply:
        """``DELETE /g-orders/all``: waiting conditionals only with ``untriggered=true``, everything else only without."""
        untriggered = flag(args, "untriggered")
        symbols: list[str | None] = [listed(self._exchange, name) for name in optional(args, "symbol").split(",") if name]
        for symbol in symbols or [None]:
            self._exchange.cancel_all(account, symbol, untriggered=untriggered)
        return answer(0)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _cancel(self, account: str, symbol: str, side: str, order_id: str, client_id: str) -> dict[str, Any] | None:
        if not order_id and not client_id:
            raise Complaint(10500, "Missing required parameter")
        order = self._find(account, symbol, side, order_id, client_id)
        if order is None:
            return None
        before = replace(order)
        if isinstance(self._exchange.cancel(account, symbol, order_id=order.order_id), SimOrder):
            return rest_order(self._exchange, before, execution="PendingCancel")
        return None

    def _find(self, account: str, symbol: str, side: str, order_id: str, client_id: str) -> SimOrder | None:
        """Return an open order whose symbol fits, and in hedged mode its leg; None when there is none."""
        if side not in words.POSITION_SIDE_OF:
            raise Complaint(*words.BAD_ARGUMENT)
        if order_id:
            order = self._exchange.order(account, order_id=order_id)
        else:
            order = self._exchange.order(account, client_id=client_id) if client_id else None
        if order is None or order.symbol != symbol or not order.status.is_open:
            return None
        hedged = self._exchange.accounts[account].modes.get(symbol) is PositionMode.HEDGED
        if hedged and order.position_side is not words.POSITION_SIDE_OF[side]:
            return None
        return order

    def _read_new(self, args: Args) -> NewOrder:
        symbol = listed(self._exchange, need(args, "symbol"))
        side = words.SIDE_OF.get(need(args, "side"))
        leg = words.POSITION_SIDE_OF.get(need(args, "posSide"))
        word = optional(args, "ordType") or "Limit"
        if word in words.BRACKET_TYPES:
            raise Complaint(11126, "TE_BO_DONOT_SUPPORT_API")
        kind = words.ORDER_TYPE_OF.get(word)
        tif_word = optional(args, "timeInForce") or "GoodTillCancel"
        if tif_word == "RPIPostOnly":
            raise Complaint(11143, "TE_RPI_NOT_APPROVED_MARKET_MAKER")
        tif = words.TIF_OF.get(tif_word)
        if side is None:
            raise Complaint(11034, "TE_SIDE_INVALID")
        if kind is None:
            raise Complaint(11035, "TE_ORD_TYPE_INVALID")
        if tif is None:
            raise Complaint(11036, "TE_TIME_IN_FORCE_INVALID")
        if leg is None:
            raise Complaint(20004, "TE_ERR_INCONSISTENT_POS_MODE")
        if optional(args, "pegPriceType") not in ("", "UNSPECIFIED"):
            # Trailing orders are not simulated: refusing is better than resting a plain stop in their place.
            raise Complaint(11086, "TE_PEG_PRICE_TYPE_INVALID")
        client_id = optional(args, "clOrdID")
        close = flag(args, "closeOnTrigger")
        qty = number(args, "orderQtyRq")
        price = positive(args, "priceRp")
        trigger_price = positive(args, "stopPxRp")
        if (
            len(client_id) > MAX_CLIENT_ID
            or len(optional(args, "text")) > MAX_CLIENT_ID
            or qty is None
            or qty < ZERO
            or (kind.has_limit and price is None)
            or (kind.is_conditional and trigger_price is None)
        ):
            raise Complaint(*words.BAD_ARGUMENT)
        if qty == ZERO and not close:
            raise Complaint(*words.REFUSAL[Refusal.QTY_TOO_SMALL])
        return NewOrder(
            client_id=client_id,
            symbol=symbol,
            side=side,
            type=kind,
            qty=qty,
            price=price if kind.has_limit else None,
            tif=TimeInForce.IOC if kind is OrderType.MARKET and tif is not TimeInForce.FOK else tif,
            position_side=leg,
            reduce_only=flag(args, "reduceOnly") or close,
            close_on_trigger=close,
            trigger_price=trigger_price if kind.is_conditional else None,
            trigger_source=_trigger(args, "triggerType", None) if kind.is_conditional else TriggerSource.LAST,
            take_profit=_attached(args, "takeProfitRp", "tpPxRp"),
            stop_loss=_attached(args, "stopLossRp", "slPxRp"),
            tp_trigger=_trigger(args, "tpTrigger", TriggerSource.LAST),
            sl_trigger=_trigger(args, "slTrigger", TriggerSource.MARK),
            text=optional(args, "text"),
        )


def _trigger(args: Args, name: str, default: TriggerSource | None) -> TriggerSource:
    word = optional(args, name)
    if word in ("", "UNSPECIFIED") and default is not None:
        return default
    source = words.TRIGGER_OF.get(word)
    if source is None:
        raise Complaint(11038, "TE_TRIGGER_INVALID")
    return source


def _not_negative(args: Args, name: str) -> Decimal | None:
    value = number(args, name)
    if value is not None and value < ZERO:
        raise Complaint(*words.BAD_ARGUMENT)
    return value


def _attached(args: Args, trigger: str, limit: str) -> Decimal | None:
    price = positive(args, trigger)
    if price is not None and positive(args, limit) is not None:
        # An attached exit with a limit price is not simulated; a market exit in its place would be another order.
        raise Complaint(*words.BAD_ARGUMENT)
    return price
