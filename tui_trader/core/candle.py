"""One bar of a price series."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple


class Candle(NamedTuple):
    """Open, high, low, close over ``interval_s`` seconds from ``start_s`` (UTC seconds)."""

    start_s: int
    interval_s: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    turnover: Decimal
