"""Where orders go: the word that decides how loudly the screen speaks. Light, because the configuration needs it first."""

from __future__ import annotations

from enum import StrEnum


class Environment(StrEnum):
    """Where orders go."""

    SIM = "sim"
    """The built-in exchange, or another one on this machine."""
    TESTNET = "testnet"
    LIVE = "live"
    CUSTOM = "custom"
    """Addresses from the configuration; loopback unless a key says otherwise."""
