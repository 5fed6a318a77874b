"""The installed program on the built-in exchange in Paradex's clothes: signed orders from the first paint to the prompt."""

from __future__ import annotations

import time

from tests.e2e.conftest import Shell
from tests.e2e.test_trading_day import (
    ENTER,
    FLAT,
    SAFE,
    close_everything,
    leave,
    opened,
    panic_from_the_prompt,
    rest_and_cancel,
    send,
    stage,
    type_an_order,
)

SECOND_S = 1.0
"""Three retail orders a second may leave, and the day had three by then: a fourth entry is refused until it is over."""


def test_a_short_day_at_paradex(shell: Shell) -> None:
    screen = shell.terminal("--venue", "paradex", width=120, height=40)
    opened(screen)
    screen.wait(r"paradex/main")
    stage(screen, "B5")
    assert screen.shows(FLAT)
    assert shell.intents() == []
    send(screen)
    screen.wait(r"BTC-USD-PERP +LONG")
    screen.wait(r"FILLS [1-9]")
    assert len(shell.intents()) == 1
    stage(screen, "p")
    send(screen)
    screen.wait(r"ORDERS 1")
    screen.wait(r"\bSELL\b.*\barmed")
    screen.press("c", r"ORDERS 0")
    rest_and_cancel(screen)
    assert not screen.shows(r"\bCOD\b")
    screen.press(":cod on", r"^:cod on")
    screen.type(ENTER)
    screen.wait(r"\bCOD\b")
    time.sleep(SECOND_S)
    type_an_order(screen)
    panic_from_the_prompt(screen)
    close_everything(screen)
    screen.wait(SAFE)
    assert len(shell.intents()) == 5
    leave(screen)
    assert screen.wait_exit() == 0
    screen.assert_given_back()
    assert not screen.others()
