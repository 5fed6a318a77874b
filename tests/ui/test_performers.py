"""Every action of the key table is done by exactly one performer, and no performer waits for an action that does not exist."""

from __future__ import annotations

from pathlib import Path

from tests.ui.desks import program, quiet_desk
from tui_trader.ui.actions import ACTIONS
from tui_trader.ui.scalper import PREFIX, SCALPER


async def test_every_action_has_exactly_one_performer(tmp_path: Path) -> None:
    async with program(quiet_desk(tmp_path), (80, 24)) as shown:
        here, there = set(shown.screen.performers), set(shown.screen.trading.performers)
        names = {action.id.removeprefix(PREFIX) for action in (*ACTIONS, *SCALPER)}
        assert names - here - there == set()
        assert (here | there) - names == set()
        assert here & there == set()
