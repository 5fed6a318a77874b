"""From a configuration to a running desk: starts or finds the exchange, opens the journal, connects, and takes it all down.

The one place that knows both the desk and the built-in exchange.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tui_trader.cli.configure import configuration
from tui_trader.cli.exporting import writer
from tui_trader.cli.journals import (
    alerts_path,
    candles_path,
    exports_dir,
    history_path,
    notes_path,
    open_controls,
    open_journal,
)
from tui_trader.cli.options import needs_account, needs_key
from tui_trader.core.clock import DAY_NS, NS, Clock, SystemClock, rfc3339
from tui_trader.core.error import ConfigError, JournalError, LinkError, RefusedError, UsageError, WireError
from tui_trader.core.event import Notice
from tui_trader.core.ids import PREFIX
from tui_trader.core.risk import Limits
from tui_trader.core.types import LinkState, Severity
from tui_trader.desk.account import Account
from tui_trader.desk.attention import AttentionTerms
from tui_trader.desk.config import Config
from tui_trader.desk.desk import Desk
from tui_trader.desk.environment import Environment
from tui_trader.desk.guardian import Charge, Guardian
from tui_trader.desk.key import Address, is_loopback
from tui_trader.desk.live import Consent
from tui_trader.desk.locations import Locations, private_dir
from tui_trader.desk.macros import Macros
from tui_trader.desk.notes import Notes
from tui_trader.desk.records import OpenIntents
from tui_trader.desk.resolve import Presets
from tui_trader.secrets.secret import Secret
from tui_trader.state.store import StaleLimits
from tui_trader.storage.candle_retention import Kept
from tui_trader.storage.candles import CandleStore
from tui_trader.storage.chain import mentions
from tui_trader.storage.history import History
from tui_trader.storage.state_file import StateFile
from tui_trader.venues.base import Credential, Endpoints, Venue
from tui_trader.venues.registry import load_chosen

if TYPE_CHECKING:
    from tui_trader.cli.keys_access import Access
    from tui_trader.sim.server import SimServer

READY_S = 10.0
"""How long a one-shot command waits for the venue to have told it everything."""

MAX_HELLO = 1 << 16
"""Longest answer of an exchange about itself, bytes."""

SIM_LIMITS = 50
"""On the built-in exchange, where nothing can be lost, the money limits that nobody set are this many times as wide."""

_ADDRESS = Address(doc="", default="", secure="https", bare="http")

Use = Callable[[Desk, argparse.Namespace], Awaitable[int]]


def run_headless(args: argparse.Namespace, use: Use, symbols: Sequence[str]) -> int:
    """Connect, wait until the account is known, run ``use``, disconnect; SIGINT and SIGTERM end it cleanly."""
    config = configuration(args)
    args.access = access_to(config, args)
    return asyncio.run(_headless(config, args, use, symbols))


def access_to(config: Config, args: argparse.Namespace, *, on_screen: bool = False) -> Access | None:
    """Return the access to the account's key; None where none is needed."""
    if not needs_key(args, config.settings.general.env):
        return None
    from tui_trader.cli.keys_access import look

    return look(config, args, on_screen=on_screen)


async def _headless(config: Config, args: argparse.Namespace, use: Use, symbols: Sequence[str]) -> int:
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        async with connected(config, args, symbols) as desk:
            if desk.account.credential is None and needs_account(args):
                raise UsageError(f"there is no API key for {desk.account.name}, and this command asks about the account")
            await _ready(desk, symbols)
            return await use(desk, args)
    except asyncio.CancelledError:
        return 0 if args.command == "watch" else 130


@contextlib.asynccontextmanager
async def connected(config: Config, args: argparse.Namespace, symbols: Sequence[str] = ()) -> AsyncIterator[Desk]:
    """Give a started desk for the configured account; everything that was started ends with the block."""
    async with contextlib.AsyncExitStack() as stack:
        desk = await open_desk(config, args, stack)
        await desk.start(list(symbols) or watched(desk, config), None)
        yield desk


def watched(desk: Desk, config: Config) -> list[str]:
    """Return the configured symbols; names that the venue does not list are left to ``Desk.start`` to refuse.

    Where nobody configured any, and the default ones are another venue's, it is the venue's own.
    """
    symbols, own = list(config.settings.general.symbols), desk.account.venue.default_symbol
    if config.source("general.symbols") == "default" and own not in symbols:
        return [own]
    return symbols or [own]


