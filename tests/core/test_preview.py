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


def test_the_worked_example() -> None:
    shown = preview(replace(TICKET, stop_loss=D(66640), take_profit=D(68956)), LINEAR, FACTS)
    assert shown is not None
    assert shown.notional == D("5392.96")
    assert shown.quote_notional == D("5392.96")
    assert (shown.risk, shown.reward, shown.ratio) == (D("61.76"), D("123.52"), D(2))
    assert shown.fee_taker == D("3.235776")
    assert shown.fee_maker == D("0.539296")
    assert shown.margin == D("5392.96") * D("0.10114")
    assert shown.distance == D("574.12")
    assert shown.liquidation is None


@given(contracts, sides, sizes, prices, leverages, prices, prices)
def test_opening_from_flat(contract: Instrument, side: Side, qty: D, price: D, leverage: D, stop: D, target: D) -> None:
    ticket = replace(_ticket(contract, side, qty, price), stop_loss=stop, take_profit=target)
    shown = preview(ticket, contract, replace(FACTS, leverage=leverage))
    assert shown is not None
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


@given(contracts, sides, sizes, prices, sizes, prices)
def test_adding_and_closing(contract: Instrument, side: Side, held: D, entry: D, qty: D, price: D) -> None:
    leg = Position(contract.id, PositionSide.MERGED, PositionMode.ONE_WAY, side, held, entry)
    facts = replace(FACTS, positions=(leg,))
    more = preview(_ticket(contract, side, qty, price), contract, facts)
    less = preview(_ticket(contract, side.opposite, qty, price), contract, facts)
    assert more is not None
    assert less is not None
    assert (more.position_side, more.position_qty, more.realised) == (side, held + qty, 0)
    paid = _worth(contract, held, entry) + _worth(contract, qty, price)
    assert _near(more.position_entry, F(held + qty) / paid if contract is INVERSE else paid / F(held + qty), F(price) + F(entry))
    closed = min(held, qty)
    assert _near(less.realised, _profit(contract, side, closed, entry, price), paid)
    assert less.position_qty == abs(held - qty)
    if qty < held:
        assert (less.position_side, less.position_entry, less.margin) == (side, entry, 0)
    elif qty == held:
        assert (less.position_side, less.position_entry, less.break_even, less.margin) == (None, 0, None, 0)
    else:
        assert (less.position_side, less.position_entry) == (side.opposite, price)
        assert less.margin > 0


@given(contracts, sides, sizes, prices, leverages)
def test_isolated_liquidation_is_where_margin_meets_maintenance(
    contract: Instrument, side: Side, qty: D, price: D, leverage: D
) -> None:
    facts = replace(FACTS, leverage=leverage, margin_mode=MarginMode.ISOLATED)
    shown = preview(_ticket(contract, side, qty, price), contract, facts)
    assert shown is not None
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


def test_nothing_is_said_without_a_price() -> None:
    market = replace(TICKET, type=OrderType.MARKET, price=None)
    assert preview(market, LINEAR, Facts()) is None
    assert preview(market, LINEAR, Facts(mark=D(0))) is None


def test_break_even_of_the_result_pays_both_fees() -> None:
    shown = preview(TICKET, LINEAR, FACTS)
    assert shown is not None
    assert shown.break_even is not None
    paid = (F(67412) + F(shown.break_even)) * F("0.0006")
    assert abs(F(shown.break_even) - 67412 - paid) < TINY
