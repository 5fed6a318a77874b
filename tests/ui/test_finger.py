"""A key that sends by itself is believed to be a finger only when nothing speaks against it."""

from __future__ import annotations

import pytest

from tests.ui.panes.conftest import World
from tui_trader.ui.finger import Finger

MS = 1_000_000


@pytest.mark.parametrize("delay", [250, 500, 660, 1000, 1800], ids=lambda ms: f"{ms} ms")
@pytest.mark.parametrize("rate", [5, 16, 26, 33, 100])
def test_a_held_key_is_one_press_however_the_keyboard_repeats(delay: int, rate: int) -> None:
    clock = World().clock
    finger = Finger(clock)
    clock.advance(10)
    pressed = [finger.press("b")]
    clock.advance(delay / 1000)
    for _ in range(200):
        pressed.append(finger.press("b"))
        clock.advance(rate / 1000)
    assert pressed.count("") == 1
    assert pressed[0] == ""


def test_another_key_shows_that_the_finger_left() -> None:
    clock = World().clock
    finger = Finger(clock)
    clock.advance(10)
    assert finger.press("b") == ""
    clock.advance(0.1)
    assert finger.press("j") == ""
    clock.advance(0.1)
    assert finger.press("b") == ""
    clock.advance(2.1)
    assert finger.press("b") == ""


def test_keys_that_come_together_are_no_presses_but_for_the_first() -> None:
    clock = World().clock
    finger = Finger(clock)
    clock.advance(10)
    told = [finger.press(key) for key in "buy 1 BTC sell bsbsbs"]
    assert told[0] == ""
    assert "" not in told[1:]


def test_a_key_that_came_too_close_to_another_may_be_pressed_again_at_once() -> None:
    clock = World().clock
    finger = Finger(clock)
    clock.advance(10)
    finger.press("3")
    assert "faster than fingers" in finger.press("B")
    clock.advance(0.2)
    assert finger.press("B") == ""
