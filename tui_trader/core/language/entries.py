"""Commands that make orders."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tui_trader.core.language.terms import Offset, Price, Size, Target, Trail, Trigger
from tui_trader.core.types import MarginMode, PositionSide, Side, TimeInForce


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Buy or sell."""

    side: Side
    size: Size
    symbol: str = ""
    """As typed; empty for the instrument on the screen."""
    price: Price | None = None
    """None for a market order."""
    trigger: Trigger | None = None
    """What it waits for; a distance is from the price it watches. None goes out at once."""
    touch: bool = False
    """With ``trigger``: waits for a better price (if touched) instead of a worse one (stop)."""
    trail: Trail | None = None
    """Makes an order that reduces a trailing stop; of any other it is the stop, which follows from the fill on."""
    tif: TimeInForce | None = None
    reduce_only: bool = False
    close: bool = False
    """Only closes, and when it triggers other orders may be cancelled to make room for it."""
    stop_loss: Trigger | None = None
    targets: tuple[Target, ...] = ()
    leverage: Decimal | None = None
    margin_mode: MarginMode | None = None
    position_side: PositionSide | None = None
    good_for: int | None = None
    """Seconds after which this terminal cancels what is left; None for ever."""
    venue: str = ""
    """Where it must go; empty leaves it to the terminal."""
    account: str = ""
    dry: bool = False
    """Only said, neither staged nor sent."""


class Shape(StrEnum):
    """How the size of a scale is shared out; the value is its spelling. A factor is not one of these."""

    EVEN = "even"
    UP = "up"
    """Growing away from the first price: 1, 2, 3, …"""
    DOWN = "down"
    """Shrinking: …, 3, 2, 1."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Several limit orders from one price to another."""

    order: PlaceOrder
    """All of them together: its size is shared out, its clauses hold for each, it has no price of its own."""
    count: int
    start: Price
    """A distance alone is from the near touch: the bid of a buy, the ask of a sell."""
    end: Price
    shape: Shape = Shape.EVEN
    factor: Decimal | None = None
    """Each order is so many times as large as the one before; None for one of the shapes."""


class Then(StrEnum):
    """What a chase does when it may go no further; the value is its spelling."""

    STOP = "stop"
    """Cancels what is left."""
    MARKET = "market"
    """Cancels what is left and takes the market with it."""


@dataclass(frozen=True, slots=True)
class Chase:
    """One resting order that is moved after its touch."""

    order: PlaceOrder
    """It has no price of its own."""
    most: Offset | None = None
    """How far from where it began it may go, positive; None as far as the limits let it."""
    seconds: int | None = None
    """How long; None until it is filled or cancelled."""
    then: Then = Then.STOP
