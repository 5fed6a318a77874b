"""One history: a trader, a market and a network that misbehaves, for a minute of virtual time, then calm and the reckoning.

Everything follows from the seed: the loop, the clock, the latencies, the faults and what people do.
"""

from __future__ import annotations

import asyncio
import gc
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from tests.dst import oracle
from tests.dst.loop import VirtualClock, VirtualLoop
from tests.dst.terminal import Terminal
from tests.dst.venue import ACCOUNT, LOT, SYMBOL, TICK, Venue
from tests.dst.weather import Weather
from tests.dst.wire import Line
from tui_trader.core.clock import NS
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import ClientOrderId, InstrumentId, OrderType, Side, TimeInForce
from tui_trader.net import endpoint
from tui_trader.sim.masks import phemex_private

BTC = InstrumentId("phemex", SYMBOL)

FENCE_S = 16.0
"""After this long nothing that was under way when the weather healed can still arrive."""

PATIENCE_S = 240
"""By then everything must be known: the fence, the lag of a history, and the pauses between questions."""


@dataclass
class Result:
    """What came of a history."""

    seed: int
    violations: list[str] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    orders: int = 0
    virtual_s: float = 0.0


class History:
    """The world of one seed."""

    def __init__(self, seed: int, folder: Path, loop: VirtualLoop) -> None:
        self.result = Result(seed)
        self.random = Random(seed)
        self._loop = loop
        self._path = folder / f"journal-{seed}.jsonl"
        self.weather = Weather(Random(seed ^ 0x5EED))
        self.venue_clock = VirtualClock(loop)
        self.clock = VirtualClock(loop)
        self.venue = Venue(self.venue_clock, self.random, self.weather)
        self.meant: dict[str, OrderTicket] = {}
        """Tickets that the trader gave to a running desk, by client id."""
        self.creates: list[Line] = []
        self.opened_ns = 0
        """When the present run of the program began, by the venue's clock."""
        self.line = Line(loop, self.venue, self.weather, self._created)
        self.terminal = self._open()
        steps: dict[Callable[[], object], int] = {
            self._submit: 10,
            self._cancel: 5,
            self._amend: 3,
            self._cancel_all: 1,
            self.venue.move: 6,
            self.venue.requote: 3,
            self.venue.meddle: 2,
            self._sever: 2,
            self._mute: 1,
            self._outage: 1,
            self._step_clock: 1,
            self._crash: 2,
            self._submit_and_crash: 2,
            self._fill_the_disk: 1,
            self._panic: 1,
        }
        self._steps, self._weights = list(steps), list(steps.values())

    async def play(self) -> Result:
        """Live through it and return what was wrong."""
        random = self.random
        for _ in range(random.randint(8, 30)):
            await asyncio.sleep(random.expovariate(1.2))
            step = random.choices(self._steps, self._weights)[0]
            self.say(step.__name__.strip("_"))
            outcome = step()
            if asyncio.iscoroutine(outcome):
                await outcome
        await self._heal()
        self.result.violations += oracle.verdict(self)
        self.result.orders = len(self.meant)
        self.result.virtual_s = self._loop.time()
        self.say("the end")
        await self.terminal.kill()
        return self.result

    def say(self, text: str) -> None:
        """Add a line to the story."""
        self.result.story.append(f"{self._loop.time():8.3f}  {text}")

    def complain(self, text: str) -> None:
        """Note that something that must not be was seen."""
        self.say(f"VIOLATION {text}")
        self.result.violations.append(text)

    @property
    def desk_orders(self) -> list[Order]:
        """What the trader's screen lists as alive."""
        return self.terminal.desk.store.blotter.working()

    # -- what people do --------------------------------------------------------------------------------------------

    def _submit(self) -> None:
        random, price = self.random, self.venue.price
        side = random.choice((Side.BUY, Side.SELL))
        kind = random.choice((OrderType.LIMIT,) * 5 + (OrderType.MARKET, OrderType.STOP))
        away = TICK * random.choice((-15, 5, 30, 100, 900)) * side.sign
        ticket = OrderTicket(
            client_id=ClientOrderId(f"tt-{len(self.meant):04d}"),
            instrument=BTC,
            side=side,
            type=kind,
            qty=LOT * random.randint(1, 10) + (Decimal("0.00005") if random.random() < 0.03 else 0),
            price=price - away if kind is OrderType.LIMIT else None,
            tif=random.choice((TimeInForce.GTC,) * 4 + (TimeInForce.IOC, TimeInForce.FOK, TimeInForce.POST_ONLY)),
            reduce_only=random.random() < 0.15,
            trigger_price=price + abs(away) * 3 * side.sign if kind is OrderType.STOP else None,
        )
        if self.terminal.started:
            self.meant[ticket.client_id] = ticket
            self.say(f"  {side} {kind} {ticket.qty} @ {ticket.price} {ticket.client_id}")
            self.terminal.submit(ticket)

    def _cancel(self) -> None:
        orders = self.desk_orders
        if orders:
            order = self.random.choice(orders)
            self.say(f"  {order.client_id} {order.status}")
            self.terminal.do("cancel", self.terminal.desk.cancel(order))

    def _amend(self) -> None:
        orders = [order for order in self.desk_orders if order.price is not None]
        if orders:
            order = self.random.choice(orders)
            price = self.venue.price + TICK * self.random.randint(-300, 300) if self.random.random() < 0.7 else None
            qty = LOT * self.random.randint(1, 12) if price is None or self.random.random() < 0.5 else None
            self.say(f"  {order.client_id} {order.status} to {qty} @ {price}")
            self.terminal.do("amend", self.terminal.desk.orders.amend(order, qty=qty, price=price))

    def _cancel_all(self) -> None:
        keep_stops = self.random.random() < 0.5
        self.terminal.do("cancel all", self.terminal.desk.orders.cancel_all(BTC, keep_stops=keep_stops))

    async def _panic(self) -> None:
        """Press the big key, and hold what it says against the exchange."""
        flatten = self.random.random() < 0.5
        if not self.terminal.started:
            return
        said = await self.terminal.desk.panic(flatten=flatten)
        self.say(f"  {said}")
        left = [order.client_id for order in self.venue.exchange.open_orders(ACCOUNT, SYMBOL)]
        if said.startswith("verified: 0") and flatten and left:
            self.complain(f"false comfort: {said!r} with {', '.join(left)} open")

    # -- what goes wrong -------------------------------------------------------------------------------------------

    def _sever(self) -> None:
        self.line.sever()

    def _mute(self) -> None:
        for socket in self.line.sockets:
            socket.muted = True

    async def _outage(self) -> None:
        self.line.down = True
        self.line.sever()
        await asyncio.sleep(self.random.expovariate(0.1))
        self.line.down = False

    def _step_clock(self) -> None:
        self.clock.offset_ns = self.random.choice((0, 1, -1, 30, -30, 300, -300)) * NS

    async def _crash(self) -> None:
        await self.terminal.kill()
        await asyncio.sleep(self.random.expovariate(0.2))
        self.line = Line(self._loop, self.venue, self.weather, self._created)
        self.terminal = self._open()

    async def _submit_and_crash(self) -> None:
        """Die with an order anywhere between the finger and the answer."""
        self._submit()
        await asyncio.sleep(self.random.uniform(0.0, 0.07))
        await self._crash()

    def _fill_the_disk(self) -> None:
        """Let the journal fail until the next start."""
        self.terminal.journal.failure = "the disk is full"

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _heal(self) -> None:
        self.say("calm")
        self.weather.heal()
        self.line.down = False
        await asyncio.sleep(FENCE_S)
        for _ in range(PATIENCE_S):
            if self.terminal.settled:
                break
            await asyncio.sleep(1.0)
        await asyncio.sleep(1.0)

    def _open(self) -> Terminal:
        terminal = Terminal(self.line, self.clock, self._path, self.random, self.complain, self.say)
        self.creates.append(self.line)
        self.opened_ns = self.venue_clock.wall_ns()
        return terminal

    def _created(self, body: dict[str, Any]) -> None:
        """Look at a create as it leaves: its intent is on the disk, or the disk is broken and it is a way out."""
        client_id = body["clOrdID"]
        may_leave = bool(self.terminal.journal.failure) and body.get("reduceOnly", False)
        if not may_leave and not oracle.is_journalled(self._path, client_id):
            self.complain(f"not journalled: {client_id} left before its intent was on the disk")


def run(seed: int, folder: Path) -> Result:
    """Play the history of a seed; its journal lies in ``folder`` for as long as it lasts."""
    if seed % 64 == 0:
        gc.collect()
    loop = VirtualLoop()
    problems: list[str] = []
    loop.set_exception_handler(lambda _, context: problems.append(f"bug: {context.get('exception') or context['message']!r}"))
    gc.disable()  # worlds come and go: looking through them each time would cost a fifth
    try:
        result = loop.run_until_complete(_play(seed, folder, loop))
        result.violations += problems
    finally:
        gc.enable()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()
        (folder / f"journal-{seed}.jsonl").unlink(missing_ok=True)
    return result


@contextmanager
def fast_folder() -> Iterator[Path]:
    """Lend a folder for journals, in memory where the machine has such a place: what is tested is the order of writes."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="dst-", dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


async def _play(seed: int, folder: Path, loop: VirtualLoop) -> Result:
    history = History(seed, folder, loop)
    with (
        patch.object(endpoint, "open_client", lambda *args: history.line.open_client(*args)),
        patch.object(phemex_private, "OLD_ROWS", history.weather.snapshot_rows),
    ):
        return await history.play()
