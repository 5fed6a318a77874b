"""Where keys are: the system's keyring and the sealed vault behind one door, with the register that says which holds what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tui_trader.core.error import RefusedError, TraderError
from tui_trader.secrets import register as registers
from tui_trader.secrets import vault as vaults
from tui_trader.secrets.entry import KeyName, StoredKey
from tui_trader.secrets.finding import Finding, State
from tui_trader.secrets.preflight import Preflight
from tui_trader.secrets.register import KEYRING, VAULT, Register, Row
from tui_trader.secrets.secret import Secret
from tui_trader.secrets.vault import Vault

TITLES: Final[Mapping[str, str]] = {KEYRING: "the system's keyring", VAULT: "the vault"}

AskPassphrase = Callable[[], Secret]


class KeyStoreError(TraderError):
    """A key cannot be had; ``code`` is the state of the store and ``fix`` the command that helps."""

    title = "No key"

    def __init__(self, message: str, *, state: State, fix: str = "") -> None:
        super().__init__(message, code=state.value)
        self.fix = fix


class Stores:
    """The stores of one user."""

    def __init__(self, config_dir: Path, state_dir: Path, *, keyring: Preflight, vault: Vault | None = None) -> None:
        self.keyring = keyring
        self.vault = vault or Vault(config_dir / vaults.FILE)
        self.register = Register(state_dir / registers.FILE)

    def place_of(self, name: KeyName) -> str:
        """Return which store has a key, ``keyring`` or ``vault``; empty when none has.

        A vault that came here without its register, as with a copy from another machine, is asked for everything.
        """
        row = self.register.find(name)
        if row is not None:
            return row.store
        return VAULT if self.vault.exists and not self.register.rows() else ""

    def read(self, name: KeyName, passphrase: AskPassphrase) -> StoredKey:
        """Return a key from where it is; ``passphrase`` is asked for the vault's. Raises KeyStoreError or RefusedError."""
        place = self.place_of(name) or KEYRING  # one may have been stored here before the register was lost
        if place == KEYRING:
            return taken(self.keyring.read(name), name)
        if not self.vault.is_open:
            self.vault.unlock(passphrase())
        return self.from_vault(name)

    def from_vault(self, name: KeyName) -> StoredKey:
        """Return a key from the open vault; raises KeyStoreError when it holds none of that name."""
        key = self.vault.get(name)
        if key is None:
            raise KeyStoreError(
                f"EMPTY: the vault holds no key for {name.text}", state=State.EMPTY, fix=f"tui-trader keys add {name.words}"
            )
        return key

    def add(self, key: StoredKey, place: str, passphrase: AskPassphrase, now: str, *, replace: bool = False) -> Row:
        """Store a key and write its row; returns the row. Raises KeyStoreError or RefusedError, and then nothing was stored."""
        old = self.register.find(key.name)
        if old is not None and not replace:
            raise RefusedError(
                f"a key for {key.name.text} is stored already ({old.tail}); give --replace to put this one in its place"
            )
        other = self.register.elsewhere(key)
        if other is not None:
            raise RefusedError(
                f"this key is stored for {other.name.text}: a key belongs to one environment, and no other host may see it"
            )
        row = Row.of(key, place, now)
        if place == VAULT:
            if not self.vault.is_open:
                self.vault.unlock(passphrase())
            self.vault.store(key)
        else:
            taken(self.keyring.store(key), key.name)
        self.register.put(row)
        if old is not None and old.store != place:
            self._remove_from(old.store, key.name, passphrase)
        return row

    def remove(self, name: KeyName, passphrase: AskPassphrase) -> None:
        """Remove a key and its row; raises KeyStoreError when there was none or its store cannot be reached."""
        place = self.place_of(name) or KEYRING
        self._remove_from(place, name, passphrase)
        self.register.drop(name)

    def _remove_from(self, place: str, name: KeyName, passphrase: AskPassphrase) -> None:
        if place == VAULT:
            if not self.vault.is_open:
                self.vault.unlock(passphrase())
            if not self.vault.remove(name):
                self.register.drop(name)
                raise KeyStoreError(f"EMPTY: the vault holds no key for {name.text}", state=State.EMPTY)
            return
        found = self.keyring.remove(name)
        if found.state is State.EMPTY:
            self.register.drop(name)
        if found.state is not State.OK:
            raise unavailable(found, name)


def taken(found: Finding, name: KeyName) -> StoredKey:
    """Return the key that was found; raises KeyStoreError when there is none."""
    if found.key is None:
        raise unavailable(found, name)
    return found.key


def unavailable(found: Finding, name: KeyName) -> KeyStoreError:
    """Return why the key of an account cannot be had."""
    words = f"{found.state}: the key of {name.text} is not to be had: {found.cause}"
    return KeyStoreError(words, state=found.state, fix=found.fix)
