"""The bottom line: which keys to mention for what the trader is doing; what they do is the key table's."""

from __future__ import annotations

from collections.abc import Collection

from tui_trader.desk.draft import Draft
from tui_trader.ui.keymap import KeyMap, spoken
from tui_trader.ui.panes.status import Hint

_Rows = tuple[tuple[str, str, str, int], ...]
"""Action, keys as shown, label, rank."""

_IDLE: _Rows = (
    ("arm", "A", "arm", 4),
    ("join.buy", "b/s", "stage", 0),
    ("cross.buy", "B/S", "cross", 3),
    ("preset.1", "1-5", "size", 3),
    ("close", "x", "close", 0),
    ("protect", "p", "protect", 2),
    ("reverse", "R", "reverse", 5),
    ("break_even", "e", "b/e", 4),
    ("undo", "u", "undo", 5),
    ("stop.looser", ", .", "stop", 3),
    ("cancel.selected", "c C", "cancel", 1),
    ("amend", "m", "change", 2),
    ("flatten.symbol", "X", "flat", 4),
    ("panic", "^G", "cancel all", 0),
    ("panic", "^G^G", "flatten all", 4),
    ("symbol.next", "n/N", "symbol", 3),
    ("group.up", "+/_", "group", 5),
    ("recentre", "Space", "centre", 5),
    ("focus.positions", "gp go gb", "panes", 5),
    ("workspace.next", "w", "workspace", 5),
    ("palette", "^P", "palette", 5),
    ("command", ":", "command", 1),
    ("help", "?", "help", 1),
)
"""Action, keys as shown, label, rank: the bottom line while nothing is staged."""

_ARMED: _Rows = (
    ("arm", "A", "disarm", 0),
    ("join.buy.now", "b/s", "SEND join", 0),
    ("cross.buy.now", "B/S", "SEND cross", 0),
    ("close.now", "x", "CLOSE", 0),
    ("reverse.now", "R", "reverse", 2),
    ("preset.1", "1-5", "size", 1),
    ("stop.looser", ", .", "stop", 2),
    ("cancel.selected", "c C", "cancel", 1),
    ("panic", "^G", "cancel all", 0),
    ("panic", "^G^G", "flatten all", 3),
    ("symbol.next", "n/N", "symbol", 4),
    ("recentre", "Space", "centre", 4),
    ("help", "?", "help", 2),
)
"""While single keys send: in capitals what they do at once."""

_STAGED: _Rows = (
    ("send", "Enter", "send", 0),
    ("drop", "Esc", "drop", 0),
    ("price.down", "j/k", "price", 1),
    ("price.down10", "J/K", "10 ticks", 4),
    ("size.down", "h/l", "size", 1),
    ("preset.1", "1-5", "preset", 3),
    ("bracket", "t", "stop+target", 2),
    ("post_only", "o", "post-only", 3),
    ("reduce_only", "r", "reduce-only", 4),
    ("tif", "i", "tif", 4),
    ("market", "m", "cross", 3),
    ("edit", "Tab", "form", 2),
)

_CLOSING: _Rows = (
    ("send", "Enter", "send", 0),
    ("drop", "Esc", "drop", 0),
    ("close.25", "1 2 3 4", "25 50 75 100 %", 0),
    ("market", "m", "limit or market", 2),
    ("price.down", "j/k", "price", 3),
    ("edit", "Tab", "form", 3),
)

_WAITING: _Rows = (
    ("send", "Enter", "send", 0),
    ("drop", "Esc", "drop", 0),
    ("stop.looser", ", .", "trigger 1 tick", 0),
    ("stop.looser10", "< >", "10 ticks", 1),
    ("break_even", "e", "break-even", 1),
    ("close.25", "1 2 3 4", "25 50 75 100 %", 2),
    ("market", "m", "limit or market", 4),
    ("edit", "Tab", "form", 3),
)

_AMENDING: _Rows = (
    ("send", "Enter", "send the change", 0),
    ("drop", "Esc", "drop it", 0),
    ("price.down", "j/k", "price", 0),
    ("price.down10", "J/K", "10 ticks", 1),
    ("size.down", "h/l", "size", 1),
)

_SHIFTING: _Rows = (
    ("send", "Enter", "send the change", 0),
    ("drop", "Esc", "drop it", 0),
    ("stop.looser", ", .", "trigger 1 tick", 0),
    ("stop.looser10", "< >", "10 ticks", 1),
    ("break_even", "e", "break-even", 2),
)

_WHEN_SMALL = frozenset(
    {"close.25", "close", "protect", "cancel.selected", "flatten.symbol", "panic", "command", "help", "send", "drop"}
)
"""What the hints offer on a terminal that is too small to enter orders on."""


def hints(
    keymap: KeyMap, draft: Draft | None, *, tradable: bool, armed: bool = False, cannot: Collection[str] = ()
) -> list[Hint]:
    """Return the hints of this moment: the second keys of a sequence that has begun, else what fits the draft.

    ``cannot`` are actions that the venue does not offer: their keys are shown as such.
    """
    if keymap.pending:
        waiting = [a for a in keymap.actions if any(keys.startswith(f"{keymap.pending} ") for keys in a.keys)]
        return [Hint(spoken(a.keys[0]), a.text.removeprefix("focus "), rank) for rank, a in enumerate(waiting)]
    idle = _ARMED if armed else _IDLE
    rows = idle if draft is None else _CLOSING if draft.closes else _STAGED
    if draft is not None and draft.closes and draft.trigger is not None:
        rows = _WAITING
    if draft is not None and draft.amends is not None:
        rows = _AMENDING if draft.resizes else _SHIFTING
    # Where nothing is entered anyway the room is for what is left.
    return [
        Hint(keys, label, rank, enabled=action not in cannot)
        for action, keys, label, rank in rows
        if tradable or action in _WHEN_SMALL
    ]
