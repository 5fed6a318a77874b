"""Tab completion of the order language: what may be typed at the end of a line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tui_trader.core.language.condition import Event, Figure
from tui_trader.core.language.entries import Shape, Then
from tui_trader.core.language.read_calculation import NAMES
from tui_trader.core.language.read_state import SPANS
from tui_trader.core.language.selector import SelectorKind
from tui_trader.core.language.terms import PriceRef
from tui_trader.core.language.words import CHASE_WORDS, CLAUSES, MARGIN_WORDS, SCALE_WORDS, SHORT_FOR, SIDES, VERBS

_PIECE = re.compile(r"[^\s@:()+*/]*\Z")
_JOINT = re.compile(r";|&&")
_LATER = re.compile(r"\s*(?:when|every)\b[^\"]*?\s:(?=\s|\Z)|\s*every\s[^:]*:", re.IGNORECASE)
"""What comes before the line that a condition or a repetition holds."""

_REFS = tuple(str(ref) for ref in PriceRef)
_SELECTORS = tuple(str(kind) for kind in SelectorKind if kind is not SelectorKind.NAME)
_POSITIONS = ("all", "longs", "shorts", "marked")
_FIGURES = (*(str(figure) for figure in Figure), *(str(event) for event in Event))
_WORDS = tuple(word for word in VERBS if len(word) > 1 and word not in SHORT_FOR)

_SECOND: dict[str, tuple[str, ...]] = {
    "panic": ("flatten",),
    "ro": ("on", "off"),
    "override": ("unknown",),
    "mode": ("hedge", "oneway"),
    "rec": ("start", "stop"),
    "export": SPANS,
    "off": ("all",),
    "tape": ("all",),
    "help": _WORDS,
    "sl": ("be", "entry"),
    "scale": ("buy", "sell"),
    "chase": ("buy", "sell"),
    "size": ("buy", "sell", "scale", "chase"),
}
"""What may follow verbs that take one of a few words."""

_AFTER = frozenset({"stop", "touch", "trail", "lim", "sl", "tp", "lev", "gtd", "in", "max", "for", "on", "acct"})
"""Clauses that a number or a name follows."""


def complete(text: str, symbols: Sequence[str], names: Iterable[str] = ()) -> list[str]:
    """Return the words that the last, unfinished word of ``text`` can become; case-free, symbols in the venue's spelling.

    ``names`` are the trader's own names for lines.
    """
    statement = _statement(text)
    piece = _PIECE.search(statement)
    partial = piece.group() if piece else ""
    before = statement[: len(statement) - len(partial)]
    found = _candidates(before, symbols, tuple(names))
    low = partial.lower()
    return [word for word in found if word.lower().startswith(low) and word.lower() != low]


def _statement(text: str) -> str:
    """Return the statement that is being typed."""
    later = _LATER.match(text)
    if later:
        return _statement(text[later.end() :])
    first = text.split(maxsplit=1)[0].lower() if text.strip() else ""
    if first in ("when", "alert"):
        return text.rpartition(";")[2]  # && belongs to its condition
    return _JOINT.split(text)[-1]


def _candidates(before: str, symbols: Sequence[str], names: tuple[str, ...]) -> list[str]:
    words = before.lower().replace("@", " @ ").split()
    if not words:
        return [*_WORDS, *names]
    if words[-1] in ("@", "at", "from", "to"):
        return list(_REFS)
    if before.endswith(":"):
        return ["long", "short", "merged"] if words[-1] in ("pos:", "posside:") else ["mark", "last", "index"]
    verb = words[0] if words[0] in VERBS else next((word for word in VERBS if word.startswith(words[0])), "")
    verb = SHORT_FOR.get(verb, verb)
    if verb in ("size", "scale", "chase") and len(words) > 1:
        return _order(words[1:], symbols, extra=_extra(verb, words)) if words[1] in SIDES else _nested(verb, words, symbols)
    if verb in SIDES:
        return _order(words, symbols)
    return _others(verb, words, symbols)


def _extra(verb: str, words: Sequence[str]) -> tuple[str, ...]:
    if verb == "scale":
        return SCALE_WORDS
    return (*CHASE_WORDS, *Then) if verb == "chase" and words[-1] == "then" else CHASE_WORDS if verb == "chase" else ()


def _nested(verb: str, words: Sequence[str], symbols: Sequence[str]) -> list[str]:
    """Return what may follow ``size scale`` and ``size chase``."""
    if verb == "size" and words[1] in ("scale", "chase"):
        if len(words) == 2:
            return ["buy", "sell"]
        return _order(words[2:], symbols, extra=_extra(words[1], words))
    return []


def _order(words: Sequence[str], symbols: Sequence[str], extra: tuple[str, ...] = ()) -> list[str]:
    """Return what may follow an order that begins with its side."""
    if words[-1] == "then":
        return [str(then) for then in Then]
    if len(words) < 2 or words[-1] in _AFTER:
        return []
    used = set(words)
    shapes = {str(shape) for shape in Shape}
    if used & shapes:
        used |= shapes
    clauses = [word for word in (*extra, *CLAUSES) if word == "tp" or word not in used]
    return [*symbols, *clauses] if len(words) == 2 else clauses


def _others(verb: str, words: Sequence[str], symbols: Sequence[str]) -> list[str]:
    alone = len(words) == 1
    if verb in _SECOND and alone:
        return list(_SECOND[verb])
    if verb in ("symbol", "watch", "unwatch"):
        return list(symbols) if alone or verb != "symbol" else []
    if verb in ("cancel", "move", "qty"):
        return [*_SELECTORS, *symbols] if alone else list(_REFS) if verb == "move" and len(words) == 2 else []
    if verb in ("close", "flat", "rev", "protect", "be"):
        return [*_POSITIONS, *symbols] if alone or words[-1].endswith("%") else []
    if verb in ("alert", "when"):
        starts = alone or words[-1] in ("&&", "||", "and", "or", ">", "<", ">=", "<=")
        told = ["run", "bell", "say", "repeat"] if verb == "alert" else []
        return [*_FIGURES, *symbols] if starts else [*_FIGURES, *told]
    if verb == "calc":
        return list(NAMES)
    if verb == "transfer":
        return ["in", "out"] if len(words) == 3 else []
    if verb == "export":
        return ["csv", "json"] if len(words) == 2 else []
    if verb == "lev":
        return list(MARGIN_WORDS) if len(words) == 2 else []
    return []
