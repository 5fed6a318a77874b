"""``tui-trader config``: check the configuration, show where each value comes from, print the example.

It must not change any file.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from tui_trader.core.error import ConfigError


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the ``config`` command and its own commands."""
    parser = subparsers.add_parser("config", help="check and show the configuration", description=_DESCRIPTION)
    commands = parser.add_subparsers(dest="config_command", metavar="COMMAND", required=True)
    check = commands.add_parser("check", help="name every problem with its place; exit code 1 when there is one")
    check.add_argument("file", nargs="?", type=Path, metavar="FILE", help="instead of the usual file")
    show = commands.add_parser("show", help="print every value with where it came from")
    show.add_argument("file", nargs="?", type=Path, metavar="FILE", help="instead of the usual file")
    path = commands.add_parser("path", help="print where configuration, themes, journal and logs are")
    for command in (check, show, path):
        command.add_argument("--json", action="store_true", help="print JSON")
    example = commands.add_parser("example", help="print the example file: every key with its default")
    example.add_argument("--markdown", action="store_true", help="print the keys as Markdown tables")
    parser.set_defaults(run=run)


_DESCRIPTION = (
    "Check and show the configuration. Exit codes: 0 fine, 1 the configuration has problems (check), "
    "2 it cannot be read or used (show, path), or the command itself was wrong."
)


def run(args: argparse.Namespace, environ: Mapping[str, str] | None = None) -> int:
    """Run one of the commands and return the exit code; ``environ`` is the process's own unless given."""
    environ = os.environ if environ is None else environ
    match args.config_command:
        case "check":
            return _check(args.file, environ, as_json=args.json)
        case "show":
            return _show(args.file, environ, as_json=args.json)
        case "path":
            return _paths(environ, as_json=args.json)
        case _:
            return _example(markdown=args.markdown)


def _check(file: Path | None, environ: Mapping[str, str], *, as_json: bool) -> int:
    from tui_trader.desk.config import load

    if file is not None and not file.expanduser().is_file():
        return _refuse([f"{file}: no such file"], as_json=as_json)
    problems: list[str] = []
    read: Path | None = file
    try:
        config = load(file, environ)
        read = config.path
        source = config.source("ui.theme")
        if read is not None and source.startswith(f"{read.name}:"):
            source = f"{read.parent / source}"
        problems = _theme_problems(config.settings.ui.theme, source, environ)
    except ConfigError as error:
        problems = error.problems
    if as_json:
        print(json.dumps({"ok": not problems, "file": str(read) if read else None, "problems": problems}, indent=2))
    elif problems:
        print("\n".join(problems))
        print(f"{len(problems)} {'problem' if len(problems) == 1 else 'problems'}")
    else:
        print(f"{read}: fine" if read else "no configuration file: defaults are in force")
    return 1 if problems else 0


def _theme_problems(chosen: str, source: str, environ: Mapping[str, str]) -> list[str]:
    """Say what is wrong with the user's themes, and whether the chosen one exists."""
    from tui_trader.desk.locations import Locations, shipped
    from tui_trader.ui.theme import load_themes

    themes, problems = load_themes(shipped("themes"), Locations.find(environ).themes_dir)
    if chosen not in themes:
        problems = [f'{source}: [ui] theme: there is no theme "{chosen}"; there are {", ".join(sorted(themes))}', *problems]
    return problems


def _show(file: Path | None, environ: Mapping[str, str], *, as_json: bool) -> int:
    from tui_trader.desk.config import load
    from tui_trader.desk.settings import KEYS

    try:
        config = load(file, environ)
    except ConfigError as error:
        return _refuse(error.problems, as_json=as_json)
    if as_json:
        shown = {key: {"value": _plain(value), "source": source} for key, value, source in config.rows()}
        print(json.dumps(shown, indent=2))
        return 0
    rows = [(key, KEYS[key].write(value), source) for key, value, source in config.rows()]
    names, values = max(len(row[0]) for row in rows), max(len(row[1]) for row in rows)
    for key, value, source in rows:
        print(f"{key:<{names}}  {value:<{values}}  {source}")
    return 0


def _paths(environ: Mapping[str, str], *, as_json: bool) -> int:
    from tui_trader.desk.locations import Locations

    try:
        found = Locations.find(environ)
    except ConfigError as error:
        return _refuse(error.problems, as_json=as_json)
    paths = {
        "config": str(found.config_file),
        "themes": str(found.themes_dir),
        "journal": str(found.journal_dir),
        "log": str(found.log_dir),
    }
    if as_json:
        print(json.dumps(paths, indent=2))
    else:
        print("\n".join(f"{name:<8} {path}" for name, path in paths.items()))
    return 0


def _example(*, markdown: bool) -> int:
    from tui_trader.desk.settings_text import example, table

    print(table() if markdown else example(), end="")
    return 0


def _refuse(problems: list[str], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"ok": False, "problems": problems}, indent=2))
    print("\n".join(problems), file=sys.stderr)
    return 2


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it: exact numbers as text."""
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        from tui_trader.core.decimals import plain

        return plain(value)
    return value
