"""The key map that the terminal would use: as a list, as JSON, as the manual's page; and whether the trader's own file reads."""

from __future__ import annotations

import argparse
import sys

from tui_trader.cli.options import add_config, add_json


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``keymap``."""
    parser = subparsers.add_parser(
        "keymap",
        help="list the keys of the terminal, or check your own key map",
        description="List every key with its action, your own map included; or check keymap.toml beside the configuration.",
    )
    parser.add_argument("what", choices=("list", "check", "panes"), help="list or check the keys, or list the panes")
    parser.add_argument("--markdown", action="store_true", help="as the page of the manual: docs/keys.md, docs/panes.md")
    add_config(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the list; raises ConfigError for a map that does not read."""
    import os

    from tui_trader.cli.configure import configuration
    from tui_trader.desk.locations import Locations
    from tui_trader.ui.actions import ACTIONS
    from tui_trader.ui.keylist import markdown, rows, text
    from tui_trader.ui.keymaps import chosen
    from tui_trader.ui.panelist import markdown as panes
    from tui_trader.ui.scalper import SCALPER

    if args.what == "panes":
        sys.stdout.write(panes())
        return 0
    if args.markdown:
        sys.stdout.write(markdown((*ACTIONS, *SCALPER)))
        return 0
    ui = configuration(argparse.Namespace(config=args.config)).settings.ui
    path = Locations.find(os.environ).keymap_file
    actions = chosen(ui.keymap.value, path)
    if args.json:
        import orjson

        sys.stdout.write(orjson.dumps(rows(actions), option=orjson.OPT_INDENT_2).decode() + "\n")
    elif args.what == "check":
        sys.stdout.write(f"{path}: {'reads' if path.exists() else 'is not there: the shipped map is used'}\n")
    else:
        sys.stdout.write(text(actions))
    return 0
