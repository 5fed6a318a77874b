"""The model of the terminal: a grid of cells it shows and a grid of cells it should show, and the least text between them.

Everything that draws puts cells here; nothing else decides what is sent. While the terminal is slow the wanted grid goes on
changing and nothing piles up: one difference is taken when there is room for it. The model knows nothing of widgets, file
descriptors or time.

A cell is one grapheme and one pen, and a line is two strings, a character of each per cell: comparing and copying lines is
then what strings are fast at. A grapheme of several code points is a private character that stands for it; the second cell of
a wide one is ``SECOND``. Only printable text enters the grid: control, format and bidirectional characters stop here, whoever
sent them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from rich.cells import cell_len, get_character_cell_size
from rich.segment import Segment
from rich.style import Style

from .pens import DEFAULT, Pens

UNKNOWN = "\0"
"""A cell nobody has drawn (wanted), or whose content on the terminal is not known (shown)."""

SECOND = "\x01"
"""The second cell of a grapheme two cells wide."""

_GAP = 4
"""Longest run of unchanged cells that is cheaper to draw again than to jump over (a jump takes 3 to 4 bytes)."""

_SHORT = 12
"""Longest change in which no gap of unchanged cells is looked for: a field of a pane."""

_MOST_SPANS = 32
"""Changes of a line that are kept apart while they wait for the terminal."""

_ZERO_WIDTH_JOINER = "\u200d"
_DROPPED = frozenset({"Cc", "Cf"})
_REPLACED = frozenset({"Cs", "Zl", "Zp"})
_ALONE = _DROPPED | _REPLACED
"""Never part of the character before them, however narrow they are said to be."""

_PRIVATE = 0xF0000
_PRIVATE_END = 0x10FFFE
_glyphs: list[str] = []
_private: dict[str, str] = {}


_Run = tuple[str, int, int, str, int]
"""Pen (as a character), line, column, text, and the column where the cursor is afterwards (-1: terminals disagree)."""

_NO_RUNS: list[_Run] = []


class CellModel:
    """Two grids of ``width`` by ``height`` cells and what differs between them."""

    def __init__(self, width: int, height: int, pens: Pens) -> None:
        self.pens = pens
        self.width = 0
        self.height = 0
        self.cursor: tuple[int, int] | None = None
        """Where the (hidden) cursor rests after a frame, as (x, y); input methods open their window there."""
        self.stand_ins: Mapping[int, int] | None = None
        """What is drawn in place of characters that the terminal cannot show, or draws too wide; None for nothing."""
        self.epoch = 0
        """Times the compositor has drawn; whoever draws directly looks again after each."""
        self._want: list[str] = []
        self._want_pens: list[str] = []
        self._show: list[str] = []
        self._show_pens: list[str] = []
        self._dirty: dict[int, list[tuple[int, int]]] = {}
        self._quick: dict[int, list[_Run]] = {}
        """Lines that were as shown and got short changes since, one right of the other: what to send is known already."""
        self._odd: set[int] = set()
        self._pen: str | None = None
        self.resize(width, height)

    # -- what should be shown ---------------------------------------------------------------------------------------

    @property
    def dirty(self) -> bool:
        """Whether anything may differ from what the terminal shows."""
        return bool(self._dirty)

    def resize(self, width: int, height: int) -> None:
        """Take a new size; a change of size forgets both grids."""
        if (width, height) != (self.width, self.height):
            self.width, self.height = width, height
            self.forget()

    def forget(self) -> None:
        """Know nothing of either grid: somebody else has drawn, and what they drew is to stay until it is drawn over."""
        self._want = [UNKNOWN * self.width] * self.height
        self._want_pens = [chr(DEFAULT) * self.width] * self.height
        self._odd.clear()
        self.invalidate()
        self._dirty.clear()

    def invalidate(self) -> None:
        """Know nothing of what the terminal shows: every wanted cell is sent again with the next difference."""
        self._show = [UNKNOWN * self.width] * self.height
        self._show_pens = [chr(DEFAULT) * self.width] * self.height
        self._dirty = {y: [(0, self.width)] for y in range(self.height)}
        self._quick = {}
        self._pen = None

    def put(self, y: int, x: int, text: str, pen: int) -> None:
        """Want ``text`` from column ``x`` of line ``y`` on, cut to the grid."""
        cells = text
        if not (text.isascii() and text.isprintable()):
            cells, odd = graphemes(text if self.stand_ins is None else text.translate(self.stand_ins))
            if odd:
                self._odd.add(y)
        end = x + len(cells)
        if x >= 0 and end <= self.width and 0 <= y < self.height:
            self._place(y, x, end, cells, pen)
        else:
            self._put_cut(y, x, cells, pen, 0, self.width)

    def put_changes(
        self,
        y: int,
        x: int,
        right: int,
        row: tuple[tuple[str, Style | None], ...],
        old: tuple[tuple[str, Style | None], ...],
        pens: Mapping[int, tuple[str, Style | None]],
    ) -> bool:
        """Want those spans of ``row`` that differ from ``old``, from column ``x`` of line ``y`` up to ``right``.

        This is the inner loop of every hot pane. ``pens`` has the pen, as a character, by the identity of a style. False where a
        span is not plain text as wide as the one before it, and then nothing can be relied on until the row is put as a whole.
        """
        want, want_pens = self._want[y], self._want_pens[y]
        if y in self._odd or SECOND in want:
            return False
        spans = self._dirty.get(y)
        runs = self._quick.get(y) if spans is not None else []
        for (text, style), (old_text, old_style) in zip(row, old, strict=True):
            if text is old_text and style is old_style:
                x += len(text) if text.isascii() else cell_len(text)
                continue
            width = len(text)
            if len(old_text) != width or not (text.isascii() and old_text.isascii() and text.isprintable()):
                break
            end = x + width
            if text == old_text and style == old_style:
                x = end
                continue
            found = pens.get(id(style))
            if end > right or found is None:
                break
            ink = found[0]
            inked = ink * width
            before = want[x:end]
            same_pens = want_pens[x:end] == inked
            if before == text and same_pens:
                x = end
                continue
            want = want[:x] + text + want[end:]
            if not same_pens:
                want_pens = want_pens[:x] + inked + want_pens[end:]
            if spans is None:
                spans = [(x, end)]
            elif len(spans) >= _MOST_SPANS:  # the terminal is far behind
                break
            else:
                if x < spans[-1][1]:
                    runs = None
                spans.append((x, end))
            if runs is not None:
                if same_pens and width <= _SHORT:
                    first, last = 0, width
                    while text[first] == before[first]:
                        first += 1
                    while text[last - 1] == before[last - 1]:
                        last -= 1
                    runs.append((ink, y, x + first, text[first:last], x + last))
                else:
                    runs = None
            x = end
        else:
            if spans is not None:
                self._want[y], self._want_pens[y], self._dirty[y] = want, want_pens, spans
                if runs is None:
                    self._quick.pop(y, None)
                else:
                    self._quick[y] = runs
            return True
        self._quick.pop(y, None)
        return False

    def put_segments(self, y: int, x: int, segments: Iterable[Segment], left: int, right: int) -> None:
        """Want a line of segments that begins at column ``x``, cut to the columns ``left <= column < right``."""
        right = min(right, self.width)
        left = max(left, 0)
        if not 0 <= y < self.height:
            return
        pen_of = self.pens.of
        for text, style, control in segments:
            if control:
                continue
            cells = text
            if not (text.isascii() and text.isprintable()):
                cells, odd = graphemes(text if self.stand_ins is None else text.translate(self.stand_ins))
                if odd:
                    self._odd.add(y)
            end = x + len(cells)
            if end > left:
                if x >= right:
                    return
                if x >= left and end <= right:
                    self._place(y, x, end, cells, pen_of(style))
                else:
                    self._put_cut(y, x, cells, pen_of(style), left, right)
            x = end

    def _put_cut(self, y: int, x: int, cells: str, pen: int, left: int, right: int) -> None:
        """Place what lies between two columns; half a wide character becomes a space."""
        if not 0 <= y < self.height:
            return
        first, last = max(x, left), min(x + len(cells), right)
        if first >= last:
            return
        part = cells[first - x : last - x]
        if part[0] == SECOND:
            part = " " + part[1:]
        if last < x + len(cells) and cells[last - x] == SECOND:
            part = part[:-1] + " "
        self._place(y, first, last, part, pen)

    def _place(self, y: int, x: int, end: int, cells: str, pen: int) -> None:
        row, pens = self._want[y], self._want_pens[y]
        ink = chr(pen)
        inked = ink * (end - x)
        old = row[x:end]
        same_pens = pens[x:end] == inked
        if same_pens and old == cells:
            return
        low, high = x, end
        if row[x : x + 1] == SECOND and x:  # the first half of a wide character is left alone: it cannot stay
            low = x - 1
            row = f"{row[:low]} {row[x:]}"
        if row[end : end + 1] == SECOND:  # and here the second half
            high = end + 1
            row = f"{row[:end]} {row[high:]}"
        self._want[y] = row[:x] + cells + row[end:]
        if not same_pens:
            self._want_pens[y] = pens[:x] + inked + pens[end:]
        spans = self._dirty.get(y)
        if spans is None:
            self._dirty[y] = [(low, high)]
            runs = self._quick[y] = []
        else:
            if x < spans[-1][1]:
                self._quick.pop(y, None)
            runs = self._quick.get(y, _NO_RUNS)
            if len(spans) < _MOST_SPANS:
                spans.append((low, high))
            else:  # the terminal is far behind: one span for the line will do
                self._dirty[y] = [(min(low, min(a for a, _ in spans)), max(high, max(b for _, b in spans)))]
        if runs is _NO_RUNS:
            return
        if y in self._odd or not same_pens or high - low > _SHORT or UNKNOWN in cells:
            del self._quick[y]
            return
        first, last = 0, end - x
        while cells[first] == old[first]:
            first += 1
        while cells[last - 1] == old[last - 1]:
            last -= 1
        runs.append((ink, y, x + first, cells[first:last], x + last))

    # -- what must be sent ------------------------------------------------------------------------------------------

    def difference(self) -> str:
        """Return the text that makes the terminal show what is wanted, and take it as shown; empty when nothing differs."""
        plain: dict[str, list[_Run]] = {}
        ordered: list[_Run] = []
        cells = 0
        for y in sorted(self._dirty):
            runs = self._quick.get(y)
            if runs is not None:
                self._show[y] = self._want[y]
                for run in runs:
                    cells += len(run[3])
                    if run[0] in plain:
                        plain[run[0]].append(run)
                    else:
                        plain[run[0]] = [run]
                continue
            want, want_pens, show, show_pens = self._want[y], self._want_pens[y], self._show[y], self._show_pens[y]
            odd = y in self._odd
            for low, high in _merged(self._dirty[y]):
                new, old, new_pens, old_pens = want[low:high], show[low:high], want_pens[low:high], show_pens[low:high]
                if new_pens == old_pens:
                    if new == old:
                        continue
                    changed = [i for i, a, b in zip(range(low, high), new, old, strict=True) if a != b]
                else:
                    quads = zip(range(low, high), new, old, new_pens, old_pens, strict=True)
                    changed = [i for i, a, b, c, d in quads if c != d or a != b]
                if odd:
                    beside = {i + 1 for i in changed if i + 1 < self.width and not _is_sure(old[i - low])}
                    ordered += _odd_runs(y, want, want_pens, sorted(beside.union(changed)))
                    continue
                cells += len(changed)
                for run in _runs(y, want, want_pens, changed):
                    plain.setdefault(run[0], []).append(run)
            self._show[y], self._show_pens[y] = want, want_pens  # outside the spans they were equal
            if odd and all(map(_is_sure, want)):
                self._odd.discard(y)
        self._dirty = {}
        self._quick = {}
        if not plain and not ordered:
            return ""
        return self._written(ordered, plain, grouped=cells * 4 < self.width * self.height)

    def _written(self, ordered: list[_Run], plain: dict[str, list[_Run]], *, grouped: bool) -> str:
        """Join runs: pen by pen when few cells changed (a jump is cheaper than a pen), line by line when most did."""
        pen = self._pen
        groups = [ordered]
        if grouped:
            if pen is not None and pen in plain:
                groups.append(plain.pop(pen))
            groups += plain.values()
        else:
            groups.append(sorted((run for group in plain.values() for run in group), key=_place_of))
        out: list[str] = []
        at_y = at_x = -1
        change = self.pens.change
        width = self.width
        for group in groups:
            for new_pen, y, x, text, end in group:
                if new_pen != pen:
                    out.append(change(None if pen is None else ord(pen), ord(new_pen)))
                    pen = new_pen
                if y != at_y or x != at_x:
                    out.append(move(at_y, at_x, y, x))
                out.append(text)
                if 0 <= end < width:
                    at_y, at_x = y, end
                else:  # at the margin, or after a glyph terminals disagree about
                    at_y = at_x = -1
        self._pen = pen
        if self.cursor is not None:
            x, y = self.cursor
            if (y, x) != (at_y, at_x):
                out.append(move(at_y, at_x, y, x))
        return "".join(out)

    # -- for tests and for proofs -----------------------------------------------------------------------------------

    def line(self, y: int) -> str:
        """Return the text wanted on line ``y``; cells nobody has drawn are spaces."""
        return "".join(map(_drawn, self._want[y])).replace(UNKNOWN, " ")

    def pen_at(self, y: int, x: int) -> int:
        """Return the pen wanted at one cell."""
        return ord(self._want_pens[y][x])


def _place_of(run: _Run) -> tuple[int, int]:
    return run[1], run[2]


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
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


def _runs(y: int, want: str, pens: str, changed: list[int]) -> Iterable[_Run]:
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


def _odd_runs(y: int, want: str, pens: str, changed: list[int]) -> Iterable[_Run]:
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
            sure = _is_sure(cell)
            yield pens[i], y, i, _drawn(cell), end if sure else -1
            if sure and end not in pending:
                break
            i = end


@lru_cache(maxsize=2048)
def move(from_y: int, from_x: int, y: int, x: int) -> str:
    """Return the shortest cursor movement between two cells counted from 0; from (-1, -1) when the cursor's place is not known.

    No line feed is used: the terminal line discipline may turn it into two characters, and at the last line it scrolls.
    """
    absolute = f"\x1b[{y + 1 if y or x else ''}{f';{x + 1}' if x else ''}H"
    if from_y < 0:
        return absolute
    down = y - from_y
    vertical = "" if not down else f"\x1b[{_count(abs(down))}{'B' if down > 0 else 'A'}"
    right = x - from_x
    if not right:
        horizontal = ""
    elif x == 0:
        horizontal = "\r"
    elif right > 0:
        horizontal = min(f"\x1b[{_count(right)}C", f"\x1b[{x + 1}G", key=len)
    else:
        horizontal = min("\b" * -right, f"\x1b[{_count(-right)}D", f"\x1b[{x + 1}G", key=len)
    return min(vertical + horizontal, absolute, key=len)


def _count(n: int) -> str:
    return str(n) if n > 1 else ""


@lru_cache(maxsize=4096)
def _is_sure(cell: str) -> bool:
    """Whether all terminals give this cell one column: one plain character outside emoji, bidirectional and Indic ranges."""
    code = ord(cell)
    if code < 0x7F:
        return cell != SECOND
    if not (code < 0x590 or 0x2000 <= code < 0x2600):
        return False
    return get_character_cell_size(cell) == 1 and unicodedata.category(cell)[0] not in "MC"


def _drawn(cell: str) -> str:
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
    return "".join(cells), not all(map(_is_sure, cells))
