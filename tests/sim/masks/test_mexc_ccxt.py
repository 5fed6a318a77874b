"""ccxt's mexc client (swaps), of which nobody here wrote a line, against the mask: what it sees is what the exchange holds.

Where ccxt is known to be wrong, the test that meets it says so by name. Its spot side is left out: it has another protocol.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal as D
from typing import Any

import ccxt
import ccxt.pro as ccxtpro
import pytest
import pytest_asyncio

from tests.sim.masks.ccxt_peer import begun, exact, soon, until
from tui_trader.core.candle import Candle
from tui_trader.core.clock import NS, SystemClock
from tui_trader.core.types import OrderType, PositionMode, PositionSide, Side, TimeInForce, TriggerSource
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.mexc import MexcMask
from tui_trader.sim.products import mexc_instruments
from tui_trader.sim.server import SimServer
from tui_trader.sim.types import NewOrder, SimOrder, SimPosition, SimStatus

pytestmark = pytest.mark.asyncio(loop_scope="module")

BTC, SYMBOL = "BTC/USDT:USDT", "BTC_USDT"
LOT = D("0.0001")


class Swaps(ccxtpro.mexc):  # type: ignore[misc]
    """ccxt's client with nothing but its swaps."""

    async def fetch_spot_markets(self, params: Any = None) -> list[Any]:
        return []


class Peer:
    """The exchange and ccxt's view of it."""

    def __init__(self, server: SimServer, client: Any) -> None:
        self.server = server
        self.exchange = server.exchange
        self.client = client

    @property
    def ids(self) -> Any:
        return self.server.mask.ids  # type: ignore[attr-defined]

    def order(self, identity: str) -> SimOrder:
        found = self.exchange.order("trader", order_id=self.ids.name(identity).partition(":")[2] or self.ids.name(identity))
        assert found is not None
        return found

    def position(self, leg: PositionSide = PositionSide.MERGED) -> SimPosition:
        return self.exchange.position("trader", SYMBOL, leg)

    def reset(self) -> None:
        """Cancel everything, close everything, and put the book back."""
        for account in ("trader", "maker"):
            for untriggered in (False, True):
                self.exchange.cancel_all(account, None, untriggered=untriggered)
        self.quote()
        for position in self.exchange.positions("trader"):
            if position.qty:
                side = Side.SELL if position.qty > 0 else Side.BUY
                self.submit(side, abs(position.qty), position.position_side)
            position.isolated, position.leverage = False, D(10)
        for symbol in self.exchange.instruments:
            self.exchange.set_position_mode("trader", symbol, PositionMode.ONE_WAY)
        self.exchange.cancel_all("maker", None, untriggered=False)
        self.quote()
        self.server.mask.flush()

    def quote(self) -> None:
        """Rest three levels a side around 50,000, where the mark is."""
        self.exchange.set_reference(SYMBOL, D(50_000))
        for step in range(3):
            for side, price in ((Side.SELL, 50_001 + step), (Side.BUY, 49_999 - step)):
                self.exchange.submit("maker", NewOrder("", SYMBOL, side, OrderType.LIMIT, LOT * 1000, D(price)))

    def submit(self, side: Side, qty: D, leg: PositionSide = PositionSide.MERGED) -> None:
        new = NewOrder("", SYMBOL, side, OrderType.MARKET, qty, tif=TimeInForce.IOC, position_side=leg)
        self.exchange.submit("trader", new)


@asynccontextmanager
async def connected() -> AsyncIterator[Peer]:
    clock = SystemClock()
    exchange = Exchange(mexc_instruments(), seed=1, start_ns=clock.wall_ns())
    exchange.open_account("trader", {"USDT": D(10_000), "BTC": D(1)}, {"USDT": D(500)})
    exchange.open_account("maker", {"USDT": D(10**9)})
    async with SimServer(exchange, MexcMask, account="trader", limits=False, clock=clock) as server:
        client = Swaps({"apiKey": server.key, "secret": server.secret, "enableRateLimit": False})
        client.has["fetchCurrencies"] = False
        client.options["defaultType"] = "swap"
        api = f"{server.rest_url}/api/v1"
        client.urls["api"]["contract"] = {"public": f"{api}/contract", "private": f"{api}/private"}
        client.urls["api"]["ws"]["swap"] = server.ws_url
        try:
            await client.load_markets()
            peer = Peer(server, client)
            peer.quote()
            minute = exchange.now_ns // NS // 60
            bars = [
                Candle((minute - back) * 60, 60, D(49_000), D(49_050), D(48_950), D(49_020), LOT * back, D(49) * back)
                for back in range(5, 0, -1)
            ]
            exchange.listings[SYMBOL].prints.backfill(bars, [])
            peer.submit(Side.BUY, LOT)
            yield peer
        finally:
            await client.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def loaded() -> AsyncIterator[Peer]:
    async with connected() as peer:
        yield peer


