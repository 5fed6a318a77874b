"""``tui-trader keys check``: one signed question that changes nothing, and what its answer says about the key."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final

from tui_trader.core.clock import NS, SystemClock
from tui_trader.core.error import ConfigError, LinkError, WireError
from tui_trader.desk.account import Account
from tui_trader.desk.environment import Environment
from tui_trader.net.limiter import Limiter
from tui_trader.net.rest import RestClient
from tui_trader.venues.base import USUAL, Endpoints, Outcome, Verdict
from tui_trader.venues.registry import load as venue_named
from tui_trader.venues.registry import load_chosen

if TYPE_CHECKING:
    from tui_trader.secrets.entry import KeyName, StoredKey
    from tui_trader.secrets.stores import Stores

SKEW_NS: Final = 2 * NS
"""A clock farther off than this makes a venue refuse what is signed."""


@dataclass(slots=True)
class Report:
    """What is known of a key."""

    name: str
    id: str
    """The end of its id."""
    host: str
    accepted: bool | None = None
    """Whether the venue took it; None when it did not say."""
    reads_account: bool = False
    clock_off_s: str = ""
    """The venue's clock minus ours, in seconds; empty when it was not learned."""
    problems: list[str] = field(default_factory=list)
    """What is wrong, each with what to do."""
    not_told: str = "whether it may trade or withdraw: the venue says that on its page of API keys only"


def check(args: argparse.Namespace, stores: Stores, name: KeyName) -> int:
    """Find the key, ask the venue, print the report; 0 when the venue accepts the key and nothing is wrong."""
    from tui_trader.cli import ask, render
    from tui_trader.cli.configure import configuration
    from tui_trader.secrets.command import read_from_command
    from tui_trader.secrets.entry import checked
    from tui_trader.secrets.stores import taken

    args.venue, env, args.env, args.account = name.venue, args.env, None, None
    settings = configuration(args).settings
    endpoints = _endpoints(settings.venue(name.venue), name)
    if args.ask_key:
        key = checked(name, *ask.parts_of_a_key(name.venue))
    elif settings.venue(name.venue).secret_command:
        key = taken(read_from_command(settings.venue(name.venue).secret_command, name), name)
    else:
        key = stores.read(name, lambda: ask.passphrase(args.passphrase_fd))
    report = asyncio.run(_ask(key, Environment(env), endpoints, settings.venue(name.venue).choices))
    if args.json:
        render.emit(asdict(report))
    else:
        print("\n".join(_lines(report)))
    return 0 if report.accepted and not report.problems else 1


def _endpoints(own: object, name: KeyName) -> Endpoints:
    venue = venue_named(name.venue)
    if name.env != Environment.CUSTOM:
        return venue.addresses(name.env, getattr(own, "rest_host", USUAL), getattr(own, "ws_host", USUAL))
    rest, ws = getattr(own, "rest_url", ""), getattr(own, "ws_url", "")
    if not rest or not ws:
        raise ConfigError([f"--env custom needs rest_url and ws_url in [venues.{name.venue}] of the configuration"])
    return Endpoints(rest, ws)


async def _ask(key: StoredKey, env: Environment, endpoints: Endpoints, choices: Mapping[str, object]) -> Report:
    from tui_trader.cli.keys_access import credential_for

    venue = load_chosen(key.name.venue, choices)
    account = Account(venue, env, endpoints, credential_for(key, venue, env, endpoints), key.name.account)
    clock = SystemClock()
    dialect = venue.orders()
    client = RestClient(
        endpoints.rest,
        hosts=account.hosts,
        clock=clock,
        limiter=Limiter(venue.rate_groups, clock),
        on_lost=lambda request, verdict: None,
        private_addresses=env is Environment.CUSTOM,
        read_only=True,
    )
    report = Report(key.name.text, key.tail, client.host)
    async with client:
        try:
            skew = await client.sync_clock(dialect)
        except (LinkError, WireError) as error:
            report.problems.append(f"{error.message}: nothing was learned about the key")
            return report
        report.clock_off_s = f"{skew.skew_ns / NS:+.2f}"
        if abs(skew.skew_ns) > SKEW_NS + skew.bound_ns:
            report.problems.append(
                f"this machine's clock is {report.clock_off_s} s from the venue's: orders are refused until it is set;"
                " type: sudo timedatectl set-ntp true"
            )
        verdict = await client.send(dialect.positions(venue.settle_currencies[0]), dialect, account.credential)
    _judge(report, verdict, key.name)
    return report


def _judge(report: Report, verdict: Verdict, name: KeyName) -> None:
    """Read what the answer says about the key."""
    if verdict.outcome is Outcome.ACK:
        report.accepted = report.reads_account = True
        return
    report.problems.append(verdict.text or f"the venue answered {verdict.code or verdict.outcome}")
    if not verdict.bad_key:
        return
    report.accepted = False
    words = verdict.text.lower()
    if "mismatch" in words and "ip" in words:
        report.problems.append(
            "the key is bound to other addresses: add the address that this machine is seen under to the key at the venue"
        )
        return
    other = {"testnet": "live", "live": "testnet"}.get(name.env)
    if other:
        report.problems.append(
            f"was it made for {other}? Then: tui-trader keys remove {name.words}, and tui-trader keys add"
            f" {name.venue}{'' if name.account == 'main' else f'/{name.account}'} --env {other}"
        )
    report.problems.append(f"are id and secret swapped? Then: tui-trader keys add {name.words} --replace")


def _lines(report: Report) -> list[str]:
    verdict = {True: "accepted", False: "NOT ACCEPTED", None: "NOT KNOWN"}[report.accepted]
    lines = [f"{report.name}: key {report.id} at {report.host}: {verdict}"]
    if report.reads_account:
        lines.append("  signs requests, reads the account")
    if report.clock_off_s:
        lines.append(f"  the venue's clock is {report.clock_off_s} s from this machine's")
    lines += [f"  problem: {problem}" for problem in report.problems]
    if report.accepted:
        lines.append(f"  not told: {report.not_told}")
    return lines
