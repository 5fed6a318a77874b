"""Phemex: USDⓈ-M perpetual futures. The one name that others use is the venue's description, PHEMEX."""

from tui_trader.core.types import OrderType, TimeInForce, TriggerSource
from tui_trader.venues.base import Capabilities, Endpoints, Venue
from tui_trader.venues.phemex.feed import PhemexFeed
from tui_trader.venues.phemex.orders import CONTRACT, OTHER, PhemexOrders
from tui_trader.venues.phemex.products import assumed
from tui_trader.venues.phemex.words import VENUE

__all__ = ["PHEMEX"]

PHEMEX = Venue(
    name=VENUE,
    title="Phemex",
    endpoints={
        "testnet": Endpoints(
            rest="https://testnet-api.phemex.com",
            ws="wss://testnet-api.phemex.com/ws",
            web="https://testnet.phemex.com",
        ),
        # No path and no query are allowed on this socket.
        "live": Endpoints(rest="https://api.phemex.com", ws="wss://ws.phemex.com", web="https://phemex.com"),
    },
    capabilities=Capabilities(
        order_types=frozenset(OrderType) - {OrderType.TRAILING_STOP},
        tifs=frozenset(TimeInForce),
        triggers=frozenset(TriggerSource),
    ),
    settle_currencies=("USDT", "USDC"),
    default_symbol="BTCUSDT",
    rate_groups={CONTRACT: (500, 60.0), OTHER: (100, 60.0), "ip": (5000, 300.0)},
    feed=PhemexFeed,
    orders=PhemexOrders,
    assume=assumed,
)
"""Phemex as documented in 2026; testnet shares one small request budget among all its users."""
