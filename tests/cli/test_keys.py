"""``tui-trader keys``: what is asked, what is shown, where it goes, and what the exchange says of it."""

from __future__ import annotations

import argparse
import functools
import io
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.cli.conftest import ROOT, Ran
from tests.secrets.session_bus import PASSWORD, PATIENCE_S, SessionBus, require
from tui_trader.cli import ask, keys_access, keys_check
from tui_trader.cli.main import main
from tui_trader.core.clock import NS, SystemClock
from tui_trader.core.error import ConfigError, RefusedError, UsageError
from tui_trader.desk.config import load
from tui_trader.desk.environment import Environment
from tui_trader.secrets import vault
from tui_trader.secrets.entry import KeyName, StoredKey, checked
from tui_trader.secrets.register import Register
from tui_trader.secrets.sealed import LEAST, derive_key
from tui_trader.secrets.secret import Secret
from tui_trader.secrets.stores import KeyStoreError
from tui_trader.sim.launch import build_server
from tui_trader.sim.server import SimServer
from tui_trader.venues.base import Endpoints, Outcome, Reply, Verdict
from tui_trader.venues.phemex import PHEMEX

KEY, SECRET = "0f1e2d3c-4b5a-made-up-a1b2", "made-up-secret-0123456789abcdef"
PASSPHRASE = "correct horse battery"
NAME = KeyName("phemex", "testnet", "main")

KNOWN = functools.cache(derive_key)
"""The real derivation, done once for each salt: a vault that was not changed is not derived anew."""


