"""One history: a trader, a market and a network that misbehaves for a while of virtual time, then calm and the reckoning.

Everything follows from the plan: the loop, the clocks, the latencies, the troubles and what people do.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from tests.dst import oracle
from tests.dst.grounds import Create
from tests.dst.loop import Asleep, VirtualClock, VirtualLoop
from tests.dst.plan import Plan, Step
from tests.dst.steps import Steps
from tests.dst.terminal import Terminal
from tests.dst.venue import Venue
from tests.dst.weather import Weather
from tests.dst.wire import Line, Road
from tui_trader.core.bracket import Bracket
from tui_trader.core.clock import NS
from tui_trader.core.order import OrderTicket
from tui_trader.core.types import OrderStatus
from tui_trader.desk import attention, inquiry, reconcile, rounds
from tui_trader.net import endpoint
from tui_trader.net.rest import RestClient
from tui_trader.state.store import Store

SOON_S = 12.0 + 30.0
"""After the venue answers again, an order that a stream without a break would have told of is known this soon: the life of a
signed create with its bound, and half a minute."""

BREATH_S = 0.1
"""Between the last step and the calm: what it sends must still meet its fate."""

OPENING_S = 1.0
"""A stream that has begun to speak is known to the client as live within this."""

SPARE = 0.25
"""Share of a budget of questions that is free, of which a fifth is kept for cancels: below it, questions wait for their turn."""

PATIENCE_S = 240.0
"""By then everything must be known and agree: the life, the lag of a history, and the pauses between questions."""

LOOK_S = 0.5

STIR_S = 10.0
"""How often the market moves in the calm where a book has to be begun by that."""

BEAT_S = 1.0
"""How often a desk makes its rounds here, instead of four times a second: nobody is looking at the screen."""

MAX_PAGES = 1_000
"""How many pages of executions are read here: pages are small."""

_IN_DOUBT = (OrderStatus.SENT, OrderStatus.ACKED, OrderStatus.UNKNOWN)


@dataclass
class Result:
    """What came of a history."""

    plan: Plan
    violations: list[str] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    struck: dict[str, str] = field(default_factory=dict)
    """The troubles that happened, by name."""
    orders: int = 0
    virtual_s: float = 0.0

    @property
    def kind(self) -> str:
        """The first violation's kind: what stands before its colon."""
        return self.violations[0].partition(":")[0] if self.violations else ""


