"""Changes as they come, one JSON document (or one plain line) each, until interrupted."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from tui_trader.cli.options import add_connection, add_json

if TYPE_CHECKING:
    from tui_trader.desk.desk import Desk

INTERVAL_S = 0.1
"""At most one document per subject and this many seconds."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``watch``."""
    parser = subparsers.add_parser(
        "watch", help="print changes as they come", description="Print positions, orders or a book whenever they change."
    )
    parser.add_argument("what", choices=("positions", "orders", "book"))
    parser.add_argument("symbol", nargs="?", default=None, help="contract; needed for book")
    parser.add_argument("--depth", type=int, default=10, metavar="N", help="levels a side of a book (default 10)")
    parser.add_argument("--count", type=int, default=0, metavar="N", help="stop after N documents (default: never)")
    add_connection(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Watch until Ctrl-C, which is a clean end."""
    from tui_trader.cli.launch import run_headless
    from tui_trader.core.error import UsageError

    if args.what == "book" and not args.symbol:
        raise UsageError("watch book needs a symbol: tui-trader watch book BTCUSDT --json")
    return run_headless(args, _watch, symbols=[args.symbol] if args.symbol else [])


async def _watch(desk: Desk, args: argparse.Namespace) -> int:
    import asyncio

    from tui_trader.cli import render

    last: Any = None
    printed = 0
    while True:
        document = _document(desk, args)
        if document != last:
            last = document
            if args.json:
                render.emit(document)
            else:
                _print(document)
            printed += 1
            if args.count and printed >= args.count:
                return 0
        await asyncio.sleep(INTERVAL_S)


def _print(document: dict[str, Any]) -> None:
    """Print a change for a person: a book as its best levels, rows as a table."""
    from tui_trader.cli import render

    for name, columns in (
        ("positions", ("symbol", "side", "qty", "entry", "mark", "unrealised")),
        ("orders", ("client_id", "symbol", "side", "type", "qty", "filled", "price", "status")),
    ):
        if name in document:
            if document[name]:
                render.print_rows(document[name], columns, {"qty", "entry", "mark", "unrealised", "filled", "price"})
            else:
                print(f"no {name}")
    if "bids" in document:
        bid, ask = (side[0] if side else ["-", "-"] for side in (document["bids"], document["asks"]))
        print(f"{document['symbol']}  {bid[1]} @ {bid[0]}  |  {ask[0]} @ {ask[1]}" + ("" if document["live"] else "  in doubt"))
    sys.stdout.flush()


def _document(desk: Desk, args: argparse.Namespace) -> dict[str, Any]:
    from tui_trader.cli import render

    store = desk.store
    if args.what == "book":
        book = store.book(desk.symbol(args.symbol))
        return render.book_json(book, args.depth) if book is not None else {"symbol": args.symbol, "live": False}
    wanted = desk.symbol(args.symbol) if args.symbol else None
    if args.what == "positions":
        legs = [p for p in store.open_positions() if wanted in (None, p.instrument)]
        return {"positions": [render.position_json(p, store) for p in legs]}
    working = store.blotter.working(wanted)
    return {"orders": [render.order_json(o, store.instruments.get(o.instrument)) for o in working]}
