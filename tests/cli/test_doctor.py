"""``doctor``: each line says how it is, and what to type where something is wrong."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import ROOT, At, Shell
from tests.e2e.terminal import Terminal
from tests.secrets import session_bus
from tui_trader.core.clock import NS, SystemClock
from tui_trader.sim.launch import build_server

CERTS = ROOT / "tests" / "net" / "certs"


def found(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the one finding of a name."""
    (one,) = [check for check in document["checks"] if check["name"] == name]
    return dict(one)


def problems(document: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["text"] for check in document["checks"] if check["health"] == "problem"}


def test_a_machine_on_which_nothing_is_wrong(shell: Shell) -> None:
    done = shell("doctor", "--json")
    assert done.code == 0, done.err
    assert done.json["ok"] is True
    assert problems(done.json) == {}
    names = [check["name"] for check in done.json["checks"]]
    assert {"python", "locale", "terminal", "config", "files", "journal", "disk", "keyring", "venue", "clock", "stream"} <= set(
        names
    )
    assert "SIM: 127.0.0.1 answers" in found(done.json, "venue")["text"]
    told = shell("doctor")
    assert told.code == 0
    assert told.out.splitlines()[-1] == "nothing is wrong"
    assert list(shell.home.rglob(".doctor-*")) == []


def test_every_problem_of_the_configuration_is_named_at_its_place(shell: Shell) -> None:
    shell.config('[general]\nvenue = "phemx"\n\n[ui]\nfps = "many"\n')
    done = shell("doctor", "--json")
    assert done.code == 1
    texts = [check["text"] for check in done.json["checks"] if check["name"] == "config"]
    assert any("config.toml:2:" in text for text in texts), texts
    assert any("config.toml:5:" in text for text in texts), texts
    assert found(done.json, "venue")["text"].startswith("not asked")
    told = shell("doctor")
    assert told.code == 1
    assert "PROBLEM  config" in told.out
    assert "try: tui-trader config check" in told.out
    assert told.out.splitlines()[-1] == f"{len(texts)} problems"


def test_files_that_others_may_read_or_replace(shell: Shell) -> None:
    assert shell("do", "buy 0.01 BTCUSDT @ bid-20t", "--json").code == 0
    state = shell.home / "state"
    (journal,) = (state / "journal").glob("*.jsonl")
    journal.chmod(0o644)
    (state / "copy").symlink_to(journal)
    shell.config("")
    (shell.home / "config.toml").chmod(0o666)
    done = shell("doctor", "--json")
    assert done.code == 1
    told = {check["text"]: check["fix"] for check in done.json["checks"] if check["name"] == "files"}
    assert told[f"{journal}: others may read it"] == f"chmod go-rwx '{journal}'"
    assert f"{state / 'copy'}: is a symbolic link, which is not followed" in told
    assert told[f"{shell.home / 'config.toml'}: others may write to it"].startswith("chmod go-w")
    for line in told.values():
        if line.startswith("chmod"):
            os.system(line)
    (state / "copy").unlink()
    assert shell("doctor", "--json").code == 0, "what it says helps"


def test_a_journal_that_cannot_be_written(shell: Shell) -> None:
    (shell.home / "state").mkdir(mode=0o700)
    (shell.home / "state" / "journal").write_text("in the way")
    done = shell("doctor", "--json")
    assert done.code == 1
    assert "so no entry leaves" in problems(done.json)["journal"]


def test_an_exchange_that_is_not_there(shell: Shell) -> None:
    done = shell("doctor", "--json", "--sim-url", "http://127.0.0.1:1")
    assert done.code == 1
    assert "no tui-trader exchange at http://127.0.0.1:1" in problems(done.json)["venue"]


def test_one_that_is(at: At) -> None:
    done = at("doctor", "--json")
    assert done.code == 0, done.out
    assert "±" in found(done.json, "clock")["text"]


class Early(SystemClock):
    """A clock that is five seconds ahead."""

    def wall_ns(self) -> int:
        return super().wall_ns() + 5 * NS