class Keys:
    """``tui-trader keys`` in this process, with a home of its own and a vault that costs little."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        monkeypatch.setattr(vault, "STRONG", LEAST)
        monkeypatch.setattr(vault, "derive_key", KNOWN)
        for name in list(os.environ):
            if name.startswith(("TUI_TRADER", "PHEMEX", "DBUS_", "CREDENTIALS", "PYTHON_KEYRING")):
                monkeypatch.delenv(name)
        monkeypatch.setenv("TUI_TRADER_HOME", str(home))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "xdg"))

    def __call__(self, *words: str, stdin: str = "", passphrase: str = PASSPHRASE, new: str = "") -> Ran:
        given = [*words]
        for option, text in (("--passphrase-fd", passphrase), ("--new-passphrase-fd", new)):
            if text:
                reading, writing = os.pipe()
                os.write(writing, f"{text}\n".encode())
                os.close(writing)
                given += [option, str(reading)]
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        self._capsys.readouterr()
        try:
            code = main(given)
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = self._capsys.readouterr()
        assert SECRET not in out + err
        return Ran(code, out, err)

    def with_vault(self) -> Keys:
        assert self("keys", "init-vault").code == 0
        return self

    def add(self, *words: str, key: str = KEY, secret: str = SECRET) -> Ran:
        return self("keys", "add", "phemex", *words, "--from-stdin", stdin=f"{key}\n{secret}\n")


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Keys:
    return Keys(tmp_path, monkeypatch, capsys)


# -- storing ------------------------------------------------------------------------------------------


def test_a_key_goes_into_the_vault_and_only_its_end_is_shown(keys: Keys) -> None:
    keys.with_vault()
    said = keys.add()
    assert (said.code, said.err) == (0, "")
    assert (
        said.out == "phemex/testnet/main: key …a1b2 is stored in the vault; try it: tui-trader keys check phemex --env testnet\n"
    )
    listed = keys("keys", "list", passphrase="")
    assert listed.out.split()[6:11] == ["phemex", "main", "testnet", "…a1b2", "vault"]
    (row,) = keys("keys", "list", "--json", passphrase="").json["keys"]
    assert row.pop("added")
    assert row == {"venue": "phemex", "env": "testnet", "account": "main", "store": "vault", "id": "…a1b2"}
    assert keys("keys", "export-id", "phemex").out == f"{KEY}\n"
    assert keys("keys", "export-id", "phemex", "--json").json == {"name": "phemex/testnet/main", "id": KEY}
    for path in keys.home.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes()
            assert KEY.encode() not in path.read_bytes()


def test_a_second_key_needs_to_be_meant(keys: Keys) -> None:
    keys.with_vault().add()
    again = keys.add(key="another-key-9999")
    assert (again.code, again.out) == (1, "")
    assert "stored already (…a1b2); give --replace" in again.err
    assert keys.add("--replace", key="another-key-9999").code == 0
    assert keys("keys", "export-id", "phemex").out == "another-key-9999\n"


def test_one_key_is_not_for_two_environments(keys: Keys) -> None:
    keys.with_vault().add()
    live = keys.add("--env", "live")
    assert live.code == 1
    assert "this key is stored for phemex/testnet/main" in live.err
    other = keys.add("--env", "live", key="a-live-key-7777")
    assert other.code == 0
    assert [row["id"] for row in keys("keys", "list", "--json", passphrase="").json["keys"]] == ["…7777", "…a1b2"]


def test_a_key_is_removed(keys: Keys) -> None:
    keys.with_vault().add()
    asked = keys("keys", "remove", "phemex")
    assert (asked.code, asked.err) == (2, "tui-trader: there is nobody to ask: add --yes\n")
    assert keys("keys", "remove", "phemex", "--yes").code == 0
    assert keys("keys", "list", passphrase="").out == "no keys are stored\n"
    gone = keys("keys", "export-id", "phemex")
    assert gone.code == 1


@pytest.mark.parametrize(
    ("stdin", "why"),
    [
        ("", "takes two lines"),
        ("one\n", "takes two lines"),
        ("a-key\na-secret\nmore\n", "takes two lines"),
        ("a-key\na secret\n", "not what a venue issues"),
        ("same\nsame\n", "the same text"),
        ("a-key\n" + "x" * 9_000, "takes two lines"),
    ],
)
def test_what_is_piped_in_and_is_no_key(keys: Keys, stdin: str, why: str) -> None:
    said = keys("keys", "add", "phemex", "--from-stdin", stdin=stdin)
    assert said.code in (1, 2)
    assert why in said.err
    assert "a secret" not in said.err
    assert list(keys.home.iterdir()) == []


@pytest.mark.parametrize(
    "words", [["--secret", SECRET], [f"--api-key={SECRET}"], ["--password", SECRET], [SECRET], [KEY, SECRET]]
)
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(keys: Keys, words: list[str]) -> None:
    said = keys("keys", "add", "phemex", *words)
    assert said.code == 2
    assert "seen by everybody on this machine" in said.err
    assert KEY not in said.err


@pytest.mark.parametrize("name", ["Phemex", "phemex/", "phemex/a/b", "nowhere"])
def test_names_of_no_account(keys: Keys, name: str) -> None:
    said = keys("keys", "add", name, "--from-stdin", stdin=f"{KEY}\n{SECRET}\n")
    assert said.code == 2
    assert "VENUE/ACCOUNT" in said.err or "there are: mexc, paradex, phemex" in said.err


def test_without_a_keyring_the_way_out_is_named_and_nothing_is_kept(keys: Keys) -> None:
    said = keys("keys", "add", "phemex", "--from-stdin", stdin=f"{KEY}\n{SECRET}\n", passphrase="")
    assert said.code == 1
    assert said.err.startswith(
        "tui-trader: NONE: the key of phemex/testnet/main is not to be had: this login has no D-Bus session"
    )
    assert "(try: " in said.err
    assert keys("keys", "list", passphrase="").out == "no keys are stored\n"


def test_import_takes_the_variables_once_and_says_to_unset_them(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    keys.with_vault()
    missing = keys("keys", "import", "phemex", "--env", "live", "--from-env")
    assert missing.err.startswith("tui-trader: PHEMEX_API_KEY and PHEMEX_API_SECRET: not in the environment")
    monkeypatch.setenv("PHEMEX_API_KEY", KEY)
    monkeypatch.setenv("PHEMEX_API_SECRET", SECRET)
    said = keys("keys", "import", "phemex", "--env", "live", "--from-env")
    assert said.code == 0
    assert "now type: unset PHEMEX_API_KEY PHEMEX_API_SECRET" in said.out
    assert keys("keys", "export-id", "phemex", "--env", "live").out == f"{KEY}\n"


# -- the vault ------------------------------------------------------------------------------------------


def test_the_vault_is_made_once_changed_and_copied(keys: Keys, tmp_path: Path) -> None:
    keys.with_vault().add()
    assert "there is a vault already" in keys("keys", "init-vault").err
    copy = tmp_path / "copy.bin"
    assert keys("keys", "backup", str(copy)).code == 0
    assert keys("keys", "change-passphrase", new="another passphrase").code == 0
    wrong = keys("keys", "export-id", "phemex")
    assert (wrong.code, "the passphrase is wrong, or the file is damaged" in wrong.err) == (1, True)
    assert keys("keys", "export-id", "phemex", passphrase="another passphrase").out == f"{KEY}\n"
    (keys.home / "vault.bin").write_bytes(copy.read_bytes())
    assert keys("keys", "export-id", "phemex").out == f"{KEY}\n"
    assert "exists already" in keys("keys", "backup", str(copy)).err


def test_a_vault_that_came_without_its_register_is_asked(keys: Keys) -> None:
    keys.with_vault().add()
    (keys.home / "state" / "keys.json").unlink()
    assert keys("keys", "export-id", "phemex").out == f"{KEY}\n"


def test_a_passphrase_that_systemd_loaded(keys: Keys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys.with_vault().add()
    folder = tmp_path / "credentials"
    folder.mkdir(mode=0o700)
    (folder / "tui-trader-passphrase").write_text(f"{PASSPHRASE}\n")
    (folder / "tui-trader-passphrase").chmod(0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    assert keys("keys", "export-id", "phemex", passphrase="").out == f"{KEY}\n"
    (folder / "tui-trader-passphrase").chmod(0o444)
    assert "open to other users" in keys("keys", "export-id", "phemex", passphrase="").err


def test_a_damaged_register_is_said(keys: Keys) -> None:
    keys.with_vault().add()
    file = keys.home / "state" / "keys.json"
    for text in ("", "[]", '{"keys": [{"x": 1}]}', '{"keys": 5}'):
        file.write_text(text)
        said = keys("keys", "list", passphrase="")
        assert (said.code, "is damaged" in said.err) == (1, True)


# -- a real keyring ------------------------------------------------------------------------------------------


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[SessionBus]:
    require()
    with SessionBus(tmp_path / "bus") as made:
        yield made


@pytest.mark.xdist_group("secret-service")
def test_a_key_is_typed_without_echo_kept_in_the_keyring_and_signs(
    bus: SessionBus, keys: Keys, exchange: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a terminal, as a person would: the exchange's own key, then what the commands make of it."""
    bus.keyring(PASSWORD)
    (keys.home / "config.toml").write_text(f'[venues.phemex]\nrest_url = "{exchange["rest"]}"\nws_url = "{exchange["ws"]}"\n')
    environ = bus.environ | {"TUI_TRADER_HOME": str(keys.home), "PYTHONPATH": str(ROOT)}
    child = pexpect.spawn(
        sys.executable,
        ["-m", "tui_trader", "keys", "add", "phemex", "--env", "custom"],
        env=environ,  # type: ignore[arg-type]
        cwd=str(ROOT),
        timeout=PATIENCE_S,
        encoding="utf-8",
        echo=True,
    )
    shown = io.StringIO()
    child.logfile_read = shown
    child.expect_exact("Key id: ")
    child.sendline(exchange["key"])
    child.expect_exact("Secret: ")
    child.sendline(exchange["secret"])
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0, shown.getvalue()
    assert exchange["key"] not in shown.getvalue()
    assert exchange["secret"] not in shown.getvalue()
    assert f"key …{exchange['key'][-4:]} is stored in the system's keyring" in shown.getvalue()

    for name, value in bus.environ.items():
        monkeypatch.setenv(name, value)
    checked_key = keys("keys", "check", "phemex", "--env", "custom", "--json", passphrase="")
    assert checked_key.code == 0
    assert checked_key.json["accepted"] is True
    assert checked_key.json["problems"] == []
    assert abs(float(checked_key.json["clock_off_s"])) < 2
    positions = keys("positions", "--env", "custom", "--json", passphrase="")
    assert (positions.code, positions.json) == (0, {"positions": []})

    other = checked(KeyName("phemex", "custom", "main"), exchange["key"], "not-the-secret-of-it")
    assert keys_access.stores_of().keyring.store(other).key == other
    refused = keys("keys", "check", "phemex", "--env", "custom", passphrase="")
    assert (refused.code, "NOT ACCEPTED" in refused.out) == (1, True)
    assert "not-the-secret-of-it" not in refused.out + refused.err

    assert keys("keys", "remove", "phemex", "--env", "custom", "--yes", passphrase="").code == 0
    assert keys("keys", "list", passphrase="").out == "no keys are stored\n"


