"""Commands that make orders."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tui_trader.core.language.terms import Price, Size, Target, Trail, Trigger
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
    """Makes it a trailing stop; only for orders that reduce."""
    tif: TimeInForce | None = None
    reduce_only: bool = False
    close: bool = False
    """Only closes, and when it triggers other orders may be cancelled to make room for it."""
    stop_loss: Trigger | None = None
    targets: tuple[Target, ...] = ()
    leverage: Decimal | None = None
    margin_mode: MarginMode | None = None
    position_side: PositionSide | None = None
