"""The first words on a connection: log in, wait to be let in, subscribe, wait for every answer. Pure: frames out, events in.

It must not know sockets or time. ``Session`` sends what ``begin`` and ``hear`` return and gives ``hear`` every Subscribed event.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum, auto

from tui_trader.core.event import Subscribed
from tui_trader.secrets.redactor import REDACTOR
from tui_trader.venues.base import FeedDialect, Subscription


class Stage(Enum):
    """How far the conversation is."""

    LOGIN = auto()
    """Waiting to be let in."""
    DENIED = auto()
    """The login was refused; this connection is of no use."""
    SUBSCRIBING = auto()
    """Waiting for the answers to the subscriptions."""
    PARTIAL = auto()
    """Every subscription was answered and some were refused; the others flow."""
    COMPLETE = auto()
    """Logged in, and everything asked for was granted."""


class Opening:
    """One connection's way from connected to complete."""

    def __init__(self, dialect: FeedDialect, wanted: Collection[Subscription]) -> None:
        self.stage = Stage.LOGIN
        self.asked: frozenset[Subscription] = frozenset(wanted)
        """The subscriptions that are, or will be, asked for."""
        self.reason = ""
        """Why the stage is DENIED or PARTIAL, in the venue's words."""
        self._dialect = dialect
        self._unanswered = 0

    def begin(self, wall_ns: int) -> list[bytes]:
        """Return the login frames, or the subscriptions where there is no login; the former are secret while in LOGIN."""
        return self._dialect.login(wall_ns) or self._subscribe()

    def hear(self, answer: Subscribed) -> list[bytes]:
        """Take one answer; return what to send next."""
        said = REDACTOR.clean(answer.reason) or "no reason given"  # a refusal may repeat what it refuses
        if answer.is_login:
            if self.stage is not Stage.LOGIN:
                return []
            if answer.ok:
                return self._subscribe()
            self.stage, self.reason = Stage.DENIED, said
            return []
        if self.stage in (Stage.LOGIN, Stage.DENIED):
            return []
        if not answer.ok:
            self.reason = self.reason or said
        if self.stage is Stage.SUBSCRIBING:
            self._unanswered -= 1
        self._settle()
        return []

    def change(self, wanted: Collection[Subscription]) -> list[bytes]:
        """Return the frames from what was asked to ``wanted``. For a COMPLETE connection; answers no longer hold it up."""
        new = frozenset(wanted)
        ended, added = self.asked - new, new - self.asked
        self.asked = new
        frames: list[bytes] = []
        if ended:
            frames += self._dialect.unsubscribe(in_order(ended), in_order(new - added))
        if added:
            frames += self._dialect.subscribe(in_order(added))
        return frames

    def _subscribe(self) -> list[bytes]:
        frames = self._dialect.subscribe(in_order(self.asked)) if self.asked else []
        self.stage = Stage.SUBSCRIBING
        self._unanswered = len(frames)
        self._settle()
        return frames

    def _settle(self) -> None:
        if self._unanswered <= 0:
            self.stage = Stage.PARTIAL if self.reason else Stage.COMPLETE


def in_order(subscriptions: Collection[Subscription]) -> list[Subscription]:
    """Return subscriptions in an order that does not depend on hashing, so that recordings of two runs compare."""
    return sorted(subscriptions, key=lambda each: (each.channel, each.instrument or ("", ""), each.interval_s))
