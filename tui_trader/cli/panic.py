"""The panic key from another shell: halt the account at once, then cancel, and close if asked to, until that is verified."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import dataclass
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
            "Halt trading of the account, and of those configured beside it (a terminal that runs lets no entry out any more),"
            " cancel every order but protective stops, and with --flatten the stops too, closing every position at market. Done"
            " only when a later question to the venue verifies it. Without --sim-url and on the built-in exchange: those of the"
            " terminal that runs."
        ),
    )
    parser.add_argument("--flatten", action="store_true", help="cancel the stops too and close every position at market")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="S", help="seconds to keep trying (default 60)")
    add_connection(parser)
    add_json(parser)
    parser.set_defaults(run=run)


@dataclass(frozen=True, slots=True)
class Target:
    """An account to get out of."""

    name: str
    config: Config
    args: argparse.Namespace
    path: Path
    """Its trading state."""


def run(args: argparse.Namespace) -> int:
    """Halt first, which needs no network; then get out."""
    from tui_trader.cli.configure import configuration

    targets = _targets(configuration(args), args)
    for target in targets:
        _halt(target.config, target.path)  # before a key is looked for, which may fail
    if len(targets) == 1:
        target = targets[0]
        target.args.access = _access(target.config, target.args)
        said = asyncio.run(_panic(target.config, target.args))
        return _tell(args, said, verified=said.startswith("verified: 0"))
    return _tell_all(args, _panic_all(targets))


def _targets(config: Config, args: argparse.Namespace) -> list[Target]:
    """Return the configured account and those beside it; on the built-in exchange those of the terminal that runs."""
    from tui_trader.cli.beside import further
    from tui_trader.cli.journals import STATE_SUFFIX, built_in_exchanges, process_of, state_path

    general = config.settings.general
    own = f"{general.venue}/{general.account}"
    if general.env is Environment.SIM and not args.sim_url:
        running = built_in_exchanges()
        if not running or len({process_of(path) for path in running}) > 1:
            found = "none runs" if not running else "several run: " + ", ".join(running.values())
            raise UsageError(f"no exchange was named and {found}; give --sim-url")
        found_there = []
        for path, url in running.items():
            there = further(config, args, path.name.partition("-builtin-")[0])
            there.args.sim_url = url
            name = path.name.removesuffix(STATE_SUFFIX) if len(running) > 1 else there.name  # two may be of one venue
            found_there.append(Target(name, there.config, there.args, path))
        return found_there
    targets = [Target(own, config, args, state_path(config, args.sim_url))]
    if not args.sim_url:
        for one in (further(config, args, name) for name in general.beside):
            targets.append(Target(one.name, one.config, one.args, state_path(one.config, None)))
    return targets


def _panic_all(targets: list[Target]) -> dict[str, str]:
    """Get out of several accounts side by side; what fails at one is told of that one, and stops no other."""
    said: dict[str, str] = {}
    reached: list[Target] = []
    for target in targets:
        try:
            target.args.access = _access(target.config, target.args)
            reached.append(target)
        except TraderError as error:
            said[target.name] = error.message

    async def one(target: Target) -> str:
        try:
            return await _panic(target.config, target.args)
        except TraderError as error:
            return f"NOT VERIFIED: {error.message}"

    async def all_of_them() -> list[str]:
        return await asyncio.gather(*(one(target) for target in reached))

    said |= dict(zip((target.name for target in reached), asyncio.run(all_of_them()), strict=True))
    return {target.name: said[target.name] for target in targets}


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


async def _panic(config: Config, args: argparse.Namespace) -> str:
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
    return said


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


def _tell_all(args: argparse.Namespace, said: dict[str, str]) -> int:
    verified = {name: text.startswith("verified: 0") for name, text in said.items()}
    if args.json:
        from tui_trader.cli import render

        rows = [{"account": name, "verified": verified[name], "text": text} for name, text in said.items()]
        render.emit({"halted": True, "flatten": args.flatten, "verified": all(verified.values()), "accounts": rows})
    else:
        for name, text in said.items():
            print(f"{name}: halted. {text}")
    return 0 if all(verified.values()) else 3
