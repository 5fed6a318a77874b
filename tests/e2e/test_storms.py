"""What terminals and other processes do to a program that is not to end: signals, storms of keys, of sizes, a lost keyboard."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

from tests.e2e.conftest import Shell
from tests.e2e.endings import FINGER_S, Ending, cpu_s, ready
from tests.e2e.screen import wait_until
from tests.e2e.terminal import Terminal
from tests.e2e.test_safety import to_safe
from tests.soak.figures import Lateness, Report
from tests.soak.stall import still

QUIET_S = 1.0
STORM_S = 2.5

FAKE_REPLIES = (
    b"\x1b[0n",  # status: ok
    b"\x1b[24;80R",  # cursor position
    b"\x1b[?62;22c",  # what I am
    b"\x1b[>41;354;0c",
    b"\x1b]11;rgb:0000/0000/0000\x1b\\",  # background colour
    b"\x1b[?2026;2$y",
    b"\x1bP1+r524742=\x1b\\",  # a capability
    b"\x1b]52;c;YnV5IDEhDQ==\x07",  # a clipboard: "buy 1!"
    b"\x1b[I\x1b[O",  # focus
    b"\x1b[<0;5;5M\x1b[<0;5;5m",  # a click
)


def is_quiet(screen: Terminal) -> None:
    """Check that the program does not spin."""
    before, since = cpu_s(screen), time.monotonic()
    time.sleep(QUIET_S)
    share = (cpu_s(screen) - before) / (time.monotonic() - since)
    assert share < 0.5, f"{share:.0%} of a core with nothing to do"


def leaves(screen: Terminal) -> None:
    """Leave by the keys, and find the terminal as it was."""
    screen.press("\x03", "again leaves")
    time.sleep(FINGER_S)
    ending = Ending(screen)
    screen.type("\x03")
    ending.check(0)
    screen.assert_given_back()


def nothing_was_sent(shell: Shell) -> None:
    assert shell.intents() == []


def test_signals_that_end_nothing(shell: Shell) -> None:
    """A pipe of somebody else's that breaks, a child that ends, a clock of nobody's, a stop from outside and its end."""
    screen = shell.terminal()
    ready(screen)
    for number in (signal.SIGPIPE, signal.SIGCHLD, signal.SIGWINCH, signal.SIGCONT, signal.SIGURG):
        os.kill(screen.process.pid, number)
        time.sleep(0.1)
        assert not screen.ended(), number.name
    os.kill(screen.process.pid, signal.SIGSTOP)
    time.sleep(1.0)
    os.kill(screen.process.pid, signal.SIGCONT)
    screen.press("b", r"STAGE \(not sent\)")
    screen.wait("limits: all ok")
    screen.type("\x1b[27u")
    screen.wait(r"STAGE +empty")
    nothing_was_sent(shell)
    leaves(screen)


def test_a_storm_of_everything_a_terminal_can_send(shell: Shell, tmp_path: Path) -> None:
    """Ten megabytes pasted, bytes that are no text, answers nobody asked for, a mouse gone mad: no order, no end, no spin."""
    report = Report(tmp_path / "gauge")
    screen = shell.gauged(tmp_path / "gauge")
    ready(screen)
    report.news()
    draw = random.Random(1)
    paste = b"\x1b[200~" + b"buy 1!\r\n" * (10 * 1024 * 1024 // 8) + b"\x1b[201~"
    taken = screen.pour(paste, 20.0)
    assert taken == len(paste), f"{taken} of {len(paste)} bytes of the paste were read"
    screen.pour(b"\x1b[27u" * 4, 2.0)
    screen.pour(bytes(draw.choice((0x80, 0xC3, 0xFF, 0xE2, 0x9B, 0xF0)) for _ in range(4_000)) + b"\x1b[27u" * 4, 5.0)
    screen.pour(b"".join(draw.choice(FAKE_REPLIES) for _ in range(200)), 5.0)
    mouse = b"".join(
        b"\x1b[<%d;%d;%dM" % (draw.choice((0, 35, 64, 65)), draw.randint(1, 120), draw.randint(1, 40)) for _ in range(1_000)
    )
    screen.pour(mouse, 10.0)
    to_safe(screen)
    nothing_was_sent(shell)
    assert not report.failures
    is_quiet(screen)
    leaves(screen)


def test_a_window_that_changes_size_a_thousand_times_a_second(shell: Shell, tmp_path: Path) -> None:
    report = Report(tmp_path / "gauge")
    screen = shell.gauged(tmp_path / "gauge")
    ready(screen)
    draw = random.Random(2)
    for size in ((1, 1), (500, 200), (2, 200), (500, 2), (80, 24), (1, 1), (120, 40)):
        screen.resize(*size)
        time.sleep(0.15)
    report.news()
    late, stop = Lateness(), time.monotonic() + STORM_S
    while time.monotonic() < stop:
        screen.resize(draw.randint(60, 160), draw.randint(15, 50))
        time.sleep(0.001)
    screen.resize(120, 40)
    screen.wait(r"STAGE +empty")
    ready(screen)
    assert wait_until(lambda: late.add(report.news().late_ms) or late.beats > STORM_S * 80)  # type: ignore[func-returns-value]
    assert not report.failures
    shown = screen.text()
    assert screen.until(lambda: still(screen.text()).splitlines()[-1] == still(screen.repainted()).splitlines()[-1]), shown
    assert late.percentile(0.5) < 250, late.words()
    is_quiet(screen)
    leaves(screen)


def test_a_keyboard_that_is_gone_ends_it_though_the_screen_is_there(shell: Shell) -> None:
    """Standard input at its end while the terminal it draws on lives: nobody could ever cancel anything."""
    keyboard, theirs = os.openpty()
    screen = shell.terminal(controlling=False, stdin=theirs)
    os.close(theirs)
    ready(screen)
    ending = Ending(screen)
    os.close(keyboard)
    ending.check(129)


def test_tmux_detached_resized_and_attached_again(shell: Shell) -> None:
    screen = shell.tmux(width=100, height=30)
    screen.wait(r"eq 10,000\.00")
    client = screen.attach(shell.environ, shell.folder, width=100, height=30)
    assert wait_until(lambda: "10,000.00" in client.text()), client.text()
    screen.detach()
    assert wait_until(client.ended)
    client.end()
    screen.press("b", r"STAGE .not sent")
    screen.wait("limits: all ok")
    again = screen.attach(shell.environ, shell.folder, width=120, height=40)
    screen.wait(r"STAGE .not sent")
    assert wait_until(lambda: "not sent" in again.text()), again.text()
    screen.type("\x1b")
    screen.wait(r"STAGE +empty")
    again.close()  # the window is closed, tmux and the program live on
    screen.wait(r"STAGE +empty")
    assert shell.intents() == []
    screen.press("q", "again leaves")
    time.sleep(FINGER_S)
    screen.type("q")
    assert screen.wait_exit() == 0
    screen.assert_given_back()
    again.end()


def state_of(screen: Terminal) -> str:
    """Return the state of the program's process: R or S running, T stopped."""
    return Path(f"/proc/{screen.process.pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_it_is_not_put_to_sleep_while_an_order_stands(shell: Shell) -> None:
    """SIGTSTP: a stopped program answers no fill. With nothing open it may sleep, and comes back with a whole picture."""
    screen = shell.terminal()
    ready(screen)
    for _ in range(3):  # on a machine that is busy elsewhere the book may be a second old just then, and the order is refused
        screen.press(":buy 0.003 @ bid-100t!", r"=> (?i:buy) 0\.003")
        screen.type("\r")
        if screen.until(lambda: screen.shows("ORDERS 1"), 5.0):
            break
    screen.wait(r"\bwork")
    for _ in range(3):  # what else happens to the order just then may be said over it
        os.kill(screen.process.pid, signal.SIGTSTP)
        if screen.until(lambda: screen.shows("not suspended"), 10.0):
            break
    screen.wait("not suspended")
    assert state_of(screen) in "RS"
    screen.press("c", "ORDERS 0")
    os.kill(screen.process.pid, signal.SIGTSTP)
    assert wait_until(lambda: state_of(screen) == "T", 5.0), "it did not stop though nothing was open"
    assert screen.until(lambda: screen.taken.rfind(b"\x1b[?1049l") > screen.taken.rfind(b"\x1b[?1049h"))
    os.kill(screen.process.pid, signal.SIGCONT)
    ready(screen)
    screen.press("b", r"STAGE \(not sent\)")
    screen.type("\x1b[27u")
    screen.wait(r"STAGE +empty")
    leaves(screen)
