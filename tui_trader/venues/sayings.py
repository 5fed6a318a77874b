"""What a venue says in its own words, and how they join ours: safe to show, without its secrets, silent where nothing is said.

It must not know any venue's codes.
"""

from __future__ import annotations

from typing import Final

from tui_trader.core.sanitise import sanitise
from tui_trader.secrets.redactor import REDACTOR

_NOTHING: Final = frozenset({"", "ok", "no error", "success"})
"""What stands in a message that has nothing to tell, in lower case."""


def said(message: object) -> str:
    """Return the venue's own words, safe to show; empty when they say nothing (``OK``, ``No error``, ``success``)."""
    if not isinstance(message, str) or message.strip().lower() in _NOTHING:
        return ""
    return sanitise(REDACTOR.clean(message.strip()))  # it may repeat what it refuses


def explained(code: int, known: str | None, message: object, *, ambiguous: bool) -> str:
    """Return what a code means: ``known``, with the venue's own words where the code has several meanings; those alone where
    nobody knows it."""
    own = said(message)
    if known is None:
        return f"{own} (code {code})" if own else f"the venue answered with code {code}"
    return f"{known} ({own})" if own and ambiguous else known
