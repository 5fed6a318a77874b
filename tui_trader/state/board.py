"""What every part of the Store stands on: the clock, what changed, what the trader should know, and how each lane is.

It must not know instruments, orders or money.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Final

from tui_trader.core.clock import Clock
from tui_trader.core.event import Notice, PongReceived, Subscribed
from tui_trader.core.types import Severity
from tui_trader.state import topic as t
from tui_trader.state.dispatch import Dispatch
from tui_trader.state.link import Link

MAX_NOTICES: Final = 500


class Board:
    """Topics that changed, notices, and the links to the venues."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.links: dict[tuple[str, str], Link] = {}
        self.notices: deque[Notice] = deque(maxlen=MAX_NOTICES)
        self.dispatches: deque[Dispatch] = deque(maxlen=MAX_NOTICES)
        """What was sent, the newest last."""
        self.mono_ns = clock.mono_ns()
        """Monotonic time of the batch being applied; set by the writer once per batch."""
        self._dirty: set[t.Topic] = set()

    def touch(self, *topics: t.Topic) -> None:
        """Mark topics as changed by something other than an event."""
        self._dirty.update(topics)

    def take_dirty(self) -> set[t.Topic]:
        """Return what changed since the last call, and forget it."""
        dirty, self._dirty = self._dirty, set()
        return dirty

    @property
    def has_dirty(self) -> bool:
        """Whether anything changed since the last ``take_dirty``."""
        return bool(self._dirty)

    def note_dispatch(self, dispatch: Dispatch) -> None:
        """Remember what was sent and how that ended."""
        self.dispatches.append(dispatch)
        self._dirty.add(t.NOTICES)

    def heard(self, venue: str, lane: str) -> None:
        """Note that a lane delivered something; the desk calls it once per batch."""
        key = (venue, lane)
        known = self.links.get(key)
        if known is not None:
            known.heard_ns = self.mono_ns

    def misheard(self, venue: str, lane: str) -> None:
        """Note that something that a lane said was lost; the desk calls it."""
        known = self.links.get((venue, lane))
        if known is not None:
            known.whole_ns = self.mono_ns

    def is_live(self, venue: str, lane: str) -> bool:
        """Whether a lane is not known to be anything but live."""
        link = self.links.get((venue, lane))
        return link is None or link.is_live

    # -- events -------------------------------------------------------------------------------------------------------

    def _pong(self, event: PongReceived) -> None:
        self.heard(event.venue, event.lane)

    def _subscribed(self, event: Subscribed) -> None:
        if not event.ok:
            self._notice(Notice(f"{event.venue} {event.lane}: refused: {event.reason}", Severity.WARNING, self._clock.wall_ns()))

    def _notice(self, event: Notice) -> None:
        self.notices.append(event if event.at_ns else replace(event, at_ns=self._clock.wall_ns()))
        self._dirty.add(t.NOTICES)
