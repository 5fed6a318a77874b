"""The built-in exchange in a process of its own, going wrong by a schedule: ``python -m tests.soak.exchange [--every SECONDS]``.

Prints one JSON line when it listens and one for every fault; when told to end, it heals, and says what is open. With ``--still``
nothing goes wrong, prices only flicker, every event is told, and from SIGUSR1 on nothing moves at all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientConnectionResetError

from tests.crash.scene import WORDS
from tests.crash.street import Street
from tui_trader.core.clock import SystemClock
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.faults import Action, FaultRule, Faults, Moment
from tui_trader.sim.launch import ACCOUNT, DEFAULT_BALANCE, build_server
from tui_trader.sim.masks.phemex import PhemexMask
from tui_trader.sim.products import phemex_instruments
from tui_trader.sim.server import SimServer

HEALED_AFTER = 0.6
"""The part of a period after which a fault that did not strike is lifted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong for a while."""

    name: str
    rules: tuple[FaultRule, ...] = ()
    cut: bool = False
    """Whether every stream breaks as well."""


def _faults(venue: str) -> list[Fault]:
    words = WORDS[venue]
    create, cancel, replace, reads = words.create, words.cancel, words.amend, "GET /"

    def request(action: Action, prefix: str, times: int = 2, **more: Any) -> FaultRule:
        return FaultRule(action, Moment.REQUEST, prefix, times=times, **more)

    return [
        Fault("creates are lost on the way", (request(Action.DROP_BEFORE, create),)),
        Fault("answers to creates are lost", (request(Action.DROP_AFTER, create),)),
        Fault("creates answered late", (request(Action.DELAY, create, seconds=2.0),)),
        Fault("creates executed late", (request(Action.DELAY_BEFORE, create, seconds=6.0),)),
        Fault("creates answered 503, executed", (request(Action.ERROR_AFTER, create),)),
        Fault("creates answered 502, not executed", (request(Action.ERROR_BEFORE, create, status=502),)),
        Fault("answers to cancels are lost", (request(Action.DROP_AFTER, cancel, 3),)),
        Fault("cancels are lost on the way", (request(Action.DROP_BEFORE, cancel, 3),)),
        *([Fault("answers to amends are lost", (request(Action.DROP_AFTER, replace),))] if replace else []),
        Fault("questions answered 500", (request(Action.ERROR_BEFORE, reads, 12, status=500),)),
        Fault("too many requests", (request(Action.LIMIT, "", 4, retry_after_s=2),)),
        Fault("streams cut", cut=True),
        Fault("streams cut and refused", (FaultRule(Action.REFUSE, Moment.CONNECT, times=8),), cut=True),
        Fault("a stream falls silent", (FaultRule(Action.MUTE, Moment.PUSH),)),
        Fault("book frames are lost", (FaultRule(Action.SKIP, Moment.PUSH, words.books, times=4),)),
    ]


async def wreak(
    server: SimServer, faults: Faults, every_s: float, seed: int, tell: Callable[[dict[str, Any]], None], venue: str = "phemex"
) -> None:
    """Let one fault after another happen, each kind once before any comes again; for ever."""
    rng = random.Random(seed)
    while True:
        kinds = _faults(venue)
        rng.shuffle(kinds)
        for fault in kinds:
            await asyncio.sleep(every_s * (1 - HEALED_AFTER))
            before = len(faults.fired)
            for rule in fault.rules:
                faults.add(rule)
            if fault.cut:
                server.cut()
            await asyncio.sleep(every_s * HEALED_AFTER)
            faults.clear()
            tell({"event": "wrong", "what": fault.name, "struck": len(faults.fired) - before + fault.cut})
            faults.fired.clear()


async def serve(every_s: float, seed: int, *, still: bool = False, venue: str = "phemex") -> None:
    """Serve until SIGTERM."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    server = _still(seed) if still else build_server(seed=seed, clock=SystemClock(), venue=venue)
    async with server:
        tell({"event": "access", "rest": server.rest_url})
        work = [wreak(server, server.faults, every_s, seed, tell, venue)] if every_s else []
        work += [_report_failure(server)]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
            await stopping.wait()
            for task in tasks:
                task.cancel()
        opened = [order.client_id or order.order_id for order in server.exchange.open_orders(ACCOUNT)]
        tell({"event": "end", "open": opened, "orders": len(server.exchange.floor.orders.get(ACCOUNT, {}))})


def _still(seed: int) -> SimServer:
    [instrument] = phemex_instruments(("BTCUSDT",))
    street, clock = Street(seed, instrument), SystemClock()

    def freeze() -> None:
        street.open_for_trade = False

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, freeze)
    exchange = Exchange([instrument], seed=seed, start_ns=clock.wall_ns(), flow=street)
    exchange.open_account(ACCOUNT, {"USDT": DEFAULT_BALANCE, "USDC": DEFAULT_BALANCE})
    return SimServer(exchange, PhemexMask, account=ACCOUNT, seed=seed, clock=clock, on_event=tell, limits=False)


async def _report_failure(server: SimServer) -> None:
    await server.failed.wait()
    tell({"event": "failure"})


def is_news(record: logging.LogRecord) -> bool:
    """Whether a complaint of the server library is one: that a client is gone, or is hung up on by a fault, is not."""
    return not (record.exc_info and isinstance(record.exc_info[1], ClientConnectionResetError))


def tell(line: dict[str, Any]) -> None:
    """Print one line."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.soak.exchange", description=__doc__)
    parser.add_argument("--every", type=float, default=20.0, metavar="SECONDS", help="between two faults; 0: none")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--still", action="store_true")
    parser.add_argument("--venue", default="phemex", help="whose protocol it speaks (default: phemex)")
    asked = parser.parse_args()
    logging.getLogger("aiohttp.server").addFilter(is_news)
    asyncio.run(serve(0.0 if asked.still else asked.every, asked.seed, still=asked.still, venue=asked.venue))
