"""COIN-M's numbers and rows: integers scaled by a contract's own exponents, and beside them in REST the same as JSON numbers.

A twin has eight decimals and is written as Java writes such a number: ``32323.00000000``, ``5.8E-7``, ``0E-8`` (captured 2025-11
and 2026-01). Field lists are those of captures and of the documentation's samples.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import orjson

from tui_trader.core.decimals import CONTEXT, ONE, ZERO
from tui_trader.core.instrument import Instrument
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.margin import trade_value
from tui_trader.sim.masks import phemex_words as words
from tui_trader.sim.masks.phemex_rows import (
    NO_EXEC,
    Row,
    direction,
    exec_inst,
    exec_word,
    liquidity_word,
    peg_word,
    signed_offset,
    status_word,
    trigger,
    worst_price,
)
from tui_trader.sim.types import FundingCharge, Report, SimOrder

RATIO_SCALE = 8
TWIN = Decimal("1E-8")

_UNITS: Final = frozenset(
    {
        "buyLeavesQty",
        "closedSize",
        "cumQty",
        "curPosSize",
        "displayQty",
        "execQty",
        "freeQty",
        "leavesQty",
        "orderQty",
        "sellLeavesQty",
        "size",
    }
)
"""Sizes: text in the other family, plain contracts here."""


def scaled(value: Decimal | None, scale: int) -> int:
    """Return a number as an integer of ``scale`` decimals, rounded half up."""
    return 0 if not value else int(value.scaleb(scale, CONTEXT).to_integral_value(rounding=ROUND_HALF_UP))


def price_ep(instrument: Instrument, price: Decimal | None) -> int:
    """Return a price."""
    return scaled(price, instrument.price_scale)


def value_ev(instrument: Instrument, value: Decimal | None) -> int:
    """Return an amount of the settle currency."""
    return scaled(value, instrument.value_scale)


def ratio_er(ratio: Decimal | None) -> int:
    """Return a rate."""
    return scaled(ratio, RATIO_SCALE)


def twin(scaled_number: int, scale: int) -> orjson.Fragment:
    """Return a scaled integer as a JSON number of eight decimals, e.g. ``0E-8``."""
    return orjson.Fragment(str(Decimal(scaled_number).scaleb(-scale).quantize(TWIN, context=CONTEXT)))


def in_coin(instrument: Instrument, row: Row) -> Row:
    """Return a row of the other family's private stream in this one's words: suffix and scale of every number."""
    out: Row = {}
    for name, value in row.items():
        stem, suffix = name[:-2], name[-2:]
        if suffix == "Rp":
            out[f"{stem}Ep"] = price_ep(instrument, Decimal(value))
        elif suffix == "Rv":
            out[f"{stem}Ev"] = value_ev(instrument, Decimal(value))
        elif suffix == "Rr":
            out[f"{stem}Er"] = ratio_er(Decimal(value))
        else:
            out[name] = int(Decimal(value)) if name in _UNITS else value
    return out


def with_twins(instrument: Instrument, row: Row, names: dict[str, str]) -> Row:
    """Return ``row`` with the JSON number of each scaled field right behind it; ``names`` maps fields to their twins."""
    scales = {"Ep": instrument.price_scale, "Ev": instrument.value_scale, "Er": RATIO_SCALE}
    out: Row = {}
    for name, value in row.items():
        out[name] = value
        if name in names:
            out[names[name]] = twin(value, scales[name[-2:]])
    return out


_ORDER_TWINS: Final = {
    "priceEp": "price",
    "closedPnlEv": "closedPnl",
    "cumValueEv": "cumValue",
    "leavesValueEv": "leavesValue",
    "stopPxEp": "stopPx",
}


def coin_order(exchange: Exchange, order: SimOrder, *, status: str = "", execution: str = "") -> Row:
    """Return an order as REST shows it (captured replace receipt of 2025-11); ``status`` and ``execution`` as in a receipt."""
    instrument = exchange.instruments[order.symbol]
    price = worst_price(exchange, order)
    waiting = order.trigger_price is not None and not order.triggered
    receipt = status == "Created"
    leaves = order.qty if receipt else order.remaining if order.status.is_open and not waiting else ZERO
    done = ZERO if receipt else ONE
    row = {
        "bizError": 0,
        "orderID": order.order_id,
        "clOrdID": order.client_id,
        "symbol": order.symbol,
        "side": words.SIDE[order.side],
        "actionTimeNs": order.created_ns,
        "transactTimeNs": 0 if receipt else order.updated_ns,
        "orderType": words.ORDER_TYPE[order.type],
        "priceEp": price_ep(instrument, price),
        "orderQty": int(order.qty),
        "displayQty": 0 if receipt else int(leaves),
        "timeInForce": words.TIF[order.tif],
        "reduceOnly": order.reduce_only and not order.close_on_trigger,
        "closedPnlEv": value_ev(instrument, order.realised * done),
        "closedSize": 0,
        "cumQty": int(order.filled * done),
        "cumValueEv": value_ev(instrument, order.filled_value * done),
        "leavesQty": int(leaves),
        "leavesValueEv": value_ev(instrument, trade_value(instrument, leaves, price)),
        "stopDirection": direction(order),
        "stopPxEp": price_ep(instrument, order.trigger_price),
        "trigger": trigger(order),
        "pegOffsetValueEp": price_ep(instrument, signed_offset(order)),
        "pegOffsetProportionEr": 0,
        "execStatus": execution or exec_word(order),
        "pegPriceType": peg_word(order),
        "ordStatus": status or status_word(order),
        "execInst": exec_inst(order),
    }
    return with_twins(instrument, row, _ORDER_TWINS)


def coin_history_order(exchange: Exchange, order: SimOrder) -> Row:
    """Return an order as ``/exchange/order`` and ``/exchange/order/list`` show it: twins are there, and empty."""
    row = coin_order(exchange, order)
    out = {
        name: row[name]
        for name in (
            *("orderID", "clOrdID", "symbol", "side", "orderType", "actionTimeNs", "priceEp", "orderQty", "displayQty"),
            *("timeInForce", "reduceOnly", "closedPnlEv", "closedSize", "cumQty", "cumValueEv", "leavesQty", "leavesValueEv"),
            *("stopDirection", "ordStatus", "transactTimeNs"),
        )
    }
    instrument = exchange.instruments[order.symbol]
    out["takeProfitEp"] = price_ep(instrument, order.take_profit)
    out["stopLossEp"] = price_ep(instrument, order.stop_loss)
    empty = ("price", "takeProfit", "closedPnl", "cumValue", "leavesValue", "stopLoss")
    return {**out, **dict.fromkeys(empty)}


def coin_data_order(exchange: Exchange, order: SimOrder) -> Row:
    """Return an order as ``/api-data/futures/orders`` shows it: no twins, and the refusal's code."""
    row = coin_history_order(exchange, order)
    out = {name: value for name, value in row.items() if value is not None}
    return {**out, "bizError": words.REFUSAL[order.refusal][0], "stopPxEp": price_ep(_of(exchange, order), order.trigger_price)}


