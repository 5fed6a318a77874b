"""``tui-trader export``: orders, fills, funding, fees and transfers out of the local history, as a table for other programs.

It reads the file and connects nowhere, so it works while a terminal runs; only ``--refresh`` asks the venue first.
"""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_trader.cli.moments import HELP, moment
from tui_trader.cli.options import add_connection
from tui_trader.core.error import JournalError, UsageError

if TYPE_CHECKING:
    from tui_trader.desk.desk import Desk

FOREVER_NS = (1 << 63) - 1

TOLD_EVERY = 50_000
"""Rows between two words about how far a long one is."""

_TAIL = ("venue", "account")

COLUMNS: dict[str, tuple[str, ...]] = {
    "fills": (
        "at", "symbol", "side", "position_side", "qty", "price", "fee", "fee_currency", "liquidity", "realised", "kind",
        "exec_id", "client_id", "venue_id", *_TAIL,
    ),
    "orders": (
        "created", "updated", "symbol", "side", "type", "tif", "status", "qty", "filled", "filled_value", "price",
        "trigger_price", "trigger_source", "take_profit", "stop_loss", "trail", "activation_price", "reduce_only",
        "close_on_trigger", "position_side", "reason", "code", "external", "arrival_price", "client_id", "venue_id", *_TAIL,
    ),
    "funding": ("at", "symbol", "amount", "currency", "rate", "id", *_TAIL),
    "fees": ("day", "symbol", "currency", "liquidity", "fills", "fee", *_TAIL),
    "transfers": ("at", "currency", "amount", "source", "target", "status", "reason", "id", *_TAIL),
}  # fmt: skip
"""What can be exported, and its columns."""

_NUMBERS = frozenset(
    {
        "qty", "price", "fee", "realised", "amount", "rate", "filled", "filled_value", "trigger_price", "take_profit",
        "stop_loss", "trail", "activation_price", "arrival_price",
    }
)  # fmt: skip
_FLAGS = frozenset({"reduce_only", "close_on_trigger", "external"})
_TIMES = {"at": "at_ns", "created": "created_ns", "updated": "updated_ns"}

