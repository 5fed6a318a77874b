"""Which account at which venue the desk works for, and how loudly the screen must say so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from tui_trader.core.error import ConfigError
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

    def __post_init__(self) -> None:
        """Raise ConfigError when the addresses are not of the environment.

        Without encryption nothing but an exchange on this machine is spoken to, and there only with keys that it made up itself.
        """
        for url in (self.endpoints.rest, self.endpoints.ws):
            parts = urlsplit(url)
            if url and self.env in (Environment.TESTNET, Environment.LIVE) and parts.scheme not in ("https", "wss"):
                raise ConfigError([f"the address {url} is not encrypted: --env {self.env.value} is not spoken to without TLS"])
            if self.env is Environment.SIM and self.credential is not None and parts.hostname not in ("127.0.0.1", "::1"):
                raise ConfigError([f"the address {url} is not on this machine: the built-in exchange is nowhere else"])

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
        """The hosts that this account's requests and keys may go to: of testnet and live those that the venue is known by."""
        known = self.venue.endpoints.get(self.env.value, self.endpoints)
        urls = (known.rest, known.ws)
        others = self.venue.other_hosts if self.env is Environment.LIVE else frozenset()
        return others | frozenset(host for url in urls if (host := urlsplit(url).hostname))


def journal_names(venue: str, env: Environment, label: str) -> re.Pattern[str]:
    """Return what matches the name of every journal that an account of these may have."""
    place = "" if env is Environment.LIVE else r"(-\d+)?"
    builtin = rf"{re.escape(venue)}-builtin-\d+|" if env is Environment.SIM else ""
    return re.compile(rf"(?:{builtin}{re.escape(venue)}-{env.value}{place}-{re.escape(label)})\Z")
