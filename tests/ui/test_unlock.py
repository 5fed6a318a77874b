"""The screen that asks for what opens the account, with a real vault and the exchange in this process."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.widgets import Input

from tests.ui.desks import until
from tui_trader.cli import launch
from tui_trader.cli.keys_access import Access, look
from tui_trader.cli.tui import unlock
from tui_trader.core.clock import SystemClock
from tui_trader.desk.config import Config, load
from tui_trader.desk.desk import Desk
from tui_trader.desk.locations import shipped
from tui_trader.secrets.entry import KeyName, checked
from tui_trader.secrets.register import Row
from tui_trader.secrets.sealed import LEAST, SHUT
from tui_trader.secrets.secret import Secret, exact_values
from tui_trader.secrets.vault import Vault
from tui_trader.sim.launch import build_server
from tui_trader.sim.server import SimServer
from tui_trader.ui.app import TraderApp
from tui_trader.ui.screens.unlock import UnlockScreen
from tui_trader.ui.theme import load_themes

NAME = KeyName("phemex", "custom", "main")
PASSPHRASE = "words of this file alone"


@dataclass
class Running:
    """The program in front of a locked account."""

    app: TraderApp
    pilot: Any
    server: SimServer
    access: Access

    @property
    def screen(self) -> UnlockScreen:
        shown = self.app.screen
        assert isinstance(shown, UnlockScreen)
        return shown

    @property
    def fields(self) -> list[Input]:
        return list(self.screen.query(Input))

    async def type(self, text: str) -> None:
        await self.pilot.press(*text)

    async def paste(self, text: str) -> None:
        assert self.screen.focused is not None
        self.screen.focused.post_message(events.Paste(text))
        await self.pilot.pause()

    async def trading(self) -> Desk:
        await until(self.pilot, lambda: self.app.trade_screen is not None and self.app.trade_screen.is_current)
        assert self.app.desk is not None
        return self.app.desk

    def seen(self) -> str:
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)


@contextlib.asynccontextmanager
async def started(
    folder: Path, monkeypatch: pytest.MonkeyPatch, prepare: Callable[[Path, SimServer], None], **options: Any
) -> AsyncIterator[Running]:
    monkeypatch.setenv("TUI_TRADER_HOME", str(folder))
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(build_server(seed=7, clock=SystemClock()))
        environ = {
            "TUI_TRADER_HOME": str(folder),
            "TUI_TRADER__VENUES__PHEMEX__REST_URL": server.rest_url,
            "TUI_TRADER__VENUES__PHEMEX__WS_URL": server.ws_url,
        }
        config: Config = load(None, environ, {"general.env": "custom"})
        prepare(folder, server)
        args = launch.arguments(**options)
        access = args.access = look(config, args, on_screen=True, environ=environ)
        assert access is not None

        async def opener(inner: contextlib.AsyncExitStack) -> tuple[Desk, Any]:
            await unlock(app, access)
            desk = await launch.open_desk(config, args, inner)
            await desk.start(["BTCUSDT"], None)
            return desk, [desk.symbol("BTCUSDT")]

        themes, _ = load_themes(shipped("themes"), None)
        app = TraderApp(opener, themes=themes, fps=4.0, driver_class=None)
        async with app.run_test(size=(100, 30)) as pilot:
            await until(pilot, lambda: isinstance(app.screen, UnlockScreen))
            running = Running(app, pilot, server, access)
            await until(pilot, lambda: "Enter goes on" in running.seen())
            yield running


def vault_with_the_key(folder: Path, server: SimServer) -> None:
    vault = Vault(folder / "vault.bin", LEAST)
    vault.create(Secret(PASSPHRASE))
    key = checked(NAME, server.key, server.secret)
    vault.store(key)
    access = Access(NAME, stores(folder))
    access.stores.register.put(Row.of(key, "vault", "2026-01-01T00:00:00.000Z"))


def stores(folder: Path) -> Any:
    from tui_trader.cli.keys_access import stores_of

    return stores_of({"TUI_TRADER_HOME": str(folder)})


def nothing(folder: Path, server: SimServer) -> None:
    pass


async def test_a_passphrase_opens_the_vault_and_the_key_trades(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with started(tmp_path, monkeypatch, vault_with_the_key) as running:
        assert "phemex/custom/main is in the vault" in running.seen()
        await running.type(PASSPHRASE)
        await running.pilot.pause()
        assert PASSPHRASE not in running.seen()
        assert "•" * len(PASSPHRASE) in running.seen()
        await running.pilot.press("enter")
        desk = await running.trading()
        assert desk.account.credential is not None
        assert desk.account.credential.key == running.server.key
        await until(running.pilot, lambda: desk.reconciled)
        assert not running.access.stores.vault.is_open, "the passphrase is not kept longer than it is needed"
        gc.collect()
        assert PASSPHRASE not in exact_values()


async def test_a_wrong_passphrase_is_tried_once_says_so_and_asks_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []
    real = Access.unlock

    def counted(self: Access, passphrase: Secret) -> None:
        tried.append(1)
        real(self, passphrase)

    monkeypatch.setattr(Access, "unlock", counted)
    async with started(tmp_path, monkeypatch, vault_with_the_key) as running:
        await running.pilot.press("enter")
        assert running.screen.said == "", "nothing typed, nothing tried"
        await running.paste("wrong-wrong")
        await running.pilot.press("enter", "enter", "enter")  # held
        await until(running.pilot, lambda: SHUT in running.screen.said)
        assert tried == [1]
        assert running.fields[0].value == "", "what was typed does not stay in the field"
        assert running.fields[0].has_focus
        await running.paste(PASSPHRASE)
        await running.pilot.press("enter")
        assert (await running.trading()).account.credential is not None


async def test_esc_goes_on_with_market_data_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with started(tmp_path, monkeypatch, vault_with_the_key) as running:
        await running.pilot.press("escape")
        desk = await running.trading()
        assert desk.account.credential is None
        told = [notice.text for notice in desk.store.notices]
        assert any("no key for phemex/custom/main: market data only" in text for text in told)


async def test_a_key_for_this_session_is_typed_and_stored_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with started(tmp_path, monkeypatch, nothing, ask_key=True) as running:
        key, secret = running.server.key, running.server.secret
        await running.type("spaced out")
        await running.pilot.press("enter")
        assert running.fields[1].has_focus, "Enter goes on to the field that is empty"
        await running.type("in-a-key")
        await running.pilot.press("enter")
        await until(running.pilot, lambda: "not what a venue issues" in running.screen.said)
        assert "spaced out" not in running.seen()
        await running.paste(key)
        await running.pilot.press("enter")
        await running.paste(secret)
        assert secret not in running.seen()
        assert key not in running.seen()
        await running.pilot.press("enter")
        desk = await running.trading()
        assert desk.account.credential is not None
        assert desk.account.credential.key == key
        await until(running.pilot, lambda: desk.reconciled)
    assert not [path for path in files(tmp_path) if secret.encode() in path.read_bytes()]
    assert not {"vault.bin", "keys.json"} & {path.name for path in files(tmp_path)}


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
