"""The key table: every action, its keys, where they work and what the help says; a row here, and a performer of the same id.

Performers are found by the id: in ``ui/performers`` for what concerns orders, in ``ui/screens`` for the screen alone. The rows
that focus panes come from ``ui/panes/registry``.
"""

from __future__ import annotations

from tui_trader.ui.action import Action, Context
from tui_trader.ui.panes.registry import PANES

FOCUS: tuple[Action, ...] = tuple(
    Action(f"focus.{row.slot}", (row.keys,), Context.TRADE, f"focus {row.words}") for row in PANES if row.keys
)
"""One for each pane that can have the focus."""

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
    Action("reverse", ("R",), Context.TRADE, "stage the position turned around, both halves shown"),
    Action("flatten.symbol", ("X",), Context.TRADE, "twice: cancel the symbol's orders and close its position"),
    Action(
        "cancel.selected",
        ("c",),
        Context.TRADE,
        "cancel the marked, the selected, else the newest order",
    ),
    Action("amend", ("m",), Context.TRADE, "stage a change of the chosen order: j k price, h l size"),
    Action("undo", ("u",), Context.TRADE, "stage again what was cancelled last; nothing is sent"),
    Action("cancel.symbol", ("C",), Context.TRADE, "cancel every order of the symbol"),
    Action("panic", ("ctrl+g",), Context.ANYWHERE, "cancel all but stops; twice: flatten everything"),
    *FOCUS,
    Action("focus.next", ("tab",), Context.TRADE, "focus the next pane"),
    Action("focus.previous", ("shift+tab",), Context.TRADE, "focus the previous pane"),
    Action("focus.last", ("-",), Context.TRADE, "the pane that had the focus before"),
    Action("row.down", ("j", "down"), Context.LIST, "next row"),
    Action("row.up", ("k", "up"), Context.LIST, "previous row"),
    Action("row.first", ("g g",), Context.LIST, "first row"),
    Action("row.last", ("G",), Context.LIST, "last row"),
    Action("row.none", ("escape",), Context.LIST, "select nothing"),
    Action("mark", ("space",), Context.LIST, "mark an order, or unmark it, for c and :move marked"),
    Action("sort", ("o",), Context.LIST, "sort the rows otherwise, once none is selected"),
    Action("filter", ("/",), Context.LIST, "show only rows that match; elsewhere find a symbol"),
    Action("cursor.down", ("j", "down"), Context.BOOK, "price cursor down; b and s then stage at its price"),
    Action("cursor.up", ("k", "up"), Context.BOOK, "price cursor up; b and s then stage at its price"),
    Action("cursor.none", ("escape",), Context.BOOK, "no price cursor"),
    Action("recentre", ("space",), Context.TRADE, "recentre the ladder"),
    Action("shows", ("v",), Context.TRADE, "ladder: sizes, sums from the touch, pulled and stacked"),
    Action("group.up", ("+", "="), Context.TRADE, "coarser price grouping"),
    Action("group.down", ("_",), Context.TRADE, "finer price grouping"),
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
