"""One account seen three ways: the ledger, ccxt, and our own desk; both contract families, before and while it is watched."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.sim.masks.ccxt_peer import FAMILIES, WAIT_S, Family, Peer, connected, exact
from tui_trader.core.clock import SystemClock
from tui_trader.core.types import InstrumentId, OrderStatus
from tui_trader.desk.account import Account
from tui_trader.desk.desk import Desk
from tui_trader.desk.environment import Environment
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Credential, Endpoints
from tui_trader.venues.phemex import PHEMEX

pytestmark = pytest.mark.asyncio(loop_scope="module")
both = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.symbol)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def views() -> AsyncIterator[tuple[Peer, Desk]]:
    async with connected() as peer:
        peer.reset()
        for family in FAMILIES:
            await peer.client.create_order(family.unified, "market", "sell", family.size * 3)
            await peer.client.create_order(family.unified, "limit", "buy", family.size, 49_000)
        credential = Credential(peer.server.key, Secret(peer.server.secret))
        endpoints = Endpoints(peer.server.rest_url, peer.server.ws_url)
        account = Account(PHEMEX, Environment.SIM, endpoints, credential)
        desk = Desk(account, clock=SystemClock(), rng=random.Random(1), journal=None, read_only=True)
        try:
            await desk.start(tuple(family.symbol for family in FAMILIES))
            yield peer, desk
        finally:
            await desk.close()


def shown(desk: Desk, family: Family) -> dict[str, Any]:
    """Return what the desk shows of a contract: position, balance, working orders and executions since its fixture began."""
    iid = InstrumentId("phemex", family.symbol)
    position, balance = desk.store.position(iid), desk.store.balances.get(("phemex", family.settle))
    sign = 0 if position is None or position.side is None else position.side.sign
    return {
        "size": position.qty * sign if position else None,
        "entry": round(position.entry, 4) if position else None,
        "balance": balance.total if balance else None,
        "orders": {order.client_id: (order.qty, order.price) for order in desk.store.blotter.working(iid)},
        "fills": {fill.exec_id: (fill.qty, fill.price, fill.fee) for fill in desk.store.blotter.fills(iid)},
    }


def held(peer: Peer, family: Family) -> dict[str, Any]:
    """Return the same as the exchange has it."""
    position = peer.position(family)
    fills = peer.exchange.fills("trader", family.symbol)
    return {
        "size": position.qty,
        "entry": round(position.entry, 4),
        "balance": peer.exchange.wallet("trader", family.settle)[0],
        "orders": {one.client_id: (one.qty, one.price) for one in peer.exchange.open_orders("trader", family.symbol)},
        "fills": {fill.exec_id: (fill.exec_qty, fill.exec_price, fill.exec_fee) for fill in fills},
    }


async def agreed(peer: Peer, desk: Desk, family: Family) -> None:
    """Wait until the desk shows what the exchange has; fail with the difference."""
    deadline = asyncio.get_running_loop().time() + WAIT_S
    while shown(desk, family) != held(peer, family):
        if asyncio.get_running_loop().time() > deadline:
            assert shown(desk, family) == held(peer, family)
        await asyncio.sleep(0.01)


@both
async def test_three_views_of_an_account_agree(views: tuple[Peer, Desk], family: Family) -> None:
    peer, desk = views
    await agreed(peer, desk, family)
    (seen,) = await peer.client.fetch_positions([family.unified])
    assert (-exact(seen["contracts"]), seen["side"]) == (shown(desk, family)["size"], "short")
    # And now what happens while it is watched: an execution, an amendment, a cancellation, a refusal.
    made = await peer.client.create_order(family.unified, "market", "buy", family.size)
    rests = await peer.client.create_order(family.unified, "limit", "buy", family.size, 48_000)
    goes = await peer.client.create_order(family.unified, "limit", "buy", family.size, 48_100)
    await peer.client.edit_order(rests["id"], family.unified, "limit", "buy", family.size, 47_900)
    await peer.client.cancel_order(goes["id"], family.unified)
    await agreed(peer, desk, family)
    order = desk.store.blotter.get(made["clientOrderId"])
    assert order is not None
    assert order.status is OrderStatus.FILLED
