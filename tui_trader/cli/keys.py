"""``tui-trader keys``: store, list, check and remove API keys, and make the vault for hosts without a keyring.

What is secret is typed without echo or piped in, never an argument: arguments are seen by everybody on the machine and stay in
the history of the shell.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_trader.cli.options import add_config, add_json, add_passphrase
from tui_trader.core.error import RefusedError, UsageError

if TYPE_CHECKING:
    from tui_trader.secrets.entry import KeyName, StoredKey
    from tui_trader.secrets.secret import Secret
    from tui_trader.secrets.stores import Stores

_DESCRIPTION = (
    "Store, list, check and remove API keys. They are kept in the system's keyring, or on hosts without one in a vault that a"
    " passphrase seals (init-vault). A key belongs to one venue, account and environment."
)


class _Shown(argparse.Action):
    """An option that would take a secret: refused, and what was given is not repeated."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        if not values:
            return
        what = option_string or "more words than a name"
        parser.error(
            f"{what}: the command line is seen by everybody on this machine and stays in the shell's history: take this key back"
            " at the venue, make another, and type or pipe it (--from-stdin)"
        )


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``keys`` and its own commands."""
    parser = subparsers.add_parser("keys", help="store, list, check and remove API keys", description=_DESCRIPTION)
    commands = parser.add_subparsers(dest="keys_command", metavar="COMMAND", required=True)

    def command(name: str, text: str, *, of_key: bool = True) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        if of_key:
            one.add_argument("name", metavar="VENUE[/ACCOUNT]", help="whose key, e.g. phemex or phemex/scalping")
            one.add_argument(
                "--env", choices=("testnet", "live", "custom"), default="testnet", help="where it is used (default: testnet)"
            )
            for option in ("--key", "--secret", "--api-key", "--api-secret", "--token", "--passphrase", "--password"):
                one.add_argument(option, action=_Shown, help=argparse.SUPPRESS)
            one.add_argument("surplus", nargs="*", action=_Shown, help=argparse.SUPPRESS)
        add_json(one)
        return one

    for one in (command("add", "ask for a key and store it"), command("import", "store a key out of the environment, once")):
        one.add_argument("--vault", action="store_true", help="store it in the vault (default: there if there is one)")
        one.add_argument("--keyring", action="store_true", help="store it in the system's keyring, although there is a vault")
        one.add_argument("--replace", action="store_true", help="put it in the place of the one that is stored")
        add_passphrase(one)
        if one.prog.endswith("add"):
            one.add_argument("--from-stdin", action="store_true", help="read two lines from stdin: the key's id, then its secret")
        else:
            one.add_argument("--from-env", action="store_true", required=True, help="take it out of variables, once")
    command("list", "list the keys that are stored; nothing is unlocked for it", of_key=False)
    check = command("check", "ask the venue whether it accepts a key, and say what is wrong if not")
    check.add_argument("--ask-key", action="store_true", help="check a key that is typed and not stored")
    add_config(check)
    remove = command("remove", "remove a key from where it is stored")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    for one in (check, remove, command("export-id", "print a key's id, which is not secret, in full")):
        add_passphrase(one)
    for name, text in (
        ("init-vault", "make the vault, a file that a passphrase seals"),
        ("change-passphrase", "seal the vault with another passphrase"),
        ("backup", "copy the vault, after trying that the passphrase opens it"),
    ):
        one = command(name, text, of_key=False)
        add_passphrase(one)
        if name == "backup":
            one.add_argument("file", type=Path, metavar="FILE", help="a file that does not exist yet")
        if name == "change-passphrase":
            one.add_argument(
                "--new-passphrase-fd", type=int, default=None, metavar="N", help="read the new one from this descriptor"
            )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run one of the commands and return the exit code."""
    from tui_trader.cli.keys_access import stores_of
    from tui_trader.secrets.entry import KeyName
    from tui_trader.venues.registry import names

    stores = stores_of()
    match args.keys_command:
        case "list":
            return _list(args, stores)
        case "init-vault":
            return _init_vault(args, stores)
        case "change-passphrase":
            return _change_passphrase(args, stores)
        case "backup":
            return _backup(args, stores)
    name = KeyName.parse(args.name, args.env)
    if name.venue not in names():
        raise UsageError(f"there is no venue called {name.venue!r}; there are: {', '.join(names())}")
    match args.keys_command:
        case "add":
            return _store(args, stores, _typed(args, name))
        case "import":
            return _import(args, stores, name)
        case "check":
            from tui_trader.cli.keys_check import check

            return check(args, stores, name)
        case "remove":
            return _remove(args, stores, name)
        case _:
            key = stores.read(name, _passphrase(args))
            return _tell(args, {"name": name.text, "id": key.kid}, key.kid)


# -- one key -----------------------------------------------------------------------------------------------------------------