@pytest.fixture
def peer(loaded: Peer) -> Peer:
    loaded.reset()
    return loaded


# -- the market --------------------------------------------------------------------------------------------------------


async def test_contracts_are_understood(peer: Peer) -> None:
    for market in peer.client.markets.values():
        listed = peer.exchange.instruments[market["id"]]
        linear = listed.settle == listed.quote
        assert (market["linear"], market["settle"], market["active"]) == (linear, listed.settle, True)
        assert exact(market["contractSize"]) == (listed.wire_lot if linear else listed.contract_size)
        assert exact(market["precision"]["price"]) == listed.tick
        assert exact(market["limits"]["leverage"]["max"]) == listed.max_leverage
        assert (exact(market["maker"]), exact(market["taker"])) == (listed.maker_fee, listed.taker_fee)
    assert len(peer.client.markets) == len(peer.exchange.instruments)


async def test_book_ticker_trades_and_bars_are_the_exchange_s(peer: Peer) -> None:
    book = await peer.client.fetch_order_book(BTC)
    bids, asks = peer.exchange.book(SYMBOL)
    assert [(exact(row[0]), exact(row[1]) * LOT) for row in book["bids"]] == bids
    assert [(exact(row[0]), exact(row[1]) * LOT) for row in book["asks"]] == asks
    ticker = await peer.client.fetch_ticker(BTC)
    state = peer.exchange.market(SYMBOL)
    assert (exact(ticker["last"]), exact(ticker["high"]), exact(ticker["low"])) == (state.last, state.high_24h, state.low_24h)
    trades = await peer.client.fetch_trades(BTC)
    prints = peer.exchange.trades(SYMBOL, 100)
    assert sorted((one["side"], exact(one["price"]), exact(one["amount"]) * LOT) for one in trades) == sorted(
        (str(one.side), one.price, one.qty) for one in prints
    )
    bars = [bar for bar in peer.exchange.candles(SYMBOL, 60, 50)[:-1] if bar.volume][:5]
    rows = await peer.client.fetch_ohlcv(BTC, "1m", since=bars[0].start_s * 1000)
    seen = [(row[0], *map(exact, row[1:5]), exact(row[5]) * LOT) for row in rows[:5]]
    assert seen == [(bar.start_s * 1000, bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in bars]
    funding = await peer.client.fetch_funding_rate(BTC)
    assert exact(funding["fundingRate"]) == state.funding_rate


# -- orders ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "params", "wanted"),
    [
        ("buy", {}, (Side.BUY, TimeInForce.GTC, False)),
        ("sell", {}, (Side.SELL, TimeInForce.GTC, False)),
        ("buy", {"postOnly": True}, (Side.BUY, TimeInForce.POST_ONLY, False)),
    ],
)
async def test_a_limit_order_is_what_was_meant(peer: Peer, side: str, params: dict[str, Any], wanted: Any) -> None:
    price = 48_000 if side == "buy" else 52_000
    made = await peer.client.create_order(BTC, "limit", side, 7, price, {**params, "clientOrderId": f"c-{side}-{len(params)}"})
    order = peer.order(made["id"])
    assert (order.side, order.tif, order.reduce_only) == wanted
    assert (order.qty, order.price, order.client_id) == (LOT * 7, D(price), f"c-{side}-{len(params)}")
    fetched = await peer.client.fetch_order(made["id"], BTC)
    assert (fetched["status"], exact(fetched["amount"]), exact(fetched["price"])) == ("open", D(7), D(price))
    assert [one["id"] for one in await peer.client.fetch_open_orders(BTC)] == [made["id"]]
    await peer.client.cancel_order(made["id"], BTC)
    assert order.status is SimStatus.CANCELED
    assert (await peer.client.fetch_order(made["id"], BTC))["status"] == "canceled"


