"""What is said when the program fails: where and what, never the values it held.

A traceback that prints local variables prints secrets, and a terminal's scrollback keeps them. It knows nothing of the
screen; the full traceback (still without values) goes to the log under the same reference.
"""

from __future__ import annotations

import logging
import traceback

from tui_trader.core.sanitise import sanitise
from tui_trader.secrets.redactor import REDACTOR

log = logging.getLogger("tui_trader.crash")

FRAMES = 6
"""Innermost calls shown on the terminal."""


def reference(error: BaseException) -> str:
    """Return eight hexadecimal digits that are the same for the same failure at the same place."""
    import hashlib  # late: loading what it is made of is a hundredth of the way to the first paint

    places = "".join(f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__))
    return hashlib.sha256(f"{type(error).__qualname__}{places}".encode()).hexdigest()[:8]


def short_report(error: BaseException) -> list[str]:
    """Return the lines to show after the terminal is restored: the failure, its innermost calls, the reference."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"tui-trader stopped: {_sentence(error)}"]
    if len(frames) > FRAMES:
        lines.append(f"  … {len(frames) - FRAMES} calls")
    lines += [f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}" for frame in frames[-FRAMES:]]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        lines.append(f"  because of {_sentence(cause)}")
    if isinstance(error, BaseExceptionGroup):
        lines += [f"  + {_sentence(inner)}" for inner in error.exceptions]
    lines.append(f"reference {reference(error)} (the full account is in the log)")
    return lines


def record(error: BaseException) -> str:
    """Write the full traceback, without values, to the log; return its reference."""
    mark = reference(error)
    text = "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())
    log.critical("crash %s\n%s", mark, REDACTOR.clean(text))
    return mark


def _sentence(error: BaseException) -> str:
    # Cleaned before it is cut: half a secret is harder to recognise than a whole one.
    message = sanitise(" ".join(REDACTOR.clean(str(error)).split()), 200)
    name = type(error).__qualname__
    return f"{name}: {message}" if message else name


def _short(path: str) -> str:
    """Keep the part of a path that names the module: the last three components."""
    return "/".join(path.replace("\\", "/").split("/")[-3:])
