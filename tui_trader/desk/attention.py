"""What the trader has asked to be watched: instruments, alerts, and lines that wait. It looks, tells, and keeps.

One look judges everything by the same numbers: after every batch that touched something watched, and four times a second besides.
What is kept is written in another thread; nothing here delays a message or an order.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tui_trader.core.clock import NS, Clock
from tui_trader.core.facts import TradingState
from tui_trader.core.language.condition import Condition, Figure, Happening, Test
from tui_trader.core.types import InstrumentId, Severity
from tui_trader.desk.alert_file import AlertFile
from tui_trader.desk.alert_program import AlertProgram
from tui_trader.desk.alerts import Alert, Alerts, Firing
from tui_trader.desk.readings import Readings
from tui_trader.desk.settings import Notify
from tui_trader.desk.standing import StandingLines
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
    margin: Decimal = Decimal("0.1")
    """Margin of a repeating alert that names none, in percent."""
    bell: bool = True
    """Whether every alert rings the bell."""
    notify: Notify = Notify.OSC9
    """How an alert that says so is shown on the desktop."""
    tmux_passthrough: bool = False
    tape_sizes: tuple[Decimal, ...] = ()
    """Steps of the tape's filter, as values in quote currency."""


class Attention:
    """Watches for one account."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        terms: AttentionTerms,
        file: AlertFile,
        spell: Callable[[Condition], str],
        reconciled: Callable[[], bool],
        trading: Callable[[], TradingState],
        keeps: Callable[[], bool],
        follow: Callable[[InstrumentId], None],
        spawn: Callable[[str, Coroutine[Any, Any, Any]], None],
        say: Callable[[str, Severity], None],
        record: Callable[[str, dict[str, str]], None],
    ) -> None:
        """``keeps`` says whether this terminal is the one that writes the account's files; ``follow`` has a book sent."""
        self.terms = terms
        self._store = store
        self._clock = clock
        self._file = file
        self._trading = trading
        self._keeps = keeps
        self._follow = follow
        self._spawn = spawn
        self._say = say
        self._numbers = itertools.count(1)
        self.readings = Readings(store, clock, reconciled=reconciled, known=self._known)
        """What conditions rest on."""
        self.watchlist = Watchlist(store)
        self.alerts = Alerts(
            clock=clock,
            readings=self.readings,
            number=self.next_number,
            spell=spell,
            tell=say,
            changed=self._changed,
            calm_s=terms.calm_s,
        )
        self.lines = StandingLines(
            clock=clock,
            readings=self.readings,
            number=self.next_number,
            spell=spell,
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

    def next_number(self) -> int:
        """Return a number that nothing that is listed has."""
        return next(self._numbers)

    # -- life ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Take up what earlier sessions kept; the product list has to be known."""
        kept = self._file.load()
        self._numbers = itertools.count(max((alert.number for alert in kept.alerts), default=0) + 1)
        self.alerts.recall([alert for alert in kept.alerts if not alert.over])
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

    # -- what is watched -------------------------------------------------------------------------------------------

    def watch(self, instruments: Iterable[InstrumentId]) -> list[InstrumentId]:
        """Add instruments to the watchlist; return the new ones."""
        added = self.watchlist.add(instruments)
        self._changed()
        return added

    def unwatch(self, instruments: Iterable[InstrumentId]) -> list[InstrumentId]:
        """Take instruments off the watchlist; return those that were on it."""
        removed = self.watchlist.remove(instruments)
        self._changed()
        return removed

    def alerts_on(self, instrument: InstrumentId) -> list[Alert]:
        """Return the alerts that may still fire and name an instrument."""
        return [alert for alert in self.alerts.waiting() if instrument.symbol in alert.condition.symbols]

    def end(self, number: int) -> str:
        """End an alert or a line; return what it was, empty when there is none of that number."""
        alert = self.alerts.remove(number)
        if alert is not None:
            return f"alert {number}: {self.alerts.text(alert)}"
        line = self.lines.end(number)
        return f"line {number}: {line.text}" if line is not None else ""

    def listed(self) -> list[str]:
        """Return every alert and line in words."""
        said = []
        for alert in self.alerts.rows():
            state = "done" if alert.over else self.alerts.blind(alert.number) and f"blind: {self.alerts.blind(alert.number)}"
            said.append(f"alert {alert.number}: {self.alerts.text(alert)}{f' ({state})' if state else ''}")
        said += [f"line {line.number}: {line.text}" for line in self.lines.rows()]
        return said

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

    def _lines(self) -> Sequence[str]:
        return [line.text for line in self.lines.rows()]

    def _start_program(self, firing: Firing) -> None:
        if firing.alert.run:
            self._spawn(f"alert {firing.alert.number}", self.program.start(firing))