async def test_clocks_that_are_apart(shell: Shell) -> None:
    server = build_server(seed=3, clock=Early())
    await server.start()
    try:
        done = await asyncio.to_thread(shell, "doctor", "--json", "--sim-url", server.rest_url)
    finally:
        await server.stop()
    assert done.code == 1
    assert "behind 127.0.0.1's" in problems(done.json)["clock"]
    assert found(done.json, "clock")["fix"] == "sudo timedatectl set-ntp true"


async def test_a_certificate_that_is_not_right(shell: Shell) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTS / "self.pem")
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    url = f"127.0.0.1:{port}"
    shell.config(f'[venues.phemex]\nrest_url = "https://{url}"\nws_url = "wss://{url}/ws"\n')
    done = await asyncio.to_thread(shell, "doctor", "--json", "--env", "custom")
    server.close()
    assert done.code == 1
    assert "is not trusted (self-signed certificate)" in problems(done.json)["venue"]
    assert "is not trusted (self-signed certificate)" in problems(done.json)["stream"]


@pytest.mark.parametrize(
    ("width", "height", "said", "code"),
    [(120, 40, "120x40, true colour, synchronised output, in tmux, over ssh", 0), (60, 10, "60x10", 1)],
)
def test_a_terminal_says_what_it_can(shell: Shell, tmp_path: Path, width: int, height: int, said: str, code: int) -> None:
    environ = {
        **shell.environ,
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "TMUX": "/tmp/x,1,0",
        "SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22",
    }
    environ.pop("NO_COLOR", None)
    window = Terminal(
        [sys.executable, "-m", "tui_trader", "doctor"],
        environ=environ,
        cwd=tmp_path,
        width=width,
        height=height,
        controlling=False,
    )
    try:
        assert window.wait_exit() == code
        shown = window.taken.decode().replace("\r\n", "\n")
        line = next(line for line in shown.splitlines() if " terminal " in line)
        assert said in line, line
        if code:
            assert "too small to trade on" in line
            assert "try: make the window at least 80x24" in shown
        assert "\x1b[?62" not in shown, "the answer is not left as keys"
    finally:
        window.end()


def test_the_environment_is_looked_at(shell: Shell) -> None:
    shell.environ |= {"SSLKEYLOGFILE": str(shell.home / "keys"), "HTTPS_PROXY": "http://user:word@192.0.2.9:1"}
    done = shell("doctor", "--json")
    texts = [check["text"] for check in done.json["checks"] if check["name"] == "environment"]
    assert "SSLKEYLOGFILE, HTTPS_PROXY: set, and not heeded here" in texts
    assert "word" not in done.out
    assert json.loads(done.out)["ok"] is True


def test_secrets_in_the_environment_are_named_and_not_shown(shell: Shell) -> None:
    shell.environ |= {"PHEMEX_API_SECRET": "Zq8-Wn3xT_5vLrPz7HnJm4YsFa8EuToI1RkQxVhZ"}
    done = shell("doctor", "--json")
    assert done.code == 1
    assert "PHEMEX_API_SECRET" in problems(done.json)["environment"]
    assert any(check["fix"].endswith("unset PHEMEX_API_SECRET") for check in done.json["checks"])
    assert "Zq8-" not in done.out + done.err


def test_a_locked_keyring_is_a_problem_where_keys_are_needed(shell: Shell, tmp_path: Path) -> None:
    session_bus.require()
    with session_bus.SessionBus(tmp_path / "bus") as bus:
        maker = bus.keyring(session_bus.PASSWORD)
        keep = [sys.executable, "-c", "from keyring.backends.SecretService import Keyring as K; K().set_password('a', 'b', 'c')"]
        subprocess.run(keep, env=dict(bus.environ), check=True, timeout=60)
        shell.environ |= bus.environ
        assert found(shell("doctor", "--json").json, "keyring")["health"] == "ok"
        maker.terminate()
        maker.wait()
        bus.keyring(None)
        for env, health in (("sim", "note"), ("testnet", "problem")):
            told = found(shell("doctor", "--json", "--env", env).json, "keyring")
            assert told["health"] == health, told
            assert told["text"].startswith("LOCKED")
            assert "--unlock" in told["fix"]
