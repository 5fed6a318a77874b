"""What an alert sends to the terminal: the exact bytes, and nothing that a name could smuggle into them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.desk.test_alert_program import firing
from tests.ui.conftest import PtyProgram, wait_until
from tui_trader.desk.settings import Notify
from tui_trader.ui.notify import BELL, notification
from tui_trader.ui.terminal import _NEUTRAL

TEXT = "alert 3: BTCUSDT last > 68000 (68000.5)"


def test_the_bytes_of_both_ways() -> None:
    assert notification(TEXT, Notify.OSC9, environ={}) == f"\x1b]9;tui-trader: {TEXT}\x1b\\"
    assert notification("a;b", Notify.OSC777, environ={}) == "\x1b]777;notify;tui-trader;a,b\x1b\\"
    assert notification(TEXT, Notify.OFF, environ={}) == ""


def test_tmux_gets_it_only_when_it_is_told_to_pass_it_on() -> None:
    inside = {"TMUX": "/tmp/tmux-0/default,1,0"}
    assert notification(TEXT, Notify.OSC9, environ=inside) == ""
    passed = notification(TEXT, Notify.OSC9, passthrough=True, environ=inside)
    assert passed == f"\x1bPtmux;\x1b\x1b]9;tui-trader: {TEXT}\x1b\x1b\\\x1b\\"
    assert notification(TEXT, Notify.OSC9, environ={"STY": "1.pts"}) == ""


@pytest.mark.parametrize("how", [Notify.OSC9, Notify.OSC777])
def test_nothing_else_reaches_the_terminal(how: Notify) -> None:
    hostile = "x\x07\x1b]52;c;AAAA\x07\x1b[2J\x9c\x1b\\\n" + "y" * 500
    sequence = notification(hostile, how, environ={})
    inner = sequence.removeprefix("\x1b]").removesuffix("\x1b\\")
    assert not set(inner) & {"\x07", "\x1b", "\x9c", "\n"}
    assert len(sequence) < 250
    assert firing("x").text == TEXT


def test_the_driver_knows_that_none_of_it_draws() -> None:
    inside = {"TMUX": "x"}
    for sequence in (
        BELL,
        notification(TEXT, Notify.OSC9, environ={}),
        notification(TEXT, Notify.OSC777, environ={}),
        notification(TEXT, Notify.OSC9, passthrough=True, environ=inside),
    ):
        assert _NEUTRAL.match(sequence)


def test_a_real_terminal_gets_bell_and_notification(in_pty: Callable[..., PtyProgram]) -> None:
    program = in_pty("alarm.py")
    assert wait_until(lambda: b"\x1b]9;tui-trader: alert 1: BTCUSDT last > 68000 (68001)\x1b\\" in program.taken, 60)
    before = bytes(program.taken).index(b"\x1b]9;tui-trader")
    assert program.taken[before - 1 : before] == b"\x07"
    assert wait_until(lambda: any("alert 1: BTCUSDT last > 68000 (68001)" in line for line in program.lines()), 30)
