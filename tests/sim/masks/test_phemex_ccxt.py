"""ccxt's REST client against the mask, both families: what it sees is what the exchange holds, what it asks for is done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal as D
from typing import Any

import ccxt
import pytest
import pytest_asyncio

from tests.sim.masks.ccxt_peer import COIN, FAMILIES, STABLE, Family, Peer, connected, exact
from tui_trader.core.clock import NS
from tui_trader.core.types import OrderType, PositionMode, PositionSide, Side, TimeInForce, TriggerSource
from tui_trader.sim.types import SimStatus

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


# -- what is listed and what it costs ----------------------------------------------------------------------------------


async def test_markets_of_both_families_are_understood(peer: Peer) -> None:
    kinds = {name: (one["linear"], one["inverse"], one["settle"]) for name, one in peer.client.markets.items()}
    assert kinds == {
        "BTC/USDT:USDT": (True, False, "USDT"),
        "ETH/USDT:USDT": (True, False, "USDT"),
        "BTC/USDC:USDC": (True, False, "USDC"),
        "BTC/USD:BTC": (False, True, "BTC"),
        "ETH/USD:ETH": (False, True, "ETH"),
        "ETH/USD:USD": (True, False, "USD"),
    }
    for market in peer.client.markets.values():
        listed = peer.exchange.instruments[market["id"]]
        assert exact(market["precision"]["price"]) == listed.tick
        assert exact(market["precision"]["amount"]) == listed.lot
        assert exact(market["limits"]["leverage"]["max"]) == listed.max_leverage
        if market["settle"] != "USDC":  # ccxt gives contracts in USDC no size
            assert exact(market["contractSize"]) == listed.contract_size


async def test_risk_limits_of_coin_margined_contracts_are_told(peer: Peer) -> None:
    tiers = (await peer.client.fetch_leverage_tiers())[COIN.unified]
    listed = peer.exchange.instruments["BTCUSD"].tiers
    assert [D(tier["maxNotional"]) for tier in tiers] == [tier.notional for tier in listed]


# -- the market ----------------------------------------------------------------------------------------------------


@both
async def test_book_ticker_trades_and_candles_are_the_exchange_s(peer: Peer, family: Family) -> None:
    book = await peer.client.fetch_order_book(family.unified)
    bids, asks = peer.exchange.book(family.symbol)
    assert [(exact(price), exact(size)) for price, size in book["bids"]] == bids
    assert [(exact(price), exact(size)) for price, size in book["asks"]] == asks
    ticker = await peer.client.fetch_ticker(family.unified)
    state = peer.exchange.market(family.symbol)
    assert (exact(ticker["last"]), exact(ticker["high"]), exact(ticker["low"])) == (state.last, state.high_24h, state.low_24h)
    assert (exact(ticker["baseVolume"]), exact(ticker["quoteVolume"])) == (state.volume_24h, state.turnover_24h)
    funding = await peer.client.fetch_funding_rate(family.unified)
    assert (D(funding["markPrice"]), D(funding["indexPrice"])) == (state.mark, state.index)
    trades = await peer.client.fetch_trades(family.unified)
    prints = peer.exchange.trades(family.symbol, 200)
    # ccxt scales the contracts of a COIN-M print by the value scale: a hundred contracts become a millionth.
    scale = -8 if family.coin else 0
    assert sorted((one["side"], exact(one["price"]), exact(one["amount"])) for one in trades) == sorted(
        (str(one.side), one.price, one.qty.scaleb(scale)) for one in prints
    )
    assert {exact(one["info"][-1]) for one in trades} == {one.qty for one in prints}


@both
async def test_candles_are_the_closed_ones(peer: Peer, family: Family) -> None:
    listed = [bar for bar in peer.exchange.candles(family.symbol, 60, 50)[:-1] if bar.volume][:5]
    assert len(listed) == 5
    wanted = [[bar.start_s * 1000, bar.open, bar.high, bar.low, bar.close, bar.volume] for bar in listed]
    first = listed[0].start_s * 1000
    for rows in (
        await peer.client.fetch_ohlcv(family.unified, "1m", limit=50),
        await peer.client.fetch_ohlcv(family.unified, "1m", since=first),
    ):
        seen = [[row[0], *map(exact, row[1:])] for row in rows if first <= row[0] <= wanted[-1][0]]
        assert seen == wanted


async def test_tickers_of_a_whole_family(peer: Peer) -> None:
    for family in FAMILIES:
        tickers = await peer.client.fetch_tickers([family.unified])
        assert exact(tickers[family.unified]["last"]) == peer.exchange.market(family.symbol).last


# -- orders --------------------------------------------------------------------------------------------------------

TYPES: list[tuple[str, str, float | None, dict[str, Any], dict[str, Any]]] = [
    ("limit", "buy", 49_000, {}, {"type": OrderType.LIMIT, "price": D(49_000), "tif": TimeInForce.GTC}),
    ("limit", "buy", 49_000, {"timeInForce": "PostOnly"}, {"type": OrderType.LIMIT, "tif": TimeInForce.POST_ONLY}),
    ("limit", "buy", 50_001, {"timeInForce": "FillOrKill"}, {"tif": TimeInForce.FOK, "status": SimStatus.FILLED}),
    ("limit", "buy", 49_000, {"timeInForce": "ImmediateOrCancel"}, {"tif": TimeInForce.IOC, "status": SimStatus.CANCELED}),
    ("market", "buy", None, {}, {"type": OrderType.MARKET, "status": SimStatus.FILLED}),
    (
        "market",
        "buy",
        None,
        {"triggerPrice": 51_000, "triggerDirection": "ascending"},
        {"type": OrderType.STOP, "trigger_price": D(51_000), "rising": True, "trigger_source": TriggerSource.MARK},
    ),
    (
        "limit",
        "sell",
        48_900,
        {"triggerPrice": 49_000, "triggerDirection": "descending", "triggerType": "ByLastPrice"},
        {"type": OrderType.STOP_LIMIT, "trigger_price": D(49_000), "price": D(48_900), "trigger_source": TriggerSource.LAST},
    ),
    (
        "market",
        "sell",
        None,
        {"triggerPrice": 51_000, "triggerDirection": "ascending"},
        {"type": OrderType.MARKET_IF_TOUCHED, "rising": True},
    ),
    (
        "limit",
        "buy",
        48_900,
        {"triggerPrice": 49_000, "triggerDirection": "descending", "triggerType": "ByIndexPrice"},
        {"type": OrderType.LIMIT_IF_TOUCHED, "rising": False, "trigger_source": TriggerSource.INDEX},
    ),
    (
        "limit",
        "buy",
        49_000,
        {
            "takeProfit": {"triggerPrice": 52_000, "triggerPriceType": "ByMarkPrice"},
            "stopLoss": {"triggerPrice": 48_000, "triggerPriceType": "ByLastPrice"},
        },
        {
            "take_profit": D(52_000),
            "tp_trigger": TriggerSource.MARK,
            "stop_loss": D(48_000),
            "sl_trigger": TriggerSource.LAST,
        },
    ),
]


@both
@pytest.mark.parametrize(("kind", "side", "price", "params", "held"), TYPES)
async def test_every_order_type_arrives_as_it_was_meant(
    peer: Peer, family: Family, kind: str, side: str, price: float | None, params: dict[str, Any], held: dict[str, Any]
) -> None:
    made = await peer.client.create_order(family.unified, kind, side, family.size, price, params)
    order = peer.order(made["id"])
    assert {name: getattr(order, name) for name in held} == held
    assert (order.client_id, order.qty, str(order.side)) == (made["clientOrderId"], D(family.lot), side)
    assert made["status"] == "open"  # a receipt says no more, whatever became of the order
    if order.status.is_open:
        (seen,) = await peer.client.fetch_open_orders(family.unified)
        assert (seen["id"], exact(seen["amount"]), seen["side"]) == (order.order_id, order.qty, side)
        assert (exact(seen["price"]) if seen["price"] else None) == order.price
        assert (exact(seen["triggerPrice"]) if seen["triggerPrice"] else None) == order.trigger_price
        cancelled = await peer.client.cancel_order(made["id"], family.unified)
        assert (cancelled["id"], order.status) == (made["id"], SimStatus.CANCELED)
    assert await peer.client.fetch_open_orders(family.unified) == []  # the venue answers 10002, which ccxt takes for none


@both
async def test_attached_exits_with_limits_become_orders_when_the_entry_is_full(peer: Peer, family: Family) -> None:
    price = {} if family.coin else {"price": 52_100}  # ccxt words a limit of an attached exit for USDⓈ-M alone
    params = {"takeProfit": {"triggerPrice": 52_000, **price}, "stopLoss": {"triggerPrice": 48_000}}
    made = await peer.client.create_order(family.unified, "market", "buy", family.size, None, params)
    target, stop = peer.open()
    assert (target.type, stop.type) == (
        OrderType.MARKET_IF_TOUCHED if family.coin else OrderType.LIMIT_IF_TOUCHED,
        OrderType.STOP,
    )
    assert {target.parent, stop.parent} == {made["id"]}
    seen = {one["id"]: one for one in await peer.client.fetch_open_orders(family.unified)}
    assert exact(seen[target.order_id]["triggerPrice"]) == D(52_000)
    assert exact(seen[stop.order_id]["triggerPrice"]) == D(48_000)


@both
async def test_trailing_stops_take_the_venue_s_own_words(peer: Peer, family: Family) -> None:
    await peer.client.create_order(family.unified, "market", "buy", family.size)
    offset = {"pegOffsetValueEp": -5_000_000} if family.coin else {"pegOffsetValueRp": "-500"}
    words = {"pegPriceType": "TrailingStopPeg", "closeOnTrigger": True, "triggerType": "ByLastPrice", **offset}
    ignored = {"timeInForce": "ImmediateOrCancel"}
    # ccxt will not send a quantity of zero in USDⓈ-M's precision: the whole position is asked for by its size.
    made = await peer.client.create_order(family.unified, "Stop", "sell", family.size, None, {**words, **ignored})
    order = peer.order(made["id"])
    assert (order.type, order.trail, order.status) == (OrderType.TRAILING_STOP, D(500), SimStatus.UNTRIGGERED)
    assert order.trigger_price == D(50_001) - 500
    raw = made["info"]
    assert (raw["orderType"], raw["pegPriceType"]) == ("Stop", "TrailingStopPeg")
    assert raw.get("pegOffsetValueRp", raw.get("pegOffsetValueEp")) in ("-500", -5_000_000)


@both
async def test_a_reducing_order_never_opens(peer: Peer, family: Family) -> None:
    await peer.client.create_order(family.unified, "market", "buy", family.size)
    made = await peer.client.create_order(family.unified, "market", "sell", family.size * 3, None, {"reduceOnly": True})
    assert made["reduceOnly"] is True
    assert peer.order(made["id"]).filled == D(family.lot)
    assert peer.position(family).qty == 0


@both
async def test_a_refusal_is_not_in_the_receipt_but_in_the_history(peer: Peer, family: Family) -> None:
    made = await peer.client.create_order(family.unified, "limit", "buy", family.size * 90_000, 49_000)
    assert made["status"] == "open"
    assert peer.order(made["id"]).status is SimStatus.REJECTED
    seen = await peer.client.fetch_order(made["id"], family.unified)
    assert seen["status"] == "rejected"


@both
async def test_amending(peer: Peer, family: Family) -> None:
    made = await peer.client.create_order(family.unified, "limit", "buy", family.size, 49_000)
    await peer.client.edit_order(made["id"], family.unified, "limit", "buy", family.size * 2, 48_500)
    order = peer.order(made["id"])
    assert order.price == D(48_500)
    # ccxt's edit_order sends COIN-M the spot field baseQtyEV instead of orderQty: the quantity stays.
    assert order.qty == D(family.lot) * (1 if family.coin else 2)
    with pytest.raises(ccxt.ExchangeError, match="11065"):
        await peer.client.edit_order(made["id"], family.unified, "limit", "buy", None, 48_500)


@both
async def test_cancelling_one_twice_is_told(peer: Peer, family: Family) -> None:
    made = await peer.client.create_order(
        family.unified, "limit", "buy", family.size, 49_000, {"clientOrderId": f"mine-{family.settle}"}
    )
    await peer.client.cancel_order("", family.unified, {"clientOrderId": made["clientOrderId"]})
    assert peer.open() == []
    with pytest.raises(ccxt.OrderNotFound):
        await peer.client.cancel_order(made["id"], family.unified)


@both
async def test_cancelling_all_leaves_waiting_orders_and_a_misspelt_flag_does_not_reach_them(peer: Peer, family: Family) -> None:
    await peer.client.create_order(family.unified, "limit", "buy", family.size, 49_000)
    trigger = {"triggerPrice": 51_000, "triggerDirection": "ascending"}
    waiting = await peer.client.create_order(family.unified, "market", "buy", family.size, None, trigger)
    await peer.client.cancel_all_orders(family.unified)
    assert [order.order_id for order in peer.open()] == [waiting["id"]]
    # ccxt's cancel_all_orders spells the flag "untriggerred": conditional orders survive it.
    await peer.client.cancel_all_orders(family.unified, {"trigger": True})
    assert [order.order_id for order in peer.open()] == [waiting["id"]]
    await peer.client.cancel_all_orders(family.unified, {"untriggered": True})
    assert peer.open() == []


@both
async def test_history_shows_what_became_of_orders(peer: Peer, family: Family) -> None:
    filled = await peer.client.create_order(family.unified, "market", "buy", family.size)
    canceled = await peer.client.create_order(family.unified, "limit", "buy", family.size, 49_000)
    await peer.client.cancel_order(canceled["id"], family.unified)
    for made, status in ((filled, "closed"), (canceled, "canceled")):
        seen = await peer.client.fetch_order(made["id"], family.unified)
        held = peer.order(made["id"])
        assert (seen["id"], seen["status"], exact(seen["filled"])) == (made["id"], status, held.filled)
        if held.filled and not family.coin:
            assert exact(seen["cost"]) == held.filled_value
        if family.coin:
            assert int(seen["info"]["cumValueEv"]) == held.filled_value.scaleb(8)
    listed = {one["id"]: one for one in await peer.client.fetch_closed_orders(family.unified)}
    if family.coin:
        assert listed[filled["id"]]["status"] == "closed"
        assert listed[canceled["id"]]["status"] == "canceled"


async def test_numbers_for_words_in_the_order_list_that_ccxt_reads_otherwise(peer: Peer) -> None:
    made = await peer.client.create_order(STABLE.unified, "limit", "buy", STABLE.size * 90_000, 49_000)
    trigger = {"triggerPrice": 51_000, "triggerDirection": "ascending"}
    waiting = await peer.client.create_order(STABLE.unified, "market", "buy", STABLE.size, None, trigger)
    await peer.client.cancel_order(waiting["id"], STABLE.unified)
    response = await peer.client.privateGetExchangeOrderV2OrderList({"currency": "USDT", "symbol": "BTCUSDT", "limit": 200})
    raw = {row["orderId"]: row for row in response["data"]["rows"]}
    assert (int(raw[made["id"]]["ordStatus"]), int(raw[waiting["id"]]["ordStatus"])) == (4, 2)
    parsed = {
        one["id"]: one["status"] for one in peer.client.parse_orders(list(raw.values()), peer.client.market(STABLE.unified))
    }
    # The venue's 4 is Rejected and its 2 Deactivated; ccxt's integer map calls both cancelled (and the word Deactivated closed).
    assert (parsed[made["id"]], parsed[waiting["id"]]) == ("canceled", "canceled")
    assert peer.order(made["id"]).status is SimStatus.REJECTED


# -- executions and the account -------------------------------------------------------------------------------------


@both
async def test_my_trades_are_the_exchange_s_fills(peer: Peer, family: Family) -> None:
    made = await peer.client.create_order(family.unified, "market", "buy", family.size)
    fill = peer.exchange.fills("trader")[-1]
    seen = await peer.client.fetch_my_trades(family.unified, limit=1)
    if family.coin:
        (trade,) = seen
        assert (trade["id"], trade["order"], exact(trade["price"]), exact(trade["amount"])) == (
            fill.exec_id,
            made["id"],
            fill.exec_price,
            fill.exec_qty,
        )
        assert exact(trade["fee"]["cost"]) == fill.exec_fee
        assert exact(trade["fee"]["rate"]) == fill.fee_rate
    else:
        # ccxt reads ``data`` of tradingList as a list; the venue documents ``data.rows``, so it sees no trades of USDT contracts.
        assert seen == []
        raw = await peer.client.privateGetExchangeOrderV2TradingList({"currency": "USDT", "symbol": "BTCUSDT", "limit": 1})
        (trade,) = peer.client.parse_trades(raw["data"]["rows"], peer.client.market(family.unified))
        assert (exact(trade["price"]), exact(trade["amount"]), exact(trade["fee"]["cost"])) == (
            fill.exec_price,
            fill.exec_qty,
            fill.exec_fee,
        )
        assert fill.exec_id.startswith(trade["id"])


@both
async def test_position_and_balance_are_the_ledger_s(peer: Peer, family: Family) -> None:
    await peer.client.create_order(family.unified, "market", "sell", family.size * 2)
    peer.exchange.set_reference(family.symbol, D(49_900))
    await peer.client.create_order(family.unified, "limit", "buy", family.size, 48_000)
    held = peer.position(family)
    (seen,) = await peer.client.fetch_positions([family.unified])
    assert (seen["side"], exact(seen["contracts"])) == ("short", abs(held.qty))
    listed = peer.exchange.instruments[family.symbol]
    assert exact(seen["entryPrice"]) == round(held.entry, listed.price_scale or 12)
    assert exact(seen["leverage"]) == held.leverage
    assert exact(seen["markPrice"]) == D(49_900)
    raw = seen["info"]
    assert D(str(raw.get("posCostRv") or D(raw["posCostEv"]).scaleb(-8))) == peer.exchange.position_margin(held)
    if family.coin:
        assert D(raw["valueEv"]).scaleb(-8) == held.cost
    else:
        profit = (await peer.client.fetch_positions([family.unified], {"method": "privateGetGAccountsPositions"}))[0]
        assert exact(profit["unrealizedPnl"]) == peer.exchange.unrealised(held)
    balance = (await peer.client.fetch_balance({"type": "swap", "code": family.settle}))[family.settle]
    total, used = peer.exchange.wallet("trader", family.settle)
    assert (exact(balance["total"]), exact(balance["used"])) == (total, used)


@both
async def test_leverage_and_margin_mode_go_by_sign(peer: Peer, family: Family) -> None:
    for leverage, isolated in ((20, True), (-5, False)):
        await peer.client.set_leverage(leverage, family.unified)
        held = peer.position(family)
        assert (held.leverage, held.isolated) == (D(abs(leverage)), isolated)
    await peer.client.set_margin_mode("isolated", family.unified, {"leverage": 7}) if not family.coin else None
    if not family.coin:
        assert (peer.position(family).leverage, peer.position(family).isolated) == (D(7), True)


async def test_hedged_mode_has_two_legs(peer: Peer) -> None:
    symbol = "ETH/USDT:USDT"
    await peer.client.set_position_mode(True, symbol)
    assert peer.exchange.accounts["trader"].modes["ETHUSDT"] is PositionMode.HEDGED
    made = await peer.client.create_order(symbol, "limit", "buy", 0.1, 2_000, {"hedged": True})
    assert peer.order(made["id"]).position_side is PositionSide.LONG
    with pytest.raises(ccxt.ExchangeError, match="20004"):
        await peer.client.create_order(symbol, "limit", "buy", 0.1, 2_000)
    with pytest.raises(ccxt.OrderNotFound):
        await peer.client.cancel_order(made["id"], symbol, {"posSide": "Short"})
    await peer.client.cancel_order(made["id"], symbol, {"posSide": "Long"})
    await peer.client.set_leverage(5, symbol, {"hedged": True, "longLeverageRr": 3, "shortLeverageRr": 8})
    legs = {leg: peer.exchange.position("trader", "ETHUSDT", leg) for leg in (PositionSide.LONG, PositionSide.SHORT)}
    assert (legs[PositionSide.LONG].leverage, legs[PositionSide.SHORT].leverage) == (D(3), D(8))
    await peer.client.set_position_mode(False, symbol)


async def test_margin_is_assigned_to_an_isolated_coin_margined_position(peer: Peer) -> None:
    await peer.client.create_order(COIN.unified, "market", "buy", COIN.size)
    with pytest.raises(ccxt.ExchangeError, match="11007"):
        await peer.client.set_margin(COIN.unified, 0.001)
    await peer.client.set_leverage(10, COIN.unified)
    await peer.client.set_margin(COIN.unified, 0.001)
    assert peer.position(COIN).margin == D("0.001")
    with pytest.raises(ccxt.ExchangeError, match="11008"):
        await peer.client.set_margin(COIN.unified, 0.0001)
    with pytest.raises(ccxt.ExchangeError, match="11010"):
        await peer.client.set_margin(COIN.unified, 500)


@both
async def test_funding_is_in_the_history_of_both(peer: Peer, family: Family) -> None:
    peer.submit(family.symbol, Side.BUY, D(family.lot))
    listing = peer.exchange.listings[family.symbol]
    listing.state.funding_rate = D("0.00012345")
    listing.state.next_funding_ns = peer.exchange.now_ns - NS
    peer.exchange._settle_funding(peer.exchange.now_ns)
    listing.state.funding_rate = D(0)
    charge = peer.exchange.funding("trader", family.symbol)[-1]
    rows = await peer.client.fetch_funding_history(family.unified)
    newest = max(rows, key=lambda row: row["timestamp"])
    paid = exact(newest["amount"])
    if family.coin:
        assert int(newest["info"]["execFeeEv"]) == charge.amount.scaleb(8)
    assert abs(paid) in (charge.amount, charge.amount.scaleb(8))
    peer.server.mask.flush()
    rates = await peer.client.fetch_funding_rate_history(family.unified)
    assert isinstance(rates, list)


# -- wallet and trading account ---------------------------------------------------------------------------------------


async def test_money_moves_between_wallet_and_trading_account(peer: Peer) -> None:
    before = peer.exchange.wallet("trader", "USDT")[0]
    there = peer.exchange.accounts["trader"].wallet["USDT"]
    moved = await peer.client.transfer("USDT", 25, "spot", "swap")
    assert moved["status"] == "ok"
    assert peer.exchange.wallet("trader", "USDT")[0] == before + 25
    assert peer.exchange.accounts["trader"].wallet["USDT"] == there - 25
    spot = (await peer.client.fetch_balance({"type": "spot"}))["USDT"]
    assert exact(spot["total"]) == there - 25
    await peer.client.transfer("USDT", 25, "swap", "spot")
    assert peer.exchange.wallet("trader", "USDT")[0] == before
    rows = await peer.client.fetch_transfers("USDT")
    assert {(row["fromAccount"], row["toAccount"]) for row in rows[-2:]} == {("spot", "swap"), ("swap", "spot")}
    # ccxt takes amountEv for a plain number: 25 USDT are told as 2,500,000,000.
    assert {int(row["amount"]) for row in rows[-2:]} == {25 * 10**8}
    with pytest.raises(ccxt.ExchangeError, match="11100"):
        await peer.client.transfer("USDT", 10**7, "spot", "swap")


# -- the other contracts of COIN-M ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unified", "symbol", "settle", "size", "price"),
    [("ETH/USD:ETH", "cETHUSD", "ETH", 50, 2_500.25), ("ETH/USD:USD", "ETHUSD", "USD", 20, 2_500.25)],
)
async def test_an_inverse_contract_in_ether_and_the_old_linear_one_in_dollars(
    peer: Peer, unified: str, symbol: str, settle: str, size: int, price: float
) -> None:
    made = await peer.client.create_order(unified, "limit", "buy", size, price)
    order = peer.order(made["id"])
    assert (order.symbol, order.qty, order.price) == (symbol, D(size), exact(price))
    (seen,) = await peer.client.fetch_open_orders(unified)
    assert (exact(seen["price"]), exact(seen["amount"])) == (order.price, order.qty)
    listed = peer.exchange.instruments[symbol]
    value = listed.value(order.qty, exact(price))
    assert abs(D(seen["info"]["leavesValueEv"]).scaleb(-listed.value_scale) - value) < D(1).scaleb(-listed.value_scale)
    await peer.client.set_leverage(3, unified)
    assert peer.exchange.position("trader", symbol, PositionSide.MERGED).leverage == D(3)
    balance = (await peer.client.fetch_balance({"type": "swap", "code": settle}))[settle]
    total, used = peer.exchange.wallet("trader", settle)
    assert (exact(balance["total"]), exact(balance["used"])) == (total, used)
    await peer.client.cancel_order(made["id"], unified)
    assert order.status is SimStatus.CANCELED


async def test_a_balance_in_usdc_is_asked_of_the_wrong_family(peer: Peer) -> None:
    # ccxt's fetch_balance takes every currency but USDT for COIN-M; the venue has no such trading account there.
    with pytest.raises(ccxt.ExchangeError, match="11097"):
        await peer.client.fetch_balance({"type": "swap", "code": "USDC"})
    raw = await peer.client.privateGetGAccountsAccountPositions({"currency": "USDC"})
    assert D(raw["data"]["account"]["accountBalanceRv"]) == peer.exchange.wallet("trader", "USDC")[0]


async def test_nothing_came_over_a_chain(peer: Peer) -> None:
    assert await peer.client.fetch_deposits() == await peer.client.fetch_withdrawals() == []
