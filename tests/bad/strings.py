"""Strings that a venue may send to be shown, and that a terminal or a toolkit would rather obey: 19 classes, and random ones."""

from __future__ import annotations

import json
import random
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.bad.row import Row, rng
from tests.bad.wire import ORDER
from tests.ui.panes.conftest import BTC, World
from tui_trader.core.sanitise import sanitise
from tui_trader.core.types import Severity
from tui_trader.secrets.secret import Secret
from tui_trader.ui.cells import CellModel
from tui_trader.ui.panes.fills import FillsView
from tui_trader.ui.panes.header import HeaderView
from tui_trader.ui.panes.log import LogView
from tui_trader.ui.panes.message import MessageView
from tui_trader.ui.panes.orders import OrdersView
from tui_trader.ui.panes.view import View, boxed
from tui_trader.ui.pens import DEFAULT, Pens
from tui_trader.venues.base import Credential, Lane, Reply, Request, RequestKind
from tui_trader.venues.phemex.feed import PhemexFeed
from tui_trader.venues.phemex.orders import PhemexOrders

FIELDS = ("reject reason", "client id", "refused subscription", "answer", "symbol", "whole frame", "order status")
"""Where on the wire a text stands."""

_OURS = re.compile(r"\x1b\[[0-9;]*[ABCDGHmP@]|\r|\x08|\x0b")
"""What the cell model sends by itself: movements and pens."""

_FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def leak(output: str) -> str:
    """Return the first character of what goes to the terminal that is neither ours nor printable; empty when there is none."""
    return next((char for char in _OURS.sub("", output) if unicodedata.category(char) in _FORBIDDEN), "")


class Screen:
    """A feed, a store and the panes that show texts of the venue, down to what the driver would write."""

    def __init__(self) -> None:
        self.world = World().trading()
        self.feed = PhemexFeed(Lane.PRIVATE, Credential("K", Secret("S")))
        self.feed.list_instruments(list(self.world.store.instruments.values()))
        self.orders = PhemexOrders()
        self.message = MessageView(self.world.store, self.world.clock)
        store, clock = self.world.store, self.world.clock
        self.views: list[View] = [
            LogView(store, clock),
            OrdersView(store, clock),
            FillsView(store, clock),
            HeaderView(store, clock, badge="SIM", venue="phemex", instrument=BTC),
            self.message,
        ]
        self.model = CellModel(100, 40, Pens())
        self._sequence = 100_000

    def hear(self, text: str, field: str) -> None:
        """Let the venue say a text in one of its fields."""
        place = Request(RequestKind.CREATE, "place", "POST", "/g-orders", ref="tt-1")
        if field == "answer":
            body = json.dumps({"code": 11_001, "msg": text, "data": None}).encode("utf-8", "surrogatepass")
            verdict = self.orders.parse(place, Reply(200, {}, body))
            self.message.say(verdict.text, Severity.WARNING)
            return
        if field == "whole frame":
            frame = text.encode("utf-8", "surrogatepass")
        elif field == "refused subscription":
            frame = json.dumps({"id": 7, "error": {"code": 1, "message": text}, "result": None}).encode()
        else:
            self._sequence += 1
            key = {"reject reason": "message", "client id": "clOrdID", "symbol": "symbol", "order status": "ordStatus"}[field]
            order = ORDER | {"ordStatus": "Rejected", "execSeq": self._sequence, "clOrdID": f"tt-{self._sequence}", key: text}
            order["orderID"] = f"v-{self._sequence}"
            frame = json.dumps({"orders_p": [order], "sequence": 1, "timestamp": 1, "type": "incremental"}).encode()
        events = self.feed.receive(frame, 1)
        self.world.say(*events)
        for event in events:
            reason = getattr(event, "reason", "") or getattr(getattr(event, "report", None), "reason", "")
            self.world.notice(f"venue: {reason}", Severity.WARNING)
            self.message.say(reason)

    def draw(self) -> str:
        """Draw every pane; return what the driver would write."""
        y = 0
        for view in self.views:
            for row in boxed(view, self.model.width, 8):
                x = 0
                for span in row:
                    self.model.put(y, x, span.text, DEFAULT)
                    x += len(span.text)
                y += 1
        return self.model.difference()

    @property
    def text(self) -> str:
        return "\n".join(self.model.line(y) for y in range(self.model.height))


@dataclass(frozen=True, slots=True)
class Shown:
    """A text in a field; ``literal`` is what of it has to be readable, as it is, where it is shown."""

    text: str
    field: str
    literal: str = ""


def _class(name: str, texts: Sequence[str], expected: str = "replaced by U+FFFD", literal: bool = False) -> Row:
    cases = [Shown(text, field, text if literal else "") for text in dict.fromkeys(texts) for field in FIELDS]
    return Row(name, "feed or answer, panes, cells, driver's text", expected, cases)


def _within(name: str, core: Sequence[str]) -> list[str]:
    """Return hostile cores alone and in the middle of words."""
    dice = rng(name)
    words = ("insufficient", "balance", "order", "拒绝", "é")
    return [*core, *(f"{dice.choice(words)} {one} {dice.choice(words)}" for one in core)]


