"""The program that an alert starts: without a shell, without secrets, for a short time, and never waited for by the event loop.

Only the configuration file can allow it. What the program prints is thrown away; how it ended is told.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tui_trader.core.sanitise import sanitise
from tui_trader.core.types import Severity
from tui_trader.desk.alerts import Firing
from tui_trader.secrets.child import Child, OutOfTime

LIMIT_S: Final = 10.0
MAX_OUTPUT: Final = 1 << 16
"""Bytes that it may print before it is ended."""

AT_ONCE: Final = 4
"""Programs of alerts that run at the same time; one more is not started, which is said."""

ALLOWED: Final = "alerts.run_programs"


class AlertProgram:
    """Starts programs for alerts that have fired."""

    def __init__(
        self,
        *,
        allowed: bool,
        tell: Callable[[str, Severity], None],
        environ: Mapping[str, str] = os.environ,
        limit_s: float = LIMIT_S,
    ) -> None:
        self.allowed = allowed
        """Whether the configuration file lets alerts start programs."""
        self._tell = tell
        self._environ = environ
        self._limit_s = limit_s
        self._running = 0

    async def start(self, firing: Firing) -> None:
        """Run the program of an alert to its end or its time, in a thread; say when it did not end well."""
        number = firing.alert.number
        if not self.allowed:
            self._tell(
                f"alert {number}: no program was started; {ALLOWED} = true in the configuration allows it", Severity.WARNING
            )
            return
        if self._running >= AT_ONCE:
            self._tell(f"alert {number}: {AT_ONCE} programs of alerts run already; this one was not started", Severity.WARNING)
            return
        self._running += 1
        try:
            problem = await asyncio.to_thread(self._run, filled(firing.alert.run, firing))
        finally:
            self._running -= 1
        if problem:
            self._tell(f"alert {number}: {problem}", Severity.WARNING)

    def _run(self, argv: Sequence[str]) -> str:
        """Return what went wrong, empty when nothing did."""
        program = sanitise(argv[0], 60)
        said = 0
        try:
            with Child(argv, self._environ, limit_s=self._limit_s) as child:
                while piece := child.read():
                    said += len(piece)
                    if said > MAX_OUTPUT:
                        return f"{program} printed more than {MAX_OUTPUT:,} bytes and was ended"
                code = child.wait()
        except OutOfTime:
            return f"{program} did not end within {self._limit_s:g} s and was ended"
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "its words hold a zero byte"
            return f"{program} could not be started: {reason}"
        if code:
            return f"{program} {f'was ended by signal {-code}' if code < 0 else f'ended with code {code}'}"
        return ""


def filled(argv: Sequence[str], firing: Firing) -> list[str]:
    """Return the words with what happened put in: each stays one word, whatever is in it."""
    marks = {"{symbol}": firing.symbol, "{price}": firing.price, "{figure}": firing.price, "{text}": firing.text}
    words = []
    for word in argv:
        for mark, value in marks.items():
            word = word.replace(mark, sanitise(value, 200))
        words.append(word)
    return words
