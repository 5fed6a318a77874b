"""Trades out of executions, against a plain walk over single contracts in rational numbers."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal as D
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trader.core.event import FundingPaid
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Fill
from tui_trader.core.round_trip import RoundTrip, Terms, closings, round_trips
from tui_trader.core.types import (
    ClientOrderId,
    ContractKind,
    ExecId,
    InstrumentId,
    Liquidity,
    PositionSide,
    Side,
    VenueOrderId,
)

BTC = InstrumentId("phemex", "BTCUSDT")
COIN = InstrumentId("phemex", "BTCUSD")
INSTRUMENTS = {
    BTC: Instrument(id=BTC, kind=ContractKind.LINEAR, base="BTC", quote="USDT", settle="USDT", tick=D("0.1"), lot=D("0.001")),
    COIN: Instrument(id=COIN, kind=ContractKind.INVERSE, base="BTC", quote="USD", settle="BTC", tick=D("0.5"), lot=D(1)),
}
CLOSE = Fraction(1, 10**20)


def fill(number: int, side: Side, qty: str | D, price: str | D, iid: InstrumentId = BTC, **more: object) -> Fill:
    values: dict[str, object] = {
        "exec_id": ExecId(f"x{number}"),
        "instrument": iid,
        "client_id": ClientOrderId(f"o{number}"),
        "venue_id": VenueOrderId(""),
        "side": side,
        "qty": D(qty),
        "price": D(price),
        "fee": D(0),
        "fee_currency": INSTRUMENTS[iid].settle,
        "liquidity": Liquidity.TAKER,
        "at_ns": number * 1_000,
    }
    return Fill(**(values | more))  # type: ignore[arg-type]


fills_of = st.lists(
    st.tuples(st.sampled_from(list(Side)), st.integers(1, 5), st.integers(100, 120), st.integers(-3, 9)), min_size=1, max_size=14
)


def made(rows: Sequence[tuple[Side, int, int, int]], iid: InstrumentId) -> list[Fill]:
    return [fill(n, side, D(qty), D(price), iid, fee=D(fee)) for n, (side, qty, price, fee) in enumerate(rows, 1)]


def by_hand(fills: Sequence[Fill], inverse: bool) -> list[tuple[Fraction, Fraction, int]]:
    """Profit and fee of every trade, and how many contracts it entered: contract by contract, flat to flat."""
    trades: list[tuple[Fraction, Fraction, int]] = []
    position, cash, fees, entered = 0, Fraction(0), Fraction(0), 0
    for one in fills:
        for _ in range(int(one.qty)):
            price, sign = Fraction(one.price), one.side.sign
            cash += (Fraction(sign) / price) if inverse else -sign * price
            fees += Fraction(one.fee) / int(one.qty)
            if position * sign >= 0:
                entered += 1
            position += sign
            if not position:
                trades.append((cash, fees, entered))
                cash, fees, entered = Fraction(0), Fraction(0), 0
    return trades


@pytest.mark.parametrize("iid", [BTC, COIN], ids=["linear", "inverse"])
@given(rows=fills_of)
def test_closed_trades_are_what_a_walk_over_contracts_finds(iid: InstrumentId, rows: list[tuple[Side, int, int, int]]) -> None:
    fills = made(rows, iid)
    trips = round_trips(fills, INSTRUMENTS)
    closed = [trip for trip in trips if not trip.is_open]
    expected = by_hand(fills, iid is COIN)
    assert len(closed) == len(expected)
    for trip, (profit, fees, entered) in zip(closed, expected, strict=True):
        assert trip.whole
        assert trip.gross is not None
        assert trip.fees is not None
        assert trip.net is not None
        assert abs(Fraction(trip.gross) - profit) < CLOSE
        assert abs(Fraction(trip.fees) - fees) < CLOSE
        assert abs(Fraction(trip.net) - (profit - fees)) < CLOSE
        assert trip.qty == entered
        parts = sum((Fraction(one) for _, one in closings(trip, INSTRUMENTS[iid])), Fraction(0))
        assert abs(parts - profit) < CLOSE
    # Nothing is lost between trades: sizes and fees add up to what was executed.
    assert sum((one.fee for trip in trips for one in trip.fills), D(0)).quantize(D("1e-20")) == sum(
        (one.fee for one in fills), D(0)
    ).quantize(D("1e-20"))
    assert sum((one.qty for trip in trips for one in trip.fills), D(0)) == sum((one.qty for one in fills), D(0))


@given(rows=fills_of, known=st.integers(0, 13))
def test_what_was_held_before_is_never_made_up(rows: list[tuple[Side, int, int, int]], known: int) -> None:
    """With the beginning unknown, only trades that began after it are called whole, with the profit they have otherwise."""
    fills = made(rows, BTC)
    rest = fills[min(known, len(fills) - 1) :]
    held = {(BTC, PositionSide.MERGED): sum((one.qty * one.side.sign for one in fills), D(0))}
    all_of_it = {trip.key: trip for trip in round_trips(fills, INSTRUMENTS)}
    for trip in round_trips(rest, INSTRUMENTS, held=held):
        if trip.whole:
            assert trip.opened_ns >= rest[0].at_ns
            same = all_of_it[trip.key]
            assert (trip.gross, trip.qty, trip.closed_ns) == (same.gross, same.qty, same.closed_ns)
        else:
            assert (trip.gross, trip.net, trip.entry) == (None, None, None)


def test_r_fee_funding_and_slippage() -> None:
    fills = [
        fill(1, Side.BUY, "0.3", "67000", fee=D("8")),
        fill(2, Side.BUY, "0.2", "67100", fee=D("5")),
        fill(9, Side.SELL, "0.5", "67540", fee=D("20")),
    ]
    paid = [FundingPaid(BTC, D("1.5"), "USDT", D("0.0001"), at) for at in (500, 5_000, 9_500)]
    terms = {"o1": Terms(D("66990"), D("66640")), "o2": Terms(D("67110"), D("66700")), "o9": Terms(D("67545"))}
    [trip] = round_trips(fills, INSTRUMENTS, funding=paid, terms=terms)
    assert trip.entry == D("67040")
    assert trip.gross == D("250")
    assert trip.fees == D("33")
    assert trip.funding == D("1.5")  # only the one while it was open
    assert trip.net == D("215.5")
    assert trip.risk == D("0.3") * 360 + D("0.2") * 400
    assert trip.multiple is not None
    assert trip.multiple.quantize(D("0.0001")) == D("1.1463")
    assert trip.slippage == D("0.3") * 10 - D("0.2") * 10 + D("0.5") * 5
    del terms["o2"]
    [trip] = round_trips(fills, INSTRUMENTS, terms=terms)
    assert trip.risk is None  # a part was entered without a stop


def test_funding_while_two_legs_are_open_is_nobodys() -> None:
    long = fill(1, Side.BUY, "1", "100", position_side=PositionSide.LONG)
    short = fill(2, Side.SELL, "1", "100", position_side=PositionSide.SHORT)
    trips = round_trips([long, short], INSTRUMENTS, funding=[FundingPaid(BTC, D(1), "USDT", D(0), 5_000)])
    assert [trip.funding for trip in trips] == [None, None]
    assert [trip.net for trip in trips] == [None, None]


def test_a_fee_in_another_currency_is_not_added_up() -> None:
    [trip] = round_trips([fill(1, Side.BUY, "1", "100", fee=D(1), fee_currency="PT")], INSTRUMENTS)
    assert trip.fees is None
    assert trip.net is None


def test_an_open_trade_counts_what_was_closed() -> None:
    fills = [fill(1, Side.SELL, "1", "100"), fill(2, Side.BUY, "0.4", "90"), fill(3, Side.SELL, "0.2", "110")]
    [trip] = round_trips(fills, INSTRUMENTS)
    assert trip.is_open
    assert trip.side is Side.SELL
    assert trip.gross == D("4")
    assert isinstance(trip, RoundTrip)
