"""Rows of the past as Phemex's USDⓈ-M histories show it: orders, executions, funding, positions that came and went.

Field lists are those of the documentation's own samples and of captures; the same thing has another name in each
(``orderID``/``orderId``, words or numbers for the same enumeration).
"""

from __future__ import annotations

from tui_trader.core.decimals import ZERO, divide
from tui_trader.core.instrument import Instrument
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.ledger import average
from tui_trader.sim.margin import trade_value
from tui_trader.sim.masks import phemex_words as words
from tui_trader.sim.masks.phemex_rows import (
    NO_EXEC,
    Row,
    direction,
    exec_inst,
    exec_word,
    liquidity_word,
    ratio,
    signed_leverage,
    status_word,
    text,
    worst_price,
)
from tui_trader.sim.terms import Term
from tui_trader.sim.types import FundingCharge, Report, SimOrder, SimPosition


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
