"""No accident sends an order: storms of keys, pastes, a held Enter. What counts is what the journal and the exchange received."""

from __future__ import annotations

import asyncio
import random
import string
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import pytest

from tests.e2e.conftest import Shell
from tests.e2e.screen import DEADLINE_S
from tests.e2e.terminal import Terminal
from tui_trader.core.clock import SystemClock
from tui_trader.sim.launch import build_server
from tui_trader.sim.server import SimServer

T = TypeVar("T")

ESC = "\x1b[27u"
"""Esc as terminals send it that can tell it from the start of a sequence (the program asks for it)."""

SAFE = r"STAGE +empty"
STAGED = r"STAGE \(not sent\)"
HINTS = r"(?:SAFE|REDUCING|HALTED) +(?:A arm +)?b/s"

PRINTABLE = [c for c in string.printable if c.isprintable() and c not in "qA"]
"""Every printable key but q, which pressed twice leaves, and A, which arms: then keys send, as they should."""


class Receipts:
    """An exchange in a thread of this process, so that a test can see every request it received."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="exchange", daemon=True)
        self._thread.start()
        self._server: SimServer = self._call(self._start())
        self.url = self._server.rest_url

    @property
    def creates(self) -> int:
        """Requests that would make an order, executed or not."""
        return sum(count for path, count in self._server.receipts.items() if path in ("POST /g-orders", "PUT /g-orders/create"))

    @property
    def seen(self) -> str:
        """Every request by its method and path."""
        return "\n".join(f"{count} {path}" for path, count in sorted(self._server.receipts.items()))

    def end(self) -> None:
        """Stop the exchange and its thread."""
        self._call(self._server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _start(self) -> SimServer:
        server = build_server(seed=1, clock=SystemClock())
        return await server.start()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(DEADLINE_S)


@pytest.fixture
def exchange() -> Iterator[Receipts]:
    """An exchange whose receipts can be counted."""
    one = Receipts()
    yield one
    one.end()


@pytest.fixture
def screen(shell: Shell, exchange: Receipts) -> Terminal:
    """The program on that exchange, ready to trade."""
    one = shell.terminal("--sim-url", exchange.url)
    one.wait(r"eq 10,000\.00")
    one.press("b", STAGED)
    one.wait("limits: all ok")
    to_safe(one)
    return one


def to_safe(screen: Terminal) -> None:
    """Leave whatever is open, and come back when every key typed so far has had its effect.

    A mark typed into the command line proves it: keys keep their order, so what is shown with the mark came before it.
    """
    mark = "".join(random.choices("dfvwy", k=8))
    for _ in range(20):
        for _ in range(4):  # help, form, prompt, stage: each takes one Esc
            screen.type(ESC)
            screen.until(lambda: screen.all_read)
        screen.type(":" + mark)
        if screen.until(lambda: screen.shows(f"^:{mark}$"), 1.5) and screen.shows(SAFE):
            break
    screen.wait(SAFE)
    screen.type(ESC)
    screen.wait(HINTS)


def nothing_was_sent(shell: Shell, exchange: Receipts) -> None:
    assert shell.intents() == []
    assert exchange.creates == 0, exchange.seen


@pytest.mark.parametrize("seed", [1, 2])
def test_a_storm_of_keys_sends_nothing(shell: Shell, exchange: Receipts, screen: Terminal, seed: int) -> None:
    """Any keys at all, Enter only where nothing is staged and nothing typed: four hundred of them and no order."""
    draw = random.Random(seed)
    others = [ESC, "\t", "\x1b[Z", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[5~", "\x1b[6~", "\x7f", " "]
    pressed = 0
    while pressed < 400:
        for _ in range(25):
            keys = draw.choice(others) if draw.random() < 0.15 else draw.choice(PRINTABLE)
            if draw.random() < 0.1:
                keys = draw.choice("bsBS")
            screen.type(keys)
            pressed += 1
        if draw.random() < 0.4:
            screen.paste(draw.choice(["b\n\n", "buy 1\n\n", "\r\r", "B\r\n!\n"]))
        to_safe(screen)
        screen.type("\r\r\r")
    to_safe(screen)
    # Proof that the keys arrived and the program still listens: one more order is staged, and dropped.
    screen.press("b", STAGED)
    to_safe(screen)
    nothing_was_sent(shell, exchange)


def test_pasted_text_is_not_keys(shell: Shell, exchange: Receipts, screen: Terminal) -> None:
    for text in ("b\n\n", "B\r\r\r", "buy 1\r\n\r\n", ":buy 0.01!\n"):
        screen.paste(text)
        screen.wait(r"^:\S")
        to_safe(screen)
    nothing_was_sent(shell, exchange)


def test_text_pasted_while_an_order_is_staged_does_not_send_it(shell: Shell, exchange: Receipts, screen: Terminal) -> None:
    screen.press("B", STAGED)
    screen.paste("\n\n\n")
    screen.paste("\r")
    screen.press("l", STAGED)
    nothing_was_sent(shell, exchange)
    to_safe(screen)
    nothing_was_sent(shell, exchange)


def test_a_held_enter_sends_one_order(shell: Shell, exchange: Receipts, screen: Terminal) -> None:
    screen.press("B", STAGED)
    screen.wait("limits: all ok")
    screen.type("\r" * 60)
    screen.wait("POSITIONS 1")
    screen.press(":", "^:")  # the last key was read, and so were those before it
    assert len(shell.intents()) == 1
    assert exchange.creates == 1, exchange.seen


def test_an_order_typed_with_its_enter_in_one_read_is_staged_and_not_sent(
    shell: Shell, exchange: Receipts, screen: Terminal
) -> None:
    """A slow link delivers many keys at once; none of those that belong to the line may act as a key."""
    screen.type(":buy 0.01 @ bid-90t\r")
    screen.wait(r"BUY 0\.0100 BTC")
    screen.wait(STAGED)
    nothing_was_sent(shell, exchange)
    to_safe(screen)
    nothing_was_sent(shell, exchange)


def test_enter_held_on_a_typed_order_sends_one_order(shell: Shell, exchange: Receipts, screen: Terminal) -> None:
    screen.type(":buy 0.01 @ bid-90t!" + "\r" * 40)
    screen.wait("ORDERS 1")
    to_safe(screen)
    assert len(shell.intents()) == 1
    assert exchange.creates == 1, exchange.seen


def test_enter_held_in_the_form_sends_one_order(shell: Shell, exchange: Receipts, screen: Terminal) -> None:
    screen.press("b", STAGED)
    screen.type("JJJJ\t")
    screen.wait(r"side.*size.*price")
    screen.type("0.02" + "\r" * 40)
    screen.wait("ORDERS 1")
    to_safe(screen)
    (intent,) = shell.intents()
    assert intent["qty"] == "0.02"
    assert exchange.creates == 1, exchange.seen


def test_two_escs_in_one_read_close_the_help_once(shell: Shell, screen: Terminal) -> None:
    screen.press("?", "KEYS: what works here")
    screen.type(ESC + ESC + ESC)
    screen.wait(HINTS)
    screen.press("?", "KEYS: what works here")
    to_safe(screen)
    assert not screen.ended()


def test_the_command_line_keeps_the_keys_after_escs_out_of_the_form(shell: Shell, exchange: Receipts, screen: Terminal) -> None:
    screen.press("b", STAGED)
    screen.type("\t")
    screen.wait(r"side.*size.*price")
    screen.type(ESC + ESC + ESC + "w")
    screen.wait_gone(r"side.*size.*price")
    to_safe(screen)
    screen.press(":bbb", "^:bbb$")
    to_safe(screen)
    nothing_was_sent(shell, exchange)
