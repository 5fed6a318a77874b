"""Record what a venue tells into a file, without a screen."""

from __future__ import annotations

import argparse
import contextlib
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tui_trader.cli.options import add_connection, add_json

if TYPE_CHECKING:
    from tui_trader.desk.desk import Desk

PRIVATE = (
    "the recording holds your account: balances, positions, orders and fills. It holds no key, and is for you alone (0600);"
    " look at it before you give it to anybody"
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``record``."""
    parser = subparsers.add_parser(
        "record",
        help="record what the venue tells, for replay",
        description="Record what the venue tells about the configured symbols until Ctrl-C, or for a while. Replay it with:"
        " tui-trader replay FILE --ui",
    )
    parser.add_argument("file", help="where to; never replaces a file")
    parser.add_argument("--for", dest="duration", default=None, metavar="TIME", help="how long: 90s, 10m, 2h (default: Ctrl-C)")
    parser.add_argument("--symbols", default=None, metavar="A,B", help="contracts to record (default: the configured ones)")
    parser.add_argument("--private", action="store_true", help="record the account too: balances, positions, orders, fills")
    add_connection(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Record; Ctrl-C is a clean end."""
    from tui_trader.cli.launch import run_headless
    from tui_trader.cli.moments import duration

    args.read_only = True  # whoever records does not act, also not on brackets of an earlier run
    args.seconds = duration(args.duration, "--for") if args.duration else None
    if args.private:
        sys.stderr.write(f"tui-trader: {PRIVATE}\n")
    symbols = [text.strip() for text in args.symbols.split(",") if text.strip()] if args.symbols else []
    return run_headless(args, _record, symbols)


async def _record(desk: Desk, args: argparse.Namespace) -> int:
    import asyncio

    from tui_trader.cli import render
    from tui_trader.cli.launch import wait_until
    from tui_trader.core.error import UsageError

    if args.private and desk.account.credential is None:
        raise UsageError("--private needs an account, and there is none: without a key only the market can be recorded")
    said = desk.begin_recording(Path(args.file), private=args.private)
    sys.stderr.write(f"tui-trader: {said}\n")
    recording = desk.recording
    assert recording is not None
    with contextlib.suppress(asyncio.CancelledError):  # Ctrl-C
        await wait_until(lambda: desk.recording is None, math.inf if args.seconds is None else args.seconds)
    failure = recording.failure
    said = desk.end_recording() if desk.recording is not None else f"recording ended: {failure}"
    if args.json:
        render.emit(
            {
                "file": str(recording.path),
                "seconds": recording.seconds,
                "frames": recording.frames,
                "bytes": recording.size,
                "private": recording.private,
                "failure": failure,
            }
        )
    else:
        print(said)
    return 1 if failure else 0
