"""A trader's hour in small: the same keys in a terminal of each size and inside tmux, from the first paint to the prompt."""

from __future__ import annotations

import re

from tests.e2e.conftest import Shell
from tests.e2e.screen import ScreenOfText

ENTER, ESC, PANIC = "\r", "\x1b", "\x07"

BOOK_ROW = r"\d[\d,]*\.\d"
SAFE = r"STAGE +empty"
STAGED = r"STAGE \(not sent\)"
READY = r"limits: all ok"
FLAT = r"no open position"


def count_of(screen: ScreenOfText, pane: str) -> int:
    """Return the number in a pane's title."""
    return int(screen.wait(rf"{pane} (\d+)")[1])


def open_profit(screen: ScreenOfText) -> str:
    """Return the open profit as the header shows it."""
    return screen.wait(r"uP&L ([+-]?[\d,]+\.\d+)")[1]


def size_staged(screen: ScreenOfText) -> str:
    return screen.wait(r"(?:BUY|SELL) ([\d,.]+) BTC BTCUSDT")[1]


def price_staged(screen: ScreenOfText) -> float:
    return float(screen.wait(r"LMT ([\d,]+\.\d)")[1].replace(",", ""))


def opened(screen: ScreenOfText) -> None:
    """Wait for the first useful picture: simulated money, both sides of a book, an account."""
    screen.wait(r"\bSIM\b")
    screen.wait(r"eq 10,000\.00")
    screen.wait(rf">? *\d+\.\d+ +{BOOK_ROW}|{BOOK_ROW} <bid +\d")
    screen.wait(rf"{BOOK_ROW} +\d+\.\d+<|{BOOK_ROW} <ask")
    screen.wait(SAFE)


def stage(screen: ScreenOfText, keys: str) -> None:
    """Stage an order and wait until nothing speaks against it."""
    screen.press(keys, STAGED)
    screen.wait(READY)


def send(screen: ScreenOfText) -> None:
    """Press Enter once, and once more only if the ticket asks for it."""
    screen.type(ENTER)
    screen.until(lambda: screen.shows(SAFE) or screen.shows("Enter again sends"))
    if not screen.shows(SAFE):
        screen.type(ENTER)
    screen.wait(SAFE)


def enter_long(screen: ScreenOfText, shell: Shell) -> None:
    """Cross the spread; nothing leaves before Enter."""
    stage(screen, "B5")
    first = size_staged(screen)
    screen.type("l")
    assert screen.until(lambda: size_staged(screen) != first), screen.text()
    assert shell.intents() == []
    assert count_of(screen, "ORDERS") == 0
    assert screen.shows(FLAT)
    send(screen)
    screen.wait(r"POSITIONS 1")
    screen.wait(r"BTCUSDT +LONG")
    screen.wait(r"FILLS [1-9]")
    assert len(shell.intents()) == 1


def profit_moves(screen: ScreenOfText) -> None:
    """See the open profit change: the market moves, and so does the number. A small position may take a while to gain a cent."""
    seen = {open_profit(screen)}

    def moved() -> bool:
        seen.add(open_profit(screen))
        return len(seen) >= 2

    assert screen.until(moved), (seen, screen.text())


def rest_and_cancel(screen: ScreenOfText) -> None:
    """Join the bid, step back two ticks, rest there, cancel."""
    stage(screen, "b")
    screen.wait("follows")
    screen.type("jj")
    screen.wait_gone("follows")
    screen.press("JJJ", READY)
    send(screen)
    screen.wait(r"ORDERS 1")
    screen.wait(r"\bBUY\b.*\bwork")
    screen.press("c", r"ORDERS 0")
    screen.wait("no working order")


def type_an_order(screen: ScreenOfText) -> None:
    """An order in words, sent by its exclamation mark."""
    screen.press(":", r"^:")
    screen.press("buy 0.01 @ bid-90t!", r"=> (?i:buy) 0\.01 BTC")
    screen.type(ENTER)
    screen.wait(r"ORDERS 1")
    screen.wait(r"\bBUY\b.*\bwork")
    screen.wait(SAFE)


def panic_from_the_prompt(screen: ScreenOfText) -> None:
    """Cancel everything in the middle of typing; the half-typed line sends nothing."""
    screen.press(":sell 0.0", r"^:sell 0\.0")
    screen.type(PANIC)
    screen.wait(r"ORDERS 0")
    screen.type(ESC)
    screen.wait(r"REDUCING +(?:A arm +)?b/s")
    screen.press(":resume", r"^:resume")
    screen.press(ENTER, r"SAFE +(?:A arm +)?b/s")


def close_everything(screen: ScreenOfText) -> None:
    """Close the whole position at market."""
    screen.press("x", r"close 100%")
    send(screen)
    screen.wait(FLAT)
    screen.wait(r"POSITIONS 0")


def leave(screen: ScreenOfText) -> None:
    """Two keys and back to the shell."""
    screen.press("q", "again leaves")
    screen.type("q")


def test_a_day_in_a_terminal(shell: Shell) -> None:
    screen = shell.terminal(width=120, height=40)
    opened(screen)
    enter_long(screen, shell)
    profit_moves(screen)
    rest_and_cancel(screen)
    type_an_order(screen)
    panic_from_the_prompt(screen)
    close_everything(screen)
    assert len(shell.intents()) == 4
    leave(screen)
    assert screen.wait_exit() == 0
    screen.assert_given_back()
    assert not screen.others()


def test_a_day_in_tmux_on_a_small_screen(shell: Shell) -> None:
    screen = shell.tmux(width=80, height=24)
    opened(screen)
    enter_long(screen, shell)
    profit_moves(screen)
    rest_and_cancel(screen)
    type_an_order(screen)
    panic_from_the_prompt(screen)
    close_everything(screen)
    assert len(shell.intents()) == 4
    leave(screen)
    assert screen.wait_exit() == 0
    screen.assert_given_back()


def test_an_hour_on_a_wide_screen(shell: Shell) -> None:
    screen = shell.terminal(width=200, height=60)
    opened(screen)
    enter_long(screen, shell)
    close_everything(screen)
    leave(screen)
    assert screen.wait_exit() == 0
    screen.assert_given_back()


def test_a_window_that_shrinks_below_use_takes_no_entry_and_grows_back(shell: Shell) -> None:
    screen = shell.terminal(width=120, height=40)
    opened(screen)
    screen.resize(60, 15)
    screen.wait("too small")
    screen.type("b" + ENTER + "B" + ENTER)
    screen.resize(80, 24)
    screen.wait(SAFE)
    assert shell.intents() == []
    stage(screen, "b")
    screen.type(ESC)
    screen.wait(SAFE)
    leave(screen)
    assert screen.wait_exit() == 0
    screen.assert_given_back()


def test_the_exit_code_of_two_interrupts_is_a_clean_end(shell: Shell) -> None:
    screen = shell.terminal()
    opened(screen)
    screen.type("\x03")
    screen.wait(re.escape("^C again leaves"))
    screen.type("\x03")
    assert screen.wait_exit() == 0
    screen.assert_given_back()
