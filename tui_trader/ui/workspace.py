"""Workspace: which panes are shown, which one fills the middle, where keys go, and how prices are gathered; a value to be kept.

What a file says is checked field by field: a word that means nothing any more is left out, it never stops the program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tui_trader.core.error import JournalError
from tui_trader.storage.state_file import StateFile
from tui_trader.ui.panes.registry import FOCUS_ORDER
from tui_trader.ui.slot import Slot

ALWAYS = frozenset({Slot.HEADER, Slot.POSITIONS, Slot.TICKET, Slot.COMMAND, Slot.STATUS})
"""What no workspace hides: what is held, what is about to be sent, and what the terminal says."""

MOST_SAVED = 20


@dataclass(frozen=True, slots=True)
class Workspace:
    """One arrangement of the screen."""

    name: str
    hidden: frozenset[Slot] = frozenset()
    zoomed: Slot | None = None
    focus: Slot = Slot.BOOK
    symbol: str = ""
    """Shown first when the program starts; empty leaves what the configuration says."""
    group: int = 1
    """Ticks on a row of the ladder."""

    def written(self) -> dict[str, Any]:
        """Return it as it stands in a file."""
        return {
            "name": self.name,
            "hidden": sorted(self.hidden),
            "zoomed": self.zoomed or "",
            "focus": str(self.focus),
            "symbol": self.symbol,
            "group": self.group,
        }


SHIPPED: tuple[Workspace, ...] = (
    Workspace("all"),
    Workspace("book", frozenset({Slot.CHART, Slot.WATCH, Slot.JOURNAL, Slot.PNL, Slot.SECOND})),
    Workspace("chart", frozenset({Slot.TAPE, Slot.FILLS, Slot.JOURNAL, Slot.SECOND}), focus=Slot.POSITIONS),
    Workspace("review", frozenset({Slot.SECOND, Slot.TAPE, Slot.CHART}), zoomed=Slot.JOURNAL, focus=Slot.JOURNAL),
)
"""What ``w`` walks through, along with those that the trader saved."""


def read(document: Mapping[str, Any]) -> Workspace:
    """Return what a file says, without what cannot be."""
    slots = {str(slot): slot for slot in Slot}
    hidden = document.get("hidden")
    names = hidden if isinstance(hidden, list) else []
    group, symbol, name = document.get("group"), document.get("symbol"), document.get("name")
    focus, zoomed = slots.get(str(document.get("focus"))), slots.get(str(document.get("zoomed")))
    return Workspace(
        name=name if isinstance(name, str) and name.isprintable() and 0 < len(name) <= 32 else "all",
        hidden=frozenset(slots[word] for word in map(str, names) if word in slots and slots[word] not in ALWAYS),
        zoomed=zoomed if zoomed in FOCUS_ORDER else None,
        focus=focus if focus in FOCUS_ORDER else Slot.BOOK,
        symbol=symbol if isinstance(symbol, str) and symbol.isascii() and len(symbol) <= 32 else "",
        group=group if isinstance(group, int) and 0 < group <= 10_000 else 1,
    )


class Shelf:
    """The trader's workspaces: the present one and the saved ones, in a file that outlives the program."""

    def __init__(self, file: StateFile | None = None) -> None:
        """Without a file nothing outlives the program. One that cannot be read is said in ``problem`` and begun anew."""
        self._file = file
        self.now = SHIPPED[0]
        self.saved: dict[str, Workspace] = {}
        self.problem = ""
        try:
            document = file.read() if file is not None else {}
        except JournalError as error:
            self.problem = f"{error}: the layout begins anew"
            return
        if isinstance(present := document.get("now"), dict):
            self.now = read(present)
        if isinstance(kept := document.get("saved"), list):
            spaces = [read(one) for one in kept[:MOST_SAVED] if isinstance(one, dict)]
            self.saved = {space.name: space for space in spaces}

    def all(self) -> dict[str, Workspace]:
        """Return every workspace by its name; a saved one stands for a shipped one of the same name."""
        return {space.name: space for space in SHIPPED} | self.saved

    def keep(self) -> None:
        """Write everything down; raises JournalError where that cannot be done."""
        if self._file is not None:
            self._file.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file.write({"now": self.now.written(), "saved": [space.written() for space in self.saved.values()]})
