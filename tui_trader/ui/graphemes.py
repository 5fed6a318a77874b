"""Graphemes as cells of the grid: one character each, whatever they are made of.

A grapheme of several code points is a private character that stands for it; the second cell of a wide one is ``SECOND``. Only
printable text becomes cells: control, format and bidirectional characters stop here, whoever sent them.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from rich.cells import cell_len, get_character_cell_size

UNKNOWN = "\0"
"""A cell nobody has drawn (wanted), or whose content on the terminal is not known (shown)."""

SECOND = "\x01"
"""The second cell of a grapheme two cells wide."""

_ZERO_WIDTH_JOINER = "\u200d"
_DROPPED = frozenset({"Cc", "Cf"})
_REPLACED = frozenset({"Cs", "Zl", "Zp"})
_ALONE = _DROPPED | _REPLACED
"""Never part of the character before them, however narrow they are said to be."""

_PRIVATE = 0xF0000
_PRIVATE_END = 0x10FFFE
_glyphs: list[str] = []
_private: dict[str, str] = {}


@lru_cache(maxsize=4096)
def is_sure(cell: str) -> bool:
    """Whether all terminals give this cell one column: one plain character outside emoji, bidirectional and Indic ranges."""
    code = ord(cell)
    if code < 0x7F:
        return cell != SECOND
    if not (code < 0x590 or 0x2000 <= code < 0x2600):
        return False
    return get_character_cell_size(cell) == 1 and unicodedata.category(cell)[0] not in "MC"


def drawn(cell: str) -> str:
    """Return what is sent for one cell of the grid."""
    if cell < "\U000f0000":
        return "" if cell == SECOND else cell
    return _glyphs[ord(cell) - _PRIVATE]


def _cell(glyph: str) -> str:
    """Return the one character that stands for a grapheme in the grid."""
    if len(glyph) == 1 and ord(glyph) < _PRIVATE:
        return glyph
    cell = _private.get(glyph)
    if cell is None:
        if _PRIVATE + len(_glyphs) >= _PRIVATE_END:
            return "\ufffd"
        cell = _private[glyph] = chr(_PRIVATE + len(_glyphs))
        _glyphs.append(glyph)
    return cell


@lru_cache(maxsize=4096)
def graphemes(text: str) -> tuple[str, bool]:
    """Cut ``text`` into cells, as many as the layout counts for it; also whether any of them is not sure of its width.

    Combining marks join the character before them; of an emoji joined from several only the first is kept, since terminals
    draw the others or not as they please. Control, format and bidirectional characters are dropped.
    """
    clusters: list[str] = []
    joined = False
    for char in text:
        if char == _ZERO_WIDTH_JOINER:
            if clusters:
                clusters[-1] += char
            joined = bool(clusters)
        elif clusters and (joined or (get_character_cell_size(char) == 0 and unicodedata.category(char) not in _ALONE)):
            clusters[-1] += char
            joined = False
        elif unicodedata.category(char) in _DROPPED:
            clusters.extend(" " * cell_len(char))
        else:
            clusters.append(char)
    cells: list[str] = []
    for cluster in clusters:
        width = cell_len(cluster)
        if width == 0:
            continue
        shown = cluster.partition(_ZERO_WIDTH_JOINER)[0]
        if unicodedata.category(shown[0]) in _REPLACED:
            shown = "\ufffd"
        drawn = min(cell_len(shown), width)
        cells += [_cell(shown), SECOND][:drawn] + [" "] * (width - drawn)
    return "".join(cells), not all(map(is_sure, cells))
