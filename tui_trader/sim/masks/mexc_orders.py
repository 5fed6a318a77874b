"""Order entry as MEXC takes it: create, batch, cancel by either id, cancel all.

A refusal is said by the answer; what the matching engine turns away is taken first and cancelled by a push. The documentation
says of batches that an ``externalOid`` that exists returns the order that has it; single orders do the same here.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tui_trader.core.types import OrderType, PositionMode, PositionSide, Side, TimeInForce
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.base import RestReply
from tui_trader.sim.masks.mexc_rows import Rows, held_kind, is_order, leg_of, side_of
from tui_trader.sim.masks.mexc_terms import (
    ENGINE,
    LIMIT_TYPES,
    MILLI,
    REFUSALS,
    Args,
    Complaint,
    Row,
    amount,
    success,
    whole,
)
from tui_trader.sim.masks.mexc_waiting import GONE, OVER, exit_orders
from tui_trader.sim.types import NewOrder, Refusal, SimOrder, SimStatus

MOST = 50


class OrderEntry:
    """What changes orders."""

    def __init__(self, exchange: Exchange, rows: Rows) -> None:
        self._exchange = exchange
        self._rows = rows
        self.batches = False
        """Whether the account has the permission, given on request, to send several orders in one call."""
        self.forgets: Callable[[str], bool] = lambda external: False
        """Whether an answer about several orders leaves one out that was taken: for those who try a client."""

    def create(self, account: str, args: Args) -> RestReply:
        """Take one order."""
        order = self._submit(account, args)
        return success({"orderId": str(self._rows.ids.of(order.order_id)), "ts": self._exchange.now_ns // MILLI})

    def batch(self, account: str, args: Any) -> RestReply:
        """Take several orders, each answered by itself; a key without the permission is refused the call."""
        if not self.batches:
            raise Complaint(511, "Not allowed to access some private interfaces")
        if not isinstance(args, list) or not args or len(args) > MOST:
            raise Complaint(2014, "The quantity of batch order exceeds the limit")
        answers = []
        for one in args:
            row: Row = {"externalOid": one.get("externalOid") if isinstance(one, dict) else None}
            try:
                order = self._submit(account, one)
                if self.forgets(order.client_id):
                    continue
                answers.append(row | {"orderId": str(self._rows.ids.of(order.order_id)), "errorMsg": None, "errorCode": 0})
            except Complaint as complaint:
                answers.append(row | {"orderId": None, "errorMsg": complaint.message, "errorCode": complaint.code})
        return success(answers)

    def cancel(self, account: str, args: Any) -> RestReply:
        """Cancel orders by the venue's ids; each is answered by itself, inside a success."""
        if not isinstance(args, list) or not args or len(args) > MOST:
            raise Complaint(2013, "Cancel orders over maximum limit")
        rows = []
        for identity in args:
            code, message = self._cancel(account, self._by_id(account, identity))
            rows.append({"orderId": identity, "errorCode": code, "errorMsg": message})
        return success(rows)

    def cancel_with_external(self, account: str, args: Args) -> RestReply:
        """Cancel one order by the client's id."""
        code, message = self._cancel(account, self._by_external(account, args))
        if code:
            raise Complaint(code, message)
        return success(bare=True)

    def batch_cancel_with_external(self, account: str, args: Any) -> RestReply:
        """Cancel orders by the client's ids; each is answered by itself."""
        if not isinstance(args, list) or not args or len(args) > MOST:
            raise Complaint(2013, "Cancel orders over maximum limit")
        rows = []
        for one in args:
            order = self._by_external(account, one)
            code, message = self._cancel(account, order)
            identity = str(self._rows.ids.of(order.order_id)) if order else 0
            rows.append({"orderId": identity, "errorCode": code, "errorMsg": message})
        return success(rows)

    def cancel_all(self, account: str, args: Args) -> RestReply:
        """Cancel what rests, of one contract or of all."""
        symbol = args.get("symbol")
        if symbol:
            self._rows.contracts.need(symbol)
        self._exchange.cancel_all(account, symbol or None, untriggered=False)
        return success(bare=True)

    def close_all(self, account: str, args: Any) -> RestReply:
        """Close every position at the market; what rests stays."""
        for position in self._exchange.positions(account):
            if position.qty:
                side = Side.SELL if position.qty > 0 else Side.BUY
                self._market(account, position.symbol, side, abs(position.qty), position.position_side, closes=True)
        return success([])

    def reverse(self, account: str, args: Args) -> RestReply:
        """Close a position and open as much on the other side."""
        symbol = self._rows.contracts.need(args.get("symbol")).symbol
        wanted, qty = whole(args, "positionId"), self._vol(symbol, args)
        for position in self._exchange.positions(account):
            kind = held_kind(position)
            if position.symbol != symbol or not kind or self._rows.ids.of(f"position:{account}:{symbol}:{kind}") != wanted:
                continue
            side, leg = (Side.SELL if position.qty > 0 else Side.BUY), position.position_side
            other = {PositionSide.LONG: PositionSide.SHORT, PositionSide.SHORT: PositionSide.LONG}.get(leg, leg)
            self._market(account, symbol, side, abs(position.qty), leg, closes=True)
            self._market(account, symbol, side, qty, other, closes=False)
            return success(bare=True)
        raise Complaint(2009, "Positions do not exist or have been closed")

    # -- inside ----------------------------------------------------------------------------------------------------

    def _submit(self, account: str, args: Args) -> SimOrder:
        if not isinstance(args, dict):
            raise Complaint(600, "Parameter error")
        contract = self._rows.contracts.need(args.get("symbol"))
        symbol = contract.symbol
        external = args.get("externalOid") or ""
        if not isinstance(external, str) or len(external) > 32:
            raise Complaint(2030, "External order ID is too long (Max. 32 bits )")
        known = self._exchange.order(account, client_id=external) if external else None
        if known is not None:
            return known
        code, kind = whole(args, "side"), whole(args, "type")
        if code not in (1, 2, 3, 4):
            raise Complaint(2001, "Wrong order direction")
        mode = self.mode_said(account, args)
        if mode is PositionMode.HEDGED and args.get("reduceOnly"):
            raise Complaint(600, "Parameter error: reduceOnly")
        market = kind in (5, 6)
        if not market and kind not in LIMIT_TYPES:
            raise Complaint(2029, "Error order type")
        qty = self._vol(symbol, args)
        closes = code in (2, 4)
        if not closes:
            self._back(account, symbol, code, mode, args)
        elif mode is PositionMode.HEDGED:
            held = self._exchange.position(account, symbol, leg_of(code, mode))
            if not held.qty:
                raise Complaint(2009, "Positions do not exist or have been closed")
            if abs(held.qty) < qty:
                raise Complaint(2008, "The quantity is insufficient")
        return self._place(
            account,
            NewOrder(
                external,
                symbol,
                side_of(code),
                OrderType.MARKET if market else OrderType.LIMIT,
                qty,
                None if market else self._price(args),
                TimeInForce.IOC if market else LIMIT_TYPES[kind],
                leg_of(code, mode),
                reduce_only=mode is PositionMode.ONE_WAY and (closes or args.get("reduceOnly") is True),
                **exit_orders(args),
            ),
        )

    def _market(self, account: str, symbol: str, side: Side, qty: Decimal, leg: PositionSide, *, closes: bool) -> None:
        reduces = closes and leg is PositionSide.MERGED
        order = NewOrder("", symbol, side, OrderType.MARKET, qty, None, TimeInForce.IOC, leg, reduce_only=reduces)
        self._place(account, order)

    def _place(self, account: str, new: NewOrder) -> SimOrder:
        order = self._exchange.submit(account, new)
        if order.status is SimStatus.REJECTED and order.refusal not in ENGINE:
            raise Complaint(*REFUSALS.get(order.refusal, (600, f"Parameter error: {order.refusal}")))
        return order

    def mode_said(self, account: str, args: Args) -> PositionMode:
        """Return the account's position mode; raises Complaint 7002 where the order says another one."""
        modes = self._exchange.accounts[account].modes.values()
        mode = next(iter(modes), PositionMode.ONE_WAY)
        said = args.get("positionMode")
        if said is not None and (whole(args, "positionMode") == 1) is not (mode is PositionMode.HEDGED):
            raise Complaint(7002, "Position mode error")
        return mode

    def _back(self, account: str, symbol: str, code: int, mode: PositionMode, args: Args) -> None:
        """Set what backs an order that opens: each order says it, and it must fit an open position."""
        exchange = self._exchange
        open_type = whole(args, "openType")
        if open_type not in (1, 2):
            raise Complaint(2002, "Wrong opening type")
        isolated = open_type == 1
        leg = leg_of(code, mode)
        position = exchange.position(account, symbol, leg)
        if position.qty and position.isolated is not isolated:
            raise Complaint(2027, "There is only one cross or isolated in the same direction")
        leverage = amount(args, "leverage")
        if isolated and leverage is None:
            raise Complaint(2006, "Leverage ratio error")
        if isolated and position.qty and leverage != position.leverage:
            raise Complaint(2021, "The single leverage is not consistent with the existing position leverage")
        if position.isolated is isolated and leverage in (None, position.leverage):
            return
        refusal = exchange.set_leverage(account, symbol, leg, leverage or position.leverage, isolated=isolated)
        if refusal:
            raise Complaint(*REFUSALS.get(refusal, (2006, "Leverage ratio error")))

    def _vol(self, symbol: str, args: Args) -> Decimal:
        vol = amount(args, "vol")
        if vol is None or vol <= 0:
            raise Complaint(2011, "Order quantity error")
        return self._rows.contracts.qty(symbol, vol)

    def _price(self, args: Args) -> Decimal:
        price = amount(args, "price")
        if price is None or price <= 0:
            raise Complaint(2007, "Order price error")
        return price

    def _by_id(self, account: str, identity: object) -> SimOrder | None:
        name = self._rows.ids.name(identity)
        order = self._exchange.order(account, order_id=name) if name else None
        return order if order is not None and is_order(order) else None

    def _by_external(self, account: str, args: Any) -> SimOrder | None:
        if not isinstance(args, dict) or not isinstance(args.get("externalOid"), str):
            raise Complaint(600, "Parameter error")
        order = self._exchange.order(account, client_id=args["externalOid"])
        return order if order is not None and order.symbol == args.get("symbol") else None

    def _cancel(self, account: str, order: SimOrder | None) -> tuple[int, str]:
        if order is None:
            return GONE
        ended = self._exchange.cancel(account, order.symbol, order_id=order.order_id)
        return OVER if isinstance(ended, Refusal) else (0, "success")
