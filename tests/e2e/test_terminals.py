"""Every kind of terminal: sizes, terminal types, locales and colours, each traded in by the same keys.

The default run takes the few that differ most. All of them:

TUI_TRADER_TERMINALS=all python -m pytest -n 0 tests/e2e/test_terminals.py
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

import pytest

from tests.e2e.conftest import OwnExchange, Shell
from tests.e2e.screen import ScreenOfText
from tests.e2e.terminal import Terminal

EVERYTHING = os.environ.get("TUI_TRADER_TERMINALS") == "all"

COLOUR = re.compile(rb"\x1b\[(?:[0-9]+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9]+)*m")
MANY_COLOURS = re.compile(rb"\x1b\[(?:[0-9]+;)*[34]8;[25];[0-9;]*m")
LATIN = {"LANG": "C", "LC_ALL": "C", "LC_CTYPE": "C"}
UTF8 = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True)
class Kind:
    """One kind of terminal; ``inside`` tmux, or a window of its own."""

    size: tuple[int, int]
    term: str = "xterm-256color"
    environ: dict[str, str] = field(default_factory=lambda: dict(UTF8))
    inside: bool = False
    answers: dict[bytes, bytes] = field(default_factory=dict)
    ascii_only: bool = False
    always: bool = False

    def __str__(self) -> str:
        words = [f"{self.size[0]}x{self.size[1]}", "tmux" if self.inside else self.term]
        words += [name for name in ("NO_COLOR", "COLORTERM") if name in self.environ]
        words += ["wide"] if self.answers else ["ascii"] if self.ascii_only else []
        return "-".join(words)


WIDE = {b"\x1b[6n": b"\x1b[2;3R"}
"""What a terminal answers that gave a line character two cells."""

KINDS = [
    Kind((80, 24), "tmux-256color", LATIN, inside=True, ascii_only=True, always=True),
    Kind((120, 40), "linux", {**UTF8, "NO_COLOR": "1"}, always=True),
    Kind((200, 60), "xterm-256color", {**UTF8, "COLORTERM": "truecolor"}, answers=WIDE, ascii_only=True, always=True),
    *(Kind(size, "screen-256color", inside=True) for size in ((80, 24), (120, 40), (200, 60))),
    *(Kind((120, 40), term) for term in ("xterm-256color", "screen", "tmux-256color", "linux", "vt100", "xterm-kitty")),
    Kind((80, 24), "linux", LATIN, ascii_only=True),
    Kind((120, 40), "xterm-256color", {**UTF8, "COLORTERM": "truecolor"}),
    Kind((200, 60), "screen", {**LATIN, "NO_COLOR": "1"}, ascii_only=True),
]


def opened(kind: Kind, shell: Shell, url: str) -> ScreenOfText:
    for name in ("NO_COLOR", "COLORTERM", "LANG", "LC_ALL", "LC_CTYPE"):
        shell.environ.pop(name, None)
    shell.environ |= {**kind.environ, "TERM": kind.term}
    words = ("--sim-url", url, "--symbol", "BTCUSDT")
    if kind.inside:
        return shell.tmux(*words, width=kind.size[0], height=kind.size[1])
    return shell.terminal(*words, width=kind.size[0], height=kind.size[1], answers=kind.answers)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.always or EVERYTHING], ids=str)
def test_the_same_keys_trade(kind: Kind, shell: Shell, own_exchange: OwnExchange) -> None:
    screen = opened(kind, shell, own_exchange.url)
    screen.wait(r"STAGE +empty")
    screen.wait(r"SAFE")
    screen.press("b", r"STAGE \(not sent\)")
    screen.wait(r"limits: all ok")
    screen.type("JJJ")
    screen.press("\r", r"ORDERS 1")
    screen.wait(r"\bBUY\b.*\bwork")
    if kind.ascii_only:
        assert screen.until(lambda: screen.text().isascii()), screen.text()
        screen.press("?", "what works here")
        assert screen.until(lambda: screen.text().isascii()), screen.text()
        screen.type("\x1b")
        screen.wait_gone("what works here")
    else:
        assert "─" in screen.text()
    screen.press("\x07", r"ORDERS 0")
    if isinstance(screen, Terminal):
        taken = bytes(screen.taken)
        assert bool(COLOUR.search(taken)) == ("NO_COLOR" not in kind.environ)
        if "COLORTERM" not in kind.environ and "256" not in kind.term and "kitty" not in kind.term:
            assert not MANY_COLOURS.search(taken)
    screen.type("q")
    screen.type("q")
    assert screen.until(screen.ended)


@pytest.mark.parametrize("answer", [b"\x1b[3;2R", b"\x1b[2;2R"], ids=["steps down", "stays"])
def test_only_a_terminal_that_stepped_down_when_it_was_asked_gets_vertical_tabs(
    answer: bytes, shell: Shell, own_exchange: OwnExchange
) -> None:
    kind = Kind((120, 40), answers={b"\x1b[6n": answer})
    screen = opened(kind, shell, own_exchange.url)
    assert isinstance(screen, Terminal)
    screen.wait(r"STAGE +empty")
    screen.press("b", r"STAGE \(not sent\)")
    screen.press("\x1b", r"STAGE +empty")
    asked = bytes(screen.taken).count(b"\v\x1b[6n")
    assert asked == 1
    assert (bytes(screen.taken).count(b"\v") > asked) is (answer == b"\x1b[3;2R")
    screen.type("q")
    screen.type("q")
    assert screen.until(screen.ended)


def test_a_terminal_that_cannot_place_a_cursor_is_told(shell: Shell) -> None:
    for term in ("dumb", ""):
        shell.environ["TERM"] = term
        window = shell.terminal()
        window.wait(r"cannot place a cursor; try TERM=xterm-256color")
        assert window.wait_exit() == 2
