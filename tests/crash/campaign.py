"""Cases side by side: each kills the program at one point of a script, restarts it and holds everything against everything."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.crash import forks, house, observer
from tests.crash.life import ENVIRON, SETTLE_S, Plan
from tests.crash.pace import Pace, PacedLoop
from tests.crash.reckoning import reckon
from tests.crash.scene import Scene
from tests.crash.wire import Asker
from tui_trader.cli.launch import wait_until

TWICE = 4
"""One in so many is killed a second time, while it finds out what became of the first."""

RECOVERY_POINTS = 120
"""Callbacks of a restart among which the second killing falls."""


@dataclass
class Case:
    """One killing and what came of it."""

    seed: int
    point: str
    place: str = "the end of the script"
    again: str = ""
    """Where the restarted program was killed in its turn; empty when it was not."""
    took_s: float = 0.0
    """From the restart until everything was known, the desk's seconds."""
    orders: int = 0
    """What the exchange had of them in the end."""
    doubts: int = 0
    """Orders whose end the journal did not know when the last life began."""
    problems: list[str] = field(default_factory=list)


class Campaign:
    """The processes, and cases run through them."""

    def __init__(
        self, folder: Path, venue: str, pace: Pace, jobs: int, waiting: int, house_: Asker, observers: Asker, forks_: Asker
    ) -> None:
        self._folder = folder
        self._venue = venue
        self._pace = pace
        self._busy = asyncio.Semaphore(jobs)
        """Lives that use the processor."""
        self._open = asyncio.Semaphore(waiting)
        """Cases at a time; most of them wait for a fence."""
        self._house = house_
        self._observers = observers
        self._forks = forks_
        self._number = 0

    async def count(self, seed: int) -> dict[str, Any]:
        """Return how many points a seed's script has, and of what."""
        async with self._busy:
            name, url = await self._begin(seed)
            folder = self._folder / name
            await self._live(Plan(url, str(folder), 1, seed, venue=self._venue, trades=True))
            await self._end(name)
        lines = _lines(folder / "life-1.jsonl")
        if not lines or "callbacks" not in lines[-1]:
            raise RuntimeError(f"seed {seed} could not be counted: {lines[-1:]}")
        return lines[-1]

    async def run(self, seed: int, point: str) -> Case:
        """Kill at one point and reckon."""
        case = Case(seed, point)
        async with self._open:
            await self._busy.acquire()
            try:
                name, url = await self._begin(seed)
                folder = self._folder / name
                await self._live(Plan(url, str(folder), 1, seed, fatal=point, venue=self._venue, trades=True))
                self._read_death(case, folder, 1)
                await self._house.ask("calm", case=name)
                rng = Random(f"{seed}:{point}")
                number = 2
                if rng.randrange(TWICE) == 0:
                    again = f"a{rng.randint(1, RECOVERY_POINTS)}"
                    await self._live(Plan(url, str(folder), 2, seed, fatal=again, venue=self._venue))
                    self._read_death(case, folder, 2)
                    number = 3
                plan = Plan(url, str(folder), number, seed, venue=self._venue)
                ending = asyncio.get_running_loop().create_task(self._live(plan), name=f"life of {name}")
                said = folder / f"life-{number}.jsonl"
                await wait_until(lambda: ending.done() or _says(said, "reconciled"), SETTLE_S)
            finally:
                self._busy.release()
            code = await asyncio.wait_for(ending, SETTLE_S + 60)
            await self._reckon(case, name, plan, code)
            await self._end(name)
        if case.problems:
            case.problems.append(f"kept in {folder}")
        else:
            shutil.rmtree(folder)
        return case

    async def _begin(self, seed: int) -> tuple[str, str]:
        """Open an exchange, and a desk that looks on; return the case's name and the exchange's address."""
        self._number += 1
        name = f"case-{self._number}"
        (self._folder / name).mkdir()
        url = await self._house.ask("open", case=name, seed=seed)
        await self._observers.ask("open", case=name, url=url)
        return name, url

    async def _end(self, name: str) -> None:
        await self._observers.ask("close", case=name)
        await self._house.ask("close", case=name)

    async def _reckon(self, case: Case, name: str, plan: Plan, code: int) -> None:
        folder = Path(plan.folder)
        for number in range(1, plan.number + 1):
            case.problems += [line["failed"] for line in _lines(folder / f"life-{number}.jsonl") if "failed" in line]
        lines = _lines(folder / f"life-{plan.number}.jsonl")
        last = next((line for line in lines if "settled" in line), None)
        if last is None:
            case.problems.append(f"the restarted program ended with {code}: {lines[-1:]}")
            return
        case.took_s = last["took"] * self._pace.times
        if not last["settled"]:
            case.problems.append(f"not settled after {SETTLE_S:.0f} s")
        ledger = await self._house.ask("ledger", case=name)
        case.orders = len(ledger["orders"])
        journals = sorted((folder / "home").rglob("journal/*.jsonl"))
        problems: list[str] = []
        for _ in range(400):  # the one who looks on hears of the last cancel when its stream tells, and late on a busy machine
            problems = reckon(last["state"], ledger, await self._observers.ask("dump", case=name), journals)
            if not problems:
                break
            await asyncio.sleep(0.05 * self._pace.times)
        case.problems += problems

    async def _live(self, plan: Plan) -> int:
        return int(await self._forks.ask("live", plan=asdict(plan)))

    def _read_death(self, case: Case, folder: Path, number: int) -> None:
        killed = next((line for line in _lines(folder / f"life-{number}.jsonl") if "killed" in line), None)
        if number == 1 and killed:
            case.place = killed["place"]
        elif killed:
            case.again = killed["place"]


