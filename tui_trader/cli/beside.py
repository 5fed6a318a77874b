"""Accounts beside the first one: what each runs under, and how it is opened.

Each has its own consent, key, exchange, journal and limits; what they share is the file that they were configured in.
"""

from __future__ import annotations

import argparse
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui_trader.core.error import CommandError
from tui_trader.desk.config import Config
from tui_trader.desk.config_check import whole_name
from tui_trader.venues.registry import load as venue_named
from tui_trader.venues.registry import names

if TYPE_CHECKING:
    from tui_trader.core.types import InstrumentId
    from tui_trader.desk.desk import Desk
    from tui_trader.desk.desks import Opener
    from tui_trader.ui.app import TraderApp


@dataclass(frozen=True, slots=True)
class Further:
    """A further account, as it was asked for."""

    name: str
    """Venue and label."""
    config: Config
    """The configuration as it holds for this account."""
    args: argparse.Namespace
    """The command's arguments as they hold for this account: its consent, and the access to its key."""


def further(config: Config, args: argparse.Namespace, name: str) -> Further:
    """Return what an account called ``venue`` or ``venue/label`` runs under; asks and opens nothing yet.

    The exchange that ``--sim-url`` or ``--market`` names is the first account's. Raises CommandError for an unknown venue.
    """
    name = whole_name(name)
    venue, _, label = name.partition("/")
    if venue not in names():
        raise CommandError(f"no venue is called {venue!r}; there are: {', '.join(names())}")
    settings = config.settings
    general = replace(settings.general, venue=venue, account=label, symbols=(venue_named(venue).default_symbol,), beside=())
    own = replace(settings, general=general, alerts=replace(settings.alerts, symbols=()))
    live = next((word for word in (getattr(args, "live", None) or "").split(",") if word.lower() == venue), None)
    values = {**vars(args), "sim_url": None, "market": None, "symbol": None, "live": live, "consent": None, "access": None}
    return Further(name, replace(config, settings=own), argparse.Namespace(**values))


def prepare(one: Further) -> None:
    """Ask on the terminal what has to be asked for an account before the screen is taken, and find its key."""
    from tui_trader.cli.consent import ask_consent
    from tui_trader.cli.options import needs_key

    ask_consent(one.config, one.args)
    if needs_key(one.args, one.config.settings.general.env):
        from tui_trader.cli.keys_access import look

        one.args.access = look(one.config, one.args, on_screen=True)


def opener_of(app: TraderApp, one: Further) -> Opener:
    """Return what opens an account in a program."""

    async def opener(stack: AsyncExitStack) -> tuple[Desk, list[InstrumentId]]:
        from tui_trader.cli.launch import open_desk, start_guardian, watched

        desk = await open_desk(one.config, one.args, stack)
        symbols = watched(desk, one.config)
        await desk.start(symbols)
        if guardian := start_guardian(desk, one.config, stack):
            app.releases[desk] = guardian.release
        return desk, [desk.symbol(text) for text in symbols]

    return opener
