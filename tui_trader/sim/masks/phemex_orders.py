"""Phemex's order entry, of either contract family: create, replace, cancel one, several and all.

An answer here is a receipt. What became of the order travels on the private stream, refusals included, except those that
the gate itself makes (``phemex_words.AT_THE_GATE``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson

from tui_trader.core.decimals import ZERO
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import PositionMode, PositionSide
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks import phemex_words as words
from tui_trader.sim.masks.base import RestReply
from tui_trader.sim.masks.phemex_args import Args, Complaint, flag, need, optional
from tui_trader.sim.masks.phemex_gate import refusal
from tui_trader.sim.masks.phemex_terms import Wording, above_zero, listed, read_new
from tui_trader.sim.types import Refusal, SimOrder


def answer(data: Any, message: str = "") -> RestReply:
    """Return a successful envelope."""
    return RestReply(200, orjson.dumps({"code": 0, "msg": message, "data": data}))


class OrderEntry:
    """The endpoints under ``/g-orders`` or ``/orders`` that change something."""

    def __init__(self, exchange: Exchange, wording: Wording, contracts: Mapping[str, Instrument]) -> None:
        self._exchange = exchange
        self._wording = wording
        self._contracts = contracts
        """The contracts of this family, by symbol."""

    def create(self, account: str, args: Args) -> RestReply:
        """Create with a body (``POST``) or with a query (``PUT …/create``)."""
        new = read_new(self._exchange, args, self._wording)
        order = self._exchange.submit(account, new)
        if order.refusal in words.AT_THE_GATE:
            return refusal(*words.REFUSAL[order.refusal])
        if new.type.is_conditional:
            return answer(self._wording.row(self._exchange, order, status="Untriggered", execution="Registered"))
        return answer(self._wording.row(self._exchange, order, status="Created", execution="PendingNew"))

    def replace(self, account: str, args: Args) -> RestReply:
        """``PUT …/replace``."""
        symbol = self._listed(args)
        before = self._find(account, symbol, self._wording.leg(args), optional(args, "orderID"), optional(args, "origClOrdID"))
        if before is None:
            return refusal(*words.NOT_FOUND)
        status = before.status
        wording, instrument = self._wording, self._contracts[symbol]
        result = self._exchange.amend(
            account,
            symbol,
            order_id=before.order_id,
            qty=above_zero(wording.qty(args)),
            price=above_zero(wording.price(args, "price", instrument)),
            trigger_price=above_zero(wording.price(args, "stopPx", instrument)),
            # Zero takes an attached exit away; it cannot mean "not set" here, where absence already does.
            take_profit=_not_negative(wording.price(args, "takeProfit", instrument)),
            stop_loss=_not_negative(wording.price(args, "stopLoss", instrument)),
            peg_offset=wording.price(args, "pegOffsetValue", instrument),
        )
        if not isinstance(result, SimOrder):
            return refusal(*words.REFUSAL[result])
        row = wording.row(self._exchange, result, status=words.STATUS[status], execution="PendingReplace")
        if not wording.coin:
            row["timeInForce"] = "GoodTillModify"
        return answer(row)

    def cancel(self, account: str, args: Args) -> RestReply:
        """``DELETE …/cancel``."""
        symbol = self._listed(args)
        row = self._cancel(account, symbol, self._wording.leg(args), optional(args, "orderID"), optional(args, "clOrdID"))
        return answer(row) if row is not None else refusal(*words.NOT_FOUND)

    def cancel_several(self, account: str, args: Args) -> RestReply:
        """``DELETE`` with comma-separated ids; each row carries its own ``bizError``."""
        symbol = self._listed(args)
        leg = self._wording.leg(args)
        order_ids, client_ids = optional(args, "orderID"), optional(args, "clOrdID")
        if not order_ids and not client_ids:
            raise Complaint(10500, "Missing required parameter")
        rows = []
        for name in (order_ids or client_ids).split(","):
            by_order = {"orderID": name} if order_ids else {"clOrdID": name}
            row = self._cancel(account, symbol, leg, by_order.get("orderID", ""), by_order.get("clOrdID", ""))
            rows.append(row if row is not None else {**by_order, "symbol": symbol, "bizError": words.NOT_FOUND[0]})
        return answer(rows)

    def cancel_all(self, account: str, args: Args) -> RestReply:
        """``DELETE …/all``: waiting conditionals only with ``untriggered=true``, everything else only without.

        COIN-M wants one symbol; USDⓈ-M takes a list of them, or none for all of its contracts.
        """
        untriggered = flag(args, "untriggered")
        if self._wording.coin:
            need(args, "symbol")
        names = [name for name in optional(args, "symbol").split(",") if name]
        symbols = [listed(self._exchange, name, coin=self._wording.coin) for name in names]
        traded = dict.fromkeys(order.symbol for order in self._exchange.open_orders(account))
        for symbol in symbols or [symbol for symbol in traded if symbol in self._contracts]:
            self._exchange.cancel_all(account, symbol, untriggered=untriggered)
        return answer(0)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _listed(self, args: Args) -> str:
        return listed(self._exchange, need(args, "symbol"), coin=self._wording.coin)

    def _cancel(
        self, account: str, symbol: str, leg: PositionSide | None, order_id: str, client_id: str
    ) -> dict[str, Any] | None:
        if not order_id and not client_id:
            raise Complaint(10500, "Missing required parameter")
        order = self._find(account, symbol, leg, order_id, client_id)
        if order is None:
            return None
        before = replace(order)
        if isinstance(self._exchange.cancel(account, symbol, order_id=order.order_id), Refusal):
            return None
        return self._wording.row(self._exchange, before, execution="PendingCancel")

    def _find(self, account: str, symbol: str, leg: PositionSide | None, order_id: str, client_id: str) -> SimOrder | None:
        """Return an open order whose symbol fits, and in hedged mode its leg; None when there is none."""
        if leg is None:
            raise Complaint(*words.BAD_ARGUMENT)
        if order_id:
            order = self._exchange.order(account, order_id=order_id)
        else:
            order = self._exchange.order(account, client_id=client_id) if client_id else None
        if order is None or order.symbol != symbol or not order.status.is_open:
            return None
        hedged = self._exchange.accounts[account].modes.get(symbol) is PositionMode.HEDGED
        if hedged and order.position_side is not leg:
            return None
        return order


def _not_negative(value: Decimal | None) -> Decimal | None:
    if value is not None and value < ZERO:
        raise Complaint(*words.BAD_ARGUMENT)
    return value
