"""A recording fed through the very code that reads the venue: same dialect, same Store, no network."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tui_trader.cli.options import add_json


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``replay``."""
    parser = subparsers.add_parser(
        "replay",
        help="feed a recording through the same code that reads the venue",
        description='Feed recorded frames, one {"dir":"recv","ts":…,"msg":…} a line, and print the final book of every symbol.',
    )
    parser.add_argument("file", help="recording, JSON lines; - for standard input")
    parser.add_argument("--speed", default="max", metavar="N|max", help="times real time, or max (default)")
    parser.add_argument("--venue", default="phemex", metavar="NAME", help="whose protocol it is (default phemex)")
    parser.add_argument("--depth", type=int, default=None, metavar="N", help="levels a side to print (default: all)")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Replay and print; unreadable lines are counted and named, never silently skipped."""
    import sys
    import time

    from tui_trader.cli import render
    from tui_trader.core.error import UsageError, WireError
    from tui_trader.desk.replay import Replay

    pace = _speed(args.speed)
    replay = Replay(args.venue)
    try:
        source = sys.stdin.buffer if args.file == "-" else Path(args.file).open("rb")  # noqa: SIM115
    except OSError as error:
        raise UsageError(f"{args.file}: {error.strerror}") from error
    started, first = time.monotonic(), None
    with source:
        for line in source:
            at_s = replay.feed_line(line)
            if pace and at_s is not None:
                first = at_s if first is None else first
                ahead = (at_s - first) / pace - (time.monotonic() - started)
                if ahead > 0:
                    time.sleep(ahead)
    if not replay.frames:
        raise WireError(f"{args.file}: holds no received frame ({replay.bad_lines} lines that are not of a recording)")
    document = replay.document(args.depth)
    if args.json:
        render.emit(document)
    else:
        _print(document)
    return 0


def _speed(text: str) -> float:
    from tui_trader.core.error import UsageError

    if text == "max":
        return 0.0
    try:
        speed = float(text)
    except ValueError:
        speed = -1.0
    if not 0 < speed < 1e6:
        raise UsageError(f"--speed {text}: give a number above 0, or max")
    return speed


def _print(document: dict[str, Any]) -> None:
    for symbol, book in document["books"].items():
        bid = book["bids"][0] if book["bids"] else ("-", "-")
        ask = book["asks"][0] if book["asks"] else ("-", "-")
        state = "live" if book["live"] else f"in doubt: {book['reason']}"
        print(
            f"{symbol:<14} {bid[1]:>16} @ {bid[0]:<12} {ask[0]:>12} @ {ask[1]:<16} "
            f"{len(book['bids'])}+{len(book['asks'])} levels  sequence {book['sequence']}  {state}"
        )
    print(f"{document['frames']} frames, {document['ignored']} ignored, {document['unreadable']} unreadable")
