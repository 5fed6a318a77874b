"""Typed lines: what Enter does with one, and what a half-typed one means so far."""

from __future__ import annotations

from tui_trader.core.command import (
    AddMargin,
    Arm,
    BreakEven,
    ClosePosition,
    Command,
    GroupPrices,
    Line,
    PlaceOrder,
    Protect,
    Quit,
    Reverse,
    RunEvery,
    RunWhen,
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
from tui_trader.core.decimals import plain
from tui_trader.core.error import CommandError
from tui_trader.core.grammar import parse
from tui_trader.desk.standing import opens_exposure
from tui_trader.state import topic as t
from tui_trader.ui.performers.bench import NOT_YET, Bench, severity_of
from tui_trader.ui.twice import READING_NS

_STAGED = (PlaceOrder, ClosePosition, Protect, BreakEven, SetStop, SetTarget, SetTrail)
"""Commands that put an order into the ticket; Enter sends it."""

_ASKED = (AddMargin, SetMode, Transfer)
"""Commands that ask before they do anything: the same line again does it."""


class Typed:
    """Reads lines and runs them."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._desk = bench.desk

    def enter(self, text: str) -> bool:
        """Run a typed line. An order is staged, and sent at once only when the line ends in ``!``.

        Return whether the line was taken; False leaves it in the prompt to be mended.
        """
        bench = self._bench
        bench.agreed = frozenset()
        try:
            line = parse(text)
            self._check(line)
        except CommandError as error:
            bench.refuse(error)
            return False
        if any(isinstance(command, _STAGED) for command in line.commands):
            self._desk.stage.drop()  # now, not in the task: a quick second Enter must not send what was staged before
        bench.surface.run(f"line {text[:24]}", self._enter(line))
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
        self._bench.agreed = frozenset()
        try:
            commands = parse(text).commands
            if len(commands) != 1 or not isinstance(commands[0], PlaceOrder):
                return "the fields do not make one order"
            draft = self._desk.stage.draft
            iid = draft.instrument if draft else self._bench.need(self._desk.focus)
            self._desk.stage.place(iid, commands[0])
        except CommandError as error:
            return error.message + (f" (try: {error.fix})" if error.fix else "")
        finally:
            self._desk.store.touch(t.STAGE)
        return ""

    def _check(self, line: Line) -> None:
        asked = not line.immediate and any(_is_asked(command) for command in line.commands)
        if asked and not self._bench.twice.press(f"line {spell_line(line)}", READING_NS):
            raise CommandError(f"{spell_line(line)}: Enter again does it", fix="or ! at the end")
        if not line.immediate and any(isinstance(command, Quit) for command in line.commands):
            self._bench.ask_quit()
        if line.immediate and any(isinstance(command, PlaceOrder | Reverse) for command in line.commands):
            self._bench.see()

    def _meaning(self, command: Command) -> tuple[list[str], bool]:
        if not isinstance(command, PlaceOrder):
            return [canonical(command)], True
        try:
            iid = self._bench.executor.instrument(command.symbol)
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
        surface = self._bench.surface
        for command in line.commands:
            if self._on_screen(command):
                continue
            staged = isinstance(command, (*_STAGED, Reverse))
            self._bench.executor.selected = surface.selected_order()
            results = await self._bench.executor.run(command, send=line.immediate or not staged)
            for result in results:
                if not result.staged:
                    surface.say(result.text, severity_of(result.outcome))
            if self._desk.focus is not None:
                surface.show_instrument(self._desk.focus)
        self._desk.store.touch(t.STAGE)

    def _on_screen(self, command: Command) -> bool:
        """Do what concerns the screen alone; False when the desk has to do it."""
        surface = self._bench.surface
        match command:
            case UseTheme(name):
                surface.use_theme(name)
            case Quit():
                self._bench.quit()
            case ShowHelp(topic):
                surface.open_help(topic)
            case ShowKeys():
                surface.open_help("keys")
            case ShowLog():
                surface.focus_log()
            case GroupPrices():
                raise CommandError(f"grouping by typed step is {NOT_YET}", fix="+ and _")
            case Arm(seconds):
                self._bench.arm(seconds)
            case _:
                return False
        return True


def _told(error: CommandError) -> list[str]:
    place = f" at column {error.column + 1}" if error.column else ""
    return [error.message + place, error.fix and f"try: {error.fix}"]


def _is_asked(command: Command) -> bool:
    """Whether a command asks before it does anything; a line that may open a position when nobody looks does too."""
    return isinstance(command, _ASKED) or (isinstance(command, RunWhen | RunEvery) and opens_exposure(command.line))