_DESCRIPTION = (
    "Write the local history of an account as CSV or JSON: money as decimal text, times as RFC 3339 in UTC, oldest first. "
    "A fee is a cost, a negative one a rebate; fees are sums by day. November is --from 2026-11-01 --to 2026-12-01."
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``export``."""
    parser = subparsers.add_parser("export", help="write the local history as CSV or JSON", description=_DESCRIPTION)
    parser.add_argument("what", choices=tuple(COLUMNS), help="what to write")
    parser.add_argument("--from", dest="since", default=None, metavar="TIME", help=f"only what is of then or later: {HELP}")
    parser.add_argument("--to", dest="until", default=None, metavar="TIME", help="only what is before then, written likewise")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="a table with a header (the default)")
    form.add_argument("--json", action="store_true", help="one JSON array, a row a line")
    parser.add_argument("--out", type=Path, default=None, metavar="FILE", help="file to write (default: standard output)")
    parser.add_argument("--force", action="store_true", help="replace the file if it is there")
    parser.add_argument("--refresh", action="store_true", help="connect and ask the venue for what is not known yet, first")
    add_connection(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Find the history, bring it up to date if that is asked for, and write it."""
    since_ns, until_ns = _span(args)
    path = _path(args)
    if args.refresh:
        _refresh(args)
    rows = _rows(path, args.what, since_ns, until_ns)
    with _told(path):
        _write(args, rows)
    return 0


def looked_up(args: argparse.Namespace, what: str) -> list[dict[str, Any]]:
    """Return the rows of a table between two times, for people."""
    span = _span(args)
    path = _path(args)
    with _told(path):
        return list(_rows(path, what, *span))


def _span(args: argparse.Namespace) -> tuple[int, int]:
    since_ns = moment(args.since, "--from") if args.since else 0
    until_ns = moment(args.until, "--to") if args.until else FOREVER_NS
    if until_ns <= since_ns:
        raise UsageError(f"--to {args.until} is not after --from {args.since}: nothing could be between them")
    return since_ns, until_ns


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say what is wrong with a history that cannot be read, and what helps."""
    try:
        yield
    except FileNotFoundError:
        raise JournalError(
            f"there is no history yet ({path}): it is written while a terminal is connected with a key;"
            " 'tui-trader export --refresh' asks the venue now"
        ) from None
    except sqlite3.DatabaseError as error:
        raise JournalError(
            f"{path} cannot be read ({error}); if it is damaged, the next terminal that connects sets it aside and asks the"
            " venue again, and 'tui-trader export --refresh' does so now"
        ) from error


def _path(args: argparse.Namespace) -> Path:
    from tui_trader.cli.configure import configuration
    from tui_trader.cli.journals import account_of, history_path
    from tui_trader.desk.environment import Environment

    account = account_of(configuration(args), args.sim_url)
    if account.env is Environment.SIM and not args.sim_url:
        raise UsageError(
            "the exchange inside a terminal ends with it, and so does its history: name a place that lasts,"
            " e.g. --env live, --env testnet or --sim-url URL"
        )
    return history_path(account.journal_name)


# -- asking --------------------------------------------------------------------------------------------------------------


def _refresh(args: argparse.Namespace) -> None:
    from tui_trader.cli.launch import run_headless

    args.read_only = True
    run_headless(args, _ask, symbols=[])


async def _ask(desk: Desk, args: argparse.Namespace) -> int:
    from tui_trader.core.error import LinkError

    recorder = desk.recorder
    if recorder is None:
        raise UsageError("--refresh asks the venue for this account's past, and without an API key nobody can")
    recorder.progress = lambda name, count: _tell(f"{name}: {count} rows from {desk.account.venue.title}")
    try:
        await recorder.fill_in()
    except ConnectionError as error:
        raise LinkError(f"not refreshed: {error}; without --refresh what is known is written") from error
    return 0


# -- writing -------------------------------------------------------------------------------------------------------------


def _write(args: argparse.Namespace, rows: Iterator[dict[str, Any]]) -> None:
    from tui_trader.cli.sheet import Exported, Writes, write_csv, write_json

    def write(file: Writes) -> int:
        return write_json(rows, file) if args.json else write_csv(rows, COLUMNS[args.what], _NUMBERS, file)

    if args.out is None:
        write(sys.stdout)
        sys.stdout.flush()
    else:
        with Exported(args.out, replace=args.force) as file:
            count = write(file)
        _tell(f"{args.out}: {count} {args.what}")


def _rows(path: Path, what: str, since_ns: int, until_ns: int) -> Iterator[dict[str, Any]]:
    """Yield the rows to be written; raises as ``storage.history.read`` when the first is asked for."""
    from tui_trader.storage.history import read

    found = read(path, "fills" if what == "fees" else what, since_ns, until_ns)
    shown: Callable[[Any], dict[str, Any]] = lambda row: described(row, COLUMNS[what])  # noqa: E731
    made = _fees(found) if what == "fees" else map(shown, found)
    for count, row in enumerate(made, 1):
        yield row
        if not count % TOLD_EVERY and sys.stderr.isatty():
            _tell(f"{count} {what}")


def numbers() -> frozenset[str]:
    """Return the columns that hold numbers, which may begin with a sign."""
    return _NUMBERS


def described(row: Any, columns: tuple[str, ...]) -> dict[str, Any]:
    """Return a row of the history under the names of its columns, for other programs."""
    from tui_trader.core.clock import rfc3339

    document: dict[str, Any] = {}
    for name in columns:
        if name in _TIMES:
            ns = getattr(row, _TIMES[name])
            document[name] = rfc3339(ns) if ns else None
        elif name in _FLAGS:
            document[name] = bool(getattr(row, name))
        else:
            document[name] = getattr(row, "id" if name == "exec_id" else name) or None
    return document


def _fees(fills: Iterator[Any]) -> Iterator[dict[str, Any]]:
    """Yield what fills have cost, added up by UTC day, contract, currency and whether they rested or took."""
    from decimal import Decimal

    from tui_trader.core.clock import rfc3339
    from tui_trader.core.decimals import ZERO, plain

    sums: dict[tuple[str, ...], tuple[int, Decimal]] = {}
    for fill in fills:
        day = rfc3339(fill.at_ns)[:10]
        key: tuple[str, ...] = (day, fill.symbol, fill.fee_currency, fill.liquidity, fill.venue, fill.account)
        count, fee = sums.get(key, (0, ZERO))
        sums[key] = count + 1, fee + Decimal(fill.fee)
    for key, (count, fee) in sorted(sums.items()):
        day, symbol, currency, liquidity, venue, account = key
        head = {"day": day, "symbol": symbol, "currency": currency, "liquidity": liquidity}
        yield {**head, "fills": count, "fee": plain(fee), "venue": venue, "account": account}


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
