"""Typed lines: what Enter does with one, and what a half-typed one means so far."""

from __future__ import annotations

from dataclasses import replace

from tui_trader.core import command as c
from tui_trader.core.command import Command, Line, PlaceOrder, canonical, spell_line
from tui_trader.core.error import CommandError, TraderError
from tui_trader.core.event import Notice
from tui_trader.core.grammar import guard_size, parse
from tui_trader.core.types import Severity
from tui_trader.desk.commands import ENTRIES, STAGED, Result, ends_before
from tui_trader.desk.meaning import phrases
from tui_trader.desk.standing import opens_exposure
from tui_trader.state import topic as t
from tui_trader.ui.performers.bench import Bench, severity_of
from tui_trader.ui.performers.on_screen import OnScreen
from tui_trader.ui.twice import READING_NS

_ASKED = (c.AddMargin, c.SetMode, c.Transfer)
"""Commands that ask before they do anything: the same line again does it."""


class Typed:
    """Reads lines and runs them."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._desk = bench.desk
        self._on_screen = OnScreen(bench)

    def enter(self, text: str) -> bool:
        """Run a typed line. An order is staged, and sent at once only when the line ends in ``!``; one that is refused before
        anything was sent is left staged.

        Return whether the line was taken; False leaves it in the prompt to be mended.
        """
        return self._begin(text, by_key=False)

    def press(self, text: str) -> None:
        """Run the line that a key stands for: whatever it ends in, it sends nothing that Enter would not have to."""
        self._begin(text, by_key=True)

    def _begin(self, text: str, *, by_key: bool) -> bool:
        bench = self._bench
        bench.agreed = frozenset()
        try:
            line = self._read(text)
            if by_key:
                line = replace(line, immediate=False)
            there = bench.fellows.there(line)
            if there is not None:
                bench.fellows.enter(*there)
                return True
            self.check(line)
            if self._leaves(line):
                return True
        except CommandError as error:
            bench.refuse(error)
            return False
        self.begin(line)
        return True

    def begin(self, line: Line) -> None:
        """Run a line that was checked."""
        bench = self._bench
        if any(isinstance(command, STAGED) for command in line.commands):
            self._desk.stage.drop()  # now, not in the task: a quick second Enter must not send what was staged before
        bench.surface.run(f"line {spell_line(line)[:24]}", self._enter(line))

    def _leaves(self, line: Line) -> bool:
        """Put another account on the screen where the line says so: at once, so that the next key is that account's.

        Raises CommandError where something else stands in the line.
        """
        moves = [command for command in line.commands if isinstance(command, c.UseAccount)]
        if moves and len(line.commands) > 1:
            raise CommandError(f"{canonical(moves[0])} stands alone in its line", fix=canonical(moves[0]))
        return bool(moves) and self._bench.fellows.use(moves[0])

    def explain(self, text: str) -> tuple[list[str], bool]:
        """Return in phrases what a half-typed line means, and whether it reads; for the row under the prompt."""
        try:
            line = self._read(text)
        except CommandError as error:
            return _told(error), False
        return self.meaning(line)

    def meaning(self, line: Line) -> tuple[list[str], bool]:
        """Return in phrases what a line means here, or at the account that it names, and whether it reads."""
        try:
            there = self._bench.fellows.there(line)
        except CommandError as error:
            return _told(error), False
        if there is not None:
            return self._bench.fellows.explain(*there)
        said: list[str] = []
        good = True
        for command in line.commands:
            meaning, fine = self._meaning(command)
            said += meaning
            good = good and fine
        return [f"=> {said[0]}", *said[1:]] if said else [], good

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

    def _read(self, text: str) -> Line:
        return parse(text, self._bench.executor.macros.aliases)

    def check(self, line: Line) -> None:
        """Raise CommandError where a line should not run as it stands."""
        staged = [command for command in line.commands if isinstance(command, STAGED) and not _is_dry(command)]
        if len(staged) > 1 and not line.immediate:
            raise CommandError(
                f"the ticket holds one order, this line has {len(staged)}",
                fix="a line for each, or ! at the end to send all",
            )
        asked = not line.immediate and any(_is_asked(command) for command in line.commands)
        if asked and not self._bench.twice.press(f"line {spell_line(line)}", READING_NS):
            raise CommandError(f"{spell_line(line)}: Enter again does it", fix="or ! at the end")
        if not line.immediate and any(isinstance(command, c.Quit) for command in line.commands):
            self._bench.ask_quit()
        if line.immediate and any(isinstance(command, (*ENTRIES, c.Reverse)) for command in line.commands):
            self._bench.see()

    def _meaning(self, command: Command) -> tuple[list[str], bool]:
        executor = self._bench.executor
        try:
            match command:
                case c.PlaceOrder() | c.Scale() | c.Chase():
                    return self._order(command)
                case c.CalculateSize(order):
                    return self._order(order)
                case c.Calculate():
                    return [executor.answers.calculate(command, self._desk.focus)], True
                case c.NameLine(name, line) if line:
                    return [f"{name} will mean: {line}"], True
        except CommandError as error:
            return _told(error), False
        return [canonical(command)], True

    def _order(self, command: c.PlaceOrder | c.Scale | c.Chase) -> tuple[list[str], bool]:
        executor = self._bench.executor
        order = command if isinstance(command, PlaceOrder) else command.order
        iid = executor.instrument(order.symbol)
        suspicion = guard_size(command, self._desk.facts.gather(iid).last)
        if suspicion is not None:
            raise suspicion
        view = executor.answers.order(iid, command)
        readable = view.ticket is not None and view.preview is not None
        return phrases(view), readable and not view.objections

    async def _enter(self, line: Line) -> None:
        surface = self._bench.surface
        last: list[Result] = []
        for number, command in enumerate(line.commands):
            if ends_before(line, number, last):
                surface.say(f"not run: {canonical(command)}; what stands before && was not taken")
                break
            last = []
            if self._on_screen.perform(command):
                continue
            self._bench.executor.selected = surface.selected_order()
            last = await self._run(command, line)
            for result in last:
                if not result.staged:
                    surface.say(result.text, severity_of(result.outcome))
            if self._desk.focus is not None:
                surface.show_instrument(self._desk.focus)
        self._desk.store.touch(t.STAGE)

    async def _run(self, command: Command, line: Line) -> list[Result]:
        """Run one command of a line. Where the line was to send one order and that was refused, the log says so too: the row of
        messages is soon about something else."""
        executor, staged = self._bench.executor, isinstance(command, STAGED)
        alone = line.immediate and staged and len(line.commands) == 1
        try:
            return await executor.run(command, send=line.immediate or not staged, at_once=line.immediate, keeps=alone)
        except TraderError as error:
            if alone:
                still = "; it is still staged" if self._bench.refused else ""
                text = f"not sent: {spell_line(line)}: {error.message}{still}"
                self._desk.absorb([Notice(text, Severity.WARNING, self._bench.clock.wall_ns())])
                self._desk.store.touch(t.STAGE)
            raise


def _is_dry(command: Command) -> bool:
    match command:
        case c.PlaceOrder(dry=dry):
            return dry
        case c.Scale(order=order) | c.Chase(order=order):
            return order.dry
    return False


def _told(error: CommandError) -> list[str]:
    place = f" at column {error.column + 1}" if error.column else ""
    return [error.message + place, error.fix and f"try: {error.fix}"]


def _is_asked(command: Command) -> bool:
    """Whether a command asks before it does anything; a line that may open a position when nobody looks does too."""
    return isinstance(command, _ASKED) or (isinstance(command, c.RunWhen | c.RunEvery) and opens_exposure(command.line))
