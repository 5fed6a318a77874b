"""Rows of orders and executions in Phemex's REST shapes: order object, string history, integer history.

Field lists are those of captured production messages and of the documentation's own samples; the same thing has another
name in each (``orderType``/``ordType``, ``cumQtyRq``/``cumQty``, ``orderID``/``orderId``).
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

from tui_trader.core.decimals import ZERO, divide, plain
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import Liquidity, OrderType, Side
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.ledger import average
from tui_trader.sim.margin import trade_value
from tui_trader.sim.masks import phemex_words as words
from tui_trader.sim.terms import Term
from tui_trader.sim.types import FundingCharge, Report, SimOrder, SimPosition, SimStatus

NO_EXEC = "00000000-0000-0000-0000-000000000000"
"""``execID`` of everything that is not an execution, and ``orderID`` of a funding settlement."""

Row = dict[str, Any]

_SLIPPAGE = Decimal("0.02")


@lru_cache(maxsize=4096)
def text(value: Decimal | None) -> str:
    """Return decimal text with at most twelve decimals, ``"0"`` for nothing: how the venue writes every number."""
    # Every row repeats most numbers of the row before, and equal numbers are written alike.
    if value is None or not value:
        return "0"
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -12:
        value = round(value, 12)
    return plain(value)


def ratio(value: Decimal) -> str:
    """Return a rate with at most eight decimals."""
    return plain(round(value, 8))


def numeric_account(account: str, currency: str) -> tuple[int, int]:
    """Return (userID, accountID): numbers made from the account's name, and the currency's number at the end."""
    user = 1_000_000 + int.from_bytes(account.encode()[:8].rjust(8, b"\0")) % 8_999_999
    return user, user * 10_000 + currency_number(currency)


def currency_number(currency: str) -> int:
    """Return the venue's number of a settle currency."""
    return {"BTC": 1, "USD": 2, "USDT": 3, "ETH": 4, "USDC": 57}.get(currency, 99)


def exec_inst(order: SimOrder) -> str:
    """Return what ``execInst`` echoes."""
    if order.close_on_trigger:
        return "CloseOnTrigger"
    return "ReduceOnly" if order.reduce_only else "None"


def worst_price(exchange: Exchange, order: SimOrder) -> Decimal:
    """Return an order's price; a market order shows the protective price the venue gives it."""
    if order.price is not None:
        return order.price
    if order.type is not OrderType.MARKET:
        return ZERO
    last = exchange.market(order.symbol).last
    bound = last * (1 + _SLIPPAGE) if order.side is Side.BUY else last * (1 - _SLIPPAGE)
    return exchange.instruments[order.symbol].round_price(bound)


def status_word(order: SimOrder) -> str:
    """Return ``ordStatus``; a conditional removed before it fired is Deactivated."""
    if order.status is SimStatus.CANCELED and order.type.is_conditional and not order.triggered:
        return "Deactivated"
    return words.STATUS[order.status]


def exec_word(order: SimOrder) -> str:
    """Return the ``execStatus`` that goes with an order's present state."""
    match order.status:
        case SimStatus.NEW | SimStatus.UNTRIGGERED:
            return "New"
        case SimStatus.REJECTED:
            return "Aborted" if order.refusal in words.CXL_REASON else "CreateRejected"
        case SimStatus.CANCELED:
            return "Canceled"
        case _:
            return "TakerFill" if order.type is OrderType.MARKET else "MakerFill"


def liquidity_word(report: Report) -> str:
    """Return the ``execStatus`` of an execution."""
    return "MakerFill" if report.liquidity is Liquidity.MAKER else "TakerFill"


def peg_word(order: SimOrder) -> str:
    """Return ``pegPriceType``: what a trailing stop is told apart from a plain one by."""
    if order.type is not OrderType.TRAILING_STOP:
        return "UNSPECIFIED"
    return "TrailingTakeProfitPeg" if order.activation else "TrailingStopPeg"