class History:
    """The world of one plan."""

    def __init__(self, plan: Plan, folder: Path, loop: VirtualLoop) -> None:
        self.plan = plan
        self.result = Result(plan)
        self._loop = loop
        self._path = folder / f"journal-{plan.seed}.jsonl"
        self.weather = Weather(plan.seed, plan.climate, plan.troubles)
        self.result.struck = self.weather.struck
        self.asleep = Asleep()
        venue_clock = VirtualClock(loop, self.asleep)
        venue_clock.offset_ns = round(plan.skew_s * NS)
        self.clock = VirtualClock(loop, self.asleep)
        self.venue = Venue(venue_clock, plan, loop)
        self.ground = self.venue.ground
        self.meant: dict[str, float] = {}
        """When the trader gave an order to a running desk, by client id."""
        self.bracketed: dict[str, str] = {}
        """Entries that were given a stop, by client id, with their symbol; without those whose stop the trader has cancelled."""
        self.lines: list[Line] = []
        self.opened_ns = 0
        """When the present run of the program began, by the venue's clock."""
        self._road = Road(loop, self.venue, self.weather)
        self._steps = Steps(self)
        self._later: list[tuple[asyncio.TimerHandle, Callable[..., object], tuple[Any, ...]]] = []
        self._start()

    @property
    def now_s(self) -> float:
        """Seconds since the beginning, as the loop counts them."""
        return self._loop.now_s

    async def play(self) -> None:
        """Live through the plan, and then hold everything against the exchange."""
        for step in self.plan.steps:
            await self.take(step)
        await asyncio.sleep(BREATH_S)
        await self.calm()

    async def take(self, step: Step) -> None:
        """Wait as long as a step says, and take it."""
        await asyncio.sleep(step.pause_s)
        self.say(step.what)
        under_way = self._steps.take(step, self.plan.random(step))
        if under_way is not None:
            await under_way

    async def calm(self) -> None:
        """Let everything arrive, wait until all is known and agrees, and complain of what does not; then trouble may return."""
        self.say("calm")
        if not await self._heal():
            for problem in oracle.verdict(self):
                self.complain(problem)
        self.weather.healed = False

    async def end(self) -> Result:
        """End the program and return what was wrong."""
        self.result.orders = len(self.meant)
        self.result.virtual_s = self.now_s
        self.say("the end")
        await self.terminal.kill()
        return self.result

    def say(self, text: str) -> None:
        """Add a line to the story."""
        self.result.story.append(f"{self.now_s:8.3f}  {text}")

    def complain(self, text: str) -> None:
        """Note that something that must not be was seen."""
        self.say(f"VIOLATION {text}")
        self.result.violations.append(text)

    def later(self, delay_s: float, do: Callable[..., object], *args: Any) -> None:
        """Do something after a while, at the latest when calm comes."""
        self._later.append((self._loop.call_later(delay_s, do, *args), do, args))

    async def restart(self, pause_s: float) -> None:
        """Kill the program and start it again after a pause."""
        await self.terminal.kill()
        await asyncio.sleep(pause_s)
        self._start()

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _heal(self) -> bool:
        """Let everything arrive from now on; return whether all became known and agreed."""
        self.weather.healed = True
        for timer, do, args in self._later:
            timer.cancel()
            do(*args)
        self._later.clear()
        self._stir(1)
        calm_s = stirred_s = self.now_s
        soon_looked = False
        while self.now_s < calm_s + PATIENCE_S:
            await asyncio.sleep(LOOK_S)
            if self.plan.increments and self.now_s > stirred_s + STIR_S:
                stirred_s = self.now_s  # a book that comes as changes is begun by the first of them
                self._stir(round(self.now_s))
            if self.terminal.gave_up:
                self.say("the trader starts it again")
                await self.restart(1.0)
            if not soon_looked and self.now_s > calm_s + SOON_S:
                soon_looked = True
                self._complain_of_doubt()
            if self._road.is_empty and self.terminal.settled and next(oracle.verdict(self), None) is None:
                return True
        return False

    def _stir(self, number: int) -> None:
        """Let the street come back with other sizes: a market that moves tells so, and whoever wants to close finds somebody."""
        self.venue.now()
        for market in self.venue.markets.values():
            market.requote(Random(self.plan.seed + number))
        self.venue.flush()

    def _complain_of_doubt(self) -> None:
        """Complain of orders that should be known by now: sent by this run, with a stream that has not broken since before."""
        limiter, now_ns = self.terminal.desk._limiter, self.clock.mono_ns()
        buckets = [limiter.bucket(group) for group in self.ground.groups]
        if any(bucket.free(now_ns) < bucket.capacity * SPARE for bucket in buckets):
            return  # so many questions are open that the venue's own limit decides when they are answered
        since_s = self.line.streaming_since_s
        for order in self.terminal.desk.store.blotter.working():
            sent_s = self.meant.get(order.client_id)
            if since_s is not None and sent_s is not None and sent_s > since_s + OPENING_S and order.status in _IN_DOUBT:
                self.complain(f"unresolved: {order.client_id} is {order.status} {SOON_S:g} s after the venue answers again")

    def _start(self) -> None:
        """Open the program, the first time or again."""
        self.line = Line(self._road, self._created)
        self.lines.append(self.line)
        random = Random(self.plan.seed * 1_000 + len(self.lines))
        self.terminal = Terminal(self.line, self.clock, self._path, self.plan, random, self.complain, self.say, self._meant)
        self.opened_ns = self.venue.clock.wall_ns()
        protect = self.terminal.desk.protect
        end = protect._end

        def watched(bracket: Bracket, why: str, *, quiet: bool = False) -> None:
            problem = "" if quiet else oracle.given_up(self, bracket)
            if problem:
                self.complain(problem)
            end(bracket, why, quiet=quiet)

        protect._end = watched  # type: ignore[method-assign]

    def _meant(self, ticket: OrderTicket) -> None:
        """Note an order that the terminal sends for the trader: a part of a scale, a chase, the rest of one."""
        self.meant.setdefault(ticket.client_id, self.now_s)

    def _created(self, made: Create) -> None:
        """Look at a create as it leaves: its intent is on the disk, or the disk is broken and it is a way out."""
        client_id = made.client_id
        is_exit = made.reduces or client_id not in self.meant  # in hedged mode an exit carries no such flag
        may_leave = bool(self.terminal.journal.failure) and is_exit
        if not may_leave and not oracle.is_journalled(self._path, client_id):
            self.complain(f"not journalled: {client_id} left before its intent was on the disk")


def run(seed: int, folder: Path, venue: str = "phemex") -> Result:
    """Play the history of a seed at a venue; its journal lies in ``folder`` for as long as it lasts."""
    return play(Plan.drawn(seed, venue), folder)


def play(plan: Plan, folder: Path) -> Result:
    """Play a plan."""
    return live(plan, folder, History.play)


def live(plan: Plan, folder: Path, play: Callable[[History], Awaitable[None]]) -> Result:
    """Make the world of a plan and let ``play`` live through it."""
    if plan.seed % 64 == 0:
        gc.collect()
    loop = VirtualLoop()
    problems: list[str] = []
    loop.set_exception_handler(lambda _, context: problems.append(f"bug: {context.get('exception') or context['message']!r}"))
    gc.disable()  # worlds come and go: looking through them each time would cost a fifth
    try:
        result = loop.run_until_complete(_live(plan, folder, loop, play))
        result.violations += problems
    finally:
        gc.enable()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()
        (folder / f"journal-{plan.seed}.jsonl").unlink(missing_ok=True)
    return result


@contextmanager
def fast_folder() -> Iterator[Path]:
    """Lend a folder for journals, in memory where the machine has such a place: what is tested is the order of writes."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="dst-", dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


async def _live(plan: Plan, folder: Path, loop: VirtualLoop, play: Callable[[History], Awaitable[None]]) -> Result:
    history = History(plan, folder, loop)
    with contextlib.ExitStack() as stack:
        for owner, name, value in (
            (endpoint, "open_client", lambda *args: history.line.open_client(*args)),
            *history.ground.patches(history.venue),
            (reconcile, "MAX_PAGES", MAX_PAGES),
            (inquiry, "MAX_PAGES", MAX_PAGES),
            (rounds, "BEAT_S", BEAT_S),
            (attention, "BEAT_S", BEAT_S),
            (RestClient.sync_clock, "__defaults__", (1,)),  # of drawn latencies a second sample tells nothing
            (Store, "sample_equity", lambda self: None),  # a line that nobody sees
        ):
            stack.enter_context(patch.object(owner, name, value))
        await play(history)
        return await history.end()
