"""A desk as a waiting line sees it: the same account and the same judges, with a stage of its own.

What the trader has in the ticket stays there, and no symbol on the screen changes, while a line of theirs runs. Whatever would
ask for a second Enter is refused: nobody is there to press it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, cast

from tui_trader.core.command import Command
from tui_trader.core.error import RefusedError
from tui_trader.core.types import InstrumentId
from tui_trader.desk.orders import Sent
from tui_trader.venues.base import Outcome

if TYPE_CHECKING:
    from tui_trader.desk.commands import Executor
    from tui_trader.desk.desk import Desk


class Backstage:
    """Stands in for a Desk; what is not said here is the desk's."""

    def __init__(self, desk: Desk, focus: InstrumentId | None) -> None:
        """``focus`` is the instrument that a line means where it names none: that on the screen when it was made."""
        self._desk = desk
        self.focus = focus
        self.stage, self.sending = desk.another_stage()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk, name)

    def show(self, iid: InstrumentId) -> None:
        """Have the book of an instrument, and leave the screen as it is."""
        self.focus = iid
        self._desk.feeds.watch(iid)

    def begin_send(self) -> Coroutine[Any, Any, Sent]:
        """Send what is staged here; raises RefusedError where the trader would have been asked once more."""
        view = self.stage.view()
        doubts = [objection.text for objection in view.objections if not objection.hard] if view is not None else []
        if view is not None and doubts and not view.draft.closes and not view.draft.reduce_only:
            raise RefusedError(f"{doubts[0]}, and nobody is there to confirm it")
        return self.sending.begin()

    async def send_stage(self) -> Sent:
        """Send what is staged here once; raises as ``begin_send`` does."""
        return await self.begin_send()


def runner(
    desk: Desk, commands: Sequence[Command], executor: Callable[[Desk], Executor]
) -> Callable[[], Coroutine[Any, Any, list[str]]]:
    """Return what runs commands for the instrument that is on the screen now; ``executor`` makes one for a desk."""
    focus = desk.focus

    async def run() -> list[str]:
        stage = Backstage(desk, focus)
        hands = executor(cast("Desk", stage))
        said: list[str] = []
        for command in commands:
            results = await hands.run(command, send=True, at_once=True)
            said += [result.text for result in results]
            if any(result.outcome is not Outcome.ACK for result in results):
                break  # what was to follow rested on it
        return said

    return run
