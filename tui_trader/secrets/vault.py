"""The sealed vault: every key in one file, for hosts without a key store. It is made on request only, never as a way out.

The passphrase stays in memory while the vault is open, because every write seals anew. What the bytes of the file mean is
``sealed``'s; here is the file, and who may change it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tui_trader.core.error import RefusedError
from tui_trader.secrets.entry import KeyName, StoredKey, decode, encode
from tui_trader.secrets.private_file import read_private, write_private
from tui_trader.secrets.sealed import MAX_SEALED, SHUT, STRONG, Cost, Derive, derive_key, seal, unseal
from tui_trader.secrets.secret import Secret

FILE: Final = "vault.bin"
SHORTEST: Final = 8
"""Characters of the shortest passphrase that is taken."""

VERSION: Final = 1

Keys = dict[KeyName, StoredKey]


class Vault:
    """One vault file; locked until ``unlock``."""

    def __init__(self, path: Path, cost: Cost | None = None, derive: Derive | None = None) -> None:
        """Nothing is read or written yet; ``cost`` is what the next write is sealed with, STRONG unless told."""
        self.path = path
        self._cost = cost or STRONG
        self._derive = derive or derive_key
        self._passphrase: Secret | None = None
        self._keys: Keys = {}

    @property
    def exists(self) -> bool:
        """Whether there is something at its place, usable or not."""
        return os.path.lexists(self.path)

    @property
    def is_open(self) -> bool:
        """Whether it was unlocked."""
        return self._passphrase is not None

    def create(self, passphrase: Secret) -> None:
        """Make an empty vault and leave it open; raises RefusedError when one is there, or the passphrase is too short."""
        _check(passphrase)
        write_private(self.path, self._sealed({}, passphrase), replace=False)
        self._passphrase, self._keys = passphrase, {}

    def unlock(self, passphrase: Secret) -> None:
        """Open it; raises RefusedError when there is none, it is not private, or it does not open."""
        self._keys = self._read(passphrase)
        self._passphrase = passphrase

    def lock(self) -> None:
        """Forget the passphrase and the keys that were not handed out."""
        self._passphrase = None
        self._keys = {}

    def names(self) -> list[KeyName]:
        """Return whose keys it holds."""
        return sorted(self._keys)

    def get(self, name: KeyName) -> StoredKey | None:
        """Return a key; None when it holds none of that name."""
        return self._keys.get(name)

    def store(self, key: StoredKey) -> None:
        """Put a key in, in place of the one there is; on the disk when this returns."""
        self._change(lambda keys: keys | {key.name: key})

    def remove(self, name: KeyName) -> bool:
        """Take a key out; False when there was none."""
        known = name in self._keys
        if known:
            self._change(lambda keys: {one: key for one, key in keys.items() if one != name})
        return known

    def change_passphrase(self, fresh: Secret) -> None:
        """Seal it with another passphrase from now on; the old one opens copies made before, and nothing else."""
        _check(fresh)
        self._change(lambda keys: keys, fresh)

    def backup(self, path: Path) -> None:
        """Write a copy that this passphrase opens, which was tried; a file that is there is not overwritten."""
        with self._held():
            sealed = self._bytes()
            unseal(sealed, self._known(), self._derive)
            write_private(path, sealed, replace=False)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _known(self) -> Secret:
        if self._passphrase is None:
            raise RefusedError("the vault is locked")
        return self._passphrase

    def _change(self, change: Callable[[Keys], Keys], fresh: Secret | None = None) -> None:
        """Change what stands in the file now, which another process may have written meanwhile."""
        with self._held():
            passphrase = self._known()
            keys = change(self._read(passphrase))
            write_private(self.path, self._sealed(keys, fresh or passphrase))
            self._keys = keys
            self._passphrase = fresh or passphrase

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        """Keep other processes from changing it meanwhile."""
        place = self.path.with_name(f".{self.path.name}.lock")
        try:
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise RefusedError(f"{place} cannot be written: {error.strerror}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise RefusedError("another tui-trader is writing the vault; try again") from None
        finally:
            os.close(descriptor)

    def _bytes(self) -> bytes:
        sealed = read_private(self.path, MAX_SEALED)
        if sealed is None:
            raise RefusedError(f"there is no vault at {self.path}; type: tui-trader keys init-vault")
        return sealed

    def _read(self, passphrase: Secret) -> Keys:
        content = unseal(self._bytes(), passphrase, self._derive)
        try:
            told = json.loads(content)
            if told["v"] != VERSION:
                raise RefusedError("the vault was written by another version of tui-trader")
            names = [KeyName(*text.split("/")) for text in told["keys"]]
            return {name: decode(name, told["keys"][name.text]) for name in names}
        except (ValueError, TypeError, KeyError, AttributeError):  # sealed by us, and not as we do
            raise RefusedError(SHUT) from None

    def _sealed(self, keys: Keys, passphrase: Secret) -> bytes:
        content = json.dumps({"v": VERSION, "keys": {name.text: encode(key) for name, key in sorted(keys.items())}}).encode()
        return seal(content, passphrase, self._cost, secrets.token_bytes(16), secrets.token_bytes(12), self._derive)


def _check(passphrase: Secret) -> None:
    if len(passphrase.reveal()) < SHORTEST:
        raise RefusedError(f"a passphrase of at least {SHORTEST} characters is needed; several words are best")
