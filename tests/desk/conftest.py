"""An order path whose network is a script, and a whole desk on real loopback sockets against the built-in exchange."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import AsyncExitStack
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from tui_trader.core.account import Balance
from tui_trader.core.clock import NS, Clock, ManualClock, SystemClock
from tui_trader.core.event import (
    BalanceChanged,
    BookSnapshot,
    Event,
    InstrumentsListed,
    OrderChanged,
    OrdersSnapshot,
    PositionChanged,
    TickerChanged,
)
from tui_trader.core.ids import IdFactory
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderReport, OrderTicket
from tui_trader.core.position import Position
from tui_trader.core.risk import Limits
from tui_trader.core.types import (
    ClientOrderId,
    ContractKind,
    InstrumentId,
    OrderStatus,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
    VenueOrderId,
)
from tui_trader.desk.account import Account
from tui_trader.desk.controls import Controls
from tui_trader.desk.desk import Desk
from tui_trader.desk.environment import Environment
from tui_trader.desk.orders import OrderPath
from tui_trader.desk.records import OpenIntents
from tui_trader.secrets.secret import Secret
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.market import SeededFlow
from tui_trader.sim.masks.phemex import PhemexMask
from tui_trader.sim.products import phemex_instruments
from tui_trader.sim.server import SimServer
from tui_trader.state.store import Store
from tui_trader.storage.candles import CandleStore
from tui_trader.storage.history import History
from tui_trader.storage.journal import Journal, Record, read
from tui_trader.venues.base import Credential, Endpoints, Outcome, Request, RequestKind, Verdict
from tui_trader.venues.phemex import PHEMEX

BTC = InstrumentId("phemex", "BTCUSDT")
ETH = InstrumentId("phemex", "ETHUSDT")

MISSING = Verdict(Outcome.MISSING, text="order not found")
NOBODY = Verdict(Outcome.ACK, events=(OrdersSnapshot("phemex", ()),))
"""The list of open orders, empty."""
NO_FILLS = Verdict(Outcome.ACK)
ACK = Verdict(Outcome.ACK)
UNKNOWN = Verdict(Outcome.UNKNOWN, "timeout", "no answer in time")


def heard(records: Iterable[Record]) -> OpenIntents:
    """Return what a start learns from records of an earlier run."""
    recall = OpenIntents()
    for record in records:
        recall.take(record)
    return recall


def linear(iid: InstrumentId, **change: Any) -> Instrument:
    values: dict[str, Any] = {
        "id": iid,
        "kind": ContractKind.LINEAR,
        "base": iid.symbol[:3],
        "quote": "USDT",
        "settle": "USDT",
        "tick": D("0.1"),
        "lot": D("0.001"),
    }
    return Instrument(**(values | change))


def ticket(client_id: str = "tt-1", **change: Any) -> OrderTicket:
    values: dict[str, Any] = {
        "client_id": ClientOrderId(client_id),
        "instrument": BTC,
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "qty": D(3),
        "price": D(100),
    }
    return OrderTicket(**(values | change))


def report(status: OrderStatus = OrderStatus.LIVE, client_id: str = "tt-1", **change: Any) -> OrderReport:
    values: dict[str, Any] = {
        "instrument": BTC,
        "client_id": ClientOrderId(client_id),
        "venue_id": VenueOrderId(f"v-{client_id}"),
        "status": status,
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "qty": D(3),
        "price": D(100),
    }
    return OrderReport(**(values | change))


def told(*reports: OrderReport) -> Verdict:
    """Return an answer that knows the orders."""
    return Verdict(Outcome.ACK, events=tuple(OrderChanged(one) for one in reports))


def open_list(*reports: OrderReport) -> Verdict:
    """Return an answer with the open orders."""
    return Verdict(Outcome.ACK, events=(OrdersSnapshot("phemex", reports),))


def acked(client_id: str = "tt-1") -> Verdict:
    """Return the receipt of a create."""
    return told(report(OrderStatus.ACKED, client_id, is_ack=True))


Answer = Verdict | BaseException | Callable[[Request], Verdict | Awaitable[Verdict]]


class Wire:
    """Stands where requests are sent: answers each kind of question by a script, the last answer again and again."""

    def __init__(self) -> None:
        self.sent: list[Request] = []
        self._script: defaultdict[str, deque[Answer]] = defaultdict(deque)

    def on(self, what: str, *answers: Answer) -> None:
        """Set the answers to a kind of request."""
        self._script[what] = deque(answers)

    def whats(self) -> list[str]:
        """Return the kinds of requests sent, in order."""
        return [request.what for request in self.sent]

    def creates(self) -> list[Request]:
        """Return the requests that could make an order."""
        return [request for request in self.sent if request.kind is RequestKind.CREATE]

    async def __call__(self, request: Request) -> Verdict:
        self.sent.append(request)
        answers = self._script[request.what]
        assert answers, f"nobody told what to answer to {request.what}"
        answer = answers[0] if len(answers) == 1 else answers.popleft()
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, Verdict):
            return answer
        made = answer(request)
        return made if isinstance(made, Verdict) else await made


class Bench:
    """An order path with time, network and journal in the test's hand."""

    def __init__(self, folder: Path, journal: Journal | None = None) -> None:
        self.clock = ManualClock()
        self.store = Store(self.clock)
        self.store.apply(InstrumentsListed("phemex", [linear(BTC), linear(ETH)]))
        self.wire = Wire()
        self.wire.on("order_by_id", MISSING)
        self.wire.on("open_orders", NOBODY)
        self.wire.on("fills", NO_FILLS)
        self.journal = journal or Journal(folder / "journal.jsonl", self.clock)
        self.tasks: set[asyncio.Task[Any]] = set()
        self.graves: dict[str, Coroutine[Any, Any, Any]] = {}
        """What asks about absent orders again, by client id."""
        self.slept = 0.0
        self.heard: list[Verdict] = []
        """How requests ended."""
        self.path = self.make()

    def make(self, *, journal: bool = True) -> OrderPath:
        """Return another order path over the same store."""
        return OrderPath(
            store=self.store,
            clock=self.clock,
            journal=self.journal if journal else None,
            dialect=PHEMEX.orders(),
            send=self.wire,
            absorb=self.absorb,
            spawn=self.spawn,
            heard=self.heard.append,
            sleep=self.sleep,
        )

    def absorb(self, events: list[Event]) -> None:
        self.store.mono_ns = self.clock.mono_ns()
        for event in events:
            self.store.apply(event)

    def hear(self, *reports: OrderReport) -> None:
        """Let the private stream speak."""
        self.absorb([OrderChanged(one) for one in reports])

    def spawn(self, name: str, work: Coroutine[Any, Any, Any]) -> None:
        if name.startswith("tombstone"):
            self.graves[name.split()[1]] = work  # for half an hour: a test that wants it runs it
            return
        task = asyncio.get_running_loop().create_task(work, name=name)
        self.tasks.add(task)

    async def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.slept += seconds
        self.clock.advance(seconds)
        await asyncio.sleep(0)

    async def settle(self) -> None:
        """Wait until nothing is under way; a failure of what was is raised."""
        while self.tasks:
            done = list(self.tasks)
            await asyncio.gather(*done)
            self.tasks.difference_update(done)

    def order(self, client_id: str = "tt-1") -> Order:
        """Return an order that must be known."""
        order = self.store.blotter.get(client_id)
        assert order is not None
        return order

    def notices(self) -> str:
        """Return everything that was said, one line each."""
        return "\n".join(notice.text for notice in self.store.notices)

    def records(self) -> list[Record]:
        """Return what is in the journal file now."""
        return list(read(self.journal.path))

    def kinds(self) -> list[str]:
        """Return the kinds of records in the journal file now."""
        return [record.kind for record in self.records()]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    for work in bench.graves.values():
        work.close()


