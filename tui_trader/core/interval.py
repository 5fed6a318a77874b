"""Lengths of bars as people write them: ``1s``, ``5s``, ``15m``, ``4h``, ``1D``; any whole number of seconds up to a day."""

from __future__ import annotations

import re

DAY_S = 86_400

STEPS = (1, 5, 15, 30, 60, 180, 300, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, DAY_S)
"""Lengths that a chart goes through by key."""

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": DAY_S}
_TEXT = re.compile(r"([0-9]{1,6}) ?([smhdSMHD]?)\Z", re.ASCII)


def read_interval(text: str) -> int:
    """Return the seconds that ``text`` names; a bare number is seconds. Raises ValueError with a sentence for the person."""
    match = _TEXT.match(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no length of a bar: try 1s, 5s, 1m, 15m, 4h or 1D")
    seconds = int(match[1]) * _UNITS[match[2].lower() or "s"]
    if not 1 <= seconds <= DAY_S:
        raise ValueError(f"{text!r} is {'too short' if not seconds else 'too long'} for a bar: from 1s to 1D")
    return seconds


def interval_text(seconds: int) -> str:
    """Return a length in the largest unit that holds it in whole numbers: ``5s``, ``15m``, ``4h``, ``1D``."""
    for unit, size in (("D", DAY_S), ("h", 3_600), ("m", 60)):
        if not seconds % size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
