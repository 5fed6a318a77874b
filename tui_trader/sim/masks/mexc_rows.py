"""Rows of MEXC's answers and private pushes: orders, trigger orders, executions, positions, accounts."""

from __future__ import annotations

from decimal import Decimal

from tui_trader.core.decimals import ZERO, divide
from tui_trader.core.order import average_price
from tui_trader.core.types import ContractKind, Liquidity, OrderType, PositionMode, PositionSide, Side
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.mexc_terms import (
    MILLI,
    STATES,
    TREND_CODES,
    Contracts,
    Ids,
    Row,
    error_code,
    number,
    side_code,
    type_code,
)
from tui_trader.sim.terms import Term
from tui_trader.sim.types import FundingCharge, Report, SimOrder, SimPosition, SimStatus

PLAN, EXIT, TRAIL = "plan:", "exit:", "trail:"
"""Begin the names under which trigger orders, exits and trailing orders are numbered; an exit's goes on with its entry."""


class Rows:
    """Writes rows about one exchange."""

    def __init__(self, exchange: Exchange, ids: Ids) -> None:
        self.contracts = Contracts(exchange)
        self.ids = ids
        self.starts: dict[str, Decimal] = {}
        """Where trailing orders begin to follow, by their order's id."""
        self._exchange = exchange

    def order(self, order: SimOrder) -> Row:
        """Return an order; one that waits for its trigger is none yet."""
        exchange, contracts = self._exchange, self.contracts
        instrument = exchange.instruments[order.symbol]
        mode = mode_of(order.position_side)
        side = side_code(order, mode)
        position = exchange.position(order.account, order.symbol, order.position_side)
        average = ZERO
        if order.filled and order.filled_value:
            size = order.filled * instrument.contract_size
            inverse = instrument.kind is ContractKind.INVERSE
            average = divide(size, order.filled_value) if inverse else divide(order.filled_value, size)
        # The engine turned it away: it was taken and cancelled.
        state = 4 if order.status is SimStatus.REJECTED and error_code(order) else STATES[order.status]
        ended = order.status is SimStatus.CANCELED and not order.refusal and order.tif.value in ("ioc", "fok")
        code = (21 if order.type is OrderType.MARKET else 18) if ended else error_code(order)
        return {
            "orderId": str(self.ids.of(order.order_id)),
            "symbol": order.symbol,
            "positionId": 0,
            "price": number(order.price or average),
            "vol": contracts.vol(order.symbol, order.qty),
            "leverage": number(position.leverage),
            "side": side,
            "category": 1,
            "orderType": type_code(order),
            "dealAvgPrice": number(average),
            "dealVol": contracts.vol(order.symbol, order.filled),
            "orderMargin": 0,
            "takerFee": number(order.fees),
            "makerFee": 0,
            "profit": number(order.realised),
            "feeCurrency": instrument.settle,
            "openType": 1 if position.isolated else 2,
            "state": state,
            "externalOid": order.client_id or f"_m_{self.ids.of(order.order_id):032x}",
            "errorCode": code,
            "usedMargin": 0,
            "createTime": order.created_ns // MILLI,
            "updateTime": order.updated_ns // MILLI,
            "positionMode": 1 if mode is PositionMode.HEDGED else 2,
            "reduceOnly": order.reduce_only,
            "stopLossPrice": number(order.stop_loss or ZERO),
            "takeProfitPrice": number(order.take_profit or ZERO),
            "version": order.seq,
        }

    def plan(self, order: SimOrder) -> Row:
        """Return a trigger order: waiting, over, or executed as the order whose id it names."""
        mode = mode_of(order.position_side)
        executed = has_fired(order)
        state = 1 if order.status is SimStatus.UNTRIGGERED else 3 if executed else 2
        position = self._exchange.position(order.account, order.symbol, order.position_side)
        return {
            "id": str(self.ids.of(PLAN + order.order_id)),
            "symbol": order.symbol,
            "leverage": number(position.leverage),
            "side": side_code(order, mode),
            "triggerPrice": number(order.trigger_price or ZERO),
            "price": number(order.price or ZERO),
            "vol": self.contracts.vol(order.symbol, order.qty),
            "openType": 1 if position.isolated else 2,
            "triggerType": 1 if order.rising else 2,
            "state": state,
            "executeCycle": 168,
            "trend": TREND_CODES[order.trigger_source],
            "errorCode": 0,
            "orderType": type_code(order),
            "positionMode": 1 if mode is PositionMode.HEDGED else 2,
            "reduceOnly": order.reduce_only,
            "createTime": order.created_ns // MILLI,
            "updateTime": order.updated_ns // MILLI,
        } | ({"orderId": str(self.ids.of(order.order_id))} if executed else {})

    def trail(self, order: SimOrder) -> Row:
        """Return a trailing order: waiting, following, over, or executed as the order whose id it names."""
        mode = mode_of(order.position_side)
        waits = order.status is SimStatus.UNTRIGGERED
        position = self._exchange.position(order.account, order.symbol, order.position_side)
        start = self.starts.get(order.order_id, ZERO)
        return {
            "id": str(self.ids.of(TRAIL + order.order_id)),
            "symbol": order.symbol,
            "leverage": number(position.leverage),
            "side": side_code(order, mode),
            "vol": self.contracts.vol(order.symbol, order.qty),
            "openType": 1 if position.isolated else 2,
            "trend": TREND_CODES[order.trigger_source],
            "activePrice": number(start),
            "markPrice": number(self._exchange.market(order.symbol).mark),
            "backType": 2,
            "backValue": number(order.trail),
            "triggerPrice": number(order.trigger_price or ZERO) if order.trailing else 0,
            "triggerType": 1 if order.rising else 2,
            "orderId": self.ids.of(order.order_id) if has_fired(order) else 0,
            "errorCode": 0,
            "state": (1 if order.trailing else 0) if waits else 2 if has_fired(order) else 4,
            "positionMode": 1 if mode is PositionMode.HEDGED else 2,
            "reduceOnly": order.reduce_only,
            "createTime": order.created_ns // MILLI,
            "updateTime": order.updated_ns // MILLI,
        }

    def exit(self, part: SimOrder) -> Row:
        """Return the exit that a stop or a target is part of: both are under one id, which counts from their entry."""
        listed = [*self._exchange.open_orders(part.account), *self._exchange.closed_orders(part.account)]
        parts = [one for one in listed if one.parent == part.parent]
        fired = next((one for one in parts if has_fired(one)), None)
        waits = any(one.status is SimStatus.UNTRIGGERED for one in parts) and fired is None
        stop = next((one for one in parts if one.type.is_stop), None)
        target = next((one for one in parts if not one.type.is_stop), None)
        position = self._exchange.position(part.account, part.symbol, part.position_side)
        return {
            "id": self.ids.of(EXIT + part.parent),
            "orderId": str(self.ids.of(part.parent)),
            "symbol": part.symbol,
            "positionId": str(self.ids.of(f"position:{part.account}:{part.symbol}:{1 if part.side is Side.SELL else 2}")),
            "lossTrend": TREND_CODES[stop.trigger_source] if stop else 1,
            "profitTrend": TREND_CODES[target.trigger_source] if target else 1,
            "stopLossPrice": number(stop.trigger_price or ZERO) if stop else 0,
            "takeProfitPrice": number(target.trigger_price or ZERO) if target else 0,
            "state": 1 if waits else 3 if fired else 2,
            "triggerSide": 0 if fired is None else 2 if fired.type.is_stop else 1,
            "positionType": 1 if part.side is Side.SELL else 2,
            "vol": self.contracts.vol(part.symbol, (fired or part).qty),
            "realityVol": self.contracts.vol(part.symbol, fired.qty if fired else ZERO),
            **({"placeOrderId": str(self.ids.of(fired.order_id))} if fired else {}),
            "errorCode": 0,
            "version": max(one.seq for one in parts),
            "isFinished": 0 if waits else 1,
            "priceProtect": 0,
            "profitLossVolType": "SAME",
            "takeProfitVol": self.contracts.vol(part.symbol, target.qty if target else ZERO),
            "stopLossVol": self.contracts.vol(part.symbol, stop.qty if stop else ZERO),
            "createTime": min(one.created_ns for one in parts) // MILLI,
            "updateTime": max(one.updated_ns for one in parts) // MILLI,
            "volType": 1,
            "takeProfitReverse": 2,
            "stopLossReverse": 2,
            "closeTryTimes": 0,
            "reverseTryTimes": 0,
            "reverseErrorCode": 0,
            "takeProfitType": 0,
            "openType": 1 if position.isolated else 2,
        }

    def fill(self, report: Report) -> Row:
        """Return an execution."""
        order = report.order
        instrument = self._exchange.instruments[order.symbol]
        mode = mode_of(order.position_side)
        taker = report.liquidity is Liquidity.TAKER
        return {
            "id": str(self.ids.of(report.exec_id)),
            "symbol": order.symbol,
            "side": side_code(order, mode),
            "vol": self.contracts.vol(order.symbol, report.exec_qty),
            "price": number(report.exec_price),
            "feeCurrency": instrument.settle,
            "fee": number(report.exec_fee),
            "timestamp": report.at_ns // MILLI,
            "profit": number(report.exec_realised),
            "isTaker": taker,
            "taker": taker,
            "category": {"liquidation": 2, "adl": 4}.get(report.kind, 1),
            "orderId": str(self.ids.of(order.order_id)),
            "externalOid": order.client_id,
            "positionMode": 1 if mode is PositionMode.HEDGED else 2,
            "reduceOnly": order.reduce_only,
        }

    def position(self, account: str, position: SimPosition) -> Row:
        """Return a position that is held."""
        exchange = self._exchange
        kind = 1 if position.qty > 0 else 2
        liquidation = exchange.liquidation_price(account, position)
        return self.ended(account, position, kind) | {
            "state": 1,
            "holdVol": self.contracts.vol(position.symbol, abs(position.qty)),
            "holdAvgPrice": number(position.entry),
            "holdAvgPriceFullyScale": str(position.entry),
            "liquidatePrice": number(liquidation or ZERO),
            "oim": number(exchange.position_margin(position)),
            "im": number(exchange.position_margin(position)),
        }

    def ended(self, account: str, position: SimPosition, kind: int) -> Row:
        """Return a position of a side (1 long, 2 short) that has ended."""
        mode = mode_of(position.position_side)
        return {
            "positionId": self.ids.of(f"position:{account}:{position.symbol}:{kind}"),
            "symbol": position.symbol,
            "positionType": kind,
            "openType": 1 if position.isolated else 2,
            "state": 3,
            "holdVol": 0,
            "frozenVol": 0,
            "closeVol": 0,
            "holdAvgPrice": 0,
            "openAvgPrice": number(position.entry),
            "closeAvgPrice": 0,
            "liquidatePrice": 0,
            "oim": 0,
            "im": 0,
            "holdFee": number(-position.funding),
            "realised": number(position.realised - position.fees - position.funding),
            "closeProfitLoss": number(position.realised),
            "fee": number(position.fees),
            "adlLevel": 1,
            "leverage": number(position.leverage),
            "createTime": position.updated_ns // MILLI,
            "updateTime": position.updated_ns // MILLI,
            "autoAddIm": False,
            "positionMode": 1 if mode is PositionMode.HEDGED else 2,
        }

    def past(self, account: str, term: Term) -> Row:
        """Return a position that has ended, with what came of it."""
        instrument, vol = self._exchange.instruments[term.symbol], self.contracts.vol
        held = self._exchange.position(account, term.symbol, term.leg)
        opened, closed = (
            number(average_price(instrument.kind is ContractKind.INVERSE, instrument.contract_size, qty, value) or ZERO)
            for qty, value in ((term.opened, term.opened_value), (term.closed, term.closed_value))
        )
        return self.ended(account, held, term_kind(term)) | {
            "closeVol": vol(term.symbol, term.closed),
            "holdAvgPrice": opened,
            "openAvgPrice": opened,
            "closeAvgPrice": closed,
            "holdFee": number(-term.funding),
            "realised": number(term.realised),
            "closeProfitLoss": number(term.pnl),
            "fee": number(term.fees),
            "createTime": term.opened_ns // MILLI,
            "updateTime": term.updated_ns // MILLI,
        }

    def asset(self, account: str, currency: str, *, whole: bool) -> Row:
        """Return the account of a currency; a push leaves out what it is worth as a whole."""
        exchange = self._exchange
        balance, used = exchange.wallet(account, currency)
        held = exchange.ledger.used_by_positions(account, currency)
        row: Row = {
            "currency": currency,
            "positionMargin": number(held),
            "availableBalance": number(balance - used),
            "frozenBalance": number(used - held),
            "bonus": 0,
        }
        if whole:
            listed = exchange.instruments
            legs = [one for one in exchange.positions(account) if listed[one.symbol].settle == currency]
            unrealised = sum((exchange.unrealised(one) for one in legs), Decimal(0))
            row |= {
                "cashBalance": number(balance - used),
                "equity": number(balance + unrealised),
                "unrealized": number(unrealised),
            }
        return row

    def funding(self, charge: FundingCharge) -> Row:
        """Return a funding settlement; what is received counts as positive."""
        instrument = self._exchange.instruments[charge.symbol]
        return {
            "id": self.ids.of(charge.exec_id),
            "symbol": charge.symbol,
            "positionType": 1 if charge.qty > 0 else 2,
            "positionValue": number(instrument.value(abs(charge.qty), charge.mark)),
            "funding": number(-charge.amount),
            "rate": number(charge.rate),
            "settleTime": charge.at_ns // MILLI,
        }


