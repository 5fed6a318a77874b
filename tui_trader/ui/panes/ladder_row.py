"""One row of the ladder: where its columns are, and how a price level is drawn in them.

Rows are drawn from a small tuple that holds everything visible in them, so an unchanged level is looked up and not drawn.
It must not know the book: only texts.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from tui_trader.core.decimals import ZERO
from tui_trader.ui.format import whole_or
from tui_trader.ui.panes.spans import Row, Span, cut, fit

WIDE = 34
"""Cells from which bid and ask have columns of their own."""
NARROW = 24
"""Cells from which the two sizes stand left and right of the price; below, one size follows the price."""

WITH_VOLUME = 42
"""Cells from which there is a column for what traded at each price."""

_VOLUME = 6

_WIDEST = 12
"""Cells of a size column beyond which there is nothing more to show."""

_CACHE_LIMIT = 512

_FILLED = {"bid": "bid_bar", "ask": "ask_bar"}
"""The role of the cells of a bar."""


class Level(NamedTuple):
    """Everything that one row shows; equal levels are the same pixels."""

    price: str
    bid: str = ""
    ask: str = ""
    bid_bar: int = 0
    """Cells of the bar under the bid size."""
    ask_bar: int = 0
    own_bid: str = ""
    own_ask: str = ""
    marks: str = ""
    """``E`` entry, ``=`` break-even, ``L`` liquidation, ``S`` stop, ``T`` target; with an arrow one beyond the window."""
    best: str = ""
    """``bid`` or ``ask`` on the touch."""
    last: str = ""
    """``▲`` or ``▼`` on the row of the last trade, ``·`` until it has moved."""
    between: bool = False
    """Inside the spread, with the last trade on it."""
    cursor: bool = False
    stale: bool = False
    beside_bid: str = ""
    """Where no ask stands: place in the queue of an own bid, or what came and went."""
    beside_ask: str = ""
    """Where no bid stands."""
    volume: str = ""


class Columns:
    """The columns for one width and one length of price; draws levels and remembers what it drew."""

    def __init__(self, width: int, price_width: int) -> None:
        self.width = width
        self.price_width = price_width
        self.wide = width >= WIDE
        self.volume = 0
        rest = width - price_width
        if self.wide:
            # cursor 1, marks 2, own, '>' 1, bid, ' ' 1, price, last 1, ask, '<' 1, '?' 1, and perhaps a blank and the volume
            self.volume = _VOLUME if width >= WITH_VOLUME else 0
            rest -= self.volume and self.volume + 1
            self.own = max(6, min(9, (rest - 8) // 3))
            self.size = max(1, min(_WIDEST, (rest - 8 - self.own) // 2))
        else:
            # cursor or mark 1, left, ' ' 1, price, ' ' 1, touch 4, last 1, right, '?' 1
            self.size = self.own = max(1, (rest - 9) // 2)
            if not self._is_narrow:
                # cursor or mark 1, price, '?' 1, ' ' 1, letter 1, size
                self.size = max(1, min(_WIDEST, rest - 4))
        self._drawn: dict[Level, Row] = {}
        used = 8 + self.own + 2 * self.size + price_width + (self.volume and self.volume + 1)
        self._exact = self.wide and used <= width
        self._spare = Span(" " * (width - used)) if self._exact and used < width else None
        self._no_own = Span(" " * (3 + self.own))
        self._no_size = Span(" " * (1 + self.size))

    @property
    def _is_narrow(self) -> bool:
        return self.width >= NARROW and self.own >= 4

    def header(self) -> Row:
        """Return the names of the columns."""
        if not self.wide:
            return fit(
                (Span("size".rjust(1 + self.size) + " " + "price".rjust(self.price_width), "header"),), self.width, "header"
            )
        text = (
            "   "
            + "own".rjust(self.own)
            + " "
            + "bid".rjust(self.size)
            + " "
            + "price".rjust(self.price_width)
            + " "
            + "ask".rjust(self.size)
            + (" " + " " + "vol".rjust(self.volume + 1) if self.volume else "")
        )
        return fit((Span(text, "header"),), self.width, "header")

    def draw(self, level: Level) -> Row:
        """Return the row of a level."""
        row = self._drawn.get(level)
        if row is None:
            if len(self._drawn) >= _CACHE_LIMIT:
                self._drawn.clear()
            if self.wide:
                spans = self._wide(level)
            elif self._is_narrow:
                spans = self._narrow(level)
            else:
                spans = self._tiny(level)
            if level.stale:
                spans = [Span(span.text, "stale") for span in spans]
            if level.cursor:
                spans = [Span(span.text, "cursor") for span in spans]
            if self._spare:
                spans.append(self._spare)
            row = self._drawn[level] = tuple(spans) if self.wide and self._exact else fit(_merged(spans), self.width)
        return row

    def _wide(self, level: Level) -> list[Span]:
        # The hot path: few spans, blanks shared, and the width known without counting.
        own = level.own_bid or level.own_ask
        if level.own_bid and level.own_ask:
            both = f"{level.own_bid} {level.own_ask}"
            own = both if len(both) <= self.own else "B+S"
        if own or level.marks or level.cursor:
            out = [
                Span("▸" if level.cursor else " ", "cursor"),
                Span(f"{level.marks[:2]:<2}", _mark_role(level.marks)),
                Span(whole_or(own, self.own), "own_bid" if level.own_bid else "own_ask"),
            ]
        else:
            out = [self._no_own]
        price = level.price if len(level.price) == self.price_width else whole_or(level.price, self.price_width)
        if level.between and not own:
            out.append(Span("─" * (self.size + 1), "rule"))
            out.append(Span(f" {price}{level.last}", "last"))
            out.append(Span("─" * (self.size + 1), "rule"))
            out.append(_doubt(level))
            if self.volume:
                out.append(Span(" " + whole_or(level.volume, self.volume), "dim"))
            return out
        if level.bid:
            _add_barred(out, ">" if level.best == "bid" else " ", whole_or(level.bid, self.size), level.bid_bar, "bid")
        elif level.beside_ask:
            out.append(Span(f" {whole_or(level.beside_ask, self.size)}", _beside_role(level.beside_ask)))
        else:
            out.append(self._no_size)
        out.append(Span(f" {price}{level.last or ' '}", _price_role(level)))
        if level.ask:
            cell, bar = whole_or(level.ask, self.size), min(level.ask_bar, self.size)
            if bar:
                out.append(Span(cell[:bar], "ask_bar"))
            out.append(Span(cell[bar:] + ("<" if level.best == "ask" else " "), "ask"))
        elif level.beside_bid:
            out.append(Span(f"{whole_or(level.beside_bid, self.size)} ", _beside_role(level.beside_bid)))
        else:
            out.append(self._no_size)
        out.append(_doubt(level))
        if self.volume:
            out.append(Span(" " + whole_or(level.volume, self.volume), "dim"))
        return out

    def _narrow(self, level: Level) -> list[Span]:
        price = whole_or(level.price, self.price_width)
        lead = Span("▸" if level.cursor else (level.marks[:1] or " "), _mark_role(level.marks))
        if level.between and not (level.own_bid or level.own_ask):
            word = f" last {level.last} "
            tail = word + "─" * max(0, self.size + 6 - len(word))
            return [lead, Span("─" * self.size + " ", "rule"), Span(price, "last"), Span(tail, "rule"), _doubt(level)]
        left = (
            [Span(whole_or(level.own_bid, self.size), "own_bid")]
            if level.own_bid
            else _barred(level.ask, self.size, level.ask_bar, "ask", on_right=True)
        )
        right = (
            [Span(whole_or(level.own_ask, self.size), "own_ask")]
            if level.own_ask
            else _barred(level.bid, self.size, level.bid_bar, "bid", on_right=False)
        )
        if level.own_bid and level.ask:
            # An own order crossing the other side: both matter, the order more.
            right = _barred(level.ask, self.size, 0, "ask", on_right=False)
        elif level.own_ask and level.bid:
            left = _barred(level.bid, self.size, 0, "bid", on_right=True)
        elif level.beside_bid and not (level.ask or level.own_bid):
            left = [Span(whole_or(level.beside_bid, self.size), _beside_role(level.beside_bid))]
        elif level.beside_ask and not (level.bid or level.own_ask):
            right = [Span(whole_or(level.beside_ask, self.size), _beside_role(level.beside_ask))]
        touch = f"<{level.best}" if level.best else "    "
        if level.marks[1:] in ("▲", "▼") and not level.cursor:
            # Without its arrow it would be taken for a mark of this row: it takes the next cell, or leaves its letter out.
            lead = Span(level.marks[1:], lead.role)
            if left[0].text[:1] == " ":
                lead, left[0] = Span(level.marks, lead.role), Span(left[0].text[1:], left[0].role)
        return [
            lead,
            *left,
            Span(" ", "text"),
            Span(price, _price_role(level)),
            Span(" ", "text"),
            Span(touch, level.best or "text"),
            Span(level.last or " ", "last"),
            *right,
            _doubt(level),
        ]

    def _tiny(self, level: Level) -> list[Span]:
        lead = "▸" if level.cursor else (level.marks[-1:] if level.marks[1:] in ("▲", "▼") else level.marks[:1] or " ")
        side, role = (level.bid, "bid") if level.bid else (level.ask, "ask")
        letter = "B" if level.bid else ("A" if level.ask else " ")
        spans = [Span(lead, _mark_role(level.marks)), Span(level.price, _price_role(level)), _doubt(level)]
        if side and 4 + len(level.price) + len(side) <= self.width:
            spans.append(Span(f" {letter}{side}", role))
        if 1 + len(level.price) > self.width:
            return [Span(cut("…", self.width), "price")]
        return spans


def _merged(spans: list[Span]) -> list[Span]:
    """Join neighbours of one role: fewer pieces to compare and to draw."""
    out: list[Span] = []
    for span in spans:
        if not span.text:
            continue
        if out and out[-1].role == span.role:
            out[-1] = Span(out[-1].text + span.text, span.role)
        else:
            out.append(span)
    return out


def _add_barred(out: list[Span], sign: str, cell: str, bar: int, role: str) -> None:
    """Append a bid: its sign, and the size with ``bar`` cells filled from the right."""
    edge = max(0, len(cell) - bar)
    out.append(Span(sign + cell[:edge], role))
    if bar:
        out.append(Span(cell[edge:], _FILLED[role]))


def _barred(text: str, width: int, bar: int, role: str, *, on_right: bool) -> list[Span]:
    """Return a size right-aligned in its column with ``bar`` cells of it filled from the side that faces the price."""
    cell = whole_or(text, width)
    bar = min(bar, width)
    if not bar:
        return [Span(cell, role)]
    filled = _FILLED[role]
    if on_right:
        return [Span(cell[: width - bar], role), Span(cell[width - bar :], filled)]
    return [Span(cell[:bar], filled), Span(cell[bar:], role)]


def _doubt(level: Level) -> Span:
    return Span("?" if level.stale else " ", "stale")


def _price_role(level: Level) -> str:
    return "last" if level.last else (level.best or "price")


def _beside_role(text: str) -> str:
    if text.startswith("q"):
        return "own"
    return "dim"


def _mark_role(marks: str) -> str:
    return "alarm" if "L" in marks else "mark"


@lru_cache(maxsize=256)
def bar_scale(largest: Decimal) -> Decimal:
    """Return the size of a full bar: the next 1, 2 or 5 times a power of ten, so that bars do not all move at once."""
    if largest <= 0:
        return ZERO
    unit = Decimal(1).scaleb(largest.adjusted())
    for step in (1, 2, 5, 10):
        if largest <= unit * step:
            return unit * step
    return unit * 10
