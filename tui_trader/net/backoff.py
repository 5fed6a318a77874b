"""How long to wait before connecting again: full jitter under a doubling ceiling, forgiven only after lasting health.

Whoever trades wants the stream back within seconds of the venue, so a venue that is merely gone is asked every few seconds for as
long as most outages last. A long one, and a venue that says "not now", are met slowly: the two lanes of an account together stay
far below the 200 connections in five minutes that Phemex allows an address, those of two accounts below it.

It must not know what is being connected. Full jitter (a uniform draw from zero to the ceiling) spreads the clients of a
venue that has just restarted better than any fixed schedule does.
"""

from __future__ import annotations

from random import Random

from tui_trader.core.clock import NS, Clock

BASE_S = 0.5
"""Ceiling of the first wait, seconds."""

QUICK_S = 4.0
"""Ceiling of a wait, seconds, until ``SLOW_STEP``."""

CAP_S = 30.0
"""Ceiling of every wait, seconds."""

HEALTHY_S = 60
"""A connection forgives earlier failures only after having been live this long, seconds."""

SLOW_STEP = 30
"""The step from which the ceiling is the cap: after a minute of failures, and from the start where a venue says "not now"."""

_QUICK_DOUBLINGS = 3
_PATIENT_CODES = frozenset({1002, 1003, 1007, 1008, 1009, 1010, 1013})


class Backoff:
    """Draws waits from ``U(0, min(4, 0.5 * 2**n))``, later from ``U(0, 30)``; ``n`` counts failures since 60 s of health."""

    def __init__(self, clock: Clock, rng: Random) -> None:
        self._clock = clock
        self._rng = rng
        self._live_ns: int | None = None
        self.step = 0
        """Failures not yet forgiven: the ``n`` of the next draw."""

    def live(self) -> None:
        """Note that the connection is live; a second call while it stays live changes nothing."""
        if self._live_ns is None:
            self._live_ns = self._clock.mono_ns()

    def next(self, at_least: int = 0) -> float:
        """Note that the connection failed and return the seconds to wait; ``at_least`` is the smallest step to draw from."""
        if self._live_ns is not None and self._clock.mono_ns() - self._live_ns >= HEALTHY_S * NS:
            self.step = 0
        self._live_ns = None
        self.step = min(max(self.step, at_least), SLOW_STEP)
        ceiling = CAP_S if self.step == SLOW_STEP else min(QUICK_S, BASE_S * 2 ** min(self.step, _QUICK_DOUBLINGS))
        self.step += 1
        return self._rng.uniform(0.0, ceiling)


def step_for_close(code: int | None) -> int:
    """Return the smallest back-off step for a WebSocket close code (RFC 6455 section 7.4).

    Going away, restarting and lost (1000, 1001, 1006, 1011, 1012, none) are met at once. Codes that judge what we did, 1013
    (try again later) and the private 4xxx codes (policies and limits of venues) are met slowly: the same bytes would be judged
    the same way.
    """
    if code is not None and (code in _PATIENT_CODES or 4000 <= code <= 4999):
        return SLOW_STEP
    return 0
