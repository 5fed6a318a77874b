"""Binary frames against the values that they hold, and against whatever a wire can make of them."""

from __future__ import annotations

import base64
import random
from decimal import Decimal
from typing import Any

import pytest

from tests.venues.paradex.conftest import payload
from tui_trader.core.error import WireError
from tui_trader.venues.paradex import sbe
from tui_trader.venues.paradex.sbe import BookFrame, Event, Ignored

CAPTURED = [row for row in payload("captured-btc-bbo-2026-10-08.excerpt.jsonl") if row["opcode"] == "binary"]
BUILT = {row["name"]: row for row in payload("sbe-handbuilt.jsonl")}
"""Built from the venue's published schema and read back by two decoders of others: they prove the layout, not the habits."""

OTHER_NAMES = {
    "seq": "seq_no",
    "trade_id": "id",
    "index_price": "underlying_price",
    "last_price": "last_traded_price",
    "volume_24h_usd": "volume_24h",
    "updated_at_us": "last_updated_at_us",
    "size_signed": "size",
    "realized_pnl": "realized_positional_pnl",
}


def said(row: dict[str, Any], fields: Any) -> Any:
    """Return the decoded fields under the names of the fixture."""
    names = dict(OTHER_NAMES)
    if row["channel"].startswith("fills"):
        names = {"seq": "seq_no"}
    if row["channel"] == "account":
        names = {"seq": "seq_no"}
    return {name: fields.get(names.get(name, name)) for name in row["fields"]}


def same(expected: Any, got: Any) -> bool:
    if isinstance(got, Decimal):
        return isinstance(expected, str) and Decimal(expected) == got
    if expected is None:
        return got in (None, "")
    return bool(expected == got)


READ_BY_HAND = [
    (1791421923325000, 7687292570, 8342270000000, 15000, 8345290000000, 31000),
    (1791421923325000, 7687292571, 8343550000000, 1199000, 8345290000000, 31000),
    (1791421923400000, 7687292572, 8342270000000, 15000, 8345290000000, 31000),
    (1791421923400000, 7687292573, 8342280000000, 1199000, 8345290000000, 31000),
    (1791421923444000, 7687292575, 8342270000000, 15000, 8345290000000, 31000),
    (1791421923444000, 7687292576, 8343560000000, 1199000, 8345290000000, 31000),
    (1791421923499000, 7687292577, 8342270000000, 15000, 8345290000000, 31000),
    (1791421923556000, 7687292578, 8343540000000, 1199000, 8345290000000, 31000),
    (1791421924167000, 7687292607, 8342270000000, 15000, 8345290000000, 31000),
    (1791421924284000, 7687292616, 8342270000000, 15000, 8345280000000, 1199000),
    (1791421924382000, 7687292619, 8342270000000, 15000, 8345290000000, 31000),
    (1791421924382000, 7687292620, 8342270000000, 15000, 8344880000000, 1199000),
    (1791421924422000, 7687292621, 8342270000000, 15000, 8345290000000, 31000),
    (1791421924422000, 7687292622, 8342270000000, 15000, 8345270000000, 1199000),
    (1791421927838000, 7687292683, 8342270000000, 15000, 8345290000000, 31000),
]
"""Of each captured frame: time in microseconds, sequence, bid, its size, ask, its size, in 10^-8."""


