"""The trading screen: a cockpit with keys to actions and a row to type in.

What a key does to orders is ``performers``', which panes there are and where they stand is ``Cockpit``'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from textual import events

from tui_trader.core.grammar import complete
from tui_trader.core.order import Order
from tui_trader.core.position import Position
from tui_trader.core.types import InstrumentId, Severity
from tui_trader.desk.desk import Desk
from tui_trader.state import topic as t
from tui_trader.ui.action import Action, Context
from tui_trader.ui.cannot import cannot
from tui_trader.ui.habits import Habits
from tui_trader.ui.hints import hints
from tui_trader.ui.keymap import KeyMap, key_name, spoken
from tui_trader.ui.panes.base import Pane
from tui_trader.ui.panes.chart import ChartView
from tui_trader.ui.panes.labels import OrderLabels
from tui_trader.ui.panes.registry import FOCUS_ORDER
from tui_trader.ui.panes.tape import TapeView
from tui_trader.ui.performers.bench import Performer
from tui_trader.ui.performers.chart import chart_performers
from tui_trader.ui.prompt import Prompt
from tui_trader.ui.scalper import PREFIX
from tui_trader.ui.screens.cockpit import Cockpit
from tui_trader.ui.screens.form_row import FormRow
from tui_trader.ui.screens.supervisor import Supervisor
from tui_trader.ui.screens.trigger import Trigger
from tui_trader.ui.screens.typing import Typing
from tui_trader.ui.screens.verbs import Verbs
from tui_trader.ui.screens.watching import Watching
from tui_trader.ui.slot import Slot
from tui_trader.ui.ticket_form import TicketForm
from tui_trader.ui.trading import Trading
from tui_trader.ui.workspace import Shelf

if TYPE_CHECKING:
    from tui_trader.ui.accounts import Accounts

MAX_PASTE = 500
"""Characters of pasted text that are kept."""

_MOVES = {
    "row.down": "cursor_down",
    "row.up": "cursor_up",
    "row.first": "cursor_top",
    "row.last": "cursor_bottom",
    "row.none": "cursor_off",
    "cursor.down": "cursor_down",
    "cursor.up": "cursor_up",
    "cursor.none": "cursor_off",
}
"""Actions that move the place in the pane with the focus, and the view's method; a view without it stays as it is."""

_CONTEXTS = {Slot.BOOK: Context.BOOK, Slot.CHART: Context.CHART}
"""Panes with keys of their own; the others are lists."""


