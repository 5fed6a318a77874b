"""A recording played through the very code that reads the venue, without a network: on the screen, or to its final books."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_trader.cli.options import add_config, add_json

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from tui_trader.core.types import InstrumentId
    from tui_trader.desk.desk import Desk


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``replay``."""
    parser = subparsers.add_parser(
        "replay",
        help="play a recording: on the screen with --ui, or print its final books",
        description="Play a recording made by 'tui-trader record' or 'rec start', or frames, one"
        ' {"dir":"recv","ts":…,"msg":…} a line. With --ui on the trading screen, where no key reaches a venue;'
        " else print the final book of every symbol.",
    )
    parser.add_argument("file", help="recording, JSON lines; - for standard input (not with --ui)")
    parser.add_argument("--ui", action="store_true", help="on the trading screen: Space pauses, < > change the pace, q q leaves")
    parser.add_argument("--speed", default=None, metavar="N|max", help="times real time, or max (default: 1 with --ui, else max)")
    parser.add_argument("--venue", default="phemex", metavar="NAME", help="whose protocol it is, if the file does not say")
    parser.add_argument("--depth", type=int, default=None, metavar="N", help="levels a side to print (default: all)")
    parser.add_argument("--theme", default=None, metavar="NAME", help="with --ui: colours (see 'tui-trader theme list')")
    parser.add_argument("--fps", default=None, metavar="N", help="with --ui: most repaints a second")
    add_config(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Play; unreadable lines are counted and named, never silently skipped."""
    from tui_trader.core.error import UsageError

    pace = _speed(args.speed or ("1" if args.ui else "max"))
    if args.ui:
        if args.file == "-":
            raise UsageError("--ui plays a file: it goes back in it, and standard input has no back")
        return _on_screen(args, pace or math.inf)
    if args.file != "-" and _is_ours(Path(args.file)):
        return _print_ours(args, pace)
    return _print_frames(args, pace)


def _on_screen(args: argparse.Namespace, pace: float) -> int:
    from tui_trader.cli.configure import configuration
    from tui_trader.cli.tui import take_terminal, terminal_app
    from tui_trader.desk.playback import Playback

    if (code := take_terminal()) is not None:
        return code
    playback = Playback(Path(args.file), venue=args.venue, speed=pace)

    async def opener(stack: AsyncExitStack) -> tuple[Desk, list[InstrumentId]]:
        stack.push_async_callback(playback.desk.close)
        return playback.desk, playback.symbols

    # What is said about the speed of the built-in exchange is none of this.
    config = configuration(argparse.Namespace(config=args.config, theme=args.theme, fps=args.fps))
    app = terminal_app(config, opener, playback=playback)
    app.run(mouse=config.settings.ui.mouse)
    return app.return_code or 0


def _is_ours(path: Path) -> bool:
    """Whether a file begins with the head of a recording of this program's."""
    from tui_trader.storage.recording import RecordingLines

    lines = RecordingLines(path)
    first = next(iter(lines), None)
    lines.close()
    return first is not None and first.dir == "head"


def _print_ours(args: argparse.Namespace, pace: float) -> int:
    import asyncio

    from tui_trader.cli import render
    from tui_trader.core.error import WireError
    from tui_trader.desk.playback import Playback
    from tui_trader.desk.replay import document_of

    playback = Playback(Path(args.file), venue=args.venue, speed=pace or math.inf)
    if pace:
        asyncio.run(playback.to_the_end())
    else:
        while playback.step():
            pass
    lines = playback.lines
    if not playback.frames:
        raise WireError(f"{args.file}: holds no received frame ({lines.bad} lines that are not of a recording)")
    store = playback.desk.store
    document = document_of(store, playback.frames, playback.ignored, store.unreadable + lines.bad, args.depth)
    document["torn"] = lines.torn
    if args.json:
        render.emit(document)
    else:
        _print(document)
        if lines.torn:
            print("the file breaks off in the middle of a line; everything before it was played")
    return 0


def _print_frames(args: argparse.Namespace, pace: float) -> int:
    import sys
    import time

    from tui_trader.cli import render
    from tui_trader.core.error import UsageError, WireError
    from tui_trader.desk.replay import Replay

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
