"""What every performer works with: the desk, the screen, and the few questions that all of them ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Protocol

from tui_trader.core.clock import Clock
from tui_trader.core.error import CommandError, TraderError
from tui_trader.core.position import Position
from tui_trader.core.types import InstrumentId, Severity
from tui_trader.desk.commands import Executor
from tui_trader.desk.desk import Desk
from tui_trader.desk.orders import Sent
from tui_trader.ui.habits import Habits
from tui_trader.ui.performers.fellows import Alone, Fellows
from tui_trader.ui.performers.surface import Surface
from tui_trader.ui.twice import Twice
from tui_trader.venues.base import Outcome

NOT_YET = "not available in this version"
TOO_SMALL = "too small to enter orders"
SMALL_FIX = "80x24; x c C X ^G work"

Performer = Callable[[], None]
"""Does what an action says; raises a TraderError when that cannot be."""


class Room(Protocol):
    """A part of what keys can do."""

    def performers(self) -> dict[str, Performer]:
        """Return what each action of this room does, by the action's id."""


class Bench:
    """One desk, one screen."""

    def __init__(
        self,
        desk: Desk,
        surface: Surface,
        clock: Clock,
        symbols: Sequence[InstrumentId],
        habits: Habits,
        *,
        find_label: Callable[[str], str | None] | None = None,
    ) -> None:
        self.desk = desk
        self.surface = surface
        self.clock = clock
        self.symbols = list(symbols)
        self.habits = habits
        self.twice = Twice(clock)
        self.executor = Executor(desk, find_label=find_label, macros=desk.macros)
        self.executor.desks = lambda: self.fellows.desks()
        self.layout: Callable[[str], str] = _no_layouts
        """Change the arrangement of panes; return one line. Raises CommandError naming those there are."""
        self.grouping: Callable[[Decimal | None], str] = _no_steps
        """Gather the ladder's levels by a step; return one line. Raises CommandError naming those that can be."""
        self.sifting: Callable[[Decimal | None, bool], str] = _no_tape
        """Leave trades smaller than a size, or than a value, out of the tape; return one line."""
        self.key_does: Callable[[str], str] = lambda key: ""
        """What a key does already, in words; empty for nothing."""
        self.arm: Callable[[int | None], None] = lambda seconds: None
        """Lets single keys send for so many seconds, None for the configured time."""
        self.ask_quit: Callable[[], None] = lambda: None
        """Raises CommandError once where the program had better not end yet."""
        self.quit: Callable[[], None] = lambda: None
        """Ends the program on a typed line."""
        self.fellows: Fellows = Alone(desk, surface)
        """The accounts of the program, this one among them."""
        self.returned = False
        """Whether the screen came back and nothing was done on it since: what is staged there may have been forgotten."""
        self.agreed: frozenset[str] = frozenset()
        """The doubts that were shown: Enter sends in spite of these, and of no others."""

    @property
    def refused(self) -> str:
        """Why what is staged was refused when it was to leave at once; empty when it was not, or was changed since."""
        refusal, draft = self.executor.refused, self.desk.stage.draft
        return refusal.reason if refusal is not None and refusal.draft is draft else ""

    def position(self) -> Position:
        """Return the leg that keys are about: the one under the cursor, else that of the symbol on the screen."""
        chosen = self.surface.selected_position()
        if chosen is not None and not chosen.is_flat:
            return chosen
        legs = [p for p in self.desk.store.open_positions() if p.instrument == self.desk.focus]
        if not legs:
            raise CommandError("there is no position here", fix="gp chooses one")
        return legs[0]

    def need(self, iid: InstrumentId | None) -> InstrumentId:
        """Return the instrument to enter an order in; raises CommandError when there is none, or nobody could see the ticket."""
        iid = self.shown(iid)
        if not self.surface.tradable:
            raise CommandError(TOO_SMALL, fix=SMALL_FIX)
        return iid

    def shown(self, iid: InstrumentId | None) -> InstrumentId:
        """Return the instrument on the screen; raises CommandError when there is none yet."""
        if iid is None:
            raise CommandError("no symbol on the screen yet", fix="/ finds one")
        return iid

    def see(self) -> None:
        """Raise CommandError when an entry would leave unseen."""
        if not self.surface.tradable:
            raise CommandError(TOO_SMALL, fix=SMALL_FIX)
        if not self.surface.current:
            raise CommandError(
                "display delayed: your terminal has not shown the last seconds yet",
                fix="Enter once it has; x c C X ^G work",
            )

    def unseen(self, what: str) -> None:
        """Say what is staged where there is no ticket to see it in."""
        if not self.surface.tradable:
            self.surface.say(f"{what} is staged: Enter sends, Esc drops", Severity.WARNING)

    def refuse(self, error: TraderError) -> None:
        """Say why something was not done."""
        fix = getattr(error, "fix", "")
        self.surface.say(error.message + (f"  try: {fix}" if fix else ""), Severity.WARNING)

    async def tell(self, work: Awaitable[Sent], what: str) -> None:
        """Wait for what was sent and say how it ended; an acknowledged order says it by its row."""
        sent = await work
        if sent.outcome is Outcome.ACK:
            return  # the row in the orders pane says it better
        text = sent.text or sent.outcome.value
        self.surface.say(f"{what}: {text}", severity_of(sent.outcome))


def severity_of(outcome: Outcome) -> Severity:
    """Return how loudly an outcome is said."""
    if outcome in (Outcome.ACK, Outcome.MISSING):
        return Severity.NOTE
    return Severity.ALARM if outcome in (Outcome.UNKNOWN, Outcome.EXISTS) else Severity.WARNING


def _no_layouts(name: str) -> str:
    raise CommandError("there are no layouts on this screen", fix="z zooms a pane")


def _no_tape(least: Decimal | None, quote: bool) -> str:
    raise CommandError("there is no tape on this screen", fix="the trading screen has one")


def _no_steps(step: Decimal | None) -> str:
    raise CommandError("there is no ladder on this screen", fix="the trading screen has one")