def signed_offset(order: SimOrder) -> Decimal:
    """Return the trailing distance with the venue's sign: negative under a long position, positive over a short one."""
    return -order.trail if order.side is Side.SELL else order.trail


def direction(order: SimOrder) -> str:
    """Return ``stopDirection``."""
    if order.trigger_price is None:
        return "UNSPECIFIED"
    return "Rising" if order.rising else "Falling"


def trigger(order: SimOrder) -> str:
    """Return the word for the price a conditional watches."""
    return words.TRIGGER[order.trigger_source] if order.trigger_price is not None else "UNSPECIFIED"


def rest_order(exchange: Exchange, order: SimOrder, *, status: str = "", execution: str = "") -> Row:
    """Return an order as REST shows it; ``status`` and ``execution`` override for a receipt (captured ack of 2025-11)."""
    price = worst_price(exchange, order)
    waiting = order.status in (SimStatus.UNTRIGGERED, SimStatus.REJECTED) and order.trigger_price is not None
    leaves = order.remaining if order.status.is_open and not waiting else ZERO
    receipt = status == "Created"
    if receipt:
        leaves = order.qty
    return {
        "bizError": 0,
        "orderID": order.order_id,
        "clOrdID": order.client_id,
        "symbol": order.symbol,
        "side": words.SIDE[order.side],
        "actionTimeNs": order.created_ns,
        "transactTimeNs": order.created_ns if receipt else order.updated_ns,
        "orderType": words.ORDER_TYPE[order.type],
        "priceRp": text(price),
        "orderQtyRq": text(order.qty),
        "displayQtyRq": "0" if receipt else text(leaves),
        "timeInForce": words.TIF[order.tif],
        "closedPnlRv": "0" if receipt else text(order.realised),
        "closedSizeRq": "0",
        "cumQtyRq": "0" if receipt else text(order.filled),
        "cumValueRv": "0" if receipt else text(order.filled_value),
        "leavesQtyRq": text(leaves),
        "leavesValueRv": text(trade_value(exchange.instruments[order.symbol], leaves, price)),
        "stopDirection": direction(order),
        "stopPxRp": text(order.trigger_price),
        "trigger": trigger(order),
        "pegOffsetValueRp": text(signed_offset(order)),
        "pegOffsetProportionRr": "0",
        "execStatus": execution or exec_word(order),
        "pegPriceType": peg_word(order),
        "ordStatus": status or status_word(order),
        "execInst": exec_inst(order),
        "takeProfitRp": text(order.take_profit),
        "stopLossRp": text(order.stop_loss),
        "slPxRp": text(order.stop_loss_limit),
        "tpPxRp": text(order.take_profit_limit),
    }


def history_order(exchange: Exchange, order: SimOrder) -> Row:
    """Return an order as ``/api-data/g-futures/orders`` shows it: ids end in a lower-case d here."""
    leaves = order.remaining if order.status.is_open else ZERO
    price = worst_price(exchange, order)
    return {
        "actionTimeNs": order.created_ns,
        "bizError": words.REFUSAL[order.refusal][0],
        "clOrdId": order.client_id,
        "closedPnlRv": text(order.realised),
        "closedSizeRq": "0",
        "cumQtyRq": text(order.filled),
        "cumValueRv": text(order.filled_value),
        "displayQtyRq": text(leaves),
        "execInst": exec_inst(order),
        "leavesQtyRq": text(leaves),
        "leavesValueRv": text(trade_value(exchange.instruments[order.symbol], leaves, price)),
        "orderId": order.order_id,
        "orderQtyRq": text(order.qty),
        "ordStatus": status_word(order),
        "ordType": words.ORDER_TYPE[order.type],
        "posSide": words.POSITION_SIDE[order.position_side],
        "priceRp": text(price),
        "reduceOnly": order.reduce_only,
        "side": words.SIDE[order.side],
        "stopDirection": direction(order),
        "stopLossRp": text(order.stop_loss),
        "stopPxRp": text(order.trigger_price),
        "symbol": order.symbol,
        "takeProfitRp": text(order.take_profit),
        "timeInForce": words.TIF[order.tif],
        "transactTimeNs": order.updated_ns,
    }


