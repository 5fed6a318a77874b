"""What the plan for Paradex asked to be shown, measured: ``python -m tests.venues.paradex.criteria [--seconds 60] [--rate 300]``.

The terminal as it is installed trades nothing here; it looks at the built-in exchange in Paradex's clothes in another process,
in a pseudo-terminal of 120x40. First the latency from a frame to the screen: the exchange changes the size of the best bid, and
the time is taken from before its frame is made until the new size comes out of the terminal, quiet and with ``--rate`` book
messages a second. Then stability: for ``--seconds`` a desk trades while its connections are cut, tokens end early, a token is
refused, answers are lost and books lose increments; in the end orders, executions and positions must be the exchange's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from statistics import median

from tests.bench.measure import percentile
from tests.bench.pty_probe import Probe
from tests.bench.start import OURS
from tests.venues.paradex.starkware import CppStark
from tui_trader.core.clock import SystemClock
from tui_trader.core.ids import IdFactory
from tui_trader.core.order import OrderTicket
from tui_trader.core.risk import Limits
from tui_trader.core.types import ClientOrderId, InstrumentId, OrderType, Side, TimeInForce
from tui_trader.desk.account import Account
from tui_trader.desk.desk import Desk
from tui_trader.desk.environment import Environment
from tui_trader.secrets.secret import Secret
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.faults import Action, FaultRule, Moment
from tui_trader.sim.masks.paradex import ParadexMask, mint, with_stark
from tui_trader.sim.masks.paradex_products import paradex_instruments
from tui_trader.sim.server import SimServer
from tui_trader.sim.types import NewOrder
from tui_trader.storage.journal import Journal
from tui_trader.venues.base import Credential, Endpoints
from tui_trader.venues.paradex import paradex

ROOT = Path(__file__).parents[3]
BTC = InstrumentId("paradex", "BTC-USD-PERP")
MIDDLE = Decimal(50_000)
WANTED_MS = 100.0
TICK = Decimal("0.1")
LOOKS = 60
"""Changes of the best bid that are timed, quiet and under load each."""

_ODD, _EVEN = "357", "468"
"""Digits of sizes in turn: each differs from what it replaces, and three of them are no part of a colour."""


def house(clock: SystemClock) -> tuple[Exchange, SimServer]:
    """Return a quiet exchange and its server, not started."""
    exchange = Exchange(paradex_instruments(), seed=1, start_ns=clock.wall_ns())
    exchange.open_account("trader", {"USDC": Decimal(100_000)})
    exchange.open_account("street", {"USDC": Decimal(10**9)})
    for symbol, price in ((BTC.symbol, MIDDLE), ("ETH-USD-PERP", Decimal(3_000))):
        exchange.set_reference(symbol, price)
    for side in (Side.BUY, Side.SELL):
        for step in range(2, 40):
            rest(exchange, side, Decimal(1), MIDDLE - side.sign * TICK * step)
    stark = with_stark(CppStark())
    return exchange, SimServer(exchange, stark, account="trader", seed=1, clock=clock, limits=False, mint=mint)


def rest(exchange: Exchange, side: Side, qty: Decimal, price: Decimal, tif: TimeInForce = TimeInForce.GTC) -> str:
    """Let the street put an order somewhere; return its id."""
    return exchange.submit("street", NewOrder("", BTC.symbol, side, OrderType.LIMIT, qty, price, tif)).order_id


# -- latency: the exchange's end ---------------------------------------------------------------------------------------


async def _serve() -> None:
    """Serve until the input ends: a line ``rate N`` changes the load, a line ``size X`` the best bid's size, and says when."""
    exchange, server = house(SystemClock())
    async with server:
        print(json.dumps({"url": server.rest_url}), flush=True)
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        load = {"rate": 0, "sent": 0}
        async with asyncio.TaskGroup() as group:
            pouring = group.create_task(_pour(exchange, server, load))
            best = ""
            while line := (await lines.readline()).decode().split():
                if line[0] == "rate":
                    load["rate"] = int(line[1])
                elif line[0] == "sent":
                    print(load["sent"], flush=True)
                else:
                    began = time.monotonic()
                    if best:
                        exchange.cancel("street", BTC.symbol, order_id=best)
                    best = rest(exchange, Side.BUY, Decimal(line[1]), MIDDLE - TICK)
                    server.mask.flush()
                    print(began, flush=True)
            pouring.cancel()


