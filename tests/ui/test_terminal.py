"""The driver in a real pseudo-terminal: stalls, signals, hang-ups, overlays, resizes."""

from __future__ import annotations

import os
import signal
import threading
import time
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest


def nfc(lines: list[str]) -> list[str]:
    return [unicodedata.normalize("NFC", line) for line in lines]


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until something is so, or long enough for the assertion that follows to mean something."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        threading.Event().wait(0.05)


def settle(program: Any, count: int = 1) -> None:
    """Freeze the noise and compare three things: the terminal, the model, and what Textual would draw."""
    program.type("f")
    truth = program.wait_for("lines", count)
    assert nfc(truth["model"]) == nfc(truth["lines"])
    wait_until(lambda: program.lines()[:-1] == nfc(truth["lines"])[:-1])
    shown = program.lines()
    assert shown[:-1] == nfc(truth["lines"])[:-1]  # the entry line has changed since


def test_the_terminal_shows_what_textual_would_draw(in_pty: Any) -> None:
    program = in_pty("screen.py")
    program.wait_for("started")
    threading.Event().wait(1.0)
    settle(program)
    program.type("q")
    assert program.wait_exit(5) == 0


def test_an_overlay_and_a_resize_leave_nothing_behind(in_pty: Any) -> None:
    program = in_pty("screen.py")
    program.wait_for("started")
    threading.Event().wait(0.5)
    program.type("o")
    wait_until(lambda: any("an overlay 漢字" in line for line in program.lines()))
    assert any("an overlay 漢字" in line for line in program.lines())
    program.type("\x1b")
    threading.Event().wait(0.5)
    start = len(program.taken)
    program.resize(61, 17)
    for attempt in range(1, 8):  # the program may be slow to hear of its new size
        threading.Event().wait(0.6)
        program.type("f")
        truth = program.wait_for("lines", attempt)
        if len(truth["lines"]) == program.height:
            break
    assert nfc(truth["model"]) == nfc(truth["lines"])
    wait_until(lambda: program.lines(start)[:-1] == nfc(truth["lines"])[:-1])
    assert program.lines(start)[:-1] == nfc(truth["lines"])[:-1]
    assert not any("an overlay" in line for line in program.lines(start))


def test_a_stalled_terminal_costs_the_loop_nothing_and_is_right_when_it_heals(in_pty: Any) -> None:
    program = in_pty("screen.py", "60", width=200, height=60)
    program.wait_for("started")
    threading.Event().wait(0.5)
    program.type("g")
    program.wait_for("longest", 1)
    program.reading.clear()
    threading.Event().wait(6.0)
    program.type("g")
    stalled = program.wait_for("longest", 2)
    assert stalled["longest"] < 0.25
    assert stalled["folded"] > 10
    assert stalled["behind"] is True
    assert stalled["fps"] <= 30
    program.reading.set()
    threading.Event().wait(0.5)
    program.type("g")
    assert program.wait_for("longest", 3)["behind"] is False
    settle(program)


def restored(program: Any) -> None:
    tail = bytes(program.taken[-400:])
    assert b"\x1b[?1049l" in tail
    assert b"\x1b[?25h" in tail
    assert tail.rfind(b"\x1b[?1003l") > tail.rfind(b"\x1b[?1003h")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signals_end_the_program_and_restore_the_terminal(in_pty: Any, number: signal.Signals) -> None:
    program = in_pty("screen.py")
    program.wait_for("started")
    threading.Event().wait(0.3)
    os.kill(program.pid, number)
    assert program.wait_exit(3) == 128 + number
    threading.Event().wait(0.1)
    assert program.wait_for("leaving")["leaving"] == 128 + number
    restored(program)


def test_sigterm_ends_the_program_while_the_terminal_is_stalled(in_pty: Any) -> None:
    program = in_pty("screen.py", "60", width=200, height=60)
    program.wait_for("started")
    threading.Event().wait(0.5)
    program.reading.clear()
    threading.Event().wait(2.0)
    os.kill(program.pid, signal.SIGTERM)
    begun = time.monotonic()
    assert program.wait_exit(3) == 128 + signal.SIGTERM
    assert time.monotonic() - begun < 3
    program.reading.set()
    threading.Event().wait(0.3)
    restored(program)  # what it left with the terminal is only the restoring


def test_a_closed_terminal_ends_the_program(in_pty: Any) -> None:
    program = in_pty("screen.py")
    program.wait_for("started")
    threading.Event().wait(0.3)
    program.close_terminal()
    assert program.wait_exit(3) == 128 + signal.SIGHUP


@pytest.mark.parametrize("fps", ["20", "0.1"])
def test_a_terminal_that_vanishes_without_a_signal_ends_the_program(in_pty: Any, fps: str) -> None:
    """As under nohup: only the failing write, or with hardly any frames the failing read, can tell."""
    program = in_pty("screen.py", fps, "deaf")
    program.wait_for("started")
    threading.Event().wait(0.3)
    program.close_terminal()
    assert program.wait_exit(3) == 129
    assert program.wait_for("gone")


def test_bytes_that_are_not_text_do_not_end_the_program(in_pty: Any) -> None:
    program = in_pty("screen.py")
    program.wait_for("started")
    os.write(program.fd, b"\xff\xfe\xc3(\x9b5n\x1b[0n" + b"z" * 500)
    program.type("q")
    assert program.wait_exit(5) == 0


def test_a_character_that_arrives_in_two_reads_does_not_end_the_keyboard(in_pty: Any) -> None:
    """A read that holds no whole character is no end of input."""
    program = in_pty("screen.py")
    program.wait_for("started")
    os.write(program.fd, b"\xc3")
    threading.Event().wait(0.3)
    os.write(program.fd, b"\xa9")
    program.type("g")
    program.wait_for("longest")
    program.type("q")
    assert program.wait_exit(5) == 0
    assert b"Error" not in program.taken


def test_a_stop_from_outside_is_followed_by_a_whole_picture(in_pty: Any) -> None:
    program = in_pty("screen.py")
    program.wait_for("started")
    threading.Event().wait(0.5)
    os.kill(program.pid, signal.SIGSTOP)
    threading.Event().wait(0.2)
    start = len(program.taken)
    os.kill(program.pid, signal.SIGCONT)
    threading.Event().wait(0.5)
    program.type("f")
    truth = program.wait_for("lines")
    threading.Event().wait(0.3)
    assert program.lines(start)[:-1] == nfc(truth["lines"])[:-1]


def test_a_failure_prints_no_values(in_pty: Any) -> None:
    program = in_pty("screen.py")
    program.wait_for("started")
    threading.Event().wait(0.3)
    program.type("x")
    assert program.wait_exit(3) == 1
    threading.Event().wait(0.1)
    text = bytes(program.taken).rpartition(b"\x1b[?1049l")[2]
    assert b"tui-trader stopped: ValueError: broken" in text
    assert b"reference " in text
    assert b"on_input_changed" in text
    assert b"hunter2" not in program.taken
    assert b"\x1b[5n" not in program.taken
