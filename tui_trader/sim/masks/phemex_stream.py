"""Rows of Phemex's private stream: orders, positions and accounts, complete rows as captured from production.

Names differ from REST on purpose of the venue, not ours: ``ordType``, ``orderQty``, ``cumQty``, ``size`` carry no suffix here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from tui_trader.core.decimals import ONE, ZERO, divide
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import ContractKind, PositionMode, PositionSide, Side
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.ledger import new_position
from tui_trader.sim.margin import position_cost, side_of, tier_of, trade_value
from tui_trader.sim.masks import phemex_words as words
from tui_trader.sim.masks.phemex_rows import (
    NO_EXEC,
    Row,
    direction,
    exec_inst,
    exec_word,
    held_side,
    liquidity_word,
    numeric_account,
    peg_word,
    ratio,
    risk_limit,
    signed_leverage,
    signed_offset,
    status_word,
    text,
    trigger,
    worst_price,
)
from tui_trader.sim.types import Event, FundingCharge, Report, SimOrder, SimPosition, SimStatus

_BLANK: Final[Row] = {
    "action": "New",
    "actionBy": "ByUser",
    "apRp": "0",
    "bonusChangedAmountRv": "0",
    "bpRp": "0",
    "cl_req_code": 0,
    "closedPnlRv": "0",
    "closedSize": "0",
    "code": 0,
    "cumFeeRv": "0",
    "cumPtFeeRv": "0",
    "cumQty": "0",
    "cumValueRv": "0",
    "curBonusBalanceRv": "0",
    "cxlRejReason": 0,
    "displayQty": "0",
    "execFeeRv": "0",
    "execID": NO_EXEC,
    "execInst": "None",
    "execPriceRp": "0",
    "execQty": "0",
    "execValueRv": "0",
    "feeRateRr": "0",
    "leavesQty": "0",
    "leavesValueRv": "0",
    "message": "No error",
    "pegOffsetProportionRr": "0",
    "pegOffsetValueRp": "0",
    "priceRp": "0",
    "ptFeeRv": "0",
    "ptPriceRp": "0",
    "relatedReqNum": 0,
    "slPxRp": "0",
    "slTimeInForce": "ImmediateOrCancel",
    "slTrigger": "ByMarkPrice",
    "stopDirection": "UNSPECIFIED",
    "stopLossRp": "0",
    "stopPxRp": "0",
    "takeProfitRp": "0",
    "timeInForce": "ImmediateOrCancel",
    "tpPxRp": "0",
    "tpTimeInForce": "ImmediateOrCancel",
    "tpTrigger": "ByLastPrice",
    "tradeType": "",
    "trigger": "UNSPECIFIED",
}
"""An order row in which nothing is said; the field list of the captures of 2022 and 2023 together."""


def _position_part(exchange: Exchange, account: str, symbol: str, side: PositionSide) -> Row:
    """Return the ``cur…`` fields: the position and wallet that an order row carries along."""
    instrument = exchange.instruments[symbol]
    held = find_position(exchange, account, symbol, side)
    user, number = numeric_account(account, instrument.settle)
    return {
        "accountID": number,
        "userID": user,
        "currency": instrument.settle,
        "curAccBalanceRv": text(exchange.wallet(account, instrument.settle)[0]),
        "curAssignedPosBalanceRv": text(held.margin),
        "curLeverageRr": signed_leverage(held),
        "curPosSide": held_side(held),
        "curPosSize": text(abs(held.qty)),
        "curPosTerm": held.term,
        "curPosValueRv": text(held.cost),
        "curRiskLimitRv": text(risk_limit(instrument, held)),
        "relatedPosTerm": held.term,
        "symbol": symbol,
        "posSide": words.POSITION_SIDE[side],
    }


def find_position(exchange: Exchange, account: str, symbol: str, side: PositionSide) -> SimPosition:
    """Return one leg of an account, a flat one at the contract's default leverage when it has never been touched."""
    held = exchange.accounts[account].positions.get((symbol, side))
    if held is not None:
        return held
    return new_position(exchange.instruments[symbol], side)


