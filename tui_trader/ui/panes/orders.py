"""Orders that are or may be alive, and for a little while those that failed.

The cursor rests on a client id. While something is chosen the order of rows is frozen: new orders are added at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from tui_trader.core.clock import NS, Clock
from tui_trader.core.decimals import HUNDRED, ZERO, divide
from tui_trader.core.order import Order
from tui_trader.core.types import (
    ClientOrderId,
    OrderStatus,
    Side,
)
from tui_trader.state import topic as t
from tui_trader.state.store import Store
from tui_trader.ui.panes.beside_rows import divider, order_records, owned, with_account
from tui_trader.ui.panes.cursor import CursorView
from tui_trader.ui.panes.fellow import Fellow
from tui_trader.ui.panes.labels import OrderLabels
from tui_trader.ui.panes.orders_row import FAILED, MEDIUM, NARROW, WIDE, OrderRows, level_of, type_word
from tui_trader.ui.panes.spans import Part, Row, Span, cut, page, part
from tui_trader.ui.panes.table import Table
from tui_trader.ui.panes.view import waiting

LINGER_NS = 15 * NS
"""How long an order that failed stays in the list, so that a refusal is not a row that was never there."""

_APART = Decimal("1e13")

_WIDE = 108
_MEDIUM = 76


class OrderSort(StrEnum):
    """How rows are sorted while nothing is chosen."""

    LABEL = "label"
    DISTANCE = "distance"
    """The nearest to the mark first."""
    AGE = "age"
    """The newest first."""
    SIDE = "side"
    """Buys before sells, the higher price first: as they stand on a ladder."""


_TOPICS: frozenset[t.Topic] = frozenset({t.ORDERS, t.TICKERS, t.LINKS, t.CLOCK, t.INSTRUMENTS})


class OrdersView(CursorView[ClientOrderId]):
    """Working orders of every venue."""

    name: ClassVar[str] = "orders"

    def __init__(
        self,
        store: Store,
        clock: Clock,
        labels: OrderLabels | None = None,
        *,
        made_by: Callable[[Order], str] = lambda order: "",
        fellows: Callable[[], Sequence[Fellow]] = tuple,
    ) -> None:
        """``made_by`` says of an exit that belongs to an entry who made it: ``native`` or ``ours``; ``fellows`` are all accounts
        of the program."""
        super().__init__(store, clock)
        self.with_others = False
        """Whether the orders of other accounts are shown under the own ones."""
        self._fellows = fellows
        self.labels = labels or OrderLabels()
        self._rows = OrderRows(store, clock, self.labels, made_by)
        self.filter_text = ""
        self.sort = OrderSort.LABEL
        self._marked: set[ClientOrderId] = set()
        self._range: tuple[ClientOrderId, frozenset[ClientOrderId]] | None = None
        """Where a range of marks began, and what was marked before it; None while the cursor marks nothing."""
        self._frozen: list[ClientOrderId] = []
        self._of_interest: tuple[int, list[Order]] = (-1, [])
        self._wide = Table(WIDE)
        self._medium = Table(MEDIUM)
        self._narrow = Table(NARROW)
        self._together = (Table(with_account(WIDE)), Table(with_account(MEDIUM)))
        self._hidden = 0

    # -- keys ------------------------------------------------------------------------------------------------------

    def choose(self, client_id: ClientOrderId) -> None:
        """Put the cursor on an order."""
        self._keys()
        self._cursor.key = client_id
        self.moved()

    def selected(self) -> Order | None:
        """Return the chosen order as it is now, finished or not; None when nothing is chosen."""
        key = self._cursor.key
        return None if key is None else self.store.blotter.get(key)

    def toggle_mark(self) -> None:
        """Mark the chosen order for a command on several, or unmark it."""
        if self._cursor.key is not None:
            self._marked ^= {self._cursor.key}
            self.moved()

    def toggle_range(self) -> str:
        """Begin to mark every row between the chosen one and the cursor, or leave the marks as they are; return one line."""
        if self._range is not None:
            self._range = None
            return f"{len(self.marked())} marked: c cancels them, :move marked +5t moves them, Space unmarks one"
        if self._cursor.key is None:
            self.cursor_down()
        if self._cursor.key is None:
            return "no order to mark"
        self._range = (self._cursor.key, frozenset(self._marked))
        self._mark_range()
        self.moved()
        return "marking: j and k extend, v ends, Esc takes it back"

    def _mark_range(self) -> None:
        """Mark what is between the beginning of the range and the cursor; with either of them gone the range ends."""
        if self._range is None:
            return
        began, before = self._range
        keys = self._frozen
        if self._cursor.key not in keys or began not in keys:
            self._range = None
            return
        first, last = sorted((keys.index(began), keys.index(self._cursor.key)))
        self._marked = {*before, *keys[first : last + 1]}

    def cursor_off(self) -> None:
        """Choose nothing; inside a range of marks, take the range back first."""
        if self._range is None:
            super().cursor_off()
            return
        self._marked = set(self._range[1])
        self._range = None
        self.moved()

    def moved(self) -> None:
        """Say that a key changed what is shown; a range of marks follows the cursor."""
        self._mark_range()
        super().moved()

    def clear_marks(self) -> None:
        """Unmark every order."""
        self._range = None
        self._marked.clear()
        self.moved()

    def marked(self) -> list[Order]:
        """Return the marked orders that are still working, as they are on the screen."""
        return [order for order in self._orders() if order.client_id in self._marked and order.status.is_working]

    def matching(self) -> int:
        """Return how many rows the filter leaves."""
        return len(self._keys())

    def filter(self, text: str) -> None:
        """Show only orders each word of ``text`` is a part of: of their symbol, side, type, label or state."""
        self.filter_text = text.strip()
        self.moved()

    def sort_next(self) -> str:
        """Sort otherwise, from the next moment that nothing is chosen; return how."""
        order = list(OrderSort)
        self.sort_by(order[(order.index(self.sort) + 1) % len(order)])
        return self.sort.value

    def sort_by(self, sort: OrderSort) -> None:
        """Sort rows otherwise, from the next moment that nothing is chosen."""
        self.sort = sort
        self.moved()

    # -- content ---------------------------------------------------------------------------------------------------

    @property
    def topics(self) -> frozenset[t.Topic]:
        return _TOPICS

    def title(self) -> list[Part]:
        working = self.store.blotter.working()
        parts = [part(0, f"ORDERS {len(working)}", "title")]
        unknown = sum(order.status is OrderStatus.UNKNOWN for order in working)
        if unknown:
            parts.append(part(1, f"{unknown} UNKNOWN ?", "alarm"))
        if self._marked:
            parts.append(part(2, f"{len(self.marked())} marked", "warn"))
        if self._hidden:
            parts.append(part(1, f"+{self._hidden} more", "warn"))
        if self.filter_text:
            parts.append(part(2, f"/{self.filter_text}", "warn"))
        if any(not self.store.private_is_fresh(order.instrument.venue) for order in working):
            parts.append(part(1, "STALE ?", "alarm"))
        if self.sort is not OrderSort.LABEL:
            parts.append(part(3, f"by {self.sort.value}", "accent"))
        if self._range is not None:
            parts.append(part(4, "v ends the range", "dim"))
        elif self._marked:
            parts.append(part(4, "c cancels them", "dim"))
        elif working:
            parts.append(part(4, "m move  c cancel", "dim"))
            parts.append(part(5, "Space mark", "dim"))
        return parts

    def body(self, width: int, height: int) -> list[Row]:
        self._hidden = 0
        orders = self._orders()
        fellows = self._fellows() if self.with_others else ()
        if len(fellows) > 1:
            return self._all_accounts(orders, fellows, width, height)
        if not orders:
            return waiting(self._nothing(), width, height)
        table = self._wide if width >= _WIDE else (self._medium if width >= _MEDIUM else self._narrow)
        lead = 1 if width >= 12 else 0
        records = self._rows.records(orders)
        table.fit(records, max(1, width - lead))
        rows: list[Row] = []
        if height >= 5 and width >= _MEDIUM:
            rows.append((Span(" " * lead, "header"), *table.header()))
        room = max(1, height - len(rows))
        first = self._cursor.first_visible([order.client_id for order in orders], room)
        self._hidden = max(0, len(orders) - room)
        for order, record in list(zip(orders, records, strict=True))[first : first + room]:
            chosen = order.client_id == self._cursor.key
            glyph = "*" if order.client_id in self._marked else ("▸" if chosen else " ")
            rows.append((*((Span(glyph, "cursor_mark"),) if lead else ()), *table.row(record, "cursor" if chosen else None)))
        if len(rows) < height:
            rows += [(Span(cut(f"  {text}", width), "alarm"),) for text in self._explained(orders)]
        return page(rows, width, height)

    def _all_accounts(self, orders: list[Order], fellows: Sequence[Fellow], width: int, height: int) -> list[Row]:
        """Return own orders, then those of other accounts."""
        here = next(fellow for fellow in fellows if fellow.here)
        others = [fellow for fellow in fellows if not fellow.here]
        own = [owned(record, here) for record in self._rows.records(orders)]
        theirs = [row for fellow in others for row in order_records(fellow, self.clock)]
        table = self._together[0 if width >= _WIDE + 4 else 1]
        table.fit([*own, *(record for _, record in theirs)], max(1, width - 1))
        rows: list[Row] = [(Span(" ", "header"), *table.header())]
        room = max(1, height - 1)
        count = max(1, room - (min(len(theirs) + 1, max(2, room - len(own))) if theirs else 0))
        first = self._cursor.first_visible([order.client_id for order in orders], count)
        if not orders:
            rows.append((Span(f" {self._nothing()}", "dim"),))
        for order, record in list(zip(orders, own, strict=True))[first : first + count]:
            chosen = order.client_id == self._cursor.key
            glyph = "*" if order.client_id in self._marked else ("▸" if chosen else " ")
            rows.append((Span(glyph, "cursor_mark"), *table.row(record, "cursor" if chosen else None)))
        if theirs:
            rows.append(divider(others, "orders", width))
        shown = theirs[: max(0, height - len(rows))]
        self._hidden = max(0, len(own) - count) + len(theirs) - len(shown)
        rows += [(Span(" ", "text"), *table.row(record)) for _, record in shown]
        if len(rows) < height:
            rows += [(Span(cut(f"  {text}", width), "alarm"),) for text in self._explained(orders)]
        return page(rows, width, height)

    def _explained(self, orders: list[Order]) -> list[str]:
        """Say of each order of unknown outcome what is being done about it, and of each that failed why."""
        said = []
        for order in orders:
            label = self.labels.label(order.client_id, order.instrument)
            if order.status is OrderStatus.UNKNOWN:
                asked = f"the venue is asked for it by its id …{order.client_id[-6:]}"
                said.append(f"{label}: sent, and no answer: never sent again; {asked}")
            elif order.status in FAILED and order.reason:
                again = "  u stages it again" if order.status is OrderStatus.ABSENT else ""
                said.append(f"{label}: {order.reason}{again}")
        return said

    def _nothing(self) -> str:
        if self.filter_text:
            return f"no order matches /{self.filter_text}"
        if not any(lane == "private" and link.is_live for (_, lane), link in self.store.links.items()):
            return "waiting for the private feed: orders are not known yet"
        return "no working order"

    # -- which rows, in which order --------------------------------------------------------------------------------

    def _orders(self) -> list[Order]:
        now = self.clock.wall_ns()
        blotter = self.store.blotter
        if self._of_interest[0] != blotter.version:
            chosen = [order for order in blotter.orders() if order.status.is_working or order.status in FAILED]
            self._of_interest = (blotter.version, chosen)
        shown: dict[ClientOrderId, Order] = {}
        for order in self._of_interest[1]:
            failed_lately = order.status in FAILED and 0 <= now - order.updated_ns <= LINGER_NS
            if order.status.is_working or failed_lately:
                self.labels.label(order.client_id, order.instrument)
                if self._matches(order):
                    shown[order.client_id] = order
        if self._cursor.key is not None and self._cursor.key not in shown:
            self._cursor.off()
        if self._cursor.key is None:
            self._frozen = [order.client_id for order in sorted(shown.values(), key=self._sort_key)]
        else:
            known = set(self._frozen)
            self._frozen = [key for key in self._frozen if key in shown] + [key for key in shown if key not in known]
        return [shown[key] for key in self._frozen]

    def _keys(self) -> list[ClientOrderId]:
        return [order.client_id for order in self._orders()]

    def _sort_key(self, order: Order) -> tuple[Decimal, int, str]:
        label = self.labels.label(order.client_id, order.instrument)
        count = int(label.lstrip("abcdefghijklmnopqrstuvwxyz"))
        level = level_of(order)
        if self.sort is OrderSort.DISTANCE:
            mark = self.store.ticker(order.instrument).mark
            away = divide(abs(level - mark), mark) if mark and level is not None else HUNDRED
            return away, count, label
        if self.sort is OrderSort.AGE:
            return Decimal(-order.created_ns), count, label
        if self.sort is OrderSort.SIDE:
            # One number for both: no price is as large as the step between the sides.
            return (ZERO if order.side is Side.BUY else _APART) - (level or ZERO), count, label
        return ZERO, 0, label.rstrip("0123456789").rjust(4) + str(count).rjust(9)

    def _matches(self, order: Order) -> bool:
        wanted = self.filter_text.lower()
        if not wanted:
            return True
        label = self.labels.label(order.client_id, order.instrument)
        state, _, _ = self._rows.state(order)
        texts = (order.instrument.symbol, order.side.value, order.type.value, type_word(order), label, state)
        described = " ".join(texts).lower()
        return all(word in described for word in wanted.split())
