"""The tape: whatever is laid up unread, what is read is what an eager ring would hold."""

from __future__ import annotations

from collections import deque
from decimal import Decimal as D
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tui_trader.core.printed import Printed
from tui_trader.core.tape import Tape, Trade
from tui_trader.core.types import Side


def trade(number: int) -> Trade:
    return Trade(number, Side.BUY, D(100), D(number))


def printed(numbers: list[int], read: list[list[int]] | None = None) -> Printed:
    """Return trades of numbers given oldest first, as a venue sends them: newest first."""

    def make(rows: Any) -> list[Trade]:
        if read is not None:
            read.append(rows)
        return [trade(number) for number in reversed(rows)]

    return Printed(numbers[::-1], make)


def test_printed_is_a_list_of_trades_that_is_read_once() -> None:
    read: list[list[int]] = []
    some = printed([1, 2, 3], read)
    assert (len(some), read) == (3, [])
    assert some == [trade(1), trade(2), trade(3)]
    assert (some[-1], some[:2], list(reversed(some)), trade(2) in some) == (
        trade(3),
        [trade(1), trade(2)],
        [trade(3), trade(2), trade(1)],
        True,
    )
    assert some == printed([1, 2, 3])
    assert some != printed([1, 2, 4])
    assert (len(some), len(read)) == (3, 1)


def test_what_newer_trades_have_pushed_out_is_never_read() -> None:
    tape, read = Tape(4), list[list[int]]()
    for number in range(0, 20, 2):
        tape.extend(printed([number, number + 1], read))
    assert (len(tape), tape.received, read) == (4, 20, [])
    assert (tape.last, tape.newest(9)) == (trade(19), [trade(19), trade(18), trade(17), trade(16)])
    assert read == [[17, 16], [19, 18]]


def test_an_empty_message_changes_nothing() -> None:
    tape = Tape()
    tape.extend([])
    assert (tape.last, len(tape), tape.newest(5)) == (None, 0, [])
    tape.extend([trade(1)])
    tape.extend(printed([]))
    assert (tape.last, tape.received) == (trade(1), 1)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 9),
    st.lists(st.tuples(st.sampled_from(["lazy", "list", "replace", "read", "last"]), st.integers(0, 12)), max_size=30),
)
def test_equals_an_eager_ring(capacity: int, steps: list[tuple[str, int]]) -> None:
    tape, ring, received = Tape(capacity), deque[Trade](maxlen=capacity), 0
    newest: Trade | None = None
    for step, count in steps:
        numbers = list(range(received, received + count))
        if step == "read":
            assert tape.newest(count) == list(ring)[::-1][:count]
            continue
        if step == "last":
            assert tape.last == newest
            continue
        if step == "replace":
            ring.clear()
            tape.replace(printed(numbers))
        else:
            tape.extend(printed(numbers) if step == "lazy" else [trade(number) for number in numbers])
        ring.extend(trade(number) for number in numbers)
        received += count
        newest = ring[-1] if ring else newest
        assert (len(tape), tape.received) == (len(ring), received)
    assert (tape.newest(capacity), tape.last) == (list(ring)[::-1], newest)
