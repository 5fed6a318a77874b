"""Cases played side by side, each on an exchange, a proxy and a desk of its own: the shipping ones, over real sockets."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.play import AT_ONCE, LIMIT_S
from tests.chaos.stand import Stand
from tests.conformance.families import Family
from tests.conformance.steps import Steps
from tests.conformance.table import Spec
from tui_trader.core.clock import SystemClock
from tui_trader.storage.history import History


@dataclass(frozen=True, slots=True)
class Cell:
    """A case on a family: one field of the matrix."""

    spec: Spec
    family: Family

    @property
    def id(self) -> str:
        """Name of the field's test."""
        return f"{self.spec.id} - {self.family.name}"


async def play(cell: Cell, folder: Path) -> BaseException | None:
    """Play a case in an empty folder and return what went wrong."""
    case = cell.spec.case(cell.family.requests)
    stand = Stand(folder, cell.family.ground, History(None, SystemClock()))
    try:
        async with asyncio.timeout(LIMIT_S):
            await stand.open(hedged="hedged" in case.flags)
            await Steps(stand, case).play()
    except (Exception, asyncio.CancelledError) as error:  # told by the field's own test
        return error
    finally:
        await stand.close()
    return None


async def play_all(cells: list[Cell], folder: Path) -> dict[str, BaseException | None]:
    """Play fields side by side and return what came of each; those that wait do so beside the others."""
    quick = asyncio.Semaphore(AT_ONCE)

    async def one(cell: Cell) -> tuple[str, BaseException | None]:
        room = Path(tempfile.mkdtemp(dir=folder))
        if "slow" in cell.spec.flags:
            return cell.id, await play(cell, room)
        async with quick:
            return cell.id, await play(cell, room)

    return dict(await asyncio.gather(*(one(cell) for cell in cells)))
