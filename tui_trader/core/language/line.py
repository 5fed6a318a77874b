"""Everything that a line may say."""

from __future__ import annotations

from dataclasses import dataclass

from tui_trader.core.language import manage, state, watching
from tui_trader.core.language.entries import Chase, PlaceOrder, Scale

Command = (
    PlaceOrder
    | Scale
    | Chase
    | manage.ClosePosition
    | manage.CancelOrders
    | manage.Flatten
    | manage.Reverse
    | manage.MoveOrder
    | manage.ChangeQty
    | manage.Protect
    | manage.SetStop
    | manage.SetTarget
    | manage.SetTrail
    | manage.BreakEven
    | manage.AddMargin
    | manage.SetRiskLimit
    | manage.SetMode
    | manage.SetLeverage
    | watching.WatchSymbols
    | watching.SetAlert
    | watching.RunWhen
    | watching.RunEvery
    | watching.EndRunning
    | watching.Calculate
    | watching.CalculateSize
    | state.Transfer
    | state.ShowSymbol
    | state.UseTheme
    | state.UseLayout
    | state.UseAccount
    | state.Quit
    | state.ShowHelp
    | state.ShowConnections
    | state.Reconnect
    | state.ShowLimits
    | state.Panic
    | state.Halt
    | state.Resume
    | state.GuardOrders
    | state.Override
    | state.Reconcile
    | state.Arm
    | state.GroupPrices
    | state.FilterTape
    | state.ShowLog
    | state.ShowKeys
    | state.BindKey
    | state.NameLine
    | state.Note
    | state.Export
    | state.Record
    | state.Replay
)


@dataclass(frozen=True, slots=True)
class Line:
    """A whole typed line."""

    commands: tuple[Command, ...]
    immediate: bool = False
    """Ends in ``!``: one Enter instead of two. It never skips a limit."""
    needs: tuple[int, ...] = ()
    """Commands by number, from 0, that run only when the one before succeeded: those after ``&&``."""
