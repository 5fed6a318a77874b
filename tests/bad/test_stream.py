"""A book that says it is live is the book that was told; else it says why within the message."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.bad.stream import BTC, DEPTH, FAULT_RATE, FAULTS, LENGTH, LINEAR, Reference, Told, Venue, check
from tests.state.conftest import linear
from tui_trader.core.book import Book
from tui_trader.core.clock import ManualClock
from tui_trader.core.event import BookDelta, BookSnapshot, InstrumentsListed
from tui_trader.core.types import Severity
from tui_trader.state.store import Store


@pytest.mark.parametrize("seed", range(5))
def test_a_live_book_is_the_one_that_was_told(seed: int) -> None:
    done = check(seed)
    assert done.mismatch == "", f"python -m tests.bad --replay {seed}"
    assert done.messages == LENGTH
    assert done.live > LENGTH * 0.9, "a book that is never live proves nothing"


def test_the_stream_has_every_fault_at_about_the_rate_that_is_told() -> None:
    found = Counter(told.fault for told in Venue(1).stream(3 * LENGTH))
    assert set(found) == {"", *FAULTS}
    assert FAULT_RATE / 2 < 1 - found[""] / (3 * LENGTH) < FAULT_RATE * 3


class Forgetful(Book):
    """Takes no notice of levels that go."""

    def apply(self, event: BookDelta) -> None:
        super().apply(event._replace(bids=[level for level in event.bids if not _is_gone(level)]))


class Eager(Book):
    """Takes messages of the past for news."""

    def apply(self, event: BookDelta) -> None:
        super().apply(event._replace(sequence=max(event.sequence, self.sequence)))


class Trusting(Book):
    """Never doubts."""

    def doubt(self, reason: str) -> None:
        self._version += 1


def _is_gone(level: object) -> bool:
    return isinstance(level, tuple) and len(level) == 2 and level[1] in ("0", "0.000", "0.0")


@pytest.mark.parametrize("wrong", [Forgetful, Eager, Trusting])
def test_a_book_that_is_wrong_is_found_out(wrong: type[Book]) -> None:
    assert any(check(seed, 3_000, make=wrong).mismatch for seed in range(3))


def test_a_message_that_never_came_is_told_by_the_next_snapshot_of_the_same_sequence() -> None:
    store = Store(ManualClock())
    store.apply(InstrumentsListed("phemex", [linear(BTC)]))
    store.apply(BookSnapshot(BTC, [("99.9", "1")], [("100.1", "1")], 10, DEPTH, 1))
    lost = BookDelta(BTC, [("99.8", "5")], [], 11, DEPTH, 2)
    store.apply(BookDelta(BTC, [], [("100.2", "2")], 12, DEPTH, 3))
    assert store.books[BTC].is_live, "no gap can be seen: sequences are not contiguous"
    store.apply(BookSnapshot(BTC, [("99.9", "1"), *lost.bids], [("100.1", "1"), ("100.2", "2")], 12, DEPTH, 4))
    assert store.books[BTC].mismatches == 1
    assert store.notices[-1].severity is Severity.WARNING
    assert "snapshot differed from the book" in store.notices[-1].text


def test_the_reference_is_cut_and_crossed_as_the_rules_say() -> None:
    reference = Reference()
    reference.hear(Told(BookSnapshot(BTC, [], [], 1, DEPTH, 1), [(i, "1") for i in range(1, 40)], [(50, "1")]))
    assert (min(reference.bids), len(reference.bids), reference.state) == (10, DEPTH, "live")
    reference.hear(Told(BookDelta(BTC, [], [], 2, DEPTH, 1), [(50, "1")], []))
    assert reference.state == "suspect"


def test_ten_thousand_levels_are_cut_to_the_depth_and_without_one_all_are_kept() -> None:
    levels = [(f"{10_000 - i}", "1") for i in range(10_000)]
    cut, whole = Book(LINEAR), Book(LINEAR)
    empty = BookSnapshot(BTC, [], [], 1, 0, 1)
    for book, depth in ((cut, DEPTH), (whole, 0)):
        book.snapshot(empty)
        book.apply(BookDelta(BTC, levels, [], 2, depth, 2))
    assert (len(cut.bids()), len(whole.bids())) == (DEPTH, 10_000)
    assert cut.best_bid == whole.best_bid == 10_000
