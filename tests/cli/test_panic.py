"""The panic key from another shell, and the trading state that binds every process of an account."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.cli.conftest import At, Shell
from tui_trader.cli.consent import ask_consent
from tui_trader.core.error import RefusedError
from tui_trader.desk.environment import Environment
from tui_trader.desk.settings import Settings
from tui_trader.storage.state_file import StateFile
from tui_trader.venues.phemex import PHEMEX
from tui_trader.venues.registry import load


def test_everything_is_cancelled_and_the_account_is_halted(at: At) -> None:
    assert at("do", "buy 0.01 BTCUSDT @ bid-1%; sell 0.01 BTCUSDT @ ask+1%").code == 0
    out = at("panic")
    assert (out.code, out.err) == (0, "")
    assert out.out == "halted. verified: 0 open orders left\n"
    assert at("orders", "--json").json == {"orders": []}

    refused = at("do", "buy 0.01 BTCUSDT @ bid-1%", "--json")
    assert refused.code == 1
    assert "HALTED: tui-trader panic from a shell" in refused.json["error"]["message"]

    assert "resume phemex" in at("do", "resume").err
    assert at("do", "resume phemex").out == "trading is active again\n"
    assert at("do", "buy 0.01 BTCUSDT @ bid-1%").code == 0
    assert at("do", "cancel all").code == 0


def test_a_flatten_closes_everything(at: At) -> None:
    assert at("do", "buy 0.01 BTCUSDT; buy 0.1 ETHUSDT").code == 0
    out = at("panic", "--flatten", "--json")
    assert out.code == 0
    assert out.json == {"halted": True, "flatten": True, "verified": True, "text": "verified: 0 open orders left, flat"}
    assert at("positions", "--json").json == {"positions": []}
    assert at("do", "resume phemex").code == 0


def test_a_halt_by_hand_survives_and_exits_work(at: At) -> None:
    assert at("do", "buy 0.01 BTCUSDT").code == 0
    assert at("do", "halt").code == 0
    assert at("do", "buy 0.01 BTCUSDT").code == 1
    assert at("do", "close").code == 0
    assert at("do", "resume phemex").code == 0


def test_a_venue_that_is_gone_is_halted_all_the_same(shell: Shell) -> None:
    out = shell("panic", "--sim-url", "http://127.0.0.1:9", "--timeout", "0.5")
    assert out.code == 3
    assert "halted. NOT VERIFIED: no tui-trader exchange at http://127.0.0.1:9" in out.out
    (path,) = (shell.home / "state/journal").glob("*.state.json")
    assert json.loads(path.read_text())["state"] == "halted"


def test_without_a_terminal_on_the_built_in_exchange_there_is_nothing_to_end(shell: Shell) -> None:
    out = shell("panic")
    assert out.code == 2
    assert "none runs; give --sim-url" in out.err


def test_the_exchange_inside_a_running_terminal_is_found(shell: Shell, exchange: dict[str, str]) -> None:
    folder: Path = shell.home / "state/journal"
    folder.mkdir(parents=True, mode=0o700)
    path = folder / "phemex-builtin-1.state.json"
    StateFile(path).write({"notes": {"exchange": exchange["rest"], "pid": os.getpid()}})
    StateFile(folder / "phemex-builtin-2.state.json").write({"notes": {"exchange": "http://127.0.0.1:9", "pid": 2**22 + 1}})
    assert shell("panic").code == 0
    assert StateFile(path).read()["state"] == "halted"
    assert StateFile(path).read()["notes"]["pid"] == os.getpid(), "what else stood there is kept"


def test_what_is_not_shown_of_a_venue_keeps_real_money_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_trader.venues.phemex.PHEMEX", replace(PHEMEX, unproven="its order path was not played"))
    config = SimpleNamespace(settings=replace(Settings(), general=replace(Settings().general, env=Environment.LIVE)))
    with pytest.raises(RefusedError, match="Phemex with real money is not offered in this version: its order"):
        ask_consent(config, Namespace(read_only=False))  # type: ignore[arg-type]
    ask_consent(config, Namespace(read_only=True))  # type: ignore[arg-type]


@pytest.mark.parametrize("venue", ["mexc", "paradex", "phemex"])
def test_real_money_is_offered_at_every_venue_here(venue: str) -> None:
    assert load(venue).unproven == ""


def test_real_money_asks_first(shell: Shell) -> None:
    assert "allow_live = true" in shell("do", "cancel all", "--env", "live").err
    shell.config("[general]\nallow_live = true\n")
    refused = shell("do", "cancel all", "--env", "live", "--live", "phemex")
    assert (refused.code, "the risk has not been acknowledged yet" in refused.err) == (2, True)
    shell.environ["TUI_TRADER_GENERAL__ALLOW_LIVE"] = "true"
    shell.config("")
    assert "allow_live = true" in shell("do", "cancel all", "--env", "live").err, "a shell's environment cannot allow it"


def test_accounts_beside_each_other_are_left_side_by_side_though_one_is_gone(shell: Shell, exchange: dict[str, str]) -> None:
    shell.config(
        f"""[general]
env = "custom"
beside = ["mexc"]
[venues.phemex]
rest_url = "{exchange["rest"]}"
ws_url = "{exchange["ws"]}"
[venues.mexc]
rest_url = "http://127.0.0.1:9"
ws_url = "ws://127.0.0.1:9"
"""
    )
    out = shell("panic", "--json", "--timeout", "1")
    assert out.code == 3
    assert out.json["verified"] is False
    first, second = out.json["accounts"]
    assert first == {"account": "phemex/main", "verified": True, "text": "verified: 0 open orders left"}
    assert (second["account"], second["verified"]) == ("mexc/main", False)
    states = sorted((shell.home / "state/journal").glob("*.state.json"))
    assert [json.loads(path.read_text())["state"] for path in states] == ["halted", "halted"]
