"""A desk without a screen that trades all the time: ``python -m tests.soak.robot SIM_URL REPORT [--seed N]``.

The shipping desk on its own sockets and journal, with the gauge in its loop. Prints its counts once a second; when told to end,
it cancels everything and says what it still believes to be open.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import signal
import sys
from collections import Counter
from pathlib import Path

from tests.soak import gauge
from tui_trader.cli.configure import configuration
from tui_trader.cli.launch import arguments, connected
from tui_trader.core.error import TraderError
from tui_trader.core.facts import TradingState
from tui_trader.core.grammar import parse
from tui_trader.desk.commands import Executor
from tui_trader.desk.desk import Desk
from tui_trader.net.tasks import TaskSet
from tui_trader.venues.registry import load

PAUSE_S = 0.8
"""Mean pause between two things it does: an account may send 500 requests a minute, and the terminal has its share."""

WORKING = 12
"""Orders it lets stand; with more it cancels first."""

LAST_S = 20.0
"""How long it tries to end with nothing open."""


class Robot:
    """Does one thing after another and counts what came of it."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.counts: Counter[str] = Counter()
        self._desk = desk
        self._executor = Executor(desk)
        self._symbol = desk.account.venue.default_symbol
        self._moves = desk.account.venue.capabilities.amend
        self._random = random.Random(seed)
        self._tasks = TaskSet(self._failed)
        desk.crashed = self._failed

    async def trade(self) -> None:
        """Trade for ever; what is not waited for goes on beside."""
        told = 0.0
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._random.expovariate(1 / PAUSE_S))
            line = self._choose()
            self._tasks.spawn(line, self.run(line))
            if loop.time() - told > 1.0:
                told = loop.time()
                self.tell()

    async def run(self, line: str) -> None:
        """Run a line of the order language and count its outcome."""
        self.counts["commands"] += 1
        try:
            for command in parse(line).commands:
                for result in await self._executor.run(command, send=True):
                    self.counts[f"{line.split()[0]} {result.outcome}"] += 1
        except TraderError as error:
            self.counts[f"{type(error).__name__}"] += 1
            self._go_on()

    async def end(self) -> None:
        """Cancel everything and close what is held, as often as it takes."""
        deadline = asyncio.get_running_loop().time() + LAST_S
        store = self._desk.store
        while (store.blotter.working() or store.open_positions()) and asyncio.get_running_loop().time() < deadline:
            if not self._desk.reconciled:
                await asyncio.sleep(0.5)
                continue
            await self.run("flat all")
            await asyncio.sleep(1.0)
        print(json.dumps({"open": [order.client_id for order in store.blotter.working()], **self._state()}), flush=True)

    def tell(self) -> None:
        """Print the counts and the state of the desk."""
        print(json.dumps(self._state()), flush=True)

    def _state(self) -> dict[str, object]:
        blotter = self._desk.store.blotter
        return {
            "counts": dict(sorted(self.counts.items())),
            "working": len(blotter.working()),
            "orders": len(blotter.orders()),
            "fills": len(blotter.fills()),
            "tasks": self._desk._tasks.names,
        }

    def _go_on(self) -> None:
        """Let entries out again after requests without an answer have ended them, as the trader at the screen would."""
        if self._desk.controls.state is not TradingState.ACTIVE:
            self.counts[f"resumed after {self._desk.controls.state}"] += 1
            with contextlib.suppress(TraderError):  # not while a way out is still being tried
                self._desk.resume(self._desk.account.venue.name)

    def _choose(self) -> str:
        rng, working = self._random, len(self._desk.store.blotter.working())
        if working >= WORKING:
            return rng.choice(["cancel all", "cancel bids", "cancel asks"])
        draw = rng.random()
        ticks = rng.randint(50, 400)
        size = f"0.00{rng.randint(1, 5)}"
        if draw < 0.5:
            return rng.choice([f"buy {size} {self._symbol} @ bid-{ticks}t", f"sell {size} {self._symbol} @ ask+{ticks}t"])
        if draw < 0.75:
            return "cancel last"
        if draw < 0.9 and self._moves:
            return f"move last {rng.choice('+-')}{rng.randint(1, 20)}t"
        if draw < 0.97:
            return rng.choice([f"buy {size} {self._symbol}", f"sell {size} {self._symbol}"])
        return f"flat {self._symbol}"

    def _failed(self, name: str, error: BaseException) -> None:
        self.counts["FAILED"] += 1
        print(json.dumps({"failed": f"{name}: {error!r}"}), flush=True)


async def trade(url: str, seed: int) -> None:
    """Trade until SIGTERM, then put everything down."""
    args = arguments(sim_url=url)
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    config = configuration(args)
    async with connected(config, args, [load(config.settings.general.venue).default_symbol]) as desk:
        robot = Robot(desk, seed)
        async with asyncio.TaskGroup() as group:
            work = group.create_task(robot.trade())
            await stopping.wait()
            work.cancel()
        await robot.end()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.soak.robot", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("report", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    gauge.install(asked.report)
    asyncio.run(trade(asked.url, asked.seed))
    sys.exit(0)
