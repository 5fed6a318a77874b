"""Where a row is played: a quiet exchange on a loopback socket, the chaos proxy in front of it, and a whole shipping desk behind.

The market stands still, so that a row fills exactly what it says; the street moves one far level five times a second, so that
books and marks stay young.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import orjson

from tests.chaos.mexc_names import name_of, order_called
from tests.chaos.proxy import Proxy
from tests.dst.grounds import ACCOUNT, GROUNDS
from tests.dst.watch import WatchedBlotter
from tests.venues.paradex.starkware import CppStark
from tui_trader.core.clock import SystemClock
from tui_trader.core.ids import IdFactory
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order
from tui_trader.core.risk import Limits
from tui_trader.core.types import InstrumentId, OrderType, PositionMode, PositionSide, Side, TimeInForce
from tui_trader.desk.account import Account
from tui_trader.desk.desk import Desk
from tui_trader.desk.environment import Environment
from tui_trader.net.tasks import TaskSet
from tui_trader.secrets.secret import Secret
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.base import Mask, RestCall, RestReply, Setting
from tui_trader.sim.masks.mexc import MexcMask
from tui_trader.sim.masks.paradex import mint, with_stark
from tui_trader.sim.masks.phemex import PhemexMask
from tui_trader.sim.products import phemex_instruments
from tui_trader.sim.server import SimServer
from tui_trader.sim.types import NewOrder, SimOrder
from tui_trader.storage.history import History
from tui_trader.storage.journal import Journal
from tui_trader.venues.base import Credential, Endpoints
from tui_trader.venues.base import Venue as VenueOf
from tui_trader.venues.mexc import MEXC
from tui_trader.venues.paradex import paradex
from tui_trader.venues.phemex import PHEMEX

STREET = "street"
STIR_S = 0.2


@dataclass(frozen=True, slots=True)
class Ground:
    """The contract that is traded on a stand, and how the street quotes it."""

    instrument: Instrument
    unit: Decimal
    """What sizes are counted in."""
    depth: Decimal
    """The street's size on a level."""
    purse: Decimal
    """Money of the account, in the settle currency."""
    middle: Decimal = Decimal(50_000)
    half_spread: Decimal = Decimal(10)

    @property
    def id(self) -> InstrumentId:
        """The contract."""
        return self.instrument.id


BTCUSDT = Ground(phemex_instruments(("BTCUSDT",))[0], Decimal(1), Decimal(10), Decimal(1_000_000))

ROOMY = Limits(
    order_notional=Decimal(100_000),
    position_notional=Decimal(500_000),
    gross_notional=Decimal(500_000),
    per_second=50,
    per_minute=500,
)


class Watch(SystemClock):
    """The machine's clocks, which a row may set wrong or make jump as a suspended machine's do."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead_ns = 0
        """By how much the wall reading is wrong."""
        self.slept_ns = 0
        """How long the machine was suspended in all; both readings count it."""

    def wall_ns(self) -> int:
        return super().wall_ns() + self.ahead_ns + self.slept_ns

    def mono_ns(self) -> int:
        return super().mono_ns() + self.slept_ns


@dataclass(frozen=True, slots=True)
class Clothes:
    """A venue's own side and ours: what the exchange wears, and what speaks to it."""

    venue: VenueOf
    mask: Callable[[Setting], Mask]
    creates: frozenset[str]
    """Paths under which orders are created."""
    client_id: str
    """What the client's id is called there."""
    mint: Callable[[random.Random], tuple[str, str]] | None = None
    """What makes a key, where it is not any text."""


CLOTHES = {
    "phemex": Clothes(PHEMEX, PhemexMask, frozenset({"/g-orders", "/orders"}), "clOrdID"),
    "mexc": Clothes(MEXC, MexcMask, frozenset({"/api/v1/private/order/create"}), "externalOid"),
    "paradex": Clothes(
        paradex(interactive=False), with_stark(CppStark()), frozenset({"/v1/orders", "/v1/orders/batch"}), "client_id", mint
    ),
}


