"""One run of the program: a whole shipping desk on the history's time, line and journal, that may be killed at any moment."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from random import Random
from typing import Any

from tests.dst.loop import VirtualClock
from tests.dst.plan import Plan
from tests.dst.watch import WatchedBlotter, WatchedDesk
from tests.dst.wire import Line
from tui_trader.core.bracket import Bracket
from tui_trader.core.clock import DAY_NS, rfc3339
from tui_trader.core.error import LinkError, RefusedError, TraderError
from tui_trader.core.grammar import parse_one
from tui_trader.core.ids import IdFactory
from tui_trader.core.order import OrderTicket
from tui_trader.desk.account import Account
from tui_trader.desk.commands import Executor
from tui_trader.desk.environment import Environment
from tui_trader.desk.orders import OrderPath, Sent
from tui_trader.desk.records import OpenIntents
from tui_trader.net.tasks import TaskSet
from tui_trader.secrets.secret import Secret
from tui_trader.sim.masks.base import Key
from tui_trader.storage.journal import Journal
from tui_trader.venues.base import Credential, Endpoints, Venue

Say = Callable[[str], None]

RETRY_S = 2.0

_ENDPOINTS = Endpoints("http://127.0.0.1:1", "ws://127.0.0.1:1/ws")


def _account(venue: Venue, key: Key) -> Account:
    return Account(venue, Environment.SIM, _ENDPOINTS, Credential(key.key, Secret(key.secret)))


class Terminal:
    """A desk and the trader's hands."""

    def __init__(
        self,
        line: Line,
        clock: VirtualClock,
        path: Path,
        plan: Plan,
        random: Random,
        complain: Say,
        say: Say,
        entry: Callable[[OrderTicket], None],
    ) -> None:
        """``entry`` hears of every order that may open something, before it leaves."""
        self.line = line
        self._tell = say
        self._entry = entry
        self._complain = complain
        self._symbols = plan.symbols
        ground = line.venue.ground
        self._hands = TaskSet(self._failed)
        recall = OpenIntents()
        self.journal = Journal(path, clock, recall=recall)
        self.desk = WatchedDesk(
            _account(ground.description(), ground.key()),
            clock=clock,
            rng=random,
            journal=self.journal,
            ids=IdFactory(lambda length: random.randbytes(length).hex()),
        )
        self.desk.watch(line, self._say)
        self.desk.crashed = self._failed
        self.desk.store.blotter = WatchedBlotter(line.venue, ground, self._say, say)
        self.desk.recoverable = recall.to_recover()
        self.desk.brackets = recall.plans.brackets()
        self.desk.buried = recall.buried(rfc3339(clock.wall_ns() - DAY_NS))
        self.desk.store.blotter.claim(recall.ids, recall.named)
        self.desk.orders.submit = self._submit  # type: ignore[method-assign]
        self.desk.orders.submit_several = self._submit_several  # type: ignore[method-assign]
        self.started = False
        self._hands.spawn("start", self._start())

    @property
    def settled(self) -> bool:
        """Whether the desk holds everything for known and answered."""
        desk, asking = self.desk, self.desk.orders.inquiry
        if not self.started or not desk.reconciled or len(self._hands) or asking._resolving or asking._following:
            return False
        if desk.protect._busy:
            return False
        return all(order.status.value in ("armed", "live", "partial") for order in desk.store.blotter.working())

    @property
    def gave_up(self) -> bool:
        """Whether the private lane has stopped trying: three logins refused in a row."""
        return self.started and "session private" not in self.desk._tasks.names

    def submit(self, ticket: OrderTicket) -> None:
        """Send an order as the desk does after its checks."""
        desk = self.desk
        self.do("submit", desk.sending.to_its_end(f"submit {ticket.client_id}", desk.orders.submit(ticket, reduces=False)))

    def submit_several(self, tickets: Sequence[OrderTicket]) -> None:
        """Send orders together, as the desk does after its checks."""
        desk, name = self.desk, f"submit {tickets[0].client_id}"
        self.do("several", desk.sending.to_its_end(name, desk.orders.submit_several(tickets, reduces=False)))

    def bracket(self, ticket: OrderTicket, bracket: Bracket) -> None:
        """Send an entry with its exits as the desk does after its checks."""
        desk = self.desk
        self.do(
            "bracket",
            desk.sending.to_its_end(f"submit {ticket.client_id}", desk.sending.submit_bracket(ticket, bracket, reduces=False)),
        )

    def type(self, line: str) -> None:
        """Type a line of the order language, and send what it makes."""
        if self.started:
            self._tell(f"  {line}")
            self.do(line.partition(" ")[0], self._run(line))

    def do(self, name: str, work: Coroutine[Any, Any, Any]) -> None:
        """Let the trader do something and not wait for it."""
        self._hands.spawn(name, self._quietly(work))

    async def kill(self) -> None:
        """End as kill -9 does: nothing more is written and nothing more is sent."""
        self.line.alive = False
        self.line.sever()
        self.journal.close()
        self.desk._closed = True
        await self._hands.close()
        await self.desk._tasks.close()

    async def _start(self) -> None:
        while True:
            with contextlib.suppress(LinkError):
                await self.desk.start(self._symbols)
                self.started = True
                return
            await asyncio.sleep(RETRY_S)

    async def _run(self, line: str) -> None:
        try:
            for result in await Executor(self.desk).run(parse_one(line), send=True, at_once=True):
                self._tell(f"  {result.text}")
        except TraderError as error:
            self._tell(f"  {error.message}")

    async def _submit(self, ticket: OrderTicket, *, reduces: bool) -> Sent:
        """Send an order, having noted that the trader wants it where it is none that only gets out."""
        if not reduces:
            self._entry(ticket)
        return await OrderPath.submit(self.desk.orders, ticket, reduces=reduces)

    async def _submit_several(self, tickets: Sequence[OrderTicket], *, reduces: bool) -> list[Sent]:
        """Send orders together, noted as each alone would be; one that is left alone is noted as such."""
        if not reduces and len(tickets) > 1:
            for ticket in tickets:
                self._entry(ticket)
        return await OrderPath.submit_several(self.desk.orders, tickets, reduces=reduces)

    async def _quietly(self, work: Coroutine[Any, Any, Any]) -> None:
        with contextlib.suppress(RefusedError, LinkError):
            await work

    def _failed(self, name: str, error: BaseException) -> None:
        self._say(f"bug: {name} died of {error!r}")

    def _say(self, text: str) -> None:
        if self.line.alive:  # the dead may say what they like
            self._complain(text)
