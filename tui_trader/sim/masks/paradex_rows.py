"""Paradex's rows as its REST server and its private channels write them: orders, fills, positions, the account, markets.

Field names and their kinds are those of the REST reference of August 2026. It shares nothing with the client.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from tui_trader.core.decimals import ONE, ZERO, divide, plain
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import OrderType, Side, TimeInForce
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.types import FundingCharge, PublicTrade, Refusal, Report, SimOrder, SimPosition, SimStatus

Row = dict[str, Any]
SETTLE: Final = "USDC"

SIDE: Final = {Side.BUY: "BUY", Side.SELL: "SELL"}
OPENING: Final = {
    OrderType.LIMIT: "LIMIT",
    OrderType.MARKET: "MARKET",
    OrderType.STOP: "STOP_MARKET",
    OrderType.STOP_LIMIT: "STOP_LIMIT",
    OrderType.MARKET_IF_TOUCHED: "STOP_MARKET",
    OrderType.LIMIT_IF_TOUCHED: "STOP_LIMIT",
}
CLOSING: Final = {
    OrderType.LIMIT: "LIMIT",
    OrderType.MARKET: "MARKET",
    OrderType.STOP: "STOP_LOSS_MARKET",
    OrderType.STOP_LIMIT: "STOP_LOSS_LIMIT",
    OrderType.MARKET_IF_TOUCHED: "TAKE_PROFIT_MARKET",
    OrderType.LIMIT_IF_TOUCHED: "TAKE_PROFIT_LIMIT",
}
INSTRUCTION: Final = {
    TimeInForce.GTC: "GTC",
    TimeInForce.IOC: "IOC",
    TimeInForce.POST_ONLY: "POST_ONLY",
    TimeInForce.RPI: "RPI",
    TimeInForce.FOK: "IOC",
}
REASON: Final = {
    Refusal.NO_BALANCE: "NOT_ENOUGH_MARGIN",
    Refusal.WOULD_CROSS: "POST_ONLY_WOULD_CROSS",
    Refusal.REDUCE_ONLY: "REDUCE_ONLY_WOULD_INCREASE",
    Refusal.REDUCE_NOTHING: "REDUCE_ONLY_WOULD_INCREASE",
    Refusal.NO_MARKET: "NOT_ENOUGH_LIQUIDITY",
}
"""By why the exchange refused; the list of the venue's words is not complete, so that others are made of ours."""

AT_THE_GATE: Final = {
    Refusal.DUPLICATE_CLIENT_ID: "DUPLICATED_CLIENT_ID",
    Refusal.SYMBOL: "MARKET_NOT_FOUND",
    Refusal.PRICE_TICK: "INVALID_ORDER_PRICE",
    Refusal.QTY_LOT: "INVALID_ORDER_SIZE",
    Refusal.QTY_TOO_LARGE: "INVALID_ORDER_SIZE",
    Refusal.QTY_TOO_SMALL: "INVALID_ORDER_SIZE",
    Refusal.VALUE_TOO_SMALL: "INVALID_ORDER_SIZE",
}
"""Refused with an answer, and no order of anybody's; everything else is received, and refused on the stream."""


def was_received(order: SimOrder) -> bool:
    """Whether an order came through the gate: what the answer refused is told by no stream and no list."""
    return order.refusal not in AT_THE_GATE


def number_of(name: str) -> str:
    """Return the exchange's id of an order or an execution as the venue's: digits alone."""
    return str(int(name.replace("-", ""), 16) % 10**28)


class Ids:
    """The venue's ids of what the exchange names otherwise; for those who look at both sides."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def of(self, name: str) -> str:
        """Return the number of a name."""
        return number_of(name)

    def name(self, identity: object) -> str:
        """Return the exchange's id of the order with a number; empty where there is none."""
        for orders in self._exchange.floor.orders.values():
            for name in orders:
                if number_of(name) == identity:
                    return name
        return ""