class TradeScreen(Cockpit):
    """Everything a trader needs at once."""

    DEFAULT_CSS = """
    TradeScreen { layout: vertical; overflow: hidden; background: $background; }
    TradeScreen > * { position: absolute; }
    """
    AUTO_FOCUS = ""

    def __init__(
        self,
        desk: Desk,
        symbols: list[InstrumentId],
        keymap: KeyMap,
        habits: Habits | None = None,
        shelf: Shelf | None = None,
        accounts: Accounts | None = None,
    ) -> None:
        labels = OrderLabels()
        super().__init__(desk, symbols, labels, shelf, accounts)
        self.keymap = keymap
        self.trading = Trading(desk, self, desk.clock, symbols, habits, find_label=labels.find)
        self.trading.bench.layout = self.workspaces.by_name
        self.typing = Typing(self)
        self.form_row = FormRow(self)
        self.supervised = Supervisor(self)
        self.trigger = Trigger(
            desk.clock, after=self.set_timer, fire=self._fire, say=partial(self.say, severity=Severity.WARNING)
        )
        self.trading.bench.grouping = self.gather
        self.trading.bench.sifting = self._view(Slot.TAPE, TapeView).sift
        self.trading.bench.executor.choosing.marked_orders = self.orders.marked
        self.trading.bench.key_does = self.keymap.does
        self.performers = self._performers()
        """What each action does that is the screen's alone, by the action's id."""

    def _performers(self) -> dict[str, Performer]:
        found: dict[str, Performer] = {name: partial(self._move, method) for name, method in _MOVES.items()}
        return found | {
            **self.pane_focus.performers(),
            **chart_performers(self._view(Slot.CHART, ChartView)),
            **Verbs(self).performers(),
            **self.workspaces.performers(),
            **Watching(self).performers(),
            "recentre": self.ladder.recentre,
            "shows": self._show_next,
            "mark": self._mark,
            "sort": self._sort,
            "filter": self._open_filter,
            "group.up": partial(self.group, 1),
            "group.down": partial(self.group, -1),
            "command": partial(self.typing.open, ":"),
            "find": partial(self.typing.open, "/"),
            "edit": self.form_row.open,
            "theme": self.next_theme,
            "help": self.open_help,
            "palette": self.open_palette,
        }

    # -- building --------------------------------------------------------------------------------------------------

    def complete(self, text: str) -> list[str]:
        """Return what a half-typed line may go on with."""
        return self.typing.complete(text)

    def on_mount(self) -> None:
        """Take part in the frames and show the first hints."""
        self.pane_focus.mark()
        self.lay_out()
        self.refresh_hints()

    # -- keys ------------------------------------------------------------------------------------------------------

    def take(self, event: events.Key | events.Paste) -> bool:
        """Act on a key or a paste; return False when it is for an open text field, which then has the focus."""
        if self.prompt.display:  # a click elsewhere took the focus from it, but what is shown is where keys go
            self.set_focus(self.prompt)
            return False
        if self.form.is_open:
            self.form.take_focus()
            return False
        if isinstance(event, events.Key):
            self.on_key(event)
        else:
            self.on_paste(event)
        return True

    def on_key(self, event: events.Key) -> None:
        """Turn a key into an action unless a text field has it."""
        if self.focused is not None:
            return  # the bindings of the field come after this: Backspace, the arrows, Tab
        event.stop()
        event.prevent_default()
        self.press(key_name(event.key, event.character))

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text is never keys: it opens the command line, on one line, and sends nothing."""
        event.stop()
        text = " ".join(event.text.split())
        if text:
            self.typing.open(":" + text[:MAX_PASTE])

    def press(self, key: str) -> None:
        """Do what a key does here."""
        self.supervised(f"the key {spoken(key)}", partial(self._press, key))

    def _press(self, key: str) -> None:
        self.trigger.key(key)
        action = self.keymap.press(key, self.contexts())
        if action is not None and action.sends:
            self.trigger.pull(action)
        elif action is not None:
            self.act(action)
        elif not self.keymap.pending:
            if line := self.desk.macros.keys.get(key):
                self.trading.typed.press(line)
            self.refresh_hints()

    def _fire(self, action: Action) -> None:
        """Do what a key sends by itself, unless keys do not send any more."""
        if action.context in self.contexts():
            self.supervised(action.id, partial(self.act, action))

    def contexts(self) -> frozenset[Context]:
        """Return where keys go now."""
        self.trading.look()
        draft = self.desk.stage.draft
        found = {Context.TRADE}
        if draft is not None:
            found.add(Context.STAGED)
            if draft.closes:
                found.add(Context.CLOSING)
        else:
            if self.trading.arming.armed:
                found.add(Context.ARMED)
                if self.pane_focus.slot is Slot.BOOK:
                    found.add(Context.SCALPER)
            found.add(_CONTEXTS.get(self.pane_focus.slot, Context.LIST))
        return frozenset(found)

    def act(self, action: Action) -> None:
        """Do an action: those of the screen here, those of trading there."""
        performer = self.performers.get(action.id.removeprefix(PREFIX))
        why = self.cannot().get(action.id.removeprefix(PREFIX))
        if why is not None and self.desk.stage.draft is None:
            self.say(why, Severity.WARNING)
            self.trading.other_key()
        elif performer is not None:
            performer()
            self.trading.other_key()
        else:
            self.trading.perform(action)
        self.status.arm(self.trading.arming.until_ns)
        self.refresh_hints()
        self.program.pump.nudge()

    def _move(self, method: str) -> None:
        move = getattr(self.views[self.pane_focus.slot], method, None)
        if move is not None:
            move()

    def _mark(self) -> None:
        """Mark the chosen order; where there are no orders to mark the key recentres the ladder."""
        if self.pane_focus.slot is Slot.ORDERS:
            self.orders.toggle_mark()
        else:
            self.ladder.recentre()

    def _open_filter(self) -> None:
        """Open the line that filters the pane with the focus; where there is nothing to filter it finds a symbol."""
        self.typing.open("/", self.views[self.pane_focus.slot])

    def _sort(self) -> None:
        sort = getattr(self.views[self.pane_focus.slot], "sort_next", None)
        if sort is not None:
            self.say(f"sorted by {sort()}, once no row is selected")

    def _show_next(self) -> None:
        self.ladder.show_next()
        self.second.shows = self.ladder.shows
        self.second.moved()

    def on_pane_clicked(self, event: Pane.Clicked) -> None:
        """Give the pane that was clicked the focus; its view has put its cursor where the click was, and nothing else happens."""
        event.stop()
        slot = next((slot for slot, view in self.views.items() if view is event.view), None)
        if slot in FOCUS_ORDER and not self.prompt.display and not self.form.is_open:
            self.pane_focus.go(slot)

    def next_theme(self) -> None:
        """Change to the next theme."""
        self.program.next_theme()

    # -- what is typed -----------------------------------------------------------------------------------------------

    def on_prompt_typed(self, event: Prompt.Typed) -> None:
        """Say what the line means so far."""
        event.stop()
        self.supervised("reading the line", partial(self.typing.typed, event))

    def on_prompt_searched(self, event: Prompt.Searched) -> None:
        """Say what earlier lines are searched for."""
        event.stop()
        self.typing.searched(event)

    def on_prompt_entered(self, event: Prompt.Entered) -> None:
        """Run the line."""
        event.stop()
        self.supervised("the line", partial(self.typing.entered, event))

    def on_prompt_left(self, event: Prompt.Left) -> None:
        """Back to the keys."""
        event.stop()
        self.typing.close()

    def on_ticket_form_edited(self, event: TicketForm.Edited) -> None:
        """Stage what the fields say."""
        event.stop()
        self.supervised("the form", partial(self.form_row.edited, event))

    def on_ticket_form_entered(self, event: TicketForm.Entered) -> None:
        """Say what may be typed into a field."""
        event.stop()
        self.form_row.entered(event)

    def on_ticket_form_sent(self, event: TicketForm.Sent) -> None:
        """Send what the form shows."""
        event.stop()
        self.supervised("the form", self.form_row.sent)

    def on_ticket_form_left(self, event: TicketForm.Left) -> None:
        """Back to the staged order and its keys."""
        event.stop()
        self.form_row.left()

    # -- what trading may change ------------------------------------------------------------------------------------

    @property
    def tradable(self) -> bool:
        """Whether the terminal is large enough to enter orders on."""
        return self.plan.tradable

    @property
    def current(self) -> bool:
        """Whether the terminal shows what was drawn for it."""
        return not self.program.display_delayed

    def selected_order(self) -> Order | None:
        """Return the order under the cursor."""
        return self.orders.selected()

    def chosen_orders(self) -> list[Order]:
        """Return the marked orders, else those at the ladder's cursor while it has the focus, else the one under the cursor."""
        marked = self.orders.marked()
        if marked:
            return marked
        if self.cursor_price() is not None:
            return self.ladder.orders_at_cursor()
        selected = self.orders.selected()
        return [selected] if selected is not None else []

    def release_marks(self) -> None:
        """Unmark all orders."""
        self.orders.clear_marks()

    def name_of(self, order: Order) -> str:
        """Return the label of an order."""
        return self.orders.labels.label(order.client_id, order.instrument)

    def selected_position(self) -> Position | None:
        """Return the leg under the cursor."""
        return self.positions.selected()

    def clear(self) -> None:
        """Take back what was said, after what this key sends has begun; what is said by then stays."""
        asyncio.get_running_loop().call_soon(self._clear, self.message.spoken)

    def _clear(self, spoken: int) -> None:
        if self.message.spoken == spoken:
            self.message.clear()

    def cursor_price(self) -> Decimal | None:
        """Return the price under the ladder's cursor, while the ladder has the focus."""
        return self.ladder.price_at_cursor() if self.pane_focus.slot is Slot.BOOK else None

    def show_instrument(self, iid: InstrumentId) -> None:
        """Point every pane at an instrument; the one shown until now goes to the second ladder."""
        before = self.header.instrument
        self.desk.show(iid)
        for slot, view in self.views.items():
            if slot is not Slot.SECOND:
                view.watch(iid)
        if before is not None and before != iid:
            self.second.watch(before)
        self.compare(wide=self.orders.with_others)
        self.program.pump.nudge()

    def group(self, step: int) -> None:
        """Make the ladder coarser or finer."""
        self.ladder.group(step)

    def gather(self, step: Decimal | None) -> str:
        """Gather the ladder's levels by a typed step; return one line. Raises CommandError naming the nearest that can be."""
        return self.ladder.gather(step)

    def use_theme(self, name: str) -> None:
        """Change the colours."""
        self.program.use_theme(name)

    def open_help(self, topic: str = "") -> None:
        """Open the help for what works here."""
        from tui_trader.ui.screens.help import HelpScreen

        able = self.cannot()
        found = self.keymap.actions if topic == "keys" else self.keymap.available(self.contexts())
        available = [replace(one, text=f"{one.text}; not here: {able[one.id]}") if one.id in able else one for one in found]
        self.program.push_screen(HelpScreen(available, "every key" if topic == "keys" else "what works here"), self._run_help)

    def _run_help(self, action: Action | None) -> None:
        if action is not None and not action.adds_exposure:
            self.supervised(action.id, partial(self.act, action))

    def focus_log(self) -> None:
        """Give the log the focus."""
        self.pane_focus.go(Slot.LOG)

    def leave(self, words: str = "") -> None:
        """End the program; ``words`` are left on the terminal."""
        self.program.leave(0, words)

    def close_view(self) -> bool:
        """Give every pane its place again; False when none was in full."""
        return self.pane_focus.close()

    def show_rows(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """Show one thing in full over everything."""
        from tui_trader.ui.screens.rows import RowsScreen

        self.program.push_screen(RowsScreen(title, rows))

    def open_palette(self) -> None:
        """Open the palette over everything."""
        from tui_trader.ui.screens.palette import Choice, PaletteScreen

        actions = [Choice(a.id, " ".join(spoken(key) for key in a.keys), a.text) for a in self.keymap.actions]
        known = {action.id for action in self.keymap.actions if not action.adds_exposure}
        words = [Choice(f":{word.strip()} ", ":", f"command {word.strip()}") for word in complete("", [])]
        self.program.push_screen(PaletteScreen([one for one in actions if one.id in known] + words), self._run_choice)

    def _run_choice(self, chosen: str | None) -> None:
        if chosen is not None and chosen.startswith(":"):
            self.typing.open(chosen)
        elif chosen is not None:
            self._run_help(self.keymap.action(chosen))

    def run(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run something that waits, as a named task; afterwards the keys may mean something else."""
        self.program.run_task(name, self._to_its_end(work))

    async def _to_its_end(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        finally:
            self.refresh_hints()

    # -- other accounts ----------------------------------------------------------------------------------------------

    def step_back(self) -> None:
        """Give the screen to another account: keys are SAFE, and nothing half-done here waits for a key."""
        self.trigger.forget("another account is on the screen")
        self.keymap.pending = ""
        self.trading.leave_screen()

    def come_back(self) -> None:
        """Be the account on the screen."""
        self.trading.come_back()
        if self.is_built:
            self.lay_out()
            self.tick()
            self.refresh_hints()
        for view in self.views.values():  # nothing may stand there as it was: balances were perhaps hidden meanwhile
            view.moved()

    def company_changed(self) -> None:
        """Make room for what is said of other accounts, or take it back."""
        if not self.is_built:
            return  # it will be laid out with everything
        self.lay_out()
        self.refresh_hints()

    # -- following the desk ----------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Once a second and after own events: keep what depends on the desk's health current."""
        focus, draft = self.desk.focus, self.desk.stage.draft
        iid = draft.instrument if draft is not None else focus
        blocked = self.desk.blocked(iid) if iid is not None else "no symbol yet"
        if not self.current:
            blocked = "DISPLAY DELAYED: your terminal lags behind"
        armed = self.trading.arming.until_ns
        self.trading.look()
        if armed != self.trading.arming.until_ns:
            self.refresh_hints()
        self.status.arm(self.trading.arming.until_ns)
        self.status.lock(self.desk.lock)
        self.ticket.confirming, self.ticket.refused = self.trading.confirming, self.trading.refused
        if blocked != self.ticket.blocked:
            self.ticket.blocked = blocked
            self.desk.store.touch(t.STAGE)
        if self.header.instrument != focus and focus is not None:
            self.show_instrument(focus)

    def refresh_hints(self) -> None:
        """Show the keys of this moment."""
        if not self.is_built or self.typing.explaining or self.form.is_open:
            return
        self.ticket.confirming, self.ticket.refused = self.trading.confirming, self.trading.refused
        draft, armed = self.desk.stage.draft, self.trading.arming.armed
        able = self.cannot() if draft is None else {}
        self.status.show(hints(self.keymap, draft, tradable=self.plan.tradable, armed=armed, cannot=able))

    def cannot(self) -> dict[str, str]:
        """Return what keys cannot do at this venue, by action, and why."""
        return cannot(self.desk, self.selected_order())
