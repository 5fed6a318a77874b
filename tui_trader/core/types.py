"""The enumerations and identifiers every other module speaks in.

It must not know any venue's spelling: dialects translate to and from these words.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, NewType

ClientOrderId = NewType("ClientOrderId", str)
"""Our identity of an order: assigned before the request, at most 40 characters of ``[A-Za-z0-9_-]``."""

VenueOrderId = NewType("VenueOrderId", str)
"""The venue's identity of an order."""

ExecId = NewType("ExecId", str)
"""The venue's identity of one execution; fills are a set keyed by it."""


class InstrumentId(NamedTuple):
    """One contract at one venue; ``symbol`` keeps the venue's own letter case."""

    venue: str
    symbol: str

    def __str__(self) -> str:
        return f"{self.venue}:{self.symbol}"


class Side(StrEnum):
    """Direction of an order or of a taker."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """What makes an order execute."""

    LIMIT = "limit"
    MARKET = "market"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    MARKET_IF_TOUCHED = "market_if_touched"
    LIMIT_IF_TOUCHED = "limit_if_touched"
    TRAILING_STOP = "trailing_stop"
    """A stop whose trigger follows the best price at a distance; it only ever closes."""

    @property
    def is_conditional(self) -> bool:
        """Whether the order waits for a trigger price."""
        return self in _CONDITIONAL

    @property
    def has_limit(self) -> bool:
        """Whether the order carries a limit price."""
        return self in _PRICED

    @property
    def is_stop(self) -> bool:
        """Whether the order waits for a price to go the wrong way of what it would close: a stop, and no target."""
        return self in _STOPPING


_CONDITIONAL = frozenset(
    {
        OrderType.STOP,
        OrderType.STOP_LIMIT,
        OrderType.MARKET_IF_TOUCHED,
        OrderType.LIMIT_IF_TOUCHED,
        OrderType.TRAILING_STOP,
    }
)
_STOPPING = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP})
_PRICED = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED})


class TimeInForce(StrEnum):
    """How long an order lives, and whether it may take."""

    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    POST_ONLY = "post_only"
    RPI = "rpi"
    """Post-only, and met by those alone whom a venue takes for traders by hand."""

    @property
    def only_rests(self) -> bool:
        """Whether an order is refused rather than taking."""
        return self in (TimeInForce.POST_ONLY, TimeInForce.RPI)


class TriggerSource(StrEnum):
    """The price a conditional order watches."""

    LAST = "last"
    MARK = "mark"
    INDEX = "index"


class Taking(StrEnum):
    """What a venue takes from anybody at present."""

    ALL = "all"
    POST_ONLY = "post_only"
    """Orders that rest, and cancels."""
    CANCELS = "cancels"
    NOTHING = "nothing"


class PositionMode(StrEnum):
    """One merged position per instrument, or a long and a short leg."""

    ONE_WAY = "one_way"
    HEDGED = "hedged"


class PositionSide(StrEnum):
    """The leg an order or a position belongs to."""

    MERGED = "merged"
    LONG = "long"
    SHORT = "short"


class MarginMode(StrEnum):
    """Whether a position is backed by the whole account or by its own margin."""

    CROSS = "cross"
    ISOLATED = "isolated"


class ContractKind(StrEnum):
    """How value follows price."""

    LINEAR = "linear"
    INVERSE = "inverse"
    SPOT = "spot"


class Liquidity(StrEnum):
    """Whether an execution rested or took."""

    MAKER = "maker"
    TAKER = "taker"


class OrderStatus(StrEnum):
    """Where an order is in its life.

    ``INTENT -> SENT -> ACKED -> {ARMED, LIVE, PARTIAL} -> {FILLED, CANCELED, REJECTED, EXPIRED, ABSENT}``;
    ``UNKNOWN`` is a real state (a request whose outcome was not learned), left only by evidence.
    """

    INTENT = "intent"
    SENT = "sent"
    UNKNOWN = "unknown"
    ACKED = "acked"
    ARMED = "armed"
    LIVE = "live"
    PARTIAL = "partial"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    ABSENT = "absent"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more can happen to the order."""
        return self in _TERMINAL

    @property
    def is_working(self) -> bool:
        """Whether the order is, or may be, alive at the venue (UNKNOWN counts)."""
        return self not in _TERMINAL


_TERMINAL = frozenset(
    {
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.REJECTED,
        OrderStatus.EXPIRED,
        OrderStatus.ABSENT,
    }
)


class PendingAction(StrEnum):
    """An overlay on a working order: something was asked and not yet confirmed."""

    CANCEL = "cancel"
    AMEND = "amend"


class LinkState(StrEnum):
    """Health of one connection, in the order it is walked."""

    DOWN = "down"
    CONNECTING = "connecting"
    SYNCING = "syncing"
    LIVE = "live"


class Severity(StrEnum):
    """How loudly a notice speaks."""

    NOTE = "note"
    WARNING = "warning"
    ALARM = "alarm"
