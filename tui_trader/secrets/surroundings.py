"""Secrets in the environment: every child process gets them, and every process of the same user can read them.

They are taken once, by ``keys import --from-env``, and never used.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "phemex": ("PHEMEX_API_KEY", "PHEMEX_API_SECRET"),
    "mexc": ("MEXC_API_KEY", "MEXC_API_SECRET"),
    "paradex": ("PARADEX_ACCOUNT", "PARADEX_PRIVATE_KEY"),
}
"""Which variables of a venue are imported: the key's id and its secret."""

_SECRET = re.compile(r"(?:API_?KEY|SECRET|TOKEN|PASS_?(?:PHRASE|WORD)|PRIVATE_?KEY)")


def names_of(venue: str) -> tuple[str, str]:
    """Return the variables that ``keys import`` takes for a venue."""
    upper = venue.upper().replace("-", "_")
    return NAMES.get(venue, (f"{upper}_API_KEY", f"{upper}_API_SECRET"))


def secrets_of(venues: Collection[str], environ: Mapping[str, str]) -> list[str]:
    """Return the names of the variables that hold something secret of these venues, or of this program."""
    owners = ("TUI_TRADER", *(venue.upper().replace("-", "_") for venue in venues))
    return sorted(
        name
        for name, value in environ.items()
        if value and name.upper().startswith(tuple(f"{owner}_" for owner in owners)) and _SECRET.search(name.upper())
    )


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a child process: without what names itself a secret of a venue or of this program."""
    hidden = set(secrets_of(NAMES, environ))
    return {name: value for name, value in environ.items() if name not in hidden}
