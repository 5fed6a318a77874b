"""Limits checked before every order."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from tui_trader.core.decimals import ZERO
from tui_trader.desk.key import Amount, Choice, Whole
from tui_trader.desk.settings.field import MOST_MONEY, key, money, percent

if TYPE_CHECKING:
    from tui_trader.core.risk import Limits
    from tui_trader.desk.controls import FailureLimits


class Mode(StrEnum):
    """The position mode that is expected of the venue."""

    ANY = "any"
    ONE_WAY = "one_way"
    HEDGED = "hedged"


@dataclass(frozen=True, slots=True)
class Risk:
    """Limits checked before every order. They stop entries only: what reduces a position is never in their way. On the built-in
    exchange, where nothing can be lost, each of the three value limits that is not set here is 50 times as wide."""

    max_order_notional: Decimal = money(1_000, "Largest value of one order. It cannot be switched off.")
    max_position_notional: Decimal = money(
        5_000, "Largest position in one instrument, with orders that could still open counted at full size."
    )
    max_gross_notional: Decimal = money(10_000, "Largest sum of positions over all instruments, counted the same way.")
    price_band_percent: Decimal = percent("5", "A price farther than this from the mark is refused.", "0.1", "50")
    cross_band_percent: Decimal = percent(
        "1", "A limit price farther than this through the best opposite price asks once more.", "0", "50"
    )
    max_orders_per_second: int = key(
        Whole(default=5, doc="Most new orders in any second.", unit="orders per second", low=1, high=100)
    )
    max_orders_per_minute: int = key(
        Whole(default=60, doc="Most new orders in any minute.", unit="orders per minute", low=1, high=3_000)
    )
    duplicate_window_s: int = key(
        Whole(default=2, doc="The same order again within this time is refused; 0 allows it.", unit="seconds", low=0, high=60)
    )
    max_open_orders: int = key(Whole(default=50, doc="Most working orders at a time.", unit="orders", low=1, high=500))
    median_factor: Decimal = key(
        Amount(
            default=Decimal(10),
            doc="An order larger than this many times the median of your last 20 in the instrument asks once more.",
            unit="times the median size",
            low=Decimal(2),
            high=Decimal(1_000),
        )
    )
    reduce_after_failures: int = key(
        Whole(
            default=3,
            doc="Order requests in a row without a proper answer after which only exits are sent, until :resume.",
            unit="requests",
            low=1,
            high=100,
        )
    )
    halt_after_failures: int = key(
        Whole(
            default=5,
            doc="The same, after which trading is halted; that survives a restart and is left by typing the venue's name.",
            unit="requests",
            low=1,
            high=100,
        )
    )
    position_mode: Mode = key(
        Choice(
            default=Mode.ANY,
            doc="Entries are refused while the venue's position mode is another one than this.",
            words=Mode,
        )
    )
    daily_loss_limit: Decimal = key(
        Amount(
            default=ZERO,
            doc="Loss of the UTC day, realised and open, at which trading is halted: only exits are sent, until the venue's name"
            " is typed after :resume, also after a restart; 0 for no such limit.",
            unit="USD or equivalent",
            low=ZERO,
            high=MOST_MONEY,
        )
    )

    def limits(self) -> Limits:
        """Return the limits in the form that ``core.risk.check`` takes."""
        from tui_trader.core.risk import Limits  # late: the configuration is read before the first paint
        from tui_trader.core.types import PositionMode

        return Limits(
            order_notional=self.max_order_notional,
            position_notional=self.max_position_notional,
            gross_notional=self.max_gross_notional,
            open_orders=self.max_open_orders,
            band_percent=self.price_band_percent,
            through_percent=self.cross_band_percent,
            duplicate_s=self.duplicate_window_s,
            median_factor=self.median_factor,
            per_second=self.max_orders_per_second,
            per_minute=self.max_orders_per_minute,
            day_loss=self.daily_loss_limit or None,
            mode=None if self.position_mode is Mode.ANY else PositionMode(self.position_mode.value),
        )

    def failure_limits(self) -> FailureLimits:
        """Return how many unanswered order requests are borne."""
        from tui_trader.desk.controls import FailureLimits

        return FailureLimits(reducing=self.reduce_after_failures, halted=self.halt_after_failures)
