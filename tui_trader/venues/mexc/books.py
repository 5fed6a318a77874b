"""Levels of MEXC's books, and what is needed to keep one from increments.

A level is ``[price, contracts, orders]``; prices and volumes may come as ``9.75E+4`` or with thirty digits. It
must not know frames.
"""

from __future__ import annotations

from typing import Any

from tui_trader.core.decimals import from_wire
from tui_trader.core.error import WireError
from tui_trader.core.instrument import Instrument

Level = tuple[Any, Any]


def levels_of(raw: Any, instrument: Instrument) -> list[Level]:
    """Return the levels of one side with sizes in the instrument's unit; raises WireError on what is no level."""
    if not isinstance(raw, list):
        raise WireError("a side of the book is not a list")
    lot = instrument.wire_lot
    levels: list[Level] = []
    for row in raw:
        if not isinstance(row, list) or len(row) < 2:
            raise WireError("not a level")
        size = row[1]
        # An integer times the lot is exact; everything else is looked at closely first.
        levels.append((row[0], (size if type(size) is int else from_wire(size)) * lot))
    return levels
