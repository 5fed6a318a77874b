"""The process of the exchanges: one for each case, on a port of its own, with its faults, its receipts and its ledger."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from typing import Any

from aiohttp import ClientConnectionResetError

from tests.crash.pace import Pace, PacedLoop
from tests.crash.scene import Scene
from tests.crash.street import Street
from tests.crash.wire import answer
from tui_trader.core.clock import SystemClock
from tui_trader.core.decimals import plain
from tui_trader.sim import server
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.server import SimServer
from tui_trader.sim.types import Refusal, SimOrder, SimStatus

ACCOUNT = "sim"


class House:
    """All exchanges that are open."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._servers: dict[str, tuple[SimServer, Street, Counter[str]]] = {}

    async def open(self, case: str, seed: int) -> str:
        """Start an exchange; return its address."""
        scene, creates = self._scene, Counter[str]()
        street, clock = Street(seed, scene.instruments()[0]), SystemClock()
        exchange = Exchange(scene.instruments(), seed=seed, start_ns=clock.wall_ns(), flow=street)
        exchange.open_account(ACCOUNT, scene.money)
        one = SimServer(
            exchange,
            scene.mask(creates),
            account=ACCOUNT,
            seed=seed,
            clock=clock,
            faults=scene.faults(seed),
            mint=scene.mint,
        )
        await one.start()
        self._servers[case] = (one, street, creates)
        return one.rest_url

    async def calm(self, case: str) -> None:
        """Let nothing go wrong and nobody trade any more."""
        one, street, _ = self._servers[case]
        one.faults.clear()
        street.open_for_trade = False

    async def ledger(self, case: str) -> dict[str, Any]:
        """Return what is so: orders, executions, positions, and creates received by client id."""
        one, _, creates = self._servers[case]
        scene, exchange = self._scene, one.exchange
        if one.failed.is_set():
            raise RuntimeError("the exchange's own clock failed")
        orders = exchange.floor.orders.get(ACCOUNT, {}).values()
        told = {order.order_id: scene.order_id(one.mask, exchange, order) for order in orders}
        return {
            "orders": {
                order.client_id or told[order.order_id]: self._order(order, told[order.order_id])
                for order in orders
                if order.refusal not in scene.at_the_gate
            },
            "fills": {
                scene.exec_id(one.mask, exchange, report): [
                    report.order.side,
                    plain(report.exec_qty),
                    plain(report.exec_price),
                    plain(report.exec_fee),
                    told[report.order.order_id],
                ]
                for report in exchange.fills(ACCOUNT)
            },
            "positions": {f"{leg.symbol} {leg.position_side}": plain(leg.qty) for leg in exchange.positions(ACCOUNT) if leg.qty},
            "remembers": scene.remembers,
            "creates": dict(creates),
            "made": dict(Counter(order.client_id for order in orders if order.client_id and not order.refusal)),
        }

    async def close(self, case: str) -> None:
        """End an exchange."""
        one, *_ = self._servers.pop(case)
        await one.stop()

    def _order(self, order: SimOrder, told: str) -> dict[str, Any]:
        refused = order.status is SimStatus.CANCELED and order.refusal is not Refusal.NONE and not order.filled
        return {
            "venue_id": told,
            "status": order.status,
            "made_there": bool(order.parent),
            "alike": self._scene.closes_alike and refused,
            "side": order.side,
            "type": order.type,
            "qty": plain(order.qty),
            "filled": plain(order.filled),
            "price": plain(order.price) if order.price else None,
            "trigger": plain(order.trigger_price) if order.trigger_price else None,
            "reduces": order.reduce_only or order.close_on_trigger,
        }


def serve(sock: socket.socket, pace: Pace, scene: Scene) -> None:
    """Live as the process of the exchanges."""
    logging.getLogger("aiohttp.server").addFilter(
        lambda record: not (record.exc_info and isinstance(record.exc_info[1], ClientConnectionResetError))
    )
    server.CADENCE_S = 0.05  # the grid on which this market moves; nobody is to look more often
    house = House(scene)
    verbs = {"open": house.open, "calm": house.calm, "ledger": house.ledger, "close": house.close}
    with asyncio.Runner(loop_factory=lambda: PacedLoop(pace)) as runner:
        runner.run(answer(sock, verbs))
