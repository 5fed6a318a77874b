"""The small machine that turns keys into actions.

Only keys that survive SSH, tmux, mosh and a telephone's keyboard are used: printable ASCII, Enter, Esc, Tab, arrows, paging and a
few Control letters. It must not know what an action does.
"""

from __future__ import annotations

from tui_trader.ui.action import Action, Context
from tui_trader.ui.actions import ACTIONS

PRECEDENCE: dict[Context, int] = {
    Context.ANYWHERE: 0,
    Context.CLOSING: 1,
    Context.STAGED: 2,
    Context.SCALPER: 3,
    Context.ARMED: 4,
    Context.LIST: 5,
    Context.BOOK: 5,
    Context.CHART: 5,
    Context.TRADE: 6,
}

SWALLOWED = frozenset({"ctrl+s", "ctrl+q", "ctrl+z", "ctrl+b", "ctrl+a", "ctrl+h", "ctrl+i", "ctrl+m", "ctrl+j"})
"""Keys that flow control, suspension, multiplexers or terminals take for themselves; no action may be bound to one."""


def swallowed_by(key: str) -> str:
    """Return who keeps a key for himself."""
    takers = {
        "ctrl+s": "flow control",
        "ctrl+q": "flow control",
        "ctrl+z": "suspending",
        "ctrl+b": "tmux",
        "ctrl+a": "screen",
        "ctrl+h": "it is Backspace",
        "ctrl+i": "it is Tab",
        "ctrl+m": "it is Enter",
        "ctrl+j": "it is Enter",
    }
    return takers.get(
        key, "terminals send Esc for Alt, or nothing" if key.startswith("alt+") else "terminals and windows keep it"
    )


class KeyMap:
    """Turns keys into actions. Holds the first key of an unfinished sequence."""

    def __init__(self, actions: tuple[Action, ...] = ACTIONS) -> None:
        """Index ``actions``; raises ValueError when two of them claim a key in one context, or a key cannot arrive."""
        self.actions = actions
        self.pending = ""
        """The first key of a sequence that waits for its second."""
        self._table: dict[tuple[Context, str], Action] = {}
        self._prefixes: set[tuple[Context, str]] = set()
        for action in actions:
            for keys in action.keys:
                self._bind(action, keys)

    def press(self, key: str, contexts: frozenset[Context]) -> Action | None:
        """Return the action of ``key`` in the given contexts, None when there is none or a sequence goes on."""
        sequence, self.pending = (f"{self.pending} {key}", "") if self.pending else (key, "")
        action = self._find(sequence, contexts) or self._table.get((Context.ANYWHERE, key))
        if action is None and any((context, sequence) in self._prefixes for context in contexts):
            self.pending = sequence
        return action

    def does(self, key: str) -> str:
        """Return what a key does, or begins, in any context; empty for nothing."""
        if key in SWALLOWED or "alt+" in key or "ctrl+shift" in key:
            return "it does not reach the program in every terminal"
        return next((action.text for action in self.actions for own in action.keys if own.split(" ")[0] == key), "")

    def action(self, name: str) -> Action:
        """Return the action of an id; raises StopIteration when there is none."""
        return next(action for action in self.actions if action.id == name)

    def available(self, contexts: frozenset[Context]) -> list[Action]:
        """Return the actions that some key reaches in the given contexts, in table order."""
        return [a for a in self.actions if any(self._find(keys, contexts) is a for keys in a.keys)]

    def _find(self, sequence: str, contexts: frozenset[Context]) -> Action | None:
        for context in sorted(contexts | {Context.ANYWHERE}, key=PRECEDENCE.__getitem__):
            if action := self._table.get((context, sequence)):
                return action
        return None

    def _bind(self, action: Action, keys: str) -> None:
        parts = keys.split(" ")
        for key in parts:
            if key in SWALLOWED or "alt+" in key or "ctrl+shift" in key:
                raise ValueError(f"{action.id}: {key} does not reach the program in every terminal")
        other = self._table.get((action.context, keys))
        if other is not None:
            raise ValueError(f"{keys!r} means both {other.id} and {action.id} in {action.context}")
        self._table[(action.context, keys)] = action
        for i in range(1, len(parts)):
            self._prefixes.add((action.context, " ".join(parts[:i])))


def spoken(keys: str) -> str:
    """Return a key as the help writes it: ``^G``, ``Enter``, ``gp``."""
    words = {"enter": "Enter", "escape": "Esc", "tab": "Tab", "shift+tab": "S-Tab", "space": "Space", "up": "↑", "down": "↓"}
    words |= {"left": "←", "right": "→", "pageup": "PgUp", "pagedown": "PgDn"}
    parts = [words.get(k, f"^{k[-1].upper()}" if k.startswith("ctrl+") else k) for k in keys.split(" ")]
    return "".join(parts)


def key_name(key: str, character: str | None) -> str:
    """Return a pressed key as the table writes it: the character for printable ones, Textual's name otherwise."""
    if character is not None and len(character) == 1 and character.isprintable() and character != " ":
        return character
    return key
