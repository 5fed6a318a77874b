"""The panic key from another shell: halt the account at once, then cancel, and close if asked to, until that is verified."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from tui_trader.cli.options import add_connection, add_json
from tui_trader.core.error import LinkError, TraderError, UsageError
from tui_trader.desk.environment import Environment

if TYPE_CHECKING:
    from tui_trader.cli.keys_access import Access
    from tui_trader.desk.config import Config

REASON = "tui-trader panic from a shell"

AGAIN_S = 1.0
"""Between attempts to reach the venue."""

READY_S = 5.0
"""How long to wait until orders and positions are known; after that, what is known is cancelled."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``panic``."""
    parser = subparsers.add_parser(
        "panic",
        help="halt, and cancel everything but stops; --flatten closes everything",
        description=(
            "Halt trading of the account (a terminal that runs lets no entry out any more), cancel every order but protective"
            " stops, and with --flatten the stops too, closing every position at market. Done only when a later question to the"
            " venue verifies it. Without --sim-url and on the built-in exchange: that of the terminal that runs."
        ),
    )
    parser.add_argument("--flatten", action="store_true", help="cancel the stops too and close every position at market")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="S", help="seconds to keep trying (default 60)")
    add_connection(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Halt first, which needs no network; then get out."""
    from tui_trader.cli.configure import configuration
    from tui_trader.cli.journals import built_in_exchanges, state_path

    config = configuration(args)
    if config.settings.general.env is Environment.SIM and not args.sim_url:
        running = built_in_exchanges()
        if len(running) != 1:
            found = "none runs" if not running else "several run: " + ", ".join(running.values())
            raise UsageError(f"no exchange was named and {found}; give --sim-url")
        ((path, args.sim_url),) = running.items()
    else:
        path = state_path(config, args.sim_url)
    _halt(config, path)  # before a key is looked for, which may fail
    args.access = _access(config, args)
    return asyncio.run(_panic(config, args))


def _access(config: Config, args: argparse.Namespace) -> Access | None:
    from tui_trader.cli.launch import access_to
    from tui_trader.venues.registry import load

    try:
        return access_to(config, args)
    except TraderError as error:
        venue = load(config.settings.general.venue)
        place = venue.endpoints.get(config.settings.general.env.value)
        way_out = (place.web if place else "") or "the venue itself"
        error.message = f"halted, but NOT CANCELLED: {error.message}; until there is a key, cancel at {way_out}"
        raise


def _halt(config: Config, path: Path) -> None:
    from tui_trader.core.clock import SystemClock
    from tui_trader.desk.controls import Controls
    from tui_trader.storage.state_file import StateFile

    controls = Controls(SystemClock(), name=config.settings.general.venue, file=StateFile(path))
    controls.halt(REASON)


async def _panic(config: Config, args: argparse.Namespace) -> int:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + args.timeout
    said = "NOT VERIFIED: the venue was not reached"
    while loop.time() < deadline:
        try:
            said = await _get_out(config, args, deadline)
            break
        except LinkError as error:
            said = f"NOT VERIFIED: {error.message}"
            await asyncio.sleep(AGAIN_S)
    return _tell(args, said, verified=said.startswith("verified: 0"))


async def _get_out(config: Config, args: argparse.Namespace, deadline: float) -> str:
    """Connect and get out; raises LinkError when the venue cannot be reached."""
    from tui_trader.cli.launch import connected, wait_until

    loop = asyncio.get_running_loop()
    async with connected(config, args) as desk:
        if desk.account.credential is None:
            way_out = desk.account.endpoints.web or "the venue itself"
            raise UsageError(f"there is no API key for {desk.account.name}: use {way_out}")
        await wait_until(lambda: desk.reconciled, READY_S)
        await desk.cancel_everything(flatten=args.flatten)
        await wait_until(lambda: not desk.exits.trying, max(0.0, deadline - loop.time()))
        return desk.exits.last


def _tell(args: argparse.Namespace, said: str, *, verified: bool) -> int:
    if args.json:
        from tui_trader.cli import render

        render.emit({"halted": True, "flatten": args.flatten, "verified": verified, "text": said})
    else:
        print(f"halted. {said}")
    return 0 if verified else 3
