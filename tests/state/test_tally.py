"""Executions against positions: two words on one thing, compared and never repaired."""

from __future__ import annotations

from decimal import Decimal as D
from itertools import permutations

from tui_trader.core.order import Fill
from tui_trader.core.position import Position
from tui_trader.core.types import (
    ClientOrderId,
    ExecId,
    InstrumentId,
    Liquidity,
    PositionMode,
    PositionSide,
    Side,
    VenueOrderId,
)
from tui_trader.state.tally import UNTOLD_NS, Difference, Tally

BTC = InstrumentId("phemex", "BTCUSDT")
LONG, SHORT, MERGED = PositionSide.LONG, PositionSide.SHORT, PositionSide.MERGED
NOW = 10**18


def fill(exec_id: str, side: Side, qty: str, at_ns: int = NOW + 1, leg: PositionSide = MERGED) -> Fill:
    return Fill(
        ExecId(exec_id),
        BTC,
        ClientOrderId("c"),
        VenueOrderId("v"),
        side,
        D(qty),
        D(100),
        D(0),
        "USDT",
        Liquidity.TAKER,
        at_ns,
        leg,
    )


def held(qty: str, at_ns: int = NOW, leg: PositionSide = MERGED) -> Position:
    size = D(qty)
    side = Side.BUY if size > 0 else Side.SELL if size < 0 else None
    return Position(BTC, leg, PositionMode.ONE_WAY, side, abs(size), D(100), at_ns=at_ns)


def agreed(*positions: Position) -> Tally:
    tally = Tally()
    tally.agree(positions, NOW)
    return tally


def test_nothing_is_compared_before_positions_were_agreed_on() -> None:
    tally = Tally()
    tally.add(fill("1", Side.BUY, "2"))
    assert tally.differences([]) == []


def test_executions_move_the_size_and_a_position_that_does_not_follow_differs() -> None:
    tally = agreed(held("1"))
    assert tally.differences([held("1")]) == []
    tally.add(fill("1", Side.SELL, "3"))
    assert tally.differences([held("-2")]) == []
    assert tally.differences([held("1")]) == [Difference((BTC, MERGED), D(-2), D(1))]
    assert tally.differences([]) == [Difference((BTC, MERGED), D(-2), D(0))], "a position that is not told is flat"


def test_a_position_that_moves_without_an_execution_differs() -> None:
    assert agreed(held("1")).differences([held("2")]) == [Difference((BTC, MERGED), D(1), D(2))]


def test_an_execution_counts_once_and_in_any_order() -> None:
    fills = [fill("1", Side.BUY, "1"), fill("2", Side.BUY, "2"), fill("1", Side.BUY, "1"), fill("3", Side.SELL, "4")]
    for order in permutations(fills):
        tally = agreed()
        for one in order:
            tally.add(one)
        assert tally.differences([held("-1")]) == []


def test_what_the_agreed_size_already_holds_does_not_count_again() -> None:
    tally = agreed(held("5", at_ns=NOW))
    tally.add(fill("old", Side.BUY, "5", at_ns=NOW))
    tally.add(fill("older", Side.BUY, "5", at_ns=NOW - 1))
    assert tally.differences([held("5")]) == []


def test_executions_told_before_the_agreement_are_sorted_by_it() -> None:
    tally = Tally()
    tally.add(fill("in it", Side.BUY, "1", at_ns=NOW))
    tally.add(fill("after it", Side.BUY, "2", at_ns=NOW + 5))
    tally.agree([held("1", at_ns=NOW)], NOW)
    assert tally.differences([held("3")]) == []


def test_a_leg_that_was_not_listed_was_flat_for_a_while() -> None:
    tally = agreed()
    tally.add(fill("of yesterday", Side.BUY, "1", at_ns=NOW - UNTOLD_NS - 1))
    tally.add(fill("of now", Side.BUY, "2", at_ns=NOW))
    assert tally.differences([held("2")]) == []


def test_hedged_legs_are_their_own() -> None:
    tally = agreed(held("1", leg=LONG), held("-1", leg=SHORT))
    tally.add(fill("1", Side.SELL, "1", leg=LONG))
    tally.add(fill("2", Side.SELL, "1", leg=SHORT))
    assert tally.differences([held("0", leg=LONG), held("-2", leg=SHORT)]) == []
    (difference,) = tally.differences([held("-2", leg=SHORT), held("1", leg=LONG)])
    assert difference.leg == (BTC, LONG)


def test_agreeing_again_begins_anew() -> None:
    tally = agreed(held("1"))
    tally.add(fill("1", Side.BUY, "7"))
    assert tally.differences([held("1")])
    tally.agree([held("1", at_ns=NOW + 10)], NOW + 10)
    assert tally.differences([held("1")]) == []
