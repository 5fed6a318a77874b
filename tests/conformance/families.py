"""What the cases are played on: each family of contracts of each venue that the built-in exchange speaks, and what it offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal

from tests.chaos.stand import CLOTHES, Ground
from tests.conformance.table import Spec
from tui_trader.core.types import OrderType, TimeInForce, TriggerSource
from tui_trader.sim import products
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.paradex_products import paradex_instruments
from tui_trader.sim.types import SimOrder
from tui_trader.venues.capabilities import Capabilities


@dataclass(frozen=True, slots=True)
class Family:
    """One family of contracts, and the contract that stands for it."""

    name: str
    ground: Ground
    requests: Mapping[str, str]
    """What ``$CREATE`` and the like are; ``$TWICE`` is what a create with an id that exists is answered: some venues say so,
    others tell the order that has it."""

    @property
    def capabilities(self) -> Capabilities:
        """What the venue says that the family can do."""
        return CLOTHES[self.ground.id.venue].venue.capabilities_of(self.ground.instrument)

    def refuses(self, spec: Spec) -> str:
        """Return why a case is not played here, in a sentence; empty when it is."""
        for need in spec.capabilities:
            if not offers(self.capabilities, need):
                return f"not offered: {need}"
        for need in spec.plays:
            if not PLAYS[need]:
                return f"not there yet: {need}"
        return ""


def offers(capabilities: Capabilities, need: str) -> bool:
    """Whether a family has a capability; raises ValueError for a word that names none."""
    match need.split():
        case ["type", word]:
            return OrderType(word) in capabilities.order_types
        case ["tif", word]:
            return TimeInForce(word) in capabilities.tifs
        case ["opens", "touched"]:
            return OrderType.MARKET_IF_TOUCHED in capabilities.order_types and not capabilities.touched_reduces
        case ["trigger", word]:
            return TriggerSource(word) in capabilities.triggers
        case ["together"]:
            return capabilities.together > 1
        case [word] if word in {one.name for one in fields(Capabilities)}:
            return bool(getattr(capabilities, word))
    raise ValueError(f"no such capability: {need!r}")


PLAYS = {
    "trail": "trail" in {one.name for one in fields(SimOrder)},
    "transfers": hasattr(Exchange, "transfer"),
    "risk_limit": hasattr(Exchange, "set_risk_limit"),
}
"""What the built-in exchange can play, asked of itself: rows begin to be played when it learns to."""


def families() -> list[Family]:
    """Return the families that are there."""
    found = [
        Family(
            "phemex USDⓈ-M",
            Ground(products.phemex_instruments(("BTCUSDT",))[0], Decimal("0.01"), Decimal("0.1"), Decimal(1_000_000)),
            {
                "CREATE": "POST /g-orders",
                "WAITS": "POST /g-orders",
                "AMEND": "PUT /g-orders/replace",
                "CANCEL": "DELETE /g-orders/cancel",
                "ORDERS": "orders_p",
                "WAITING": "orders_p",
                "TWICE": "exists",
            },
        )
    ]
    coin_m = getattr(products, "phemex_coin_instruments", None)
    if coin_m is not None:
        found.append(
            Family(
                "phemex COIN-M",
                Ground(coin_m(("BTCUSD",))[0], Decimal(500), Decimal(5_000), Decimal(100)),
                {
                    "CREATE": "POST /orders",
                    "WAITS": "POST /orders",
                    "AMEND": "PUT /orders/replace",
                    "CANCEL": "DELETE /orders/cancel",
                    "ORDERS": '"orders":[',
                    "WAITING": '"orders":[',
                    "TWICE": "exists",
                },
            )
        )
    for name, symbol, unit, depth, purse in (
        ("mexc USDT-M", "BTC_USDT", Decimal("0.01"), Decimal("0.1"), Decimal(1_000_000)),
        ("mexc COIN-M", "BTC_USD", Decimal(5), Decimal(50), Decimal(100)),
    ):
        [contract] = products.mexc_instruments((symbol,))
        requests = {
            "CREATE": "POST /api/v1/private/order/create",
            "WAITS": "POST /api/v1/private/planorder/place/v2",
            "WAITING": "push.personal.plan.order",
            "AMEND": "POST /api/v1/private/order/change_limit_order",
            "CANCEL": "POST /api/v1/private/order/cancel",
            "ORDERS": "push.personal.order",
            "TWICE": "ack",
        }
        found.append(Family(name, Ground(contract, unit, depth, purse), requests))
    found.append(
        Family(
            "paradex",
            Ground(paradex_instruments()[0], Decimal("0.01"), Decimal("0.1"), Decimal(1_000_000)),
            {
                "CREATE": "POST /v1/orders",
                "SEVERAL": "POST /v1/orders/batch",
                "WAITS": "POST /v1/orders",
                "AMEND": "PUT /v1/orders/",
                "CANCEL": "DELETE /v1/orders/",
                "ORDERS": '"channel":"orders',
                "WAITING": '"channel":"orders',
                "TWICE": "exists",
            },
        )
    )
    return found
