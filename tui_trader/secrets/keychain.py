"""The operating system's key store, through the four backends that keep secrets sealed, each asked by its class.

The library's own choice of a backend is never taken: with a third-party package installed it falls back to plain text, and its
null backend takes a secret and keeps nothing. Every call here may block for ever, so that all of this runs in a process of its
own (``errand``) that can be killed.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Mapping
from configparser import ConfigParser
from configparser import Error as IniError
from pathlib import Path
from typing import Any, Final, Protocol

from tui_trader.core.error import RefusedError
from tui_trader.core.sanitise import sanitise
from tui_trader.secrets.entry import SERVICE, KeyName, StoredKey, decode, encode
from tui_trader.secrets.finding import Finding, State

SECRET_SERVICE: Final = "keyring.backends.SecretService.Keyring"
KWALLET: Final = "keyring.backends.kwallet.DBusKeyring"
MACOS: Final = "keyring.backends.macOS.Keyring"
WINDOWS: Final = "keyring.backends.Windows.WinVaultKeyring"

TITLES: Final[Mapping[str, str]] = {
    SECRET_SERVICE: "Secret Service keyring",
    KWALLET: "KDE wallet",
    MACOS: "macOS keychain",
    WINDOWS: "Windows credential store",
}
"""The backends that may be used; every other one is refused by its name."""

WHY_NOT: Final[Mapping[str, str]] = {
    "null": "keeps nothing: what is stored is gone at once",
    "fail": "is a placeholder that fails at every use",
    "chainer": "may pass a secret on to a backend that keeps it in plain text",
    "plaintext": "keeps secrets in a file in plain text",
}
_THIRD_PARTY: Final = "is no key store of the operating system"
_OURS: Final = ("keyring.", "keyring:")

_INTO_DAEMON: Final = "gnome-keyring-daemon --replace --unlock --components=secrets"
UNLOCK: Final = f"""bash -c 'read -rsp "Keyring password: " P; printf %s "$P" | {_INTO_DAEMON}'"""
"""Unlocks a login keyring over SSH, or makes one with this password; ``printf``, because a line end would be a part of it."""

KILL: Final = 'pkill -KILL -u "$(id -u)" -x gnome-keyring-d'
VAULT: Final = "tui-trader keys init-vault"
MACOS_UNLOCK: Final = "security unlock-keychain"

_MACOS_LOCKED: Final = "-25308"
"""errSecInteractionNotAllowed, SecBase.h: the keychain is locked and nobody can be asked, as over SSH."""


class _Backend(Protocol):
    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


class Unavailable(Exception):
    """The key store cannot be used; ``finding`` says how it is."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.sentence)
        self.finding = finding


