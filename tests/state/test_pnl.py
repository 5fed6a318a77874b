"""What the account is worth, from when the day is counted, and how its line over time stays bounded."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

from tui_trader.state.pnl import AccountPnl, EquityCurve, Opening

PNL = AccountPnl("USDT", wallet=D("1000.10"), used=D("250.05"), unrealised=D("-0.3"))


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
    unsure = opening.fix(replace(PNL, complete=False), 1)
    assert unsure.day == 0, "a day that cannot be valued has brought nothing yet"
    first = opening.fix(PNL, 1)
    assert (first.day, first.opening_equity) == (0, D("999.80"))
    later = opening.fix(replace(PNL, wallet=D("1005.10")), 1)
    assert (later.realised, later.day) == (5, 5)


def test_a_new_day_and_another_currency_open_for_themselves() -> None:
    opening = Opening()
    opening.fix(PNL, 1)
    richer = replace(PNL, wallet=D(2000))
    assert opening.fix(richer, 2).day == 0
    assert opening.fix(replace(richer, currency="USDC"), 2).day == 0
    assert opening.fix(replace(richer, wallet=D(1990)), 2).day == -10


def test_the_curve_is_thinned_and_keeps_its_newest_point() -> None:
    curve = EquityCurve(capacity=10)
    for second in range(100):
        curve.add(second, D(second))
        points = curve.points()
        assert len(points) <= 10
        assert points[-1] == (second, D(second))
        assert points == sorted(points)
    assert curve.points()[0] == (0, D(0)), "the beginning is not forgotten"
