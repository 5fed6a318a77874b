"""What is kept on this machine's disk, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

from tui_trader.desk.key import Flag, Whole
from tui_trader.desk.settings.field import key


@dataclass(frozen=True, slots=True)
class History:
    """The local copy of orders, fills, funding and transfers, one file for each account; what export and the fills pane read."""

    keep_days: int = key(
        Whole(
            default=730,
            doc="How long rows are kept; open orders stay. The venue keeps less: about 90 days.",
            unit="days",
            low=1,
            high=36_500,
        )
    )
    max_rows: int = key(
        Whole(
            default=250_000,
            doc="Most rows of each kind; the oldest make room. A quarter of a million fills take about 60 MB.",
            unit="rows",
            low=1_000,
            high=10_000_000,
        )
    )


@dataclass(frozen=True, slots=True)
class Candles:
    """The local store of candles, one file for each venue and environment; what the chart and 'tui-trader candles' read."""

    record: bool = key(
        Flag(
            default=True,
            doc="Keep seconds made of the trades of watched symbols, and the venue's longer bars. Off, the chart remembers no"
            " longer than the terminal runs.",
        )
    )
    seconds_days: int = key(
        Whole(
            default=14,
            doc="How long seconds are kept. Minutes made of them stay longer, hours and days for ever.",
            unit="days",
            low=1,
            high=36_500,
        )
    )
    minutes_days: int = key(Whole(default=400, doc="How long minutes are kept.", unit="days", low=2, high=36_500))
    max_seconds: int = key(
        Whole(
            default=10_000_000,
            doc="Most seconds of all symbols together; the oldest days make room. Ten million take about 430 MB.",
            unit="rows",
            low=100_000,
            high=1_000_000_000,
        )
    )
