"""A line of the order language, from the shell: the same parser, the same checks, the same order path as the terminal."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from tui_trader.cli.options import add_connection, add_json

if TYPE_CHECKING:
    from tui_trader.core.command import Command, Line
    from tui_trader.desk.commands import Result
    from tui_trader.desk.desk import Desk

SETTLE_S = 3.0
"""How long to wait for the venue's verdict on an order after it took the request."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``do``."""
    parser = subparsers.add_parser(
        "do",
        help="run a line of the order language",
        description="Run a line of the order language, e.g. 'buy 0.01 BTCUSDT @ bid-2t', 'close 50% ETHUSDT', 'cancel all'.",
    )
    parser.add_argument("line", help="the line, quoted")
    parser.add_argument(
        "--yes", action="store_true", help="do not ask; needed without a terminal unless on the built-in exchange"
    )
    add_connection(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Parse first (nothing is connected for a line that does not read), then connect and run it."""
    from tui_trader.cli.configure import configuration
    from tui_trader.cli.consent import ask_consent
    from tui_trader.cli.launch import run_headless
    from tui_trader.core.grammar import parse

    args.parsed = parse(args.line, _aliases())
    ask_consent(configuration(args), args)
    return run_headless(args, _do, symbols=[])


def _aliases() -> dict[str, str]:
    """Return the trader's own names for lines; none where nothing was named."""
    import os

    from tui_trader.desk.locations import Locations
    from tui_trader.desk.macros import Macros
    from tui_trader.storage.state_file import StateFile

    path = Locations.find(os.environ).macros_file
    return Macros(StateFile(path)).aliases if path.exists() else {}


async def _do(desk: Desk, args: argparse.Namespace) -> int:
    from tui_trader.cli import render
    from tui_trader.cli.main import error_json, say_error
    from tui_trader.core.command import PlaceOrder, Scale, canonical
    from tui_trader.core.error import TraderError
    from tui_trader.desk.commands import Executor, ends_before

    line: Line = args.parsed
    _confirm(desk, args, [canonical(command) for command in line.commands])
    executor = Executor(desk, stays=False)
    documents: list[dict[str, Any]] = []
    answer: dict[str, Any] = {"results": documents}
    worst = 0
    try:
        last: list[Result] = []
        for number, command in enumerate(line.commands):
            if ends_before(line, number, last):
                break
            if isinstance(command, PlaceOrder | Scale):
                order = command if isinstance(command, PlaceOrder) else command.order
                await _wait_for_market(desk, executor.instrument(order.symbol))
            last = await executor.run(command, send=True, at_once=True)
            for result in last:
                document, code = await _document(desk, command, result)
                documents.append(document)
                worst = max(worst, code)
                if not args.json:
                    stream = sys.stdout if code == 0 else sys.stderr
                    print(document["text"], file=stream)
    except TraderError as error:
        if not documents:
            raise
        # What was done before is done: it must not be lost behind what was not.
        answer["error"] = error_json(error)
        worst = max(worst, say_error(error))
    if args.json:
        render.emit(answer)
    return worst


def _confirm(desk: Desk, args: argparse.Namespace, lines: list[str]) -> None:
    from tui_trader.core.error import RefusedError, UsageError
    from tui_trader.desk.environment import Environment

    if args.yes or desk.account.env is Environment.SIM:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"this sends to {desk.account.badge} {desk.account.name}: add --yes to do it without being asked")
    sys.stderr.write(f"{desk.account.badge} {desk.account.name}: {'; '.join(lines)}\nType yes to send: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() != "yes":
        raise RefusedError("not confirmed: nothing was sent")


async def _wait_for_market(desk: Desk, iid: Any) -> None:
    """Subscribe to what the order is about and wait until its book may be acted on; the checks say why if it never may."""
    from tui_trader.cli.launch import wait_until

    desk.show(iid)
    await wait_until(lambda: not desk.blocked(iid) and desk.store.mark_is_fresh(iid), 5.0)


async def _document(desk: Desk, command: Command, result: Result) -> tuple[dict[str, Any], int]:
    from tui_trader.cli import render
    from tui_trader.cli.launch import wait_until
    from tui_trader.core.command import CancelOrders, ChangeQty, MoveOrder, canonical
    from tui_trader.core.types import OrderStatus, OrderType, TimeInForce
    from tui_trader.venues.base import Outcome

    document: dict[str, Any] = {"command": canonical(command), "outcome": result.outcome.value, "text": result.text}
    code = {Outcome.ACK: 0, Outcome.MISSING: 0, Outcome.UNKNOWN: 3, Outcome.EXISTS: 3}.get(result.outcome, 1)
    if not result.client_id:
        return document, code
    blotter = desk.store.blotter

    def settled() -> bool:
        order = blotter.get(result.client_id)
        waiting = (OrderStatus.SENT, OrderStatus.ACKED, OrderStatus.UNKNOWN)
        if order is None:
            return True
        takes = order.type is OrderType.MARKET or order.tif in (TimeInForce.IOC, TimeInForce.FOK)
        if takes and order.status.is_working:
            return False  # some venues tell that it is there before they tell what it executed
        return order.status not in waiting and order.pending is None

    await wait_until(settled, SETTLE_S)
    order = blotter.get(result.client_id)
    if order is None:
        return document, code
    document["order"] = render.order_json(order, desk.store.instruments.get(order.instrument))
    if isinstance(command, (MoveOrder, ChangeQty)):
        pass  # the order is known, but not by that whether it was changed
    elif isinstance(command, CancelOrders):
        code = 0 if order.status.is_terminal else code
    elif order.status is OrderStatus.UNKNOWN:
        code = 3
    elif order.status in (OrderStatus.REJECTED, OrderStatus.ABSENT):
        code = 1
        document["text"] = f"order {'rejected' if order.status is OrderStatus.REJECTED else 'not sent'}: {order.reason}"
    elif code == 3 and order.status is not OrderStatus.SENT:
        code = 0
    if code == 0:
        filled = render.number(order.filled)
        document["text"] = f"{result.text}: {order.client_id} {order.status.value}, filled {filled} of {render.number(order.qty)}"
    return document, code
