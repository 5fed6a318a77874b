"""The trading screen: every pane in its place, keys to actions, and a row to type in.

It owns widgets and focus; what a key does to orders is ``trading``'s, where a pane stands is ``layout``'s.
"""

from __future__ import annotations

from collections.abc import Coroutine
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen

from tui_trader.core.grammar import complete
from tui_trader.core.order import Order
from tui_trader.core.position import Position
from tui_trader.core.types import InstrumentId, Severity
from tui_trader.desk.desk import Desk
from tui_trader.desk.settings import Confirm
from tui_trader.state import topic as t
from tui_trader.ui.hints import hints
from tui_trader.ui.keymap import Action, Context, KeyMap, key_name
from tui_trader.ui.layout import Plan, Rect, Slot, plan
from tui_trader.ui.panes.base import Frame, Pane
from tui_trader.ui.panes.fills import FillsView
from tui_trader.ui.panes.header import HeaderView
from tui_trader.ui.panes.labels import OrderLabels
from tui_trader.ui.panes.ladder import LadderView
from tui_trader.ui.panes.log import LogView
from tui_trader.ui.panes.message import MessageView
from tui_trader.ui.panes.orders import OrdersView
from tui_trader.ui.panes.pnl import PnlView
from tui_trader.ui.panes.positions import PositionsView
from tui_trader.ui.panes.status import StatusView
from tui_trader.ui.panes.tape import TapeView
from tui_trader.ui.panes.ticket import TicketView
from tui_trader.ui.panes.view import View
from tui_trader.ui.prompt import Prompt
from tui_trader.ui.theme import Theme
from tui_trader.ui.ticket_form import TicketForm
from tui_trader.ui.trading import Trading

if TYPE_CHECKING:
    from tui_trader.ui.app import TraderApp

MAX_PASTE = 500
"""Characters of pasted text that are kept."""

FOCUS_ORDER = (Slot.BOOK, Slot.POSITIONS, Slot.ORDERS, Slot.PNL, Slot.TAPE, Slot.FILLS, Slot.LOG)
"""The walk of Tab."""

_FOCUS_OF = {
    "focus.positions": Slot.POSITIONS,
    "focus.orders": Slot.ORDERS,
    "focus.book": Slot.BOOK,
    "focus.tape": Slot.TAPE,
    "focus.fills": Slot.FILLS,
    "focus.pnl": Slot.PNL,
    "focus.log": Slot.LOG,
}

_FORM_HINTS = ("Enter sends", "Esc back", "Tab next field")

_TOO_SMALL = "too small for entries: x c C X ^G work here; 80x24 or larger trades"