ROWS: tuple[Row, ...] = (
    _class(
        "ESC[31m",
        _within("sgr", ["\x1b[31m", "\x1b[0;7m", "\x1b[38;2;1;2;3m", "\x1b[2J", "\x1b[999;999H", "\x1b[?1049l", "\x1bc"]),
    ),
    _class("ESC]52;c;…BEL", _within("clip", ["\x1b]52;c;cm0gLXJm\x07", "\x1b]52;p;QQ==\x1b\\", "\x1b]52;c;?\x07"])),
    _class("ESC]0;title", _within("title", ["\x1b]0;owned\x07", "\x1b]2;owned\x1b\\", "\x1bkowned\x1b\\", "\x1b]1337;x\x07"])),
    _class(
        "ESC]8;;http",
        _within("link", ["\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\", "\x1b]8;;file:///etc/passwd\x07x"]),
    ),
    _class(
        "ESC[5n/ESC[6n/ESC[c (reply -> keys)",
        _within("reply", ["\x1b[5n", "\x1b[6n", "\x1b[c", "\x1b[>c", "\x1b[?2026$p", "\x05", "\x1bZ", "\x1b[18t"]),
    ),
    _class(
        "ESC P…ESC \\", _within("dcs", ["\x1bP+q544e\x1b\\", "\x1bP1$r0m\x1b\\", "\x1b_x\x1b\\", "\x1b^x\x1b\\", "\x1bXx\x1b\\"])
    ),
    _class("0x9b C1", _within("c1", ["\x9b31m", "\x9b5n", "\x9d52;c;QQ==\x9c", "\x90q\x9c", "\x84", "\x85", "\x8d", "\x80\x9f"])),
    _class("NUL", _within("nul", ["\x00", "a\x00b", "\x00\x00\x00", "\x01", "\x01\x02\x03"])),
    _class("\\r overwrite", _within("cr", ["\r", "FILLED\rREJECTED", "\r\n", "a\r\rb"])),
    _class("\\n", _within("lf", ["\n", "line\nline", "\n" * 50, "\x0b", "\x0c", "\x1c\x1d\x1e\x1f"])),
    _class("TAB", _within("tab", ["\t", "a\tb", "\t" * 30])),
    _class("backspace/DEL", _within("bs", ["\x08", "9999\x08\x08\x08\x081", "\x7f", "a\x7fb"])),
    _class(
        "[red], [/], [@click=app.quit], [link=…]",
        _within(
            "markup",
            ["[red]", "[/]", "[@click=app.quit]x[/]", "[link=http://x]y[/link]", "[bold]", "\\[", "[/red]", "$error", "[b"],
        ),
        "shown as it is: it means nothing",
        literal=True,
    ),
    _class(
        "RTL override U+202E / U+2066-2069",
        _within(
            "rtl",
            [chr(c) for c in (0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069, 0x200E, 0x200F, 0x61C)],
        ),
    ),
    _class(
        "zero width U+200B/FEFF", _within("zero", [chr(c) for c in (0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xAD, 0x180E, 0x34F)])
    ),
    _class(
        "50 combining marks",
        ["e" + "\u0301" * 50, "Z" + "".join(chr(0x300 + i % 0x70) for i in range(200)), "\u0301" * 50, "क" + "्" * 60],
        "at most two marks are kept on a letter",
    ),
    _class(
        "East-Asian wide/emoji ZWJ",
        ["拒绝" * 40, "👩\u200d👩\u200d👧\u200d👦", "🏳️\u200d🌈" * 9, "ｆｕｌｌ", "한글", "🇩🇪" * 12, "\ufe0f\ufe0f"],
        "cut to 64 cells",
    ),
    _class("U+2028", _within("ls", ["\u2028", "\u2029", "a\u2028b", "\u2028" * 20])),
    _class(
        "10 kB without spaces",
        ["x" * 10_000, "拒" * 10_000, "[" * 10_000, "\x1b" * 10_000, "\u202e" * 10_000, "e\u0301" * 5_000],
        "cut to 64 cells with an ellipsis",
    ),
)


# -- random ones -------------------------------------------------------------------------------------------------------

_CORES = [case.text for row in ROWS for case in row.cases if case.field == FIELDS[0] and len(case.text) < 200]
_BUILDERS: tuple[Callable[[random.Random], str], ...] = (
    lambda dice: dice.choice(_CORES),
    lambda dice: chr(dice.randrange(0x20)),
    lambda dice: chr(dice.randrange(0x7F, 0xA0)),
    lambda dice: "\x1b" + chr(dice.randrange(0x20, 0x7F)),
    lambda dice: f"\x1b[{dice.randrange(200)};{dice.randrange(200)}{chr(dice.randrange(0x40, 0x7F))}",
    lambda dice: chr(dice.randrange(0x2000, 0x2070)),
    lambda dice: chr(dice.choice((dice.randrange(0xD800), dice.randrange(0xE000, 0x110000)))),
    lambda dice: "[" + dice.choice(("red", "/", "b", "@click=x", "link=y")) + "]",
    lambda dice: "".join(chr(dice.randrange(0x20, 0x7F)) for _ in range(dice.randrange(9))),
)


def fuzzed(seed: int, count: int) -> Iterator[str]:
    """Yield random hostile strings."""
    dice = random.Random(seed)
    for _ in range(count):
        yield "".join(dice.choice(_BUILDERS)(dice) for _ in range(dice.randrange(1, 7)))


def first_leak(seed: int, count: int) -> str:
    """Send ``count`` random strings through the sanitiser and the cells, and every 100th through the wire; return what leaked."""
    screen, model = Screen(), CellModel(80, 4, Pens())
    for number, text in enumerate(fuzzed(seed, count)):
        clean = sanitise(text)
        model.put(0, 0, clean.ljust(66), DEFAULT)
        model.put(1, 0, text[:80], DEFAULT)  # what nobody cleaned is stopped by the cells
        sent = model.difference()
        if number % 100 == 0:
            screen.hear(text, FIELDS[number // 100 % len(FIELDS)])
            sent += screen.draw()
        if any(unicodedata.category(char) in _FORBIDDEN for char in clean) or leak(sent):
            return f"string {number} of seed {seed}: {text!r} leaked {leak(sent)!r}"
    return ""
