"""The exchange's own vocabulary: what a mask asks of it, and what it tells.

It deliberately shares only ``core.types`` enumerations with the client, so that a mask cannot copy a client's mistake.
Times are UTC nanoseconds of the exchange's clock; money and sizes are exact ``Decimal``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from tui_trader.core.types import (
    Liquidity,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
    TimeInForce,
    TriggerSource,
)

ZERO = Decimal(0)


class Refusal(StrEnum):
    """Why the exchange refused; each mask spells it in its venue's codes."""

    NONE = ""
    DUPLICATE_CLIENT_ID = "duplicate client id"
    NOT_FOUND = "order not found"
    ALREADY_FINAL = "order already final"
    SYMBOL = "unknown symbol"
    PRICE_TICK = "price off the tick grid"
    PRICE_TOO_HIGH = "price too high"
    PRICE_TOO_LOW = "price too low"
    QTY_LOT = "quantity off the lot grid"
    QTY_TOO_LARGE = "quantity too large"
    QTY_TOO_SMALL = "quantity too small"
    VALUE_TOO_SMALL = "order value too small"
    NO_BALANCE = "not enough available balance"
    REDUCE_ONLY = "reduce-only order would not reduce"
    WOULD_CROSS = "post-only order would cross"
    NO_LIQUIDITY = "not enough quantity to fill or kill"
    POSITION_MODE = "position side does not fit the position mode"
    TRIGGER_DIRECTLY_RISING = "rising trigger would fire at once"
    TRIGGER_DIRECTLY_FALLING = "falling trigger would fire at once"
    RISK_LIMIT = "risk limit exceeded"
    LEVERAGE = "leverage out of range"
    NOTHING_CHANGED = "nothing to replace"
    BAD_REPLACE_QTY = "replace to invalid quantity"
    NOT_AMENDABLE = "order cannot be amended"
    NO_MARKET = "no price to execute against"
    POSITION_OPEN = "position or orders open"
    LIQUIDATING = "account in liquidation"
    DELEVERAGED = "closed against a bankrupt account"
    REDUCE_NOTHING = "reduce-only order without a position"
    CLOSE_NO_POSITION = "closing order without a position"
    CLOSE_WRONG_SIDE = "closing order on the side of the position"
    EXIT_NO_POSITION = "exit without a position"
    EXIT_WRONG_SIDE = "exit on the side of the position"
    TRIGGER_TOO_HIGH = "trigger price too high"
    TRIGGER_TOO_LOW = "trigger price too low"
    LONG_TARGET_BELOW = "target of a long not above the price"
    LONG_STOP_ABOVE = "stop of a long not below the price"
    LONG_STOP_PAST_LIQUIDATION = "stop of a long below liquidation"
    SHORT_TARGET_ABOVE = "target of a short not below the price"
    SHORT_STOP_BELOW = "stop of a short not above the price"
    SHORT_STOP_PAST_LIQUIDATION = "stop of a short above liquidation"
    TARGET_TOO_HIGH = "attached target too high"
    TARGET_TOO_LOW = "attached target too low"
    STOP_TOO_HIGH = "attached stop too high"
    STOP_TOO_LOW = "attached stop too low"
    WORSE_THAN_BANKRUPT = "closing price past bankruptcy"
    ATTACH_WITH_POSITION = "exits may not be attached with a position open"
    CLOSING_ATTACH = "closing order with attached exits"
    TARGET_EXISTS = "the position has a target"
    STOP_EXISTS = "the position has a stop"
    TRAIL_EXISTS = "the position has a trailing stop"
    TRAIL_TYPE = "trailing order without a start"
    LONG_TRAIL_ABOVE = "trailing stop of a long not below the price"
    LONG_TRAIL_PAST_LIQUIDATION = "trailing stop of a long below liquidation"
    LONG_TRAIL_SIGN = "distance under a long not negative"
    LONG_ACTIVATION_BELOW = "activation of a long's trail not above the price"
    SHORT_TRAIL_BELOW = "trailing stop of a short not above the price"
    SHORT_TRAIL_PAST_LIQUIDATION = "trailing stop of a short above liquidation"
    SHORT_TRAIL_SIGN = "distance over a short not positive"
    SHORT_ACTIVATION_ABOVE = "activation of a short's trail not below the price"
    FIXED_PRICE = "price of a market order cannot change"
    FIXED_QTY = "quantity follows from the position"
    LEVERAGE_BALANCE = "not enough balance for the leverage"
    LIMIT_INVALID = "no such risk limit"
    LIMIT_BALANCE = "not enough balance for the risk limit"
    MARGIN_NO_POSITION = "no position to assign margin to"
    MARGIN_CROSS = "margin of a cross position cannot change"
    MARGIN_NOT_ADDED = "more margin removed than was added"
    MARGIN_LOSS = "open loss holds the margin"
    MARGIN_BALANCE = "not enough balance to add margin"
    WALLET_UNKNOWN = "no trading account of this currency"
    WALLET_BALANCE = "not enough in the wallet"