async def test_a_market_order_fills_and_its_executions_are_told(peer: Peer) -> None:
    made = await peer.client.create_order(BTC, "market", "buy", 5)
    order = peer.order(made["id"])
    assert order.status is SimStatus.FILLED
    fill = peer.exchange.fills("trader", SYMBOL)[-1]
    trade = (await peer.client.fetch_my_trades(BTC))[-1]
    assert (trade["order"], trade["side"], exact(trade["price"])) == (made["id"], "buy", fill.exec_price)
    assert (exact(trade["amount"]) * LOT, exact(trade["fee"]["cost"])) == (fill.exec_qty, fill.exec_fee)
    assert trade["id"] == str(peer.ids.of(fill.exec_id))
    fetched = await peer.client.fetch_order(made["id"], BTC)
    assert (fetched["status"], exact(fetched["filled"]) * LOT, exact(fetched["average"])) == (
        "closed",
        order.qty,
        fill.exec_price,
    )
    assert made["id"] in [one["id"] for one in await peer.client.fetch_closed_orders(BTC)]


async def test_positions_and_money_are_the_ledger_s(peer: Peer) -> None:
    await peer.client.create_order(BTC, "market", "sell", 30)
    held = peer.position()
    [seen] = await peer.client.fetch_positions([BTC])
    assert (seen["side"], exact(seen["contracts"]) * LOT) == ("short", abs(held.qty))
    assert exact(seen["entryPrice"]) == held.entry
    assert exact(seen["leverage"]) == held.leverage
    liquidation = peer.exchange.liquidation_price("trader", held)
    assert liquidation is None or abs(exact(seen["liquidationPrice"]) - liquidation) < D("0.0001")
    money = (await peer.client.fetch_balance({"type": "swap"}))["USDT"]
    balance, used = peer.exchange.wallet("trader", "USDT")
    assert abs(exact(money["free"]) - (balance - used)) < D("1e-9")


async def test_reduce_only_closes_and_does_not_turn(peer: Peer) -> None:
    await peer.client.create_order(BTC, "market", "buy", 5)
    made = await peer.client.create_order(BTC, "limit", "sell", 5, 50_500, {"reduceOnly": True})
    assert peer.order(made["id"]).reduce_only
    await peer.client.cancel_all_orders(BTC)
    await peer.client.create_order(BTC, "market", "sell", 5, None, {"reduceOnly": True})
    assert not peer.position().qty
    with pytest.raises(ccxt.BaseError):
        await peer.client.create_order(BTC, "market", "sell", 5, None, {"reduceOnly": True})


async def test_a_trigger_order_waits(peer: Peer) -> None:
    made = await peer.client.create_order(BTC, "limit", "sell", 3, 48_000, {"triggerPrice": 48_500, "triggerType": 2})
    order = peer.order(made["id"])
    assert (order.status, order.type, order.trigger_price) == (SimStatus.UNTRIGGERED, OrderType.STOP_LIMIT, D(48_500))
    [seen] = await peer.client.fetch_open_orders(BTC, None, None, {"trigger": True})
    assert (seen["id"], exact(seen["triggerPrice"]), exact(seen["price"])) == (made["id"], D(48_500), D(48_000))
    await peer.client.cancel_order(made["id"], BTC, {"trigger": True})
    assert order.status is SimStatus.CANCELED


async def test_a_trigger_order_becomes_an_order_when_its_price_is_met(peer: Peer) -> None:
    made = await peer.client.create_order(BTC, "market", "sell", 3, None, {"triggerPrice": 49_000, "triggerType": 2, "trend": 2})
    order = peer.order(made["id"])
    assert (order.status, order.type, order.trigger_source) == (SimStatus.UNTRIGGERED, OrderType.STOP, TriggerSource.MARK)
    peer.exchange.set_reference(SYMBOL, D(48_990))
    assert order.status is SimStatus.FILLED
    assert await peer.client.fetch_open_orders(BTC, None, None, {"trigger": True}) == []
    child = str(peer.ids.of(order.order_id))
    assert child != made["id"], "it goes on under an id of its own"
    fetched = await peer.client.fetch_order(child, BTC)
    assert (fetched["status"], exact(fetched["filled"]) * LOT) == ("closed", order.filled)
    rows = (await peer.client.contractPrivateGetPlanorderListOrders({"symbol": SYMBOL, "states": "3"}))["data"]
    assert [row["orderId"] for row in rows if row["id"] == made["id"]] == [child]


async def test_all_trigger_orders_are_cancelled_and_what_rests_stays(peer: Peer) -> None:
    rests = await peer.client.create_order(BTC, "limit", "buy", 1, 47_000)
    waits = [
        await peer.client.create_order(BTC, "market", "sell", count, None, {"triggerPrice": 49_000, "triggerType": 2})
        for count in (1, 2)
    ]
    await peer.client.contractPrivatePostPlanorderCancelAll({"symbol": SYMBOL})
    assert {peer.order(one["id"]).status for one in waits} == {SimStatus.CANCELED}
    assert peer.order(rests["id"]).status is SimStatus.NEW


