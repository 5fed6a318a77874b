"""Every control at its boundary: one step inside, on it, one step outside."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.risk_case import BTC, COIN, EXIT, FACTS, LIMITS, LONG, NOW, SHORT, TICKET, facts, judge, only, rules, ticket
from tui_trader.core.clock import NS
from tui_trader.core.decimals import floor_to
from tui_trader.core.facts import order_cost
from tui_trader.core.instrument import RiskTier
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.risk import Facts, Limits, Rule, TradingState, check
from tui_trader.core.types import (
    ClientOrderId,
    ContractKind,
    MarginMode,
    OrderStatus,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
    TimeInForce,
)


def resting(side: Side, price: str, qty: str = "0.01", **change: Any) -> Order:
    order = Order(ClientOrderId(f"o-{side}-{price}"), BTC.id, side, OrderType.LIMIT, D(qty), OrderStatus.LIVE, price=D(price))
    return replace(order, **change)


def sent(count: int, age_s: float, **change: Any) -> tuple[tuple[int, OrderTicket], ...]:
    return tuple((NOW - int(age_s * NS), ticket(price=D(9000 + n), **change)) for n in range(count))


def test_a_limit_past_the_venues_band_is_refused_and_one_on_the_passive_side_is_not() -> None:
    contract = replace(BTC, price_band=D("0.02"))
    wide = replace(LIMITS, band_percent=D(90), through_percent=D(90))
    found = judge(replace(TICKET, price=D("10200.1")), limits=wide, instrument=contract)
    assert only(found, Rule.PRICE_BAND).fix == "@ 10200"
    assert "no buy above 10200, 2% past the mark" in only(found, Rule.PRICE_BAND).text
    for price in ("10200", "9000"):
        assert judge(replace(TICKET, price=D(price)), limits=wide, instrument=contract) == []
    exits = replace(EXIT, price=D("9799.9"))
    assert only(judge(exits, facts(positions=(LONG,)), wide, contract), Rule.PRICE_BAND).hard, "the venue would refuse it too"
    old = facts(positions=(LONG,), mark_fresh=False)
    assert Rule.PRICE_BAND not in {o.code for o in judge(exits, old, wide, contract) if o.hard}, (
        "by an old mark nothing is refused"
    )


def test_a_contract_takes_so_many_open_orders_and_a_market_order_takes_no_place() -> None:
    contract = replace(BTC, max_orders=2)
    known = facts(orders=(resting(Side.BUY, "9000"), resting(Side.BUY, "9001")))
    found = judge(facts=known, instrument=contract)
    assert only(found, Rule.OPEN_ORDERS).text == "2 orders are open in BTCUSDT, the most that the venue takes"
    assert judge(replace(TICKET, type=OrderType.MARKET, price=None), known, instrument=contract) == []
    assert judge(facts=facts(orders=known.orders[:1]), instrument=contract) == []


def test_a_plain_order_and_a_plain_exit_pass() -> None:
    assert judge() == []
    assert judge(EXIT, facts(positions=(LONG,))) == []


def test_hard_objections_come_first_and_every_one_is_one_line() -> None:
    found = judge(ticket(price=D("10500.05"), qty=D("1.0005")), facts(mark_fresh=False, positions=(LONG,)))
    assert [objection.hard for objection in found] == sorted((objection.hard for objection in found), reverse=True)
    assert all("\n" not in objection.text and objection.fix for objection in found)


# -- state and age of data ---------------------------------------------------------------------------------------------

BAD_DATA: list[tuple[dict[str, Any], Rule]] = [
    ({"mark": None}, Rule.NO_MARK),
    ({"mark": D(0)}, Rule.NO_MARK),
    ({"mark": D(-1)}, Rule.NO_MARK),
    ({"mark_fresh": False}, Rule.STALE_MARK),
    ({"book_live": False}, Rule.BOOK),
    ({"best_bid": D("10000.1")}, Rule.BOOK),
    ({"state": TradingState.REDUCING}, Rule.STATE),
    ({"state": TradingState.HALTED}, Rule.STATE),
]


@pytest.mark.parametrize(("change", "rule"), BAD_DATA)
@pytest.mark.parametrize("kind", [OrderType.LIMIT, OrderType.MARKET])
def test_bad_data_or_a_halt_refuses_entries_and_lets_exits_pass(change: dict[str, Any], rule: Rule, kind: OrderType) -> None:
    price = {"type": kind, "price": None} if kind is OrderType.MARKET else {}
    assert only(judge(ticket(**price), facts(**change)), rule).hard
    assert not [o for o in judge(replace(EXIT, **price), facts(positions=(LONG,), **change)) if o.hard]


def test_an_exit_that_is_not_marked_as_one_counts_as_an_entry_on_bad_data() -> None:
    plain_sell = replace(EXIT, reduce_only=False)
    assert Rule.STALE_MARK in rules(plain_sell, facts(positions=(LONG,), mark_fresh=False))


def test_a_market_order_into_an_empty_side() -> None:
    assert Rule.BOOK in rules(ticket(type=OrderType.MARKET, price=None), facts(best_ask=None))
    assert judge(facts=facts(best_ask=None)) == []


@pytest.mark.parametrize(("pnl", "refused"), [("-499.99", False), ("-500", True), ("-500.01", True), (None, False)])
def test_day_loss(pnl: str | None, refused: bool) -> None:
    known = facts(day_pnl=None if pnl is None else D(pnl))
    assert (Rule.DAY_LOSS in rules(facts=known, limits=Limits(day_loss=D(500)))) is refused
    assert judge(facts=known) == []


# -- own limits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("limit", "refused"), [("99.98", True), ("99.99", False), ("100", False), ("0", True)])
def test_order_notional(limit: str, refused: bool) -> None:
    found = judge(limits=Limits(order_notional=D(limit)))
    assert (Rule.ORDER_NOTIONAL in {o.code for o in found}) is refused
    if limit == "99.98":
        assert only(found, Rule.ORDER_NOTIONAL).fix == "at most 0.009 BTC"


def test_an_inverse_order_is_held_against_the_limit_in_quote_currency() -> None:
    coin = ticket(instrument=COIN.id, qty=D(1000))
    assert judge(coin, facts(available=D(1)), instrument=COIN) == []
    assert Rule.ORDER_NOTIONAL in rules(replace(coin, qty=D(1001)), facts(available=D(1)), instrument=COIN)


@pytest.mark.parametrize(("limit", "refused"), [("399.98", True), ("399.99", False), ("400", False)])
def test_position_limit_counts_position_orders_and_unknown_ones_whole(limit: str, refused: bool) -> None:
    # 100 held at the mark, 100 resting, 100 unknown, 99.99 asked; a sell and an exit do not count
    orders = (
        resting(Side.BUY, "10000"),
        resting(Side.BUY, "10000", client_id=ClientOrderId("u"), status=OrderStatus.UNKNOWN),
        resting(Side.SELL, "11000", qty="5"),
        resting(Side.BUY, "9000", qty="5", reduce_only=True),
        resting(Side.BUY, "9000", qty="5", status=OrderStatus.CANCELED),
    )
    limits = Limits(position_notional=D(limit), unknown_override=True, gross_notional=D(10**9))
    assert (Rule.POSITION_LIMIT in rules(facts=facts(positions=(LONG,), orders=orders), limits=limits)) is refused


def test_a_partly_filled_order_counts_with_what_is_left() -> None:
    half = resting(Side.BUY, "10000", filled=D("0.005"), status=OrderStatus.PARTIAL)
    assert Rule.POSITION_LIMIT in rules(facts=facts(orders=(half,)), limits=Limits(position_notional=D("149.98")))
    assert judge(facts=facts(orders=(half,)), limits=Limits(position_notional=D("149.99"))) == []


@pytest.mark.parametrize(("limit", "refused"), [("1099.98", True), ("1099.99", False), ("1100", False)])
def test_gross_limit(limit: str, refused: bool) -> None:
    found = rules(facts=facts(other_exposure=D(1000)), limits=Limits(gross_notional=D(limit)))
    assert (Rule.GROSS_LIMIT in found) is refused


def test_hedged_legs_do_not_cancel_each_other() -> None:
    legs = (replace(LONG, position_side=PositionSide.LONG), replace(SHORT, position_side=PositionSide.SHORT))
    hedged = facts(mode=PositionMode.HEDGED, positions=legs)
    more = ticket(position_side=PositionSide.LONG)
    assert rules(more, hedged, Limits(position_notional=D("199.98"))) == {Rule.POSITION_LIMIT}
    assert rules(more, hedged, Limits(position_notional=D("199.99"), gross_notional=D("299.98"))) == {Rule.GROSS_LIMIT}
    assert rules(more, hedged, Limits(position_notional=D("199.99"), gross_notional=D("299.99"))) == set()


@pytest.mark.parametrize(("count", "refused"), [(1, False), (2, True), (3, True)])
def test_open_orders(count: int, refused: bool) -> None:
    orders = tuple(resting(Side.BUY, str(9000 + n)) for n in range(count))
    assert (Rule.OPEN_ORDERS in rules(facts=facts(orders=orders), limits=Limits(open_orders=2))) is refused


@pytest.mark.parametrize(("price", "refused"), [("9499.9", True), ("9500", False), ("9500.1", False)])
def test_price_band_below(price: str, refused: bool) -> None:
    found = judge(ticket(price=D(price)))
    assert [(o.code, o.fix) for o in found] == ([(Rule.PRICE_BAND, "between 9500 and 10500")] if refused else [])


@pytest.mark.parametrize(("price", "refused"), [("10499.9", False), ("10500", False), ("10500.1", True)])
def test_price_band_above(price: str, refused: bool) -> None:
    assert (Rule.PRICE_BAND in rules(ticket(side=Side.SELL, price=D(price)))) is refused


@given(
    st.decimals("0.0002", "2000000", places=4),
    st.sampled_from(["0.0001", "0.01", "0.05", "0.5", "2"]),
    st.decimals("0.1", "50", places=1),
)
def test_the_bounds_that_are_offered_are_taken_and_lie_within_a_half_of_a_thousandth(mark: D, tick: str, band: D) -> None:
    contract = replace(BTC, tick=D(tick), max_price=D(10_000_000), min_price=D(0))
    known = facts(mark=mark)
    wide = replace(LIMITS, band_percent=band, through_percent=D(90))
    found = judge(ticket(side=Side.SELL, price=floor_to(mark * 2, contract.tick) + contract.tick), known, wide, contract)
    bounds = re.fullmatch(r"between (\S+) and (\S+)", only(found, Rule.PRICE_BAND).fix)
    assert bounds is not None
    low, high = D(bounds[1]), D(bounds[2])
    slack = max(D(tick), mark / 2000 + D(tick))
    assert mark * (1 - band / 100) <= low < mark * (1 - band / 100) + slack
    assert mark * (1 + band / 100) - slack < high <= mark * (1 + band / 100)
    assert low % D(tick) == high % D(tick) == 0


@pytest.mark.parametrize(
    ("price", "mark", "said"),
    [
        ("9000", "10000", "price 9000 is 10% from the mark 10000"),
        ("9000", "10000.0449", "price 9000 is 10% from the mark 10000"),
        ("9000.1", "10001.2345", "price 9000.1 is 10% from the mark 10001.2"),
        ("7141", "10000", "price 7141 is 28.6% from the mark 10000"),
        ("9400.5", "10000", "price 9400.5 is 6% from the mark 10000"),
        ("9432.1", "10000", "price 9432.1 is 5.68% from the mark 10000"),
        ("1285926", "10000", "price 1285926 is 12759% from the mark 10000"),
    ],
)
def test_a_distance_is_said_in_three_digits_and_the_mark_in_ticks(price: str, mark: str, said: str) -> None:
    contract = replace(BTC, max_price=D(10_000_000))
    found = judge(ticket(side=Side.SELL, price=D(price)), facts(mark=D(mark)), instrument=contract)
    assert only(found, Rule.PRICE_BAND).text == said


def test_the_band_of_a_conditional_order_lies_around_its_trigger() -> None:
    stop = ticket(type=OrderType.STOP_LIMIT, trigger_price=D(12000), price=D(12600))
    assert judge(stop) == []
    assert rules(replace(stop, price=D("12600.1"))) == {Rule.PRICE_BAND}


def test_a_far_target_passes_and_an_exit_through_the_market_only_warns() -> None:
    holding = facts(positions=(LONG,))
    assert judge(replace(EXIT, price=D(20000)), holding) == []
    found = judge(replace(EXIT, price=D(5000)), holding)
    assert {o.code for o in found} == {Rule.PRICE_BAND, Rule.THROUGH}
    assert not any(o.hard for o in found)


@pytest.mark.parametrize(("price", "asked"), [("10100", False), ("10100.1", False), ("10100.2", True)])
def test_through_the_far_touch(price: str, asked: bool) -> None:
    found = judge(ticket(price=D(price)))  # ask 10000.1, one percent through is 10100.101
    assert [(o.code, o.hard) for o in found] == ([(Rule.THROUGH, False)] if asked else [])


@pytest.mark.parametrize(("age", "refused"), [("0", True), ("1.999999999", True), ("2", False), ("2.1", False)])
def test_duplicate(age: str, refused: bool) -> None:
    recent = ((NOW - int(D(age) * NS), ticket(client_id=ClientOrderId("tt-0"))),)
    found = judge(facts=facts(recent=recent))
    assert [(o.code, o.hard) for o in found] == ([(Rule.DUPLICATE, True)] if refused else [])


@pytest.mark.parametrize(
    "change",
    [{"side": Side.SELL}, {"qty": D("0.011")}, {"price": D("9999.1")}, {"type": OrderType.MARKET}, {"instrument": COIN.id}],
)
def test_anything_that_differs_is_no_duplicate(change: dict[str, Any]) -> None:
    assert Rule.DUPLICATE not in rules(facts=facts(recent=((NOW, ticket(**change)),)))


def test_a_repeated_exit_only_asks() -> None:
    found = judge(EXIT, facts(positions=(LONG,), recent=((NOW, EXIT),)))
    assert [(o.code, o.hard) for o in found] == [(Rule.DUPLICATE, False)]


@pytest.mark.parametrize(
    ("count", "age", "refused"),
    [(4, 0.5, False), (5, 0.5, True), (5, 1, False), (59, 30, False), (60, 30, True), (60, 60, False)],
)
def test_rates(count: int, age: float, refused: bool) -> None:
    busy = facts(recent=sent(count, age))
    assert (Rule.RATE in rules(facts=busy)) is refused
    assert judge(EXIT, replace(busy, positions=(LONG,))) == []


@pytest.mark.parametrize(("qty", "asked"), [("0.049", False), ("0.05", False), ("0.051", True)])
def test_ten_times_the_median(qty: str, asked: bool) -> None:
    old = sent(30, 300, qty=D(1)) + sent(10, 200, qty=D("0.004")) + sent(10, 100, qty=D("0.006"))
    found = judge(ticket(qty=D(qty)), facts(recent=old))
    assert [(o.code, o.hard) for o in found] == ([(Rule.UNUSUAL_QTY, False)] if asked else [])


def test_the_median_is_of_the_same_instrument() -> None:
    assert judge(facts=facts(recent=sent(3, 100, qty=D("0.0001"), instrument=COIN.id))) == []


def test_margin_at_its_boundary() -> None:
    cost = order_cost(BTC, Side.BUY, D("0.01"), D("9999"), D(10))
    assert cost == D("99.99") * D("0.10114")
    assert judge(facts=facts(available=cost)) == []
    found = judge(facts=facts(available=cost - D("0.00000001")))
    assert [(o.code, o.fix, o.hard) for o in found] == [(Rule.MARGIN, "at most 0.009 BTC", True)]
    assert only(judge(facts=facts(available=D(-5))), Rule.MARGIN).fix == "no size fits: reduce something first"
    assert not only(judge(facts=facts(available=None)), Rule.BALANCE_UNKNOWN).hard


def test_an_order_that_shrinks_the_position_needs_no_margin() -> None:
    assert judge(ticket(side=Side.SELL, price=D(10001)), facts(positions=(LONG,), available=D(0))) == []


@pytest.mark.parametrize(
    ("kind", "leverage", "fee", "buy", "sell"),
    [
        (ContractKind.LINEAR, "10", "0.0006", "0.10114", "0.10126"),
        (ContractKind.INVERSE, "100", "0.00075", "0.0115075", "0.0114925"),
    ],
)
def test_cost_factors_of_recorded_rows(kind: ContractKind, leverage: str, fee: str, buy: str, sell: str) -> None:
    contract = replace(BTC if kind is ContractKind.LINEAR else COIN, taker_fee=D(fee))
    for side, factor in ((Side.BUY, buy), (Side.SELL, sell)):
        assert order_cost(contract, side, D(1), D(1), D(leverage)) == D(factor)


@pytest.mark.parametrize(("leverage", "refused"), [("0", True), ("-1", True), ("1.5", False), ("100", False), ("101", True)])
def test_leverage_range(leverage: str, refused: bool) -> None:
    assert (Rule.LEVERAGE in rules(facts=facts(leverage=D(leverage)))) is refused


@pytest.mark.parametrize(("bound", "refused"), [("99.98", True), ("99.99", False), ("100", False)])
def test_leverage_of_the_tier(bound: str, refused: bool) -> None:
    tiers = (RiskTier(D(bound), D(20), D("0.01"), D(0)), RiskTier(D(10**6), D(5), D("0.02"), D(0)))
    found = judge(instrument=replace(BTC, tiers=tiers))
    assert [(o.code, o.fix) for o in found] == ([(Rule.LEVERAGE, "lev 5")] if refused else [])


@pytest.mark.parametrize(("price", "asked"), [("9998.9", True), ("9999", True), ("9999.1", False)])
def test_own_orders_should_not_meet(price: str, asked: bool) -> None:
    found = judge(facts=facts(orders=(resting(Side.SELL, price),)))
    assert [(o.code, o.hard) for o in found] == ([(Rule.SELF_CROSS, False)] if asked else [])


def test_a_market_order_meets_own_orders_at_the_touch() -> None:
    market = ticket(type=OrderType.MARKET, price=None)
    assert rules(market, facts(orders=(resting(Side.SELL, "10000.1"),))) == {Rule.SELF_CROSS}
    assert rules(market, facts(orders=(resting(Side.SELL, "10000.2"),))) == set()


def test_an_unknown_order_blocks_its_side_until_overridden() -> None:
    unknown = facts(orders=(resting(Side.BUY, "9000", status=OrderStatus.UNKNOWN),))
    assert rules(facts=unknown) == {Rule.UNKNOWN_ORDER}
    assert rules(ticket(side=Side.SELL, price=D(10001)), unknown) == set()
    assert rules(facts=unknown, limits=Limits(unknown_override=True)) == set()


def test_the_shipped_limits() -> None:
    assert (LIMITS.order_notional, LIMITS.position_notional, LIMITS.gross_notional) == (1_000, 5_000, 10_000)
    assert (LIMITS.band_percent, LIMITS.through_percent, LIMITS.duplicate_s, LIMITS.day_loss) == (5, 1, 2, None)


# -- nothing raises, and no exit is trapped ----------------------------------------------------------------------------

numbers = st.none() | st.decimals() | st.decimals(min_value=9000, max_value=11000, places=1)
any_ticket = st.builds(
    replace,
    st.just(TICKET),
    side=st.sampled_from(Side),
    type=st.sampled_from(OrderType),
    qty=st.decimals() | st.decimals(min_value="0.002", max_value=1, places=3),
    price=numbers,
    trigger_price=numbers,
    take_profit=numbers,
    stop_loss=numbers,
    tif=st.sampled_from(TimeInForce),
    position_side=st.sampled_from(PositionSide),
    reduce_only=st.booleans(),
    close_on_trigger=st.booleans(),
)
market_price = st.none() | st.decimals(min_value=0, max_value=20000, places=1)
any_facts = st.builds(
    replace,
    st.just(FACTS),
    state=st.sampled_from(TradingState),
    mark=market_price,
    mark_fresh=st.booleans(),
    best_bid=market_price,
    best_ask=market_price,
    book_live=st.booleans(),
    positions=st.sampled_from([(), (LONG,), (SHORT,), (replace(LONG, position_side=PositionSide.LONG),)]),
    mode=st.sampled_from(PositionMode),
    available=st.none() | st.decimals(min_value=-1, max_value=100, places=2),
    margin_mode=st.sampled_from(MarginMode),
    day_pnl=st.none() | st.just(D(-(10**6))),
    recent=st.sampled_from([(), sent(60, 0.1), ((NOW, EXIT),)]),
)


@given(any_ticket, any_facts)
def test_no_ticket_makes_the_check_raise(some: OrderTicket, known: Facts) -> None:
    for objection in check(some, BTC, known, LIMITS):
        assert objection.text
        assert "\n" not in objection.text


@given(any_facts, st.integers(2, 10), st.integers(90_000, 110_000))
def test_no_state_of_the_world_refuses_a_true_exit(known: Facts, lots: int, tenths: int) -> None:
    known = replace(known, positions=(LONG,), mode=PositionMode.ONE_WAY)
    strict = Limits(order_notional=D(0), position_notional=D(0), gross_notional=D(0), open_orders=0, per_second=0, day_loss=D(0))
    for kind, price in ((OrderType.LIMIT, D(tenths) / 10), (OrderType.MARKET, None)):
        leave = replace(EXIT, qty=D(lots) / 1000, type=kind, price=price)
        assert not [objection for objection in check(leave, BTC, known, strict) if objection.hard]
