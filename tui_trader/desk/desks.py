"""The desks of one program, one for each account: which are open, which one keys go to, and what is done at all of them.

Every desk has its own store, journal, limits, trading state and consent, and none is told of another: this only holds them beside
each other. It must not know how a desk is opened, or what a screen is.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_trader.core.error import CommandError, LinkError, TraderError
from tui_trader.net.tasks import OnFailure, TaskSet

if TYPE_CHECKING:
    # Late: the first paint must not wait for what a desk is made of.
    from tui_trader.core.types import InstrumentId
    from tui_trader.desk.desk import Desk
    from tui_trader.state.topic import Topic

Opener = Callable[[contextlib.AsyncExitStack], Awaitable["tuple[Desk, list[InstrumentId]]"]]
"""Opens a started desk and says which symbols n and N walk through; what it starts ends with the stack."""

OPENING = "it is being opened"

KNOWN_LOOKS = 200
"""How often, every LOOK_S seconds, a desk that was opened during a panic is given time to learn what it has."""

LOOK_S = 0.05


@dataclass(slots=True, eq=False)
class Seat:
    """One open desk, and what ends with it."""

    desk: Desk
    symbols: list[InstrumentId]
    stack: contextlib.AsyncExitStack

    @property
    def name(self) -> str:
        """Venue and label: ``mexc/main``."""
        return self.desk.account.name

    def answers_to(self, venue: str, label: str = "") -> bool:
        """Whether this is the account of a venue and a label; each may be empty, and any letter case will do."""
        account = self.desk.account
        return venue.lower() in ("", account.venue.name) and label.lower() in ("", account.label.lower())


class Desks:
    """An ordered set of open desks, one of them active; before the first is open there is none."""

    def __init__(self, on_failure: OnFailure) -> None:
        self.seats: list[Seat] = []
        """In the order they were asked for."""
        self.absent: dict[str, str] = {}
        """Accounts that were asked for and are not open, and why not."""
        self._order: list[str] = []
        self._active: Seat | None = None
        self._owed: dict[str, bool] = {}
        self._tasks = TaskSet(on_failure)

    # -- which there are -------------------------------------------------------------------------------------------

    @property
    def active(self) -> Seat:
        """The desk that keys go to; raises LinkError before there is one."""
        if self._active is None:
            raise LinkError("not connected yet")
        return self._active

    def others(self) -> list[Seat]:
        """Return the desks beside the active one."""
        return [seat for seat in self.seats if seat is not self._active]

    def find(self, venue: str, label: str = "") -> Seat:
        """Return the desk of a venue and a label, of which one may be empty; raises CommandError, saying what there is."""
        found = [seat for seat in self.seats if seat.answers_to(venue, label)]
        if len(found) == 1:
            return found[0]
        named = "/".join(part for part in (venue, label) if part)
        if found:
            raise CommandError(
                f"{named} could be {' or '.join(seat.name for seat in found)}", fix=f"acct {found[0].desk.account.label}"
            )
        absent = [name for name in self.absent if _is_like(name, venue, label)]
        if absent:
            raise CommandError(f"{absent[0]} is not open: {self.absent[absent[0]]}")
        raise CommandError(f"no account here is {named}; there are: {', '.join(seat.name for seat in self.seats)}")

    def named(self, name: str) -> Seat:
        """Return the desk of an account by its whole name, which must be open."""
        return next(seat for seat in self.seats if seat.name == name)

    def choose(self, seat: Seat) -> None:
        """Let keys go to a desk from now on."""
        self._active = seat

    # -- opening and closing ---------------------------------------------------------------------------------------

    def seat(self, seat: Seat) -> None:
        """Take in a desk that is open; the first one is active."""
        self.absent.pop(seat.name, None)
        self._expect(seat.name)
        self.seats.append(seat)
        self.seats.sort(key=lambda one: self._order.index(one.name))
        self._active = self._active or seat

    def begin(self, name: str, opener: Opener, opened: Callable[[Seat], None], failed: Callable[[str, str], None]) -> None:
        """Open another desk beside those there are, without waiting for it; ``opened`` or ``failed`` is told what came of it.

        Raises CommandError while it is open already, or being opened.
        """
        if self.absent.get(name) == OPENING or any(seat.name == name for seat in self.seats):
            raise CommandError(f"{name} {OPENING if name in self.absent else 'is open already'}")
        self._expect(name)
        self.absent[name] = OPENING
        self._tasks.spawn(f"open {name}", self._open(name, opener, opened, failed))

    async def _open(self, name: str, opener: Opener, opened: Callable[[Seat], None], failed: Callable[[str, str], None]) -> None:
        async with contextlib.AsyncExitStack() as stack:
            self._owed.pop(name, None)
            why = "the program failed to open it (see the log)"
            try:
                desk, symbols = await opener(stack)
                why = ""
            except TraderError as error:
                why = error.message
            finally:  # whatever happened, nobody may go on believing that it is on its way
                if why:
                    self.absent[name] = why
                    self._owed.pop(name, None)
            if why:
                failed(name, why)
                return
            seat = Seat(desk, symbols, stack.pop_all())
        self.seat(seat)
        opened(seat)

    async def close_all(self) -> None:
        """End what is being opened, and every desk, side by side."""
        await self._tasks.close()
        ending, self.seats = self.seats, []
        ended = await asyncio.gather(*(seat.stack.aclose() for seat in ending), return_exceptions=True)
        for failure in ended:  # all have ended by now, whatever one of them met
            if isinstance(failure, Exception):
                raise failure

    # -- all of them -----------------------------------------------------------------------------------------------

    def take_dirty(self) -> set[Topic]:
        """Return what changed at any desk since the last call, and forget it: what nobody shows must not gather."""
        dirty: set[Topic] = set()
        for seat in self.seats:
            dirty |= seat.desk.store.take_dirty()
        return dirty

    def owe_panic(self, *, flatten: bool) -> list[str]:
        """Note that everything is being cancelled: desks that are being opened do it as soon as they are. Return their names."""
        owing = [name for name, why in self.absent.items() if why == OPENING]
        for name in owing:
            self._owed[name] = self._owed.get(name, False) or flatten
        return owing

    async def pay_panic(self, seat: Seat) -> str:
        """Do at a desk that was being opened during a panic what the others did; return what came of it, empty for nothing."""
        if seat.name not in self._owed:
            return ""
        flatten = self._owed.pop(seat.name)
        desk = seat.desk
        if flatten:
            desk.controls.halt("everything was flattened")
        else:
            desk.controls.reduce("everything was cancelled")
        for _ in range(KNOWN_LOOKS):
            if desk.reconciled or desk.account.credential is None:
                break
            await asyncio.sleep(LOOK_S)
        return await desk.panic(flatten=flatten)

    def _expect(self, name: str) -> None:
        if name not in self._order:
            self._order.append(name)

    def summary(self) -> Mapping[str, str]:
        """Return every account that was asked for, in order, and why it is not open; empty for an open one."""
        return {name: self.absent.get(name, "") for name in self._order}


def _is_like(name: str, venue: str, label: str) -> bool:
    own_venue, _, own_label = name.partition("/")
    return venue.lower() in ("", own_venue) and label.lower() in ("", own_label.lower())