class Keychain:
    """The key store of this system. Every method may block."""

    def __init__(self, environ: Mapping[str, str], on_prompt: Callable[[], None] = lambda: None) -> None:
        """``on_prompt`` is called before a dialog of the desktop asks the user for a password.

        Raises Unavailable when there is no store that may be used.
        """
        self._environ = environ
        self._on_prompt = on_prompt
        self._backend: _Backend
        self.class_name = self._choose()
        self.title = TITLES[self.class_name]

    def look(self) -> Finding:
        """Say whether the store is open."""
        return self._guarded(lambda: self._found(State.OK))

    def read(self, name: KeyName) -> Finding:
        """Look for a key."""

        def read() -> Finding:
            try:
                text = self._backend.get_password(SERVICE, name.user)
            except UnicodeDecodeError:
                raise RefusedError(f"the entry {name.user} was not written by tui-trader") from None
            if text is None:
                return self._found(State.EMPTY, f"no key for {name.text} is stored", f"tui-trader keys add {name.words}")
            return Finding(State.OK, store=self.title, key=decode(name, text))

        return self._guarded(read, name)

    def store(self, key: StoredKey) -> Finding:
        """Store a key in place of the one there is, and read it back."""

        def store() -> Finding:
            self._backend.set_password(SERVICE, key.name.user, encode(key))
            return self.read(key.name)

        found = self._guarded(store, key.name)
        if found.state is State.OK and found.key != key:
            return self._found(State.REFUSED, "the key that was stored does not read back as it was given", VAULT)
        return found

    def remove(self, name: KeyName) -> Finding:
        """Remove a key; EMPTY when there was none."""

        def remove() -> Finding:
            if self._backend.get_password(SERVICE, name.user) is None:
                return self._found(State.EMPTY, f"no key for {name.text} is stored")
            self._backend.delete_password(SERVICE, name.user)
            return self._found(State.OK)

        return self._guarded(remove, name)

    # -- which -----------------------------------------------------------------------------------------------------

    def _choose(self) -> str:
        """Return the class to use, and make it ready."""
        named = forced(self._environ)
        if named and named[0] not in TITLES:
            raise Unavailable(refusal(*named))
        candidates = [named[0]] if named else candidates_of(sys.platform)
        whys: list[Finding] = []
        for class_name in candidates:
            try:
                self._backend = self._ready(class_name)
                return class_name
            except Unavailable as error:
                whys.append(error.finding)
        others = strangers()
        if others:
            listed = ", ".join(f"{name} ({why})" for name, why in others)
            raise Unavailable(Finding(State.REFUSED, f"{whys[0].cause}; what is installed instead is refused: {listed}", VAULT))
        raise Unavailable(whys[0])

    def _ready(self, class_name: str) -> _Backend:
        if class_name == SECRET_SERVICE:
            self._reach_service()
        module, _, name = class_name.rpartition(".")
        try:
            kind: Any = getattr(importlib.import_module(module), name)
            if class_name != SECRET_SERVICE and not kind.viable:
                raise RuntimeError("not viable")
            backend: _Backend = kind()
        except (ImportError, AttributeError, RuntimeError, OSError) as error:
            raise Unavailable(self._nothing(f"the {TITLES[class_name]} is not usable here ({type(error).__name__})")) from None
        return backend

    def _reach_service(self) -> None:
        """See that the session bus leads to a Secret Service; the library would say the same in four different ways."""
        address = self._environ.get("DBUS_SESSION_BUS_ADDRESS", "")
        try:
            import secretstorage
            from secretstorage.exceptions import SecretStorageException
        except ImportError:
            raise Unavailable(self._nothing("the package SecretStorage is not installed")) from None
        try:
            connection = secretstorage.dbus_init()
        except (SecretStorageException, OSError, ValueError, RuntimeError, EOFError):
            if address:
                raise Unavailable(self._nothing("no session bus answers at DBUS_SESSION_BUS_ADDRESS")) from None
            socket = Path(f"/run/user/{os.geteuid()}/bus")
            fix = f"export DBUS_SESSION_BUS_ADDRESS=unix:path={socket}" if socket.is_socket() else VAULT
            raise Unavailable(self._nothing("this login has no D-Bus session, so no keyring can be reached", fix)) from None
        try:
            if not secretstorage.check_service_availability(connection):
                raise Unavailable(self._nothing("no keyring program (gnome-keyring, KeePassXC) is on the session bus"))
            try:
                locked = bool(secretstorage.Collection(connection).is_locked())
            except SecretStorageException:
                if not self._has_display:
                    cause = "the Secret Service runs and has no keyring yet"
                    raise Unavailable(Finding(State.NONE, cause, UNLOCK, TITLES[SECRET_SERVICE])) from None
                locked = True  # whoever stores the first key is asked to make one
            if locked and not self._has_display:
                cause = "the keyring is locked, as it is after a login with a public key"
                raise Unavailable(Finding(State.LOCKED, cause, UNLOCK, TITLES[SECRET_SERVICE]))
            if locked:
                self._on_prompt()
        finally:
            connection.close()

    @property
    def _has_display(self) -> bool:
        return bool(self._environ.get("DISPLAY") or self._environ.get("WAYLAND_DISPLAY"))

    # -- how it went -----------------------------------------------------------------------------------------------

    def _guarded(self, work: Callable[[], Finding], name: KeyName | None = None) -> Finding:
        """Give every way in which a backend can fail its name."""
        from keyring.errors import InitError, KeyringError, KeyringLocked

        try:
            return work()
        except RefusedError as error:
            fix = f"tui-trader keys add {name.words} --replace" if name else ""
            return self._found(State.REFUSED, error.message, fix)
        except KeyringLocked:
            return self._found(State.LOCKED, f"the {self.title} stayed locked", self._unlock)
        except InitError:
            return self._found(State.NONE, f"the {self.title} has no keyring yet and could not make one", self._unlock)
        except KeyringError as error:
            if self.class_name == MACOS and _MACOS_LOCKED in str(error):
                return self._found(State.LOCKED, "the keychain is locked, as it is over SSH", MACOS_UNLOCK)
            return self._found(State.NONE, f"the {self.title} failed ({type(error).__name__})", VAULT)
        except (RuntimeError, OSError, ValueError, EOFError) as error:  # what the backends let through of their libraries
            return self._found(State.NONE, f"the {self.title} failed ({type(error).__name__})", VAULT)

    @property
    def _unlock(self) -> str:
        return {SECRET_SERVICE: UNLOCK, MACOS: MACOS_UNLOCK}.get(self.class_name, VAULT)

    def _found(self, state: State, cause: str = "", fix: str = "") -> Finding:
        return Finding(state, cause, fix, self.title)

    @staticmethod
    def _nothing(cause: str, fix: str = VAULT) -> Finding:
        return Finding(State.NONE, cause, fix)


def candidates_of(platform: str) -> list[str]:
    """Return the backends of a system, the first choice first."""
    if platform == "darwin":
        return [MACOS]
    return [WINDOWS] if platform.startswith("win") else [SECRET_SERVICE, KWALLET]


def forced(environ: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Return the backend that somebody prescribed for the library, where, and what takes it back; None if nobody did."""
    if name := environ.get("PYTHON_KEYRING_BACKEND"):
        return name, "PYTHON_KEYRING_BACKEND", "unset PYTHON_KEYRING_BACKEND"
    from keyring.util import platform_ as platform

    path = Path(str(platform.config_root())) / "keyringrc.cfg"
    parser = ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
        name = parser.get("backend", "default-keyring", fallback="").strip()
    except (OSError, IniError, UnicodeDecodeError):
        return None
    return (name, str(path), f"sed -i '/^default-keyring/d' '{path}'") if name else None


def refusal(class_name: str, where: str, fix: str) -> Finding:
    """Return the refusal of a backend that was prescribed."""
    return Finding(State.REFUSED, f"{where} names {sanitise(class_name, 80)}, which {why_not(class_name)}", fix)


def why_not(class_name: str) -> str:
    """Say what is wrong with a backend that is not on the list."""
    small = class_name.lower()
    if "plaintext" not in small and not small.startswith(_OURS):
        return _THIRD_PARTY
    return next((why for word, why in WHY_NOT.items() if word in small), _THIRD_PARTY)


def strangers() -> list[tuple[str, str]]:
    """Return the backends of other packages that are installed, with what is wrong with each; none of them is imported."""
    from importlib.metadata import entry_points

    names = sorted({one.value for one in entry_points(group="keyring.backends") if not one.value.startswith(_OURS)})
    return [(name := sanitise(value.replace(":", "."), 60), why_not(name)) for value in names]
