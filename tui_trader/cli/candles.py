"""``tui-trader candles``: bars of any length from a second to a day, with what is not known of them marked.

It reads the local store, which terminals write while they watch a symbol, and connects nowhere; ``--refresh`` asks the venue
first. The built-in exchange keeps no store: there it connects, asks, and answers with what it was told.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_trader.cli.moments import HELP, moment
from tui_trader.cli.options import add_connection
from tui_trader.core.clock import NS, SystemClock
from tui_trader.core.error import JournalError, UsageError

if TYPE_CHECKING:
    from tui_trader.core.bar import Bar, Gap
    from tui_trader.desk.desk import Desk
    from tui_trader.storage.candles import CandleStore

COLUMNS = ("start", "open", "high", "low", "close", "volume", "trades", "known_s", "basis", "gap", "end")
_NUMBERS = frozenset({"open", "high", "low", "close", "volume"})

LAST = 200
"""Bars that are shown when nobody says from when."""

MOST = 5_000_000
"""Bars of one answer: more is a mistyped time."""

_DESCRIPTION = (
    "Print candles: money as decimal text, times in UTC, oldest first. A line with 'gap' is a time of which nothing is known,"
    " in --json and --csv as well; 'known_s' says of how many of its seconds a bar was made. A second without a trade is a flat"
    " bar of volume 0."
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``candles``."""
    parser = subparsers.add_parser("candles", help="print candles of any length, gaps marked", description=_DESCRIPTION)
    parser.add_argument("symbol", help="contract, in any letter case")
    parser.add_argument("--interval", default="1m", metavar="LENGTH", help="1s to 1D, such as 5s, 90s, 15m, 4h (default: 1m)")
    parser.add_argument("--from", dest="since", default=None, metavar="TIME", help=f"{HELP} (default: the last {LAST} bars)")
    parser.add_argument("--to", dest="until", default=None, metavar="TIME", help="before then, written likewise (default: now)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="a table with a header for other programs")
    form.add_argument("--json", action="store_true", help="one JSON array, a bar or a gap a line")
    parser.add_argument("--out", type=Path, default=None, metavar="FILE", help="with --csv or --json: file to write")
    parser.add_argument("--force", action="store_true", help="replace the file if it is there")
    parser.add_argument("--refresh", action="store_true", help="connect and ask the venue for what is not known yet, first")
    parser.add_argument(
        "--invent",
        action="store_true",
        help="write seconds interpolated between the prices of known minutes into the store, apart from all that is known",
    )
    parser.add_argument(
        "--synthetic", action="store_true", help="show invented seconds where nothing is known, with the basis 'synthetic'"
    )
    add_connection(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Find the store, bring it up to date if that is asked for, and print."""
    from tui_trader.cli.configure import configuration
    from tui_trader.cli.journals import account_of, candles_path
    from tui_trader.storage.candles import CandleStore

    interval = _interval(args)
    _span(args, interval)
    if args.out is not None and not (args.csv or args.json):
        raise UsageError("--out needs --csv or --json: a table for people is printed")
    config = configuration(args)
    account = account_of(config, args.sim_url)
    path = candles_path(account)
    if path is None or args.refresh:
        from tui_trader.cli.launch import run_headless

        args.read_only = True
        return run_headless(args, _asked, symbols=[args.symbol])
    store = CandleStore(path, SystemClock())
    symbol = _symbol(path, account.venue.name, args.symbol)
    if args.invent:
        if not store.open():
            store.close()
            raise JournalError(
                f"another tui-trader writes {path} now: close it, or wait until it ends, and invent then"
                if not store.notices
                else store.notices[0]
            )
        _invent(store, account.venue.name, symbol, args, None)
    try:
        return _print(store, account.venue.name, symbol, args)
    finally:
        store.close()


async def _asked(desk: Desk, args: argparse.Namespace) -> int:
    """Ask the venue for what is not known, and print."""
    import asyncio

    from tui_trader.cli.launch import wait_until

    recorder = desk.candles
    assert recorder is not None
    if not await wait_until(lambda: recorder.candles.writable, 5.0):
        _tell("another tui-trader writes the candles: what it knows is shown, and the venue is not asked")
    iid = desk.symbol(args.symbol)
    interval = _interval(args)
    since_s, until_s = _span(args, interval)
    await wait_until(lambda: iid in desk.store.tapes, 3.0)
    await recorder.past.fetch(iid, interval, since_s, until_s, _progress)
    if sys.stderr.isatty():
        _tell("")
    await recorder.flush()
    if args.invent:
        instrument = desk.store.instruments[iid]
        await asyncio.to_thread(_invent, recorder.candles, iid.venue, iid.symbol, args, (instrument.tick, instrument.lot))
    return _print(recorder.candles, iid.venue, iid.symbol, args)


# -- what is asked for ---------------------------------------------------------------------------------------------------


def _interval(args: argparse.Namespace) -> int:
    from tui_trader.core.interval import read_interval

    try:
        return read_interval(args.interval)
    except ValueError as error:
        raise UsageError(f"--interval: {error}") from None


def _span(args: argparse.Namespace, interval: int) -> tuple[int, int]:
    now_ns = SystemClock().wall_ns()
    until_s = moment(args.until, "--to", now_ns) // NS if args.until else now_ns // NS
    since_s = moment(args.since, "--from", now_ns) // NS if args.since else until_s - LAST * interval
    if until_s <= since_s:
        raise UsageError(f"--to {args.until or 'now'} is not after --from {args.since}: no candle lies between them")
    count = (until_s - since_s) // interval
    if count > MOST:
        asked = f"--from {args.since} --interval {args.interval}"
        raise UsageError(f"{asked} would be {count} candles: take a later time or longer candles")
    return since_s, until_s


def _symbol(path: Path, venue: str, typed: str) -> str:
    """Return the symbol that is meant, as the store spells it; raises JournalError or UsageError that say what there is."""
    from tui_trader.storage.candle_tables import all_series
    from tui_trader.storage.database import reader

    try:
        db = reader(path)
        try:
            symbols = [one.symbol for one in all_series(db) if one.venue == venue]
        finally:
            db.close()
    except FileNotFoundError:
        raise JournalError(
            f"there are no candles yet ({path}): a terminal writes them while it watches a symbol;"
            f" 'tui-trader candles {typed} --refresh' asks the venue now"
        ) from None
    except sqlite3.DatabaseError as error:
        raise JournalError(
            f"{path} cannot be read ({error}); if it is damaged, the next terminal that connects sets it aside"
        ) from error
    for symbol in symbols:
        if symbol.lower() == typed.lower():
            return symbol
    near = [symbol for symbol in symbols if typed.lower() in symbol.lower()] or symbols
    there = f"there are candles of {', '.join(near[:6])}" if near else "the store is empty"
    raise UsageError(f"no candles of {typed!r} are kept: {there}; --refresh asks the venue for it")


# -- inventing -----------------------------------------------------------------------------------------------------------


def _invent(store: CandleStore, venue: str, symbol: str, args: argparse.Namespace, grid: tuple[Any, Any] | None) -> None:
    """Interpolate every known minute of the span of which the seconds are not known."""
    from decimal import Decimal

    from tui_trader.core.bar import Bar, Basis
    from tui_trader.core.candle import Candle
    from tui_trader.core.decimals import ZERO
    from tui_trader.core.interpolate import interpolated
    from tui_trader.core.types import InstrumentId
    from tui_trader.storage.candle_tables import decimals_of

    iid = InstrumentId(venue, symbol)
    since_s, until_s = _span(args, _interval(args))
    minutes = [
        bar
        for bar in store.bars(iid, 60, since_s, until_s)
        if isinstance(bar, Bar) and bar.known_s == 60 and bar.basis is not Basis.TRADES
    ]
    if grid is None:
        # Without the product list: the grid that the prices themselves are on.
        prices = max((decimals_of(price) for bar in minutes for price in bar[2:6]), default=0)
        sizes = max((decimals_of(bar.volume) for bar in minutes), default=0)
        grid = Decimal(1).scaleb(-prices), Decimal(1).scaleb(-sizes)
    for bar in minutes:
        candle = Candle(bar.start_s, 60, bar.open, bar.high, bar.low, bar.close, bar.volume, ZERO)
        if not store.invent(iid, interpolated(candle, *grid)):
            raise JournalError("invented seconds could not be written" + "".join(f": {text}" for text in store.notices[:1]))
    made = f"{len(minutes) * 60} seconds invented between the prices of {len(minutes)} minutes"
    _tell(f"{symbol}: {made}; only --synthetic shows them")


# -- printing ------------------------------------------------------------------------------------------------------------


def _print(store: CandleStore, venue: str, symbol: str, args: argparse.Namespace) -> int:
    from tui_trader.cli.sheet import Exported, Writes, write_csv, write_json

    rows = _rows(store, venue, symbol, args)
    if not (args.csv or args.json):
        from tui_trader.cli import render

        columns = ("start", "open", "high", "low", "close", "volume", "known")
        render.print_rows([_for_people(row, _interval(args)) for row in rows], columns, columns[1:])
        return 0

    def write(file: Writes) -> int:
        return write_json(rows, file) if args.json else write_csv(rows, COLUMNS, _NUMBERS, file)

    if args.out is None:
        write(sys.stdout)
        sys.stdout.flush()
    else:
        with Exported(args.out, replace=args.force) as file:
            count = write(file)
        _tell(f"{args.out}: {count} lines")
    return 0


def _rows(store: CandleStore, venue: str, symbol: str, args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    from tui_trader.core.types import InstrumentId

    interval = _interval(args)
    since_s, until_s = _span(args, interval)
    for item in store.stream(InstrumentId(venue, symbol), interval, since_s, until_s, synthetic=args.synthetic):
        yield _described(item)


def _described(item: Bar | Gap) -> dict[str, Any]:
    from tui_trader.core.bar import Gap
    from tui_trader.core.clock import rfc3339
    from tui_trader.core.decimals import plain

    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {"start": rfc3339(item.start_s * NS), "end": rfc3339(item.end_s * NS)}
    if isinstance(item, Gap):
        return row | {"gap": "no price" if item.observed else "not observed"}
    prices = {name: plain(getattr(item, name)) for name in ("open", "high", "low", "close", "volume")}
    return row | prices | {"trades": item.trades, "known_s": item.known_s, "basis": item.basis.value}


def _for_people(row: dict[str, Any], interval: int) -> dict[str, Any]:
    start = row["start"][:19].replace("T", " ")
    if row["gap"]:
        return {"start": start, "known": f"gap, {row['gap']} until {row['end'][11:19]}"}
    known = "" if row["known_s"] >= interval else f"{row['known_s']} of {interval} s"
    known = "synthetic" if row["basis"] == "synthetic" else known
    return {**row, "start": start, "known": known or row["basis"]}


def _progress(percent: int) -> None:
    """Show how far the venue has told, to a person alone."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\rasking for candles: {percent}% known")
        sys.stderr.flush()


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
