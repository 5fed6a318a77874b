"""The terms of an order as they are said: sizes, prices, triggers. It must not know what they are worth."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from tui_trader.core.types import TriggerSource


class SizeUnit(StrEnum):
    """What the number in the size slot counts."""

    BASE = "base"
    """Base units, or contracts of an inverse contract."""
    QUOTE = "quote"
    EQUITY = "equity"
    """Percent of the account's equity."""
    AVAILABLE = "available"
    """Percent of what is free for new orders."""
    POSITION = "position"
    """Percent of the open position: reduces it."""
    RISK_PERCENT = "risk_percent"
    """Percent of equity lost at the stop."""
    RISK_QUOTE = "risk_quote"
    """Quote currency lost at the stop."""
    PRESET = "preset"
    """Number of a size preset, 1 to 5."""
    SAME = "same"
    """As large as the open position."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much. ``value`` is positive; it is 1 and means nothing with SAME."""

    value: Decimal
    unit: SizeUnit = SizeUnit.BASE
    column: int = field(default=0, compare=False, repr=False)
    """Where it was typed, zero-based."""


class PriceRef(StrEnum):
    """A price with a name."""

    BID = "bid"
    ASK = "ask"
    MID = "mid"
    LAST = "last"
    MARK = "mark"
    INDEX = "index"
    ENTRY = "entry"
    BREAK_EVEN = "be"
    LIQUIDATION = "liq"
    HIGH = "hi"
    LOW = "lo"
    VWAP = "vwap"


class OffsetUnit(StrEnum):
    """What the number of an offset counts; the value is its spelling."""

    QUOTE = ""
    TICKS = "t"
    PERCENT = "%"
    BASIS_POINTS = "bp"
    ATR = "atr"
    """Average true ranges of the instrument's candles."""


@dataclass(frozen=True, slots=True)
class Offset:
    """A signed distance from a price."""

    value: Decimal
    unit: OffsetUnit = OffsetUnit.QUOTE


@dataclass(frozen=True, slots=True)
class Price:
    """A number or a named price, moved by an offset. With neither it is relative to what is being changed."""

    number: Decimal | None = None
    ref: PriceRef | None = None
    offset: Offset | None = None


@dataclass(frozen=True, slots=True)
class Trigger:
    """Where something fires: a price, a distance (of an exit from its entry), or a multiple of the risk to the stop."""

    price: Price | None = None
    multiple: Decimal | None = None
    """Of the distance between entry and stop (``2R``); only for targets."""
    source: TriggerSource | None = None
    """None leaves it to the configuration."""
    limit: Price | None = None
    """What it executes at, an offset alone being from the trigger; None at the market."""


@dataclass(frozen=True, slots=True)
class Trail:
    """A stop that follows the best price at a distance."""

    distance: Offset
    """Positive."""
    start: Price | None = None
    """Where it begins to follow; None at once."""


@dataclass(frozen=True, slots=True)
class Target:
    """A profit target for a part of the order."""

    trigger: Trigger
    portion: Decimal | None = None
    """Percent of the order; None for all of it, or an even share of several."""
