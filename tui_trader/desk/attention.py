"""What the trader has asked to be watched: instruments, alerts, and lines that wait. It looks, tells, and keeps.

One look judges everything by the same numbers: after every batch that touched something watched, and four times a second besides.
What is kept is written in another thread; nothing here delays a message or an order.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui_trader.core.clock import NS, Clock
from tui_trader.core.command import Line, RunEvery, RunWhen, SetAlert, spell_line
from tui_trader.core.error import CommandError
from tui_trader.core.facts import TradingState
from tui_trader.core.language.condition import Figure, Happening, Test
from tui_trader.core.language.spelled_terms import spell_time
from tui_trader.core.language.spelled_watching import spell_condition
from tui_trader.core.types import InstrumentId, Severity
from tui_trader.desk.alert_file import AlertFile
from tui_trader.desk.alert_program import AlertProgram
from tui_trader.desk.alerts import Alert, Alerts, Firing
from tui_trader.desk.readings import Readings
from tui_trader.desk.standing import ONLY_WHILE_UP, Run, StandingLines
from tui_trader.desk.watches import RunLine
from tui_trader.state import topic
from tui_trader.state.store import Store
from tui_trader.state.watchlist import Watchlist

BEAT_S = 0.25

LEAST_NS = NS // 50
"""Least time between two looks that market data alone makes necessary."""

_OF_BOOK = frozenset({Figure.BID, Figure.ASK, Figure.MID, Figure.SPREAD})


@dataclass(frozen=True, slots=True)
class AttentionTerms:
    """What the configuration says of alerts and the watchlist."""

    symbols: tuple[str, ...] = ()
    """Instruments that are watched until somebody chooses others."""
    run_programs: bool = False
    """Whether alerts may start programs."""
    calm_s: int = 60
    """Least time between two firings of a repeating alert on figures, in seconds."""


class Attention:
    """Watches for one account."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        terms: AttentionTerms,
        file: AlertFile,
        number: Callable[[], int],
        name: Callable[[str], str],
        reconciled: Callable[[], bool],
        trading: Callable[[], TradingState],
        keeps: Callable[[], bool],
        follow: Callable[[InstrumentId], None],
        spawn: Callable[[str, Coroutine[Any, Any, Any]], None],
        say: Callable[[str, Severity], None],
        record: Callable[[str, dict[str, str]], None],
    ) -> None:
        """``number`` gives out numbers that nothing else bears; ``name`` spells a typed symbol as the venue does, the empty one
        as that on the screen, and raises CommandError. ``keeps`` says whether this terminal is the one that writes the account's
        files; ``follow`` has a book sent."""
        self.terms = terms
        self._store = store
        self._clock = clock
        self._file = file
        self._trading = trading
        self._keeps = keeps
        self._follow = follow
        self._spawn = spawn
        self._say = say
        self._number = number
        self._name = name
        self.readings = Readings(store, clock, reconciled=reconciled, known=self._known)
        """What conditions rest on."""
        self.watchlist = Watchlist(store)
        self.alerts = Alerts(
            clock=clock,
            readings=self.readings,
            number=number,
            spell=spell_condition,
            tell=say,
            changed=self._changed,
            calm_s=terms.calm_s,
        )
        self.lines = StandingLines(
            clock=clock,
            readings=self.readings,
            number=number,
            spell=spell_condition,
            spawn=spawn,
            tell=say,
            record=record,
            changed=self._changed,
        )
        self.program = AlertProgram(allowed=terms.run_programs, tell=say)
        self.alerts.on_fire.append(self._start_program)
        self._looking = False
        self._unsaved = False
        self._started = False
        self._failure = ""
        self._looked_ns = -LEAST_NS
        self._of_orders = False
        """Whether anything waits for what happens to orders."""
        self._state = TradingState.ACTIVE

    # -- life ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Take up what earlier sessions kept; the product list has to be known."""
        kept = self._file.load()
        # A number is what a person types: every session begins to count anew.
        self.alerts.recall([replace(alert, number=self._number()) for alert in kept.alerts if not alert.over])
        chosen = [iid for text in (self.terms.symbols if kept.symbols is None else kept.symbols) if (iid := self._find(text))]
        self.watchlist.add(chosen)
        for problem in kept.problems:
            self._say(problem, Severity.WARNING)
        if kept.lines:
            one = len(kept.lines) == 1
            words = (
                "the waiting line of the last session is"
                if one
                else f"the {len(kept.lines)} waiting lines of the last session are"
            )
            self._say(f"{words} not active: {'; '.join(kept.lines)}", Severity.WARNING)
            self._unsaved = True
        self._started = True
        self._attend()

    async def run(self) -> None:
        """Look, remember prices, and keep what changed, until cancelled."""
        for beat in itertools.count():
            await asyncio.sleep(BEAT_S)
            self.look()
            if not beat % round(1 / BEAT_S):
                self._store.sample_prices(self.watchlist.rows())
                await self.keep()

    async def keep(self) -> None:
        """Write down what changed, in a thread; a disk that does not take it is said once and tried again."""
        if not self._unsaved or not self._started or not self._keeps():
            return
        self._unsaved = False
        alerts, symbols, lines = self.alerts.waiting(), [iid.symbol for iid in self.watchlist.chosen], self._lines()
        problem = await asyncio.to_thread(self._file.save, alerts, symbols, lines)
        if problem:
            self._unsaved = True
        if problem and problem != self._failure:
            self._say(problem, Severity.WARNING)
        self._failure = problem

    # -- looking ---------------------------------------------------------------------------------------------------

    def glance(self) -> None:
        """Look because a batch of market data touched something watched: not more often than it could matter to a person."""
        if self._clock.mono_ns() - self._looked_ns >= LEAST_NS:
            self.look()

    def look(self) -> None:
        """Judge everything by what is known now. What it says does not make it look again."""
        if self._looking or not self._started:
            return
        self._looking = True
        try:
            self._looked_ns = self._clock.mono_ns()
            self._store.noticed = False
            self._end_lines_when_halted()
            self.readings.turn(self._of_orders)
            self.alerts.look()
            self.lines.look()
        finally:
            self._looking = False

    def _end_lines_when_halted(self) -> None:
        state, before = self._trading(), self._state
        self._state = state
        if state is TradingState.HALTED and before is not state:
            self.lines.end_all("trading is halted")

    # -- what commands ask ------------------------------------------------------------------------------------------

    def watch(self, instruments: Sequence[InstrumentId], *, add: bool) -> str:
        """Add instruments to the watchlist, or take them off; return what is so now."""
        changed = self.watchlist.add(instruments) if add else self.watchlist.remove(instruments)
        self._changed()
        if not changed:
            return "watched already" if add else "not on the watchlist"
        names = ", ".join(iid.symbol for iid in changed)
        traded = any(iid in self.watchlist.rows() for iid in changed) and not add
        return f"{'watching' if add else 'no longer watching'} {names}{' (still traded, so still shown)' if traded else ''}"

    def alert(self, command: SetAlert) -> str:
        """Keep an alert; raises CommandError when it could never be of use."""
        if command.run and not self.terms.run_programs:
            raise CommandError(
                "alerts start no programs here", fix="leave out run, or run_programs = true under [alerts] in config.toml"
            )
        alert = self.alerts.add(
            command.condition,
            name=self._name,
            bell=command.bell,
            say=command.say,
            run=command.run,
            repeat=command.repeat,
        )
        return f"alert {alert.number}: {self.alerts.text(alert)}{self._doubt(self.alerts.blind(alert.number))}"

    def when(self, command: RunWhen, run: RunLine) -> str:
        """Keep a line that runs once when a condition is met; raises CommandError when it is met already."""
        line = self.lines.when(command.condition, spell_line(command.line), self._work(command.line, run), name=self._name)
        return f"line {line.number} waits: {line.text}; {ONLY_WHILE_UP}{self._doubt(line.blind)}"

    def every(self, command: RunEvery, run: RunLine) -> str:
        """Keep a line that runs again and again."""
        work, spelled = self._work(command.line, run), spell_time(command.seconds)
        line = self.lines.every(command.seconds, spell_line(command.line), work, spelled=spelled)
        return f"line {line.number} waits: {line.text}; {ONLY_WHILE_UP}"

    def end(self, number: int) -> bool:
        """End an alert or a line; False when there is none of that number."""
        return self.alerts.remove(number) is not None or self.lines.end(number) is not None

    def end_all(self) -> int:
        """End every alert and line; return how many there were."""
        return self.alerts.clear() + self.lines.end_all("ended by the trader")

    def rows(self) -> list[str]:
        """Return every alert and line in words, its number first."""
        said = []
        for alert in self.alerts.rows():
            blind = self.alerts.blind(alert.number)
            state = " (fired)" if alert.over else self._doubt(blind)
            said.append(f"{alert.number}: alert {self.alerts.text(alert)}{state}")
        return said + [f"{line.number}: {line.text}{self._doubt(line.blind)}" for line in self.lines.rows()]

    def alerts_on(self, instrument: InstrumentId) -> list[Alert]:
        """Return the alerts that may still fire and name an instrument."""
        return [alert for alert in self.alerts.waiting() if instrument.symbol in alert.condition.symbols]

    # -- inside ----------------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        self._unsaved = True
        self._attend()
        self._store.touch(topic.ALERTS)

    def _attend(self) -> None:
        """Have the Store say when something that is waited for came, and the books sent that are needed."""
        conditions = [alert.condition for alert in self.alerts.waiting()]
        conditions += [line.condition for line in self.lines.rows() if line.condition is not None]
        found = {iid for condition in conditions for text in condition.symbols if (iid := self._find(text))}
        self._store.attended = frozenset(found)
        terms = [term for condition in conditions for row in condition.alternatives for term in row]
        for term in terms:
            if isinstance(term, Test) and term.subject.figure in _OF_BOOK and (iid := self._find(term.subject.symbol)):
                self._follow(iid)
        before, self._of_orders = self._of_orders, any(isinstance(term, Happening) for term in terms)
        if self._of_orders and not before and not self._looking:
            self.readings.turn(True)  # what has happened until now is no news

    def _find(self, text: str) -> InstrumentId | None:
        try:
            return self._known(text)
        except KeyError:
            return None

    def _known(self, symbol: str) -> InstrumentId:
        found = self._store.find(symbol)
        if len(found) == 1 and found[0].symbol.lower() == symbol.lower():
            return found[0]
        raise KeyError(symbol)

    def _doubt(self, blind: str) -> str:
        return f" (blind: {blind})" if blind else ""

    def _work(self, line: Line, run: RunLine) -> Run:
        async def work() -> list[str]:
            return [result.text for result in await run(line)]

        return work

    def _lines(self) -> Sequence[str]:
        return [line.text for line in self.lines.rows()]

    def _start_program(self, firing: Firing) -> None:
        if firing.alert.run:
            self._spawn(f"alert {firing.alert.number}", self.program.start(firing))