async def open_desk(config: Config, args: argparse.Namespace, stack: contextlib.AsyncExitStack) -> Desk:
    """Return a desk that is not started yet; what it needs is entered on ``stack``."""
    settings = config.settings
    clock = SystemClock()
    account, private = await _account(config, args, stack)
    read_only = bool(getattr(args, "read_only", False))
    recall = OpenIntents()
    journal = open_journal(account, clock, recall, read_only=read_only)
    controls = open_controls(config, account, journal, clock, stack)
    consent: Consent | None = getattr(args, "consent", None)
    if consent is not None:
        controls.remember("acknowledged", consent.text_sha256)
        with contextlib.suppress(JournalError):  # then entries are refused anyway, which is said
            journal.append("acknowledged", asdict(consent))
    presets = Presets(
        notionals=settings.ticket.presets,
        slippage_cap_pct=settings.ticket.slippage_cap_percent,
        stop_pct=settings.ticket.stop_percent,
        target_multiple=settings.ticket.target_r,
        protect_pct=settings.ticket.protect_percent,
        protect_ticks=settings.ticket.protect_ticks,
    )
    desk = Desk(
        account,
        clock=clock,
        rng=random.Random(),
        journal=journal,
        limits=limits_for(config, account.env),
        stale=StaleLimits(
            book_ns=round(settings.feed.book_stale_s * NS),
            ticker_ns=round(settings.feed.mark_stale_s * NS),
            private_ns=round(settings.feed.private_stale_s * NS),
        ),
        presets=presets,
        gate_ms=settings.feed.gate_ms,
        controls=controls,
        read_only=read_only,
        history=history_of(config, account, clock),
        candles=candles_of(config, account, clock),
        attention=attention_of(config),
        notes=Notes(None if account.ends_with_program else notes_path(account.journal_name)),
        alerts=None if account.ends_with_program else StateFile(alerts_path(account.journal_name)),
    )
    places = Locations.find(os.environ)
    desk.macros = Macros(StateFile(private_dir(places.state_dir) / places.macros_file.name))
    if desk.macros.problem:
        desk.absorb([Notice(desk.macros.problem, Severity.WARNING, clock.wall_ns())])
    history = None if account.ends_with_program else history_path(account.journal_name)
    desk.export_by(writer(desk, history, exports_dir))
    stack.push_async_callback(desk.close)
    desk.recordings_dir = Locations.find(os.environ).recordings_dir
    if not private:
        if not journal.is_held:  # whoever holds it looks for those
            desk.recoverable = recall.to_recover()
            desk.pace.recall(recall.left)
            desk.brackets = recall.plans.brackets()
            desk.open_transfers = recall.open_transfers()
            desk.buried = recall.buried(rfc3339(clock.wall_ns() - DAY_NS))
        desk.store.blotter.claim(recall.ids, recall.named)
        desk.store.blotter.sent_before = lambda client_id: client_id.startswith(PREFIX) and mentions(journal.path, client_id)
    if not read_only:
        warnings = ((journal.notice, Severity.WARNING), (recall.epilogue, Severity.WARNING), (journal.failure, Severity.ALARM))
        for text, severity in warnings:
            if text:
                desk.absorb([Notice(text, severity, clock.wall_ns())])
    access: Access | None = getattr(args, "access", None)
    if access is not None and access.note:
        desk.absorb([Notice(access.note, Severity.WARNING, clock.wall_ns())])
    return desk


def history_of(config: Config, account: Account, clock: Clock) -> History:
    """Return the history of an account, not opened; that of an exchange inside this process ends with it."""
    kept = config.settings.history
    path = None if account.ends_with_program else history_path(account.journal_name)
    return History(path, clock, keep_days=kept.keep_days, max_rows=kept.max_rows)


def attention_of(config: Config) -> AttentionTerms:
    """Return what the configuration says of alerts and the watchlist."""
    alerts = config.settings.alerts
    return AttentionTerms(
        symbols=alerts.symbols or config.settings.general.symbols,
        run_programs=alerts.run_programs,
        calm_s=alerts.calm_s,
        margin=alerts.margin_percent,
        bell=alerts.bell,
        notify=alerts.notify,
        tmux_passthrough=alerts.tmux_passthrough,
        tape_sizes=alerts.tape_sizes,
    )


