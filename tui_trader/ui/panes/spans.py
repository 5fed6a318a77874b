"""Rows of text with roles: what a pane draws before anybody has decided on colours.

A span is text and the name of a theme role; a row is spans. Widths are terminal cells, so a wide character counts twice.
Nothing is cut silently: what does not fit ends in an ellipsis or is left out whole, the least important first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from tui_trader.ui.format import ELLIPSIS


class Span(NamedTuple):
    """Plain text in one role; ``text`` is never read as markup."""

    text: str
    role: str = "text"


Row = tuple[Span, ...]

BLANK: Row = ()


def width_of(row: Iterable[Span]) -> int:
    """Return the cells a row takes."""
    cells = 0
    for text, _ in row:
        cells += len(text) if text.isascii() else cell_len(text)
    return cells


def text_of(row: Iterable[Span]) -> str:
    """Return a row without its roles."""
    return "".join(span.text for span in row)


def fit(row: Sequence[Span], width: int, role: str = "text") -> Row:
    """Return ``row`` in exactly ``width`` cells: padded with blanks of ``role``, or cut with an ellipsis."""
    if width <= 0:
        return ()
    total = width_of(row)
    if total == width:
        return tuple(row)
    if total < width:
        return (*row, Span(" " * (width - total), role))
    out: list[Span] = []
    room = width - 1
    last_role = role
    for span in row:
        cells = cell_len(span.text)
        last_role = span.role
        if cells > room:
            if room:
                out.append(Span(set_cell_size(span.text, room), span.role))
            break
        out.append(span)
        room -= cells
    out.append(Span(ELLIPSIS, last_role))
    return tuple(out)


def cut(text: str, width: int) -> str:
    """Return ``text`` in exactly ``width`` cells, left-aligned, with an ellipsis where it was cut."""
    cells = cell_len(text)
    if cells <= width:
        return text + " " * (width - cells)
    return set_cell_size(text, width - 1) + ELLIPSIS if width > 0 else ""


class Part(NamedTuple):
    """A piece of a line that is shown whole or not at all; a smaller ``rank`` is more important."""

    rank: int
    spans: Row


def part(rank: int, text: str, role: str = "text") -> Part:
    """Return a piece of one span."""
    return Part(rank, (Span(text, role),))


def by_rank(parts: Sequence[Part], width: int, gap: int = 2, role: str = "text") -> Row:
    """Return the most important parts that fit, in their given order, ``gap`` blanks apart, padded to ``width``.

    A part that does not fit is skipped, and so is every less important one: what is shown never depends on luck.
    """
    used = -gap
    out: list[Span] = []
    for _, spans in parts:
        cells = width_of(spans)
        if cells:
            used += cells + gap
            if used > width:
                return _by_rank(tuple(parts), width, gap, role)
            if out:
                out.append(Span(" " * gap, role))
            out += spans
    if not out:
        return _by_rank(tuple(parts), width, gap, role)
    if used < width:
        out.append(Span(" " * (width - used), role))
    return tuple(out)


@lru_cache(maxsize=512)
def _by_rank(parts: tuple[Part, ...], width: int, gap: int, role: str) -> Row:
    kept: set[int] = set()
    used = 0
    for index in sorted(range(len(parts)), key=lambda i: (parts[i].rank, i)):
        cells = width_of(parts[index].spans)
        if not cells:
            continue
        need = cells + (gap if kept else 0)
        if used + need > width:
            break
        kept.add(index)
        used += need
    if not kept:
        first = min(range(len(parts)), key=lambda i: (parts[i].rank, i), default=None)
        return fit(parts[first].spans if first is not None else BLANK, width, role)
    out: list[Span] = []
    for index in sorted(kept):
        if out:
            out.append(Span(" " * gap, role))
        out.extend(parts[index].spans)
    return fit(out, width, role)


def spread(left: Sequence[Span], right: Sequence[Span], width: int, role: str = "text") -> Row:
    """Return ``left`` and ``right`` at the two ends of ``width`` cells; the right one yields when both do not fit."""
    taken = width_of(left)
    asked = width_of(right)
    if taken + 1 + asked > width:
        return fit(left, width, role)
    return (*left, Span(" " * (width - taken - asked), role), *right)


def filled(rows: Sequence[Row], width: int, height: int) -> list[Row]:
    """Return exactly ``height`` rows, of which those given have ``width`` cells already."""
    return [*rows[: max(0, height)], *([fit(BLANK, width)] * (height - len(rows)))]


def page(rows: Sequence[Row], width: int, height: int) -> list[Row]:
    """Return exactly ``height`` rows of exactly ``width`` cells."""
    filled = [fit(row, width) for row in rows[: max(0, height)]]
    return filled + [fit(BLANK, width)] * (max(0, height) - len(filled))


def window(count: int, height: int, chosen: int | None, first: int = 0) -> int:
    """Return the index of the first visible row of a list so that ``chosen`` is in view, moving as little as possible."""
    if height <= 0 or count <= height:
        return 0
    if chosen is not None:
        if chosen < first:
            first = chosen
        elif chosen >= first + height:
            first = chosen - height + 1
    return max(0, min(first, count - height))


class Steady:
    """Remembers how wide each named text has been, so that what follows it does not jump."""

    def __init__(self) -> None:
        self._widths: dict[str, int] = {}

    def __call__(self, name: str, text: str) -> str:
        """Return ``text`` padded on the right to the widest seen under ``name``."""
        cells = cell_len(text)
        widest = self._widths[name] = max(cells, self._widths.get(name, 0))
        return text + " " * (widest - cells)

    def forget(self) -> None:
        """Start anew: another symbol, another size."""
        self._widths.clear()