def _of(exchange: Exchange, order: SimOrder) -> Instrument:
    return exchange.instruments[order.symbol]


def coin_fill(instrument: Instrument, report: Report) -> Row:
    """Return an execution as ``/exchange/order/trade`` shows it."""
    order = report.order
    return {
        "transactTimeNs": report.at_ns,
        "symbol": order.symbol,
        "currency": instrument.settle,
        "action": "New",
        "side": words.SIDE[order.side],
        "tradeType": words.TRADE_TYPE[report.kind],
        "execQty": int(report.exec_qty),
        "execPriceEp": price_ep(instrument, report.exec_price),
        "orderQty": int(order.qty),
        "priceEp": price_ep(instrument, order.price),
        "execValueEv": value_ev(instrument, trade_value(instrument, report.exec_qty, report.exec_price)),
        "feeRateEr": ratio_er(report.fee_rate),
        "execFeeEv": value_ev(instrument, report.exec_fee),
        "ordType": words.ORDER_TYPE[order.type],
        "execID": report.exec_id,
        "orderID": order.order_id,
        "clOrdID": order.client_id,
        "execStatus": liquidity_word(report),
    }


def coin_funding_trade(instrument: Instrument, charge: FundingCharge) -> Row:
    """Return a funding settlement among executions: no order, no type, and still ``Init`` (documented sample)."""
    size = abs(charge.qty)
    return {
        "transactTimeNs": charge.at_ns,
        "symbol": charge.symbol,
        "currency": instrument.settle,
        "action": "SettleFundingFee",
        "side": "Buy" if charge.qty > 0 else "Sell",
        "tradeType": "Funding",
        "execQty": int(size),
        "execPriceEp": price_ep(instrument, charge.mark),
        "orderQty": 0,
        "priceEp": 0,
        "execValueEv": value_ev(instrument, trade_value(instrument, size, charge.mark)),
        "feeRateEr": ratio_er(charge.rate),
        "execFeeEv": value_ev(instrument, charge.amount),
        "ordType": "UNSPECIFIED",
        "execID": charge.exec_id,
        "orderID": NO_EXEC,
        "clOrdID": "SettlingFunding",
        "execStatus": "Init",
    }


