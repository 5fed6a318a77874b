"""Commands that watch: symbols, conditions, and lines that run later. Whoever keeps them is somewhere else."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from tui_trader.core.language.calculation import Expression
from tui_trader.core.language.condition import Condition
from tui_trader.core.language.entries import Chase, PlaceOrder, Scale

if TYPE_CHECKING:
    from tui_trader.core.language.line import Line


@dataclass(frozen=True, slots=True)
class WatchSymbols:
    """Add symbols to the watchlist, or take them off."""

    symbols: tuple[str, ...]
    """As typed."""
    add: bool = True


@dataclass(frozen=True, slots=True)
class SetAlert:
    """Tell when a condition is met."""

    condition: Condition
    run: tuple[str, ...] = ()
    """A program and its arguments, started without a shell; ``{symbol}``, ``{price}``, ``{figure}``, ``{text}`` are filled in."""
    bell: bool = False
    say: bool = False
    """Tell it to the desktop too, where the terminal can."""
    repeat: Decimal | None = None
    """How far, in percent of its bound, a figure has to move back before it may fire again, zero
    for the configured margin; None for an alert that fires once."""


@dataclass(frozen=True, slots=True)
class RunWhen:
    """Run a line once when a condition is met, while the terminal is up."""

    condition: Condition
    line: Line


@dataclass(frozen=True, slots=True)
class RunEvery:
    """Run a line again and again, while the terminal is up."""

    seconds: int
    line: Line


@dataclass(frozen=True, slots=True)
class EndRunning:
    """End an alert, a condition, a repetition or a chase."""

    number: int | None = None
    """As it is listed; None with ``everything`` false lists them."""
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Calculate:
    """Compute something."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class CalculateSize:
    """Say how much an order would be."""

    order: PlaceOrder | Scale | Chase
