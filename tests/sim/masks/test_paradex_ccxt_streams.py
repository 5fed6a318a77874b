"""ccxt's WebSocket client against the exchange in Paradex's clothes: books, prints, prices and everything of the account.

It reads the binary encoding with its own decoder and asks for version 3 of it, which no terminal's code has any part in.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal as D
from typing import Any

import ccxt
import pytest
import pytest_asyncio

from tests.sim.masks.ccxt_peer import begun, exact, soon, until
from tests.sim.masks.paradex_peer import MARKET, UNIFIED, Peer, client_of, connected, served
from tui_trader.core.types import OrderType, Side
from tui_trader.sim.masks.paradex_rows import account_row
from tui_trader.sim.types import NewOrder

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[True, False], ids=["binary", "json"])
async def loaded(request: Any) -> AsyncIterator[Peer]:
    """Play everything twice: the account's news in frames, as ccxt reads it, and as JSON, as the documents have it."""
    async with connected() as peer:
        peer.mask.feed.private_binary = request.param
        yield peer


@pytest.fixture
def peer(loaded: Peer) -> Peer:
    loaded.reset()
    return loaded


async def test_a_watched_book_stays_the_exchange_s(peer: Peer) -> None:
    await soon(peer.client.watch_order_book(UNIFIED))
    for price in (49_950, 49_960, 49_970):
        peer.exchange.submit("street", NewOrder("", MARKET, Side.BUY, OrderType.LIMIT, D("0.5"), D(price)))

    def agrees() -> bool:
        book = peer.client.orderbooks[UNIFIED]
        seen = tuple([(exact(row[0]), exact(row[1])) for row in book[side]] for side in ("bids", "asks"))
        return seen == peer.exchange.book(MARKET, 15)

    await until(agrees)
    assert len(peer.exchange.book(MARKET)[0]) == 4


async def test_a_book_is_gathered_to_a_step_and_to_no_other_than_ticks(peer: Peer) -> None:
    """The documented end of a channel's name, which ccxt never asks for: its decoder reads what it brings all the same."""
    for price in ("49991.3", "49996", "49998.1"):
        peer.exchange.submit("street", NewOrder("", MARKET, Side.BUY, OrderType.LIMIT, D("0.5"), D(price)))
    begun(peer.client.watch_order_book(UNIFIED))
    [talk] = await until(lambda: [one for one in peer.mask.feed._talks.values() if one.channels])
    for kind, opens in (("snapshot@15@50ms@5", True), ("snapshot@15@50ms@0_25", False), ("snapshot@15@10ms", False)):
        assert peer.mask.feed._opens(talk, "order_book", MARKET, kind) is opens
    found = peer.client.parse_sbe_message(peer.mask.feed._top(MARKET, D(5)))["params"]["data"]["inserts"]
    assert [(row["side"], D(row["price"]), D(row["size"])) for row in found] == [
        *(("BUY", D(49_995), D(1)), ("BUY", D(49_990), D("1.5")), ("SELL", D(50_010), D(1))),
    ]


async def test_watched_prints(peer: Peer) -> None:
    watching = begun(peer.client.watch_trades(UNIFIED))
    await until(lambda: any(f"trades.{MARKET}" in talk.channels for talk in peer.mask.feed._talks.values()))
    peer.trade("trader", Side.BUY, D("0.03"))
    trade = (await soon(watching))[-1]
    newest = peer.exchange.trades(MARKET, 1)[0]
    assert (trade["side"], exact(trade["price"]), exact(trade["amount"])) == ("buy", newest.price, newest.qty)
    [listed] = await peer.client.fetch_trades(UNIFIED, limit=1)
    assert (listed["id"], listed["timestamp"]) == (trade["id"], trade["timestamp"]), "one print, by stream and by list"


async def test_watched_tickers_and_funding(peer: Peer) -> None:
    state = peer.exchange.market(MARKET)
    state.funding_rate = D("0.0001234")
    ticker = await soon(peer.client.watch_ticker(UNIFIED))
    assert (exact(ticker["bid"]), exact(ticker["ask"]), exact(ticker["markPrice"])) == (D("49990.0"), D("50010.0"), D("50000.0"))
    assert await soon(peer.client.watch_tickers([UNIFIED]))
    peer.trade("trader", Side.BUY, D("0.02"))
    await until(lambda: peer.client.tickers[UNIFIED]["last"] == 50_010.0)
    assert exact(peer.client.tickers[UNIFIED]["quoteVolume"]) == peer.exchange.market(MARKET).turnover_24h > 0
    summary = peer.client.tickers[UNIFIED]["info"]
    assert summary["settlement_twap_estimate"] is None, "of 1:3; null in a market that never ends"
    funding = await soon(peer.client.watch_funding_rate(UNIFIED))
    assert exact(funding["fundingRate"]) == D("0.0001234")
    assert D(funding["info"]["funding_premium"]) == D("6.17"), "the rate of one coin at the mark, in dollars"
    assert UNIFIED in await soon(peer.client.watch_funding_rates([UNIFIED]))
    state.funding_rate = D(0)