class SimStatus(StrEnum):
    """State of an order inside the exchange."""

    NEW = "new"
    PARTIAL = "partial"
    UNTRIGGERED = "untriggered"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"

    @property
    def is_open(self) -> bool:
        return self in (SimStatus.NEW, SimStatus.PARTIAL, SimStatus.UNTRIGGERED)


class Event(StrEnum):
    """What happened to an order in one report."""

    NEW = "new"
    UNTRIGGERED = "untriggered"
    TRIGGERED = "triggered"
    FILL = "fill"
    REPLACED = "replaced"
    CANCELED = "canceled"
    EXPIRED = "expired"
    """The unfilled rest of an IOC or market order."""
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class NewOrder:
    """A request to create an order, as a mask decoded it."""

    client_id: str
    symbol: str
    side: Side
    type: OrderType
    qty: Decimal
    """Zero with ``close_on_trigger`` means the whole position at trigger time."""
    price: Decimal | None = None
    tif: TimeInForce = TimeInForce.GTC
    position_side: PositionSide = PositionSide.MERGED
    reduce_only: bool = False
    close_on_trigger: bool = False
    trigger_price: Decimal | None = None
    trigger_source: TriggerSource = TriggerSource.LAST
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    tp_trigger: TriggerSource = TriggerSource.LAST
    sl_trigger: TriggerSource = TriggerSource.MARK
    text: str = ""
    take_profit_limit: Decimal | None = None
    """Limit price of the attached target; a market exit without."""
    stop_loss_limit: Decimal | None = None
    peg_offset: Decimal = ZERO
    """Distance of a trailing stop from the best price: negative under a long position, positive over a short one."""
    activation: bool = False
    """Whether a trailing stop only begins to trail once the price has reached ``trigger_price``."""


@dataclass(slots=True)
class SimOrder:
    """An order inside the exchange; mutable, owned by the Exchange, masks only read it."""

    order_id: str
    client_id: str
    account: str
    symbol: str
    side: Side
    type: OrderType
    qty: Decimal
    price: Decimal | None
    tif: TimeInForce
    position_side: PositionSide
    reduce_only: bool
    close_on_trigger: bool
    trigger_price: Decimal | None
    trigger_source: TriggerSource
    rising: bool = False
    """Direction in which the trigger fires."""
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    tp_trigger: TriggerSource = TriggerSource.LAST
    sl_trigger: TriggerSource = TriggerSource.MARK
    status: SimStatus = SimStatus.NEW
    filled: Decimal = ZERO
    filled_value: Decimal = ZERO
    fees: Decimal = ZERO
    realised: Decimal = ZERO
    refusal: Refusal = Refusal.NONE
    created_ns: int = 0
    updated_ns: int = 0
    seq: int = 0
    """Execution sequence of the last change."""
    text: str = ""
    triggered: bool = False
    take_profit_limit: Decimal | None = None
    stop_loss_limit: Decimal | None = None
    trail: Decimal = ZERO
    """Distance of a trailing stop, positive; the trigger price follows the best price at it."""
    activation: bool = False
    trailing: bool = False
    """Whether a trailing stop has begun to follow."""
    parent: str = ""
    """Order id of the entry that this take-profit or stop-loss was attached to."""

    @property
    def remaining(self) -> Decimal:
        return self.qty - self.filled


