"""Action: something a key can do, and where that key goes. It knows neither keys of other actions nor what doing it means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Context(StrEnum):
    """Where keys go."""

    ANYWHERE = "anywhere"
    """On every screen and in every text field."""
    TRADE = "trade"
    """The trading screen, whatever pane has the focus."""
    STAGED = "staged"
    """The trading screen while an order is staged."""
    CLOSING = "closing"
    """While the staged order is a close."""
    SCALPER = "scalper"
    """On the ladder while single keys send; for the second shipped map."""
    ARMED = "armed"
    """While single keys send, and nothing is staged."""
    LIST = "list"
    """A pane with rows has the focus and nothing is staged."""
    BOOK = "book"
    """The ladder has the focus and nothing is staged."""
    CHART = "chart"
    """The chart has the focus and nothing is staged."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something a key can do."""

    id: str
    keys: tuple[str, ...]
    """Key names; a sequence is written with a space: ``g p``."""
    context: Context
    text: str
    """What the help says."""
    adds_exposure: bool = False
    """True when the action can send an order that opens or grows a position; none of these is on a single key from SAFE."""

    @property
    def sends(self) -> bool:
        """Whether its key alone sends something: it has to be a press of its own."""
        return self.id.endswith(".now")