def millis(at_ns: int) -> int:
    """Return a time as REST has it."""
    return at_ns // 1_000_000


def order_row(order: SimOrder, *, fresh: bool = False) -> Row:
    """Return an order; a ``fresh`` one has been received and nothing more."""
    closing = order.reduce_only or order.close_on_trigger
    average = divide(order.filled_value, order.filled) if order.filled and not fresh else None
    flags = ["REDUCE_ONLY"] if closing else []
    return {
        "account": order.account,
        "avg_fill_price": "" if average is None else plain(average.quantize(Decimal("1e-8"))),
        "cancel_reason": "" if fresh else _reason(order),
        "client_id": order.client_id,
        "created_at": millis(order.created_ns),
        "flags": flags,
        "id": number_of(order.order_id),
        "instruction": INSTRUCTION[order.tif],
        "last_updated_at": millis(order.created_ns if fresh else order.updated_ns),
        "market": order.symbol,
        "price": plain(order.price or ZERO),
        "published_at": millis(order.updated_ns),
        "received_at": millis(order.created_ns),
        "remaining_size": plain(order.qty if fresh else order.remaining),
        "request_info": None,
        "seq_no": order.seq,
        "side": SIDE[order.side],
        "size": plain(order.qty),
        "status": "NEW" if fresh else _status(order),
        "stp": "EXPIRE_TAKER",
        "timestamp": millis(order.created_ns),
        "trigger_price": plain(order.trigger_price) if order.trigger_price else "",
        "type": (CLOSING if closing else OPENING)[order.type],
    }


def _status(order: SimOrder) -> str:
    if order.status is SimStatus.UNTRIGGERED:
        return "UNTRIGGERED"
    return "OPEN" if order.status.is_open else "CLOSED"


def _reason(order: SimOrder) -> str:
    if order.status is SimStatus.REJECTED:
        return REASON.get(order.refusal, "REJECTED_" + order.refusal.name)
    if order.status is SimStatus.CANCELED:
        return "USER_CANCELED" if order.refusal is Refusal.NONE else REASON.get(order.refusal, "NOT_ENOUGH_LIQUIDITY")
    return ""


def fill_row(report: Report) -> Row:
    """Return an execution."""
    order = report.order
    return {
        "account": order.account,
        "client_id": order.client_id,
        "created_at": millis(report.at_ns),
        "fee": plain(report.exec_fee),
        "fee_currency": SETTLE,
        "fill_type": "LIQUIDATION" if report.kind == "liquidation" else "FILL",
        "id": number_of(report.exec_id),
        "liquidity": report.liquidity.value.upper(),
        "market": order.symbol,
        "order_id": number_of(order.order_id),
        "price": plain(report.exec_price),
        "realized_funding": "0",
        "realized_pnl": plain(report.exec_realised),
        "remaining_size": plain(order.remaining),
        "side": SIDE[order.side],
        "size": plain(report.exec_qty),
        "trade_id": number_of(report.exec_id),
        "underlying_price": "",
        "flags": ["interactive"],
        "orderbook_seq_no": report.seq,
    }


def position_row(exchange: Exchange, account: str, position: SimPosition) -> Row:
    """Return a position; its size carries the sign of its side."""
    held = bool(position.qty)
    liquidation = exchange.liquidation_price(account, position) if held else None
    return {
        "account": account,
        "average_entry_price": plain(position.entry) if held else "0",
        "average_entry_price_usd": plain(position.entry) if held else "0",
        "cached_funding_index": "0",
        "cost": plain(position.cost),
        "cost_usd": plain(position.cost),
        "created_at": millis(position.updated_ns),
        "id": f"{account}-{position.symbol}",
        "last_fill_id": "",
        "last_updated_at": millis(max(position.updated_ns, position.last_funding_ns)),
        "leverage": plain(position.leverage),
        "liquidation_price": plain(liquidation.quantize(Decimal("1e-8"))) if liquidation is not None else "",
        "market": position.symbol,
        "realized_positional_pnl": plain(position.realised),
        "seq_no": position.seq,
        "side": "SHORT" if position.qty < 0 else "LONG",
        "size": plain(position.qty),
        "status": "OPEN" if held else "CLOSED",
        "unrealized_funding_pnl": "0",
        "unrealized_pnl": plain(exchange.unrealised(position)) if held else "0",
    }


