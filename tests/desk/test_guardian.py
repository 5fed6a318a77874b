"""The terminal's side of the guardian, with small programs in its place that do what a guardian should not."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tui_trader.core.error import LinkError
from tui_trader.desk import guardian
from tui_trader.desk.account import Account
from tui_trader.desk.environment import Environment
from tui_trader.desk.guardian import Charge, Guardian
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Credential, Endpoints
from tui_trader.venues.phemex import PHEMEX

READS = "import os,sys; os.write(1, b'ready\\n'); open(sys.argv[1], 'wb').write(sys.stdin.buffer.read())"
"""Writes everything that it is told into a file, until the pipe ends."""


def charge(**changes: Any) -> Charge:
    account = Account(
        PHEMEX, Environment.TESTNET, Endpoints("https://a.example", "wss://a.example"), Credential("key", Secret("hush")), "main"
    )
    told = {"policy": "keep", "journal": Path("/j.jsonl"), "symbols": ["BTCUSDT"], "since": "2026"}
    return Charge.of(account, **(told | changes))


class Rig:
    """Guardians that are started in one test and ended with it."""

    def __init__(self, folder: Path) -> None:
        self.heard = folder / "heard"
        self.gone: list[str] = []
        self.started: list[Guardian] = []

    def start(self, program: str, symbols: Callable[[], list[str]] = list) -> Guardian:
        one = Guardian(self.gone.append, (sys.executable, "-S", "-c", program, str(self.heard)))
        self.started.append(one)
        one.start(charge(), symbols)
        return one

    async def until(self, condition: Callable[[], Any]) -> None:
        for _ in range(1_000):
            if condition():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("never came")

    def lines(self) -> list[Any]:
        """Return what the guardian was told after its charge."""
        _, *rest = self.heard.read_bytes().splitlines()
        return [line if line == b"clean" else json.loads(line) for line in rest]


@pytest.fixture
async def rig(tmp_path: Path) -> Any:
    made = Rig(tmp_path)
    yield made
    for one in made.started:
        process = one._process
        if process is not None:
            process.kill()
            process.wait()
        await one.close()


async def test_the_charge_goes_over_the_pipe_and_a_release_says_goodbye(rig: Rig) -> None:
    one = rig.start(READS)
    await rig.until(lambda: one.ready)
    one.release()
    await one.close()
    await rig.until(lambda: rig.heard.exists() and rig.heard.read_bytes().endswith(b"clean\n"))
    first = json.loads(rig.heard.read_bytes().splitlines()[0])
    assert (first["key"], first["secret"], first["policy"], first["journal_name"]) == (
        "key",
        "hush",
        "keep",
        "phemex-testnet-main",
    )
    assert rig.lines() == [b"clean"]
    assert rig.gone == [], "it went because it was let go"


async def test_without_a_release_the_pipe_just_ends(rig: Rig) -> None:
    one = rig.start(READS)
    await rig.until(lambda: one.ready)
    await one.close()
    await rig.until(lambda: rig.heard.exists() and rig.heard.read_bytes())
    assert rig.lines() == []
    assert rig.gone == []


async def test_new_instruments_are_told_once_and_old_ones_stay(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guardian, "TELL_S", 0.01)
    now = ["BTCUSDT"]
    one = rig.start(READS, lambda: now)
    await rig.until(lambda: one.ready)
    now[:] = ["ETHUSDT"]
    await asyncio.sleep(0.1)
    one.say(["SOLUSDT"])
    one.release()
    await one.close()
    await rig.until(lambda: rig.heard.exists() and rig.heard.read_bytes().endswith(b"clean\n"))
    assert rig.lines() == [{"symbols": ["ETHUSDT"]}, {"symbols": ["SOLUSDT"]}, b"clean"]


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("raise SystemExit(3)", r"exit code 3"),
        ("import os; os.kill(os.getpid(), 15)", r"ended by signal 15"),
        ("import os; os.write(1, b'ready\\n'); os.close(1); import time; time.sleep(60)", r"closed its pipe"),
    ],
)
async def test_a_guardian_that_goes_is_told_of_once(rig: Rig, program: str, why: str) -> None:
    one = rig.start(program)
    await rig.until(lambda: rig.gone)
    assert why in rig.gone[0]
    assert "nobody acts on its orders" in rig.gone[0]
    assert not one.ready
    one.say(["ETHUSDT"])
    one.release()
    await one.close()
    assert len(rig.gone) == 1


async def test_one_that_never_gets_ready_is_told_of(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guardian, "TELL_S", 0.01)
    monkeypatch.setattr(guardian, "READY_S", 0.1)
    one = rig.start(READS.replace("os.write(1, b'ready\\n');", ""))
    await rig.until(lambda: rig.gone)
    assert "not ready" in rig.gone[0]
    assert one._process is not None
    assert one._process.wait(5) == -signal.SIGKILL, "it must not act because we gave it up"
    assert not rig.heard.exists() or not rig.heard.read_bytes()


async def test_one_that_does_not_read_blocks_nobody_and_does_not_act_later(rig: Rig) -> None:
    one = rig.start("import os, time; os.write(1, b'ready\\n'); time.sleep(60)")
    await rig.until(lambda: one.ready)
    for number in range(5_000):
        one.say([f"S{number}USDT"])
    while one._write(b"\n"):
        pass
    one.release()
    await one.close()
    assert one._process is not None
    assert one._process.wait(5) == -signal.SIGKILL


async def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(LinkError, match="could not be started"):
        Guardian(lambda text: None, (str(tmp_path / "nothing"),)).start(charge())


def test_without_a_key_there_is_nothing_to_guard() -> None:
    account = Account(PHEMEX, Environment.TESTNET, Endpoints("https://a.example", "wss://a.example"), None)
    with pytest.raises(LinkError, match="nothing to guard"):
        Charge.of(account, policy="keep", journal=Path("/j"), symbols=[], since="")


def test_a_charge_does_not_show_the_key() -> None:
    assert "hush" not in repr(charge())
    assert "hush" not in f"{charge()}"
