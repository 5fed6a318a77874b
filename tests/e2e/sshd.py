"""An SSH server of a test's own: its own port on loopback, host key, configuration and user key. The system's is not touched."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import pytest

from tests.e2e.screen import wait_until

SEPARATION = Path("/run/sshd")
"""Where a server that root starts wants to lock its unprivileged part in."""

READY_S = 30.0


def require() -> str:
    """Return the server's program. Skip the test where it is missing, saying so; fail in CI, where ``.ci/run`` installs it."""
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is not None and shutil.which("ssh") and shutil.which("ssh-keygen"):
        return program
    told = "the walk-through over SSH needs: apt-get install openssh-server openssh-client"
    if os.environ.get("CI"):
        pytest.fail(told)
    pytest.skip(told)


class Sshd:
    """A server that lets the present user in by a key, into an environment that a test chooses."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        program = require()
        folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            SEPARATION.mkdir(mode=0o755, exist_ok=True)
        self.folder = folder
        for name in ("host", "user"):
            made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "a test's", "-f", str(folder / name)]
            subprocess.run(made, check=True, timeout=60)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        listed = " ".join(f'{name}="{value}"' for name, value in environ.items())
        self._config = folder / "sshd_config"
        self._config.write_text(
            f"""\
Port {self.port}
ListenAddress 127.0.0.1
HostKey {folder / "host"}
PidFile {folder / "pid"}
AuthorizedKeysFile {folder / "user.pub"}
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PrintMotd no
PrintLastLog no
SetEnv {listed}
"""
        )
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            [program, "-D", "-e", "-f", str(self._config)], stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )

    def __enter__(self) -> Sshd:
        if (
            not wait_until(lambda: self._process.poll() is not None or self._answers(), READY_S)
            or self._process.poll() is not None
        ):
            raise AssertionError(f"the SSH server did not start\n{(self.folder / 'log').read_text()}")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._log.close()

    @property
    def login(self) -> list[str]:
        """The command of the person who logs in, with a terminal."""
        options = {
            "IdentityFile": self.folder / "user",
            "IdentitiesOnly": "yes",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": self._known_hosts(),
            "LogLevel": "ERROR",
        }
        words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        return [shutil.which("ssh") or "ssh", "-F", "none", "-tt", "-p", str(self.port), *words, f"{getpass.getuser()}@127.0.0.1"]

    def _known_hosts(self) -> Path:
        path = self.folder / "known_hosts"
        path.write_text(f"[127.0.0.1]:{self.port} {(self.folder / 'host.pub').read_text()}")
        return path

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as asked:
                return asked.recv(4) == b"SSH-"
        except OSError:
            return False
