"""The vocabulary of the order language: verbs, clauses, and what is reserved for later."""

from __future__ import annotations

from tui_trader.core.types import MarginMode, PositionMode, Side, TimeInForce

SIDES: dict[str, Side] = {
    "buy": Side.BUY,
    "b": Side.BUY,
    "long": Side.BUY,
    "sell": Side.SELL,
    "s": Side.SELL,
    "short": Side.SELL,
}

VERBS: tuple[str, ...] = (
    *SIDES,
    "close",
    "cancel",
    "flat",
    "rev",
    "move",
    "qty",
    "lev",
    "protect",
    "sl",
    "tp",
    "trail",
    "be",
    "margin",
    "risklimit",
    "mode",
    "transfer",
    "symbol",
    "theme",
    "quit",
    "q",
    "help",
    "panic",
    "halt",
    "ro",
    "resume",
    "override",
    "reconcile",
    "arm",
    "group",
    "log",
    "keys",
    "rec",
)
"""First words that can be executed."""

NOT_YET: tuple[str, ...] = (
    "scale", "chase", "twap", "swarm", "watch", "alert", "when",
    "every", "calc", "size", "limits", "paper", "live", "replay", "export", "note", "bind", "alias", "layout",
    "conn", "on",
)  # fmt: skip
"""First words of the language that no part of this version executes."""

CLAUSES: tuple[str, ...] = (
    "po",
    "ioc",
    "fok",
    "gtc",
    "ro",
    "close",
    "stop",
    "touch",
    "trail",
    "sl",
    "tp",
    "lev",
    "iso",
    "cross",
    "pos",
)
"""Words that may follow an order's size and symbol."""

CLAUSES_NOT_YET: tuple[str, ...] = ("gtd", "on", "acct", "dry", "atr")

NO_SUCH_CLAUSE: dict[str, str] = {
    "market": "an order without a price is a market order: leave the word out",
    "mkt": "an order without a price is a market order: leave the word out",
    "limit": "write the limit price after @: @ 50000",
    "lim": "lim belongs to a trigger: sl 49000 lim 48990",
    "from": "from belongs to a trailing stop: trail 0.6% from 50000",
}
"""Words that people bring from elsewhere; taken for a symbol they would only puzzle."""

REFS_NOT_YET: tuple[str, ...] = ("hi", "lo", "vwap")

TIF_WORDS: dict[str, TimeInForce] = {
    "po": TimeInForce.POST_ONLY,
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
