"""Shifts: what has only moved aside on its line is moved by the terminal (ICH, DCH of ECMA-48), not written again.

A figure that grows by a digit pushes all that follows it one cell to the right; a sequence of four bytes does the same. What
a shift leaves open is ``UNKNOWN`` until it is drawn, so what a terminal fills it with does not matter.
"""

from __future__ import annotations

from operator import ne

from .graphemes import SECOND, UNKNOWN
from .pens import DEFAULT

LEAST = 24
"""Changed cells of a line from which a shift is looked for."""

Shift = tuple[int, int]
"""Column, and by how many cells what stands there and after it moves to the right; less than 0 to the left."""

_GAIN = 16
"""Cells that a shift must spare: it takes up to 12 bytes itself, and those that it leaves open must be drawn."""

_BY = tuple(by * sign for by in range(1, 10) for sign in (1, -1))
_SAMPLES = (8, 14, 22, 32, 44)
"""Cells after a change at which a few are compared first: where none of them has moved, nothing has."""
_SAMPLE = 6

_MOST = 3
"""Shifts of one line."""

_PLACES = 6
"""Changes at which a shift is looked for, from the left."""

_APART = 3
"""Equal cells between two changes; fewer are one change."""


def shifts_of(want: str, want_pens: str, show: str, show_pens: str) -> tuple[list[Shift], str, str] | None:
    """Return the shifts that spare most and what the line shows after them, as text and pens; None where none pays.

    Lines with cells that are not known or two columns wide stay as they are.
    """
    if UNKNOWN in show or UNKNOWN in want or SECOND in show or SECOND in want:
        return None
    if sum(map(ne, want, show)) < LEAST:
        return None
    found: list[Shift] = []
    while len(found) < _MOST:
        best = 0, 0, 0
        for at in _places(want, show):
            changed = sum(map(ne, want[at:], show[at:]))
            if changed < LEAST:
                break
            for by in _BY:
                if not _may_have_moved(want, show, at, by):
                    continue
                best = max(best, (changed - sum(map(ne, want[at:], _moved(show, at, by, UNKNOWN)[at:])), at, by))
        spared, at, by = best
        if spared < _GAIN:
            break
        text, pens = _moved(show, at, by, UNKNOWN), _moved(show_pens, at, by, chr(DEFAULT))
        if _differing(want, want_pens, show, show_pens) - _differing(want, want_pens, text, pens) < _GAIN:
            break
        found.append((at, by))
        show, show_pens = text, pens
    return (found, show, show_pens) if found else None


def _may_have_moved(want: str, show: str, at: int, by: int) -> bool:
    for after in _SAMPLES:
        start = at + after
        found = want[start : start + _SAMPLE]
        if found == show[start - by : start - by + _SAMPLE] and found != show[start : start + _SAMPLE]:
            return True
    return False


def _places(want: str, show: str) -> list[int]:
    """Return the columns at which the changes of a line begin, a few of them."""
    places: list[int] = []
    same = _APART
    for x, (new, old) in enumerate(zip(want, show, strict=True)):
        if new == old:
            same += 1
            continue
        if same >= _APART:
            if len(places) == _PLACES:
                break
            places.append(x)
        same = 0
    return places


def shifting(by: int) -> str:
    """Return what moves the rest of a line, from the cursor on."""
    count = abs(by)
    return f"\x1b[{count if count > 1 else ''}{'@' if by > 0 else 'P'}"


def _moved(line: str, at: int, by: int, filler: str) -> str:
    if by > 0:
        return line[:at] + (filler * by + line[at:])[: len(line) - at]
    return line[:at] + line[at - by :] + filler * min(-by, len(line) - at)


def _differing(want: str, want_pens: str, show: str, show_pens: str) -> int:
    return sum(map(ne, zip(want, want_pens, strict=True), zip(show, show_pens, strict=True)))
