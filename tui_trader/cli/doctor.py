"""``tui-trader doctor``: what works here, what does not, and what to type. It signs nothing and sends no order."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from tui_trader.cli import checks
from tui_trader.cli.checks import Check, Health
from tui_trader.cli.options import add_connection, add_json
from tui_trader.core.error import ConfigError, LinkError, TraderError
from tui_trader.desk.environment import Environment
from tui_trader.desk.locations import Locations
from tui_trader.secrets.redactor import REDACTOR

if TYPE_CHECKING:
    from tui_trader.desk.account import Account
    from tui_trader.desk.config import Config

REACH_S = 6.0
"""How long the venue may take to shake hands on its stream."""

MAX_SKEW_S = 2.0
"""Clocks further apart than this keep entries back."""

_WIDTH = 12


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``doctor``."""
    parser = subparsers.add_parser(
        "doctor",
        help="check this machine, the configuration and the way to the venue",
        description="Check Python, terminal, files, disk, key store, configuration, and the way to the venue. "
        "Exit code 0 when nothing is wrong, 1 when something is.",
    )
    add_connection(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Say each finding as it comes; return 1 when one of them is a problem."""
    told: list[Check] = []
    try:
        for check in _checks(args):
            told.append(check)
            if not args.json:
                _print(check)
    except KeyboardInterrupt:
        sys.stderr.write("not finished\n")
        return 130
    problems = sum(check.health is Health.PROBLEM for check in told)
    if args.json:
        import orjson

        rows = [{"name": one.name, "health": one.health, "text": REDACTOR.clean(one.text), "fix": one.fix} for one in told]
        sys.stdout.write(orjson.dumps({"ok": not problems, "checks": rows}, option=orjson.OPT_APPEND_NEWLINE).decode())
    else:
        print("nothing is wrong" if not problems else f"{problems} {'problem' if problems == 1 else 'problems'}")
    return 1 if problems else 0


def _print(check: Check) -> None:
    mark = check.health.upper() if check.health is Health.PROBLEM else check.health.value
    print(f"{mark:<8} {check.name:<{_WIDTH}} {REDACTOR.clean(check.text)}")
    if check.fix:
        print(f"{'':<8} {'':<{_WIDTH}} try: {check.fix}")
    sys.stdout.flush()


def _checks(args: argparse.Namespace) -> Iterator[Check]:
    """Yield the findings: first what is known at once, last what has to be asked for."""
    yield checks.python()
    yield from checks.terminal(os.environ)
    yield from checks.environment(os.environ)
    config, problems = _configuration(args)
    yield from problems
    try:
        places = Locations.find(os.environ)
    except ConfigError as error:
        yield Check("files", Health.PROBLEM, error.message, "set HOME, or TUI_TRADER_HOME to an absolute path")
    else:
        yield from checks.files(places)
        yield checks.journal(places)
        yield checks.disk(places)
    needed = config is not None and config.settings.general.env in (Environment.TESTNET, Environment.LIVE)
    if needed:
        _progress(args, "asking the keyring …")
    yield checks.keyring(os.environ, needed=needed)
    if config is None:
        yield Check("venue", Health.NOTE, "not asked: which one it is stands in the configuration")
        return
    with asyncio.Runner() as runner:
        asked = _venue(config, args)
        while (check := runner.run(_next(asked))) is not None:
            yield check


async def _next(asked: AsyncIterator[Check]) -> Check | None:
    return await anext(asked, None)


def _configuration(args: argparse.Namespace) -> tuple[Config | None, list[Check]]:
    """Return the configuration in force and what is wrong with it, each problem at its place."""
    from tui_trader.cli.configure import configuration

    try:
        config = configuration(args)
    except ConfigError as error:
        fix = "tui-trader config check"
        return None, [Check("config", Health.PROBLEM, problem, fix) for problem in error.problems]
    env = config.settings.general.env.value
    where = str(config.path) if config.path else "no file: defaults"
    return config, [Check("config", Health.OK, f"{where}; {config.settings.general.venue}, {env}")]


async def _venue(config: Config, args: argparse.Namespace) -> AsyncIterator[Check]:
    """Yield how the venue is reached and how its clock goes."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            account = await _place(config, args, stack)
            host = account.endpoints.rest
            if account.env is not Environment.SIM:
                _progress(args, f"asking {host} …")
            async for check in _clock(account):
                yield check
            yield await _stream(account)
        except TraderError as error:
            yield Check("venue", Health.PROBLEM, error.message)


async def _place(config: Config, args: argparse.Namespace, stack: contextlib.AsyncExitStack) -> Account:
    """Return where the configured account is, without any key."""
    from tui_trader.cli.launch import greet, start_exchange
    from tui_trader.desk.account import Account
    from tui_trader.venues.base import Endpoints
    from tui_trader.venues.registry import load_chosen

    general = config.settings.general
    venue = load_chosen(general.venue, config.settings.venue(general.venue).choices)
    if args.sim_url:
        endpoints = await greet(args.sim_url)
        return Account(venue, Environment.SIM, endpoints, None, general.account)
    if general.env is Environment.SIM:
        server = await start_exchange(config, args, stack)
        return Account(venue, general.env, Endpoints(server.rest_url, server.ws_url), None, general.account, True)
    if general.env is Environment.CUSTOM:
        own = config.settings.venue(venue.name)
        if not own.rest_url or not own.ws_url:
            raise ConfigError([f"--env custom needs rest_url and ws_url in [venues.{venue.name}] of the configuration"])
        return Account(venue, general.env, Endpoints(own.rest_url, own.ws_url), None, general.account)
    return Account(venue, general.env, venue.addresses(general.env.value), None, general.account)


async def _clock(account: Account) -> AsyncIterator[Check]:
    from tui_trader.core.clock import NS, SystemClock
    from tui_trader.net.limiter import Limiter
    from tui_trader.net.rest import RestClient

    clock = SystemClock()
    client = RestClient(
        account.endpoints.rest,
        hosts=account.hosts,
        clock=clock,
        limiter=Limiter(account.venue.rate_groups, clock),
        on_lost=lambda request, verdict: None,
        private_addresses=account.env is Environment.CUSTOM,
        read_only=True,
    )
    async with client:
        try:
            skew = await client.sync_clock(account.venue.orders())
        except LinkError as error:
            fix = f"curl -sv {account.endpoints.rest} (firewall, DNS, the venue's own status page)"
            yield Check("venue", Health.PROBLEM, f"{account.name} {account.badge}: {error.message}", fix)
            return
        yield Check(
            "venue", Health.OK, f"{account.name} {account.badge}: {client.host} answers in {client.last_rtt_ns / 1e6:.0f} ms"
        )
    seconds, bound = skew.skew_ns / NS, skew.bound_ns / NS
    text = f"this machine's is {abs(seconds):.2f} s {'behind' if seconds > 0 else 'ahead of'} {client.host}'s, ±{bound:.2f} s"
    if abs(seconds) - bound > MAX_SKEW_S:
        yield Check("clock", Health.PROBLEM, f"{text}: entries are kept back", "sudo timedatectl set-ntp true")
    else:
        yield Check("clock", Health.OK, text)


async def _stream(account: Account) -> Check:
    """Shake hands on the stream, and hang up."""
    import aiohttp

    from tui_trader.net import endpoint

    url = endpoint.check_url(account.endpoints.ws, schemes=("wss", "ws"), hosts=account.hosts)
    trust = endpoint.Trust(private_addresses=account.env is Environment.CUSTOM)
    client = endpoint.open_client(url, aiohttp.ClientTimeout(total=None, connect=REACH_S / 2), trust)
    why = ""
    try:
        async with asyncio.timeout(REACH_S):
            await (await client.ws_connect(url, timeout=aiohttp.ClientWSTimeout(ws_close=0.3))).close()
    except (aiohttp.ClientError, OSError) as error:
        _, why = endpoint.why_unreachable(str(url.host), error) or (
            "",
            f"{url.host} did not shake hands ({type(error).__name__})",
        )
    finally:
        await client.close()
    if why:
        return Check("stream", Health.PROBLEM, why, "a proxy or firewall that lets no WebSocket through?")
    return Check("stream", Health.OK, f"{url.host} shakes hands")


def _progress(args: Any, text: str) -> None:
    if not args.json and sys.stderr.isatty():
        sys.stderr.write(f"{text}\n")
