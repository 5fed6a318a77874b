"""The command line: parses, dispatches, and turns errors into exit codes.

0 done · 1 refused or failed · 2 usage · 3 the outcome is unknown. Nothing heavy is imported before the command is known.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from tui_trader import __version__
from tui_trader.core.error import TraderError

COMMANDS: dict[str, str] = {
    "tui": "tui_trader.cli.tui",
    "sim": "tui_trader.cli.sim",
    "do": "tui_trader.cli.do",
    "panic": "tui_trader.cli.panic",
    "instruments": "tui_trader.cli.show",
    "book": "tui_trader.cli.show",
    "positions": "tui_trader.cli.show",
    "orders": "tui_trader.cli.show",
    "fills": "tui_trader.cli.show",
    "account": "tui_trader.cli.show",
    "watch": "tui_trader.cli.watch",
    "record": "tui_trader.cli.record",
    "replay": "tui_trader.cli.replay",
    "theme": "tui_trader.cli.theme",
    "keymap": "tui_trader.cli.keymap",
    "audit": "tui_trader.cli.audit",
    "keys": "tui_trader.cli.keys",
    "export": "tui_trader.cli.history",
    "candles": "tui_trader.cli.candles",
    "config": "tui_trader.cli.config",
    "doctor": "tui_trader.cli.doctor",
}
"""Which module implements a command; each offers ``add_parser(subparsers)`` and ``run(args) -> int``."""

HIDDEN: dict[str, str] = {"guardian": "tui_trader.cli.guardian"}
"""Commands that the program starts itself; nobody needs to read of them in the help."""

KEYLESS = frozenset({"sim", "replay", "audit", "config", "theme", "keymap"})
"""Commands that read no API key: a debugger may look into them."""

SUMMARIES: dict[str, str] = {
    "tui": "open the terminal (the default when no command is given)",
    "sim": "run the built-in exchange alone and print how to reach it",
    "do": "run a line of the order language: do 'buy 0.01 BTCUSDT @ bid-2t'",
    "panic": "halt, and cancel everything but stops; --flatten closes everything",
    "instruments": "list the venue's contracts",
    "book": "print an order book",
    "positions": "print open positions",
    "orders": "print working orders",
    "fills": "print own executions",
    "account": "print balances and profit",
    "watch": "print changes of positions, orders or a book as they come",
    "record": "record what the venue tells, for replay",
    "replay": "play a recording: on the screen with --ui, or print its final books",
    "theme": "list the themes, or preview one in this terminal",
    "keymap": "list the keys of the terminal, or check your own key map",
    "audit": "prove, show or export the journal of everything that was sent and what came of it",
    "keys": "store, list, check and remove API keys",
    "export": "write fills, orders, funding, fees or transfers of the local history as CSV or JSON",
    "candles": "print candles of any length from 1s to 1D, with gaps marked",
    "config": "check the configuration, or show it with the source of each value",
    "doctor": "check this machine, the configuration and the way to the venue; say how to fix what is wrong",
}

EPILOG = """\
With no command and no configuration the terminal opens on the built-in exchange: no keys, no network, no money.
Headless twins: instruments, book, positions, orders, fills, account, watch, do, replay (all take --json).
Exit codes: 0 done, 1 refused or failed, 2 usage, 3 outcome unknown.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; return its exit code. Without ``argv`` this process is the program, and is closed first."""
    words = list(sys.argv[1:] if argv is None else argv)
    name = words[0] if words else ""
    if not name or (name.startswith("-") and name not in ("-h", "--help", "--version")):
        words.insert(0, "tui")  # no command: the terminal, with its options
        name = "tui"
    parser = build_parser(name)
    args = parser.parse_args(words)
    if argv is None:  # this process is ours
        from tui_trader.cli import process

        process.harden(dumpable=name in KEYLESS)
        process.install_hooks()
    try:
        return int(args.run(args))
    except TraderError as error:
        return _tell(args, error)
    except BrokenPipeError:
        # The reader of our output went away; that is how pipes end. What is still buffered must not fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def build_parser(name: str = "") -> argparse.ArgumentParser:
    """Return the parser; with ``name`` it knows that command alone and its options, else just the line of each in the help."""
    parser = argparse.ArgumentParser(
        prog="tui-trader",
        description="A keyboard-first trading terminal for perpetual futures, with an exchange built in.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tui-trader {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", dest="command")
    if module := COMMANDS.get(name) or HIDDEN.get(name):
        importlib.import_module(module).add_parser(subparsers)
    if not subparsers.choices:  # a known command needs no lines about the others, which take a while to make
        for command, summary in SUMMARIES.items():
            subparsers.add_parser(command, help=summary, add_help=False)
    return parser


def _tell(args: argparse.Namespace, error: TraderError) -> int:
    """Say an error in one place and one form; with ``--json`` a JSON document goes to stdout as well."""
    if getattr(args, "json", False):
        import orjson

        sys.stdout.write(orjson.dumps({"error": error_json(error)}).decode() + "\n")
        sys.stdout.flush()
    return say_error(error)


def error_json(error: TraderError) -> dict[str, str]:
    """Return an error as a JSON object."""
    from tui_trader.secrets.redactor import REDACTOR

    document = {"kind": type(error).__name__, "title": error.title, "message": REDACTOR.exact(error.message)}
    for key in ("code", "fix"):
        if value := getattr(error, key, ""):
            document[key] = value
    return document


def say_error(error: TraderError) -> int:
    """Say an error to a person, on stderr; return its exit code."""
    from tui_trader.secrets.redactor import REDACTOR

    message = error.message
    if fix := getattr(error, "fix", ""):
        message += f" (try: {fix})"
    sys.stderr.write(f"tui-trader: {REDACTOR.exact(message)}\n")
    return error.exit_code
