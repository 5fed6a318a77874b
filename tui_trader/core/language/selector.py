"""Which orders or positions a command is about, as it is said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SelectorKind(StrEnum):
    """Which orders or positions are meant; the value is its spelling."""

    ALL = "all"
    LONGS = "longs"
    SHORTS = "shorts"
    MARKED = "marked"
    BIDS = "bids"
    ASKS = "asks"
    STOPS = "stops"
    LAST = "last"
    NAME = "name"
    """An order id, a symbol or a glob, told apart by the caller."""


@dataclass(frozen=True, slots=True)
class Selector:
    """Orders or positions to act on."""

    kind: SelectorKind
    name: str = ""
    """As typed; only with NAME."""
