"""The frame clock: N times a second it tells displayed panes which topics changed, and nothing when nothing did.

One timer for all panes, and no message per tick of the market. A frame that would keep keys and orders waiting is painted in
slices, and what an own event or a key changed does not wait for what the market changed. The rate falls when the terminal or the
painting is slow and comes back slowly. It knows topics and panes as shapes only; what a topic means and how a pane draws is
theirs.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import os
import time
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Final, Protocol

from tui_trader.core.turn import TURN

Topic = tuple[object, ...]
"""``("book", symbol)``, ``("orders",)`` …"""

FPS_LOCAL: Final = 20.0
FPS_SSH: Final = 10.0
FPS_LEAST: Final = 4.0

_SMOOTHING = 0.2
_BUSY = 0.4
"""Share of a frame's time that draining or painting may take before the rate falls."""

SLICE_MS: Final = 2.0
"""CPU milliseconds of painting after which the loop gets a turn. A pane is painted whole: one that would go beyond this by what
it took lately is the first of the next slice."""

_FORGETS = 0.1
"""Share of the difference by which what a pane is thought to take follows it down; it follows it up at once."""

SLICE_GAP_S: Final = 0.02
"""Between two slices of one frame."""

PACE_S: Final = 0.2
"""Between two paintings of a pane that only the market changes: its numbers are read, not aimed at. What an own event or a key
changes is never held back by it."""

NUDGE_TURNS: Final = 4
"""Turns of the event loop that a nudge lets pass before it paints: what the key sends is on its way by then. A request is written
by a task that is started by a task that the key started."""

_TURN_S = 0.002
"""How soon a frame looks again that let a key go first."""

log = logging.getLogger("tui_trader.frame")


class Dirty(Protocol):
    """Where the topics come from."""

    def take_dirty(self) -> AbstractSet[Topic]:
        """Return the topics that changed since the last call, and forget them."""


class Pane(Protocol):
    """What the pump drives."""

    @property
    def topics(self) -> frozenset[Topic]:
        """Topics the pane draws; may change at any time."""

    @property
    def showing(self) -> bool:
        """Whether anybody can see the pane now."""

    @property
    def hot(self) -> bool:
        """Whether it is painted before the others, and in every frame."""

    @property
    def pace_s(self) -> float:
        """Seconds between two paintings of one that is not hot, for what only the market changes; ``PACE_S`` is usual."""

    def heeds(self, topic: Topic) -> bool:
        """Whether what a topic brought makes the pane look different now; asked of what does not wait for the clock."""

    def splits(self, topics: frozenset[Topic]) -> bool:
        """Whether it can draw what these topics brought and leave what the market changed to a frame of the clock."""

    def paint(self, dirty: frozenset[Topic]) -> None:
        """Bring the pane up to date; ``dirty`` is the part of ``topics`` that changed since it last painted."""


class Gauge(Protocol):
    """How the terminal is doing; ``TraderDriver`` is one."""

    @property
    def drain_ms(self) -> float:
        """Milliseconds the terminal takes to accept a frame."""

    @property
    def backlog(self) -> int:
        """Bytes that wait for the terminal."""

    @property
    def bytes_written(self) -> int:
        """Bytes the terminal has taken."""

    @property
    def layout(self) -> object:
        """Another object whenever a pane may have come into sight; None where that cannot be told."""

    def hold(self) -> None:
        """Expect ``present`` at the end of this frame; nothing needs to be scheduled."""

    def present(self) -> None:
        """Send what the panes drew."""


def usual_fps(environ: Mapping[str, str] = os.environ) -> float:
    """Return the rate to start with: lower where every byte crosses a network."""
    return FPS_SSH if environ.get("SSH_CONNECTION") else FPS_LOCAL


