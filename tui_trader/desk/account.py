"""Which account at which venue the desk works for, and how loudly the screen must say so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from tui_trader.desk.environment import Environment
from tui_trader.venues.base import Credential, Endpoints, Venue


@dataclass(frozen=True, slots=True)
class Account:
    """One account: the venue, the environment, where it is reached and what signs for it."""

    venue: Venue
    env: Environment
    endpoints: Endpoints
    credential: Credential | None
    """None for a public-only connection: market data without an account."""
    label: str = "main"
    ends_with_program: bool = False
    """True on an exchange inside this process: its positions and orders end when the program does."""

    @property
    def badge(self) -> str:
        """The word that says whether money is real: ``LIVE``, ``TEST``, ``SIM`` or ``CUSTOM``."""
        return {"sim": "SIM", "testnet": "TEST", "live": "LIVE", "custom": "CUSTOM"}[self.env.value]

    @property
    def name(self) -> str:
        """Venue and label, as the header shows them: ``phemex/main``."""
        return f"{self.venue.name}/{self.label}"

    @property
    def journal_name(self) -> str:
        """What its journal is called: ``phemex-live-main``. Exchanges on this machine are told apart by their port, and those
        that end with the program share a name that is numbered by whoever opens one."""
        if self.ends_with_program:
            return f"{self.venue.name}-builtin"
        port = urlsplit(self.endpoints.rest).port if self.env is not Environment.LIVE else None
        return f"{self.venue.name}-{self.env.value}{f'-{port}' if port else ''}-{self.label}"

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts that this account's requests and keys may go to."""
        urls = (self.endpoints.rest, self.endpoints.ws)
        return frozenset(host for url in urls if (host := urlsplit(url).hostname))


def journal_names(venue: str, env: Environment, label: str) -> re.Pattern[str]:
    """Return what matches the name of every journal that an account of these may have."""
    place = "" if env is Environment.LIVE else r"(-\d+)?"
    builtin = rf"{re.escape(venue)}-builtin-\d+|" if env is Environment.SIM else ""
    return re.compile(rf"(?:{builtin}{re.escape(venue)}-{env.value}{place}-{re.escape(label)})\Z")