def account_row(exchange: Exchange, account: str) -> Row:
    """Return what the account holds."""
    total, used = exchange.wallet(account, SETTLE)
    open_profit = sum((exchange.unrealised(position) for position in exchange.positions(account) if position.qty), ZERO)
    value = total + open_profit
    return {
        "account": account,
        "account_value": plain(value),
        "free_collateral": plain(value - used),
        "initial_margin_requirement": plain(used),
        "maintenance_margin_requirement": plain(used / 2),
        "margin_cushion": plain(value - used / 2),
        "seq_no": exchange.seq,
        "settlement_asset": SETTLE,
        "status": "ACTIVE",
        "total_collateral": plain(total),
        "updated_at": millis(exchange.now_ns),
    }


def payment_row(charge: FundingCharge) -> Row:
    """Return a funding payment: positive was received."""
    return {
        "account": charge.account,
        "created_at": millis(charge.at_ns),
        "fill_id": "",
        "id": number_of(charge.exec_id),
        "index": "0",
        "market": charge.symbol,
        "payment": plain(-charge.amount),
    }


Level = tuple[Decimal, Decimal]


def best_of(exchange: Exchange, symbol: str) -> tuple[Level | None, Level | None]:
    """Return price and size of the best bid and ask, without waking a market that nobody watches."""
    listing = exchange.listings[symbol]
    bid, ask = (
        next(((listing.price(ticks), listing.qty(lots)) for ticks, lots in listing.book.depth(side, 1)), None) for side in Side
    )
    return bid, ask


def premium_of(rate: Decimal, price: Decimal) -> Decimal:
    """Return a funding rate in dollars of one contract, which the venue calls its premium."""
    return (rate * price).quantize(Decimal("1e-8"))


def trade_row(trade: PublicTrade) -> Row:
    """Return a print."""
    return {
        "id": str(trade.seq),
        "market": trade.symbol,
        "side": SIDE[trade.side],
        "size": plain(trade.qty),
        "price": plain(trade.price),
        "created_at": millis(trade.at_ns),
        "trade_type": "FILL",
    }


def market_row(instrument: Instrument) -> Row:
    """Return a market of the product list."""
    fee = {"maker_fee": {"fee": plain(instrument.maker_fee)}, "taker_fee": {"fee": plain(instrument.taker_fee)}}
    return {
        "symbol": instrument.symbol,
        "base_currency": instrument.base,
        "quote_currency": instrument.quote,
        "settlement_currency": instrument.settle,
        "order_size_increment": plain(instrument.lot),
        "price_tick_size": plain(instrument.tick),
        "min_notional": plain(instrument.min_notional),
        "open_at": 1_698_756_879_745,
        "expiry_at": 0,
        "asset_kind": "PERP",
        "market_kind": "cross",
        "position_limit": plain(instrument.max_qty),
        "price_bands_width": "0.05",
        "max_open_orders": 100,
        "max_funding_rate": "0.02",
        "funding_period_hours": instrument.funding_interval_s // 3_600,
        "delta1_cross_margin_params": {
            "imf_base": plain(divide(ONE, instrument.max_leverage)),
            "imf_shift": "0",
            "imf_factor": "0",
            "mmf_factor": "0.5",
        },
        "fee_config": {"api_fee": fee, "interactive_fee": fee},
        "price_feed_id": "",
        "oracle_ewma_factor": "0.2",
        "max_order_size": plain(instrument.max_qty),
        "max_funding_rate_change": "0.0005",
        "max_tob_spread": "0.2",
        "tags": [],
    }
