"""What a terminal answers is not typed: no key of it arrives, and every key around it does."""

from __future__ import annotations

import pytest

from tui_trader.ui.paste import END, START, PasteCut
from tui_trader.ui.replies import MOST, ReplyCut

REPLIES = (
    b"\x1b]11;rgb:0000/0000/0000\x1b\\",
    b"\x1b]11;rgb:0000/0000/0000\x07",
    b"\x1b]52;c;YnV5IDEhDQ==\x07",
    b"\x1bP1+r524742=38\x1b\\",
    b"\x1bP>|XTerm(390)\x1b\\",
    b"\x1b_Gi=1;OK\x1b\\",
)


@pytest.mark.parametrize("reply", REPLIES)
def test_nothing_of_a_reply_is_a_key(reply: bytes) -> None:
    assert ReplyCut().feed(b"b" + reply + b"j" + reply) == b"bj"


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("cut", [7, -1, -2])
def test_a_reply_in_two_reads(reply: bytes, cut: int) -> None:
    replies = ReplyCut()
    passed = replies.feed(b"b" + reply[:cut]) + replies.feed(reply[cut:]) + replies.feed(b"\x07k")
    assert passed.replace(b"\\", b"") == b"b\x07k"


@pytest.mark.parametrize(
    "keys", [b"\x1b", b"\x1b]", b"\x1bP", b"\x1b_", b"\x1b[A", b"\x1bOP", b"]11;", b"\x07\x07", b"\x1b[<0;5;5M"]
)
def test_keys_pass(keys: bytes) -> None:
    assert ReplyCut().feed(keys) == keys


def test_a_reply_that_never_ends_does_not_take_the_keyboard_away() -> None:
    replies = ReplyCut()
    assert replies.feed(b"\x1b]52;" + b"A" * (MOST - 10)) == b""
    assert replies.feed(b"A" * 20 + b"\x07") == b"A" * 10 + b"\x07"


def test_replies_are_dropped_around_a_paste_and_left_alone_inside() -> None:
    cut = PasteCut()
    assert cut.feed(REPLIES[1] + START + b"x" + REPLIES[1] + END + REPLIES[1] + b"k") == START + b"x" + REPLIES[1] + END + b"k"
    assert cut.feed(b"\x1b]52;c;AAA" + START + b"y" + END + b"l") == START + b"y" + END + b"l"
