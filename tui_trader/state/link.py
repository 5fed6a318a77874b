"""Health of the connections, and how old what they carry is."""

from __future__ import annotations

from dataclasses import dataclass

from tui_trader.core.types import LinkState


@dataclass(slots=True)
class Link:
    """One lane of one venue. One writer: the Store, which notes every message here. Times are monotonic nanoseconds."""

    venue: str
    lane: str
    state: LinkState = LinkState.DOWN
    reason: str = ""
    changed_ns: int = 0
    heard_ns: int = 0
    """When anything was last received; 0 before the first frame."""
    whole_ns: int = 0
    """Since when nothing that the lane said was lost: since it is connected, or since the last message that could not be read."""
    rtt_ns: int = 0
    """Round trip of the last heartbeat; 0 when unknown."""

    @property
    def is_live(self) -> bool:
        """Whether the lane is connected, logged in and subscribed."""
        return self.state is LinkState.LIVE
