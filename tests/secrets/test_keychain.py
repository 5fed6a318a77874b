"""The system's key store in every state that was seen of it, on a real D-Bus with a real gnome-keyring."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.secrets.session_bus import PASSWORD, PATIENCE_S, SessionBus, require
from tui_trader.core.error import UsageError
from tui_trader.secrets.entry import SERVICE, KeyName, StoredKey, encode
from tui_trader.secrets.finding import Finding, State
from tui_trader.secrets.keychain import KILL, TITLES, UNLOCK, VAULT, candidates_of
from tui_trader.secrets.preflight import Preflight
from tui_trader.secrets.secret import Secret

pytestmark = pytest.mark.xdist_group("secret-service")

NAME = KeyName("phemex", "testnet", "main")
KEY = StoredKey(NAME, "kid-é-0123", Secret("s3cr3t-é-☃-0123456789"))


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[SessionBus]:
    require()
    with SessionBus(tmp_path) as made:
        yield made


def keyring_of(bus: SessionBus, **more: str) -> Preflight:
    return Preflight(bus.environ | more, limit_s=PATIENCE_S)


def gone(bus: SessionBus, address: str | None) -> Preflight:
    environ = {name: value for name, value in bus.environ.items() if name != "DBUS_SESSION_BUS_ADDRESS"}
    return Preflight(environ | ({"DBUS_SESSION_BUS_ADDRESS": address} if address else {}), limit_s=PATIENCE_S)


def third_party(folder: Path) -> str:
    """Install a backend as other packages bring it, one that keeps secrets as base64 in a file; it says if it was ever asked."""
    site = folder / "site"
    (site / "plain_keyring-1.0.dist-info").mkdir(parents=True)
    (site / "plain_keyring-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: plain-keyring\nVersion: 1.0\n")
    (site / "plain_keyring-1.0.dist-info" / "entry_points.txt").write_text("[keyring.backends]\nplain = plain_keyring.file\n")
    package = site / "plain_keyring"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "file.py").write_text(
        "import base64, pathlib\n"
        "from keyring.backend import KeyringBackend\n"
        f"HERE = pathlib.Path({str(folder / 'plain')!r})\n"
        "class PlaintextKeyring(KeyringBackend):\n"
        "    priority = 9\n"
        "    def set_password(self, service, user, text): HERE.write_bytes(base64.b64encode(text.encode()))\n"
        "    def get_password(self, service, user):\n"
        "        (HERE.parent / 'asked').touch()\n"
        "        return base64.b64decode(HERE.read_bytes()).decode() if HERE.exists() else None\n"
    )
    return str(site)


# -- it works ------------------------------------------------------------------------------------------------------------


def test_a_key_is_stored_read_back_by_the_next_daemon_and_removed(bus: SessionBus, tmp_path: Path) -> None:
    first = bus.keyring(PASSWORD)
    assert keyring_of(bus).read(NAME).state is State.EMPTY
    assert keyring_of(bus).store(KEY) == Finding(State.OK, store="Secret Service keyring", key=KEY)

    for path in bus.files:
        assert b"0123456789" not in path.read_bytes(), f"{path} holds the secret as it is"
    first.kill()
    first.wait()
    bus.keyring(PASSWORD)
    found = keyring_of(bus).read(NAME)
    assert found.state is State.OK
    assert found.key is not None
    assert found.key.kid == "kid-é-0123"
    assert found.key.secret.reveal() == "s3cr3t-é-☃-0123456789"

    assert keyring_of(bus).remove(NAME).state is State.OK
    assert keyring_of(bus).remove(NAME).state is State.EMPTY
    empty = keyring_of(bus).read(NAME)
    assert (empty.state, empty.key) == (State.EMPTY, None)
    assert empty.fix == "tui-trader keys add phemex --env testnet"


def test_another_key_in_its_place_and_those_of_other_accounts_beside_it(bus: SessionBus) -> None:
    bus.keyring(PASSWORD)
    live = StoredKey(KeyName("phemex", "live", "main"), "other", Secret("other"))
    assert keyring_of(bus).store(live).state is State.OK
    assert keyring_of(bus).store(KEY).state is State.OK
    again = StoredKey(NAME, "second", Secret("second"))
    assert keyring_of(bus).store(again).key == again
    assert keyring_of(bus).read(NAME).key == again
    assert keyring_of(bus).read(live.name).key == live


def test_what_is_filed_can_be_seen_with_the_systems_own_tool(bus: SessionBus) -> None:
    bus.keyring(PASSWORD)
    keyring_of(bus).store(KEY)
    told = subprocess.run(
        ["secret-tool", "lookup", "service", SERVICE, "username", "phemex/testnet/main/secret"],
        env=bus.environ,
        capture_output=True,
        check=True,
        timeout=PATIENCE_S,
    )
    assert json.loads(told.stdout) == {
        "v": 1,
        "for": "phemex/testnet/main",
        "kid": "kid-é-0123",
        "secret": "s3cr3t-é-☃-0123456789",
    }


def test_the_command_that_is_named_unlocks(bus: SessionBus) -> None:
    """The very line, as a shell runs it, with the password typed where it asks."""
    first = bus.keyring(PASSWORD)
    keyring_of(bus).store(KEY)
    first.kill()
    first.wait()
    bus.keyring(None)
    locked = keyring_of(bus).read(NAME)
    assert (locked.state, locked.fix) == (State.LOCKED, UNLOCK)
    subprocess.run(
        ["sh", "-c", locked.fix],
        env=bus.environ,
        input=f"{PASSWORD}\n".encode(),
        check=True,
        timeout=PATIENCE_S,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert until(bus, State.OK).key == KEY


def until(bus: SessionBus, state: State) -> Finding:
    """Ask again until the daemon that was replaced has left the bus."""
    for _ in range(100):
        found = keyring_of(bus).read(NAME)
        if found.state is state:
            return found
    raise AssertionError(found.sentence)


# -- every row of what was measured -----------------------------------------------------------------------------------------


def test_no_bus(bus: SessionBus) -> None:
    found = gone(bus, None).read(NAME)
    assert found.state is State.NONE
    assert "no D-Bus session" in found.cause
    assert found.fix == VAULT or found.fix.startswith("export DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/")


def test_a_dead_bus(bus: SessionBus) -> None:
    for address in ("unix:path=/nonexistent/bus", "bogus:", "tcp:host=127.0.0.1,port=1", "x"):
        found = gone(bus, address).read(NAME)
        assert (found.state, found.fix) == (State.NONE, VAULT), address
        assert "DBUS_SESSION_BUS_ADDRESS" in found.cause


def test_a_bus_whose_daemon_can_be_started_and_has_no_keyring(bus: SessionBus) -> None:
    for found in (keyring_of(bus).read(NAME), keyring_of(bus).store(KEY)):
        assert (found.state, found.fix) == (State.NONE, UNLOCK)
        assert "has no keyring yet" in found.cause


def test_a_locked_keyring(bus: SessionBus) -> None:
    bus.keyring(PASSWORD).kill()
    bus.keyring(None)
    for found in (keyring_of(bus).look(), keyring_of(bus).read(NAME), keyring_of(bus).store(KEY), keyring_of(bus).remove(NAME)):
        assert (found.state, found.fix) == (State.LOCKED, UNLOCK)
        assert "locked" in found.cause


@pytest.mark.parametrize("typed", ["wrong", f"{PASSWORD}\n"], ids=["wrong password", "line end after the password"])
def test_a_keyring_unlocked_with_the_wrong_password(bus: SessionBus, typed: str) -> None:
    bus.keyring(PASSWORD).kill()
    bus.keyring(typed)
    found = keyring_of(bus).read(NAME)
    assert (found.state, found.fix) == (State.LOCKED, UNLOCK)


def test_a_daemon_that_hangs_is_given_up_after_the_limit(bus: SessionBus) -> None:
    daemon = bus.keyring(PASSWORD)
    bus.stop(daemon)
    found = Preflight(bus.environ).read(NAME)  # the limit of the program itself
    assert found.state is State.HUNG
    assert found.cause == "the keyring did not answer within 5 seconds"
    assert found.fix == f"{KILL}; {UNLOCK}"
    assert daemon.poll() is None, "it still hangs: it was not woken by what was asked of it"


PRESCRIBED = [
    ("keyring.backends.null.Keyring", "keeps nothing"),
    ("keyring.backends.fail.Keyring", "placeholder"),
    ("keyring.backends.chainer.ChainerBackend", "plain text"),
    ("keyrings.alt.file.PlaintextKeyring", "plain text"),
    ("keyrings.cryptfile.cryptfile.CryptFileKeyring", "no key store of the operating system"),
    ("no.such.Backend", "no key store of the operating system"),
    ("\x1b]0;x\x07", "no key store of the operating system"),
]


def test_a_prescribed_backend_that_is_not_on_the_list_is_refused_by_name(bus: SessionBus) -> None:
    for backend, why in PRESCRIBED:
        found = keyring_of(bus, PYTHON_KEYRING_BACKEND=backend).read(NAME)
        assert found.state is State.REFUSED
        assert why in found.cause
        assert found.fix == "unset PYTHON_KEYRING_BACKEND"
        assert "\x1b" not in found.cause
        if backend.isprintable():
            assert backend in found.cause


def test_nothing_is_stored_through_the_null_backend(bus: SessionBus) -> None:
    bus.keyring(PASSWORD)
    assert keyring_of(bus, PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring").store(KEY).state is State.REFUSED
    assert keyring_of(bus).read(NAME).state is State.EMPTY


def test_a_backend_prescribed_in_the_librarys_own_file(bus: SessionBus) -> None:
    bus.keyring(PASSWORD)
    folder = bus.folder / "config" / "python_keyring"
    folder.mkdir()
    file = folder / "keyringrc.cfg"
    file.write_text("[backend]\ndefault-keyring=keyring.backends.null.Keyring\n")
    found = keyring_of(bus).read(NAME)
    assert found.state is State.REFUSED
    assert str(file) in found.cause
    subprocess.run(["sh", "-c", found.fix], check=True)
    assert keyring_of(bus).read(NAME).state is State.EMPTY


def test_a_listed_backend_may_be_prescribed(bus: SessionBus) -> None:
    bus.keyring(PASSWORD)
    named = keyring_of(bus, PYTHON_KEYRING_BACKEND="keyring.backends.SecretService.Keyring")
    assert named.store(KEY).state is State.OK
    wallet = keyring_of(bus, PYTHON_KEYRING_BACKEND="keyring.backends.kwallet.DBusKeyring").read(NAME)
    assert wallet.state is State.NONE
    assert "KDE wallet" in wallet.cause


def test_a_plain_text_backend_of_another_package_is_refused_by_name_where_nothing_else_is(bus: SessionBus) -> None:
    """As with keyrings.alt, which the library falls back to without a word: the backend here is our own, made for the test."""
    site = third_party(bus.folder)
    plain = bus.folder / "plain"
    plain.write_bytes(base64.b64encode(encode(KEY).encode()))
    asked = subprocess.run(
        [sys.executable, "-c", f"import keyring; print(keyring.get_password({SERVICE!r}, {NAME.user!r}) is not None)"],
        env={**gone(bus, None)._environ, "PYTHONPATH": site},
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )
    assert asked.stdout == "True\n", "the library itself takes it, or this shows nothing"
    (bus.folder / "asked").unlink()

    environ = {**gone(bus, None)._environ, "PYTHONPATH": site}
    for found in (Preflight(environ, limit_s=PATIENCE_S).read(NAME), Preflight(environ, limit_s=PATIENCE_S).store(KEY)):
        assert (found.state, found.fix, found.key) == (State.REFUSED, VAULT, None)
        assert "plain_keyring.file (is no key store of the operating system)" in found.cause
    assert not (bus.folder / "asked").exists()

    bus.keyring(PASSWORD)
    assert keyring_of(bus, PYTHONPATH=site).read(NAME).state is State.EMPTY, "beside a real keyring it does not matter"
    assert not (bus.folder / "asked").exists()


FOREIGN = [
    (b"garbage", "was not written by tui-trader"),
    (b"\xff\xfe\x00", "was not written by tui-trader"),
    (b"", "was not written by tui-trader"),
    (b'{"v": true}', "was not written by tui-trader"),
    (b"[" * 5_000, "was not written by tui-trader"),
    (b'{"v": 2}', "another version"),
    (b'{"v": 1, "for": "phemex/testnet/main", "kid": 1, "secret": "s"}', "is damaged"),
    (b'{"v": 1, "for": "phemex/live/main", "kid": "k", "secret": "s"}', "the key of another account"),
]


def test_an_entry_that_is_not_ours(bus: SessionBus) -> None:
    import secretstorage
    from jeepney.io.blocking import open_dbus_connection

    bus.keyring(PASSWORD)
    with open_dbus_connection(bus.address) as connection:
        collection = secretstorage.get_default_collection(connection)
        for entry, why in FOREIGN:
            attributes = {"service": SERVICE, "username": NAME.user, "application": "Python keyring library"}
            collection.create_item("x", attributes, entry, replace=True)
            found = keyring_of(bus).read(NAME)
            assert (found.state, found.key) == (State.REFUSED, None), entry
            assert why in found.cause
            assert found.fix == "tui-trader keys add phemex --env testnet --replace"
            assert "garbage" not in found.sentence


# -- what cannot run here ----------------------------------------------------------------------------------------------------


def test_every_system_has_its_own_stores_and_no_others() -> None:
    everywhere = {name for system in ("linux", "darwin", "win32", "freebsd14") for name in candidates_of(system)}
    assert everywhere == set(TITLES)
    assert candidates_of("darwin") == ["keyring.backends.macOS.Keyring"]
    assert candidates_of("win32") == ["keyring.backends.Windows.WinVaultKeyring"]


# -- the child ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "program",
    [
        "pass",
        "print('no json')",
        "print('{}')",
        "print('[]')",
        "print('null')",
        'print(\'{"state":"GOOD","cause":"","fix":"","store":""}\')',
        "import os; os.kill(os.getpid(), 9)",
        "print('x' * 200_000)",
    ],
)
def test_a_child_that_says_nothing_sensible_is_not_believed(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr("tui_trader.secrets.preflight._COMMAND", (sys.executable, "-S", "-c", program))
    found = Preflight(limit_s=PATIENCE_S).read(NAME)
    assert (found.state, found.key) == (State.NONE, None)
    assert "without an answer" in found.cause


def test_a_child_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_trader.secrets.preflight._COMMAND", ("/nonexistent",))
    assert Preflight().read(NAME).state is State.NONE


def test_a_dialog_of_the_desktop_may_take_as_long_as_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = json.dumps({"state": "EMPTY", "cause": "", "fix": "", "store": ""})
    program = f'import sys,time\nprint(\'{{"event":"prompt"}}\', flush=True)\nsys.stdin.readline()\nprint({answer!r})'
    monkeypatch.setattr("tui_trader.secrets.preflight._COMMAND", (sys.executable, "-S", "-c", program))
    asked: list[int] = []
    assert Preflight(limit_s=PATIENCE_S, on_prompt=lambda: asked.append(1)).read(NAME).state is State.EMPTY
    assert asked == [1]


def test_the_child_is_given_no_secrets_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    program = (
        "import json,os\n"
        "seen = sorted(n for n in os.environ if n.startswith('PHEMEX') or n == 'KEPT')\n"
        "print(json.dumps({'state': 'NONE', 'cause': ','.join(seen), 'fix': '', 'store': ''}))"
    )
    monkeypatch.setattr("tui_trader.secrets.preflight._COMMAND", (sys.executable, "-S", "-c", program))
    environ = {"PHEMEX_API_SECRET": "hush", "PHEMEX_API_KEY": "k", "KEPT": "1"}
    assert Preflight(environ, limit_s=PATIENCE_S).read(NAME).cause == "KEPT"


@pytest.mark.parametrize("text", ["", "a/b/c", "Phemex", "phemex/", "/main", "phemex/a b", "phemex/../x", "é"])
def test_names_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match="VENUE/ACCOUNT"):
        KeyName.parse(text, "testnet")


def test_names() -> None:
    assert KeyName.parse("phemex", "live") == KeyName("phemex", "live", "main")
    name = KeyName.parse("phemex/scalp-2", "testnet")
    assert (name.text, name.user) == ("phemex/testnet/scalp-2", "phemex/testnet/scalp-2/secret")
    assert (name.words, NAME.words) == ("phemex/scalp-2 --env testnet", "phemex --env testnet")


def test_a_key_shows_nothing_of_itself_but_its_last_characters() -> None:
    assert "0123" not in repr(KEY)
    assert (KEY.tail, StoredKey(NAME, "1234567", Secret("s")).tail) == ("…0123", "…")
    seen = repr(Finding(State.OK, key=KEY))
    assert "kid" not in seen
