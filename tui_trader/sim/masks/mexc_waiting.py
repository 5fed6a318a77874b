"""Orders that wait, as MEXC keeps them: trigger orders, trailing orders, and exits that hold a stop and a target under one id.

None carries an id of the client's. What waits is no order yet: it is in the lists here, and becomes an order with an id of its
own when its price is met. Source: plan, trailing and TP/SL orders in the trading part of the futures API documentation, of 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from tui_trader.core.decimals import ZERO
from tui_trader.core.types import OrderType, PositionMode, Side, TimeInForce
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.base import RestReply
from tui_trader.sim.masks.mexc_pages import in_states, page_of
from tui_trader.sim.masks.mexc_rows import EXIT, PLAN, TRAIL, Rows, kind_of, leg_of, side_of
from tui_trader.sim.masks.mexc_terms import (
    ENGINE,
    LIMIT_TYPES,
    REFUSALS,
    TRENDS,
    Args,
    Complaint,
    Row,
    amount,
    success,
    whole,
)
from tui_trader.sim.types import NewOrder, Refusal, SimOrder, SimStatus

MOST = 50
GONE = (2040, "order not exist")
OVER = (2041, "order state cannot be cancelled")
BY_DISTANCE = 2


class WaitingOrders:
    """What places, changes, cancels and lists them."""

    def __init__(self, exchange: Exchange, rows: Rows, mode_said: Callable[[str, Args], PositionMode]) -> None:
        """``mode_said`` returns an account's position mode, and complains where a request says another one."""
        self._exchange = exchange
        self._rows = rows
        self._mode_said = mode_said

    # -- placing ---------------------------------------------------------------------------------------------------

    def plan(self, account: str, args: Args) -> RestReply:
        """Take a trigger order."""
        contract = self._rows.contracts.need(args.get("symbol"))
        code, kind = whole(args, "side"), whole(args, "orderType")
        trigger = amount(args, "triggerPrice")
        direction, source = whole(args, "triggerType"), TRENDS.get(whole(args, "trend"))
        if trigger is None or trigger <= 0 or direction not in (1, 2):
            raise Complaint(3004, "Trigger price error")
        if source is None:
            raise Complaint(3001, "Trigger price type error")
        if whole(args, "executeCycle") not in (1, 2):
            raise Complaint(3003, "Executive cycle error")
        if code not in (1, 2, 3, 4):
            raise Complaint(2001, "Wrong order direction")
        limit = kind in LIMIT_TYPES
        stop = (direction == 1) is (side_of(code) is Side.BUY)
        types = {
            (True, True): OrderType.STOP_LIMIT,
            (True, False): OrderType.STOP,
            (False, True): OrderType.LIMIT_IF_TOUCHED,
            (False, False): OrderType.MARKET_IF_TOUCHED,
        }
        mode = self._mode_said(account, args)
        price = amount(args, "price") if limit else None
        if limit and (price is None or price <= 0):
            raise Complaint(2007, "Order price error")
        order = self._place(
            account,
            NewOrder(
                "",
                contract.symbol,
                side_of(code),
                types[stop, limit],
                self._vol(contract.symbol, args),
                price,
                LIMIT_TYPES.get(kind, TimeInForce.IOC),
                leg_of(code, mode),
                reduce_only=mode is PositionMode.ONE_WAY and (code in (2, 4) or args.get("reduceOnly") is True),
                trigger_price=trigger,
                trigger_source=source,
            ),
        )
        return success(str(self._rows.ids.of(PLAN + order.order_id)))

    def trail(self, account: str, args: Args) -> RestReply:
        """Take a trailing order; one whose distance is a share of the price is not played here."""
        contract = self._rows.contracts.need(args.get("symbol"))
        code, source = whole(args, "side"), TRENDS.get(whole(args, "trend"))
        if source is None:
            raise Complaint(3001, "Trigger price type error")
        if code not in (1, 2, 3, 4):
            raise Complaint(2001, "Wrong order direction")
        if not args.get("leverage"):
            raise Complaint(600, "Parameter error: leverage")
        mode = self._mode_said(account, args)
        side = side_of(code)
        start = amount(args, "activePrice") or None
        order = self._place(
            account,
            NewOrder(
                "",
                contract.symbol,
                side,
                OrderType.TRAILING_STOP,
                self._vol(contract.symbol, args),
                None,
                TimeInForce.IOC,
                leg_of(code, mode),
                reduce_only=mode is PositionMode.ONE_WAY and (code in (2, 4) or args.get("reduceOnly") is True),
                trigger_price=start,
                trigger_source=source,
                peg_offset=_offset(side, self._distance(args)),
                activation=start is not None,
            ),
        )
        if start is not None:
            self._rows.starts[order.order_id] = start
        return success(str(self._rows.ids.of(TRAIL + order.order_id)))

    # -- changing --------------------------------------------------------------------------------------------------

    def change_plan(self, account: str, args: Args) -> RestReply:
        """Give a trigger order other prices."""
        order = self._find(account, PLAN, args.get("orderId"))
        trigger, price = amount(args, "triggerPrice"), amount(args, "price")
        whole(args, "triggerType"), whole(args, "orderType"), whole(args, "trend"), whole(args, "from")
        if trigger is None or trigger <= 0 or price is None:
            raise Complaint(3004, "Trigger price error")
        limit = price if order.type.has_limit else None
        return self._changed(
            self._exchange.amend(account, order.symbol, order_id=order.order_id, price=limit, trigger_price=trigger)
        )

    def change_trail(self, account: str, args: Args) -> RestReply:
        """Give a trailing order another distance or size."""
        order = self._find(account, TRAIL, args.get("trackOrderId"))
        whole(args, "trend")
        qty, offset = self._vol(order.symbol, args), _offset(order.side, self._distance(args))
        return self._changed(self._exchange.amend(account, order.symbol, order_id=order.order_id, qty=qty, peg_offset=offset))

    def change_exit(self, account: str, args: Args) -> RestReply:
        """Give an exit another stop and another target; what is not named goes."""
        parts = self._parts(account, args.get("stopPlanOrderId"))
        if not parts:
            raise Complaint(5002, "The Stop-Limit order does not exist or has ended")
        stop, target = amount(args, "stopLossPrice") or None, amount(args, "takeProfitPrice") or None
        if stop is None and target is None:
            raise Complaint(5001, "The take-profit price and the stop-loss price cannot be none at the same time")
        for part in parts:
            level = stop if part.type.is_stop else target
            if level is None:
                self._exchange.cancel(account, part.symbol, order_id=part.order_id)
            else:
                self._changed(self._exchange.amend(account, part.symbol, order_id=part.order_id, trigger_price=level))
        return success(bare=True)

    # -- cancelling ------------------------------------------------------------------------------------------------

    def cancel_plans(self, account: str, args: Any) -> RestReply:
        """Cancel trigger orders by their ids: all of them, or the first that cannot be is what is said."""
        for one in _listed(args):
            self._end(account, self._find(account, PLAN, one.get("orderId"), alive=False))
        return success(bare=True)

    def cancel_exits(self, account: str, args: Any) -> RestReply:
        """Cancel exits by their ids, the stop with the target."""
        for one in _listed(args):
            parts = self._parts(account, one.get("stopPlanOrderId"))
            if not parts:
                raise Complaint(5002, "The Stop-Limit order does not exist or has ended")
            for part in parts:
                if part.status.is_open:
                    self._exchange.cancel(account, part.symbol, order_id=part.order_id)
        return success(bare=True)

    def cancel_trail(self, account: str, args: Args) -> RestReply:
        """Cancel a trailing order, or without an id all of a contract, or of all."""
        if not args.get("trackOrderId"):
            return self._cancel_all(account, args, TRAIL)
        self._end(account, self._find(account, TRAIL, args["trackOrderId"], alive=False))
        return success(bare=True)

    def cancel_all_plans(self, account: str, args: Args) -> RestReply:
        """Cancel all trigger orders of a contract, or of all."""
        return self._cancel_all(account, args, PLAN)

    def cancel_all_exits(self, account: str, args: Args) -> RestReply:
        """Cancel all exits of a contract, or of all."""
        return self._cancel_all(account, args, EXIT)

    # -- lists -----------------------------------------------------------------------------------------------------

    def plans(self, account: str, args: Args) -> RestReply:
        """Return trigger orders, newest first, in the states and the span of time that are asked for."""
        rows = [self._rows.plan(one) for one in self._all(account, args, PLAN)]
        return success(page_of(in_states(_within(rows, args), args), args))

    def trails(self, account: str, args: Args) -> RestReply:
        """Return trailing orders, newest first, in the states that are asked for."""
        if not args.get("states"):
            raise Complaint(600, "Parameter error: states")
        rows = [self._rows.trail(one) for one in self._all(account, args, TRAIL)]
        paged = {"page_num": args.get("pageIndex"), "page_size": args.get("pageSize")}
        return success(page_of(in_states(_within(rows, args), args), paged))

    def exits(self, account: str, args: Args) -> RestReply:
        """Return exits, newest first; those that wait, those that are over, or both."""
        seen: dict[str, Row] = {}
        for part in self._all(account, args, EXIT):
            seen.setdefault(part.parent, self._rows.exit(part))
        rows = list(seen.values())
        if args.get("is_finished") not in (None, ""):
            rows = [row for row in rows if row["isFinished"] == whole(args, "is_finished")]
        return success(page_of(_within(rows, args), args))

    def open_exits(self, account: str, args: Args) -> RestReply:
        """Return the exits that wait."""
        return self.exits(account, {**args, "is_finished": 0, "page_size": 100})

    # -- inside ----------------------------------------------------------------------------------------------------

    def _all(self, account: str, args: Args, kind: str) -> list[SimOrder]:
        symbol = args.get("symbol") or None
        orders = [*self._exchange.open_orders(account, symbol), *self._exchange.closed_orders(account, symbol)]
        found = [one for one in orders if kind_of(one) == kind and (one.triggered or one.status is not SimStatus.REJECTED)]
        return sorted(found, key=lambda one: (one.created_ns, one.order_id), reverse=True)

    def _cancel_all(self, account: str, args: Args, kind: str) -> RestReply:
        symbol = args.get("symbol")
        if symbol:
            self._rows.contracts.need(symbol)
        for order in self._exchange.open_orders(account, symbol or None):
            if order.status is SimStatus.UNTRIGGERED and kind_of(order) == kind:
                self._exchange.cancel(account, order.symbol, order_id=order.order_id)
        return success(bare=True)

    def _find(self, account: str, kind: str, identity: object, *, alive: bool = True) -> SimOrder:
        name = self._rows.ids.name(identity)
        order = self._exchange.order(account, order_id=name.removeprefix(kind)) if name.startswith(kind) else None
        if order is None:
            raise Complaint(*GONE)
        if alive and order.status is not SimStatus.UNTRIGGERED:
            raise Complaint(*OVER)
        return order

    def _parts(self, account: str, identity: object) -> list[SimOrder]:
        """Return the stop and the target that an exit holds, as far as they wait."""
        name = self._rows.ids.name(identity)
        parent = name.removeprefix(EXIT) if name.startswith(EXIT) else ""
        waiting = [one for one in self._exchange.open_orders(account) if one.status is SimStatus.UNTRIGGERED]
        return [one for one in waiting if parent and one.parent == parent]

    def _end(self, account: str, order: SimOrder) -> None:
        if order.status is not SimStatus.UNTRIGGERED:
            raise Complaint(*OVER)
        self._exchange.cancel(account, order.symbol, order_id=order.order_id)

    def _place(self, account: str, new: NewOrder) -> SimOrder:
        order = self._exchange.submit(account, new)
        if order.status is SimStatus.REJECTED and order.refusal not in ENGINE:
            raise Complaint(*REFUSALS.get(order.refusal, (600, f"Parameter error: {order.refusal}")))
        return order

    def _changed(self, result: SimOrder | Refusal) -> RestReply:
        if isinstance(result, Refusal) and result is not Refusal.NOTHING_CHANGED:
            raise Complaint(*REFUSALS.get(result, (600, f"Parameter error: {result}")))
        return success(bare=True)

    def _vol(self, symbol: str, args: Args) -> Decimal:
        vol = amount(args, "vol")
        if vol is None or vol <= 0:
            raise Complaint(2011, "Order quantity error")
        return self._rows.contracts.qty(symbol, vol)

    def _distance(self, args: Args) -> Decimal:
        distance = amount(args, "backValue") or ZERO
        if whole(args, "backType") != BY_DISTANCE or distance <= 0:
            raise Complaint(600, "Parameter error: backValue")
        return distance


