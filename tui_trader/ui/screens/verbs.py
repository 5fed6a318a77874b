"""What a few keys ask of the pane in focus: its next timeframe or tab, a row in full, a copy of it; and the mask over money.

A view takes part by having the method; one without it is told of in a sentence. Nothing here sends anything.
"""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

from tui_trader.core.clock import rfc3339
from tui_trader.core.decimals import plain
from tui_trader.core.sanitise import sanitise
from tui_trader.core.types import InstrumentId
from tui_trader.ui.format import latency
from tui_trader.ui.mask import HIDDEN, MASK
from tui_trader.ui.performers.bench import Performer
from tui_trader.ui.slot import Slot

if TYPE_CHECKING:
    from tui_trader.ui.screens.trade import TradeScreen

TURNS = ("timeframe", "next_currency")
"""Methods of ``[`` and ``]``: with a step of -1 or 1, or for a circle of few, without."""

_INNER = frozenset({"sequence", "mark_then", "waited_as"})
"""What puts news in order and tells a trader nothing."""

_MONEY = ("margin", "fee", "funding", "realised", "profit", "pnl", "balance")
"""Words in the names of what is hidden along with the balances."""


class Verbs:
    """Keys whose meaning is the focused pane's."""

    def __init__(self, screen: TradeScreen) -> None:
        self._screen = screen

    def performers(self) -> dict[str, Performer]:
        """Return what each action does."""
        return {
            "tab.next": partial(self._turn, 1),
            "tab.previous": partial(self._turn, -1),
            "inspect": self._inspect,
            "copy": self._copy,
            "balances": self._hide,
        }

    # -- the pane in focus ---------------------------------------------------------------------------------------------

    def _view(self) -> Any:
        return self._screen.views[self._screen.pane_focus.slot]

    def _cannot(self, what: str) -> None:
        self._screen.say(f"{what} in the {self._screen.pane_focus.slot} pane")

    def _turn(self, step: int) -> None:
        """Go to the next timeframe or tab: of the pane in focus if it has some, else of the chart."""
        for view in (self._view(), self._screen.views.get(Slot.CHART)):
            if hasattr(view, TURNS[0]):
                view.timeframe(step)  # type: ignore[union-attr]
                return
            if hasattr(view, TURNS[1]):
                view.next_currency()  # type: ignore[union-attr]
                return
        self._cannot("there is nothing to turn to")

    def _chosen(self) -> Any:
        selected = getattr(self._view(), "selected", None)
        return selected() if selected is not None else None

    def _inspect(self) -> None:
        chosen = self._chosen()
        if chosen is None:
            self._cannot("no row is chosen: j and k choose one")
        else:
            details = getattr(self._view(), "details", None)
            rows = facts(chosen) + (details(chosen) if details is not None else [])
            self._screen.show_rows(f"{type(chosen).__name__.lower()} in full", rows)

    def _copy(self) -> None:
        chosen = self._chosen()
        if chosen is None:
            self._cannot("no row is chosen: j and k choose one")
            return
        text = plain(chosen) if isinstance(chosen, Decimal) else "\n".join(f"{name} {value}" for name, value in facts(chosen))
        self._screen.program.copy_to_clipboard(text)
        self._screen.say(f"copied {text.splitlines()[0][:60]} (by OSC 52, if the terminal takes it)")

    def _hide(self) -> None:
        hidden = MASK.toggle()
        for view in self._screen.views.values():
            view.moved()
        self._screen.say("balances are hidden: H shows them" if hidden else "balances are shown")


def facts(thing: Any) -> list[tuple[str, str]]:
    """Return what is known of an order, a leg, a fill or an instrument, one name and text each; what is not known is left out."""
    if isinstance(thing, InstrumentId):
        return [("symbol", thing.symbol), ("venue", thing.venue)]
    if not dataclasses.is_dataclass(thing):
        return [("value", _text(thing))]
    shown = [one.name for one in dataclasses.fields(thing) if one.repr and one.name not in _INNER]
    rows = [(name.removesuffix("_ns").replace("_", " "), _of(name, getattr(thing, name))) for name in shown]
    if MASK.on:
        rows = [(name, HIDDEN if any(word in name for word in _MONEY) and name != "margin mode" else text) for name, text in rows]
    return [(name, text) for name, text in rows if text]


def _of(name: str, value: Any) -> str:
    """Return a field as text: times as such, several things as how many there are."""
    if name.endswith("_ns"):
        return "" if not value else latency(value) if name == "rtt_ns" else rfc3339(value)
    return str(len(value)) if isinstance(value, tuple) and value and not isinstance(value, InstrumentId) else _text(value)


def _text(value: Any) -> str:
    if value is None or value is False or value == () or value == "":
        return ""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, InstrumentId):
        return f"{value.symbol} on {value.venue}"
    return sanitise(str(value).replace("_", " ") if isinstance(value, Enum) else str(value), 200)
