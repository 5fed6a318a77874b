"""The keys written out for people: the example file and the table of the manual, both generated so that they cannot drift.

``tui-trader config example`` prints the first, ``tui-trader config example --markdown`` the second.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from tui_trader.desk.key import Key
from tui_trader.desk.settings import SECTIONS, keys_of

_WIDTH = 100

_COLUMNS = ("| key | default | unit | must be | meaning |", "| --- | --- | --- | --- | --- |")

_PREAMBLE = """\
Configuration of tui-trader. Every key is here with its default: keep what you change, leave out the rest.
The file is strict: an unknown key, a wrong type or a value out of range stops the program and is named with its line.
A variable such as TUI_TRADER__UI__FPS=5 overrides this file, a flag on the command line overrides both.
Money and percentages may be written in quotes, so that they are exact to the last digit.
API keys and secrets do not belong here and are refused; they belong in the system's keyring: tui-trader keys add.
"""


def example() -> str:
    """Return ``config.example.toml``: every key with its meaning, unit, range and default, each value being the default."""
    blocks = ["\n".join(_comment(line) for line in _PREAMBLE.splitlines())]
    for section, kind in SECTIONS.items():
        blocks.append(f"{_comment(_sentence(kind))}\n[{section}]")
        blocks += ["\n".join(_entry(name, key)) for name, key in keys_of(section).items()]
    return "\n\n".join(blocks) + "\n"


def table() -> str:
    """Return every key as Markdown tables, one for each section."""
    parts: list[str] = []
    for section, kind in SECTIONS.items():
        rows = [
            f"| `{name}` | `{key.write(key.default)}` | {key.unit or '–'} | {_cell(key.domain)} | {_cell(key.doc)} |"
            for name, key in keys_of(section).items()
        ]
        parts.append("\n".join([f"### `[{section}]`", "", _sentence(kind), "", *_COLUMNS, *rows]))
    return "\n\n".join(parts) + "\n"


def _entry(name: str, key: Key[Any]) -> Iterator[str]:
    facts = f"Unit: {key.unit}. Must be {key.domain}." if key.unit else f"Must be {key.domain}."
    yield from (_comment(line) for line in (*wrap(key.doc, _WIDTH), *wrap(facts, _WIDTH)))
    yield f"{name} = {key.write(key.default)}"


def _comment(line: str) -> str:
    return f"# {line}".rstrip()


def _sentence(kind: type[Any]) -> str:
    return " ".join((kind.__doc__ or "").split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
