"""What can be found out about this machine without asking anybody: Python, screen, files, disk. Each gives its finding in a line.

Nothing here raises for what it finds, and nothing but a trial file in the journal's directory is written.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import re
import select
import shutil
import stat
import sys
import termios
import time
import tty
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tui_trader.core.error import ConfigError
from tui_trader.desk.locations import Locations, loose_parent, private_dir
from tui_trader.secrets.surroundings import secrets_of
from tui_trader.venues.registry import FIRST_PARTY

LEAST_FREE = 200 << 20
"""Bytes of disk below which a journal is about to end."""

ANSWER_S = 0.5
"""How long a terminal may take to say what it can do."""

SLOW_SYNC_S = 0.05
"""A disk that takes longer than this to make a record durable holds up each order by as much."""

_QUESTION = b"\x1b[?2026$p\x1b[c"
"""Synchronised output, and then what every terminal answers."""

_KEPT = ("SSLKEYLOGFILE", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
"""Variables that other programs heed and this one does not."""


class Health(StrEnum):
    """What came of a check."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing; everything works."""
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: of what, how it is, in words, and what to type where that helps."""

    name: str
    health: Health
    text: str
    fix: str = ""


def python() -> Check:
    """Check the interpreter and the library that draws."""
    from importlib.metadata import version

    from tui_trader.ui.adapter import missing

    text = f"{platform.python_version()} on {platform.system()} {platform.machine()}, textual {version('textual')}"
    if lacking := missing():
        fix = "pip install 'textual>=8.2.8,<9'"
        return Check("python", Health.PROBLEM, f"{text}, which lacks {', '.join(lacking)}: the screen is drawn slowly", fix)
    return Check("python", Health.OK, text)


def terminal(environ: Mapping[str, str]) -> Iterator[Check]:
    """Check what the terminal can show, and how it is reached."""
    from tui_trader.ui.app import wants_ascii
    from tui_trader.ui.layout import MIN_HEIGHT, MIN_WIDTH

    name = environ.get("TERM", "")
    way = "".join(f", {each}" for each in _ways(environ))
    if wants_ascii(environ):
        fix = "export LANG=C.UTF-8"
        yield Check("locale", Health.NOTE, "is not UTF-8: borders are drawn with + and -", fix)
    else:
        yield Check("locale", Health.OK, "UTF-8")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        yield Check("terminal", Health.NOTE, f"none here: input or output is redirected{way}; the screen needs both")
        return
    if name in ("", "dumb"):
        fix = "export TERM=xterm-256color"
        yield Check("terminal", Health.PROBLEM, f"TERM={name} cannot place a cursor{way}", fix)
        return
    size = os.get_terminal_size(sys.stdout.fileno())
    synchronised = {True: "synchronised output", False: "no synchronised output", None: "does not answer questions"}[_asks()]
    text = f"{name}, {size.columns}x{size.lines}, {_colours(environ)}, {synchronised}{way}"
    if size.columns < MIN_WIDTH or size.lines < MIN_HEIGHT:
        fix = f"make the window at least {MIN_WIDTH}x{MIN_HEIGHT}"
        yield Check("terminal", Health.PROBLEM, f"{text}: too small to trade on", fix)
    elif "tmux" not in way and "ssh" in way:
        fix = "run it in tmux: then a lost connection takes nothing away"
        yield Check("terminal", Health.NOTE, text, fix)
    else:
        yield Check("terminal", Health.OK, text)


def keyring(environ: Mapping[str, str], *, needed: bool) -> Check:
    """Ask the system's key store whether it is open, in at most five seconds; it matters where keys are ``needed``."""
    from tui_trader.secrets.finding import State
    from tui_trader.secrets.preflight import Preflight

    found = Preflight(environ).look()
    text = found.store or "asked"
    if found.state in (State.OK, State.EMPTY):
        return Check("keyring", Health.OK, f"{text}: open")
    text = f"{found.state}: {found.cause}"
    if needed:
        return Check("keyring", Health.PROBLEM, text, found.fix)
    return Check("keyring", Health.NOTE, f"{text} (the built-in exchange needs none)", found.fix)


def environment(environ: Mapping[str, str]) -> Iterator[Check]:
    """Check the variables that hold secrets, and those that other programs would heed."""
    if names := secrets_of(FIRST_PARTY, environ):
        text = f"{', '.join(names)}: every process of yours can read it there, and it is not used"
        fix = f"tui-trader keys import --from-env once, then: unset {' '.join(names)}"
        yield Check("environment", Health.PROBLEM, text, fix)
    if heeded := [name for name in _KEPT if environ.get(name)]:
        yield Check("environment", Health.NOTE, f"{', '.join(heeded)}: set, and not heeded here")
    if bundle := environ.get("SSL_CERT_FILE") or environ.get("SSL_CERT_DIR"):
        text = f"certificates are judged by {bundle} instead of the system's roots (SSL_CERT_FILE, SSL_CERT_DIR)"
        yield Check("environment", Health.NOTE, text, "unset SSL_CERT_FILE SSL_CERT_DIR")


