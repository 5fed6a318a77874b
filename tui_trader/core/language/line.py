"""Everything that a line may say."""

from __future__ import annotations

from dataclasses import dataclass

from tui_trader.core.language.entries import PlaceOrder
from tui_trader.core.language.manage import (
    AddMargin,
    BreakEven,
    CancelOrders,
    ChangeQty,
    ClosePosition,
    Flatten,
    MoveOrder,
    Protect,
    Reverse,
    SetLeverage,
    SetMode,
    SetRiskLimit,
    SetStop,
    SetTarget,
    SetTrail,
)
from tui_trader.core.language.state import (
    Arm,
    GroupPrices,
    Halt,
    Override,
    Panic,
    Quit,
    Reconcile,
    Record,
    Resume,
    ShowHelp,
    ShowKeys,
    ShowLog,
    ShowSymbol,
    Transfer,
    UseTheme,
)

Command = (
    PlaceOrder
    | ClosePosition
    | CancelOrders
    | Flatten
    | Reverse
    | MoveOrder
    | ChangeQty
    | Protect
    | SetStop
    | SetTarget
    | SetTrail
    | BreakEven
    | AddMargin
    | SetRiskLimit
    | SetMode
    | Transfer
    | SetLeverage
    | ShowSymbol
    | UseTheme
    | Quit
    | ShowHelp
    | Panic
    | Halt
    | Resume
    | Override
    | Reconcile
    | Arm
    | GroupPrices
    | ShowLog
    | ShowKeys
    | Record
)


@dataclass(frozen=True, slots=True)
class Line:
    """A whole typed line."""

    commands: tuple[Command, ...]
    immediate: bool = False
    """Ends in ``!``: one Enter instead of two. It never skips a limit."""