def _typed(args: argparse.Namespace, name: KeyName) -> StoredKey:
    from tui_trader.cli import ask
    from tui_trader.secrets.entry import checked

    if args.from_stdin:
        return checked(name, *ask.from_stdin())
    ask.say(f"The API key of {name.text}. Nothing is shown while you type or paste; give it no right to withdraw.")
    return checked(name, *ask.parts_of_a_key(name.venue))


def _import(args: argparse.Namespace, stores: Stores, name: KeyName) -> int:
    from tui_trader.secrets.entry import checked
    from tui_trader.secrets.surroundings import names_of

    variables = names_of(name.venue)
    missing = [variable for variable in variables if not os.environ.get(variable)]
    if missing:
        raise UsageError(f"{' and '.join(missing)}: not in the environment; or type the key: tui-trader keys add {name.words}")
    key = checked(name, *(os.environ[variable] for variable in variables))
    unset = f"unset {' '.join(variables)}"
    return _store(
        args, stores, key, f"now type: {unset}\nand take them out of your shell's start files and out of any .env file", unset
    )


def _store(args: argparse.Namespace, stores: Stores, key: StoredKey, after: str = "", then: str = "") -> int:
    from tui_trader.core.clock import SystemClock, rfc3339
    from tui_trader.secrets.register import KEYRING, VAULT
    from tui_trader.secrets.stores import TITLES

    if args.vault and args.keyring:
        raise UsageError("--vault and --keyring are two places: give one of them")
    place = VAULT if args.vault or (stores.vault.exists and not args.keyring) else KEYRING
    now = rfc3339(SystemClock().wall_ns())
    row = stores.add(key, place, _passphrase(args), now, replace=args.replace)
    told = {"name": key.name.text, "id": row.tail, "store": place} | ({"then": then} if then else {})
    text = f"{key.name.text}: key {row.tail} is stored in {TITLES[place]}"
    return _tell(args, told, f"{text}; {after}" if after else f"{text}; try it: tui-trader keys check {key.name.words}")


def _remove(args: argparse.Namespace, stores: Stores, name: KeyName) -> int:
    from tui_trader.cli import ask

    row = stores.register.find(name)
    if not args.yes and ask.visible(f"Remove the key {row.tail if row else ''} of {name.text}? Type yes: ").lower() != "yes":
        raise RefusedError("not confirmed: nothing was removed")
    stores.remove(name, _passphrase(args))
    told = {"name": name.text, "removed": True}
    return _tell(args, told, f"{name.text}: removed here; at the venue the key is valid until you delete it there")


def _list(args: argparse.Namespace, stores: Stores) -> int:
    from dataclasses import asdict

    from tui_trader.cli import render

    rows = [{name: value for name, value in asdict(row).items() if name != "mark"} for row in stores.register.rows()]
    rows = [{("id" if name == "tail" else name): value for name, value in row.items()} for row in rows]
    if args.json:
        render.emit({"keys": rows})
    elif rows:
        render.print_rows(rows, ("venue", "account", "env", "id", "store", "added"), ())
    else:
        print("no keys are stored")
    return 0


# -- the vault -----------------------------------------------------------------------------------------------------------------


def _init_vault(args: argparse.Namespace, stores: Stores) -> int:
    from tui_trader.cli import ask

    vault = stores.vault
    if vault.exists:
        raise RefusedError(f"there is a vault already: {vault.path}")
    fresh = ask.from_descriptor(args.passphrase_fd) if args.passphrase_fd is not None else ask.new_passphrase()
    vault.create(fresh)
    text = f"{vault.path}: made; the passphrase is nowhere else, and nobody can open the vault without it. New keys go there now"
    return _tell(args, {"vault": str(vault.path)}, text)


def _change_passphrase(args: argparse.Namespace, stores: Stores) -> int:
    from tui_trader.cli import ask

    stores.vault.unlock(_passphrase(args)())
    fresh = ask.from_descriptor(args.new_passphrase_fd) if args.new_passphrase_fd is not None else ask.new_passphrase()
    stores.vault.change_passphrase(fresh)
    text = f"{stores.vault.path}: sealed with the new passphrase; backups made before still open with the old one"
    return _tell(args, {"vault": str(stores.vault.path)}, text)


def _backup(args: argparse.Namespace, stores: Stores) -> int:
    stores.vault.unlock(_passphrase(args)())
    path = args.file.expanduser().absolute()
    stores.vault.backup(path)
    return _tell(args, {"backup": str(path)}, f"{path}: written, and opens with the same passphrase")


# -- inside --------------------------------------------------------------------------------------------------------------------


def _passphrase(args: argparse.Namespace) -> Any:
    from tui_trader.cli import ask

    def passphrase() -> Secret:
        return ask.passphrase(args.passphrase_fd)

    return passphrase


def _tell(args: argparse.Namespace, document: dict[str, Any], text: str) -> int:
    if args.json:
        from tui_trader.cli import render

        render.emit(document)
    else:
        print(text)
    return 0
