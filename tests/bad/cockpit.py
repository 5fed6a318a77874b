"""A desk with a market, an account and nobody at the other end: lines go in where a trader types them, and nothing may leave."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal as D
from pathlib import Path

from tests.ui.desks import Keys, ScriptedDesk, quiet_desk
from tests.ui.panes.conftest import BTC, INSTRUMENTS
from tui_trader.core.error import CommandError, TraderError
from tui_trader.core.event import InstrumentsListed
from tui_trader.core.grammar import parse
from tui_trader.core.types import OrderStatus

BOUNDED = replace(INSTRUMENTS[0], min_qty=D("0.002"), max_qty=D(100), min_notional=D(5), min_price=D(100), max_price=D(500_000))
"""BTCUSDT with everything that a venue may bound: tick 0.5, lot 0.001, 0.002 to 100 BTC."""

RESTING = "tt-resting-1"
"""A working order of ours, to be changed."""


class Cockpit:
    """Takes lines as the prompt does and tells what was said."""

    def __init__(self, folder: Path) -> None:
        self.desk: ScriptedDesk = quiet_desk(folder)
        self.desk.world.say(InstrumentsListed("phemex", [BOUNDED, *INSTRUMENTS[1:]]))
        self.desk.world.usual_book()
        self.desk.world.order(id=RESTING, price="67000", qty="0.1")
        self.desk.world.order(id="tt-ended-11", price="66000", qty="0.1", status=OrderStatus.CANCELED)
        self.keys = Keys(self.desk)

    async def say(self, line: str) -> str:
        """Enter a line; return everything that was said about it, in one text."""
        surface = self.keys.surface
        surface.said.clear()
        try:
            await self.keys.type(line)
        except TraderError as error:  # the program's supervisor says these: nothing else may come
            surface.said.append((error.message + getattr(error, "fix", ""), surface.said[-1][1] if surface.said else None))  # type: ignore[arg-type]
        return " | ".join(text for text, _ in surface.said)

    def edit(self, line: str) -> str:
        """Put a line into the ticket form, as its fields do; return what is wrong with it."""
        return self.keys.trading.edit(line)

    def sent(self) -> list[str]:
        """Return every request that left."""
        return [request.what for request in self.desk.sent]

    def forget(self) -> None:
        """Start anew with nothing staged."""
        self.desk.show(BTC)
        self.desk.stage.drop()
        self.desk.sent.clear()

    def wait(self, seconds: float = 61) -> None:
        """Let time pass and the market go on as it was."""
        world = self.desk.world
        world.clock.advance(seconds)
        world.usual_book().ticker(last="67412.5", mark="67410.9", index="67408.2")
        for lane in ("public", "private"):
            self.desk.store.heard("phemex", lane)


def reads(line: str) -> CommandError | None:
    """Return why a line does not read, None when it does; anything but a CommandError goes through."""
    try:
        parse(line)
    except CommandError as error:
        return error
    return None


def assert_precise(error: CommandError, line: str) -> None:
    """A refusal names its place inside the line and says what to type instead, or that this version cannot."""
    assert 0 <= error.column <= len(line), line
    assert error.message, line
    assert error.message.isprintable(), line
    assert error.fix or "not available in this version" in error.message, f"{line!r}: {error.message}: and now?"


def matches(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None


__all__ = ["BOUNDED", "BTC", "RESTING", "Cockpit", "assert_precise", "matches", "reads"]
