"""Where files live: configuration, journal, logs, themes of the user's own, and what the program ships.

Nothing is created at import or by looking; a directory is created private when something is about to be written into it.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from tui_trader.core.error import ConfigError

APP = "tui-trader"
HOME_VARIABLE = "TUI_TRADER_HOME"
"""One absolute directory for everything, in place of the system's usual ones."""

_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Locations:
    """The directories in use; absolute, perhaps not existing yet."""

    config_dir: Path
    state_dir: Path
    """What must survive: journal, halts, alerts."""
    log_dir: Path

    @classmethod
    def find(cls, environ: Mapping[str, str]) -> Locations:
        """Return the directories for ``TUI_TRADER_HOME``, or else those of the system (XDG on Linux).

        Raises ConfigError when there is no usable home directory, or a variable holds a relative path.
        """
        home = environ.get(HOME_VARIABLE, "")
        if home:
            root = _absolute(Path(home), HOME_VARIABLE)
            return cls(root, root / "state", root / "log")
        dirs = platformdirs.PlatformDirs(APP, appauthor=False)
        return cls(
            _absolute(Path(dirs.user_config_dir), "the configuration directory (XDG_CONFIG_HOME, HOME)"),
            _absolute(Path(dirs.user_state_dir), "the state directory (XDG_STATE_HOME, HOME)"),
            _absolute(Path(dirs.user_log_dir), "the log directory (XDG_STATE_HOME, HOME)"),
        )

    @property
    def config_file(self) -> Path:
        """The configuration file."""
        return self.config_dir / "config.toml"

    @property
    def keymap_file(self) -> Path:
        """Keys of the user's own, beside the configuration file; need not be there."""
        return self.config_dir / "keymap.toml"

    @property
    def themes_dir(self) -> Path:
        """Themes of the user's own, beside the configuration file."""
        return self.config_dir / "themes"

    @property
    def history_dir(self) -> Path:
        """The local copies of orders and fills."""
        return self.state_dir / "history"

    @property
    def macros_file(self) -> Path:
        """Names and keys that the trader gave to lines."""
        return self.state_dir / "lines.json"

    @property
    def lines_file(self) -> Path:
        """The lines that were typed."""
        return self.state_dir / "typed-lines"

    @property
    def candles_dir(self) -> Path:
        """The local stores of candles."""
        return self.state_dir / "candles"

    @property
    def recordings_dir(self) -> Path:
        """Recordings that are given no name."""
        return self.state_dir / "recordings"

    @property
    def journal_dir(self) -> Path:
        """The journal of orders."""
        return self.state_dir / "journal"


def private_dir(path: Path) -> Path:
    """Create ``path`` for this user alone (0700) where it is missing, and return it.

    An existing directory is left as it is. Raises ConfigError when it cannot be made, belongs to somebody else or can be written
    to by others: whoever can replace the journal can make an order forgotten.
    """
    try:
        missing = [one for one in (path, *path.parents) if not one.exists()]
        for one in reversed(missing):
            one.mkdir(mode=0o700, exist_ok=True)
        facts = path.stat()
    except OSError as error:
        raise ConfigError([f"{path}: cannot be made: {error.strerror}"]) from None
    if not stat.S_ISDIR(facts.st_mode):
        raise ConfigError([f"{path}: is not a directory"])
    if facts.st_uid != os.geteuid():
        raise ConfigError([f"{path}: belongs to another user"])
    if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ConfigError([f"{path}: other users may write to it; run: chmod go-w '{path}'"])
    if (above := loose_parent(path)) is not None:
        raise ConfigError([f"{above}: other users may write to it, and so replace what is in it; run: chmod go-w '{above}'"])
    return path


def loose_parent(path: Path) -> Path | None:
    """Return the directory between ``path`` and the home directory that somebody else may write to, None if there is none.

    A group that is the user's own, as many systems make one for each user, is nobody else.
    """
    home = Path(os.environ.get("HOME") or "/nonexistent")
    for above in path.parents:
        if above != home and home not in above.parents:
            return None
        with contextlib.suppress(OSError):
            facts = above.stat()
            writable = facts.st_mode & stat.S_IWOTH or (facts.st_mode & stat.S_IWGRP and not _is_own_group(facts.st_gid))
            if facts.st_uid not in (os.geteuid(), 0) or writable:
                return above
    return None


def _is_own_group(gid: int) -> bool:
    import grp
    import pwd

    try:
        group, user = grp.getgrgid(gid), pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return user.pw_gid == gid and group.gr_name == user.pw_name and not set(group.gr_mem) - {user.pw_name}


def private_file(path: Path) -> Path:
    """Create ``path`` empty for this user alone (0600) where it is missing, its directory too, and return it.

    A symbolic link is not followed. Raises ConfigError when it cannot be made or belongs to somebody else.
    """
    private_dir(path.parent)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    except OSError as error:
        raise ConfigError([f"{path}: cannot be made: {error.strerror}"]) from None
    try:
        facts = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        raise ConfigError([f"{path}: is not a regular file"])
    if facts.st_uid != os.geteuid():
        raise ConfigError([f"{path}: belongs to another user"])
    return path


def shipped(name: str) -> Path:
    """Return where a shipped file or directory is (``themes``, ``config.example.toml``), installed or in a source checkout.

    Raises FileNotFoundError when the installation is incomplete.
    """
    installed = _PACKAGE / "_data" / name
    if installed.exists():
        return installed
    source = _PACKAGE.parent / name
    if (_PACKAGE.parent / "pyproject.toml").exists() and source.exists():
        return source
    raise FileNotFoundError(f"{name} is missing from this installation of {APP}")


def _absolute(path: Path, what: str) -> Path:
    if not path.is_absolute():
        raise ConfigError([f"{what}: must be an absolute path, not {str(path)!r}"])
    return path