def _says(path: Path, key: str) -> bool:
    return any(key in line for line in _lines(path))


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]


@contextmanager
def _processes(pace: Pace, folder: Path, scene: Scene) -> Iterator[list[socket.socket]]:
    """Fork the exchange, the observers and the fork-server, in that order; end them afterwards."""
    os.environ |= ENVIRON | scene.environ
    ours: list[socket.socket] = []
    pids = []
    roles: list[Callable[[socket.socket], None]] = [
        lambda sock: house.serve(sock, pace, scene),
        lambda sock: observer.observe(sock, pace, folder / "observers"),
        lambda sock: forks.serve(sock, pace),
    ]
    for role in roles:
        one, other = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            for sock in (*ours, one):
                sock.close()
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            try:
                role(other)
            finally:
                os._exit(0)
        other.close()
        ours.append(one)
        pids.append(pid)
    try:
        yield ours
    finally:
        for sock in ours:
            sock.close()
        for pid in pids:
            _end(pid)


def _end(pid: int) -> None:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def campaign(
    work: Callable[[Campaign], Any],
    *,
    times: float,
    jobs: int,
    waiting: int,
    venue: str = "phemex",
    folder: Path | None = None,
) -> Any:
    """Run ``work`` with all processes up; return what it returns. What failed is kept in ``folder``."""
    place = Path(tempfile.mkdtemp(prefix="crash-")) if folder is None else folder
    pace = Pace(times)
    pace.install()

    async def run(sockets: list[socket.socket]) -> Any:
        askers = [await Asker.connect(sock) for sock in sockets]
        async with asyncio.TaskGroup() as group:
            reading = [group.create_task(asker.run()) for asker in askers]
            try:
                return await work(Campaign(place, venue, pace, jobs, waiting, *askers))
            finally:
                for task in reading:
                    task.cancel()

    with _processes(pace, place, Scene(venue)) as sockets, asyncio.Runner(loop_factory=lambda: PacedLoop(pace)) as runner:
        return runner.run(run(sockets))


def tally(cases: list[Case]) -> Counter[str]:
    """Return how many killings fell where."""
    return Counter(case.place for case in cases)