@dataclass(frozen=True, slots=True)
class Report:
    """One thing that happened to one order of one account, with a copy of the order right after it."""

    event: Event
    order: SimOrder
    """A snapshot copy (dataclasses.replace), never the live object."""
    seq: int
    at_ns: int
    exec_id: str = ""
    exec_qty: Decimal = ZERO
    exec_price: Decimal = ZERO
    exec_fee: Decimal = ZERO
    fee_rate: Decimal = ZERO
    exec_realised: Decimal = ZERO
    liquidity: Liquidity = Liquidity.TAKER
    kind: str = "trade"
    """``trade``, ``liquidation`` or ``adl``."""


@dataclass(frozen=True, slots=True)
class FundingCharge:
    """A funding settlement of one position; ``amount`` is a cost (negative = received)."""

    account: str
    symbol: str
    position_side: PositionSide
    qty: Decimal
    rate: Decimal
    amount: Decimal
    exec_id: str
    seq: int
    at_ns: int
    mark: Decimal


@dataclass(frozen=True, slots=True)
class Move:
    """Money that came to a trading account or left it other than by trading; negative when it left."""

    account: str
    currency: str
    amount: Decimal
    kind: str
    """``transfer`` from or to the account's wallet, ``insurance`` for what the exchange paid after bankruptcy."""
    link: str
    """What a transfer is known by; the same one is executed once."""
    at_ns: int
    seq: int
    wallet_currency: str = ""
    """Currency on the wallet's side."""
    wallet_amount: Decimal = ZERO
    """What the wallet gave (negative) or got, in its currency."""


@dataclass(slots=True)
class SimPosition:
    """One leg of one account; ``qty`` is signed (positive long)."""

    symbol: str
    position_side: PositionSide
    qty: Decimal = ZERO
    entry: Decimal = ZERO
    """Average entry price; what is left after a partial close keeps it."""
    cost: Decimal = ZERO
    """Exact entry value of what is open, not negative; profit is reckoned from this, never from the rounded entry."""
    leverage: Decimal = Decimal(10)
    isolated: bool = False
    margin: Decimal = ZERO
    """Assigned margin when isolated."""
    risk_limit: Decimal = ZERO
    """The chosen step of the margin table, by its notional; zero where the step follows from the position's value."""
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    term_realised: Decimal = ZERO
    """Closed profit minus fees minus funding since last flat."""
    term: int = 1
    last_funding_ns: int = 0
    seq: int = 0
    updated_ns: int = 0


@dataclass(frozen=True, slots=True)
class PublicTrade:
    """A print."""

    symbol: str
    at_ns: int
    side: Side
    """The taker's."""
    price: Decimal
    qty: Decimal
    seq: int


@dataclass(frozen=True, slots=True)
class BookChange:
    """Levels of one symbol that changed since the last collection; size zero means gone. Best levels need no order."""

    symbol: str
    bids: tuple[tuple[Decimal, Decimal], ...]
    asks: tuple[tuple[Decimal, Decimal], ...]
    seq: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class AccountTouched:
    """A wallet changed, or what of it is tied up."""

    account: str
    currency: str


@dataclass(frozen=True, slots=True)
class PositionTouched:
    """One leg changed: size, margin, leverage or mode."""

    account: str
    symbol: str
    position_side: PositionSide


Emission = Report | FundingCharge | PublicTrade | BookChange | AccountTouched | PositionTouched
"""What the exchange tells; the union that ``Exchange.drain`` returns."""


@dataclass(slots=True)
class MarketState:
    """Reference prices of one symbol."""

    symbol: str
    last: Decimal = ZERO
    mark: Decimal = ZERO
    index: Decimal = ZERO
    open_24h: Decimal = ZERO
    high_24h: Decimal = ZERO
    low_24h: Decimal = ZERO
    volume_24h: Decimal = ZERO
    turnover_24h: Decimal = ZERO
    open_interest: Decimal = ZERO
    funding_rate: Decimal = ZERO
    predicted_funding_rate: Decimal = ZERO
    next_funding_ns: int = 0


@dataclass(slots=True)
class SimAccount:
    """One trading account; one wallet per settle currency."""

    account_id: str
    balances: dict[str, Decimal] = field(default_factory=dict)
    positions: dict[tuple[str, PositionSide], SimPosition] = field(default_factory=dict)
    modes: dict[str, PositionMode] = field(default_factory=dict)
    """Position mode by symbol; ONE_WAY when absent."""
    wallet: dict[str, Decimal] = field(default_factory=dict)
    """What the account has beside its trading accounts, by currency: no order reaches it."""
