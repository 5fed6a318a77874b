"""Runs: the changed cells of a line joined into stretches of one pen, and the movements of the cursor between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from .graphemes import SECOND, UNKNOWN, drawn, is_sure
from .pens import BLANK

Run = tuple[str, int, int, str, int]
"""Pen (as a character), line, column, text, and the column where the cursor is afterwards (-1: terminals disagree, and a glyph
that is drawn too wide may have left the line)."""

_GAP = 4
"""Longest run of unchanged cells that is cheaper to draw again than to jump over (a jump takes 3 to 4 bytes)."""

DOWN = "\v"
"""One line down in the same column."""

_STEPS = 3
"""Lines up to which stepping is shorter than a sequence of four bytes."""


def place_of(run: Run) -> tuple[int, int]:
    return run[1], run[2]


def merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    if len(spans) == 1:
        return spans
    spans.sort()
    out = [spans[0]]
    for low, high in spans[1:]:
        last_low, last_high = out[-1]
        if low < last_high:
            if high > last_high:
                out[-1] = (last_low, high)
        else:
            out.append((low, high))
    return out


def runs_of(y: int, want: str, pens: str, changed: list[int]) -> Iterable[Run]:
    """Join changed cells of a line into runs of one pen, over short gaps too."""
    if not changed:
        return
    start = last = changed[0]
    pen = pens[start]
    for i in changed[1:]:
        if pens[i] == pen and (
            i == last + 1
            or (i - last <= _GAP + 1 and pens.count(pen, last + 1, i) == i - last - 1 and UNKNOWN not in want[last:i])
        ):
            last = i
            continue
        yield pen, y, start, want[start : last + 1], last + 1
        start = last = i
        pen = pens[i]
    yield pen, y, start, want[start : last + 1], last + 1


def odd_runs(y: int, want: str, pens: str, changed: list[int]) -> Iterable[Run]:
    """Emit cell by cell a line with glyphs whose width terminals disagree about: after each its neighbour is placed anew."""
    width = len(want)
    pending = set(changed)
    done = -1
    for i in changed:
        while i > 0 and want[i] == SECOND:
            i -= 1
        while i < width and i > done and want[i] != UNKNOWN:
            cell = want[i]
            end = i + 1
            while end < width and want[end] == SECOND:
                end += 1
            done = i
            sure = is_sure(cell)
            yield pens[i], y, i, drawn(cell), end if sure else -1
            if sure and end not in pending:
                break
            i = end


def washed(groups: dict[str, list[Run]], turn: Callable[[int | None, int], tuple[str, int]]) -> dict[str, list[Run]]:
    """Return groups of runs by pen with those that are all blank put where the background is theirs, or marked as blank."""
    out = {pen: group for pen, group in groups.items() if any(run[3].strip(" ") for run in group)}
    written = list(out)
    for pen, group in groups.items():
        if pen in out:
            continue
        blank = chr(ord(pen) + BLANK)
        same = next((other for other in written if not turn(ord(other), ord(blank))[0]), None)
        if same is None:
            out[blank] = [(blank, *run[1:]) for run in group]
        else:
            out[same] = sorted([*out[same], *((same, *run[1:]) for run in group)], key=place_of)
    return out


def ending(groups: Mapping[str, list[Run]], cursor: tuple[int, int]) -> list[list[Run]]:
    """Return what may be drawn last to end at the cursor (x, y): the run that ends there, and that with the run before it."""
    x, y = cursor
    found: list[list[Run]] = []
    tail: list[Run] = []
    while len(tail) < 2:
        before = next((run for group in groups.values() for run in group if run[4] == x and run[1] == y), None)
        if before is None:
            break
        tail = [before, *tail]
        found.append(tail)
        x = before[2]
    return found


@lru_cache(maxsize=2048)
def move(from_y: int, from_x: int, y: int, x: int, step: str = DOWN) -> str:
    """Return the shortest cursor movement between two cells counted from 0.

    A column of -1 when only the line is known that the cursor is on, a line of -1 when that is not known either.

    No line feed is used: the terminal line discipline may turn it into two characters. It leaves a vertical tab alone, which
    terminals since the VT100 take for a line feed; ``step`` is empty for one that does not.
    """
    absolute = f"\x1b[{y + 1 if y or x else ''}{f';{x + 1}' if x else ''}H"
    if from_y < 0:
        return absolute
    down = y - from_y
    if not down:
        vertical = ""
    elif step and 0 < down <= _STEPS:
        vertical = step * down
    else:
        vertical = f"\x1b[{_count(abs(down))}{'B' if down > 0 else 'A'}"
    right = x - from_x
    if not right:
        horizontal = ""
    elif x == 0:
        horizontal = "\r"
    elif from_x < 0:
        horizontal = f"\x1b[{x + 1}G"
    elif right > 0:
        horizontal = min(f"\x1b[{_count(right)}C", f"\x1b[{x + 1}G", key=len)
    else:
        horizontal = min("\b" * -right, f"\x1b[{_count(-right)}D", f"\x1b[{x + 1}G", key=len)
    return min(vertical + horizontal, absolute, key=len)


def _count(n: int) -> str:
    return str(n) if n > 1 else ""
