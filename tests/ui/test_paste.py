"""Long pastes are cut; whatever else a terminal sends passes as it came, however the reads cut it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui_trader.ui.paste import END, MOST, START, PasteCut
from tui_trader.ui.replies import ReplyCut

pieces = (
    st.lists(
        st.one_of(st.binary(max_size=8), st.sampled_from([START, END, b"\x1b", b"\x1b[20", b"\x1b[201", START + b"abc" + END])),
        max_size=12,
    )
    .map(b"".join)
    .filter(lambda data: ReplyCut().feed(data + END) == data + END)
)
"""What a terminal sends but answers: those are dropped, and one whose beginning comes in two reads is keys: none is held back."""

cuts = st.lists(st.integers(1, 7), min_size=1, max_size=40)


def through(data: bytes, sizes: list[int], most: int = MOST) -> bytes:
    """Feed data in reads of the given sizes, again and again."""
    cut, out, at, turn = PasteCut(most), b"", 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        out += cut.feed(data[at : at + size])
        at, turn = at + size, turn + 1
    return out


@given(pieces, cuts)
def test_short_pastes_and_keys_pass_as_they_came(data: bytes, sizes: list[int]) -> None:
    assert through(data + END, sizes) == data + END


@given(pieces, cuts)
def test_how_the_reads_cut_it_changes_nothing(data: bytes, sizes: list[int]) -> None:
    assert through(data + END, sizes, 4) == PasteCut(4).feed(data + END)


def test_a_long_paste_keeps_its_beginning_and_its_brackets() -> None:
    cut = PasteCut(10)
    assert cut.feed(b"a" + START + b"0123456789abcdef") == b"a" + START + b"0123456789"
    assert cut.feed(b"ghi" * 1000) == b""
    assert cut.feed(b"xyz" + END + b"k") == END + b"k"
    assert cut.feed(START + b"new" + END) == START + b"new" + END


def test_esc_is_not_held_back() -> None:
    cut = PasteCut()
    assert cut.feed(b"\x1b") == b"\x1b"
    assert cut.feed(b"[200~abc") == b"[200~"
    assert cut.feed(END) == b"abc" + END