def coin_funding_fee(instrument: Instrument, charge: FundingCharge) -> Row:
    """Return a funding settlement as ``/api-data/futures/funding-fees`` shows it; positive is paid."""
    row = coin_funding_trade(instrument, charge)
    names = ("currency", "execFeeEv", "execPriceEp", "execQty", "execValueEv", "feeRateEr", "side", "symbol")
    out: dict[str, Any] = {name: row[name] for name in names}
    return {**out, "fundingRateEr": row["feeRateEr"], "createTime": charge.at_ns // 1_000_000}


_POSITION_TWINS: Final = {
    "leverageEr": "leverage",
    "initMarginReqEr": "initMarginReq",
    "maintMarginReqEr": "maintMarginReq",
    "riskLimitEv": "riskLimit",
    "avgEntryPriceEp": "avgEntryPrice",
    "posCostEv": "posCost",
    "assignedPosBalanceEv": "assignedPosBalance",
    "bankruptCommEv": "bankruptComm",
    "bankruptPriceEp": "bankruptPrice",
    "positionMarginEv": "positionMargin",
    "liquidationPriceEp": "liquidationPrice",
    "deleveragePercentileEr": "deleveragePercentile",
    "buyValueToCostEr": "buyValueToCost",
    "sellValueToCostEr": "sellValueToCost",
    "markPriceEp": "markPrice",
    "estimatedOrdLossEv": "estimatedOrdLoss",
    "usedBalanceEv": "usedBalance",
}

_POSITION: Final = (
    *("userID", "accountID", "symbol", "currency", "side", "positionStatus", "crossMargin", "leverageEr", "initMarginReqEr"),
    *("maintMarginReqEr", "riskLimitEv", "size", "valueEv", "avgEntryPriceEp", "posCostEv", "assignedPosBalanceEv"),
    *("bankruptCommEv", "bankruptPriceEp", "positionMarginEv", "liquidationPriceEp", "deleveragePercentileEr"),
    *("buyValueToCostEr", "sellValueToCostEr", "markPriceEp", "estimatedOrdLossEv", "usedBalanceEv", "cumClosedPnlEv"),
    *("cumFundingFeeEv", "cumTransactFeeEv", "transactTimeNs", "takerFeeRateEr", "makerFeeRateEr", "term"),
    *("lastTermEndTimeNs", "lastFundingTimeNs", "curTermRealisedPnlEv", "execSeq", "freeQty", "freeCostEv"),
    *("buyLeavesValueEv", "sellLeavesValueEv", "buyLeavesQty", "sellLeavesQty"),
)
"""Fields of a position as captured 2025-12, the JSON numbers left out."""


def coin_rest_position(instrument: Instrument, row: Row) -> Row:
    """Return a position of the stream as ``/accounts/accountPositions`` shows it."""
    named = {
        **row,
        "crossMargin": False,
        "lastTermEndTimeNs": row["lastTermEndTime"],
        "lastFundingTimeNs": row["lastFundingTime"],
    }
    out: Row = {}
    for name, value in with_twins(instrument, {one: named[one] for one in _POSITION}, _POSITION_TWINS).items():
        if name == "valueEv":
            out["value"] = twin(value, instrument.value_scale)
        out[name] = value
    return out


_EMPTY_TWINS: Final = ("markValue", "unRealisedPosLoss", "takeProfit", "stopLoss", "realisedPnl", "cumRealisedPnl")


def coin_marked_position(instrument: Instrument, row: Row) -> Row:
    """Return a position of the stream as ``/accounts/positions`` shows it, valued at the mark."""
    plain = {name: value for name, value in coin_rest_position(instrument, row).items() if name not in _POSITION_TWINS.values()}
    del plain["value"]
    nothing = ("markValueEv", "unRealisedPosLossEv", "takeProfitEp", "stopLossEp", "realisedPnlEv", "cumRealisedPnlEv")
    return {**plain, **dict.fromkeys(nothing, 0), "unRealisedPnlEv": row["unrealisedPnlEv"]}
