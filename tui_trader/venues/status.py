"""What an HTTP answer proves before its body is read, and how long it asks to wait.

That a request was too much is proof that it was not executed. Any other status of a server, a proxy or a time-out proves nothing:
somebody will look. It must not know any venue.
"""

from __future__ import annotations

import re
from typing import Final

from tui_trader.venues.base import Outcome, Verdict

MAX_WAIT_S: Final = 60.0
"""The longest wait believed: the windows are one minute."""

_SECONDS = re.compile(r"\+?[0-9]{1,20}(?:\.[0-9]{1,9})?(?:[eE]\+?[0-9]{1,2})?\Z", re.ASCII)
_CODE = re.compile(r"-?[0-9]{1,9}\Z", re.ASCII)


def by_status(status: int, limited: str, wait_s: float) -> Verdict | None:
    """Return what a status proves by itself; None where the body decides. ``limited`` is what to say of too many requests."""
    if status == 429:
        return Verdict(Outcome.LIMITED, "429", limited, retry_after_s=wait_s)
    if status >= 500 or status < 200 or 300 <= status < 400 or status == 408:
        return Verdict(Outcome.UNKNOWN, str(status), f"the venue answered with HTTP status {status}")
    return None


def wait_of(text: str) -> float:
    """Return the seconds that a header asks to wait, at most MAX_WAIT_S; 0 where nothing usable is told."""
    text = text.strip()
    return min(float(text), MAX_WAIT_S) if _SECONDS.match(text) else 0.0


def code_of(raw: object) -> int | None:
    """Return a code that may come as a number or as text; None when it is neither."""
    if isinstance(raw, bool) or not isinstance(raw, (int, str)):
        return None
    text = str(raw) if not isinstance(raw, int) or abs(raw) < 10**9 else ""
    return int(text) if _CODE.match(text) else None
