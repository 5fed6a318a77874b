"""What an account leaves on this machine: its journal and, beside it, its trading state. Opens both, finds those of others."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from urllib.parse import urlsplit

from tui_trader.core.clock import Clock
from tui_trader.core.error import JournalError
from tui_trader.desk.account import Account
from tui_trader.desk.config import Config
from tui_trader.desk.controls import Controls
from tui_trader.desk.environment import Environment
from tui_trader.desk.locations import Locations, private_dir
from tui_trader.desk.records import OpenIntents
from tui_trader.storage.journal import HeldError, Journal, hear
from tui_trader.storage.state_file import StateFile
from tui_trader.venues.base import Endpoints
from tui_trader.venues.registry import load as venue_named

MAX_PRIVATE_JOURNALS = 8

STATE_SUFFIX = ".state.json"
"""Beside the journal of an account stands its trading state."""


def open_journal(account: Account, clock: Clock, recall: OpenIntents, *, read_only: bool) -> Journal:
    """Open the journal of an account; one that another process writes refuses every record (this one is then read-only).

    An exchange inside a process ends with it, so each of them gets a journal of its own.
    """
    folder = _folder()
    path = folder / f"{account.journal_name}.jsonl"
    if read_only:
        hear(path, recall)
        return Journal.refusing(path, clock, "read-only: nothing is sent from here")
    if not account.ends_with_program:
        try:
            return Journal(path, clock, account=account.journal_name, recall=recall)
        except HeldError as error:
            hear(path, recall)
            return Journal.refusing(path, clock, f"read-only: {error.message}", is_held=True)
    failure = ""
    for number in range(1, MAX_PRIVATE_JOURNALS + 1):
        path = folder / f"{account.journal_name}-{number}.jsonl"
        try:
            journal = Journal(path, clock, recall=OpenIntents())
        except HeldError as error:
            failure = error.message
            continue
        if not journal.failure:
            return journal
        failure = journal.failure  # another one is as good
        journal.close()
    return Journal.refusing(path, clock, failure)


def open_controls(config: Config, account: Account, journal: Journal, clock: Clock, stack: contextlib.AsyncExitStack) -> Controls:
    """Return the trading state of an account. That of an exchange inside this process is new, and ends with ``stack``."""
    file = StateFile(journal.path.with_suffix(STATE_SUFFIX))
    if account.ends_with_program:
        with contextlib.suppress(JournalError):  # then no other shell will find this exchange, and that is all
            file.write({"notes": {"exchange": account.endpoints.rest, "pid": os.getpid()}})
        stack.callback(file.path.unlink, missing_ok=True)
    return Controls(clock, name=account.venue.name, file=file, failures=config.settings.risk.failure_limits())


def state_path(config: Config, sim_url: str | None) -> Path:
    """Return where the trading state of the configured account stands, without connecting to anything."""
    return _folder() / f"{account_of(config, sim_url).journal_name}{STATE_SUFFIX}"


def account_of(config: Config, sim_url: str | None) -> Account:
    """Return the configured account as far as its name goes, without connecting to anything and without its key."""
    general = config.settings.general
    venue = venue_named(general.venue)
    env = Environment.SIM if sim_url else general.env
    if env in (Environment.LIVE, Environment.TESTNET):
        rest = venue.addresses(env.value).rest
    else:
        rest = sim_url or config.settings.venue(general.venue).rest_url
    return Account(venue, env, Endpoints(rest, ""), None, general.account)


def history_path(journal_name: str) -> Path:
    """Return where the history of an account stands, which is called as its journal is."""
    return private_dir(Locations.find(os.environ).history_dir) / f"{journal_name}.sqlite"


def candles_path(account: Account) -> Path | None:
    """Return where the candles of a venue stand: one file for each environment, whoever's the account is.

    None for an exchange on this machine: its past begins anew with every start, and must not be joined with another's.
    """
    if account.env is Environment.SIM:
        return None
    port = urlsplit(account.endpoints.rest).port if account.env is not Environment.LIVE else None
    place = f"{account.venue.name}-{account.env.value}{f'-{port}' if port else ''}"
    return private_dir(Locations.find(os.environ).candles_dir) / f"{place}.sqlite"


def alerts_path(journal_name: str) -> Path:
    """Return where the alerts and the watchlist of an account are kept."""
    return _folder() / f"{journal_name}.alerts.json"


def notes_path(journal_name: str) -> Path:
    """Return where the notes on the trades of an account are kept."""
    return private_dir(Locations.find(os.environ).history_dir) / f"{journal_name}.notes.jsonl"


def exports_dir() -> Path:
    """Return the directory that ``:export`` writes into, made where it is missing."""
    return private_dir(Locations.find(os.environ).state_dir / "export")


def built_in_exchanges() -> dict[Path, str]:
    """Return the exchanges inside terminals that run now: their state files and their addresses."""
    found = {}
    for path in sorted(_folder().glob(f"*-builtin-*{STATE_SUFFIX}")):
        with contextlib.suppress(JournalError, KeyError, ValueError, TypeError, OSError):
            notes = StateFile(path).read()["notes"]
            os.kill(int(notes["pid"]), 0)
            found[path] = str(notes["exchange"])
    return found


def process_of(path: Path) -> int:
    """Return the process whose exchange a state file is of; 0 where it cannot be told."""
    with contextlib.suppress(JournalError, KeyError, ValueError, TypeError, OSError):
        return int(StateFile(path).read()["notes"]["pid"])
    return 0


def _folder() -> Path:
    return private_dir(Locations.find(os.environ).journal_dir)