class FramePump:
    """Hands changed topics to panes at ``fps`` frames a second.

    ``on_error`` is told of a pane whose ``paint`` raised; that pane gets no more frames, the others go on. ``patient`` are the
    first words of topics that wait for the clock when somebody asks for a frame at once.
    """

    def __init__(
        self,
        source: Dirty,
        *,
        fps: float | None = None,
        gauge: Gauge | None = None,
        on_error: Callable[[Pane, Exception], None] | None = None,
        patient: AbstractSet[object] = frozenset(),
    ) -> None:
        self.fps_most = usual_fps() if fps is None else fps
        self.fps = self.fps_most
        self.frames = 0
        """Frames in which at least one pane painted."""
        self.frame_ms = 0.0
        """CPU milliseconds of one stretch of painting on this thread, smoothed."""
        self.bytes_per_second = 0.0
        """What the terminal took over the last second."""
        self._source = source
        self._gauge = gauge
        self._on_error = on_error
        self._patient = patient
        self._panes: dict[Pane, set[Topic]] = {}
        """What each pane is owed; the one that was painted longest ago comes first."""
        self._painted: dict[Pane, float] = {}
        """When each was painted last, by the loop's clock."""
        self._layout: object = None
        self._sight: dict[Pane, bool] = {}
        """Whether anybody sees a pane in this layout; each is asked again in the next one."""
        self._takes: dict[Pane, float] = {}
        """CPU milliseconds that each is thought to take."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._nudged: asyncio.Handle | None = None
        self._slice: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._review_due = 0.0
        self._bytes_before = 0

    # -- panes ----------------------------------------------------------------------------------------------------------

    def subscribe(self, pane: Pane) -> None:
        """Give ``pane`` frames from now on; the first brings all its topics."""
        self._panes[pane] = set(pane.topics)

    def unsubscribe(self, pane: Pane) -> None:
        """Give ``pane`` no more frames."""
        self._panes.pop(pane, None)
        self._painted.pop(pane, None)
        self._takes.pop(pane, None)
        self._sight.pop(pane, None)

    # -- time -----------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Run on the current event loop; call it from the app's context, panes paint in it."""
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() + 1 / self.fps
        self._review_due = self._loop.time() + 1
        self._timer = self._loop.call_at(self._due, self._tick)

    def stop(self) -> None:
        """Stop the timer and what was asked for."""
        for handle in (self._timer, self._nudged, self._slice):
            if handle is not None:
                handle.cancel()
        self._timer = self._nudged = self._slice = None

    def nudge(self) -> None:
        """Paint before the event loop sleeps again, without waiting for the clock: own fills, acks, rejects, link changes."""
        if self._loop is not None and self._nudged is None:
            self._nudged = self._loop.call_soon(self._nudge, NUDGE_TURNS)

    def _nudge(self, turns: int) -> None:
        assert self._loop is not None
        if turns:
            self._nudged = self._loop.call_soon(self._nudge, turns - 1)
            return
        self._nudged = None
        self._owe()
        self._known_sight()
        if self._paint_some([pane for pane in self._panes if self._presses(pane)], self._loop.time(), SLICE_MS, apart=True):
            self.nudge()

    def _tick(self) -> None:
        loop = self._loop
        assert loop is not None
        now = loop.time()
        if TURN.taken(now):
            self._timer = loop.call_at(now + _TURN_S, self._tick)
            return
        if now >= self._review_due:
            self._review(now)
        self._due = max(self._due + 1 / self.fps, now)  # a late frame delays the next ones, it is not made up for
        self._timer = loop.call_at(self._due, self._tick)
        self._owe()
        self._go_on()

    def _go_on(self) -> None:
        """Paint for as long as a slice lasts, and see to it that the rest follows."""
        if self._slice is not None:
            self._slice.cancel()
            self._slice = None
        loop = self._loop
        assert loop is not None
        now = loop.time()
        if TURN.taken(now):
            self._slice = loop.call_later(_TURN_S, self._go_on)
            return
        # A pane that was painted a slice later than its frame keeps its place in the count of frames.
        until, painted = now + 0.5 / self.fps, self._painted
        sight = self._known_sight()
        due = [
            pane
            for pane, owed in self._panes.items()
            if owed
            and sight.get(pane, True)
            and (pane.hot or painted.get(pane, -PACE_S) + pane.pace_s <= until or self._presses(pane))
        ]
        if self._paint_some(due, now, SLICE_MS):
            self._slice = loop.call_later(SLICE_GAP_S, self._go_on)

    def frame(self) -> None:
        """Take what changed and let all panes that show it paint, however long it takes."""
        self._owe()
        self._known_sight()
        self._paint_some(list(self._panes), 0.0)

    def _presses(self, pane: Pane) -> bool:
        """Whether a pane is owed something that does not wait."""
        patient = self._patient
        return any(topic[0] not in patient for topic in self._panes[pane])

    def _owe(self) -> None:
        """Take what changed and owe it to the panes that look different for it, those that nobody sees among them."""
        dirty = self._source.take_dirty()
        if dirty:
            patient = self._patient
            urgent = [topic for topic in dirty if topic[0] not in patient]
            for pane, owed in self._panes.items():
                topics = pane.topics
                if topics.isdisjoint(dirty):
                    continue
                found = dirty & topics
                for topic in urgent:
                    if topic in found and not pane.heeds(topic):
                        found -= {topic}
                owed |= found

    def _paint_some(self, panes: list[Pane], now: float, most_ms: float = math.inf, *, apart: bool = False) -> bool:
        """Let those of ``panes`` paint that are owed something and seen; whether any are left after ``most_ms``.

        ``apart`` leaves what waits for the clock with those that can draw the rest without it.
        """
        due = [pane for pane in panes if self._panes[pane] and self._sees(pane)]
        if not due:
            return False
        due.sort(key=_is_cold)
        started = time.thread_time()
        if self._gauge is not None:
            self._gauge.hold()
        done, spent, takes = 0, 0.0, self._takes
        collects = gc.isenabled()
        gc.disable()  # what is garbage is found between two steps, not within one that keys wait for
        try:
            for pane in due:
                usual = takes.get(pane, 0.0)
                if done and spent + usual > most_ms:
                    break
                owed = self._panes.pop(pane)
                left = {topic for topic in owed if topic[0] in self._patient} if apart else set()
                if left and pane.splits(frozenset(owed - left)):
                    owed -= left
                else:
                    left = set()
                    self._painted[pane] = now
                self._panes[pane] = left
                done += 1
                self._paint(pane, frozenset(owed))
                before, spent = spent, (time.thread_time() - started) * 1000
                took = spent - before
                takes[pane] = took if took > usual else usual + (took - usual) * _FORGETS
        finally:
            if self._gauge is not None:
                self._gauge.present()
            if collects:
                gc.enable()
        self.frames += 1
        self.frame_ms += ((time.thread_time() - started) * 1000 - self.frame_ms) * _SMOOTHING
        return done < len(due)

    def _known_sight(self) -> dict[Pane, bool]:
        """Return what is known of panes in the layout there is now; nothing where that cannot be told."""
        layout = self._gauge.layout if self._gauge is not None else None
        if layout is None or layout is not self._layout:
            self._sight.clear()
            self._layout = layout
        return self._sight

    def _sees(self, pane: Pane) -> bool:
        """Whether anybody sees a pane, as it was when it was asked last in this layout."""
        seen = self._sight.get(pane)
        if seen is None:
            seen = pane.showing
            if self._layout is not None:
                self._sight[pane] = seen
        return seen

    def _paint(self, pane: Pane, topics: frozenset[Topic]) -> None:
        try:
            pane.paint(topics)
        except Exception as error:  # one of the three supervisors: a broken pane is marked, the others go on
            self.unsubscribe(pane)
            log.exception("pane %r failed to paint", pane)
            if self._on_error is None:
                raise
            self._on_error(pane, error)

    def _review(self, now: float) -> None:
        """Once a second: measure, halve the rate when the terminal or the painting is slow, else raise it by one."""
        elapsed = now - self._review_due + 1
        self._review_due = now + 1
        drain_ms, stalled = 0.0, False
        if self._gauge is not None:
            taken = self._gauge.bytes_written
            self.bytes_per_second = (taken - self._bytes_before) / elapsed
            self._bytes_before = taken
            drain_ms, stalled = self._gauge.drain_ms, self._gauge.backlog > 0
        room_ms = 1000 / self.fps * _BUSY
        if stalled or max(drain_ms, self.frame_ms) > room_ms:
            self.fps = max(FPS_LEAST, self.fps / 2)
        elif self.fps < self.fps_most:
            self.fps = min(self.fps_most, self.fps + 1)


def _is_cold(pane: Pane) -> bool:
    return not pane.hot
