"""The process of the exchanges: one for each case, on a port of its own, with its faults, its receipts and its ledger."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from decimal import Decimal
from random import Random
from typing import Any

import orjson
from aiohttp import ClientConnectionResetError, web

from tests.crash.pace import Pace, PacedLoop
from tests.crash.street import SYMBOL, Street
from tests.crash.wire import answer
from tui_trader.core.clock import SystemClock
from tui_trader.core.decimals import plain
from tui_trader.sim import server
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.faults import Action, FaultRule, Faults, Moment
from tui_trader.sim.masks.phemex import PhemexMask
from tui_trader.sim.masks.phemex_words import AT_THE_GATE
from tui_trader.sim.products import phemex_instruments
from tui_trader.sim.server import SimServer
from tui_trader.sim.types import SimOrder

ACCOUNT = "sim"

_INSTRUMENTS = phemex_instruments((SYMBOL,))


class CountingServer(SimServer):
    """Counts what arrives by client id, executed or not."""

    creates: Counter[str]

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if (request.method, request.path) == ("POST", "/g-orders"):
            self.creates[str(orjson.loads(await request.read())["clOrdID"])] += 1
        return await super()._handle(request)


class House:
    """All exchanges that are open."""

    def __init__(self) -> None:
        self._servers: dict[str, tuple[CountingServer, Street]] = {}

    async def open(self, case: str, seed: int) -> str:
        """Start an exchange; return its address."""
        street, clock = Street(seed), SystemClock()
        exchange = Exchange(_INSTRUMENTS, seed=seed, start_ns=clock.wall_ns(), flow=street)
        exchange.open_account(ACCOUNT, {"USDT": Decimal(100_000), "USDC": Decimal(1)})
        one = CountingServer(exchange, PhemexMask, account=ACCOUNT, seed=seed, clock=clock, faults=_faults(seed))
        one.creates = Counter()
        await one.start()
        self._servers[case] = (one, street)
        return one.rest_url

    async def calm(self, case: str) -> None:
        """Let nothing go wrong and nobody trade any more."""
        one, street = self._servers[case]
        one.faults.clear()
        street.open_for_trade = False

    async def ledger(self, case: str) -> dict[str, Any]:
        """Return what is so: orders, executions, positions, and creates received by client id."""
        one, _ = self._servers[case]
        exchange = one.exchange
        if one.failed.is_set():
            raise RuntimeError("the exchange's own clock failed")
        orders = exchange.floor.orders.get(ACCOUNT, {}).values()
        return {
            "orders": {order.client_id or order.order_id: _order(order) for order in orders if order.refusal not in AT_THE_GATE},
            "fills": {
                report.exec_id: [
                    report.order.side,
                    plain(report.exec_qty),
                    plain(report.exec_price),
                    plain(report.exec_fee),
                    report.order.order_id,
                ]
                for report in exchange.fills(ACCOUNT)
            },
            "positions": {f"{leg.symbol} {leg.position_side}": plain(leg.qty) for leg in exchange.positions(ACCOUNT) if leg.qty},
            "creates": dict(one.creates),
            "made": dict(Counter(order.client_id for order in orders if order.client_id and not order.refusal)),
        }

    async def close(self, case: str) -> None:
        """End an exchange."""
        one, _ = self._servers.pop(case)
        await one.stop()


def serve(sock: socket.socket, pace: Pace) -> None:
    """Live as the process of the exchanges."""
    logging.getLogger("aiohttp.server").addFilter(
        lambda record: not (record.exc_info and isinstance(record.exc_info[1], ClientConnectionResetError))
    )
    server.CADENCE_S = 0.05  # the grid on which this market moves; nobody is to look more often
    house = House()
    verbs = {"open": house.open, "calm": house.calm, "ledger": house.ledger, "close": house.close}
    with asyncio.Runner(loop_factory=lambda: PacedLoop(pace)) as runner:
        runner.run(answer(sock, verbs))


def _faults(seed: int) -> Faults:
    """Return what goes wrong under a seed besides the crash: nothing in every other one."""
    rng = Random(seed)
    if seed % 2 == 0:
        return Faults()

    def rule(action: Action, prefix: str, **more: Any) -> FaultRule:
        return FaultRule(action, Moment.REQUEST, prefix, skip=rng.randint(0, 3), **more)

    return Faults(
        [
            rule(Action.DELAY, "POST /g-orders", times=2, seconds=0.15),
            rule(Action.DROP_AFTER, "POST /g-orders"),
            rule(Action.DELAY_BEFORE, "POST /g-orders", seconds=0.1),
            rule(Action.DROP_BEFORE, "POST /g-orders"),
            rule(Action.ERROR_AFTER, "PUT /g-orders/replace"),
            rule(Action.DROP_AFTER, "DELETE /g-orders"),
        ]
    )


def _order(order: SimOrder) -> dict[str, Any]:
    return {
        "venue_id": order.order_id,
        "status": order.status,
        "side": order.side,
        "type": order.type,
        "qty": plain(order.qty),
        "filled": plain(order.filled),
        "price": plain(order.price) if order.price else None,
        "trigger": plain(order.trigger_price) if order.trigger_price else None,
        "reduces": order.reduce_only or order.close_on_trigger,
    }
