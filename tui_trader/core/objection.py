"""One thing that is wrong with a ticket."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """Which control objects."""

    SYMBOL = "symbol"
    NOT_TRADABLE = "not tradable"
    SHAPE = "shape"
    """The ticket contradicts itself: no size, no price, no trigger."""
    TICK = "tick"
    LOT = "lot"
    MIN_QTY = "min qty"
    MAX_QTY = "max qty"
    MIN_NOTIONAL = "min notional"
    PRICE_RANGE = "price range"
    POSITION_SIDE = "position side"
    LEVERAGE = "leverage"
    REDUCE_ONLY = "reduce only"
    FLIP = "flip"
    POST_ONLY = "post only"
    TRIGGER_SIDE = "trigger side"
    EXITS = "exits"
    STATE = "state"
    NO_MARK = "no mark"
    STALE_MARK = "stale mark"
    BOOK = "book"
    ORDER_NOTIONAL = "order notional"
    POSITION_LIMIT = "position limit"
    GROSS_LIMIT = "gross limit"
    OPEN_ORDERS = "open orders"
    PRICE_BAND = "price band"
    THROUGH = "through"
    DUPLICATE = "duplicate"
    RATE = "rate"
    UNUSUAL_QTY = "unusual qty"
    MARGIN = "margin"
    BALANCE_UNKNOWN = "balance unknown"
    SELF_CROSS = "self cross"
    UNKNOWN_ORDER = "unknown order"
    DAY_LOSS = "day loss"


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a ticket should not be sent, in one line, and what to change."""

    code: Rule
    text: str
    fix: str = ""
    hard: bool = True
    """A hard objection refuses; a soft one asks for one more confirmation."""
