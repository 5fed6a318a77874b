"""What changed, as small tuples: the words in which the Store tells panes that they are out of date."""

from __future__ import annotations

from tui_trader.core.types import InstrumentId

Topic = tuple[str, ...] | tuple[str, InstrumentId]

ORDERS: Topic = ("orders",)
FILLS: Topic = ("fills",)
POSITIONS: Topic = ("positions",)
MARKS: Topic = ("marks",)
"""The mark of something held moved, and what is open with it; what is held did not."""
BALANCES: Topic = ("balances",)
PNL: Topic = ("pnl",)
"""Fees, funding, the wallet or what is open."""
LINKS: Topic = ("links",)
NOTICES: Topic = ("notices",)
INSTRUMENTS: Topic = ("instruments",)
TICKERS: Topic = ("tickers",)
"""Any ticker."""
CHART: Topic = ("chart",)
"""What the chart shows was read again."""
FOCUS: Topic = ("focus",)
"""The watched instrument changed."""
ALERTS: Topic = ("alerts",)
"""Alerts, waiting lines, or what is watched."""
STAGE: Topic = ("stage",)
CLOCK: Topic = ("clock",)
"""A second has passed: ages and countdowns moved."""

MARKET: frozenset[object] = frozenset({"book", "tape", "ticker", "tickers", "marks", "balances", "pnl", "chart", "clock"})
"""The first words of what changes by itself, all the time: what own events and keys changed does not wait for it. A fill or a leg
has topics of its own beside the account's sums, which follow it within a fifth of a second."""


def book_topic(instrument: InstrumentId) -> Topic:
    """Return the topic of one book."""
    return ("book", instrument)


def tape_topic(instrument: InstrumentId) -> Topic:
    """Return the topic of one tape."""
    return ("tape", instrument)


def ticker_topic(instrument: InstrumentId) -> Topic:
    """Return the topic of one instrument's reference prices."""
    return ("ticker", instrument)
