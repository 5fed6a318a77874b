"""Strings from outside, made safe for a terminal: the one place where wire text becomes screen text.

A terminal answers some byte sequences as if they were typed, and other libraries read markup in plain text, so nothing of
wire origin reaches the screen before it has passed here.
"""

from __future__ import annotations

import re
import unicodedata

MAX_CELLS = 64
"""Longest piece of wire text shown, in terminal cells."""

REPLACEMENT = "\ufffd"

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SYMBOL = re.compile(r"[A-Za-z0-9._-]{1,32}\Z", re.ASCII)
_PRINTABLE_ASCII = re.compile(r"[ -~]*\Z", re.ASCII)


def sanitise(text: str, limit: int = MAX_CELLS) -> str:
    """Return ``text`` in NFC with every control, format, surrogate and separator character replaced, cut to ``limit`` cells."""
    if len(text) <= limit and _PRINTABLE_ASCII.match(text):
        return text
    text = unicodedata.normalize("NFC", text[: limit * 8])
    out: list[str] = []
    cells = 0
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        if category in _UNSAFE:
            char, category = REPLACEMENT, "So"
        if category in ("Mn", "Me"):
            marks += 1
            if marks > 2:
                continue
            width = 0
        else:
            marks = 0
            width = 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if cells + width > limit - 1:
            out.append("…")
            break
        out.append(char)
        cells += width
    return "".join(out)


def is_symbol(text: str) -> bool:
    """Whether ``text`` may be shown and used as a symbol: ASCII letters, digits, ``.``, ``_`` and ``-``, at most 32."""
    return bool(_SYMBOL.match(text))