class TradeScreen(Screen[None]):
    """Everything a trader needs at once."""

    DEFAULT_CSS = """
    TradeScreen { layout: vertical; overflow: hidden; background: $background; }
    TradeScreen > * { position: absolute; }
    """
    AUTO_FOCUS = ""

    def __init__(self, desk: Desk, symbols: list[InstrumentId], keymap: KeyMap, confirm: Confirm = Confirm.LARGE) -> None:
        super().__init__()
        self.desk = desk
        self.keymap = keymap
        store, clock = desk.store, desk.clock
        labels = OrderLabels()
        self.trading = Trading(desk, self, clock, symbols, confirm, find_label=labels.find)
        self.ladder = LadderView(store, clock, desk.focus)
        self.positions = PositionsView(store, clock, made_by=desk.protect.role)
        self.orders = OrdersView(store, clock, labels, made_by=desk.protect.role)
        self.tape = TapeView(store, clock, desk.focus)
        self.ticket = TicketView(store, clock, desk.stage)
        self.message = MessageView(store, clock)
        self.status = StatusView(store, clock)
        self.header = HeaderView(
            store,
            clock,
            badge=desk.account.badge,
            venue=desk.account.venue.name,
            account=desk.account.label,
            instrument=desk.focus,
            bytes_per_second=lambda: self.program.pump.bytes_per_second,
            day_limit=desk.facts.limits.day_loss,
            recording=lambda: desk.recording_words,
        )
        self.views: dict[Slot, View] = {
            Slot.HEADER: self.header,
            Slot.POSITIONS: self.positions,
            Slot.BOOK: self.ladder,
            Slot.ORDERS: self.orders,
            Slot.TAPE: self.tape,
            Slot.FILLS: FillsView(store, clock),
            Slot.PNL: PnlView(store, clock),
            Slot.LOG: LogView(store, clock),
            Slot.TICKET: self.ticket,
            Slot.COMMAND: self.message,
            Slot.STATUS: self.status,
        }
        self.panes: dict[Slot, Pane[View]] = {}
        self.focused_slot = Slot.BOOK
        self.zoomed: Slot | None = None
        self._plan: Plan = plan(80, 24)
        self._explaining = False
        self._form_line = ""
        """What the form said when its order was staged last."""

    @property
    def program(self) -> TraderApp:
        """The application this is the screen of."""
        return cast("TraderApp", self.app)

    # -- building --------------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        for slot, view in self.views.items():
            bare = slot in (Slot.HEADER, Slot.COMMAND, Slot.STATUS)
            pane = Pane(
                view,
                self.program.look,
                self.program.pump,
                frame=Frame.NONE if bare else Frame.RULE,
                ascii_only=self.program.ascii_only,
                focusable=False,
                id=f"pane-{slot}",
            )
            self.panes[slot] = pane
            yield pane
        prompt = Prompt(self._complete, id="prompt")
        prompt.display = False
        yield prompt
        yield TicketForm(id="form")

    def on_mount(self) -> None:
        """Take part in the frames and show the first hints."""
        self._focus(self.focused_slot)
        self._arrange()
        self._refresh_hints()

    def on_resize(self, event: events.Resize) -> None:
        """Put every pane in its place for the new size."""
        self._arrange()

    def _arrange(self) -> None:
        self._plan = plan(self.size.width, self.size.height, self.zoomed)
        for slot, pane in self.panes.items():
            rect = self._plan.slots.get(slot)
            pane.display = rect is not None
            if rect is not None:
                _place(pane, rect)
        ticket = self._plan.slots.get(Slot.TICKET)
        command = self._plan.slots.get(Slot.COMMAND)
        if command is not None:
            _place(self.prompt, command)
        if ticket is not None:
            _place(self.form, Rect(ticket.x, ticket.y - 1, ticket.width, 1))
        if not self._plan.tradable:
            self.say(_TOO_SMALL, Severity.WARNING)
        elif self.message.text == _TOO_SMALL:
            self.message.clear()

    @property
    def prompt(self) -> Prompt:
        """The command line."""
        return self.query_one(Prompt)

    @property
    def form(self) -> TicketForm:
        """The ticket as a form."""
        return self.query_one(TicketForm)

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
            self._open_prompt(":" + text[:MAX_PASTE])

    def press(self, key: str) -> None:
        """Do what a key does here."""
        action = self.keymap.press(key, self.contexts())
        if action is not None:
            self.act(action)
        elif not self.keymap.pending:
            self._refresh_hints()

    def contexts(self) -> frozenset[Context]:
        """Return where keys go now."""
        draft = self.desk.stage.draft
        found = {Context.TRADE}
        if draft is not None:
            found.add(Context.STAGED)
            if draft.closes:
                found.add(Context.CLOSING)
        else:
            found.add(Context.BOOK if self.focused_slot is Slot.BOOK else Context.LIST)
        return frozenset(found)

    def act(self, action: Action) -> None:
        """Do an action: those of the screen here, those of trading there."""
        name = action.id
        if self._act_here(name):
            self.trading.other_key()
        else:
            self.trading.perform(action)
        self._refresh_hints()
        self.program.pump.nudge()

    def _act_here(self, name: str) -> bool:
        """Do what concerns the screen alone; False when it is trading's."""
        if name in _FOCUS_OF:
            self._focus(_FOCUS_OF[name])
        elif name in ("focus.next", "focus.previous"):
            self._walk_focus(1 if name == "focus.next" else -1)
        elif name.startswith(("row.", "cursor.")):
            self._move_cursor(name)
        elif name == "recentre":
            self.ladder.recentre()
        elif name in ("group.up", "group.down"):
            self.group(1 if name == "group.up" else -1)
        elif name in ("command", "find"):
            self._open_prompt(":" if name == "command" else "/")
        elif name == "edit":
            self._open_form()
        elif name == "zoom":
            self.zoomed = None if self.zoomed else self.focused_slot
            self._arrange()
        elif name == "theme":
            self.program.next_theme()
        elif name == "help":
            self.open_help()
        else:
            return False
        return True

    def _move_cursor(self, name: str) -> None:
        view: Any = self.views[self.focused_slot]
        method = {
            "row.down": "cursor_down",
            "row.up": "cursor_up",
            "row.first": "cursor_top",
            "row.last": "cursor_bottom",
            "row.none": "cursor_off",
            "cursor.down": "cursor_down",
            "cursor.up": "cursor_up",
            "cursor.none": "cursor_off",
        }[name]
        move = getattr(view, method, None)
        if move is not None:
            move()

    # -- focus -----------------------------------------------------------------------------------------------------

    def _focus(self, slot: Slot) -> None:
        if self.zoomed and slot not in self._plan.slots:
            self.zoomed = slot
            self._arrange()
        if slot not in self._plan.slots:
            self.say(f"the {slot} pane does not fit here", Severity.WARNING)
            return
        for each, view in self.views.items():
            if view.focused != (each is slot):
                view.focused = each is slot
                view.moved()
        self.focused_slot = slot

    def _walk_focus(self, step: int) -> None:
        order = [slot for slot in FOCUS_ORDER if self.zoomed or slot in self._plan.slots]
        if not order:
            return
        at = order.index(self.focused_slot) if self.focused_slot in order else -step
        self._focus(order[(at + step) % len(order)])

    # -- typing ----------------------------------------------------------------------------------------------------

    def _open_prompt(self, text: str) -> None:
        self.panes[Slot.COMMAND].display = False
        self.prompt.display = True
        self.prompt.open(text)

    def _close_prompt(self) -> None:
        self.prompt.display = False
        self.panes[Slot.COMMAND].display = True
        self.set_focus(None)
        self._explaining = False
        self._refresh_hints()

    def _complete(self, text: str) -> list[str]:
        symbols = [iid.symbol for iid in sorted(self.desk.store.instruments)]
        if self.prompt.value.startswith("/"):
            return [symbol for symbol in symbols if symbol.lower().startswith(text.lower())]
        return complete(text, symbols)

    def on_prompt_typed(self, event: Prompt.Typed) -> None:
        """Show under the prompt what the line means so far."""
        event.stop()
        if not self.prompt.display:
            return
        text = event.text[1:]
        if event.text.startswith("/"):
            names = [iid.symbol for iid in self.desk.store.find(text)][:8] if text else ["type a part of a symbol"]
            words, good = (names, True) if names else ([f"no symbol contains {text!r}"], False)
        elif text.strip():
            words, good = self.trading.explain(text)
        else:
            words, good = ["buy sell close cancel flat move symbol theme quit", "Tab completes", "Up recalls"], True
        self._explaining = True
        self.status.explain(words, "text" if good else "warning")
        self.program.pump.nudge()

    def on_prompt_entered(self, event: Prompt.Entered) -> None:
        """Run the line; one that does not read stays to be mended, an empty one closes."""
        event.stop()
        lead, text = event.text[:1], event.text[1:].strip()
        if not text:
            self._close_prompt()
            return
        if lead == "/":
            found = self.desk.store.find(text)
            if not found:
                self.prompt.mend()  # the row below says so
                return
            self.prompt.remember(text)
            self._close_prompt()
            self.show_instrument(found[0])
            return
        if self.trading.enter(text):
            self.prompt.remember(text)
            self._close_prompt()
        else:
            self.prompt.mend()

    def on_prompt_left(self, event: Prompt.Left) -> None:
        """Back to the keys."""
        event.stop()
        self._close_prompt()

    # -- form ------------------------------------------------------------------------------------------------------

    def _open_form(self) -> None:
        draft = self.desk.stage.draft
        if draft is not None and draft.amends is not None:
            self.say("only the trigger of a standing order moves: j k , . change it", Severity.WARNING)
        elif draft is not None:
            self.form.open(draft)
            self._form_line = self.form.line()

    def _close_form(self) -> None:
        self.form.close()
        self.set_focus(None)
        self._refresh_hints()

    def on_ticket_form_edited(self, event: TicketForm.Edited) -> None:
        """Restage what the fields say; the ticket pane shows the consequences."""
        event.stop()
        if self.form.is_open:  # a change that arrives after Enter must not stage the order once more
            self._restage(event.line)

    def _restage(self, line: str) -> bool:
        """Stage what the form says unless it is what was staged last; False when it is no order."""
        if line != self._form_line:
            problem = self.trading.edit(line)
            if problem:
                self.say(problem, Severity.WARNING)
                return False
            self._form_line = line
            self.message.clear()
        self.program.pump.nudge()
        return True

    def on_ticket_form_entered(self, event: TicketForm.Entered) -> None:
        """Say what may be typed into a field."""
        event.stop()
        self.status.explain([f"{event.name}: {event.hint}", *_FORM_HINTS])
        self.program.pump.nudge()

    def on_ticket_form_sent(self, event: TicketForm.Sent) -> None:
        """Send what the form shows; when it was refused the form stays."""
        event.stop()
        if not self.form.is_open or not self._restage(self.form.line()):  # a held Enter sends once
            return
        self.trading.perform(next(a for a in self.keymap.actions if a.id == "send"))
        if self.desk.stage.draft is None:
            self._close_form()
        self.program.pump.nudge()

    def on_ticket_form_left(self, event: TicketForm.Left) -> None:
        """Back to the staged order and its keys."""
        event.stop()
        if self.form.is_open:  # not the second of two: by then the command line may be open
            self._close_form()

    # -- what trading may change ------------------------------------------------------------------------------------

    @property
    def tradable(self) -> bool:
        """Whether the terminal is large enough to enter orders on."""
        return self._plan.tradable

    @property
    def current(self) -> bool:
        """Whether the terminal shows what was drawn for it."""
        return not self.program.display_delayed

    def say(self, text: str, severity: Severity = Severity.NOTE) -> None:
        """Show one line in the command row."""
        self.message.say(text, severity)
        if self.prompt.display:  # it covers the row of messages
            self.status.explain([text], "warning")
        self.program.pump.nudge()

    def selected_order(self) -> Order | None:
        """Return the order under the cursor."""
        return self.orders.selected()

    def selected_position(self) -> Position | None:
        """Return the leg under the cursor."""
        return self.positions.selected()

    def clear(self) -> None:
        """Take back what was said."""
        self.message.clear()

    def cursor_price(self) -> Decimal | None:
        """Return the price under the ladder's cursor, while the ladder has the focus."""
        return self.ladder.price_at_cursor() if self.focused_slot is Slot.BOOK else None

    def show_instrument(self, iid: InstrumentId) -> None:
        """Point every pane at an instrument."""
        self.desk.show(iid)
        for view in (self.ladder, self.tape, self.header):
            view.watch(iid)
        self.program.pump.nudge()

    def group(self, step: int) -> None:
        """Make the ladder coarser or finer."""
        self.ladder.group(step)

    def use_theme(self, name: str) -> None:
        """Change the colours."""
        self.program.use_theme(name)

    def open_help(self, topic: str = "") -> None:
        """Open the help for what works here."""
        from tui_trader.ui.screens.help import HelpScreen

        available = self.keymap.actions if topic == "keys" else self.keymap.available(self.contexts())
        self.program.push_screen(HelpScreen(available, "every key" if topic == "keys" else "what works here"), self._run_help)

    def _run_help(self, action: Action | None) -> None:
        if action is not None and not action.adds_exposure:
            self.act(action)

    def focus_log(self) -> None:
        """Give the log the focus."""
        self._focus(Slot.LOG)

    def leave(self) -> None:
        """End the program."""
        self.program.leave(0)

    def run(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run something that waits, as a named task; afterwards the keys may mean something else."""
        self.program.run_task(name, self._to_its_end(work))

    async def _to_its_end(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        finally:
            self._refresh_hints()

    def dress(self, theme: Theme) -> None:
        """Draw every pane in other colours."""
        for pane in self.panes.values():
            pane.dress(theme)

    # -- following the desk ----------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Once a second and after own events: keep what depends on the desk's health current."""
        focus, draft = self.desk.focus, self.desk.stage.draft
        iid = draft.instrument if draft is not None else focus
        blocked = self.desk.blocked(iid) if iid is not None else "no symbol yet"
        if not self.current:
            blocked = "DISPLAY DELAYED: your terminal lags behind"
        self.status.lock(self.desk.lock)
        self.ticket.confirming = self.trading.confirming
        if blocked != self.ticket.blocked:
            self.ticket.blocked = blocked
            self.desk.store.touch(t.STAGE)
        if self.header.instrument != focus and focus is not None:
            self.show_instrument(focus)

    def _refresh_hints(self) -> None:
        if self._explaining or self.form.is_open:
            return
        self.ticket.confirming = self.trading.confirming
        self.status.show(hints(self.keymap, self.desk.stage.draft, tradable=self._plan.tradable))


def _place(widget: Any, rect: Rect) -> None:
    styles = widget.styles
    styles.offset = (rect.x, rect.y)
    styles.width = rect.width
    styles.height = rect.height
