"""Commands that keep something: names for lines, notes, what is watched, lines that run later; and those that end it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_trader.core import command as c
from tui_trader.core.command import Command, spell_line
from tui_trader.core.decimals import plain
from tui_trader.core.error import CommandError, NotThereError
from tui_trader.core.language.spelled_terms import spell_time
from tui_trader.desk.backstage import runner
from tui_trader.desk.choosing import Choosing
from tui_trader.desk.desk import Desk
from tui_trader.desk.macros import Macros
from tui_trader.desk.runs import NOTE

if TYPE_CHECKING:
    from tui_trader.desk.commands import Executor

SCREEN_ONLY = "this belongs to the terminal's screen, not to the shell"
NOT_ALONE = "this is looked after by a terminal that runs: this command ends"

_IN_TERMINAL = (c.SetAlert, c.RunWhen, c.RunEvery, c.EndRunning, c.WatchSymbols, c.Record, c.Replay)


class Keeping:
    """Keeps for one desk."""

    def __init__(
        self, desk: Desk, choosing: Choosing, macros: Macros, *, executor: Callable[[Desk], Executor], stays: bool = True
    ) -> None:
        """``executor`` runs lines over a stage of their own; ``stays`` is False where the program ends with the command."""
        self._desk = desk
        self._choosing = choosing
        self._macros = macros
        self._executor = executor
        self._stays = stays

    def keep(self, command: Command) -> str:
        """Do what a command says; return one line for a person. Raises CommandError."""
        if not self._stays and isinstance(command, _IN_TERMINAL):
            raise CommandError(NOT_ALONE, fix="the same line in the terminal")
        match command:
            case c.NameLine():
                return self._macros.name(command)
            case c.BindKey():
                return self._macros.bind(command)
            case c.Note(text):
                self._desk.note(text)
                return "noted"
            case c.EndRunning(number, everything):
                return self._end_all() if everything or number is None else self._end(number)
            case c.WatchSymbols(symbols, add):
                return self._watch(symbols, add=add)
            case c.SetAlert():
                return self._alert(command)
            case c.RunWhen(condition, line):
                work = runner(self._desk, line.commands, self._executor)
                kept = self._desk.attention.lines.when(condition, spell_line(line), work, name=self._name)
                return f"line {kept.number}: {kept.text}; {NOTE}, off {kept.number} ends it"
            case c.RunEvery(seconds, line):
                work = runner(self._desk, line.commands, self._executor)
                kept = self._desk.attention.lines.every(seconds, spell_line(line), work, spelled=spell_time(seconds))
                return f"line {kept.number}: {kept.text}; {NOTE}, off {kept.number} ends it"
            case c.Record(start):
                return self._desk.begin_recording() if start else self._desk.end_recording()
            case c.Replay(path, speed):
                raise CommandError(
                    "a recording is shown by a terminal of its own, which reaches no venue",
                    fix=f"tui-trader replay {path} --ui --speed {plain(speed)}",
                )
        raise CommandError(SCREEN_ONLY)

    async def export(self, command: c.Export) -> str:
        """Write files in another thread, and return where they are. Raises CommandError, JournalError."""
        exporter = self._desk.exporter
        if exporter is None:
            raise CommandError("nothing is exported from here", fix="tui-trader export fills --csv")
        return await exporter(command)

    def _name(self, typed: str) -> str:
        return self._choosing.instrument(typed).symbol

    def _watch(self, symbols: tuple[str, ...], *, add: bool) -> str:
        attention = self._desk.attention
        instruments = [self._choosing.instrument(symbol) for symbol in symbols]
        changed = attention.watch(instruments) if add else attention.unwatch(instruments)
        names = " ".join(iid.symbol for iid in changed)
        if not names:
            return "watched already" if add else "not watched"
        return f"{'watching' if add else 'no longer watching'} {names}"

    def _alert(self, command: c.SetAlert) -> str:
        attention = self._desk.attention
        margin = attention.terms.margin if command.repeat is not None and not command.repeat else command.repeat
        alert = attention.alerts.add(
            command.condition, name=self._name, bell=command.bell, say=command.say, run=command.run, repeat=margin
        )
        warning = ""
        if command.run and not attention.program.allowed:
            warning = "; no program is started until alerts.run_programs = true stands in the configuration"
        return f"alert {alert.number}: {attention.alerts.text(alert)}{warning}"

    def _end(self, number: int) -> str:
        run = self._desk.runs.find(number)
        if run is not None:
            run.end("ended by the trader")
            return f"{run.what} {number} is ending; its order stays as it is"
        ended = self._desk.attention.end(number)
        if not ended:
            raise NotThereError(f"nothing bears the number {number}", fix="off lists what does")
        return f"ended: {ended}"

    def _end_all(self) -> str:
        attention = self._desk.attention
        count = self._desk.runs.end_all("ended by the trader")
        numbers = [alert.number for alert in attention.alerts.rows()] + [line.number for line in attention.lines.rows()]
        for number in numbers:
            attention.end(number)
        return f"{count + len(numbers)} ended; orders stay as they are"
