"""The built-in exchange on its own: prints where it listens and what happens, until it is told to stop."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_trader.cli.options import add_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_trader.sim.server import SimServer


VENUES = ("mexc", "paradex", "phemex")
"""Whose protocols there are; named here, because the exchange is loaded late."""

LAST_LINES_S = 2.0
"""How long what is still to be said may keep a command that ends."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``sim``."""
    parser = subparsers.add_parser(
        "sim",
        help="run the built-in exchange alone and print how to reach it",
        description="Serve the built-in exchange on 127.0.0.1, speaking a venue's own protocol, and print a line per event. "
        "The key is made up from the seed and opens nothing but this exchange.",
    )
    parser.add_argument("--venue", default="phemex", choices=VENUES, help="whose protocol it speaks (default phemex)")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="port to listen on (default: a free one)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of the market and of the key (default 1)")
    parser.add_argument("--market", default="walk", metavar="PATH|walk", help="a recording, or seeded order flow (default)")
    parser.add_argument("--speed", type=float, default=1.0, metavar="N", help="times real time (default 1)")
    parser.add_argument("--lockstep", action="store_true", help="time moves by 250 ms per signed request: runs repeat exactly")
    parser.add_argument(
        "--testnet-limits",
        action="store_true",
        help="share 500 requests per five minutes with strangers, as on the venue's testnet, and be refused when they are spent",
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM; then say the hash of every fill, by which two runs can be compared."""
    import asyncio

    from tui_trader.core.error import UsageError

    if args.seed < 0:
        raise UsageError(f"--seed {args.seed}: must be 0 or more")
    if not 0 <= args.port <= 65_535:
        raise UsageError(f"--port {args.port}: not a port")
    if not 0 < args.speed <= 1_000:
        raise UsageError(f"--speed {args.speed:g}: must be above 0 and at most 1000")
    return asyncio.run(_serve(args))


async def _serve(args: argparse.Namespace) -> int:
    import asyncio
    import signal
    import sys

    from tui_trader.cli.lines import Lines
    from tui_trader.core.error import UsageError

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    show = _json_line if args.json else _text_line
    sys.stdout.flush()
    lines = Lines(
        sys.stdout.fileno(),
        lambda missing: show({"event": "skipped", "lines": missing}),
        lambda: loop.call_soon_threadsafe(stopping.set),
    )

    def tell(line: dict[str, Any]) -> None:
        lines.put(show(line))

    server = _build(args, tell)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    try:
        await server.start()
    except OSError as error:
        raise UsageError(f"--port {args.port}: {error.strerror}") from error
    try:
        for line in _access(server, args):
            lines.put(line)
        async with asyncio.TaskGroup() as group:
            ends = [group.create_task(event.wait()) for event in (stopping, server.failed)]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for end in ends:
                end.cancel()
    finally:
        await server.stop()
        lines.close(LAST_LINES_S)
    if lines.closed:
        raise BrokenPipeError
    return 0


def _build(args: argparse.Namespace, tell: Callable[[dict[str, Any]], None]) -> SimServer:
    from tui_trader.core.clock import SystemClock
    from tui_trader.core.error import UsageError, WireError
    from tui_trader.sim.launch import build_server

    market = None if args.market == "walk" else Path(args.market)
    try:
        return build_server(
            seed=args.seed,
            clock=SystemClock(),
            speed=args.speed,
            port=args.port,
            lockstep=args.lockstep,
            market=market,
            on_event=tell,
            shared_limits=args.testnet_limits,
            venue=args.venue,
        )
    except OSError as error:
        raise UsageError(f"--market {args.market}: {error.strerror}") from error
    except WireError as error:
        raise UsageError(f"--market {args.market}: {error.message}") from error


def _access(server: SimServer, args: argparse.Namespace) -> list[str]:
    if args.json:
        told = {"event": "access", "venue": args.venue, "rest": server.rest_url, "ws": server.ws_url}
        return [_json_line({**told, "key": server.key, "secret": server.secret})]
    return [
        f"REST    {server.rest_url}",
        f"WS      {server.ws_url}",
        f"key     {server.key}",
        f"secret  {server.secret}",
        "The key is made up and opens nothing but this exchange. Ctrl-C ends it.",
    ]


def _json_line(line: dict[str, Any]) -> str:
    import orjson

    return orjson.dumps(line).decode()


def _text_line(line: dict[str, Any]) -> str:
    from tui_trader.core.sanitise import sanitise

    # Ids and reasons come from whoever connected: nothing of theirs may reach the terminal raw.
    words = [sanitise(f"{name}={value}", 96) for name, value in line.items() if name not in ("at", "event")]
    return " ".join([str(line.get("at", ""))[11:23], f"{line['event']:<11}", *words])
