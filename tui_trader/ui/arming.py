"""Whether single keys may send: SAFE, or ARMED for a few minutes; and the reasons for which that ends by itself.

It must not know keys or what they send.
"""

from __future__ import annotations

from collections.abc import Callable

from tui_trader.core.clock import NS, Clock
from tui_trader.core.error import CommandError
from tui_trader.core.types import InstrumentId

LASTS_S = 300
MOST_S = 3600


class Arming:
    """SAFE at the start. ``look`` at it often: it ends for the first reason it is told."""

    def __init__(self, clock: Clock, hindrance: Callable[[], str], lasts_s: int = LASTS_S) -> None:
        """``hindrance`` says why no entry could leave now, in one sentence: a stale book, a halt; empty when one could."""
        self._clock = clock
        self._hindrance = hindrance
        self.lasts_s = lasts_s
        self.until_ns: int | None = None
        """By the monotonic clock; None while SAFE."""
        self._where: tuple[str, str] = ("", "")

    @property
    def armed(self) -> bool:
        """Whether single keys send now."""
        return self.until_ns is not None and self._clock.mono_ns() < self.until_ns

    def arm(self, account: str, instrument: InstrumentId | None, seconds: int | None = None) -> None:
        """Let keys send for ``seconds``; raises CommandError, and stays SAFE, when nothing could be sent anyway."""
        if instrument is None:
            raise CommandError("no symbol on the screen yet", fix="/ finds one")
        seconds = self.lasts_s if seconds is None else seconds
        if not 0 < seconds <= MOST_S:
            raise CommandError(f"keys are armed for 1 second to {MOST_S // 60} minutes", fix="arm 5m")
        if why := self._hindrance():
            raise CommandError(f"not armed: {why}", fix="A again when it is over")
        self.until_ns = self._clock.mono_ns() + seconds * NS
        self._where = (account, instrument.venue)

    def disarm(self) -> None:
        """Be SAFE at once."""
        self.until_ns = None

    def look(self, account: str, instrument: InstrumentId | None) -> str:
        """Return why it has just ended, empty when it has not or was SAFE already."""
        if self.until_ns is None:
            return ""
        why = ""
        if self._clock.mono_ns() >= self.until_ns:
            why = "the time is over"
        elif instrument is None or self._where != (account, instrument.venue):
            why = "another account or venue is on the screen"
        else:
            why = self._hindrance()
        if why:
            self.until_ns = None
        return why
