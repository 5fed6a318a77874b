"""Slot: the name of a place on the trading screen, and the cells it gets."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

MIN_WIDTH = 80
MIN_HEIGHT = 24
"""Below this the terminal shows positions and lets nothing but cancels and panic through."""


class Slot(StrEnum):
    """The places of the trading screen."""

    HEADER = "header"
    BESIDE = "beside"
    """A line about the other accounts of the program, where the header has no room for them."""
    POSITIONS = "positions"
    BOOK = "book"
    SECOND = "second"
    """Another symbol's ladder, on wide terminals."""
    ORDERS = "orders"
    CHART = "chart"
    WATCH = "watch"
    TAPE = "tape"
    FILLS = "fills"
    JOURNAL = "journal"
    ALERTS = "alerts"
    """Never beside the others: it is called when it is wanted."""
    PNL = "pnl"
    FUNDING = "funding"
    LOG = "log"
    TICKET = "ticket"
    COMMAND = "command"
    STATUS = "status"


class Rect(NamedTuple):
    """A rectangle of cells."""

    x: int
    y: int
    width: int
    height: int


class Size(NamedTuple):
    """Columns and rows, the title line included."""

    width: int
    height: int
