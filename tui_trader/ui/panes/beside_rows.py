"""Legs and orders of the other accounts under those of the account on the screen: to be seen, not to be acted on.

They stand under the same columns, below a line that says whose they are and how to act on them. No cursor goes there: whatever a
key does is done at the account on the screen.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_trader.core.clock import Clock
from tui_trader.core.order import Order
from tui_trader.core.position import Position
from tui_trader.ui.format import money, worth
from tui_trader.ui.panes.accounts_total import CURRENCY, Totals
from tui_trader.ui.panes.fellow import Fellow
from tui_trader.ui.panes.orders_row import OrderRows
from tui_trader.ui.panes.positions_row import LegRows
from tui_trader.ui.panes.spans import Part, Row, Span, by_rank, cut, part
from tui_trader.ui.panes.table import Cell, Column, Record

ACCOUNT = Column("account", "account", 10, 0)
"""Whose a row is, in place of its venue."""


def with_account(columns: Sequence[Column]) -> list[Column]:
    """Return the columns of a table with the account in place of the venue."""
    return [ACCOUNT if column.key == "venue" else column for column in columns]


def owned(record: Record, fellow: Fellow | None, name: str = "") -> Record:
    """Return a row that says whose it is."""
    return {**record, "account": Cell(fellow.name, fellow.role) if fellow is not None else Cell(name)}


def leg_records(fellow: Fellow) -> list[tuple[Position, Record]]:
    """Return the legs of an account and their rows."""
    legs = fellow.store.open_positions()
    return [
        (leg, owned(record, fellow))
        for leg, record in zip(legs, LegRows(fellow.store, fellow.made_by).records(legs), strict=True)
    ]


def order_records(fellow: Fellow, clock: Clock) -> list[tuple[Order, Record]]:
    """Return the working orders of an account and their rows; an id is told with the account's number, since ``a1`` is another
    order here."""
    orders = fellow.store.blotter.working()
    rows = OrderRows(fellow.store, clock, fellow.labels, fellow.made_by).records(orders)
    found: list[tuple[Order, Record]] = []
    for order, record in zip(orders, rows, strict=True):
        label = fellow.labels.label(order.client_id, order.instrument)
        found.append((order, {**owned(record, fellow), "id": Cell(f"{fellow.number}:{label}", "dim")}))
    return found


def divider(fellows: Sequence[Fellow], what: str, width: int) -> Row:
    """Return the line above the rows of other accounts."""
    names = " ".join(fellow.name for fellow in fellows)
    return (Span(cut(f"  -- {what} of {names}: seen here, V or :on VENUE to act there --", width), "dim"),)


def total_of_all(total: Totals, count: int, width: int) -> Row:
    """Return the line under the legs of all accounts, in dollars."""
    long = (total.gross + total.net) / 2
    role, mark = ("stale", "?") if total.exposure_doubtful else ("text", "")
    old = "?" if total.doubtful else ""
    gain = "stale" if old else "gain" if total.unrealised > 0 else "loss" if total.unrealised < 0 else "text"
    unbounded = "" if total.bounded else "+unbounded"
    parts: list[Part] = [
        part(0, f"  TOTAL {count} accounts", "header"),
        part(6, f"long {worth(long, 5)}{mark}", role),
        part(7, f"short {worth(total.gross - long, 5)}{mark}", role),
        part(1, f"net {worth(total.net, 6, signed=True)}{mark}", role),
        part(2, f"gross {worth(total.gross, 5)}{mark}", role),
        part(4, f"uP&L {money(total.unrealised, CURRENCY, signed=True)}{old}", gain),
        part(3, f"all stops hit {money(-total.risk, CURRENCY, signed=True)}{unbounded}{mark}", role),
    ]
    return by_rank(parts, width)
