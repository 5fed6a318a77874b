"""Asks on the terminal, before the screen is taken, for what real money needs."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tui_trader.desk.environment import Environment

if TYPE_CHECKING:
    from tui_trader.desk.config import Config

ALLOW = "general.allow_live"

_NOT_THE_FILE = ("default", "env ", "flag ")
"""How sources begin that a passing shell can set."""


def ask_consent(config: Config, args: argparse.Namespace) -> None:
    """Put what was given into ``args.consent``; asks nothing unless orders could move real money.

    Raises ConfigError, UsageError or RefusedError when something is missing or was typed wrong.
    """
    if config.settings.general.env is not Environment.LIVE or args.read_only:
        return
    from tui_trader.cli.journals import state_path
    from tui_trader.core.error import RefusedError
    from tui_trader.desk import live
    from tui_trader.storage.state_file import StateFile
    from tui_trader.venues.registry import load

    venue = load(config.settings.general.venue)
    if venue.unproven:
        raise RefusedError(
            f"{venue.title} with real money is not offered in this version: {venue.unproven}; --read-only looks on"
        )

    notes = StateFile(state_path(config, None)).read().get("notes", {})
    args.consent = live.obtain(
        config.settings.general.venue,
        allowed=config.settings.general.allow_live and not config.source(ALLOW).startswith(_NOT_THE_FILE),
        acknowledged=str(notes.get("acknowledged", "")),
        named=_named(args.live or "", config.settings.general.venue),
        ask=_ask if sys.stdin.isatty() else None,
        say=lambda line: print(line, file=sys.stderr),
    )


def _named(live: str, venue: str) -> str:
    """Return the venue as the command line named it, among several perhaps."""
    return next((word for word in live.split(",") if word.lower() == venue), live)


def _ask(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline()