async def _pour(exchange: Exchange, server: SimServer, load: dict[str, int]) -> None:
    """Change far levels so often, each a book message of its own."""
    dice = random.Random(1)
    due = time.monotonic()
    while True:
        if not load["rate"]:
            await asyncio.sleep(0.05)
            due = time.monotonic()
            continue
        side = dice.choice((Side.BUY, Side.SELL))
        order = rest(exchange, side, Decimal("0.5"), MIDDLE - side.sign * dice.randint(20, 60))
        server.mask.flush()
        exchange.cancel("street", BTC.symbol, order_id=order)
        server.mask.flush()
        load["sent"] += 2
        due += 2 / load["rate"]
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        due = max(due, time.monotonic() - 0.1)


# -- latency: the terminal's end ---------------------------------------------------------------------------------------


def latency(rate: int) -> list[str]:
    """Time changes of the best bid from the exchange to the screen; return one line for each market."""
    words = [sys.executable, "-m", "tests.venues.paradex.criteria", "--serve"]
    server = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None
    assert server.stdout is not None

    def ask(line: str) -> str:
        server.stdin.write(f"{line}\n".encode())  # type: ignore[union-attr]
        server.stdin.flush()  # type: ignore[union-attr]
        return server.stdout.readline().decode()  # type: ignore[union-attr]

    lines = []
    try:
        url = json.loads(server.stdout.readline())["url"]
        with Probe([*OURS, "--venue", "paradex", "--sim-url", url]) as probe:
            probe.wait(lambda taken: b"avail" in taken and any("49,999.7" in row for row in probe.screen()), 40.0)
            dice = random.Random(3)
            for name, wanted in (("quiet", 10), ("under load", rate)):
                server.stdin.write(f"rate {wanted}\n".encode())
                server.stdin.flush()
                probe.read(2.0)
                before, began, took = int(ask("sent")), time.monotonic(), []
                for number in range(LOOKS):
                    digits = "".join(dice.sample(_EVEN if number % 2 else _ODD, 3))
                    start = float(ask(f"size {digits[0]}.{digits}"))
                    took.append((probe.wait_text(digits, 10.0) - start) * 1_000)
                    probe.read(dice.uniform(0.05, 0.2))
                reached = (int(ask("sent")) - before) / (time.monotonic() - began)
                tail = percentile(took, 99)
                met = "met" if tail < WANTED_MS else "NOT MET"
                text = f"frame to screen, {name} ({reached:.0f} book messages/s): p50 {median(took):.0f} ms, p99 {tail:.0f} ms"
                lines.append(f"{text}, max {max(took):.0f} ms of {LOOKS}; wanted below {WANTED_MS:.0f} ms: {met}")
    finally:
        server.kill()
        server.wait()
    return lines


# -- stability ---------------------------------------------------------------------------------------------------------


