"""MEXC: perpetual futures settled in dollars' stand-ins and in coin. The one name that others use is MEXC, its description."""

from tui_trader.core.types import OrderType, TimeInForce
from tui_trader.venues.base import Capabilities, Endpoints, Venue
from tui_trader.venues.mexc.feed import MexcFeed
from tui_trader.venues.mexc.orders import GROUPS, MexcOrders
from tui_trader.venues.mexc.products import SETTLE, assumed
from tui_trader.venues.mexc.words import VENUE

__all__ = ["MEXC"]

MEXC = Venue(
    name=VENUE,
    title="MEXC",
    # There is no testnet. Both hosts serve both paths' requests; the feed is at one address alone.
    endpoints={
        "live": Endpoints(rest="https://api.mexc.com", ws="wss://contract.mexc.com/edge", web="https://www.mexc.com/futures"),
    },
    capabilities=Capabilities(
        order_types=frozenset({OrderType.LIMIT, OrderType.MARKET}),
        tifs=frozenset(TimeInForce),
        triggers=frozenset(),
        amend=False,
        attached_exits=False,
        attached_limits=False,
        attached_to_more=False,
        assign_margin=True,
        max_client_id=32,
    ),
    settle_currencies=SETTLE,
    default_symbol="BTC_USDT",
    rate_groups=GROUPS,
    feed=MexcFeed,
    orders=MexcOrders,
    assume=assumed,
    fills_by_contract=True,
    funding_by_asking=True,
    other_hosts=frozenset({"contract.mexc.com"}),
    max_subscriptions=20,
    key_words=("Access key", "Secret key"),
    unproven="its order path was not played through random histories of faults, and it takes no stops from here",
)
"""MEXC futures as documented in 2025 and spoken to by its maintained clients in 2026."""
