"""Client order ids."""

from __future__ import annotations

import random

import pytest

from tui_trader.core.ids import MAX_LENGTH, IdFactory, is_client_id


def test_ids_are_distinct_valid_and_short_enough() -> None:
    factory = IdFactory()
    ids = {factory.new() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(is_client_id(client_id) and len(client_id) <= MAX_LENGTH for client_id in ids)


def test_a_seeded_source_repeats() -> None:
    first, second = random.Random(7), random.Random(7)
    one = IdFactory(lambda size: first.randbytes(size).hex())
    other = IdFactory(lambda size: second.randbytes(size).hex())
    assert [one.new() for _ in range(3)] == [other.new() for _ in range(3)]


@pytest.mark.parametrize("text", ["", "a" * 41, "a b", "a&b=c", "é", "a\n", "a%20"])
def test_what_may_not_be_sent(text: str) -> None:
    assert not is_client_id(text)