def candles_of(config: Config, account: Account, clock: Clock) -> CandleStore:
    """Return the candles of a venue, not opened; those of an exchange on this machine are kept in memory."""
    kept = config.settings.candles
    path = candles_path(account) if kept.record else None
    return CandleStore(path, clock, Kept(kept.seconds_days, kept.minutes_days, kept.max_seconds))


def start_guardian(desk: Desk, config: Config, stack: contextlib.AsyncExitStack) -> Guardian | None:
    """Start what acts on the orders when this process is killed, if the configuration asks for it; ended with ``stack``.

    Without ``release`` before, that end is one that it acts on.
    """
    hangup = config.settings.hangup
    if not hangup.guardian or desk.account.ends_with_program or desk.account.credential is None or desk.permit.looks_only:
        return None  # what only looks on has nothing to leave behind

    def tell(text: str, severity: Severity) -> None:
        desk.absorb([Notice(text, severity, desk.clock.wall_ns())])

    def symbols() -> set[str]:
        store = desk.store
        involved = {order.instrument for order in store.blotter.working()} | {leg.instrument for leg in store.open_positions()}
        return {iid.symbol for iid in (*desk.feeds.watched, *involved)}

    guardian = Guardian(lambda text: tell(text, Severity.ALARM))
    charge = Charge.of(
        desk.account,
        policy=hangup.on_hangup,
        journal=private_dir(Locations.find(os.environ).journal_dir) / f"{desk.account.journal_name}.jsonl",
        symbols=sorted(symbols()),
        since=rfc3339(desk.clock.wall_ns()),
    )
    stack.push_async_callback(guardian.close)
    try:
        guardian.start(charge, symbols)
    except LinkError as error:
        tell(error.message, Severity.ALARM)
        return None
    return guardian


def limits_for(config: Config, env: Environment) -> Limits:
    """Return the pre-trade limits of an environment."""
    limits = config.settings.risk.limits()
    if env is not Environment.SIM:
        return limits
    names = {
        "order_notional": "risk.max_order_notional",
        "position_notional": "risk.max_position_notional",
        "gross_notional": "risk.max_gross_notional",
    }
    wider = {field: getattr(limits, field) * SIM_LIMITS for field, key in names.items() if config.source(key) == "default"}
    return replace(limits, **wider)