async def test_a_trailing_order_follows_and_is_changed_and_cancelled(peer: Peer) -> None:
    """ccxt has no unified call for it; its own signing and names of the calls are used."""
    wish = {"symbol": SYMBOL, "leverage": 10, "side": 3, "vol": 3, "openType": 2, "trend": 2, "backType": 2, "backValue": 100}
    name = (await peer.client.contractPrivatePostTrackorderPlace({**wish, "positionMode": 2}))["data"]
    order = peer.order(name)
    assert (order.type, order.trail, order.trigger_price) == (OrderType.TRAILING_STOP, D(100), D(49_900))
    peer.exchange.set_reference(SYMBOL, D(50_200))
    asked = {"symbol": SYMBOL, "states": "0,1"}
    [row] = (await peer.client.contractPrivateGetTrackorderListOrders(asked))["data"]
    assert (row["id"], exact(row["triggerPrice"]), row["state"]) == (name, D(50_100), 1)
    change = {"symbol": SYMBOL, "trackOrderId": name, "trend": 2, "backType": 2, "backValue": 150, "vol": 3}
    await peer.client.contractPrivatePostTrackorderChangeOrder(change)
    assert order.trail == D(150)
    await peer.client.contractPrivatePostTrackorderCancel({"symbol": SYMBOL, "trackOrderId": name})
    assert order.status is SimStatus.CANCELED


async def test_exits_that_come_with_an_entry_are_one_order_with_two_prices(peer: Peer) -> None:
    await peer.client.create_order(BTC, "market", "buy", 4, None, {"stopLossPrice": 49_000, "takeProfitPrice": 51_000})
    [row] = (await peer.client.contractPrivateGetStoporderListOrders({"symbol": SYMBOL, "is_finished": "0"}))["data"]
    assert (exact(row["stopLossPrice"]), exact(row["takeProfitPrice"]), row["vol"]) == (D(49_000), D(51_000), 4)
    changed = {"stopPlanOrderId": row["id"], "stopLossPrice": 49_500, "takeProfitPrice": 51_000, "lossTrend": 1, "profitTrend": 1}
    await peer.client.contractPrivatePostStoporderChangePlanPrice(changed)
    assert {one.trigger_price for one in peer.exchange.open_orders("trader")} == {D(49_500), D(51_000)}
    await peer.client.contractPrivatePostStoporderCancel([{"stopPlanOrderId": int(row["id"])}])
    assert peer.exchange.open_orders("trader") == []


async def test_margin_is_added_and_taken(peer: Peer) -> None:
    await peer.client.set_leverage(10, BTC, {"openType": 1, "positionType": 1})
    await peer.client.create_order(BTC, "market", "buy", 30, None, {"leverage": 10, "openType": 1})
    [held] = await peer.client.fetch_positions([BTC])
    before = peer.exchange.position_margin(peer.position())
    await peer.client.add_margin(BTC, 5, {"positionId": held["info"]["positionId"]})
    assert peer.exchange.position_margin(peer.position()) == before + 5
    await peer.client.reduce_margin(BTC, 2, {"positionId": held["info"]["positionId"]})
    assert peer.exchange.position_margin(peer.position()) == before + 3


async def test_all_positions_are_closed_and_one_is_turned_around(peer: Peer) -> None:
    await peer.client.create_order(BTC, "market", "buy", 5)
    [held] = await peer.client.fetch_positions([BTC])
    wish = {"symbol": SYMBOL, "positionId": int(held["info"]["positionId"]), "vol": 5}
    await peer.client.contractPrivatePostPositionReverse(wish)
    assert peer.position().qty == -5 * LOT
    await peer.client.close_all_positions()
    assert not peer.position().qty


async def test_leverage_and_position_mode(peer: Peer) -> None:
    await peer.client.set_leverage(25, BTC, {"openType": 1, "positionType": 1})
    assert (peer.position().leverage, peer.position().isolated) == (D(25), True)
    told = await peer.client.fetch_leverage(BTC)
    assert (told["longLeverage"], told["marginMode"]) == (25, "isolated")
    assert (await peer.client.fetch_position_mode())["hedged"] is False
    await peer.client.set_position_mode(True)
    assert (await peer.client.fetch_position_mode())["hedged"] is True
    await peer.client.create_order(BTC, "market", "buy", 4, None, {"hedged": True, "leverage": 25, "openType": 1})
    assert peer.position(PositionSide.LONG).qty == LOT * 4
    # ccxt says ``sell`` for closing a long in hedge mode only in newer versions: its reduce-only flips the sides.
    peer.submit(Side.SELL, LOT * 4, PositionSide.LONG)


