"""Whether a key was pressed by a finger of its own: not repeated by a key that is held, not one of many that came at once.

Only keys that send by themselves are asked about. The time a keyboard waits before it repeats is 250 ms to 1.8 s, then it repeats
some thirty times a second; text that a terminal without bracketed paste hands over as keys arrives within a millisecond or two.
"""

from __future__ import annotations

from tui_trader.core.clock import NS, Clock

HELD_NS = 2 * NS
"""The same key again within this time of its last press may be held."""

BURST_NS = 25 * NS // 1000
"""No two fingers are as quick: keys closer together come from a paste or from a link that was stuck."""


class Finger:
    """Remembers the last key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._any_ns = -HELD_NS
        self._key = ""
        self._key_ns = -HELD_NS

    def press(self, key: str) -> str:
        """Note a key; return why it may be no press of its own, empty when it is one."""
        now = self._clock.mono_ns()
        burst = now - self._any_ns < BURST_NS
        held = key == self._key and now - self._key_ns < HELD_NS
        self._any_ns = now
        if held or not burst:
            self._key, self._key_ns = key, now
        if held:
            return f"{key} is held, or was pressed again within {HELD_NS // NS} s"
        return "keys came faster than fingers type" if burst else ""
