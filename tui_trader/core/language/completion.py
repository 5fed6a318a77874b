"""Tab completion of the order language: what may be typed at the end of a line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui_trader.core.command import MARGIN_WORDS, PriceRef, SelectorKind
from tui_trader.core.language.words import CLAUSES, SIDES, VERBS

_PIECE = re.compile(r"[^\s@:]*\Z")
_REFS = tuple(str(ref) for ref in PriceRef)
_SELECTORS = tuple(str(kind) for kind in SelectorKind if kind is not SelectorKind.NAME)
_SINGLE_WORDS = {"panic": ("flatten",), "ro": ("on", "off"), "override": ("unknown",)}
"""What may follow verbs that take one fixed word."""
_AFTER = {"stop", "touch", "trail", "lim", "from", "sl", "tp", "lev"}
"""Clauses that a number follows."""
_POSITIONS = ("all", "longs", "shorts", "marked")


def complete(text: str, symbols: Sequence[str]) -> list[str]:
    """Return the words that the last, unfinished word of ``text`` can become; case-free, symbols in the venue's spelling."""
    statement = text.rpartition(";")[2]
    piece = _PIECE.search(statement)
    partial = piece.group() if piece else ""
    before = statement[: len(statement) - len(partial)]
    found = _candidates(before, symbols)
    low = partial.lower()
    return [word for word in found if word.lower().startswith(low) and word.lower() != low]


def _candidates(before: str, symbols: Sequence[str]) -> list[str]:
    words = before.lower().replace("@", " @ ").split()
    if not words:
        return [word for word in VERBS if len(word) > 1]
    if words[-1] in ("@", "at"):
        return list(_REFS)
    if before.endswith(":"):
        return ["long", "short", "merged"] if words[-1] == "pos:" else ["mark", "last", "index"]
    verb = words[0] if words[0] in VERBS else next((word for word in VERBS if word.startswith(words[0])), "")
    if verb in SIDES:
        if len(words) < 2 or words[-1] in _AFTER:
            return []
        used = set(words)
        clauses = [word for word in CLAUSES if word == "tp" or word not in used]
        return [*symbols, *clauses] if len(words) == 2 else clauses
    if verb == "symbol":
        return list(symbols) if len(words) == 1 else []
    if verb in ("cancel", "move", "qty"):
        return [*_SELECTORS, *symbols] if len(words) == 1 else list(_REFS) if verb == "move" and len(words) == 2 else []
    if verb == "mode":
        return ["hedge", "oneway"] if len(words) == 1 else []
    if verb == "transfer":
        return ["in", "out"] if len(words) == 3 else []
    if verb == "sl" and len(words) == 1:
        return ["be", "entry"]
    if verb in ("close", "flat", "rev", "protect", "be"):
        return [*_POSITIONS, *symbols] if len(words) == 1 or words[-1].endswith("%") else []
    if verb == "lev":
        return list(MARGIN_WORDS) if len(words) == 2 else []
    if verb in _SINGLE_WORDS:
        return list(_SINGLE_WORDS[verb]) if len(words) == 1 else []
    if verb == "rec":
        return ["start", "stop"] if len(words) == 1 else []
    if verb == "help":
        return [word for word in VERBS if len(word) > 1] if len(words) == 1 else []
    return []
