"""One writer at a time: a lock on the journal file itself, and beside it a small file that says who holds it.

The lock is the operating system's and ends with the process, however that ends; the file only tells. It must not know what is
written.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from pathlib import Path

import orjson

from tui_trader.core.error import JournalError

TRIES = 5
"""Times that a file is opened again when it was replaced between opening and locking it."""

_NO_LOCKS = frozenset({errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.ENOSYS, errno.EINVAL})


class HeldError(JournalError):
    """Another process writes this journal."""


def open_locked(path: Path) -> int:
    """Open a file for appending, creating it private, and lock it; return its descriptor.

    Raises HeldError when another process has it, JournalError when it is not a plain file of this user or cannot be locked, and
    OSError when it cannot be opened. A symbolic link is not followed.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    for _ in range(TRIES):
        fd = os.open(path, flags, 0o600)
        try:
            check_private(fd, path)
            lock(fd, path)
            if is_at(os.fstat(fd), path):
                return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)
    raise JournalError(f"the journal {path} is being replaced by somebody")


def lock(fd: int, path: Path) -> None:
    """Lock an open file of the journal ``path``; raises as ``open_locked``."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise HeldError(f"another tui-trader{_holder(path)} is using the journal {path}") from None
    except OSError as error:
        if error.errno in _NO_LOCKS:
            raise JournalError(
                f"the journal {path} is on a file system without locks ({error.strerror}), where two terminals could write at"
                " once: set TUI_TRADER_HOME to a directory on a local disk"
            ) from error
        raise


def check_private(fd: int, path: Path) -> None:
    """Make an open file readable for this user alone; raises JournalError when it is not a plain file of this user."""
    facts = os.fstat(fd)
    if not stat.S_ISREG(facts.st_mode):
        raise JournalError(f"the journal {path} is not a regular file")
    if facts.st_uid != os.geteuid():
        raise JournalError(f"the journal {path} belongs to another user")
    if facts.st_mode & 0o077:
        os.fchmod(fd, 0o600)


def is_at(facts: os.stat_result, path: Path) -> bool:
    """Whether the file of which these are the facts is still what a path names."""
    try:
        return os.path.samestat(os.stat(path, follow_symlinks=False), facts)
    except FileNotFoundError:
        return False


def tell_holder(path: Path, since: str) -> None:
    """Write down that this process holds the journal ``path``; that it cannot be is no reason to stop."""
    with contextlib.suppress(OSError):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        fd = os.open(_owner_file(path), flags, 0o600)
        try:
            os.write(fd, orjson.dumps({"pid": os.getpid(), "since": since}) + b"\n")
        finally:
            os.close(fd)


def forget_holder(path: Path) -> None:
    """Remove what ``tell_holder`` wrote; only while the lock is held."""
    with contextlib.suppress(OSError):
        _owner_file(path).unlink()


def _holder(path: Path) -> str:
    try:
        facts = orjson.loads(_owner_file(path).read_bytes()[:1024])
        return f" (process {int(facts['pid'])}, since {str(facts['since'])[:32]})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _owner_file(path: Path) -> Path:
    return path.with_suffix(".owner")
