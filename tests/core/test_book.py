"""The book against a naive reference, and every way its truth can come into doubt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_trader.core.book import Book, BookState
from tui_trader.core.error import WireError
from tui_trader.core.event import BookDelta, BookRun, BookSnapshot
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import ContractKind, InstrumentId

D = Decimal
BTC = InstrumentId("phemex", "BTCUSDT")
Levels = list[tuple[Any, Any]]

LINEAR = Instrument(id=BTC, kind=ContractKind.LINEAR, base="BTC", quote="USDT", settle="USDT", tick=D("0.1"), lot=D("0.001"))
SCALED = Instrument(
    id=BTC,
    kind=ContractKind.SPOT,
    base="BTC",
    quote="USDT",
    settle="USDT",
    tick=D("0.01"),
    lot=D("0.001"),
    price_scale=4,
    size_scale=3,
)

BIDS: Levels = [("99.9", "1"), ("99.8", "2.5"), ("99.5", "3")]
ASKS: Levels = [("100.1", "0.4"), ("100.2", "5"), ("101", "6")]


def snapshot(bids: Levels = BIDS, asks: Levels = ASKS, sequence: int = 10, depth: int = 0) -> BookSnapshot:
    return BookSnapshot(BTC, bids, asks, sequence, depth, 1_000 + sequence)


def delta(bids: Levels | None = None, asks: Levels | None = None, sequence: int = 11, depth: int = 0) -> BookDelta:
    return BookDelta(BTC, bids or [], asks or [], sequence, depth, 1_000 + sequence)


@pytest.fixture
def book() -> Book:
    """A live book of three levels a side."""
    made = Book(LINEAR)
    made.snapshot(snapshot())
    return made


class TestSnapshot:
    def test_empty_at_first(self) -> None:
        book = Book(LINEAR)
        assert (book.state, book.is_live, book.best_bid, book.best_ask, book.mid) == (
            BookState.EMPTY,
            False,
            None,
            None,
            None,
        )

    def test_what_it_holds(self, book: Book) -> None:
        assert book.bids() == [(D("99.9"), D(1)), (D("99.8"), D("2.5")), (D("99.5"), D(3))]
        assert book.asks(2) == [(D("100.1"), D("0.4")), (D("100.2"), D(5))]
        assert (book.best_bid, book.best_ask, book.mid) == (D("99.9"), D("100.1"), D(100))
        assert (book.bid_ticks, book.ask_ticks) == ([999, 998, 995], [1001, 1002, 1010])
        assert (book.bid_size(998), book.bid_size(997), book.ask_size(1010), book.ask_size(1)) == (D("2.5"), D(0), D(6), D(0))
        assert (book.sequence, book.at_ns, book.depth, book.applied, book.is_live) == (10, 1010, 0, 1, True)

    def test_scaled_integers(self) -> None:
        book = Book(SCALED)
        book.snapshot(snapshot([(999_000, 1500)], [(1_000_100, 1)]))
        assert book.bids() == [(D("99.90"), D("1.500"))]
        assert book.asks() == [(D("100.01"), D("0.001"))]

    @pytest.mark.parametrize("tick", ["0.1", "0.5", "1", "10", "0.00000250", "1E+1"])
    def test_a_price_is_as_many_ticks_however_it_is_spelled(self, tick: str) -> None:
        instrument = replace(LINEAR, tick=D(tick))
        for count in (1, 7, 1999, 10_000_019):
            price = f"{D(tick) * count:f}"
            spelled = [price, f"{D(price):.12f}", f"0{price}", D(price)]
            assert {Book(instrument).ticks_of(raw) for raw in spelled} == {count}

    @pytest.mark.parametrize("raw", ["0.05", "1_0", "１", "", "0", "0.0", "-1", "1.2.3", " 1", "9" * 31])
    def test_a_price_that_is_none_is_refused_however_it_is_spelled(self, raw: str) -> None:
        with pytest.raises(WireError):
            Book(LINEAR).ticks_of(raw)

    def test_zero_sizes_are_no_levels(self, book: Book) -> None:
        book.snapshot(snapshot([("99.9", "0"), ("99.7", "1")], [("100.1", "0.000")], sequence=11))
        assert book.bids() == [(D("99.7"), D(1))]
        assert book.asks() == []
        assert book.best_ask is None

    def test_an_older_one_is_ignored_while_live(self, book: Book) -> None:
        book.snapshot(snapshot([("1", "1")], [], sequence=9))
        assert (book.sequence, book.best_bid, book.applied) == (10, D("99.9"), 1)

    def test_an_older_one_heals_a_doubt(self, book: Book) -> None:
        book.doubt("test")
        book.snapshot(snapshot([("1", "1")], [], sequence=9))
        assert (book.state, book.sequence, book.best_bid, book.reason) == (BookState.LIVE, 9, D(1), "")

    def test_crossed(self, book: Book) -> None:
        book.snapshot(snapshot([("100.1", "1")], [("100.1", "1")], sequence=11))
        assert (book.state, book.reason) == (BookState.SUSPECT, "crossed snapshot")

    def test_sent_again_unchanged(self, book: Book) -> None:
        book.apply(delta([("99.9", "7")], sequence=12))
        book.snapshot(snapshot([("99.90", "7.0"), *BIDS[1:]], sequence=12))
        assert (book.mismatches, book.is_live) == (0, True)

    @pytest.mark.parametrize("bids", [BIDS[:2], [*BIDS, ("99", "1")], [("99.9", "1.1"), *BIDS[1:]]])
    def test_sent_again_changed_is_counted_and_wins(self, book: Book, bids: Levels) -> None:
        book.snapshot(snapshot(bids))
        assert book.mismatches == 1
        assert book.is_live
        assert [size for _, size in book.bids()] == [D(size) for _, size in bids]

    @pytest.mark.parametrize(
        "level",
        [
            *(("x", "1"), ("1", "x"), ("-1", "1"), ("1", "-1"), ("1", "NaN"), ("0", "1"), ("1",), 5),
            *(("1", "1e400"), ("1", 10**30), ("1e400", "1"), (10**30, "1")),
        ],
    )
    def test_unreadable(self, book: Book, level: Any) -> None:
        book.snapshot(snapshot([level], sequence=11))
        assert book.state is BookState.SUSPECT
        assert book.reason.startswith("unreadable snapshot")

    def test_ten_thousand_levels_a_side(self, book: Book) -> None:
        bids = [(f"{1_000_000 - step / 10:.1f}", "1") for step in range(1, 10_001)]
        asks = [(f"{1_000_000 + step / 10:.1f}", "1") for step in range(1, 10_001)]
        book.snapshot(snapshot(bids, asks))
        assert (book.is_live, len(book.bids()), len(book.asks())) == (True, 10_000, 10_000)
        assert (book.best_bid, book.best_ask) == (D("999999.9"), D("1000000.1"))
        book.apply(delta(bids=[("999999.9", "2")], depth=30))
        assert (len(book.bids()), len(book.asks()), book.bid_size(9_999_999)) == (30, 30, D(2))
        book.apply(delta(bids=[(price, "0") for price, _ in bids[:30]], sequence=12, depth=30))
        assert (book.is_live, book.best_bid, book.best_ask) == (True, None, D("1000000.1"))


class TestDelta:
    def test_sizes_are_absolute(self, book: Book) -> None:
        book.apply(delta([("99.8", "1"), ("99.7", "4")], [("100.1", "9")]))
        assert book.bids() == [(D("99.9"), D(1)), (D("99.8"), D(1)), (D("99.7"), D(4)), (D("99.5"), D(3))]
        assert book.ask_size(1001) == D(9)
        assert (book.sequence, book.at_ns, book.applied) == (11, 1011, 2)

    @pytest.mark.parametrize("zero", ["0", "0.0", "0.000", "-0", "0e0", 0, D("0.00")])
    def test_every_zero_deletes(self, book: Book, zero: Any) -> None:
        book.apply(delta([("99.9", zero)], [("100.1", zero)]))
        assert (book.best_bid, book.best_ask) == (D("99.8"), D("100.2"))
        assert (book.is_live, book.unknown_deletes) == (True, 0)

    def test_unknown_deletes_of_a_window_are_counted(self, book: Book) -> None:
        book.apply(delta([("99.6", "0"), ("99.9", "0")], [("100.3", "0.0")], depth=30))
        assert (book.unknown_deletes, book.is_live) == (2, True)

    def test_before_the_snapshot_nothing_is_applied(self) -> None:
        book = Book(LINEAR)
        book.apply(delta([("99.9", "1")]))
        assert (book.state, book.reason, book.bids(), book.applied) == (
            BookState.EMPTY,
            "increment before snapshot",
            [],
            0,
        )

    def test_a_gap_in_sequence_is_normal_and_a_repetition_changes_nothing(self, book: Book) -> None:
        book.apply(delta([("99.9", "2")], sequence=5_000))
        book.apply(delta([("99.9", "4")], sequence=5_000))
        assert (book.is_live, book.sequence, book.bid_size(999)) == (True, 5_000, D(4))

    def test_what_is_older_than_the_snapshot_is_part_of_it(self, book: Book) -> None:
        before = book.bid_size(999)
        book.apply(delta([("99.9", "3")], sequence=book.sequence - 1))
        assert (book.is_live, book.bid_size(999)) == (True, before)

    def test_a_step_back_is_doubted_at_once(self, book: Book) -> None:
        book.apply(delta([("99.9", "2")], sequence=5_000))
        book.apply(delta([("99.9", "3")], sequence=4_999))
        assert (book.is_live, book.reason) == (False, "sequence went back from 5000 to 4999")
        assert book.bid_size(999) == D(2)

    def test_a_jump_to_the_end_of_numbers_is_noticed_by_the_next_message(self, book: Book) -> None:
        sequence = book.sequence
        book.apply(delta([("99.9", "2")], sequence=1 << 63))
        book.apply(delta([("99.9", "3")], sequence=sequence + 1))
        assert not book.is_live

    def test_an_old_snapshot_may_be_followed_by_what_is_held_already(self, book: Book) -> None:
        book.apply(delta([("99.9", "2")], sequence=5_000))
        book.snapshot(BookSnapshot(book.instrument.id, [["99.9", "1"]], [["100.1", "1"]], 4_990, 30, 0))
        for sequence, size in ((4_995, "7"), (5_000, "2"), (5_001, "9")):
            book.apply(delta([("99.9", size)], sequence=sequence))
        assert (book.is_live, book.sequence, book.bid_size(999)) == (True, 5_001, D(9))

    @pytest.mark.parametrize("depth", [0, 30])
    def test_crossed_is_doubted_before_anything_is_read(self, book: Book, depth: int) -> None:
        version = book.version
        book.apply(delta([("100.1", "1")], depth=depth))
        assert (book.state, book.reason) == (BookState.SUSPECT, "crossed")
        assert book.version > version

    def test_in_doubt_nothing_is_applied(self, book: Book) -> None:
        book.apply(delta([("100.1", "1")], depth=30))
        book.apply(delta([("100.1", "0")], sequence=12, depth=30))
        assert (book.state, book.sequence) == (BookState.SUSPECT, 11)

    def test_a_doubt_that_was_read_stays_whatever_comes_next(self, book: Book) -> None:
        book.apply(delta([("100.1", "1")]))
        assert not book.is_live
        book.apply(delta([("100.1", "0")], sequence=12))
        assert (book.state, book.sequence, book.standing) == (BookState.SUSPECT, 11, BookState.SUSPECT)

    def test_a_cross_that_nobody_could_have_read_is_none(self, book: Book) -> None:
        book.apply(delta([("100.1", "1")]))
        book.apply(delta([("100.1", "0")], sequence=12))
        assert (book.state, book.sequence, book.best_bid) == (BookState.LIVE, 12, D("99.9"))

    @pytest.mark.parametrize(
        ("bids", "reason"),
        [([("99.9", "junk")], "unreadable level"), ([("99.0", "-1")], "unreadable level"), ([("100.1", "1")], "crossed")],
    )
    @pytest.mark.parametrize(
        "read",
        [
            *(lambda book: book.state, lambda book: book.reason, lambda book: book.version, lambda book: book.is_live),
            *(lambda book: book.best_bid, lambda book: book.bid_ticks, lambda book: book.mid, lambda book: book.raw_sides),
            *(lambda book: book.bid_size(1), lambda book: book.ask_size(1), lambda book: book.bids(1), lambda book: book.asks(1)),
        ],
    )
    def test_whatever_is_read_first_finds_the_doubt_and_tells(self, bids: Levels, reason: str, read: Any) -> None:
        told: list[InstrumentId] = []
        book = Book(LINEAR, told.append)
        book.snapshot(snapshot())
        book.apply(delta(bids))
        assert (book.standing, told) == (BookState.LIVE, []), "nobody has looked"
        read(book)
        assert (book.standing, told) == (BookState.SUSPECT, [BTC])
        assert book.reason.startswith(reason)

    def test_what_is_laid_up_unread_is_bounded(self, book: Book) -> None:
        for number in range(3):
            asks: Levels = [(f"{200 + number * 3_000 + place}", "1") for place in range(3_000)]
            book.apply(delta(asks=asks, sequence=11 + number))
        assert len(book._new_asks) < 4_096
        assert len(book.ask_ticks) == 9_003

    def test_the_best_may_move_through_old_prices(self, book: Book) -> None:
        book.apply(delta([("99.9", "0"), ("99.8", "0")], [("99.8", "1")]))
        assert (book.is_live, book.best_bid, book.best_ask) == (True, D("99.5"), D("99.8"))

    def test_truncated_to_its_depth(self, book: Book) -> None:
        book.apply(delta([("99.7", "1")], [("100", "1")], depth=3))
        assert book.bid_ticks == [999, 998, 997]
        assert book.ask_ticks == [1000, 1001, 1002]

    @pytest.mark.parametrize(
        "level",
        [
            ("99.9", "-1"),
            ("99.9", "NaN"),
            ("99.9", "Infinity"),
            ("99.9", "1e400"),
            ("99.9", "1e-400"),
            ("99.9", "junk"),
            ("99.9", ""),
            ("99.9", None),
            ("99.9", []),
            ("99.9", 10**400),
            ("99.9", -1),
            ("99.95", "1"),
            ("-99.9", "1"),
            ("0", "1"),
            ("junk", "1"),
            (None, "1"),
            ([], "1"),
            ("1e400", "1"),
            (99.9, "1"),
            ("99.9",),
            5,
        ],
    )
    @pytest.mark.parametrize("side", ["bids", "asks"])
    @pytest.mark.parametrize("depth", [0, 30])
    def test_garbage_is_doubted_before_anything_is_read(self, book: Book, level: Any, side: str, depth: int) -> None:
        book.apply(delta(**{side: [level]}, depth=depth))
        assert book.state is BookState.SUSPECT
        assert book.reason.startswith("unreadable level")

    @pytest.mark.parametrize("size", ["1_000", " 1", "１", True, 1.5])
    def test_what_only_looks_like_a_number_is_never_shown(self, book: Book, size: Any) -> None:
        book.apply(delta([("99.9", size)]))
        assert book.bids(1) == [(D("99.9"), D(0))]
        assert book.state is BookState.SUSPECT

    def test_healed_by_a_snapshot(self, book: Book) -> None:
        book.apply(delta([("99.9", "junk")]))
        book.snapshot(snapshot(sequence=20))
        assert (book.state, book.reason, book.best_bid) == (BookState.LIVE, "", D("99.9"))

    def test_clear(self, book: Book) -> None:
        book.clear("reconnected")
        assert (book.state, book.reason, book.bids(), book.asks(), book.sequence) == (
            BookState.EMPTY,
            "reconnected",
            [],
            [],
            0,
        )


@dataclass
class Sides:
    """Levels as a dialect decodes them."""

    bids: Levels
    asks: Levels


@dataclass
class Step:
    """An increment as a dialect decodes it."""

    levels: Sides
    sequence: int
    depth: int = 0
    timestamp: int = 0


def run(*steps: Step) -> BookRun:
    return BookRun(BTC, steps, 5)


class TestRun:
    def test_equals_its_steps_one_by_one(self, book: Book) -> None:
        alone = Book(LINEAR)
        alone.snapshot(snapshot())
        steps = [Step(Sides([("99.9", str(n))], [("100.1", "0"), ("100.3", "2")]), 11 + n, timestamp=n) for n in range(4)]
        book.apply_run(run(*steps))
        for event in run(*steps).deltas():
            alone.apply(event)
        assert (book.bids(), book.asks(), book.sequence, book.applied) == (alone.bids(), alone.asks(), 14, alone.applied)
        assert (book.at_ns, alone.at_ns, book.is_live) == (3, 3, True)

    def test_a_time_that_is_not_told_is_that_of_the_receipt(self, book: Book) -> None:
        book.apply_run(run(Step(Sides([], []), 11)))
        assert book.at_ns == 5

    def test_a_step_back_is_doubted_at_once(self, book: Book) -> None:
        book.apply_run(run(Step(Sides([("99.9", "2")], []), 20), Step(Sides([("99.9", "3")], []), 19)))
        assert (book.standing, book.reason, book.bid_size(999)) == (
            BookState.SUSPECT,
            "sequence went back from 20 to 19",
            D(2),
        )

    def test_what_is_older_than_the_snapshot_is_part_of_it(self, book: Book) -> None:
        book.apply_run(run(Step(Sides([("99.9", "9")], []), 9), Step(Sides([("99.8", "4")], []), 11)))
        assert (book.is_live, book.bid_size(999), book.bid_size(998), book.applied) == (True, D(1), D(4), 2)

    @pytest.mark.parametrize("level", [("99.95", "1"), ("junk", "1"), ("99.9",), 5])
    def test_a_price_that_is_none_is_doubted_at_once(self, book: Book, level: Any) -> None:
        book.apply_run(run(Step(Sides([("99.8", "4")], []), 11), Step(Sides([level], []), 12)))
        assert (book.standing, book.sequence) == (BookState.SUSPECT, 11)

    def test_nothing_of_before_a_snapshot_comes_after_it(self, book: Book) -> None:
        book.apply_run(run(Step(Sides([("99.8", "4"), ("junk", "1")], []), 11)))
        book.snapshot(snapshot(sequence=20))
        book.apply_run(run(Step(Sides([("99.5", "8")], []), 21)))
        assert book.bids() == [(D("99.9"), D(1)), (D("99.8"), D("2.5")), (D("99.5"), D(8))]

    def test_a_window_is_kept_step_by_step(self, book: Book) -> None:
        book.apply_run(run(Step(Sides([("99.7", "1")], []), 11, 3), Step(Sides([("99.9", "0")], []), 12, 3)))
        assert book.bid_ticks == [998, 997], "99.5 had left the window"

    def test_before_the_snapshot_nothing_is_applied(self) -> None:
        book = Book(LINEAR)
        book.apply_run(run(Step(Sides([("99.9", "1")], []), 1)))
        assert (book.state, book.reason, book.applied) == (BookState.EMPTY, "increment before snapshot", 0)


class Reference:
    """The slowest book that can be right: exact decimals, sorted and cut after every message."""

    def __init__(self) -> None:
        self.bids: dict[Decimal, Decimal] = {}
        self.asks: dict[Decimal, Decimal] = {}

    def apply(self, bids: Levels, asks: Levels, depth: int) -> None:
        for side, levels in ((self.bids, bids), (self.asks, asks)):
            for price, size in levels:
                side.pop(D(price), None)
                if D(size):
                    side[D(price)] = D(size)
        if depth:
            self.bids = dict(sorted(self.bids.items(), reverse=True)[:depth])
            self.asks = dict(sorted(self.asks.items())[:depth])

    @property
    def crossed(self) -> bool:
        return bool(self.bids and self.asks) and max(self.bids) >= min(self.asks)


def side(low: int, high: int) -> st.SearchStrategy[Levels]:
    """Levels with prices of ``low`` to ``high`` ticks, in several spellings."""
    price = st.builds(lambda ticks, text: text.format(D(ticks) / 10), st.integers(low, high), st.sampled_from(["{}", "{:.2f}"]))
    size = st.sampled_from(["0", "0.00", "1", "2.50", "0.004", "12"])
    return st.lists(st.tuples(price, size), max_size=6)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(side(980, 1003), side(997, 1020), st.booleans()), max_size=30),
    st.sampled_from([0, 3, 5]),
)
def test_equals_the_reference_until_it_crosses(steps: list[tuple[Levels, Levels, bool]], depth: int) -> None:
    book, reference = Book(LINEAR), Reference()
    book.snapshot(BookSnapshot(BTC, [], [], 1, depth, 1))
    for number, (bids, asks, look) in enumerate(steps, 2):
        if number % 2:
            book.apply(BookDelta(BTC, bids, asks, number, depth, number))
        else:
            book.apply_run(run(Step(Sides(bids, asks), number, depth)))
        reference.apply(bids, asks, depth)
        assert (book.state is BookState.SUSPECT) == reference.crossed
        if reference.crossed:
            return
        if look:
            assert book.bids() == sorted(reference.bids.items(), reverse=True)
            assert book.asks() == sorted(reference.asks.items())
    assert dict(book.bids()) == reference.bids
    assert dict(book.asks()) == reference.asks


JUNK_LEVELS: list[Any] = [("99.9", "junk"), ("99.95", "1"), ("junk", "1"), ([], "1"), ("99.9",), 5, ("99.9", "-1"), ("0", "1")]


def damaged(low: int, high: int) -> st.SearchStrategy[Levels]:
    """Levels of which now and then one is none."""
    return st.builds(
        lambda levels, junk, place: [*levels[:place], *junk, *levels[place:]],
        side(low, high),
        st.one_of(st.just([]), st.just([]), st.just([]), st.just([]), st.lists(st.sampled_from(JUNK_LEVELS), max_size=1)),
        st.integers(0, 6),
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(damaged(980, 1000), damaged(1000, 1020), st.integers(-1, 3)), min_size=1, max_size=6), max_size=6
    ),
    st.sampled_from([0, 3, 30]),
    st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_a_run_ends_as_its_steps_one_by_one(runs: list[Any], depth: int, looks: list[bool]) -> None:
    whole, alone, sequence = Book(LINEAR), Book(LINEAR), 10
    for book in (whole, alone):
        book.snapshot(snapshot(depth=depth))
    for steps, look in zip(runs, looks, strict=False):
        made = []
        for bids, asks, ahead in steps:
            sequence += ahead
            made.append(Step(Sides(bids, asks), sequence, depth, timestamp=max(1, sequence)))
        whole.apply_run(run(*made))
        for event in run(*made).deltas():
            alone.apply(event)
        if look:
            assert (whole.state, whole.reason) == (alone.state, alone.reason)
        assert (whole.standing, whole.sequence, whole.applied) == (alone.standing, alone.sequence, alone.applied)
        assert whole.unknown_deletes == alone.unknown_deletes
    assert (whole.state, whole.reason) == (alone.state, alone.reason)
    assert (whole.raw_sides, whole.bid_ticks, whole.ask_ticks) == (alone.raw_sides, alone.bid_ticks, alone.ask_ticks)
    if whole.is_live:
        assert whole.at_ns == alone.at_ns


def test_a_run_learns_prices_on_its_way_and_forgets_them_again(book: Book) -> None:
    steps = []
    for number in range(6_000):
        level = (f"{50 + number * 0.1:.1f}" if number < 400 else f"{90 - number * 0.01:.1f}", "1")
        steps.append(Step(Sides([level], [(f"{200 + number}", "2")]), 11 + number))
    for start in range(0, len(steps), 500):
        book.apply_run(run(*steps[start : start + 500]))
    wanted = Reference()
    wanted.apply(BIDS, ASKS, 0)
    for step in steps:
        wanted.apply(step.levels.bids, step.levels.asks, 0)
    assert (dict(book.bids()), dict(book.asks())) == (wanted.bids, wanted.asks)
    assert len(book._memo.known) <= 4_096
