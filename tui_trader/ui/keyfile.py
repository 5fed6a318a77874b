"""A key map of the trader's own: action ids and keys in a TOML file, held against the table before a key of it counts.

A file with one mistake is refused whole, with the place of each mistake and what to write
instead: half a key map is worse than none.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace

from tui_trader.core.error import ConfigError
from tui_trader.desk.toml_source import TomlSource
from tui_trader.ui.action import Action, Context
from tui_trader.ui.keymap import PRECEDENCE, SWALLOWED, swallowed_by

NAMED = frozenset(("enter", "escape", "tab", "shift+tab", "space", "insert", "delete", "backspace")) | frozenset(
    ("up", "down", "left", "right", "pageup", "pagedown", "home", "end", *(f"f{number}" for number in range(1, 10)))
)
"""Keys that have a name and arrive everywhere; F10 and F11 belong to windows."""

FIXED = {"send": "Enter sends", "drop": "Esc drops", "panic": "^G is the way out", "leave": "^C leaves"}
"""Actions whose keys are the same in every map: hands must find them on any terminal."""


def rebound(actions: Sequence[Action], source: TomlSource) -> tuple[Action, ...]:
    """Return the actions with the keys of a file; raises ConfigError with every problem, each with file, line and column."""
    problems: list[tuple[tuple[int, int], str]] = []

    def wrong(path: tuple[str, ...], text: str) -> None:
        problems.append((source.order(path), f"{source.value_at(path)}: {text}"))

    for name in source.tree:
        if name != "keys":
            wrong((name,), f"there is no section {name!r} in a key map; write [keys]")
    wanted = source.tree.get("keys", {})
    if not isinstance(wanted, dict):
        wrong(("keys",), 'keys is a section: write [keys], and below it "join.buy" = "b"')
        wanted = {}
    known = {action.id: action for action in actions}
    chosen: dict[str, tuple[str, ...]] = {}
    for name, value in wanted.items():
        path = ("keys", name)
        if name not in known:
            if isinstance(value, dict):
                wrong(path, f'an id with a dot needs quotes: write "{name}.{next(iter(value), "x")}"')
                continue
            near = difflib.get_close_matches(name, known, 3, 0.5)
            wrong(path, f"there is no action {name!r}; {'write ' + ' or '.join(near) if near else 'tui-trader keymap list'}")
            continue
        if name in FIXED:
            wrong(path, f"{name} keeps its key ({FIXED[name]}); leave this line out")
            continue
        keys = [value] if isinstance(value, str) else value
        if not isinstance(keys, list) or not keys or not all(isinstance(key, str) for key in keys):
            wrong(path, f'the keys of {name} are one text or a list of texts; write "{name}" = "{known[name].keys[0]}"')
            continue
        faults = [fault for key in keys if (fault := _fault(key))]
        for fault in faults:
            wrong(path, fault)
        if not faults:
            chosen[name] = tuple(keys)
    found = tuple(replace(action, keys=chosen.get(action.id, action.keys)) for action in actions)
    for action, text in _conflicts(found, frozenset(chosen)):
        wrong(("keys", action), text)
    if problems:
        raise ConfigError([text for _, text in sorted(problems)])
    return found


def _fault(keys: str) -> str:
    """Return what is wrong with a key or a sequence of two; empty when nothing is."""
    parts = keys.split(" ")
    if len(parts) > 2:
        return f'{keys!r} is a sequence of {len(parts)} keys; write one or two, like "g p"'
    for part in parts:
        if part in SWALLOWED or part.startswith(("alt+", "ctrl+shift+")) or part in ("f10", "f11", "ctrl+enter"):
            return f"{part} does not reach the program everywhere ({swallowed_by(part)}); write a printable character"
        printable = len(part) == 1 and part.isascii() and part.isprintable() and part != " "
        control = part.startswith("ctrl+") and len(part) == 6 and part[5] in "defklnoprtuvwxyg"
        if not (printable or control or part in NAMED):
            near = difflib.get_close_matches(part.lower(), [*NAMED], 1, 0.6)
            return f"{part!r} is no key; write {near[0] if near else 'one character, or a name like space, tab, pageup, ctrl+p'}"
    return ""


def _conflicts(actions: Sequence[Action], changed: frozenset[str]) -> list[tuple[str, str]]:
    """Return which of the changed actions claims a key that is another's where it works, and what is free."""
    found: list[tuple[str, str]] = []
    for action in actions:
        if action.id not in changed:
            continue
        for other in actions:
            if other is action or (other.id in changed and other.id < action.id):
                continue
            for keys in action.keys:
                for theirs in other.keys:
                    if keys == theirs and _meet(action.context, other.context):
                        found.append((action.id, f"{keys!r} is {other.id} there; give that another key, or write another here"))
                    elif _hides(keys, theirs) and _overlap(action.context, other.context):
                        found.append((action.id, f"{keys!r} alone hides {theirs!r} ({other.id}); write another key"))
                    elif _hides(theirs, keys) and _overlap(action.context, other.context):
                        found.append((action.id, f"{keys!r} begins with {theirs!r}, which is {other.id}; write another"))
    return found


def _hides(one: str, other: str) -> bool:
    return other.startswith(f"{one} ")


def _meet(one: Context, other: Context) -> bool:
    """Whether a key cannot mean both: the same place, or everywhere. A closer place may mean something else on purpose."""
    return one is other or Context.ANYWHERE in (one, other)


def _overlap(one: Context, other: Context) -> bool:
    return one is other or Context.ANYWHERE in (one, other) or PRECEDENCE[one] != PRECEDENCE[other]