async def stability(seconds: float) -> list[str]:
    """Trade for a while at an exchange at which everything that is particular to this venue goes wrong in turn."""
    clock = SystemClock()
    exchange, server = house(clock)
    mask = server.mask
    assert isinstance(mask, ParadexMask)
    dice, crashes = random.Random(11), list[str]()
    limits = Limits(*[Decimal(10**6)] * 3, open_orders=90, per_second=50, per_minute=10_000, duplicate_s=0)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        await stack.enter_async_context(server)
        account = Account(
            paradex(interactive=False),
            Environment.SIM,
            Endpoints(server.rest_url, server.ws_url),
            Credential(server.key, Secret(server.secret)),
        )
        journal = Journal(folder / "journal.jsonl", clock)
        desk = Desk(account, clock=clock, rng=dice, journal=journal, ids=IdFactory(), limits=limits)
        desk.crashed = lambda name, error: crashes.append(f"{name}: {error!r}")
        stack.push_async_callback(desk.close)
        await desk.start([BTC.symbol])
        mask.gate.life_s = 20
        began, due, cuts, sent, early_mb = time.monotonic(), time.monotonic() + 4, 0, 0, 0.0
        troubles = [
            server.cut,
            mask.gate.forget,
            lambda: server.faults.add(FaultRule(Action.SKIP, Moment.PUSH, "order_book")),
            lambda: server.faults.add(FaultRule(Action.ERROR_BEFORE, Moment.REQUEST, "POST /v1/auth", status=503)),
            lambda: server.faults.add(FaultRule(Action.DROP_AFTER, Moment.REQUEST, "POST /v1/orders")),
        ]
        while (passed := time.monotonic() - began) < seconds:
            if passed > seconds * 0.3 and not early_mb:
                early_mb = _resident_mb()
            if time.monotonic() > due:
                troubles[cuts % len(troubles)]()
                cuts, due = cuts + 1, time.monotonic() + 5
            exchange.set_reference(BTC.symbol, MIDDLE + dice.randint(-3, 3))
            exchange.cancel("street", BTC.symbol, order_id=rest(exchange, Side.BUY, Decimal("0.3"), MIDDLE - 50))
            if not desk.blocked(BTC):
                sent += await _trade(desk, dice, sent)
                for side in (Side.BUY, Side.SELL):
                    rest(exchange, side, Decimal("0.01"), MIDDLE - side.sign * 2)
            await asyncio.sleep(0.1)
        grown = _resident_mb() - early_mb
        differences = await _settled(desk, exchange, mask)
        reconnects = sum(session.traffic.reconnects for session in desk.feeds._sessions.values())
    fills = len(exchange.fills("trader"))
    text = f"{seconds:.0f} s, {sent} orders, {fills} executions, {cuts} troubles, {reconnects} reconnects"
    ended = "; ".join([*differences, *crashes]) or "orders, executions and positions are the exchange's"
    met = "met" if not differences + crashes else "NOT MET"
    return [f"stability: {text}; memory {grown:+.1f} MB after the first third; {ended}: {met}"]


async def _trade(desk: Desk, dice: random.Random, number: int) -> int:
    """Send one order, or take one off; return how many were sent."""
    working = list(desk.store.blotter.working())
    if len(working) > 4:
        await desk.orders.cancel(dice.choice(working))
        return 0
    side, far = dice.choice((Side.BUY, Side.SELL)), dice.random() < 0.5
    price = MIDDLE - side.sign * (20 if far else -3)
    tif = TimeInForce.GTC if far else TimeInForce.IOC
    ticket = OrderTicket(ClientOrderId(f"tt-s{number}"), BTC, side, OrderType.LIMIT, Decimal("0.01"), price, tif)
    await desk.orders.submit(ticket, reduces=False)
    return 1


async def _settled(desk: Desk, exchange: Exchange, mask: ParadexMask) -> list[str]:
    """Wait until the desk shows what the exchange has; return what differs in the end."""
    for _ in range(200):
        found = _differences(desk, exchange, mask)
        if not found:
            return []
        await asyncio.sleep(0.2)
    return found


def _differences(desk: Desk, exchange: Exchange, mask: ParadexMask) -> list[str]:
    store, ids = desk.store, mask.ids
    pairs = {
        "orders": ({o.venue_id for o in store.blotter.working()}, {ids.of(o.order_id) for o in exchange.open_orders("trader")}),
        "executions": ({f.exec_id for f in store.blotter.fills()}, {ids.of(f.exec_id) for f in exchange.fills("trader")}),
        "positions": ({p.signed_qty for p in store.open_positions()}, {p.qty for p in exchange.positions("trader") if p.qty}),
    }
    return [f"{what} differ by {len(ours ^ theirs)}" for what, (ours, theirs) in pairs.items() if ours != theirs]


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / (1 << 20)


def main() -> int:
    """Measure and print; returns 1 where a criterion is not met."""
    parser = argparse.ArgumentParser(prog="python -m tests.venues.paradex.criteria", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the stability run is (default 60)")
    parser.add_argument("--rate", type=int, default=300, help="book messages a second under load (default 300)")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    logging.disable()  # requests that are hung up on purpose are no news
    if args.serve:
        asyncio.run(_serve())
        return 0
    lines = [*latency(args.rate), *asyncio.run(stability(args.seconds))]
    print("\n".join(lines))
    return 1 if any("NOT MET" in line for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
