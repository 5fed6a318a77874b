"""The process, before anything secret is in it: it leaves no memory behind, and whatever it says when it fails says no values.

Files are made for this user alone, a crash writes no core file, other programs of the user cannot look into the memory (Linux),
and every way in which Python prints a failure by itself goes through the redactor: that of the main thread, of other threads, of
event loops, of what cannot be raised, and everything that is logged. It knows no command and no screen.
"""

from __future__ import annotations

import contextlib
import logging
import os
import resource
import sys
import threading
import traceback
import warnings
from collections.abc import MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from tui_trader.secrets.redactor import REDACTOR

_PR_SET_DUMPABLE = 4
"""``prctl(2)``: 0 forbids core dumps, also those that a pipe takes, and ptrace and /proc/PID/mem to the same user."""

SWITCHES = (
    "TEXTUAL",
    "TEXTUAL_DEBUG",
    "TEXTUAL_DEVTOOLS_HOST",
    "TEXTUAL_DEVTOOLS_PORT",
    "TEXTUAL_DRIVER",
    "TEXTUAL_LOG",
    "TEXTUAL_PRESS",
    "TEXTUAL_SCREENSHOT",
    "TEXTUAL_SHOW_RETURN",
)
"""Variables by which developers of screens have each key written to a file or sent to another program, or pressed for them."""

_make_record = logging.LogRecord


def harden(*, dumpable: bool = False) -> None:
    """Close the process. ``dumpable`` leaves it open to debuggers, for commands that read no key."""
    os.umask(0o077)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not dumpable and sys.platform == "linux":
        _close_memory()


def _close_memory() -> None:
    import ctypes

    with contextlib.suppress(OSError, AttributeError):  # another C library: the limit above is what there is
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def drop_switches(environ: MutableMapping[str, str]) -> None:
    """Take SWITCHES out of the environment; before the library of the screen is imported, which reads them then."""
    for name in SWITCHES:
        environ.pop(name, None)


def install_hooks() -> None:
    """Let every failure that Python prints, and every line that is logged, pass the redactor first.

    A hook that somebody else installed is replaced: such hooks send away what they are given.
    """
    sys.excepthook = _say_error
    sys.unraisablehook = _say_unraisable
    threading.excepthook = _say_thread
    logging.setLogRecordFactory(_clean_record)
    logging.raiseExceptions = False  # else a handler that fails prints the arguments of the line
    warnings.showwarning = _say_warning


_faults: list[TextIO] = []


def enable_faults(path: Path) -> None:
    """Write where the program was, calls only, to ``path`` when it dies of a fault in native code."""
    import faulthandler

    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError:
        return  # then such an end is told by the shell alone
    file = os.fdopen(descriptor, "a", encoding="utf-8")
    _faults.append(file)  # it has to stay open
    faulthandler.enable(file=file, all_threads=True)


def told(error: BaseException) -> str:
    """Return an error with all its calls and no values of theirs, cleaned."""
    told = traceback.TracebackException.from_exception(error, capture_locals=False)
    return REDACTOR.clean("".join(told.format()))


def _write(text: str) -> None:
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)
            sys.stderr.flush()


def _say_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    _write(told(error))


def _say_thread(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is None or isinstance(failed.exc_value, SystemExit):
        return
    name = failed.thread.name if failed.thread is not None else "?"
    _write(f"Failure in thread {name}:\n{told(failed.exc_value)}")


def _say_unraisable(failed: sys.UnraisableHookArgs) -> None:
    # Not the object, whose repr says what it holds.
    where = failed.err_msg or "Failure ignored in"
    _write(f"{REDACTOR.clean(where)} ({type(failed.object).__qualname__})\n")
    if failed.exc_value is not None:
        _write(told(failed.exc_value))


def _say_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    _write(REDACTOR.clean(f"{filename}:{lineno}: {category.__name__}: {message}\n"))


def _clean_record(*args: Any, **words: Any) -> logging.LogRecord:
    """Make a log record that holds nothing but clean text: no arguments, no error, no stack that a handler could print again."""
    record = _make_record(*args, **words)
    try:
        text = record.getMessage()
    except (TypeError, ValueError, LookupError, AttributeError):
        text = f"a line of {record.name} that cannot be formatted"
    record.msg, record.args = REDACTOR.clean(text), ()
    if record.exc_info and record.exc_info[1] is not None:
        record.exc_text = told(record.exc_info[1]).rstrip("\n")
        record.exc_info = None
    if record.stack_info:
        record.stack_info = REDACTOR.clean(record.stack_info)
    return record
