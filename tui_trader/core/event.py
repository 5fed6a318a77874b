"""Everything that can happen, as values. Dialects make them, the Store consumes them.

The hot ones (book, trades) are tuples that carry levels as the venue sent them: decoding a price twice costs more than
parsing the message did, so the Book interprets raw levels once, with a memo.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from tui_trader.core.account import Balance, RiskUnit
from tui_trader.core.candle import Candle
from tui_trader.core.funds import FeeRate, FundsEntry, Transfer
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Fill, OrderReport
from tui_trader.core.position import Position
from tui_trader.core.tape import Trade
from tui_trader.core.ticker_row import TickerChanged as TickerChanged
from tui_trader.core.ticker_row import TickerRow as TickerRow
from tui_trader.core.types import InstrumentId, LinkState, MarginMode, PositionMode, Severity, Taking

RawLevels = Sequence[Sequence[Any]]
"""``[[price, size], …]`` as sent: decimal text, or integers scaled by the instrument's scales."""


class BookSnapshot(NamedTuple):
    """The whole visible book; replaces what was there."""

    instrument: InstrumentId
    bids: RawLevels
    asks: RawLevels
    sequence: int
    depth: int
    """Levels a side that the venue maintains; 0 for all of them."""
    at_ns: int


class BookDelta(NamedTuple):
    """Changed levels: absolute sizes, zero deletes."""

    instrument: InstrumentId
    bids: RawLevels
    asks: RawLevels
    sequence: int
    depth: int
    at_ns: int


class Sides(Protocol):
    """Levels of both sides, as a dialect decoded them."""

    bids: RawLevels
    asks: RawLevels


class BookStep(Protocol):
    """One increment of a run, as a dialect decoded it."""

    levels: Any
    """``Sides``; a step without them has no place in a run."""
    sequence: int
    depth: int
    timestamp: int
    """The venue's time, 0 when it tells none."""


class BookRun(NamedTuple):
    """Increments of one book that came one after the other, each a BookDelta that nobody had to make."""

    instrument: InstrumentId
    steps: Sequence[BookStep]
    """At least one."""
    at_ns: int
    """When they were received."""

    def deltas(self) -> Iterator[BookDelta]:
        """Yield the steps one by one."""
        for step in self.steps:
            sides: Sides = step.levels
            yield BookDelta(self.instrument, sides.bids, sides.asks, step.sequence, step.depth, step.timestamp or self.at_ns)


@dataclass(frozen=True, slots=True)
class BookWanted:
    """Changes of a book came and the whole one is not known: it has to be asked for."""

    instrument: InstrumentId


class TradesPrinted(NamedTuple):
    """Public trades, oldest first; ``snapshot`` replaces the tape."""

    instrument: InstrumentId
    trades: Sequence[Trade]
    snapshot: bool


@dataclass(frozen=True, slots=True)
class CandlesChanged:
    """Bars of one instrument, oldest first; the last one may still be forming."""

    instrument: InstrumentId
    candles: Sequence[Candle]
    snapshot: bool


@dataclass(frozen=True, slots=True)
class InstrumentsListed:
    """The venue's product list, whole."""

    venue: str
    instruments: Sequence[Instrument]


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """The venue said something about an order."""

    report: OrderReport
    replayed: bool = False
    """True inside a snapshot: history, not news."""


@dataclass(frozen=True, slots=True)
class OrdersSnapshot:
    """All open orders of an account (or of one symbol), as one consistent answer."""

    venue: str
    reports: Sequence[OrderReport]
    symbol: str | None = None
    """None when the answer covers every symbol."""


@dataclass(frozen=True, slots=True)
class OrderFilled:
    """One execution of ours."""

    fill: Fill
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class PositionChanged:
    """A position row, complete; flat rows are reported too."""

    position: Position


@dataclass(frozen=True, slots=True)
class PositionsSnapshot:
    """All position rows of one settle currency; legs not listed are flat."""

    venue: str
    currency: str
    positions: Sequence[Position]


@dataclass(frozen=True, slots=True)
class PositionModeTold:
    """How an account holds the positions of all its contracts, where that is one setting for all of them."""

    venue: str
    mode: PositionMode


@dataclass(frozen=True, slots=True)
class TakingTold:
    """What a venue takes from anybody at present."""

    venue: str
    taking: Taking
    reason: str = ""
    """In a sentence, where it is less than everything."""


@dataclass(frozen=True, slots=True)
class GuardTold:
    """Whether the venue cancels the account's open orders when the private connection ends."""

    venue: str
    on: bool


@dataclass(frozen=True, slots=True)
class BackingTold:
    """What will back the next position of a contract, where no row of a flat position tells it."""

    instrument: InstrumentId
    leverage: Decimal
    margin_mode: MarginMode


@dataclass(frozen=True, slots=True)
class BalanceChanged:
    """A wallet row, complete."""

    balance: Balance


@dataclass(frozen=True, slots=True)
class RiskUnitsTold:
    """What stands behind positions, and the wallets that do, by currency."""

    units: Sequence[RiskUnit]
    wallets: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class FundingPaid:
    """A funding settlement on a position; ``amount`` is a cost (negative = received)."""

    instrument: InstrumentId
    amount: Decimal
    currency: str
    rate: Decimal
    at_ns: int
    exec_id: str = ""


@dataclass(frozen=True, slots=True)
class FundsTransferred:
    """The venue said something about a movement between wallet and trading account."""

    venue: str
    transfer: Transfer
    known_as: str = ""
    """The key that it had here before the venue told its own."""


@dataclass(frozen=True, slots=True)
class FundsListed:
    """Lines of the venue's journal of a trading account."""

    venue: str
    entries: Sequence[FundsEntry]


@dataclass(frozen=True, slots=True)
class FeeRatesTold:
    """What this account pays, for some contracts; the others stay as they are known."""

    venue: str
    rates: Sequence[FeeRate]


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """A connection moved; ``lane`` is ``public``, ``private`` or ``rest``."""

    venue: str
    lane: str
    state: LinkState
    reason: str = ""
    at_ns: int = 0


@dataclass(frozen=True, slots=True)
class PongReceived:
    """The application layer of a lane answered a heartbeat."""

    venue: str
    lane: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The venue confirmed (or refused, with ``reason``) the request ``request_id`` of a lane."""

    venue: str
    lane: str
    request_id: int
    ok: bool
    reason: str = ""
    is_login: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message was set aside; ``sample`` is capped hexadecimal, safe to show."""

    venue: str
    reason: str
    sample: str
    instrument: InstrumentId | None = None
    """Whose book the message was about, where that much could be told: an increment lost is a book to be doubted."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the trader should know, in one line."""

    text: str
    severity: Severity = Severity.NOTE
    at_ns: int = 0
    ref: str = ""
    """Client id or other reference; empty when there is none."""


Event = (
    BookSnapshot
    | BookDelta
    | BookRun
    | BookWanted
    | TradesPrinted
    | TickerChanged
    | TickerRow
    | CandlesChanged
    | InstrumentsListed
    | OrderChanged
    | OrdersSnapshot
    | OrderFilled
    | PositionChanged
    | PositionsSnapshot
    | PositionModeTold
    | TakingTold
    | GuardTold
    | BackingTold
    | BalanceChanged
    | RiskUnitsTold
    | FundingPaid
    | FundsTransferred
    | FundsListed
    | FeeRatesTold
    | LinkChanged
    | PongReceived
    | Subscribed
    | Unreadable
    | Notice
)