def listed_order(exchange: Exchange, order: SimOrder) -> Row:
    """Return an order as ``/exchange/order/v2/orderList`` shows it: enumerations are numbers."""
    price = worst_price(exchange, order)
    leaves = order.remaining if order.status.is_open else ZERO
    average = divide(order.filled_value, order.filled) if order.filled else None
    return {
        "createdAt": order.created_ns // 1_000_000,
        "symbol": order.symbol,
        "orderQtyRq": text(order.qty),
        "side": words.SIDE_NUMBER[order.side],
        "posSide": words.POSITION_SIDE_NUMBER[order.position_side],
        "priceRp": text(price),
        "execQtyRq": text(order.filled),
        "leavesQtyRq": text(leaves),
        "execPriceRp": text(average),
        "orderValueRv": text(order.qty * price),
        "leavesValueRv": text(leaves * price),
        "cumValueRv": text(order.filled_value),
        "stopDirection": {"UNSPECIFIED": 0, "Rising": 1, "Falling": 2}[direction(order)],
        "stopPxRp": text(order.trigger_price),
        "trigger": words.TRIGGER_NUMBER[order.trigger_source] if order.trigger_price is not None else 0,
        "actionBy": 1,
        "execFeeRv": text(order.fees),
        "ordType": words.ORDER_TYPE_NUMBER[order.type],
        "ordStatus": words.STATUS_NUMBER[status_word(order)],
        "clOrdId": order.client_id,
        "orderId": order.order_id,
        "execStatus": words.EXEC_NUMBER[exec_word(order)],
        "bizError": words.REFUSAL[order.refusal][0],
        "totalPnlRv": None,
        "avgTransactPriceRp": text(average) if average is not None else None,
        "orderDetailsVos": None,
        "tradeType": 1 if order.filled else 0,
    }


def fill_row(instrument: Instrument, report: Report) -> Row:
    """Return an execution as ``/api-data/g-futures/trades`` shows it."""
    order = report.order
    return {
        "action": "New",
        "clOrdID": order.client_id,
        "closedPnlRv": text(report.exec_realised),
        "closedSizeRq": "0",
        "currency": instrument.settle,
        "execFeeRv": text(report.exec_fee),
        "execID": report.exec_id,
        "execPriceRp": text(report.exec_price),
        "execQtyRq": text(report.exec_qty),
        "execStatus": liquidity_word(report),
        "execValueRv": text(trade_value(instrument, report.exec_qty, report.exec_price)),
        "feeRateRr": ratio(report.fee_rate),
        "orderID": order.order_id,
        "orderQtyRq": text(order.qty),
        "ordType": words.ORDER_TYPE[order.type],
        "posSide": words.POSITION_SIDE[order.position_side],
        "priceRp": text(order.price),
        "side": words.SIDE[order.side],
        "symbol": order.symbol,
        "tradeType": words.TRADE_TYPE[report.kind],
        "transactTimeNs": report.at_ns,
    }


def listed_fill(instrument: Instrument, report: Report) -> Row:
    """Return an execution as ``/exchange/order/v2/tradingList`` shows it: numbers, and only a piece of its id."""
    order = report.order
    return {
        "createdAt": report.at_ns // 1_000_000,
        "symbol": order.symbol,
        "currency": instrument.settle,
        "action": 1,
        "tradeType": words.TRADE_TYPE_NUMBER[words.TRADE_TYPE[report.kind]],
        "execQtyRq": text(report.exec_qty),
        "execPriceRp": text(report.exec_price),
        "side": words.SIDE_NUMBER[order.side],
        "orderQtyRq": text(order.qty),
        "priceRp": text(order.price),
        "execValueRv": text(trade_value(instrument, report.exec_qty, report.exec_price)),
        "feeRateRr": ratio(report.fee_rate),
        "execFeeRv": text(report.exec_fee),
        "ordType": words.ORDER_TYPE_NUMBER[order.type],
        "execId": report.exec_id[:7],
        "execStatus": words.EXEC_NUMBER[liquidity_word(report)],
        "posSide": words.POSITION_SIDE_NUMBER[order.position_side],
        "ptFeeRv": 0,
        "ptPriceRp": 0,
    }


