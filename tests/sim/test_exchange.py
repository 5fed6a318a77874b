"""The exchange without a market: two people and a book, told as transcripts, then whatever hypothesis can think of."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_trader.core.clock import NS
from tui_trader.core.types import Liquidity, OrderType, PositionMode, PositionSide, Side, TimeInForce, TriggerSource
from tui_trader.sim.exchange import CATCH_UP_NS, AccountTouched, Exchange, PositionTouched
from tui_trader.sim.ledger import FEES, INSURANCE, MAKER
from tui_trader.sim.products import phemex_instruments
from tui_trader.sim.types import (
    BookChange,
    Event,
    FundingCharge,
    NewOrder,
    PublicTrade,
    Refusal,
    Report,
    SimOrder,
    SimStatus,
)

BUY, SELL = Side.BUY, Side.SELL
LIMIT, MARKET, STOP, STOP_LIMIT = OrderType.LIMIT, OrderType.MARKET, OrderType.STOP, OrderType.STOP_LIMIT
MIT, LIT = OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED
MERGED, LONG, SHORT = PositionSide.MERGED, PositionSide.LONG, PositionSide.SHORT
BTC = "BTCUSDT"
START = 1_700_000_000 * NS


class Pit:
    """An exchange with a few people in it and a short way to say things."""

    def __init__(self, *people: str, money: int = 10_000) -> None:
        self.exchange = Exchange(phemex_instruments([BTC, "ETHUSDT"]), seed=7, start_ns=START)
        self.serial = 0
        for person in people:
            self.exchange.open_account(person, {"USDT": D(money)})

    def order(self, who: str, side: Side, qty: str, price: str | None = None, **terms: Any) -> SimOrder:
        self.serial += 1
        terms.setdefault("client_id", f"c{self.serial}")
        terms.setdefault("symbol", BTC)
        terms.setdefault("type", LIMIT if price else MARKET)
        return self.exchange.submit(who, NewOrder(side=side, qty=D(qty), price=D(price) if price else None, **terms))

    def trade(self, buyer: str, seller: str, qty: str, price: str, **terms: Any) -> None:
        self.order(seller, SELL, qty, price, **terms)
        self.order(buyer, BUY, qty, price, **terms)

    def size(self, who: str, leg: PositionSide = MERGED) -> D:
        return self.exchange.position(who, BTC, leg).qty

    def story(self) -> list[tuple[str, Event]]:
        """Return (who, what) of every report since the last look."""
        return [(one.order.account, one.event) for one in self.exchange.drain() if isinstance(one, Report)]

    def total(self) -> D:
        """Return the sum of all balances and open profits."""
        ledger = self.exchange.ledger
        return sum(
            (
                account.balances.get("USDT", D(0)) + sum((ledger.unrealised(p) for p in account.positions.values()), D(0))
                for account in ledger.accounts.values()
            ),
            D(0),
        )


@pytest.fixture
def pit() -> Pit:
    return Pit("ann", "bob", "cat")


# -- resting and taking ------------------------------------------------------------------------------------------------


def test_a_limit_order_rests_and_is_shown(pit: Pit) -> None:
    order = pit.order("ann", BUY, "0.01", "50000")
    assert order.status is SimStatus.NEW
    assert pit.exchange.book(BTC, 5) == ([(D(50_000), D("0.01"))], [])
    events = pit.exchange.drain()
    assert [type(one) for one in events] == [Report, AccountTouched, PositionTouched, BookChange]
    assert pit.exchange.wallet("ann", "USDT") == (D(10_000), D(500) * D("0.10114"))


def test_a_taker_gets_the_makers_price_and_both_pay_their_fee(pit: Pit) -> None:
    maker = pit.order("ann", SELL, "0.01", "50000")
    taker = pit.order("bob", BUY, "0.01", "50100")
    assert (maker.status, taker.status) == (SimStatus.FILLED, SimStatus.FILLED)
    fills = pit.exchange.fills("bob")
    assert [(f.exec_price, f.exec_qty, f.exec_fee, f.liquidity) for f in fills] == [
        (D(50_000), D("0.01"), D("0.3"), Liquidity.TAKER)
    ]
    assert pit.exchange.fills("ann")[0].exec_fee == D("0.05")
    assert pit.exchange.accounts[FEES].balances["USDT"] == D("0.35")
    assert [(t.side, t.price, t.qty) for t in pit.exchange.trades(BTC, 5)] == [(BUY, D(50_000), D("0.01"))]
    assert pit.total() == 30_000


def test_time_decides_at_one_price(pit: Pit) -> None:
    first = pit.order("ann", SELL, "0.01", "50000")
    second = pit.order("bob", SELL, "0.01", "50000")
    pit.order("cat", BUY, "0.015", "50000")
    assert (first.filled, second.filled) == (D("0.01"), D("0.005"))
    assert second.status is SimStatus.PARTIAL


def test_a_partly_taken_rest_goes_to_the_book(pit: Pit) -> None:
    pit.order("ann", SELL, "0.01", "50000")
    order = pit.order("bob", BUY, "0.03", "50001")
    assert (order.status, order.filled) == (SimStatus.PARTIAL, D("0.01"))
    assert pit.exchange.book(BTC) == ([(D(50_001), D("0.02"))], [])


def test_a_market_order_tells_new_then_fills_then_expires(pit: Pit) -> None:
    pit.order("ann", SELL, "0.01", "50000")
    pit.exchange.drain()
    order = pit.order("bob", BUY, "0.03")
    assert pit.story() == [("bob", Event.NEW), ("bob", Event.FILL), ("ann", Event.FILL), ("bob", Event.EXPIRED)]
    assert (order.status, order.filled) == (SimStatus.CANCELED, D("0.01"))


def test_ioc_does_not_rest(pit: Pit) -> None:
    order = pit.order("bob", BUY, "0.03", "50000", tif=TimeInForce.IOC)
    assert order.status is SimStatus.CANCELED
    assert pit.exchange.book(BTC) == ([], [])


def test_fok_is_all_or_nothing(pit: Pit) -> None:
    pit.order("ann", SELL, "0.01", "50000")
    pit.order("ann", SELL, "0.01", "50010")
    refused = pit.order("bob", BUY, "0.02", "50009", tif=TimeInForce.FOK)
    assert (refused.status, refused.refusal, refused.filled) == (SimStatus.REJECTED, Refusal.NO_LIQUIDITY, D(0))
    assert pit.order("bob", BUY, "0.02", "50010", tif=TimeInForce.FOK).status is SimStatus.FILLED


def test_fok_does_not_count_its_own_account(pit: Pit) -> None:
    pit.order("ann", SELL, "0.01", "50000")
    assert pit.order("ann", BUY, "0.01", "50000", tif=TimeInForce.FOK).refusal is Refusal.NO_LIQUIDITY


def test_fok_counts_reducing_orders_for_what_they_can_still_close(pit: Pit) -> None:
    pit.trade("ann", "bob", "0.01", "50000")
    pit.order("ann", SELL, "0.01", "50010", reduce_only=True)
    pit.order("ann", SELL, "0.01", "50005")
    refused = pit.order("cat", BUY, "0.02", "50010", tif=TimeInForce.FOK)
    assert refused.refusal is Refusal.NO_LIQUIDITY
    assert pit.order("cat", BUY, "0.01", "50010", tif=TimeInForce.FOK).status is SimStatus.FILLED


def test_post_only_never_takes(pit: Pit) -> None:
    pit.order("ann", SELL, "0.01", "50000")
    assert pit.order("bob", BUY, "0.01", "50000", tif=TimeInForce.POST_ONLY).refusal is Refusal.WOULD_CROSS
    assert pit.order("bob", BUY, "0.01", "49999.9", tif=TimeInForce.POST_ONLY).status is SimStatus.NEW


def test_an_account_does_not_trade_with_itself(pit: Pit) -> None:
    mine = pit.order("ann", SELL, "0.01", "50000")
    theirs = pit.order("bob", SELL, "0.01", "50001")
    taker = pit.order("ann", BUY, "0.01", "50001")
    assert (mine.status, mine.filled) == (SimStatus.CANCELED, D(0))
    assert (theirs.status, taker.status) == (SimStatus.FILLED, SimStatus.FILLED)


# -- refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("qty", "price", "terms", "refusal"),
    [
        ("0.01", "50000.05", {}, Refusal.PRICE_TICK),
        ("0.01", "999.9", {}, Refusal.PRICE_TOO_LOW),
        ("0.01", "500000.1", {}, Refusal.PRICE_TOO_HIGH),
        ("0.00015", "50000", {}, Refusal.QTY_LOT),
        ("0", "50000", {}, Refusal.QTY_TOO_SMALL),
        ("-1", "50000", {}, Refusal.QTY_TOO_SMALL),
        ("1000.1", "50000", {}, Refusal.QTY_TOO_LARGE),
        ("0.0001", "1000", {}, Refusal.VALUE_TOO_SMALL),
        ("0.01", "50000", {"position_side": LONG}, Refusal.POSITION_MODE),
        ("0.01", "50000", {"symbol": "NOPE"}, Refusal.SYMBOL),
        ("0.01", "50000", {"reduce_only": True}, Refusal.REDUCE_ONLY),
        ("0.01", None, {}, Refusal.NO_MARKET),
        ("3", "50000", {}, Refusal.NO_BALANCE),
        ("500", "50000", {}, Refusal.RISK_LIMIT),
        ("0.01", None, {"type": STOP}, Refusal.TRIGGER_TOO_LOW),
        ("0.01", None, {"type": STOP, "trigger_price": D(51_000)}, Refusal.NO_MARKET),
        ("0.01", "50000", {"take_profit": D(49_000)}, Refusal.LONG_TARGET_BELOW),
        ("0.01", "50000", {"stop_loss": D(51_000)}, Refusal.LONG_STOP_ABOVE),
    ],
)
def test_refusals(pit: Pit, qty: str, price: str | None, terms: dict[str, Any], refusal: Refusal) -> None:
    order = pit.order("ann", BUY, qty, price, **terms)
    assert (order.status, order.refusal) == (SimStatus.REJECTED, refusal)
    assert pit.story() == [("ann", Event.REJECTED)]
    assert pit.exchange.open_orders("ann") == []
    assert pit.exchange.order("ann", order_id=order.order_id) is order


def test_a_client_id_is_used_once(pit: Pit) -> None:
    first = pit.order("ann", BUY, "0.01", "50000", client_id="x")
    again = pit.order("ann", BUY, "0.01", "50000", client_id="x")
    assert again.refusal is Refusal.DUPLICATE_CLIENT_ID
    pit.exchange.cancel("ann", BTC, client_id="x")
    assert pit.order("ann", BUY, "0.01", "50000", client_id="x").refusal is Refusal.DUPLICATE_CLIENT_ID
    assert pit.exchange.order("ann", client_id="x") is first
    assert pit.order("bob", BUY, "0.01", "50000", client_id="x").status is SimStatus.NEW


def test_available_balance_counts_what_rests(pit: Pit) -> None:
    assert pit.order("ann", BUY, "1.5", "50000").status is SimStatus.NEW
    assert pit.order("ann", BUY, "0.5", "50000").refusal is Refusal.NO_BALANCE
    pit.exchange.cancel_all("ann", BTC, untriggered=False)
    assert pit.exchange.wallet("ann", "USDT") == (D(10_000), D(0))
    assert pit.order("ann", BUY, "0.5", "50000").status is SimStatus.NEW


def test_available_balance_counts_open_losses(pit: Pit) -> None:
    pit.trade("ann", "bob", "1", "50000")
    pit.exchange.set_reference(BTC, D(46_000))
    assert pit.order("ann", BUY, "0.3", "46000").refusal is Refusal.NO_BALANCE
    pit.exchange.set_reference(BTC, D(50_000))
    assert pit.order("ann", BUY, "0.3", "46000").status is SimStatus.NEW


def test_closing_needs_no_balance(pit: Pit) -> None:
    pit.trade("ann", "bob", "1.9", "50000")
    assert pit.order("ann", SELL, "0.5", "50000").status is SimStatus.NEW
    assert pit.order("ann", SELL, "1.4", "50000").status is SimStatus.NEW
    assert pit.order("ann", SELL, "1.9", "50000").refusal is Refusal.NO_BALANCE


# -- reduce-only -------------------------------------------------------------------------------------------------------


def test_reduce_only_is_cut_to_the_position(pit: Pit) -> None:
    pit.trade("ann", "bob", "0.02", "50000")
    order = pit.order("ann", SELL, "0.05", "50100", reduce_only=True)
    assert order.qty == D("0.02")
    pit.order("cat", BUY, "0.05", "50100")
    assert pit.size("ann") == 0
    assert order.status is SimStatus.FILLED


def test_reduce_only_shrinks_and_ends_with_the_position(pit: Pit) -> None:
    pit.trade("ann", "bob", "0.02", "50000")
    order = pit.order("ann", SELL, "0.02", "50100", reduce_only=True)
    pit.trade("cat", "ann", "0.015", "50000")
    assert (order.qty, order.status) == (D("0.005"), SimStatus.NEW)
    assert pit.exchange.book(BTC)[1] == [(D(50_100), D("0.005"))]
    pit.trade("cat", "ann", "0.005", "50000")
    assert (order.status, order.refusal) == (SimStatus.CANCELED, Refusal.REDUCE_ONLY)


def test_two_reduce_only_orders_in_one_sweep_close_once(pit: Pit) -> None:
    pit.trade("ann", "bob", "0.02", "50000")
    for price in ("50100", "50101"):
        pit.order("ann", SELL, "0.02", price, reduce_only=True)
    pit.order("cat", BUY, "0.04", "50200", tif=TimeInForce.IOC)
    assert pit.size("ann") == 0
    assert pit.size("cat") == D("0.02")


# -- amending ----------------------------------------------------------------------------------------------------------


def test_smaller_keeps_the_place_larger_and_elsewhere_lose_it(pit: Pit) -> None:
    def queue() -> list[str]:
        return [one.account for one in pit.exchange.listings[BTC].book.walk(SELL)]

    order = pit.order("ann", SELL, "0.03", "50000")
    pit.order("bob", SELL, "0.03", "50000")
    pit.exchange.amend("ann", BTC, order_id=order.order_id, qty=D("0.02"))
    assert queue() == ["ann", "bob"]
    pit.exchange.amend("ann", BTC, order_id=order.order_id, qty=D("0.03"))
    assert queue() == ["bob", "ann"]
    pit.exchange.amend("ann", BTC, client_id=order.client_id, price=D(49_999))
    assert queue() == ["ann", "bob"]
    assert order.price == 49_999


def test_an_amended_price_can_take(pit: Pit) -> None:
    pit.order("ann", SELL, "0.01", "50000")
    order = pit.order("bob", BUY, "0.01", "49000")
    pit.exchange.drain()
    assert pit.exchange.amend("bob", BTC, order_id=order.order_id, price=D(50_000)) is order
    assert pit.story() == [("bob", Event.REPLACED), ("bob", Event.FILL), ("ann", Event.FILL)]


def test_amend_counts_the_filled_part(pit: Pit) -> None:
    order = pit.order("ann", SELL, "0.03", "50000")
    pit.order("bob", BUY, "0.01", "50000")
    name = {"order_id": order.order_id}
    assert pit.exchange.amend("ann", BTC, **name, qty=D("0.01")) is Refusal.BAD_REPLACE_QTY
    assert pit.exchange.amend("ann", BTC, **name, qty=D("0.02")) is order
    assert (order.remaining, order.status) == (D("0.01"), SimStatus.PARTIAL)
    assert pit.exchange.book(BTC)[1] == [(D(50_000), D("0.01"))]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({}, Refusal.NOTHING_CHANGED),
        ({"price": D(49_000)}, Refusal.NOTHING_CHANGED),
        ({"price": D("49000.01")}, Refusal.PRICE_TICK),
        ({"price": D(50_000)}, Refusal.WOULD_CROSS),
        ({"qty": D("0.00001")}, Refusal.QTY_TOO_SMALL),
        ({"qty": D("0.00015")}, Refusal.QTY_LOT),
        ({"qty": D(2)}, Refusal.NO_BALANCE),
        ({"trigger_price": D(1_000)}, Refusal.NOT_AMENDABLE),
        ({"stop_loss": D(49_500)}, Refusal.LONG_STOP_ABOVE),
    ],
)
def test_a_refused_amendment_changes_nothing(pit: Pit, change: dict[str, D], refusal: Refusal) -> None:
    pit.order("bob", SELL, "0.01", "50000")
    order = pit.order("ann", BUY, "0.03", "49000", tif=TimeInForce.POST_ONLY)
    pit.order("ann", BUY, "1", "48000")
    before = replace(order)
    assert pit.exchange.amend("ann", BTC, order_id=order.order_id, **change) is refusal
    assert order == before
    assert pit.exchange.book(BTC)[0][0] == (D(49_000), D("0.03"))


def test_what_is_not_there_cannot_be_changed(pit: Pit) -> None:
    assert pit.exchange.amend("ann", BTC, order_id="?", qty=D(1)) is Refusal.NOT_FOUND
    assert pit.exchange.cancel("ann", BTC, client_id="") is Refusal.NOT_FOUND
    order = pit.order("ann", BUY, "0.01", "50000")
    assert pit.exchange.cancel("bob", BTC, order_id=order.order_id) is Refusal.NOT_FOUND
    assert pit.exchange.cancel("ann", "ETHUSDT", order_id=order.order_id) is Refusal.NOT_FOUND
    assert pit.exchange.cancel("ann", BTC, order_id=order.order_id) is order
    assert pit.exchange.cancel("ann", BTC, order_id=order.order_id) is Refusal.ALREADY_FINAL
    assert pit.exchange.amend("ann", BTC, order_id=order.order_id, qty=D(1)) is Refusal.ALREADY_FINAL


# -- conditional orders ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order_type", "side", "rising"),
    [(STOP, SELL, False), (STOP, BUY, True), (MIT, SELL, True), (MIT, BUY, False)],
)
def test_a_trigger_fires_in_its_own_direction_only(pit: Pit, order_type: OrderType, side: Side, rising: bool) -> None:
    pit.exchange.set_reference(BTC, D(50_000))
    near, far = (D(50_100), D(49_900)) if rising else (D(49_900), D(50_100))
    terms: dict[str, Any] = {"type": order_type, "trigger_source": TriggerSource.MARK}
    direct = Refusal.TRIGGER_DIRECTLY_RISING if rising else Refusal.TRIGGER_DIRECTLY_FALLING
    assert pit.order("ann", side, "0.01", trigger_price=far, **terms).refusal is direct
    assert pit.order("ann", side, "0.01", trigger_price=D(50_000), **terms).refusal is direct
    order = pit.order("ann", side, "0.01", trigger_price=near, **terms)
    assert (order.status, order.rising) == (SimStatus.UNTRIGGERED, rising)
    pit.exchange.set_reference(BTC, far)
    assert order.status is SimStatus.UNTRIGGERED
    pit.order("bob", side.opposite, "0.01", "50000")
    pit.exchange.drain()
    pit.exchange.set_reference(BTC, near)
    assert pit.story() == [("ann", Event.TRIGGERED), ("ann", Event.FILL), ("bob", Event.FILL)]
    assert order.triggered


def test_each_source_watches_its_own_price(pit: Pit) -> None:
    pit.trade("ann", "bob", "0.01", "50000")
    pit.exchange.set_reference(BTC, D(50_000), D(50_000))
    orders = {
        source: pit.order("cat", BUY, "0.01", "40000", type=STOP_LIMIT, trigger_price=D(50_500), trigger_source=source)
        for source in TriggerSource
    }
    pit.exchange.set_reference(BTC, D(50_600), D(50_000))
    assert [s for s, o in orders.items() if o.triggered] == [TriggerSource.MARK]
    pit.exchange.set_reference(BTC, D(50_000), D(50_600))
    assert [s for s, o in orders.items() if o.triggered] == [TriggerSource.MARK, TriggerSource.INDEX]
    pit.trade("ann", "bob", "0.01", "50600")
    assert all(order.triggered and order.status is SimStatus.NEW for order in orders.values())


def test_a_spike_between_two_looks_is_seen(pit: Pit) -> None:
    pit.trade("ann", "bob", "0.01", "50000")
    stop = pit.order("cat", BUY, "0.01", "40000", type=STOP_LIMIT, trigger_price=D(50_100))
    for price in ("50150", "50000"):
        pit.order("ann", SELL, "0.01", price)
    pit.order("bob", BUY, "0.02", "50150")
    assert stop.triggered


def test_an_old_spike_does_not_fire_a_new_order(pit: Pit) -> None:
    pit.trade("ann", "bob", "0.01", "50200")
    pit.trade("ann", "bob", "0.01", "50000")
    stop = pit.order("cat", BUY, "0.01", "40000", type=STOP_LIMIT, trigger_price=D(50_100))
    pit.exchange.set_reference(BTC, D(50_000))
    assert stop.status is SimStatus.UNTRIGGERED


def test_one_stop_sets_off_the_next(pit: Pit) -> None:
    pit.trade("ann", "bob", "0.01", "50000")
    first = pit.order("cat", BUY, "0.01", type=STOP, trigger_price=D(50_100))
    second = pit.order("cat", BUY, "0.01", type=STOP, trigger_price=D(50_200))
    pit.order("ann", SELL, "0.01", "50200")
    pit.order("ann", SELL, "0.01", "50300")
    pit.order("bob", SELL, "0.01", "50100")
    pit.order("ann", BUY, "0.01", "50100")
    assert (first.status, second.status) == (SimStatus.FILLED, SimStatus.FILLED)
    assert pit.exchange.trades(BTC, 1)[0].price == 50_300


def test_a_triggered_limit_order_rests(pit: Pit) -> None:
    pit.exchange.set_reference(BTC, D(50_000))
    order = pit.order("ann", BUY, "0.01", "49000", type=LIT, trigger_price=D(49_500), trigger_source=TriggerSource.MARK)
    assert pit.exchange.wallet("ann", "USDT")[1] == 0
    pit.exchange.set_reference(BTC, D(49_500))
    assert order.status is SimStatus.NEW
    assert pit.exchange.book(BTC)[0] == [(D(49_000), D("0.01"))]


def test_a_triggered_order_that_cannot_work_is_cancelled_with_the_reason(pit: Pit) -> None:
    pit.exchange.set_reference(BTC, D(50_000))
    order = pit.order("ann", BUY, "3", "50000", type=STOP_LIMIT, trigger_price=D(50_100), trigger_source=TriggerSource.MARK)
    pit.exchange.set_reference(BTC, D(50_100))
    assert (order.status, order.refusal) == (SimStatus.CANCELED, Refusal.NO_BALANCE)


def test_close_on_trigger_without_a_quantity_closes_everything(pit: Pit) -> None:
    terms: dict[str, Any] = {"type": STOP, "trigger_price": D(49_000), "trigger_source": TriggerSource.MARK}
    assert pit.order("ann", SELL, "0", close_on_trigger=True, **terms).refusal is Refusal.CLOSE_NO_POSITION
    pit.trade("ann", "bob", "0.05", "50000")
    order = pit.order("ann", SELL, "0", close_on_trigger=True, **terms)
    pit.trade("ann", "bob", "0.02", "50000")
    pit.order("cat", BUY, "0.2", "48000")
    pit.exchange.set_reference(BTC, D(49_000))
    assert (order.status, order.filled) == (SimStatus.FILLED, D("0.07"))
    assert pit.size("ann") == 0


def test_cancel_all_ends_either_kind_and_not_the_other(pit: Pit) -> None:
    pit.exchange.set_reference(BTC, D(50_000))
    resting = pit.order("ann", BUY, "0.01", "49000")
    waiting = pit.order("ann", BUY, "0.01", type=STOP, trigger_price=D(51_000), trigger_source=TriggerSource.MARK)
    other = pit.order("ann", BUY, "0.1", "2000", symbol="ETHUSDT")
    assert pit.exchange.cancel_all("ann", BTC, untriggered=False) == [resting]
    assert waiting.status is SimStatus.UNTRIGGERED
    assert pit.exchange.cancel_all("ann", BTC, untriggered=True) == [waiting]
    assert pit.exchange.cancel_all("ann", None, untriggered=False) == [other]
    assert pit.exchange.open_orders("ann") == []


def test_a_waiting_order_can_be_amended(pit: Pit) -> None:
    pit.exchange.set_reference(BTC, D(50_000))
    order = pit.order("ann", BUY, "0.01", type=STOP, trigger_price=D(51_000), trigger_source=TriggerSource.MARK)
    name = {"order_id": order.order_id}
    assert pit.exchange.amend("ann", BTC, **name, trigger_price=D(49_000)) is Refusal.TRIGGER_DIRECTLY_RISING
    assert pit.exchange.amend("ann", BTC, **name, price=D(49_000)) is Refusal.FIXED_PRICE
    assert pit.exchange.amend("ann", BTC, **name, trigger_price=D(50_500), qty=D("0.02")) is order
    pit.exchange.set_reference(BTC, D(50_500))
    assert order.triggered


# -- attached exits ----------------------------------------------------------------------------------------------------


def entered(pit: Pit) -> tuple[SimOrder, SimOrder]:
    """Let ann buy 0.02 at 50000 with exits at 51000 and 49000, and return them."""
    pit.order("bob", SELL, "0.02", "50000")
    pit.order("ann", BUY, "0.02", "50000", take_profit=D(51_000), stop_loss=D(49_000))
    take_profit, stop_loss = pit.exchange.open_orders("ann")
    return take_profit, stop_loss


def test_a_filled_entry_gets_its_exits(pit: Pit) -> None:
    take_profit, stop_loss = entered(pit)
    assert [(o.type, o.side, o.qty, o.trigger_price, o.trigger_source, o.rising) for o in (take_profit, stop_loss)] == [
        (MIT, SELL, D("0.02"), D(51_000), TriggerSource.LAST, True),
        (STOP, SELL, D("0.02"), D(49_000), TriggerSource.MARK, False),
    ]
    assert all(order.reduce_only and order.close_on_trigger for order in (take_profit, stop_loss))
    assert all(order.status is SimStatus.UNTRIGGERED for order in (take_profit, stop_loss))


def test_a_partly_filled_entry_waits_for_its_exits_until_it_ends(pit: Pit) -> None:
    pit.order("bob", SELL, "0.01", "50000")
    entry = pit.order("ann", BUY, "0.02", "50000", take_profit=D(51_000), stop_loss=D(49_000))
    assert pit.exchange.open_orders("ann") == [entry]
    pit.exchange.cancel("ann", BTC, order_id=entry.order_id)
    assert [order.qty for order in pit.exchange.open_orders("ann")] == [D("0.01"), D("0.01")]


def test_one_exit_cancels_the_other(pit: Pit) -> None:
    take_profit, stop_loss = entered(pit)
    pit.order("cat", BUY, "0.05", "48000")
    pit.exchange.set_reference(BTC, D(49_000))
    assert (stop_loss.status, take_profit.status) == (SimStatus.FILLED, SimStatus.CANCELED)
    assert pit.exchange.open_orders("ann") == []
    assert stop_loss.realised == D(-40)


def test_closing_by_hand_cancels_both_exits(pit: Pit) -> None:
    exits = entered(pit)
    pit.trade("cat", "ann", "0.02", "50000")
    assert [order.status for order in exits] == [SimStatus.CANCELED, SimStatus.CANCELED]


def test_an_exit_that_is_partly_executed_leaves_the_other_in_place(pit: Pit) -> None:
    take_profit, stop_loss = entered(pit)
    pit.order("cat", BUY, "0.005", "48000")
    pit.exchange.set_reference(BTC, D(49_000))
    assert (stop_loss.status, stop_loss.filled) == (SimStatus.CANCELED, D("0.005"))
    assert take_profit.status is SimStatus.UNTRIGGERED


def test_amending_moves_and_removes_exits_of_an_open_entry(pit: Pit) -> None:
    entry = pit.order("ann", BUY, "0.02", "50000", take_profit=D(51_000), stop_loss=D(49_000))
    pit.exchange.amend("ann", BTC, order_id=entry.order_id, take_profit=D(0), stop_loss=D(49_500))
    pit.order("bob", SELL, "0.02", "50000")
    assert [order.trigger_price for order in pit.exchange.open_orders("ann")] == [D(49_500)]


# -- position modes and leverage ---------------------------------------------------------------------------------------


def test_hedged_legs_live_side_by_side(pit: Pit) -> None:
    assert pit.exchange.set_position_mode("ann", BTC, PositionMode.HEDGED) is Refusal.NONE
    pit.order("bob", SELL, "0.02", "50000")
    pit.order("ann", BUY, "0.02", position_side=LONG)
    pit.order("bob", BUY, "0.01", "50000")
    pit.order("ann", SELL, "0.01", position_side=SHORT)
    assert (pit.size("ann", LONG), pit.size("ann", SHORT)) == (D("0.02"), D("-0.01"))
    assert pit.order("ann", BUY, "0.01", "50000").refusal is Refusal.POSITION_MODE
    assert pit.exchange.set_position_mode("ann", BTC, PositionMode.ONE_WAY) is Refusal.POSITION_OPEN
    pit.order("bob", BUY, "0.05", "50000")
    pit.order("ann", SELL, "0.05", position_side=LONG)
    assert pit.size("ann", LONG) == 0
    assert pit.order("ann", SELL, "0.05", "50000", position_side=LONG).refusal is Refusal.REDUCE_ONLY


def test_mode_switch_needs_no_orders(pit: Pit) -> None:
    order = pit.order("ann", BUY, "0.01", "50000")
    assert pit.exchange.set_position_mode("ann", BTC, PositionMode.HEDGED) is Refusal.POSITION_OPEN
    pit.exchange.cancel("ann", BTC, order_id=order.order_id)
    assert pit.exchange.set_position_mode("ann", BTC, PositionMode.HEDGED) is Refusal.NONE
    assert pit.exchange.set_position_mode("ann", "NOPE", PositionMode.HEDGED) is Refusal.SYMBOL


def test_leverage_changes_what_is_tied_up(pit: Pit) -> None:
    pit.trade("ann", "bob", "0.1", "50000")
    position = pit.exchange.position("ann", BTC, MERGED)
    assert pit.exchange.position_margin(position) == D("502.7")
    assert pit.exchange.set_leverage("ann", BTC, MERGED, D(20), isolated=False) is Refusal.NONE
    assert pit.exchange.position_margin(position) == D("252.85")
    assert pit.exchange.set_leverage("ann", BTC, None, D(5), isolated=True) is Refusal.NONE
    assert (position.isolated, position.margin) == (True, D("1002.4"))
    assert pit.exchange.wallet("ann", "USDT")[1] == D("1002.4")


def test_leverage_zero_is_the_most_the_tier_allows(pit: Pit) -> None:
    pit.exchange.set_leverage("ann", BTC, None, D(0), isolated=False)
    assert pit.exchange.position("ann", BTC, MERGED).leverage == 100


@pytest.mark.parametrize("leverage", [D("0.5"), D(101), D(-3)])
def test_leverage_has_bounds(pit: Pit, leverage: D) -> None:
    assert pit.exchange.set_leverage("ann", BTC, None, leverage, isolated=False) is Refusal.LEVERAGE


def test_leverage_is_refused_without_the_balance_for_it_and_stays(pit: Pit) -> None:
    pit.trade("ann", "bob", "1", "50000")
    position = pit.exchange.position("ann", BTC, MERGED)
    assert pit.exchange.set_leverage("ann", BTC, None, D(2), isolated=True) is Refusal.LEVERAGE_BALANCE
    assert (position.leverage, position.isolated, position.margin) == (D(10), False, D(0))


def test_assigned_margin_moves_the_liquidation_price(pit: Pit) -> None:
    pit.exchange.set_leverage("ann", BTC, None, D(10), isolated=True)
    assert pit.exchange.assign_margin("ann", BTC, MERGED, D(10)) is Refusal.MARGIN_NO_POSITION
    pit.trade("ann", "bob", "0.1", "50000")
    position = pit.exchange.position("ann", BTC, MERGED)
    assert pit.exchange.liquidation_price("ann", position) == 45_250
    assert pit.exchange.assign_margin("ann", BTC, MERGED, D(100)) is Refusal.NONE
    assert pit.exchange.liquidation_price("ann", position) == 44_250
    assert pit.exchange.assign_margin("ann", BTC, MERGED, D(-101)) is Refusal.MARGIN_NOT_ADDED
    assert pit.exchange.assign_margin("ann", BTC, MERGED, D(-100)) is Refusal.NONE
    assert pit.exchange.assign_margin("ann", BTC, MERGED, D(100_000)) is Refusal.MARGIN_BALANCE
    assert pit.exchange.assign_margin("bob", BTC, MERGED, D(1)) is Refusal.MARGIN_CROSS


# -- liquidation and funding -------------------------------------------------------------------------------------------


def test_an_isolated_position_is_liquidated_against_the_book(pit: Pit) -> None:
    pit.exchange.set_leverage("ann", BTC, None, D(10), isolated=True)
    pit.trade("ann", "bob", "0.1", "50000")
    exit_order = pit.order("ann", SELL, "0.1", "60000", reduce_only=True)
    pit.order("cat", BUY, "0.1", "45200")
    pit.exchange.drain()
    pit.exchange.set_reference(BTC, D(45_250))
    fill = pit.exchange.fills("ann")[-1]
    assert (fill.kind, fill.exec_price, fill.exec_qty) == ("liquidation", D(45_200), D("0.1"))
    assert pit.exchange.fills("cat")[-1].kind == "trade"
    assert (exit_order.status, exit_order.refusal) == (SimStatus.CANCELED, Refusal.LIQUIDATING)
    assert pit.size("ann") == 0
    assert pit.total() == 30_000


def test_insurance_takes_over_past_bankruptcy(pit: Pit) -> None:
    pit.exchange.set_leverage("ann", BTC, None, D(10), isolated=True)
    pit.trade("ann", "bob", "0.1", "50000")
    before, used = pit.exchange.wallet("ann", "USDT")
    pit.order("cat", BUY, "0.1", "44000")
    pit.exchange.set_reference(BTC, D(44_500))
    assert pit.exchange.wallet("ann", "USDT") == (before - used, D(0))
    assert pit.exchange.accounts[INSURANCE].balances["USDT"] == D(-100) - D("4400") * D("0.0006") - D("4500") * D("0.0001")
    assert pit.exchange.positions(INSURANCE)[0].qty == 0
    assert pit.total() == 30_000


@pytest.mark.parametrize("side", [BUY, SELL])
def test_an_isolated_position_never_costs_more_than_its_margin(pit: Pit, side: Side) -> None:
    pit.exchange.set_leverage("ann", BTC, None, D(10), isolated=True)
    pit.trade(*(("ann", "bob") if side is BUY else ("bob", "ann")), "0.1", "50000")
    position = pit.exchange.position("ann", BTC, MERGED)
    # Funding eats margin, so that the fee of leaving is no longer covered by what was reserved for it on entry.
    pit.exchange.ledger.charge_funding("ann", position, D("0.03") * side.sign, D(50_000))
    balance, margin = pit.exchange.wallet("ann", "USDT")
    assert margin == position.margin
    pit.exchange.set_reference(BTC, D(50_000) - side.sign * D(6_000))
    assert pit.size("ann") == 0
    left = pit.exchange.wallet("ann", "USDT")[0] - (balance - margin)
    assert D(0) <= left < D("0.1")
    assert pit.total() == 30_000


def test_an_empty_book_leaves_the_position_with_the_insurance(pit: Pit) -> None:
    pit.exchange.set_leverage("ann", BTC, None, D(10), isolated=True)
    pit.trade("ann", "bob", "0.1", "50000")
    pit.exchange.set_reference(BTC, D(45_000))
    assert pit.size("ann") == 0
    assert pit.size(INSURANCE) == D("0.1")
    assert pit.total() == 30_000


def test_cross_positions_fall_together_and_never_below_zero(pit: Pit) -> None:
    pit.trade("ann", "bob", "1.8", "50000")
    pit.trade("ann", "bob", "1", "2000", symbol="ETHUSDT")
    waiting = pit.order("ann", BUY, "0.01", "1500", symbol="ETHUSDT")
    pit.exchange.set_reference("ETHUSDT", D(2_000))
    pit.exchange.set_reference(BTC, D(44_000))
    assert pit.size("ann") == 0
    assert waiting.refusal is Refusal.LIQUIDATING
    assert pit.exchange.wallet("ann", "USDT")[0] >= 0
    assert pit.total() == 30_000


def test_a_sound_account_is_left_alone(pit: Pit) -> None:
    pit.trade("ann", "bob", "0.1", "50000")
    pit.exchange.set_reference(BTC, D(30_000))
    assert pit.size("ann") == D("0.1")


def test_funding_is_charged_at_the_interval(pit: Pit) -> None:
    pit.trade("ann", "bob", "0.1", "50000")
    pit.exchange.set_reference(BTC, D(50_000))
    market = pit.exchange.market(BTC)
    market.funding_rate = D("0.0001")
    due = market.next_funding_ns
    assert due % (8 * 3600 * NS) == 0
    pit.exchange.drain()
    pit.exchange.advance(due - 1)
    assert pit.exchange.drain() == []
    pit.exchange.advance(due)
    events = pit.exchange.drain()
    charges = [one for one in events if isinstance(one, FundingCharge)]
    assert [(c.account, c.amount, c.qty, c.at_ns) for c in charges] == [
        ("ann", D("0.5"), D("0.1"), due),
        ("bob", D("-0.5"), D("-0.1"), due),
    ]
    assert AccountTouched("ann", "USDT") in events
    assert pit.exchange.position("ann", BTC, MERGED).last_funding_ns == due
    assert pit.exchange.market(BTC).next_funding_ns == due + 8 * 3600 * NS
    assert pit.total() == 30_000


def test_a_long_sleep_charges_every_funding_that_fell_due(pit: Pit) -> None:
    pit.trade("ann", "bob", "0.1", "50000")
    pit.exchange.market(BTC).funding_rate = D("0.0001")
    pit.exchange.advance(START + 24 * 3600 * NS + CATCH_UP_NS)
    assert len(pit.exchange.funding("ann", BTC)) == 3
    assert pit.exchange.now_ns == START + 24 * 3600 * NS + CATCH_UP_NS


def test_time_does_not_go_back(pit: Pit) -> None:
    pit.exchange.advance(START - NS)
    assert pit.exchange.now_ns == START


def test_house_accounts_are_reserved(pit: Pit) -> None:
    with pytest.raises(ValueError, match="reserved"):
        pit.exchange.open_account(MAKER, {})


def test_candles_are_made_of_prints(pit: Pit) -> None:
    pit.trade("ann", "bob", "0.01", "50000")
    pit.trade("ann", "bob", "0.02", "50100")
    pit.exchange.advance(START + 120 * NS)
    first, gap, forming = pit.exchange.candles(BTC, 60, 3)
    assert (first.open, first.high, first.low, first.close, first.volume) == (
        D(50_000),
        D(50_100),
        D(50_000),
        D(50_100),
        D("0.03"),
    )
    assert first.turnover == D("1502")
    assert (gap.open, gap.close, gap.volume) == (D(50_100), D(50_100), D(0))
    assert forming.start_s == gap.start_s + 60
    market = pit.exchange.market(BTC)
    assert (market.open_24h, market.high_24h, market.volume_24h) == (D(50_000), D(50_100), D("0.03"))


# -- whatever comes ----------------------------------------------------------------------------------------------------

PEOPLE = ("ann", "bob", "cat")

whoever = st.sampled_from(PEOPLE)
sides = st.sampled_from((BUY, SELL))
lots = st.integers(1, 60)
steps = st.integers(-6, 6)
plain_orders = st.tuples(st.just("order"), whoever, sides, lots, steps, st.just(LIMIT), st.just(TimeInForce.GTC), st.just(False))
any_orders = st.tuples(
    st.just("order"),
    whoever,
    sides,
    lots,
    st.integers(-12, 12),
    st.sampled_from((LIMIT, MARKET, STOP, STOP_LIMIT, MIT, LIT)),
    st.sampled_from(tuple(TimeInForce)),
    st.sampled_from((False, False, True)),
)
actions = st.lists(
    st.one_of(
        plain_orders,
        plain_orders,
        plain_orders,
        any_orders,
        any_orders,
        any_orders,
        st.tuples(st.just("cancel"), whoever, st.integers(0, 9)),
        st.tuples(st.just("amend"), whoever, st.integers(0, 9), lots, steps),
        st.tuples(st.just("mark"), st.integers(-30, 30)),
        st.tuples(st.just("time"), st.integers(1, 30)),
        st.tuples(st.just("lever"), whoever, st.integers(5, 100), st.booleans()),
        st.tuples(st.just("assign"), whoever, st.integers(-50, 50)),
    ),
    min_size=20,
    max_size=70,
)


def price_at(steps: int) -> D:
    return D(50_000) + 50 * steps


def perform(pit: Pit, action: tuple[Any, ...]) -> None:
    """Do one thing; nothing a user asks may raise."""
    exchange = pit.exchange
    match action:
        case ("order", who, side, lots, steps, kind, tif, reduce_only):
            hedged = exchange.ledger.mode(who, BTC) is PositionMode.HEDGED
            leg = (LONG if lots % 2 else SHORT) if hedged else MERGED
            pit.serial += 1
            exchange.submit(
                who,
                NewOrder(
                    f"c{pit.serial}",
                    BTC,
                    side,
                    kind,
                    D(lots) * D("0.01"),
                    price_at(steps) if kind.has_limit else None,
                    tif,
                    leg,
                    reduce_only=reduce_only,
                    trigger_price=price_at(-steps),
                    trigger_source=tuple(TriggerSource)[lots % 3],
                    take_profit=price_at(steps + 40 * side.sign) if lots % 5 == 0 else None,
                    stop_loss=price_at(steps - 40 * side.sign) if lots % 5 == 0 else None,
                ),
            )
        case ("cancel", who, nth):
            orders = exchange.open_orders(who)
            if orders:
                exchange.cancel(who, BTC, order_id=orders[nth % len(orders)].order_id)
        case ("amend", who, nth, lots, steps):
            orders = exchange.open_orders(who)
            if orders:
                name = orders[nth % len(orders)].order_id
                exchange.amend(who, BTC, order_id=name, qty=D(lots) * D("0.01"), price=price_at(steps))
        case ("mark", steps):
            exchange.set_reference(BTC, price_at(steps), price_at(steps // 2))
        case ("time", hours):
            exchange.market(BTC).funding_rate = D("0.00012345")
            exchange.advance(exchange.now_ns + hours * 3600 * NS)
        case ("lever", who, leverage, isolated):
            exchange.set_leverage(who, BTC, None, D(leverage), isolated=isolated)
        case ("assign", who, amount):
            exchange.assign_margin(who, BTC, MERGED, D(amount))


def check(pit: Pit, deposits: int) -> None:
    """Assert what must hold between any two requests."""
    exchange = pit.exchange
    assert pit.total() == deposits
    everyone = exchange.accounts.values()
    positions = [position for account in everyone for position in account.positions.values()]
    assert sum(position.qty for position in positions) == 0
    listing = exchange.listings[BTC]
    bid, ask = listing.book.best(BUY), listing.book.best(SELL)
    assert bid is None or ask is None or bid < ask
    resting = {one.order.order_id: one for side in (BUY, SELL) for one in listing.book.walk(side) if one.order}
    expected = {}
    for who in PEOPLE:
        for order in exchange.open_orders(who):
            assert order.status.is_open
            if order.status is not SimStatus.UNTRIGGERED:
                expected[order.order_id] = order.remaining
            if order.reduce_only and order.status is not SimStatus.UNTRIGGERED:
                held = exchange.position(who, BTC, order.position_side).qty
                assert held * order.side.sign < 0
                assert order.remaining <= abs(held)
    assert {name: listing.qty(one.lots) for name, one in resting.items()} == expected
    assert len(listing.conditionals) == sum(
        order.status is SimStatus.UNTRIGGERED for who in PEOPLE for order in exchange.open_orders(who)
    )
    for who in PEOPLE:
        for order in exchange.closed_orders(who):
            assert not order.status.is_open
            assert order.filled <= order.qty or order.status is SimStatus.REJECTED
        for order in (*exchange.open_orders(who), *exchange.closed_orders(who)):
            mine = [fill for fill in exchange.fills(who) if fill.order.order_id == order.order_id]
            assert order.filled == sum(fill.exec_qty for fill in mine)
            assert order.fees == sum(fill.exec_fee for fill in mine)


@settings(max_examples=150, deadline=None)
@given(actions, st.sets(st.sampled_from(PEOPLE)))
def test_money_and_contracts_are_conserved_and_the_book_is_what_the_orders_say(
    story: list[tuple[Any, ...]], hedgers: set[str]
) -> None:
    pit = Pit(*PEOPLE, money=3_000)
    for who in sorted(hedgers):
        pit.exchange.set_position_mode(who, BTC, PositionMode.HEDGED)
    pit.exchange.set_reference(BTC, D(50_000))
    shown: dict[tuple[Side, D], D] = {}
    for action in story:
        perform(pit, action)
        check(pit, 9_000)
        last_seq = 0
        for event in pit.exchange.drain():
            if isinstance(event, BookChange):
                shown.update({(BUY, price): size for price, size in event.bids})
                shown.update({(SELL, price): size for price, size in event.asks})
            elif isinstance(event, Report | PublicTrade | FundingCharge):
                assert event.seq > last_seq
                last_seq = event.seq
        bids, asks = pit.exchange.book(BTC)
        assert {key: size for key, size in shown.items() if size} == {
            **{(BUY, price): size for price, size in bids},
            **{(SELL, price): size for price, size in asks},
        }


@settings(max_examples=30, deadline=None)
@given(actions)
def test_the_same_requests_give_the_same_fills(story: list[tuple[Any, ...]]) -> None:
    pits = [Pit(*PEOPLE), Pit(*PEOPLE)]
    for pit in pits:
        pit.exchange.set_reference(BTC, D(50_000))
        for action in story:
            perform(pit, action)
    assert pits[0].exchange.fill_log_hash() == pits[1].exchange.fill_log_hash()
    assert pits[0].exchange.drain() == pits[1].exchange.drain()


def test_the_fill_log_tells_different_stories_apart() -> None:
    pits = [Pit("ann", "bob"), Pit("ann", "bob")]
    pits[0].trade("ann", "bob", "0.01", "50000")
    pits[1].trade("ann", "bob", "0.01", "50000.1")
    assert pits[0].exchange.fill_log_hash() != pits[1].exchange.fill_log_hash()
