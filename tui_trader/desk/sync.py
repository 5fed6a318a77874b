"""Whether the account is known: after every connect, and whenever somebody asks, the venue's truth is learned again.

Until that has succeeded no entry may leave. It judges nothing and repairs nothing; differences are said, line by line.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

from tui_trader.core.event import LinkChanged
from tui_trader.core.types import InstrumentId, LinkState, Severity
from tui_trader.desk.inquiry import HISTORY_LAG_S
from tui_trader.desk.reconcile import Reconciler
from tui_trader.state import topic
from tui_trader.state.store import Store

RECONCILE_S = 2.0
"""Between attempts to reconcile."""

REFUSED_S = 60.0
"""Between questions for positions in a currency that the venue refuses to answer for: the wallet may be opened any time."""


class Sync:
    """Runs reconciliations, one at a time, for as long as it takes."""

    def __init__(
        self,
        *,
        store: Store,
        reconciler: Reconciler,
        ask: Callable[[], Coroutine[Any, Any, list[str]]],
        server_ns: Callable[[], int],
        say: Callable[[str, Severity], None],
        spawn: Callable[[str, Coroutine[Any, Any, Any]], None],
    ) -> None:
        """``ask`` asks the venue everything and returns the differences; it raises ConnectionError."""
        self.reconciled = False
        """Whether orders and positions are known to be the venue's since the last connect."""
        self.problem = ""
        """Why they were not when they were asked for last; empty when nothing spoke against it."""
        self._store = store
        self._reconciler = reconciler
        self._ask = ask
        self._server_ns = server_ns
        self._say = say
        self._spawn = spawn
        self._epoch = 0
        """Counts moves of the private lane: what was learned in one epoch is not held to be known in the next."""
        self._live = False
        self._asking = False
        self._overtaken = False
        """Whether what is being learned was put in doubt while it is."""

    def moved(self, event: LinkChanged) -> None:
        """Note that the private lane moved; when it is live again, learn everything anew."""
        self._live = event.state is LinkState.LIVE
        self._forget()
        if self._live:
            self._spawn("reconcile", self._reconcile(self._epoch))

    def again(self) -> None:
        """Learn everything anew over the connection that there is; without one, the next will bring it."""
        if self._live and self._asking:
            self._overtaken = True
        else:
            self._forget()
            if self._live:
                self._spawn("reconcile", self._reconcile(self._epoch))

    def unknown(self, iid: InstrumentId) -> str:
        """Return why positions in the currency that an instrument settles in are not known, empty when they are."""
        instrument = self._store.instruments.get(iid)
        return self._reconciler.refused.get(instrument.settle, "") if instrument is not None else ""

    # -- inside ----------------------------------------------------------------------------------------------------

    def _forget(self) -> None:
        self._epoch += 1
        if self.reconciled:
            self._reconciler.remember()
        self.reconciled = False

    async def _reconcile(self, epoch: int) -> None:
        """Learn the account's truth; on failure say so and try again as long as the lane does not move."""
        while epoch == self._epoch:
            asked_ns = self._server_ns()
            self._asking, self._overtaken = True, False
            try:
                lines = await self._ask()
            except ConnectionError as error:
                self.problem = str(error)
                self._say(f"not reconciled: {error}; trying again", Severity.WARNING)
                await asyncio.sleep(RECONCILE_S)
                continue
            finally:
                self._asking = self._asking and epoch != self._epoch  # a later epoch's own asking goes on
            for line in lines:
                self._say(f"while away: {line}", Severity.NOTE)
            if epoch != self._epoch:
                return
            if self._overtaken:
                self._reconciler.remember()
                await asyncio.sleep(RECONCILE_S)
                continue
            self.reconciled, self.problem = True, ""
            self._store.tally.agree(self._store.positions.values(), asked_ns)
            self._store.touch(topic.LINKS, topic.STAGE, topic.POSITIONS)
            self._spawn("late executions", self._catch_up(epoch))
            if self._reconciler.refused:
                for currency, reason in self._reconciler.refused.items():
                    text = f"positions in {currency} are not told ({reason}): no entries in contracts that settle in it"
                    self._say(text, Severity.WARNING)
                self._spawn("refused currencies", self._ask_again(epoch))
            return

    async def _ask_again(self, epoch: int) -> None:
        """Ask now and then for what was refused, until it is told or the lane moves."""
        while self._reconciler.refused:
            await asyncio.sleep(REFUSED_S)
            if epoch != self._epoch:
                return
            with contextlib.suppress(ConnectionError):
                asked_ns = self._server_ns()
                for currency in await self._reconciler.ask_again():
                    self._store.tally.agree(self._store.positions.values(), asked_ns)
                    self._say(f"positions in {currency} are known now", Severity.NOTE)
                    self._store.touch(topic.STAGE, topic.POSITIONS)

    async def _catch_up(self, epoch: int) -> None:
        """Ask for the executions once more when the venue's history must have all of them: it trails its engine."""
        await asyncio.sleep(HISTORY_LAG_S)
        while epoch == self._epoch:
            with contextlib.suppress(ConnectionError):
                await self._reconciler.late_fills()
                return
            await asyncio.sleep(RECONCILE_S)
