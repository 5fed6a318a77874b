"""Events in one line each, so that what a recording says can stand beside the recording and be read."""

from __future__ import annotations

from collections.abc import Iterable

from tui_trader.core.decimals import plain
from tui_trader.core.event import (
    BalanceChanged,
    BookDelta,
    BookSnapshot,
    CandlesChanged,
    Event,
    FeeRatesTold,
    FundingPaid,
    FundsListed,
    FundsTransferred,
    OrderChanged,
    OrderFilled,
    OrdersSnapshot,
    PositionChanged,
    PositionsSnapshot,
    Subscribed,
    TickerChanged,
    TradesPrinted,
)
from tui_trader.core.order import OrderReport
from tui_trader.core.position import Position


def lines(events: Iterable[Event]) -> list[str]:
    """Return what events tell."""
    return [text for event in events for text in _lines(event)]


def _lines(event: Event) -> list[str]:
    match event:
        case OrderChanged(report, replayed):
            return [f"{'old ' if replayed else ''}{_order(report)}"]
        case OrdersSnapshot(_, reports, symbol):
            return [f"open orders of {symbol}", *(_order(report) for report in reports)]
        case OrderFilled(fill):
            numbers = f"{plain(fill.qty)} @ {plain(fill.price)} fee {plain(fill.fee)} {fill.fee_currency}"
            return [f"fill {fill.side} {fill.instrument.symbol} {numbers} {fill.liquidity} {fill.kind} at {fill.at_ns}"]
        case FundingPaid():
            amount = f"{plain(event.amount)} {event.currency}"
            return [f"funding {event.instrument.symbol} {amount} rate {plain(event.rate)} at {event.at_ns}"]
        case PositionChanged(position):
            return [_position(position)]
        case PositionsSnapshot(_, currency, positions):
            return [f"positions in {currency}", *(_position(position) for position in positions)]
        case BalanceChanged(balance):
            return [f"balance {plain(balance.total)} used {plain(balance.used)} {balance.currency}"]
        case FundsTransferred(_, transfer):
            return [f"transfer {transfer.words} {transfer.state} {transfer.key[:8]} at {transfer.at_ns}"]
        case FundsListed(_, entries):
            return [f"{e.kind} {plain(e.amount)} {e.currency} to {plain(e.balance)} at {e.at_ns}" for e in entries]
        case FeeRatesTold(_, rates):
            return [f"fees {r.instrument.symbol} maker {plain(r.maker)} taker {plain(r.taker)}" for r in rates]
        case BookSnapshot() | BookDelta():
            word = "book" if isinstance(event, BookSnapshot) else "change"
            bids, asks = ([list(level) for level in side] for side in (event.bids, event.asks))
            return [f"{word} {event.instrument.symbol} {bids} | {asks} depth {event.depth} sequence {event.sequence}"]
        case TradesPrinted(instrument, trades, snapshot):
            rows = ", ".join(f"{t.side} {plain(t.qty)} @ {plain(t.price)}" for t in trades)
            return [f"{'all ' if snapshot else ''}trades {instrument.symbol} {rows}"]
        case CandlesChanged(instrument, candles, snapshot):
            rows = "; ".join(
                f"{c.start_s} {plain(c.open)} {plain(c.high)} {plain(c.low)} {plain(c.close)} {plain(c.volume)}" for c in candles
            )
            return [f"{'all ' if snapshot else ''}candles {instrument.symbol} {rows}"]
        case TickerChanged():
            said = {
                name: value
                for name, value in event._asdict().items()
                if name not in ("instrument", "at_ns") and value is not None
            }
            return [f"ticker {event.instrument.symbol} " + " ".join(f"{name}={plain(value)}" for name, value in said.items())]
        case Subscribed():
            return [f"answer to {event.request_id}: {event.reason or 'granted'}{', login' if event.is_login else ''}"]
        case _:
            return [type(event).__name__]


def _order(report: OrderReport) -> str:
    words = [report.status.value, report.side.value, report.type.value, report.instrument.symbol]
    words.append(f"{plain(report.filled)}/{plain(report.qty)}")
    words += [f"{name} {plain(value)}" for name, value in _prices(report) if value is not None]
    words.append(report.tif.value)
    words += [name for name in ("reduce_only", "close_on_trigger") if getattr(report, name)]
    if report.pending is not None:
        words.append(f"{report.pending} pending")
    if report.code or report.reason:
        words.append(f"[{report.code}: {report.reason}]")
    return " ".join(words)


def _prices(report: OrderReport) -> list[tuple[str, object]]:
    names = (
        "price",
        "trigger_price",
        "take_profit",
        "take_profit_limit",
        "stop_loss",
        "stop_loss_limit",
        "trail",
        "activation_price",
    )
    return [(name, getattr(report, name)) for name in names]


def _position(position: Position) -> str:
    leg = f"{position.instrument.symbol} {position.position_side}"
    backing = f"{plain(round(position.leverage, 4))}x {position.margin_mode}"
    if position.is_flat:
        return f"flat {leg} {backing}"
    liquidation = "none" if position.liquidation is None else plain(position.liquidation)
    size = f"{plain(position.qty)} @ {plain(position.entry)}"
    return f"{position.side} {leg} {size} mark {plain(position.mark_then)} {backing} liq {liquidation}"
