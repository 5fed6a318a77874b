"""A record's line: read back as written, or not read at all."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trader.storage.record import GENESIS, Record, decode, digest, encode

RECORD = Record(7, "2026-11-21T10:00:00.000Z", 5, "intent", {"id": "tt-1", "text": "a\tb\nc\u2028"})


def test_a_line_reads_back() -> None:
    line = encode(RECORD)
    assert line.count(b"\n") == line.count(b"\t") == 1, "the two separators occur nowhere else"
    assert decode(line) == RECORD
    assert decode(line).previous == GENESIS  # type: ignore[union-attr]


def test_money_is_written_as_text() -> None:
    assert b'"qty":"0.010"' in encode(Record(1, "", 0, "intent", {"qty": Decimal("0.010")}))


@given(position=st.integers(0, len(encode(RECORD)) - 1), bit=st.integers(0, 7))
def test_no_flipped_bit_goes_unseen(position: int, bit: int) -> None:
    line = bytearray(encode(RECORD))
    line[position] ^= 1 << bit
    assert decode(bytes(line)) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_not_and_never_raise(noise: bytes) -> None:
    assert decode(noise) is None


@pytest.mark.parametrize("document", [b"[]", b"null", b'{"n":"7","at":"","boot":0,"kind":"x","body":{},"prev":""}', b'{"n":1}'])
def test_a_sound_checksum_does_not_make_a_record(document: bytes) -> None:
    import zlib

    assert decode(b"%s\t%08x\n" % (document, zlib.crc32(document))) is None


def test_what_json_cannot_hold_is_not_written() -> None:
    with pytest.raises(TypeError):
        encode(Record(1, "", 0, "intent", {"text": "\ud800"}))


def test_the_hash_is_of_the_whole_line() -> None:
    line = encode(RECORD)
    assert digest(line) != digest(line[:-1])
