"""The words of the order language as sets and maps, drawn from the vocabulary's tables, and the words that are none."""

from __future__ import annotations

from tui_trader.core.language.vocabulary import CLAUSE_TABLE, VERB_TABLE
from tui_trader.core.types import MarginMode, PositionMode, Side, TimeInForce

SIDES: dict[str, Side] = {
    "buy": Side.BUY,
    "b": Side.BUY,
    "long": Side.BUY,
    "sell": Side.SELL,
    "s": Side.SELL,
    "short": Side.SELL,
}

SHORT_FOR: dict[str, str] = {"q": "quit", "reverse": "rev", "flatten": "flat"}
"""Other spellings of verbs."""

VERBS: tuple[str, ...] = (*SIDES, *(word.name for word in VERB_TABLE if word.name not in SIDES), *SHORT_FOR)
"""First words that can be executed."""

NOT_YET: tuple[str, ...] = ("twap", "swarm")
"""First words of the language that no part of this version executes."""

CLAUSES: tuple[str, ...] = tuple(word.name for word in CLAUSE_TABLE)
"""Words that may follow an order's size and symbol."""

SCALE_WORDS: tuple[str, ...] = ("in", "from", "to", "even", "up", "down")
CHASE_WORDS: tuple[str, ...] = ("max", "for", "then")

NO_SUCH_CLAUSE: dict[str, str] = {
    "market": "an order without a price is a market order: leave the word out",
    "mkt": "an order without a price is a market order: leave the word out",
    "limit": "write the limit price after @: @ 50000",
    "lim": "lim belongs to a trigger: sl 49000 lim 48990",
    "from": "from belongs to a trailing stop: trail 0.6% from 50000",
}
"""Words that people bring from elsewhere; taken for a symbol they would only puzzle."""

TIF_WORDS: dict[str, TimeInForce] = {
    "po": TimeInForce.POST_ONLY,
    "rpi": TimeInForce.RPI,
    "ioc": TimeInForce.IOC,
    "fok": TimeInForce.FOK,
    "gtc": TimeInForce.GTC,
}
MARGIN_WORDS: dict[str, MarginMode] = {"iso": MarginMode.ISOLATED, "cross": MarginMode.CROSS}

MODE_WORDS: dict[str, PositionMode] = {
    "hedge": PositionMode.HEDGED,
    "hedged": PositionMode.HEDGED,
    "oneway": PositionMode.ONE_WAY,
}

SECONDS: dict[str, int] = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
"""Units of a time."""