def test_every_captured_frame_is_the_best_prices_of_bitcoin() -> None:
    assert len(CAPTURED) == len(READ_BY_HAND)
    for row, (at_us, sequence, *prices) in zip(CAPTURED, READ_BY_HAND, strict=True):
        event = sbe.decode(base64.b64decode(row["b64"]))
        assert isinstance(event, Event)
        assert event.family == "bbo"
        assert event.fields["market"] == "BTC-USD-PERP"
        assert (event.fields["ts_us"], event.fields["seq_no"]) == (at_us, sequence)
        told = [event.fields[name] for name in ("bid", "bid_size", "ask", "ask_size")]
        assert told == [Decimal(value).scaleb(-8) for value in prices]
        assert abs(row["t_ns"] // 1000 - at_us) < 1_000_000  # received within a second of the moment that it states


@pytest.mark.parametrize("name", [name for name, row in BUILT.items() if row["expect"] == "event" and "book" not in name])
def test_every_built_frame_decodes_to_its_values(name: str) -> None:
    row = BUILT[name]
    event = sbe.decode(bytes.fromhex(row["hex"]))
    assert isinstance(event, Event)
    for field, got in said(row, event.fields).items():
        expected = row["fields"][field]
        if field == "request_info" and expected:
            assert event.fields["request_info"] == expected
        else:
            assert same(expected, got), (field, expected, got)


@pytest.mark.parametrize("name", [name for name in BUILT if "book" in name])
def test_every_built_book_decodes_to_its_levels(name: str) -> None:
    row = BUILT[name]
    book = sbe.decode(bytes.fromhex(row["hex"]))
    assert isinstance(book, BookFrame)
    want = row["fields"]
    assert (book.market, book.sequence, book.at_us) == (want["market"], want["seq"], want["ts_us"])
    assert book.snapshot == (want["type"] == "snapshot")
    for side, levels in ((book.bids, want["bids"]), (book.asks, want["asks"])):
        assert side == tuple((int(Decimal(price) * 10**8), int(Decimal(size) * 10**8)) for price, size in levels)


def test_a_heartbeat_and_an_unknown_template_are_left_alone() -> None:
    heartbeat = bytes.fromhex(BUILT["heartbeat"]["hex"])
    assert sbe.decode(heartbeat) == Ignored(40)
    unknown = heartbeat[:2] + b"\xe7\x03" + heartbeat[4:]
    assert sbe.decode(unknown) == Ignored(999)


def test_a_longer_block_of_a_newer_version_is_skipped_over() -> None:
    """What a later schema appends, to the block or behind the strings, changes nothing."""
    for row in BUILT.values():
        if row["expect"] != "event" or "book" in row["name"]:
            continue
        frame = bytes.fromhex(row["hex"])
        block = int.from_bytes(frame[:2], "little")
        whole = 8 + block
        if int.from_bytes(frame[6:8], "little") < 2:
            continue
        newer = (
            (block + 5).to_bytes(2, "little") + frame[2:6] + b"\x09\x00" + frame[8:whole] + b"abcde" + frame[whole:] + b"\x02zz"
        )
        assert sbe.decode(newer) == sbe.decode(frame), row["name"]


@pytest.mark.parametrize("name", [name for name, row in BUILT.items() if row["expect"] in ("event", "error")])
def test_a_frame_cut_anywhere_is_refused(name: str) -> None:
    frame = bytes.fromhex(BUILT[name]["hex"])
    for length in range(len(frame)):
        with pytest.raises(WireError):
            sbe.decode(frame[:length])


def test_frames_of_another_schema_are_refused() -> None:
    frame = bytearray.fromhex(BUILT["bbo"]["hex"])
    frame[4] = 2
    with pytest.raises(WireError, match="schema 2"):
        sbe.decode(bytes(frame))


def test_spoiled_frames_raise_nothing_but_what_is_declared() -> None:
    rng = random.Random(8)
    frames = [bytes.fromhex(row["hex"]) for row in BUILT.values()] + [base64.b64decode(row["b64"]) for row in CAPTURED]
    refused = 0
    for _ in range(6_000):
        frame = bytearray(rng.choice(frames))
        for _ in range(rng.randrange(1, 5)):
            frame[rng.randrange(min(len(frame), rng.choice((8, 30, 1_000))))] = rng.randrange(256)
        if rng.random() < 0.2:
            del frame[rng.randrange(len(frame)) :]
        try:
            sbe.decode(bytes(frame))
        except WireError:
            refused += 1
    assert refused > 500
    for _ in range(2_000):
        try:
            sbe.decode(rng.randbytes(rng.randrange(200)))
        except WireError:
            continue
