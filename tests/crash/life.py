"""One life of the program: the shipping desk on real sockets and a real journal, that trades by a script or finds out what is so.

It is opened as ``tui-trader do`` opens it. What it has to say goes to a file, line by line, since it may not live to say more.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
import traceback
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.crash.dump import dump, is_settled
from tests.crash.pace import Pace, PacedLoop
from tests.crash.points import Points
from tests.crash.scene import Scene
from tests.crash.script import script
from tui_trader.cli.configure import configuration
from tui_trader.cli.launch import arguments, open_desk, wait_until, watched
from tui_trader.core.error import LinkError, TraderError
from tui_trader.core.grammar import parse
from tui_trader.desk.commands import Executor
from tui_trader.desk.desk import Desk
from tui_trader.net.tasks import TaskSet

ENVIRON = {
    "TUI_TRADER__RISK__MAX_ORDERS_PER_SECOND": "100",
    "TUI_TRADER__RISK__MAX_ORDERS_PER_MINUTE": "3000",
    "TUI_TRADER__RISK__DUPLICATE_WINDOW_S": "0",
}
"""Configuration of every desk here, beside the venue's: a script trades faster than a hand."""

TRIES = 5

TAIL_S = 0.15
"""How long after the last line points are still counted."""

SETTLE_S = 240.0
"""By then everything must be known: the fence, the lag of a history, and the pauses between questions."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a life is for."""

    url: str
    folder: str
    number: int
    seed: int
    fatal: str = ""
    """The point at which it ends."""
    venue: str = "phemex"
    trades: bool = False
    """Whether it follows the seed's script; otherwise it only finds out what is so."""


async def started_desk(url: str, stack: AsyncExitStack) -> Desk:
    """Open and start a desk as a command of the shell does."""
    args = arguments(sim_url=url)
    config = configuration(args)
    for attempt in range(TRIES):
        try:
            desk = await open_desk(config, args, stack)
            break
        except LinkError:  # a busy machine at a fast pace: nothing is opened yet, and a person would try again too
            if attempt + 1 == TRIES:
                raise
    await desk.start(watched(desk, config), None)
    return desk


def live(plan: Plan, pace: Pace) -> None:
    """Live in this process, which was forked for it; does not return."""
    code = 1
    folder = Path(plan.folder)
    with suppress(BaseException):
        os.environ |= {"TUI_TRADER_HOME": str(folder / "home")}
        life = _Life(plan, folder / f"life-{plan.number}.jsonl")
        try:
            with asyncio.Runner(loop_factory=lambda: PacedLoop(pace)) as runner:
                runner.run(life.run())
            code = 0
        except BaseException:
            life.say({"failed": traceback.format_exc()})
    os._exit(code)


class _Life:
    def __init__(self, plan: Plan, path: Path) -> None:
        self._plan = plan
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._points = Points(plan.fatal, self.say)
        self._outcomes: Counter[str] = Counter()
        self._hands = TaskSet(self._failed)

    def say(self, line: dict[str, Any]) -> None:
        """Write a line that survives us."""
        os.write(self._fd, json.dumps(line).encode() + b"\n")

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: self.say({"failed": f"{context['message']}: {context.get('exception')!r}"}))
        if not self._plan.trades and self._plan.fatal:
            self._points.install()
        async with AsyncExitStack() as stack:
            desk = await started_desk(self._plan.url, stack)
            desk.crashed = self._failed
            if self._plan.trades:
                await self._trade(desk)
                return
            await self._find_out(desk)

    async def _trade(self, desk: Desk) -> None:
        iid = desk.feeds.watched[0]
        await wait_until(lambda: not desk.blocked(iid) and desk.store.mark_is_fresh(iid), SETTLE_S)
        executor = Executor(desk)
        self._points.install()
        for step in script(self._plan.seed, Scene(self._plan.venue)):
            await asyncio.sleep(step.pause_s)
            doing = self._hands.spawn(step.line, self._do(executor, step.line))
            if step.waited_for:
                await asyncio.wait([doing])
        await wait_until(lambda: not len(self._hands), SETTLE_S)
        await asyncio.sleep(TAIL_S)
        self._points.stop()
        points = self._points
        self.say(
            {"callbacks": points.callbacks, "writes": points.writes, "places": dict(points.places), "did": dict(self._outcomes)}
        )
        os.kill(os.getpid(), 9)  # the end of the script is a point too

    async def _find_out(self, desk: Desk) -> None:
        started = time.monotonic()
        await wait_until(lambda: desk.reconciled, SETTLE_S)
        self.say({"reconciled": time.monotonic() - started})
        settled = await wait_until(lambda: is_settled(desk), SETTLE_S)
        self._points.stop()
        self.say({"settled": settled, "took": time.monotonic() - started, "state": dump(desk)})

    async def _do(self, executor: Executor, line: str) -> None:
        try:
            for command in parse(line).commands:
                for result in await executor.run(command, send=True):
                    self._outcomes[result.outcome] += 1
        except TraderError as error:
            self._outcomes[f"{type(error).__name__}: {error}"] += 1

    def _failed(self, name: str, error: BaseException) -> None:
        self.say({"failed": f"{name}: {error!r}"})
