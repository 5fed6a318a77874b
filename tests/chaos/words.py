"""What the words of a row do: each step is a verb and its words, each expectation is waited for and then must hold.

Orders are named by a letter: ``a`` is a buy that rests inside the spread at its own price, 0.01 unless the step says otherwise.
"""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.chaos.cases import Case
from tests.chaos.stand import Stand
from tests.dst.grounds import ACCOUNT
from tui_trader.core.clock import NS
from tui_trader.core.command import Reconcile
from tui_trader.core.error import RefusedError
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import ClientOrderId, OrderType, PositionMode, PositionSide, Side, TimeInForce
from tui_trader.desk.commands import Executor
from tui_trader.sim.masks.paradex import ParadexMask
from tui_trader.sim.masks.paradex_gate import Gate
from tui_trader.sim.types import SimOrder

PATIENCE_S = 40.0
"""Longest wait for one expectation: long enough for the expiry fence, and for a machine that has much else to do."""

Step = tuple[str, ...]


class Player:
    """Plays one row on one stand."""

    def __init__(self, stand: Stand, case: Case) -> None:
        self._stand = stand
        self._ground = stand.ground
        self._symbol = stand.ground.instrument.symbol
        self._case = case
        self._sent: dict[str, Any] = {}
        """What came of the last thing that was sent for an order: an outcome, or the words of a refusal."""
        self._pending: list[asyncio.Task[object]] = []
        self._limits: tuple[int, int] | None = None

    async def play(self) -> None:
        """Play the row; raises AssertionError when it does not end as it must."""
        try:
            await self._play()
        finally:
            await self._do_feed()

    async def _play(self) -> None:
        """Start the desk, put the faults in force, do the steps, wait for what must be seen."""
        stand, case = self._stand, self._case
        if "cold" not in case.flags:
            await self._start()
        faults = [stand.proxy.add(word) for word in case.faults]
        for step in case.steps:
            verb, *words = step.split()
            await getattr(self, f"_do_{verb}")(*words)
        for task in self._pending:
            await task
        for expectation in case.sights:
            await self._until(lambda words=expectation: self._holds(words), expectation)  # type: ignore[misc]
        idle = [fault for fault in faults if not fault.fired]
        assert not idle, f"never struck: {idle}"
        assert not stand.proxy.failures, f"the proxy broke: {stand.proxy.failures}"
        assert not stand.complaints, "; ".join(stand.complaints)
        if "open-ended" not in case.flags:
            await self._until(lambda: not stand.disagreements(), "the desk shows what the exchange has")

    # -- steps -----------------------------------------------------------------------------------------------------

    async def _start(self) -> None:
        await self._stand.desk.start([self._symbol])
        await self._until(self._ready, "entries may leave")

    async def _do_start(self) -> None:
        """Start the desk here, with the faults in force."""
        await self._start()

    async def _do_launch(self) -> None:
        """Start the desk and do not wait for it to be ready."""
        await self._stand.desk.start([self._symbol])

    async def _do_begin(self, verb: str, *words: str) -> None:
        """Do a step without waiting for it."""
        self._pending.append(self._stand.spawn(verb, getattr(self, f"_do_{verb}")(*words)))

    async def _do_submit(self, name: str, *words: str) -> None:
        """Send an order: ``sell``, ``market``, ``long``/``short`` (the leg), ``reduce``, a size."""
        side = Side.SELL if "sell" in words else Side.BUY
        kind = OrderType.MARKET if "market" in words else OrderType.LIMIT
        leg = next((leg for leg in PositionSide if leg.value in words), PositionSide.MERGED)
        qty = next((self._size(word) for word in words if word[0].isdigit()), self._size("0.01"))
        offset = self._ground.half_spread / 2 - (ord(name) - ord("a")) * Decimal("0.5")
        ticket = OrderTicket(
            ClientOrderId(f"tt-{name}"),
            self._ground.id,
            side,
            kind,
            qty,
            self._ground.middle - side.sign * offset if kind is OrderType.LIMIT else None,
            TimeInForce.GTC if kind is OrderType.LIMIT else TimeInForce.IOC,
            leg,
            reduce_only="reduce" in words,
        )
        try:
            sent = await self._stand.desk.submit(ticket)
        except RefusedError as refusal:
            self._sent[name] = f"refused {refusal}"
        else:
            self._sent[name] = f"{sent.outcome} {sent.code} {sent.text}"

    async def _do_cancel(self, name: str) -> None:
        sent = await self._stand.desk.cancel(self._shown(name))
        self._sent[name] = f"{sent.outcome} {sent.code} {sent.text}"

    async def _do_amend(self, name: str, qty: str) -> None:
        try:
            sent = await self._stand.desk.amend(self._shown(name), qty=self._size(qty))
        except RefusedError as refusal:
            self._sent[name] = f"refused {refusal}"
        else:
            self._sent[name] = f"{sent.outcome} {sent.code} {sent.text}"

    async def _do_fill(self, name: str, qty: str = "", times: str = "1") -> None:
        """Let the street trade with an order: all of it, or ``times`` times ``qty``."""
        order = self._held(name)
        self._stand.meet(order, self._size(qty) if qty else order.remaining, int(times))

    async def _do_venue(self, verb: str, name: str) -> None:
        """Let the exchange end an order by itself: ``venue cancels a``."""
        assert verb == "cancels"
        self._stand.exchange.cancel(ACCOUNT, self._symbol, order_id=self._held(name).order_id)

    async def _do_web(self, *words: str) -> None:
        """Let the account trade from another screen: ``web buy 0.5`` at the market, ``web rests``, ``web cancels all``."""
        stand = self._stand
        match words:
            case ("rests",):
                stand.trade(ACCOUNT, Side.BUY, self._size("0.02"), self._ground.middle - self._ground.half_spread * 3, "web-1")
            case ("cancels", "all"):
                stand.exchange.cancel_all(ACCOUNT, self._symbol, untriggered=False)
            case ("sells", "long", qty):
                stand.trade(ACCOUNT, Side.SELL, self._size(qty), None, "web-close", leg=PositionSide.LONG)
            case (side, qty):
                stand.trade(ACCOUNT, Side(side), self._size(qty), None, f"web-{side}-{qty}")

    async def _do_mark(self, price: str) -> None:
        """Move mark and index."""
        self._stand.exchange.set_reference(self._symbol, Decimal(price))

    async def _do_leverage(self, leverage: str) -> None:
        """Trade isolated at this leverage from here on."""
        self._stand.exchange.set_leverage(ACCOUNT, self._symbol, None, Decimal(leverage), isolated=True)

    async def _do_mode(self, mode: str) -> None:
        """Change the account's position mode on another screen."""
        refusal = self._stand.exchange.set_position_mode(ACCOUNT, self._symbol, PositionMode(mode))
        assert not refusal, refusal

    async def _do_outage(self) -> None:
        """Refuse every connection and break those there are."""
        self._stand.proxy.down()

    async def _do_heal(self) -> None:
        """Take connections again."""
        await self._stand.proxy.up()

    async def _do_cut(self) -> None:
        self._stand.proxy.cut()

    async def _do_freeze(self) -> None:
        self._stand.proxy.freeze()

    async def _do_cap(self, bytes_per_s: str) -> None:
        self._stand.proxy.bytes_per_s = float(bytes_per_s)

    async def _do_sleep(self, seconds: str) -> None:
        """Let the machine be suspended: time passes for everybody and nobody does anything."""
        for clock in (self._stand.clock, self._stand.venue_clock):
            clock.slept_ns += int(seconds) * NS

    async def _do_hog(self, seconds: str) -> None:
        """Hold the event loop, as a bug of ours would."""
        time.sleep(float(seconds))  # noqa: ASYNC251 - that is the fault

    async def _do_clock(self, seconds: str) -> None:
        """Set this machine's clock wrong by so much."""
        self._stand.clock.ahead_ns = int(seconds) * NS

    async def _do_reconcile(self) -> None:
        """Do what ``:reconcile`` does."""
        await Executor(self._stand.desk).run(Reconcile(), send=True)

    async def _do_revoke(self) -> None:
        """Let the venue accept the key no more."""
        self._stand.server.revoke_key(self._stand.server.key)

    async def _do_restore(self) -> None:
        """Let the venue accept the key again."""
        self._stand.server.restore_key(self._stand.server.key)

    async def _do_tokens(self, what: str, seconds: str = "") -> None:
        """End every token that was given: ``tokens end``; ``tokens short s`` lets later ones end after so long, unsaid."""
        gate = self._gate()
        if what == "short":
            gate.life_s, gate.frank = int(seconds), False
        else:
            gate.forget()

    async def _do_race(self, count: str) -> None:
        """Ask after ``a`` so many times at once."""
        ask = self._stand.desk.orders.inquiry.look_up
        await asyncio.gather(*(ask("tt-a") for _ in range(int(count))))

    async def _do_panic(self, *words: str) -> None:
        """Press the big key: ``panic``, or ``panic flatten``."""
        self._sent["panic"] = await self._stand.desk.panic(flatten="flatten" in words)

    async def _do_starve(self) -> None:
        """Leave the process no file descriptor to open; those that are open stay."""
        self._limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, self._limits[1]))

    async def _do_feed(self) -> None:
        """Give back what was taken by ``starve``."""
        if self._limits is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, self._limits)
            self._limits = None

    async def _do_wait(self, seconds: str) -> None:
        await asyncio.sleep(float(seconds))

    async def _do_await(self, *words: str) -> None:
        text = " ".join(words)
        await self._until(lambda: self._holds(text), text)

    async def _do_within(self, seconds: str, *words: str) -> None:
        """Wait for an expectation no longer than the requirement allows."""
        text = " ".join(words)
        await self._until(lambda: self._holds(text), f"{text} within {seconds} s", float(seconds))

    # -- expectations ----------------------------------------------------------------------------------------------

    def _holds(self, text: str) -> bool:
        """Whether an expectation is met now.

        ``a live``, ``a filled 0.01``, ``a unknown first`` (it was at some time), ``a answer <text>`` (what its sender was told),
        ``a size 0.02``, ``a pending cancel``, ``S a 1`` (creates received), ``made a 1``, ``requests <METHOD /path> n``,
        ``tokens 2`` (given so far), ``position 0.01``, ``executions 3``, ``kind <of an execution>``, ``funding <paid>``,
        ``external <size>``, ``open`` (entries may leave), ``blocked <text>``, ``says <text>``, ``lane private <text>``,
        ``fresh``/``stale`` ``book``/``mark``, ``unreadable n``, ``struck <text>`` (a fault has).
        """
        stand, (first, *rest) = self._stand, text.split()
        store = stand.desk.store
        match first, rest:
            case "S", [name, count]:
                return stand.receipts[f"tt-{name}"] == int(count)
            case "made", [name, count]:
                orders = stand.exchange.floor.orders.get(ACCOUNT, {}).values()
                return sum(one.client_id == f"tt-{name}" and not one.refusal for one in orders) == int(count)
            case "position", [qty]:
                return sum((p.signed_qty for p in store.open_positions()), Decimal(0)) == self._size(qty)
            case "executions", [count]:
                return len(store.blotter.fills()) == int(count)
            case "external", [qty]:
                return any(order.external and order.qty == self._size(qty) for order in store.blotter.working())
            case "says", _:
                return any(" ".join(rest) in notice.text for notice in store.notices)
            case "open", []:
                return self._ready()
            case "blocked", _:
                return " ".join(rest) in stand.desk.blocked(self._ground.id) and bool(stand.desk.blocked(self._ground.id))
            case "lane", [lane, *words]:
                link = store.links.get((self._ground.id.venue, lane))
                return link is not None and " ".join(words) in f"{link.state} {link.reason}"
            case "struck", _:
                return any(" ".join(rest) in what for what in stand.proxy.struck)
            case "kind", [kind]:
                return any(fill.kind == kind for fill in store.blotter.fills())
            case "funding", [amount]:
                return store.funding_paid.get(self._ground.instrument.settle, Decimal(0)) == Decimal(amount)
            case "unreadable", [count]:
                return store.unreadable == int(count)
            case "fresh" | "stale", ["book" | "mark" as what]:
                fresh = store.book_is_fresh(self._ground.id) if what == "book" else store.mark_is_fresh(self._ground.id)
                return fresh == (first == "fresh")
            case "requests", [method, path, count]:
                wanted = f"{method} {path}"
                received = stand.server.receipts.items()
                return sum(n for one, n in received if one == wanted or (wanted[-1] == "/" and one.startswith(wanted))) == int(
                    count
                )
            case "tokens", [count]:
                return self._gate().given == int(count)
        order = stand.shown(f"tt-{first}")
        match rest:
            case [status, "first"]:
                return any(f" tt-{first} {status} " in line for line in stand.story)
            case ["answer", *words]:
                return " ".join(words) in str(self._sent.get(first, ""))
            case ["size", qty]:
                return order is not None and order.qty == self._size(qty) and order.pending is None
            case ["pending", action]:
                return order is not None and order.pending == action
            case [status, filled]:
                return order is not None and order.status == status and order.filled == self._size(filled)
            case [status]:
                return order is not None and order.status == status
        raise ValueError(f"no such expectation: {text!r}")

    # -- inside ----------------------------------------------------------------------------------------------------

    def _gate(self) -> Gate:
        mask = self._stand.server.mask
        assert isinstance(mask, ParadexMask), "there are no tokens here"
        return mask.gate

    def _size(self, text: str) -> Decimal:
        """Return a size that a word counts in units."""
        return Decimal(text) * self._ground.unit

    def _ready(self) -> bool:
        desk = self._stand.desk
        return not desk.blocked(self._ground.id) and desk.store.mark_is_fresh(self._ground.id)

    def _shown(self, name: str) -> Order:
        order = self._stand.shown(f"tt-{name}")
        assert order is not None, f"{name} is not shown"
        return order

    def _held(self, name: str) -> SimOrder:
        order = self._stand.order(f"tt-{name}")
        assert order is not None, f"the exchange never had {name}"
        return order

    async def _until(self, holds: Callable[[], bool], what: str, patience_s: float = 0.0) -> None:
        deadline = time.monotonic() + (patience_s or PATIENCE_S)
        while not holds():
            assert time.monotonic() < deadline, f"not in time: {what}\n{self._picture()}"
            await asyncio.sleep(0.02)

    def _picture(self) -> str:
        stand = self._stand
        notices = [notice.text for notice in stand.desk.store.notices][-12:]
        lines = [
            f"blocked: {stand.desk.blocked(self._ground.id)}",
            *(f"{lane} lane: {link.state} {link.reason}" for (_, lane), link in stand.desk.store.links.items()),
            f"struck: {stand.proxy.struck}",
            f"answers: {self._sent}",
            f"receipts: {dict(stand.receipts)}",
            *stand.disagreements(),
            *stand.complaints,
            *stand.story[-12:],
            *notices,
        ]
        return "\n".join(lines)
