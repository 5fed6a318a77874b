"""Paradex: perpetual futures settled in USDC, with signed orders and a binary feed. The one name that others use is PARADEX."""

from __future__ import annotations

from typing import Final

from tui_trader.core.types import OrderType, TimeInForce, TriggerSource
from tui_trader.venues.base import Credential, Endpoints, Lane, Terms, Venue
from tui_trader.venues.capabilities import Capabilities
from tui_trader.venues.paradex.feed import ParadexFeed
from tui_trader.venues.paradex.orders import AUTH, CANCELS, MOST_TOGETHER, ORDERS, PRIVATE, PUBLIC, ParadexOrders
from tui_trader.venues.paradex.products import assumed
from tui_trader.venues.paradex.words import SETTLE, VENUE

__all__ = ["PARADEX", "paradex"]

_CAPABILITIES = Capabilities(
    order_types=frozenset(OrderType) - {OrderType.TRAILING_STOP},
    tifs=frozenset(TimeInForce) - {TimeInForce.FOK},
    triggers=frozenset({TriggerSource.MARK}),
    hedge=False,
    attached_exits=False,
    attached_limits=False,
    attached_to_more=False,
    touched_reduces=True,
    isolated=False,
    whole_exits=False,
    cancel_on_disconnect=True,
    together=MOST_TOGETHER,
    max_client_id=64,
)


RETAIL: Final = Terms(
    "retail",
    ((3, 1.0), (30, 60.0), (300, 3_600.0), (1_000, 86_400.0)),
    "one more would count as pro, which takes at 0.045 % and not at 0.024 %",
)
"""docs.paradex.trade, "Retail and Pro Orders"."""


def paradex(*, interactive: bool = True, cancel_on_disconnect: bool = False, self_trade: str = "expire_taker") -> Venue:
    """Return the venue with a trader's choices.

    ``interactive`` tokens make orders Retail: cheaper to take, behind a speed bump, at most 3 a second, 30 a minute, 300 an hour
    and 1000 a day, beyond which the venue makes them Pro without a word; entries wait for that. ``cancel_on_disconnect`` has the
    venue cancel open orders when the private connection ends, protective stops among them. ``self_trade`` is which of two orders
    of the account ends where they would meet: ``expire_taker``, ``expire_maker`` or ``expire_both``.
    """

    def feed(lane: Lane, credential: Credential | None) -> ParadexFeed:
        return ParadexFeed(lane, credential, cancel_on_disconnect=cancel_on_disconnect)

    return Venue(
        name=VENUE,
        title="Paradex",
        endpoints={
            "testnet": Endpoints(
                rest="https://api.testnet.paradex.trade",
                ws="wss://ws.api.testnet.paradex.trade/v1",
                web="https://app.testnet.paradex.trade",
            ),
            "live": Endpoints(
                rest="https://api.prod.paradex.trade", ws="wss://ws.api.prod.paradex.trade/v1", web="https://app.paradex.trade"
            ),
        },
        capabilities=_CAPABILITIES,
        settle_currencies=(SETTLE,),
        default_symbol="BTC-USD-PERP",
        rate_groups={
            ORDERS: (800, 1.0),
            CANCELS: (800, 1.0),
            PRIVATE: (600, 60.0),
            PUBLIC: (1_500, 60.0),
            AUTH: (600, 60.0),
        },
        feed=feed,
        orders=lambda: ParadexOrders(interactive=interactive, self_trade=self_trade),
        assume=assumed,
        funding_by_asking=True,
        terms=RETAIL if interactive else None,
        choose=paradex,
        choices={"interactive": interactive, "cancel_on_disconnect": cancel_on_disconnect, "self_trade": self_trade},
        key_words=("Account address", "Private sub-key, or a read-only token"),
    )


PARADEX = paradex()
"""Paradex as documented in August and September 2026, with interactive tokens."""
