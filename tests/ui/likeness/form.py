"""What a likeness is as text: the words of each size once, a letter a cell for its style, and what each letter is in each theme.

A letter stands for one style per theme, so that three themes cost one picture and a legend; two cells that any theme tells apart
have different letters. Nothing here knows what is drawn.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from rich.segment import Segment
from rich.style import Style

LETTERS = string.ascii_letters + string.digits + "!#$%&*+-/:;<=>?@^_~"
"""Enough for a screen; the first is whatever comes first in it."""

Cell = tuple[str, str]
"""A character and the style it is drawn in."""

Grid = list[list[Cell]]

_PLAIN = Style()


def cells(strips: Iterable[Iterable[Segment]]) -> Grid:
    """Return what a compositor would draw, cell by cell; a wide character has one."""
    grid: Grid = []
    names: dict[Style, str] = {}
    for strip in strips:
        row: list[Cell] = []
        for segment in strip:
            style = segment.style or _PLAIN
            if (name := names.get(style)) is None:
                name = names[style] = _name(style)
            row += [(character, name) for character in segment.text]
        grid.append(row)
    return grid


def cut(grid: Grid, x: int, y: int, width: int, height: int) -> Grid:
    """Return a part of a grid."""
    return [row[x : x + width] for row in grid[y : y + height]]


def spell(about: str, sizes: Mapping[str, Mapping[str, Grid]]) -> str:
    """Return the likeness of grids by size and theme. Raises AssertionError where themes differ in words."""
    pens: dict[tuple[str, ...], str] = {}
    themes = list(next(iter(sizes.values())))
    out = [f"# {about}", ""]
    for size, grids in sizes.items():
        first = grids[themes[0]]
        for theme in themes[1:]:
            assert _words(grids[theme]) == _words(first), f"{about} {size}: {theme} has other words than {themes[0]}"
        out.append(f"== {size}")
        out += [line.rstrip() for line in _words(first)]
        out.append("--")
        out += _runs(
            [
                "".join(_letter(pens, tuple(grids[theme][y][x][1] for theme in themes)) for x in range(len(row)))
                for y, row in enumerate(first)
            ]
        )
    out += ["", f"== letters: {' | '.join(themes)}"]
    out += [f"{letter}  {' | '.join(styles)}" for styles, letter in pens.items()]
    return "\n".join(out) + "\n"


def read(text: str) -> dict[str, dict[str, Grid]]:
    """Return what ``spell`` was given, but for blanks at the ends of rows, which have the style of their runs again."""
    body, _, legend = text.partition("\n== letters: ")
    themes, *lines = legend.strip("\n").split("\n")
    pens = {line[0]: line[3:].split(" | ") for line in lines}
    sizes: dict[str, dict[str, Grid]] = {}
    for part in body.split("\n== ")[1:]:
        size, _, rest = part.partition("\n")
        words, _, runs = rest.partition("\n--\n")
        letters = _spread(runs.split("\n"))
        rows = [line.ljust(len(row)) for line, row in zip(words.split("\n"), letters, strict=False)]
        sizes[size] = {
            theme: [
                [(char, pens[pen][at]) for char, pen in zip(line, row, strict=True)]
                for line, row in zip(rows, letters, strict=True)
            ]
            for at, theme in enumerate(themes.split(" | "))
        }
    return sizes


def differences(kept: Grid, drawn: Grid) -> list[str]:
    """Return what is different, words before styles, a line each; empty when nothing is."""
    out = [f"-{was}\n+{now}" for was, now in zip(_words(kept), _words(drawn), strict=False) if was.rstrip() != now.rstrip()]
    if len(kept) != len(drawn):
        out.append(f"{len(kept)} rows were kept, {len(drawn)} are drawn")
    if out:
        return out
    for y, (was, now) in enumerate(zip(kept, drawn, strict=True)):
        for (char, old), (_, new) in zip(was, now, strict=False):
            if old != new:
                out.append(f"row {y} {char!r}: {old} was kept, {new} is drawn")
    return out[:20]


def _spread(runs: Sequence[str]) -> list[str]:
    rows: list[str] = []
    for line in runs:
        if line:
            rows.append(rows[-1] if line == '"' else "".join(run[0] * int(run[1:]) for run in line.split(" ")))
    return rows


def _words(grid: Grid) -> list[str]:
    return ["".join(character for character, _ in row) for row in grid]


def _letter(pens: dict[tuple[str, ...], str], styles: tuple[str, ...]) -> str:
    if (found := pens.get(styles)) is None:
        found = pens[styles] = LETTERS[len(pens)]
    return found


def _runs(rows: Sequence[str]) -> list[str]:
    """Return each row as ``a12b3a65``: so many cells of a letter; a row like the one before it is ``"``."""
    out: list[str] = []
    before = ""
    for row in rows:
        text = " ".join(f"{letter}{len(list(cells))}" for letter, cells in groupby(row))
        out.append('"' if text == before else text)
        before = text
    return out


def _name(style: Style) -> str:
    words = [word for word in ("bold", "dim", "italic", "underline", "reverse", "strike") if getattr(style, word)]
    for mark, color in (("", style.color), ("on ", style.bgcolor)):
        if color is not None and not color.is_default:
            words.append(mark + (color.triplet.hex if color.triplet else color.name))
    return " ".join(words) or "plain"
