"""Phemex: perpetual futures of both families, USDⓈ-M and COIN-M. The one name that others use is PHEMEX, its description."""

from dataclasses import replace

from tui_trader.core.types import OrderType, TimeInForce, TriggerSource
from tui_trader.venues.base import Endpoints, Venue
from tui_trader.venues.capabilities import Capabilities
from tui_trader.venues.phemex.family import COIN_M, family_of
from tui_trader.venues.phemex.feed import PhemexFeed
from tui_trader.venues.phemex.orders import CONTRACT, OTHER, PhemexOrders
from tui_trader.venues.phemex.products import assumed
from tui_trader.venues.phemex.words import VENUE

__all__ = ["PHEMEX"]

_USD_M = Capabilities(
    order_types=frozenset(OrderType),
    tifs=frozenset(TimeInForce) - {TimeInForce.RPI},
    triggers=frozenset(TriggerSource),
    assign_margin=True,
    transfers=True,
)
_COIN_M = replace(
    _USD_M,
    triggers=frozenset({TriggerSource.MARK, TriggerSource.LAST}),
    hedge=False,
    attached_limits=False,
    attached_to_more=False,
    risk_limit=True,
)
"""One position a contract; no trigger by the index; attached exits execute at the market; the risk limit does not follow the
leverage (contract reference, COIN-M part)."""

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
    capabilities=_USD_M,
    settle_currencies=("USDT", "USDC", "BTC", "ETH", "USD"),
    default_symbol="BTCUSDT",
    rate_groups={CONTRACT: (500, 60.0), OTHER: (100, 60.0), "ip": (5000, 300.0)},
    feed=PhemexFeed,
    orders=PhemexOrders,
    assume=assumed,
    families=lambda instrument: _COIN_M if family_of(instrument) is COIN_M else _USD_M,
)
"""Phemex as documented in 2026; testnet shares one small request budget among all its users."""
