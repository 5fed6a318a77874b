"""Workspaces on the trading screen: ``w`` and the lines that begin with ``layout``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tui_trader.core.error import CommandError, JournalError, TraderError
from tui_trader.core.types import Severity
from tui_trader.ui.panes.registry import LEAST
from tui_trader.ui.performers.bench import Performer
from tui_trader.ui.slot import Size, Slot
from tui_trader.ui.workspace import ALWAYS, MOST_SAVED, SHIPPED, Shelf, Workspace

if TYPE_CHECKING:
    from tui_trader.ui.screens.cockpit import Cockpit

USAGE = "layout NAME, layout save NAME, layout hide PANE, layout show PANE, layout reset"


class Workspaces:
    """Changes which panes are shown."""

    def __init__(self, screen: Cockpit, shelf: Shelf) -> None:
        self._screen = screen
        self._shelf = shelf

    @property
    def least(self) -> dict[Slot, Size]:
        """The panes that are wanted, with the least room of each."""
        return {slot: size for slot, size in LEAST.items() if slot not in self._shelf.now.hidden}

    def performers(self) -> dict[str, Performer]:
        """Return what each action does."""
        return {"workspace.next": self._next}

    def begin(self) -> None:
        """Take up what the file says, before anything is painted."""
        now, focus = self._shelf.now, self._screen.pane_focus
        focus.zoomed = now.zoomed
        focus.slot = now.focus
        while self._screen.ladder.grouping < now.group:
            before = self._screen.ladder.grouping
            self._screen.ladder.group(1)
            if self._screen.ladder.grouping == before:
                break

    def present(self, name: str = "") -> Workspace:
        """Return what the screen is like now."""
        focus, screen = self._screen.pane_focus, self._screen
        return replace(
            self._shelf.now,
            name=name or self._shelf.now.name,
            zoomed=focus.zoomed if focus.kept_zoomed else None,
            focus=focus.slot,
            symbol=screen.desk.focus.symbol if screen.desk.focus is not None else "",
            group=screen.ladder.grouping,
        )

    def keep(self) -> None:
        """Write down what the screen is like, for the next start."""
        self._shelf.now = self.present()
        try:
            self._shelf.keep()
        except (JournalError, OSError) as error:
            self._screen.say(f"the layout is not kept: {error}", Severity.WARNING)

    def explain(self, words: Sequence[str]) -> tuple[list[str], bool]:
        """Return what a half-typed line means, and whether it reads."""
        try:
            return [f"=> {self._meaning(words)}"], True
        except CommandError as error:
            return [error.message, f"try: {error.fix}"], False

    def run(self, words: Sequence[str]) -> bool:
        """Do what a line says; False when it does not read."""
        try:
            said = self._meaning(words)
            self._do(words)
        except TraderError as error:
            self._screen.say(f"{error.message}  try: {getattr(error, 'fix', '') or USAGE}", Severity.WARNING)
            return False
        self._screen.say(said)
        return True

    def by_name(self, name: str) -> str:
        """Load a workspace, empty asks which there are; return what was done. Raises CommandError."""
        words = [name] if name else []
        said = self._meaning(words)
        self._do(words)
        return said

    # -- inside --------------------------------------------------------------------------------------------------------

    def _meaning(self, words: Sequence[str]) -> str:
        known = ", ".join(self._shelf.all())
        match [word.lower() for word in words]:
            case []:
                return f"layouts: {known}; shown: {self._shelf.now.name}"
            case ["reset"]:
                return "layout as shipped: every pane in its place"
            case ["save", name]:
                if not (name.isascii() and name.isidentifier() and len(name) <= 32):
                    raise CommandError(f"{name!r} is no name for a layout", fix="layout save NAME, of letters and digits")
                if len(self._shelf.saved) >= MOST_SAVED and name not in self._shelf.saved:
                    raise CommandError(f"{MOST_SAVED} layouts are saved already", fix="save over one of them")
                return f"layout {name} saved: w or :layout {name} brings it back"
            case ["hide" | "show" as verb, pane]:
                return f"layout: {self._pane(pane)} {'hidden' if verb == 'hide' else 'shown'}"
            case ["load", name] | [name] if name in self._shelf.all():
                return f"layout {name}"
            case ["load", name] | [name]:
                raise CommandError(f"there is no layout called {name!r}", fix=f"there are {known}")
            case _:
                raise CommandError("a layout is loaded, saved or reset", fix=USAGE)

    def _do(self, words: Sequence[str]) -> None:
        shelf = self._shelf
        match [word.lower() for word in words]:
            case ["reset"]:
                self.show(SHIPPED[0])
            case ["save", name]:
                shelf.saved[name] = self.present(name)
                shelf.now = shelf.saved[name]
                self.keep()
            case ["hide", pane]:
                self.show(replace(self.present(), hidden=shelf.now.hidden | {self._pane(pane)}))
            case ["show", pane]:
                self.show(replace(self.present(), hidden=shelf.now.hidden - {self._pane(pane)}))
            case ["load", name] | [name]:
                self.show(shelf.all()[name])

    def show(self, space: Workspace) -> None:
        """Arrange the screen as a workspace says; the symbol stays, an account is not switched by a key."""
        self._shelf.now = space
        focus = self._screen.pane_focus
        focus.zoomed = space.zoomed
        self._screen.lay_out()
        focus.go(space.focus if space.focus in self._screen.plan.slots else Slot.POSITIONS)

    def _next(self) -> None:
        spaces = list(self._shelf.all().values())
        names = [space.name for space in spaces]
        at = names.index(self._shelf.now.name) if self._shelf.now.name in names else -1
        self.show(spaces[(at + 1) % len(spaces)])
        self._screen.say(f"workspace {self._shelf.now.name}: {', '.join(names)}")

    def _pane(self, word: str) -> Slot:
        slots = {str(slot): slot for slot in LEAST if slot not in ALWAYS}
        found = [slot for name, slot in slots.items() if name == word] or [s for n, s in slots.items() if n.startswith(word)]
        if len(found) != 1:
            raise CommandError(f"{word!r} names no pane that can be hidden", fix=", ".join(slots))
        return found[0]
