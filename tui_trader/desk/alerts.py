"""Alerts: what the trader wants to be told of, and when it has been.

An alert fires when its condition is met by numbers that can be relied on. One that fires once is then over; one that repeats has
to be armed again: its condition has to become unmet by a margin, and some time has to pass. It sends nothing and decides nothing
about orders.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from tui_trader.core.alert import Readings, Verdict, judge, resolved
from tui_trader.core.clock import NS, Clock
from tui_trader.core.decimals import plain
from tui_trader.core.error import CommandError
from tui_trader.core.language.condition import Condition, Event, Happening
from tui_trader.core.types import Severity

MOST = 100
"""Alerts that can be kept."""

BLIND_NS = 30 * NS
"""How long an alert cannot see before that is said."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something to be told of."""

    number: int
    condition: Condition
    """With symbols as the venue spells them."""
    bell: bool = False
    say: bool = False
    """Tell it to the desktop too, through the terminal."""
    run: tuple[str, ...] = ()
    """A program and its arguments."""
    repeat: Decimal | None = None
    """How far, in percent of its bound, a figure has to move back before the alert may fire again; None for an alert that fires
    once."""
    made_ns: int = 0
    armed: bool = True
    """False while a repeating alert waits for its condition to become unmet."""
    fired_ns: int = 0
    """When it last fired, UTC nanoseconds; 0 for never."""
    count: int = 0
    """How often it has fired."""

    @property
    def momentary(self) -> bool:
        """Whether it waits for things that happen to orders and nothing else: each of them is told, and nothing has to pass."""
        terms = [term for row in self.condition.alternatives for term in row]
        return all(isinstance(term, Happening) and term.event not in (Event.NAKED, Event.OFFLINE) for term in terms)

    @property
    def over(self) -> bool:
        """Whether it will not fire again."""
        return self.repeat is None and self.count > 0


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert that has just fired."""

    alert: Alert
    text: str
    """One line for a person, e.g. ``alert 3: BTCUSDT last > 68000 (68012.5)``."""
    symbol: str
    """The first instrument that the condition names; empty for none."""
    price: str
    """The first figure that was looked at, as plain text; empty for none."""
    at_ns: int


class Alerts:
    """The alerts of one account."""

    def __init__(
        self,
        *,
        clock: Clock,
        readings: Readings,
        number: Callable[[], int],
        spell: Callable[[Condition], str],
        tell: Callable[[str, Severity], None],
        changed: Callable[[], None],
        calm_s: int = 60,
    ) -> None:
        """``number`` gives out numbers; ``changed`` is called when there is something else to be kept. ``calm_s`` is the least
        time between two firings of an alert on figures."""
        self.on_fire: list[Callable[[Firing], None]] = []
        """Told of every firing, in order."""
        self._clock = clock
        self._readings = readings
        self._number = number
        self._spell = spell
        self._tell = tell
        self._changed = changed
        self._calm_ns = calm_s * NS
        self._alerts: dict[int, Alert] = {}
        self._blind: dict[int, tuple[str, int]] = {}
        """Why and since when an alert cannot see."""
        self._said: set[int] = set()

    # -- reading ---------------------------------------------------------------------------------------------------

    def rows(self) -> list[Alert]:
        """Return every alert in the order they were made."""
        return list(self._alerts.values())

    def waiting(self) -> list[Alert]:
        """Return the alerts that may still fire."""
        return [alert for alert in self._alerts.values() if not alert.over]

    def blind(self, number: int) -> str:
        """Return why an alert cannot see; empty while it can."""
        return self._blind.get(number, ("", 0))[0]

    def text(self, alert: Alert) -> str:
        """Return the condition of an alert as it is typed."""
        return self._spell(alert.condition)

    # -- making ----------------------------------------------------------------------------------------------------

    def add(
        self,
        condition: Condition,
        *,
        name: Callable[[str], str],
        bell: bool = False,
        say: bool = False,
        run: Sequence[str] = (),
        repeat: Decimal | None = None,
    ) -> Alert:
        """Keep an alert; ``name`` spells symbols as the venue does. Raises CommandError when it could never be of use."""
        condition = resolved(condition, name)
        if len(self.waiting()) >= MOST:
            raise CommandError(f"{MOST} alerts are kept at most", fix="off NUMBER ends one")
        verdict = judge(condition, self._readings)
        if verdict.met and repeat is None:
            raise CommandError(
                f"{self._spell(condition)} is so already{_seen(verdict)}: it would fire at once",
                fix="turn it around, or add repeat",
            )
        alert = Alert(
            number=self._number(),
            condition=condition,
            bell=bell,
            say=say,
            run=tuple(run),
            repeat=repeat,
            made_ns=self._clock.wall_ns(),
            armed=not verdict.met,
        )
        self._alerts[alert.number] = alert
        self._note_blind(alert, verdict)
        self._changed()
        return alert

    def recall(self, alerts: Sequence[Alert]) -> None:
        """Take up alerts of an earlier run, as they were."""
        self._alerts = {alert.number: alert for alert in alerts}

    def remove(self, number: int) -> Alert | None:
        """Forget an alert; None when there is none of that number."""
        alert = self._alerts.pop(number, None)
        if alert is not None:
            self._forget(number)
            self._changed()
        return alert

    def clear(self) -> int:
        """Forget all of them; return how many might still have fired."""
        count = len(self.waiting())
        self._alerts.clear()
        self._blind.clear()
        self._said.clear()
        self._changed()
        return count

    # -- looking ---------------------------------------------------------------------------------------------------

    def look(self) -> list[Firing]:
        """Judge every alert by what is known now; return those that fired."""
        fired = []
        for alert in self.waiting():
            verdict = judge(alert.condition, self._readings)
            self._note_blind(alert, verdict)
            if not alert.armed:
                self._rearm(alert)
            elif verdict.met:
                fired.append(self._fire(alert, verdict))
        if fired:
            self._changed()
        for firing in fired:
            self._tell(firing.text, Severity.WARNING)
            for hearer in self.on_fire:
                hearer(firing)
        return fired

    def _rearm(self, alert: Alert) -> None:
        """Arm an alert when its condition is not met even with its bounds eased by the margin, and it was calm long enough."""
        calm = abs(self._clock.wall_ns() - alert.fired_ns) >= self._calm_ns
        if calm and judge(alert.condition, self._readings, alert.repeat or Decimal(0)).met is False:
            self._alerts[alert.number] = replace(alert, armed=True)
            self._changed()

    def _fire(self, alert: Alert, verdict: Verdict) -> Firing:
        now = self._clock.wall_ns()
        again = alert.repeat is not None and alert.momentary
        alert = replace(alert, armed=again, fired_ns=now, count=alert.count + 1)
        self._alerts[alert.number] = alert
        self._forget(alert.number)
        text = f"alert {alert.number}: {self._spell(alert.condition)}{_seen(verdict)}"
        first = next((plain(value) for _, value in verdict.seen), "")
        return Firing(alert, text, _symbol(alert.condition), first, now)

    def _note_blind(self, alert: Alert, verdict: Verdict) -> None:
        """Keep why an alert cannot see, and say so when that lasts."""
        number, now = alert.number, self._clock.mono_ns()
        if not verdict.blind:
            if number in self._said:
                self._tell(f"alert {number} sees again", Severity.NOTE)
            self._forget(number)
            return
        since = self._blind.get(number, ("", now))[1]
        self._blind[number] = (verdict.blind, since)
        if now - since >= BLIND_NS and number not in self._said:
            self._said.add(number)
            self._tell(f"alert {number} ({self._spell(alert.condition)}) is blind: {verdict.blind}", Severity.WARNING)

    def _forget(self, number: int) -> None:
        self._blind.pop(number, None)
        self._said.discard(number)


def _seen(verdict: Verdict) -> str:
    """Return the figures that were looked at, in brackets."""
    return f" ({', '.join(plain(_shown(value)) for _, value in verdict.seen)})" if verdict.seen else ""


def _shown(value: Decimal) -> Decimal:
    """Return a figure without digits that only a division made."""
    exponent = value.as_tuple().exponent
    return round(value, 8) if isinstance(exponent, int) and exponent < -8 else value


def _symbol(condition: Condition) -> str:
    for row in condition.alternatives:
        for term in row:
            symbol = term.symbol if isinstance(term, Happening) else term.subject.symbol
            if symbol:
                return symbol
    return ""