# -- the whole stack -----------------------------------------------------------------------------------------------------

DEADLINE_S = 8.0

LISTED = ("BTCUSDT", "ETHUSDT", "BTCUSDC")
"""Few contracts make an exchange that is quick to build."""


async def until(condition: Callable[[], Any], what: str = "") -> None:
    """Wait until something holds; fail with its name when it does not in time."""
    deadline = asyncio.get_running_loop().time() + DEADLINE_S
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, f"not in time: {what or condition}"
        await asyncio.sleep(0.005)


WIDE = Limits(order_notional=D(50_000), position_notional=D(500_000), gross_notional=D(500_000))


class MovedClock(SystemClock):
    """The machine's clocks, moved by as many seconds as a test likes."""

    def __init__(self) -> None:
        super().__init__()
        self.wall_s = self.mono_s = 0.0

    def wall_ns(self) -> int:
        return super().wall_ns() + round(self.wall_s * NS)

    def mono_ns(self) -> int:
        return super().mono_ns() + round(self.mono_s * NS)


class World:
    """An exchange that is served on a loopback socket, and desks of its account."""

    def __init__(self, server: SimServer, folder: Path, stack: AsyncExitStack) -> None:
        self.server = server
        self.folder = folder
        self._stack = stack
        self._desks = 0

    def credential(self) -> Credential:
        secret = self.server.secret
        return Credential(self.server.key, Secret(secret))

    async def desk(
        self,
        *symbols: str,
        limits: Limits | None = None,
        journal: bool = True,
        start: bool = True,
        clock: Clock | None = None,
        controls: Controls | None = None,
        read_only: bool = False,
        history: History | None = None,
        candles: CandleStore | None = None,
    ) -> Desk:
        """Return a desk, started and with everything known of its account and of its first symbol."""
        self._desks += 1
        clock = clock or SystemClock()
        account = Account(PHEMEX, Environment.SIM, Endpoints(self.server.rest_url, self.server.ws_url), self.credential())
        desk = Desk(
            account,
            clock=clock,
            rng=random.Random(1),
            journal=Journal(self.folder / f"journal-{self._desks}.jsonl", clock) if journal else None,
            ids=IdFactory(),
            limits=limits or WIDE,
            controls=controls,
            read_only=read_only,
            history=history,
            candles=candles,
        )
        crashes: list[tuple[str, BaseException]] = []
        desk.crashed = lambda name, error: crashes.append((name, error))

        async def end() -> None:
            await desk.close()
            assert crashes == []

        self._stack.push_async_callback(end)
        if start:
            await desk.start(symbols or ("BTCUSDT",))
            await self.ready(desk)
        return desk

    async def ready(self, desk: Desk) -> None:
        """Wait until entries may leave."""
        focus = desk.focus
        assert focus is not None
        await until(lambda: not desk.blocked(focus) and desk.store.mark_is_fresh(focus), f"ready: {desk.blocked(focus)}")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        clock = SystemClock()
        listed = [instrument for instrument in phemex_instruments() if instrument.symbol in LISTED]
        flow = SeededFlow(always_on=("BTCUSDT", "ETHUSDT"))
        exchange = Exchange(listed, seed=7, start_ns=clock.wall_ns(), flow=flow)
        exchange.open_account("sim", {"USDT": D(10_000), "USDC": D(10_000)})
        server = SimServer(exchange, PhemexMask, account="sim", seed=7, clock=clock)
        await server.start()
        stack.push_async_callback(server.stop)
        yield World(server, tmp_path, stack)