async def test_what_is_refused_comes_as_an_error(peer: Peer) -> None:
    with pytest.raises(ccxt.BaseError):
        await peer.client.create_order(BTC, "limit", "buy", 900_000, 50_000)
    with pytest.raises(ccxt.BaseError):
        await peer.client.create_order(BTC, "market", "buy", 1, None, {"positionMode": 1})
    peer.client.secret, kept = "wrong", peer.client.secret
    try:
        with pytest.raises(ccxt.BaseError):
            await peer.client.fetch_positions([BTC])
    finally:
        peer.client.secret = kept


# -- streams -----------------------------------------------------------------------------------------------------------


async def test_a_watched_book_stays_the_exchange_s(peer: Peer) -> None:
    watching = begun(peer.client.watch_order_book(BTC))
    prices = iter(range(49_900, 49_990))

    def more() -> None:
        peer.exchange.submit("maker", NewOrder("", SYMBOL, Side.BUY, OrderType.LIMIT, LOT * 3, D(next(prices))))

    # ccxt asks for the whole book after twenty-five increments, and they are merged every tenth of a second.
    while not watching.done():
        more()
        await asyncio.sleep(0.05)
    await watching
    more()

    def agrees() -> bool:
        book = peer.client.orderbooks[BTC]
        seen = tuple([(exact(row[0]), exact(row[1]) * LOT) for row in book[side]] for side in ("bids", "asks"))
        return seen == peer.exchange.book(SYMBOL)

    await until(agrees)


async def test_watched_trades_ticker_and_bars(peer: Peer) -> None:
    watching = begun(peer.client.watch_trades(BTC))
    while not watching.done():
        peer.submit(Side.SELL, LOT * 2)
        peer.submit(Side.BUY, LOT * 2)
        await asyncio.sleep(0.05)
    trade = (await watching)[-1]
    assert exact(trade["amount"]) == 2
    assert exact(trade["price"]) in (D(49_999), D(50_001))
    ticker = await soon(peer.client.watch_ticker(BTC))
    assert exact(ticker["last"]) == peer.exchange.market(SYMBOL).last
    candle = (await soon(peer.client.watch_ohlcv(BTC, "1m")))[-1]
    assert exact(candle[4]) == peer.exchange.candles(SYMBOL, 60, 1)[-1].close


async def test_watched_orders_and_executions_follow_an_order_to_its_end(peer: Peer) -> None:
    begun(peer.client.watch_orders(BTC))
    begun(peer.client.watch_balance({"type": "swap"}))
    # A push before the login's answer is lost to it, for there is no snapshot: so it is tried until one is seen.
    found: list[dict[str, Any]] = []

    def seen(identity: str) -> dict[str, Any] | None:
        cache = peer.client.orders
        row = cache.hashmap.get(BTC, {}).get(identity) if cache is not None else None
        return row if row and row["status"] == "open" else None

    while not found:
        made = await peer.client.create_order(BTC, "limit", "buy", 6, 47_000)
        for _ in range(100):
            if (row := seen(made["id"])) is not None:
                found.append(row)
                break
            await asyncio.sleep(0.01)
    order = peer.order(found[0]["id"])
    assert (exact(found[0]["amount"]) * LOT, exact(found[0]["price"])) == (order.qty, order.price)
    watching = begun(peer.client.watch_my_trades(BTC))
    await asyncio.sleep(0.05)
    while not watching.done():
        await peer.client.create_order(BTC, "market", "buy", 1)
        await asyncio.sleep(0.05)
    executed = {str(peer.ids.of(one.exec_id)): one for one in peer.exchange.fills("trader", SYMBOL)}
    for trade in await watching:
        told = executed[trade["id"]]
        assert (exact(trade["price"]), exact(trade["amount"]) * LOT) == (told.exec_price, told.exec_qty)

    def money() -> bool:
        known = peer.client.balance.get("swap", {}).get("USDT")
        balance, used = peer.exchange.wallet("trader", "USDT")
        return known is not None and abs(exact(known["free"]) - (balance - used)) < D("1e-9")

    await until(money)