def counting(clothes: Clothes, creates: Counter[str]) -> Callable[[Setting], Mask]:
    """Return a mask's maker whose masks count the creates that arrive, by client id, before anything is made of them."""

    def make(setting: Setting) -> Mask:
        mask = clothes.mask(setting)
        serve = mask.rest

        def rest(call: RestCall) -> RestReply:
            if call.method == "POST" and call.path in clothes.creates:
                said = orjson.loads(call.body)
                for order in said if isinstance(said, list) else [said]:
                    creates[str(order[clothes.client_id])] += 1
            return serve(call)

        mask.rest = rest  # type: ignore[method-assign]
        return mask

    return make


class Stand:
    """One exchange, one proxy, one desk. ``open`` it, use it, ``close`` it."""

    def __init__(self, folder: Path, ground: Ground = BTCUSDT, history: History | None = None) -> None:
        self.ground = ground
        self.receipts: Counter[str] = Counter()
        """Creates that arrived at the exchange, by client id."""
        self.complaints: list[str] = []
        """Everything that was shown and not so, and every crash."""
        self.moved = Decimal(0)
        """By how much the mark is away from the middle for good."""
        self.story: list[str] = []
        """Every change of an order."""
        self.clock = Watch()
        """The desk's."""
        self.venue_clock = Watch()
        self._folder = folder
        self._history = history
        self._stack = AsyncExitStack()
        self._tasks = TaskSet(lambda name, error: self.complaints.append(f"{name}: {error!r}"))
        self._numbers = itertools.count(1)

    async def open(self, *, hedged: bool = False, cancels: bool = False) -> Stand:
        """Build everything; the desk is not started yet. With ``cancels`` orders end with the private connection."""
        ground = self.ground
        symbol, settle = ground.instrument.symbol, ground.instrument.settle
        self.exchange = Exchange([ground.instrument], seed=1, start_ns=self.venue_clock.wall_ns())
        for account, amount in ((ACCOUNT, ground.purse), (STREET, Decimal(10**9))):
            self.exchange.open_account(account, {"USDC": Decimal(1), settle: amount})
        if hedged:
            self.exchange.set_position_mode(ACCOUNT, symbol, PositionMode.HEDGED)
        self.exchange.set_reference(symbol, ground.middle)
        for side in (Side.BUY, Side.SELL):
            for step in range(5):
                self.trade(STREET, side, ground.depth, ground.middle - side.sign * ground.half_spread * (step + 1))

        clothes = CLOTHES[ground.id.venue]
        mask = counting(clothes, self.receipts)
        self.server = SimServer(self.exchange, mask, account=ACCOUNT, seed=1, clock=self.venue_clock, mint=clothes.mint)
        await self.server.start()
        self._stack.push_async_callback(self.server.stop)
        self.proxy = await Proxy(self.server.port).up()
        self._stack.push_async_callback(self.proxy.close)
        self._tasks.spawn("street", self._stir())
        self._stack.push_async_callback(self._tasks.close)
        secret = self.server.secret
        self.desk = Desk(
            Account(
                paradex(interactive=False, cancel_on_disconnect=True) if cancels else clothes.venue,
                Environment.SIM,
                Endpoints(f"http://127.0.0.1:{self.proxy.port}", f"ws://127.0.0.1:{self.proxy.port}{self.server.mask.ws_path}"),
                Credential(self.server.key, Secret(secret)),
            ),
            clock=self.clock,
            rng=random.Random(1),
            journal=Journal(self._folder / "journal.jsonl", self.clock),
            ids=IdFactory(),
            limits=ROOMY,
            history=self._history,
        )
        self.desk.crashed = lambda name, error: self.complaints.append(f"{name} died of {error!r}")
        self.desk.store.blotter = WatchedBlotter(  # type: ignore[arg-type]
            self, GROUNDS[ground.id.venue], self.complaints.append, self.story.append
        )
        self._stack.push_async_callback(self.desk.close)
        return self

    async def close(self) -> None:
        """End everything, the desk first."""
        await self._stack.aclose()

    def spawn(self, name: str, work: object) -> asyncio.Task[object]:
        """Let something happen in the background; a failure of it is a complaint."""
        return self._tasks.spawn(name, work)  # type: ignore[arg-type]

    # -- the exchange's side ---------------------------------------------------------------------------------------

    def order(self, client_id: str) -> SimOrder | None:
        """Return the order that an id made, None when there is none."""
        found = self.exchange.order(ACCOUNT, client_id=client_id)
        if found is not None or (shown := self.shown(client_id)) is None or not shown.venue_id:
            return found
        return self.told_as(shown.venue_id)  # of a kind that takes no id of ours

    def trade(
        self,
        account: str,
        side: Side,
        qty: Decimal,
        price: Decimal | None,
        client_id: str = "",
        tif: TimeInForce = TimeInForce.GTC,
        leg: PositionSide = PositionSide.MERGED,
    ) -> SimOrder:
        """Let an account do something by another way than the desk; without a price at the market."""
        kind = OrderType.LIMIT if price is not None else OrderType.MARKET
        return self.exchange.submit(account, NewOrder(client_id, self.ground.instrument.symbol, side, kind, qty, price, tif, leg))

    def meet(self, order: SimOrder, qty: Decimal, times: int = 1) -> None:
        """Let the street trade with a resting order, ``times`` times ``qty``."""
        for _ in range(times):
            self.trade(STREET, order.side.opposite, qty, order.price, tif=TimeInForce.IOC)

    async def _stir(self) -> None:
        ground, symbol = self.ground, self.ground.instrument.symbol
        lot, tick = ground.instrument.lot, ground.instrument.tick
        for number in self._numbers:
            order = self.trade(STREET, Side.BUY, lot * 10 * (1 + number % 7), ground.middle - 20 * ground.half_spread)
            self.exchange.set_reference(symbol, ground.middle + self.moved + tick * (number % 2))
            await asyncio.sleep(STIR_S)
            self.exchange.cancel(STREET, symbol, order_id=order.order_id)

    # -- the reckoning ---------------------------------------------------------------------------------------------

    def disagreements(self) -> list[str]:
        """Return where the desk's picture is not the exchange's, one sentence each."""
        store = self.desk.store
        shown = {order.venue_id for order in store.blotter.working()}
        held = {self.name_of(order) for order in self.exchange.open_orders(ACCOUNT, self.ground.instrument.symbol)}
        found = [f"orders: shown {sorted(shown)}, held {sorted(held)}"] if shown != held else []
        legs = {p.position_side: p.signed_qty for p in store.open_positions()}
        theirs = {p.position_side: p.qty for p in self.exchange.positions(ACCOUNT) if p.qty}
        if legs != theirs:
            found.append(f"position: shown {legs}, held {theirs}")
        ours = {fill.exec_id: fill.qty for fill in store.blotter.fills()}
        executed = {self.told(report.exec_id): report.exec_qty for report in self.exchange.fills(ACCOUNT)}
        if ours != executed:
            found.append(f"executions: {len(ours)} shown, {len(executed)} made")
        return found

    def told(self, name: str) -> str:
        """Return the id under which the venue tells of what the exchange calls ``name``."""
        ids = getattr(self.server.mask, "ids", None)
        return name if ids is None else str(ids.of(name))

    def name_of(self, order: SimOrder) -> str:
        """Return the id under which the desk knows an order of the exchange."""
        mask = self.server.mask
        return name_of(mask.ids, order) if isinstance(mask, MexcMask) else self.told(order.order_id)

    def told_as(self, venue_id: str) -> SimOrder | None:
        """Return the order that the venue tells of under an id."""
        mask = self.server.mask
        if isinstance(mask, MexcMask):
            return order_called(self.exchange, mask.ids, ACCOUNT, venue_id)
        ids = getattr(mask, "ids", None)
        return self.exchange.order(ACCOUNT, order_id=venue_id if ids is None else ids.name(venue_id))

    def shown(self, client_id: str) -> Order | None:
        """Return the order as the desk shows it."""
        return self.desk.store.blotter.get(client_id)