def _offset(side: Side, distance: Decimal) -> Decimal:
    return -distance if side is Side.SELL else distance


def _listed(args: Any) -> Sequence[Row]:
    if not isinstance(args, list) or not args or len(args) > MOST or not all(isinstance(one, dict) for one in args):
        raise Complaint(2013, "Cancel orders over maximum limit")
    return args


def _within(rows: Sequence[Row], args: Args) -> list[Row]:
    """Return the rows that were made in the span of time that is asked for."""
    since, until = whole(args, "start_time", 0), whole(args, "end_time", 1 << 62)
    if args.get("start_time") and args.get("end_time") and until - since > 90 * 86_400_000:
        raise Complaint(400, "The query time range cannot exceed 90 days")
    return [row for row in rows if since <= row["createTime"] <= until]


def exit_orders(entry: Args) -> dict[str, Any]:
    """Return the exits that a create attaches, as the exchange takes them."""
    found: dict[str, Any] = {}
    for price, trend, name, source in (
        ("takeProfitPrice", "profitTrend", "take_profit", "tp_trigger"),
        ("stopLossPrice", "lossTrend", "stop_loss", "sl_trigger"),
    ):
        level = amount(entry, price) or None
        if level is not None:
            chosen = TRENDS.get(whole(entry, trend, 1))
            if level < 0 or chosen is None:
                raise Complaint(3001, "Trigger price type error")
            found |= {name: level, source: chosen}
    return found
