"""The terminal program on a desk without a venue: an alert is made, the price gets there, and the alert fires."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.ui.desks import ScriptedDesk, quiet_desk
from tests.ui.panes.conftest import BTC, ETH
from tui_trader.core.alert_text import read_whole
from tui_trader.core.types import InstrumentId
from tui_trader.desk.desk import Desk
from tui_trader.desk.locations import shipped
from tui_trader.ui.app import TraderApp
from tui_trader.ui.theme import load_themes


class Alarmed(TraderApp):
    """Fires one alert once the trading screen is there."""

    def _tick(self) -> None:
        super()._tick()
        desk = self.desk
        if not isinstance(desk, ScriptedDesk) or desk.attention.alerts.rows():
            return
        desk.attention.start()
        desk.world.clock.advance(0.5)
        desk.world.ticker(last="67000")
        desk.attention.alerts.add(read_whole("btcusdt > 68000"), name=str.upper, say=True)
        desk.world.ticker(last="68001")
        desk.attention.look()


async def opener(stack: contextlib.AsyncExitStack) -> tuple[Desk, Sequence[InstrumentId]]:
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    desk = quiet_desk(Path(folder))
    stack.push_async_callback(desk.close)
    return desk, [BTC, ETH]


if __name__ == "__main__":
    os.environ.pop("TMUX", None)
    os.environ.pop("STY", None)
    themes, _ = load_themes(shipped("themes"), None)
    assert len(sys.argv) > 1
    Alarmed(opener, themes=themes, theme="midnight", fps=4.0).run()  # type: ignore[arg-type]
