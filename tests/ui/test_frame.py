"""The frame clock: who is told what, when, and how the rate follows the terminal."""

from __future__ import annotations

import asyncio
import gc

import pytest

from tui_trader.core.turn import HOLD_S, TURN
from tui_trader.ui.frame import FPS_LEAST, FPS_LOCAL, FPS_SSH, PACE_S, SLICE_GAP_S, SLICE_MS, FramePump, Pane, Topic, usual_fps


class Source:
    def __init__(self) -> None:
        self.dirty: set[Topic] = set()
        self.asked = 0

    def take_dirty(self) -> set[Topic]:
        self.asked += 1
        taken, self.dirty = self.dirty, set()
        return taken


class Recorder:
    def __init__(self, *topics: Topic) -> None:
        self.topics = frozenset(topics)
        self.showing = True
        self.hot = False
        self.pace_s = PACE_S
        self.deaf: set[Topic] = set()
        self.apart: set[Topic] = set()
        self.painted: list[frozenset[Topic]] = []

    def heeds(self, topic: Topic) -> bool:
        return topic not in self.deaf

    def splits(self, topics: frozenset[Topic]) -> bool:
        return topics <= self.apart

    def paint(self, dirty: frozenset[Topic]) -> None:
        self.painted.append(dirty)


class Terminal:
    def __init__(self) -> None:
        self.drain_ms = 0.0
        self.backlog = 0
        self.bytes_written = 0
        self.layout: object = None
        self.calls: list[str] = []

    def hold(self) -> None:
        self.calls.append("hold")

    def present(self) -> None:
        self.calls.append("present")


BOOK, ORDERS = ("book", "BTCUSDT"), ("orders",)


def test_the_first_frame_brings_every_topic_and_later_ones_what_changed() -> None:
    source, pane = Source(), Recorder(BOOK, ORDERS)
    pump = FramePump(source, fps=20)
    pump.subscribe(pane)
    pump.frame()
    source.dirty = {BOOK, ("tape", "BTCUSDT")}
    pump.frame()
    assert pane.painted == [{BOOK, ORDERS}, {BOOK}]


def test_nothing_changed_paints_nothing() -> None:
    source, pane, terminal = Source(), Recorder(BOOK), Terminal()
    pump = FramePump(source, fps=20, gauge=terminal)
    pump.subscribe(pane)
    pump.frame()
    pump.frame()
    assert len(pane.painted) == 1
    assert pump.frames == 1
    assert terminal.calls == ["hold", "present"]


def test_a_hidden_pane_is_owed_its_topics() -> None:
    source, pane = Source(), Recorder(BOOK, ORDERS)
    pump = FramePump(source, fps=20)
    pump.subscribe(pane)
    pump.frame()
    pane.showing = False
    for topic in (BOOK, ORDERS, BOOK):
        source.dirty = {topic}
        pump.frame()
    assert len(pane.painted) == 1
    pane.showing = True
    pump.frame()
    assert pane.painted[1:] == [{BOOK, ORDERS}]


def test_a_pane_that_fails_is_reported_and_the_others_go_on() -> None:
    class Broken(Recorder):
        def paint(self, dirty: frozenset[Topic]) -> None:
            raise ZeroDivisionError

    source, terminal = Source(), Terminal()
    broken, pane = Broken(BOOK), Recorder(BOOK)
    failed: list[tuple[Pane, Exception]] = []
    pump = FramePump(source, fps=20, gauge=terminal, on_error=lambda pane, error: failed.append((pane, error)))
    pump.subscribe(broken)
    pump.subscribe(pane)
    pump.frame()
    source.dirty = {BOOK}
    pump.frame()
    assert [type(error) for _, error in failed] == [ZeroDivisionError]
    assert len(pane.painted) == 2
    assert terminal.calls == ["hold", "present"] * 2


