"""How the program ends when it is told to, or when its terminal goes away: soon, clean, and with nothing left behind."""

from __future__ import annotations

import os
import resource
import signal
import time
from itertools import cycle
from pathlib import Path

import pytest

from tests.e2e.conftest import OwnExchange, Shell
from tests.e2e.screen import wait_until
from tests.e2e.terminal import Terminal

GONE_S = 3.0
"""How long the program may live after it was told to end."""

STALL_S = 6.0
SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def ready(screen: Terminal) -> None:
    screen.wait(r"eq 10,000\.00")
    screen.wait(r"STAGE +empty")


def stall(screen: Terminal) -> None:
    """Stop reading and make the program draw until it can no longer write."""
    screen.stop_reading()
    sizes = cycle([(118, 38), (119, 39), (117, 37)])

    def full() -> bool:
        screen.resize(*next(sizes))
        return screen.is_full

    assert screen.until(full), "the terminal never filled up"


def cpu_s(screen: Terminal) -> float:
    """Return the processor time the program has used."""
    fields = Path(f"/proc/{screen.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Ending:
    """Measures how a program ends from here on."""

    def __init__(self, screen: Terminal) -> None:
        self._screen = screen
        self._used = cpu_s(screen)
        self._children = self._children_s()
        self._since = time.monotonic()

    def check(self, *codes: int) -> None:
        """Wait for the end and judge it."""
        code = self._screen.wait_exit(20)
        took = time.monotonic() - self._since
        assert code in codes, f"exit code {code}, not {codes}"
        assert took <= GONE_S, f"it took {took:.1f} s to end"
        assert not self._screen.others(), "a process is left"
        used = self._children_s() - self._children - self._used
        assert used < 1.0, f"{used:.2f} s of processor time to end"

    @staticmethod
    def _children_s() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime


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
    elif stalled:  # nobody tells it of a new size: it has to fill the terminal with what it draws anyway
        screen.stop_reading()
        assert screen.until(lambda: screen.type("T") or screen.is_full)  # type: ignore[func-returns-value]
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
