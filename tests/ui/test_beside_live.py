"""Three venues in one program, each with the built-in exchange in its own clothes: what one of them suffers is its own."""

from __future__ import annotations

import contextlib
import re
from argparse import Namespace
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.ui.desks import Program, picture, program
from tui_trader.cli import launch
from tui_trader.cli.beside import further, opener_of
from tui_trader.core.types import LinkState, OrderStatus
from tui_trader.desk.config import Config, load
from tui_trader.desk.desk import Desk
from tui_trader.sim.faults import Action, FaultRule, Moment
from tui_trader.sim.server import SimServer
from tui_trader.ui.app import TraderApp


class Street:
    """Three accounts and the exchanges behind them, by the name of the venue."""

    def __init__(self, shown: Program, exchanges: dict[str, SimServer]) -> None:
        self.shown = shown
        self.exchanges = exchanges

    @property
    def desks(self) -> dict[str, Desk]:
        return {seat.desk.account.venue.name: seat.desk for seat in self.shown.app.desks.seats}

    async def until(self, condition: Callable[[], bool]) -> None:
        if not await launch.wait_until(condition, 40):
            raise AssertionError(f"it never happened\n{picture(self.shown.app)}")
        await self.shown.settle()

    async def sees(self, pane: str, words: str) -> None:
        """Wait until a pane says something, as a pattern."""
        await self.until(lambda: re.search(words, self.shown.pane(pane)) is not None)

    async def type(self, line: str) -> None:
        await self.shown.type(f":{line}\n")

    def held(self) -> dict[str, list[str]]:
        """Return the symbols of open positions by venue."""
        return {name: [leg.instrument.symbol for leg in desk.store.open_positions()] for name, desk in self.desks.items()}


@contextlib.asynccontextmanager
async def street(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Street]:
    monkeypatch.setenv("TUI_TRADER_HOME", str(tmp_path))
    exchanges: dict[str, SimServer] = {}
    start = launch.start_exchange

    async def seen(config: Config, args: Namespace, stack: contextlib.AsyncExitStack) -> SimServer:
        server = await start(config, args, stack)
        exchanges[config.settings.general.venue] = server
        return server

    monkeypatch.setattr(launch, "start_exchange", seen)
    flags = {"sim.seed": "7", "general.beside": "mexc,paradex"}
    config = load(None, {"TUI_TRADER_HOME": str(tmp_path)}, flags, venues=("phemex", "mexc", "paradex"))
    args = launch.arguments()

    def beside(app: TraderApp) -> None:
        asked = [further(config, args, name) for name in config.settings.general.beside]
        app.beside = [(one.name, opener_of(app, one)) for one in asked]

    async with contextlib.AsyncExitStack() as stack:
        first = await launch.open_desk(config, args, stack)
        async with program(first, (200, 60), start=["BTCUSDT", "ETHUSDT"], before=beside) as shown:
            here = Street(shown, exchanges)
            await here.until(lambda: len(here.desks) == 3 and all(desk.reconciled for desk in here.desks.values()))
            yield here


async def test_one_venue_resyncs_and_the_others_trade_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with street(tmp_path, monkeypatch) as here:
        desks, exchange = here.desks, here.exchanges["paradex"]
        await here.sees("header", r"3 accounts +\[phemex/main\] +mexc/main +paradex/main")

        # An order for another venue finds its market by the product lists, and is sent there alone.
        await here.type("buy 0.02 btc on mexc!")
        await here.until(lambda: here.held() == {"phemex": [], "mexc": ["BTC_USDT"], "paradex": []})
        assert here.shown.app.desk is desks["mexc"]
        await here.type("on paradex")
        await here.until(lambda: here.shown.app.desk is desks["paradex"])
        await here.type("buy 0.03 @ bid-1% po!")
        await here.until(lambda: any(order.status is OrderStatus.LIVE for order in desks["paradex"].store.blotter.orders()))
        await here.type("on phemex")
        await here.sees("header", r"3 accounts +\[phemex/main\] +mexc/main +paradex/main")
        await here.sees("second", "paradex/main  BTC-USD-PERP")
        await here.sees("positions", r"!mexc/main +BTC_USDT +LONG +0\.0200")
        await here.sees("positions", r"TOTAL 3 accounts +long 1\.\d+k")
        await here.sees("orders", r"3:a1 +paradex/main +BTC-USD-PERP +BUY")

        # One is cut off and cannot come back for a while.
        links = {
            name: [(link.changed_ns, link.state) for link in desk.store.links.values()]
            for name, desk in desks.items()
            if name != "paradex"
        }
        exchange.faults.add(FaultRule(Action.ERROR_BEFORE, Moment.CONNECT, times=0))
        exchange.cut()
        await here.sees("header", "!paradex/main pub DOWN")
        await here.sees("header", r"\*phemex/main pub")
        await here.sees("header", r"\*mexc/main pub")
        await here.sees("header", "entries blocked")
        await here.sees("second", "BOOK SUSPECT: feed down")
        assert "entries blocked there" in here.shown.pane("second")
        assert "?" in here.shown.pane("second")

        # The others neither wait nor ask anything again.
        await here.shown.press("b", "enter")
        await here.until(lambda: "phemex" in {order.instrument.venue for order in desks["phemex"].store.blotter.orders()})
        for name, before in links.items():
            # On a machine that let the whole program stand still, each checks everything again of its own accord.
            stood = any("stood still" in notice.text for notice in desks[name].store.notices)
            assert stood or [(link.changed_ns, link.state) for link in desks[name].store.links.values()] == before

        # The way out of all of them, while one does not answer.
        exchange.faults.add(FaultRule(Action.ERROR_BEFORE, Moment.REQUEST, times=0))
        await here.shown.press("ctrl+g")
        await here.sees("command", "paradex/main NOT VERIFIED")

        def told(words: str) -> bool:
            return any(words in notice.text for notice in desks["phemex"].store.notices)

        await here.until(lambda: told("phemex/main verified: 0 open orders left"))
        await here.until(lambda: told("mexc/main verified: 0 open orders left"))
        await here.until(lambda: told("paradex/main NOT VERIFIED: BTC-USD-PERP did not answer"))
        assert not desks["phemex"].store.blotter.working()
        assert len(desks["paradex"].store.blotter.working()) == 1

        # It comes back: what was promised is done there too, and said.
        exchange.faults.clear()
        await here.until(lambda: not desks["paradex"].store.blotter.working())
        await here.until(lambda: all(link.state is LinkState.LIVE for link in desks["paradex"].store.links.values()))
        await here.sees("header", r"\*paradex/main pub")
        assert not desks["paradex"].exits.trying
