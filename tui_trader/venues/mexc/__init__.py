"""MEXC: perpetual futures settled in dollars' stand-ins and in coin. The one name that others use is MEXC, its description."""

from dataclasses import replace

from tui_trader.core.types import OrderType, TimeInForce, TriggerSource
from tui_trader.venues.base import Endpoints, Venue
from tui_trader.venues.capabilities import Capabilities
from tui_trader.venues.mexc.feed import IncrementalFeed, MexcFeed
from tui_trader.venues.mexc.orders import GROUPS, MOST_AT_ONCE, MexcOrders
from tui_trader.venues.mexc.products import SETTLE, assumed
from tui_trader.venues.mexc.terms import is_linear
from tui_trader.venues.mexc.words import VENUE

__all__ = ["MEXC", "mexc"]

_LINEAR = Capabilities(
    order_types=frozenset(OrderType),
    tifs=frozenset(TimeInForce) - {TimeInForce.RPI},
    triggers=frozenset(TriggerSource),
    amend=False,
    resize_waiting=False,
    whole_exits=False,
    nameless=True,
    attached_limits=False,
    assign_margin=True,
    max_client_id=32,
)
_INVERSE = replace(_LINEAR, attached_to_more=False)
"""What exits that come with an addition to a position do to those that are there is not told of coin-margined contracts."""


def mexc(*, increments: bool = False, batch_orders: bool = False) -> Venue:
    """Return the venue with a trader's choices.

    Books come whole each time, or as ``increments`` upon a whole one. With ``batch_orders`` the orders of a scale leave in one
    request, which the venue permits to a key on request.
    """
    linear, inverse = (replace(one, together=MOST_AT_ONCE if batch_orders else 1) for one in (_LINEAR, _INVERSE))
    return Venue(
        name=VENUE,
        title="MEXC",
        # There is no testnet. Both hosts serve the same requests; of the feed only the second one's address is documented.
        endpoints={
            "live": Endpoints(rest="https://api.mexc.com", ws="wss://contract.mexc.com/edge", web="https://www.mexc.com/futures"),
        },
        capabilities=linear,
        settle_currencies=SETTLE,
        default_symbol="BTC_USDT",
        rate_groups=GROUPS,
        feed=IncrementalFeed if increments else MexcFeed,
        orders=lambda: MexcOrders(batch_orders=batch_orders),
        assume=assumed,
        choose=mexc,
        families=lambda instrument: linear if is_linear(instrument) else inverse,
        fills_by_contract=True,
        funding_by_asking=True,
        other_hosts=frozenset({"contract.mexc.com"}),
        max_subscriptions=20,
        key_words=("Access key", "Secret key"),
    )


MEXC = mexc()
"""MEXC futures as documented in 2025 and 2026, with books that come whole."""
