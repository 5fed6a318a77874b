"""Reference prices of one instrument, as exact numbers or as a venue sent them: such a row was proven to be numbers when it came,
and is read when somebody looks.

A row that a newer one of the same columns has replaced by then is never read. It must not know how a venue names its columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from tui_trader.core.types import InstrumentId

_new = tuple.__new__


class TickerChanged(NamedTuple):
    """Some of an instrument's reference prices; None means "not said in this message"."""

    instrument: InstrumentId
    at_ns: int
    last: Decimal | None = None
    mark: Decimal | None = None
    index: Decimal | None = None  # type: ignore[assignment]  # hides tuple.index, which nobody needs here
    open_24h: Decimal | None = None
    high_24h: Decimal | None = None
    low_24h: Decimal | None = None
    volume_24h: Decimal | None = None
    turnover_24h: Decimal | None = None
    open_interest: Decimal | None = None
    funding_rate: Decimal | None = None
    next_funding_ns: int | None = None


_FIELDS = TickerChanged._fields
_UNSAID = (None,) * (len(_FIELDS) - 2)
_LAST, _MARK, _INDEX = (_FIELDS.index(name) for name in ("last", "mark", "index"))


class Columns:
    """Which reference prices rows of one shape tell. Two rows with the same object tell the same ones."""

    __slots__ = ("says_last", "says_mark", "says_price", "targets")

    def __init__(self, targets: Sequence[int]) -> None:
        """``targets`` are places in a TickerChanged, one for each number of a row."""
        self.targets = tuple(targets)
        self.says_last = _LAST in self.targets
        self.says_mark = _MARK in self.targets
        self.says_price = self.says_last or self.says_mark or _INDEX in self.targets
        """Whether a row tells a last, a mark or an index price."""


class TickerRow(NamedTuple):
    """One row, each of its numbers proven to be decimal text that has a finite value."""

    instrument: InstrumentId
    at_ns: int
    numbers: Sequence[str]
    columns: Columns

    def changed(self) -> TickerChanged:
        """Return what the row says as exact numbers."""
        said: list[Any] = [self.instrument, self.at_ns, *_UNSAID]
        for target, text in zip(self.columns.targets, self.numbers, strict=True):
            said[target] = Decimal(text)
        return _new(TickerChanged, said)