# -- a market without a network ------------------------------------------------------------------------------------------


class Market:
    """A store with a live book, a fresh mark, a wallet and whatever positions a test wants; no network anywhere."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = Store(self.clock)
        self.store.apply(InstrumentsListed("phemex", [linear(BTC), linear(ETH, lot=D("0.01"), tick=D("0.01"))]))
        self.sequence = 0
        self.quote("100", "100.2")
        self.tell(TickerChanged(BTC, 0, last=D("100.1"), mark=D("100.1"), index=D("100.3")))
        self.tell(BalanceChanged(Balance("phemex", "USDT", D(10_000), D(0))))

    def tell(self, event: Event) -> None:
        """Let the venue say something now."""
        self.store.mono_ns = self.clock.mono_ns()
        self.store.apply(event)

    def quote(self, bid: str, ask: str, iid: InstrumentId = BTC) -> None:
        """Put the touch of a book somewhere."""
        self.sequence += 1
        self.tell(BookSnapshot(iid, [[bid, "5"]], [[ask, "5"]], self.sequence, 30, 0))

    def hold(self, qty: str, entry: str = "90", iid: InstrumentId = BTC, **change: Any) -> Position:
        """Open a leg; a negative size is short."""
        size = D(qty)
        values: dict[str, Any] = {
            "instrument": iid,
            "position_side": PositionSide.MERGED,
            "mode": PositionMode.ONE_WAY,
            "side": Side.BUY if size > 0 else Side.SELL,
            "qty": abs(size),
            "entry": D(entry),
        }
        position = Position(**(values | change))
        self.tell(PositionChanged(position))
        return position


@pytest.fixture
def market() -> Market:
    return Market()
