"""Commands about orders and positions that are there."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tui_trader.core.decimals import HUNDRED
from tui_trader.core.language.selector import Selector
from tui_trader.core.language.terms import Price, Trail, Trigger
from tui_trader.core.types import MarginMode, PositionMode


@dataclass(frozen=True, slots=True)
class ClosePosition:
    """Close a part of a position, reduce-only."""

    percent: Decimal = HUNDRED
    selector: Selector | None = None
    """None for the instrument on the screen."""
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class CancelOrders:
    """Cancel working orders."""

    selector: Selector | None = None
    """None for the selected order."""


@dataclass(frozen=True, slots=True)
class Flatten:
    """Cancel the orders and close the positions of a selection."""

    selector: Selector | None = None


@dataclass(frozen=True, slots=True)
class Reverse:
    """Turn a position around."""

    selector: Selector | None = None


@dataclass(frozen=True, slots=True)
class MoveOrder:
    """Give orders another price."""

    selector: Selector
    price: Price


@dataclass(frozen=True, slots=True)
class ChangeQty:
    """Give orders another size, in base units or contracts."""

    selector: Selector
    qty: Decimal


@dataclass(frozen=True, slots=True)
class Protect:
    """Stage the stop of the template for positions."""

    selector: Selector | None = None
    """None for the instrument on the screen."""


@dataclass(frozen=True, slots=True)
class SetStop:
    """Put the stop of the position on the screen somewhere: move it, or stage one."""

    trigger: Trigger


@dataclass(frozen=True, slots=True)
class SetTarget:
    """Put the target of the position on the screen somewhere: move it, or stage one."""

    trigger: Trigger
    portion: Decimal | None = None
    """Percent of the position; None for all of it."""


@dataclass(frozen=True, slots=True)
class SetTrail:
    """Stage a trailing stop for the position on the screen."""

    trail: Trail


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Move the stops of positions to where closing leaves nothing gained or lost."""

    selector: Selector | None = None


@dataclass(frozen=True, slots=True)
class AddMargin:
    """Add margin to the isolated position on the screen; take some away when negative."""

    amount: Decimal


@dataclass(frozen=True, slots=True)
class SetRiskLimit:
    """Change how large the position on the screen may grow, in its settle currency."""

    limit: Decimal


@dataclass(frozen=True, slots=True)
class SetMode:
    """Change how many legs the instrument on the screen keeps."""

    mode: PositionMode


@dataclass(frozen=True, slots=True)
class SetLeverage:
    """Change the leverage of the instrument on the screen."""

    leverage: Decimal
    margin_mode: MarginMode | None = None
    """None keeps the mode."""
