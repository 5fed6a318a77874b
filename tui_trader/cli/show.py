"""One question, one answer: instruments, book, positions, orders, fills, account."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from tui_trader.cli.moments import HELP
from tui_trader.cli.options import add_connection, add_json

if TYPE_CHECKING:
    from tui_trader.desk.desk import Desk

_COLUMNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "instruments": (
        ("symbol", "kind", "tick", "lot", "min_notional", "max_leverage", "settle", "tradable"),
        ("tick", "lot", "min_notional", "max_leverage"),
    ),
    "positions": (
        ("symbol", "side", "qty", "entry", "mark", "unrealised", "leverage", "margin_mode", "liquidation"),
        ("qty", "entry", "mark", "unrealised", "leverage", "liquidation"),
    ),
    "orders": (
        ("client_id", "symbol", "side", "type", "qty", "filled", "price", "trigger_price", "status"),
        ("qty", "filled", "price", "trigger_price"),
    ),
    "fills": (("at", "symbol", "side", "qty", "price", "fee", "liquidity", "realised"), ("qty", "price", "fee", "realised")),
    "account": (
        ("currency", "equity", "available", "used", "unrealised", "realised", "fees", "funding"),
        ("equity", "available", "used", "unrealised", "realised", "fees", "funding"),
    ),
}
"""Columns of the plain output, and which of them are numbers."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the six commands."""
    for name, text in (
        ("instruments", "list the venue's contracts"),
        ("book", "print an order book"),
        ("positions", "print open positions"),
        ("orders", "print working orders"),
        ("fills", "print own executions"),
        ("account", "print balances and profit"),
    ):
        parser = subparsers.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        if name == "book":
            parser.add_argument("symbol", help="contract, in any letter case")
            parser.add_argument(
                "--depth", type=int, default=None, metavar="N", help="levels a side (default: all that are known)"
            )
        if name in ("orders", "fills"):
            parser.add_argument("--from", dest="since", default=None, metavar="TIME", help=f"out of the local history: {HELP}")
            parser.add_argument("--to", dest="until", default=None, metavar="TIME", help="the same, before then")
        add_connection(parser)
        add_json(parser)
        parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Connect, ask, print, leave; what is of the past is looked up in the local history and nobody is asked."""
    from tui_trader.cli.launch import run_headless

    if getattr(args, "since", None) or getattr(args, "until", None):
        from tui_trader.cli.history import looked_up

        _print(args, looked_up(args, args.command))
        return 0

    return run_headless(args, _show, symbols=[args.symbol] if args.command == "book" else [])


async def _show(desk: Desk, args: argparse.Namespace) -> int:
    from tui_trader.cli import render

    if args.command == "book":
        book = desk.store.book(desk.symbol(args.symbol))
        if book is None:
            from tui_trader.core.error import LinkError

            raise LinkError(f"no book of {args.symbol} came in time")
        document = render.book_json(book, args.depth)
        if args.json:
            render.emit(document)
        else:
            for price, size in reversed(document["asks"]):
                print(f"{'':>16}  {price:>14}  {size:>16}")
            for price, size in document["bids"]:
                print(f"{size:>16}  {price:>14}")
        return 0
    _print(args, _rows(desk, args.command))
    return 0


def _print(args: argparse.Namespace, rows: list[dict[str, Any]]) -> None:
    from tui_trader.cli import render

    if args.json:
        render.emit({args.command: rows})
    elif rows:
        columns, right = _COLUMNS[args.command]
        render.print_rows(rows, columns, right)
    else:
        print(f"no {args.command}")


def _rows(desk: Desk, what: str) -> list[dict[str, Any]]:
    from tui_trader.cli import render

    store = desk.store
    match what:
        case "instruments":
            return [render.instrument_json(store.instruments[iid]) for iid in sorted(store.instruments)]
        case "positions":
            return [render.position_json(position, store) for position in store.open_positions()]
        case "orders":
            return [render.order_json(o, store.instruments.get(o.instrument)) for o in store.blotter.working()]
        case "fills":
            return [render.fill_json(fill) for fill in store.blotter.fills()]
        case _:
            return [render.account_json(pnl) for currency in store.currencies() if (pnl := store.pnl(currency))]
