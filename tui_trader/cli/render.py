"""Values as JSON and as plain lines: money as decimal text, times as RFC 3339, symbols in the venue's letter case."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson

from tui_trader.core.book import Book
from tui_trader.core.clock import rfc3339
from tui_trader.core.decimals import nearest_to, plain
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Fill, Order, average_price
from tui_trader.core.position import Position, break_even
from tui_trader.core.types import ContractKind
from tui_trader.state.pnl import AccountPnl
from tui_trader.state.store import Store

COIN_STEP = Decimal("1e-8")
"""What coins are kept to at the venues known."""

MOST_EXACT = 16
"""Decimals of the longest amount that is exact: a price times a size."""

AVERAGE_STEPS = 1_000
"""Parts of a tick that an average price is rounded to."""


def emit(document: Any) -> None:
    """Print one JSON document on one line and flush it."""
    sys.stdout.buffer.write(orjson.dumps(document, default=str) + b"\n")
    sys.stdout.buffer.flush()


def table(rows: Sequence[Sequence[str]], header: Sequence[str], right: Iterable[int] = ()) -> None:
    """Print rows in columns under a header; columns in ``right`` are aligned to the right."""
    cells = [list(header), *[list(row) for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    flush_right = set(right)
    for row in cells:
        line = "  ".join(
            cell.rjust(width) if i in flush_right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print(line.rstrip())


def number(value: Decimal | None) -> str | None:
    """Return decimal text, or None."""
    return None if value is None else plain(value)


def time_of(ns: int) -> str | None:
    """Return RFC 3339 text, or None for "never"."""
    return rfc3339(ns) if ns else None


def instrument_json(instrument: Instrument) -> dict[str, Any]:
    """Return a contract's terms."""
    return {
        "venue": instrument.id.venue,
        "symbol": instrument.symbol,
        "kind": instrument.kind.value,
        "base": instrument.base,
        "quote": instrument.quote,
        "settle": instrument.settle,
        "tick": number(instrument.tick),
        "lot": number(instrument.lot),
        "min_notional": number(instrument.min_notional),
        "max_qty": number(instrument.max_qty),
        "max_leverage": number(instrument.max_leverage),
        "funding_interval_s": instrument.funding_interval_s,
        "tradable": instrument.tradable,
    }


def levels_json(levels: Sequence[tuple[Decimal, Decimal]]) -> list[list[str]]:
    """Return ``[[price, size], …]`` as decimal text."""
    return [[plain(price), plain(size)] for price, size in levels]


def book_json(book: Book, depth: int | None = None) -> dict[str, Any]:
    """Return a book, best levels first."""
    return {
        "symbol": book.instrument.symbol,
        "bids": levels_json(book.bids(depth)),
        "asks": levels_json(book.asks(depth)),
        "sequence": book.sequence,
        "at": time_of(book.at_ns),
        "live": book.is_live,
        "reason": book.reason,
    }


def order_json(order: Order, instrument: Instrument | None) -> dict[str, Any]:
    """Return an order as far as it is known."""
    average = None
    if instrument is not None:
        average = average_price(
            instrument.kind is ContractKind.INVERSE, instrument.contract_size, order.filled, order.filled_value
        )
        average = None if average is None else nearest_to(average, instrument.tick / AVERAGE_STEPS)
    return {
        "client_id": order.client_id,
        "venue_id": order.venue_id or None,
        "symbol": order.instrument.symbol,
        "side": order.side.value,
        "type": order.type.value,
        "tif": order.tif.value,
        "status": order.status.value,
        "qty": number(order.qty),
        "filled": number(order.filled),
        "price": number(order.price),
        "average_price": number(average),
        "trigger_price": number(order.trigger_price),
        "trigger_source": order.trigger_source.value if order.trigger_price else None,
        "take_profit": number(order.take_profit),
        "stop_loss": number(order.stop_loss),
        "reduce_only": order.reduce_only,
        "position_side": order.position_side.value,
        "pending": order.pending.value if order.pending else None,
        "reason": order.reason or None,
        "code": order.code or None,
        "external": order.external,
        "created": time_of(order.created_ns),
        "updated": time_of(order.updated_ns),
    }


def fill_json(fill: Fill) -> dict[str, Any]:
    """Return an execution."""
    return {
        "exec_id": fill.exec_id,
        "symbol": fill.instrument.symbol,
        "client_id": fill.client_id or None,
        "venue_id": fill.venue_id,
        "side": fill.side.value,
        "qty": number(fill.qty),
        "price": number(fill.price),
        "fee": number(fill.fee),
        "fee_currency": fill.fee_currency,
        "liquidity": fill.liquidity.value,
        "realised": number(fill.realised),
        "kind": fill.kind,
        "at": time_of(fill.at_ns),
    }


def amount(value: Decimal | None) -> str | None:
    """Return money in a settle currency: exact, or to what coins are kept to where it is a quotient, which has no end."""
    if value is None:
        return None
    exponent = value.as_tuple().exponent
    endless = isinstance(exponent, int) and exponent < -MOST_EXACT
    return number(nearest_to(value, COIN_STEP) if endless else value)


def position_json(position: Position, store: Store) -> dict[str, Any]:
    """Return a leg valued at the live mark."""
    instrument = store.instruments.get(position.instrument)
    ticker = store.ticker(position.instrument)
    return {
        "symbol": position.instrument.symbol,
        "position_side": position.position_side.value,
        "mode": position.mode.value,
        "side": position.side.value if position.side else None,
        "qty": number(position.qty),
        "entry": number(position.entry),
        "mark": number(ticker.mark),
        "unrealised": amount(store.unrealised(position)),
        "mark_fresh": store.mark_is_fresh(position.instrument),
        "leverage": number(position.leverage),
        "margin_mode": position.margin_mode.value,
        "liquidation": number(position.liquidation),
        "break_even": number(_break_even(position, instrument)),
        "at": time_of(position.at_ns),
    }


def _break_even(position: Position, instrument: Instrument | None) -> Decimal | None:
    """Return the nearest price on the grid at which leaving does not lose."""
    price = break_even(position, instrument) if instrument else None
    if price is None or instrument is None or position.side is None:
        return None
    return instrument.round_price(price, position.side.opposite)


def account_json(pnl: AccountPnl) -> dict[str, Any]:
    """Return one settle currency of the account."""
    return {
        "currency": pnl.currency,
        "equity": amount(pnl.equity),
        "wallet": number(pnl.wallet),
        "available": amount(pnl.available),
        "used": number(pnl.used),
        "unrealised": amount(pnl.unrealised),
        "realised": number(pnl.realised),
        "day": amount(pnl.day),
        "fees": number(pnl.fees),
        "funding": number(pnl.funding),
        "since": time_of(pnl.since_ns),
        "complete": pnl.complete,
    }


def text(value: Any) -> str:
    """Return a JSON scalar as a table cell."""
    return "-" if value is None else str(value)


def print_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], right: Iterable[str] = ()) -> None:
    """Print JSON rows as a table of the given columns."""
    right = set(right)
    table(
        [[text(row.get(column)) for column in columns] for row in rows],
        columns,
        [i for i, column in enumerate(columns) if column in right],
    )