def files(places: Locations) -> Iterator[Check]:
    """Check that what is kept is this user's alone, and that nobody else can replace it."""
    problems = []
    looked = 0
    for folder in dict.fromkeys((places.config_dir, places.state_dir, places.log_dir)):
        if not folder.is_dir():
            continue
        if (above := loose_parent(folder)) is not None:
            problems.append(Check("files", Health.PROBLEM, f"{above}: others may write to it", f"chmod go-w '{above}'"))
        closed = folder != places.config_dir
        for path in (folder, *sorted(folder.rglob("*") if closed else folder.iterdir())):
            looked += 1
            problems += _of_file(path, closed=closed or path.suffix in (".bin", ".vault"))
    if not problems:
        yield Check("files", Health.OK, f"{looked} files and directories, all this user's own" if looked else "none yet")
    yield from dict.fromkeys(problems)


def journal(places: Locations) -> Check:
    """Try to write a record as the journal does: durable, in a file that is locked."""
    try:
        folder = private_dir(places.journal_dir)
    except ConfigError as error:
        return Check("journal", Health.PROBLEM, f"cannot be written, so no entry leaves: {error.message}")
    trial = folder / f".doctor-{os.getpid()}"
    try:
        descriptor = os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            started = time.monotonic()
            os.write(descriptor, bytes(4096))
            os.fsync(descriptor)
            took = time.monotonic() - started
        finally:
            os.close(descriptor)
            trial.unlink()
    except OSError as error:
        text = f"{folder} cannot be written, so no entry leaves: {error.strerror}"
        return Check("journal", Health.PROBLEM, text, "set TUI_TRADER_HOME to a directory on a local disk with room")
    text = f"{folder} is writable, a record is durable in {took * 1000:.1f} ms"
    return Check("journal", Health.NOTE if took > SLOW_SYNC_S else Health.OK, text)


def disk(places: Locations) -> Check:
    """Check the room for the journal."""
    there = next(path for path in (places.journal_dir, *places.journal_dir.parents) if path.is_dir())
    try:
        free = shutil.disk_usage(there).free
        nodes = os.statvfs(there)
    except OSError as error:
        return Check("disk", Health.PROBLEM, f"{there}: {error.strerror}")
    text = f"{free / (1 << 30):.1f} GiB free at {there}"
    if free < LEAST_FREE:
        return Check(
            "disk", Health.PROBLEM, f"{text}: entries stop when the journal finds no room", f"make room: df -h '{there}'"
        )
    if nodes.f_files and nodes.f_favail < 100:
        fix = f"remove files: df -i '{there}'"
        return Check("disk", Health.PROBLEM, f"{text}, but no file can be made there", fix)
    return Check("disk", Health.OK, text)


def _of_file(path: Path, *, closed: bool) -> list[Check]:
    """Return what is wrong with a file; one that is ``closed`` may not even be read by others."""
    try:
        facts = path.lstat()
        if stat.S_ISLNK(facts.st_mode):
            if closed:
                text = f"{path}: is a symbolic link, which is not followed"
                return [Check("files", Health.PROBLEM, text, f"put the file itself at '{path}'")]
            facts = path.stat()  # a configuration may lie among others
    except OSError:
        return []  # gone meanwhile, or leads nowhere, which the configuration's own check says
    if facts.st_uid not in (os.geteuid(), 0):
        return [Check("files", Health.PROBLEM, f"{path}: belongs to another user", f"sudo chown {os.geteuid()} '{path}'")]
    if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return [Check("files", Health.PROBLEM, f"{path}: others may write to it", f"chmod go-w '{path}'")]
    if closed and facts.st_mode & 0o077:
        return [Check("files", Health.PROBLEM, f"{path}: others may read it", f"chmod go-rwx '{path}'")]
    return []


def _ways(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield what stands between this program and the eye."""
    if environ.get("TMUX"):
        yield "in tmux"
    elif environ.get("STY"):
        yield "in screen"
    if "mosh-server" in _ancestors():
        yield "over mosh"
    elif environ.get("SSH_CONNECTION"):
        yield "over ssh"


def _ancestors() -> Iterator[str]:
    """Yield the names of the processes that this one descends from, as far as Linux tells."""
    pid = os.getppid()
    with contextlib.suppress(OSError, ValueError, IndexError):
        while pid > 1:
            name, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
            yield name.partition("(")[2]
            pid = int(rest.split()[1])


def _colours(environ: Mapping[str, str]) -> str:
    if environ.get("NO_COLOR"):
        return "no colours (NO_COLOR)"
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "true colour"
    return "256 colours" if "256" in environ.get("TERM", "") else "16 colours"


def _asks() -> bool | None:
    """Ask the terminal whether it knows synchronised output; None when it does not answer. What it says is not left as keys."""
    descriptor = sys.stdin.fileno()
    heard = b""
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor, termios.TCSADRAIN)
        os.write(sys.stdout.fileno(), _QUESTION)
        deadline = time.monotonic() + ANSWER_S
        while (left := deadline - time.monotonic()) > 0 and not re.search(rb"\x1b\[\?[0-9;]*c", heard):
            if select.select([descriptor], [], [], left)[0]:
                heard += os.read(descriptor, 256)
    except OSError:
        return None
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
    if not heard:
        return None
    answer = re.search(rb"\x1b\[\?2026;([0-9])\$y", heard)
    return answer is not None and answer[1] in (b"1", b"2", b"3")
