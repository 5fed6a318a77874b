"""Faults on demand: rules that a script adds and the server consults; every rule that fires is remembered.

It knows nothing of any venue: a rule matches a kind of moment and a text prefix.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Moment(StrEnum):
    """Where in the server a rule is consulted."""

    REQUEST = "request"
    """An HTTP request; the text is ``METHOD /path``."""
    CONNECT = "connect"
    """A WebSocket handshake; the text is the path."""
    PUSH = "push"
    """A frame about to be queued to a WebSocket client; the text is its topic, e.g. ``orderbook_p:BTCUSDT``."""


class Action(StrEnum):
    """What goes wrong."""

    DELAY = "delay"
    """REQUEST: execute, then answer ``seconds`` later."""
    DELAY_BEFORE = "delay_before"
    """REQUEST: wait ``seconds``, then execute and answer."""
    DROP_BEFORE = "drop_before"
    """REQUEST: close the connection without executing."""
    DROP_AFTER = "drop_after"
    """REQUEST: execute, then close the connection without answering."""
    ERROR_BEFORE = "error_before"
    """REQUEST or CONNECT: answer ``status`` without executing, as a venue that is down does."""
    ERROR_AFTER = "error_after"
    """REQUEST: execute, then answer ``status``."""
    LIMIT = "limit"
    """REQUEST: answer 429 without executing."""
    REFUSE = "refuse"
    """REQUEST or CONNECT: answer 403 without executing."""
    MUTE = "mute"
    """PUSH: from this frame on, this client hears nothing more, and its socket stays open."""
    SKIP = "skip"
    """PUSH: this frame is lost."""
    CUT = "cut"
    """PUSH: the client's connection is closed instead."""


_REQUEST_ONLY = frozenset(
    {
        Action.DELAY,
        Action.DELAY_BEFORE,
        Action.DROP_BEFORE,
        Action.DROP_AFTER,
        Action.ERROR_AFTER,
        Action.LIMIT,
    }
)
_PUSH_ONLY = frozenset({Action.MUTE, Action.SKIP, Action.CUT})
_NEVER_PUSH = frozenset({Action.REFUSE, Action.ERROR_BEFORE})


@dataclass(slots=True)
class FaultRule:
    """One fault: after ``skip`` matches it fires ``times`` times (0: for ever)."""

    action: Action
    moment: Moment = Moment.REQUEST
    prefix: str = ""
    """Start of the text to match; empty matches all."""
    skip: int = 0
    times: int = 1
    seconds: float = 0.0
    status: int = 503
    retry_after_s: int = 1
    fired: int = 0
    seen: int = 0

    def __post_init__(self) -> None:
        wrong = (self.action in _REQUEST_ONLY and self.moment is not Moment.REQUEST) or (
            self.action in _PUSH_ONLY and self.moment is not Moment.PUSH
        )
        if wrong or (self.action in _NEVER_PUSH and self.moment is Moment.PUSH):
            raise ValueError(f"{self.action} cannot happen at {self.moment}")


class Faults:
    """The rules in force, first match wins."""

    __slots__ = ("_rules", "fired")

    def __init__(self, rules: Iterable[FaultRule] = ()) -> None:
        self._rules: list[FaultRule] = list(rules)
        self.fired: list[tuple[FaultRule, str]] = []
        """Every firing in order, with the text that matched."""

    @property
    def armed(self) -> bool:
        """Whether any rule can still fire."""
        return bool(self._rules)

    def add(self, rule: FaultRule) -> FaultRule:
        """Put a rule in force, after those already there."""
        self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Lift every rule; what fired stays on record."""
        self._rules.clear()

    def take(self, moment: Moment, text: str) -> FaultRule | None:
        """Return the rule that strikes at this moment, counting it, or None."""
        for rule in self._rules:
            if rule.moment is not moment or not text.startswith(rule.prefix):
                continue
            rule.seen += 1
            if rule.seen <= rule.skip:
                continue
            rule.fired += 1
            if rule.times and rule.fired >= rule.times:
                self._rules.remove(rule)
            self.fired.append((rule, text))
            return rule
        return None
