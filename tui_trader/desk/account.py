"""Which account at which venue the desk works for, and how loudly the screen must say so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from tui_trader.venues.base import Credential, Endpoints, Venue


class Environment(StrEnum):
    """Where orders go."""

    SIM = "sim"
    """The built-in exchange, or another one on this machine."""
    TESTNET = "testnet"
    LIVE = "live"
    CUSTOM = "custom"
    """Addresses from the configuration; loopback unless a key says otherwise."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account: the venue, the environment, where it is reached and what signs for it."""

    venue: Venue
    env: Environment
    endpoints: Endpoints
    credential: Credential | None
    """None for a public-only connection: market data without an account."""
    label: str = "main"

    @property
    def badge(self) -> str:
        """The word that says whether money is real: ``LIVE``, ``TEST``, ``SIM`` or ``CUSTOM``."""
        return {"sim": "SIM", "testnet": "TEST", "live": "LIVE", "custom": "CUSTOM"}[self.env.value]

    @property
    def name(self) -> str:
        """Venue and label, as the header shows them: ``phemex/main``."""
        return f"{self.venue.name}/{self.label}"

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts that this account's requests and keys may go to."""
        urls = (self.endpoints.rest, self.endpoints.ws)
        return frozenset(host for url in urls if (host := urlsplit(url).hostname))
