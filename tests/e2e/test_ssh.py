"""As most will use it: over SSH, logged in with a key, so that nothing has unlocked the keyring. Two commands later it trades."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.canary import plugin as canary
from tests.e2e.conftest import OwnExchange, Shell
from tests.e2e.screen import DEADLINE_S
from tests.e2e.sshd import Sshd, require
from tests.e2e.terminal import Terminal
from tests.secrets import session_bus

PROMPT = r"\$> ?$"
WIDTH = 250
"""Columns, so that no line of what is said is broken."""


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[session_bus.SessionBus]:
    session_bus.require()
    with session_bus.SessionBus(tmp_path / "bus") as made:
        yield made


@pytest.mark.xdist_group("secret-service")
def test_from_a_login_by_key_with_a_locked_keyring_to_trading_in_two_commands(
    shell: Shell, own_exchange: OwnExchange, bus: session_bus.SessionBus, tmp_path: Path
) -> None:
    require()
    access = own_exchange.wait_event("access")
    shell.home.mkdir(mode=0o700, exist_ok=True)
    addresses = f'rest_url = "{access["rest"]}"\nws_url = "{access["ws"]}"\n'
    (shell.home / "config.toml").write_text(f'[general]\nenv = "custom"\n\n[venues.phemex]\n{addresses}')

    # On some other day, at the machine itself, the key was stored in the login keyring.
    desktop = bus.keyring(session_bus.PASSWORD)
    at_home = {**shell.environ, **{k: v for k, v in bus.environ.items() if k.startswith(("XDG_", "DBUS_")) or k == "HOME"}}
    stored = subprocess.run(
        [shell.script, "keys", "add", "phemex", "--env", "custom", "--from-stdin"],
        env=at_home,
        input=f"{access['key']}\n{access['secret']}\n",
        capture_output=True,
        text=True,
        timeout=DEADLINE_S * 2,
        check=False,
    )
    assert stored.returncode == 0, stored.stdout + stored.stderr
    desktop.kill()
    desktop.wait()
    bus.keyring(None)  # after a reboot: the daemon is there, and nobody has typed the login's password

    remote = {name: value for name, value in at_home.items() if name not in ("TERM", "COLORTERM")}
    with Sshd(tmp_path / "sshd", remote) as server:
        window = Terminal(server.login, environ=shell.environ, cwd=tmp_path, width=WIDTH, height=40)
        try:
            window.wait(r"[#$] ?$")
            window.type(f"PATH={Path(shell.script).parent}:$PATH; PS1='$''> '; clear\r")  # as if it were installed
            window.wait(PROMPT)

            window.type("tui-trader\r")
            said = window.wait(r"^tui-trader: (.*LOCKED.*|.*keyring is locked.*)$")[0]
            window.wait(PROMPT)
            fix = re.search(r"bash -c '.*?--components=secrets'", window.text().replace("\n", ""))
            assert fix is not None, window.text()
            assert "over SSH" in said or "locked" in said

            window.type(f"clear; {fix[0]}\r")  # the first command
            window.wait(r"^Keyring password: ?$")
            window.type(f"{session_bus.PASSWORD}\r")
            window.wait(PROMPT)
            assert session_bus.PASSWORD not in window.text(), "typed unseen"

            window.type("tui-trader\r")  # the second
            window.wait(r"CUSTOM")
            window.wait(r"10,?000")
            shown = window.text()
            window.type("b")
            window.wait(r"STAGE .*Enter send")
            window.type("\r")
            window.wait(r"working|partial|filled")
            window.type("q")
            window.type("q")
            window.wait(r"^ ?\$>")
            window.type("clear\r")
            window.wait(PROMPT)
            window.type("exit\r")
            assert window.wait_exit() == 0
        finally:
            window.end()
    for secret in (access["secret"], session_bus.PASSWORD):
        assert secret.encode() not in window.taken
    assert "CUSTOM" in shown
    canary.examine("the log of the SSH server", (tmp_path / "sshd" / "log").read_bytes())
