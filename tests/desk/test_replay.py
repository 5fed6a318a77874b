"""A recording goes through the very code that reads the venue, and its books come out as recorded."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from tui_trader.core.types import InstrumentId
from tui_trader.desk.replay import Replay

PAYLOADS = Path(__file__).parents[1] / "venues" / "phemex" / "payloads"


def scaled(levels: list[list[str]], price_scale: int, size_scale: int) -> list[list[int]]:
    return [[int(D(price).scaleb(price_scale)), int(D(size).scaleb(size_scale))] for price, size in levels]


@pytest.fixture(scope="module")
def replay() -> Replay:
    replay = Replay("phemex")
    with (PAYLOADS / "ws_orderbook_trades_2021.jsonl").open("rb") as lines:
        for line in lines:
            replay.feed_line(line)
    return replay


def test_the_final_books_are_those_of_the_independent_reconstruction(replay: Replay) -> None:
    document = replay.document()
    expected: dict[str, list[dict[str, Any]]] = json.loads((PAYLOADS / "expected_books_2021.json").read_text())
    checked = 0
    for symbol, points in expected.items():
        book, last = document["books"][symbol], points[-1]
        if last["after_book_message_n"] != book["messages"]:
            continue
        checked += 1
        assert book["sequence"] == last["sequence"]
        assert scaled(book["bids"], book["price_scale"], book["size_scale"]) == last["bids"]
        assert scaled(book["asks"], book["price_scale"], book["size_scale"]) == last["asks"]
        assert (book["live"], book["mismatches"]) == (True, 0)
    assert checked >= 1


def test_every_frame_is_read_and_nothing_is_set_aside(replay: Replay) -> None:
    document = replay.document()
    with (PAYLOADS / "ws_orderbook_trades_2021.jsonl").open() as lines:
        directions = Counter(json.loads(line)["dir"] for line in lines)
    assert document["frames"] == directions["recv"] > 0
    assert (document["ignored"], document["unreadable"]) == (0, 0)


def test_levels_are_cut_at_the_depth_asked_for(replay: Replay) -> None:
    for book in replay.document(3)["books"].values():
        assert len(book["bids"]) == len(book["asks"]) == 3


def frame(symbol: str, sequence: int = 1) -> bytes:
    book = {"orderbook_p": {"bids": [["100", "1"]], "asks": [["101", "2"]]}, "symbol": symbol, "depth": 30}
    message = book | {"sequence": sequence, "timestamp": 1_700_000_000_000_000_000, "type": "snapshot"}
    return json.dumps({"dir": "recv", "ts": 5.5, "msg": message}).encode()


def test_a_symbol_that_nobody_listed_is_read_by_the_terms_the_venue_assumes() -> None:
    replay = Replay("phemex")
    assert replay.feed_line(frame("NEWUSDT")) == 5.5
    assert InstrumentId("phemex", "NEWUSDT") in replay.store.instruments
    assert replay.document()["books"]["NEWUSDT"]["bids"] == [["100", "1"]]


@pytest.mark.parametrize("line", [b"nonsense", b"[]", b'{"dir":"recv"}', b"\xff\xfe", b'{"dir":1,"msg":{}}'])
def test_a_line_that_is_no_record_is_counted_and_does_not_stop_the_rest(line: bytes) -> None:
    replay = Replay("phemex")
    assert replay.feed_line(line) is None
    replay.feed_line(frame("BTCUSDT"))
    document = replay.document()
    assert (document["unreadable"], document["frames"]) == (1, 1)


def test_blank_lines_and_sent_frames_are_passed_over() -> None:
    replay = Replay("phemex")
    assert replay.feed_line(b"\n") is None
    assert replay.feed_line(b'{"dir":"sent","msg":{"id":1},"ts":1}') is None
    assert (replay.frames, replay.bad_lines) == (0, 0)


@pytest.mark.parametrize("symbol", ["../../etc", "\x1b[31m", "", "A" * 60])
def test_a_symbol_that_is_none_is_not_listed(symbol: str) -> None:
    replay = Replay("phemex")
    replay.feed_line(frame(symbol))
    assert not replay.store.instruments
