"""One line about the accounts that are not on the screen: their links, what they hold, and whether anything is unprotected.

It is drawn where the header has no room for all accounts. It shows; nothing can be done to another account from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from tui_trader.core.clock import Clock
from tui_trader.state import topic as t
from tui_trader.state.store import Store
from tui_trader.ui.format import money
from tui_trader.ui.panes.fellow import Fellow
from tui_trader.ui.panes.spans import BLANK, Row, Span, page, width_of
from tui_trader.ui.panes.view import View

_TOPICS: frozenset[t.Topic] = frozenset({t.POSITIONS, t.MARKS, t.ORDERS, t.LINKS, t.CLOCK})


class BesideView(View):
    """The other accounts in a line."""

    name: ClassVar[str] = "beside"

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        fellows: Callable[[], Sequence[Fellow]] = tuple,
        absent: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """``fellows`` are the other accounts, ``absent`` those that are not open and why."""
        super().__init__(store, clock)
        self._fellows = fellows
        self._absent = absent

    @property
    def topics(self) -> frozenset[t.Topic]:
        return _TOPICS

    def body(self, width: int, height: int) -> list[Row]:
        absent: list[Row] = [(Span(f"-{name} ", "dim"), Span(why, "warning")) for name, why in self._absent().items()]
        whole = [*(segment(fellow) for fellow in self._fellows()), *absent]
        if sum(width_of(one) + 3 for one in whole) > width:
            whole = [*(segment(fellow, brief=True) for fellow in self._fellows()), *absent]
        return page([in_a_line(whole, width)], width, height)


def segment(fellow: Fellow, *, brief: bool = False) -> Row:
    """Return one account: ``*mexc/main 2 pos 5 ord +10.00``, ``!paradex/l2 priv RESYNC 2.1s 1 pos +33.30? 1 NAKED``.

    A ``brief`` one leaves out orders, and the label where it is the usual one.
    """
    store = fellow.store
    lanes = [(word, lane) for word, lane in zip(("pub", "priv"), fellow.lanes(), strict=True) if lane.there and not lane.good]
    told = store.private_is_fresh(fellow.venue)
    doubt = "" if told else "?"
    name = fellow.name.removesuffix("/main") if brief else fellow.name
    row = [
        Span("!" if lanes else "*", "alarm" if lanes else "good"),
        Span(name, fellow.role),
    ]
    if brief and len(lanes) > 1:  # one word for both
        lanes = [("", lanes[-1][1])]
    row += [Span(f" {f'{word} ' if word else ''}{lane.text}", "alarm") for word, lane in lanes]
    if lock := fellow.lock():
        row.append(Span(f" {lock}", "alarm"))
    legs, working = len(store.open_positions()), len(store.blotter.working())
    held = f" {legs} pos{doubt}" if brief else f" {legs} pos{doubt} {working} ord{doubt}"
    row.append(Span(held, "text" if told else "stale"))
    if legs:
        profit, old = fellow.profit()
        role = "stale" if old else "gain" if profit > 0 else "loss" if profit < 0 else "text"
        row.append(Span(f" {money(profit, 'USD', signed=True)}{'?' if old else ''}", role))
    if naked := fellow.naked():
        row.append(Span(f" {naked} NAKED{doubt}", "alarm"))
    return tuple(row)


def in_a_line(told: Sequence[Row], width: int) -> Row:
    """Return segments side by side; those that do not fit are counted, so that nobody disappears unseen."""
    row: Row = BLANK
    for at, one in enumerate(told):
        lead: Row = (Span(" │ ", "border"),) if at else (Span(" ", "text"),)
        more = f" +{len(told) - at - 1} more" if at + 1 < len(told) else ""
        if width_of(row) + width_of(lead) + width_of(one) + len(more) > width:
            return (*row, Span(f" +{len(told) - at} more", "warning"))
        row = (*row, *lead, *one)
    return row
