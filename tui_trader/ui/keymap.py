"""Which key does what, where: one table of actions, and the small machine that turns keys into actions.

Only keys that survive SSH, tmux, mosh and a telephone's keyboard are used: printable ASCII, Enter, Esc, Tab, arrows, paging and a
few Control letters. It must not know what an action does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Context(StrEnum):
    """Where keys go."""

    ANYWHERE = "anywhere"
    """On every screen and in every text field."""
    TRADE = "trade"
    """The trading screen, whatever pane has the focus."""
    STAGED = "staged"
    """The trading screen while an order is staged."""
    CLOSING = "closing"
    """While the staged order is a close."""
    LIST = "list"
    """A pane with rows has the focus and nothing is staged."""
    BOOK = "book"
    """The ladder has the focus and nothing is staged."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something a key can do."""

    id: str
    keys: tuple[str, ...]
    """Key names; a sequence is written with a space: ``g p``."""
    context: Context
    text: str
    """What the help says."""
    adds_exposure: bool = False
    """True when the action can send an order that opens or grows a position; none of these is on a single key from SAFE."""


ACTIONS: tuple[Action, ...] = (
    Action("join.buy", ("b",), Context.TRADE, "stage a buy at the bid; it follows the bid until nudged"),
    Action("join.sell", ("s",), Context.TRADE, "stage a sell at the ask; it follows the ask until nudged"),
    Action("cross.buy", ("B",), Context.TRADE, "stage a buy that crosses, IOC, capped past the ask"),
    Action("cross.sell", ("S",), Context.TRADE, "stage a sell that crosses, IOC, capped below the bid"),
    Action("preset.1", ("1",), Context.TRADE, "size preset 1 to 5"),
    Action("preset.2", ("2",), Context.TRADE, "size preset 1 to 5"),
    Action("preset.3", ("3",), Context.TRADE, "size preset 1 to 5"),
    Action("preset.4", ("4",), Context.TRADE, "size preset 1 to 5"),
    Action("preset.5", ("5",), Context.TRADE, "size preset 1 to 5"),
    Action("price.down", ("j", "down"), Context.STAGED, "price down one tick"),
    Action("price.up", ("k", "up"), Context.STAGED, "price up one tick"),
    Action("price.down10", ("J", "pagedown"), Context.STAGED, "price down ten ticks"),
    Action("price.up10", ("K", "pageup"), Context.STAGED, "price up ten ticks"),
    Action("size.down", ("h", "left"), Context.STAGED, "size down one step"),
    Action("size.up", ("l", "right"), Context.STAGED, "size up one step"),
    Action("bracket", ("t",), Context.STAGED, "attach or detach the stop and target of the template"),
    Action("post_only", ("o",), Context.STAGED, "post-only on or off"),
    Action("reduce_only", ("r",), Context.STAGED, "reduce-only on or off"),
    Action("tif", ("i",), Context.STAGED, "next time in force"),
    Action("market", ("m",), Context.STAGED, "limit at the touch, or cross the spread"),
    Action("edit", ("tab",), Context.STAGED, "edit every field of the staged order as a form"),
    Action("send", ("enter",), Context.STAGED, "send the staged order", adds_exposure=True),
    Action("drop", ("escape",), Context.STAGED, "drop the staged order"),
    Action("close", ("x",), Context.TRADE, "stage a close; then 1 2 3 4 = 25 50 75 100 %"),
    Action("close.25", ("1",), Context.CLOSING, "close 25 50 75 100 %"),
    Action("close.50", ("2",), Context.CLOSING, "close 25 50 75 100 %"),
    Action("close.75", ("3",), Context.CLOSING, "close 25 50 75 100 %"),
    Action("close.100", ("4",), Context.CLOSING, "close 25 50 75 100 %"),
    Action("protect", ("p",), Context.TRADE, "stage the stop of the template over the whole position"),
    Action("break_even", ("e",), Context.TRADE, "stage the stop at break-even, fees and funding included"),
    Action("stop.looser", (",",), Context.TRADE, "stop one tick looser; presses within 0.3 s are one change"),
    Action("stop.tighter", (".",), Context.TRADE, "stop one tick tighter"),
    Action("stop.looser10", ("<",), Context.TRADE, "stop ten ticks looser"),
    Action("stop.tighter10", (">",), Context.TRADE, "stop ten ticks tighter"),
    Action("target.nearer", ("(",), Context.TRADE, "target one tick nearer"),
    Action("target.further", (")",), Context.TRADE, "target one tick further"),
    Action("flatten.symbol", ("X",), Context.TRADE, "twice: cancel the symbol's orders and close its position"),
    Action("cancel.selected", ("c",), Context.TRADE, "cancel the selected order, else the newest"),
    Action("cancel.symbol", ("C",), Context.TRADE, "cancel every order of the symbol"),
    Action("panic", ("ctrl+g",), Context.ANYWHERE, "cancel all but stops; twice: flatten everything"),
    Action("focus.positions", ("g p",), Context.TRADE, "focus positions"),
    Action("focus.orders", ("g o",), Context.TRADE, "focus orders"),
    Action("focus.book", ("g b",), Context.TRADE, "focus the book"),
    Action("focus.tape", ("g t",), Context.TRADE, "focus the tape"),
    Action("focus.fills", ("g h",), Context.TRADE, "focus fills"),
    Action("focus.pnl", ("g e",), Context.TRADE, "focus profit and loss"),
    Action("focus.log", ("g l",), Context.TRADE, "focus the log"),
    Action("focus.next", ("tab",), Context.TRADE, "focus the next pane"),
    Action("focus.previous", ("shift+tab",), Context.TRADE, "focus the previous pane"),
    Action("row.down", ("j", "down"), Context.LIST, "next row"),
    Action("row.up", ("k", "up"), Context.LIST, "previous row"),
    Action("row.first", ("g g",), Context.LIST, "first row"),
    Action("row.last", ("G",), Context.LIST, "last row"),
    Action("row.none", ("escape",), Context.LIST, "select nothing"),
    Action("cursor.down", ("j", "down"), Context.BOOK, "price cursor down; b and s then stage at its price"),
    Action("cursor.up", ("k", "up"), Context.BOOK, "price cursor up; b and s then stage at its price"),
    Action("cursor.none", ("escape",), Context.BOOK, "no price cursor"),
    Action("recentre", ("space",), Context.TRADE, "recentre the ladder"),
    Action("group.up", ("+", "="), Context.TRADE, "coarser price grouping"),
    Action("group.down", ("-",), Context.TRADE, "finer price grouping"),
    Action("symbol.next", ("n",), Context.TRADE, "next symbol"),
    Action("symbol.previous", ("N",), Context.TRADE, "previous symbol"),
    Action("command", (":",), Context.TRADE, "command line: buy sell close cancel flat symbol theme quit"),
    Action("find", ("/",), Context.TRADE, "find a symbol"),
    Action("zoom", ("z",), Context.TRADE, "focused pane in full, or back"),
    Action("theme", ("T",), Context.TRADE, "next theme"),
    Action("help", ("?",), Context.TRADE, "what works here; Enter runs the chosen line"),
    Action("quit", ("q",), Context.TRADE, "twice: leave"),
    Action("leave", ("ctrl+c",), Context.ANYWHERE, "twice: leave at once"),
)

_PRECEDENCE: dict[Context, int] = {
    Context.ANYWHERE: 0,
    Context.CLOSING: 1,
    Context.STAGED: 2,
    Context.LIST: 3,
    Context.BOOK: 3,
    Context.TRADE: 4,
}

SWALLOWED = frozenset({"ctrl+s", "ctrl+q", "ctrl+z", "ctrl+b", "ctrl+a", "ctrl+h", "ctrl+i", "ctrl+m", "ctrl+j"})
"""Keys that flow control, suspension, multiplexers or terminals take for themselves; no action may be bound to one."""


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

    def available(self, contexts: frozenset[Context]) -> list[Action]:
        """Return the actions that some key reaches in the given contexts, in table order."""
        return [a for a in self.actions if any(self._find(keys, contexts) is a for keys in a.keys)]

    def _find(self, sequence: str, contexts: frozenset[Context]) -> Action | None:
        for context in sorted(contexts | {Context.ANYWHERE}, key=_PRECEDENCE.__getitem__):
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
