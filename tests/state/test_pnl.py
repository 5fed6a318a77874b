"""What the account is worth, from when the day is counted, and how its line over time stays bounded."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

from tui_trader.state.pnl import DAY_NS, AccountPnl, EquityCurve, Opening

PNL = AccountPnl("USDT", wallet=D("1000.10"), used=D("250.05"), unrealised=D("-0.3"))
NOON = 19_675 * DAY_NS + DAY_NS // 2


def test_every_figure_follows_from_wallet_marks_and_opening() -> None:
    pnl = replace(PNL, opening_wallet=D(1000), opening_equity=D("999.5"))
    assert pnl.equity == D("999.80")
    assert pnl.available == D("750.05")
    assert pnl.realised == D("0.10")
    assert pnl.day == D("0.30")


def test_margin_share_is_of_equity_and_zero_without_any() -> None:
    assert AccountPnl("USDT", wallet=D(200), used=D(50)).margin_pct == 25
    assert AccountPnl("USDT", used=D(50)).margin_pct == 0


def test_the_day_opens_with_the_first_complete_sight_of_it() -> None:
    opening = Opening()
    unsure = opening.fix(replace(PNL, complete=False), NOON)
    assert (unsure.day, unsure.since_ns) == (0, NOON), "a day that cannot be valued has brought nothing yet"
    first = opening.fix(PNL, NOON + 5)
    assert (first.day, first.opening_equity, first.since_ns) == (0, D("999.80"), NOON + 5)
    later = opening.fix(replace(PNL, wallet=D("1005.10")), NOON + 9)
    assert (later.realised, later.day, later.since_ns) == (5, 5, NOON + 5)
    doubted = opening.fix(replace(PNL, complete=False), NOON + 10)
    assert doubted.since_ns == NOON + 5, "a day that is open stays open"


def test_a_new_day_and_another_currency_open_for_themselves() -> None:
    opening = Opening()
    opening.fix(PNL, NOON)
    richer = replace(PNL, wallet=D(2000))
    midnight = (NOON // DAY_NS + 1) * DAY_NS
    assert opening.fix(richer, midnight - 1).day == D("999.90"), "the last nanosecond belongs to the old day"
    assert (opening.fix(richer, midnight).day, opening.fix(richer, midnight).since_ns) == (0, midnight)
    other = opening.fix(replace(richer, currency="USDC"), midnight + 7)
    assert (other.day, other.since_ns) == (0, midnight + 7)
    lost = opening.fix(replace(richer, wallet=D(1990)), midnight + DAY_NS - 1)
    assert (lost.day, lost.since_ns) == (-10, midnight)


def test_the_curve_is_thinned_and_keeps_its_newest_point() -> None:
    curve = EquityCurve(capacity=10)
    for second in range(100):
        curve.add(second, D(second))
        points = curve.points()
        assert len(points) <= 10
        assert points[-1] == (second, D(second))
        assert points == sorted(points)
    assert curve.points()[0] == (0, D(0)), "the beginning is not forgotten"