@pytest.mark.xdist_group("secret-service")
def test_a_locked_keyring_stops_a_command_and_names_the_way_on(
    bus: SessionBus, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bus.keyring(PASSWORD)
    for name, value in bus.environ.items():
        monkeypatch.setenv(name, value)
    assert keys("keys", "add", "phemex", "--from-stdin", stdin=f"{KEY}\n{SECRET}\n", passphrase="").code == 0
    first.kill()
    first.wait()
    bus.keyring(None)
    said = keys("positions", "--env", "testnet", "--json", passphrase="")
    assert said.code == 1
    assert said.json["error"]["code"] == "LOCKED"
    assert "gnome-keyring-daemon --replace --unlock" in said.json["error"]["fix"]
    assert "the key of phemex/testnet/main is not to be had: the keyring is locked" in said.err
    panic = keys("panic", "--env", "testnet", passphrase="")
    assert "halted, but NOT CANCELLED" in panic.err
    assert "https://testnet.phemex.com" in panic.err


# -- what the exchange says ------------------------------------------------------------------------------------------


class Ahead(SystemClock):
    """A clock that is five minutes ahead."""

    def wall_ns(self) -> int:
        return super().wall_ns() + 300 * NS


@asynccontextmanager
async def at_exchange(clock: SystemClock | None = None) -> AsyncIterator[tuple[SimServer, StoredKey]]:
    async with build_server(seed=7, clock=clock or SystemClock()) as server:
        yield server, checked(KeyName("phemex", "custom"), server.key, server.secret)


async def report_of(server: SimServer, key: StoredKey) -> keys_check.Report:
    return await keys_check._ask(key, Environment.CUSTOM, Endpoints(server.rest_url, server.ws_url), {})


async def test_a_good_key() -> None:
    async with at_exchange() as (server, key):
        report = await report_of(server, key)
    assert (report.accepted, report.reads_account, report.problems) == (True, True, [])
    assert report.id == key.tail
    assert keys_check._lines(report)[0] == f"phemex/custom/main: key {key.tail} at 127.0.0.1: accepted"
    assert not any(what.startswith(("POST", "PUT", "DELETE")) for what in server.receipts), "it changes nothing"


async def test_a_key_that_was_revoked() -> None:
    async with at_exchange() as (server, key):
        server.revoke_key(server.key)
        report = await report_of(server, key)
    assert (report.accepted, report.reads_account) == (False, False)
    assert "not authenticated" in report.problems[0]
    assert any("swapped" in problem for problem in report.problems)


async def test_a_wrong_secret() -> None:
    async with at_exchange() as (server, key):
        report = await report_of(server, checked(key.name, key.kid, "another-secret"))
    assert report.accepted is False
    assert "another-secret" not in "\n".join(keys_check._lines(report))


async def test_a_clock_that_is_off_is_said_and_the_key_is_judged_all_the_same() -> None:
    async with at_exchange(Ahead()) as (server, key):
        report = await report_of(server, key)
    assert report.accepted is True
    assert report.clock_off_s.startswith(("+300", "+299"))
    assert "timedatectl set-ntp true" in report.problems[0]


async def test_an_exchange_that_is_not_there() -> None:
    async with at_exchange() as (server, key):
        pass
    report = await report_of(server, key)
    assert report.accepted is None
    assert "nothing was learned about the key" in report.problems[0]
    assert "NOT KNOWN" in keys_check._lines(report)[0]


@pytest.mark.parametrize(
    ("status", "body", "hint"),
    [
        # Messages as they stand in public issues: phemex/phemex-python-api#7, phemex/phemex-api-docs#44.
        (401, b'{"code":"401","msg":"401 Request IP mismatch."}', "the address that this machine is seen under"),
        (401, b'{"code":"401","msg":"401 Failed to load API KEY."}', "was it made for live? Then: tui-trader keys remove"),
        (200, b'{"code":10500,"msg":"API Signature verification failed.","data":null}', "swapped"),
    ],
)
def test_what_the_venue_refuses_is_read(status: int, body: bytes, hint: str) -> None:
    dialect = PHEMEX.orders()
    verdict = dialect.parse(dialect.positions("USDT"), Reply(status, {}, body))
    report = keys_check.Report(NAME.text, "…a1b2", "host")
    keys_check._judge(report, verdict, NAME)
    assert report.accepted is False
    assert any(hint in problem for problem in report.problems)
    assert ("swapped" in "".join(report.problems)) is ("mismatch" not in body.decode())


def test_an_answer_that_says_nothing_of_the_key_leaves_it_open() -> None:
    report = keys_check.Report(NAME.text, "…a1b2", "host")
    keys_check._judge(report, Verdict(Outcome.LIMITED, "429", "too many requests"), NAME)
    assert (report.accepted, report.problems) == (None, ["too many requests"])


# -- where a key may go ------------------------------------------------------------------------------------------


def stored(env: str, venue: str = "phemex") -> StoredKey:
    return StoredKey(KeyName(venue, env), KEY, Secret(SECRET))


@pytest.mark.parametrize(
    ("key", "env", "host"),
    [
        (stored("live"), "testnet", "testnet"),
        (stored("testnet"), "live", "live"),
        (stored("testnet"), "testnet", "live"),
        (stored("live"), "live", "testnet"),
        (stored("custom"), "custom", "live"),
        (stored("testnet", "mexc"), "testnet", "testnet"),
    ],
)
def test_a_key_signs_for_its_own_environment_and_host_only(key: StoredKey, env: str, host: str) -> None:
    with pytest.raises(RefusedError, match="nothing was signed"):
        keys_access.credential_for(key, PHEMEX, Environment(env), PHEMEX.endpoints[host])
    right = stored("live")
    assert keys_access.credential_for(right, PHEMEX, Environment.LIVE, PHEMEX.endpoints["live"]).secret is right.secret


def looked(home: Path, env: str, command: str, on_screen: bool = False, **more: Any) -> keys_access.Access | None:
    environ = {"TUI_TRADER_HOME": str(home), **more.pop("environ", {})}
    args = argparse.Namespace(**{"command": command, "sim_url": None, **more})
    return keys_access.look(load(None, {}, {"general.env": env}), args, on_screen=on_screen, environ=environ)


def test_secrets_in_the_environment_stop_real_money_and_are_said_elsewhere(tmp_path: Path) -> None:
    seen = {"PHEMEX_API_SECRET": SECRET, "AWS_SECRET_ACCESS_KEY": "somebody else's", "PHEMEX_EMPTY_TOKEN": ""}
    with pytest.raises(RefusedError) as caught:
        looked(tmp_path, "live", "tui", on_screen=True, environ=seen)
    assert "unset PHEMEX_API_SECRET" in caught.value.message
    assert "AWS" not in caught.value.message
    assert SECRET not in caught.value.message
    access = looked(tmp_path, "testnet", "tui", on_screen=True, no_key=True, environ=seen)
    assert access is not None


def test_without_a_stored_key_the_terminal_shows_the_market_and_commands_say_what_is_missing(tmp_path: Path) -> None:
    access = looked(tmp_path, "testnet", "tui", on_screen=True)
    assert access is not None
    assert (access.key, access.wants) == (None, None)
    assert access.note.endswith("market data only; type in a shell: tui-trader keys add phemex --env testnet")
    with pytest.raises(KeyStoreError) as caught:
        looked(tmp_path, "testnet", "positions")
    assert (caught.value.code, caught.value.fix) == ("EMPTY", "tui-trader keys add phemex --env testnet")
    for command, more in (("book", {}), ("instruments", {}), ("watch", {"what": "book"})):
        assert looked(tmp_path, "testnet", command, **more) is None
    assert looked(tmp_path, "sim", "positions") is None
    with pytest.raises(UsageError, match="--no-key is for the terminal"):
        looked(tmp_path, "testnet", "positions", no_key=True)


def test_a_command_of_the_users_own_is_asked_in_place_of_every_store(tmp_path: Path) -> None:
    program = tmp_path / "my-keys"
    program.write_text('#!/bin/sh\necho "$1"; echo the-secret\n')
    program.chmod(0o700)
    file = tmp_path / "mine.toml"
    file.write_text(f"[venues.phemex]\nsecret_command = ['{program}', '{{venue}}.{{env}}']\n")
    config = load(file, {}, {"general.env": "live"})
    access = keys_access.look(config, argparse.Namespace(command="tui", sim_url=None), environ={"TUI_TRADER_HOME": str(tmp_path)})
    assert access is not None
    assert access.key is not None
    assert (access.key.kid, access.key.name.text) == ("phemex.live", "phemex/live/main")
    with pytest.raises(ConfigError, match="only the configuration file"):
        load(None, {"TUI_TRADER__VENUES__PHEMEX__SECRET_COMMAND": "cat,/etc/passwd"})


def test_a_register_that_others_may_write_is_not_believed(keys: Keys) -> None:
    keys.with_vault().add()
    register = Register(keys.home / "state" / "keys.json")
    register.path.chmod(0o666)
    with pytest.raises(RefusedError, match="chmod 600"):
        register.rows()
    assert json.loads(register.path.read_bytes())["keys"]


def test_each_venue_asks_by_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def hidden(question: str) -> str:
        asked.append(question)
        return "x"

    monkeypatch.setattr(ask, "hidden", hidden)
    for venue in ("phemex", "mexc", "paradex"):
        ask.parts_of_a_key(venue)
    assert asked == [
        *("Key id: ", "Secret: "),
        *("Access key: ", "Secret key: "),
        *("Account address: ", "Private sub-key, or a read-only token: "),
    ]