def test_without_somebody_to_tell_a_failure_is_raised() -> None:
    class Broken(Recorder):
        def paint(self, dirty: frozenset[Topic]) -> None:
            raise ZeroDivisionError

    terminal = Terminal()
    pump = FramePump(Source(), fps=20, gauge=terminal)
    pump.subscribe(Broken(BOOK))
    with pytest.raises(ZeroDivisionError):
        pump.frame()
    assert terminal.calls == ["hold", "present"]


class Loop(asyncio.SelectorEventLoop):
    """A loop whose clock moves to the next timer instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self.now = max(self.now, self._scheduled[0].when())  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


def run(seconds: float, pump: FramePump, *at: tuple[float, object]) -> None:
    """Run the pump for virtual seconds; call functions at their times."""

    async def life() -> None:
        loop = asyncio.get_running_loop()
        for when, what in at:
            loop.call_at(when, what)  # type: ignore[arg-type]
        pump.start()
        await asyncio.sleep(seconds)
        pump.stop()

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(life())


def test_the_clock_asks_n_times_a_second() -> None:
    source = Source()
    run(10.01, FramePump(source, fps=20))
    assert source.asked == 200


def test_a_nudge_does_not_wait_for_the_clock_and_comes_once() -> None:
    source, pane = Source(), Recorder(ORDERS)
    pump = FramePump(source, fps=1)
    pump.subscribe(pane)
    times: list[int] = []

    def fill() -> None:
        source.dirty.add(ORDERS)
        pump.nudge()
        pump.nudge()
        times.append(source.asked)

    run(0.9, pump, (0.3, fill))
    assert times == [0]
    assert source.asked == 1
    assert pane.painted == [{ORDERS}]


def test_the_rate_falls_when_the_terminal_is_slow_and_comes_back_slowly() -> None:
    terminal = Terminal()
    pump = FramePump(Source(), fps=20, gauge=terminal)
    seen: list[float] = []

    def slow() -> None:
        terminal.drain_ms = 200.0

    def quick() -> None:
        seen.append(pump.fps)
        terminal.drain_ms = 0.0

    run(20, pump, (0.5, slow), (6.5, quick), (8.6, lambda: seen.append(pump.fps)))
    assert seen[0] == FPS_LEAST
    assert FPS_LEAST < seen[1] <= FPS_LEAST + 3
    assert pump.fps > 14


def test_a_backlog_counts_as_slow() -> None:
    terminal = Terminal()
    terminal.backlog = 1
    pump = FramePump(Source(), fps=20, gauge=terminal)
    run(3.5, pump)
    assert pump.fps == FPS_LEAST


def test_what_the_terminal_takes_is_measured() -> None:
    terminal = Terminal()
    pump = FramePump(Source(), fps=20, gauge=terminal)
    run(1.5, pump, (0.5, lambda: setattr(terminal, "bytes_written", 5000)))
    assert pump.bytes_per_second == pytest.approx(5000, rel=0.06)


def test_ssh_starts_lower() -> None:
    assert usual_fps({"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}) == FPS_SSH
    assert usual_fps({}) == FPS_LOCAL


class Slow(Recorder):
    """A pane that takes its time, in a clock of the processor that only it moves."""

    spent = 0.0

    def paint(self, dirty: frozenset[Topic]) -> None:
        super().paint(dirty)
        Slow.spent += SLICE_MS / 1000 + 0.0001


def test_a_frame_that_takes_long_is_painted_in_slices_and_nobody_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_trader.ui.frame.time.thread_time", lambda: Slow.spent)
    source, panes = Source(), [Slow(BOOK) for _ in range(5)]
    panes[3].hot = True
    pump = FramePump(source, fps=10)
    for pane in panes:
        pump.subscribe(pane)
    seen: list[list[int]] = []

    def look() -> None:
        seen.append([len(pane.painted) for pane in panes])

    looks = [(0.101 + place * (SLICE_GAP_S + 0.0001), look) for place in range(5)]
    run(0.199, pump, *looks)
    assert seen == [[0, 0, 0, 1, 0], [1, 0, 0, 1, 0], [1, 1, 0, 1, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]


def test_what_was_painted_longest_ago_comes_first_when_a_frame_cannot_be_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_trader.ui.frame.time.thread_time", lambda: Slow.spent)
    source, panes = Source(), [Slow(BOOK) for _ in range(4)]
    pump = FramePump(source, fps=1 / SLICE_GAP_S)
    for pane in panes:
        pump.subscribe(pane)
    changes = [(0.001 + place * SLICE_GAP_S, lambda: source.dirty.add(BOOK)) for place in range(40)]
    run(SLICE_GAP_S * 40.5, pump, *changes)
    counts = [len(pane.painted) for pane in panes]
    assert max(counts) - min(counts) <= 1
    assert min(counts) >= 10


def test_a_nudge_paints_what_cannot_wait_and_leaves_the_market_to_the_clock() -> None:
    source, book, orders = Source(), Recorder(BOOK), Recorder(ORDERS, BOOK)
    pump = FramePump(source, fps=1, patient={"book"})
    pump.subscribe(book)
    pump.subscribe(orders)

    def change() -> None:
        source.dirty |= {BOOK, ORDERS}
        pump.nudge()

    seen: list[tuple[int, int]] = []
    run(1.1, pump, (0.3, change), (0.4, lambda: seen.append((len(book.painted), len(orders.painted)))))
    assert seen == [(0, 1)]
    assert (len(book.painted), len(orders.painted)) == (1, 1)


def test_a_key_goes_before_a_frame_but_does_not_hold_it_up_for_long() -> None:
    source, pane = Source(), Recorder(BOOK)
    pump = FramePump(source, fps=10)
    pump.subscribe(pane)
    counts: list[int] = []

    async def life() -> None:
        loop = asyncio.get_running_loop()
        pump.start()
        loop.call_at(0.099, TURN.claim, 0.099)
        loop.call_at(0.099 + HOLD_S - 0.001, lambda: counts.append(len(pane.painted)))
        loop.call_at(0.099 + HOLD_S + 0.004, lambda: counts.append(len(pane.painted)))
        await asyncio.sleep(0.15)
        pump.stop()

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(life())
    TURN.release()
    assert counts == [0, 1]


def test_what_only_the_market_changed_is_painted_five_times_a_second_and_what_is_hot_in_every_frame() -> None:
    source, hot, quiet = Source(), Recorder(BOOK, ORDERS), Recorder(BOOK, ORDERS)
    hot.hot = True
    pump = FramePump(source, fps=20, patient={"book"})
    for pane in (hot, quiet):
        pump.subscribe(pane)
    changes = [(0.001 + place / 20, lambda: source.dirty.add(BOOK)) for place in range(200)]
    run(10.0, pump, *changes)
    assert len(hot.painted) == pytest.approx(200, abs=2)
    assert 0.8 * 10 / PACE_S <= len(quiet.painted) <= 10 / PACE_S + 1


def test_an_own_event_is_not_held_back_and_nothing_stays_undrawn() -> None:
    source, pane = Source(), Recorder(BOOK, ORDERS)
    pump = FramePump(source, fps=20, patient={"book"})
    pump.subscribe(pane)
    seen: list[int] = []

    def look() -> None:
        seen.append(len(pane.painted))

    book = (0.06, lambda: source.dirty.add(BOOK))
    fill = (0.11, lambda: source.dirty.add(ORDERS))
    last = (0.16, lambda: source.dirty.add(BOOK))
    run(0.45, pump, (0.055, look), book, (0.105, look), fill, (0.155, look), last, (0.25, look))
    assert seen == [1, 1, 2, 2]
    assert pane.painted[1:] == [{BOOK, ORDERS}, {BOOK}]


def test_a_nudge_leaves_alone_a_pane_that_would_not_look_different() -> None:
    source, ladder = Source(), Recorder(ORDERS, BOOK)
    ladder.hot, ladder.deaf = True, {ORDERS}
    pump = FramePump(source, fps=1, patient={"book"})
    pump.subscribe(ladder)
    pump.frame()
    ladder.painted.clear()

    def change() -> None:
        source.dirty |= {BOOK, ORDERS}
        pump.nudge()

    seen: list[int] = []
    run(1.1, pump, (0.3, change), (0.4, lambda: seen.append(len(ladder.painted))))
    assert seen == [0]
    assert ladder.painted == [{BOOK}]


def test_nobody_looks_for_garbage_within_a_frame_and_afterwards_it_is_as_before() -> None:
    seen: list[bool] = []

    class Looking(Recorder):
        def paint(self, dirty: frozenset[Topic]) -> None:
            seen.append(gc.isenabled())
            raise ValueError

    def failed(pane: Pane, error: Exception) -> None:
        seen.append(gc.isenabled())

    for before in (True, False):
        pump = FramePump(Source(), fps=20, on_error=failed)
        pump.subscribe(Looking(BOOK))
        try:
            (gc.enable if before else gc.disable)()
            pump.frame()
            assert gc.isenabled() is before
        finally:
            gc.enable()
    assert seen == [False] * 4


async def test_what_a_key_changed_is_painted_without_the_market_by_a_pane_that_can() -> None:
    source, marks, whole = Source(), Recorder(BOOK, ORDERS), Recorder(BOOK, ORDERS)
    marks.apart = {ORDERS}
    pump = FramePump(source, fps=1, patient={"book"})
    for pane in (marks, whole):
        pump.subscribe(pane)
    pump.frame()
    pump.start()
    source.dirty = {BOOK, ORDERS}
    pump.nudge()
    for _ in range(8):
        await asyncio.sleep(0)
    assert marks.painted[1:] == [{ORDERS}]
    assert whole.painted[1:] == [{BOOK, ORDERS}]
    pump.frame()
    assert marks.painted[2:] == [{BOOK}]
    assert len(whole.painted) == 2
    pump.stop()


def test_a_pane_that_nobody_sees_is_asked_again_when_the_layout_has_changed() -> None:
    class Asked(Recorder):
        asked = 0
        seen = False

        @property
        def showing(self) -> bool:
            self.asked += 1
            return self.seen

        @showing.setter
        def showing(self, seen: bool) -> None:
            self.seen = seen

    source, pane, terminal = Source(), Asked(BOOK), Terminal()
    pane.showing = False
    terminal.layout = object()
    pump = FramePump(source, fps=20, gauge=terminal)
    pump.subscribe(pane)
    for _ in range(3):
        source.dirty = {BOOK}
        pump.frame()
    assert (pane.asked, pane.painted) == (1, [])
    pane.showing = True
    terminal.layout = object()
    pump.frame()
    assert pane.painted == [{BOOK}]


def test_a_pane_for_which_a_slice_has_no_room_is_the_first_of_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    class Measured(Slow):
        def paint(self, dirty: frozenset[Topic]) -> None:
            self.painted.append(dirty)
            Slow.spent += 0.6 * SLICE_MS / 1000

    monkeypatch.setattr("tui_trader.ui.frame.time.thread_time", lambda: Slow.spent)
    source, panes = Source(), [Measured(BOOK), Measured(BOOK)]
    pump = FramePump(source, fps=10)
    for pane in panes:
        pump.subscribe(pane)
    pump.frame()  # what each takes is known from now on
    seen: list[list[int]] = []

    def look() -> None:
        seen.append([len(pane.painted) for pane in panes])

    run(0.199, pump, (0.05, lambda: source.dirty.add(BOOK)), (0.101, look), (0.101 + SLICE_GAP_S, look))
    assert seen == [[2, 1], [2, 2]]
