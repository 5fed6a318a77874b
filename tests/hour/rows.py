"""The rows of the hour, in order: what happens, which keys are pressed, what the screen must show.

Each row begins where the one before ended. Prices are those of ``tests.hour.exchange``: one contract at 96,000, tick 0.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.hour.hour import Hour

ENTER, ESC, PANIC = "\r", "\x1b", "\x07"
STAGED = r"STAGE \(not sent\)"
EMPTY = r"STAGE +empty"
READY = r"limits: all ok"


class Row(NamedTuple):
    """One row."""

    at: str
    title: str
    play: Callable[[Hour], None]


def before(hour: Hour) -> None:
    """What was so before the hour: a position that somebody left without a stop."""
    hour.do("buy 0.02 BTCUSDT!")


def first_paint(hour: Hour) -> None:
    hour.open()
    hour.shows(r"^ SIM +phemex/main", r"eq 9,99\d\.\d\d", EMPTY, r"SAFE")


def am_i_safe(hour: Hour) -> None:
    hour.shows(r"1 NAKED", r"NAKED 100% +no stop at venue", r"day -?\d+\.\d\d/-100", r"\*priv")


def protect(hour: Hour) -> None:
    hour.keys("gp", "j", "p")
    hour.shows(STAGED + r" +protect", r"SELL ALL BTCUSDT STP [\d,.]+ mark", r"after: flat", READY)


def looser(hour: Hour) -> None:
    hour.keys(",", ",", ENTER)
    hour.shows(r"SL 95,\d\d\d\.\d mark", r"prot 100%", r"SL-mkt .*armed", EMPTY)
    hour.gone("NAKED")


def watch_the_book(hour: Hour) -> None:
    hour.keys("gb", " ", "+")
    hour.shows(r"BOOK +x(?!0\.1\b)\S+", r"cum5 +bid [\d.]+ +ask [\d.]+")
    hour.keys("_")
    hour.shows(r"BOOK +x0\.1")


def join_with_bracket(hour: Hour) -> None:
    hour.keys("b", "t")
    hour.shows(STAGED + r".*follows", r"SL [\d,.]+ mark += -", r"TP [\d,.]+ += \+", r"RR 2\.00", READY)


def better_price(hour: Hour) -> None:
    hour.keys("j")
    hour.gone("follows")
    hour.keys("j")
    hour.shows(r"BUY [\d.]+ BTC BTCUSDT LMT [\d,.]+", r"BE [\d,.]+")


def send(hour: Hour) -> None:
    hour.keys(ENTER)
    hour.until_sent()
    hour.shows(EMPTY, r"BUY +LMT .*working", r"ORDERS 2", r"acknowledged in \d+ms|place ack \d+ms")


def same_by_command(hour: Hour) -> None:
    hour.keys(":", "buy r:0.5% @ bid-9t sl 95100 tp 2R po")
    hour.shows(r"=> (?i:buy)", r"(?i)risk")
    hour.keys(ENTER)
    hour.shows(STAGED, r"BUY [\d.]+ BTC BTCUSDT LMT .*po", r"SL 95,100", r"RR 2\.0", r"\(0\.50% eq\)|0\.[45]\d% eq")
    hour.keys(ENTER)
    hour.until_sent()
    hour.shows(r"ORDERS 3")


def partial_fill(hour: Hour) -> None:
    hour.exchange.tell("fill 40")
    hour.shows(r"BUY +LMT .* (3[89]|40)% ", r"FILLS 2", r"prot 100%")


def fully_filled(hour: Hour) -> None:
    hour.exchange.tell("fill 100")
    hour.shows(r"FILLS 3", r"prot 100%", r"TP-\w+ .*(armed|working)", r"SL-m\w* .*armed")


def stop_to_break_even(hour: Hour) -> None:
    hour.exchange.tell("move 96900")
    hour.shows(r"mark 96,900\.0", r"uP&L \+\d")
    hour.keys("gp", "e")
    hour.shows(STAGED + r" +stop to break-even", r"-> 96,1\d\d\.\d mark")
    hour.keys(ENTER)
    hour.until_sent()
    hour.shows(r"SL 96,1\d\d(\.\d)? mark", r"96,1\d\d\.\dm .*armed")


def trail_by_hand(hour: Hour) -> None:
    was = hour.stop_price()
    hour.keys(".", ".", ".")
    hour.waits(lambda: hour.stop_price() is not None and hour.stop_price() != was, "the stop moved")
    hour.shows(r"amend ack \d+ms")


def take_half(hour: Hour) -> None:
    before_it = hour.position()
    hour.keys("x", "2")
    hour.shows(r"close 50%", r"after: LONG")
    hour.keys(ENTER)
    hour.until_sent()
    hour.waits(lambda: 0.4 < hour.position() / before_it < 0.6, "half of the position is left")


def armed_entry(hour: Hour) -> None:
    before_it = hour.position()
    hour.keys("A")
    hour.shows(r"ARMED [45]:\d\d")
    hour.keys("3")
    hour.shows(r"\[3\]")
    hour.wait_a_moment()  # armed keys that come faster than fingers type send nothing
    hour.keys("B")
    hour.waits(lambda: hour.position() > before_it, "the position grew with the key")
    hour.keys("A")
    hour.shows(r"\bSAFE\b")


def wrong_get_out(hour: Hour) -> None:
    hour.keys("R")
    hour.shows(r"reverse BTCUSDT: closes long [\d.]+ BTC at market, then sells [\d.]+ BTC: Enter sends both")
    hour.keys(ENTER)
    hour.until_sent()
    hour.shows(r"BTCUSDT +SHORT")
    hour.keys("x")
    hour.shows(r"close 100%")
    hour.keys(ENTER)
    hour.until_sent()
    hour.shows(r"no open position")


def socket_drops(hour: Hour) -> None:
    hour.exchange.tell("outage 3")
    hour.shows(r"!(pub|priv) [A-Z]+")
    hour.keys("b")
    hour.shows(r"BLOCKED|entries blocked|Enter refused")
    hour.finish()
    hour.keys(ESC)
    hour.shows(r"\*pub", r"\*priv", EMPTY, seconds=45)


def unknown_resolved(hour: Hour) -> None:
    hour.keys("b")
    hour.shows(STAGED, READY)
    hour.keys("K", "K")
    hour.keys("J", "J", "J")
    hour.exchange.tell("lose PUT")
    hour.exchange.tell("lose POST")
    hour.exchange.tell("hold GET 2")
    hour.exchange.tell("deafen aop")
    hour.keys(ENTER)
    hour.shows(r"may have been executed", r"UNKNOWN")
    hour.finish()
    hour.exchange.tell("heal")
    hour.shows(r"the venue has it, live", r"BUY +LMT .*working", seconds=60)
    hour.shows(r"\*pub", r"\*priv", seconds=45)


def panic_once(hour: Hour) -> None:
    hour.keys(":", "sell 0.0")
    hour.keys(PANIC)
    hour.keys(ESC)
    hour.shows(r"ORDERS 0", r"REDUCING")
    hour.gone(r"sell 0\.0")  # a key right after Esc would be one with Alt


def panic_twice(hour: Hour) -> None:
    hour.resume()
    hour.keys("4", "B")
    hour.shows(STAGED)
    hour.keys(ENTER)
    hour.until_sent()
    hour.shows(r"POSITIONS 1")
    hour.wait_a_moment()
    hour.keys(PANIC, PANIC)
    hour.shows(r"no open position", r"HALTED", seconds=40)


def ssh_dies(hour: Hour) -> None:
    hour.resume()
    hour.keys(":", "buy 0.01 sl -0.5% tp 2R!", ENTER)
    hour.shows(r"POSITIONS 1", r"prot 100%", r"SL-m\w* .*armed")
    stop = hour.stop_price()
    hour.finish()
    hour.cut_off()
    standing = hour.asked("orders")
    assert any(row["trigger_price"] is not None and float(row["trigger_price"]) == stop for row in standing["orders"]), standing
    hour.open()
    hour.shows(r"POSITIONS 1", r"prot 100%", r"SL-m\w* .*armed", r"\*priv", r"\bSAFE\b", seconds=45)
    assert hour.stop_price() == stop
    hour.keys("X", "X")
    hour.shows(r"no open position", r"ORDERS 0", seconds=40)


def on_the_phone(hour: Hour) -> None:
    hour.resize(80, 24)
    hour.shows(r"^SIM +phemex/main|^ ?SIM ", r"STAGE")
    hour.keys("b", "t")
    hour.shows(STAGED, r"BUY [\d.]+ BTC", r"limits: all ok", r"SL [\d,.]+")
    hour.finish()
    hour.keys(ESC)
    hour.shows(EMPTY)


def alert(hour: Hour) -> None:
    hour.resize(120, 40)
    hour.keys("gb", " ", *"kkkkkkkk", "a")
    hour.shows(r"^:alert BTCUSDT > 96\d\d\d")
    hour.keys(ENTER)
    hour.shows(r"alert 1: BTCUSDT last > 96[\d.]+")
    hour.exchange.tell("move 96960")
    hour.shows(r"WARN alert 1: BTCUSDT last > 96[\d.]+ \(969\d\d")


def second_venue(hour: Hour) -> None:
    hour.keys(":", "on paradex", ENTER)
    hour.shows(r"SIM paradex/main is open", seconds=40)
    hour.keys(":", "on paradex", ENTER)
    hour.shows(r"SIM +paradex/main +BTC-USD-PERP", r"\*priv", r"\*phemex/main \d pos", r"BOOK .*BTC-USD-PERP", seconds=40)
    hour.finish()
    hour.keys(":", "on phemex", ENTER)
    hour.shows(r"SIM +phemex/main +BTCUSDT", r"\*paradex/main 0 pos")


def day_loss(hour: Hour) -> None:
    hour.keys(":", "buy 0.3", ENTER)
    hour.shows(STAGED)
    hour.keys(ENTER)
    hour.until_sent()
    hour.shows(r"POSITIONS 1")
    size, price = hour.position(), 96960
    price -= round((hour.day() + 85) / size)
    hour.exchange.tell(f"move {price}")
    hour.shows(r"day -8\d\.\d\d/-100")
    price -= round(30 / size)
    hour.exchange.tell(f"move {price}")
    hour.shows(r"HALTED", r"(?i)day's loss of [\d.]+ USDT has reached the limit of 100", seconds=40)
    hour.keys("b", ENTER)
    hour.shows(r"BLOCKED|(?i:halted)")
    hour.keys(ESC)
    hour.keys("x", ENTER)
    hour.until_sent()
    hour.shows(r"no open position")


def review(hour: Hour) -> None:
    hour.keys("gh", "z")
    hour.shows(r"FILLS \d+", r"fees \d+", r"\dW/[1-9]L")
    hour.finish()
    hour.keys("z", "gj", "j", "J", "chased it, late", ENTER)
    hour.shows(r"noted")
    hour.keys(":", "export today csv", ENTER)
    hour.shows(r"exported \d+ fills and \d+ trades of today")
    rows = hour.export("fills", "--from", "today")
    assert rows[0].startswith("time,") or "BTCUSDT" in rows[1], rows[:3]
    assert len(rows) > 5


def leave(hour: Hour) -> None:
    hour.keys("gb", ":", "q", ENTER)
    hour.ends()
    hour.shows(r"0 positions and 0 orders stay at the venue")


ROWS = [
    Row("00:00", "Open", first_paint),
    Row("00:02", "Am I safe?", am_i_safe),
    Row("00:05", "Protect it", protect),
    Row("00:07", "Two ticks looser, and send", looser),
    Row("00:15", "Watch the book", watch_the_book),
    Row("01:10", "Join the bid with a bracket", join_with_bracket),
    Row("01:12", "Better price", better_price),
    Row("01:13", "Send", send),
    Row("01:20", "The same by command, sized by risk", same_by_command),
    Row("02:40", "Partial fill: covered at once", partial_fill),
    Row("03:05", "Fully filled", fully_filled),
    Row("06:30", "Up: the stop to break-even", stop_to_break_even),
    Row("07:10", "Trail by hand", trail_by_hand),
    Row("09:00", "Take half", take_half),
    Row("11:20", "A spike: armed entry", armed_entry),
    Row("11:21", "Wrong, get out", wrong_get_out),
    Row("14:00", "The socket drops", socket_drops),
    Row("14:01", "An order without an answer", unknown_resolved),
    Row("14:03", "Cannot trust it: out", panic_once),
    Row("14:04", "And flat", panic_twice),
    Row("14:06", "SSH dies, the stop stays", ssh_dies),
    Row("14:30", "On the phone, 80x24", on_the_phone),
    Row("21:00", "Alert", alert),
    Row("31:00", "A second venue", second_venue),
    Row("45:00", "The day's loss", day_loss),
    Row("58:00", "Review", review),
    Row("60:00", "Leave", leave),
]
"""Every row that is played."""

NOT_PLAYED = {
    "14:06, over SSH": "The terminal alone is taken away here; tests/e2e/test_ssh.py does it to a session of an SSH server.",
}
"""Rows of the hour that are not, and why."""


def play(hour: Hour, rows: list[Row] | None = None) -> None:
    """Play rows; each is kept in ``hour.seen``."""
    before(hour)
    for row in rows or ROWS:
        hour.begin(row.at, row.title)
        row.play(hour)
        hour.finish()
