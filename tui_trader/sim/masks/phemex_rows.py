"""Rows of orders and executions in Phemex's REST shapes: order object, string history, integer history.

Field lists are those of captured production messages and of the documentation's own samples; the same thing has another
name in each (``orderType``/``ordType``, ``cumQtyRq``/``cumQty``, ``orderID``/``orderId``).
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

from tui_trader.core.decimals import ZERO, plain
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import Liquidity, OrderType, Side
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.margin import trade_value
from tui_trader.sim.masks import phemex_words as words
from tui_trader.sim.types import Report, SimOrder, SimPosition, SimStatus

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
