"""The ladder: prices stand still and sizes move past them, with the trader's own orders on their rows.

The window of prices moves only when asked to, or when the touch leaves it; never while a cursor rests on a price.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import ClassVar

from tui_trader.core.book import Book, BookState
from tui_trader.core.clock import Clock
from tui_trader.core.decimals import ZERO, divide, plain
from tui_trader.core.error import CommandError
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order
from tui_trader.core.types import InstrumentId, Side
from tui_trader.state import topic as t
from tui_trader.state.flow import Flow
from tui_trader.state.store import Store
from tui_trader.ui.format import data_age, number
from tui_trader.ui.panes.ladder_foot import at_cursor, foot, health, spread_words
from tui_trader.ui.panes.ladder_laid import Everywhere, Laid, Texts, Touched
from tui_trader.ui.panes.ladder_own import Ghost, at_edges, marks_of, orders_on, own_orders, queues_of, row_of
from tui_trader.ui.panes.ladder_row import NARROW, Columns, bar_scale
from tui_trader.ui.panes.ladder_sizes import Shows, Sizes, flow_of, volume_of
from tui_trader.ui.panes.ladder_window import Window
from tui_trader.ui.panes.spans import Part, Row, Span, cut, filled, fit, part
from tui_trader.ui.panes.view import View, waiting

GROUPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
"""Ticks in one row; asks round up and bids down, so a row never promises a better price than there is."""

_HEADED = 12
"""Rows from which column names and the lines below the ladder are shown."""

_MEMO_LIMIT = 2_048

_STAGED = frozenset({t.STAGE})


class Recentre(StrEnum):
    """When the window follows the market by itself."""

    EDGE = "edge"
    """When the touch has left the window."""
    MANUAL = "manual"
    """Only on the key; an arrow tells how far away the touch is."""


@cache
def _topics(instrument: InstrumentId | None) -> frozenset[t.Topic]:
    own = {t.CLOCK, t.INSTRUMENTS, t.LINKS, t.ORDERS, t.POSITIONS, t.STAGE}
    return frozenset(own if instrument is None else own | {t.book_topic(instrument), t.tape_topic(instrument)})


class LadderView(View):
    """Book of one instrument as a static ladder."""

    name: ClassVar[str] = "ladder"
    hot = True
    fluid = True
    """Bars grow and shrink."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        instrument: InstrumentId | None = None,
        *,
        recentre: Recentre = Recentre.EDGE,
        ghost: Callable[[], Ghost | None] = lambda: None,
    ) -> None:
        """``ghost`` tells where the staged order would rest."""
        super().__init__(store, clock)
        self._ghost = ghost
        self.shows = Shows.SIZE
        """What the size columns tell."""
        self.follow = recentre
        self.footnote = ""
        """A line under the ladder for what belongs to order entry: size presets."""
        self.bars = True
        """Whether sizes are underlaid with bars."""
        self._iid = instrument
        self._spec: Instrument | None = None
        self._group = 0
        self._window = Window()
        self._last: Decimal | None = None
        self._arrow = "·"
        self._prices: dict[int, str] = {}
        self._sizes = Sizes()
        self._flowing: InstrumentId | None = None
        """What the Store counts changes of for this view."""
        self._headed = False
        self._drawn_ghost: tuple[int, Side, Decimal] | None = None
        """What the staged order put on a row when the ladder was drawn last."""
        self._price_width = 5
        self._columns: Columns | None = None
        self._ours: tuple[object, tuple[Texts, dict[int, str], Texts]] | None = None
        """Own orders, marks and places in queues of the window, and all that they were made of."""
        self._last_rows: tuple[object, tuple[int, int]] | None = None
        self._laid = Laid()
        self._drawn_body: list[Row] = []
        """What was drawn last, with what is above and below the rows; empty while that is no ladder."""
        self._drawn_title: list[Part] = []
        self._marks_only = False
        """Whether the body was drawn last for a mark alone; then so is the title over it."""

    # -- keys ------------------------------------------------------------------------------------------------------

    @property
    def instrument(self) -> InstrumentId | None:
        """The contract shown."""
        return self._iid

    def watch(self, instrument: InstrumentId | None) -> None:
        """Show another contract: window, cursor and grouping start anew."""
        if instrument == self._iid:
            return
        self._iid = instrument
        self._group, self._spec = 0, None
        self._forget()
        self.moved()

    def recentre(self) -> None:
        """Put the touch in the middle of the window; the cursor stays on its price."""
        self._window.top = None
        self.moved()

    def gather(self, step: Decimal | None) -> str:
        """Show rows of a typed step, None for single ticks; raises CommandError naming the steps that there are."""
        if self._spec is None:
            raise CommandError("the ladder has no contract yet", fix="symbol BTCUSDT")
        tick = self._spec.tick
        wanted = Decimal(1) if step is None else divide(step, tick)
        if wanted not in GROUPS:
            steps = ", ".join(plain(tick * count) for count in GROUPS)
            raise CommandError(f"rows of {plain(step or tick)} cannot be made", fix=f"one of {steps}")
        self.group(GROUPS.index(int(wanted)) - self._group)
        return f"rows of {plain(tick * int(wanted))}"

    @property
    def grouping(self) -> int:
        """Ticks on a row."""
        return GROUPS[self._group]

    def group(self, step: int) -> None:
        """Make rows coarser (+1) or finer (-1), keeping the price under the cursor, or the middle, where it is."""
        wanted = min(max(self._group + step, 0), len(GROUPS) - 1)
        if wanted == self._group:
            return
        old, new = GROUPS[self._group], GROUPS[wanted]
        if self._window.top is not None:
            pin = self._window.cursor if self._window.cursor is not None else self._window.top - self._window.rows // 2
            above = self._window.top - pin
            self._window.top = pin * old // new + above
        if self._window.cursor is not None:
            self._window.cursor = max(1, self._window.cursor * old // new)
        self._group = wanted
        self._prices.clear()
        self.moved()

    def show_next(self) -> Shows:
        """Go from sizes to sums from the touch, to what was pulled and stacked, and back; return what is shown now."""
        self.shows = self.shows.next
        self.moved()
        return self.shows

    def clicked(self, line: int) -> None:
        """Put the cursor where the click was."""
        self.cursor_to(line)

    def cursor_to(self, line: int) -> None:
        """Put the cursor on the price in a line of the body, counted from 0; other lines do nothing."""
        row = line - (1 if self._headed else 0)
        if (
            self._window.top is not None
            and self._spec is not None
            and 0 <= row < self._window.rows
            and self._window.top - row > 0
        ):
            self._window.cursor = self._window.top - row
            self.moved()

    def orders_at_cursor(self) -> list[Order]:
        """Return own resting orders on the row of the cursor, oldest first."""
        if self._window.cursor is None or self._spec is None:
            return []
        return orders_on(self.store, self._spec, GROUPS[self._group], self._window.cursor)

    def cursor_up(self, rows: int = 1) -> None:
        """Move the cursor to a higher price; the first press puts it on the touch."""
        self._step(rows)

    def cursor_down(self, rows: int = 1) -> None:
        """Move the cursor to a lower price; the first press puts it on the touch."""
        self._step(-rows)

    def cursor_off(self) -> None:
        """Take the cursor away; the window may follow the market again."""
        self._window.cursor = None
        self.moved()

    def selected(self) -> Decimal | None:
        """Return the price under the cursor; the same as ``price_at_cursor``."""
        return self.price_at_cursor()

    def price_at_cursor(self) -> Decimal | None:
        """Return the price of the row the cursor is on, None without a cursor."""
        # By the tick that is on the screen, even if the venue has listed another one since.
        if self._window.cursor is None or self._spec is None:
            return None
        return self._spec.from_ticks(self._window.cursor * GROUPS[self._group])

    def _adopt(self, instrument: Instrument) -> None:
        """Count rows in the instrument's ticks; when the venue changed them, old rows mean nothing any more."""
        if self._spec is not instrument and self._spec != instrument:
            if self._spec is not None:
                self._forget()
            self._spec = instrument

    def _forget(self) -> None:
        self._window.top, self._window.cursor, self._last, self._arrow = None, None, None, "·"
        self._prices.clear()
        self._sizes.forget()
        self._price_width, self._columns = 5, None

    def _step(self, rows: int) -> None:
        if self._window.cursor is None:
            book = self._book()
            touch = self._touch(book) if book is not None else None
            if book is None or touch is None:
                return
            self._adopt(book.instrument)
            self._window.cursor = touch[0] if touch[0] is not None else touch[1]
        else:
            self._window.cursor = max(1, self._window.cursor + rows)
        self._window.keep_cursor_in_view()
        self.moved()

    # -- content ---------------------------------------------------------------------------------------------------

    @property
    def topics(self) -> frozenset[t.Topic]:
        return _topics(self._iid)

    def heeds(self, topic: tuple[object, ...]) -> bool:
        # The staged order is a mark on one row. While a key leaves that as it is, the ladder is not drawn for the key.
        return topic != t.STAGE or self._mark_of(self._ghost()) != self._drawn_ghost

    def splits(self, topics: frozenset[tuple[object, ...]]) -> bool:
        return topics == _STAGED

    def _mark_of(self, ghost: Ghost | None) -> tuple[int, Side, Decimal] | None:
        """Return row, side and size of what a staged order puts on a row of the window; None where it is on none."""
        top = self._window.top
        if ghost is None or ghost.instrument != self._iid or self._spec is None or top is None:
            return None
        row = row_of(ghost.price, self._spec, GROUPS[self._group], ghost.side)
        return (row, ghost.side, ghost.qty) if top - self._window.rows < row <= top else None

    def title(self) -> list[Part]:
        if not self._marks_only:
            self._drawn_title = self._title()
        return self._drawn_title

    def _title(self) -> list[Part]:
        instrument, book = self._instrument(), self._book()
        if self._iid is None or instrument is None:
            return [part(0, "BOOK", "title")]
        parts = [part(0, "BOOK", "title"), part(2, f"x{plain(instrument.tick * GROUPS[self._group])}", "dim")]
        hint = self._hint(book) if book is not None else ""
        if hint:
            parts.append(part(1, hint, "warn"))
        if self.shows.caption:
            parts.append(part(2, self.shows.caption, "accent"))
        if 0 < self._window.rows < _HEADED and book is not None and not self._is_stale(book):
            parts.append(part(3, spread_words(self._sizes, book), "dim"))
            parts += at_cursor(self.store, instrument, self.price_at_cursor(), 2)
        parts.append(part(4, self._iid.symbol, "dim"))
        parts.append(part(5, "static", "dim"))
        return parts

    def body(self, width: int, height: int) -> list[Row]:
        book = self._book()
        if self.brought == _STAGED and book is not None and (marked := self._marked(book, width, height)):
            self._marks_only = True
            return marked
        self._marks_only = False
        self._drawn_body = []
        if self._iid is None:
            return waiting("no symbol chosen", width, height)
        instrument = self._instrument()
        if instrument is None:
            return waiting(f"waiting for the products of {self._iid.venue}", width, height)
        if book is None or self._touch(book) is None:
            reason = book.reason if book is not None and book.reason else "no snapshot yet"
            return waiting(f"waiting for the book: {reason}", width, height)
        self._adopt(instrument)
        headed = height >= _HEADED and width >= NARROW
        stale = self._is_stale(book)
        footer = self._footer(book, width, stale) if headed else []
        self._headed = headed
        count = max(1, height - len(footer) - (1 if headed else 0))
        self._window.settle(self._touch(book), count, follows=self.follow is Recentre.EDGE)
        rows = self._rows(instrument, book, count, width, stale)
        if headed:
            assert self._columns is not None
            rows.insert(0, self._columns.header())
        if stale:
            # Never over the row that the trader aims at.
            aimed = not headed and self._window.cursor == self._window.top and len(rows) > 1
            rows[-1 if aimed else 0] = self._banner(book, width)
        body = filled([*rows, *footer], width, height)
        self._drawn_body = list(body)
        return body

    # -- the window ------------------------------------------------------------------------------------------------

    def _touch(self, book: Book) -> tuple[int | None, int | None] | None:
        """Return the rows of the best bid and ask, None when both sides are empty."""
        bids, asks = book.bid_ticks, book.ask_ticks
        group = GROUPS[self._group]
        if not bids and not asks:
            return None
        return (bids[0] // group if bids else None), (-(-asks[0] // group) if asks else None)

    def _hint(self, book: Book) -> str:
        away = self._window.away(self._touch(book))
        if not away:
            return ""
        return f"▲ touch {away} rows up" if away > 0 else f"▼ touch {-away} rows down"

    # -- the rows --------------------------------------------------------------------------------------------------

    def _rows(self, instrument: Instrument, book: Book, count: int, width: int, stale: bool) -> list[Row]:
        """Return the rows of the window."""
        assert self._window.top is not None
        top, group = self._window.top, GROUPS[self._group]
        bottom = top - count + 1
        columns = self._columns_for(instrument, width, top)
        bids, asks = self._sizes.rows(book, group, bottom, top, columns.size, cumulative=self.shows is Shows.CUMULATIVE)
        flow = self._flow(columns)
        own, marks, beside = self._of_ours(instrument, columns, bottom, top, flow)
        volume = volume_of(flow, group, bottom, top, instrument.qty_places, columns.volume) if flow and columns.volume else {}
        best_bid, best_ask = self._touch(book) or (None, None)
        last = self._last_row(instrument, best_ask)
        scale = bar_scale(max([size for size, _ in (*bids.values(), *asks.values())], default=ZERO)) if self.bars else ZERO
        cursor = self._window.cursor
        everywhere = Everywhere(instrument, columns, top, count, group, scale, cursor, stale, own, marks, beside, volume)
        return self._laid.lay(everywhere, Touched(best_bid, best_ask, last, self._arrow), bids, asks, self._price)

    def _price(self, row: int) -> str:
        """Write the price of a row."""
        assert self._spec is not None
        price = self._prices.get(row)
        if price is None:
            if len(self._prices) >= _MEMO_LIMIT:
                self._prices.clear()
            price = self._prices[row] = number(self._spec.from_ticks(row * GROUPS[self._group]), self._spec.price_places)
        return price

    def _marked(self, book: Book, width: int, height: int) -> list[Row] | None:
        """Return what was drawn last with the staged order where it is now; None where that is not enough."""
        before, body = self._laid.everywhere, self._drawn_body
        if before is None or before.stale or self._is_stale(book) or self._touch(book) is None:
            return None
        now = (book.instrument, width, height, GROUPS[self._group], self._window.top, self._window.cursor)
        if now != (before.instrument, before.columns.width, len(body), before.group, before.top, before.cursor):
            return None
        ghost = self._ghost()
        for at, row in self._laid.put_own(own_orders(self.store, before.instrument, before.group, before.columns.own, ghost)):
            body[at + self._headed] = row
        self._drawn_ghost = self._mark_of(ghost)
        return list(body)

    def _of_ours(
        self, instrument: Instrument, columns: Columns, bottom: int, top: int, flow: Flow | None
    ) -> tuple[Texts, dict[int, str], Texts]:
        """Return own orders, marks, and what stands where the other side has no size, by row: those of the last time while no
        order, leg or place in a queue has changed."""
        store, group, ghost = self.store, GROUPS[self._group], self._ghost()
        self._drawn_ghost = self._mark_of(ghost)
        places = tuple(store.place(order) for order in store.blotter.working(instrument.id))
        held = tuple(store.positions.values())
        made_of = (store.blotter, store.blotter.version, held, places, instrument, group, columns, bottom, top, ghost)
        if self._ours is not None and self._ours[0] == made_of and self.shows is not Shows.FLOW:
            return self._ours[1]
        ours = (
            own_orders(store, instrument, group, columns.own, ghost),
            at_edges(marks_of(store, instrument, group), bottom, top),
            self._beside(instrument, columns, bottom, top, flow),
        )
        self._ours = None if self.shows is Shows.FLOW else (made_of, ours)
        return ours

    def _beside(self, instrument: Instrument, columns: Columns, bottom: int, top: int, flow: Flow | None) -> Texts:
        """Return what stands where the other side has no size: places in the queue, and what was pulled and stacked."""
        group, width = GROUPS[self._group], columns.size
        out: Texts = {}
        if flow is not None and self.shows is Shows.FLOW:
            for bid, changes in zip((True, False), flow_of(flow, group, bottom, top, width), strict=True):
                for row, text in changes.items():
                    before = out.get(row, ("", ""))
                    out[row] = (text, before[1]) if bid else (before[0], text)
        for row, (bid_text, ask_text) in queues_of(self.store, instrument, group, width).items():
            before = out.get(row, ("", ""))
            out[row] = (bid_text or before[0], ask_text or before[1])
        return out

    def _flow(self, columns: Columns) -> Flow | None:
        """Return what comes and goes while something of it is shown; the Store counts it for no longer than that."""
        wanted = self._iid if self.shows is Shows.FLOW or columns.volume else None
        if self._flowing is not None and self._flowing != wanted:
            self.store.ignore_flow(self._flowing)
        self._flowing = wanted
        flow = self.store.flow(wanted) if wanted is not None else None
        if flow is not None:
            flow.settle(self.clock.mono_ns())
        return flow

    def _columns_for(self, instrument: Instrument, width: int, top: int) -> Columns:
        # The column only ever widens, so a price that loses a digit does not move everything.
        longest = len(number(instrument.from_ticks(max(1, top) * GROUPS[self._group]), instrument.price_places))
        self._price_width = max(self._price_width, longest)
        columns = self._columns
        if columns is None or columns.width != width or columns.price_width != self._price_width:
            columns = self._columns = Columns(width, self._price_width)
        return columns

    def _last_row(self, instrument: Instrument, best_ask: int | None) -> int | None:
        tape = self.store.tapes.get(instrument.id)
        last = tape.last.price if tape is not None and tape.last is not None else self.store.ticker(instrument.id).last
        if last is None:
            return None
        if self._last is not None and last != self._last:
            self._arrow = "▲" if last > self._last else "▼"
        self._last = last
        made_of = (last, instrument, group := GROUPS[self._group])
        if self._last_rows is None or self._last_rows[0] != made_of:
            rows = row_of(last, instrument, group, Side.BUY), row_of(last, instrument, group, Side.SELL)
            self._last_rows = (made_of, rows)
        row, up = self._last_rows[1]
        return up if best_ask is not None and up >= best_ask else row

    # -- above and below -------------------------------------------------------------------------------------------

    def _footer(self, book: Book, width: int, stale: bool) -> list[Row]:
        doubt = "?" if stale else ""
        rows = foot(self._sizes, book, width, doubt, at_cursor(self.store, book.instrument, self.price_at_cursor(), 0))
        if self.footnote:
            rows.append(fit((Span(cut(self.footnote, width), "dim"),), width))
        age = data_age(self.store.age_ns("book", book.instrument.id))
        return [*rows, health(age, book.is_live, book.mismatches + book.unknown_deletes, stale, width)]

    def _is_stale(self, book: Book) -> bool:
        return not self.store.book_is_fresh(book.instrument.id)

    def _banner(self, book: Book, width: int) -> Row:
        assert self._iid is not None
        if book.state is BookState.SUSPECT:
            texts = [f"! BOOK SUSPECT: {book.reason}", "entries blocked"]
        else:
            texts = [f"! STALE {data_age(self.store.age_ns('book', self._iid))}", "entries blocked"]
        whole = " - ".join(texts)
        text = whole if len(whole) <= width else texts[0]
        return fit((Span(cut(text, width), "alarm"),), width, "alarm")

    def _instrument(self) -> Instrument | None:
        return None if self._iid is None else self.store.instruments.get(self._iid)

    def _book(self) -> Book | None:
        return None if self._iid is None else self.store.book(self._iid)
