"""The frame clock: N times a second it tells displayed panes which topics changed, and nothing when nothing did.

One timer for all panes, and no message per tick of the market. The rate falls when the terminal or the painting is slow and
comes back slowly. It knows topics and panes as shapes only; what a topic means and how a pane draws is theirs.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Final, Protocol

Topic = tuple[object, ...]
"""``("book", symbol)``, ``("orders",)`` …"""

FPS_LOCAL: Final = 20.0
FPS_SSH: Final = 10.0
FPS_LEAST: Final = 4.0

_SMOOTHING = 0.2
_BUSY = 0.4
"""Share of a frame's time that draining or painting may take before the rate falls."""

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

    def hold(self) -> None:
        """Expect ``present`` at the end of this frame; nothing needs to be scheduled."""

    def present(self) -> None:
        """Send what the panes drew."""


def usual_fps(environ: Mapping[str, str] = os.environ) -> float:
    """Return the rate to start with: lower where every byte crosses a network."""
    return FPS_SSH if environ.get("SSH_CONNECTION") else FPS_LOCAL


class FramePump:
    """Hands changed topics to panes at ``fps`` frames a second.

    ``on_error`` is told of a pane whose ``paint`` raised; that pane gets no more frames, the others go on.
    """

    def __init__(
        self,
        source: Dirty,
        *,
        fps: float | None = None,
        gauge: Gauge | None = None,
        on_error: Callable[[Pane, Exception], None] | None = None,
    ) -> None:
        self.fps_most = usual_fps() if fps is None else fps
        self.fps = self.fps_most
        self.frames = 0
        """Frames in which at least one pane painted."""
        self.frame_ms = 0.0
        """CPU milliseconds of a painting frame on this thread, smoothed."""
        self.bytes_per_second = 0.0
        """What the terminal took over the last second."""
        self._source = source
        self._gauge = gauge
        self._on_error = on_error
        self._panes: dict[Pane, set[Topic]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._nudged: asyncio.Handle | None = None
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

    # -- time -----------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Run on the current event loop; call it from the app's context, panes paint in it."""
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() + 1 / self.fps
        self._review_due = self._loop.time() + 1
        self._timer = self._loop.call_at(self._due, self._tick)

    def stop(self) -> None:
        """Stop both the timer and a frame that was asked for."""
        for handle in (self._timer, self._nudged):
            if handle is not None:
                handle.cancel()
        self._timer = self._nudged = None

    def nudge(self) -> None:
        """Paint before the event loop sleeps again, without waiting for the clock: own fills, acks, rejects, link changes."""
        if self._loop is not None and self._nudged is None:
            self._nudged = self._loop.call_soon(self._nudge)

    def _nudge(self) -> None:
        self._nudged = None
        self.frame()

    def _tick(self) -> None:
        loop = self._loop
        assert loop is not None
        now = loop.time()
        if now >= self._review_due:
            self._review(now)
        self._due = max(self._due + 1 / self.fps, now)  # a late frame delays the next ones, it is not made up for
        self._timer = loop.call_at(self._due, self._tick)
        self.frame()

    def frame(self) -> None:
        """Take what changed and let the panes that show it paint; keep it for the panes nobody sees."""
        dirty = self._source.take_dirty()
        due: list[tuple[Pane, frozenset[Topic]]] = []
        for pane, owed in self._panes.items():
            if dirty:
                owed |= dirty & pane.topics
            if owed and pane.showing:
                due.append((pane, frozenset(owed)))
                owed.clear()
        if not due:
            return
        started = time.thread_time()
        if self._gauge is not None:
            self._gauge.hold()
        try:
            for pane, topics in due:
                self._paint(pane, topics)
        finally:
            if self._gauge is not None:
                self._gauge.present()
        self.frames += 1
        self.frame_ms += ((time.thread_time() - started) * 1000 - self.frame_ms) * _SMOOTHING

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