def kind_of(order: SimOrder) -> str:
    """Return which list a waiting order is kept in; empty for what never waited."""
    if not order.type.is_conditional:
        return ""
    if order.parent:
        return EXIT
    return TRAIL if order.type is OrderType.TRAILING_STOP else PLAN


def has_fired(order: SimOrder) -> bool:
    """Whether what waited has become an order."""
    return order.triggered and order.status is not SimStatus.UNTRIGGERED


def is_order(order: SimOrder) -> bool:
    """Whether the venue calls it an order: what waits is none, nor what was cancelled while it waited."""
    return not order.type.is_conditional or has_fired(order)


def mode_of(leg: PositionSide) -> PositionMode:
    """Return the position mode that a row of a leg is of: the one it was made in, whatever the account has now."""
    return PositionMode.ONE_WAY if leg is PositionSide.MERGED else PositionMode.HEDGED


def term_kind(term: Term) -> int:
    """Return 1 for a long, 2 for a short."""
    return 1 if term.side is Side.BUY else 2


def held_kind(position: SimPosition) -> int:
    """Return 1 for a long, 2 for a short, 0 for nothing."""
    return 0 if not position.qty else 1 if position.qty > 0 else 2


def leg_of(code: int, mode: PositionMode) -> PositionSide:
    """Return the leg that a side code is about."""
    if mode is PositionMode.ONE_WAY:
        return PositionSide.MERGED
    return PositionSide.LONG if code in (1, 4) else PositionSide.SHORT


def side_of(code: int) -> Side:
    """Return the direction of a side code."""
    return Side.BUY if code in (1, 2) else Side.SELL
