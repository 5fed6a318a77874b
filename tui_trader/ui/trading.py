"""What the keys do on the trading screen: from an action's id to a use case of the desk. It draws nothing and knows no widget.

Whatever is sent runs as a named task, so that no key waits for the network; its result is said in one line.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Protocol

from tui_trader.core.clock import Clock
from tui_trader.core.command import (
    AddMargin,
    Arm,
    BreakEven,
    ClosePosition,
    Command,
    GroupPrices,
    Line,
    PlaceOrder,
    Price,
    Protect,
    Quit,
    Reverse,
    SetMode,
    SetStop,
    SetTarget,
    SetTrail,
    ShowHelp,
    ShowKeys,
    ShowLog,
    Transfer,
    UseTheme,
    canonical,
    spell_line,
)
from tui_trader.core.decimals import HUNDRED, plain
from tui_trader.core.error import CommandError, TraderError
from tui_trader.core.facts import TradingState
from tui_trader.core.grammar import parse
from tui_trader.core.order import Order
from tui_trader.core.position import Position
from tui_trader.core.types import InstrumentId, OrderType, Severity, Side
from tui_trader.desk.commands import Executor
from tui_trader.desk.desk import Desk
from tui_trader.desk.draft import StageView
from tui_trader.desk.orders import Sent
from tui_trader.desk.settings import Confirm
from tui_trader.state import topic as t
from tui_trader.ui.keymap import Action
from tui_trader.ui.twice import READING_NS, Twice
from tui_trader.venues.base import Outcome

_STAGED = (PlaceOrder, ClosePosition, Protect, BreakEven, SetStop, SetTarget, SetTrail)
"""Commands that put an order into the ticket; Enter sends it."""

_ASKED = (AddMargin, SetMode, Transfer)
"""Commands that ask before they do anything: the same line again does it."""

NOT_YET = "not available in this version"
TOO_SMALL = "the terminal is too small to enter orders on"
SMALL_FIX = "80x24 or larger; x c C X ^G work"


class Surface(Protocol):
    """The part of the screen that actions may change."""

    def say(self, text: str, severity: Severity = Severity.NOTE) -> None:
        """Show one line."""

    def selected_order(self) -> Order | None:
        """The order under the cursor."""

    def selected_position(self) -> Position | None:
        """The leg under the cursor."""

    def clear(self) -> None:
        """Take back what was said."""

    def cursor_price(self) -> Decimal | None:
        """The price under the ladder's cursor; None while there is no cursor."""

    def show_instrument(self, iid: InstrumentId) -> None:
        """Point every pane at an instrument."""

    def group(self, step: int) -> None:
        """Make the ladder coarser or finer."""

    def use_theme(self, name: str) -> None:
        """Change the colours; raises CommandError naming the themes there are."""

    def open_help(self, topic: str = "") -> None:
        """Open the help."""

    def focus_log(self) -> None:
        """Give the log the focus."""

    def leave(self) -> None:
        """End the program."""

    def run(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run something that waits, as a named task."""

    @property
    def tradable(self) -> bool:
        """False when the terminal is too small to enter orders on."""

    @property
    def current(self) -> bool:
        """False while what the trader sees may be older than a second or two."""


class Trading:
    """Keys and typed lines against one desk."""

    def __init__(
        self,
        desk: Desk,
        surface: Surface,
        clock: Clock,
        symbols: Sequence[InstrumentId],
        confirm: Confirm = Confirm.LARGE,
        *,
        find_label: Callable[[str], str | None] | None = None,
    ) -> None:
        self._desk = desk
        self._confirm = confirm
        self._surface = surface
        self._twice = Twice(clock)
        self._symbols = list(symbols)
        self.executor = Executor(desk, find_label=find_label)
        self._agreed: frozenset[str] = frozenset()
        """The doubts that were shown: Enter sends in spite of these, and of no others."""

    @property
    def confirming(self) -> bool:
        """Whether a doubt was shown and the next Enter sends in spite of it."""
        return bool(self._agreed)

    # -- keys ------------------------------------------------------------------------------------------------------

    def other_key(self) -> None:
        """Say that a key went elsewhere: what waited for its second press waits no more."""
        self._twice.forget()
        self._agreed = frozenset()

    def perform(self, action: Action) -> None:
        """Do what an action says, now or as a task; what cannot be done is said."""
        if action.id not in ("flatten.symbol", "panic", "quit", "leave", "send"):
            self._twice.forget()
        if action.id != "send":
            self._agreed = frozenset()
        try:
            self._perform(action.id)
        except TraderError as error:
            self._refuse(error)
        finally:
            self._desk.store.touch(t.STAGE)

    def _perform(self, name: str) -> None:
        stage, focus = self._desk.stage, self._desk.focus
        match name.split("."):
            case ["join", side]:
                stage.join(self._need(focus), Side(side))
                if (price := self._surface.cursor_price()) is not None:
                    stage.set_price(Price(number=price))
            case ["cross", side]:
                stage.cross(self._need(focus), Side(side))
            case ["preset", number]:
                stage.use_preset(int(number))
                if stage.draft is None:
                    self._surface.say(f"size preset {number}")
            case ["price", step]:
                stage.nudge_price({"up": 1, "down": -1, "up10": 10, "down10": -10}[step])
            case ["size", step]:
                stage.nudge_size(1 if step == "up" else -1)
            case ["bracket"]:
                stage.toggle_bracket()
            case ["post_only"]:
                stage.toggle_post_only()
            case ["reduce_only"]:
                stage.toggle_reduce_only()
            case ["tif"]:
                stage.cycle_tif()
            case ["market"]:
                stage.toggle_market()
            case ["drop"]:
                stage.drop()
            case ["send"]:
                self._send()
            case ["protect"]:
                self.executor.protect(self._position())
                self._unseen("the stop of the template")
            case ["break_even"]:
                self._break_even()
            case ["stop" | "target" as word, step]:
                self._nudge(word == "target", step)
            case ["close"]:
                self._stage_close()
            case ["close", percent]:
                stage.close_part(int(percent))
            case ["cancel", "selected"]:
                self._cancel_selected()
            case ["cancel", "symbol"]:
                self._surface.run("cancel symbol", self._cancel_symbol(self._shown(focus)))
            case ["flatten", _]:
                self._flatten(self._shown(focus))
            case ["symbol", step]:
                self._walk(1 if step == "next" else -1)
            case ["panic"]:
                self._panic()
            case ["quit"] | ["leave"]:
                self._quit(name)
            case _:
                raise CommandError(f"{name}: {NOT_YET}")

    # -- typed lines -----------------------------------------------------------------------------------------------

    def enter(self, text: str) -> bool:
        """Run a typed line. An order is staged, and sent at once only when the line ends in ``!``.

        Return whether the line was taken; False leaves it in the prompt to be mended.
        """
        self._agreed = frozenset()
        try:
            line = parse(text)
            self._check(line)
        except CommandError as error:
            self._refuse(error)
            return False
        if any(isinstance(command, _STAGED) for command in line.commands):
            self._desk.stage.drop()  # now, not in the task: a quick second Enter must not send what was staged before
        self._surface.run(f"line {text[:24]}", self._enter(line))
        return True

    def explain(self, text: str) -> tuple[list[str], bool]:
        """Return in phrases what a half-typed line means, and whether it reads; for the row under the prompt."""
        try:
            line = parse(text)
        except CommandError as error:
            return _told(error), False
        phrases: list[str] = []
        good = True
        for command in line.commands:
            meaning, fine = self._meaning(command)
            phrases += meaning
            good = good and fine
        return [f"=> {phrases[0]}", *phrases[1:]] if phrases else [], good

    def edit(self, text: str) -> str:
        """Replace the staged order by a line; return what is wrong with it, empty when it was taken."""
        self._agreed = frozenset()
        try:
            commands = parse(text).commands
            if len(commands) != 1 or not isinstance(commands[0], PlaceOrder):
                return "the fields do not make one order"
            draft = self._desk.stage.draft
            iid = draft.instrument if draft else self._need(self._desk.focus)
            self._desk.stage.place(iid, commands[0])
        except CommandError as error:
            return error.message + (f" (try: {error.fix})" if error.fix else "")
        finally:
            self._desk.store.touch(t.STAGE)
        return ""

    def _check(self, line: Line) -> None:
        asked = not line.immediate and any(isinstance(command, _ASKED) for command in line.commands)
        if asked and not self._twice.press(f"line {spell_line(line)}", READING_NS):
            raise CommandError(f"{spell_line(line)}: Enter again does it", fix="or ! at the end")
        if line.immediate and any(isinstance(command, PlaceOrder | Reverse) for command in line.commands):
            self._see()

    def _meaning(self, command: Command) -> tuple[list[str], bool]:
        if not isinstance(command, PlaceOrder):
            return [canonical(command)], True
        try:
            iid = self.executor.instrument(command.symbol)
            draft = self._desk.stage.draft
            try:
                self._desk.stage.place(iid, command)
                view = self._desk.stage.view()
            finally:
                self._desk.stage.draft = draft
        except CommandError as error:
            return _told(error), False
        assert view is not None
        if view.ticket is None or view.preview is None:
            return [view.problem, view.fix and f"try: {view.fix}"], False
        instrument = view.instrument
        size = f"{view.ticket.side} {plain(view.ticket.qty)} {instrument.size_unit}"
        words = [f"{size} = {view.preview.notional:,.2f} {instrument.settle}"]
        if view.objections:
            words.append(f"! {view.objections[0].text}")
        if view.preview.risk is not None:
            words.append(f"risk {view.preview.risk:,.2f}")
        return words, not view.objections

    async def _enter(self, line: Line) -> None:
        for command in line.commands:
            if self._on_screen(command):
                continue
            staged = isinstance(command, (*_STAGED, Reverse))
            self.executor.selected = self._surface.selected_order()
            results = await self.executor.run(command, send=line.immediate or not staged)
            for result in results:
                if not result.staged:
                    self._surface.say(result.text, _severity(result.outcome))
            if self._desk.focus is not None:
                self._surface.show_instrument(self._desk.focus)
        self._desk.store.touch(t.STAGE)

    def _on_screen(self, command: Command) -> bool:
        """Do what concerns the screen alone; False when the desk has to do it."""
        match command:
            case UseTheme(name):
                self._surface.use_theme(name)
            case Quit():
                self._surface.leave()
            case ShowHelp(topic):
                self._surface.open_help(topic)
            case ShowKeys():
                self._surface.open_help("keys")
            case ShowLog():
                self._surface.focus_log()
            case GroupPrices():
                raise CommandError(f"grouping by typed step is {NOT_YET}", fix="+ and -")
            case Arm():
                raise CommandError(f"arming is {NOT_YET}: every entry is staged and sent with Enter")
            case _:
                return False
        return True

    # -- inside ----------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        stage = self._desk.stage
        view = stage.view()
        if view is None:
            raise CommandError("nothing is staged", fix="b or s stages an order")
        if view.problem:
            raise CommandError(view.problem, fix=view.fix)
        if not view.draft.reduce_only:
            self._see()
        doubts = self._doubts(view)
        news = [text for rule, text in doubts.items() if rule not in self._agreed]
        if view.sendable and doubts and (news or not self._twice.press("send", READING_NS)):
            # The first Enter shows them; a second one too soon after it is a held key, or was typed before they were read.
            if news:
                self._twice.forget()
                self._twice.press("send")
            self._agreed = frozenset(doubts)
            self._surface.say(f"{next(iter(news or doubts.values()))}: Enter again sends", Severity.WARNING)
            return
        self._agreed = frozenset()
        # Judged and forgotten before anything is awaited: a second Enter finds nothing to send.
        work = self._desk.begin_send()
        self._surface.clear()  # what was said before, "Enter again" perhaps, is over
        self._surface.run("send", self._tell(work, "order"))

    def _doubts(self, view: StageView) -> dict[str, str]:
        """Return why Enter should be pressed once more, by rule: soft objections, or the confirm policy."""
        soft = {objection.code.value: objection.text for objection in view.objections if not objection.hard}
        if soft or view.draft.closes or view.draft.reduce_only or self._confirm is Confirm.NEVER:
            return soft
        if self._confirm is Confirm.ALWAYS:
            return {"confirm": "every entry is confirmed"}
        large = self._desk.facts.limits.order_notional / 2
        if view.preview is not None and view.preview.quote_notional > large:
            return {"confirm": f"more than half of the largest order ({large:,.0f})"}
        return {}

    async def _tell(self, work: Awaitable[Sent], what: str) -> None:
        sent = await work
        if sent.outcome is Outcome.ACK:
            return  # the row in the orders pane says it better
        text = sent.text or sent.outcome.value
        self._surface.say(f"{what}: {text}", _severity(sent.outcome))

    def _cancel_selected(self) -> None:
        order = self._surface.selected_order()
        if order is None:
            working = [o for o in self._desk.store.blotter.working() if o.instrument == self._desk.focus]
            order = working[-1] if working else None
        if order is None:
            raise CommandError("no working order to cancel")
        self._surface.run("cancel", self._tell(self._desk.cancel(order), "cancel"))

    async def _cancel_symbol(self, iid: InstrumentId) -> None:
        verdicts = await self._desk.cancel_symbol(iid)
        bad = [v.text or v.outcome.value for v in verdicts if v.outcome is not Outcome.ACK]
        left = len(self._desk.store.blotter.working(iid))
        if bad:
            self._surface.say(f"cancel {iid.symbol}: {bad[0]}; {left} orders may be open", Severity.ALARM)
        else:
            self._surface.say(f"{iid.symbol}: cancelled, {left} open orders left")

    def _flatten(self, iid: InstrumentId) -> None:
        orders = len(self._desk.store.blotter.working(iid))
        legs = [p for p in self._desk.store.open_positions() if p.instrument == iid]
        if not self._twice.press("flatten.symbol"):
            what = " and ".join(f"close {'long' if leg.signed_qty > 0 else 'short'} {leg.qty}" for leg in legs)
            self._surface.say(
                f"X again: cancel {orders} orders{' and ' + what if what else ''} of {iid.symbol}", Severity.WARNING
            )
            return
        self._surface.run("flatten", self._flatten_now(iid))

    async def _flatten_now(self, iid: InstrumentId) -> None:
        problem = await self._desk.flatten(iid)
        if problem:
            self._surface.say(f"flatten {iid.symbol}: {problem}", Severity.ALARM)
        else:
            self._surface.say(f"{iid.symbol}: orders cancelled, closing order sent")

    def _panic(self) -> None:
        flatten = self._twice.press("panic")
        if flatten:
            self._surface.say("^G^G: cancelling everything and closing every position; trading is halted", Severity.ALARM)
        else:
            self._surface.say("^G: entries end, all but stops is cancelled; again within 2 s flattens", Severity.ALARM)
        self._surface.run("panic", self._panic_now(flatten))

    async def _panic_now(self, flatten: bool) -> None:
        result = await self._desk.panic(flatten=flatten)
        severity = Severity.WARNING if result.startswith("verified: 0") else Severity.ALARM
        back = self._desk.controls.name
        way_back = f":resume {back}" if self._desk.controls.state is TradingState.HALTED else ":resume"
        self._surface.say(f"{'flatten' if flatten else 'cancel all'}: {result}; {way_back} lets entries out again", severity)

    def _quit(self, name: str) -> None:
        if self._twice.press(name):
            self._surface.leave()
            return
        legs = len(self._desk.store.open_positions())
        orders = len(self._desk.store.blotter.working())
        key = "q" if name == "quit" else "^C"
        held = f"{legs} position{'' if legs == 1 else 's'} and {orders} order{'' if orders == 1 else 's'}"
        fate = "end with the built-in exchange" if self._desk.account.ends_with_program else "stay at the venue"
        self._surface.say(f"{key} again leaves; {held} {fate}", Severity.WARNING)

    def _walk(self, step: int) -> None:
        if not self._symbols:
            return
        focus = self._desk.focus
        at = self._symbols.index(focus) if focus in self._symbols else -step
        self._surface.show_instrument(self._symbols[(at + step) % len(self._symbols)])

    def _position(self) -> Position:
        chosen = self._surface.selected_position()
        if chosen is not None and not chosen.is_flat:
            return chosen
        legs = [p for p in self._desk.store.open_positions() if p.instrument == self._desk.focus]
        if not legs:
            raise CommandError("there is no position here", fix="gp chooses one")
        return legs[0]

    def _stage_close(self) -> None:
        draft = self._desk.stage.close(self._position(), HUNDRED)
        if not self._surface.tradable:  # there is no ticket to see it in
            self._surface.say(f"{draft.title} of {draft.instrument.symbol} at market: Enter sends, Esc drops", Severity.WARNING)

    def _break_even(self) -> None:
        stage = self._desk.stage
        position = self._position()
        draft = stage.draft
        if draft is not None and draft.closes and draft.trigger is not None and not draft.touch:
            level = self._desk.resolver.break_even(position)
            stage.draft = replace(draft, trigger=replace(draft.trigger, price=Price(number=level), multiple=None))
            return
        self.executor.break_even(position)
        self._unseen("the stop at break-even")

    def _nudge(self, target: bool, step: str) -> None:
        """Move the staged exit; with nothing staged the one at the venue, soon and once for presses that follow each other."""
        stage, word = self._desk.stage, "target" if target else "stop"
        ticks = 10 if step.endswith("10") else 1
        backwards = step.startswith(("looser", "nearer"))  # against what the position gains
        if stage.draft is not None:
            side = stage.draft.side.opposite if stage.draft.closes else stage.draft.side
            stage.nudge_exit(-ticks * side.sign if backwards else ticks * side.sign, target=target)
            return
        position = self._position()
        cover = self.executor.cover(position)
        order = cover.target if target else cover.stop
        level = self._desk.nudges.level(order) if order is not None else None
        if order is None or level is None or position.side is None:
            fix = "p protects it" if not target else ":tp PRICE"
            raise CommandError(f"{position.instrument.symbol} has no {word} at the venue", fix=fix)
        if order.type is OrderType.TRAILING_STOP:
            raise CommandError("the stop trails by itself", fix=":cancel it, then :sl PRICE")
        instrument = self._desk.resolver.instrument(position.instrument)
        sign = -position.side.sign if backwards else position.side.sign
        moved = level.price + instrument.tick * ticks * sign
        if moved <= 0:
            return
        self._desk.nudges.press(order, level._replace(price=moved))
        standing = order.price if level.by_price else order.trigger_price
        self._surface.say(f"{word} {plain(standing or level.price)} -> {plain(moved)}")

    def _unseen(self, what: str) -> None:
        """Say what is staged where there is no ticket to see it in."""
        if not self._surface.tradable:
            self._surface.say(f"{what} is staged: Enter sends, Esc drops", Severity.WARNING)

    def _need(self, iid: InstrumentId | None) -> InstrumentId:
        """Return the instrument to enter an order in; raises CommandError when there is none, or nobody could see the ticket."""
        iid = self._shown(iid)
        if not self._surface.tradable:
            raise CommandError(TOO_SMALL, fix=SMALL_FIX)
        return iid

    def _shown(self, iid: InstrumentId | None) -> InstrumentId:
        if iid is None:
            raise CommandError("no symbol on the screen yet", fix="/ finds one")
        return iid

    def _see(self) -> None:
        """Raise CommandError when an entry would leave unseen."""
        if not self._surface.tradable:
            raise CommandError(TOO_SMALL, fix=SMALL_FIX)
        if not self._surface.current:
            raise CommandError(
                "display delayed: your terminal has not shown the last seconds yet",
                fix="Enter once it has; x c C X ^G work",
            )

    def _refuse(self, error: TraderError) -> None:
        fix = getattr(error, "fix", "")
        self._surface.say(error.message + (f"  try: {fix}" if fix else ""), Severity.WARNING)


def _told(error: CommandError) -> list[str]:
    place = f" at column {error.column + 1}" if error.column else ""
    return [error.message + place, error.fix and f"try: {error.fix}"]


def _severity(outcome: Outcome) -> Severity:
    if outcome in (Outcome.ACK, Outcome.MISSING):
        return Severity.NOTE
    return Severity.ALARM if outcome in (Outcome.UNKNOWN, Outcome.EXISTS) else Severity.WARNING
