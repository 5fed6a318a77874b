"""What ccxt's mexc client asks about the past: settled funding, bars of index and fair price, positions that have ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal as D

import ccxt
import pytest
import pytest_asyncio

from tests.sim.masks.ccxt_peer import exact
from tests.sim.masks.test_mexc_ccxt import BTC, LOT, SYMBOL, Peer, connected
from tui_trader.core.types import Side

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def loaded() -> AsyncIterator[Peer]:
    async with connected() as peer:
        yield peer


@pytest.fixture
def peer(loaded: Peer) -> Peer:
    loaded.reset()
    return loaded


async def test_bars_of_index_and_fair_price(peer: Peer) -> None:
    last = await peer.client.fetch_ohlcv(BTC, "1m")
    peer.exchange.listings[SYMBOL].set_reference(D(50_000), D(49_990))
    for fetch, price in ((peer.client.fetch_mark_ohlcv, D("50000.0")), (peer.client.fetch_index_ohlcv, D("49990.0"))):
        bars = await fetch(BTC, "1m")
        assert (exact(bars[-1][4]), bars[-1][5]) == (price, 0.0)
        assert [bar[:5] for bar in bars[:4]] == [bar[:5] for bar in last[:4]], "what nobody looked at is told as it traded"
    with pytest.raises(ccxt.BadSymbol):
        await peer.client.contractPublicGetKlineFairPriceSymbol({"symbol": "NONE_USDT", "interval": "Min1"})
    with pytest.raises(ccxt.BadRequest, match="interval"):
        await peer.client.contractPublicGetKlineIndexPriceSymbol({"symbol": SYMBOL, "interval": "Min3"})


async def test_positions_that_have_ended(peer: Peer) -> None:
    """A long of two entries that turns into a short; the short of one, of which a part was taken off."""
    before = len(await peer.client.fetch_positions_history([BTC]))
    sold = len(peer.exchange.fills("trader", SYMBOL))
    peer.submit(Side.BUY, LOT * 1000)
    peer.submit(Side.BUY, LOT * 200)
    peer.submit(Side.SELL, LOT * 1500)
    peer.submit(Side.BUY, LOT * 100)
    assert len(await peer.client.fetch_positions_history([BTC])) == before + 1, "the short is not over"
    peer.submit(Side.BUY, LOT * 200)
    assert peer.position().qty == 0
    fills = peer.exchange.fills("trader", SYMBOL)[sold:]
    short, long = (row["info"] for row in (await peer.client.fetch_positions_history([BTC]))[:2])
    assert (long["positionType"], short["positionType"]) == (1, 2), "what ended last comes first"
    assert (long["closeVol"], short["closeVol"], long["state"], long["holdVol"]) == (1200, 300, 3, 0)
    # The first thousand were bought at 50,001, the rest at 50,002.
    assert abs(D(str(long["openAvgPrice"])) - (D(1000) * 50_001 + D(200) * 50_002) / 1200) < D("1e-8")
    assert D(str(short["openAvgPrice"])) == next(one.exec_price for one in reversed(fills) if one.order.side is Side.SELL)
    closed = sum((D(str(one["closeProfitLoss"])) for one in (long, short)), D(0))
    assert closed == sum((one.exec_realised for one in fills), D(0))
    fees = sum((D(str(one["fee"])) for one in (long, short)), D(0))
    assert abs(fees - sum((one.exec_fee for one in fills), D(0))) < D("1e-8")
    for one in (long, short):
        assert abs(D(str(one["realised"])) - (D(str(one["closeProfitLoss"])) - D(str(one["fee"])))) < D("1e-8")
        assert one["createTime"] <= one["updateTime"]
    listed = await peer.client.fetch_positions_history([BTC], params={"type": 2})
    assert {row["side"] for row in listed} == {"short"}
    with pytest.raises(ccxt.BadSymbol):
        await peer.client.contractPrivateGetPositionListHistoryPositions({"symbol": "NONE_USDT"})


async def test_what_ccxt_needs_for_leverage_and_margin_mode_is_taken(peer: Peer) -> None:
    await peer.client.set_leverage(7, BTC, {"openType": 2, "positionType": 1})
    assert peer.position().leverage == 7
    await peer.client.set_margin_mode("isolated", BTC, {"leverage": 5, "direction": "long"})
    assert (peer.position().leverage, peer.position().isolated) == (5, True)
    assert (await peer.client.fetch_transfers("USDT", params={"fromAccountType": "SPOT", "toAccountType": "FUTURES"})) == []


async def test_settled_funding(peer: Peer) -> None:
    assert await peer.client.fetch_funding_rate_history(BTC) == [], "nothing has fallen due since it began"
    state = peer.exchange.market(SYMBOL)
    state.funding_rate = D("0.000266")
    due = state.next_funding_ns
    peer.exchange.advance(due)
    peer.server.mask.flush()
    [row] = await peer.client.fetch_funding_rate_history(BTC)
    assert (exact(row["fundingRate"]), row["timestamp"]) == (D("0.000266"), due // 1_000_000)
