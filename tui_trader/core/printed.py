"""Public trades as a venue sent them: proven to be some when they came, made exact numbers when somebody reads them.

Whoever makes one has proven every row; reading cannot fail. It must not know how a venue spells a trade.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

from tui_trader.core.tape import Trade


class Printed(Sequence[Trade]):
    """Trades of one message, oldest first, read once: equal to a list of them."""

    __slots__ = ("_read", "_rows", "_trades")

    def __init__(self, rows: Sequence[Any], read: Callable[[Any], list[Trade]]) -> None:
        """``read`` makes one trade of each of ``rows``, all of which are known to be trades."""
        self._rows = rows
        self._read = read
        self._trades: list[Trade] | None = None

    @property
    def trades(self) -> list[Trade]:
        """Return them as exact values."""
        found = self._trades
        if found is None:
            found = self._trades = self._read(self._rows)
            self._rows = found
        return found

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Trade]:
        return iter(self.trades)

    @overload
    def __getitem__(self, place: int) -> Trade: ...

    @overload
    def __getitem__(self, place: slice) -> list[Trade]: ...

    def __getitem__(self, place: int | slice) -> Trade | list[Trade]:
        return self.trades[place]

    def __eq__(self, other: object) -> bool:
        return self.trades == (other.trades if isinstance(other, Printed) else other)

    __hash__ = None  # type: ignore[assignment]  # as of a list

    def __repr__(self) -> str:
        return repr(self.trades)
