"""How the program ends when it is told to, or when its terminal goes away: soon, clean, and with nothing left behind."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.e2e.conftest import OwnExchange, Shell
from tests.e2e.endings import Ending, ready, stall
from tests.e2e.screen import wait_until

STALL_S = 6.0
SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_ends_it_and_gives_the_terminal_back(shell: Shell, number: signal.Signals) -> None:
    screen = shell.terminal()
    ready(screen)
    ending = Ending(screen)
    os.kill(screen.process.pid, number)
    ending.check(128 + number)
    screen.assert_given_back()


@pytest.mark.parametrize("number", SIGNALS[:2], ids=lambda number: number.name)
def test_a_signal_ends_it_while_nobody_reads_the_terminal(shell: Shell, number: signal.Signals) -> None:
    screen = shell.terminal()
    ready(screen)
    stall(screen)
    ending = Ending(screen)
    os.kill(screen.process.pid, number)
    ending.check(128 + number)
    screen.read_again()
    assert wait_until(lambda: b"\x1b[?1049l" in screen.taken[-400:])
    screen.assert_given_back()


@pytest.mark.parametrize("stalled", [False, True], ids=["idle", "unread"])
@pytest.mark.parametrize("controlling", [True, False], ids=["with SIGHUP", "without SIGHUP"])
def test_a_closed_window_ends_it(shell: Shell, controlling: bool, stalled: bool) -> None:
    screen = shell.terminal(controlling=controlling)
    ready(screen)
    if stalled and controlling:
        stall(screen)
    elif stalled:  # nobody tells it of a new size, which would make it draw as much as it takes
        screen.fill()
    ending = Ending(screen)
    screen.close()
    ending.check(129)


def test_an_order_of_a_moment_ago_survives_the_closing_of_the_window(shell: Shell) -> None:
    screen = shell.terminal()
    ready(screen)
    screen.press("b", "STAGE .not sent")
    screen.wait("limits: all ok")
    screen.type("JJJ\r")
    assert screen.until(lambda: len(shell.intents()) == 1), screen.text()
    ending = Ending(screen)
    screen.close()
    ending.check(129)
    assert len(shell.intents()) == 1


def test_while_nobody_reads_the_terminal_the_desk_works_on(shell: Shell, second_shell: Shell, own_exchange: OwnExchange) -> None:
    screen = shell.terminal("--sim-url", own_exchange.url)
    ready(screen)
    screen.wait("ORDERS 0")
    mine = own_exchange.wait_event("connect")["client"]
    stall(screen)
    since = time.monotonic()
    done = second_shell.run("do", "buy 0.003 @ bid-100t", "--sim-url", own_exchange.url)
    assert done.returncode == 0, (done.stdout, done.stderr)
    wait_until(lambda: time.monotonic() - since >= STALL_S, STALL_S + 1)
    screen.read_again()
    read_at = time.monotonic()
    screen.wait(r"ORDERS 1")
    screen.wait(r"\bBUY\b.*0\.003.*\bwork")
    assert time.monotonic() - read_at < 2.5
    screen.wait(r"\*pub .*\*priv")
    left = [event for event in own_exchange.events if event["event"] in ("disconnect", "idle") and event["client"] == mine]
    assert left == []
    screen.press("q", "again leaves")
    screen.type("q")
    assert screen.wait_exit() == 0
    screen.assert_given_back()
