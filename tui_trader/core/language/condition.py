"""What an alert or a conditional line waits for, as it is said: comparisons of figures, and things that happen.

It must not know the figures: whoever watches looks them up.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Figure(StrEnum):
    """A number that can be watched; the value is its spelling."""

    BID = "bid"
    ASK = "ask"
    MID = "mid"
    LAST = "last"
    MARK = "mark"
    INDEX = "index"
    HIGH = "hi"
    LOW = "lo"
    VWAP = "vwap"
    CHANGE = "change"
    """Of 24 hours, in percent."""
    FUNDING = "funding"
    """The rate of the next interval, in percent."""
    SPREAD = "spread"
    """Between bid and ask, in quote currency."""
    INTEREST = "oi"
    """Open interest, in the instrument's unit."""
    POSITION = "pos"
    """Signed size of the position."""
    PNL = "upnl"
    """Open profit: of a symbol's position where one is named, of the account otherwise."""
    LIQUIDATION = "liq"
    """How far the mark is from the liquidation price, in percent of the mark."""
    MULTIPLE = "r"
    """Open profit in multiples of the risk to the stop."""
    DAY = "day"
    """What the day has brought, in the account's currency."""
    EQUITY = "equity"
    AVAILABLE = "avail"
    MARGIN = "margin"
    """Share of equity that is tied up, in percent."""

    @property
    def of_account(self) -> bool:
        """Whether it is the account's alone and takes no symbol."""
        return self in (Figure.DAY, Figure.EQUITY, Figure.AVAILABLE, Figure.MARGIN)


class Event(StrEnum):
    """Something that happens; the value is its spelling."""

    FILL = "fill"
    DONE = "done"
    """An order is filled completely."""
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    """The outcome of a request was not learned."""
    NAKED = "naked"
    """A position has no stop at the venue."""
    OFFLINE = "offline"
    """A connection was lost."""


class Comparison(StrEnum):
    """How two numbers are compared; the value is its spelling."""

    ABOVE = ">"
    BELOW = "<"
    AT_LEAST = ">="
    AT_MOST = "<="


@dataclass(frozen=True, slots=True)
class Subject:
    """A figure, of a symbol or of the account."""

    figure: Figure
    symbol: str = ""
    """As typed; empty for the instrument on the screen, or for the account."""


@dataclass(frozen=True, slots=True)
class Test:
    """A figure against a number or against another figure."""

    subject: Subject
    comparison: Comparison
    bound: Decimal | Subject


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happens, to a symbol or to any."""

    event: Event
    symbol: str = ""


Term = Test | Happening


@dataclass(frozen=True, slots=True)
class Condition:
    """Alternatives, each of which needs all of its terms: ``a && b || c``."""

    alternatives: tuple[tuple[Term, ...], ...]

    @property
    def symbols(self) -> frozenset[str]:
        """The symbols it names, as typed."""
        found = {term.symbol if isinstance(term, Happening) else term.subject.symbol for row in self.alternatives for term in row}
        bounds = {
            term.bound.symbol
            for row in self.alternatives
            for term in row
            if isinstance(term, Test) and isinstance(term.bound, Subject)
        }
        return frozenset((found | bounds) - {""})