async def test_watched_orders_executions_positions_and_money(peer: Peer) -> None:
    client = peer.client
    for watch in (client.watch_orders, client.watch_my_trades):
        begun(watch(UNIFIED))
    begun(client.watch_positions([UNIFIED]))
    begun(client.watch_balance())
    wanted = {f"orders.{MARKET}", f"fills.{MARKET}", "positions", "account"}
    await until(lambda: any(wanted <= talk.channels for talk in peer.mask.feed._talks.values()))

    def seen_as(identity: str, status: str) -> dict[str, Any] | None:
        row = client.orders.hashmap.get(UNIFIED, {}).get(identity) if client.orders is not None else None
        return row if row and row["status"] == status else None

    resting = await client.create_order(UNIFIED, "limit", "buy", 0.02, 49_900, {"clientOrderId": "resting"})
    row = await until(lambda: seen_as(resting["id"], "open"))
    assert (row["clientOrderId"], exact(row["price"]), exact(row["amount"])) == ("resting", D("49900.0"), D("0.02"))
    await client.cancel_order(resting["id"], UNIFIED)
    assert exact((await until(lambda: seen_as(resting["id"], "canceled")))["filled"]) == 0

    taken = await client.create_order(UNIFIED, "market", "sell", 0.03)
    row = await until(lambda: seen_as(taken["id"], "closed"))
    assert (exact(row["filled"]), exact(row["average"])) == (D("0.03"), D("49990.0"))
    fill = peer.exchange.fills("trader", MARKET)[-1]
    trades = await until(lambda: [one for one in client.myTrades or () if one["order"] == taken["id"]])
    [trade] = trades
    assert (trade["side"], exact(trade["price"]), exact(trade["amount"])) == ("sell", fill.exec_price, fill.exec_qty)
    assert (exact(trade["fee"]["cost"]), trade["fee"]["currency"]) == (fill.exec_fee, "USDC")

    def short() -> dict[str, Any] | None:
        rows = [one for one in client.positions or () if one["side"] == "short" and one["contracts"]]
        return rows[-1] if rows else None

    position = await until(short)
    assert (exact(position["contracts"]), exact(position["entryPrice"])) == (D("0.03"), D("49990.0"))
    assert peer.position().qty == D("-0.03")
    total = D(account_row(peer.exchange, "trader")["account_value"])
    await until(lambda: exact(client.balance["USDC"]["total"]) == total)


@pytest.mark.parametrize("version", ["0", "1", "2"])
async def test_an_older_version_is_served_to_who_asks_for_it(version: str) -> None:
    async with connected(version) as peer:
        peer.mask.feed.private_binary = True
        peer.reset()
        begun(peer.client.watch_orders(UNIFIED))
        begun(peer.client.watch_my_trades(UNIFIED))
        begun(peer.client.watch_trades(UNIFIED))
        wanted = {f"orders.{MARKET}", f"fills.{MARKET}", f"trades.{MARKET}"}
        await until(lambda: any(wanted <= talk.channels for talk in peer.mask.feed._talks.values()))
        await peer.client.create_order(UNIFIED, "market", "buy", 0.01, None, {"clientOrderId": "old"})
        trade = (await until(lambda: peer.client.trades.get(UNIFIED)))[-1]
        assert exact(trade["amount"]) == D("0.01")
        assert bool(trade["id"]) is (version == "2"), "the whole number of a print came with 1:2"
        mine = (await until(lambda: peer.client.myTrades))[-1]
        assert ("flags" in mine["info"], mine["fee"]["currency"]) == ((True, "USDC") if version == "2" else (False, None))
        order = (await until(lambda: peer.client.orders))[-1]
        assert (order["clientOrderId"], order["info"]["market"]) == ("old", MARKET)
        ticker = await soon(peer.client.watch_ticker(UNIFIED))
        assert exact(ticker["ask"]) == D("50010.0")
        assert exact((await soon(peer.client.watch_funding_rate(UNIFIED)))["fundingRate"]) == 0


async def test_above_the_cap_of_the_venue_nobody_is_let_in() -> None:
    async with served() as (server, mask), client_of(server, mask) as client:
        mask.versions = frozenset({1, 2})
        with pytest.raises(ccxt.NetworkError, match="400"):
            await client.watch_order_book(UNIFIED)
