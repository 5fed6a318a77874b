"""From a configuration to what signs: where an account's key is, what has to be asked for it, and what must not happen.

It is asked before the terminal is taken over: a keyring that hangs or asks does so where one can see it.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tui_trader.cli.options import needs_key
from tui_trader.core.error import RefusedError, UsageError
from tui_trader.desk.environment import Environment
from tui_trader.desk.locations import Locations
from tui_trader.secrets.command import read_from_command
from tui_trader.secrets.entry import KeyName, StoredKey, checked
from tui_trader.secrets.preflight import Preflight
from tui_trader.secrets.register import VAULT
from tui_trader.secrets.secret import Secret
from tui_trader.secrets.stores import KeyStoreError, Stores, taken
from tui_trader.secrets.surroundings import names_of, secrets_of

if TYPE_CHECKING:
    from tui_trader.desk.config import Config
    from tui_trader.venues.base import Credential, Endpoints, Venue


class Wants(StrEnum):
    """What the terminal has to ask for before there is a key."""

    PASSPHRASE = "passphrase"
    KEY = "key"
    """Its id and its secret, for this session only."""


@dataclass(slots=True)
class Access:
    """What is known of an account's key before the connection is made."""

    name: KeyName
    stores: Stores
    key: StoredKey | None = None
    wants: Wants | None = None
    without: bool = False
    """Whether the trader goes on without a key."""
    note: str = ""
    """What a trader must know about it, in one sentence."""

    def unlock(self, passphrase: Secret) -> None:
        """Take the key out of the vault; raises RefusedError or KeyStoreError when that is not to be had."""
        self.stores.vault.unlock(passphrase)
        try:
            self.key = self.stores.from_vault(self.name)
        finally:
            self.stores.vault.lock()
        self.wants = None

    def type_in(self, kid: str, secret: str) -> None:
        """Take a key that was typed, for this session; raises RefusedError when it is none."""
        key = checked(self.name, kid, secret)
        other = self.stores.register.elsewhere(key)
        if other is not None:
            raise RefusedError(f"this key is stored for {other.name.text}, and is not shown to another host")
        self.key = key
        self.wants = None

    def go_without(self) -> None:
        """Leave it: market data only."""
        self.wants, self.without = None, True
        self.note = f"no key for {self.name.text}: market data only"


def stores_of(environ: Mapping[str, str] = os.environ) -> Stores:
    """Return the stores of this user."""
    from tui_trader.cli.ask import say

    places = Locations.find(environ)
    keyring = Preflight(environ, on_prompt=lambda: say("the keyring asks for its password in a window of the desktop"))
    return Stores(places.config_dir, places.state_dir, keyring=keyring)


def look(
    config: Config, args: argparse.Namespace, *, on_screen: bool = False, environ: Mapping[str, str] = os.environ
) -> Access | None:
    """Return the access to the configured account's key; None where none is needed.

    With ``on_screen`` nothing is asked here: ``wants`` says what the screen has to ask. Raises RefusedError, UsageError or
    KeyStoreError when there should be a key and it cannot be had.
    """
    general = config.settings.general
    if not needs_key(args, general.env):
        return None
    if general.env in (Environment.LIVE, Environment.TESTNET):
        from tui_trader.venues.registry import load

        load(general.venue).addresses(general.env.value)  # a key for what the venue does not have would be of no use
    access = Access(KeyName(general.venue, general.env.value, general.account), stores_of(environ))
    access.note = check_surroundings(general.venue, general.env, environ)
    if getattr(args, "no_key", False):
        if not on_screen:
            raise UsageError("--no-key is for the terminal: this command asks about an account")
        access.go_without()
        return access
    if getattr(args, "ask_key", False):
        access.wants = Wants.KEY
    elif command := config.settings.venue(general.venue).secret_command:
        access.key = taken(read_from_command(command, access.name, environ), access.name)
    elif place := access.stores.place_of(access.name):
        if place == VAULT:
            access.wants = Wants.PASSPHRASE
        else:
            access.key = access.stores.read(access.name, _never)
    elif general.env is not Environment.CUSTOM:  # there, an exchange of ours says its key itself
        _none_stored(access, on_screen=on_screen)
    if access.wants is not None and not (on_screen and _can_be_asked_later(args, environ)):
        _ask(access, args, environ)
    return access


def check_surroundings(venue: str, env: Environment, environ: Mapping[str, str]) -> str:
    """Refuse secrets in the environment where money is real; return what to say about them elsewhere, mostly nothing."""
    seen = secrets_of([venue], environ)
    if not seen:
        return ""
    listed = " ".join(seen)
    told = (
        f"secrets stand in the environment ({', '.join(seen)}), where every program that you start can read them; store them once"
        f" (tui-trader keys import {venue} --env {env.value} --from-env; it takes {' and '.join(names_of(venue))}),"
        f" then type: unset {listed}"
    )
    if env is Environment.LIVE:
        raise RefusedError(f"refused with real money: {told}")
    return told


def credential_for(key: StoredKey, venue: Venue, env: Environment, endpoints: Endpoints) -> Credential:
    """Return what signs, once it is certain that the key goes where it belongs; raises RefusedError when it does not."""
    from tui_trader.venues.base import Credential

    if (key.name.venue, key.name.env) != (venue.name, env.value):
        raise RefusedError(f"the key of {key.name.text} is not for {venue.name}/{env.value}: nothing was signed with it")
    hosts = {urlsplit(url).hostname for url in (endpoints.rest, endpoints.ws)}
    for other, known in venue.endpoints.items():
        if other != env.value and hosts & {urlsplit(url).hostname for url in (known.rest, known.ws)}:
            raise RefusedError(f"a {env.value} key must not be shown to the {other} host of {venue.title}: nothing was signed")
    return Credential(key.kid, key.secret)


# -- inside ----------------------------------------------------------------------------------------------------------------


def _none_stored(access: Access, *, on_screen: bool) -> None:
    told = f"no key for {access.name.text} is stored"
    fix = f"tui-trader keys add {access.name.words}"
    if not on_screen:
        from tui_trader.secrets.finding import State

        raise KeyStoreError(f"EMPTY: {told}, and this command asks about an account", state=State.EMPTY, fix=fix)
    access.note = f"{told}: market data only; type in a shell: {fix}"


def _can_be_asked_later(args: argparse.Namespace, environ: Mapping[str, str]) -> bool:
    return getattr(args, "passphrase_fd", None) is None and not environ.get("CREDENTIALS_DIRECTORY")


def _ask(access: Access, args: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """Ask on the terminal, for a command without a screen."""
    from tui_trader.cli import ask

    if access.wants is Wants.PASSPHRASE:
        access.unlock(ask.passphrase(getattr(args, "passphrase_fd", None), environ))
    else:
        ask.say(f"The key of {access.name.text}, for this command only; nothing is shown or stored.")
        access.type_in(*ask.parts_of_a_key(access.name.venue))


def _never() -> Secret:
    raise UsageError("no passphrase is needed for the system's keyring")
