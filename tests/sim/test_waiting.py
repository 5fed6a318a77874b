"""Orders that wait for a price: trailing, closing whatever there is, exits of an entry; and every refusal that they can meet."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from tui_trader.core.clock import NS
from tui_trader.core.types import OrderType, Side, TimeInForce, TriggerSource
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.phemex_words import REFUSAL
from tui_trader.sim.products import phemex_instruments
from tui_trader.sim.types import Event, NewOrder, Refusal, Report, SimOrder, SimStatus

BUY, SELL = Side.BUY, Side.SELL
LIMIT, MARKET, STOP, STOP_LIMIT = OrderType.LIMIT, OrderType.MARKET, OrderType.STOP, OrderType.STOP_LIMIT
MIT, LIT, TRAIL = OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED, OrderType.TRAILING_STOP
LAST, MARK = TriggerSource.LAST, TriggerSource.MARK
BTC = "BTCUSDT"


class Floor:
    """Ann trades, Bob is whoever she trades with; the price goes where a test says."""

    def __init__(self) -> None:
        self.exchange = Exchange(phemex_instruments([BTC]), seed=7, start_ns=1_700_000_000 * NS)
        self.exchange.open_account("ann", {"USDT": D(10_000)})
        self.exchange.open_account("bob", {"USDT": D(10**8)})
        self.quotes: list[SimOrder] = []
        self.go(50_000)

    def go(self, price: int) -> None:
        """Trade once at a price and quote around it; mark and index go along."""
        for order in self.quotes:
            if order.status.is_open:
                self.exchange.cancel("bob", BTC, order_id=order.order_id)
        self.quotes = [
            self.exchange.submit("bob", NewOrder("", BTC, side, LIMIT, D(5), D(price + 10 * sign)))
            for side, sign in ((BUY, -1), (SELL, 1))
        ]
        self.exchange.listings[BTC].set_last(D(price))
        self.exchange.set_reference(BTC, D(price))

    def order(self, side: Side, kind: OrderType, qty: str = "0.1", price: int | None = None, **terms: Any) -> SimOrder:
        for name in ("trigger_price", "take_profit", "stop_loss", "take_profit_limit", "stop_loss_limit", "peg_offset"):
            if terms.get(name) is not None:
                terms[name] = D(terms[name])
        terms.setdefault("trigger_source", MARK)
        return self.exchange.submit("ann", NewOrder("", BTC, side, kind, D(qty), D(price) if price else None, **terms))

    def close(self, side: Side, kind: OrderType, trigger: int | None, **terms: Any) -> SimOrder:
        """Place an order that closes the whole position."""
        return self.order(side, kind, "0", trigger_price=trigger, close_on_trigger=True, reduce_only=True, **terms)

    def trail(self, side: Side, offset: int, start: int | None = None, **terms: Any) -> SimOrder:
        return self.close(side, TRAIL, start, peg_offset=offset, **terms)

    def hold(self, side: Side, qty: str = "0.1") -> None:
        self.order(side, MARKET, qty, tif=TimeInForce.IOC)

    @property
    def size(self) -> D:
        return sum((position.qty for position in self.exchange.positions("ann")), D(0))


@pytest.fixture
def floor() -> Floor:
    return Floor()


# -- trailing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "sign"), [(BUY, 1), (SELL, -1)])
def test_a_trailing_stop_follows_the_best_price_and_never_gives_way(floor: Floor, side: Side, sign: int) -> None:
    floor.hold(side)
    stop = floor.trail(side.opposite, -500 * sign, 50_000 - 400 * sign)
    assert (stop.status, stop.trigger_price) == (SimStatus.UNTRIGGERED, D(50_000 - 400 * sign))
    floor.go(50_000 + 50 * sign)  # its distance from here lies behind where it stands
    assert stop.trigger_price == D(50_000 - 400 * sign)
    floor.go(50_000 + 1_000 * sign)
    assert stop.trigger_price == D(50_000 + 500 * sign)
    floor.go(50_000 + 600 * sign)
    assert (stop.trigger_price, stop.status) == (D(50_000 + 500 * sign), SimStatus.UNTRIGGERED)
    floor.go(50_000 + 450 * sign)
    assert (stop.status, stop.filled, floor.size) == (SimStatus.FILLED, D("0.1"), D(0))


def test_a_trail_without_a_start_starts_at_its_distance(floor: Floor) -> None:
    floor.hold(BUY)
    assert floor.trail(SELL, -750).trigger_price == D(49_250)


def test_a_trail_behind_a_mark_between_two_ticks_stands_on_one(floor: Floor) -> None:
    floor.hold(BUY)
    floor.exchange.set_reference(BTC, D("50000.123456"))
    order = floor.trail(SELL, -500)
    assert order.trigger_price == D("49500.1")
    floor.exchange.set_reference(BTC, D("50100.987654"))
    assert order.trigger_price == D("49601.0")


@pytest.mark.parametrize(("side", "sign"), [(BUY, 1), (SELL, -1)])
def test_a_trail_with_an_activation_waits_for_it(floor: Floor, side: Side, sign: int) -> None:
    floor.hold(side)
    order = floor.trail(side.opposite, -300 * sign, 50_000 + 1_000 * sign, activation=True)
    floor.go(50_000 - 900 * sign)
    assert (order.status, order.trigger_price, order.trailing) == (SimStatus.UNTRIGGERED, D(50_000 + 1_000 * sign), False)
    floor.exchange.drain()
    floor.go(50_000 + 1_100 * sign)
    assert (order.trailing, order.trigger_price) == (True, D(50_000 + 800 * sign))
    told = [one.event for one in floor.exchange.drain() if isinstance(one, Report) and one.order.order_id == order.order_id]
    assert told == [Event.REPLACED]
    floor.go(50_000 + 790 * sign)
    assert (order.status, floor.size) == (SimStatus.FILLED, D(0))


def test_a_trail_does_not_fire_on_a_low_that_came_before_the_high(floor: Floor) -> None:
    floor.hold(BUY)
    order = floor.trail(SELL, -300, 49_500, trigger_source=LAST)
    listing = floor.exchange.listings[BTC]
    for price in (49_900, 50_400):  # within one look: the stop goes to 50,100, which 49,900 has never crossed
        listing.set_last(D(price))
    floor.exchange.floor.settle(listing)
    assert (order.status, order.trigger_price) == (SimStatus.UNTRIGGERED, D(50_100))


def test_the_distance_of_a_trail_can_be_amended(floor: Floor) -> None:
    floor.hold(BUY)
    order = floor.trail(SELL, -500)
    floor.go(50_200)
    assert order.trigger_price == D(49_700)
    assert floor.exchange.amend("ann", BTC, order_id=order.order_id, peg_offset=D(-200)) is order
    assert (order.trail, order.trigger_price) == (D(200), D(50_000))
    assert floor.exchange.amend("ann", BTC, order_id=order.order_id, peg_offset=D(-200)) is Refusal.NOTHING_CHANGED
    assert floor.exchange.amend("ann", BTC, order_id=order.order_id, peg_offset=D(200)) is Refusal.LONG_TRAIL_SIGN
    assert (order.trail, order.trigger_price) == (D(200), D(50_000))


# -- closing ---------------------------------------------------------------------------------------------------------


def test_a_closing_order_takes_whatever_the_position_is_when_it_fires(floor: Floor) -> None:
    floor.hold(BUY)
    stop = floor.close(SELL, STOP, 49_000)
    floor.hold(BUY, "0.2")
    floor.go(48_900)
    assert (stop.qty, stop.filled, floor.size) == (D("0.3"), D("0.3"), D(0))


def test_a_closing_order_makes_room_by_cancelling_the_youngest_orders_of_its_side(floor: Floor) -> None:
    floor.hold(BUY, "0.8")
    resting = [floor.order(SELL, LIMIT, "0.8", 52_000 + step) for step in range(3)]
    assert [order.status for order in resting] == [SimStatus.NEW, SimStatus.NEW, SimStatus.REJECTED]
    floor.close(SELL, STOP, 48_500)
    floor.go(48_000)
    # The first counted as closing the position. After that, and a loss of 1,600, there is margin for one of them alone.
    assert [order.status for order in resting[:2]] == [SimStatus.NEW, SimStatus.CANCELED]
    assert floor.size == 0
    balance, used = floor.exchange.wallet("ann", "USDT")
    assert D(4_000) < used < balance < 2 * used


# -- exits of an entry -----------------------------------------------------------------------------------------------


def test_exits_carry_their_own_source_and_limit(floor: Floor) -> None:
    floor.order(
        BUY,
        MARKET,
        tif=TimeInForce.IOC,
        take_profit=52_000,
        tp_trigger=MARK,
        take_profit_limit=51_990,
        stop_loss=49_000,
        sl_trigger=LAST,
        stop_loss_limit=48_900,
    )
    target, stop = floor.exchange.open_orders("ann")
    assert (target.type, target.trigger_source, target.price, target.tif) == (LIT, MARK, D(51_990), TimeInForce.GTC)
    assert (stop.type, stop.trigger_source, stop.price) == (STOP_LIMIT, LAST, D(48_900))
    floor.go(51_995)
    floor.go(52_005)
    assert (target.status, stop.status, floor.size) == (SimStatus.FILLED, SimStatus.CANCELED, D(0))


def test_exits_are_inactive_until_the_entry_is_full_or_ended(floor: Floor) -> None:
    entry = floor.order(BUY, LIMIT, "0.1", 49_900, stop_loss=49_000)
    floor.exchange.submit("bob", NewOrder("", BTC, SELL, LIMIT, D("0.04"), D(49_900), TimeInForce.IOC))
    floor.exchange.submit("bob", NewOrder("", BTC, SELL, LIMIT, D(4), D(49_900), TimeInForce.FOK))
    assert (entry.status, entry.filled) == (SimStatus.PARTIAL, D("0.04"))
    assert floor.exchange.open_orders("ann") == [entry]
    floor.exchange.cancel("ann", BTC, order_id=entry.order_id)
    (stop,) = floor.exchange.open_orders("ann")
    assert (stop.type, stop.qty, stop.parent) == (STOP, D("0.04"), entry.order_id)


# -- what is refused, and by which code ------------------------------------------------------------------------------

LONG_REFUSALS = [
    (11013, SELL, STOP, {"trigger_price": 49_000, "flat": True}),
    (11014, BUY, STOP, {"trigger_price": 51_000}),
    (11047, SELL, MIT, {"trigger_price": 49_000}),
    (11048, SELL, STOP, {"trigger_price": 51_000}),
    (11049, SELL, STOP, {"trigger_price": 1_000, "heavy": True}),
    (11054, SELL, STOP_LIMIT, {"trigger_price": 49_000, "price": 1_000, "heavy": True}),
    (11045, SELL, STOP, {"trigger_price": 500_001}),
    (11046, SELL, STOP, {"trigger_price": 999}),
    (11086, SELL, TRAIL, {"peg_offset": -100, "activation": True}),
    (11087, SELL, TRAIL, {"peg_offset": -100, "trigger_price": 50_100}),
    (11088, SELL, TRAIL, {"peg_offset": -100, "trigger_price": 1_000, "heavy": True}),
    (11091, SELL, TRAIL, {"peg_offset": 100, "trigger_price": 49_900}),
    (11091, SELL, TRAIL, {"trigger_price": 49_900}),
    (11093, SELL, TRAIL, {"peg_offset": -100, "trigger_price": 49_900, "activation": True}),
    (11096, SELL, STOP, {"trigger_price": 49_000, "stop_loss": 51_000}),
]
SHORT_REFUSALS = [
    (11014, SELL, STOP, {"trigger_price": 49_000}),
    (11050, BUY, MIT, {"trigger_price": 51_000}),
    (11051, BUY, STOP, {"trigger_price": 400_000, "heavy": True}),
    (11052, BUY, STOP, {"trigger_price": 49_000}),
    (11089, BUY, TRAIL, {"peg_offset": 100, "trigger_price": 400_000, "heavy": True}),
    (11090, BUY, TRAIL, {"peg_offset": 100, "trigger_price": 49_900}),
    (11092, BUY, TRAIL, {"peg_offset": -100, "trigger_price": 50_100}),
    (11094, BUY, TRAIL, {"peg_offset": 100, "trigger_price": 50_100, "activation": True}),
]


@pytest.mark.parametrize(
    ("held", "code", "side", "kind", "terms"),
    [(BUY, *case) for case in LONG_REFUSALS] + [(SELL, *case) for case in SHORT_REFUSALS],
    ids=lambda value: str(value) if isinstance(value, int) else "",
)
def test_a_closing_order_is_refused_by_the_venue_s_code(
    floor: Floor, held: Side, code: int, side: Side, kind: OrderType, terms: dict[str, Any]
) -> None:
    terms = dict(terms)
    if not terms.pop("flat", False):
        floor.hold(held, "1.5" if terms.pop("heavy", False) else "0.1")
    order = floor.close(side, kind, terms.pop("trigger_price", None), **terms)
    assert order.status is SimStatus.REJECTED
    assert REFUSAL[order.refusal][0] == code
    assert floor.exchange.open_orders("ann") == []


@pytest.mark.parametrize(("second", "code"), [("stop", 11084), ("target", 11083), ("trail", 11095)])
def test_a_position_has_one_closing_order_of_each_kind(floor: Floor, second: str, code: int) -> None:
    floor.hold(BUY)
    assert floor.close(SELL, STOP, 49_000).status is SimStatus.UNTRIGGERED
    assert floor.close(SELL, MIT, 51_000).status is SimStatus.UNTRIGGERED
    assert floor.trail(SELL, -500).status is SimStatus.UNTRIGGERED
    again = {
        "stop": lambda: floor.close(SELL, STOP_LIMIT, 48_500, price=48_400),
        "target": lambda: floor.close(SELL, LIT, 51_500, price=51_600),
        "trail": lambda: floor.trail(SELL, -600),
    }[second]()
    assert REFUSAL[again.refusal][0] == code
    assert len(floor.exchange.open_orders("ann")) == 3


@pytest.mark.parametrize(
    ("side", "terms", "code"),
    [
        (BUY, {"take_profit": 49_000}, 11047),
        (BUY, {"stop_loss": 51_000}, 11048),
        (SELL, {"take_profit": 51_000}, 11050),
        (SELL, {"stop_loss": 49_000}, 11052),
        (BUY, {"take_profit": 500_001}, 11075),
        (SELL, {"take_profit": 999}, 11076),
        (SELL, {"stop_loss": 500_001}, 11078),
        (BUY, {"stop_loss": 999}, 11079),
    ],
)
def test_attached_exits_are_refused_by_the_venue_s_code(floor: Floor, side: Side, terms: dict[str, Any], code: int) -> None:
    order = floor.order(side, LIMIT, "0.1", 49_900 if side is BUY else 50_100, **terms)
    assert REFUSAL[order.refusal][0] == code


def test_conditionals_that_only_reduce_need_a_position(floor: Floor) -> None:
    assert REFUSAL[floor.order(SELL, STOP, trigger_price=49_000, reduce_only=True).refusal][0] == 11057
    with_size = {"trigger_price": 49_000, "reduce_only": True, "close_on_trigger": True}
    assert REFUSAL[floor.order(SELL, STOP, **with_size).refusal][0] == 11059
    floor.hold(SELL)
    assert REFUSAL[floor.order(SELL, STOP, **with_size).refusal][0] == 11060


def test_terms_that_a_waiting_order_cannot_change(floor: Floor) -> None:
    floor.hold(BUY)
    stop = floor.close(SELL, STOP, 49_000)
    refused = floor.exchange.amend("ann", BTC, order_id=stop.order_id, qty=D("0.05"))
    assert isinstance(refused, Refusal)
    assert REFUSAL[refused][0] == 11068
    refused = floor.exchange.amend("ann", BTC, order_id=stop.order_id, price=D(48_000))
    assert isinstance(refused, Refusal)
    assert REFUSAL[refused][0] == 11067
    assert floor.exchange.amend("ann", BTC, order_id=stop.order_id, trigger_price=D(49_500)) is stop
    assert stop.trigger_price == D(49_500)
    refused = floor.exchange.amend("ann", BTC, order_id=stop.order_id, trigger_price=D(49_500))
    assert isinstance(refused, Refusal)
    assert REFUSAL[refused][0] == 11065


def test_every_refusal_has_a_code() -> None:
    assert set(REFUSAL) == set(Refusal)
