"""ccxt's WebSocket client against the mask, both families: books, trades, candles, tickers, orders, executions, balances."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal as D
from typing import Any

import ccxt.pro as ccxtpro
import pytest
import pytest_asyncio

from tests.sim.masks.ccxt_peer import FAMILIES, STABLE, Family, Peer, begun, connected, exact, soon, until
from tui_trader.core.types import OrderType, Side
from tui_trader.sim.types import NewOrder, SimStatus

pytestmark = pytest.mark.asyncio(loop_scope="module")
both = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.symbol)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def loaded() -> AsyncIterator[Peer]:
    async with connected() as peer:
        yield peer


@pytest.fixture
def peer(loaded: Peer) -> Peer:
    loaded.reset()
    return loaded


@both
async def test_a_watched_book_stays_the_exchange_s(peer: Peer, family: Family) -> None:
    await soon(peer.client.watch_order_book(family.unified))
    for price in (49_950, 49_960, 49_970):
        new = NewOrder("", family.symbol, Side.BUY, OrderType.LIMIT, D(family.lot), D(price))
        peer.exchange.submit("maker", new)

    def agrees() -> bool:
        book = peer.client.orderbooks[family.unified]
        seen = tuple([(exact(row[0]), exact(row[1])) for row in book[side]] for side in ("bids", "asks"))
        return seen == peer.exchange.book(family.symbol, 30)

    await until(agrees)
    assert len(peer.exchange.book(family.symbol)[0]) == 6


@both
async def test_watched_trades_candles_and_ticker(peer: Peer, family: Family) -> None:
    assert await soon(peer.client.watch_trades(family.unified))
    peer.submit(family.symbol, Side.SELL, D(family.lot) * 2)
    newest = peer.exchange.trades(family.symbol, 1)[0]
    # As over REST, ccxt scales the contracts of a COIN-M print by the value scale.
    wanted = ("sell", newest.price, newest.qty.scaleb(-8 if family.coin else 0))

    def arrived() -> bool:
        trade = peer.client.trades[family.unified][-1]
        return (trade["side"], exact(trade["price"]), exact(trade["amount"])) == wanted

    await until(arrived)
    candle = (await soon(peer.client.watch_ohlcv(family.unified, "1m")))[-1]
    bar = peer.exchange.candles(family.symbol, 60, 1)[-1]
    assert exact(candle[4]) == bar.close
    ticker = await soon(peer.client.watch_ticker(family.unified))
    assert exact(ticker["last"]) == peer.exchange.market(family.symbol).last


@both
async def test_watched_orders_follow_an_order_to_its_end(peer: Peer, family: Family) -> None:
    begun(peer.client.watch_orders(family.unified))
    made = await peer.client.create_order(family.unified, "limit", "buy", family.size, 49_000)
    order = peer.order(made["id"])

    def seen_as(status: str) -> dict[str, Any] | None:
        cache = peer.client.orders
        row = cache.hashmap.get(family.unified, {}).get(made["id"]) if cache is not None else None
        return row if row and row["status"] == status else None

    seen = await until(lambda: seen_as("open"))
    assert (exact(seen["price"]), exact(seen["amount"]), exact(seen["filled"])) == (order.price, order.qty, D(0))
    await peer.client.cancel_order(made["id"], family.unified)
    seen = await until(lambda: seen_as("canceled"))
    assert order.status is SimStatus.CANCELED
    assert exact(seen["filled"]) == order.filled


@both
async def test_watched_executions_are_the_exchange_s_fills(peer: Peer, family: Family) -> None:
    found: list[dict[str, Any]] = []
    while not found:
        # ccxt keeps no executions: a push that comes while nobody waits, such as the snapshot, is lost to it.
        watching = begun(peer.client.watch_my_trades(family.unified))
        made = await peer.client.create_order(family.unified, "market", "buy", family.size)
        fill = peer.exchange.fills("trader", family.symbol)[-1]
        found = [row for row in await soon(watching) if row["id"] == fill.exec_id]
    # ccxt takes every row that is not a cancel for a trade, also the New row before the fill: only ids tell them apart.
    (trade,) = found
    assert (trade["order"], trade["side"], exact(trade["price"])) == (made["id"], "buy", fill.exec_price)
    if family.coin:
        assert exact(trade["amount"]) == fill.exec_qty


@both
async def test_a_watched_balance_is_the_ledger_s(peer: Peer, family: Family) -> None:
    begun(peer.client.watch_balance({"type": "swap"} if family.coin else {"type": "swap", "settle": "USDT"}))
    await peer.client.create_order(family.unified, "limit", "buy", family.size, 48_000)

    def agrees() -> bool:
        seen = peer.client.balance.get(family.settle)
        held = peer.exchange.wallet("trader", family.settle)
        return seen is not None and (exact(seen["total"]), exact(seen["used"])) == held

    await until(agrees)
    assert peer.exchange.wallet("trader", family.settle)[1] > 0


async def test_unmended_ccxt_never_sees_an_order_of_a_swap() -> None:
    """Why the client of this module is mended: remove the mend when this fails."""
    async with connected(ccxtpro.phemex) as peer:
        orders = begun(peer.client.watch_orders(STABLE.unified))
        begun(peer.client.watch_balance({"type": "swap", "settle": "USDT"}))
        made = await peer.client.create_order(STABLE.unified, "limit", "buy", STABLE.size, 49_000)
        held = peer.exchange.wallet("trader", "USDT")[1]
        # The message that carries the order carries this too, and has been read.
        await until(lambda: exact(peer.client.balance.get("USDT", {}).get("used", 0)) == held)
        assert peer.order(made["id"]).status.is_open
        assert not orders.done()
        assert peer.client.orders is None
        orders.cancel()
