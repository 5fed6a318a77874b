"""The process of the desks that never crash: one on each case's account, looking on from before the first order to the end."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import AsyncExitStack
from pathlib import Path

from tests.crash.dump import State, dump, is_settled
from tests.crash.life import SETTLE_S, started_desk
from tests.crash.pace import Pace, PacedLoop
from tests.crash.wire import answer
from tui_trader.cli.launch import wait_until
from tui_trader.desk.desk import Desk


class Observers:
    """All desks that look on."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[Desk, AsyncExitStack]] = {}

    async def open(self, case: str, url: str) -> None:
        """Start to look on, and return when everything is known."""
        stack = AsyncExitStack()
        desk = await started_desk(url, stack)
        self._open[case] = (desk, stack)
        await wait_until(lambda: is_settled(desk), SETTLE_S)

    async def dump(self, case: str) -> State | None:
        """Return what is believed; None while something is in question."""
        desk, _ = self._open[case]
        return dump(desk) if is_settled(desk) else None

    async def close(self, case: str) -> None:
        """Look away."""
        _, stack = self._open.pop(case)
        await stack.aclose()


def observe(sock: socket.socket, pace: Pace, home: Path) -> None:
    """Live as the process of the observers."""
    os.environ["TUI_TRADER_HOME"] = str(home)
    observers = Observers()
    verbs = {"open": observers.open, "dump": observers.dump, "close": observers.close}
    with asyncio.Runner(loop_factory=lambda: PacedLoop(pace)) as runner:
        runner.run(answer(sock, verbs))
