"""The themes there are, and what one looks like in this terminal."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tui_trader.cli.options import add_config, add_json

if TYPE_CHECKING:
    from tui_trader.ui.theme import Theme


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``theme``."""
    parser = subparsers.add_parser(
        "theme",
        help="list the themes, or preview one in this terminal",
        description="List the themes, shipped ones and your own, or preview one: every role, a ladder, orders, positions and a"
        " small chart, in the colours that this terminal has.",
    )
    parser.add_argument("what", choices=("list", "preview"), help="list, or preview")
    parser.add_argument("name", nargs="?", default=None, help="theme to preview (default: the configured one)")
    parser.add_argument(
        "--colors",
        choices=("auto", "truecolor", "256", "16", "none"),
        default="auto",
        help="how many colours to use (default: what the terminal says it has; none when NO_COLOR is set)",
    )
    parser.add_argument("--up", choices=("green", "red"), default=None, help="colour of rising prices (default: configured)")
    parser.add_argument("--ascii", action="store_true", help="draw borders and bars in ASCII")
    add_config(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """List or preview; a file that cannot be read is named on stderr and does not hinder the others."""
    import os

    from tui_trader.cli.configure import configuration
    from tui_trader.core.error import UsageError
    from tui_trader.desk.locations import Locations, shipped
    from tui_trader.ui.theme import load_themes

    themes, problems = load_themes(shipped("themes"), Locations.find(os.environ).themes_dir)
    for problem in problems:
        sys.stderr.write(f"tui-trader: {problem}\n")
    ui = configuration(argparse.Namespace(config=args.config)).settings.ui
    if args.what == "list":
        if args.name is not None:
            raise UsageError("theme list takes no name; to see one: tui-trader theme preview NAME")
        return _list(themes, ui.theme, as_json=args.json)
    name = args.name or ui.theme
    if name not in themes:
        raise UsageError(f"there is no theme called {name!r}; there are: {', '.join(sorted(themes))}")
    theme = themes[name].with_up((args.up or ui.up_color.value) == "red")
    _preview(theme, args.colors, ascii_only=args.ascii)
    return 0


def _list(themes: dict[str, Theme], chosen: str, *, as_json: bool) -> int:
    from tui_trader.cli import render

    rows = [
        {
            "name": name,
            "title": theme.title,
            "dark": theme.dark,
            "description": theme.description,
            "configured": name == chosen,
        }
        for name, theme in sorted(themes.items())
    ]
    if as_json:
        render.emit({"themes": rows})
    else:
        width = max(len(name) for name in themes)
        for row in rows:
            print(f"{'*' if row['configured'] else ' '} {row['name']:<{width}}  {row['description'] or row['title']}")
    return 0


_SYSTEMS = {"auto": "auto", "truecolor": "truecolor", "256": "256", "16": "standard", "none": None}


def _preview(theme: Theme, colors: str, *, ascii_only: bool) -> None:
    from rich.console import Console

    from tui_trader.ui.app import wants_ascii
    from tui_trader.ui.swatch import swatch

    console = Console(
        color_system=_SYSTEMS[colors],  # type: ignore[arg-type]
        force_terminal=True if colors not in ("auto", "none") else None,
        no_color=True if colors == "none" else (None if colors == "auto" else False),
        highlight=False,
        legacy_windows=False,
    )
    for line in swatch(theme, console.width, ascii_only=ascii_only or wants_ascii()):
        console.print(line, soft_wrap=True)
