"""States that the screen can be in, ways in which it can all end, and what an end must be like."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.conftest import Installation, Shell
from tests.e2e.screen import wait_until
from tests.e2e.terminal import Terminal

AT_A_TIME = 3
"""Programs that end side by side: most of an ending is waiting."""

GONE_S = 3.0
"""How long the program may live after it was told to end."""

DRAWING_S = 0.25
"""Time to draw a whole screen in before it changes its size again."""

FINGER_S = 0.4
"""Between two presses of a finger; a key that is held is faster."""

MOST_CPU_S = 2.0
"""What it may use to end: one that spins uses all there is."""

_DEAF = "import os, signal, sys\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\nos.execv(sys.argv[1], sys.argv[1:])"
"""Ignores SIGHUP as nohup does, then becomes the program."""

_MOUSE = b"\x1b[<35;%d;%dM"


def ready(screen: Terminal) -> None:
    """Wait until the desk is open and nothing is staged."""
    screen.wait(r"eq 10,000\.00")
    screen.wait(r"STAGE +empty")


def stall(screen: Terminal) -> None:
    """Stop reading, make the program draw, and see to it that it can no longer write."""
    screen.stop_reading()
    for size in ((118, 38), (119, 39), (117, 37)):
        screen.resize(*size)
        time.sleep(DRAWING_S)
    screen.fill()


def cpu_s(screen: Terminal) -> float:
    """Return the processor time the program has used."""
    fields = Path(f"/proc/{screen.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Ending:
    """Measures how a program ends from here on."""

    def __init__(self, screen: Terminal) -> None:
        self._screen = screen
        self._before = self._used = cpu_s(screen)
        self._since = time.monotonic()

    def check(self, *codes: int) -> None:
        """Wait for the end and judge it."""
        assert wait_until(self._is_over, 20), f"still running\n{self._screen.text()}"
        took = time.monotonic() - self._since
        code = self._screen.wait_exit(1)
        assert code in codes, f"exit code {code}, not {codes}"
        assert took <= GONE_S, f"it took {took:.1f} s to end"
        assert not self._screen.others(), "a process is left"
        used = self._used - self._before
        assert used < MOST_CPU_S, f"{used:.2f} s of processor time to end"

    def _is_over(self) -> bool:
        with suppress(OSError, IndexError):  # it may be gone in the middle of this look
            self._used = max(self._used, cpu_s(self._screen))
        return self._screen.ended()


# -- states ------------------------------------------------------------------------------------------------------------

Opened = Callable[[Shell, "Way"], Iterator[Terminal]]


def _open(shell: Shell, way: Way, *words: str) -> Terminal:
    return shell.terminal(*words, controlling=way.controlling, before=[shell.python, "-c", _DEAF] if way.deaf else [])


def _pressed(keys: str, expected: str) -> Opened:
    def opened(shell: Shell, way: Way) -> Iterator[Terminal]:
        screen = _open(shell, way)
        ready(screen)
        for key in keys.split():
            screen.type(key.replace("Tab", "\t"))
            screen.until(lambda: screen.all_read)
        if expected:
            screen.wait(expected)
        yield screen

    return opened


def _staged_then(keys: str, expected: str) -> Opened:
    def opened(shell: Shell, way: Way) -> Iterator[Terminal]:
        screen = _open(shell, way)
        ready(screen)
        screen.press("b", r"STAGE \(not sent\)")
        screen.press(keys, expected) if keys else screen.wait(expected)
        yield screen

    return opened


def _opening(shell: Shell, way: Way) -> Iterator[Terminal]:
    """Connect to somebody who says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        screen = _open(shell, way, "--sim-url", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        screen.wait("opening")
        yield screen


def _unreachable(shell: Shell, way: Way) -> Iterator[Terminal]:
    screen = _open(shell, way, "--sim-url", "http://127.0.0.1:1")
    screen.wait("leaves")
    yield screen


def _unread(shell: Shell, way: Way) -> Iterator[Terminal]:
    screen = _open(shell, way)
    ready(screen)
    if way.controlling:
        stall(screen)
    else:  # nobody tells it of a new size, which would make it draw as much as it takes
        screen.fill()
    yield screen


def _flooded(shell: Shell, way: Way) -> Iterator[Terminal]:
    """Mouse reports without end."""
    screen = _open(shell, way)
    ready(screen)
    stop = threading.Event()

    def pour() -> None:
        mouse = b"".join(_MOUSE % (x, y) for x in range(1, 100) for y in range(1, 30))
        while not stop.is_set():
            try:
                screen.pour(mouse, 0.2)
            except OSError:
                return

    flood = threading.Thread(target=pour, daemon=True)
    flood.start()
    time.sleep(0.5)
    try:
        yield screen
    finally:
        stop.set()
        flood.join(5)


def _tiny(shell: Shell, way: Way) -> Iterator[Terminal]:
    screen = _open(shell, way)
    ready(screen)
    screen.resize(1, 1)
    time.sleep(0.3)
    yield screen


STATES: dict[str, Opened] = {
    "quiet": _pressed("", ""),
    "an order staged": _staged_then("", "limits: all ok"),
    "the form open": _staged_then("\t", r"side.*size.*price"),
    "a line half typed": _pressed(": buy", r"^:buy"),
    "the help open": _pressed("?", "KEYS: what works here"),
    "asked whether to leave": _pressed("q", "again leaves"),
    "asked whether to flatten": _pressed("X", "X again|again"),
    "opening": _opening,
    "nobody to connect to": _unreachable,
    "nobody reads": _unread,
    "flooded": _flooded,
    "one cell large": _tiny,
}


# -- ways to end -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Way:
    """How it ends."""

    act: Callable[[Terminal], None]
    codes: tuple[int, ...]
    """Exit codes; -2 where the second signal may come when the interpreter is already on its way out (130 to a shell)."""
    controlling: bool = True
    """Whether the terminal is the program's controlling one, so that closing it sends SIGHUP."""
    deaf: bool = False
    """Whether SIGHUP was ignored before the program began."""
    gone: bool = False
    """Whether the terminal no longer exists afterwards."""


def _signalled(*numbers: signal.Signals) -> Callable[[Terminal], None]:
    def act(screen: Terminal) -> None:
        for number in numbers:
            os.kill(screen.process.pid, number)
            time.sleep(0.05)

    return act


def _keys(screen: Terminal) -> None:
    for _ in range(2):
        screen.pour(b"\x03", 1.0)
        time.sleep(FINGER_S)


ENDINGS: dict[str, Way] = {
    "SIGTERM": Way(_signalled(signal.SIGTERM), (143,)),
    "SIGHUP": Way(_signalled(signal.SIGHUP), (129,)),
    "SIGINT twice": Way(_signalled(signal.SIGINT, signal.SIGINT), (130, -2)),
    "^C twice": Way(_keys, (0, 130, -2)),
    "hang-up": Way(Terminal.close, (129,), gone=True),
    "hang-up unheard": Way(Terminal.close, (129,), controlling=False, gone=True),
    "hang-up under nohup": Way(Terminal.close, (129,), deaf=True, gone=True),
}

PAIRS = (
    ("quiet", "SIGINT twice"),
    ("an order staged", "hang-up under nohup"),
    ("the form open", "SIGTERM"),
    ("a line half typed", "SIGINT twice"),
    ("the help open", "hang-up"),
    ("asked whether to leave", "SIGHUP"),
    ("asked whether to flatten", "^C twice"),
    ("opening", "SIGTERM"),
    ("nobody to connect to", "hang-up unheard"),
    ("nobody reads", "SIGINT twice"),
    ("nobody reads", "hang-up under nohup"),
    ("flooded", "SIGTERM"),
    ("flooded", "hang-up"),
    ("one cell large", "SIGTERM"),
)
"""What the default run tries: each state and each ending at least once."""


def try_all(
    installed: Installation, folder: Path, pairs: Iterable[tuple[str, str]], tell: Callable[[str], None] = lambda _: None
) -> list[str]:
    """Try pairs of a state and an ending, some at a time; return what went wrong, and tell of each pair that is done."""

    def one(pair: tuple[str, str]) -> str:
        state, how = pair
        place = folder / f"{state}, {how}"
        place.mkdir()
        shell = Shell(installed, place)
        try:
            end(shell, state, how)
        except AssertionError as error:
            tell(f"{state}, {how}: FAILED")
            return f"{state}, {how}: {error}"
        finally:
            shell.end()
        tell(f"{state}, {how}: ended as it must")
        return ""

    with ThreadPoolExecutor(AT_A_TIME) as threads:
        return [failure for failure in threads.map(one, pairs) if failure]


def end(shell: Shell, state: str, how: str) -> None:
    """Bring the program into a state, end it, and judge the end; raises AssertionError."""
    way = ENDINGS[how]
    with ExitStack() as stack:
        screen = stack.enter_context(contextmanager(STATES[state])(shell, way))
        ending = Ending(screen)
        way.act(screen)
        ending.check(*way.codes)
        if not way.gone:
            screen.read_again()
            assert wait_until(lambda: b"\x1b[?1049l" in screen.taken[-600:], 5.0), "the terminal was not given back"
            screen.assert_given_back()
