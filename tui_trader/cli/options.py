"""Options that several commands share."""

from __future__ import annotations

import argparse
from typing import Final


def add_connection(parser: argparse.ArgumentParser) -> None:
    """Add where to connect: venue, environment, an exchange that already runs, configuration."""
    group = parser.add_argument_group("connection")
    group.add_argument("--venue", default=None, metavar="NAME", help="venue to speak to (default: the configuration's, phemex)")
    group.add_argument(
        "--env",
        choices=("sim", "testnet", "live", "custom"),
        default=None,
        help="where orders go; sim is the built-in exchange (default), custom takes rest_url and ws_url from the configuration",
    )
    group.add_argument(
        "--sim-url",
        default=None,
        metavar="URL",
        help="attach to an exchange started by 'tui-trader sim' (its REST address) instead of starting a private one",
    )
    group.add_argument("--seed", type=int, default=None, metavar="N", help="seed of a private exchange")
    group.add_argument("--account", default=None, metavar="NAME", help="account label")
    group.add_argument(
        "--read-only", action="store_true", help="look only: no order request is signed or sent, whatever is typed"
    )
    group.add_argument(
        "--live",
        default=None,
        metavar="VENUE",
        help="name the venue where real money is meant, instead of being asked at the start; several with commas between",
    )
    group.add_argument("--ask-key", action="store_true", help="type the API key for this session; it is not stored")
    group.add_argument("--no-key", action="store_true", help="terminal: connect for market data only, whatever key is stored")
    add_passphrase(group)
    add_config(parser)


def add_passphrase(parser: argparse._ActionsContainer) -> None:
    """Add where the vault's passphrase comes from."""
    parser.add_argument(
        "--passphrase-fd", type=int, default=None, metavar="N", help="read the vault's passphrase from this descriptor"
    )


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add where the configuration is."""
    parser.add_argument(
        "--config", default=None, metavar="FILE", help="configuration file (default: see 'tui-trader config path')"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add machine-readable output."""
    parser.add_argument("--json", action="store_true", help="print JSON: money as decimal strings, times as RFC 3339")


def flags_of(args: argparse.Namespace) -> dict[str, str]:
    """Return the command-line flags that override configuration keys, by dotted key."""
    names = {
        "venue": "general.venue",
        "env": "general.env",
        "account": "general.account",
        "seed": "sim.seed",
        "theme": "ui.theme",
        "fps": "ui.fps",
        "speed": "sim.speed",
        "beside": "general.beside",
    }
    flags = {}
    for name, key in names.items():
        value = getattr(args, name, None)
        if value is not None:
            flags[key] = ",".join(value) if isinstance(value, list) else str(value)
    return flags


PUBLIC: Final = frozenset({"instruments", "book", "candles"})
"""Commands that ask nothing of an account."""


def needs_account(args: argparse.Namespace) -> bool:
    """Whether a command asks anything of an account."""
    command = getattr(args, "command", "")
    if command == "record":
        return bool(getattr(args, "private", False))
    return command not in PUBLIC and not (command == "watch" and getattr(args, "what", "") == "book")


def needs_key(args: argparse.Namespace, env: str) -> bool:
    """Whether a stored key is wanted: on the built-in exchange none is, and nothing that keeps keys is even imported."""
    return env != "sim" and not getattr(args, "sim_url", None) and needs_account(args)