def funding_trade(instrument: Instrument, charge: FundingCharge) -> Row:
    """Return a funding settlement among executions: zero order id, ``SettlingFunding``, tradeType Funding."""
    size = abs(charge.qty)
    return {
        "action": "SettleFundingFee",
        "clOrdID": "SettlingFunding",
        "closedPnlRv": "0",
        "closedSizeRq": "0",
        "currency": instrument.settle,
        "execFeeRv": text(charge.amount),
        "execID": charge.exec_id,
        "execPriceRp": text(charge.mark),
        "execQtyRq": text(size),
        "execStatus": "TakerFill",
        "execValueRv": text(trade_value(instrument, size, charge.mark)),
        "feeRateRr": ratio(charge.rate),
        "orderID": NO_EXEC,
        "orderQtyRq": text(size),
        "ordType": "Market",
        "posSide": words.POSITION_SIDE[charge.position_side],
        "priceRp": "0",
        "side": "Buy" if charge.qty > 0 else "Sell",
        "symbol": charge.symbol,
        "tradeType": "Funding",
        "transactTimeNs": charge.at_ns,
    }


def funding_fee(instrument: Instrument, charge: FundingCharge) -> Row:
    """Return a funding settlement as ``/api-data/g-futures/funding-fees`` shows it; positive is paid."""
    size = abs(charge.qty)
    return {
        "symbol": charge.symbol,
        "currency": instrument.settle,
        "execQtyRq": text(size),
        "side": "Buy" if charge.qty > 0 else "Sell",
        "execPriceRp": text(charge.mark),
        "execValueRv": text(trade_value(instrument, size, charge.mark)),
        "fundingRateRr": ratio(charge.rate),
        "feeRateRr": ratio(charge.rate),
        "execFeeRv": text(charge.amount),
        "createTime": charge.at_ns // 1_000_000,
    }


def closed_position(instrument: Instrument, term: Term, position: SimPosition) -> Row:
    """Return a term of a position as ``/api-data/g-futures/closedPosition`` shows it (captured 2026-05, quoted by ccxt).

    Its times are milliseconds, whatever their names say.
    """
    margin = divide(term.opened_value, position.leverage)
    return {
        "symbol": term.symbol,
        "currency": instrument.settle,
        "term": term.number,
        "closedSizeRq": text(term.closed),
        "side": words.SIDE_NUMBER[term.side],
        "cumEntryValueRv": None,
        "closedPnlRv": text(term.pnl),
        "exchangeFeeRv": text(term.fees),
        "fundingFeeRv": text(term.funding),
        "realizedPnlRv": text(term.realised),
        "finished": int(term.finished),
        "openedTimeNs": term.opened_ns // 1_000_000,
        "updatedTimeNs": term.updated_ns // 1_000_000,
        "openPrice": text(average(instrument, term.opened, term.opened_value)),
        "closePrice": text(average(instrument, term.closed, term.closed_value)),
        "roi": ratio(divide(term.realised, margin)) if margin else "0",
        "leverage": signed_leverage(position),
    }


def signed_leverage(position: SimPosition) -> str:
    """Return leverage with the venue's sign: negative is cross, positive isolated."""
    return text(position.leverage if position.isolated else -position.leverage)


def held_side(position: SimPosition) -> str:
    """Return the side of a position; its size carries no sign."""
    if not position.qty:
        return "None"
    return "Buy" if position.qty > 0 else "Sell"


def risk_limit(instrument: Instrument, position: SimPosition) -> Decimal:
    """Return the chosen risk limit, or the notional of the first tier, the figure the venue shows in its place."""
    if position.risk_limit:
        return position.risk_limit
    return instrument.tiers[0].notional if instrument.tiers else Decimal(2_000_000)
