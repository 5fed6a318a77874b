"""Times as a person types them at the shell: RFC 3339, a day, a time of today, ``today``, ``yesterday``, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time

from tui_trader.core.clock import DAY_NS, NS, SystemClock
from tui_trader.core.error import UsageError

HELP = "a UTC time (2026-11-21T09:30, 2026-11-21, 09:30), today, yesterday, or how long ago (7d, 2h, 30m)"

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_AGO = re.compile(r"(\d{1,9})([smhd])\Z", re.ASCII)
_TIME = re.compile(r"\d{1,2}:\d{2}(:\d{2})?\Z", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def duration(text: str, flag: str) -> int:
    """Return how long something is to last, in seconds: ``90s``, ``10m``, ``2h``. Raises UsageError that names the flag."""
    match = _AGO.match(text)
    if match is None or not int(match[1]):
        raise UsageError(f"{flag} {text}: not a duration; try 90s, 10m or 2h")
    return int(match[1]) * _UNITS[match[2]]


def moment(text: str, flag: str, now_ns: int | None = None) -> int:
    """Return a time as UTC nanoseconds; without a zone it is UTC. Raises UsageError that names the flag."""
    now = SystemClock().wall_ns() if now_ns is None else now_ns
    midnight = now - now % DAY_NS
    match text:
        case "today":
            return midnight
        case "yesterday":
            return midnight - DAY_NS
    try:
        if match := _AGO.match(text):
            return max(now - int(match[1]) * _UNITS[match[2]] * NS, 0)
        if _TIME.match(text):
            at = time.fromisoformat(text.zfill(len(text) + (text[1] == ":")))
            return midnight + (at.hour * 3_600 + at.minute * 60 + at.second) * NS
        when = datetime.fromisoformat(text)
        passed = (when.replace(tzinfo=UTC) if when.tzinfo is None else when) - _EPOCH
        return max((passed.days * 86_400 + passed.seconds) * NS + passed.microseconds * 1_000, 0)
    except (ValueError, OverflowError):
        raise UsageError(f"{flag} {text}: not a time; try 2026-11-21T09:30Z, 2026-11-21, 09:30, today, yesterday or 7d") from None
