"""What ccxt's REST client asks Paradex's exchange besides trading: prints, funding, prices, liquidations, exits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal as D

import ccxt
import orjson
import pytest
import pytest_asyncio

from tests.sim.masks.ccxt_peer import exact
from tests.sim.masks.paradex_peer import MARKET, UNIFIED, Peer, connected
from tui_trader.core.types import OrderType, Side
from tui_trader.sim.masks.base import RestCall
from tui_trader.sim.types import NewOrder, SimStatus

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def loaded() -> AsyncIterator[Peer]:
    async with connected() as peer:
        yield peer


@pytest.fixture
def peer(loaded: Peer) -> Peer:
    loaded.reset()
    return loaded


async def test_prints_of_a_market(peer: Peer) -> None:
    for lots in (1, 2, 3):
        peer.trade("trader", Side.BUY, D(lots) / 100)
    seen = await peer.client.fetch_trades(UNIFIED)
    wanted = [("buy", one.price, one.qty) for one in reversed(peer.exchange.trades(MARKET, 100))]
    assert [(row["side"], exact(row["price"]), exact(row["amount"])) for row in seen] == wanted
    assert [exact(row["amount"]) for row in seen[-3:]] == [D("0.01"), D("0.02"), D("0.03")]
    assert len(await peer.client.fetch_trades(UNIFIED, limit=2)) == 2
    assert await peer.client.fetch_trades(UNIFIED, seen[-1]["timestamp"] + 1, params={"until": seen[-1]["timestamp"] + 9}) == []


async def test_funding_rates_that_were(peer: Peer) -> None:
    state = peer.exchange.market(MARKET)
    state.funding_rate = D("0.00012345")
    history = await peer.client.fetch_funding_rate_history(UNIFIED)
    assert exact(history[-1]["fundingRate"]) == D("0.00012345")
    [row] = (await peer.client.fetch_funding_rates([UNIFIED])).values()
    assert exact(row["fundingRate"]) == D("0.00012345")
    state.funding_rate = D(0)


async def test_a_ticker_has_what_the_venue_has(peer: Peer) -> None:
    peer.trade("trader", Side.SELL, D("0.01"))
    ticker = await peer.client.fetch_ticker(UNIFIED)
    assert (exact(ticker["bid"]), exact(ticker["ask"]), exact(ticker["last"])) == (D("49990.0"), D("50010.0"), D("49990.0"))
    assert exact(ticker["quoteVolume"]) == peer.exchange.market(MARKET).turnover_24h
    info = ticker["info"]
    state = peer.exchange.market(MARKET)
    assert abs(D(info["price_change_rate_24h"]) - (state.last / state.open_24h - 1)) < D("1e-6")
    assert (info["bid_size"], info["ask_size"]) == ("0.99", "1"), "ccxt does not read these"


async def test_bars_of_the_mark_are_not_those_of_trades(peer: Peer) -> None:
    peer.trade("trader", Side.BUY, D("0.01"))
    peer.server.mask.flush()
    mark, last = (await peer.client.fetch_mark_ohlcv(UNIFIED, "1m"))[-1], (await peer.client.fetch_ohlcv(UNIFIED, "1m"))[-1]
    assert (exact(mark[4]), mark[5]) == (D("50000.0"), 0.0)
    assert exact(last[4]) == D("50010.0")
    # The documents know ``last``, ``mark`` and ``underlying``; ccxt asks for ``index``.
    with pytest.raises(ccxt.BaseError, match="unknown price kind"):
        await peer.client.fetch_index_ohlcv(UNIFIED, "1m")
    index = (await peer.client.fetch_ohlcv(UNIFIED, "1m", params={"price": "underlying"}))[-1]
    assert exact(index[4]) == peer.exchange.market(MARKET).index


@pytest.mark.parametrize(("name", "trigger", "mark"), [("stopLossPrice", 49_000, 48_900), ("takeProfitPrice", 52_000, 52_100)])
async def test_an_exit_without_a_size_is_over_the_position_as_it_is_by_then(
    peer: Peer, name: str, trigger: int, mark: int
) -> None:
    peer.trade("trader", Side.BUY, D("0.01"))
    made = await peer.client.create_order(UNIFIED, "market", "sell", 0.01, None, {name: trigger})
    assert made["info"]["size"] == "0", "what ccxt sends, whatever amount it is given"
    peer.trade("trader", Side.BUY, D("0.02"))
    [waiting] = peer.exchange.open_orders("trader")
    assert (waiting.status, waiting.trigger_price) == (SimStatus.UNTRIGGERED, D(trigger))
    peer.exchange.set_reference(MARKET, D(mark))
    assert peer.position().qty == 0
    assert peer.exchange.fills("trader", MARKET)[-1].exec_qty == D("0.03")
    assert peer.exchange.open_orders("trader") == []


async def test_an_order_of_no_size_that_is_no_exit_is_refused(peer: Peer) -> None:
    request = peer.client.create_order_request(UNIFIED, "market", "buy", 0.01) | {"size": "0"}
    await peer.client.authenticate_rest()
    signed = await peer.client.sign_order_request(request)
    with pytest.raises(ccxt.BaseError, match="INVALID_ORDER_SIZE"):
        await peer.client.privatePostOrders(signed)


async def test_what_the_venue_closed(peer: Peer) -> None:
    assert await peer.client.fetch_my_liquidations(UNIFIED) == []
    peer.exchange.submit("street", NewOrder("", MARKET, Side.SELL, OrderType.LIMIT, D(100), D(50_010)))
    peer.trade("trader", Side.BUY, D(90))
    assert peer.position().qty == 90
    peer.exchange.submit("street", NewOrder("", MARKET, Side.BUY, OrderType.LIMIT, D(100), D(48_800)))
    peer.exchange.set_reference(MARKET, D(48_850))
    closed = [one for one in peer.exchange.fills("trader", MARKET) if one.kind == "liquidation"]
    assert closed
    listed = await peer.client.fetch_my_liquidations(UNIFIED)
    assert sorted(row["timestamp"] for row in listed) == sorted(one.at_ns // 1_000_000 for one in closed)
    assert await peer.client.fetch_my_liquidations(UNIFIED, params={"until": closed[0].at_ns // 1_000_000 - 1}) == []


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/vaults", "/v1"])
async def test_a_path_that_nobody_serves_is_no_fault_of_a_token(peer: Peer, path: str) -> None:
    reply = peer.server.mask.rest(RestCall("GET", path, "", {}, b""))
    assert (reply.status, orjson.loads(reply.body)["error"]) == (404, "NOT_FOUND")
    asked = RestCall("GET", "/v1/liquidations", "", {}, b"")
    assert orjson.loads(peer.server.mask.rest(asked).body)["error"] == "INVALID_TOKEN"