def order_row(exchange: Exchange, order: SimOrder) -> Row:
    """Return an order as a snapshot has it, from its state alone."""
    price = worst_price(exchange, order)
    leaves = order.remaining if order.status.is_open and order.status is not SimStatus.UNTRIGGERED else ZERO
    code, message = words.REFUSAL[order.refusal]
    peg = {"pegPriceType": peg_word(order)} if order.trail else {}
    # A create that was refused never got a place in the engine's sequence.
    seq = 0 if order.status is SimStatus.REJECTED else order.seq
    return {
        **_BLANK,
        **_position_part(exchange, order.account, order.symbol, order.position_side),
        "actionTimeNs": order.created_ns,
        "addedSeq": seq,
        "clOrdID": order.client_id,
        "code": code,
        "cumFeeRv": text(order.fees),
        "cumQty": text(order.filled),
        "cumValueRv": text(order.filled_value),
        "cxlRejReason": words.CXL_REASON.get(order.refusal, 0),
        "displayQty": text(leaves),
        "execInst": exec_inst(order),
        "execSeq": seq,
        "execStatus": exec_word(order),
        "leavesQty": text(leaves),
        "leavesValueRv": text(trade_value(exchange.instruments[order.symbol], leaves, price)),
        "message": message or "No error",
        "ordStatus": status_word(order),
        "ordType": words.ORDER_TYPE[order.type],
        "orderID": order.order_id,
        "orderQty": text(order.qty),
        "pegOffsetValueRp": text(signed_offset(order)),
        "priceRp": text(price),
        "relatedReqNum": seq % 1000,
        "side": words.SIDE[order.side],
        "slPxRp": text(order.stop_loss_limit),
        "slTrigger": words.TRIGGER[order.sl_trigger],
        "stopDirection": direction(order),
        "stopLossRp": text(order.stop_loss),
        "stopPxRp": text(order.trigger_price),
        "takeProfitRp": text(order.take_profit),
        "timeInForce": words.TIF[order.tif],
        "tpPxRp": text(order.take_profit_limit),
        "tpTrigger": words.TRIGGER[order.tp_trigger],
        "transactTimeNs": order.updated_ns,
        "trigger": trigger(order),
        **peg,
    }


def report_row(exchange: Exchange, report: Report) -> Row:
    """Return an order as an increment has it, right after ``report``."""
    order = report.order
    row = order_row(exchange, order)
    row["transactTimeNs"] = report.at_ns
    if order.status is not SimStatus.REJECTED:
        row["execSeq"] = row["addedSeq"] = report.seq
    match report.event:
        case Event.FILL:
            instrument = exchange.instruments[order.symbol]
            row["execStatus"] = liquidity_word(report)
            row["tradeType"] = words.TRADE_TYPE[report.kind]
            row["closedPnlRv"] = text(report.exec_realised)
            row["closedSize"] = text(report.exec_qty) if _closes(order) else "0"
            row["execFeeRv"] = text(report.exec_fee)
            row["execID"] = report.exec_id
            row["execPriceRp"] = text(report.exec_price)
            row["execQty"] = text(report.exec_qty)
            row["execValueRv"] = text(trade_value(instrument, report.exec_qty, report.exec_price))
            row["feeRateRr"] = ratio(report.fee_rate)
            if report.kind != "trade":
                row["action"], row["actionBy"] = "LiqRequest", "BySystem"
        case Event.NEW | Event.UNTRIGGERED:
            row["execStatus"] = "New"
        case Event.TRIGGERED:
            row["ordStatus"], row["execStatus"] = "Triggered", "New"
        case Event.REPLACED:
            row["action"], row["execStatus"] = "Replace", "New"
        case Event.CANCELED:
            row["action"], row["execStatus"] = "Cancel", "Canceled"
        case Event.EXPIRED:
            row["execStatus"] = "Expired"
        case Event.REJECTED:
            pass
    return row


def _closes(order: SimOrder) -> bool:
    if order.position_side is PositionSide.MERGED:
        return order.reduce_only or order.close_on_trigger
    return (order.side is Side.BUY) == (order.position_side is PositionSide.SHORT)


def funding_row(exchange: Exchange, charge: FundingCharge) -> Row:
    """Return a funding settlement as an order row: zero order id, ``SettlingFunding``, tradeType Funding."""
    size = abs(charge.qty)
    return {
        **_BLANK,
        **_position_part(exchange, charge.account, charge.symbol, charge.position_side),
        "action": "SettleFundingFee",
        "actionBy": "BySystem",
        "actionTimeNs": charge.at_ns,
        "addedSeq": charge.seq,
        "clOrdID": "SettlingFunding",
        "execFeeRv": text(charge.amount),
        "execID": charge.exec_id,
        "execPriceRp": text(charge.mark),
        "execQty": text(size),
        "execSeq": charge.seq,
        "execStatus": "TakerFill",
        "execValueRv": text(trade_value(exchange.instruments[charge.symbol], size, charge.mark)),
        "feeRateRr": ratio(charge.rate),
        "ordStatus": "Filled",
        "ordType": "Market",
        "orderID": NO_EXEC,
        "orderQty": text(size),
        "side": "Buy" if charge.qty > 0 else "Sell",
        "tradeType": "Funding",
        "transactTimeNs": charge.at_ns,
    }


def account_row(exchange: Exchange, account: str, currency: str) -> Row:
    """Return a wallet as the private stream shows it (captured 2025-11)."""
    balance, used = exchange.wallet(account, currency)
    user, number = numeric_account(account, currency)
    return {
        "accountBalanceRv": text(balance),
        "accountID": number,
        "bonusBalanceRv": "0",
        "currency": currency,
        "status": 0,
        "totalUsedBalanceRv": text(used),
        "tradeLevel": 0,
        "userID": user,
        "userMode": "Classic",
    }


