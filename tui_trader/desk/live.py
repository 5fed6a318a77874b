"""Before real money: the configuration file allows it, the risk is acknowledged in words, and the venue's name is typed.

What is asked and what counts as an answer; where it is asked is the caller's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tui_trader.core.error import ConfigError, RefusedError, UsageError

DISCLAIMERS: Final = (
    "Trading involves substantial risk of loss.",
    "Past performance, here or anywhere, does not guarantee future results.",
    "You are responsible for all trades executed through your API connection.",
    "tui-trader and its authors are not a registered broker or investment advisor.",
    "Results on the built-in exchange or on a testnet differ from results with real money.",
)
"""What has to be acknowledged before orders with real money may leave."""

PHRASE: Final = "I accept the risk"
"""What has to be typed under them."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What was typed before orders with real money may leave; it goes into the journal."""

    venue: str
    text_sha256: str
    acknowledged_now: bool
    """False when the same text was acknowledged at an earlier start."""


def text_hash() -> str:
    """Return the SHA-256 of the present text: another text has to be acknowledged again."""
    return hashlib.sha256("\n".join(DISCLAIMERS).encode()).hexdigest()


def obtain(
    venue: str, *, allowed: bool, acknowledged: str, named: str, ask: Callable[[str], str] | None, say: Callable[[str], None]
) -> Consent:
    """Ask for what is missing before real money may be moved, and return what was given.

    ``allowed`` is what the configuration file says, ``acknowledged`` the hash of the text acknowledged before, ``named`` the
    venue as named on the command line; both may be empty. ``ask`` shows a question and returns a line, None where nobody can be
    asked. Raises ConfigError, UsageError or RefusedError, and then nothing may be sent.
    """
    if not allowed:
        need = "allow_live = true in [general] of the configuration file"
        raise ConfigError([f"orders with real money at {venue} need {need}; --read-only only looks"])
    fresh = acknowledged != text_hash()
    if fresh:
        if ask is None:
            raise UsageError("the risk has not been acknowledged yet: start the terminal once, or add --read-only")
        for line in DISCLAIMERS:
            say(f"  {line}")
        if ask(f"Type: {PHRASE}: ").strip().lower() != PHRASE.lower():
            raise RefusedError("the risk was not acknowledged: nothing was started")
    if not named:
        if ask is None:
            raise UsageError(f"orders with real money need --live {venue} where nobody can be asked")
        named = ask(f"REAL MONEY at {venue}. Type the name of the venue to go on: ").strip()
    if named.lower() != venue.lower():
        raise RefusedError(f"{named!r} is not {venue}: nothing was started")
    return Consent(venue, text_hash(), fresh)
