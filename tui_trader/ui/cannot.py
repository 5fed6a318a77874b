"""What keys cannot do at this venue, and why: they are greyed, and say the reason when they are pressed.

Only what is certain is told here. What depends on an order's terms is refused with its reason when it is staged.
"""

from __future__ import annotations

from tui_trader.core.order import Order
from tui_trader.core.types import OrderType
from tui_trader.desk.desk import Desk

_ENTRIES = ("join", "cross", "take")
_STOPS = ("protect", "break_even", "stop.looser", "stop.tighter", "stop.looser10", "stop.tighter10")


def cannot(desk: Desk, chosen: Order | None = None) -> dict[str, str]:
    """Return actions that the venue of a desk cannot do with the contract on the screen, by id, with the reason in a sentence.

    ``chosen`` is the order that a change would be of.
    """
    instrument = desk.store.instruments.get(desk.focus) if desk.focus is not None else None
    if instrument is None:
        return {}
    venue = desk.account.venue
    can = venue.capabilities_of(instrument)
    found: dict[str, str] = {}
    if not can.trading:
        why = can.why_not or f"{venue.title} takes no orders from here"
        found |= {f"{word}.{side}{now}": why for word in _ENTRIES for side in ("buy", "sell") for now in ("", ".now")}
        found |= dict.fromkeys(("arm", "reverse", "reverse.now"), why)
    if OrderType.STOP not in can.order_types:
        found |= dict.fromkeys(_STOPS, f"{venue.title} keeps no stops for {instrument.symbol}")
    if not can.amend and (chosen is None or not chosen.type.is_conditional):
        found["amend"] = f"{venue.title} changes no resting order in place: c cancels it, u stages it again"
    return found
