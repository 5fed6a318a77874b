"""The ticket as a form: every field of the staged order, walked with Tab, with the consequences live in the ticket pane below.

Fields speak the order language, so ``10%e``, ``bid-2t`` and ``2R`` work here as they do on the command line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from tui_trader.core.command import TIF_WORDS, spell_price, spell_size, spell_target, spell_trail, spell_trigger
from tui_trader.core.decimals import plain
from tui_trader.core.language.spelled_orders import MARGIN_SPELLING
from tui_trader.core.language.spelled_terms import spell_time
from tui_trader.desk.draft import Draft
from tui_trader.ui.widgets.entry import Entry

FIELDS: tuple[tuple[str, str, str, str], ...] = (
    ("side", "side", "buy or sell", "5"),
    ("size", "size", "0.01 $500 5%e r:0.5% #3", "5fr"),
    ("price", "price", "number, bid, ask+2t; empty crosses", "6fr"),
    ("stop", "sl", "price, -1%, 66640:last lim 66600; empty for none", "5fr"),
    ("target", "tp", "price, +2%, 2R, +1%:50% tp +2%:50%; empty for none", "5fr"),
    ("tif", "tif", "gtc ioc fok po, gtd 15m", "4"),
    ("lever", "lev", "10, 5 iso, 3 cross: set before the order leaves; empty leaves it", "4"),
    ("reduce", "ro", "yes, no or close", "5"),
    ("when", "when", "stop 51000, touch 49000, trail 0.6%; empty for now", "5fr"),
)
"""Name, label, what may be typed, width: in cells, or as a share of what is left."""


_ROOMY = 100
"""Columns from which the leverage has a field though nothing is said of it."""


class Field(Entry):
    """One field; Enter and Esc belong to the form."""

    DEFAULT_CSS = """
    Field { border: none; height: 1; padding: 0; background: $panel; color: $foreground; max-width: 20; }
    Field:focus { border: none; background: $primary-muted; }
    """

    async def _on_key(self, event: events.Key) -> None:
        if event.key in ("enter", "escape"):
            event.stop()
            event.prevent_default()
            self.post_message(TicketForm.Sent() if event.key == "enter" else TicketForm.Left())
            return
        await super()._on_key(event)


class TicketForm(Horizontal):
    """A row of labelled fields over the ticket."""

    DEFAULT_CSS = """
    TicketForm { height: 1; background: $panel; display: none; }
    TicketForm Label { width: auto; color: $role-muted; padding: 0 1; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = set()

    @dataclass
    class Edited(Message):
        """A field changed; ``line`` is the whole order in the order language."""

        line: str

    @dataclass
    class Entered(Message):
        """A field got the cursor."""

        name: str
        hint: str
        """What may be typed into it."""

    class Sent(Message):
        """Enter was pressed in a field."""

    class Left(Message):
        """Esc was pressed in a field."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._loading = False

    def compose(self) -> ComposeResult:
        for name, label, hint, width in FIELDS:
            yield Label(label, id=f"label-{name}")
            field = Field(id=f"field-{name}", compact=True, select_on_focus=True, tooltip=hint)
            field.cursor_blink = False
            field.styles.width = width
            yield field

    @property
    def is_open(self) -> bool:
        """Whether the form is shown."""
        return bool(self.display)

    def open(self, draft: Draft) -> None:
        """Show the form with a draft's values and put the cursor into the size."""
        values = {
            "side": draft.side.value,
            "size": spell_size(draft.size),
            "price": "" if draft.price is None else spell_price(draft.price),
            "stop": spell_trigger(draft.stop_loss) if draft.stop_loss else "",
            "when": _when(draft),
            "target": " tp ".join(spell_target(target) for target in draft.targets),
            "tif": _lifetime(draft),
            "lever": _lever(draft),
            "reduce": "close" if draft.close_on_trigger else "yes" if draft.reduce_only else "no",
        }
        self._loading = True
        for name, value in values.items():
            self._field(name).value = value
        self._loading = False
        # Where there is little room it would take it from the numbers; what it holds is part of the line all the same.
        for widget in (self._field("lever"), self.query_one("#label-lever")):
            widget.display = bool(values["lever"]) or self.screen.size.width >= _ROOMY
        self.display = True
        self.take_focus()

    def take_focus(self) -> None:
        """Put the cursor into the size, now: the very next key is for it."""
        self.screen.set_focus(self._field("size"))

    def close(self) -> None:
        """Hide the form."""
        self.display = False

    def line(self) -> str:
        """Return what the fields say, as a line of the order language."""
        text = {name: self._field(name).value.strip() for name, *_ in FIELDS}
        parts = [text["side"] or "buy", text["size"]]
        if text["price"]:
            parts.append(f"@ {text['price']}")
        if text["when"]:
            parts.append(text["when"])
        if text["tif"] and not (not text["price"] and (text["when"] or text["tif"] == "ioc")):
            parts.append(text["tif"])
        if text["stop"]:
            parts.append(f"sl {text['stop']}")
        if text["target"]:
            parts.append(f"tp {text['target']}")
        if text["lever"]:
            parts.append(f"lev {text['lever']}")
        reduce = text["reduce"].lower()
        if reduce in ("y", "yes", "ro", "on", "close"):
            parts.append("ro close" if reduce == "close" else "ro")
        return " ".join(parts)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass a change on as a line; filling the form in is not a change."""
        event.stop()
        if not self._loading and self.display:
            self.post_message(self.Edited(self.line()))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Tell the screen, which shows what may be typed."""
        for name, _, hint, _ in FIELDS:
            if event.widget.id == f"field-{name}":
                self.post_message(self.Entered(name, hint))

    def _field(self, name: str) -> Field:
        return self.query_one(f"#field-{name}", Field)


def _lifetime(draft: Draft) -> str:
    """Return how long a draft stands, as the order language spells it."""
    if draft.good_for is not None:
        return f"gtd {spell_time(draft.good_for)}"
    return next(word for word, tif in TIF_WORDS.items() if tif is draft.tif)


def _lever(draft: Draft) -> str:
    """Return the leverage that a draft sets, with the margin mode where it says one."""
    mode = "" if draft.margin_mode is None else MARGIN_SPELLING[draft.margin_mode]
    return f"{'' if draft.leverage is None else plain(draft.leverage)} {mode}".strip()


def _when(draft: Draft) -> str:
    """Return what a draft waits for, as the order language spells it."""
    if draft.trail is not None:
        return spell_trail(draft.trail)
    if draft.follows_up is not None:
        waits = "" if draft.trigger is None else f"{'touch' if draft.touch else 'stop'} {spell_trigger(draft.trigger)} "
        return waits + spell_trail(draft.follows_up)
    return "" if draft.trigger is None else f"{'touch' if draft.touch else 'stop'} {spell_trigger(draft.trigger)}"
