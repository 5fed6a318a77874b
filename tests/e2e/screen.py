"""What a trader at a screen can do, whatever carries the screen: type, look, wait until something is shown."""

from __future__ import annotations

import re
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

DEADLINE_S = 30.0
"""How long anything may take on a slow machine before a test gives up."""

_LOOK_S = 0.03


def wait_until(true: Callable[[], bool], seconds: float = DEADLINE_S) -> bool:
    """Look again and again whether something outside this process has happened; return whether it did in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(_LOOK_S)
    return True


_FINGER_S = 0.35


class ScreenOfText(ABC):
    """A screen that can be read as text and typed at."""

    _typed: tuple[str, float] = ("", 0.0)

    def type(self, keys: str) -> None:
        """Send keys as a terminal sends them: ``\\r`` is Enter, ``\\x1b`` Esc, ``\\x07`` ^G.

        The same keys again come no sooner than a finger can press them: faster ones are taken for a key that is held.
        """
        before, at_s = self._typed
        if keys == before:
            wait_until(lambda: time.monotonic() > at_s + _FINGER_S, 2 * _FINGER_S)
        self.write(keys)
        self._typed = (keys, time.monotonic())

    @abstractmethod
    def write(self, keys: str) -> None:
        """Send keys now."""

    @abstractmethod
    def text(self) -> str:
        """Return what is shown now, one line a row."""

    @abstractmethod
    def ended(self) -> bool:
        """Whether the program is gone."""

    def until(self, true: Callable[[], bool], seconds: float = DEADLINE_S) -> bool:
        """Wait until something holds, or the program is gone; return whether it holds."""
        held: list[bool] = []

        def over() -> bool:
            held[:] = [true()]
            return held[0] or self.ended()

        wait_until(over, seconds)
        return held[0] or true()  # it may hold for a moment only, or be the last that the program showed

    def wait(self, pattern: str, seconds: float = DEADLINE_S) -> re.Match[str]:
        """Wait until the screen matches a regular expression; an AssertionError shows the screen."""
        found: list[re.Match[str]] = []

        def there() -> bool:
            found[:] = re.finditer(pattern, self.text(), re.MULTILINE)
            return bool(found)

        assert self.until(there, seconds), f"{pattern!r} did not appear in {seconds:.0f} s\n{self.text()}"
        return found[0]

    def wait_gone(self, pattern: str, seconds: float = DEADLINE_S) -> None:
        """Wait until the screen no longer matches."""
        gone = self.until(lambda: not self.shows(pattern), seconds)
        assert gone, f"{pattern!r} did not disappear in {seconds:.0f} s\n{self.text()}"

    def shows(self, pattern: str) -> bool:
        """Whether the screen matches now."""
        return re.search(pattern, self.text(), re.MULTILINE) is not None

    def press(self, keys: str, expected: str) -> re.Match[str]:
        """Type keys and wait for what they must bring."""
        self.type(keys)
        return self.wait(expected)
