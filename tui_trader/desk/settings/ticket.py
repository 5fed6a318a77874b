"""What a staged order starts from."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tui_trader.core.decimals import ZERO
from tui_trader.desk.key import Amount, Many, Whole
from tui_trader.desk.settings.field import MOST_MONEY, key, percent


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a staged order starts from."""

    presets: tuple[Decimal, ...] = key(
        Many(
            default=tuple(Decimal(value) for value in (50, 100, 250, 500, 1000)),
            doc="Order values of the keys 1 to 5, rounded down to the instrument's lot.",
            unit="quote currency",
            element=Amount(default=ZERO, doc="", low=ZERO, high=MOST_MONEY, open_low=True),
            least=5,
            most=5,
        )
    )
    slippage_cap_percent: Decimal = percent(
        "0.5", "How far past the best opposite price a crossing order may execute.", "0.01", "5"
    )
    stop_percent: Decimal = percent("1", "Distance of the bracket template's stop from the entry.", "0.01", "50")
    protect_percent: Decimal = percent(
        "1", "Distance of the stop that p stages from the mark, for the whole position.", "0.01", "50"
    )
    protect_ticks: int = key(
        Whole(default=0, doc="The same in ticks of the instrument; 0 takes the percentage.", unit="ticks", low=0, high=100_000)
    )
    target_r: Decimal = key(
        Amount(
            default=Decimal(2),
            doc="Distance of the bracket template's target from the entry.",
            unit="multiples of the distance to the stop",
            low=Decimal("0.1"),
            high=Decimal(100),
        )
    )
