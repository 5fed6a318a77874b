"""The model of the terminal: a grid of cells it shows and a grid of cells it should show, and the least text between them.

Everything that draws puts cells here; nothing else decides what is sent. While the terminal is slow the wanted grid goes on
changing and nothing piles up: one difference is taken when there is room for it. The model knows nothing of widgets, file
descriptors or time.

A cell is one grapheme and one pen, and a line is two strings, a character of each per cell: comparing and copying lines is
then what strings are fast at. What becomes a cell is told in ``graphemes``, how changed cells are joined in ``runs``, and how a
line is moved aside rather than written again in ``shifts``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from .graphemes import SECOND, UNKNOWN, drawn, graphemes, is_sure
from .pens import DEFAULT, Pens
from .runs import DOWN, Run, ending, merged, move, odd_runs, place_of, runs_of, washed
from .shifts import LEAST, Shift, shifting, shifts_of

_SHORT = 12
"""Longest change in which no gap of unchanged cells is looked for: a field of a pane."""

_MOST_SPANS = 32
"""Changes of a line that are kept apart while they wait for the terminal."""

_FEW = 8
"""Changed lines up to which shifts are looked for: what a key brings, not a frame of the market."""

_MOVE = 8
"""Bytes of a movement of the cursor that an order of pens may spare."""

_SAVE, _RESTORE = "\x1b7", "\x1b8"
"""Place and pen of the cursor, within one frame (DECSC and DECRC)."""

_NO_RUNS: list[Run] = []


class CellModel:
    """Two grids of ``width`` by ``height`` cells and what differs between them."""

    def __init__(self, width: int, height: int, pens: Pens) -> None:
        self.pens = pens
        self.width = 0
        self.height = 0
        self.cursor: tuple[int, int] | None = None
        """Where the (hidden) cursor rests after a frame, as (x, y); input methods open their window there."""
        self.step = DOWN
        """What moves the cursor one line down; empty where a sequence must."""
        self.stand_ins: Mapping[int, int] | None = None
        """What is drawn in place of characters that the terminal cannot show, or draws too wide; None for nothing."""
        self.epoch = 0
        """Times the compositor has drawn; whoever draws directly looks again after each."""
        self._want: list[str] = []
        self._want_pens: list[str] = []
        self._show: list[str] = []
        self._show_pens: list[str] = []
        self._dirty: dict[int, list[tuple[int, int]]] = {}
        self._quick: dict[int, list[Run]] = {}
        """Lines that were as shown and got short changes since, one right of the other: what to send is known already."""
        self._odd: set[int] = set()
        self._pen: str | None = None
        """The pen that the terminal draws with, as a character; None when that is not known."""
        self._held: int | None = None
        """The pen that it holds: it looks the same."""
        self._rests: tuple[int, int] | None = None
        """Where the last frame left the cursor, as (x, y); None when that is not known."""
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
        self._pen = self._held = self._rests = None

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
        row: tuple[tuple[str, Style | str | None], ...],
        old: tuple[tuple[str, Style | str | None], ...],
        pens: Mapping[int, tuple[str, Style | str | None]],
    ) -> bool:
        """Want those spans of ``row`` that differ from ``old``, from column ``x`` of line ``y`` up to ``right``.

        This is the inner loop of every hot pane. ``pens`` has the pen, as a character, by the identity of a style or its
        name. False where a span is not plain text as wide as the one before it, and then nothing can be relied on until the row
        is put as a whole.
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

    def put_line(self, y: int, x: int, text: str, inks: str) -> bool:
        """Want a stretch of cells from column ``x`` on, with the pen of each as a character: a whole row of a pane at once.

        ``text`` must lie within the grid, a character a cell, each sure of its width. False, and nothing is done, on a line with
        other cells than such.
        """
        row, pens = self._want[y], self._want_pens[y]
        end = x + len(text)
        if row[x:end] == text and pens[x:end] == inks:
            return True
        if y in self._odd or SECOND in row:
            return False
        self._want[y] = row[:x] + text + row[end:]
        self._want_pens[y] = pens[:x] + inks + pens[end:]
        self._quick.pop(y, None)
        spans = self._dirty.get(y)
        if spans is None:
            self._dirty[y] = [(x, end)]
        elif len(spans) < _MOST_SPANS:
            spans.append((x, end))
        else:  # the terminal is far behind: one span for the line will do
            self._dirty[y] = [(min(x, min(a for a, _ in spans)), max(end, max(b for _, b in spans)))]
        return True

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
        plain: dict[str, list[Run]] = {}
        ordered: list[Run] = []
        shifts: list[tuple[int, Shift]] = []
        cells = 0
        few = len(self._dirty) <= _FEW
        near = self.cursor is not None and self.cursor[1] in self._dirty
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
            spans = merged(self._dirty[y])
            if (
                few
                and not odd
                and sum(high - low for low, high in spans) >= LEAST
                and (moved := shifts_of(want, want_pens, show, show_pens))
            ):
                found, show, show_pens = moved
                shifts += ((y, shift) for shift in found)
                spans = [(0, self.width)]
            for low, high in spans:
                new, old, new_pens, old_pens = want[low:high], show[low:high], want_pens[low:high], show_pens[low:high]
                if new_pens == old_pens:
                    if new == old:
                        continue
                    changed = [i for i, a, b in zip(range(low, high), new, old, strict=True) if a != b]
                else:
                    quads = zip(range(low, high), new, old, new_pens, old_pens, strict=True)
                    changed = [i for i, a, b, c, d in quads if c != d or a != b]
                if odd:
                    beside = {i + 1 for i in changed if i + 1 < self.width and not is_sure(old[i - low])}
                    ordered += odd_runs(y, want, want_pens, sorted(beside.union(changed)))
                    continue
                cells += len(changed)
                for run in runs_of(y, want, want_pens, changed):
                    plain.setdefault(run[0], []).append(run)
            self._show[y], self._show_pens[y] = want, want_pens  # outside the spans they were equal
            if odd and all(map(is_sure, want)):
                self._odd.discard(y)
        self._dirty = {}
        self._quick = {}
        if not plain and not ordered and not shifts:
            return ""
        if few and len(plain) > 1:
            plain = washed(plain, self.pens.turn)
        return self._written(shifts, ordered, plain, near, grouped=cells * 4 < self.width * self.height)

    def _written(
        self, shifts: list[tuple[int, Shift]], ordered: list[Run], plain: dict[str, list[Run]], near: bool, *, grouped: bool
    ) -> str:
        """Join runs: pen by pen when few cells changed (a jump is cheaper than a pen), line by line when most did."""
        pen, held = self._pen, self._held
        before = pen, held
        known = held is not None and self.cursor is not None and self._rests == self.cursor
        stays = known and not near and not self.pens.linked
        groups = [ordered]
        if grouped:
            groups += self._by_pen(ord(ordered[-1][0]) if ordered else held, plain, near)
        else:
            groups.append(sorted((run for group in plain.values() for run in group), key=place_of))
        out: list[str] = [_SAVE] if stays else []
        at_y = at_x = -1
        turn, width, step = self.pens.turn, self.width, self.step
        for y, (x, by) in shifts:
            out += (move(at_y, at_x, y, x, step), shifting(by))
            at_y, at_x = y, x
        for group in groups:
            for new_pen, y, x, text, end in group:
                if new_pen != pen:
                    change, held = turn(held, ord(new_pen))
                    out.append(change)
                    pen = new_pen
                if y != at_y or x != at_x:
                    out.append(move(at_y, at_x, y, x, step))
                out.append(text)
                if 0 <= end < width:
                    at_y, at_x = y, end
                elif end < 0:  # after a glyph terminals disagree about
                    at_y = at_x = -1
                else:  # at the margin: in the last column, and perhaps about to leave it
                    at_y, at_x = y, -1
        if stays:  # the terminal takes it back to where it was, with the pen of then: what is typed next is drawn there
            self._pen, self._held = before
            out.append(_RESTORE)
            return "".join(out)
        self._pen, self._held, self._rests = pen, held, self.cursor
        if self.cursor is not None:
            x, y = self.cursor
            if (y, x) != (at_y, at_x):
                out.append(move(at_y, at_x, y, x, step))
        return "".join(out)

    def _by_pen(self, held: int | None, plain: dict[str, list[Run]], near: bool) -> list[list[Run]]:
        """Order the runs by pens so that turns are short, and so that the last one ends where the cursor rests if that pays."""
        if len(plain) < 2:
            return list(plain.values())
        inks = "".join(sorted(plain))
        cost, order = self.pens.order(held, inks)
        for tail in ending(plain, self.cursor) if near and self.cursor is not None else ():
            tail_cost, path = self.pens.order(held, inks, "".join(dict.fromkeys(run[0] for run in tail)))
            if tail_cost - _MOVE * len(tail) < cost:
                cost, order = tail_cost - _MOVE * len(tail), path
                for run in tail:
                    group = plain[run[0]]
                    group.remove(run)
                    group.append(run)
        return [plain[ink] for ink in order]

    # -- for tests and for proofs -----------------------------------------------------------------------------------

    def line(self, y: int) -> str:
        """Return the text wanted on line ``y``; cells nobody has drawn are spaces."""
        return "".join(map(drawn, self._want[y])).replace(UNKNOWN, " ")

    def pen_at(self, y: int, x: int) -> int:
        """Return the pen wanted at one cell."""
        return ord(self._want_pens[y][x])
