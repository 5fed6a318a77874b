"""What the keys do on the trading screen: each action's performer, and what every key ends that waited. It draws nothing.

Whatever is sent runs as a named task, so that no key waits for the network; its result is said in one line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui_trader.core.clock import Clock
from tui_trader.core.error import CommandError, TraderError
from tui_trader.core.types import InstrumentId, Severity
from tui_trader.desk.desk import Desk
from tui_trader.state import topic as t
from tui_trader.ui.action import Action
from tui_trader.ui.arming import Arming
from tui_trader.ui.habits import Habits
from tui_trader.ui.performers.armed import Armed
from tui_trader.ui.performers.bench import NOT_YET, Bench, Performer, Room
from tui_trader.ui.performers.entry import Entry
from tui_trader.ui.performers.exit import Exit
from tui_trader.ui.performers.sending import Sending
from tui_trader.ui.performers.size_mode import SizeMode
from tui_trader.ui.performers.surface import Surface
from tui_trader.ui.performers.symbol import Symbol
from tui_trader.ui.performers.typed import Typed
from tui_trader.ui.performers.venues import Venues
from tui_trader.ui.performers.way_out import WayOut
from tui_trader.ui.performers.working import Working
from tui_trader.ui.scalper import PREFIX

_PRESSED_TWICE = frozenset({"cancel.selected", "flatten.symbol", "panic", "quit", "leave", "send"})
"""Actions that wait for their second press themselves."""


class Trading:
    """Keys and typed lines against one desk."""

    def __init__(
        self,
        desk: Desk,
        surface: Surface,
        clock: Clock,
        symbols: Sequence[InstrumentId],
        habits: Habits | None = None,
        *,
        find_label: Callable[[str], str | None] | None = None,
    ) -> None:
        habits = habits or Habits()
        self.bench = Bench(desk, surface, clock, symbols, habits, find_label=find_label)
        self.arming = Arming(clock, self._hindrance, habits.arm_s)
        entry, exit, sending = Entry(self.bench), Exit(self.bench), Sending(self.bench)
        self.armed = Armed(self.bench, self.arming, entry, exit, sending)
        self.bench.arm = self.armed.arm
        self.typed = Typed(self.bench)
        way_out = WayOut(self.bench)
        self.bench.quit, self.bench.ask_quit = way_out.leave, way_out.ask
        rooms: tuple[Room, ...] = (
            entry,
            sending,
            exit,
            self.armed,
            Working(self.bench),
            Symbol(self.bench),
            SizeMode(self.bench),
            Venues(self.bench),
            way_out,
        )
        self.performers: dict[str, Performer] = {}
        """What each action does that is not the screen's alone, by the action's id."""
        for room in rooms:
            self.performers |= room.performers()

    def _hindrance(self) -> str:
        bench = self.bench
        if not bench.surface.current:
            return "your terminal lags behind"
        return bench.desk.blocked(bench.desk.focus) if bench.desk.focus is not None else "no symbol yet"

    def look(self) -> None:
        """Be SAFE again for the first reason there is; call it often."""
        desk = self.bench.desk
        if why := self.arming.look(desk.account.name, desk.focus):
            self.bench.surface.say(f"SAFE again: {why}", Severity.WARNING)

    def disarm(self, why: str) -> None:
        """Be SAFE again."""
        if self.arming.armed:
            self.arming.disarm()
            self.bench.surface.say(f"SAFE again: {why}", Severity.WARNING)

    @property
    def confirming(self) -> bool:
        """Whether a doubt was shown and the next Enter sends in spite of it."""
        return bool(self.bench.agreed)

    @property
    def refused(self) -> str:
        """Why what is staged was refused when it was to leave at once; empty when it was not."""
        return self.bench.refused

    def other_key(self) -> None:
        """Say that a key went elsewhere: what waited for its second press waits no more."""
        self.bench.twice.forget()
        self.bench.agreed = frozenset()
        self.bench.returned = False

    def leave_screen(self) -> None:
        """Say that another account goes on the screen: keys are SAFE, and nothing waits for another press."""
        self.disarm("another account is on the screen")
        self.other_key()

    def come_back(self) -> None:
        """Say that this account is on the screen now."""
        self.disarm("another account was on the screen")
        self.other_key()
        self.bench.returned = self.bench.desk.stage.draft is not None

    def perform(self, action: Action) -> None:
        """Do what an action says, now or as a task; what cannot be done is said."""
        if action.id not in _PRESSED_TWICE:
            self.bench.twice.forget()
        if action.id != "send":
            self.bench.agreed = frozenset()
            self.bench.returned = False
        try:
            performer = self.performers.get(action.id.removeprefix(PREFIX))
            if performer is None:
                raise CommandError(f"{action.id}: {NOT_YET}")
            performer()
        except TraderError as error:
            self.bench.refuse(error)
        finally:
            self.bench.desk.store.touch(t.STAGE)

    def enter(self, text: str) -> bool:
        """Run a typed line; False leaves it in the prompt to be mended."""
        return self.typed.enter(text)

    def explain(self, text: str) -> tuple[list[str], bool]:
        """Return in phrases what a half-typed line means, and whether it reads."""
        return self.typed.explain(text)

    def edit(self, text: str) -> str:
        """Replace the staged order by a line; return what is wrong with it, empty when it was taken."""
        return self.typed.edit(text)
