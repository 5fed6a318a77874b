"""Files that are for one user alone: read only where nobody else could have written or read, replaced whole and durably.

What is not private is refused with the command that makes it so; a symbolic link is not followed.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from tui_trader.core.error import RefusedError


def read_private(path: Path, limit: int) -> bytes | None:
    """Return the content of a file, at most ``limit`` bytes and one more; None when there is no such file.

    Raises RefusedError when it, or a directory on its way, is not this user's alone, or it cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        if path.is_symlink():
            raise RefusedError(f"{path} is a symbolic link; put the file itself there") from None
        raise RefusedError(f"{path} cannot be read: {error.strerror}") from None
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise RefusedError(f"{path} is not a regular file")
        if facts.st_uid != os.geteuid():
            raise RefusedError(f"{path} belongs to another user")
        if facts.st_mode & 0o077:
            raise RefusedError(f"{path} is open to other users; type: chmod 600 '{path}'")
        check_way(path)
        content = b""
        while len(content) <= limit and (piece := os.read(descriptor, limit + 1 - len(content))):
            content += piece
        return content
    except OSError as error:
        raise RefusedError(f"{path} cannot be read: {error.strerror}") from None
    finally:
        os.close(descriptor)


def write_private(path: Path, content: bytes, *, replace: bool = True) -> None:
    """Put a file there, for this user alone (0600), on the disk when this returns; whole, or the old one still stands.

    Without ``replace`` a file that is there already is refused. Raises RefusedError.
    """
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_way(path)
        if path.is_symlink():
            raise RefusedError(f"{path} is a symbolic link; put the file itself there")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if replace:
            fresh.replace(path)
        else:
            os.link(fresh, path, follow_symlinks=False)  # fails, and does not replace, where something is
        _sync(path.parent)
    except FileExistsError:
        raise RefusedError(f"{path} exists already; nothing was written") from None
    except OSError as error:
        raise RefusedError(f"{path} cannot be written: {error.strerror}") from None
    finally:
        fresh.unlink(missing_ok=True)


def check_way(path: Path) -> None:
    """Refuse a directory that others own or may write to: the file's own, and every one above it inside the home directory.

    Raises RefusedError, and OSError when one cannot be looked at.
    """
    here = Path(os.path.realpath(path.parent))
    home = Path(os.path.realpath(Path.home()))
    way = [here, *(one for one in here.parents if one == home or home in one.parents)]
    for one in way:
        facts = one.stat()
        if facts.st_uid != os.geteuid():
            raise RefusedError(f"{one} belongs to another user")
        if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise RefusedError(f"{one} may be written to by other users; type: chmod go-w '{one}'")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