def cost_factors(instrument: Instrument, leverage: Decimal) -> tuple[str, str]:
    """Return (buyValueToCostRr, sellValueToCostRr): 1/L + f + f·(1 ∓ 1/L) linear, the signs swapped when inverse."""
    initial, fee = divide(ONE, leverage), instrument.taker_fee
    buy, sell = ratio(initial + fee + fee * (1 - initial)), ratio(initial + fee + fee * (1 + initial))
    return (sell, buy) if instrument.kind is ContractKind.INVERSE else (buy, sell)


def position_row(exchange: Exchange, account: str, position: SimPosition) -> Row:
    """Return a position as the private stream shows it: a complete row, also when flat."""
    instrument = exchange.instruments[position.symbol]
    user, number = numeric_account(account, instrument.settle)
    buy_factor, sell_factor = cost_factors(instrument, position.leverage)
    balance, used = exchange.wallet(account, instrument.settle)
    open_ = bool(position.qty)
    margin = exchange.position_margin(position) if open_ else ZERO
    bankrupt = exchange.bankrupt_price(account, position) if open_ else None
    liquidation = exchange.liquidation_price(account, position) if open_ else None
    cost = position_cost(instrument, side_of(position), position.cost, position.leverage) if open_ else ZERO
    free = max(ZERO, balance - used)
    tier = tier_of(instrument, position.cost, position.risk_limit)
    leaves = _leaves(exchange, account, position)
    mode = exchange.accounts[account].modes.get(position.symbol, PositionMode.ONE_WAY)
    return {
        "accountID": number,
        "assignedPosBalanceRv": text(position.margin if position.isolated else cost),
        "avgEntryPriceRp": text(position.entry if open_ else ZERO),
        "bankruptCommRv": text(instrument.value(abs(position.qty), bankrupt or ZERO) * instrument.taker_fee),
        "bankruptPriceRp": _edge_price(instrument, position, bankrupt),
        "buyLeavesQty": text(leaves[Side.BUY][0]),
        "buyLeavesValueRv": text(leaves[Side.BUY][1]),
        "buyValueToCostRr": buy_factor,
        "createdAtNs": 0,
        "crossSharedBalanceRv": "0" if position.isolated else text(free),
        "cumClosedPnlRv": text(position.realised),
        "cumFundingFeeRv": text(position.funding),
        "cumPtFeeRv": "0",
        "cumTransactFeeRv": text(position.fees),
        "curTermRealisedPnlRv": text(position.term_realised),
        "currency": instrument.settle,
        "dataVer": position.seq,
        "deleveragePercentileRr": "0",
        "displayLeverageRr": signed_leverage(position),
        "estimatedOrdLossRv": "0",
        "execSeq": position.seq,
        "freeCostRv": "0",
        "freeQty": "0",
        "initMarginReqRr": ratio(divide(ONE, position.leverage)),
        "lastFundingTime": position.last_funding_ns,
        "lastTermEndTime": 0,
        "leverageRr": signed_leverage(position),
        "liquidationPriceRp": _edge_price(instrument, position, liquidation),
        "maintMarginReqRr": ratio(tier.maintenance_rate) if tier is not None else "0.005",
        "makerFeeRateRr": ratio(instrument.maker_fee),
        "markPriceRp": text(exchange.market(position.symbol).mark),
        "minPosCostRv": "0",
        "orderCostRv": "0",
        "posCostRv": text(cost),
        "posMode": words.MODE[mode],
        "posSide": words.POSITION_SIDE[position.position_side],
        "positionMarginRv": text(margin),
        "positionStatus": "Normal",
        "riskLimitRv": text(risk_limit(instrument, position)),
        "sellLeavesQty": text(leaves[Side.SELL][0]),
        "sellLeavesValueRv": text(leaves[Side.SELL][1]),
        "sellValueToCostRr": sell_factor,
        "side": held_side(position),
        "size": text(abs(position.qty)),
        "symbol": position.symbol,
        "takerFeeRateRr": ratio(instrument.taker_fee),
        "term": position.term,
        "transactTimeNs": position.updated_ns,
        "unrealisedPnlRv": text(exchange.unrealised(position)),
        "updatedAtNs": 0,
        "usedBalanceRv": text(position.margin if position.isolated else cost),
        "userID": user,
        "valueRv": text(position.cost if open_ else ZERO),
    }


def _edge_price(instrument: Instrument, position: SimPosition, price: Decimal | None) -> str:
    """Return a ruin price: 0 when flat, the end of the price range when no realistic price ruins the position."""
    if not position.qty:
        return "0"
    if price is None:
        return text(instrument.tick if position.qty > 0 else instrument.max_price)
    return text(instrument.round_price(price))


def _leaves(exchange: Exchange, account: str, position: SimPosition) -> dict[Side, tuple[Decimal, Decimal]]:
    """Return resting (size, value) by side for one leg."""
    out = {Side.BUY: (ZERO, ZERO), Side.SELL: (ZERO, ZERO)}
    for order in exchange.open_orders(account, position.symbol):
        if order.position_side is position.position_side and order.status is not SimStatus.UNTRIGGERED and order.price:
            size, value = out[order.side]
            left = trade_value(exchange.instruments[position.symbol], order.remaining, order.price)
            out[order.side] = (size + order.remaining, value + left)
    return out