async def wait_until(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Wait until ``condition`` holds; False when it did not in time."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.01)
    return True


async def _ready(desk: Desk, symbols: Sequence[str]) -> None:
    venue = desk.account.venue.name
    store = desk.store

    def known() -> bool:
        public = store.links.get((venue, "public"))
        if public is None or public.state is not LinkState.LIVE:
            return False
        if any(book is None or not book.is_live for book in (store.book(desk.symbol(s)) for s in symbols)):
            return False
        if any(not store.mark_is_fresh(p.instrument) for p in store.open_positions()):
            return False
        return desk.account.credential is None or desk.reconciled

    if not await wait_until(known, READY_S):
        reasons = [f"{link.lane}: {link.reason or link.state.value}" for link in store.links.values() if not link.is_live]
        reasons += [desk.sync.problem] if desk.sync.problem else []
        raise LinkError(f"{desk.account.venue.title} was not ready in {READY_S:.0f} s ({'; '.join(reasons) or 'no answer'})")


async def _account(config: Config, args: argparse.Namespace, stack: contextlib.AsyncExitStack) -> tuple[Account, bool]:
    """Return the account to work for, and whether its exchange is a private one that ends with this process."""
    settings = config.settings
    venue = load_chosen(settings.general.venue, settings.venue(settings.general.venue).choices)
    env = settings.general.env
    label = settings.general.account
    sim_url = getattr(args, "sim_url", None)
    if sim_url:
        if env is not Environment.SIM:
            raise UsageError(f"--env {env.value} and --sim-url name two different places: give one of them")
        endpoints, credential = await _hello(sim_url)
        return Account(venue, Environment.SIM, endpoints, credential, label), False
    if env is Environment.SIM:
        server = await start_exchange(config, args, stack)
        endpoints = Endpoints(server.rest_url, server.ws_url)
        return Account(venue, env, endpoints, _sim_credential(server.key, server.secret), label, True), True
    if env is Environment.CUSTOM:
        own = settings.venue(venue.name)
        if not own.rest_url or not own.ws_url:
            raise ConfigError([f"--env custom needs rest_url and ws_url in [venues.{venue.name}] of the configuration"])
        for url in (own.rest_url, own.ws_url):
            if urlsplit(url).hostname not in ("127.0.0.1", "::1") and not own.allow_remote_custom:
                raise RefusedError(
                    f"{url} is not on this machine: custom addresses are loopback only unless"
                    f" [venues.{venue.name}] allow_remote_custom = true"
                )
        made_up: Credential | None = _stored(args, venue, env, Endpoints(own.rest_url, own.ws_url))
        with contextlib.suppress(LinkError, ConfigError):  # no exchange of ours, and it need not be one
            if made_up is None and not without_key(args):
                _, made_up = await _hello(own.rest_url)
        return Account(venue, env, Endpoints(own.rest_url, own.ws_url), made_up, label), False
    own = settings.venue(venue.name)
    endpoints = venue.addresses(env.value, own.rest_host, own.ws_host)
    return Account(venue, env, endpoints, _stored(args, venue, env, endpoints), label), False


def without_key(args: argparse.Namespace) -> bool:
    """Whether a trader who was asked for a key went on without."""
    access: Access | None = getattr(args, "access", None)
    return access is not None and access.without


def _stored(args: argparse.Namespace, venue: Venue, env: Environment, endpoints: Endpoints) -> Credential | None:
    """Return what signs with the key that was found before; None when there is none."""
    access: Access | None = getattr(args, "access", None)
    if access is None or access.key is None:
        return None
    from tui_trader.cli.keys_access import credential_for

    return credential_for(access.key, venue, env, endpoints)


async def start_exchange(config: Config, args: argparse.Namespace, stack: contextlib.AsyncExitStack) -> SimServer:
    """Start the built-in exchange on a free loopback port."""
    from tui_trader.sim.launch import build_server

    sim, settings_venue = config.settings.sim, config.settings.general.venue
    market = getattr(args, "market", None)
    try:
        server = build_server(
            seed=sim.seed,
            balance=sim.balance,
            speed=sim.speed,
            clock=SystemClock(),
            market=Path(market) if market else None,
            venue=settings_venue,
        )
    except OSError as error:
        raise UsageError(f"--market {market}: {error.strerror}") from error
    except WireError as error:
        raise UsageError(f"--market {market}: {error.message}") from error
    await server.start()
    stack.push_async_callback(server.stop)
    return server


def _sim_credential(key: str, secret: str) -> Credential:
    return Credential(key, Secret(secret))


async def greet(url: str) -> Endpoints:
    """Return where an exchange that runs already is reached; raises LinkError when there is none."""
    return (await _hello(url))[0]


async def _hello(url: str) -> tuple[Endpoints, Credential]:
    """Ask a running built-in exchange how to reach it and what key to use; raises LinkError when it is not one."""
    import aiohttp
    import orjson

    try:
        base = _ADDRESS.read(url).rstrip("/")
        ours = is_loopback(base)
    except ValueError:
        ours = False
    if not ours:  # the address is not repeated: it may carry a password
        raise ConfigError(["--sim-url: the built-in exchange is on this machine only, at an address like http://127.0.0.1:PORT"])
    try:
        timeout = aiohttp.ClientTimeout(total=3)
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as client,
            client.get(f"{base}/sim/hello", allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                raise LinkError(f"{base} answered {answer.status}: not a tui-trader exchange")
            document = orjson.loads(await answer.content.read(MAX_HELLO))
        return Endpoints(document["rest_url"], document["ws_url"]), _sim_credential(document["key"], document["secret"])
    except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise LinkError(f"no tui-trader exchange at {base} ({reason}); start one with: tui-trader sim") from error


def arguments(**values: Any) -> argparse.Namespace:
    """Return arguments for ``open_desk`` outside the command line (tests, benchmarks)."""
    return argparse.Namespace(**{"config": None, "sim_url": None, "command": "", **values})
