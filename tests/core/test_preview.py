"""What a ticket would do, against arithmetic done another way."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D
from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trader.core.instrument import Instrument, RiskTier
from tui_trader.core.order import OrderTicket
from tui_trader.core.position import Position
from tui_trader.core.preview import isolated_liquidation, preview
from tui_trader.core.risk import Facts
from tui_trader.core.types import (
    ClientOrderId,
    ContractKind,
    InstrumentId,
    MarginMode,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
)

LINEAR = Instrument(
    id=InstrumentId("phemex", "BTCUSDT"),
    kind=ContractKind.LINEAR,
    base="BTC",
    quote="USDT",
    settle="USDT",
    tick=D("0.1"),
    lot=D("0.001"),
    tiers=(RiskTier(D(10**12), D(100), D("0.005"), D(0)),),
)
INVERSE = replace(LINEAR, id=InstrumentId("phemex", "BTCUSD"), kind=ContractKind.INVERSE, quote="USD", settle="BTC", lot=D(1))
FACTS = Facts(mark=D(10000), mark_fresh=True, best_bid=D("9999.9"), best_ask=D("10000.1"), book_live=True, leverage=D(10))
TICKET = OrderTicket(ClientOrderId("tt-1"), LINEAR.id, Side.BUY, OrderType.LIMIT, D("0.08"), price=D("67412"))
AROUND = replace(FACTS, best_bid=D("67411.9"), best_ask=D("67412.1"))
"""A book in which the ticket rests."""
TINY = F(1, 10**20)

contracts = st.sampled_from([LINEAR, INVERSE])
sides = st.sampled_from(Side)
prices = st.integers(10_000, 1_000_000).map(lambda ticks: D(ticks) / 10)
sizes = st.integers(1, 100_000).map(D)
leverages = st.integers(1, 100).map(D)


def _worth(contract: Instrument, qty: D, price: D) -> F:
    return F(qty) / F(price) if contract.kind is ContractKind.INVERSE else F(qty) * F(price)


def _profit(contract: Instrument, side: Side, qty: D, entry: D, leave: D) -> F:
    return side.sign * (_worth(contract, qty, leave) - _worth(contract, qty, entry)) * (-1 if contract is INVERSE else 1)


def _near(value: D | None, truth: F, scale: F) -> bool:
    return value is not None and abs(F(value) - truth) <= abs(scale) * TINY


def _ticket(contract: Instrument, side: Side, qty: D, price: D) -> OrderTicket:
    return replace(TICKET, instrument=contract.id, side=side, qty=qty, price=price)


def _fills_at(side: Side, limit: D, facts: Facts) -> D:
    """Return the limit, or the touch of ``facts`` that an order of ``side`` takes by it."""
    if not facts.book_live:
        return limit
    bid, ask = facts.best_bid, facts.best_ask
    assert bid is not None
    assert ask is not None
    return min(limit, ask) if side is Side.BUY else max(limit, bid)


def test_the_worked_example() -> None:
    shown = preview(replace(TICKET, stop_loss=D(66640), take_profit=D(68956)), LINEAR, AROUND)
    assert shown is not None
    assert shown.notional == D("5392.96")
    assert shown.quote_notional == D("5392.96")
    assert (shown.risk, shown.reward, shown.ratio) == (D("61.76"), D("123.52"), D(2))
    assert shown.fee_taker == D("3.235776")
    assert shown.fee_maker == D("0.539296")
    assert shown.margin == D("5392.96") * D("0.10114")
    assert shown.distance == D("574.12")
    assert shown.liquidation is None


@given(contracts, sides, sizes, prices, leverages, prices, prices, st.booleans())
def test_opening_from_flat(
    contract: Instrument, side: Side, qty: D, limit: D, leverage: D, stop: D, target: D, live: bool
) -> None:
    facts = replace(FACTS, leverage=leverage, book_live=live)
    ticket = replace(_ticket(contract, side, qty, limit), stop_loss=stop, take_profit=target)
    shown = preview(ticket, contract, facts)
    assert shown is not None
    price = _fills_at(side, limit, facts)
    assert shown.price == price
    worth, fee = _worth(contract, qty, price), F(contract.taker_fee)
    assert _near(shown.notional, worth, worth)
    assert F(shown.quote_notional) == (F(qty) if contract is INVERSE else worth)
    assert _near(shown.fee_taker, worth * fee, worth)
    sign = side.sign * (-1 if contract is INVERSE else 1)
    assert _near(shown.margin, worth * (1 / F(leverage) + fee + fee * (1 - sign / F(leverage))), worth)
    assert (shown.position_side, shown.position_qty, shown.position_entry) == (side, qty, price)
    assert _near(shown.risk, -_profit(contract, side, qty, price, stop), worth)
    assert _near(shown.reward, _profit(contract, side, qty, price, target), worth)
    assert _near(shown.distance, (F(price) - 10000) / 100, F(price))
    assert shown.realised == 0


@given(contracts, sides, sizes, prices, sizes, prices, st.booleans())
def test_adding_and_closing(contract: Instrument, side: Side, held: D, entry: D, qty: D, limit: D, live: bool) -> None:
    leg = Position(contract.id, PositionSide.MERGED, PositionMode.ONE_WAY, side, held, entry)
    facts = replace(FACTS, positions=(leg,), book_live=live)
    more = preview(_ticket(contract, side, qty, limit), contract, facts)
    less = preview(_ticket(contract, side.opposite, qty, limit), contract, facts)
    price, leave = _fills_at(side, limit, facts), _fills_at(side.opposite, limit, facts)
    assert more is not None
    assert less is not None
    assert (more.position_side, more.position_qty, more.realised) == (side, held + qty, 0)
    paid = _worth(contract, held, entry) + _worth(contract, qty, price)
    assert _near(more.position_entry, F(held + qty) / paid if contract is INVERSE else paid / F(held + qty), F(price) + F(entry))
    closed, scale = min(held, qty), _worth(contract, held, entry) + _worth(contract, qty, leave)
    assert _near(less.realised, _profit(contract, side, closed, entry, leave), scale)
    assert less.position_qty == abs(held - qty)
    if qty < held:
        assert (less.position_side, less.position_entry, less.margin) == (side, entry, 0)
    elif qty == held:
        assert (less.position_side, less.position_entry, less.break_even, less.margin) == (None, 0, None, 0)
    else:
        assert (less.position_side, less.position_entry) == (side.opposite, leave)
        assert less.margin > 0


@given(contracts, sides, sizes, prices, leverages, st.booleans())
def test_isolated_liquidation_is_where_margin_meets_maintenance(
    contract: Instrument, side: Side, qty: D, limit: D, leverage: D, live: bool
) -> None:
    facts = replace(FACTS, leverage=leverage, margin_mode=MarginMode.ISOLATED, book_live=live)
    shown = preview(_ticket(contract, side, qty, limit), contract, facts)
    assert shown is not None
    price = _fills_at(side, limit, facts)
    worth = _worth(contract, qty, price)
    margin, maintenance = worth / F(leverage), worth * F(1, 200)
    if shown.liquidation is None:
        assert leverage == 1
    else:
        loss = -_profit(contract, side, qty, price, shown.liquidation)
        assert abs(margin - loss - maintenance) <= worth * F(1, 10**15)


@pytest.mark.parametrize(("side", "price"), [(Side.BUY, "9050"), (Side.SELL, "10950")])
def test_isolated_liquidation_by_hand(side: Side, price: str) -> None:
    leg = Position(LINEAR.id, PositionSide.MERGED, PositionMode.ONE_WAY, side, D(2), D(10000), margin=D(2000))
    assert isolated_liquidation(leg, LINEAR) == D(price)  # 10000 ∓ 2000/2 ± 0.005·10000
    assert isolated_liquidation(leg, replace(LINEAR, tiers=())) is None
    assert isolated_liquidation(replace(leg, side=None), LINEAR) is None


def test_a_tier_amount_softens_maintenance() -> None:
    tier = RiskTier(D(10**6), D(100), D("0.005"), D(20))
    leg = Position(LINEAR.id, PositionSide.MERGED, PositionMode.ONE_WAY, Side.BUY, D(2), D(10000), margin=D(2000))
    assert isolated_liquidation(leg, replace(LINEAR, tiers=(tier,))) == 9040


def test_reduce_only_never_turns_the_position() -> None:
    leg = Position(LINEAR.id, PositionSide.MERGED, PositionMode.ONE_WAY, Side.BUY, D("0.05"), D(60000))
    shown = preview(replace(TICKET, side=Side.SELL, reduce_only=True), LINEAR, replace(FACTS, positions=(leg,)))
    assert shown is not None
    assert (shown.position_side, shown.position_qty, shown.margin) == (None, 0, 0)
    assert shown.realised == D("0.05") * 7412
    assert shown.notional == D("0.05") * 67412


def test_what_is_left_after_a_part_is_closed_keeps_its_share_of_margin_and_funding() -> None:
    leg = Position(
        LINEAR.id,
        PositionSide.MERGED,
        PositionMode.ONE_WAY,
        Side.BUY,
        D(4),
        D(10000),
        margin=D(4000),
        margin_mode=MarginMode.ISOLATED,
        funding=D(40),
    )
    held = replace(FACTS, positions=(leg,))
    part = preview(_ticket(LINEAR, Side.SELL, D(3), D(10100)), LINEAR, held)
    assert part is not None
    assert part.liquidation == 9050  # 10000 − 1000/1 + 0.005·10000
    assert part.break_even is not None
    assert abs(F(part.break_even) * (1 - F("0.0006")) - (10000 * (1 + F("0.0006")) + 10)) < TINY


def test_reduce_only_with_nothing_to_reduce_does_nothing() -> None:
    shown = preview(replace(TICKET, reduce_only=True), LINEAR, FACTS)
    assert shown is not None
    assert (shown.position_side, shown.position_qty, shown.margin) == (None, 0, 0)


@pytest.mark.parametrize(
    ("kind", "price", "trigger", "live", "expected"),
    [
        (OrderType.LIMIT, "9000", None, True, "9000"),
        (OrderType.MARKET, None, None, True, "10000.1"),
        (OrderType.MARKET, None, None, False, "10000"),
        (OrderType.STOP, None, "11000", True, "11000"),
        (OrderType.STOP_LIMIT, "11010", "11000", True, "11010"),
    ],
)
def test_the_price_expected(kind: OrderType, price: str | None, trigger: str | None, live: bool, expected: str) -> None:
    ticket = replace(TICKET, type=kind, price=D(price) if price else None, trigger_price=D(trigger) if trigger else None)
    shown = preview(ticket, LINEAR, replace(FACTS, book_live=live))
    assert shown is not None
    assert shown.price == D(expected)


@pytest.mark.parametrize(
    ("side", "limit", "expected"),
    [
        (Side.BUY, "10050", "10000.1"),
        (Side.BUY, "10000.1", "10000.1"),
        (Side.BUY, "10000", "10000"),
        (Side.SELL, "9950", "9999.9"),
        (Side.SELL, "9999.9", "9999.9"),
        (Side.SELL, "10000", "10000"),
    ],
)
def test_a_limit_that_takes_is_expected_at_the_touch_and_one_that_rests_at_itself(side: Side, limit: str, expected: str) -> None:
    ticket = _ticket(LINEAR, side, D(1), D(limit))
    assert FACTS.expected_price(ticket) == D(expected)
    assert FACTS.entry_price(ticket) == D(limit), "the worst it may be"


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(replace(FACTS, book_live=False), id="the book is not live"),
        pytest.param(replace(FACTS, best_bid=None, best_ask=None), id="the book is empty"),
    ],
)
@pytest.mark.parametrize(("side", "limit"), [(Side.BUY, D(10050)), (Side.SELL, D(9950))])
def test_without_a_touch_to_trust_a_limit_is_expected_at_itself(facts: Facts, side: Side, limit: D) -> None:
    assert facts.expected_price(_ticket(LINEAR, side, D(1), limit)) == limit


@pytest.mark.parametrize(
    ("kind", "side", "price", "trigger"),
    [
        (OrderType.STOP, Side.BUY, None, "10050"),
        (OrderType.STOP, Side.SELL, None, "9950"),
        (OrderType.STOP_LIMIT, Side.BUY, "10060", "10050"),
        (OrderType.STOP_LIMIT, Side.SELL, "9940", "9950"),
    ],
)
def test_a_conditional_order_is_not_expected_at_the_touch_of_now(
    kind: OrderType, side: Side, price: str | None, trigger: str
) -> None:
    ticket = replace(TICKET, side=side, type=kind, price=D(price) if price else None, trigger_price=D(trigger))
    assert FACTS.expected_price(ticket) == D(price or trigger)


def test_what_a_crossing_limit_does_is_told_of_the_touch() -> None:
    shown = preview(replace(_ticket(LINEAR, Side.BUY, D(2), D(10050)), stop_loss=D("9900.1")), LINEAR, FACTS)
    assert shown is not None
    assert (shown.price, shown.position_entry, shown.notional) == (D("10000.1"), D("10000.1"), D("20000.2"))
    assert shown.risk == 200


def test_nothing_is_said_without_a_price() -> None:
    market = replace(TICKET, type=OrderType.MARKET, price=None)
    assert preview(market, LINEAR, Facts()) is None
    assert preview(market, LINEAR, Facts(mark=D(0))) is None


def test_break_even_of_the_result_pays_both_fees() -> None:
    shown = preview(TICKET, LINEAR, AROUND)
    assert shown is not None
    assert shown.break_even is not None
    paid = (F(67412) + F(shown.break_even)) * F("0.0006")
    assert abs(F(shown.break_even) - 67412 - paid) < TINY
