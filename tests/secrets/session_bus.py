"""A D-Bus session of a test's own, and in it a real gnome-keyring: unlocked, locked, stopped, or none."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType

import pytest
from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import open_dbus_connection

NEEDED = {"dbus-run-session": "dbus", "gnome-keyring-daemon": "gnome-keyring", "secret-tool": "libsecret-tools"}
"""Program -> the Debian package it is in."""

PATIENCE_S = 60.0
"""How long a busy machine may take; nothing waits this long on an idle one."""

PASSWORD = "a keyring's password"


def require() -> None:
    """Skip the test where a program is missing, saying which; fail in CI, where ``.ci/run`` installs them."""
    missing = sorted({package for program, package in NEEDED.items() if shutil.which(program) is None})
    if not missing:
        return
    told = f"the tests against a real Secret Service need: apt-get install {' '.join(missing)}"
    if os.environ.get("CI") == "true":
        pytest.fail(told)
    pytest.skip(told)


class SessionBus:
    """A session bus with directories of its own."""

    def __init__(self, folder: Path) -> None:
        for name in ("home", "data", "run", "config"):
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        bare = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DBUS_", "XDG_", "GNOME_", "PYTHON_KEYRING", "DISPLAY", "WAYLAND"))
        }
        self._environ = bare | {
            "HOME": str(folder / "home"),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_RUNTIME_DIR": str(folder / "run"),
        }
        self.address = ""
        self._session: subprocess.Popen[str] | None = None
        self._daemons: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> SessionBus:
        self._session = subprocess.Popen(
            ["dbus-run-session", "--", "sh", "-c", 'echo "$DBUS_SESSION_BUS_ADDRESS"; exec cat >/dev/null'],
            env=self._environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._session.stdout is not None
        self.address = self._session.stdout.readline().strip()
        assert self.address, "no session bus"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        for daemon in self._daemons:
            daemon.kill()
            daemon.wait()
        assert self._session is not None
        assert self._session.stdin is not None
        assert self._session.stdout is not None
        self._session.stdin.close()
        self._session.wait()
        self._session.stdout.close()

    @property
    def environ(self) -> dict[str, str]:
        """The environment of somebody who is logged in here."""
        return self._environ | {"DBUS_SESSION_BUS_ADDRESS": self.address}

    def keyring(self, password: str | None) -> subprocess.Popen[bytes]:
        """Start gnome-keyring with what stands in for a login's password, or without any; return when it is on the bus."""
        words = [
            "gnome-keyring-daemon",
            "--foreground",
            "--components=secrets",
            "--unlock" if password is not None else "--start",
        ]
        daemon = subprocess.Popen(
            words, env=self.environ, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        assert daemon.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            daemon.stdin.write((password or "").encode())
            daemon.stdin.close()
        self._daemons.append(daemon)
        self._wait_for_owner()
        return daemon

    def stop(self, daemon: subprocess.Popen[bytes]) -> None:
        """Let a keyring hang: it holds its name and answers nothing."""
        daemon.send_signal(signal.SIGSTOP)

    @property
    def files(self) -> Iterator[Path]:
        """Every file that a keyring may have written."""
        return (path for path in self.folder.rglob("*") if path.is_file())

    def _wait_for_owner(self) -> None:
        bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
        deadline = time.monotonic() + PATIENCE_S
        with contextlib.closing(open_dbus_connection(self.address)) as connection:
            while time.monotonic() < deadline:
                asked = new_method_call(bus, "NameHasOwner", "s", ("org.freedesktop.secrets",))
                if connection.send_and_get_reply(asked).body[0]:
                    return
                time.sleep(0.02)
        raise AssertionError("gnome-keyring never came to the bus")


def logged_in(bus: SessionBus, **more: str) -> Mapping[str, str]:
    """Return the environment of a login with some variables more."""
    return bus.environ | more
